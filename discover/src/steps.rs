//! The steps of discovering, each of which can be switched off.

use serde::{Deserialize, Serialize};

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// The table of known providers; touches no network.
    Table,
    /// DNS SRV.
    Srv,
    /// Autoconfig at hosts of the domain, over HTTPS.
    Autoconfig,
    /// Autoconfig at Mozilla's database, over HTTPS.
    Database,
    /// DNS MX, and the table.
    Mx,
    /// Autodiscover at hosts of the domain, over HTTPS.
    Autodiscover,
    /// The usual names at the usual ports.
    Guess,
}

/// All steps, in their order, with the names that requests and answers have for them.
pub const STEPS: [(&str, Step); 7] = [
    ("table", Step::Table),
    ("srv", Step::Srv),
    ("autoconfig", Step::Autoconfig),
    ("database", Step::Database),
    ("mx", Step::Mx),
    ("autodiscover", Step::Autodiscover),
    ("guess", Step::Guess),
];

/// Which steps are to be taken; by default all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    off: Vec<Step>,
}

impl Steps {
    /// Switches a step off.
    pub fn switch_off(&mut self, step: Step) {
        if self.is_on(step) {
            self.off.push(step);
        }
    }

    /// Whether a step is to be taken.
    pub fn is_on(&self, step: Step) -> bool {
        !self.off.contains(&step)
    }
}
