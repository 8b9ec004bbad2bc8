//! One operation's talk with the service: pauses where it asks for them, a new token where one is refused, and what becomes of a request
//! that is not answered.

use crate::meaning::{Class, class, with_pause};
use crate::message::{Held, Message, Take};
use crate::payload::Payload;
use crate::place::Folders;
use crate::refusal::Refusal;
use crate::service::{Outcome, Outgoing, Service, at};
use crate::settings::Settings;
use crate::xml::{Document, Writer};
use postkontor_plugin::net::Recorder;
use postkontor_plugin::{Call, Error, Level, Stage};
use std::time::{Duration, Instant};

/// The shortest pause for a service that has too much to do.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest one that is taken by itself; longer ones only where the service asks for them.
const LONGEST: Duration = Duration::from_secs(60);

/// How often something that failed within the service is asked again.
const FAILURES: u32 = 3;

/// From that size on a request is not sent before it is known that the service listens.
const LARGE: u64 = 1024 * 1024;

/// What was heard within that time shows that login and service are in order.
const FRESH: Duration = Duration::from_secs(20);

/// What is kept of an account from one call to the next.
pub(crate) struct Account {
    pub(crate) settings: Settings,
    pub(crate) service: Service,
    pub(crate) folders: Folders,
    /// When the service last did what it was asked.
    pub(crate) heard: Option<Instant>,
}

/// One operation.
pub(crate) struct Talk<'a, 'c> {
    pub(crate) account: &'a mut Account,
    pub(crate) call: &'a Call<'a>,
    pub(crate) recorder: &'a mut Recorder<'c>,
    /// A new token was fetched; a second one would be no better.
    has_renewed: bool,
}

/// What became of a request that changes something.
pub(crate) enum Submitted {
    /// The service has answered.
    Answered(Vec<Message>),
    /// The service did nothing.
    Refused(Error),
    /// The service did nothing, and after what was done about it, it may be asked again; what passed has to begin anew.
    Again(Error),
    /// It may have carried it out.
    InDoubt(Error),
}

/// A request that changes something.
pub(crate) enum Submission<'s, 'p> {
    /// Held in memory.
    Held(Vec<u8>),
    /// Made while it is sent; its size, where that is known.
    Passing(Option<u64>, &'s mut Payload<'p>),
}

impl<'a, 'c> Talk<'a, 'c> {
    pub(crate) fn new(account: &'a mut Account, call: &'a Call<'a>, recorder: &'a mut Recorder<'c>) -> Talk<'a, 'c> {
        Talk { account, call, recorder, has_renewed: false }
    }

    pub(crate) fn host(&self) -> String {
        self.account.service.url.host().to_owned()
    }

    /// An envelope with this request.
    pub(crate) fn envelope(&self, request: impl FnOnce(&mut Writer)) -> Document {
        crate::soap::envelope(self.account.settings.impersonated(), request)
    }

    /// Asks for something that changes nothing, or that may be done twice; the answers, one for each item.
    pub(crate) fn ask(&mut self, stage: Stage, request: impl FnOnce(&mut Writer)) -> Result<Vec<Message>, Error> {
        let document = self.envelope(request);
        let mut held = Held::default();
        self.each(&document, stage, &mut held)?;
        Ok(held.0)
    }

    /// Asks for one thing; the answer, if it is a success.
    pub(crate) fn ask_one(&mut self, stage: Stage, request: impl FnOnce(&mut Writer)) -> Result<Message, Error> {
        let mut messages = self.ask(stage, request)?;
        let message = if messages.is_empty() { None } else { Some(messages.swap_remove(0)) };
        match message {
            Some(message) if message.is_success => Ok(message),
            Some(message) => Err(message.error(&self.host(), stage)),
            None => Err(at(crate::xml::malformed("no answer for what was asked"), stage)),
        }
    }

