//! The messages at the service: listed, fetched, marked, deleted. Their numbers grow, and none is given twice.

use crate::answer::{malformed, reply, value};
use crate::ask::{Ask, Payload};
use crate::client::Client;
use postkontor_plugin::serde::Deserialize;
use postkontor_plugin::serde_json::json;
use postkontor_plugin::{
    Action, Applied, ApplyAction, ApplyRequest, Error, Filter, Incoming, ListRequest, Listed, Listing, ReceiveRequest, Received, Stage,
    Status,
};

/// A message as the service lists it.
#[derive(Deserialize)]
#[serde(crate = "postkontor_plugin::serde")]
struct Entry {
    id: u64,
    size: u64,
    #[serde(default)]
    seen: bool,
    /// As RFC 3339.
    #[serde(default)]
    received: Option<String>,
    #[serde(default)]
    from: String,
    #[serde(default)]
    subject: String,
}

/// Lists the messages.
pub(crate) fn list(client: &mut Client, request: &ListRequest) -> Result<Listing, Error> {
    inbox(request.folder.as_deref(), Stage::Mailbox)?;
    let listed =
        |entry: Entry| Listed { flags: Some(entry.flags()), id: entry.id.to_string(), size: Some(entry.size), received: entry.received };
    let messages = client.entries(0, Stage::Mailbox)?.into_iter().map(listed).collect();
    Ok(Listing::Messages { folder: None, messages, missing: Vec::new() })
}

/// Fetches what came after the last message of the state.
pub(crate) fn receive(client: &mut Client, request: &ReceiveRequest) -> Result<Received, Error> {
    inbox(request.folder.as_deref(), Stage::Fetch)?;
    let foreign =
        || Error::new(Status::Argument, "gateway.state_foreign").stage(Stage::Fetch).at_request("/state", "gateway.state_foreign");
    let last = request.state.as_ref().map_or(Ok(0), |state| state.parse().map_err(|_| foreign()))?;
    let mut received = Received { state: last.to_string(), ..Received::default() };
    let entries = client.entries(last, Stage::Fetch)?;
    let wanted = entries.iter().filter(|entry| entry.passes(&request.filter));
    for (index, entry) in (0..).zip(wanted) {
        if request.max_messages.is_some_and(|most| index >= most) {
            received.more = true;
            break;
        }
        let action = match client.fetch(entry, request) {
            Ok(action) => action,
            Err(error) if index == 0 => return Err(error),
            Err(error) => {
                received.interrupted = Some(error);
                break;
            }
        };
        if action == Some(Action::Stop) {
            received.more = true;
            break;
        }
        // It was fetched, whatever becomes of the mark.
        received.state = entry.id.to_string();
        if let Err(error) = client.carry_out(entry, action, request) {
            received.interrupted = Some(error);
            break;
        }
    }
    received.warnings.append(&mut client.tokens.not_kept);
    Ok(received)
}

/// Marks or deletes messages.
pub(crate) fn apply(client: &mut Client, request: &ApplyRequest) -> Result<Applied, Error> {
    if request.action == ApplyAction::Move {
        return Err(Error::new(Status::Unsupported, "gateway.one_folder").stage(Stage::Mailbox).at_request("/do", "gateway.one_folder"));
    }
    let mut applied = Applied::default();
    for id in &request.messages {
        // What is no number is no message of this service.
        let is_there = match id.parse() {
            Ok(id) => client.change(id, request.action)?,
            Err(_) => false,
        };
        if is_there { &mut applied.applied } else { &mut applied.missing }.push(id.clone());
    }
    Ok(applied)
}

impl Client<'_, '_> {
    /// The messages after this one.
    fn entries(&mut self, after: u64, stage: Stage) -> Result<Vec<Entry>, Error> {
        let mut answer = self.json(Ask::new("GET", &format!("/messages?after={after}"), stage))?;
        let malformed = malformed(self.host()).stage(stage);
        Vec::deserialize(answer["messages"].take()).map_err(|error| malformed.detail(error.to_string()))
    }

