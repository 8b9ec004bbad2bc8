//! Updates of the selected folder, which the server sends unasked.

/// The updates of the selected folder so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Updates {
    pub(crate) messages: u32,
    /// There are more messages than there were.
    pub(crate) has_grown: bool,
    /// Messages went, and the numbers of those behind them are others now.
    pub(crate) has_shrunk: bool,
    /// The server said that it can IDLE, and would not.
    pub(crate) is_refused: bool,
    /// DONE was sent, at least once.
    pub(crate) was_idle: bool,
}

impl Updates {
    /// Takes note of an untagged response.
    pub(crate) fn note(&mut self, line: &[u8]) {
        let Some((number, word)) = counted(line) else { return };
        if word.eq_ignore_ascii_case(b"EXISTS") {
            self.has_grown |= number > self.messages;
            self.messages = number;
        } else if word.eq_ignore_ascii_case(b"EXPUNGE") {
            self.messages = self.messages.saturating_sub(1);
            self.has_shrunk = true;
        }
    }
}

/// The number and the word of `* 23 EXISTS`.
pub(crate) fn counted(line: &[u8]) -> Option<(u32, &[u8])> {
    let rest = line.strip_prefix(b"* ")?.trim_ascii_end();
    let space = rest.iter().take(11).position(|byte| *byte == b' ')?;
    let number = std::str::from_utf8(&rest[..space]).ok()?.parse().ok()?;
    Some((number, &rest[space + 1..]))
}
