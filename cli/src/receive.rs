//! Fetches once, and keeps the state of what was fetched in its file.

use crate::answer::{Answer, Kind};
use crate::arguments::{Receive, Structure};
use crate::file::{local, read};
use crate::texts::problem;
use postkontor_core::{Account, Action, Cancel, Error, Fetched};
use serde_json::{Map, Value};
use std::io::Write;
use std::path::Path;

/// The state of the last fetch, from its file.
pub(crate) fn remembered(wanted: &Receive) -> Result<Option<String>, Error> {
    // The first time there is no file yet.
    wanted.state.as_deref().filter(|file| file.exists()).map(read).transpose()
}

/// Fetches once. `state` and its file say afterwards what was taken, also when the fetch was interrupted: what was taken stays taken.
pub(crate) fn receive(account: &mut Account, wanted: &Receive, state: &mut Option<String>, cancel: &Cancel) -> Result<Answer, Error> {
    let received = account.receive(&receive_request(wanted, state.as_deref())?, None, cancel);
    let answer = received.and_then(|received| Answer::new(&received, Kind::List));
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
            // The fetched messages lie in the folder all the same, and may be deleted at the server by now.
            let taken = answer.map_or_else(|error| error.more.clone(), |answer| answer.json.as_object().cloned().unwrap_or_default());
            error.more.extend(taken);
            return Err(error);
        }
    }
    answer
}

/// Writes the state file, all of it or not at all: half a state would be worse than the old one.
fn keep(file: &Path, state: &str) -> std::io::Result<()> {
    // The ending is added, not replaced: `orders.in` and `orders.out` may belong to two runs at a time.
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let mut written = std::fs::File::create(&part)?;
    written.write_all(state.as_bytes())?;
    written.sync_all()?;
    drop(written);
    std::fs::rename(&part, file)
}

/// Lists what stands in messages: of each its summary, as the program gets it.
pub(crate) fn structure(account: &mut Account, wanted: &Structure, cancel: &Cancel) -> Result<Answer, Error> {
    let request = members([
        ("folder", wanted.folder.as_deref().map(Value::from)),
        ("filter", filter(wanted.filter.as_deref())?),
        ("max_messages", wanted.max.map(Value::from)),
        ("message", wanted.message.as_deref().map(Value::from)),
        ("summary", Some(Value::from(wanted.summary.as_str()))),
    ]);
    let mut summaries = Vec::new();
    let mut take = |fetched: Fetched<'_>| {
        summaries.extend(serde_json::from_str::<Value>(fetched.summary));
        Action::Keep
    };
    let received = account.receive(&request, Some(&mut take), cancel)?;
    let mut answer = Answer::new(&received, Kind::List)?;
    answer.json["messages"] = Value::from(summaries);
    Ok(answer)
}

fn filter(given: Option<&str>) -> Result<Option<Value>, Error> {
    given.map(serde_json::from_str).transpose().map_err(|error| problem("cli.filter_unreadable").detail(error.to_string()))
}

fn receive_request(receive: &Receive, state: Option<&str>) -> Result<String, Error> {
    let of_one = receive.message.is_some();
    Ok(members([
        ("folder", receive.folder.as_deref().map(Value::from)),
        ("state", state.map(Value::from)),
        ("max_messages", receive.max.map(Value::from)),
        ("max_bytes", receive.max_bytes.map(Value::from)),
        ("filter", filter(receive.filter.as_deref())?),
        ("wait_seconds", Some(Value::from(receive.wait)).filter(|_| !of_one || receive.wait > 0)),
        ("action", receive.action.as_deref().map(Value::from)),
        ("message", receive.message.as_deref().map(Value::from)),
        ("section", receive.section.as_deref().map(Value::from)),
        ("first_bytes", receive.first_bytes.map(Value::from)),
        ("save_to", Some(Value::from(receive.to.to_string_lossy()))),
    ]))
}

/// A JSON object of the members that there are.
fn members<const N: usize>(members: [(&str, Option<Value>); N]) -> String {
    let given = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(Map::from_iter(given)).to_string()
}
