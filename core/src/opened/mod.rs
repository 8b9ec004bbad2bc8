//! Reading a message: from its bytes to a summary in JSON, and to its parts.
//!
//! A message is taken apart in one pass ([`structure`]), so that no input takes longer than its length, and the reading of a large one
//! can be stopped. mail-parser reads what stands in a header field ([`field`]) and decodes bodies ([`tree`]); both are total: every input is
//! a message. What an ERP wants beyond that is done here, too: a summary it can keep, names that are safe as file names, character sets
//! repaired where the label is evidently wrong, and reports (bounces, read receipts) recognised with the message they are about.

mod charset;
mod content;
mod field;
mod filename;
#[cfg(test)]
mod hostile;
mod json;
mod report;
mod safe_name;
mod structure;
mod summary;
mod tnef;
mod tree;

use crate::error::failed;
use crate::whole_file::write_whole;
pub use content::{Content, Part, Person, Reported, ReportedRecipient, Warning};
use mail_parser::{Encoding, MimeHeaders};
use postkontor_plugin::{Error, Stage, Status};
pub use safe_name::safe_name;
use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

/// More than this is not taken apart: places in a message are numbers of 32 bits. Of a larger message the beginning is read.
const LARGEST: usize = u32::MAX as usize;
const BEGINNING: usize = 1024 * 1024;

/// A message that was opened for reading. Holds its bytes; it is read when something is asked of it, and parts are decoded when
/// they are asked for.
pub struct Opened {
    raw: Vec<u8>,
    reading: OnceLock<Reading>,
}

/// What reading a message has shown.
struct Reading {
    summary: String,
    subject: String,
    parts: Vec<Place>,
}

/// Where the bytes of a part lie.
enum Place {
    Own(Body),
    /// Within those of another part, for a file inside a `winmail.dat`.
    Inner {
        outer: usize,
        range: Range<usize>,
    },
}

/// A part in the raw bytes.
struct Body {
    range: Range<usize>,
    encoding: Encoding,
    /// Its decoded bytes, kept as soon as a file is taken out of them: there may be a thousand more.
    unwrapped: OnceLock<Vec<u8>>,
}

impl Opened {
    /// Opens a message. Every input is a message, if need be one without headers or without text.
    pub fn new(raw: Vec<u8>) -> Opened {
        Opened { raw, reading: OnceLock::new() }
    }

    /// Opens the message that a file holds.
    pub fn open(file: &Path) -> Result<Opened, Error> {
        std::fs::read(file).map(Opened::new).map_err(|error| {
            let status = if error.kind() == std::io::ErrorKind::NotFound { Status::NotFound } else { Status::Local };
            failed(status, "message.file_unreadable").detail(error.to_string()).arg("path", file.display().to_string())
        })
    }

    /// The message as JSON: headers, text, HTML, and the list of its parts. docs/messages.md describes it.
    pub fn summary(&self) -> &str {
        &self.reading().summary
    }

    /// What the message says, as types.
    pub fn content(&self) -> Content {
        // Read from the summary, which is written for speed; a test reads each member of it.
        serde_json::from_str(self.summary()).unwrap_or_else(|_| Content::none(self.raw.len()))
    }

    /// The decoded subject; empty where there is none.
    pub fn subject(&self) -> &str {
        &self.reading().subject
    }

    /// Reads the message, as long as `goes_on` says so. Where it does not, the message stays as it was, and `false` is returned.
    pub(crate) fn read(&self, goes_on: &dyn Fn() -> bool) -> bool {
        self.reading.get().is_some() || read(&self.raw, goes_on).is_some_and(|reading| self.reading.set(reading).is_ok())
    }

    /// Leaves a message unread that takes too long: its summary says so, and its raw bytes are there.
    pub(crate) fn leave_unread(&self) {
        self.reading.get_or_init(|| Reading::none(self.raw.len(), Some("message.reading_too_long")));
    }

    fn reading(&self) -> &Reading {
        self.reading.get_or_init(|| read(&self.raw, &|| true).unwrap_or_else(|| Reading::none(self.raw.len(), None)))
    }

