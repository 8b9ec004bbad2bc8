//! Attachments of a draft: small ones in one request, large ones by an upload session, chunk by chunk while they are read.

use crate::ask::{Ask, Payload};
use crate::claims::Role;
use crate::draft;
use crate::failure::Failure;
use crate::fault::{Fault, malformed, staged};
use crate::session::Session;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use postkontor_plugin::exchange::{AT, Attachment, Outline, Parts};
use postkontor_plugin::net::http::percent_encoded;
use postkontor_plugin::net::http::{Client, Content, Request, Response, Url};
use postkontor_plugin::serde::Deserialize;
use postkontor_plugin::serde_json::{self, Value, json};
use postkontor_plugin::{Body, Call, Error, Secret, Stage, Status};
use std::time::Duration;

/// The service wants multiples of 320 KiB, and at most 4 MB.
const CHUNK: usize = 12 * 320 * 1024;

/// Below this size an attachment fits into a request. The service names "3 MB" as the least for a session, and means either number.
const LARGE: u64 = 3_000_000;
const LARGE_FOR_CERTAIN: u64 = 3 * 1024 * 1024;

/// The service takes no larger attachment.
pub(crate) const LARGEST: u64 = 150 * 1024 * 1024;

/// How often a chunk is sent again, and a draft that another server does not know yet asked for.
const TRIES: u32 = 6;

/// The longest answer of the upload.
const ANSWER: u64 = 64 * 1024;

/// A session.
#[derive(Deserialize)]
#[serde(crate = "postkontor_plugin::serde", rename_all = "camelCase")]
struct Begun {
    upload_url: String,
}

/// What of an attachment is still wanted.
#[derive(Default, Deserialize)]
#[serde(crate = "postkontor_plugin::serde", rename_all = "camelCase", default)]
struct Expected {
    next_expected_ranges: Vec<String>,
}

/// A chunk of an attachment.
struct Chunk<'c> {
    bytes: &'c [u8],
    start: u64,
    total: u64,
}

/// Attaches everything to a draft, while the message is read a second time.
pub(crate) fn attach(session: &mut Session<'_, '_>, draft: &str, outline: &Outline, body: &mut Body<'_>, size: u64) -> Result<(), Error> {
    body.rewind()?;
    let mut parts = Parts::new(body);
    let mut block = Vec::new();
    let mut done = 0;
    for attachment in &outline.attachments {
        go_to(&mut parts, attachment)?;
        block.clear();
        let mut source = |block: &mut Vec<u8>, wanted: usize, call: &Call| {
            while block.len() < wanted && parts.read(block)? {
                call.check()?;
            }
            Ok(())
        };
        let upload = if attachment.size < LARGE { None } else { session.begin_upload(draft, attachment)? };
        match upload {
            Some(url) => session.attach_large(&url, attachment, &mut block, &mut source)?,
            None => {
                source(&mut block, usize::MAX, session.call)?;
                session.attach_small(draft, attachment, &block)?;
            }
        }
        done += attachment.size;
        session.call.progress(done.min(size), size)?;
    }
    Ok(())
}

/// Goes on to the part that an attachment is.
pub(crate) fn go_to(parts: &mut Parts<'_>, attachment: &Attachment) -> Result<(), Error> {
    loop {
        let leaf = parts.next_leaf()?.ok_or_else(|| changed(attachment))?;
        if leaf.index == attachment.leaf.index {
            return Ok(());
        }
    }
}

/// The message has become another one between its two readings.
fn changed(attachment: &Attachment) -> Error {
    let error = Error::new(Status::Local, "message.source_failed").stage(Stage::Content);
    error.detail(format!("the part {} had {} bytes before", attachment.leaf.index, attachment.size))
}

/// Reads on until so many bytes are there, or all that there are.
type Source<'s> = dyn FnMut(&mut Vec<u8>, usize, &Call) -> Result<(), Error> + 's;

