//! One message by its id, or one part of it.
//!
//! The part's own header comes first, by a command of its own, then its body as it comes: together they are read as a message. Nothing is marked,
//! deleted or put into the state.

use super::edge;
use super::fetch::Fetch;
use crate::fetch_response::{data_items, parse_fetch, uid_in_head};
use crate::folders::{id, parse_id};
use crate::reader::{Piece, is_part};
use crate::selected::Selected;
use crate::session::Session;
use crate::settings::Settings;
use crate::state::State;
use crate::value::Value;
use postkontor_plugin::{Call, Error, Incoming, ReceiveRequest, Received, Stage, Status};

/// The most bytes of the beginning of a body, which is held until its edge is known.
const BEGINNING: u64 = 32 * 1024 * 1024;

/// Hands over the message with this id, or what is wanted of it.
pub(super) fn receive(
    session: &mut Session,
    settings: &Settings,
    request: &ReceiveRequest,
    name: &str,
    call: &Call,
) -> Result<Received, Error> {
    let code = "imap.id_invalid";
    let invalid = || Error::new(Status::Argument, code).stage(Stage::Fetch).at_request("/message", code).usable();
    let (uid, validity, folder) = parse_id(name).ok_or_else(invalid)?;
    let selected = session.select(folder, "/message", false, call)?;
    if selected.validity != validity || validity == 0 {
        // The UID may be that of another message today.
        return Err(gone(session, name));
    }
    let result = if request.section.is_none() && request.first_bytes.is_none() {
        whole(session, settings, request, selected, (uid, name), call)
    } else {
        Asked { session, request, uid, id: id(&selected.name, validity, uid), folder: selected.name, call }.hand_over()
    };
    result.map_err(|error| error.stage(Stage::Fetch))?;
    Ok(Received { state: request.state.clone().unwrap_or_default(), ..Received::default() })
}

fn whole(
    session: &mut Session,
    settings: &Settings,
    request: &ReceiveRequest,
    selected: Selected,
    (uid, name): (u32, &str),
    call: &Call,
) -> Result<(), Error> {
    let state = State { validity: selected.validity, ..State::default() };
    let mut fetch = Fetch::new(session, settings, state, selected, request, call);
    let is_stopped = fetch.fetch(&[uid])?;
    fetch.search_for_absent()?;
    let failed = fetch.spoiled.remove(&uid).or_else(|| fetch.missing.remove(&uid)).or(fetch.refused.take());
    match failed {
        _ if is_stopped || fetch.taken.contains(&uid) => Ok(()),
        Some(error) => Err(error),
        None => Err(gone(session, name)),
    }
}

fn gone(session: &Session, name: &str) -> Error {
    let code = "imap.message_gone";
    session.error(Status::NotFound, code).stage(Stage::Fetch).arg("id", name).at_request("/message", code).usable()
}

/// Whether a part has no header of its own. Dovecot gives a part that is not there as one with nothing in it.
fn is_bare(header: Option<&[u8]>) -> bool {
    header.is_some_and(|header| header.trim_ascii().is_empty())
}

/// A part that is asked for.
struct Asked<'s, 'c> {
    session: &'s mut Session,
    request: &'s ReceiveRequest,
    uid: u32,
    id: String,
    folder: String,
    call: &'s Call<'c>,
}

impl Asked<'_, '_> {
    fn hand_over(mut self) -> Result<(), Error> {
        let header = match self.request.section.as_deref() {
            Some(section) => Some(self.header(section)?),
            None => None,
        };
        let section = self.request.section.clone().unwrap_or_default();
        // One byte more shows whether there is more.
        let most = self.request.first_bytes.map(|most| most.min(BEGINNING));
        let partial = most.map(|most| format!("<0.{}>", most + 1)).unwrap_or_default();
        let tag = self.session.send_command(&format!("UID FETCH {} (UID BODY.PEEK[{section}]{partial})", self.uid), self.call)?;
        let mut count = 0;
        let mut came = false;
        loop {
            count += 1;
            let piece = self.session.reader.next(&mut self.session.stream, self.call)?;
            match piece {
                Piece::Body { head, length, .. } if !came && uid_in_head(&head).is_none_or(|uid| uid == self.uid) => {
                    came = length > 0 || !is_bare(header.as_deref());
                    if came {
                        self.body(&head, length, header.as_deref(), most)?;
                    }
                }
                Piece::Body { length, .. } => self.session.reader.body(length, &mut self.session.stream, self.call, |_| Ok(()))?,
                Piece::Response(line) if line == b"\r\n" => (),
                Piece::Response(line) => match self.session.completion(&tag, &line)? {
                    Some(completion) if !completion.is_ok => return Err(self.session.refused("imap.fetch_refused", &completion)),
                    // Only now is it certain that the body ended where it seemed to.
                    Some(_) if came => return self.call.action().map(drop),
                    Some(_) => return Err(self.missing(&section)),
                    None if !came => came = self.quoted(&line, header.as_deref(), most)?,
                    None => (),
                },
            }
            if count > 10_000 {
                return Err(self.session.error(Status::Protocol, "protocol.reply_too_long").arg("limit", 10_000));
            }
        }
    }

