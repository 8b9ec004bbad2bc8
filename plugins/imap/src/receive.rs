//! Fetching: what is new, many messages by one command, each marked or deleted only after the host has taken it.

use crate::command::Done;
use crate::folders::{Known, id};
use crate::names::quoted;
use crate::reader::{Piece, Section};
use crate::session::Session;
use crate::settings::Settings;
use crate::state::State;
use crate::uids::Uids;
use imap_proto::{AttributeValue, MessageSection, Response, SectionPath};
use postkontor_plugin::{Call, Disposal, Error, Filter, Incoming, ReceiveRequest, Received, SessionState, Stage, Status};
use std::collections::HashSet;

/// What one command fetches: so many messages, or messages of so many bytes. What was asked for has to be read.
const WINDOW: usize = 500;
const WINDOW_BYTES: u64 = 4 * 1024 * 1024;

/// Fetches what is new.
pub(crate) fn receive(session: &mut Session, settings: &Settings, request: &ReceiveRequest, call: &Call) -> Result<Received, Error> {
    let mut state = State::parse(request.state.as_deref())?;
    let (folder, pointer) = match &request.folder {
        Some(folder) => (folder.as_str(), "/folder"),
        None => (settings.imap.inbox.as_str(), "/imap/inbox"),
    };
    if folder.is_empty() || folder.contains(char::is_control) {
        return Err(Error::new(Status::Argument, "imap.folder_name_invalid").at(pointer, "imap.folder_name_invalid").usable());
    }
    let selected = session.select(folder, pointer, settings.imap.create_folders, call)?;
    if state.validity != selected.validity {
        // The server has numbered the folder anew: what was remembered is of other messages.
        state = State { validity: selected.validity, ..State::default() };
    }
    let mut fetch = Fetch {
        session,
        folder: selected.name,
        state,
        call,
        mailbox: Vec::new(),
        taken: HashSet::new(),
        headers: HashSet::new(),
        condemned: HashSet::new(),
        refusal: None,
    };
    let result = fetch.run(request);
    let state = fetch.remembered();
    match result {
        Ok(more) => Ok(Received { state, more, interrupted: fetch.refusal }),
        Err(error) if fetch.taken.is_empty() => Err(error),
        // What was taken stays taken: the state says so even though the session broke.
        Err(error) => Ok(Received { state, more: true, interrupted: Some(error) }),
    }
}

/// A fetch in progress.
struct Fetch<'a, 'b> {
    session: &'a mut Session,
    folder: String,
    state: State,
    call: &'a Call<'b>,
    /// Every UID of the folder, ascending.
    mailbox: Vec<u32>,
    /// UIDs that the host has taken in this call.
    taken: HashSet<u32>,
    /// Those of them of which only the headers came.
    headers: HashSet<u32>,
    /// UIDs that are to be deleted and were not yet.
    condemned: HashSet<u32>,
    /// The first mark or deletion that the server refused; fetching goes on, and the next call tries again to delete.
    refusal: Option<Error>,
}

/// What is to be done on the server with messages that were taken, and whether no more are wanted.
#[derive(Default)]
struct Chores {
    seen: Vec<u32>,
    delete: Vec<u32>,
    stopped: bool,
}

impl Fetch<'_, '_> {
    fn run(&mut self, request: &ReceiveRequest) -> Result<bool, Error> {
        let at = |error: Error| error.stage(Stage::Fetch);
        self.mailbox = self.search("ALL").map_err(at)?;
        let unfinished: Vec<u32> = self.mailbox.iter().copied().filter(|uid| self.state.condemned.contains(*uid)).collect();
        self.condemned.extend(&unfinished);
        self.delete(&unfinished).map_err(at)?;
        let criteria = criteria(&request.filter);
        let matching = if criteria.is_empty() { self.mailbox.clone() } else { self.search(&criteria).map_err(at)? };
        // Messages that were too large before are wanted when they no longer are.
        let known: Vec<u32> = matching.iter().copied().filter(|uid| self.state.headers.contains(*uid)).collect();
        let known = self.look(&known).map_err(at)?.into_iter().filter(|known| is_large(known, request.max_bytes));
        let known: HashSet<u32> = known.map(|known| known.uid).collect();
        let is_new = |uid: &u32| !self.state.fetched.contains(*uid) && !self.condemned.contains(uid) && !known.contains(uid);
        let mut wanted: Vec<u32> = matching.into_iter().filter(is_new).collect();
        let limit = request.max_messages.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let more = wanted.len() > limit;
        wanted.truncate(limit);
        let known = self.look(&wanted).map_err(at)?;
        Ok(self.fetch(&known, request.max_bytes).map_err(at)? || more)
    }

