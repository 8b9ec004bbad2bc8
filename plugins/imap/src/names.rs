//! Folder names on the wire: modified UTF-7 (RFC 3501, section 5.1.3), and strings that no name can break out of.

use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD_NO_PAD};
use base64::engine::{DecodePaddingMode, Engine};
use std::collections::BTreeMap;

/// Base64 as some servers write it: padded, or with bits behind the last character.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The names of folders on the wire, where the server writes them otherwise than RFC 3501 has it (`Entwürfe` in UTF-8, `A&B` as it is), and
/// which of those that could be written otherwise are not.
#[derive(Clone, Debug, Default)]
pub(crate) struct WireNames(BTreeMap<String, Option<String>>);

impl WireNames {
    /// Notes under which name on the wire a folder was listed.
    pub(crate) fn note(&mut self, name: &str, wire: &str, utf8: bool) {
        let odd = Some(wire).filter(|wire| *wire != plain(name, utf8)).map(str::to_owned);
        // Of plain names there may be a hundred thousand.
        if odd.is_some() || is_ambiguous(name) || self.0.contains_key(name) {
            self.0.insert(name.to_owned(), odd);
        }
    }

    /// Notes that the server knows the folder by the name that we write.
    pub(crate) fn prove(&mut self, name: &str) {
        if is_ambiguous(name) && !self.knows(name) {
            self.0.insert(name.to_owned(), None);
        }
    }

    /// Whether it is known how the server writes this name.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A folder name as the wire wants it, quoted.
    pub(crate) fn folder(&self, name: &str, utf8: bool) -> String {
        quoted(&self.0.get(name).cloned().flatten().unwrap_or_else(|| plain(name, utf8)))
    }
}

/// A folder name as RFC 3501 has it on the wire. With UTF8=ACCEPT (RFC 6855) names travel as they are.
fn plain(name: &str, utf8: bool) -> String {
    if utf8 { name.to_owned() } else { encode(name) }
}

/// Whether the name can stand on the wire in more than one form.
pub(crate) fn is_ambiguous(name: &str) -> bool {
    !name.is_ascii() || name.contains('&')
}

/// A quoted string. Line breaks and NUL cannot stand in one; callers have refused them before.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0')) {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// A text as an argument: quoted, or as a literal where it has bytes that a quoted string may hold only with UTF8=ACCEPT. A literal
/// stands as `{length}` and its text on a line of its own; [`Session::send_with_literals`](crate::session::Session::send_with_literals) sends it.
pub(crate) fn string(text: &str, utf8: bool) -> String {
    if utf8 || text.is_ascii() {
        return quoted(text);
    }
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0')).collect();
    format!("{{{}}}\r\n{text}", text.len())
}

/// Modified UTF-7: printable ASCII as it is, `&` as `&-`, the rest as base64 of UTF-16 with `,` in the place of `/`.
pub(crate) fn encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    let mut run: Vec<u16> = Vec::new();
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            flush(&mut run, &mut encoded);
            encoded.push(c);
            if c == '&' {
                encoded.push('-');
            }
        } else {
            run.extend_from_slice(c.encode_utf16(&mut [0; 2]));
        }
    }
    flush(&mut run, &mut encoded);
    encoded
}

fn flush(run: &mut Vec<u16>, encoded: &mut String) {
    if !run.is_empty() {
        let bytes: Vec<u8> = run.drain(..).flat_map(u16::to_be_bytes).collect();
        encoded.push('&');
        encoded.push_str(&STANDARD_NO_PAD.encode(bytes).replace('/', ","));
        encoded.push('-');
    }
}

/// Takes modified UTF-7 apart. What is not well-formed stays as it is: a name that cannot be read can still be shown.
pub(crate) fn decode(name: &str) -> String {
    let mut decoded = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        let Some((run, after_run)) = after.split_once('-') else { return name.to_owned() };
        if run.is_empty() {
            decoded.push('&');
        } else {
            let Ok(bytes) = LENIENT.decode(run.replace(',', "/")) else { return name.to_owned() };
            if bytes.is_empty() || bytes.len() % 2 > 0 {
                return name.to_owned();
            }
            let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            let Ok(text) = String::from_utf16(&units) else { return name.to_owned() };
            decoded.push_str(&text);
        }
        rest = after_run;
    }
    decoded.push_str(rest);
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_travel_in_modified_utf7() {
        // The last is the example of RFC 3501.
        for (name, wire) in [
            ("INBOX", "INBOX"),
            ("Gesendete Objekte", "Gesendete Objekte"),
            ("Entwürfe", "Entw&APw-rfe"),
            ("A & B", "A &- B"),
            ("日本", "&ZeVnLA-"),
            ("😀", "&2D3eAA-"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ] {
            assert_eq!(encode(name), wire);
            assert_eq!(decode(wire), name);
        }
    }

    #[test]
    fn a_name_that_is_not_well_formed_is_shown_as_it_is() {
        for wire in ["a&b", "&!!!-", "&2D0-", "A&BB-C", "A&B-C", "Entwürfe"] {
            assert_eq!(decode(wire), wire);
        }
    }

    #[test]
    fn other_forms_of_modified_utf7_are_read_and_go_back_as_they_were() {
        for (wire, name) in [
            ("Entw&APw=-rfe", "Entwürfe"),
            ("Entw&APx-rfe", "Entwürfe"),
            ("&AGEAYg-", "ab"),
            ("a&AC8-b", "a/b"),
            ("Entwürfe &- x", "Entwürfe & x"),
        ] {
            assert_eq!(decode(wire), name, "{wire}");
            let mut wire_names = WireNames::default();
            wire_names.note(name, wire, false);
            assert_eq!(wire_names.folder(name, false), format!("\"{wire}\""));
            wire_names.note(name, &encode(name), false);
            assert_eq!(wire_names.folder(name, false), format!("\"{}\"", encode(name)));
        }
    }

    #[test]
    fn no_name_breaks_out_of_its_quotes() {
        assert_eq!(string("Größe\r\nx", false), "{8}\r\nGrößex");
        assert_eq!((string("Größe", true), string("x", false)), ("\"Größe\"".to_owned(), "\"x\"".to_owned()));
        assert_eq!(quoted("a\"b\\c\r\nd"), "\"a\\\"b\\\\cd\"");
        let wire_names = WireNames::default();
        assert_eq!(wire_names.folder("Ä\"", false), "\"&AMQ-\\\"\"");
        assert_eq!(wire_names.folder("Ä", true), "\"Ä\"");
    }
}
