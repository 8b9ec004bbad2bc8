//! Does what the command line asks for, through the library.

use crate::arguments::{Command, Options, Receive, Verb};
use crate::callbacks::{Desk, Stop, Trace};
use crate::secrecy;
use crate::texts::{Texts, problem};
use crate::watch::watch;
use postkontor_core::{Account, Authorize, Cancel, Error, Host, ListRequest, Loop, Status, TestRequest};
use serde_json::{Map, Value, json};
use std::io::{Read, Write};
use std::path::Path;

/// What a result is, for showing it.
pub(crate) enum Kind {
    /// Text for people; there is no JSON of it.
    Text,
    /// The transports.
    Transports,
    /// A form.
    Schema,
    /// What was found in the settings.
    Check,
    /// The steps of a test.
    Report,
    /// What became of a message, or of several.
    Receipt,
    /// Folders, or messages: those of a folder, or those that were fetched.
    List,
    /// Something else.
    Other,
    /// Nothing that was not shown already.
    Printed,
}

/// A result, as the C ABI would return it, and the status to end with.
pub(crate) struct Answer {
    /// The result.
    pub(crate) json: Value,
    /// The exit status.
    pub(crate) status: Status,
    /// What it is.
    pub(crate) kind: Kind,
}

/// Does what is asked for.
pub(crate) fn answer(command: Command, options: &Options, texts: &Texts) -> Result<Answer, Error> {
    let text = |text: &str| Ok(Answer { json: Value::from(text), status: Status::Ok, kind: Kind::Text });
    match command {
        Command::Help => return text(texts.help()),
        Command::Version => return text(concat!("postkontor ", env!("CARGO_PKG_VERSION"), "\n")),
        _ => {}
    }
    let trace = Trace::open(options.trace.as_deref())?;
    let config = json!({"language": texts.language(), "plugins": options.plugins});
    let stop = Stop::default();
    let host = Host::open(&config.to_string(), Box::new(Desk { trace, stop: stop.clone() }))?;
    let cancel = Cancel::new(options.timeout);
    Ok(match command {
        Command::Help | Command::Version => return text(""),
        Command::Transports => told(&host.transports(), Kind::Transports)?,
        Command::Schema { transport } => told(&host.schema(&transport, texts.language())?, Kind::Schema)?,
        Command::Discover { address } => told(&host.discover(&address, &cancel)?, Kind::Other)?,
        Command::Check { settings } => {
            let text = read(&settings)?;
            secrecy::warn(&settings, &text, &host, texts);
            let checked = host.check(&text);
            Answer { status: if checked.ok { Status::Ok } else { Status::Settings }, ..told(&checked, Kind::Check)? }
        }
        Command::Account { settings, account, verb } => {
            let text = read(&settings)?;
            secrecy::warn(&settings, &text, &host, texts);
            let mut account = Account::open(&host, &text, account.as_deref())?;
            if let Verb::Watch(wanted) = verb {
                watch(&mut account, &wanted, options, texts, &stop)?;
                return Ok(Answer { json: Value::Null, status: Status::Ok, kind: Kind::Printed });
            }
            with_account(&mut account, verb, &cancel)?
        }
    })
}

fn with_account(account: &mut Account, verb: Verb, cancel: &Cancel) -> Result<Answer, Error> {
    match verb {
        Verb::Test { loop_to } => {
            let looped = loop_to.map(|to| Loop { to: Some(to) });
            let report = account.test(&TestRequest { looped }, cancel)?;
            Ok(Answer { status: report.status(), ..told(&report, Kind::Report)? })
        }
        Verb::Send { message } => told(&account.send_document(&message_from(&message)?, &[], cancel)?, Kind::Receipt),
        Verb::List { folder } => told(&account.list(&ListRequest { folder }, cancel)?, Kind::List),
        Verb::Authorize => told(&account.authorize(&Authorize::default(), cancel)?, Kind::Other),
        // `watch` is the same again and again.
        Verb::Receive(wanted) | Verb::Watch(wanted) => receive(account, &wanted, &mut remembered(&wanted)?, cancel),
    }
}

/// What the state file says was fetched before.
pub(crate) fn remembered(wanted: &Receive) -> Result<Option<String>, Error> {
    // The first time there is no file yet.
    wanted.state.as_deref().filter(|file| file.exists()).map(read).transpose()
}