    /// Asks for something that changes nothing, or that may be done twice, and hands the answers over as they come.
    pub(crate) fn each(&mut self, document: &Document, stage: Stage, take: &mut dyn Take) -> Result<(), Error> {
        let (mut pauses, mut failures) = (0, 0);
        loop {
            let mut first = FirstBusy { inner: &mut *take, is_first: true, busy: None };
            let outcome = self.account.service.post(Outgoing::Held(&document.bytes), true, &mut first, self.call, self.recorder);
            let (is_first, busy) = (first.is_first, first.busy);
            let error = match outcome {
                Outcome::Answered => match busy {
                    Some(message) => message,
                    None => {
                        self.account.heard = Some(Instant::now());
                        return Ok(());
                    }
                },
                Outcome::Fault(message) => message,
                Outcome::Refused(refusal) if refusal.status == 401 => {
                    self.renew(self.login_refused(&refusal))?;
                    continue;
                }
                Outcome::Refused(refusal) => {
                    let error = at(refusal.error(&self.account.service.url, document.bytes.len() as u64), stage);
                    if refusal.is_busy() {
                        self.pause(&mut pauses, refusal.retry_after, error)?;
                    } else if refusal.is_doubtful() && failures < FAILURES {
                        failures += 1;
                        self.pause(&mut pauses, None, error)?;
                    } else {
                        return Err(error);
                    }
                    continue;
                }
                Outcome::Broken { error, .. } => return Err(at(error, stage)),
            };
            // What was handed over is not asked for again.
            let may_repeat = is_first;
            match error.class() {
                Class::Busy if may_repeat => self.pause(&mut pauses, error.back_off, error.error(&self.host(), stage))?,
                Class::Failed if may_repeat && failures < FAILURES => {
                    failures += 1;
                    self.pause(&mut pauses, error.back_off, error.error(&self.host(), stage))?;
                }
                _ => return Err(error.error(&self.host(), stage)),
            }
        }
    }

    /// Asks for something that must not be done twice.
    pub(crate) fn submit(&mut self, mut submission: Submission<'_, '_>, stage: Stage) -> Submitted {
        let mut pauses = 0;
        loop {
            let mut held = Held::default();
            let (outcome, size) = match &mut submission {
                Submission::Held(bytes) => (self.post(Outgoing::Held(bytes), &mut held), bytes.len() as u64),
                Submission::Passing(size, payload) => (self.post(Outgoing::Passing(*size, payload), &mut held), size.unwrap_or(u64::MAX)),
            };
            let error = match self.settled(outcome, held.0, size, stage) {
                Settled::Done(submitted) => return submitted,
                Settled::Busy(pause, error) => match self.pause(&mut pauses, pause, error.clone()) {
                    Ok(()) => error,
                    Err(error) => return Submitted::Refused(error),
                },
                Settled::Renewable(error) => match self.renew(error.clone()) {
                    Ok(()) => error,
                    Err(error) => return Submitted::Refused(error),
                },
            };
            if let Submission::Passing(_, payload) = &mut submission
                && payload.restart().is_err()
            {
                return Submitted::Again(error);
            }
        }
    }

    fn post(&mut self, content: Outgoing<'_, '_>, take: &mut dyn Take) -> Outcome {
        self.account.service.post(content, false, take, self.call, self.recorder)
    }

