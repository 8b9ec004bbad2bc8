//! Whether a server's certificate is trusted: Windows builds its chain, the verdict is ours.

use super::prepared::Prepared;
use super::system::{self, Session};
use super::verdict::{self, Built};
use crate::net::certificate::{Fault, Findings};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long its answer is waited for. Windows keeps to [`system::LONGEST`] for what it fetches; should it hang all the same, what is known without it is
/// the verdict, and the call does not end for want of one.
const PATIENCE: Duration = Duration::from_millis(2 * system::LONGEST as u64);

/// A verdict that may take its time: Windows may have to fetch an authority.
pub(super) struct Trial {
    own: Vec<u8>,
    others: Vec<Vec<u8>>,
    prepared: Arc<Prepared>,
    allows_old: bool,
    /// A fault is a reason to refuse the server.
    is_strict: bool,
    built: Result<Built, u32>,
    fetched: Option<Receiver<Result<Built, u32>>>,
    begun: Instant,
}

impl Trial {
    /// Builds the chain from what this machine has. Only where no trusted authority is found that way, Windows is asked to look for one
    /// at its maker's, in a thread of its own: the call must not wait for it beyond its deadline.
    pub(super) fn new(session: &Session, prepared: &Arc<Prepared>, allows_old: bool, is_strict: bool) -> Trial {
        let (own, others) = (session.certificate.clone(), session.others.clone());
        let built = build(&own, &others, &prepared.authorities, false);
        let is_wanting = built.as_ref().is_ok_and(|built| verdict::lacks_authority(built, &prepared.authorities));
        let fetched = is_wanting.then(|| {
            let (own, others, prepared) = (own.clone(), others.clone(), prepared.clone());
            let (tell, told) = channel();
            let fetch = move || drop(tell.send(build(&own, &others, &prepared.authorities, true)));
            // Where there is no thread to be had, the first answer stands.
            std::thread::Builder::new().name("postkontor-tls".to_owned()).spawn(fetch).map(|_| told)
        });
        Trial {
            own,
            others,
            prepared: prepared.clone(),
            allows_old,
            is_strict,
            built,
            fetched: fetched.and_then(Result::ok),
            begun: Instant::now(),
        }
    }

    /// The findings, once they are there. Waits for a moment, so that the caller can come again at once.
    pub(super) fn findings(&mut self, host: &str) -> Option<Findings> {
        /// How long the caller's progress may stand still.
        const MOMENT: Duration = Duration::from_millis(20);
        if let Some(fetched) = &self.fetched {
            match fetched.recv_timeout(MOMENT) {
                Err(RecvTimeoutError::Timeout) if self.begun.elapsed() < PATIENCE => return None,
                Ok(Ok(built)) => self.built = Ok(built),
                Ok(Err(_)) | Err(_) => {}
            }
            self.fetched = None;
        }
        let (built, faults) = match &self.built {
            Ok(built) => (built, verdict::faults(built, &self.prepared.authorities, self.allows_old)),
            Err(number) => (&Built::default(), vec![Fault::Untrusted(super::numbers::words(*number))]),
        };
        let mut findings = Findings { chain: vec![self.own.clone()], faults: Vec::new() };
        findings.inspect(host);
        faults.into_iter().for_each(|fault| findings.add(fault));
        let is_refused = self.is_strict && !findings.faults.is_empty();
        findings.chain = verdict::ordered(self.own.clone(), self.others.clone(), built, is_refused);
        Some(findings)
    }
}

fn build(own: &[u8], others: &[Vec<u8>], authorities: &[Vec<u8>], fetches: bool) -> Result<Built, u32> {
    system::build(own, others.iter().chain(authorities), fetches)
}
