//! The lines of a calendar: unfolded, with their parameters (RFC 5545, 3.1; RFC 6868).

/// A line: a name, parameters and a value.
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    parameters: &'a str,
    pub(super) value: &'a str,
}

/// The bytes with each line in one piece.
pub(super) fn unfolded(bytes: &[u8]) -> Vec<u8> {
    let mut unfolded = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match line {
            [b' ' | b'\t', more @ ..] if unfolded.ends_with(b"\n") => {
                unfolded.pop();
                unfolded.pop_if(|byte| *byte == b'\r');
                unfolded.extend_from_slice(more);
            }
            line => unfolded.extend_from_slice(line),
        }
    }
    unfolded
}

/// The lines of a text; what is none is left out.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.trim_start_matches('\u{feff}').trim_start().lines().filter_map(Line::read)
}

impl<'a> Line<'a> {
    fn read(line: &'a str) -> Option<Line<'a>> {
        let colon = outside_quotes(line, ':')?;
        let name = line[..colon].find(';').unwrap_or(colon);
        Some(Line { name: &line[..name], parameters: &line[name..colon], value: &line[colon + 1..] })
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value of a parameter, without its quotes.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let mut rest = self.parameters.strip_prefix(';')?;
        loop {
            let end = outside_quotes(rest, ';').unwrap_or(rest.len());
            let (parameter, behind) = rest.split_at(end);
            let found = parameter.split_once('=').filter(|(known, _)| known.trim().eq_ignore_ascii_case(name));
            if let Some((_, value)) = found {
                return Some(value.trim().trim_matches('"').replace("^n", "\n").replace("^'", "\"").replace("^^", "^"));
            }
            rest = behind.strip_prefix(';')?;
        }
    }

    /// The value as a text, without its escapes (3.3.11).
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(self.value.len());
        let mut characters = self.value.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => match characters.next() {
                    Some('n' | 'N') => text.push('\n'),
                    other => text.extend(other),
                },
                character => text.push(character),
            }
        }
        text.trim().to_owned()
    }
}

/// Where this character stands first outside of quotes.
fn outside_quotes(text: &str, wanted: char) -> Option<usize> {
    let mut is_quoted = false;
    text.char_indices().find_map(|(at, character)| {
        is_quoted ^= character == '"';
        (character == wanted && !is_quoted).then_some(at)
    })
}