impl Session<'_, '_> {
    fn attach_small(&mut self, draft: &str, attachment: &Attachment, content: &[u8]) -> Result<(), Error> {
        if content.len() as u64 != attachment.size {
            return Err(changed(attachment));
        }
        let mut properties = draft::attachment(attachment);
        properties.insert("@odata.type".to_owned(), "#microsoft.graph.fileAttachment".into());
        properties.insert("contentBytes".to_owned(), BASE64_STANDARD.encode(content).into());
        let json = Value::Object(properties).to_string();
        let target = self.at(&format!("/messages/{}/attachments", percent_encoded(draft)));
        self.on_new_draft(|session| {
            let ask = Ask::once("POST", target.clone(), Role::Change, Stage::Content);
            session.done(ask.with(Payload::Json(json.as_bytes())))
        })
    }

    /// Asks for something on a draft that was just made: another server of the service may not know of it yet.
    fn on_new_draft<T>(&mut self, mut ask: impl FnMut(&mut Self) -> Result<T, Failure>) -> Result<T, Error> {
        let mut tries = 0;
        loop {
            match ask(self) {
                Err(failure) if failure.is_missing() && tries < TRIES => self.pause(pause(tries))?,
                done => return done.map_err(Error::from),
            }
            tries += 1;
        }
    }

    /// Opens a session; nothing where the service wants the attachment in one request.
    fn begin_upload(&mut self, draft: &str, attachment: &Attachment) -> Result<Option<Url>, Error> {
        let mut item = draft::attachment(attachment);
        item.insert("attachmentType".to_owned(), "file".into());
        item.insert("size".to_owned(), attachment.size.into());
        let json = json!({ "AttachmentItem": item }).to_string();
        let target = self.at(&format!("/messages/{}/attachments/createUploadSession", percent_encoded(draft)));
        let begun = self.on_new_draft(|session| {
            let ask = Ask::once("POST", target.clone(), Role::Change, Stage::Content);
            match session.json::<Begun>(ask.with(Payload::Json(json.as_bytes()))) {
                Err(failure) if attachment.size < LARGE_FOR_CERTAIN && failure.fault.as_ref().is_some_and(|fault| fault.status == 400) => {
                    Ok(None)
                }
                begun => begun.map(Some),
            }
        })?;
        begun.map(|begun| self.upload_to(&begun.upload_url)).transpose()
    }

    fn attach_large(&mut self, url: &Url, attachment: &Attachment, block: &mut Vec<u8>, source: &mut Source<'_>) -> Result<(), Error> {
        let mut start = 0;
        while start < attachment.size {
            source(block, CHUNK, self.call)?;
            let length = block.len().min(CHUNK);
            if length == 0 || start + length as u64 > attachment.size {
                return Err(changed(attachment));
            }
            self.put(url, &Chunk { bytes: &block[..length], start, total: attachment.size })?;
            block.drain(..length);
            start += length as u64;
        }
        if block.is_empty() { Ok(()) } else { Err(changed(attachment)) }
    }

    /// Where an attachment goes: a host of the service's choice, which gets no token of ours. What stands in the address is one.
    fn upload_to(&mut self, link: &str) -> Result<Url, Error> {
        let url = self.base.join(link)?;
        if !url.is_secure() && !url.is_same_origin(self.base) {
            return Err(Error::new(Status::Protocol, "graph.upload_insecure").arg("host", url.host()).stage(Stage::Content));
        }
        let is_open = self.wire.upload.as_ref().is_some_and(|client| client.url().is_same_origin(&url));
        if !is_open {
            let dialogue = self.wire.upload.take().map(|mut client| client.take_dialogue());
            self.recorder.keep(dialogue.unwrap_or_default());
        }
        let settings = self.settings;
        let client = self.wire.upload.get_or_insert_with(|| Client::new(&url, &settings.server, &settings.tls, AT));
        if let Some((_, query)) = url.target().split_once('?') {
            client.hide(&Secret::new(query));
            for value in query.split('&').filter_map(|pair| pair.split_once('=')).map(|(_, value)| value).filter(|value| value.len() > 8) {
                client.hide(&Secret::new(value));
            }
        }
        Ok(url)
    }

