//! Fetching: which messages, and which of those that were fetched before are to be deleted.

use crate::fetch::Fetch;
use crate::filter::HeaderFilter;
use crate::fingerprint::Fingerprint;
use crate::mailbox::{Entry, Mailbox};
use crate::session::Session;
use crate::settings::Settings;
use crate::state::{FetchState, Remembered, State, today};
use postkontor_plugin::net::Recorder;
use postkontor_plugin::{Call, Error, Missing, ReceiveRequest, Received, Stage, Status, Summary};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How many looks at headers may be on their way.
const FINGERPRINTS: usize = 64;

/// Fetches what is new; `not_before` learns when the next login is welcome.
pub(crate) fn receive(
    settings: &Settings,
    request: &ReceiveRequest,
    call: &Call,
    not_before: &mut Option<Instant>,
) -> Result<Received, Error> {
    if request.folder.as_ref().is_some_and(|folder| !folder.eq_ignore_ascii_case("INBOX")) {
        let code = "pop3.folder_unsupported";
        return Err(Error::new(Status::Unsupported, code).stage(Stage::Fetch).at_request("/folder", code));
    }
    let mut state = State::parse(request.state.as_deref())?;
    let mut session = Session::open(settings, call, &mut Recorder::off())?;
    let again_seconds = session.capabilities.login_delay;
    *not_before = again_seconds.and_then(|seconds| Instant::now().checked_add(Duration::from_secs(seconds)));
    let mailbox = session.mailbox(state.ids(), call)?;
    // Who only looks at the structure changes nothing, not even what an earlier call has left to do.
    let is_looking = request.summary == Summary::Structure;
    let to_delete = if is_looking { Vec::new() } else { expired(settings, &mailbox, &state, today()) };
    let to_delete = session.verified(to_delete, &mut state, call)?;
    let Wanted { messages, more, missing } = session.wanted(&mailbox, &state, request, call)?;
    let fetch = Fetch::new(session, mailbox, state, request, call);
    let received = fetch.run(messages, to_delete, missing, more)?;
    let state = if is_looking { request.state.clone().unwrap_or_default() } else { received.state };
    Ok(Received { again_seconds, state, ..received })
}

/// What a fetch is to bring.
struct Wanted {
    messages: VecDeque<Entry>,
    /// Some are left because of the limit.
    more: bool,
    missing: Vec<Missing>,
}

impl Session {
    /// The messages to fetch. Those that broke a session before come last, so that they keep no other from coming.
    fn wanted(&mut self, mailbox: &Mailbox, state: &State, request: &ReceiveRequest, call: &Call) -> Result<Wanted, Error> {
        let limit = request.max_messages.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let (mut messages, mut header_filter, mut more) = (VecDeque::new(), HeaderFilter::default(), false);
        let is_failed = |entry: &&Entry| state.get(&entry.id).is_some_and(|remembered| remembered.state == FetchState::Failed);
        let entries = || mailbox.entries.iter();
        for entry in entries().filter(|entry| !is_failed(entry)).chain(entries().filter(is_failed)) {
            // Of a message that was too large before only the headers are known.
            let is_new = match state.get(&entry.id) {
                None => true,
                Some(remembered) => match remembered.state {
                    FetchState::Failed => true,
                    FetchState::HeadersOnly if request.summary == Summary::Structure => true,
                    FetchState::HeadersOnly => request.max_bytes.is_none_or(|limit| entry.size <= limit),
                    FetchState::Fetched | FetchState::ToDelete => false,
                },
            };
            if !is_new || !header_filter.passes(self, entry, &request.filter, call)? {
                continue;
            }
            if messages.len() == limit {
                more = true;
                break;
            }
            messages.push_back(entry.clone());
        }
        Ok(Wanted { messages, more, missing: header_filter.into_missing()? })
    }

    /// Those of the messages that are certainly what was fetched under their identifier. The others are forgotten: some servers give an
    /// identifier to another message later, and nothing is deleted that was not handed over.
    fn verified(&mut self, to_delete: Vec<Entry>, state: &mut State, call: &Call) -> Result<VecDeque<Entry>, Error> {
        let mut verified = VecDeque::with_capacity(to_delete.len());
        let fingerprints = self.fingerprints("TOP", " 0", &to_delete, call)?;
        for (entry, fingerprint) in to_delete.into_iter().zip(fingerprints) {
            let before = state.get(&entry.id).and_then(|remembered| remembered.fingerprint);
            if fingerprint.is_some() && fingerprint == before {
                verified.push_back(entry);
                continue;
            }
            // Servers that show no headers alone, or others than in the message.
            match self.fingerprints("RETR", "", std::slice::from_ref(&entry), call)?.pop().flatten() {
                fingerprint if fingerprint.is_some() && fingerprint == before => verified.push_back(entry),
                Some(_) => state.forget(&entry.id),
                None => (),
            }
        }
        Ok(verified)
    }

    /// The fingerprint of each message that the server shows by a command.
    fn fingerprints(&mut self, verb: &str, rest: &str, entries: &[Entry], call: &Call) -> Result<Vec<Option<u32>>, Error> {
        let at = |error: Error| error.stage(Stage::Fetch);
        let mut found = Vec::with_capacity(entries.len());
        for entries in entries.chunks(if self.capabilities.pipelining { FINGERPRINTS } else { 1 }) {
            let commands: String = entries.iter().map(|entry| format!("{verb} {}{rest}\r\n", entry.number)).collect();
            self.expect_only_blank_lines(call).map_err(at)?;
            self.stream.write(commands.as_bytes(), call).map_err(at)?;
            for _ in entries {
                let mut fingerprint = Fingerprint::default();
                let shown = self.next_status(call).map_err(at)?.is_ok();
                if shown {
                    self.body(call, |piece| {
                        fingerprint.push(piece);
                        Ok(())
                    })?;
                }
                found.push(shown.then(|| fingerprint.finish()));
            }
        }
        Ok(found)
    }
}

/// Messages that were fetched long enough ago, and those whose deletion was never confirmed.
fn expired(settings: &Settings, mailbox: &Mailbox, state: &State, today: u64) -> Vec<Entry> {
    let is_old = |remembered: Remembered| settings.pop3.leave_days.is_some_and(|days| remembered.day.saturating_add(days.into()) <= today);
    let is_due = |remembered: Remembered| match remembered.state {
        FetchState::ToDelete => true,
        FetchState::Fetched => is_old(remembered),
        FetchState::HeadersOnly | FetchState::Failed => false,
    };
    mailbox.entries.iter().filter(|entry| state.get(&entry.id).is_some_and(is_due)).cloned().collect()
}
