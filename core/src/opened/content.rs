//! What a message says, as types: the summary for Rust programs.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a message says of itself. Every input is a message, so everything may be empty.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Content {
    /// The bytes of the message.
    pub size: u64,
    /// Whether all of it was read; `warnings` say why not.
    #[serde(default = "yes")]
    pub complete: bool,
    /// What could not be read.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// Its Message-ID without angle brackets.
    pub message_id: Option<String>,
    /// When it was written, as RFC 3339.
    pub date: Option<String>,
    /// The same as it stands in the message.
    pub date_raw: Option<String>,
    /// Its subject.
    pub subject: String,
    /// Who wrote it.
    pub from: Vec<Person>,
    /// Who submitted it.
    #[serde(default)]
    pub sender: Vec<Person>,
    /// The Reply-To header.
    #[serde(default)]
    pub reply_to: Vec<Person>,
    /// The recipients.
    pub to: Vec<Person>,
    /// Those who got a copy.
    pub cc: Vec<Person>,
    /// Those who got it blind; a message that arrives rarely names them.
    #[serde(default)]
    pub bcc: Vec<Person>,
    /// The Message-IDs of the mail that it answers.
    #[serde(default)]
    pub in_reply_to: Vec<String>,
    /// Those of the whole conversation.
    #[serde(default)]
    pub references: Vec<String>,
    /// Its text.
    pub text: String,
    /// Its text as HTML.
    pub html: String,
    /// Its files; [`Opened::part`](super::Opened::part) decodes each by its place.
    pub parts: Vec<Part>,
    /// `reply`, `list`, `bulk` or `generated`: what sent it instead of a person, and that no program may answer it.
    pub auto: Option<String>,
    /// What it reports of another message, if it is a report.
    pub report: Option<Reported>,
    /// The e-invoice that it holds.
    pub invoice: Option<Invoice>,
    /// The meeting that it asks for, answers or cancels.
    pub calendar: Option<Calendar>,
    /// `signed` or `encrypted`.
    pub security: Option<String>,
    /// Who signed and how it was encrypted; only where the message was read with keys and is either.
    pub smime: Option<Smime>,
    /// What was read in another way than it stands.
    #[serde(default)]
    pub repairs: Vec<Repaired>,
}

impl Content {
    /// Of a message of which nothing is known but its size.
    pub(super) fn none(size: u64) -> Content {
        Content { size, ..Content::default() }
    }
}

fn yes() -> bool {
    true
}

/// What S/MIME says of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Smime {
    /// The verdict on its signatures: of several the worst. Only where there is one.
    pub signed: Option<Signed>,
    /// Whether it could be decrypted. Only where it was encrypted.
    pub encrypted: Option<Encrypted>,
    /// What was around the content, from the outermost layer on.
    pub layers: Vec<Layer>,
}

/// The verdict on the signatures of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Signed {
    /// `good`, `unknown` or `bad`.
    pub status: String,
    /// The subject of the signer's certificate, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The addresses that the certificate is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// SHA-256 of the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// When it was signed, as the signer says, as RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<String>,
    /// What is wrong, or worth a word: a stable code, `smime.…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same as a sentence for a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// How a message was encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Encrypted {
    /// `opened` or `closed`.
    pub status: String,
    /// The cipher, as `AES-256-GCM`, where it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cipher: Option<String>,
    /// What is wrong: a stable code, `smime.…`. With `smime.no_integrity` the text can have been changed on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same as a sentence for a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A layer of S/MIME.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Layer {
    /// `signed`, `encrypted` or `compressed`.
    pub kind: String,
    /// Of what is signed `good`, `unknown` or `bad`, the worst of its signers; of the others `opened` or `closed`.
    pub status: String,
    /// The cipher of what was encrypted, as `AES-256-GCM`.
    pub cipher: Option<String>,
    /// What is to be said of the layer itself.
    #[serde(default)]
    pub faults: Vec<LayerFault>,
    /// Who signed.
    #[serde(default)]
    pub signers: Vec<LayerSigner>,
}