    fn settled(&mut self, outcome: Outcome, messages: Vec<Message>, size: u64, stage: Stage) -> Settled {
        let host = self.host();
        match outcome {
            Outcome::Answered => {
                self.account.heard = Some(Instant::now());
                match messages.first() {
                    Some(first) if !first.is_success && first.class() == Class::Busy => {
                        Settled::Busy(first.back_off, first.error(&host, stage))
                    }
                    _ => Settled::Done(Submitted::Answered(messages)),
                }
            }
            Outcome::Fault(fault) => match class(&fault.code) {
                Class::Busy => Settled::Busy(fault.back_off, fault.error(&host, stage)),
                Class::Failed => Settled::Done(Submitted::InDoubt(fault.error(&host, stage))),
                Class::Gone | Class::Refused => Settled::Done(Submitted::Refused(fault.error(&host, stage))),
            },
            Outcome::Refused(refusal) if refusal.status == 401 => Settled::Renewable(self.login_refused(&refusal)),
            Outcome::Refused(refusal) => {
                let error = at(refusal.error(&self.account.service.url, size), stage);
                if refusal.is_busy() {
                    Settled::Busy(refusal.retry_after, error)
                } else if refusal.is_doubtful() {
                    Settled::Done(Submitted::InDoubt(error))
                } else {
                    Settled::Done(Submitted::Refused(error))
                }
            }
            Outcome::Broken { error, in_doubt: true } => Settled::Done(Submitted::InDoubt(at(error, stage))),
            Outcome::Broken { error, in_doubt: false } => Settled::Done(Submitted::Refused(at(error, stage))),
        }
    }

    /// Sees to it that login and service are in order before something large is on its way.
    pub(crate) fn warm_up(&mut self, size: u64) -> Result<(), Error> {
        if size < LARGE {
            return Ok(());
        }
        let is_fresh = self.account.heard.is_some_and(|heard| heard.elapsed() < FRESH) && self.account.service.client().is_connected();
        if is_fresh {
            return Ok(());
        }
        let request = |xml: &mut Writer| crate::place::get_folder(xml, &[crate::place::Place::Distinguished("inbox", None)]);
        // Whether the folder may be looked at is not the question.
        self.ask(Stage::Login, request).map(drop)
    }

    fn login_refused(&self, refusal: &Refusal) -> Error {
        let login = &self.account.service.login;
        login.explain(refusal.login(&self.host(), &self.account.settings.auth.user, login.is_by_token()))
    }

    /// Fetches another token, once.
    fn renew(&mut self, refused: Error) -> Result<(), Error> {
        if std::mem::replace(&mut self.has_renewed, true) {
            return Err(refused);
        }
        self.account.service.login.renew(refused, self.call, self.recorder)
    }

    /// Waits as long as the service asks for, or longer each time; not where the call would end before.
    pub(crate) fn pause(&mut self, pauses: &mut u32, asked: Option<Duration>, error: Error) -> Result<(), Error> {
        let own = LONGEST.min(PAUSE * 2u32.saturating_pow(*pauses));
        *pauses += 1;
        let pause = asked.map_or(own, |asked| asked.max(PAUSE)) + jitter();
        if self.call.remaining() < pause + PAUSE {
            return Err(with_pause(error, pause));
        }
        self.call.log(Level::Information, format_args!("{} asks for a pause of {} ms", self.host(), pause.as_millis()));
        let end = Instant::now() + pause;
        while Instant::now() < end {
            self.call.check()?;
            std::thread::sleep(self.call.slice().min(end.saturating_duration_since(Instant::now())));
        }
        Ok(())
    }
}

enum Settled {
    Done(Submitted),
    Busy(Option<Duration>, Error),
    Renewable(Error),
}

/// Up to a quarter of a second, so that several programs do not come back at the same moment.
fn jitter() -> Duration {
    let mut byte = [0];
    // Without random numbers they do.
    let _ = getrandom::fill(&mut byte);
    Duration::from_millis(byte[0].into())
}

/// Keeps back a first answer that asks for a pause: then nothing was done for any item.
struct FirstBusy<'t> {
    inner: &'t mut dyn Take,
    is_first: bool,
    busy: Option<Message>,
}

impl crate::xml::Content for FirstBusy<'_> {
    fn begin(&mut self) {
        self.inner.begin();
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.is_first = false;
        self.inner.take(bytes)
    }
}

impl Take for FirstBusy<'_> {
    fn message(&mut self, message: Message) -> Result<bool, Error> {
        if self.is_first && !message.is_success && matches!(message.class(), Class::Busy) {
            self.busy = Some(message);
            return Ok(false);
        }
        self.is_first = false;
        self.inner.message(message)
    }
}
