//! A request on its way out.

use super::head::{self, Head, INTERIM};
use super::request::{Content, Field, Request};
use super::url::is_target;
use crate::net::Stream;
use crate::{Call, Error, Status, printable};
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// How much of a body is read from its source at once, and leaves together with the head.
const BLOCK: usize = 64 * 1024;

/// Room for the length before a chunk, and for what ends the last one.
const BEFORE: usize = 10;
const LAST: &[u8] = b"0\r\n\r\n";

/// Fields that belong to the connection and the body: the client writes them itself.
const OWN: [&str; 10] =
    ["host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect", "cookie", "keep-alive"];

/// How much of a request had left for the server: it may have got that much, and certainly no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Nothing: the server cannot know of the request.
    Nothing,
    /// Not all of it: a server that keeps to HTTP cannot have carried it out.
    Part,
    /// All of it: without an answer it is open whether the server has carried it out.
    All,
}

/// A request in the form in which it goes on the wire.
pub(super) struct Outgoing<'r> {
    /// What leaves first, in one write: the head, and the body or its beginning.
    first: Zeroizing<Vec<u8>>,
    /// How much of it is body.
    body: usize,
    /// The head as the transcript shows it.
    shown: String,
    rest: Rest<'r>,
    /// More was read from the source than what leaves first.
    is_beyond: bool,
    interim: usize,
    /// The server's answer that came before all had left.
    early: Option<Head>,
    pub(super) sent: Sent,
    /// Something has come of an answer.
    pub(super) is_answered: bool,
    /// How much was written on the connection when what comes still is no answer.
    unasked: Option<u64>,
}

