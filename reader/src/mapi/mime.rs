//! A message of Outlook's as MIME, so that it is read like any other.
//!
//! The header fields with which it travelled are kept where Outlook has them; what is missing is made of the properties. Texts are UTF-8, and
//! every leaf is base64, so that no line of a body can be taken for a delimiter, whatever stands in it.

use super::address::{AUTHOR, Person, RECIPIENT, SENDER, list};
use super::field::fields;
use super::properties::{Properties, id};
use super::time::date;
use super::{Attachment, Bodies, Content, Item, word};
use crate::repair::Repairs;
use std::fmt::Write;

/// Bytes of a line of base64, before they are encoded.
const LINE: usize = 57;

/// After so many lines the caller is asked whether to go on.
const LINES: usize = 16 * 1024;

/// The message as MIME.
pub(crate) fn message(item: &Item<'_>, repairs: &mut Repairs, goes_on: &dyn Fn() -> bool) -> Vec<u8> {
    let mut writer = Writer { out: Vec::new(), multiparts: 0, repairs, goes_on };
    writer.item(item);
    writer.out
}

struct Writer<'r> {
    out: Vec<u8>,
    multiparts: usize,
    repairs: &'r mut Repairs,
    goes_on: &'r dyn Fn() -> bool,
}

impl Writer<'_> {
    fn item(&mut self, item: &Item<'_>) {
        self.push(&header(item));
        let bodies = item.bodies(self.repairs, "");
        let (inline, attached): (Vec<_>, Vec<_>) = item.attachments.iter().partition(|attachment| is_inline(attachment, &bodies));
        if attached.is_empty() && bodies.rtf.is_none() {
            return self.texts(&bodies, &inline);
        }
        let boundary = self.multipart("mixed");
        self.delimiter(&boundary);
        self.texts(&bodies, &inline);
        if let Some(rtf) = &bodies.rtf {
            self.delimiter(&boundary);
            self.leaf("application/rtf", Some(("attachment", "message.rtf")), None, rtf);
        }
        for attachment in attached {
            self.delimiter(&boundary);
            self.attachment(attachment, "attachment");
        }
        self.close(&boundary);
    }

    fn texts(&mut self, bodies: &Bodies, inline: &[&Attachment<'_>]) {
        if inline.is_empty() {
            return self.alternatives(bodies);
        }
        let boundary = self.multipart("related");
        self.delimiter(&boundary);
        self.alternatives(bodies);
        for attachment in inline {
            self.delimiter(&boundary);
            self.attachment(attachment, "inline");
        }
        self.close(&boundary);
    }

    fn alternatives(&mut self, bodies: &Bodies) {
        const TEXT: &str = "text/plain; charset=utf-8";
        const HTML: &str = "text/html; charset=utf-8";
        match (&bodies.text, &bodies.html) {
            (Some(text), Some(html)) => {
                let boundary = self.multipart("alternative");
                self.delimiter(&boundary);
                self.leaf(TEXT, None, None, text.as_bytes());
                self.delimiter(&boundary);
                self.leaf(HTML, None, None, html.as_bytes());
                self.close(&boundary);
            }
            (None, Some(html)) => self.leaf(HTML, None, None, html.as_bytes()),
            (text, None) => self.leaf(TEXT, None, None, text.as_deref().unwrap_or_default().as_bytes()),
        }
    }

    fn attachment(&mut self, attachment: &Attachment<'_>, disposition: &str) {
        let name = attachment.name();
        match &attachment.content {
            Content::Item(item) => {
                self.push("Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n");
                self.item(item);
            }
            Content::Object(kind, bytes) => self.leaf(kind, Some((disposition, name.as_deref().unwrap_or_default())), None, bytes),
            Content::Bytes(bytes) => {
                let named = attachment.media_type();
                // Neither of them may be encoded (RFC 2046, 5.1.1 and 5.2.1).
                let named = named.filter(|kind| !kind.starts_with("multipart/") && !kind.starts_with("message/"));
                let kind = named.as_deref().unwrap_or("application/octet-stream");
                let id = attachment.content_id();
                self.leaf(kind, Some((disposition, name.as_deref().unwrap_or_default())), id.as_deref(), bytes);
            }
        }
    }

    /// A part that is no multipart.
    fn leaf(&mut self, kind: &str, disposition: Option<(&str, &str)>, content_id: Option<&str>, bytes: &[u8]) {
        let mut header = format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n");
        if let Some((disposition, name)) = disposition {
            header.push_str("Content-Disposition: ");
            header.push_str(disposition);
            if !name.is_empty() {
                word::parameter(&mut header, "filename", name);
            }
            header.push_str("\r\n");
        }
        let id = content_id.filter(|id| id.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte)));
        if let Some(id) = id {
            let _ = write!(header, "Content-ID: <{id}>\r\n");
        }
        header.push_str("\r\n");
        self.push(&header);
        self.out.reserve(bytes.len() / LINE * 78 + 80);
        for block in bytes.chunks(LINE * LINES) {
            if !(self.goes_on)() {
                return;
            }
            for line in block.chunks(LINE) {
                base64_simd::STANDARD.encode_append(line, &mut self.out);
                self.push("\r\n");
            }
        }
    }

    /// Begins a multipart and returns its boundary, which no line of base64 holds.
    fn multipart(&mut self, subtype: &str) -> String {
        self.multiparts += 1;
        let boundary = format!("=_{}_{subtype}", self.multiparts);
        self.push(&format!("Content-Type: multipart/{subtype}; boundary=\"{boundary}\"\r\n\r\n"));
        boundary
    }

    fn delimiter(&mut self, boundary: &str) {
        self.push(&format!("\r\n--{boundary}\r\n"));
    }

    fn close(&mut self, boundary: &str) {
        self.push(&format!("\r\n--{boundary}--\r\n"));
    }

    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }
}

