//! The order of the steps, side by side where it does not matter, within one deadline.

use crate::context::{Context, Wanted};
use crate::document::document;
use crate::finding::{Finding, Outcome, Sentence, Source, Tried, Yield};
use crate::steps::{STEPS, Step};
use crate::{autoconfig, autodiscover, guess, mx, srv, table};
use postkontor_plugin::{Error, Status};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How often the caller is asked whether to go on.
const POLL: Duration = Duration::from_millis(50);

/// A finding of this confidence needs no guesses beside it.
const ENOUGH: u8 = 50;

/// What was found.
#[derive(Clone, Debug)]
pub struct Discovered {
    /// Best first.
    pub proposals: Vec<Proposal>,
    /// In the order of the steps.
    pub tried: Vec<Tried>,
}

/// Settings that may be those of the address.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// A whole settings document. Secrets stand in it as references only.
    pub settings: Value,
    /// Where it comes from.
    pub source: Source,
    /// The provider's name, where it is known.
    pub provider: Option<String>,
    /// 0 to 100.
    pub confidence: u8,
    /// Why it is proposed.
    pub reason: Sentence,
    /// What a person should know beside that.
    pub notes: Vec<Sentence>,
    /// Whether a password may be tried there before a person has looked at it: not where DNS alone leads to another domain, nor where
    /// the name of the login is not known.
    pub may_be_tested: bool,
}

/// A part of the work that goes on by itself.
type Job<'j> = Box<dyn Fn(&Context) -> Yield + Send + Sync + 'j>;

/// Finds the settings for an address. `going_on` is asked on this thread, at least every 100 ms; its error ends the search.
///
/// When the time is over, what was found until then is the answer.
pub fn discover(wanted: &Wanted, going_on: &mut dyn FnMut() -> Result<(), Error>) -> Result<Discovered, Error> {
    let until = Instant::now() + wanted.timeout;
    let is_on = |step| wanted.steps.is_on(step);
    let mut found = if is_on(Step::Table) { table::look_up(&wanted.address) } else { Yield::default() };
    if found.findings.is_empty() && !found.is_final {
        // The guesses have time even where a name server is silent.
        let first = if is_on(Step::Guess) { Instant::now() + wanted.timeout * 6 / 10 } else { until };
        run(wanted, first, jobs(wanted), &mut found, going_on)?;
        let is_enough = found.is_final || found.findings.iter().any(|finding| finding.confidence >= ENOUGH);
        if is_on(Step::Guess) && !is_enough {
            let hosts = std::mem::take(&mut found.hosts);
            let job: Job = Box::new(move |context| guess::look_up(context, &hosts));
            run(wanted, until, vec![(Step::Guess, job)], &mut found, going_on)?;
        }
    }
    let tried = told(wanted, found.tried);
    Ok(Discovered { proposals: proposals(found.findings, wanted), tried })
}

fn jobs(wanted: &Wanted) -> Vec<(Step, Job<'static>)> {
    let domain = wanted.address.domain();
    let mut jobs: Vec<(Step, Job<'static>)> = vec![(Step::Srv, Box::new(srv::look_up)), (Step::Mx, Box::new(mx::look_up))];
    for url in autoconfig::urls(domain) {
        jobs.push((Step::Autoconfig, Box::new(move |context| autoconfig::fetch(context, Step::Autoconfig, &url))));
    }
    let url = autoconfig::database_url(domain);
    jobs.push((Step::Database, Box::new(move |context| autoconfig::fetch(context, Step::Database, &url))));
    for host in autodiscover::hosts(domain) {
        jobs.push((Step::Autodiscover, Box::new(move |context| autodiscover::fetch(context, &host))));
    }
    jobs.retain(|(step, _)| wanted.steps.is_on(*step));
    jobs
}

/// Runs jobs side by side and gathers what they find, in the order of the jobs.
fn run(
    wanted: &Wanted,
    until: Instant,
    jobs: Vec<(Step, Job)>,
    found: &mut Yield,
    going_on: &mut dyn FnMut() -> Result<(), Error>,
) -> Result<(), Error> {
    let stop = AtomicBool::new(false);
    let mut stopped = Ok(());
    let mut yields: Vec<Option<Yield>> = jobs.iter().map(|_| None).collect();
    std::thread::scope(|scope| {
        let (sender, receiver) = channel();
        let mut threads = Vec::new();
        for (index, (_, job)) in jobs.iter().enumerate() {
            let (sender, stop) = (sender.clone(), &stop);
            let thread = std::thread::Builder::new().name("postkontor-discover".to_owned()).stack_size(512 * 1024);
            let work = move || {
                // The receiver outlives every thread.
                let _ = sender.send((index, job(&Context::new(wanted, until, stop))));
            };
            threads.extend(thread.spawn_scoped(scope, work).ok());
        }
        drop(sender);
        loop {
            match receiver.recv_timeout(POLL) {
                Ok((index, result)) => yields.get_mut(index).into_iter().for_each(|place| *place = Some(result.clone())),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => (),
            }
            if stopped.is_ok() {
                stopped = going_on().inspect_err(|_| stop.store(true, Ordering::Release));
            }
        }
        // A thread that has panicked sent nothing; a scope that does not join it panics itself.
        threads.into_iter().for_each(|thread| drop(thread.join()));
    });
    stopped?;
    for ((step, _), result) in jobs.iter().zip(yields) {
        let broken = || Yield::of(Tried::error(*step, Error::new(Status::Internal, "discover.step_broken")));
        found.add(result.unwrap_or_else(broken));
    }
    Ok(())
}

/// The attempts in the order of the steps, with those that were not made.
fn told(wanted: &Wanted, mut tried: Vec<Tried>) -> Vec<Tried> {
    for (_, step) in STEPS {
        let is_on = wanted.steps.is_on(step);
        if !is_on || !tried.iter().any(|tried| tried.step == step) {
            let (outcome, code) = if is_on { (Outcome::Unneeded, "discover.step_unneeded") } else { (Outcome::Off, "discover.step_off") };
            tried.push(Tried::said(step, outcome, Sentence::new(code)));
        }
    }
    tried.sort_by_key(|tried| tried.step);
    tried
}

/// The findings as documents, best first; of those that say the same, the best one is left.
fn proposals(mut findings: Vec<Finding>, wanted: &Wanted) -> Vec<Proposal> {
    // The order of the steps decides between equals.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.confidence));
    let mut proposals: Vec<Proposal> = Vec::new();
    for finding in findings {
        let settings = document(&finding, wanted);
        if proposals.iter().all(|proposal| proposal.settings != settings) {
            let Finding { source, provider, confidence, reason, notes, may_be_tested, .. } = finding;
            proposals.push(Proposal { settings, source, provider, confidence, reason, notes, may_be_tested });
        }
    }
    proposals
}
