//! What comes to light while settings are read.

use super::problem::{MAX_PROBLEMS, Problem};

/// What came to light while groups were read.
#[derive(Default)]
pub(super) struct Findings {
    /// What is wrong or risky.
    pub(super) problems: Vec<Problem>,
    /// The groups and fields that show, given or not.
    pub(super) visible: Vec<String>,
    /// Where secrets were given.
    pub(super) secrets: Vec<String>,
    /// The fields that name an account.
    pub(super) accounts: Vec<Reference>,
    /// The fields that show and whose default another field decides.
    pub(super) decided: Vec<String>,
    /// Where the server and the user name were given.
    pub(super) login: Login,
    /// The members that do not show by what stands in another group; known before the groups are read.
    pub(super) hidden: Vec<String>,
    /// The members that must be given by what stands in another group; known before the groups are read.
    pub(super) required: Vec<String>,
    /// The groups whose members count where they are given, although they do not show; known before the groups are read.
    pub(super) used: Vec<String>,
    /// A group, and the names that its schema does not know although they may stand there.
    pub(super) beside: Option<(String, &'static [&'static str])>,
}

/// Where it was given at which server who logs in.
#[derive(Clone, Default)]
pub(super) struct Login {
    /// The first field with a server's name.
    pub(super) host: Option<String>,
    /// The first field of the credentials that is no secret.
    pub(super) user: Option<String>,
}

/// A field that names an account.
pub(super) struct Reference {
    pub(super) pointer: String,
    /// The account that it names.
    pub(super) account: String,
    /// Whether that account sends in the place of the one that names it.
    pub(super) via: bool,
}

impl Findings {
    /// Findings of a group that is read on trial.
    pub(super) fn trial(&self) -> Findings {
        Findings { hidden: self.hidden.clone(), required: self.required.clone(), ..Findings::default() }
    }

    /// How much was noted so far of what shows and of secrets.
    pub(super) fn places(&self) -> [usize; 2] {
        [self.visible.len(), self.secrets.len()]
    }

    /// What was noted since then leads to another place, or nowhere: items of a list that are left out or wrong leave no gap behind.
    pub(super) fn moved(&mut self, [visible, secrets]: [usize; 2], from: &str, to: Option<&str>) {
        let Some(to) = to else {
            self.visible.truncate(visible);
            self.secrets.truncate(secrets);
            return;
        };
        for place in self.visible.iter_mut().skip(visible).chain(self.secrets.iter_mut().skip(secrets)).filter(|_| from != to) {
            if let Some(within) = place.strip_prefix(from) {
                *place = format!("{to}{within}");
            }
        }
    }

    pub(super) fn add(&mut self, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }
}
