//! From the document to the composed message.

use super::address::Address;
use super::charset::Charset;
use super::composed::{Composed, Reading, Segment};
use super::date::Date;
use super::document::Message;
use super::envelope::Envelope;
use super::file::File;
use super::findings::{Findings, Place};
use super::header::Headers;
use super::identity::{Identity, Style};
use super::members::{Attachment, Priority, Source};
use super::reader::escaped;
use super::{base64, blind, given, html, identifier, kind, raw, ready, text};
use crate::Watch;
use crate::settings::Sender;
use postkontor_plugin::{Error, Input};
use std::borrow::Cow;
use std::path::Path;

/// Composes a message document for the wire. `parts` are the bytes that attachments refer to by index.
///
/// Nothing is sent and no network is touched, but attached files are looked at. Everything that is wrong is found at
/// once: the error has a pointer into the document for each problem ([`Error`]'s `at`). What is wrong with the settings
/// is an error of its own with pointers into the settings.
pub fn compose<'a>(message: &str, sender: &Sender, parts: &[&'a [u8]]) -> Result<Composed<'a>, Error> {
    Composer::new(sender)?.compose(message, parts)
}

/// Composes the messages of one sender, whose settings, template and logo are read once.
pub struct Composer<'s> {
    identity: Identity<'s>,
    watch: Option<&'s Watch<'s>>,
}

impl<'s> Composer<'s> {
    /// Reads the sender's settings. What is wrong with them is an error that points into them.
    pub fn new(sender: &'s Sender) -> Result<Composer<'s>, Error> {
        Ok(Composer { identity: Identity::of(sender)?, watch: None })
    }

    /// Lets the work stop at a watch: a message of any size is composed on the caller's thread.
    #[must_use]
    pub fn watched_by(self, watch: &'s Watch<'s>) -> Composer<'s> {
        Composer { watch: Some(watch), ..self }
    }

    /// Composes a message document, as [`compose`] does.
    pub fn compose<'a>(&self, message: &str, parts: &[&'a [u8]]) -> Result<Composed<'a>, Error> {
        let mut findings = Findings::new(self.watch);
        let message = Message::read(message, &mut findings)?;
        self.checked(message, parts, findings)
    }

    /// Composes a message that is given as a type.
    pub fn compose_message<'a>(&self, message: &given::Message<'a>) -> Result<Composed<'a>, Error> {
        let (mut findings, mut parts) = (Findings::new(self.watch), Vec::new());
        let message = Message::of(message.members(&mut parts), &mut findings);
        self.checked(message, &parts, findings)
    }

    /// Makes a message of bytes that another program composed, for the envelope that it names; an empty sender is the null sender.
    ///
    /// They go out as they are, but for Bcc headers and bare line ends. Pointers of errors are `/from`, `/to/0`, and empty for the bytes.
    pub fn compose_raw<'a>(&self, from: &str, recipients: &[&str], message: Vec<u8>) -> Result<Composed<'a>, Error> {
        raw::compose(from, recipients, message, &self.identity, Findings::new(self.watch))
    }

    /// Composes what was read, with all that was found so far.
    fn checked<'a>(&self, message: Message<'_>, parts: &[&'a [u8]], mut findings: Findings<'_>) -> Result<Composed<'a>, Error> {
        let identity = &self.identity;
        if let Some(path) = &message.file {
            return ready::compose(path, &message, identity, findings);
        }
        let from = message.from.as_ref().or(identity.from.as_ref());
        let envelope = address(&message, from, identity, &mut findings);
        let mut builder = Builder::new(identity.charset, &message, &mut findings);
        let message_id = match &message.message_id {
            Some(given) => given.clone().into_owned(),
            None => format!("{}@{}", builder.token, from.map_or("localhost", Address::domain)),
        };
        builder.headers(&message, from, &message_id, identity);
        let content = Content::of(&message, identity, &builder.token, parts, builder.findings);
        builder.content(&content);
        builder.end_head();
        let Builder { mut out, segments, size, .. } = builder;
        let blind = blind::write(&mut out, &message, identity, &mut findings);
        let repaired = findings.into_result()?;
        Ok(Composed {
            repaired,
            index: None,
            from: envelope.from,
            recipients: envelope.recipients,
            message_id,
            size,
            eight_bit: false,
            utf8: envelope.utf8,
            dsn: message.delivery_receipt,
            head: out,
            blind,
            segments,
            reading: Reading::default(),
        })
    }
}