    /// The UIDs that meet the criteria, ascending.
    fn search(&mut self, criteria: &str) -> Result<Vec<u32>, Error> {
        let extended = self.session.capabilities.has("ESEARCH") || self.session.capabilities.has("IMAP4rev2");
        let charset = if criteria.is_ascii() || self.session.utf8 { "" } else { "CHARSET UTF-8 " };
        let command =
            if extended { format!("UID SEARCH RETURN (ALL) {charset}{criteria}") } else { format!("UID SEARCH {charset}{criteria}") };
        let mut uids = Vec::new();
        let done = self.session.run(&command, self.call, |line| found(line, &mut uids))?;
        if !done.is_ok {
            return Err(self.session.refused("imap.search_refused", &done));
        }
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    /// Size, flags and date of each wanted message.
    fn look(&mut self, wanted: &[u32]) -> Result<Vec<Known>, Error> {
        let mut known = Vec::with_capacity(wanted.len());
        // A command line should stay below 8000 bytes (RFC 9051, section 4), so a scattered set is asked for in pieces.
        for piece in wanted.chunks(500) {
            let command = format!("UID FETCH {} (UID FLAGS INTERNALDATE RFC822.SIZE)", Uids::new(piece.iter().copied()).text());
            let done = self.session.run(&command, self.call, |line| {
                // A server that changes flags meanwhile says so in between; one that goes on saying so is not listened to.
                known.extend(Known::parse(line).filter(|known| piece.binary_search(&known.uid).is_ok() && known.has_size));
                if known.len() > 2 * wanted.len() {
                    return Err(Error::new(Status::Protocol, "protocol.reply_too_long").arg("limit", 2 * wanted.len()));
                }
                Ok(())
            })?;
            if !done.is_ok {
                return Err(self.session.refused("imap.fetch_refused", &done));
            }
        }
        known.sort_by_key(|known| known.uid);
        known.dedup_by_key(|known| known.uid);
        Ok(known)
    }

    /// Fetches the messages window by window; whether the host asked to stop. One window at a time: Dovecot answers two commands at
    /// once when it can, and the host is to get the messages in the order of the folder.
    fn fetch(&mut self, known: &[Known], max_bytes: Option<u64>) -> Result<bool, Error> {
        let mut rest = known;
        let mut chores = Chores::default();
        while !rest.is_empty() && !chores.stopped {
            let (window, after) = rest.split_at(window(rest, max_bytes));
            rest = after;
            chores = self.read(window, max_bytes)?;
            self.carry_out(&chores)?;
        }
        Ok(chores.stopped)
    }

    /// Asks for one window and hands each message over.
    fn read(&mut self, window: &[Known], max_bytes: Option<u64>) -> Result<Chores, Error> {
        // `look` has sorted them.
        let by_uid = |uid: u32| window.binary_search_by_key(&uid, |known| known.uid).ok().and_then(|at| window.get(at));
        let wanted = if window.first().is_some_and(|first| is_large(first, max_bytes)) { Section::Headers } else { Section::Whole };
        let item = if wanted == Section::Headers { "BODY.PEEK[HEADER]" } else { "BODY.PEEK[]" };
        let command = format!("UID FETCH {} (UID {item})", Uids::new(window.iter().map(|known| known.uid)).text());
        let tag = self.session.start(&command, self.call)?;
        let mut chores = Chores::default();
        loop {
            let (head, section, body) = match self.session.reader.next(&mut self.session.stream, self.call)? {
                Piece::Response(line) => {
                    if let Some(done) = self.session.done(&tag, &line)? {
                        if !done.is_ok {
                            // Some messages could not be given; the others are fetched all the same.
                            let refusal = self.session.refused("imap.fetch_refused", &done);
                            self.refusal.get_or_insert(refusal);
                        }
                        return Ok(chores);
                    }
                    // A server may give a short body as a quoted string.
                    match quoted_body(&line) {
                        Some((section, body)) => (line, section, Source::Read(body)),
                        None => continue,
                    }
                }
                Piece::Body { head, section, length } => (head, section, Source::Coming(length)),
            };
            // As a rule the UID stands before the body; a server that puts it behind is told by the number of its message.
            let told = || number(&head).and_then(|number| window.iter().find(|known| known.number == number));
            let known = uid(&head).map_or_else(told, by_uid);
            let is_asked = |known: &&Known| !chores.stopped && section == wanted && !self.taken.contains(&known.uid);
            let Some(known) = known.filter(is_asked) else {
                // Of a message that nobody asked for, or that nobody wants any more.
                if let Source::Coming(length) = body {
                    self.session.reader.body(length, &mut self.session.stream, self.call, |_| Ok(()))?;
                }
                continue;
            };
            let incoming = Incoming {
                id: id(&self.folder, self.state.validity, known.uid),
                size: Some(known.size),
                folder: Some(self.folder.clone()),
                flags: known.flags.clone(),
                received: known.received.clone(),
                headers_only: wanted == Section::Headers,
            };
            let call = self.call;
            call.announce(&incoming)?;
            match body {
                Source::Read(body) => call.message(&body)?,
                Source::Coming(length) => {
                    self.session.reader.body(length, &mut self.session.stream, call, |piece| call.message(piece))?;
                    if uid(&head).is_none() {
                        self.confirm(known)?;
                    }
                }
            }
            match call.disposal()? {
                Disposal::Stop => {
                    chores.stopped = true;
                    continue;
                }
                Disposal::Keep => (),
                Disposal::Seen => chores.seen.push(known.uid),
                Disposal::Delete => {
                    // From here on it is to be deleted, even if this session does not live to see it.
                    self.condemned.insert(known.uid);
                    chores.delete.push(known.uid);
                }
            }
            self.taken.insert(known.uid);
            if section == Section::Headers {
                self.headers.insert(known.uid);
            }
        }
    }

    /// Makes sure that a body whose UID stands behind it is that of the message it was taken for: numbers change when another
    /// program deletes something.
    fn confirm(&mut self, known: &Known) -> Result<(), Error> {
        match self.session.reader.next(&mut self.session.stream, self.call)? {
            Piece::Response(line) if Known::parse(&line).is_some_and(|found| found.uid == known.uid) => Ok(()),
            Piece::Response(line) => Err(self.session.malformed(&line)),
            Piece::Body { head, .. } => Err(self.session.malformed(&head)),
        }
    }

    fn carry_out(&mut self, chores: &Chores) -> Result<(), Error> {
        if !chores.seen.is_empty() {
            let done = self.session.store(&chores.seen, "+FLAGS.SILENT (\\Seen)", self.call)?;
            if !done.is_ok {
                let refusal = self.session.refused("imap.store_refused", &done);
                self.refusal.get_or_insert(refusal);
            }
        }
        self.delete(&chores.delete)
    }

    fn delete(&mut self, uids: &[u32]) -> Result<(), Error> {
        if uids.is_empty() {
            return Ok(());
        }
        match self.session.delete(uids, self.call) {
            Ok(()) => {
                for uid in uids {
                    self.condemned.remove(uid);
                }
                Ok(())
            }
            Err(error) if error.session == SessionState::Usable => {
                self.refusal.get_or_insert(error);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// The state for the next call.
    fn remembered(&self) -> String {
        let is_fetched = |uid: u32| self.taken.contains(&uid) && !self.headers.contains(&uid) || self.state.fetched.contains(uid);
        let is_headers = |uid: u32| self.headers.contains(&uid) || self.state.headers.contains(uid) && !is_fetched(uid);
        let condemned = Uids::new(self.condemned.iter().copied());
        let (fetched, headers) = if self.mailbox.is_empty() {
            (self.state.fetched.clone(), self.state.headers.clone())
        } else {
            (Uids::compact(&self.mailbox, is_fetched), Uids::new(self.mailbox.iter().copied().filter(|uid| is_headers(*uid))))
        };
        State { validity: self.state.validity, fetched, headers, condemned }.text()
    }
}

impl Session {
    /// Changes flags.
    pub(crate) fn store(&mut self, uids: &[u32], change: &str, call: &Call) -> Result<Done, Error> {
        let set = Uids::new(uids.iter().copied()).text();
        self.perform(&format!("UID STORE {set} {change}"), call)
    }

    /// Deletes messages for good.
    pub(crate) fn delete(&mut self, uids: &[u32], call: &Call) -> Result<(), Error> {
        let set = Uids::new(uids.iter().copied()).text();
        let done = self.store(uids, "+FLAGS.SILENT (\\Deleted)", call)?;
        if !done.is_ok {
            return Err(self.refused("imap.store_refused", &done));
        }
        // Without UIDPLUS only EXPUNGE is left, which takes along what others have marked (RFC 4315, section 2.1): then the marks
        // stay, and whoever tidies the mailbox next removes them.
        let expunge = if self.capabilities.has("UIDPLUS") || self.capabilities.has("IMAP4rev2") {
            format!("UID EXPUNGE {set}")
        } else if self.only_ours_are_deleted(uids, call)? {
            "EXPUNGE".to_owned()
        } else {
            return Ok(());
        };
        let done = self.perform(&expunge, call)?;
        if done.is_ok { Ok(()) } else { Err(self.refused("imap.store_refused", &done)) }
    }

    fn only_ours_are_deleted(&mut self, uids: &[u32], call: &Call) -> Result<bool, Error> {
        let mut marked = Vec::new();
        let done = self.run("UID SEARCH DELETED", call, |line| found(line, &mut marked))?;
        Ok(done.is_ok && marked.iter().all(|uid| uids.contains(uid)))
    }
}

/// How many of the messages go into the next command: small ones many, large ones few, headers apart from whole messages.
fn window(rest: &[Known], max_bytes: Option<u64>) -> usize {
    let headers = rest.first().is_some_and(|first| is_large(first, max_bytes));
    let mut bytes = 0;
    let fits = |known: &&Known| {
        let before = bytes;
        bytes += if headers { 4096 } else { known.size };
        is_large(known, max_bytes) == headers && (before == 0 || bytes <= WINDOW_BYTES)
    };
    rest.iter().take(WINDOW).take_while(fits).count().max(1)
}

fn is_large(known: &Known, max_bytes: Option<u64>) -> bool {
    max_bytes.is_some_and(|limit| known.size > limit)
}

/// The criteria of SEARCH (RFC 9051, section 6.4.4); empty where there are none.
fn criteria(filter: &Filter) -> String {
    let mut criteria = Vec::new();
    if filter.unseen {
        criteria.push("UNSEEN".to_owned());
    }
    if let Some(since) = filter.since.as_deref().and_then(imap_date) {
        criteria.push(format!("SINCE {since}"));
    }
    if let Some(from) = &filter.from {
        criteria.push(format!("FROM {}", quoted(from)));
    }
    if let Some(subject) = &filter.subject {
        criteria.push(format!("SUBJECT {}", quoted(subject)));
    }
    if let Some(size) = filter.min_size {
        criteria.push(format!("LARGER {}", size.saturating_sub(1)));
    }
    if let Some(size) = filter.max_size {
        criteria.push(format!("SMALLER {}", size.saturating_add(1)));
    }
    criteria.join(" ")
}

/// `2026-11-20` as `20-Nov-2026`.
fn imap_date(day: &str) -> Option<String> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = day.split('-');
    let (year, month, day): (u16, usize, u8) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some(format!("{day}-{}-{year:04}", MONTHS.get(month.checked_sub(1)?)?))
}

/// Reads `* SEARCH 1 2 3` or `* ESEARCH (TAG "a1") UID ALL 1:3`; other responses are not about this.
fn found(line: &[u8], uids: &mut Vec<u32>) -> Result<(), Error> {
    /// More messages than a folder should hold.
    const MESSAGES: usize = 2_000_000;
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end();
    let head = text.get(..10).unwrap_or(text).to_ascii_uppercase();
    if head.starts_with("* SEARCH") {
        uids.extend(text[8..].split_ascii_whitespace().filter_map(|word| word.parse::<u32>().ok()));
        if uids.len() > MESSAGES {
            return Err(Error::new(Status::Protocol, "protocol.reply_too_long").arg("limit", MESSAGES));
        }
    } else if head.starts_with("* ESEARCH") {
        let set = text.to_ascii_uppercase().find(" ALL ").and_then(|at| text[at + 5..].split(' ').next().map(str::to_owned));
        for range in set.unwrap_or_default().split(',').filter(|range| !range.is_empty()) {
            let (start, end) = range.split_once(':').unwrap_or((range, range));
            if let (Ok(start), Ok(end)) = (start.parse::<u32>(), end.parse::<u32>()) {
                let (start, end) = (start.min(end), start.max(end));
                // A range as a hostile server writes it would fill the memory.
                if end.abs_diff(start) as usize + uids.len() > MESSAGES {
                    return Err(Error::new(Status::Protocol, "protocol.reply_too_long").arg("limit", MESSAGES));
                }
                uids.extend(start..=end);
            }
        }
    }
    Ok(())
}

/// The body of a message, or what is to become it.
enum Source {
    Read(Vec<u8>),
    Coming(u64),
}

/// The body in a FETCH response that gives it as a quoted string.
fn quoted_body(line: &[u8]) -> Option<(Section, Vec<u8>)> {
    memchr::memchr(b'"', line)?;
    let upper = line.to_ascii_uppercase();
    memchr::memmem::find(&upper, b"BODY[] \"").or_else(|| memchr::memmem::find(&upper, b"BODY[HEADER] \""))?;
    let Ok((_, Response::Fetch(_, attributes))) = Response::parse(line) else { return None };
    attributes.into_iter().find_map(|attribute| match attribute {
        AttributeValue::BodySection { section, index: None, data: Some(data) } => {
            let section = match section {
                None => Section::Whole,
                Some(SectionPath::Full(MessageSection::Header)) => Section::Headers,
                Some(_) => return None,
            };
            let mut bytes = data.iter().copied();
            let mut body = Vec::with_capacity(data.len());
            while let Some(byte) = bytes.next() {
                body.extend(if byte == b'\\' { bytes.next() } else { Some(byte) });
            }
            Some((section, body))
        }
        _ => None,
    })
}

/// The UID in the part of a FETCH response that stands before the body.
fn uid(head: &[u8]) -> Option<u32> {
    let places = memchr::memchr2_iter(b'(', b' ', head);
    let at =
        places.filter_map(|at| head.get(at + 1..)).find(|rest| rest.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"UID ")))?;
    let digits = at[4..].split(|byte| !byte.is_ascii_digit()).next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The number of the message that a FETCH response is about.
fn number(head: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(head.get(2..)?).ok()?;
    text.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_results_are_read_in_both_forms() {
        let mut uids = Vec::new();
        found(b"* SEARCH 2 84 882\r\n", &mut uids).unwrap();
        found(b"* ESEARCH (TAG \"a1\") UID ALL 1:3,9\r\n", &mut uids).unwrap();
        found(b"* 3 EXISTS\r\n", &mut uids).unwrap();
        assert_eq!(uids, [2, 84, 882, 1, 2, 3, 9]);
        assert_eq!(found(b"* ESEARCH UID ALL 1:4294967295\r\n", &mut uids).unwrap_err().status, Status::Protocol);
    }

    #[test]
    fn filters_become_criteria_that_nothing_breaks_out_of() {
        let filter: Filter = postkontor_plugin::serde_json::from_str(
            r#"{"unseen":true,"since":"2026-11-01","from":"a\"b","subject":"Rück\r\nfrage","min_size":10,"max_size":20}"#,
        )
        .unwrap();
        assert_eq!(criteria(&filter), "UNSEEN SINCE 1-Nov-2026 FROM \"a\\\"b\" SUBJECT \"Rückfrage\" LARGER 9 SMALLER 21");
        assert_eq!(criteria(&Filter::default()), "");
    }

    #[test]
    fn windows_keep_headers_and_whole_messages_apart() {
        let known = |size| Known { uid: 1, size, ..Known::default() };
        let rest = [known(10), known(20), known(5000), known(30)];
        assert_eq!(window(&rest, Some(1000)), 2);
        assert_eq!(window(&rest[2..], Some(1000)), 1);
        assert_eq!(window(&rest, None), 4);
        assert_eq!(window(&[known(WINDOW_BYTES * 2), known(1)], None), 1);
    }

    #[test]
    fn a_short_body_may_stand_in_quotes() {
        assert_eq!(quoted_body(b"* 1 FETCH (UID 5 BODY[] \"a \\\"b\\\"\")\r\n"), Some((Section::Whole, b"a \"b\"".to_vec())));
        assert_eq!(quoted_body(b"* 1 FETCH (UID 5 BODY[HEADER] \"\")\r\n"), Some((Section::Headers, Vec::new())));
        for line in ["* 1 FETCH (UID 5 BODY[] NIL)\r\n", "* 1 FETCH (UID 5 BODY[1] \"a\")\r\n", "* 1 FETCH (UID 5 BODY[]<0> \"a\")\r\n"] {
            assert_eq!(quoted_body(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn the_uid_is_found_before_the_body() {
        assert_eq!(uid(b"* 1 FETCH (UID 5 BODY[] "), Some(5));
        assert_eq!(uid(b"* 1 FETCH (FLAGS (\\Seen) UID 77 BODY[] "), Some(77));
        assert_eq!(uid(b"* 1 FETCH (BODY[] "), None);
        assert_eq!(number(b"* 12 FETCH (BODY[] "), Some(12));
    }
}
