//! What a person, or a program in a person's name, decides about entries.

use crate::bounce::{self, Summary};
use crate::content::{self, Whereabouts};
use crate::engine::{Dialect, Engine, Row, transaction};
use crate::entry::{COLUMNS, Entry, recipients};
use crate::outbox::Outbox;
use crate::query::ids;
use crate::queue;
use crate::recipient::{Recipient, Standing};
use crate::state::State;
use postkontor_core::{Asked, Cancel, Error, Members, Request, Status, Watch, read_request};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

/// What is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is tried again now: one that waits, or one that failed.
    Retry,
    /// It is taken back: one that was not handed over so far.
    Cancel,
    /// What became of one that is held.
    Resolve,
    /// An account is tried again now.
    Resume,
    /// A report said that a mail did not arrive.
    Bounced,
}

/// What became of a mail that was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// It was delivered.
    Sent,
    /// It is sent again, the identical mail with the identical Message-ID.
    SendAgain,
    /// It was not delivered, and is not sent again.
    Failed,
}

/// A decision, and about which entries or which account.
#[derive(Clone, Debug, Serialize)]
pub struct ActRequest {
    /// What is decided.
    pub action: Decision,
    /// About these entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<String>>,
    /// About the entry that was put with this key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What became of those that were held.
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// The account that is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The summary of a report, as `receive` gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Box<RawValue>>,
}

impl Request for ActRequest {
    fn read(json: &str) -> Result<ActRequest, Error> {
        let unreadable = |error: serde_json::Error| Error::new(Status::Argument, "request.unreadable").usable().detail(error.to_string());
        let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(json).map_err(unreadable)?;
        let summary = members.remove("summary");
        let rest = serde_json::to_string(&members).map_err(unreadable)?;
        read_request(&rest, |members| decision(members, summary))?
            .ok_or_else(|| Error::new(Status::Argument, "request.unreadable").usable())
    }
}

fn decision(members: &mut Members<'_, '_>, summary: Option<Box<RawValue>>) -> Option<ActRequest> {
    const WORDS: [(&str, Decision); 5] = [
        ("retry", Decision::Retry),
        ("cancel", Decision::Cancel),
        ("resolve", Decision::Resolve),
        ("resume", Decision::Resume),
        ("bounced", Decision::Bounced),
    ];
    let resolutions = [("sent", Resolution::Sent), ("send_again", Resolution::SendAgain), ("failed", Resolution::Failed)];
    let Some(action) = members.choice("action", &WORDS) else { return members.missing("action") };
    let names_entries = matches!(action, Decision::Retry | Decision::Cancel | Decision::Resolve);
    let (ids, key) = if names_entries { (ids(members), members.line("key")) } else { (None, None) };
    let resolution = if action == Decision::Resolve { members.choice("as", &resolutions) } else { None };
    let account = if action == Decision::Resume { members.line("account") } else { None };
    let lacking = match action {
        _ if names_entries && ids.is_none() && key.is_none() => Some("ids"),
        Decision::Resolve if resolution.is_none() => Some("as"),
        Decision::Resume if account.is_none() => Some("account"),
        Decision::Bounced if summary.is_none() => Some("summary"),
        _ => None,
    };
    if let Some(lacking) = lacking {
        members.missing::<()>(lacking);
    }
    Some(ActRequest { action, ids, key, resolution, account, summary })
}

/// The entries as they are now.
#[derive(Clone, Debug, Serialize)]
pub struct Acted {
    /// In the order of the request.
    pub entries: Vec<Entry>,
}

/// An entry that is decided about.
struct Subject {
    id: i64,
    queue: String,
    state: State,
    recipients: Vec<Recipient>,
    at: Whereabouts,
}

/// What an entry becomes.
struct Change {
    state: State,
    /// It is due at once, and has all its attempts again.
    begins_anew: bool,
}

