//! Fetching: from the transport's stream of messages to summaries, files and verdicts.
//!
//! A message counts as fetched only when the program has said what is to become of it: it is complete, its digest is known,
//! it lies where it was to be saved, and the program's answer has gone to the transport. A crash before that leaves it on
//! the server as it was, and the next call fetches it again, under the same id.

mod folder;
mod spool;

use crate::error::failed;
use crate::loader::Streams;
use crate::opened::Opened;
use crate::settings::Receive;
use folder::Folder;
use postkontor_plugin::{Disposal, Error, Incoming, ReceiveRequest, Received, Stage, Status};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use spool::Spool;
use std::path::PathBuf;

/// The streams of the control protocol (postkontor-abi): events and their answers, and the bytes of the announced message.
const CONTROL: u64 = 0;
const MESSAGE: u64 = 1;

/// A larger message is not held in memory: its summary tells the headers and what the first part of it shows.
const WHOLE: u64 = 32 * 1024 * 1024;
const HEAD: usize = 1024 * 1024;

/// What the caller asks for beyond what goes to the transport.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wishes {
    /// Folder on this machine to save every message in.
    save_to: Option<PathBuf>,
    /// What becomes of each message where no callback is asked.
    then: Disposal,
}

/// A fetched message on its way to the program.
pub struct Fetched<'a> {
    /// The message's summary as JSON, with `id`, `sha256`, `deliver_to` and, where it was saved, `file`.
    pub summary: &'a str,
    /// The message itself; of one larger than 32 MiB only the beginning.
    pub message: Opened,
}

/// The program's say in what becomes of each message.
pub type Take<'a> = dyn FnMut(Fetched<'_>) -> Disposal + 'a;

/// The host's end of a fetch.
pub(crate) struct Reception<'a> {
    take: Option<&'a mut Take<'a>>,
    then: Disposal,
    deliver_to: Value,
    folder: Option<Folder>,
    current: Option<(Incoming, Spool)>,
    answer: Option<Disposal>,
    taken: Vec<Taken>,
    /// Why a message could not be taken; the transport learns only that.
    failure: Option<Error>,
}

/// One line of the result.
#[derive(Serialize)]
struct Taken {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    id: String,
    sha256: String,
    size: u64,
    subject: String,
    deliver_to: Value,
    verdict: Disposal,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Message(Incoming),
    End(#[allow(dead_code, reason = "only its presence counts")] bool),
}

impl<'a> Reception<'a> {
    /// Reads the request: what the transport needs of it is checked, too, so that nothing in it is silently without effect.
    pub(crate) fn wishes(request: &Value) -> Result<Wishes, Error> {
        let wrong =
            |pointer: &str, detail: String| failed(Status::Argument, "request.unreadable").detail(detail).at(pointer, "request.unreadable");
        let asked = ReceiveRequest::deserialize(request).map_err(|error| wrong("", error.to_string()))?;
        if let Some(since) = &asked.filter.since
            && !is_day(since)
        {
            let code = "receive.day_invalid";
            return Err(failed(Status::Argument, code).at("/filter/since", code));
        }
        Wishes::deserialize(request).map_err(|error| wrong("", error.to_string()))
    }

    /// Prepares a fetch. Refuses it where the settings route messages to operators and there is none.
    pub(crate) fn new(wishes: Wishes, routing: &Receive, take: Option<&'a mut Take<'a>>) -> Result<Reception<'a>, Error> {
        if routing.routing && routing.operators.is_empty() {
            let code = "receive.operator_missing";
            return Err(failed(Status::Settings, code).at("/receive/operators", code));
        }
        let deliver_to = if routing.routing {
            json!({"number": routing.number, "operators": routing.operators, "workgroups": routing.workgroups})
        } else {
            json!({})
        };
        let folder = wishes.save_to.map(Folder::open).transpose()?;
        Ok(Reception { take, then: wishes.then, deliver_to, folder, current: None, answer: None, taken: Vec::new(), failure: None })
    }

    /// What ended the fetch early: the transport's error, or ours where it only passes that on.
    pub(crate) fn reason(&mut self, error: Error) -> Error {
        if error.code == "host.sink_failed" { self.failure.take().unwrap_or(error) } else { error }
    }

    /// The result: what was fetched, and the transport's state for the next fetch.
    pub(crate) fn result(self, received: &Received) -> Map<String, Value> {
        Map::from_iter([
            ("messages".to_owned(), json!(self.taken)),
            ("state".to_owned(), Value::from(received.state.as_str())),
            ("more".to_owned(), Value::from(received.more)),
        ])
    }

