//! What the account's mail is signed and encrypted with (S/MIME), by the settings of its sender.

use super::Account;
use super::pointers::of_host;
use crate::keys::{CERTIFICATE, Going, Surroundings, judge, judge_address, now};
use crate::message::Certificates as _;
use crate::settings::Shown;
use crate::{Cancel, Watch};
use postkontor_plugin::{Error, Level, Secret, Stage, Step, StepStatus};
use serde_json::json;
use std::time::Instant;

impl Account {
    /// Gives what the sender's settings name to `work`; nothing where they name nothing.
    pub(super) fn with_keys<T>(&self, watch: &Watch<'_>, work: impl FnOnce(Option<&Surroundings<'_>>) -> T) -> T {
        let Some(smime) = &self.sender().smime else { return work(None) };
        let find = |name: &str| self.secret(name);
        let note = |line: String| self.host.log().write(Level::Warning, self.id(), line);
        let going = Going { on: &|| watch.check().is_ok(), note: &note };
        let (keyring, folders) = (&self.keyring, self.host.folders());
        work(Some(&Surroundings { smime, keyring, folders, find: &find, going }))
    }

    /// The step of a test that opens what mail is signed and encrypted with; none where the settings name nothing.
    pub(super) fn smime_step(&self, cancel: &Cancel) -> Option<Step> {
        let started = Instant::now();
        let watch = self.host.watch(cancel);
        let step = self.with_keys(&watch, |keys| keys.map(|keys| self.opened(keys).unwrap_or_else(|error| self.unusable(error))))?;
        let step = advised(step);
        Some(Step { ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX), ..step })
    }

    fn opened(&self, keys: &Surroundings<'_>) -> Result<Step, Error> {
        let mut step = Step::ok(Stage::Smime);
        if let Some(signature) = keys.signature()? {
            let certificate = signature.identity.certificate();
            let other = self.sender().address.as_deref().and_then(|address| judge_address(certificate, address));
            let mut judged: Vec<_> = judge(certificate, now()).into_iter().chain(other).collect();
            // What keeps it from signing comes first.
            judged.sort_by_key(|judged| judged.is_warning);
            if let Some(first) = judged.into_iter().next() {
                let status = if first.is_warning { StepStatus::Warn } else { StepStatus::Fail };
                let status_number = if first.is_warning { 0 } else { postkontor_plugin::Status::Settings.number() };
                let pointer = self.placed_setting(CERTIFICATE);
                step = Step { status, status_number, pointer, facts: first.args, ..Step::warn(Stage::Smime, first.code) };
            }
            if let Ok(serde_json::Value::Object(shown)) = serde_json::to_value(Shown::of(certificate)) {
                step.facts.extend(shown);
            }
        }
        let count = keys.count();
        match count {
            Ok(0) if keys.smime.encrypt.is_none() => Ok(step),
            Ok(count) => Ok(step.fact("certificates", json!(count))),
            // What is wrong with the signer is the more urgent.
            Err(_) if step.status == StepStatus::Fail => Ok(step),
            Err(error) => Err(error),
        }
    }

    fn unusable(&self, error: Error) -> Step {
        Step::fail(Stage::Smime, &of_host(self.at_sender(error), None, &self.document))
    }

    /// Where a setting of the sender stands in the document as it was given.
    fn placed_setting(&self, pointer: &str) -> String {
        self.document.locate(&self.document.sender_pointer(self.id(), pointer))
    }

    /// A secret of the sender's, which the log does not show from then on.
    pub(super) fn secret(&self, name: &str) -> Option<Secret> {
        let secret = self.host.callbacks().secret_get(name)?;
        self.connections.iter().for_each(|connection| connection.mask().hide(&secret));
        Some(secret)
    }

    pub(super) fn id(&self) -> &str {
        self.connections.first().map_or("", |connection| connection.settings.id.as_str())
    }
}

/// The step with what to do about it.
fn advised(step: Step) -> Step {
    let advice = match step.code.as_str() {
        "smime.password_wrong" | "smime.password_missing" => "advice.check_file_password",
        "smime.no_key" | "smime.key_does_not_fit" => "advice.export_with_key",
        "smime.certificate_expired"
        | "smime.certificate_expires"
        | "smime.certificate_not_for_signing"
        | "smime.certificate_other_address"
        | "smime.certificate_without_address"
        | "smime.certificate_weak"
        | "smime.certificate_weak_digest"
        | "smime.key_unsupported" => "advice.new_mail_certificate",
        "smime.certificate_not_yet_valid" => "advice.check_clock",
        "smime.file_missing"
        | "smime.file_unreadable"
        | "smime.no_file"
        | "smime.file_too_large"
        | "smime.file_damaged"
        | "smime.no_certificate" => "advice.check_file",
        _ => return step,
    };
    step.advice(advice)
}
