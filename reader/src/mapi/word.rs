//! Texts in header fields: plain where they can be, else encoded words (RFC 2047) and parameters (RFC 2231).

use std::fmt::Write;

/// A line of a header is no longer than this (RFC 5322, 2.1.1).
const LINE: usize = 76;

/// Writes a text as the value of a field, folded behind what stands in the line already.
pub(super) fn text(out: &mut String, text: &str) {
    let text = cleaned(text);
    if is_plain(&text) {
        return fold(out, &text);
    }
    encoded(out, &text);
}

/// Writes a name in front of an address.
pub(super) fn phrase(out: &mut String, name: &str) {
    let name = cleaned(name);
    if !is_plain(&name) {
        return encoded(out, &name);
    }
    out.push('"');
    for character in name.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}

/// Writes a parameter on a line of its own, percent-encoded where it has to be.
pub(super) fn parameter(out: &mut String, name: &str, value: &str) {
    let value = cleaned(value);
    if is_plain(&value) && value.len() < 60 {
        out.push_str(";\r\n ");
        out.push_str(name);
        out.push('=');
        return phrase(out, &value);
    }
    let mut pieces: Vec<String> = vec![String::new()];
    for character in value.chars() {
        if pieces.last().is_some_and(|piece| piece.len() > 48) {
            pieces.push(String::new());
        }
        let Some(piece) = pieces.last_mut() else { return };
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
                piece.push(char::from(byte));
            } else {
                // Writing to a text cannot fail.
                let _ = write!(piece, "%{byte:02X}");
            }
        }
    }
    for (index, piece) in pieces.iter().enumerate() {
        let charset = if index == 0 { "utf-8''" } else { "" };
        let _ = write!(out, ";\r\n {name}*{index}*={charset}{piece}");
    }
}

/// Without what would end the field.
fn cleaned(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !text.contains("=?") && !text.split(' ').any(|word| word.len() > 900)
}

/// Breaks lines in front of words, where there are any.
fn fold(out: &mut String, text: &str) {
    let mut column = out.len() - out.rfind('\n').map_or(0, |end| end + 1);
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            if column + word.len() >= LINE && !word.is_empty() {
                out.push_str("\r\n");
                column = 0;
            }
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += word.len();
    }
}

fn encoded(out: &mut String, text: &str) {
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.len().min(42);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, behind) = rest.split_at(end);
        out.push_str("=?utf-8?B?");
        base64_simd::STANDARD.encode_append(piece.as_bytes(), out);
        out.push_str(if behind.is_empty() { "?=" } else { "?=\r\n " });
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_plain_where_they_can_be() {
        let written = |write: fn(&mut String, &str), value: &str| {
            let mut out = String::new();
            write(&mut out, value);
            out
        };
        assert_eq!(written(text, "a\r\nB: c"), "a  B: c");
        assert_eq!(written(text, "Grüße"), "=?utf-8?B?R3LDvMOfZQ==?=");
        assert_eq!(written(phrase, r#"Anna "A" \"#), r#""Anna \"A\" \\""#);
        assert_eq!(written(|out, value| parameter(out, "name", value), "a.pdf"), ";\r\n name=\"a.pdf\"");
        assert_eq!(written(|out, value| parameter(out, "name", value), "ä 1"), ";\r\n name*0*=utf-8''%C3%A4%201");
        for line in written(text, &"Grüße ".repeat(50)).lines().chain(written(text, &"word ".repeat(50)).lines()) {
            assert!(line.len() <= LINE, "{line}");
        }
    }
}
