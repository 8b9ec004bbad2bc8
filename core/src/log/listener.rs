//! The host's ear during one call of a transport.

use super::{Dialogue, Log, level};
use crate::Callbacks;
use postkontor_plugin::{Level, Mask, Secret};
use std::sync::{Mutex, PoisonError};

/// Stands between a transport and the program for one call: it names the account in each line, takes secrets out of what the
/// transport says, and remembers the dialogue where that is wanted.
pub(crate) struct Listener<'a> {
    log: &'a Log,
    account: &'a str,
    mask: &'a Mutex<Mask>,
    dialogue: &'a Dialogue,
}

impl<'a> Listener<'a> {
    /// An ear for one call for this account.
    pub(crate) fn new(log: &'a Log, account: &'a str, mask: &'a Mutex<Mask>, dialogue: &'a Dialogue) -> Listener<'a> {
        Listener { log, account, mask, dialogue }
    }

    fn hide(&self, secret: &Secret) {
        self.mask.lock().unwrap_or_else(PoisonError::into_inner).hide(secret);
    }
}

impl Callbacks for Listener<'_> {
    fn log(&self, number: i32, text: &str) {
        let level = level(number);
        let is_kept = self.log.keeps_protocol() && level == Level::Trace;
        if !is_kept && !self.log.reads(level) {
            return;
        }
        // A transport of ours has masked it. Others may forget, and so may the libraries they use.
        let mask = self.mask.lock().unwrap_or_else(PoisonError::into_inner);
        let text = mask.text(text);
        if is_kept {
            self.dialogue.hear(&text);
        }
        self.log.write(level, self.account, &text);
    }

    fn progress(&self, done: u64, total: u64) -> bool {
        self.log.callbacks().progress(done, total)
    }

    fn secret_get(&self, name: &str) -> Option<Secret> {
        let secret = self.log.callbacks().secret_get(name);
        secret.iter().for_each(|secret| self.hide(secret));
        secret
    }

    fn secret_put(&self, name: &str, value: &Secret) -> bool {
        self.hide(value);
        self.log.callbacks().secret_put(name, value)
    }
}
