//! What is wrong, or risky, in settings.

use super::repair::Repair;
use postkontor_plugin::{At, Error, Input, Stage, Status};
use serde_json::{Map, Value, json};

/// Further problems of a group are left out.
pub(super) const MAX_PROBLEMS: usize = 100;

/// One finding about a settings document.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Problem {
    /// Where, as JSON pointer.
    pub(super) pointer: String,
    /// Stable code.
    pub(super) code: String,
    /// Arguments for the text of the code.
    pub(super) args: Box<Map<String, Value>>,
    /// English, for support.
    pub(super) detail: String,
    /// It works, but the user should know.
    pub(super) warning: bool,
    /// What would repair it, where that is known.
    pub(super) repair: Option<Box<Repair>>,
}

impl Problem {
    pub(super) fn new(pointer: &str, code: impl Into<String>) -> Problem {
        Problem {
            pointer: pointer.to_owned(),
            code: code.into(),
            args: Box::default(),
            detail: String::new(),
            warning: false,
            repair: None,
        }
    }

    pub(super) fn warning(pointer: &str, code: impl Into<String>) -> Problem {
        Problem { warning: true, ..Problem::new(pointer, code) }
    }

    pub(super) fn arg(mut self, name: &str, value: impl Into<Value>) -> Problem {
        self.args.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn repair(mut self, repair: Repair) -> Problem {
        self.repair = Some(Box::new(repair));
        self
    }

    pub(super) fn detail(mut self, detail: String) -> Problem {
        self.detail = detail;
        self
    }

    /// Adds the name that was probably meant, to stand at `{hint}`.
    pub(super) fn hint<'a>(self, given: &str, known: impl Iterator<Item = &'a str>) -> Problem {
        self.arg("hint", hint(given, known))
    }

    /// Adds the value that was probably meant, to stand at `{hint}` and as the repair.
    pub(super) fn meant<'a>(self, given: &str, known: impl Iterator<Item = &'a str>) -> Problem {
        match nearest(given, known) {
            None => self.arg("hint", ""),
            Some(near) => {
                let repair = Repair::value(&self.pointer, near);
                self.arg("hint", suggestion(near)).repair(repair)
            }
        }
    }
}

/// The question for the name that was probably meant, to stand at `{hint}`; nothing where none comes near.
pub(crate) fn hint<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Value {
    nearest(given, known).map_or_else(|| json!(""), suggestion)
}

/// The question for a name, to stand at `{hint}`.
pub(super) fn suggestion(name: &str) -> Value {
    json!({"code": "settings.did_you_mean", "args": {"suggestion": name}})
}

/// The one error for all problems that are more than warnings; `None` when there are none.
pub(super) fn error(problems: &[Problem]) -> Option<Error> {
    let mut at: Vec<At> = Vec::new();
    for problem in problems.iter().filter(|problem| !problem.warning) {
        at.push(At { args: (*problem.args).clone(), ..At::new(Input::Settings, &problem.pointer, &problem.code) });
    }
    if at.is_empty() {
        return None;
    }
    let detail = problems.iter().map(|problem| problem.detail.as_str()).find(|detail| !detail.is_empty()).unwrap_or_default();
    let mut error = Error::new(Status::Settings, "settings.invalid").stage(Stage::Settings).arg("count", at.len()).detail(detail);
    error.at = at;
    Some(error)
}

/// A name from the document as a sentence may show it: short, and without control characters.
pub(crate) fn shown(name: &str) -> String {
    let mut shown: String = name.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if name.chars().nth(40).is_some() {
        shown.push('…');
    }
    shown
}

/// The known name that differs least, if it differs little.
pub(super) fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if given.len() > 40 {
        return None;
    }
    let plain = |name: &str| name.to_lowercase().replace(['-', ' '], "_");
    let given = plain(given);
    let near = known.map(|name| (distance(&given, &plain(name)), name)).min_by_key(|(distance, _)| *distance);
    near.filter(|(distance, name)| *distance <= 1 + name.chars().count() / 4).map(|(_, name)| name)
}

/// How many characters must be inserted, removed, replaced or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<_>, Vec<_>) = (a.chars().collect(), b.chars().collect());
    let mut rows = [Vec::new(), Vec::new(), (0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        rows.rotate_left(1);
        let [older, old, row] = &mut rows;
        row.clear();
        row.push(i);
        for j in 1..=b.len() {
            let mut best = (old[j] + 1).min(row[j - 1] + 1).min(old[j - 1] + usize::from(a[i - 1] != b[j - 1]));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(older[j - 2] + 1);
            }
            row.push(best);
        }
    }
    rows[2][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        let known = ["host", "port", "timeout_seconds", "proxy"];
        for (given, meant) in
            [("prot", Some("port")), ("Host", Some("host")), ("timeout-seconds", Some("timeout_seconds")), ("hots", Some("host"))]
        {
            assert_eq!(nearest(given, known.into_iter()), meant, "{given}");
        }
        for given in ["", "colour", "timeout", "x"] {
            assert_eq!(nearest(given, known.into_iter()), None, "{given}");
        }
    }

    #[test]
    fn a_foreign_name_is_shown_short_and_harmless() {
        assert_eq!(shown("a\r\nb\u{1b}"), "a\u{fffd}\u{fffd}b\u{fffd}");
        assert_eq!(shown(&"x".repeat(41)).chars().count(), 41);
    }
}
