//! A fetch in progress: several messages on the way at a time, and none taken before the response behind it has shown that it is whole.
//!
//! POP3 cannot tell the end of a message from a cut, or from a line of the author's own that looks like the end. The status line of the
//! next response can: it has to follow. So the host is asked for its action only when that line was read, and where no command is pending,
//! a NOOP provides it. A message that is shorter than LIST says is fetched again one command at a time, where also a part of it that looks
//! like a response shows.

use crate::fingerprint::Fingerprint;
use crate::mailbox::{Entry, Mailbox};
use crate::session::Session;
use crate::state::{FetchState, Remembered, State, today};
use postkontor_plugin::{Action, Call, Error, Incoming, Missing, ReceiveRequest, Received, Reply, Stage, Status, Summary};
use std::collections::VecDeque;
use std::fmt::Write;

/// How many commands may be on their way, and for how many bytes of messages: what was asked for has to be read.
const WINDOW: usize = 128;
const WINDOW_BYTES: u64 = 4 * 1024 * 1024;

/// Without pipelining the next message is asked for before the action on the last if it has no more bytes: it has to be read even if the
/// host wants no more, and takes about as long as a NOOP.
const AHEAD: u64 = 256 * 1024;

/// A command whose response has not been read yet.
enum PendingCommand {
    Retr(Entry),
    Top(Entry),
    Dele(Entry),
    /// Its response proves that the one before it has ended.
    Noop,
}

/// A message that the host has, and has not been asked about yet.
struct Unconfirmed {
    entry: Entry,
    headers_only: bool,
    /// It has fewer bytes than LIST says.
    is_short: bool,
    fingerprint: u32,
}

/// A fetch in progress.
pub(crate) struct Fetch<'a> {
    session: Session,
    mailbox: Mailbox,
    state: State,
    request: &'a ReceiveRequest,
    call: &'a Call<'a>,
    /// What is still to be asked for.
    messages: VecDeque<Entry>,
    /// What is still to be deleted.
    to_delete: VecDeque<Entry>,
    pending: VecDeque<PendingCommand>,
    /// How many commands may be on their way, and how many bytes of messages are.
    window: usize,
    on_the_way: u64,
    unconfirmed: Option<Unconfirmed>,
    /// The message that is at fault if the next response is malformed.
    suspect: Option<String>,
    /// The host wants no more.
    stopped: bool,
    /// Messages whose deletion the server has accepted; QUIT makes it take effect.
    deleted: Vec<String>,
    missing: Vec<Missing>,
    /// The first message that the server would not delete; fetching goes on, and the next session tries again.
    refusal: Option<Error>,
}

