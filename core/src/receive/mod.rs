//! Fetching: from the transport's stream of messages to summaries, files and actions.
//!
//! A message counts as fetched only when the program has said what is to become of it: it is complete, its digest is known,
//! it lies where it was to be saved, and the program's answer has gone to the transport. A crash before that leaves it on
//! the server as it was, and the next call fetches it again, under the same id.

mod directory;
mod draft;
mod folder;
mod names;
mod outline;
mod received;
#[cfg(test)]
mod saving;
mod spool;
mod wait;

use crate::error::{failed, unreadable};
use crate::loader::Streams;
use crate::opened::{Keys, Opened};
use crate::request::ReceiveRequest;
use crate::settings::Receive;
use crate::unsealing::Collection;
use crate::watch::Watch;
use folder::Folder;
use postkontor_abi::CONTROL_STREAM as CONTROL;
use postkontor_plugin::wire::{END, EndAnswer, Event, MESSAGE_STREAM as MESSAGE};
use postkontor_plugin::{Action, Error, Incoming, Stage, Status, Summary};
use serde_json::{Map, Value, json};
use spool::Spool;
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use received::{DeliverTo, Received, Taken};
pub(crate) use wait::Wait;

/// What a message may have beyond twice the size that its server stated.
const BEYOND: u64 = 64 * 1024 * 1024;

/// How long the reading of one message may take: half of what is left of the call, and within these limits. A message that takes longer is handed
/// over unread, so that it does not keep the next ones from coming, in this call and in every later one.
const READING: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// So many bytes of a message that may be signed or encrypted are read in a second at least: for each as many, it may take longer by a second.
const OPENED: u64 = 10 * 1024 * 1024;

/// A fetched message on its way to the program.
pub struct Fetched<'a> {
    /// What the server states of it; the size is that of the bytes that came.
    pub incoming: &'a Incoming,
    /// The digest of its bytes, unless only those were asked for.
    pub sha256: Option<&'a str>,
    /// The recipients within the company, where the settings route messages.
    pub deliver_to: Option<&'a DeliverTo>,
    /// The name of the file it was saved in, in the folder of `save_to`.
    pub file: Option<&'a str>,
    /// All of that and what reading the message shows, as JSON.
    pub summary: &'a str,
    /// The message itself; of one larger than 32 MiB that is not saved only the beginning.
    pub message: Opened,
}

/// The setting of the folder for certificates.
const COLLECT: &str = "/receive/smime/collect";

/// The program's say in what becomes of each message.
pub type Take<'a> = dyn FnMut(Fetched<'_>) -> Action + 'a;

/// The host's end of a fetch.
pub(crate) struct Reception<'a, 'w> {
    take: Option<&'a mut Take<'a>>,
    watch: Watch<'w>,
    language: String,
    reading: (Duration, Duration),
    action: Action,
    pub(crate) detail: Summary,
    /// The program only looks: one message or part is handed over once more, or no more than the structure of messages. Nothing is taken.
    is_looking: bool,
    deliver_to: Option<Arc<DeliverTo>>,
    /// The same as the last member of a summary.
    routed: String,
    folder: Option<Folder>,
    /// With what signed and encrypted messages are opened.
    keys: Option<Arc<Keys>>,
    /// Where the certificates of those are kept who sign.
    collection: Option<Collection>,
    /// What the program should know although the messages came.
    warnings: Vec<Error>,
    current: Option<(Incoming, Spool)>,
    answer: Option<Action>,
    taken: Vec<Taken>,
}

impl<'a, 'w> Reception<'a, 'w> {
    /// Prepares a fetch. Refuses it where the settings route messages to operators and there is none.
    pub(crate) fn new(
        request: &ReceiveRequest,
        routing: &Receive,
        take: Option<&'a mut Take<'a>>,
        watch: Watch<'w>,
        language: &str,
    ) -> Result<Reception<'a, 'w>, Error> {
        if routing.routing && routing.operators.is_empty() {
            let code = "receive.operator_missing";
            return Err(failed(Status::Settings, code).at("/receive/operators", code));
        }
        let deliver_to = routing.routing.then(|| DeliverTo {
            number: routing.number.clone(),
            operators: once(&routing.operators),
            workgroups: once(&routing.workgroups),
        });
        let folder = request.save_to.clone().map(Folder::open).transpose()?;
        // What is saved is worth nothing without its parts and its digest.
        let detail = if folder.is_some() { Summary::Full } else { request.fetch.summary };
        Ok(Reception {
            take,
            watch,
            language: language.to_owned(),
            reading: READING,
            action: request.action,
            detail,
            is_looking: request.fetch.message.is_some() || detail == Summary::Structure,
            routed: format!(",\"deliver_to\":{}", deliver_to.as_ref().map_or_else(|| json!({}), |deliver_to| json!(deliver_to))),
            deliver_to: deliver_to.map(Arc::new),
            folder,
            keys: None,
            collection: None,
            warnings: Vec::new(),
            current: None,
            answer: None,
            taken: Vec::new(),
        })
    }