/// Fetches once. `state` and its file say afterwards what was taken, also when the fetch was interrupted: what was taken stays taken.
pub(crate) fn receive(account: &mut Account, wanted: &Receive, state: &mut Option<String>, cancel: &Cancel) -> Result<Answer, Error> {
    let received = account.receive(&receive_request(wanted, state.as_deref())?, None, cancel);
    let answer = received.and_then(|received| told(&received, Kind::List));
    let new = match &answer {
        Ok(answer) => answer.json["state"].as_str(),
        Err(error) => error.more.get("state").and_then(Value::as_str),
    };
    if new.is_some() && new != state.as_deref() {
        *state = new.map(str::to_owned);
        if let (Some(file), Some(state)) = (&wanted.state, new)
            && let Err(error) = keep(file, state)
        {
            let mut error = local("cli.file_unwritable", file, &error);
            // What was fetched lies in the folder all the same, and may be deleted at the server by now.
            let taken = answer.map_or_else(|error| error.more.clone(), |answer| answer.json.as_object().cloned().unwrap_or_default());
            error.more.extend(taken);
            return Err(error);
        }
    }
    answer
}

/// Writes the state file, all of it or not at all: half a state would be worse than the old one.
fn keep(file: &Path, state: &str) -> std::io::Result<()> {
    // Not in the place of the extension: `orders.in` and `orders.out` may belong to two who run at a time.
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let mut written = std::fs::File::create(&part)?;
    written.write_all(state.as_bytes())?;
    written.sync_all()?;
    drop(written);
    std::fs::rename(&part, file)
}

/// A result of the library's, as the JSON that is shown.
fn told(result: &impl serde::Serialize, kind: Kind) -> Result<Answer, Error> {
    let json = serde_json::to_value(result).map_err(|error| problem("cli.unreadable").detail(error.to_string()))?;
    Ok(Answer { json, status: Status::Ok, kind })
}

/// The message document, in which relative paths are meant from the folder that the document lies in.
fn message_from(path: &Path) -> Result<String, Error> {
    let text = read(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    // What is not JSON goes to the library as it is, which says what is wrong with it.
    let Ok(mut message) = serde_json::from_str::<Value>(&text) else { return Ok(text) };
    let messages = match &mut message {
        Value::Array(messages) => messages.as_mut_slice(),
        one => std::slice::from_mut(one),
    };
    for message in messages {
        let attached = message.get("attachments").and_then(Value::as_array).map_or(0, Vec::len);
        let pointers = (0..attached).map(|index| format!("/attachments/{index}/file")).chain(["/file".to_owned()]);
        for pointer in pointers {
            let Some(Value::String(file)) = message.pointer_mut(&pointer) else { continue };
            if let Ok(absolute) = std::path::absolute(folder.join(&*file)) {
                *file = absolute.to_string_lossy().into_owned();
            }
        }
    }
    Ok(message.to_string())
}

fn receive_request(receive: &Receive, state: Option<&str>) -> Result<String, Error> {
    let filter = receive.filter.as_deref().map(serde_json::from_str).transpose();
    let filter = filter.map_err(|error| problem("cli.filter_unreadable").detail(error.to_string()))?;
    Ok(members([
        ("folder", receive.folder.as_deref().map(Value::from)),
        ("state", state.map(Value::from)),
        ("max_messages", receive.max.map(Value::from)),
        ("max_bytes", receive.max_bytes.map(Value::from)),
        ("filter", filter),
        ("wait_seconds", Some(Value::from(receive.wait))),
        ("then", receive.then.as_deref().map(Value::from)),
        ("save_to", Some(Value::from(receive.to.display().to_string()))),
    ]))
}

/// A JSON object of the members that there are.
fn members<const N: usize>(members: [(&str, Option<Value>); N]) -> String {
    let given = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(Map::from_iter(given)).to_string()
}

/// A text file; `-` is standard input. A byte order mark, which editors on Windows like to write, is left out.
fn read(path: &Path) -> Result<String, Error> {
    let mut text = String::new();
    let result = if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
    };
    result.map_err(|error| local("cli.file_unreadable", path, &error))?;
    Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned))
}

fn local(code: &str, path: &Path, error: &std::io::Error) -> Error {
    let mut problem = problem(code).arg("path", path.display().to_string()).arg("cause", error.to_string());
    problem.status = Status::Local;
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_a_message_are_meant_from_its_folder() {
        let file = std::env::temp_dir().join(format!("postkontor-message-{}.json", std::process::id()));
        std::fs::write(&file, r#"{"attachments":[{"file":"a.pdf"},{"part":0},{"file":"/b.pdf"}]}"#).unwrap();
        let message: Value = serde_json::from_str(&message_from(&file).unwrap()).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(message["attachments"][0]["file"], std::env::temp_dir().join("a.pdf").to_str().unwrap());
        assert_eq!(message["attachments"][2]["file"], std::path::absolute("/b.pdf").unwrap().to_str().unwrap());
    }
}