    /// The number and size of all messages.
    pub(crate) fn total(&mut self) -> Result<(usize, u64), Error> {
        let entries = self.entries(0, Stage::Mailbox)?;
        Ok((entries.len(), entries.iter().map(|entry| entry.size).sum()))
    }

    /// Hands a message over; nothing where it is gone.
    fn fetch(&mut self, entry: &Entry, request: &ReceiveRequest) -> Result<Option<Action>, Error> {
        let headers_only = entry.is_too_large(request);
        let path = format!("/messages/{}{}", entry.id, if headers_only { "/head" } else { "" });
        let is_there = self.ask(Ask::new("GET", &path, Stage::Fetch), &mut |response, call| {
            if !response.is_success() {
                return if response.status() == 404 { reply(response, call).map(|_| false) } else { value(response, call).map(|_| false) };
            }
            let (id, received, flags) = (entry.id.to_string(), entry.received.clone(), entry.flags());
            call.announce(&Incoming { id, size: Some(entry.size), flags, received, headers_only, ..Incoming::default() })?;
            loop {
                let piece = response.peek(call)?;
                let length = piece.len();
                if length == 0 {
                    return Ok(true);
                }
                call.message(piece)?;
                response.consume(length);
            }
        })?;
        if is_there { self.call.action().map(Some) } else { Ok(None) }
    }

    /// Does what the program has decided. A message of which it has the headers only is not deleted.
    fn carry_out(&mut self, entry: &Entry, action: Option<Action>, request: &ReceiveRequest) -> Result<(), Error> {
        match action {
            Some(Action::Seen) => self.change(entry.id, ApplyAction::Seen).map(drop),
            Some(Action::Delete) if !entry.is_too_large(request) => self.change(entry.id, ApplyAction::Delete).map(drop),
            _ => Ok(()),
        }
    }

    /// Marks or deletes a message; whether it was there.
    fn change(&mut self, id: u64, action: ApplyAction) -> Result<bool, Error> {
        let (path, body) = (format!("/messages/{id}"), json!({"seen": action == ApplyAction::Seen}).to_string());
        let ask = match action {
            ApplyAction::Delete => Ask::new("DELETE", &path, Stage::Mailbox),
            _ => Ask::new("POST", &path, Stage::Mailbox).with(Payload::Json(&body)),
        };
        self.ask(ask, &mut |response, call| match response.status() {
            404 => reply(response, call).map(|_| false),
            _ => value(response, call).map(|_| true),
        })
    }
}

impl Entry {
    fn flags(&self) -> Vec<String> {
        if self.seen { vec!["\\Seen".to_owned()] } else { Vec::new() }
    }

    fn is_too_large(&self, request: &ReceiveRequest) -> bool {
        request.max_bytes.is_some_and(|most| self.size > most)
    }

    fn passes(&self, filter: &Filter) -> bool {
        let contains =
            |text: &str, wanted: &Option<String>| wanted.as_ref().is_none_or(|wanted| text.to_lowercase().contains(&wanted.to_lowercase()));
        // Dates of RFC 3339 compare as texts.
        let day = self.received.as_deref().and_then(|received| received.get(..10));
        !(filter.unseen && self.seen)
            && filter.since.as_ref().is_none_or(|since| day.is_none_or(|day| day >= since.as_str()))
            && contains(&self.from, &filter.from)
            && contains(&self.subject, &filter.subject)
            && filter.min_size.is_none_or(|least| self.size >= least)
            && filter.max_size.is_none_or(|most| self.size <= most)
    }
}

/// Refuses a folder other than the only one that there is.
fn inbox(folder: Option<&str>, stage: Stage) -> Result<(), Error> {
    match folder {
        None | Some("") => Ok(()),
        Some(name) if name.eq_ignore_ascii_case("INBOX") => Ok(()),
        Some(_) => Err(Error::new(Status::Unsupported, "gateway.one_folder").stage(stage).at_request("/folder", "gateway.one_folder")),
    }
}
