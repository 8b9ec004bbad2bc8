//! Headers that name the recipients of the envelope.
//!
//! Exchange delivers a message to whom its headers `To`, `Cc` and `Bcc` name, and takes `Bcc` out. So a recipient of the envelope that no header
//! names becomes one of `Bcc`, and one of the headers that is not in the envelope is taken out of them: it would get the message again, or
//! although it must not.

use super::fields::{Fields, Person};
use std::collections::HashSet;
use std::fmt::Write;

/// The most characters of a line that is written here (RFC 5322, section 2.1.1).
const LINE: usize = 76;

/// Headers that name the recipients of the envelope, and no others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arranged {
    /// The headers, without the empty line behind them.
    pub fields: Vec<u8>,
    /// Recipients of the envelope that no header had: they get the message as `Bcc`.
    pub hidden: Vec<String>,
    /// Addresses of the headers that were taken out, because they are not in the envelope.
    pub taken_out: Vec<String>,
}

/// Arranges headers, given without the empty line behind them, so that they name these recipients and no others.
pub fn arrange(fields: &[u8], recipients: &[String]) -> Arranged {
    let envelope: HashSet<String> = recipients.iter().map(|address| folded(address)).collect();
    let mut arranged = Arranged { fields: Vec::with_capacity(fields.len() + 128), ..Arranged::default() };
    let mut named = HashSet::new();
    for field in each_field(fields) {
        let name = field.split(|byte| *byte == b':').next().unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"Bcc") || name.eq_ignore_ascii_case(b"Resent-Bcc") {
            continue;
        }
        if !name.eq_ignore_ascii_case(b"To") && !name.eq_ignore_ascii_case(b"Cc") {
            arranged.fields.extend_from_slice(field);
            continue;
        }
        let name = String::from_utf8_lossy(name);
        let people = Fields::read(field).people(&name);
        let (kept, out): (Vec<_>, Vec<_>) = people.into_iter().partition(|person| envelope.contains(&folded(&person.address)));
        named.extend(kept.iter().map(|person| folded(&person.address)));
        if out.is_empty() && !kept.is_empty() {
            arranged.fields.extend_from_slice(field);
        } else if !kept.is_empty() {
            arranged.fields.extend_from_slice(line(&name, &kept).as_bytes());
        }
        arranged.taken_out.extend(out.into_iter().map(|person| person.address));
    }
    if !arranged.fields.is_empty() && !arranged.fields.ends_with(b"\r\n") {
        arranged.fields.extend_from_slice(b"\r\n");
    }
    for address in recipients {
        if named.insert(folded(address)) {
            arranged.hidden.push(address.clone());
        }
    }
    if !arranged.hidden.is_empty() {
        let hidden: Vec<Person> = arranged.hidden.iter().map(|address| Person { name: None, address: address.clone() }).collect();
        arranged.fields.extend_from_slice(line("Bcc", &hidden).as_bytes());
    }
    arranged
}

/// Each field with the lines that continue it.
fn each_field(fields: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = fields;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = 0;
        loop {
            end = memchr::memchr(b'\n', &rest[end..]).map_or(rest.len(), |at| end + at + 1);
            if !matches!(rest.get(end), Some(b' ' | b'\t')) {
                break;
            }
        }
        let (field, behind) = rest.split_at(end);
        rest = behind;
        Some(field)
    })
}

/// By what two addresses are compared: Exchange heeds no case on either side of the `@`.
fn folded(address: &str) -> String {
    address.trim().trim_start_matches('<').trim_end_matches('>').to_lowercase()
}

/// A field with addresses, folded between them.
fn line(name: &str, people: &[Person]) -> String {
    let mut line = format!("{name}:");
    let mut width = line.len();
    for (index, person) in people.iter().enumerate() {
        let mut text = match &person.name {
            Some(name) => format!("{} <{}>", phrase(name), person.address),
            None => person.address.clone(),
        };
        if index + 1 < people.len() {
            text.push(',');
        }
        if index > 0 && width + text.len() >= LINE {
            line.push_str("\r\n");
            width = 0;
        }
        width += text.len() + 1;
        line.push(' ');
        line.push_str(&text);
    }
    line.push_str("\r\n");
    line
}

