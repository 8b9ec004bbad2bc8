//! Does what the command line asks for, through the library.

use crate::answer::{Answer, Kind};
use crate::arguments::{Command, Options, Verb};
use crate::bridge;
use crate::callbacks::{Program, Trace};
use crate::certificate::certificate;
use crate::discover::discover;
use crate::file::read;
use crate::form;
use crate::import::{export, import};
use crate::message::message_from;
use crate::migrate::migrate;
use crate::outbox;
use crate::receive::{receive, remembered, structure};
use crate::secrecy;
use crate::secret::{self, Secrets, Told};
use crate::show::{self, clean};
use crate::stop::Stop;
use crate::texts::Texts;
use crate::watch::watch;
use postkontor_core::{Account, Authorize, Cancel, Error, Host, ListRequest, Loop, Status, TestRequest};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Does what is asked for.
pub(crate) fn answer(command: Command, options: &Options, texts: &Texts) -> Result<Answer, Error> {
    let text = |text: &str| Ok(Answer { json: Value::from(text), status: Status::Ok, kind: Kind::Text });
    match command {
        Command::Help => return text(texts.help()),
        Command::Version => return text(concat!("postkontor ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::Export { to, settings } => return export(to, &settings),
        Command::Secret { wanted, store } => return secret::command::answer(&wanted, store, options.timeout, texts),
        _ => {}
    }
    let trace = Trace::open(options.trace.as_deref())?;
    let config = json!({"language": texts.language(), "plugins": options.plugins});
    let stop = Stop::default();
    let secrets = Arc::new(Told::new(Secrets::new(None, &stop, options.timeout)?));
    if let Command::Form { settings } = &command {
        form::serve(settings, options, texts, trace, &stop)?;
        return Ok(printed());
    }
    let steps = (!options.json).then(|| Texts::new(Some(texts.language())));
    // What a bridge or a lane of the outbox has in flight comes to its end when it is stopped.
    let is_lasting = matches!(&command, Command::Bridge(_) | Command::Outbox(outbox::Wanted { verb: outbox::Verb::Work(_), .. }));
    let ends_calls = if is_lasting { Stop::default() } else { stop.clone() };
    let program = Program { trace: trace.clone(), stop: ends_calls, steps, secrets: Arc::clone(&secrets) };
    let host = Host::open_with(&config.to_string(), Box::new(program), postkontor_linked::TRANSPORTS)?;
    let cancel = Cancel::new(options.timeout);
    Ok(match command {
        Command::Help | Command::Version | Command::Form { .. } | Command::Secret { .. } | Command::Export { .. } => return text(""),
        Command::Bridge(wanted) => {
            bridge::serve(&wanted, &host, options.json, texts, &trace, &stop).map_err(|error| secrets.explained(error, texts))?;
            printed()
        }
        Command::Transports => Answer::new(&host.transports(), Kind::Transports)?,
        Command::Schema { name } => Answer::new(&host.schema(&name, texts.language())?, Kind::Schema)?,
        Command::Migrate { settings, write } => migrate(&host, &settings, write)?,
        Command::Import(wanted) => import(&host, &wanted, &Secrets::new(None, &stop, options.timeout)?, texts)?,
        Command::Certificate(wanted) => certificate(&host, &wanted, &cancel, texts).map_err(|error| secrets.explained(error, texts))?,
        Command::Discover(wanted) => discover(&host, &wanted, &cancel)?,
        Command::Check { settings } => checked(&host, &settings, texts)?,
        Command::Outbox(outbox::Wanted { settings, verb }) => {
            with_outbox(&host, &settings, verb, (texts, &secrets), (&cancel, &stop)).map_err(|error| secrets.explained(error, texts))?
        }
        Command::Account { settings, account, verb } => {
            let text = read(&settings)?;
            secrecy::warn(&settings, &text, &host, texts);
            let mut account = Account::open(&host, &text, account.as_deref())?;
            let returns = outbox::Returns { host: &host, settings: &text };
            let answer = match verb {
                Verb::Watch(wanted) => watch(&mut account, &wanted, options, texts, (&stop, &returns)).map(|()| printed()),
                verb => with_account(&mut account, verb, (&returns, (!options.json).then_some(texts)), &cancel),
            };
            let mut answer = answer.map_err(|error| secrets.explained(error, texts))?;
            let steps = answer.json.get_mut("steps").and_then(Value::as_array_mut);
            steps.into_iter().flatten().for_each(|step| secrets.complete(step, texts));
            answer
        }
    })
}

/// The answer of a command that has printed all it had to say.
fn printed() -> Answer {
    Answer { json: Value::Null, status: Status::Ok, kind: Kind::Printed }
}

/// Checks settings offline.
fn checked(host: &Host, settings: &Path, texts: &Texts) -> Result<Answer, Error> {
    let text = read(settings)?;
    secrecy::warn(settings, &text, host, texts);
    let checked = host.check(&text);
    Ok(Answer { status: if checked.ok { Status::Ok } else { Status::Settings }, ..Answer::new(&checked, Kind::Check)? })
}

/// Does something with the outbox.
fn with_outbox(
    host: &Arc<Host>,
    settings: &Path,
    verb: outbox::Verb,
    (texts, secrets): (&Texts, &Told),
    (cancel, stop): (&Cancel, &Stop),
) -> Result<Answer, Error> {
    let text = read(settings)?;
    secrecy::warn(settings, &text, host, texts);
    match verb {
        outbox::Verb::Work(wanted) => sent(host, (settings, text), &wanted, (texts, secrets), stop),
        verb => outbox::answer(host, &text, verb, cancel),
    }
}

/// Works on the outbox until a signal.
fn sent(
    host: &Arc<Host>,
    (settings, text): (&Path, String),
    wanted: &outbox::Work,
    (texts, secrets): (&Texts, &Told),
    stop: &Stop,
) -> Result<Answer, Error> {
    let trouble = |error: &Error| {
        // A service's log is its standard error; where that is closed, the trace has it all the same.
        drop(show::error(&mut std::io::stderr().lock(), &secrets.explained(error.clone(), texts), texts, false));
    };
    let worked = outbox::work(outbox::Going { host, settings, text, stop, trouble: &trouble }, wanted);
    Answer::new(&worked.map_err(|error| host.localised(error))?, Kind::Outbox)
}

/// Tests an account, and the outbox where there is one: its steps come last.
fn tested(
    account: &mut Account,
    loop_to: Option<String>,
    (returns, shown): (&outbox::Returns<'_>, Option<&Texts>),
    cancel: &Cancel,
) -> Result<Answer, Error> {
    let looped = loop_to.map(|to| Loop { to: Some(to) });
    let report = account.test(&TestRequest { looped, steps: true }, cancel)?;
    let mut answer = Answer { status: report.status(), ..Answer::new(&report, Kind::Report)? };
    let steps = outbox::steps(returns.host, returns.settings, cancel)?;
    for step in &steps {
        // A reader may close the pipe early; the exit status still tells the outcome.
        shown.into_iter().for_each(|texts| drop(show::step(&mut std::io::stdout().lock(), step, texts)));
        if step["status"] == "fail" && answer.status == Status::Ok {
            (answer.status, answer.json["ok"]) = (status_of(step), Value::Bool(false));
        }
    }
    if let Some(all) = answer.json["steps"].as_array_mut() {
        all.extend(steps);
    }
    Ok(answer)
}

/// The status that a failing step names.
fn status_of(step: &Value) -> Status {
    serde_json::from_value(step["status_number"].clone()).unwrap_or(Status::Local)
}

fn with_account(
    account: &mut Account,
    verb: Verb,
    (returns, shown): (&outbox::Returns<'_>, Option<&Texts>),
    cancel: &Cancel,
) -> Result<Answer, Error> {
    match verb {
        Verb::Test { loop_to } => tested(account, loop_to, (returns, shown), cancel),
        Verb::Send { message } => Answer::new(&account.send_document(&message_from(&message)?, &[], cancel)?, Kind::Receipt),
        Verb::List { folder } => Answer::new(&account.list(&ListRequest { folder }, cancel)?, Kind::List),
        Verb::Apply { request } => Answer::new(&account.apply(&read(&request)?, cancel)?, Kind::Changes),
        Verb::Structure(wanted) => structure(account, &wanted, cancel),
        Verb::Authorize => authorize(account, cancel),
        // `watch` is the same again and again.
        Verb::Receive(wanted) | Verb::Watch(wanted) => {
            let mut answer = receive(account, &wanted, &mut remembered(&wanted)?, cancel)?;
            returns.tie(&wanted.to, &mut answer, cancel);
            Ok(answer)
        }
    }
}

/// Shows what the person has to open, and waits.
fn authorize(account: &mut Account, cancel: &Cancel) -> Result<Answer, Error> {
    let begun = account.authorize(&Authorize { begin: true, finish: false }, cancel)?.read()?;
    let message = clean(begun["message"].as_str().unwrap_or_default());
    // What is printed on standard output is the result. Where standard error is closed, the person may know all the same.
    drop(writeln!(std::io::stderr().lock(), "{message}"));
    Answer::new(&account.authorize(&Authorize { begin: false, finish: true }, cancel)?, Kind::Consent)
}
