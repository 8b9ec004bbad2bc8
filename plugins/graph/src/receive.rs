//! Fetching: what is new in a folder, message by message, each marked or deleted only after the host has taken it.
//!
//! Without a filter the service is asked what has changed since the link that the state holds (delta query). A filter is searched for in the
//! whole folder, and the link stays where it is: what the filter leaves out, a call without it finds.

use crate::ask::{Ask, Payload};
use crate::claims::Role;
use crate::entry::{Folder, Message, Page, SIZE_AND_VERB, VERB};
use crate::failure::Failure;
use crate::fault::{Fault, malformed};
use crate::fetch::Whole;
use crate::filter::{letter, query, selected};
use crate::folders::Named;
use crate::session::Session;
use crate::state::{Memory, mark};
use postkontor_plugin::exchange::Due;
use postkontor_plugin::net::http::percent_encoded;
use postkontor_plugin::{Action, Error, Filter, Missing, ReceiveRequest, Received, Stage, Status, Summary};
use std::collections::BTreeSet;

/// How many messages a page lists.
const PAGE: usize = 100;

/// So many messages at most are looked at before they are fetched.
const CANDIDATES: usize = 50_000;

const SELECT: &str = "$select=id,isRead,isDraft,flag,categories,receivedDateTime";

/// A fetch in progress.
struct Fetch<'f, 's, 'c> {
    session: &'f mut Session<'s, 'c>,
    request: &'f ReceiveRequest,
    folder: Folder,
    memory: Memory,
    /// How many messages may still come.
    left: u64,
    taken: u64,
    missing: Vec<Missing>,
    /// The first mark or deletion that the service refused. Fetching goes on, and the next call tries to delete again.
    refusal: Option<Error>,
}

/// Whether more may come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    /// There is more, and the program wants no more now.
    Enough,
}

/// Fetches what is new.
pub(crate) fn receive(session: &mut Session<'_, '_>, request: &ReceiveRequest) -> Result<Received, Error> {
    let memory = Memory::parse(request.state.as_deref())?;
    let settings = session.settings;
    let folder = session.folder(Named::or(request.folder.as_deref(), &settings.exchange.inbox))?;
    let memory = memory.of(&folder.id);
    let left = request.max_messages.unwrap_or(u64::MAX);
    let before = memory.clone();
    let mut fetch = Fetch { session, request, folder, memory, left, taken: 0, missing: Vec::new(), refusal: None };
    let result = fetch.run();
    let is_looking = fetch.is_looking();
    let Fetch { memory, taken, missing, refusal, .. } = fetch;
    let state = if is_looking { request.state.clone().unwrap_or_default() } else { memory.text() };
    let received = Received { state, missing, ..Received::default() };
    match result {
        Ok(flow) => Ok(Received { more: flow == Flow::Enough, interrupted: refusal, ..received }),
        Err(error) if taken == 0 && memory == before => Err(error),
        // The state holds what was taken, and what is due, even though the connection broke.
        Err(error) => Ok(Received { more: true, interrupted: Some(error), ..received }),
    }
}