    fn begin(&mut self, incoming: Incoming) -> Result<(), Error> {
        let spool = match &mut self.folder {
            Some(folder) => Spool::of(folder.next()?),
            None => Spool::new(),
        };
        self.answer = None;
        self.current = Some((incoming, spool));
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        let (incoming, spool) = self.current.take().ok_or_else(|| failed(Status::Internal, "plugin.answer_unreadable"))?;
        let (size, sha256) = (spool.size(), spool.sha256());
        let message = if size <= WHOLE { Opened::new(spool.bytes(WHOLE as usize)?) } else { Opened::new(spool.bytes(HEAD)?) };
        let mut summary: Map<String, Value> = serde_json::from_str(message.summary()).unwrap_or_default();
        summary.insert("size".to_owned(), Value::from(size));
        summary.insert("sha256".to_owned(), Value::from(sha256.as_str()));
        if size > WHOLE {
            // Its parts would be cut off: the raw file is whole, and that is what there is.
            summary.insert("complete".to_owned(), Value::Bool(false));
            summary.insert("parts".to_owned(), json!([]));
        }
        if let Ok(Value::Object(incoming)) = serde_json::to_value(&incoming) {
            // The size on the wire is known exactly by now.
            summary.extend(incoming.into_iter().filter(|(name, _)| name != "size"));
        }
        summary.insert("deliver_to".to_owned(), self.deliver_to.clone());
        let mut saved = None;
        if let Some(folder) = &mut self.folder {
            let number = spool.keep()?;
            summary.insert("file".to_owned(), Value::from(format!("{number}.eml")));
            folder.save_parts(&number, &message, &mut summary)?;
            folder.save_summary(&number, &summary)?;
            saved = Some(number);
        }
        let subject = summary.get("subject").and_then(Value::as_str).unwrap_or_default().to_owned();
        let summary = Value::Object(summary).to_string();
        let verdict = match &mut self.take {
            Some(take) => take(Fetched { summary: &summary, message }),
            None => self.then,
        };
        // Whoever lets large messages pass with their headers only does not want them lost.
        let verdict = if incoming.headers_only && verdict == Disposal::Delete { Disposal::Keep } else { verdict };
        if let (Disposal::Delete, Some(folder), Some(number)) = (verdict, &self.folder, &saved) {
            // The server's copy is about to go, so ours must survive a power cut.
            folder.sync(number)?;
        }
        self.answer = Some(verdict);
        let file = saved.map(|number| format!("{number}.eml"));
        self.taken.push(Taken { file, id: incoming.id, sha256, size, subject, deliver_to: self.deliver_to.clone(), verdict });
        Ok(())
    }
}

impl Streams for Reception<'_> {
    fn read(&mut self, stream: u64, data: &mut [u8]) -> Result<usize, Error> {
        let answer = self.answer.take().filter(|_| stream == CONTROL);
        let answer = answer.ok_or_else(|| failed(Status::Argument, "host.stream_unknown"))?;
        let answer = json!({ "disposal": answer }).to_string();
        let place = data.get_mut(..answer.len()).ok_or_else(|| failed(Status::Argument, "host.stream_unknown"))?;
        place.copy_from_slice(answer.as_bytes());
        Ok(answer.len())
    }

    fn write(&mut self, stream: u64, data: &[u8]) -> Result<(), Error> {
        let written = match (stream, &mut self.current) {
            (CONTROL, _) => {
                let unreadable = |error: serde_json::Error| failed(Status::Internal, "plugin.answer_unreadable").detail(error.to_string());
                serde_json::from_slice(data).map_err(unreadable).and_then(|event| match event {
                    Event::Message(incoming) => self.begin(incoming),
                    Event::End(_) => self.end(),
                })
            }
            (MESSAGE, Some((_, spool))) => spool.write(data),
            _ => Err(failed(Status::Argument, "host.stream_unknown")),
        };
        if let Err(error) = &written {
            self.failure.get_or_insert_with(|| error.clone());
        }
        written
    }
}

/// Whether a text is a day as in `2026-11-20`.
fn is_day(text: &str) -> bool {
    let digits = |range: std::ops::Range<usize>| text.get(range).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let number = |range| digits(range).and_then(|digits| digits.parse::<u16>().ok());
    let (month, day) = (number(5..7), number(8..10));
    let is_date = month.is_some_and(|month| (1..=12).contains(&month)) && day.is_some_and(|day| (1..=31).contains(&day));
    text.len() == 10 && number(0..4).is_some() && is_date && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-'
}

/// A file or folder of this machine that failed.
fn local(error: &std::io::Error, path: &std::path::Path) -> Error {
    let error = failed(Status::Local, "receive.not_saved").stage(Stage::Fetch).detail(error.to_string());
    error.arg("path", path.display().to_string())
}
