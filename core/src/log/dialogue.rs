//! The dialogue of a call, for the error of one that failed.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// How many lines are kept from the beginning, where a session is decided, and from its end, where it fails.
const HEAD: usize = 100;
const TAIL: usize = 300;

/// The protocol lines of a call. What lies between its beginning and its end is left out where it is long.
#[derive(Default)]
pub(crate) struct Dialogue(Mutex<Lines>);

#[derive(Default)]
struct Lines {
    head: Vec<String>,
    tail: VecDeque<String>,
    left_out: bool,
}

impl Dialogue {
    /// Takes a line of a transport, if it is one of the dialogue.
    pub(crate) fn hear(&self, line: &str) {
        if !(line.starts_with("C: ") || line.starts_with("S: ")) {
            return;
        }
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.head.len() < HEAD {
            lines.head.push(line.to_owned());
            return;
        }
        if lines.tail.len() == TAIL {
            lines.tail.pop_front();
            lines.left_out = true;
        }
        lines.tail.push_back(line.to_owned());
    }

    /// Hands out the lines, and begins anew.
    pub(crate) fn take(&self) -> Vec<String> {
        let lines = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let gap = lines.left_out.then(|| "…".to_owned());
        lines.head.into_iter().chain(gap).chain(lines.tail).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_dialogue_keeps_both_ends_and_nothing_else_of_the_log() {
        let dialogue = Dialogue::default();
        dialogue.hear("connect: host mail.example.com");
        (0..1000).for_each(|number| dialogue.hear(&format!("S: {number}")));
        let lines = dialogue.take();
        assert_eq!(lines.len(), HEAD + 1 + TAIL);
        assert_eq!((lines[0].as_str(), lines[HEAD].as_str(), lines[HEAD + TAIL].as_str()), ("S: 0", "…", "S: 999"));
        assert!(dialogue.take().is_empty());
    }
}