    /// The same, which opens signed and encrypted messages, and keeps the certificates of those who sign.
    pub(crate) fn with_keys(self, keys: Option<Arc<Keys>>, collect: Option<&str>) -> Reception<'a, 'w> {
        Reception { keys, collection: collect.map(|folder| Collection::of(Path::new(folder))), ..self }
    }

    /// What the program should know although the messages came.
    pub(crate) fn take_warnings(&mut self) -> Vec<Error> {
        std::mem::take(&mut self.warnings)
    }

    /// Whether nothing has come so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    /// The result: what was fetched, what the server named and did not hand over, and the transport's state for the next fetch.
    pub(crate) fn result(self, received: postkontor_plugin::Received) -> Received {
        let postkontor_plugin::Received { state, more, missing, warnings, .. } = received;
        Received { messages: self.taken, missing, warnings, state, more }
    }

    fn begin(&mut self, incoming: Incoming) -> Result<(), Error> {
        let spool = match &mut self.folder {
            Some(folder) => Spool::of(folder.path().to_owned(), folder.begin(&self.watch)?),
            None => Spool::new(incoming.size.unwrap_or_default(), self.detail == Summary::Full),
        };
        self.answer = None;
        self.current = Some((incoming, spool));
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        let (mut incoming, mut spool) = self.current.take().ok_or_else(|| failed(Status::Internal, "plugin.answer_unreadable"))?;
        let outline = incoming.parts.take();
        let (sha256, is_whole) = (spool.sha256(), spool.is_whole() && !incoming.headers_only && !incoming.cut);
        // What is cut off cannot be opened, and a part of a message is none.
        let message = self.ready(spool.message()?, is_whole && incoming.section.is_none());
        self.read_message(&message)?;
        // The size on the wire is known exactly by now, unless only the headers came.
        let stated = incoming.size.take();
        let size = stated.filter(|_| incoming.headers_only).unwrap_or(spool.size());
        let size_told = stated.filter(|stated| *stated != size);
        let mut summary = self.summary(&message, &incoming, (size, size_told), sha256.as_deref());
        let mut saved = None;
        if let Some(outline) = outline {
            summary = outline::with_parts(&summary, size, outline);
        } else if self.folder.is_some() || !is_whole {
            let mut members: Map<String, Value> = serde_json::from_str(&summary).unwrap_or_default();
            members.insert("size".to_owned(), Value::from(size));
            if !is_whole {
                // Its parts would be cut off. The raw file of a large message is whole, and that is what there is.
                members.extend([("complete".to_owned(), Value::Bool(false)), ("parts".to_owned(), json!([]))]);
            }
            if let Some(folder) = &mut self.folder
                && let Some(draft) = spool.complete()?
            {
                saved = Some(folder.save(draft, &message, &mut members, &self.watch)?);
            }
            summary = Value::Object(members).to_string();
        }
        let subject = (self.detail != Summary::None).then(|| message.subject().to_owned());
        let action = match &mut self.take {
            Some(take) => {
                incoming.size = Some(size);
                let file = saved.as_ref().map(|saved| format!("{}.eml", saved.number));
                let (sha256, deliver_to) = (sha256.as_deref(), self.deliver_to.as_deref());
                take(Fetched { incoming: &incoming, sha256, deliver_to, file: file.as_deref(), summary: &summary, message })
            }
            None => self.action,
        };
        // What was handed over in part, and lies whole in no file either, is not to be lost.
        let is_partly_ours = incoming.headers_only || !is_whole && saved.is_none();
        let action = match action {
            Action::Seen | Action::Delete if self.is_looking => Action::Keep,
            Action::Delete if is_partly_ours => Action::Keep,
            action => action,
        };
        if let (Action::Delete, Some(folder), Some(saved)) = (action, &self.folder, &saved) {
            // The server's copy is about to go, so ours must survive a power cut.
            folder.sync(saved, &self.watch).inspect_err(|_| folder.discard(saved))?;
        }
        if let (Action::Stop, Some(folder)) = (action, &self.folder)
            && let Some(saved) = saved.take()
        {
            folder.discard(&saved);
        }
        self.answer = Some(action);
        let file = saved.map(|saved| format!("{}.eml", saved.number));
        self.taken.push(Taken { file, id: incoming.id, sha256, size, subject, deliver_to: self.deliver_to.clone(), action });
        Ok(())
    }

