//! `bridge`: the servers for programs that can speak nothing but SMTP and POP3, and a lane of the outbox, until it is stopped.

use crate::arguments::Bridge;
use crate::callbacks::Trace;
use crate::file::read;
use crate::outbox::{OPENING, lane};
use crate::secrecy;
use crate::stop::Stop;
use crate::texts::Texts;
use postkontor_bridge::{Limits, Outboxes, Parts, Servers};
use postkontor_core::log::line;
use postkontor_core::{Cancel, Error, Host, Level};
use postkontor_outbox::{Until, WorkRequest};
use serde_json::json;
use std::io::Write;
use std::sync::Arc;
use std::thread;

/// Serves until a signal. What is in flight then comes to its end, so the host's calls must not end by it.
pub(crate) fn serve(wanted: &Bridge, host: &Arc<Host>, json: bool, texts: &Texts, trace: &Trace, stop: &Stop) -> Result<(), Error> {
    let text = read(&wanted.settings)?;
    secrecy::warn(&wanted.settings, &text, host, texts);
    stop.listen()?;
    let document = host.settings(&text)?;
    let takes = document.bridge.as_ref().is_some_and(|bridge| bridge.smtp.is_some());
    let outboxes = Outboxes::new(host, &text);
    if takes {
        outboxes.prove(&Cancel::new(Some(OPENING)))?;
    }
    let noted = trace.clone();
    let servers = Servers::open(Parts {
        host,
        document: &text,
        limits: Limits::default(),
        counter: Arc::new(outboxes),
        folder: &std::env::temp_dir(),
        log: Box::new(move |level, text| note(&noted, level, text)),
    })?;
    show(&servers, json, texts);
    let cancel = Cancel::new(None);
    let working = (takes && wanted.works).then(|| {
        let (host, text, cancel, trace) = (Arc::clone(host), text.clone(), cancel.clone(), trace.clone());
        thread::spawn(move || {
            let request = WorkRequest { until: Until::Stopped, ..WorkRequest::default() };
            lane(&host, &text, &request, &cancel, &|error| {
                note(&trace, Level::Error, &format!("no mail is sent now: {} {} {}", error.code, error.message, error.detail));
            })
        })
    });
    servers.run(&|| {
        if stop.is_set() {
            cancel.fire();
        }
        stop.is_set()
    });
    // A lane that panicked has said so.
    working.into_iter().for_each(|lane| drop(lane.join()));
    Ok(())
}

/// Says where the servers listen.
fn show(servers: &Servers, json: bool, texts: &Texts) {
    let mut out = std::io::stdout().lock();
    let shown = match json {
        true => writeln!(out, "{}", json!({"smtp": servers.smtp(), "pop3": servers.pop3()})),
        false => [("SMTP", servers.smtp()), ("POP3", servers.pop3())].into_iter().try_for_each(|(name, address)| {
            let Some(address) = address else { return Ok(()) };
            let sentence = texts.word("cli.bridge_at").replace("{protocol}", name).replace("{address}", &address.to_string());
            writeln!(out, "{sentence}")
        }),
    };
    // A closed standard output is no reason not to serve.
    drop(shown.and_then(|()| out.flush()));
}

/// A line of the log: into the trace, and for whom it concerns on standard error, where a service's log is.
fn note(trace: &Trace, level: Level, text: &str) {
    trace.line(&line(level as i32, text));
    if level <= Level::Information {
        // A closed standard error is no reason not to serve.
        drop(writeln!(std::io::stderr().lock(), "{text}"));
    }
}