impl Fetch<'_, '_, '_> {
    /// Whether no more than the structure is wanted, which shows the headers: nothing is marked, deleted or put into the state.
    fn is_looking(&self) -> bool {
        self.request.summary == Summary::Structure
    }

    fn run(&mut self) -> Result<Flow, Error> {
        if !self.is_looking() {
            self.finish()?;
        }
        if !self.request.filter.is_empty() {
            return self.search(&self.request.filter);
        }
        let flow = self.again(|due, max_bytes| match due {
            Due::Fetch => true,
            Due::Whole(before) => max_bytes.is_none_or(|most| most > before),
            _ => false,
        })?;
        if flow == Flow::Enough {
            return Ok(flow);
        }
        let last: Vec<String> = self.memory.state.due.iter().filter(|(_, due)| **due == Due::FetchLast).map(|(id, _)| id.clone()).collect();
        if self.follow()? == Flow::Enough {
            return Ok(Flow::Enough);
        }
        // What broke an earlier call comes last, so that it keeps no other from coming.
        self.each(last)
    }

    /// Does what earlier calls have left: their messages count as fetched.
    fn finish(&mut self) -> Result<(), Error> {
        let due: Vec<(String, Due)> = self.memory.state.due.iter().map(|(id, due)| (id.clone(), *due)).collect();
        for (id, due) in due {
            match due {
                Due::Seen => self.mark_seen(&id)?,
                // A deletion may have been carried out although no answer came. What was moved meanwhile is not deleted there.
                Due::Delete if self.is_here(&id)? => self.delete(&id)?,
                Due::Delete => self.memory.gone(&id),
                Due::Fetch | Due::FetchLast | Due::Whole(_) => (),
            }
        }
        Ok(())
    }

    fn is_here(&mut self, id: &str) -> Result<bool, Error> {
        Ok(self.described(id)?.is_some_and(|message| message.parent_folder_id.is_none_or(|folder| folder == self.folder.id)))
    }

    /// What the service says of a message; nothing where it is gone.
    fn described(&mut self, id: &str) -> Result<Option<Message>, Error> {
        let target =
            self.session.at(&format!("/messages/{}?{SELECT},parentFolderId&$expand={}", percent_encoded(id), percent_encoded(VERB)));
        match self.session.json(Ask::get(target, Stage::Fetch)) {
            Ok(message) => Ok(Some(message)),
            Err(failure) if failure.is_missing() => Ok(None),
            Err(failure) => Err(failure.error),
        }
    }

    /// Fetches messages that the service has told of before.
    fn again(&mut self, is_wanted: impl Fn(Due, Option<u64>) -> bool) -> Result<Flow, Error> {
        let wanted = self.memory.state.due.iter().filter(|(_, due)| is_wanted(**due, self.request.max_bytes));
        let wanted: Vec<String> = wanted.map(|(id, _)| id.clone()).collect();
        self.each(wanted)
    }

    fn each(&mut self, ids: Vec<String>) -> Result<Flow, Error> {
        for id in ids {
            match self.described(&id)?.filter(|message| message.parent_folder_id.as_ref().is_none_or(|folder| *folder == self.folder.id)) {
                None => self.memory.gone(&id),
                Some(message) => {
                    if self.take(&message)? == Flow::Enough {
                        return Ok(Flow::Enough);
                    }
                }
            }
        }
        Ok(Flow::On)
    }

    /// Fetches what has changed since the link of the state, page by page. The link goes on when a page is done.
    fn follow(&mut self) -> Result<Flow, Error> {
        let (id, expand) = (percent_encoded(&self.folder.id), percent_encoded(VERB));
        let begin = self.session.at(&format!("/mailFolders/{id}/messages/delta?{SELECT}&$expand={expand}"));
        // Where the list begins anew, what it does not name is gone.
        let mut there = self.memory.state.token.is_empty().then(BTreeSet::new);
        loop {
            let target = if self.memory.state.token.is_empty() { begin.clone() } else { self.memory.state.token.clone() };
            let page: Page<Message> = match self.session.json(Ask::get(target.clone(), Stage::Fetch).paged(PAGE)) {
                Err(failure) if failure.fault.as_ref().is_some_and(|fault| fault.is_lost_place()) && target != begin => {
                    self.memory.state.token.clear();
                    there = Some(BTreeSet::new());
                    continue;
                }
                page => page?,
            };
            let (next, is_last) = match (page.next, page.delta) {
                (Some(next), _) => (next, false),
                (None, Some(delta)) => (delta, true),
                (None, None) => return Err(malformed(self.session.host(), "a list that neither goes on nor ends").stage(Stage::Fetch)),
            };
            if self.page(page.value, &mut there)? == Flow::Enough {
                return Ok(Flow::Enough);
            }
            let next = self.session.link(&next)?;
            if !is_last && next == target {
                return Err(malformed(self.session.host(), "a list that goes on where it began").stage(Stage::Fetch));
            }
            self.memory.state.token = next;
            if is_last {
                if let Some(there) = there {
                    self.memory.keep_only(&there);
                }
                return Ok(Flow::On);
            }
        }
    }

    /// Fetches what is new of a page.
    fn page(&mut self, messages: Vec<Message>, there: &mut Option<BTreeSet<u64>>) -> Result<Flow, Error> {
        // A message stands in a page more than once where it was changed between.
        let (mut new, mut named) = (Vec::new(), BTreeSet::new());
        for message in messages {
            if message.removed.is_some() {
                self.memory.gone(&message.id);
                continue;
            }
            if let Some(there) = there {
                there.insert(mark(&message.id));
            }
            let is_known = self.memory.is_fetched(&message.id) || self.memory.state.due.contains_key(&message.id);
            if !is_known && named.insert(message.id.clone()) {
                new.push(message);
            }
        }
        // The order of a page is the service's; the oldest comes first.
        new.sort_by(|a, b| a.received_date_time.cmp(&b.received_date_time));
        for message in new {
            if self.take(&message)? == Flow::Enough {
                return Ok(Flow::Enough);
            }
        }
        Ok(Flow::On)
    }

    /// Fetches what is new among the messages that meet a filter. They are listed before the first is fetched: pages are counted off from
    /// the beginning, and a deletion would move others into pages that are over.
    fn search(&mut self, filter: &Filter) -> Result<Flow, Error> {
        let path = format!(
            "/mailFolders/{}/messages?{SELECT},subject,from{}&$top={PAGE}&{}&$expand={}",
            percent_encoded(&self.folder.id),
            selected(filter),
            query(filter),
            percent_encoded(SIZE_AND_VERB)
        );
        let (mut candidates, mut flow) = (Vec::new(), Flow::On);
        let mut next = Some(self.session.at(&path));
        while let Some(target) = next {
            let page: Page<Message> = self.session.json(Ask::get(target, Stage::Fetch))?;
            for message in page.value {
                if self.is_new(&message) && self.passes(&message, filter)? {
                    candidates.push(message);
                }
            }
            next = page.next.map(|next| self.session.link(&next)).transpose()?;
            if candidates.len() > CANDIDATES || candidates.len() as u64 > self.left {
                flow = Flow::Enough;
                break;
            }
        }
        let (last, first): (Vec<Message>, Vec<Message>) =
            candidates.into_iter().partition(|message| self.memory.state.due.get(&message.id) == Some(&Due::FetchLast));
        for message in first.into_iter().chain(last) {
            if self.take(&message)? == Flow::Enough {
                return Ok(Flow::Enough);
            }
        }
        Ok(flow)
    }

    /// Whether a message meets a filter. Where its text decides it, the message itself is asked for.
    fn passes(&mut self, message: &Message, filter: &Filter) -> Result<bool, Error> {
        let pointer = match (filter.judge(message), filter.on_bodies()) {
            (Some(passes), _) => return Ok(passes),
            // What the service does not tell, as the size at times, stands in no message's way.
            (None, None) => return Ok(true),
            (None, Some(pointer)) => pointer,
        };
        match self.session.whole(&message.id) {
            Ok(Whole::Gone) => Ok(false),
            Ok(Whole::Message(bytes)) => Ok(filter.judge(&letter(message, bytes)).unwrap_or(true)),
            Ok(Whole::TooLarge(limit)) => {
                let code = "graph.too_large_to_search";
                let error = Error::new(Status::Unsupported, code).stage(Stage::Fetch).at_request(&pointer, code).usable();
                let error = error.arg("id", message.id.as_str()).arg("host", self.session.host()).arg("limit", limit / 1024 / 1024);
                self.missing.push(Missing { id: message.id.clone(), error });
                Ok(false)
            }
            Err(Failure { fault: Some(fault), error, .. }) if concerns_one(&fault) => {
                self.missing.push(Missing { id: message.id.clone(), error: error.arg("id", message.id.as_str()) });
                Ok(false)
            }
            Err(failure) => Err(failure.error),
        }
    }

    fn is_new(&self, message: &Message) -> bool {
        match self.memory.state.due.get(&message.id) {
            Some(Due::Whole(before)) => self.request.max_bytes.is_none_or(|most| most > *before),
            _ => !self.memory.is_fetched(&message.id),
        }
    }

    /// Hands a message over and does what the program decides.
    fn take(&mut self, message: &Message) -> Result<Flow, Error> {
        if self.left == 0 {
            return Ok(Flow::Enough);
        }
        let folder = self.folder.display_name.clone();
        let max_bytes = if self.is_looking() { Some(0) } else { self.request.max_bytes };
        let handed = match self.session.hand_over(message, &folder, max_bytes) {
            Ok(Some(handed)) => handed,
            Ok(None) => {
                self.memory.gone(&message.id);
                return Ok(Flow::On);
            }
            Err(failure) => return self.failed(message, failure),
        };
        if handed.action == Action::Stop {
            return Ok(Flow::Enough);
        }
        (self.left, self.taken) = (self.left - 1, self.taken + 1);
        if self.is_looking() {
            self.memory.fetched(&message.id, None);
            return Ok(Flow::On);
        }
        if handed.headers_only {
            self.memory.due(&message.id, Some(Due::Whole(self.request.max_bytes.unwrap_or(0))));
            // The host got only the headers, not the message: it is not deleted.
            return if handed.action == Action::Seen { self.see(&message.id).map(|()| Flow::On) } else { Ok(Flow::On) };
        }
        match handed.action {
            Action::Seen => {
                self.memory.fetched(&message.id, Some(Due::Seen));
                self.mark_seen(&message.id)?;
            }
            Action::Delete => {
                self.memory.fetched(&message.id, Some(Due::Delete));
                self.delete(&message.id)?;
            }
            Action::Keep | Action::Stop => self.memory.fetched(&message.id, None),
        }
        Ok(Flow::On)
    }

    /// A message did not come. What concerns it alone keeps no other from coming.
    fn failed(&mut self, message: &Message, failure: Failure) -> Result<Flow, Error> {
        match failure.fault {
            Some(fault) if concerns_one(&fault) => {
                self.memory.due(&message.id, Some(Due::Fetch));
                self.missing.push(Missing { id: message.id.clone(), error: failure.error.arg("id", message.id.as_str()) });
                Ok(Flow::On)
            }
            None if matches!(failure.error.status, Status::Network | Status::Protocol) => {
                self.memory.due(&message.id, Some(Due::FetchLast));
                Err(failure.error)
            }
            _ => Err(failure.error),
        }
    }

    fn see(&mut self, id: &str) -> Result<(), Error> {
        let target = self.session.at(&format!("/messages/{}", percent_encoded(id)));
        let ask = Ask::once("PATCH", target, Role::Change, Stage::Fetch).with(Payload::Json(b"{\"isRead\":true}")).repeatable();
        let done = self.session.done(ask);
        self.is_done(done).map(drop)
    }

    /// Marks a message as seen. A refusal is reported and not tried again.
    fn mark_seen(&mut self, id: &str) -> Result<(), Error> {
        self.see(id)?;
        self.memory.due(id, None);
        Ok(())
    }

    fn delete(&mut self, id: &str) -> Result<(), Error> {
        let target = self.session.at(&format!("/messages/{}", percent_encoded(id)));
        let done = self.session.done(Ask::once("DELETE", target, Role::Change, Stage::Fetch));
        if self.is_done(done)? {
            self.memory.gone(id);
        }
        Ok(())
    }

    /// Whether the service did it. A message that is gone needs nothing; a refusal is reported in the end.
    fn is_done(&mut self, done: Result<(), Failure>) -> Result<bool, Error> {
        match done {
            Ok(()) => Ok(true),
            Err(failure) if failure.is_missing() => Ok(true),
            Err(failure) if failure.fault.is_some() => {
                self.refusal.get_or_insert(failure.error);
                Ok(false)
            }
            Err(failure) => Err(failure.error),
        }
    }
}

/// Whether a fault concerns one message, and no other.
fn concerns_one(fault: &Fault) -> bool {
    !matches!(fault.status, 401 | 403 | 429 | 503) && !fault.is_page
}