/// Whether the HTML shows it: it has a Content-ID, and the HTML names that, or it is hidden otherwise.
fn is_inline(attachment: &Attachment<'_>, bodies: &Bodies) -> bool {
    let (Some(html), Some(id)) = (&bodies.html, attachment.content_id()) else { return false };
    let is_bytes = matches!(attachment.content, Content::Bytes(_));
    is_bytes && (attachment.is_hidden() || memchr::memmem::find(html.as_bytes(), format!("cid:{id}").as_bytes()).is_some())
}

/// The header of a message, without the fields of its body.
fn header(item: &Item<'_>) -> String {
    let mut out = String::new();
    let travelled = item.properties.text(id::TRANSPORT_MESSAGE_HEADERS).unwrap_or_default();
    let fields = fields(&travelled);
    for field in &fields {
        out.push_str(field.name);
        out.push(':');
        out.push_str(&field.lines.join("\r\n"));
        out.push_str("\r\n");
    }
    for (name, value) in made(item) {
        if !value.is_empty() && !fields.iter().any(|field| field.name.eq_ignore_ascii_case(name)) {
            out.push_str(&value);
            out.push_str("\r\n");
        }
    }
    out.push_str("MIME-Version: 1.0\r\n");
    out
}

/// The fields that the properties give.
fn made(item: &Item<'_>) -> Vec<(&'static str, String)> {
    let properties = &item.properties;
    let author = Person::of(properties, &AUTHOR);
    let sender = Person::of(properties, &SENDER);
    let differs =
        author.as_ref().zip(sender.as_ref()).is_some_and(|(author, sender)| author.address != sender.address && sender.address.is_some());
    let mut fields = Vec::new();
    let mut people = |name: &'static str, persons: Vec<Person>| {
        if !persons.is_empty() {
            let mut value = format!("{name}: ");
            list(&mut value, &persons);
            fields.push((name, value));
        }
    };
    let (from, sender) = if author.is_some() { (author, sender.filter(|_| differs)) } else { (sender, None) };
    people("From", Vec::from_iter(from));
    people("Sender", Vec::from_iter(sender));
    for (name, number, display) in [("To", 1, id::DISPLAY_TO), ("Cc", 2, id::DISPLAY_CC), ("Bcc", 3, id::DISPLAY_BCC)] {
        people(name, recipients(item, number, display));
    }
    let mut text = |name: &'static str, value: Option<String>| {
        if let Some(value) = value {
            let mut line = format!("{name}: ");
            word::text(&mut line, &value);
            fields.push((name, line));
        }
    };
    text("Subject", properties.text(id::SUBJECT).map(|subject| unprefixed(&subject).to_owned()));
    text("Date", properties.time(id::CLIENT_SUBMIT_TIME).or_else(|| properties.time(id::MESSAGE_DELIVERY_TIME)).and_then(date));
    let ids = [("Message-ID", id::INTERNET_MESSAGE_ID), ("In-Reply-To", id::IN_REPLY_TO_ID), ("References", id::INTERNET_REFERENCES)];
    for (name, id) in ids {
        text(name, properties.text(id));
    }
    let importance = match properties.number(id::IMPORTANCE) {
        Some(0) => Some("low"),
        Some(2) => Some("high"),
        _ => None,
    };
    text("Importance", importance.map(str::to_owned));
    fields
}

/// The recipients of a kind, from their table, or the names that are shown where there is none.
fn recipients(item: &Item<'_>, number: u32, display: u16) -> Vec<Person> {
    // Further bits say that a copy came back from a server (MS-OXCMSG, 2.2.3.1.2).
    let is_of_kind = |recipient: &&Properties<'_>| recipient.number(id::RECIPIENT_TYPE).unwrap_or(1) & 0xf == number;
    if !item.recipients.is_empty() {
        return item.recipients.iter().filter(is_of_kind).filter_map(|recipient| Person::of(recipient, &RECIPIENT)).collect();
    }
    let shown = item.properties.text(display).unwrap_or_default();
    let names = shown.split(';').map(str::trim).filter(|name| !name.is_empty());
    let person = |name: &str| {
        let is_address = name.contains('@') && !name.contains([' ', '<', '>', '"', ',']);
        if is_address {
            Person { name: None, address: Some(name.to_owned()) }
        } else {
            Person { name: Some(name.to_owned()), address: None }
        }
    };
    names.map(person).collect()
}

/// A subject without the mark of its prefix's length, which old programs put in front (MS-OXCMSG, 2.2.1.46: `\x01` and a character).
fn unprefixed(subject: &str) -> &str {
    let mut characters = subject.chars();
    if characters.next() == Some('\u{1}') && characters.next().is_some() { characters.as_str() } else { subject }
}