enum Rest<'r> {
    Nothing,
    Bytes(&'r [u8]),
    Source { left: Option<u64>, source: &'r mut dyn FnMut(&mut [u8]) -> Result<usize, Error> },
}

impl<'r> Outgoing<'r> {
    /// `cookies` is the value of the field `Cookie`; empty where there are none. `authorization` is the field that the login adds.
    pub(super) fn new<'a: 'r>(
        request: &'r mut Request<'a>,
        target: &str,
        authority: &str,
        cookies: &str,
        authorization: Option<&Field>,
    ) -> Result<Outgoing<'r>, Error> {
        let (first, mut shown) = head_of(request, target, authority, cookies, authorization)?;
        let mut outgoing = Outgoing {
            first,
            body: 0,
            shown: String::new(),
            rest: Rest::Nothing,
            is_beyond: false,
            interim: 0,
            early: None,
            sent: Sent::Nothing,
            is_answered: false,
            unasked: None,
        };
        match &mut request.content {
            Content::Empty => {}
            Content::Bytes(bytes) => {
                let (begin, rest) = bytes.split_at(bytes.len().min(BLOCK));
                outgoing.body = begin.len();
                outgoing.first.extend_from_slice(begin);
                outgoing.rest = if rest.is_empty() { Rest::Nothing } else { Rest::Bytes(rest) };
            }
            Content::Secret { bytes, shown: body } => {
                outgoing.first.extend_from_slice(bytes);
                shown.push_str(body);
            }
            Content::Stream { size, source } => {
                let left = *size;
                outgoing.rest = Rest::Source { left, source: &mut **source };
                let head = outgoing.first.len();
                let mut first = std::mem::take(&mut *outgoing.first);
                outgoing.next_block(&mut first)?;
                outgoing.body = first.len() - head;
                outgoing.first = Zeroizing::new(first);
            }
        }
        outgoing.shown = shown;
        Ok(outgoing)
    }

    /// Sends the request and waits for the head of its answer.
    ///
    /// What a kept connection (`is_kept`) says before anything was written is no answer: a server that closes it may say why.
    pub(super) fn exchange(&mut self, stream: &mut Stream, is_kept: bool, call: &Call) -> Result<Head, Error> {
        let before = stream.written();
        self.unasked = is_kept.then_some(before);
        let result = self.send(stream, call);
        self.sent = match (result.is_ok() && self.early.is_none(), stream.written() - before) {
            (true, _) => Sent::All,
            (false, 0) => Sent::Nothing,
            (false, _) => Sent::Part,
        };
        result?;
        if let Some(head) = self.early.take() {
            return Ok(head);
        }
        loop {
            self.is_answered |= stream.has_more(call)?;
            let head = head::read(stream, call)?;
            if !self.is_interim(&head, stream)? {
                return Ok(head);
            }
        }
    }

    /// Whether the same can be sent again.
    pub(super) fn can_repeat(&self) -> bool {
        !self.is_beyond
    }

    fn send(&mut self, stream: &mut Stream, call: &Call) -> Result<(), Error> {
        if stream.transcript().is_wanted(call) {
            stream.transcript().client(self.shown.as_bytes(), call);
        }
        let first = std::mem::take(&mut self.first);
        let done = self.put(&first, self.body, stream, call);
        self.first = first;
        done?;
        if let Rest::Bytes(rest) = self.rest {
            for block in rest.chunks(BLOCK) {
                if self.is_refused() {
                    break;
                }
                self.put(block, block.len(), stream, call)?;
            }
        }
        let mut block = Vec::new();
        while matches!(self.rest, Rest::Source { .. }) && !self.is_refused() {
            block.clear();
            self.is_beyond = true;
            self.next_block(&mut block)?;
            self.put(&block, block.len(), stream, call)?;
        }
        // A success before the end of the body was read meanwhile; all of the request has left now.
        Ok(())
    }

    /// Whether the server has answered before the end of the body that it does not want it.
    fn is_refused(&self) -> bool {
        self.early.as_ref().is_some_and(|head| head.status >= 300)
    }

    /// Writes, and reads an answer that comes before all is written.
    fn put(&mut self, data: &[u8], body: usize, stream: &mut Stream, call: &Call) -> Result<(), Error> {
        stream.transcript().client_body(body, call);
        let mut at = 0;
        loop {
            at += if self.early.is_some() {
                stream.write_unrecorded(&data[at..], call)?
            } else {
                stream.write_until_answer(&data[at..], call)?
            };
            if at == data.len() {
                return Ok(());
            }
            if self.unasked == Some(stream.written()) {
                return Err(stream.ended());
            }
            self.is_answered = true;
            let head = head::read(stream, call)?;
            if !self.is_interim(&head, stream)? {
                self.early = Some(head);
                if self.is_refused() {
                    return Ok(());
                }
            }
        }
    }

    fn is_interim(&mut self, head: &Head, stream: &Stream) -> Result<bool, Error> {
        if head.status >= 200 {
            return Ok(false);
        }
        self.interim += 1;
        if self.interim > INTERIM || head.status == 101 {
            return Err(head::malformed(stream, "interim answers without end, or another protocol"));
        }
        Ok(true)
    }

    /// Appends the next block of the source in the form of the wire, and forgets the source at its end.
    fn next_block(&mut self, block: &mut Vec<u8>) -> Result<(), Error> {
        let Rest::Source { left, source } = &mut self.rest else { return Ok(()) };
        let begin = block.len();
        let Some(left) = left else {
            block.resize(begin + BEFORE + BLOCK, 0);
            let read = source(&mut block[begin + BEFORE..])?.min(BLOCK);
            if read == 0 {
                block.truncate(begin);
                block.extend_from_slice(LAST);
                self.rest = Rest::Nothing;
                return Ok(());
            }
            // Eight digits with leading zeros, as every server reads them.
            let length = format!("{read:08x}\r\n");
            block[begin..begin + BEFORE].copy_from_slice(length.as_bytes());
            block.truncate(begin + BEFORE + read);
            block.extend_from_slice(b"\r\n");
            return Ok(());
        };
        let room = usize::try_from(*left).unwrap_or(usize::MAX).min(BLOCK);
        block.resize(begin + room, 0);
        let mut filled = 0;
        while filled < room {
            match source(&mut block[begin + filled..])? {
                0 => return Err(Error::new(Status::Internal, "http.source_wrong").detail("the body is shorter than its length")),
                read => filled += read.min(room - filled),
            }
        }
        *left -= room as u64;
        if *left == 0 {
            // Before the last byte leaves: what is longer than it was said to be must not arrive as something whole.
            if source(&mut [0])? > 0 {
                return Err(Error::new(Status::Internal, "http.source_wrong").detail("the body is longer than its length"));
            }
            self.rest = Rest::Nothing;
        }
        Ok(())
    }
}