impl Outbox {
    /// Does what was decided: for all of the entries, or for none.
    ///
    /// # Errors
    ///
    /// NOT_FOUND: there is no such entry. ARGUMENT: the state of one does not allow it.
    pub fn act<'r>(&mut self, request: impl Into<Asked<'r, ActRequest>>, cancel: &Cancel) -> Result<Acted, Error> {
        let acted = request.into().read().and_then(|request| self.decide(&request, cancel));
        acted.map_err(|error| self.host.localised(error))
    }

    fn decide(&mut self, request: &ActRequest, cancel: &Cancel) -> Result<Acted, Error> {
        let host = self.host.clone();
        let watch = host.watch(cancel);
        let engine = self.engine.as_mut();
        if let Some(account) = &request.account {
            return resume(engine, account, &watch).map(|()| Acted { entries: Vec::new() });
        }
        let summary = request.summary.as_ref().map(|summary| Summary::read(summary.get())).transpose()?;
        let give_up = i64::from(self.options.retry.give_up_hours) * 3_600_000;
        let (entries, needless) = transaction(engine, &watch, |engine| {
            let now = engine.now(&watch)?;
            let found = match &summary {
                Some(summary) => bounce::entries(engine, summary, &watch)?,
                None => named(engine, request, &watch)?,
            };
            let subjects = locked(engine, &found, &watch)?;
            let (mut queues, mut needless) = (BTreeSet::new(), Vec::new());
            for (place, mut subject) in subjects.into_iter().enumerate() {
                let change = match &summary {
                    Some(summary) => bounced(&mut subject, summary),
                    None => change(&mut subject, request).map_err(|code| impossible(&subject, request, place, code)),
                }?;
                write(engine, &subject, &change, (now, give_up), &watch)?;
                queues.insert(subject.queue.clone());
                if !change.state.has_ended() || change.state == State::Failed {
                    continue;
                }
                content::remove(engine, subject.id, &subject.at, &watch)?;
                needless.push(subject.at);
            }
            for queue in queues {
                order(engine, &queue, &watch)?;
            }
            let entries = found.iter().map(|id| read(engine, *id, &watch)).collect::<Result<Vec<_>, _>>()?;
            Ok((entries, needless))
        })?;
        needless.iter().for_each(|at| content::discard(&self.place, at));
        Ok(Acted { entries })
    }
}

/// The ids of the entries that a request names.
fn named(engine: &mut dyn Engine, request: &ActRequest, watch: &Watch<'_>) -> Result<Vec<i64>, Error> {
    if let Some(key) = &request.key {
        let found = engine.rows("SELECT id FROM postkontor_outbox_entries WHERE key = $1", &[key.as_str().into()], watch)?;
        let missing = || Error::new(Status::NotFound, "outbox.key_not_found").usable().arg("key", key.as_str());
        let row = found.first().ok_or_else(|| missing().at_request("/key", "outbox.key_not_found"))?;
        return Ok(vec![row.int(0)?]);
    }
    let mut ids: Vec<i64> = request.ids.iter().flatten().filter_map(|id| id.parse().ok()).collect();
    let mut seen = BTreeSet::new();
    ids.retain(|id| seen.insert(*id));
    Ok(ids)
}

/// The entries, which no other may change until the transaction ends. Their queues are locked first, as everywhere.
fn locked(engine: &mut dyn Engine, ids: &[i64], watch: &Watch<'_>) -> Result<Vec<Subject>, Error> {
    let mut queues = Vec::new();
    for (place, id) in ids.iter().enumerate() {
        let found = engine.rows("SELECT queue FROM postkontor_outbox_entries WHERE id = $1", &[(*id).into()], watch)?;
        queues.push(found.first().ok_or_else(|| missing(*id, place))?.text(0)?.to_owned());
    }
    queue::lock(engine, queues.iter().map(String::as_str), watch)?;
    let lock = if engine.dialect() == Dialect::Postgresql { " FOR UPDATE" } else { "" };
    let select = format!("SELECT queue, state, recipients, content FROM postkontor_outbox_entries WHERE id = $1{lock}");
    let mut order: Vec<(usize, i64)> = ids.iter().copied().enumerate().collect();
    // Two who lock the same rows do it in one order.
    order.sort_by_key(|(_, id)| *id);
    let mut subjects = Vec::with_capacity(ids.len());
    for (place, id) in order {
        let found = engine.rows(&select, &[id.into()], watch)?;
        subjects.push((place, subject(id, found.first().ok_or_else(|| missing(id, place))?)?));
    }
    subjects.sort_by_key(|(place, _)| *place);
    Ok(subjects.into_iter().map(|(_, subject)| subject).collect())
}

fn subject(id: i64, row: &Row) -> Result<Subject, Error> {
    Ok(Subject {
        id,
        queue: row.text(0)?.to_owned(),
        state: State::of(row.text(1)?).unwrap_or(State::Failed),
        recipients: recipients(row.text(2)?)?,
        at: Whereabouts::of(row.text(3)?),
    })
}

fn missing(id: i64, place: usize) -> Error {
    let error = Error::new(Status::NotFound, "outbox.entry_not_found").usable().arg("id", id.to_string());
    error.at_request(format!("/ids/{place}"), "outbox.entry_not_found")
}

