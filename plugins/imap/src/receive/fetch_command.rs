//! One FETCH command: each message of a window is handed over as it comes.
//!
//! Some servers (Domino, Exchange) announce a literal that is shorter than the message. What is left of the message then stands where the
//! response ends, and the sender of the message has written it. So the action on a message is asked for only when the response that
//! held it has ended as a response does and the server has gone on with another one; and what proves wrong later is taken back.

use super::fetch::{Fetch, PendingActions};
use crate::fetch_response::{MessageData, Section, fetch_start, parse_fetch, parse_head, quoted_body, uid_in_head};
use crate::folders::id;
use crate::reader::Piece;
use crate::uid_set::UidSet;
use postkontor_plugin::{Action, Error, Incoming, Stage, Status};

/// The most unwanted bytes that are read up to the end of a command; for more of them the connection is replaced.
const UNWANTED: u64 = 4 * 1024 * 1024;

/// What is asked for of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FetchOptions {
    Headers,
    Whole,
    /// The whole message, and its message data.
    Described,
}

/// A FETCH command that is under way.
pub(super) struct FetchCommand<'d, 'a, 'b> {
    fetch: &'d mut Fetch<'a, 'b>,
    window: &'d mut [MessageData],
    /// The bytes of each message of the window, as far as it came.
    lengths: Vec<Option<u64>>,
    section: Section,
    is_described: bool,
    tag: String,
    incoming: Incoming,
    /// The part of each id of this folder behind the UID.
    behind: String,
    actions: PendingActions,
    /// Unwanted bytes so far.
    unwanted: u64,
    /// The message whose response has ended, and on which the action was not asked for yet.
    pending: Option<u32>,
    /// The last message on which there is an action.
    last: Option<u32>,
}

/// How a command goes on.
enum Flow {
    On,
    Ended,
    /// On another connection.
    Renewed,
}