/// A signer, as the message tells of him.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct LayerSigner {
    /// `good`, `unknown` or `bad`.
    pub status: String,
    /// The subject of the certificate, where that is known.
    pub by: Option<String>,
    /// The addresses that the certificate is for.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// SHA-256 of the certificate.
    pub fingerprint: Option<String>,
    /// When he signed, as he says, as RFC 3339.
    pub signed_at: Option<String>,
    /// What is wrong, the worst first.
    pub faults: Vec<LayerFault>,
}

/// Something that is to be said of a layer or a signer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct LayerFault {
    /// Stable code, `smime.…`.
    pub code: String,
    /// A sentence for a user.
    pub message: Option<String>,
    /// An English sentence, for support.
    pub detail: String,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Warning {
    /// Stable code, listed in docs/codes.md.
    pub code: String,
}

/// Something that broke the rules and was read as it was most likely meant.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Repaired {
    /// Stable code, listed in docs/reading.md.
    pub code: String,
    /// What it concerns, as a JSON pointer into the summary; empty for the whole message.
    pub pointer: String,
    /// A sentence for a user.
    pub message: Option<String>,
}

/// A name and an address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Person {
    /// The name beside the address.
    pub name: Option<String>,
    /// The address.
    pub address: Option<String>,
    /// What stands there in place of an address.
    pub text: Option<String>,
    /// The group that the author named for it.
    pub group: Option<String>,
}

/// A file in a message.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Part {
    /// Its place.
    pub part: usize,
    /// Its number as IMAP counts (RFC 9051, 6.4.5), for example `2.1`.
    pub section: Option<String>,
    /// Its name as the sender gave it.
    pub name: Option<String>,
    /// A name to store it under, safe on every system.
    pub file_name: String,
    /// Its media type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its bytes.
    pub size: u64,
    /// The Content-ID by which the HTML shows it.
    pub inline: Option<String>,
    /// The place of the part that it is wrapped in, for a file inside a `winmail.dat`.
    pub within: Option<usize>,
    /// Which piece of a larger message it is, for `message/partial`: `id`, `number`, `total`.
    #[serde(default)]
    pub partial: BTreeMap<String, String>,
    /// Where the content lies, for `message/external-body`: `access`, `url`, `site`, `directory`, `name`.
    #[serde(default)]
    pub external: BTreeMap<String, String>,
}

/// An e-invoice.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Invoice {
    /// `zugferd`, `factur-x` or `xrechnung`; `ubl` or `cii` where only the syntax is known.
    pub format: String,
    /// The identifier of its profile, as it stands in the XML.
    pub profile: Option<String>,
    /// The place of its XML.
    pub part: usize,
}

/// An event in a calendar (RFC 5545).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Calendar {
    /// What it is sent for: `REQUEST`, `REPLY`, `CANCEL` and others (RFC 5546).
    pub method: Option<String>,
    /// The identifier of the event.
    pub uid: Option<String>,
    /// Which version of the event it is.
    pub sequence: Option<u32>,
    /// Its title.
    pub summary: Option<String>,
    /// Where it takes place.
    pub location: Option<String>,
    /// When it begins.
    pub start: Option<Moment>,
    /// When it ends.
    pub end: Option<Moment>,
    /// Who has called it.
    pub organizer: Option<Attendee>,
    /// Who takes part.
    #[serde(default)]
    pub attendees: Vec<Attendee>,
    /// The place of the calendar.
    pub part: usize,
}

/// A day, or a time of a day.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Moment {
    /// `2026-12-01`, `2026-12-01T10:00:00` in the zone, or `2026-12-01T09:00:00Z`.
    pub time: String,
    /// The name of the time zone, as the calendar calls it.
    pub zone: Option<String>,
}

