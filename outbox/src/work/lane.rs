//! A lane: it claims what is due, hands it over, and writes down what became of it, one batch after the other.
//!
//! What became of a batch is written down in the transaction that claims the next one, so that a batch costs one commit.

use super::claim::{self, Claimed, Wanted};
use super::gate::{self, Gate};
use super::lease::{Heart, LEASE};
use super::limits::{self, Limits};
use super::outcome::{Next, Stops};
use super::pace::Pace;
use super::pause::Pauses;
use super::request::{Until, WorkRequest};
use super::settle::{self, Settled, Tally};
use super::worker::{Rules, Worker};
use super::{delivery, takeover, upkeep};
use crate::content::{self, Whereabouts};
use crate::engine::{Engine, transaction};
use postkontor_core::{Account, Cancel, Error, Retry, Status, Watch};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often an idle lane looks for mail.
const LOOK: Duration = Duration::from_millis(250);

/// How often a lane looks for leases that have ended, for what is overdue, and for what is to be forgotten.
const TAKEOVER: Duration = Duration::from_secs(5);
const UPKEEP: Duration = Duration::from_secs(30);

/// How long a lane that is to end by itself waits for a store that is away, while it still has verdicts to write down.
const PATIENCE: Duration = Duration::from_secs(30);

/// An account that a lane works for.
struct Post {
    id: String,
    /// Open from its first batch on; its connection is kept from one batch to the next.
    account: Option<Account>,
    pace: Pace,
    limits: Limits,
    has_connection: bool,
    rest: Rest,
}

/// How a lane rests that cannot reach the server of an account.
#[derive(Default)]
struct Rest {
    failures: i64,
    until: Option<Instant>,
}

impl Rest {
    fn begin(&mut self, pauses: &Pauses, seed: u64) {
        self.failures += 1;
        let pause = pauses.after(self.failures, seed).unsigned_abs();
        self.until = Instant::now().checked_add(Duration::from_millis(pause));
    }

    fn is_on(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }
}

/// A batch that has landed and is not written down.
#[derive(Default)]
struct Unwritten {
    settled: Vec<Settled>,
    account: String,
    was_trial: bool,
}

/// A batch that is to be handed over.
struct Batch {
    claimed: Vec<Claimed>,
    lease: String,
    is_trial: bool,
    /// When its lease was asked for.
    asked: Instant,
}

/// What a round came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    /// Something was done, so there may be more.
    Busy,
    /// Mail is due that may not be handed over now: others try the account, or have all of what its limits allow.
    Waiting,
    /// Nothing is due, or its account rests.
    Idle,
}

/// A lane on the caller's thread.
pub(super) struct Lane<'a> {
    worker: Worker<'a>,
    name: String,
    request: WorkRequest,
    posts: Vec<Post>,
    /// The post that is looked at first.
    next: usize,
    heart: Heart,
    unwritten: Unwritten,
    /// Leases of claims whose commit failed: nothing of them was handed over.
    unclaimed: Vec<String>,
    claims: u64,
    tally: Tally,
    handed_over: u64,
    started: Instant,
    taken_over: Option<Instant>,
    kept_up: Option<Instant>,
    /// A round has succeeded, so that the settings of the store are good.
    has_worked: bool,
}

