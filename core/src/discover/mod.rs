//! Finding the settings for an address: what `postkontor-discover` proposes, checked, with sentences, and tested where a password was given.

mod trial;

use crate::request::{Discover, Password};
use crate::settings::{self, Severity};
use crate::{Cancel, Host, Report};
use postkontor_discover::{Outcome, Proposal as Found, Sentence, Source, Step, Tried as Attempt, Wanted, Why};
use postkontor_plugin::{Error, Status};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long all of it takes at most where the request says nothing else.
const DEADLINE: Duration = Duration::from_secs(20);

/// What was found for an address.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Discovered {
    /// The address.
    pub address: String,
    /// Settings that may be those of the address, best first; none where nothing was found.
    pub proposals: Vec<Proposal>,
    /// What was tried, in the order of the steps.
    pub tried: Vec<Tried>,
}

/// Settings that may be those of the address.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proposal {
    /// A whole settings document, which passes `check`. The password is a reference: that of the request, or `mail/ADDRESS`.
    pub settings: Value,
    /// Where it comes from.
    pub source: Source,
    /// The provider's name, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// 0 to 100; 100 only after a test that found no fault.
    pub confidence: u8,
    /// Why it is proposed.
    pub reason: String,
    /// What a person should know beside that.
    pub notes: Vec<String>,
    /// What the test with the request's password found, where there was one: the report of the first account with a fault, else that of the
    /// last account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tested: Option<Report>,
}

/// An attempt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tried {
    /// The step that it belongs to.
    pub step: Step,
    /// What became of it.
    pub result: Outcome,
    /// What happened.
    pub message: String,
}

impl Host {
    /// Finds the settings for an address: known providers, DNS, autoconfig, Autodiscover, and the usual names.
    ///
    /// `address` is an address or the JSON document of a request (docs/discovery.md). Nothing found is no error. With a password the best
    /// proposals are tested, over verified TLS only.
    pub fn discover(self: &Arc<Host>, address: &str, cancel: &Cancel) -> Result<Discovered, Error> {
        self.find(address, cancel).map_err(|error| {
            let error = self.localised(error);
            self.log().failed("", "discover", &error);
            error
        })
    }

    fn find(self: &Arc<Host>, address: &str, cancel: &Cancel) -> Result<Discovered, Error> {
        let started = Instant::now();
        let request = Discover::read(address)?;
        let time = request.timeout_seconds.map_or(DEADLINE, Duration::from_secs);
        // Where the caller's own deadline is the earlier one, there is an answer before it.
        let time = time.min(cancel.remaining(time).saturating_sub(Duration::from_millis(200)));
        // The test of what is found has its share.
        let share = if request.password.is_some() { time * 6 / 10 } else { time };
        let wanted = wanted(&request, share);
        let watch = crate::Watch::new(self.callbacks(), cancel, Duration::MAX);
        let found = postkontor_discover::discover(&wanted, &mut || watch.check())?;
        let mut tried: Vec<Tried> = found.tried.iter().map(|attempt| self.attempt(attempt)).collect();
        let mut sound = Vec::new();
        for proposal in found.proposals {
            match self.fault(&proposal.settings) {
                None => sound.push(proposal),
                Some(message) => tried.push(Tried { step: step_of(proposal.source), result: Outcome::Refused, message }),
            }
        }
        let tests = match &request.password {
            Some(password) => trial::test(self, &sound, password, &cancel.within(time.saturating_sub(started.elapsed())))?,
            None => Vec::new(),
        };
        let mut proposals: Vec<Proposal> = Vec::new();
        for (index, found) in sound.into_iter().enumerate() {
            proposals.push(self.proposal(found, tests.iter().find(|(at, _)| *at == index).map(|(_, report)| report.clone())));
        }
        proposals.sort_by_key(|proposal| std::cmp::Reverse(proposal.confidence));
        Ok(Discovered { address: request.address.text().to_owned(), proposals, tried })
    }

    fn proposal(&self, found: Found, tested: Option<Report>) -> Proposal {
        let confidence = match &tested {
            Some(report) if report.ok => 100,
            // A wrong password says nothing against the servers; anything else does.
            Some(report) if report.status() != Status::Auth => found.confidence.min(30),
            _ => found.confidence,
        };
        Proposal {
            reason: self.said(&found.reason),
            notes: found.notes.iter().map(|note| self.said(note)).collect(),
            settings: found.settings,
            source: found.source,
            provider: found.provider,
            confidence,
            tested,
        }
    }

    fn attempt(&self, attempt: &Attempt) -> Tried {
        let message = match &attempt.why {
            Why::Said(sentence) => self.said(sentence),
            Why::Error(error) => self.localised((**error).clone()).message.clone(),
        };
        Tried { step: attempt.step, result: attempt.outcome, message }
    }

    fn said(&self, sentence: &Sentence) -> String {
        self.sentence(sentence.code, &sentence.args).unwrap_or_else(|| sentence.code.to_owned())
    }

    /// Why a proposal does not pass `check`; a plugin may not be there.
    fn fault(&self, document: &Value) -> Option<String> {
        let checked = settings::check(&document.to_string(), self, || self.texts(), self.language());
        checked.problems.into_iter().find(|problem| problem.severity == Severity::Error).map(|problem| problem.message)
    }
}

fn wanted(request: &Discover, timeout: Duration) -> Wanted {
    let servers = &request.name_servers;
    Wanted {
        address: request.address.clone(),
        steps: request.steps.clone(),
        timeout,
        name_servers: if servers.is_empty() { system::name_servers() } else { servers.clone() },
        proxy: request.proxy.clone(),
        ca_file: request.ca_file.clone(),
        password: match &request.password {
            Some(Password::Reference(name)) => json!({"secret": name}),
            _ => json!({"secret": format!("mail/{}", request.address.text())}),
        },
        client_id: request.client_id.clone(),
    }
}

/// What the system knows.
mod system {
    #[cfg(windows)]
    pub(super) use crate::windows::name_servers;
    #[cfg(not(windows))]
    pub(super) use postkontor_discover::name_servers;
}

fn step_of(source: Source) -> Step {
    match source {
        Source::Table => Step::Table,
        Source::Srv => Step::Srv,
        Source::Autoconfig => Step::Autoconfig,
        Source::Autodiscover => Step::Autodiscover,
        Source::Mx => Step::Mx,
        Source::Guess => Step::Guess,
    }
}