impl<'d, 'a, 'b> FetchCommand<'d, 'a, 'b> {
    /// Asks for the messages of one window.
    pub(super) fn start(
        fetch: &'d mut Fetch<'a, 'b>,
        window: &'d mut [MessageData],
        options: FetchOptions,
    ) -> Result<FetchCommand<'d, 'a, 'b>, Error> {
        let items = match options {
            FetchOptions::Headers => "UID BODY.PEEK[HEADER]",
            FetchOptions::Described if fetch.has_details => "UID FLAGS INTERNALDATE BODY.PEEK[]",
            FetchOptions::Whole | FetchOptions::Described => "UID BODY.PEEK[]",
        };
        let command = format!("UID FETCH {} ({items})", UidSet::new(window.iter().map(|message| message.uid)).text());
        let tag = fetch.session.send_command(&command, fetch.call)?;
        let is_headers = options == FetchOptions::Headers;
        Ok(FetchCommand {
            lengths: vec![None; window.len()],
            section: if is_headers { Section::Headers } else { Section::Whole },
            is_described: options == FetchOptions::Described,
            tag,
            incoming: Incoming { folder: Some(fetch.folder.clone()), headers_only: is_headers, ..Incoming::default() },
            behind: id(&fetch.folder, fetch.state.validity, 0).split_off(1),
            actions: PendingActions::default(),
            unwanted: 0,
            pending: None,
            last: None,
            fetch,
            window,
        })
    }

    /// Hands over the messages up to the completion of the command.
    pub(super) fn run(mut self) -> Result<PendingActions, Error> {
        loop {
            match self.step()? {
                Flow::On => (),
                Flow::Ended => return Ok(self.actions),
                Flow::Renewed => return self.fetch.renew(self.actions),
            }
        }
    }

    fn step(&mut self) -> Result<Flow, Error> {
        let session = &mut *self.fetch.session;
        let piece = session.reader.next(&mut session.stream, self.fetch.call).and_then(|piece| {
            let completion = match &piece {
                Piece::Response(line) if line == b"\r\n" => None,
                Piece::Response(line) => session.completion(&self.tag, line)?,
                Piece::Body { .. } => None,
            };
            Ok((piece, completion))
        });
        let (piece, completion) = match piece {
            Ok((Piece::Response(line), _)) if line == b"\r\n" => return Ok(Flow::On),
            Ok(read) => read,
            Err(error) => return self.doubt(error),
        };
        self.settle()?;
        match (piece, completion) {
            (Piece::Response(_), Some(completion)) => {
                if !completion.is_ok {
                    // Some messages could not be given; the others are fetched all the same.
                    let refusal = self.fetch.session.refused("imap.fetch_refused", &completion);
                    self.fetch.refused.get_or_insert(refusal);
                }
                Ok(Flow::Ended)
            }
            // A server may give a short body as a quoted string.
            (Piece::Response(line), None) => match quoted_body(&line) {
                Some((section, body)) => self.message(&line, section, BodySource::Read(body)),
                None => Ok(Flow::On),
            },
            (Piece::Body { head, section, length }, _) => self.message(&head, section, BodySource::Coming(length)),
        }
    }

    /// Hands a message over, if it was asked for.
    fn message(&mut self, head: &[u8], section: Section, body: BodySource) -> Result<Flow, Error> {
        let is_wanted = !self.actions.stopped && section == self.section;
        let Some(place) = self.place(head).filter(|_| is_wanted) else {
            // Message data that were fetched before have the message's number, which identifies it where its UID stands behind the body.
            self.fetch.needs_message_data |= self.is_described && is_wanted && uid_in_head(head).is_none();
            return self.read_past(body);
        };
        let uid = self.window[place].uid;
        if self.lengths[place].is_some_and(|length| length != body.size()) {
            // One of the two responses is forged.
            let error = self.fetch.session.malformed(head);
            return self.spoil(uid, error);
        }
        // Some servers send an empty body for a message that they cannot read; its size shows that it has more.
        let is_void = body.size() == 0 && section == Section::Whole && (self.is_described || self.window[place].size > 0);
        if is_void || self.fetch.taken.contains(&uid) || self.is_described && !self.describe(place, head, body.size()) {
            return self.read_past(body);
        }
        self.announce(place)?;
        self.lengths[place] = Some(body.size());
        match body {
            BodySource::Read(body) => self.fetch.call.message(&body)?,
            BodySource::Coming(length) => {
                let (session, call) = (&mut *self.fetch.session, self.fetch.call);
                session.reader.body(length, &mut session.stream, call, |piece| call.message(piece))?;
                match self.close(uid, head) {
                    Err(error) if error.status == Status::Protocol => return self.spoil(uid, error),
                    closed => closed?,
                }
            }
        }
        self.fetch.note_number(uid, fetch_start(head).map(|(number, _)| number));
        self.pending = Some(uid);
        Ok(Flow::On)
    }

    /// Which message of the window this is: by the UID before the body as a rule, else by the message number, which [`FetchCommand::close`]
    /// confirms.
    fn place(&self, head: &[u8]) -> Option<usize> {
        match uid_in_head(head) {
            // `fetch_message_data` has sorted them.
            Some(uid) => self.window.binary_search_by_key(&uid, |message| message.uid).ok(),
            None if head.ends_with(b"\r\n") => None,
            None => fetch_start(head).and_then(|(number, _)| self.window.iter().position(|message| message.number == number)),
        }
    }

    /// Notes the data that come with a body. Where they stand behind it, they are fetched by a command of their own.
    fn describe(&mut self, place: usize, head: &[u8], size: u64) -> bool {
        let message = &mut self.window[place];
        if self.fetch.has_details {
            let listed = parse_head(head).filter(|listed| listed.has_flags && listed.received.is_some());
            let Some(listed) = listed else {
                self.fetch.needs_message_data = true;
                return false;
            };
            (message.flags, message.received) = (listed.flags, listed.received);
        }
        (message.size, message.has_size) = (size, true);
        true
    }

    fn announce(&mut self, place: usize) -> Result<(), Error> {
        let message = &mut self.window[place];
        self.incoming.id = message.uid.to_string() + &self.behind;
        self.incoming.size = message.has_size.then_some(message.size);
        self.incoming.flags = std::mem::take(&mut message.flags);
        self.incoming.received = message.received.take();
        self.incoming.parts = message.parts.take();
        self.fetch.call.announce(&self.incoming)
    }

    /// Reads the rest of the response behind the body, and checks that it is the end of one about this message: numbers change when another
    /// program deletes something, and behind a literal that is too short the rest of the message stands here.
    fn close(&mut self, uid: u32, head: &[u8]) -> Result<(), Error> {
        let session = &mut *self.fetch.session;
        let behind = session.reader.length();
        match session.reader.next(&mut session.stream, self.fetch.call)? {
            Piece::Response(line) if &line[behind..] == b")\r\n" && uid_in_head(head).is_some() => Ok(()),
            Piece::Response(line) if parse_fetch(&line).is_some_and(|message| message.uid == uid) => Ok(()),
            Piece::Response(line) => Err(session.malformed(&line)),
            Piece::Body { head, .. } => Err(session.malformed(&head)),
        }
    }

    /// Asks for the action on the message that has come.
    fn settle(&mut self) -> Result<(), Error> {
        let Some(uid) = self.pending.take() else { return Ok(()) };
        let is_headers = self.section == Section::Headers;
        match self.fetch.call.action()? {
            Action::Stop => {
                self.actions.stopped = true;
                return Ok(());
            }
            Action::Keep => (),
            _ if self.fetch.is_looking => (),
            // From here on it is to be marked or deleted, even if this session does not live to see it.
            Action::Seen => {
                self.fetch.to_mark_seen.insert(uid);
                self.actions.seen.push(uid);
            }
            // The host got only the headers, not the message.
            Action::Delete if is_headers => (),
            Action::Delete => {
                self.fetch.to_delete.insert(uid);
                self.actions.delete.push(uid);
            }
        }
        self.fetch.taken.insert(uid);
        if is_headers {
            self.fetch.headers.insert(uid);
        }
        self.last = Some(uid);
        Ok(())
    }

    /// Skips an unwanted body.
    fn read_past(&mut self, body: BodySource) -> Result<Flow, Error> {
        let BodySource::Coming(length) = body else { return Ok(Flow::On) };
        self.unwanted = length.saturating_add(self.unwanted);
        if self.unwanted > UNWANTED && (self.is_described || self.actions.stopped) {
            return Ok(Flow::Renewed);
        }
        let session = &mut *self.fetch.session;
        session.reader.body(length, &mut session.stream, self.fetch.call, |_| Ok(()))?;
        Ok(Flow::On)
    }

    /// A malformed response behind a message is the rest of that message.
    fn doubt(&mut self, error: Error) -> Result<Flow, Error> {
        match self.pending.take().or(self.last.take()) {
            _ if error.status != Status::Protocol => Err(error),
            Some(uid) => self.spoil(uid, error),
            // A skipped body may be the cause: its message is fetched again in a way that identifies it.
            None if self.unwanted > 0 => self.give_up(error),
            None => Err(error),
        }
    }

    /// Takes back the action on a message whose response did not end as one does. This call leaves it out and gives up the connection, on
    /// which the server's data cannot be told from the sender's.
    fn spoil(&mut self, uid: u32, error: Error) -> Result<Flow, Error> {
        self.pending = None;
        self.actions.seen.retain(|seen| *seen != uid);
        self.actions.delete.retain(|delete| *delete != uid);
        let fetch = &mut *self.fetch;
        for set in [&mut fetch.taken, &mut fetch.headers, &mut fetch.to_delete, &mut fetch.to_mark_seen] {
            set.remove(&uid);
        }
        let spoiled = fetch.session.error(Status::Protocol, "imap.message_spoiled").stage(Stage::Fetch).detail(error.detail.as_str());
        fetch.spoiled.insert(uid, spoiled);
        self.give_up(error)
    }

    /// Replaces the connection, unless that was done too often.
    fn give_up(&mut self, error: Error) -> Result<Flow, Error> {
        self.fetch.given_up += 1;
        if self.fetch.has_given_up() { Err(error) } else { Ok(Flow::Renewed) }
    }
}

/// The body of a message, or what is to become it.
enum BodySource {
    Read(Vec<u8>),
    Coming(u64),
}

impl BodySource {
    fn size(&self) -> u64 {
        match self {
            BodySource::Read(body) => body.len() as u64,
            BodySource::Coming(length) => *length,
        }
    }
}