/// The envelope of a message. Bounces go to `sender`, where the document names one, as it is who submits the message.
fn address(message: &Message<'_>, from: Option<&Address<'_>>, identity: &Identity<'_>, findings: &mut Findings<'_>) -> Envelope {
    let mut envelope = Envelope::default();
    match (from, message.sender.as_ref().or(from)) {
        (Some(_), Some(address)) => envelope.from(address),
        _ if findings.is_empty() => findings.add("/from", "message.no_from", &[]),
        _ => (),
    }
    for listed in message.to.iter().chain(&message.cc).chain(&message.bcc).take_while(|_| findings.goes_on()) {
        envelope.recipient(&listed.address, Input::Message, &listed.pointer);
    }
    if envelope.recipients.is_empty() && findings.is_empty() {
        findings.add("/to", "message.no_recipient", &[]);
    }
    if let Some(from) = from.filter(|_| identity.bcc_to_sender) {
        envelope.recipient(from, Input::Settings, "/sender/bcc_to_sender");
    }
    // These stand in the headers only, where their letters need SMTPUTF8 as well.
    envelope.utf8 |= from.into_iter().chain(&message.reply_to).chain(&identity.reply_to).any(Address::is_utf8);
    envelope
}

/// What a message consists of, once the settings have had their say.
struct Content<'m, 'a> {
    text: Option<Cow<'m, str>>,
    html: Option<Cow<'m, str>>,
    /// Where the document holds what text and HTML were made of.
    text_pointer: &'static str,
    html_pointer: &'static str,
    /// Images inside the HTML.
    related: Vec<Attached<'m, 'a>>,
    attached: Vec<Attached<'m, 'a>>,
}

/// An attachment whose bytes are found.
struct Attached<'m, 'a> {
    name: Option<Cow<'m, str>>,
    kind: Cow<'m, str>,
    bytes: Bytes<'a>,
    content_id: Option<Cow<'m, str>>,
    /// Where its name is given.
    of: Input,
    pointer: Cow<'m, str>,
}

enum Bytes<'a> {
    Part(&'a [u8]),
    File(File),
}

impl<'m, 'a> Content<'m, 'a> {
    /// Applies the HTML switch: text is made from HTML and HTML from text where the other is missing.
    ///
    /// Images inside the HTML become ordinary attachments when the message goes out without HTML, so that nothing is lost.
    fn of(
        message: &'m Message<'_>,
        identity: &Identity<'_>,
        token: &str,
        parts: &[&'a [u8]],
        findings: &mut Findings<'_>,
    ) -> Content<'m, 'a> {
        let borrowed = |text: &'m Option<Cow<'_, str>>| text.as_deref().map(Cow::Borrowed);
        let (text, html) = (borrowed(&message.text), borrowed(&message.html));
        let text_pointer = if text.is_none() && html.is_some() { "/html" } else { "/text" };
        let html_pointer = if html.is_none() { "/text" } else { "/html" };
        let text = text.or_else(|| message.html.as_deref().map(|html| Cow::Owned(html::to_text(html, findings))));
        let (mut related, mut attached) = (Vec::new(), Vec::new());
        let html = match &identity.html {
            Style::Given => html,
            Style::Never => None,
            Style::Always { wrapper, logo } => {
                let inside = match &html {
                    Some(html) => html::content(html, findings),
                    None => html::from_text(text.as_deref().unwrap_or_default(), findings),
                };
                let content_id = logo.as_ref().map(|_| format!("logo.{token}"));
                let page = html::wrap(wrapper, &inside, content_id.as_deref());
                if let (Some((file, path)), Some(content_id)) = (logo, content_id) {
                    let name = file_name(path).map(|name| Cow::Owned(name.into_owned()));
                    related.push(Attached {
                        kind: Cow::Borrowed(kind::by_name(name.as_deref().unwrap_or_default())),
                        name,
                        bytes: Bytes::File(file.clone()),
                        content_id: Some(Cow::Owned(content_id)),
                        of: Input::Settings,
                        pointer: Cow::Borrowed("/sender/html/logo"),
                    });
                }
                Some(Cow::Owned(page))
            }
        };
        for attachment in &message.attachments {
            let Some(found) = Attached::find(attachment, parts, findings) else { continue };
            if html.is_some() && found.content_id.is_some() { related.push(found) } else { attached.push(found) }
        }
        Content { text, html, text_pointer, html_pointer, related, attached }
    }
}

impl<'m, 'a> Attached<'m, 'a> {
    fn find(attachment: &'m Attachment<'_>, parts: &[&'a [u8]], findings: &mut Findings<'_>) -> Option<Attached<'m, 'a>> {
        let mut name = attachment.name.as_deref().map(Cow::Borrowed);
        let bytes = match &attachment.source {
            Source::Part(index) => match parts.get(*index) {
                Some(bytes) => Bytes::Part(bytes),
                None => {
                    let args = [("index", index.to_string()), ("count", parts.len().to_string())];
                    let args = [(args[0].0, args[0].1.as_str()), (args[1].0, args[1].1.as_str())];
                    findings.add(format!("{}/part", attachment.pointer), "message.attachment_part_missing", &args);
                    return None;
                }
            },
            Source::File(path) => {
                let pointer = format!("{}/file", attachment.pointer);
                name = name.or_else(|| file_name(path));
                match File::find(path, Input::Message, &pointer) {
                    Ok(file) => Bytes::File(file),
                    Err(unreadable) => {
                        unreadable.note(path, &pointer, findings);
                        return None;
                    }
                }
            }
        };
        let kind = attachment.kind.as_deref().unwrap_or_else(|| kind::by_name(name.as_deref().unwrap_or_default()));
        Some(Attached {
            name,
            kind: Cow::Borrowed(kind::transportable(kind)),
            bytes,
            content_id: attachment.inline.as_deref().map(Cow::Borrowed),
            of: Input::Message,
            pointer: Cow::Owned(format!("{}/name", attachment.pointer)),
        })
    }
}

fn file_name(path: &str) -> Option<Cow<'_, str>> {
    // A name that breaks a line would have been refused with the path.
    Path::new(path).file_name().map(|name| name.to_string_lossy())
}

/// Writes headers and texts, and notes where attachments stand between them.
struct Builder<'a, 'f, 'c> {
    out: Vec<u8>,
    /// Where the stretch of `out` begins that belongs to no segment yet.
    start: usize,
    segments: Vec<Segment<'a>>,
    size: u64,
    charset: Charset,
    /// A word that is nobody else's, for the boundaries.
    token: String,
    findings: &'f mut Findings<'c>,
}