    /// The message as the server sent it.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The bytes of a part, decoded; where none is named all of it as it came.
    pub fn bytes(&self, part: Option<usize>) -> Result<Cow<'_, [u8]>, Error> {
        part.map_or(Ok(Cow::Borrowed(self.raw())), |index| self.part(index))
    }

    /// Saves a part of it, or all of it, in a file, all or nothing, and says how many bytes that are.
    pub fn save(&self, part: Option<usize>, file: &Path) -> Result<u64, Error> {
        let bytes = self.bytes(part)?;
        write_whole(file, &bytes).map_err(|error| {
            let error = failed(Status::Local, "message.part_not_saved").detail(error.to_string());
            error.arg("path", file.display().to_string())
        })?;
        Ok(bytes.len() as u64)
    }

    /// The decoded bytes of a part, by its number in the summary's `parts`.
    pub fn part(&self, index: usize) -> Result<Cow<'_, [u8]>, Error> {
        let parts = &self.reading().parts;
        let missing =
            || failed(Status::NotFound, "message.part_missing").stage(Stage::Message).arg("part", index).arg("parts", parts.len());
        match parts.get(index).ok_or_else(missing)? {
            Place::Own(body) => Ok(body.decoded(&self.raw)),
            Place::Inner { outer, range } => {
                let Some(Place::Own(body)) = parts.get(*outer) else { return Err(missing()) };
                let whole = body.unwrapped.get_or_init(|| body.decoded(&self.raw).into_owned());
                Ok(Cow::Borrowed(whole.get(range.clone()).unwrap_or_default()))
            }
        }
    }
}

impl Body {
    fn decoded<'a>(&self, raw: &'a [u8]) -> Cow<'a, [u8]> {
        let bytes = raw.get(self.range.clone()).unwrap_or_default();
        // What cannot be decoded is given as it stands: half a part would look like a whole one.
        tree::decoded(bytes, self.encoding).unwrap_or(Cow::Borrowed(bytes))
    }
}

impl Reading {
    /// Of a message that was not read.
    fn none(size: usize, why: Option<&'static str>) -> Reading {
        Reading { summary: summary::empty(size, why), subject: String::new(), parts: Vec::new() }
    }
}

/// Reads a message; `None` where `goes_on` has stopped it.
fn read(raw: &[u8], goes_on: &dyn Fn() -> bool) -> Option<Reading> {
    let read = if raw.len() > LARGEST { &raw[..BEGINNING] } else { raw };
    let structure = structure::structure(read, goes_on)?;
    let cut = structure.cut.or((read.len() < raw.len()).then_some("message.too_large"));
    let message = tree::message(read, structure, goes_on)?;
    let own = |part: &mail_parser::MessagePart<'_>| {
        let range = part.offset_body as usize..part.offset_end as usize;
        Place::Own(Body { range, encoding: part.encoding, unwrapped: OnceLock::new() })
    };
    // A message that was read in part shows no parts: some of them must not pass for all.
    let mut parts: Vec<Place> = message.attachments().filter(|_| cut.is_none()).map(own).collect();
    let wrapped = if cut.is_none() { wrapped(&message) } else { Vec::new() };
    parts.extend(wrapped.iter().map(|(outer, file)| Place::Inner { outer: *outer, range: file.range.clone() }));
    let subject = message.subject().unwrap_or_default().to_owned();
    goes_on().then(|| Reading { summary: summary::summary(&message, raw.len(), cut, &wrapped), subject, parts })
}

