//! `postkontor-outbox-worker SETTINGS put FIRST LAST BATCH [QUEUE]` and `postkontor-outbox-worker SETTINGS work LANES REQUEST`: a program that uses
//! the outbox, to be killed by tests.
//!
//! Says `begun` once its outbox is open. Putting says `put N` for each mail that was acknowledged, under the key `N`; working says what each
//! lane has done. It stops when standard input ends. A secret of the name `N` is what the file `N` beside the settings says at that moment.
#![forbid(unsafe_code)]

use postkontor_core::{Callbacks, Cancel, Config, Error, Host, Level, Secret};
use postkontor_outbox::Outbox;
use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The transport that mails go out by.
static SMTP: postkontor_plugin::abi::raw::Plugin = postkontor_plugin::abi::vtable::<postkontor_smtp::Smtp>();

/// Secrets in files.
struct Files(PathBuf);

impl Callbacks for Files {
    fn log_level(&self) -> Option<Level> {
        None
    }

    fn secret_get(&self, name: &str) -> Option<Secret> {
        std::fs::read_to_string(self.0.join(name)).ok().map(Secret::new)
    }
}

fn main() {
    if let Err(error) = run() {
        say(&format!("failed {error}"));
        std::process::exit(1);
    }
}

/// A line for the test, which may be gone.
fn say(line: &str) {
    let mut out = io::stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(2);
    }
}

fn run() -> Result<(), String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [settings, what, rest @ ..] = words.as_slice() else { return Err("two words at least".to_owned()) };
    let secrets = Files(Path::new(settings).parent().map(Path::to_owned).unwrap_or_default());
    let settings = std::fs::read_to_string(settings).map_err(|error| error.to_string())?;
    let host = Host::open_with(&Config::default(), Box::new(secrets), &[&SMTP]).map_err(told)?;
    let cancel = Cancel::default();
    let stop = cancel.clone();
    std::thread::spawn(move || {
        // Whatever comes: its end is what counts.
        let _ = io::stdin().read_to_end(&mut Vec::new());
        stop.fire();
    });
    match (what.as_str(), rest) {
        ("put", [first, last, batch, queue @ ..]) => {
            let number = |text: &String| text.parse::<usize>().map_err(|error| error.to_string());
            put(&host, &settings, number(first)?..number(last)?, number(batch)?, queue.first().map_or("", String::as_str))
        }
        ("work", [lanes, request]) => {
            let lanes = lanes.parse().map_err(|error: std::num::ParseIntError| error.to_string())?;
            work(&host, &settings, lanes, request, &cancel)
        }
        _ => Err(format!("{words:?}")),
    }
}

fn put(host: &Arc<Host>, settings: &str, mails: std::ops::Range<usize>, batch: usize, queue: &str) -> Result<(), String> {
    let cancel = Cancel::default();
    let mut outbox = Outbox::open(host, settings, &cancel).map_err(told)?;
    say("begun");
    let mails: Vec<usize> = mails.collect();
    for numbers in mails.chunks(batch.max(1)) {
        let mail = |number: &usize| {
            let message = json!({"to": [format!("{number}@example.com")], "subject": format!("Invoice {number}"),
                "text": "Please find the invoice attached.\n".repeat(50)});
            json!({"message": message, "key": number.to_string(), "queue": queue})
        };
        let mails: Vec<Value> = numbers.iter().map(mail).collect();
        outbox.put(&Value::from(mails).to_string(), &[], &cancel).map_err(told)?;
        numbers.iter().for_each(|number| say(&format!("put {number}")));
    }
    Ok(())
}

fn work(host: &Arc<Host>, settings: &str, lanes: usize, request: &str, cancel: &Cancel) -> Result<(), String> {
    let open = || Outbox::open(host, settings, &Cancel::default()).map_err(told);
    let outboxes = (0..lanes).map(|_| open()).collect::<Result<Vec<_>, _>>()?;
    say("begun");
    std::thread::scope(|scope| {
        let lane = |mut outbox: Outbox| move || outbox.work(request, cancel).map_err(told);
        let running: Vec<_> = outboxes.into_iter().map(|outbox| scope.spawn(lane(outbox))).collect();
        for lane in running {
            let worked = lane.join().map_err(|_| "a lane panicked".to_owned())??;
            say(&json!(worked).to_string());
        }
        Ok(())
    })
}

fn told(error: Error) -> String {
    json!(error).to_string()
}