/// A display name as a phrase: quoted, or as encoded words (RFC 2047, section 5) where it has letters outside ASCII.
fn phrase(name: &str) -> String {
    if name.chars().all(|c| c.is_ascii() && !c.is_ascii_control()) {
        return format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
    }
    let mut words = String::new();
    let mut word = Vec::new();
    for c in name.chars().filter(|c| !c.is_control()) {
        let mut letter = [0; 4];
        let letter = c.encode_utf8(&mut letter).as_bytes();
        // 45 bytes become 60 characters, which leaves an encoded word below the 75 that it may have.
        if word.len() + letter.len() > 45 {
            push_word(&mut words, &word);
            word.clear();
        }
        word.extend_from_slice(letter);
    }
    push_word(&mut words, &word);
    words
}

fn push_word(words: &mut String, word: &[u8]) {
    use base64::Engine;
    let gap = if words.is_empty() { "" } else { "\r\n " };
    let encoded = base64::engine::general_purpose::STANDARD.encode(word);
    // Writing to a text cannot fail.
    let _ = write!(words, "{gap}=?utf-8?B?{encoded}?=");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arranged(fields: &str, recipients: &[&str]) -> (String, Vec<String>, Vec<String>) {
        let recipients: Vec<String> = recipients.iter().map(|address| (*address).to_owned()).collect();
        let arranged = arrange(fields.as_bytes(), &recipients);
        (String::from_utf8(arranged.fields).unwrap(), arranged.hidden, arranged.taken_out)
    }

    #[test]
    fn headers_that_name_the_envelope_stay_as_they_are() {
        let fields =
            "From: a@x\r\nTo: \"Berta, B.\" <b@x>,\r\n\t=?utf-8?Q?J=C3=BCrgen?= <J@X>\r\nCC: c@x (comment)\r\nSubject: To: z@x\r\n z\r\n";
        assert_eq!(arranged(fields, &["j@x", "c@x", "B@x"]), (fields.to_owned(), vec![], vec![]));
    }

    #[test]
    fn recipients_of_the_envelope_only_become_bcc_and_the_bcc_of_the_message_goes() {
        let (fields, hidden, out) = arranged("To: b@x\r\nBcc: spy@x,\r\n other@x\r\nSubject: s\r\n", &["b@x", "h@x", "i@x", "H@x"]);
        assert_eq!(fields, "To: b@x\r\nSubject: s\r\nBcc: h@x, i@x\r\n");
        assert_eq!((hidden, out), (vec!["h@x".to_owned(), "i@x".to_owned()], vec![]));
    }

    #[test]
    fn recipients_of_the_headers_only_are_taken_out() {
        let fields = "To: Berta <b@x>, =?utf-8?Q?J=C3=BCrgen?= <j@x>, Team: t@x, u@x;\r\nCc: c@x\r\nSubject: s\r\n";
        let (fields, hidden, out) = arranged(fields, &["j@x", "b@x"]);
        assert_eq!(fields, "To: \"Berta\" <b@x>, =?utf-8?B?SsO8cmdlbg==?= <j@x>\r\nSubject: s\r\n");
        assert_eq!((hidden, out), (vec![], ["t@x", "u@x", "c@x"].map(str::to_owned).to_vec()));
    }

    #[test]
    fn long_lists_are_folded_and_long_names_are_several_words() {
        let many: Vec<String> = (0..30).map(|index| format!("recipient-{index}@example.com")).collect();
        let folded = arrange(b"Subject: s\r\n", &many).fields;
        let text = String::from_utf8(folded).unwrap();
        assert!(text.lines().all(|line| line.len() <= LINE + 1), "{text}");
        assert!(text.lines().skip(2).all(|line| line.starts_with(' ')), "{text}");
        let name = "ü".repeat(60);
        assert_eq!(phrase(&name).matches("=?utf-8?B?").count(), 3);
        assert_eq!(phrase("a\"b\\"), "\"a\\\"b\\\\\"");
    }

    #[test]
    fn no_name_can_break_out_of_its_line() {
        let fields = "To: =?utf-8?B?YQ0KQmNjOiBzcHlAeA==?= <b@x>, out@x\r\n";
        let (fields, ..) = arranged(fields, &["b@x"]);
        assert!(!fields.contains("\r\nBcc"), "{fields}");
    }
}