    /// The part's own header, with the empty line behind it.
    fn header(&mut self, section: &str) -> Result<Vec<u8>, Error> {
        let (uid, mut found, mut is_there) = (self.uid, None, false);
        let completion = self.session.command_with(&format!("UID FETCH {uid} (UID BODY.PEEK[{section}.MIME])"), self.call, |line| {
            let (mut is_it, mut header) = (false, None);
            data_items(line, |name, value| {
                match (name, value) {
                    (b"UID", value) => is_it = value.number() == Some(uid),
                    (name, Value::String(text)) if name.starts_with(b"BODY[") => header = Some(text.into_owned()),
                    _ => (),
                }
                Some(())
            });
            is_there |= is_it;
            if is_it && header.is_some() {
                found = header;
            }
            Ok(())
        })?;
        if !completion.is_ok {
            return Err(self.session.refused("imap.fetch_refused", &completion));
        }
        if !is_there {
            return Err(gone(self.session, &self.id));
        }
        let mut header = found.unwrap_or_default();
        header.truncate(header.trim_ascii_end().len());
        header.extend_from_slice(if header.is_empty() { b"\r\n" } else { b"\r\n\r\n" });
        Ok(header)
    }

    /// A body that the server gives as a quoted string; whether it was one.
    fn quoted(&mut self, line: &[u8], header: Option<&[u8]>, most: Option<u64>) -> Result<bool, Error> {
        let (mut is_it, mut body) = (false, None);
        data_items(line, |name, value| {
            match (name, value) {
                (b"UID", value) => is_it = value.number() == Some(self.uid),
                (name, Value::String(text)) if is_part(name) => body = Some(text.into_owned()),
                _ => (),
            }
            Some(())
        });
        let is_there = |body: &Vec<u8>| is_it && (!body.is_empty() || !is_bare(header));
        let Some(body) = body.filter(is_there) else { return Ok(false) };
        self.beginning(body, header, most)?;
        Ok(true)
    }

    /// Hands a body over as it comes; of a beginning, when all of it has come.
    fn body(&mut self, head: &[u8], length: u64, header: Option<&[u8]>, most: Option<u64>) -> Result<(), Error> {
        if let Some(most) = most {
            let mut body = Vec::new();
            let limit = usize::try_from(most + 1).unwrap_or(usize::MAX);
            // A server that does not know partial fetches sends all of it.
            self.session.reader.body(length, &mut self.session.stream, self.call, |piece| {
                body.extend_from_slice(&piece[..piece.len().min(limit - body.len())]);
                Ok(())
            })?;
            self.close(head)?;
            return self.beginning(body, header, Some(most));
        }
        self.announce(false)?;
        let call = self.call;
        call.message(header.unwrap_or_default())?;
        self.session.reader.body(length, &mut self.session.stream, call, |piece| call.message(piece))?;
        self.close(head)
    }

    fn beginning(&mut self, mut body: Vec<u8>, header: Option<&[u8]>, most: Option<u64>) -> Result<(), Error> {
        let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        let is_cut = body.len() > most;
        if is_cut {
            body.truncate(most);
            edge::clean(&mut body, header.unwrap_or_default());
        }
        self.announce(is_cut)?;
        self.call.message(header.unwrap_or_default())?;
        self.call.message(&body)
    }

    fn announce(&self, is_cut: bool) -> Result<(), Error> {
        let Asked { id, folder, request, .. } = self;
        let section = request.section.clone();
        self.call.announce(&Incoming { id: id.clone(), folder: Some(folder.clone()), section, cut: is_cut, ..Incoming::default() })
    }

    /// Reads the rest of the response behind the body, which has to be one of a response about this message.
    fn close(&mut self, head: &[u8]) -> Result<(), Error> {
        let behind = self.session.reader.length();
        match self.session.reader.next(&mut self.session.stream, self.call)? {
            Piece::Response(line) if &line[behind..] == b")\r\n" && uid_in_head(head).is_some() => Ok(()),
            Piece::Response(line) if parse_fetch(&line).is_some_and(|message| message.uid == self.uid) => Ok(()),
            Piece::Response(line) => Err(self.session.malformed(&line)),
            Piece::Body { head, .. } => Err(self.session.malformed(&head)),
        }
    }

    fn missing(&self, section: &str) -> Error {
        let code = "imap.part_missing";
        let error = self.session.error(Status::NotFound, code).arg("id", self.id.as_str()).arg("section", section);
        error.at_request("/section", code).usable()
    }
}
