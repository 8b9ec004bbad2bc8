//! The steps of a test: what the program gets of each, in the report and, where it asks for that, as the step ends.

use crate::Host;
use crate::error::{failed, unreadable};
use crate::loader::Streams;
use crate::pointer::{child, names};
use crate::settings::Document;
use postkontor_plugin::wire::Told;
use postkontor_plugin::{Error, Mask, Stage, Status, Step};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The stream on which a transport tells its steps.
const CONTROL: u64 = postkontor_plugin::abi::raw::CONTROL_STREAM;

/// Makes of a transport's step the one that the program gets.
pub(super) struct Finish {
    pub(super) host: Arc<Host>,
    pub(super) document: Arc<Document>,
    pub(super) account: Arc<str>,
    /// The account's secrets, to be taken out of what the transport says.
    pub(super) mask: Arc<Mutex<Mask>>,
}

impl Finish {
    /// The step without secrets, with pointer and patch of the document, and with its sentences.
    pub(super) fn step(&self, mut step: Step) -> Step {
        let mask = self.mask();
        if !mask.is_empty() {
            mask.members(&mut step.facts);
            mask.string(&mut step.detail);
        }
        drop(mask);
        if !step.pointer.is_empty() {
            step.pointer = self.document.place(&self.account, &step.pointer);
        }
        step.patch = step.patch.map(|patch| self.patch(patch));
        self.host.in_words(step)
    }

    /// A line of the dialogue without secrets, should a transport have forgotten one.
    pub(super) fn line(&self, mut line: String) -> String {
        self.mask().string(&mut line);
        line
    }

    fn mask(&self) -> MutexGuard<'_, Mask> {
        self.mask.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A patch of the account's settings as a patch of the document.
    fn patch(&self, patch: Value) -> Value {
        let mut pointer = String::new();
        let mut inner = &patch;
        // Down to the first value: where that one stands, the patch belongs.
        while let Some((name, value)) = inner.as_object().and_then(|object| object.iter().next()) {
            pointer = child(&pointer, name);
            inner = value;
        }
        let place = self.document.place(&self.account, &pointer);
        let before = place.strip_suffix(&pointer).unwrap_or_default();
        let names: Vec<_> = names(before).collect();
        names.into_iter().rev().fold(patch, |patch, name| json!({ name: patch }))
    }
}

/// Tells the program each step as it ends, in the order of the report.
pub(super) struct Telling {
    host: Arc<Host>,
    is_wanted: bool,
    /// The end of the session and what follows it: the host's own steps come before.
    held: Vec<Step>,
}

impl Telling {
    /// Tells nothing unless it `is_wanted`.
    pub(super) fn new(host: &Arc<Host>, is_wanted: bool) -> Telling {
        Telling { host: host.clone(), is_wanted, held: Vec::new() }
    }

    /// Tells a step of the host's own.
    pub(super) fn say(&self, step: &Step) {
        if self.is_wanted
            && let Ok(json) = serde_json::to_string(step)
        {
            self.host.callbacks().step(&json);
        }
    }

    /// Tells what was held back.
    pub(super) fn end(self) {
        self.held.iter().for_each(|step| self.say(step));
    }

    /// Tells a step of the transport.
    fn pass(&mut self, step: Step) {
        if step.step == Stage::Quit || !self.held.is_empty() {
            self.held.push(step);
        } else {
            self.say(&step);
        }
    }
}

/// Takes the steps that a transport tells during its test.
pub(super) struct Hearing<'t> {
    telling: &'t mut Telling,
    finish: Finish,
    count: usize,
}

impl<'t> Hearing<'t> {
    pub(super) fn new(telling: &'t mut Telling, finish: Finish) -> Hearing<'t> {
        Hearing { telling, finish, count: 0 }
    }

    /// Whether the transport has to tell its steps.
    pub(super) fn is_wanted(&self) -> bool {
        self.telling.is_wanted
    }

    /// Tells those of the report that the transport has not told: a transport may know nothing of telling.
    pub(super) fn rest(self, steps: &[Step]) {
        steps.iter().skip(self.count).for_each(|step| self.telling.pass(step.clone()));
    }
}

impl Streams for Hearing<'_> {
    fn read(&mut self, _stream: u64, _data: &mut [u8]) -> Result<usize, Error> {
        Err(failed(Status::Unsupported, "host.stream_unknown"))
    }

    fn write(&mut self, stream: u64, data: &[u8]) -> Result<(), Error> {
        if stream != CONTROL || !self.is_wanted() {
            return Err(failed(Status::Unsupported, "host.stream_unknown"));
        }
        let Told { step } = serde_json::from_slice(data).map_err(unreadable)?;
        self.count += 1;
        self.telling.pass(self.finish.step(step));
        Ok(())
    }
}