    fn ready(&self, message: Opened, may_be_opened: bool) -> Opened {
        let message = message.in_language(&self.language);
        match &self.keys {
            Some(keys) if may_be_opened => message.with_keys(keys.clone()),
            _ => message,
        }
    }

    /// Reads a message, if that is wanted, within the time that it may take.
    fn read_message(&mut self, message: &Opened) -> Result<(), Error> {
        self.watch.check()?;
        if self.detail != Summary::None {
            let (shortest, mut longest) = self.reading;
            if self.keys.is_some() {
                longest += Duration::from_secs(message.size() / OPENED);
            }
            let (started, limit) = (Instant::now(), (self.watch.left() / 2).clamp(shortest, longest));
            let is_read = message.read(&|| self.watch.check().is_ok() && started.elapsed() < limit)?;
            self.watch.check()?;
            if !is_read {
                message.leave_unread();
            }
            if let Some(Err(error)) = self.collection.as_ref().map(|collection| collection.add_all(message))
                && self.warnings.is_empty()
            {
                let code = error.code.clone();
                self.warnings.push(error.at(COLLECT, &code));
            }
        }
        Ok(())
    }

    /// The summary: what reading the message shows, and what is known of it besides. All are JSON objects whose members differ,
    /// so that they are joined as texts: taking the largest apart to put it together again would cost as much as reading it did.
    fn summary(&self, message: &Opened, incoming: &Incoming, (size, size_told): (u64, Option<u64>), sha256: Option<&str>) -> String {
        let read = match self.detail {
            Summary::Full | Summary::Structure => Cow::Borrowed(message.summary()),
            Summary::None => Cow::Owned(format!("{{\"size\":{size}}}")),
        };
        let incoming = serde_json::to_string(incoming).unwrap_or_default();
        // Room for the digest and the closing bracket, too.
        let mut summary = String::with_capacity(read.len() + incoming.len() + self.routed.len() + 100);
        summary.push_str(read.strip_suffix('}').unwrap_or_default());
        if let Some(sha256) = sha256 {
            summary.extend([",\"sha256\":\"", sha256, "\""]);
        }
        if let Some(size_told) = size_told {
            summary.extend([",\"size_told\":", &size_told.to_string()]);
        }
        if let Some(members) = incoming.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            summary.extend([",", members]);
        }
        summary.extend([self.routed.as_str(), "}"]);
        summary
    }
}

impl Streams for Reception<'_, '_> {
    fn read(&mut self, stream: u64, data: &mut [u8]) -> Result<usize, Error> {
        let answer = self.answer.take().filter(|_| stream == CONTROL);
        let answer = answer.ok_or_else(|| failed(Status::Argument, "host.stream_unknown"))?;
        let answer = EndAnswer { action: answer }.as_bytes();
        let place = data.get_mut(..answer.len()).ok_or_else(|| failed(Status::Argument, "host.stream_unknown"))?;
        place.copy_from_slice(answer);
        Ok(answer.len())
    }

    fn write(&mut self, stream: u64, data: &[u8]) -> Result<(), Error> {
        match (stream, &mut self.current) {
            // As nearly every plugin writes it.
            (CONTROL, _) if data == END => self.end(),
            (CONTROL, _) => match read_event(data)? {
                Event::Message(incoming) => self.begin(incoming),
                Event::End(_) => self.end(),
            },
            (MESSAGE, Some((incoming, spool))) => within(incoming, spool.size() + data.len() as u64).and_then(|()| spool.write(data)),
            _ => Err(failed(Status::Argument, "host.stream_unknown")),
        }
    }
}

fn read_event(data: &[u8]) -> Result<Event, Error> {
    // Looked at as a whole, which costs a fraction of what it costs string by string.
    let text = std::str::from_utf8(data).map_err(unreadable)?;
    serde_json::from_str(text).map_err(unreadable)
}

/// Refuses a message that does not end, before it fills the disk. Servers count line ends differently, estimate, or state any number, so
/// only what is far beyond is refused.
fn within(incoming: &Incoming, size: u64) -> Result<(), Error> {
    let Some(stated) = incoming.size.filter(|stated| size > stated.saturating_mul(2).saturating_add(BEYOND)) else { return Ok(()) };
    let error = failed(Status::Protocol, "receive.size_exceeded").stage(Stage::Fetch).arg("id", incoming.id.as_str());
    Err(error.arg("told", stated).arg("size", size))
}

/// Each name once, so that no one gets two copies.
fn once(names: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for name in names {
        if !kept.contains(name) {
            kept.push(name.clone());
        }
    }
    kept
}

#[cfg(test)]
pub(in crate::receive) mod tests {
    use super::*;
    use serde::Deserialize;