impl<'a> Lane<'a> {
    /// A lane of this name for these accounts, which `cancel` stops.
    pub(super) fn new(
        worker: Worker<'a>,
        name: String,
        accounts: Vec<String>,
        request: WorkRequest,
        cancel: &Cancel,
    ) -> Result<Lane<'a>, Error> {
        let heart = Heart::start(worker.place, &name, cancel)?;
        let post = |id: String| {
            let limits = worker.rules.limits.get(&id).copied().unwrap_or_default();
            Post { id, account: None, pace: Pace::new(), limits, has_connection: false, rest: Rest::default() }
        };
        Ok(Lane {
            posts: accounts.into_iter().map(post).collect(),
            worker,
            name,
            request,
            next: 0,
            heart,
            unwritten: Unwritten::default(),
            unclaimed: Vec::new(),
            claims: 0,
            tally: Tally::default(),
            handed_over: 0,
            started: Instant::now(),
            taken_over: None,
            kept_up: None,
            has_worked: false,
        })
    }

    /// Works until there is no more to do, or the call is stopped; says what was done.
    pub(super) fn run(mut self, cancel: &Cancel) -> Result<Tally, Error> {
        let mut away = None;
        let ended = loop {
            if self.is_over(cancel) {
                break Ok(());
            }
            match self.round(cancel) {
                Ok(round) => {
                    (away, self.has_worked) = (None, true);
                    let is_done = round == Round::Idle && self.request.until == Until::Empty;
                    if is_done || round != Round::Busy && self.wait(LOOK, cancel).is_err() {
                        break Ok(());
                    }
                }
                Err(error) if is_stop(&error, cancel) => break Ok(()),
                Err(error) => {
                    let since = *away.get_or_insert_with(Instant::now);
                    if !self.outlasts(&error, since) {
                        break Err(error);
                    }
                    // The longer it is away, the rarer it is asked.
                    let pause = (since.elapsed() / 4).clamp(Duration::from_millis(200), Duration::from_secs(5));
                    if self.wait(pause, cancel).is_err() {
                        break Ok(());
                    }
                }
            }
        };
        let written = self.finish();
        ended.and(written).map(|()| self.tally)
    }

    /// Whether it does not begin another batch.
    fn is_over(&self, cancel: &Cancel) -> bool {
        let is_late = self.request.seconds.is_some_and(|seconds| self.started.elapsed() >= Duration::from_secs(seconds));
        cancel.is_fired() || cancel.is_overdue() || is_late || self.request.max_mails.is_some_and(|most| self.handed_over >= most)
    }

    /// Whether it waits until a fault of the store is over.
    fn outlasts(&self, error: &Error, since: Instant) -> bool {
        let is_passing = error.retry == Retry::Later || error.status == Status::Uncertain || error.status == Status::Auth;
        let waits = self.request.until == Until::Stopped || !self.unwritten.settled.is_empty() && since.elapsed() < PATIENCE;
        self.has_worked && is_passing && waits
    }

    /// Waits, while the program is asked whether to go on.
    fn wait(&self, time: Duration, cancel: &Cancel) -> Result<(), Error> {
        let (watch, until) = (self.worker.host.watch(cancel), Instant::now() + time);
        loop {
            watch.check()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(Duration::from_millis(50)));
        }
    }

    /// Hands over one batch, or does what else is to be done.
    fn round(&mut self, cancel: &Cancel) -> Result<Round, Error> {
        if self.taken_over.is_none_or(|last| last.elapsed() >= TAKEOVER) {
            self.take_over(cancel)?;
        }
        if self.kept_up.is_none_or(|last| last.elapsed() >= UPKEEP) {
            self.keep_up(cancel)?;
        }
        let mut left = Round::Idle;
        for offset in 0..self.posts.len() {
            let index = (self.next + offset) % self.posts.len();
            let is_written = self.unwritten.settled.is_empty();
            if is_written && !self.has_due(index, cancel)? {
                continue;
            }
            if is_written {
                left = Round::Waiting;
            }
            if let Some(batch) = self.claim(Some(index), cancel)? {
                self.next = index + 1;
                self.fly(index, batch);
                return Ok(Round::Busy);
            }
            if !is_written {
                // What was written down may have let others go, and this account was not looked at before.
                return Ok(Round::Busy);
            }
        }
        // A batch that came back without a verdict is settled before the lane says that it has nothing to do.
        Ok(if self.take_over(cancel)? { Round::Busy } else { left })
    }

    /// Whether the account has mail that is due. Where it has none, its connection is left to others.
    fn has_due(&mut self, index: usize, cancel: &Cancel) -> Result<bool, Error> {
        let (post, engine) = (&mut self.posts[index], &mut *self.worker.engine);
        let watch = self.worker.host.watch(cancel);
        let now = engine.now(&watch)?;
        let has_due =
            !post.rest.is_on() && claim::priority(engine, &post.id, now, &watch)?.is_some() && !gate::rests(engine, &post.id, now, &watch)?;
        if !has_due && post.has_connection {
            (post.account, post.has_connection) = (None, false);
            limits::leave_connection(engine, &post.id, &self.name, &watch)?;
        }
        Ok(has_due)
    }

    /// Writes down what became of the last batch and claims the next one, in one transaction.
    fn claim(&mut self, index: Option<usize>, cancel: &Cancel) -> Result<Option<Batch>, Error> {
        let host = Arc::clone(self.worker.host);
        let watch = host.watch(cancel);
        self.claims += 1;
        let lease = format!("{}.{}", self.name, self.claims);
        let opened = index.map(|index| self.open(index)).transpose();
        let room = self.request.max_mails.map_or(u64::MAX, |most| most.saturating_sub(self.handed_over));
        let Lane { worker, unwritten, unclaimed, posts, name, .. } = self;
        let Worker { engine, rules, .. } = worker;
        let asked = Instant::now();
        let done = transaction(*engine, &watch, |engine| {
            let now = engine.now(&watch)?;
            for lease in unclaimed.iter() {
                claim::release(engine, lease, &watch)?;
            }
            let tally = write_down(engine, unwritten, &rules.pauses, now, &watch)?;
            let Some(post) = index.map(|index| &mut posts[index]) else { return Ok((tally, None)) };
            let marks_late = match opened {
                Ok(marks_late) => Ok(marks_late.unwrap_or_default()),
                Err(error) => Err(host.localised(error)),
            };
            let claimed = claim_for(engine, post, (name, &lease, room), marks_late, rules, now, &watch)?;
            Ok((tally, claimed))
        });
        let (tally, claimed) = done.inspect_err(|error| {
            // A commit may have been made although its answer was lost.
            if index.is_some() && error.status != Status::Cancelled {
                self.unclaimed.push(lease.clone());
            }
        })?;
        self.unclaimed.clear();
        self.tally.add(tally);
        for entry in std::mem::take(&mut self.unwritten).settled {
            if entry.outcome.next == Next::Sent {
                content::discard(self.worker.place, &Whereabouts::of(&entry.content));
            }
        }
        Ok(claimed.map(|(claimed, is_trial)| Batch { claimed, lease, is_trial, asked }))
    }

    /// Opens the account of a post, which touches no network; whether its large mails get their mark late.
    fn open(&mut self, index: usize) -> Result<bool, Error> {
        let post = &mut self.posts[index];
        if post.account.is_none() {
            post.account = Some(Account::open(self.worker.host, self.worker.settings, Some(&post.id))?);
        }
        Ok(post.account.as_ref().is_some_and(Account::takes_whole))
    }

    /// Hands a batch over.
    fn fly(&mut self, index: usize, batch: Batch) {
        let Batch { claimed, lease, is_trial, asked } = batch;
        let count = claimed.len();
        let cancel = self.heart.keep(&lease, count, asked);
        let post = &mut self.posts[index];
        // It was opened before the claim.
        let Some(mut account) = post.account.take() else { return };
        let started = Instant::now();
        let settled = delivery::deliver(&mut self.worker, &mut account, claimed, &lease, (&cancel, &self.heart.marks()));
        self.heart.rest();
        post.pace.learn(count, started.elapsed());
        // After a failure the account is opened anew, as it keeps the secrets that it was used with: they may be other ones by then.
        let is_stopped = settled.iter().any(|entry| entry.outcome.stops != Stops::Nothing);
        post.account = (!is_stopped).then_some(account);
        if settled.iter().any(|entry| entry.outcome.next != Next::Back) {
            post.rest = Rest::default();
        } else if settled.iter().any(|entry| entry.outcome.stops == Stops::Lane) {
            post.rest.begin(&self.worker.rules.pauses, self.claims);
        }
        self.handed_over += count as u64;
        self.unwritten = Unwritten { settled, account: post.id.clone(), was_trial: is_trial };
    }

    /// Takes over entries whose worker died; `true` where there were any.
    fn take_over(&mut self, cancel: &Cancel) -> Result<bool, Error> {
        self.taken_over = Some(Instant::now());
        let host = Arc::clone(self.worker.host);
        let watch = host.watch(cancel);
        let engine = &mut *self.worker.engine;
        let now = engine.now(&watch)?;
        if !takeover::is_due(engine, now, &watch)? {
            return Ok(false);
        }
        let doubts = transaction(engine, &watch, |engine| takeover::take(engine, now, &watch))?;
        let mut by_account: HashMap<String, Vec<takeover::Doubt>> = HashMap::new();
        for doubt in doubts {
            by_account.entry(doubt.account.clone()).or_default().push(doubt);
        }
        let mut settled = Vec::new();
        for (account, doubts) in by_account {
            let ids: Vec<&str> = doubts.iter().map(|doubt| doubt.message_id.as_str()).collect();
            let traces = takeover::traces(self.search(&account, &ids, cancel), ids.len());
            settled.extend(doubts.into_iter().zip(traces).map(|(doubt, trace)| takeover::in_time(doubt, trace, now)));
        }
        let Worker { engine, rules, place, .. } = &mut self.worker;
        let way = takeover::Way { host: &host, sends_again: rules.sends_again, pauses: &rules.pauses };
        let (tally, gone) = transaction(*engine, &watch, |engine| {
            let now = engine.now(&watch)?;
            takeover::settle(engine, &settled, &way, now, &watch)
        })?;
        self.tally.add(tally);
        gone.iter().for_each(|at| content::discard(place, at));
        Ok(true)
    }

    /// Looks for mails among what an account keeps of its sent ones.
    fn search(&mut self, account: &str, message_ids: &[&str], cancel: &Cancel) -> Result<Vec<Option<String>>, Error> {
        let unknown = || Error::new(Status::Unsupported, "outbox.account_unknown");
        let index = self.posts.iter().position(|post| post.id == account).ok_or_else(unknown)?;
        self.open(index)?;
        self.posts[index].account.as_mut().map_or_else(|| Err(unknown()), |account| account.find_sent(message_ids, cancel))
    }

    /// Gives up what is overdue, and forgets what ended long ago.
    fn keep_up(&mut self, cancel: &Cancel) -> Result<(), Error> {
        let host = Arc::clone(self.worker.host);
        let watch = host.watch(cancel);
        let Worker { engine, rules, place, .. } = &mut self.worker;
        self.tally.add(transaction(*engine, &watch, |engine| {
            let now = engine.now(&watch)?;
            upkeep::give_up(engine, &host, now, &watch)
        })?);
        let keep = rules.keep;
        let (more, gone) = transaction(*engine, &watch, |engine| {
            let now = engine.now(&watch)?;
            upkeep::forget(engine, now.saturating_sub(keep), now, &watch)
        })?;
        gone.iter().for_each(|at| content::discard(place, at));
        self.kept_up = (!more).then(Instant::now);
        Ok(())
    }

    /// Writes down what is known and leaves: within a moment, whatever the program has stopped.
    fn finish(&mut self) -> Result<(), Error> {
        let (cancel, name) = (Cancel::default(), self.name.clone());
        let watch = delivery::unstoppable(&cancel);
        let has_connection = self.posts.iter().any(|post| post.has_connection);
        if self.unwritten.settled.is_empty() && !has_connection && self.unclaimed.is_empty() {
            return Ok(());
        }
        let Lane { worker, unwritten, unclaimed, posts, .. } = self;
        let tally = transaction(worker.engine, &watch, |engine| {
            let now = engine.now(&watch)?;
            for lease in unclaimed.iter() {
                claim::release(engine, lease, &watch)?;
            }
            for post in posts.iter().filter(|post| post.has_connection) {
                limits::leave_connection(engine, &post.id, &name, &watch)?;
            }
            write_down(engine, unwritten, &worker.rules.pauses, now, &watch)
        })?;
        self.tally.add(tally);
        for entry in std::mem::take(&mut self.unwritten).settled {
            if entry.outcome.next == Next::Sent {
                content::discard(self.worker.place, &Whereabouts::of(&entry.content));
            }
        }
        Ok(())
    }
}