/// Someone who takes part in an event.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Attendee {
    /// The name.
    pub name: Option<String>,
    /// The address.
    pub address: Option<String>,
    /// What was answered: `accepted`, `declined`, `tentative`, `needs-action` and others.
    pub status: Option<String>,
}

/// What a bounce, a receipt or an automatic answer says of the message that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Reported {
    /// What became of it, as docs/reading.md lists: `failure`, `delay`, `read` and others; `unknown` where that is not said.
    pub kind: String,
    /// The Message-ID of that message.
    pub message_id: Option<String>,
    /// What became of its recipients.
    pub recipients: Vec<ReportedRecipient>,
}

/// What a report says of a recipient.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct ReportedRecipient {
    /// The address that the server tried last.
    pub address: String,
    /// The address that the message was sent to, where that is another one.
    pub original: Option<String>,
    /// The enhanced status code (RFC 3463).
    pub enhanced: Option<String>,
    /// The server's words.
    pub text: Option<String>,
    /// `hard`, `soft`, `greylist` or `auto_reply`: how lasting it is; nothing where the message arrived.
    pub kind: Option<String>,
    /// `certain`, `likely` or `guess`: what `kind` rests on.
    pub confidence: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::super::Opened;
    use super::*;

    #[test]
    fn a_message_is_read_as_types() {
        let raw = b"From: \"Anna\" <anna@example.com>\r\nSender: office@example.com\r\nReply-To: r@example.com\r\nTo: b@example.com, C <c@example.com>\r\n\
            Cc: d@example.com\r\nBcc: e@example.com\r\nDate: Sat, 28 Nov 2026 22:13:03 +0100\r\nMessage-ID: <1@example.com>\r\n\
            In-Reply-To: <2@example.com>\r\nReferences: <3@example.com> <2@example.com>\r\nSubject: x\r\n\
            Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\n\
            Content-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment\r\n\r\npdf\r\n--b--\r\n";
        let message = Opened::new(raw.to_vec());
        let content = message.content();
        assert_eq!((content.subject.as_str(), content.text.trim_end(), content.size), ("x", "hello", raw.len() as u64));
        assert_eq!(
            content.from,
            [Person { name: Some("Anna".to_owned()), address: Some("anna@example.com".to_owned()), text: None, group: None }]
        );
        assert_eq!(
            content.to.iter().map(|person| person.address.as_deref()).collect::<Vec<_>>(),
            [Some("b@example.com"), Some("c@example.com")]
        );
        assert_eq!((content.sender.len(), content.reply_to.len(), content.cc.len(), content.bcc.len()), (1, 1, 1, 1));
        assert_eq!((content.message_id.as_deref(), content.date.as_deref()), (Some("1@example.com"), Some("2026-11-28T22:13:03+01:00")));
        assert_eq!(
            (content.in_reply_to, content.references),
            (vec!["2@example.com".to_owned()], vec!["3@example.com".to_owned(), "2@example.com".to_owned()])
        );
        assert_eq!((content.complete, content.warnings, content.report, content.security), (true, vec![], None, None));
        let part = &content.parts[0];
        assert_eq!((part.file_name.as_str(), part.kind.as_str(), part.size), ("a.pdf", "application/pdf", 3));
        assert_eq!(message.part(part.part).unwrap().as_ref(), b"pdf");
    }

    #[test]
    fn a_report_differs_from_a_message_that_was_not_read() {
        let bounce = b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
            Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; n@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no\r\n\r\n--b--\r\n";
        let report = Opened::new(bounce.to_vec()).content().report.unwrap();
        assert_eq!((report.kind.as_str(), report.recipients[0].enhanced.as_deref()), ("failure", Some("5.1.1")));
        let unread = Opened::new(b"Subject: x\r\n\r\n".to_vec());
        unread.leave_unread();
        let content = unread.content();
        assert_eq!((content.complete, content.warnings[0].code.as_str()), (false, "message.reading_too_long"));
        assert_eq!(Opened::new(Vec::new()).content().size, 0);
    }
}