/// The files inside each `winmail.dat`, with the number of the part that holds them.
fn wrapped(message: &mail_parser::Message<'_>) -> Vec<(usize, tnef::File)> {
    let is_wrapping = |part: &mail_parser::MessagePart<'_>| {
        let named = filename::name(part, message.raw_message()).is_some_and(|name| name.eq_ignore_ascii_case("winmail.dat"));
        named || part.is_content_type("application", "ms-tnef") || part.is_content_type("application", "vnd.ms-tnef")
    };
    let wrappings = message.attachments().enumerate().filter(|(_, part)| is_wrapping(part));
    let files = wrappings.flat_map(|(index, part)| tnef::files(part.contents()).into_iter().map(move |file| (index, file)));
    files.take(tnef::FILES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn summary(raw: &[u8]) -> Value {
        let message = Opened::new(raw.to_vec());
        // The types hold whatever a summary holds.
        serde_json::from_str::<Content>(message.summary()).unwrap();
        serde_json::from_str(message.summary()).unwrap()
    }

    const INVOICE: &[u8] = b"From: =?iso-8859-2?Q?Andr=E1s_Kov=E1cs?= <andras@example.com>\r\nTo: <anna@example.com>, Berta <berta@example.com>\r\n\
        Subject: =?utf-8?B?UmVjaG51bmcgw7xiZXIgNSDigqw=?=\r\nMessage-ID: <1@example.com>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\n\
        MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=windows-1250\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe, =9Aunka\r\n--x\r\nContent-Type: application/pdf\r\n\
        Content-Disposition: attachment; filename*=utf-8''R%C3%A9sum%C3%A9.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0x\r\nLjQ=\r\n--x--\r\n";

    #[test]
    fn headers_text_and_attachments_are_decoded() {
        let summary = summary(INVOICE);
        assert_eq!(summary["subject"], "Rechnung über 5 €");
        assert_eq!(summary["from"][0]["name"], "András Kovács");
        assert_eq!(summary["to"][1]["address"], "berta@example.com");
        assert_eq!(summary["date"], "2026-11-20T10:00:00+01:00");
        assert_eq!(summary["text"], "Grüße, šunka");
        assert_eq!(summary["parts"][0]["name"], "Résumé.pdf");
        assert_eq!(summary["parts"][0]["type"], "application/pdf");
        assert_eq!(summary["parts"][0]["size"], 8);
        assert_eq!(Opened::new(INVOICE.to_vec()).part(0).unwrap().as_ref(), b"%PDF-1.4");
        assert_eq!(Opened::new(INVOICE.to_vec()).part(1).unwrap_err().status, Status::NotFound);
    }

    #[test]
    fn files_inside_a_winmail_dat_are_parts_of_their_own() {
        use base64_simd::STANDARD;
        let mut raw = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ntext\r\n--x\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\
            Content-Transfer-Encoding: base64\r\n\r\n"
            .to_vec();
        raw.extend_from_slice(STANDARD.encode_to_string(tnef::tests::wrapping()).as_bytes());
        raw.extend_from_slice(b"\r\n--x--\r\n");
        let summary = summary(&raw);
        assert_eq!(summary["parts"].as_array().unwrap().len(), 3);
        assert_eq!((summary["parts"][1]["name"].as_str(), summary["parts"][1]["within"].as_u64()), (Some("Größe 日本.pdf"), Some(0)));
        assert_eq!(summary["parts"][1]["size"], 8);
        let message = Opened::new(raw);
        assert_eq!(message.part(1).unwrap().as_ref(), b"%PDF-1.4");
        assert_eq!(message.part(2).unwrap().as_ref(), b"abc");
        assert_eq!(message.part(0).unwrap().as_ref(), tnef::tests::wrapping());
    }

    #[test]
    fn a_wrong_charset_label_is_repaired_where_evident() {
        let text = |label: &str, body: &[u8]| {
            let mut raw = format!("Content-Type: text/plain; charset={label}\r\n\r\n").into_bytes();
            raw.extend_from_slice(body);
            summary(&raw)["text"].as_str().unwrap().to_owned()
        };
        assert_eq!(text("iso-8859-1", "Grüße".as_bytes()), "Grüße");
        assert_eq!(text("us-ascii", "Grüße".as_bytes()), "Grüße");
        assert_eq!(text("utf-8", b"Gr\xfc\xdfe"), "Grüße");
        assert_eq!(text("iso-8859-1", b"Gr\xfc\xdfe"), "Grüße");
        assert_eq!(text("windows-1250", b"\x9aunka"), "šunka");
    }

    #[test]
    fn any_input_is_a_message() {
        for raw in [&b""[..], b"\0", b"\r\n\r\n", b":", b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n", &[0xff; 1000]] {
            assert!(summary(raw).is_object(), "{raw:?}");
        }
    }

    #[test]
    fn a_hundred_thousand_parts_nested_or_not_are_read_in_time() {
        const COUNT: usize = 100_000;
        let nested: String = (0..COUNT).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
        let side_by_side = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--\r\n", "--b\r\n\r\nx\r\n".repeat(COUNT));
        let messages = format!("{}Subject: deep\r\n\r\nx\r\n", "Content-Type: message/rfc822\r\n\r\n".repeat(COUNT));
        let same = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".repeat(COUNT);
        let attached = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n".repeat(COUNT);
        for (name, raw) in
            [("nested", nested), ("side by side", side_by_side), ("messages", messages), ("same", same), ("attached", attached)]
        {
            let started = std::time::Instant::now();
            // A program may call from a thread with a small stack.
            let small = std::thread::Builder::new().stack_size(128 * 1024);
            assert!(small.spawn(move || summary(raw.as_bytes()).is_object()).unwrap().join().unwrap(), "{name}");
            assert!(started.elapsed() < std::time::Duration::from_secs(60), "{name}: {:?}", started.elapsed());
        }
    }

    #[test]
    fn an_attached_message_is_a_part_named_by_its_subject() {
        let raw = b"Subject: outer /global\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: Message/RFC822\r\n\r\n\
            Subject: inner (global)\r\n\r\ntext\r\n--x\r\nContent-Type: text/plain; name=\"a/digest.txt\"\r\nContent-Disposition: attachment\r\n\r\nb\r\n--x--\r\n";
        let summary = summary(raw);
        assert_eq!((&summary["subject"], &summary["parts"][0]["type"]), (&Value::from("outer /global"), &Value::from("message/rfc822")));
        assert_eq!(
            (&summary["parts"][0]["file_name"], &summary["parts"][0]["size"]),
            (&Value::from("inner (global).eml"), &Value::from(31))
        );
        assert_eq!(
            (&summary["parts"][1]["name"], &summary["parts"][1]["file_name"]),
            (&Value::from("a/digest.txt"), &Value::from("a_digest.txt"))
        );
        assert_eq!(Opened::new(raw.to_vec()).part(0).unwrap().as_ref(), b"Subject: inner (global)\r\n\r\ntext");
    }

    #[test]
    fn a_bounce_names_the_message_and_the_recipient_it_is_about() {
        let raw = b"From: MAILER-DAEMON@example.com\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\
            Content-Type: text/plain\r\n\r\nsorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example.com\r\n\r\n\
            Final-Recipient: rfc822; nobody@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1\r\n no such user\r\n\r\n--b\r\n\
            Content-Type: message/rfc822\r\n\r\nMessage-ID: <original@erp.example.com>\r\nSubject: Rechnung\r\n\r\ntext\r\n--b--\r\n";
        let report = &summary(raw)["report"];
        assert_eq!(report["kind"], "failure");
        assert_eq!(report["message_id"], "original@erp.example.com");
        assert_eq!(report["recipients"][0]["address"], "nobody@example.com");
        assert_eq!(report["recipients"][0]["enhanced"], "5.1.1");
        assert_eq!(report["recipients"][0]["text"], "550 5.1.1 no such user");
        for kind in ["MESSAGE/RFC822", "MESSAGE/GLOBAL", "Text/RFC822-Headers", "message/global-headers"] {
            let raw = String::from_utf8(raw.to_vec()).unwrap().replace("message/rfc822", kind);
            assert_eq!(summary(raw.as_bytes())["report"]["message_id"], "original@erp.example.com", "{kind}");
        }
    }

    #[test]
    fn a_read_receipt_names_the_message_it_is_about() {
        let raw =
            b"From: berta@example.com\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b\r\n\
            Content-Type: text/plain\r\n\r\nread\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n\
            Final-Recipient: rfc822;berta@example.com\r\nOriginal-Message-ID: <original@erp.example.com>\r\n\
            Disposition: manual-action/MDN-sent-manually; displayed\r\n--b--\r\n";
        let report = &summary(raw)["report"];
        assert_eq!(report["kind"], "read");
        assert_eq!(report["message_id"], "original@erp.example.com");
    }
}
