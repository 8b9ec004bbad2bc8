//! A message as a Rust program gives it.
//!
//! It becomes the same tree that reading a message document makes, so that there is one set of rules for both, and a problem is named by
//! the pointer of the member of the same name.

use super::append::Append;
use super::date::timestamp;
use super::protection::When;
use crate::json::Json;
use postkontor_plugin::Notify;
use std::borrow::Cow;
use std::path::Path;
use std::time::SystemTime;

/// A message to be composed. What stays empty is left out, or comes from the settings, such as From and Reply-To.
#[derive(Clone, Debug, Default)]
pub struct Message<'a> {
    /// Who wrote it; by default the sender of the settings.
    pub from: Option<Mailbox<'a>>,
    /// The Sender header, where another person than the author submits the message.
    pub sender: Option<Mailbox<'a>>,
    /// The Reply-To header.
    pub reply_to: Vec<Mailbox<'a>>,
    /// The recipients.
    pub to: Vec<Mailbox<'a>>,
    /// Those who get a copy.
    pub cc: Vec<Mailbox<'a>>,
    /// Those who get it without the others seeing it.
    pub bcc: Vec<Mailbox<'a>>,
    /// The subject.
    pub subject: &'a str,
    /// The text; made from the HTML where only that is given.
    pub text: Option<&'a str>,
    /// The same as HTML.
    pub html: Option<&'a str>,
    /// A meeting request or the like (iCalendar with a METHOD), as one more form of the text.
    pub calendar: Option<&'a str>,
    /// Files beside the text, and images in the HTML.
    pub attachments: Vec<Attachment<'a>>,
    /// Further headers by their names.
    pub headers: Vec<(&'a str, &'a str)>,
    /// The Message-ID; one is made where none is given.
    pub message_id: Option<&'a str>,
    /// The date; by default the present.
    pub date: Option<SystemTime>,
    /// How it is marked.
    pub priority: Priority,
    /// Whether a read receipt is asked for.
    pub read_receipt: bool,
    /// The delivery reports that are asked for.
    pub delivery_receipt: Vec<Notify>,
    /// The Message-IDs of the mail that is answered.
    pub in_reply_to: Vec<&'a str>,
    /// Those of the whole conversation.
    pub references: Vec<&'a str>,
    /// The mail that this answers: recipients, subject, references and quote come from it where they are not given.
    pub reply: Option<Reply<'a>>,
    /// The mail that this passes on.
    pub forward: Option<Forward<'a>>,
    /// The folder that it is put into instead of being sent.
    pub append: Option<Append>,
    /// Whether it is signed and encrypted; by default as the settings say.
    pub smime: Smime<'a>,
    /// A file that holds the message ready-made. Then only the recipients and `from` may be given beside it.
    pub file: Option<&'a Path>,
}

/// A name and an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mailbox<'a> {
    name: Option<&'a str>,
    address: &'a str,
}

impl<'a> Mailbox<'a> {
    /// A name and its address.
    pub fn named(name: &'a str, address: &'a str) -> Mailbox<'a> {
        Mailbox { name: Some(name), address }
    }
}

/// An address as people write it: `anna@example.com`, `Anna <anna@example.com>`.
impl<'a> From<&'a str> for Mailbox<'a> {
    fn from(address: &'a str) -> Mailbox<'a> {
        Mailbox { name: None, address }
    }
}

/// Something attached to a message.
#[derive(Clone, Debug)]
pub struct Attachment<'a> {
    /// Its name; by default that of its file.
    pub name: Option<&'a str>,
    /// Its media type; by default what its name says.
    pub kind: Option<&'a str>,
    /// The Content-ID by which the HTML shows it.
    pub inline: Option<&'a str>,
    /// Where its bytes are.
    pub content: AttachmentContent<'a>,
}

impl<'a> Attachment<'a> {
    /// A file under its own name.
    pub fn file(path: &'a Path) -> Attachment<'a> {
        Attachment { name: None, kind: None, inline: None, content: AttachmentContent::File(path) }
    }

    /// Bytes under a name.
    pub fn bytes(name: &'a str, bytes: &'a [u8]) -> Attachment<'a> {
        Attachment { name: Some(name), kind: None, inline: None, content: AttachmentContent::Bytes(bytes) }
    }
}

