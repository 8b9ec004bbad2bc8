//! What happens on the way, collected: the steps of a test, and the dialogue.

use crate::{Call, Error, Level, Report, Stage, Step, StepStatus};
use std::time::Instant;

/// Collects the steps of a test and the dialogue, or only the dialogue, or nothing.
///
/// A step without a duration gets the time since the step before it, so that a caller that pushes steps in order needs no clock.
pub struct Recorder<'c> {
    steps: Option<Vec<Step>>,
    transcript: Option<Vec<String>>,
    since: Instant,
    /// Who learns each step as it ends.
    told: Option<&'c Call<'c>>,
    /// From where on the steps are those of something that is done once more.
    again: Option<usize>,
}

impl Recorder<'_> {
    /// A recorder that forgets everything: for all calls but `test`.
    pub fn off() -> Recorder<'static> {
        Recorder { steps: None, transcript: None, since: Instant::now(), told: None, again: None }
    }

    /// A recorder that keeps every step and the dialogue.
    pub fn on() -> Recorder<'static> {
        Recorder { steps: Some(Vec::new()), transcript: Some(Vec::new()), ..Recorder::off() }
    }

    /// The recorder of a test: it keeps every step and the dialogue, and tells each step to a host that wants to hear of it at once.
    pub fn telling<'c>(call: &'c Call<'c>) -> Recorder<'c> {
        Recorder { told: Some(call).filter(|call| call.takes_steps()), ..Recorder::on() }
    }

    /// Whether steps are kept; where they are not, their facts need not be gathered.
    pub fn keeps_steps(&self) -> bool {
        self.steps.is_some()
    }

    /// Adds a step, and tells it to the log where no test collects it: the report of a test is logged by the host as a whole.
    pub fn note(&mut self, step: Step, call: &Call) {
        if !self.keeps_steps() {
            let level = if step.status == StepStatus::Warn { Level::Warning } else { Level::Debug };
            call.log(level, &step);
        }
        self.push(step);
    }

    /// Adds something that the program should know although the work goes on: a step of a test, else a warning of the call.
    pub fn warn(&mut self, warning: Error, call: &Call) {
        if self.keeps_steps() {
            let stage = warning.stage.unwrap_or(Stage::Settings);
            self.push(Step { status: StepStatus::Warn, status_number: 0, ..Step::fail(stage, &warning) });
        } else {
            call.warn(warning);
        }
    }

    /// Whether the dialogue is kept.
    pub fn keeps_dialogue(&self) -> bool {
        self.transcript.is_some()
    }

    /// Adds a step. A duration of 0 is replaced by the time since the last step.
    pub fn push(&mut self, mut step: Step) {
        let Some(steps) = &mut self.steps else { return };
        let now = Instant::now();
        if step.ms == 0 {
            step.ms = u64::try_from(now.duration_since(self.since).as_millis()).unwrap_or(u64::MAX);
        }
        self.since = now;
        if let Some(again) = &mut self.again
            && let Some(place) = steps.iter().skip(*again).position(|before| before.step == step.step)
        {
            *again += place + 1;
            // A step that went as before has been told; the token is another one.
            if step.step != Stage::Token && steps[*again - 1].status == step.status {
                return;
            }
        }
        if let Some(call) = self.told {
            call.tell(&step);
        }
        steps.push(step);
    }

    /// How many steps there are, for [`Recorder::forget`].
    pub(super) fn mark(&self) -> usize {
        self.steps.as_ref().map_or(0, Vec::len)
    }

    /// Takes back the steps since a mark, because what they are about is done once more. What the host has learnt already stays, and it learns it once.
    pub(super) fn forget(&mut self, mark: usize) {
        match (&mut self.steps, self.told) {
            (Some(_), Some(_)) => self.again = Some(mark),
            (Some(steps), None) => steps.truncate(mark),
            (None, _) => (),
        }
    }

    /// Adds what was said on a connection that is not needed any more ([`Transcript::take`](super::Transcript::take)).
    pub fn keep(&mut self, mut lines: Vec<String>) {
        if let Some(transcript) = &mut self.transcript {
            transcript.append(&mut lines);
        }
    }

    /// The dialogue so far.
    pub fn take_transcript(&mut self) -> Vec<String> {
        self.transcript.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The steps in the order they were taken.
    pub fn steps(self) -> Vec<Step> {
        self.steps.unwrap_or_default()
    }

    /// Whether a step failed.
    pub(super) fn has_failed(&self) -> bool {
        self.steps.iter().flatten().any(|step| step.status == StepStatus::Fail)
    }

    /// Steps and dialogue as the report of a test. Where a step failed, the steps of `whole` that were not reached are reported as skipped.
    pub fn report(mut self, whole: &[Stage]) -> Report {
        let (has_failed, transcript) = (self.has_failed(), self.take_transcript());
        let told = self.told;
        let mut steps = self.steps();
        for stage in whole.iter().filter(|_| has_failed) {
            if steps.iter().all(|step| step.step != *stage) {
                let skipped = Step::skipped(*stage);
                told.iter().for_each(|call| call.tell(&skipped));
                steps.push(skipped);
            }
        }
        Report { steps, transcript }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, Status};

    #[test]
    fn a_recorder_keeps_its_steps_in_order_unless_it_is_off() {
        let mut on = Recorder::on();
        on.push(Step { ms: 7, ..Step::ok(Stage::Resolve) });
        on.push(Step::ok(Stage::Connect));
        let steps = on.steps();
        assert_eq!(steps.iter().map(|step| step.step).collect::<Vec<_>>(), [Stage::Resolve, Stage::Connect]);
        assert_eq!(steps[0].ms, 7);
        let mut off = Recorder::off();
        off.push(Step::ok(Stage::Connect));
        assert!(off.steps().is_empty());
    }

    #[test]
    fn what_was_not_reached_is_skipped_only_where_something_failed() {
        let whole = [Stage::Resolve, Stage::Connect, Stage::Login];
        let report = |step| {
            let mut recorder = Recorder::on();
            recorder.push(Step::ok(Stage::Resolve));
            recorder.push(step);
            recorder.report(&whole).steps.iter().map(|step| (step.step, step.status)).collect::<Vec<_>>()
        };
        let resolved = (Stage::Resolve, StepStatus::Ok);
        assert_eq!(report(Step::ok(Stage::Connect)), [resolved, (Stage::Connect, StepStatus::Ok)]);
        let failed = Step::fail(Stage::Connect, &Error::new(Status::Network, "net.refused"));
        assert_eq!(report(failed), [resolved, (Stage::Connect, StepStatus::Fail), (Stage::Login, StepStatus::Skipped)]);
    }

    /// A host that notes the steps that it learns.
    #[derive(Default)]
    struct Listener(std::cell::RefCell<Vec<Step>>);

    impl crate::HostCalls for Listener {
        fn write(&self, stream: u64, data: &[u8]) -> Result<(), Status> {
            assert_eq!(stream, 0);
            let crate::wire::Told { step } = serde_json::from_slice(data).unwrap();
            self.0.borrow_mut().push(step);
            Ok(())
        }
    }

    #[test]
    fn what_is_done_once_more_is_learnt_once_and_the_report_has_what_was_learnt() {
        let host = Listener::default();
        for takes in [true, false] {
            let call = Call::new(&host, Instant::now()).taking_steps(takes);
            let mut recorder = Recorder::telling(&call);
            recorder.push(Step::ok(Stage::Resolve));
            let mark = recorder.mark();
            let first = [Stage::Connect, Stage::Tls, Stage::Token];
            first.into_iter().for_each(|stage| recorder.push(Step::ok(stage)));
            recorder.forget(mark);
            recorder.push(Step::ok(Stage::Connect));
            recorder.push(Step::warn(Stage::Tls, "tls.old"));
            recorder.push(Step::ok(Stage::Token));
            recorder.push(Step::fail(Stage::Login, &Error::new(Status::Auth, "auth.refused")));
            let steps = recorder.report(&[Stage::Login, Stage::Mailbox]).steps;
            let stages: Vec<_> = steps.iter().map(|step| step.step).collect();
            use Stage::{Connect, Login, Mailbox, Resolve, Tls, Token};
            match takes {
                true => assert_eq!(stages, [Resolve, Connect, Tls, Token, Tls, Token, Login, Mailbox]),
                false => assert_eq!(stages, [Resolve, Connect, Tls, Token, Login, Mailbox]),
            }
            assert_eq!(host.0.take(), if takes { steps } else { Vec::new() });
        }
    }
}
