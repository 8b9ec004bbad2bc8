//! Working: lanes that claim what is due, hand it over, and write down what became of it.

mod claim;
mod damage;
mod delivery;
mod gate;
mod lane;
mod lease;
mod limits;
mod outcome;
mod pace;
mod pause;
mod request;
mod settle;
mod takeover;
#[cfg(test)]
mod tests;
mod upkeep;
mod worker;

pub use request::{Until, WorkRequest};

use crate::outbox::Outbox;
use lane::Lane;
use limits::Limits;
use pause::Pauses;
use postkontor_core::settings::{Document, OnUncertain, Outbox as Settings};
use postkontor_core::{Asked, Cancel, Error};
use serde::Serialize;
use settle::Tally;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use worker::{Rules, Worker};

/// What working has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Worked {
    /// Mails that a server took.
    pub sent: u64,
    /// Mails of which it is not known, and that wait for a person.
    pub held: u64,
    /// Mails that were refused by all, or given up.
    pub failed: u64,
    /// Attempts that are repeated later.
    pub later: u64,
    /// Mails that are still to be sent, by whatever worker.
    pub left: u64,
}

impl Outbox {
    /// Sends what is due, on the caller's thread: one lane. A program that wants several starts as many threads, with an outbox each.
    ///
    /// A call that is stopped by `cancel` or its deadline ends within two seconds: it finishes what is in flight, or learns what became of
    /// it. That is no error.
    ///
    /// # Errors
    ///
    /// ARGUMENT: the request is wrong. Else what keeps the store from being used. What becomes of a mail is never an error of this call.
    pub fn work<'r>(&mut self, request: impl Into<Asked<'r, WorkRequest>>, cancel: &Cancel) -> Result<Worked, Error> {
        let worked = request.into().read().and_then(|request| self.work_as(&request, cancel));
        worked.map_err(|error| self.host.localised(error))
    }

    fn work_as(&mut self, request: &WorkRequest, cancel: &Cancel) -> Result<Worked, Error> {
        let document = Document::parse(&self.settings, self.host.as_ref())?;
        let known: Vec<String> = document.accounts().map(str::to_owned).collect();
        request.check(&known)?;
        let accounts = request.accounts.clone().unwrap_or(known);
        let worker = Worker {
            host: &self.host,
            settings: &self.settings,
            place: &self.place,
            engine: self.engine.as_mut(),
            rules: Rules::of(&self.options),
        };
        let Tally { sent, held, failed, later } = Lane::new(worker, name(), accounts, request.clone(), cancel)?.run(cancel)?;
        let silent = Cancel::default();
        let left = "SELECT COUNT(*) FROM postkontor_outbox_entries WHERE state IN ('queued', 'sending')";
        let rows = self.engine.rows(left, &[], &delivery::unstoppable(&silent))?;
        let left = rows.first().map_or(Ok(0), |row| row.int(0))?;
        Ok(Worked { sent, held, failed, later, left: left.unsigned_abs() })
    }
}

impl Rules {
    fn of(settings: &Settings) -> Rules {
        let Settings { retry, limits, .. } = settings;
        let seconds = |seconds: u32| i64::from(seconds) * 1000;
        let limit = |limit: &postkontor_core::settings::Limit| {
            let (per_minute, connections) = (limit.per_minute.map(i64::from), limit.connections.map(i64::from));
            (limit.account.clone(), Limits { per_minute, connections })
        };
        Rules {
            pauses: Pauses { first: seconds(retry.first_seconds), factor: f64::from(retry.factor), most: seconds(retry.max_seconds) },
            sends_again: settings.on_uncertain == OnUncertain::SendAgain,
            keep: i64::from(settings.keep_days) * 86_400_000,
            limits: limits.iter().map(limit).collect(),
        }
    }
}

/// A name that no other lane has, on whatever machine.
fn name() -> String {
    // Each of these states begins with numbers that the system draws.
    let number = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", number(), number() ^ u64::from(std::process::id()))
}