    /// Uploads a chunk, and makes sure that it has arrived.
    fn put(&mut self, url: &Url, chunk: &Chunk<'_>) -> Result<(), Error> {
        let (mut begin, mut tries) = (chunk.start, 0);
        let end = chunk.start + chunk.bytes.len() as u64;
        loop {
            let rest = &chunk.bytes[usize::try_from(begin - chunk.start).unwrap_or_default()..];
            let range = format!("bytes {begin}-{}/{}", end - 1, chunk.total);
            let request = Request::new("PUT", url.target()).field("Content-Range", range).field("Content-Type", "application/octet-stream");
            let expected = match self.answer(request.content(Content::Bytes(rest))) {
                Ok(expected) => expected,
                Err(failure) => {
                    let wait = retry_after(&failure, begin == 0, tries).ok_or(()).map_err(|()| failure.error.clone());
                    let wait = wait.and_then(|wait| if wait < self.call.remaining() { Ok(wait) } else { Err(failure.error.clone()) })?;
                    self.pause(wait)?;
                    tries += 1;
                    // What became of a chunk without an answer, the service itself can tell.
                    match failure.fault {
                        None => self.answer(Request::new("GET", url.target())).unwrap_or(Some(begin)),
                        Some(_) => Some(begin),
                    }
                }
            };
            match expected {
                None if end == chunk.total => return Ok(()),
                Some(next) if next == end && end < chunk.total => return Ok(()),
                Some(next) if (chunk.start..end).contains(&next) && tries < TRIES => {
                    tries += u32::from(next == begin);
                    begin = next;
                }
                _ => return Err(malformed(url.host(), "the upload goes on somewhere else").stage(Stage::Content)),
            }
        }
    }

    /// Sends a request to the place of the upload: where it goes on, or nothing where all has come.
    fn answer(&mut self, request: Request<'_>) -> Result<Option<u64>, Failure> {
        let stage = |error| staged(error, Stage::Content);
        let Some(client) = self.wire.upload.as_mut() else {
            return Err(Failure::before(stage(malformed(self.base.host(), "no upload"))));
        };
        let host = client.url().host().to_owned();
        let answered = client.request(request, self.call, self.recorder);
        let mut response = answered.map_err(|interrupted| Failure::before(stage(interrupted.error)))?;
        if response.status() == 201 {
            return response.discard(self.call).map(|()| None).map_err(|error| Failure::before(stage(error)));
        }
        if response.is_success() {
            return expected(&mut response, &host, self.call).map_err(|error| Failure::before(stage(error)));
        }
        let fault = Fault::read(&mut response, "none", self.call).map_err(|error| Failure::before(stage(error)))?;
        drop(response);
        let fault = fault.cleaned(client);
        let error = fault.error(&host, Role::Change, None).stage(Stage::Content);
        Err(Failure { error, is_in_doubt: false, fault: Some(Box::new(fault)) })
    }
}

/// The first byte that is still wanted.
fn expected(response: &mut Response<'_>, host: &str, call: &Call) -> Result<Option<u64>, Error> {
    let body = response.bytes(ANSWER, call)?;
    let expected: Expected = serde_json::from_slice(&body).map_err(|error| malformed(host, error.to_string()))?;
    let Some(first) = expected.next_expected_ranges.first() else { return Ok(None) };
    let begin = first.split('-').next().and_then(|begin| begin.trim().parse().ok());
    begin.map(Some).ok_or_else(|| malformed(host, "a range without a beginning"))
}

/// How long to wait before a chunk is sent again; nothing where that has no point.
fn retry_after(failure: &Failure, is_first: bool, tries: u32) -> Option<Duration> {
    let is_worth_it = match &failure.fault {
        Some(fault) if fault.is_throttling() => return Some(fault.wait.max(Duration::from_secs(1))),
        Some(fault) => fault.status >= 500 || fault.status == 404 && is_first,
        None => failure.error.status == Status::Network,
    };
    (is_worth_it && tries < TRIES).then(|| pause(tries))
}

fn pause(tries: u32) -> Duration {
    Duration::from_millis(200 << tries.min(4))
}
