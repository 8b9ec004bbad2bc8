//! Headers: folding, encoded words (RFC 2047) and parameters (RFC 2231).

use super::address::Address;
use super::base64;
use super::charset::{self, Charset, Encoded, Unencoded, Units};
use super::findings::{Findings, Place};

/// Where lines are folded (RFC 5322 section 2.1.1 recommends 78; RFC 2047 section 2 demands 76 of lines with encoded words).
const WIDTH: usize = 76;

/// A word without a space to fold at may be this long; what is longer is encoded, which can be folded everywhere.
const WORD_LENGTH: usize = 900;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Writes headers to the end of a buffer, knows how far the line has come, and notes what cannot be written.
pub(super) struct Headers<'o, 'f, 'c> {
    out: &'o mut Vec<u8>,
    line: usize,
    charset: Charset,
    findings: &'f mut Findings<'c>,
}

impl<'o, 'f, 'c> Headers<'o, 'f, 'c> {
    /// Goes on at the end of `out`, at the beginning of a line.
    pub(super) fn new(out: &'o mut Vec<u8>, charset: Charset, findings: &'f mut Findings<'c>) -> Headers<'o, 'f, 'c> {
        let line = out.len();
        Headers { out, line, charset, findings }
    }

    /// A header whose value is ASCII and short, as written in this program or checked before.
    pub(super) fn plain(&mut self, name: &str, value: &str) {
        self.begin(name);
        self.push(value);
        self.end();
    }

    /// A header whose value the closure writes.
    pub(super) fn with(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.begin(name);
        write(self.out);
        self.end();
    }

    /// A header of free text: a subject, a caller's own header. The document holds it at `pointer`.
    pub(super) fn text(&mut self, name: &str, value: &str, pointer: &str) {
        self.begin(name);
        let plain = is_plain(value) && value.split(' ').all(|word| word.len() <= WORD_LENGTH);
        if !plain {
            let result = self.encoded_words(value);
            self.note(Place::message(pointer), result);
        } else if self.column() + value.len() <= WIDTH {
            self.push(value);
        } else {
            for (index, word) in value.split(' ').enumerate() {
                if index > 0 {
                    self.space(word.len());
                }
                self.push(word);
            }
        }
        self.end();
    }

    /// A header of addresses, each with the place where the document holds it.
    pub(super) fn addresses<'a>(&mut self, name: &str, addresses: impl IntoIterator<Item = (&'a Address<'a>, Place<'a>)>) {
        self.begin(name);
        for (index, (address, place)) in addresses.into_iter().enumerate() {
            if index > 0 {
                self.push(",");
                self.space(address.name.len() + address.address.len() + 4);
            }
            let result = self.mailbox(address);
            self.note(place, result);
            if !self.findings.goes_on() {
                break;
            }
        }
        self.end();
    }

    /// A header with an address that stands in another one, too, where what cannot be written has been noted.
    pub(super) fn repeated(&mut self, name: &str, address: &Address<'_>) {
        self.begin(name);
        if self.mailbox(address).is_err() {
            self.push(&address.address);
        }
        self.end();
    }

    /// A header of message identifiers, in angle brackets.
    pub(super) fn identifiers(&mut self, name: &str, identifiers: &[String]) {
        self.begin(name);
        for (index, identifier) in identifiers.iter().enumerate() {
            if index > 0 {
                self.space(identifier.len() + 2);
            }
            self.push("<");
            self.push(identifier);
            self.push(">");
        }
        self.end();
    }

    /// `Content-Type` and `Content-Disposition` of an attachment, whose name is given at `place`.
    pub(super) fn attachment(&mut self, kind: &str, disposition: &str, name: Option<&str>, place: Place<'_>) {
        let result = self.content_type(kind, name).and_then(|()| self.content_disposition(disposition, name));
        self.note(place, result);
    }

    /// The name is repeated here, in the notation that programs understand which do not know RFC 2231.
    fn content_type(&mut self, kind: &str, name: Option<&str>) -> Result<(), Unencoded> {
        self.begin("Content-Type");
        for (index, parameter) in split_parameters(kind).enumerate() {
            if index > 0 {
                self.push(";");
                self.space(parameter.len() + 1);
            }
            self.push(parameter);
        }
        if let Some(name) = name {
            self.push(";");
            self.fold();
            self.push("name=\"");
            if is_quotable(name) {
                self.push(name);
            } else {
                self.encoded_words(name)?;
            }
            self.push("\"");
        }
        self.end();
        Ok(())
    }

    fn content_disposition(&mut self, disposition: &str, name: Option<&str>) -> Result<(), Unencoded> {
        self.begin("Content-Disposition");
        self.push(disposition);
        if let Some(name) = name {
            self.parameter("filename", name)?;
        }
        self.end();
        Ok(())
    }

    fn note(&mut self, place: Place<'_>, result: Result<(), Unencoded>) {
        if let Err(unencoded) = result {
            unencoded.note(self.charset, place, self.findings);
        }
    }

    fn parameter(&mut self, name: &str, value: &str) -> Result<(), Unencoded> {
        self.push(";");
        self.fold();
        if is_quotable(value) {
            self.push(name);
            self.push("=\"");
            self.push(value);
            self.push("\"");
            return Ok(());
        }
        let mut encoded = self.charset.encode(value, self.findings)?;
        let total: usize = encoded.bytes.iter().map(|byte| percent_length(*byte)).sum();
        let continued = self.column() + name.len() + "*='';".len() + encoded.label.len() + total > WIDTH;
        if continued {
            // Some readers (mail-parser 0.11 among them) apply the charset to the first segment only and take the others for UTF-8.
            encoded = charset::utf8(value);
        }
        let mut start = 0;
        for segment in 0.. {
            if !self.findings.goes_on() {
                break;
            }
            self.push(name);
            if continued {
                self.push("*");
                self.push(&segment.to_string());
            }
            self.push("*=");
            if segment == 0 {
                self.push(encoded.label);
                self.push("''");
            }
            let mut end = start;
            let mut column = self.column() + 1;
            while end < encoded.bytes.len() {
                let next = next_unit(&encoded, end);
                column += encoded.bytes[end..next].iter().map(|byte| percent_length(*byte)).sum::<usize>();
                if column > WIDTH && end > start {
                    break;
                }
                end = next;
            }
            for byte in &encoded.bytes[start..end] {
                self.percent(*byte);
            }
            start = end;
            if start == encoded.bytes.len() {
                break;
            }
            self.push(";");
            self.fold();
        }
        Ok(())
    }

    fn mailbox(&mut self, address: &Address<'_>) -> Result<(), Unencoded> {
        let name = &*address.name;
        if name.is_empty() {
            self.push(&address.address);
            return Ok(());
        }
        let is_word_char = |byte: u8| byte.is_ascii_alphanumeric() || b" !#$%&'*+-/=?^_`{|}~".contains(&byte);
        if !is_plain(name) || name.len() > 200 {
            self.encoded_words(name)?;
        } else if name.bytes().all(is_word_char) {
            self.push(name);
        } else {
            self.push("\"");
            for byte in name.bytes() {
                if byte == b'"' || byte == b'\\' {
                    self.out.push(b'\\');
                }
                self.out.push(byte);
            }
            self.push("\"");
        }
        self.space(address.address.len() + 3);
        self.push("<");
        self.push(&address.address);
        self.push(">");
        Ok(())
    }

    /// The text as encoded words, each on a line of its own where one is not enough.
    fn encoded_words(&mut self, text: &str) -> Result<(), Unencoded> {
        let encoded = self.charset.encode(text, self.findings)?;
        if encoded.units == Units::Text {
            // At most 40 bytes each, in every charset of this kind.
            const PIECE: usize = 10;
            let mut rest = text;
            while !rest.is_empty() && self.findings.goes_on() {
                let end = rest.char_indices().nth(PIECE).map_or(rest.len(), |(place, _)| place);
                let bytes = self.charset.encode_piece(&rest[..end]);
                if self.column() + encoded.label.len() + 7 + base64::encoded_length(bytes.len()) > WIDTH {
                    self.fold();
                }
                self.encoded_word(&bytes, encoded.label, false);
                rest = &rest[end..];
                if !rest.is_empty() {
                    self.fold();
                }
            }
            return Ok(());
        }
        let quoted_length: usize = encoded.bytes.iter().map(|byte| quoted_length(*byte)).sum();
        // Q stays readable in logs and for those who read raw mail, so it may be half as long again.
        let quoted = quoted_length * 2 <= base64::encoded_length(encoded.bytes.len()) * 3;
        let mut start = 0;
        while start < encoded.bytes.len() && self.findings.goes_on() {
            // Room for the longest character at least, else on the next line.
            const LONGEST: usize = 12;
            let frame = encoded.label.len() + 7;
            if self.column() + frame + LONGEST > WIDTH {
                self.fold();
            }
            let room = (WIDTH - self.column()).min(75) - frame;
            let (mut end, mut length) = (start, 0);
            while end < encoded.bytes.len() {
                let next = next_unit(&encoded, end);
                length += encoded.bytes[end..next].iter().map(|byte| quoted_length_of(*byte, quoted)).sum::<usize>();
                let needed = if quoted { length } else { base64::encoded_length(length) };
                if needed > room {
                    break;
                }
                end = next;
            }
            self.encoded_word(&encoded.bytes[start..end], encoded.label, quoted);
            start = end;
            if start < encoded.bytes.len() {
                self.fold();
            }
        }
        Ok(())
    }

    fn encoded_word(&mut self, bytes: &[u8], label: &str, quoted: bool) {
        self.push("=?");
        self.push(label);
        self.push(if quoted { "?Q?" } else { "?B?" });
        if quoted {
            for &byte in bytes {
                match quoted_length(byte) {
                    1 => self.out.push(if byte == b' ' { b'_' } else { byte }),
                    _ => self.out.extend_from_slice(&[b'=', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]),
                }
            }
        } else {
            base64::append(self.out, bytes);
        }
        self.push("?=");
    }

    fn percent(&mut self, byte: u8) {
        match percent_length(byte) {
            1 => self.out.push(byte),
            _ => self.out.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]),
        }
    }

    fn begin(&mut self, name: &str) {
        self.line = self.out.len();
        self.push(name);
        self.push(": ");
    }

    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn end(&mut self) {
        self.push("\r\n");
    }

    fn column(&self) -> usize {
        self.out.len() - self.line
    }

    /// A space, or the end of the line where what follows would not fit.
    fn space(&mut self, following: usize) {
        if self.column() + 1 + following > WIDTH && self.column() > 1 {
            self.fold();
        } else {
            self.push(" ");
        }
    }

    fn fold(&mut self) {
        // A space that ends a line would be lost on the way.
        if self.out.last() == Some(&b' ') && self.column() > 1 {
            self.out.pop();
        }
        self.push("\r\n");
        self.line = self.out.len();
        self.push(" ");
    }
}