/// Where the bytes of an attachment are.
#[derive(Clone, Copy, Debug)]
pub enum AttachmentContent<'a> {
    /// In memory.
    Bytes(&'a [u8]),
    /// In a file, which is read while the message is delivered.
    File(&'a Path),
}

/// A mail that is answered or passed on.
#[derive(Clone, Copy, Debug)]
pub enum Original<'a> {
    /// Its bytes: those of [`Opened::bytes`](crate::Opened::bytes) without a part.
    Bytes(&'a [u8]),
    /// The file that holds it.
    File(&'a Path),
}

/// An answer to a mail.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    /// The mail.
    pub original: Original<'a>,
    /// Whether all who got the mail get the answer.
    pub all: bool,
    /// How the mail is shown below the answer.
    pub quote: Quote,
    /// The language (`de-AT`) of the words around the quote; by default the host's.
    pub language: Option<&'a str>,
}

/// How a mail is shown below its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quote {
    /// Not at all.
    #[default]
    None,
    /// Its text.
    Text,
    /// Its HTML with the images in it.
    Html,
}

/// A mail that is passed on.
#[derive(Clone, Copy, Debug)]
pub struct Forward<'a> {
    /// The mail.
    pub original: Original<'a>,
    /// Whether it goes along as a message of its own, instead of in the text with its files beside it.
    pub as_attachment: bool,
    /// The language (`de-AT`) of the words above it; by default the host's.
    pub language: Option<&'a str>,
}

/// Whether a message is signed and encrypted by S/MIME, where that is not as the settings say.
#[derive(Clone, Debug, Default)]
pub struct Smime<'a> {
    /// Whether it is signed.
    pub sign: Option<bool>,
    /// When it is encrypted.
    pub encrypt: Option<When>,
    /// Certificates of recipients (DER or PEM), which count before those of the settings.
    pub certificates: Vec<AttachmentContent<'a>>,
}

/// How a message is marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Priority {
    /// As urgent.
    High,
    /// Not at all.
    #[default]
    Normal,
    /// As one that can wait.
    Low,
}

/// The members of an object.
type Members<'a> = Vec<(Cow<'a, str>, Json<'a>)>;

impl<'a> Message<'a> {
    /// The members of the document that says the same, without those that are empty. The bytes of attachments go to `parts`.
    pub(super) fn members(&self, parts: &mut Vec<&'a [u8]>) -> Members<'a> {
        let mut members: Members<'a> = Vec::with_capacity(8);
        let mut add = |name: &'static str, value: Option<Json<'a>>| members.extend(value.map(|value| (Cow::Borrowed(name), value)));
        add("from", self.from.as_ref().map(Mailbox::tree));
        add("sender", self.sender.as_ref().map(Mailbox::tree));
        add("reply_to", list(&self.reply_to, Mailbox::tree));
        add("to", list(&self.to, Mailbox::tree));
        add("cc", list(&self.cc, Mailbox::tree));
        add("bcc", list(&self.bcc, Mailbox::tree));
        add("subject", Some(self.subject).filter(|subject| !subject.is_empty()).map(text));
        add("text", self.text.map(text));
        add("html", self.html.map(text));
        add("calendar", self.calendar.map(text));
        add("attachments", list(&self.attachments, |attachment| attachment.tree(parts)));
        let headers = || self.headers.iter().map(|(name, value)| (Cow::Borrowed(*name), text(value)));
        add("headers", (!self.headers.is_empty()).then(|| Json::Object(headers().collect())));
        add("message_id", self.message_id.map(text));
        add("date", self.date.map(|date| Json::Text(timestamp(date).into())));
        add("priority", self.priority.word().map(text));
        add("receipt", self.receipt());
        add("in_reply_to", list(&self.in_reply_to, |identifier| text(identifier)));
        add("references", list(&self.references, |identifier| text(identifier)));
        add("reply", self.reply.as_ref().map(|reply| reply.tree(parts)));
        add("forward", self.forward.as_ref().map(|forward| forward.tree(parts)));
        add("file", self.file.map(path));
        add("append", self.append.as_ref().map(Append::member));
        add("smime", self.smime.tree(parts));
        members
    }

    fn receipt(&self) -> Option<Json<'a>> {
        let delivery = list(&self.delivery_receipt, |occasion| {
            text(match occasion {
                Notify::Failure => "failure",
                Notify::Delay => "delay",
                Notify::Success => "success",
            })
        });
        let read = self.read_receipt.then_some(Json::Bool(true));
        (read.is_some() || delivery.is_some()).then(|| object([("read", read), ("delivery", delivery)]))
    }
}

