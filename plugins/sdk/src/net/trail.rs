//! The steps of a test, collected on the way.

use crate::{Call, Level, Step, StepStatus};
use std::time::Instant;

/// Collects the steps of a test, or nothing where nobody asked for one.
///
/// A step that brings no duration gets the time since the step before it, so whoever pushes steps in order needs no clock.
#[derive(Debug)]
pub struct Trail {
    steps: Option<Vec<Step>>,
    since: Instant,
}

impl Trail {
    /// A trail that forgets everything: for all calls but `test`.
    pub fn off() -> Trail {
        Trail { steps: None, since: Instant::now() }
    }

    /// A trail that keeps every step.
    pub fn on() -> Trail {
        Trail { steps: Some(Vec::new()), since: Instant::now() }
    }

    /// Whether steps are kept; where they are not, their facts need not be gathered.
    pub fn is_on(&self) -> bool {
        self.steps.is_some()
    }

    /// Adds a step, and tells it to the log where no test collects it: the report of a test is logged by the host as a whole.
    pub fn note(&mut self, step: Step, call: &Call) {
        if !self.is_on() {
            let level = if step.status == StepStatus::Warn { Level::Warning } else { Level::Debug };
            call.log(level, &step);
        }
        self.push(step);
    }

    /// Adds a step. A duration of 0 is replaced by the time since the last step.
    pub fn push(&mut self, mut step: Step) {
        let Some(steps) = &mut self.steps else { return };
        let now = Instant::now();
        if step.ms == 0 {
            step.ms = u64::try_from(now.duration_since(self.since).as_millis()).unwrap_or(u64::MAX);
        }
        self.since = now;
        steps.push(step);
    }

    /// The steps in the order they were taken.
    pub fn steps(self) -> Vec<Step> {
        self.steps.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stage;

    #[test]
    fn a_trail_keeps_its_steps_in_order_unless_it_is_off() {
        let mut on = Trail::on();
        on.push(Step { ms: 7, ..Step::ok(Stage::Resolve) });
        on.push(Step::ok(Stage::Connect));
        let steps = on.steps();
        assert_eq!(steps.iter().map(|step| step.step).collect::<Vec<_>>(), [Stage::Resolve, Stage::Connect]);
        assert_eq!(steps[0].ms, 7);
        let mut off = Trail::off();
        off.push(Step::ok(Stage::Connect));
        assert!(off.steps().is_empty());
    }
}