impl<'a, 'f, 'c> Builder<'a, 'f, 'c> {
    fn new(charset: Charset, message: &Message<'_>, findings: &'f mut Findings<'c>) -> Builder<'a, 'f, 'c> {
        let texts = message.text.as_ref().map_or(0, |text| text.len()) + message.html.as_ref().map_or(0, |html| html.len());
        let capacity = 1024 + texts + texts / 8 + 512 * message.attachments.len();
        Builder {
            out: Vec::with_capacity(capacity),
            start: 0,
            segments: Vec::new(),
            size: 0,
            charset,
            token: identifier::unique(),
            findings,
        }
    }

    fn headers(&mut self, message: &Message<'_>, from: Option<&Address<'_>>, message_id: &str, identity: &Identity<'_>) {
        let mut headers = Headers::new(&mut self.out, self.charset, self.findings);
        headers.with("Date", |out| message.date.unwrap_or_else(Date::now).write(out));
        let author = if message.from.is_some() { Place::message("/from") } else { Place::settings("/sender/name") };
        Builder::people(&mut headers, message, from.map(|from| (from, author)), identity);
        if !message.subject.is_empty() {
            headers.text("Subject", &message.subject, "/subject");
        }
        headers.identifiers("Message-ID", &[message_id.to_owned()]);
        if !message.in_reply_to.is_empty() {
            headers.identifiers("In-Reply-To", &message.in_reply_to);
        }
        if !message.references.is_empty() {
            headers.identifiers("References", &message.references);
        }
        let priority = match message.priority {
            Priority::High => Some(("1", "high")),
            Priority::Normal => None,
            Priority::Low => Some(("5", "low")),
        };
        if let Some((number, word)) = priority {
            headers.plain("X-Priority", number);
            headers.plain("Importance", word);
        }
        if let Some(from) = from.filter(|_| message.read_receipt) {
            headers.repeated("Disposition-Notification-To", from);
        }
        for (name, value) in &message.headers {
            headers.text(name, value, &format!("/headers/{}", escaped(name)));
        }
        headers.plain("MIME-Version", "1.0");
    }

    /// Who the message comes from and goes to.
    fn people<'p>(
        headers: &mut Headers<'_, '_, '_>,
        message: &'p Message<'_>,
        from: Option<(&'p Address<'_>, Place<'p>)>,
        identity: &'p Identity<'_>,
    ) {
        headers.addresses("From", from);
        // RFC 5322 section 3.6.2: only where it differs.
        if let Some(sender) = message.sender.as_ref().filter(|sender| from.is_none_or(|(from, _)| from.address != sender.address)) {
            headers.addresses("Sender", [(sender, Place::message("/sender"))]);
        }
        let reply_to = if message.reply_to.is_empty() { identity.reply_to.as_slice() } else { &message.reply_to };
        if !reply_to.is_empty() {
            headers.addresses("Reply-To", reply_to.iter().map(|address| (address, Place::message("/reply_to"))));
        }
        for (name, list) in [("To", &message.to), ("Cc", &message.cc)] {
            if !list.is_empty() {
                headers.addresses(name, list.iter().map(|listed| (&listed.address, Place::message(&listed.pointer))));
            }
        }
        if message.to.is_empty() && message.cc.is_empty() {
            headers.plain("To", "undisclosed-recipients:;");
        }
    }

    fn content(&mut self, content: &Content<'_, 'a>) {
        if content.attached.is_empty() {
            self.texts(content);
            // A message ends its last line, whether the text does or not.
            if !self.out.ends_with(b"\r\n") || self.out.len() == self.start {
                self.push("\r\n");
            }
            return;
        }
        let boundary = self.multipart("mixed", "");
        if content.text.is_some() || content.html.is_some() {
            self.delimiter(&boundary);
            self.texts(content);
            self.push("\r\n");
        }
        for attached in &content.attached {
            self.attached(attached, "attachment", &boundary);
        }
        self.close(&boundary);
    }

    /// The text, the HTML, or both as alternatives.
    fn texts(&mut self, content: &Content<'_, 'a>) {
        match (&content.text, &content.html) {
            (Some(text), Some(_)) => {
                let boundary = self.multipart("alternative", "");
                self.delimiter(&boundary);
                self.text("plain", text, content.text_pointer);
                self.push("\r\n");
                self.delimiter(&boundary);
                self.html(content);
                self.push("\r\n");
                self.close(&boundary);
            }
            (None, Some(_)) => self.html(content),
            (text, None) => self.text("plain", text.as_deref().unwrap_or_default(), content.text_pointer),
        }
    }

    /// The HTML, with its images where it has some.
    fn html(&mut self, content: &Content<'_, 'a>) {
        let html = content.html.as_deref().unwrap_or_default();
        if content.related.is_empty() {
            self.text("html", html, content.html_pointer);
            return;
        }
        let boundary = self.multipart("related", " type=\"text/html\";\r\n");
        self.delimiter(&boundary);
        self.text("html", html, content.html_pointer);
        self.push("\r\n");
        for attached in &content.related {
            self.attached(attached, "inline", &boundary);
        }
        self.close(&boundary);
    }

    fn text(&mut self, subtype: &str, text: &str, pointer: &str) {
        text::write(&mut self.out, subtype, text, self.charset, pointer, self.findings);
    }

    fn attached(&mut self, attached: &Attached<'_, 'a>, disposition: &str, boundary: &str) {
        self.delimiter(boundary);
        let mut headers = Headers::new(&mut self.out, self.charset, self.findings);
        headers.attachment(&attached.kind, disposition, attached.name.as_deref(), Place { of: attached.of, pointer: &attached.pointer });
        if let Some(content_id) = &attached.content_id {
            headers.plain("Content-ID", &format!("<{content_id}>"));
        }
        headers.plain("Content-Transfer-Encoding", "base64");
        self.push("\r\n");
        self.end_head();
        let (length, segment) = match &attached.bytes {
            Bytes::Part(bytes) => (bytes.len() as u64, Segment::Part(bytes)),
            Bytes::File(file) => (file.size, Segment::File(file.clone())),
        };
        self.size += base64::length_in_lines(length);
        self.segments.push(segment);
    }

    /// Begins a multipart and returns its boundary.
    fn multipart(&mut self, subtype: &str, parameters: &str) -> String {
        // "=_" stands in no base64 and no quoted-printable text; the token stands nowhere else.
        let boundary = format!("=_{}_{}", &subtype[..1], self.token);
        self.push("Content-Type: multipart/");
        self.push(subtype);
        self.push(";\r\n");
        self.push(parameters);
        self.push(" boundary=\"");
        self.push(&boundary);
        self.push("\"\r\n\r\n");
        boundary
    }

    fn delimiter(&mut self, boundary: &str) {
        self.push("--");
        self.push(boundary);
        self.push("\r\n");
    }

    fn close(&mut self, boundary: &str) {
        self.push("--");
        self.push(boundary);
        self.push("--\r\n");
    }

    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Makes a segment of what was written since the last one.
    fn end_head(&mut self) {
        if self.start < self.out.len() {
            self.size += (self.out.len() - self.start) as u64;
            self.segments.push(Segment::Head(self.start..self.out.len()));
            self.start = self.out.len();
        }
    }
}