/// Whether readers show the text as it is, spaces included, when it is written without encoding.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..0x7f).contains(&byte))
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.contains("  ")
        && !text.contains("=?")
}

/// Whether the text can stand between quotes on a line of its own.
fn is_quotable(text: &str) -> bool {
    text.len() <= 60 && is_plain(text) && !text.contains(['"', '\\'])
}

/// Length of a byte in the Q encoding, restricted to what may stand in a display name (RFC 2047 section 5, rule 3).
fn quoted_length(byte: u8) -> usize {
    if byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'!' | b'*' | b'+' | b'-' | b'/') { 1 } else { 3 }
}

fn quoted_length_of(byte: u8, quoted: bool) -> usize {
    if quoted { quoted_length(byte) } else { 1 }
}

/// Length of a byte in the notation of RFC 2231.
fn percent_length(byte: u8) -> usize {
    if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`{|}~".contains(&byte) { 1 } else { 3 }
}

/// The end of the character that begins at `start`.
fn next_unit(encoded: &Encoded<'_>, start: usize) -> usize {
    let length = match (encoded.units, encoded.bytes[start]) {
        (Units::Utf8, 0xf0..) => 4,
        (Units::Utf8, 0xe0..) => 3,
        (Units::Utf8, 0xc0..) => 2,
        _ => 1,
    };
    (start + length).min(encoded.bytes.len())
}

fn split_parameters(kind: &str) -> impl Iterator<Item = &str> {
    // Semicolons inside quotes divide nothing.
    let mut quoted = false;
    kind.split(move |c| {
        quoted ^= c == '"';
        c == ';' && !quoted
    })
    .map(|parameter| parameter.trim_matches(' '))
    .filter(|parameter| !parameter.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Unencodable;

    fn written(charset: &str, write: impl FnOnce(&mut Headers<'_, '_, '_>)) -> String {
        let (mut out, mut findings) = (Vec::new(), Findings::default());
        write(&mut Headers::new(&mut out, Charset::find(charset, Unencodable::Utf8).unwrap(), &mut findings));
        findings.into_result().unwrap();
        String::from_utf8(out).unwrap()
    }

    fn subject(charset: &str, value: &str) -> String {
        written(charset, |headers| headers.text("Subject", value, "/subject"))
    }

    #[test]
    fn plain_text_stays_plain_and_folds_at_spaces() {
        assert_eq!(subject("utf-8", "Invoice 4711"), "Subject: Invoice 4711\r\n");
        let long = "word ".repeat(40);
        let header = subject("utf-8", long.trim_end());
        assert!(header.lines().count() > 1);
        assert!(header.lines().all(|line| line.len() <= WIDTH), "{header}");
        assert_eq!(header.replace("\r\n ", " "), format!("Subject: {}\r\n", long.trim_end()));
    }

    #[test]
    fn other_text_becomes_encoded_words_in_the_sender_s_charset() {
        assert_eq!(subject("utf-8", "Grüße"), "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n");
        assert_eq!(subject("windows-1250", "Račun"), "Subject: =?windows-1250?Q?Ra=E8un?=\r\n");
        assert_eq!(subject("windows-1250", "😀"), "Subject: =?utf-8?Q?=F0=9F=98=80?=\r\n");
        assert_eq!(subject("utf-8", "=?utf-8?Q?x?="), "Subject: =?utf-8?Q?=3D=3Futf-8=3FQ=3Fx=3F=3D?=\r\n");
    }

    #[test]
    fn encoded_words_are_short_and_never_cut_a_character() {
        for charset in ["utf-8", "windows-1250", "shift_jis", "iso-2022-jp"] {
            for text in ["äöü ".repeat(50), "あいうえお".repeat(30), "😀x".repeat(60)] {
                let header = subject(charset, &text);
                assert!(header.lines().all(|line| line.len() <= WIDTH), "{header}");
                for word in header.split_whitespace().filter(|word| word.starts_with("=?utf-8?B?")) {
                    let bytes = base64::tests::decode(&word["=?utf-8?B?".len()..word.len() - 2]);
                    assert!(String::from_utf8(bytes).is_ok(), "{word}");
                }
            }
        }
    }

    #[test]
    fn names_are_quoted_where_their_characters_need_it() {
        let mailbox = |name: &str| {
            let address = Address { name: name.to_owned().into(), address: "a@example.com".into() };
            written("utf-8", |headers| headers.addresses("To", [(&address, Place::message("/to"))]))
        };
        assert_eq!(mailbox(""), "To: a@example.com\r\n");
        assert_eq!(mailbox("Anna B"), "To: Anna B <a@example.com>\r\n");
        assert_eq!(mailbox("B, Anna \"x\\"), "To: \"B, Anna \\\"x\\\\\" <a@example.com>\r\n");
        assert_eq!(mailbox("Ännchen (x)"), "To: =?utf-8?Q?=C3=84nnchen_=28x=29?= <a@example.com>\r\n");
    }

    #[test]
    fn file_names_are_written_for_new_and_old_readers() {
        let both = |name: &str| {
            written("iso-8859-2", |headers| {
                headers.attachment("application/pdf", "attachment", Some(name), Place::message("/attachments/0/name"));
            })
        };
        assert_eq!(
            both("a b.pdf"),
            "Content-Type: application/pdf;\r\n name=\"a b.pdf\"\r\nContent-Disposition: attachment;\r\n filename=\"a b.pdf\"\r\n"
        );
        assert_eq!(
            both("račun.pdf"),
            "Content-Type: application/pdf;\r\n name=\"=?ISO-8859-2?Q?ra=E8un=2Epdf?=\"\r\n\
             Content-Disposition: attachment;\r\n filename*=ISO-8859-2''ra%E8un.pdf\r\n"
        );
        let long = both(&format!("{}.pdf", "long name ".repeat(20)));
        assert!(long.contains("filename*0*=utf-8''long%20name") && long.contains("\r\n filename*1*="), "{long}");
        assert!(long.lines().all(|line| line.len() <= WIDTH), "{long}");
    }

    #[test]
    fn a_word_without_spaces_stays_below_the_limit_of_a_line() {
        let header = subject("utf-8", &"x".repeat(5000));
        assert!(header.lines().all(|line| line.len() <= 998));
    }
}