impl<'a> Fetch<'a> {
    pub(crate) fn new(session: Session, mailbox: Mailbox, state: State, request: &'a ReceiveRequest, call: &'a Call<'a>) -> Fetch<'a> {
        let window = if session.capabilities.pipelining { WINDOW } else { 1 };
        Fetch {
            missing: mailbox.missing.clone(),
            session,
            mailbox,
            state,
            request,
            call,
            messages: VecDeque::new(),
            to_delete: VecDeque::new(),
            pending: VecDeque::new(),
            window,
            on_the_way: 0,
            unconfirmed: None,
            suspect: None,
            stopped: false,
            deleted: Vec::new(),
            refusal: None,
        }
    }

    /// Fetches `messages` and deletes those that are `to_delete`. `missing` and `more` are known before.
    pub(crate) fn run(
        mut self,
        messages: VecDeque<Entry>,
        to_delete: VecDeque<Entry>,
        missing: Vec<Missing>,
        more: bool,
    ) -> Result<Received, Error> {
        (self.messages, self.to_delete) = (messages, to_delete);
        self.missing.extend(missing);
        let result = self.fetch().and_then(|()| self.log_out());
        if let Err(error) = &result {
            self.mark_failed(error);
        }
        let state = self.state.text(&self.mailbox);
        self.session.stream.close();
        let received = Received { state, missing: self.missing, ..Received::default() };
        match result {
            Ok(()) => Ok(Received { more: more || self.stopped, interrupted: self.refusal, ..received }),
            // What was taken stays taken: the state says so even though the session broke.
            Err(error) => Ok(Received { more: true, interrupted: Some(error), ..received }),
        }
    }

    fn fetch(&mut self) -> Result<(), Error> {
        loop {
            self.send_commands()?;
            let Some(command) = self.pending.pop_front() else { return Ok(()) };
            let status = self.session.next_status(self.call).map_err(at_fetch)?;
            if self.pending.is_empty() && matches!(command, PendingCommand::Noop | PendingCommand::Dele(_)) {
                self.session.expect_only_blank_lines(self.call).map_err(at_fetch)?;
            }
            // The response makes sense, so the message before it ended where it seemed to.
            self.settle()?;
            match command {
                PendingCommand::Noop => (),
                PendingCommand::Dele(entry) => self.deletion(entry, status),
                PendingCommand::Retr(entry) => {
                    self.on_the_way = self.on_the_way.saturating_sub(entry.size);
                    self.message(entry, false, status)?;
                }
                PendingCommand::Top(entry) => self.message(entry, true, status)?,
            }
        }
    }

    /// Ends the session, and makes its deletions take effect.
    fn log_out(&mut self) -> Result<(), Error> {
        self.session.expect_only_blank_lines(self.call).map_err(|error| error.stage(Stage::Quit))?;
        if self.deleted.is_empty() {
            // Nothing depends on it, and the messages are already in the host's hands.
            drop(self.session.log_out(self.call));
            return Ok(());
        }
        self.session.quit(self.call)?;
        self.deleted.iter().for_each(|id| self.state.forget(id));
        Ok(())
    }

    /// Sends as much as the window takes. Everything goes out in one write, and not before half of the window has been answered: a write for
    /// each message would cost more than the message.
    fn send_commands(&mut self) -> Result<(), Error> {
        // The NOOP at the end of a batch takes no place: with it the second half would wait for the first, a round trip longer.
        let half = self.window / 2 + usize::from(self.window > 1);
        if self.pending.len() > half {
            return Ok(());
        }
        let is_first = self.pending.is_empty();
        let mut commands = String::new();
        // Behind a message that is shorter than LIST says only a NOOP is sent: nothing but its response may come.
        let is_doubtful = self.unconfirmed.as_ref().is_some_and(|message| message.is_short);
        while !is_doubtful && self.pending.len() < self.window {
            let Some(command) = self.next() else { break };
            match &command {
                PendingCommand::Retr(entry) => write_command(&mut commands, "RETR", entry, ""),
                PendingCommand::Top(entry) => write_command(&mut commands, "TOP", entry, " 0"),
                PendingCommand::Dele(entry) => write_command(&mut commands, "DELE", entry, ""),
                PendingCommand::Noop => (),
            }
            self.pending.push_back(command);
        }
        let ends_open = match self.pending.back() {
            None => self.unconfirmed.is_some(),
            Some(PendingCommand::Retr(_) | PendingCommand::Top(_)) => self.window > 1 && !commands.is_empty(),
            Some(_) => false,
        };
        if ends_open {
            commands.push_str("NOOP\r\n");
            self.pending.push_back(PendingCommand::Noop);
        }
        if commands.is_empty() {
            return Ok(());
        }
        if is_first {
            self.session.expect_only_blank_lines(self.call).map_err(at_fetch)?;
        }
        self.session.stream.write(commands.as_bytes(), self.call).map_err(at_fetch)
    }

    /// What is to be asked for next, if it may be on the way beside what is.
    fn next(&mut self) -> Option<PendingCommand> {
        if let Some(entry) = self.to_delete.pop_front() {
            return Some(PendingCommand::Dele(entry));
        }
        let size = self.messages.front().filter(|_| !self.stopped)?.size;
        let is_headers = self.is_looking() || self.request.max_bytes.is_some_and(|limit| size > limit);
        if !is_headers {
            // A large message is asked for by itself, since it has to be read even when the host wants to stop before it.
            let is_alone = self.on_the_way == 0 && (self.window > 1 || self.unconfirmed.is_none());
            let limit = if self.window > 1 { WINDOW_BYTES } else { AHEAD };
            if !is_alone && self.on_the_way.saturating_add(size) > limit {
                return None;
            }
            self.on_the_way += size;
        }
        let entry = self.messages.pop_front()?;
        Some(if is_headers { PendingCommand::Top(entry) } else { PendingCommand::Retr(entry) })
    }

    /// Whether no more than the structure is wanted, of which POP3 has the headers: nothing is deleted or remembered.
    fn is_looking(&self) -> bool {
        self.request.summary == Summary::Structure
    }

    fn deletion(&mut self, entry: Entry, status: Result<(), Reply>) {
        match status {
            Ok(()) => self.deleted.push(entry.id),
            Err(reply) => {
                let refusal = self.session.refused("pop3.delete_refused", Status::Refused, reply).stage(Stage::Fetch);
                self.refusal.get_or_insert(refusal);
            }
        }
    }

    /// Hands one message over. After the host has said that it wants no more, what was already asked for is read and thrown away.
    fn message(&mut self, entry: Entry, headers_only: bool, status: Result<(), Reply>) -> Result<(), Error> {
        let call = self.call;
        if let Err(reply) = status {
            if !self.stopped {
                // Another session has deleted it meanwhile, or the server cannot read it. The others are fetched all the same.
                let error = self.session.refused("pop3.retrieve_refused", Status::Refused, reply).stage(Stage::Fetch).usable();
                self.missing.push(Missing { error: error.arg("id", entry.id.as_str()), id: entry.id });
            }
            return Ok(());
        }
        self.suspect = Some(entry.id.clone());
        if self.stopped {
            self.session.body(call, |_| Ok(()))?;
            return Ok(());
        }
        call.announce(&Incoming { id: entry.id.clone(), size: Some(entry.size), headers_only, ..Incoming::default() })?;
        let mut fingerprint = Fingerprint::default();
        let size = self.session.body(call, |piece| {
            fingerprint.push(piece);
            call.message(piece)
        })?;
        let is_short = !headers_only && size < entry.size;
        if is_short && self.window > 1 {
            return self.ask_again(entry);
        }
        self.unconfirmed = Some(Unconfirmed { entry, headers_only, is_short, fingerprint: fingerprint.finish() });
        Ok(())
    }

    /// The last message is whole: asks the host what is to become of it.
    fn settle(&mut self) -> Result<(), Error> {
        self.suspect = None;
        let Some(Unconfirmed { entry, headers_only, fingerprint, .. }) = self.unconfirmed.take() else { return Ok(()) };
        let remembered = |state| Remembered { day: today(), state, fingerprint: Some(fingerprint) };
        match self.call.action()? {
            Action::Stop => self.stopped = true,
            _ if self.is_looking() => (),
            Action::Keep | Action::Seen => {
                self.state.remember(&entry.id, remembered(if headers_only { FetchState::HeadersOnly } else { FetchState::Fetched }));
            }
            Action::Delete => {
                // From here on it is to be deleted, even if this session does not live to see it.
                self.state.remember(&entry.id, remembered(FetchState::ToDelete));
                self.to_delete.push_back(entry);
            }
        }
        Ok(())
    }

    /// Puts a message that is shorter than LIST says back, with all pending ones behind it, and goes on without pipelining. The host was
    /// not asked about it, so for the host it never came.
    fn ask_again(&mut self, entry: Entry) -> Result<(), Error> {
        let mut again = vec![entry];
        let mut deletions = Vec::new();
        for command in std::mem::take(&mut self.pending) {
            let status = self.session.next_status(self.call).map_err(at_fetch)?;
            match command {
                PendingCommand::Noop => (),
                PendingCommand::Dele(entry) => deletions.push((entry, status)),
                PendingCommand::Retr(entry) | PendingCommand::Top(entry) => {
                    if status.is_ok() {
                        self.session.body(self.call, |_| Ok(()))?;
                    }
                    again.push(entry);
                }
            }
        }
        // Only when the server has nothing more to say were these the responses to what was asked.
        drop(self.session.command_status("NOOP\r\n", self.call).map_err(at_fetch)?);
        self.session.expect_only_blank_lines(self.call).map_err(at_fetch)?;
        deletions.into_iter().for_each(|(entry, status)| self.deletion(entry, status));
        again.into_iter().rev().for_each(|entry| self.messages.push_front(entry));
        (self.window, self.on_the_way) = (1, 0);
        Ok(())
    }

    /// Notes which message broke the session: the next one asks for it last.
    fn mark_failed(&mut self, error: &Error) {
        let is_its_fault = error.status == Status::Protocol || error.code == "net.idle_timeout";
        let Some(id) = self.suspect.take().filter(|_| is_its_fault) else { return };
        self.state.remember(&id, Remembered { day: today(), state: FetchState::Failed, fingerprint: None });
        if error.code != "host.sink_failed" {
            self.missing.push(Missing { id, error: error.clone() });
        }
    }
}

/// Adds a command about a message.
fn write_command(commands: &mut String, verb: &str, entry: &Entry, rest: &str) {
    // Writing to a String cannot fail.
    let _ = write!(commands, "{verb} {}{rest}\r\n", entry.number);
}

fn at_fetch(error: Error) -> Error {
    error.stage(Stage::Fetch)
}