/// Whether an error only says that the program has stopped the work.
fn is_stop(error: &Error, cancel: &Cancel) -> bool {
    error.status == Status::Cancelled || cancel.is_fired() || cancel.is_overdue()
}

/// Writes down what became of a batch: of its entries, and of the account.
fn write_down(engine: &mut dyn Engine, unwritten: &Unwritten, pauses: &Pauses, now: i64, watch: &Watch<'_>) -> Result<Tally, Error> {
    let Unwritten { settled, account, was_trial } = unwritten;
    if settled.is_empty() {
        return Ok(Tally::default());
    }
    settle::lock(engine, settled, watch)?;
    let tally = settle::settle(engine, settled, pauses, now, watch)?;
    let has_passed = settled.iter().any(|entry| entry.outcome.next != Next::Back);
    if has_passed {
        gate::passed(engine, account, *was_trial, now, watch)?;
    }
    let failed = |stops| settled.iter().find(|entry| entry.outcome.stops == stops).and_then(|entry| entry.outcome.error.as_ref());
    let is_trial = *was_trial && !has_passed;
    if let Some(error) = failed(Stops::Account) {
        let seed = settled.first().map_or(0, |entry| entry.id.unsigned_abs());
        return gate::failed(engine, account, error, is_trial, pauses, (now, seed), watch).map(|()| tally);
    }
    if is_trial {
        gate::reopen(engine, account, watch)?;
    }
    if let Some(error) = failed(Stops::Lane) {
        gate::out_of_reach(engine, account, error, watch)?;
    }
    Ok(tally)
}