    pub(super) fn request(request: &Value) -> ReceiveRequest {
        <ReceiveRequest as crate::Request>::read(&request.to_string()).unwrap()
    }

    pub(super) fn watch() -> Watch<'static> {
        Watch::new(&(), Box::leak(Box::default()), Duration::from_secs(3600))
    }

    pub(super) fn reception(request: &Value) -> Reception<'static, 'static> {
        Reception::new(&self::request(request), &Receive::default(), None, watch(), "en").unwrap()
    }

    #[test]
    fn what_was_fetched_is_read_as_it_is_written() {
        let deliver_to = DeliverTo { number: Some("0012".to_owned()), operators: vec!["MM".to_owned()], workgroups: Vec::new() };
        let taken = |deliver_to| Taken {
            file: Some("0001.eml".to_owned()),
            id: "1".to_owned(),
            sha256: None,
            size: 3,
            subject: None,
            deliver_to,
            action: Action::Seen,
        };
        let messages = vec![taken(Some(Arc::new(deliver_to))), taken(None)];
        let received = Received { messages, state: "s".to_owned(), more: true, ..Received::default() };
        let written = json!(received);
        assert_eq!(written["messages"][1]["deliver_to"], json!({}));
        assert_eq!(Received::deserialize(written).unwrap(), received);
    }

    #[test]
    fn a_message_that_takes_too_long_is_handed_over_unread_and_the_next_ones_come() {
        let mut summaries = Vec::new();
        let mut take = |fetched: Fetched<'_>| {
            assert_eq!(fetched.message.bytes(None).unwrap().as_ref(), b"Subject: a\r\n\r\nb");
            summaries.push(serde_json::from_str::<Value>(fetched.summary).unwrap());
            Action::Delete
        };
        let request = request(&json!({}));
        let mut reception = Reception::new(&request, &Receive::default(), Some(&mut take), watch(), "en").unwrap();
        for reading in [(Duration::ZERO, Duration::ZERO), READING] {
            reception.reading = reading;
            reception.write(CONTROL, br#"{"message":{"id":"1"}}"#).unwrap();
            reception.write(MESSAGE, b"Subject: a\r\n\r\nb").unwrap();
            reception.write(CONTROL, br#"{"end":true}"#).unwrap();
            assert_eq!(reception.answer.take(), Some(Action::Delete));
        }
        drop(reception);
        assert_eq!(summaries[0]["warnings"], json!([{"code": "message.reading_too_long"}]));
        assert_eq!((&summaries[0]["complete"], &summaries[0]["subject"], &summaries[0]["parts"]), (&json!(false), &json!(""), &json!([])));
        assert_eq!((&summaries[1]["subject"], summaries[1].get("warnings")), (&json!("a"), None));
    }

    #[test]
    fn a_call_that_has_to_end_takes_no_further_message() {
        let cancel = crate::Cancel::default();
        for (left, status) in [(Duration::ZERO, Status::Timeout), (Duration::from_secs(3600), Status::Cancelled)] {
            let watch = Watch::new(&(), &cancel, left);
            let request = request(&json!({"action": "delete"}));
            let mut reception = Reception::new(&request, &Receive::default(), None, watch, "en").unwrap();
            reception.write(CONTROL, br#"{"message":{"id":"1"}}"#).unwrap();
            reception.write(MESSAGE, b"Subject: a\r\n\r\nb").unwrap();
            if status == Status::Cancelled {
                cancel.fire();
            }
            assert_eq!(reception.write(CONTROL, br#"{"end":true}"#).unwrap_err().status, status);
            assert!(reception.is_empty() && reception.answer.is_none());
        }
    }

    #[test]
    fn a_message_that_does_not_end_is_ended_far_beyond_what_was_stated() {
        let mut reception = reception(&json!({"summary": "none"}));
        reception.write(CONTROL, br#"{"message":{"id":"1","size":1000}}"#).unwrap();
        let block = vec![b'x'; 1024 * 1024];
        let error = (0..100).find_map(|_| reception.write(MESSAGE, &block).err()).unwrap();
        assert_eq!((error.status, error.code.as_str()), (Status::Protocol, "receive.size_exceeded"));
        assert_eq!((&error.args["told"], &error.args["size"]), (&json!(1000), &json!(65 * 1024 * 1024)));
        assert!(reception.is_empty());
        // A size that the server does not state cannot be exceeded, and twice as much may be its way of counting.
        for size in [json!(null), json!(50_000_000)] {
            let message = json!({"message": {"id": "1", "size": size}}).to_string();
            reception.write(CONTROL, message.as_bytes()).unwrap();
            (0..100).for_each(|_| reception.write(MESSAGE, &block).unwrap());
        }
    }
}