impl<'a> Mailbox<'a> {
    fn tree(&self) -> Json<'a> {
        match self.name {
            None => text(self.address),
            Some(name) => object([("name", Some(text(name))), ("address", Some(text(self.address)))]),
        }
    }
}

impl<'a> Attachment<'a> {
    fn tree(&self, parts: &mut Vec<&'a [u8]>) -> Json<'a> {
        let (source, content) = self.content.tree(parts);
        let members = [("name", self.name), ("type", self.kind), ("inline", self.inline)];
        let [name, kind, inline] = members.map(|(member, value)| (member, value.map(text)));
        object([name, kind, inline, (source, Some(content))])
    }
}

impl<'a> AttachmentContent<'a> {
    fn tree(self, parts: &mut Vec<&'a [u8]>) -> (&'static str, Json<'a>) {
        match self {
            AttachmentContent::File(file) => ("file", path(file)),
            AttachmentContent::Bytes(bytes) => {
                parts.push(bytes);
                ("part", Json::Number(Some(parts.len() as u64 - 1)))
            }
        }
    }
}

impl<'a> Smime<'a> {
    fn tree(&self, parts: &mut Vec<&'a [u8]>) -> Option<Json<'a>> {
        let encrypt = self.encrypt.map(|when| {
            text(match when {
                When::Never => "never",
                When::IfPossible => "if_possible",
                When::Always => "always",
            })
        });
        let certificates = list(&self.certificates, |content| {
            let (source, content) = content.tree(parts);
            object([(source, Some(content))])
        });
        let is_said = self.sign.is_some() || encrypt.is_some() || certificates.is_some();
        is_said.then(|| object([("sign", self.sign.map(Json::Bool)), ("encrypt", encrypt), ("certificates", certificates)]))
    }
}

impl<'a> Original<'a> {
    fn tree(self, parts: &mut Vec<&'a [u8]>) -> (&'static str, Option<Json<'a>>) {
        match self {
            Original::File(file) => ("file", Some(path(file))),
            Original::Bytes(bytes) => {
                parts.push(bytes);
                ("part", Some(Json::Number(Some(parts.len() as u64 - 1))))
            }
        }
    }
}

impl<'a> Reply<'a> {
    fn tree(&self, parts: &mut Vec<&'a [u8]>) -> Json<'a> {
        let quote = match self.quote {
            Quote::None => None,
            Quote::Text => Some(text("text")),
            Quote::Html => Some(text("html")),
        };
        object([self.original.tree(parts), ("all", Some(Json::Bool(self.all))), ("quote", quote), ("language", self.language.map(text))])
    }
}

impl<'a> Forward<'a> {
    fn tree(&self, parts: &mut Vec<&'a [u8]>) -> Json<'a> {
        let way = if self.as_attachment { "attachment" } else { "inline" };
        object([self.original.tree(parts), ("as", Some(text(way))), ("language", self.language.map(text))])
    }
}

impl Priority {
    fn word(self) -> Option<&'static str> {
        match self {
            Priority::High => Some("high"),
            Priority::Normal => None,
            Priority::Low => Some("low"),
        }
    }
}

fn object<'a, const N: usize>(members: [(&'static str, Option<Json<'a>>); N]) -> Json<'a> {
    Json::Object(members.into_iter().filter_map(|(name, value)| Some((Cow::Borrowed(name), value?))).collect())
}

fn text(text: &str) -> Json<'_> {
    Json::Text(Cow::Borrowed(text))
}

fn path(path: &Path) -> Json<'_> {
    Json::Text(path.to_string_lossy())
}

fn list<'a, T>(values: &[T], tree: impl FnMut(&T) -> Json<'a>) -> Option<Json<'a>> {
    (!values.is_empty()).then(|| Json::List(values.iter().map(tree).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::document;
    use crate::message::findings::Findings;
    use postkontor_plugin::Mark;
    use serde_json::json;
    use std::time::Duration;

    fn full(parts: &[u8]) -> Message<'_> {
        Message {
            from: Some(Mailbox::named("Anna, Büro", "anna@example.com")),
            sender: Some("office@example.com".into()),
            reply_to: vec!["answers@example.com".into()],
            to: vec!["Berta <berta@example.com>".into(), Mailbox::named("", "c@example.com")],
            cc: vec!["d@example.com".into()],
            bcc: vec!["e@example.com".into()],
            subject: "Grüße",
            text: Some("a\nb"),
            html: Some("<p>a</p>"),
            calendar: Some("BEGIN:VCALENDAR\nMETHOD:CANCEL\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR"),
            attachments: vec![
                Attachment { kind: Some("image/png"), inline: Some("logo"), ..Attachment::bytes("logo.png", parts) },
                Attachment::file(Path::new("/x/Rechnung.pdf")),
                Attachment::bytes("b.txt", b"b"),
            ],
            headers: vec![("X-Order", "4711")],
            message_id: Some("1@example.com"),
            date: Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_910_583_123)),
            priority: Priority::High,
            read_receipt: true,
            delivery_receipt: vec![Notify::Failure, Notify::Success, Notify::Delay],
            in_reply_to: vec!["2@example.com"],
            references: vec!["<3@example.com>", "2@example.com"],
            reply: Some(Reply { original: Original::Bytes(b"x"), all: true, quote: Quote::Html, language: Some("sl") }),
            forward: Some(Forward { original: Original::File(Path::new("/x/a.eml")), as_attachment: true, language: None }),
            append: Some(Append {
                folder: "<drafts>".to_owned(),
                flags: Some(vec![Mark::Seen, Mark::Draft]),
                keywords: vec!["$Label1".to_owned()],
            }),
            smime: Smime {
                sign: Some(true),
                encrypt: Some(When::IfPossible),
                certificates: vec![AttachmentContent::Bytes(b"pem"), AttachmentContent::File(Path::new("/x/a.cer"))],
            },
            file: None,
        }
    }

    #[test]
    fn a_message_says_what_the_document_of_the_same_members_says() {
        let document = json!({
            "from": {"name": "Anna, Büro", "address": "anna@example.com"}, "sender": "office@example.com",
            "reply_to": ["answers@example.com"], "to": ["Berta <berta@example.com>", {"name": "", "address": "c@example.com"}],
            "cc": ["d@example.com"], "bcc": ["e@example.com"], "subject": "Grüße", "text": "a\nb", "html": "<p>a</p>",
            "calendar": "BEGIN:VCALENDAR\nMETHOD:CANCEL\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR",
            "attachments": [{"name": "logo.png", "type": "image/png", "inline": "logo", "part": 0}, {"file": "/x/Rechnung.pdf"},
                {"name": "b.txt", "part": 1}],
            "headers": {"X-Order": "4711"}, "message_id": "1@example.com", "date": "2026-11-29T00:03:03.123Z", "priority": "high",
            "receipt": {"read": true, "delivery": ["failure", "success", "delay"]}, "in_reply_to": ["2@example.com"],
            "references": ["<3@example.com>", "2@example.com"], "reply": {"part": 2, "all": true, "quote": "html", "language": "sl"},
            "forward": {"file": "/x/a.eml", "as": "attachment"},
            "append": {"folder": "<drafts>", "flags": ["seen", "draft"], "keywords": ["$Label1"]},
            "smime": {"sign": true, "encrypt": "if_possible", "certificates": [{"part": 3}, {"file": "/x/a.cer"}]},
        });
        let document = document.to_string();
        let (mut findings, mut parts) = (Findings::default(), Vec::new());
        let read = document::Message::read(&document, &mut findings).unwrap();
        let given = document::Message::of(full(b"png").members(&mut parts), &mut findings);
        assert_eq!(format!("{given:?}"), format!("{read:?}"));
        assert_eq!(parts, [&b"png"[..], b"b", b"x", b"pem"]);
        assert!(findings.into_result().is_ok());
    }

    #[test]
    fn what_is_empty_is_not_said_and_a_file_is() {
        let message = Message { file: Some(Path::new("/x/a.eml")), priority: Priority::Low, ..Message::default() };
        let names: Vec<_> = message.members(&mut Vec::new()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["priority", "file"]);
        assert!(Message::default().members(&mut Vec::new()).is_empty());
    }

    #[test]
    fn a_message_is_checked_as_its_document_is() {
        let mut findings = Findings::default();
        let message = Message {
            to: vec!["b@example.com".into(), "mistyped".into()],
            subject: "a\r\nBcc: c@example.com",
            headers: vec![("X-A", "b\nc"), ("Received", "x")],
            ..Message::default()
        };
        document::Message::of(message.members(&mut Vec::new()), &mut findings);
        let error = findings.into_result().unwrap_err();
        let at: Vec<&str> = error.at.iter().map(|at| at.pointer.as_str()).collect();
        assert_eq!(at, ["/to/1", "/subject", "/headers/X-A", "/headers/Received"]);
    }
}