/// Claims mail of an account, as far as its gate and its limits allow; with whether it is a trial.
fn claim_for(
    engine: &mut dyn Engine,
    post: &mut Post,
    (worker, lease, room): (&str, &str, u64),
    marks_late: Result<bool, Error>,
    rules: &Rules,
    now: i64,
    watch: &Watch<'_>,
) -> Result<Option<(Vec<Claimed>, bool)>, Error> {
    let Some(priority) = claim::priority(engine, &post.id, now, watch)? else { return Ok(None) };
    let until = now.saturating_add(LEASE);
    if let Some(connections) = post.limits.connections {
        post.has_connection = limits::take_connection(engine, &post.id, connections, worker, (now, until), watch)?;
        if !post.has_connection {
            return Ok(None);
        }
    }
    let gate = gate::ask(engine, &post.id, now, watch)?;
    let marks_late = match (gate, marks_late) {
        (Gate::Closed, _) => return Ok(None),
        (_, Ok(marks_late)) => marks_late,
        (_, Err(error)) => {
            post.rest.begin(&rules.pauses, now.unsigned_abs());
            if gate == Gate::Trial {
                gate::reopen(engine, &post.id, watch)?;
            }
            return gate::out_of_reach(engine, &post.id, &error, watch).map(|()| None);
        }
    };
    let alone = gate == Gate::Trial || rules.sends_again;
    let mut mails = if alone { 1 } else { i64::try_from(post.pace.mails()).unwrap_or(1) };
    mails = mails.min(i64::try_from(room).unwrap_or(i64::MAX));
    if let Some(per_minute) = post.limits.per_minute {
        mails = mails.min(limits::left(engine, &post.id, per_minute, now, watch)?);
    }
    let wanted = Wanted { account: &post.id, priority, mails, lease, until, marks_late };
    let claimed = if mails > 0 { claim::claim(engine, &wanted, now, watch)? } else { Vec::new() };
    if claimed.is_empty() {
        if gate == Gate::Trial {
            gate::reopen(engine, &post.id, watch)?;
        }
        return Ok(None);
    }
    if post.limits.per_minute.is_some() {
        limits::count(engine, &post.id, claimed.len(), now, watch)?;
    }
    Ok(Some((claimed, gate == Gate::Trial)))
}