/// What the entry becomes; the code where its state does not allow that.
fn change(subject: &mut Subject, request: &ActRequest) -> Result<Change, &'static str> {
    let from = |standings: &'static [Standing], to: Standing, subject: &mut Subject| {
        let concerned = subject.recipients.iter_mut().filter(|recipient| standings.contains(&recipient.status));
        concerned.for_each(|recipient| recipient.status = to);
    };
    let has = |standing: Standing, subject: &Subject| subject.recipients.iter().any(|recipient| recipient.status == standing);
    match (request.action, subject.state, request.resolution) {
        (Decision::Retry, State::Queued, _) => Ok(Change { state: State::Queued, begins_anew: true }),
        (Decision::Retry, State::Failed, _) if subject.at != Whereabouts::Gone => {
            from(&[Standing::Refused], Standing::Waiting, subject);
            Ok(Change { state: State::Queued, begins_anew: true })
        }
        (Decision::Cancel, State::Queued | State::Held, _) => Ok(Change { state: State::Cancelled, begins_anew: false }),
        (Decision::Resolve, State::Held, Some(Resolution::Sent)) => {
            from(&[Standing::Unknown], Standing::Accepted, subject);
            let is_left = has(Standing::Waiting, subject);
            Ok(Change { state: if is_left { State::Queued } else { State::Sent }, begins_anew: is_left })
        }
        (Decision::Resolve, State::Held, Some(Resolution::SendAgain)) => {
            from(&[Standing::Unknown], Standing::Waiting, subject);
            Ok(Change { state: State::Queued, begins_anew: true })
        }
        (Decision::Resolve, State::Held, _) => {
            from(&[Standing::Unknown, Standing::Waiting], Standing::Refused, subject);
            let is_sent = has(Standing::Accepted, subject);
            Ok(Change { state: if is_sent { State::Sent } else { State::Failed }, begins_anew: false })
        }
        (Decision::Cancel, ..) => Err("outbox.not_cancellable"),
        (Decision::Resolve, ..) => Err("outbox.not_held"),
        _ => Err("outbox.not_retryable"),
    }
}

/// A mail that came back has ended, whatever was known of it.
fn bounced(subject: &mut Subject, summary: &Summary) -> Result<Change, Error> {
    summary.mark(&mut subject.recipients);
    Ok(Change { state: State::Bounced, begins_anew: false })
}

fn impossible(subject: &Subject, request: &ActRequest, place: usize, code: &str) -> Error {
    let pointer = if request.key.is_some() { "/key".to_owned() } else { format!("/ids/{place}") };
    let error = Error::new(Status::Argument, code).usable().arg("id", subject.id.to_string()).arg("state", subject.state.word());
    error.at_request(pointer, code)
}

fn write(engine: &mut dyn Engine, subject: &Subject, change: &Change, (now, give_up): (i64, i64), watch: &Watch<'_>) -> Result<(), Error> {
    // Without a lease: a worker that comes back late does not overrule a person.
    let write = "UPDATE postkontor_outbox_entries SET state = $1, recipients = $2, updated = $3, lease = '', lease_until = 0, leaving = 0 WHERE id = $4";
    let json = serde_json::to_string(&subject.recipients)
        .map_err(|error| Error::new(Status::Internal, "host.result_unwritable").usable().detail(error.to_string()))?;
    engine.run(write, &[change.state.word().into(), json.into(), now.into(), subject.id.into()], watch)?;
    if change.begins_anew {
        let anew = "UPDATE postkontor_outbox_entries SET due = $1, attempts = 0, give_up = CASE WHEN give_up < $2 THEN $2 ELSE give_up END WHERE id = $3";
        engine.run(anew, &[now.into(), (now + give_up).into(), subject.id.into()], watch)?;
    }
    Ok(())
}

/// Lets the oldest unfinished entry of a queue go, and none beside it: one that is tried again goes before those behind it.
fn order(engine: &mut dyn Engine, queue: &str, watch: &Watch<'_>) -> Result<(), Error> {
    if queue.is_empty() {
        return Ok(());
    }
    let none = "UPDATE postkontor_outbox_entries SET ready = 0
        WHERE queue = $1 AND queue <> '' AND state IN ('queued', 'sending', 'held') AND state = 'queued' AND ready = 1";
    engine.run(none, &[queue.into()], watch)?;
    queue::advance(engine, queue, watch)
}

fn read(engine: &mut dyn Engine, id: i64, watch: &Watch<'_>) -> Result<Entry, Error> {
    let select = format!("SELECT {COLUMNS} FROM postkontor_outbox_entries WHERE id = $1");
    let found = engine.rows(&select, &[id.into()], watch)?;
    found.first().map_or_else(|| Err(missing(id, 0)), Entry::of)
}

/// Lets an account that rests be tried again at once.
fn resume(engine: &mut dyn Engine, account: &str, watch: &Watch<'_>) -> Result<(), Error> {
    let resume = "UPDATE postkontor_outbox_accounts SET paused_until = 0, pauses = 0 WHERE account = $1";
    transaction(engine, watch, |engine| engine.run(resume, &[account.into()], watch)).map(drop)
}