/// The head of a request, and as the transcript shows it.
fn head_of(
    request: &Request,
    target: &str,
    authority: &str,
    cookies: &str,
    authorization: Option<&Field>,
) -> Result<(Zeroizing<Vec<u8>>, String), Error> {
    let wrong = |what: &str| Err(Error::new(Status::Internal, "http.request_wrong").detail(printable(what)));
    if !is_token(request.method) || !is_target(target) {
        return wrong(&format!("{} {target}", request.method));
    }
    let mut head = Zeroizing::new(Vec::with_capacity(room(request, target, cookies, authorization)));
    let mut shown = format!("{} {target} HTTP/1.1\r\nHost: {authority}\r\n", request.method);
    let mut from = 0;
    for field in request.fields.iter().chain(authorization) {
        let secret = field.secret.map_or("", |secret| secret.reveal());
        let is_own = OWN.iter().any(|own| field.name.eq_ignore_ascii_case(own));
        if is_own || !is_token(field.name) || [&*field.open, secret].iter().any(|value| value.chars().any(char::is_control)) {
            return wrong(field.name);
        }
        write!(shown, "{}: {}", field.name, field.open).ok();
        if field.secret.is_some() {
            head.extend_from_slice(&shown.as_bytes()[from..]);
            head.extend_from_slice(secret.as_bytes());
            from = shown.len();
            shown.push_str("***");
            from += 3;
        }
        shown.push_str("\r\n");
    }
    let has = |name: &str| request.fields.iter().any(|field| field.name.eq_ignore_ascii_case(name));
    if !has("user-agent") {
        shown.push_str(concat!("User-Agent: Postkontor/", env!("CARGO_PKG_VERSION"), "\r\n"));
    }
    if !has("accept-encoding") {
        shown.push_str("Accept-Encoding: gzip\r\n");
    }
    match &request.content {
        Content::Empty if matches!(request.method, "POST" | "PUT" | "PATCH") => shown.push_str("Content-Length: 0\r\n"),
        Content::Empty => {}
        Content::Bytes(bytes) | Content::Secret { bytes, .. } => drop(write!(shown, "Content-Length: {}\r\n", bytes.len())),
        Content::Stream { size: Some(size), .. } => drop(write!(shown, "Content-Length: {size}\r\n")),
        Content::Stream { size: None, .. } => shown.push_str("Transfer-Encoding: chunked\r\n"),
    }
    if !cookies.is_empty() {
        shown.push_str("Cookie: ");
        head.extend_from_slice(&shown.as_bytes()[from..]);
        head.extend_from_slice(cookies.as_bytes());
        shown.push_str("***");
        from = shown.len();
        shown.push_str("\r\n");
    }
    shown.push_str("\r\n");
    head.extend_from_slice(&shown.as_bytes()[from..]);
    Ok((head, shown))
}

/// The room that the head and what leaves with it need: moving it to a larger place would leave secrets behind in the smaller one.
fn room(request: &Request, target: &str, cookies: &str, authorization: Option<&Field>) -> usize {
    let field = |field: &Field| field.name.len() + field.open.len() + field.secret.map_or(0, |secret| secret.reveal().len()) + 8;
    let body = match &request.content {
        Content::Empty => 0,
        Content::Bytes(bytes) => bytes.len().min(BLOCK),
        Content::Secret { bytes, .. } => bytes.len(),
        Content::Stream { size: Some(size), .. } => usize::try_from(*size).unwrap_or(BLOCK).min(BLOCK),
        Content::Stream { size: None, .. } => BEFORE + BLOCK + LAST.len(),
    };
    1024 + target.len() + cookies.len() + request.fields.iter().chain(authorization).map(field).sum::<usize>() + body
}

fn is_token(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
