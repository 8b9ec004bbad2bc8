//! What a report says.

use crate::{Report, Stage, Step, StepStatus};

/// The first step that failed.
///
/// # Panics
///
/// Where none did.
pub fn failed(report: &Report) -> &Step {
    report.steps.iter().find(|step| step.status == StepStatus::Fail).unwrap_or_else(|| panic!("no step failed: {report:?}"))
}

/// The stages that were skipped, apart from the proxy, which few accounts have.
pub fn skipped(report: &Report) -> Vec<Stage> {
    let skipped = report.steps.iter().filter(|step| step.status == StepStatus::Skipped && step.step != Stage::Proxy);
    skipped.map(|step| step.step).collect()
}
