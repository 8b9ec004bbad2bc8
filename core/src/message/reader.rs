//! The values of a message document, each checked as it is read.

use super::address::{self, Address};
use super::date::Date;
use super::findings::Findings;
use super::members::{Attachment, Listed, Priority, Receipt, Source};
use crate::json::Json;
use crate::pointer::child;
use postkontor_plugin::{Dsn, Notify};
use std::borrow::Cow;

/// Headers that Postkontor writes itself, and the member that sets each; those with an empty one cannot be set.
pub(crate) const RESERVED: [(&str, &str); 20] = [
    ("from", "from"),
    ("sender", "sender"),
    ("reply-to", "reply_to"),
    ("to", "to"),
    ("cc", "cc"),
    ("bcc", "bcc"),
    ("subject", "subject"),
    ("date", "date"),
    ("message-id", "message_id"),
    ("in-reply-to", "in_reply_to"),
    ("references", "references"),
    ("x-priority", "priority"),
    ("importance", "priority"),
    ("priority", "priority"),
    ("disposition-notification-to", "receipt/read"),
    ("return-receipt-to", "receipt/delivery"),
    ("mime-version", ""),
    ("return-path", ""),
    ("received", ""),
    ("resent-bcc", ""),
];

/// RFC 5322 section 2.1.1 allows 998 characters a line; a header's name, value and line ends must leave room.
const WORD_LENGTH: usize = 900;

/// Reads values of the document and notes what is wrong with them.
pub(super) struct Reader<'f, 'c> {
    pub(super) findings: &'f mut Findings<'c>,
}

impl Reader<'_, '_> {
    /// A text of several lines, in which only NUL has no place.
    pub(super) fn text<'a>(&mut self, value: Json<'a>, pointer: &str) -> Option<Cow<'a, str>> {
        let text = self.string(value, pointer)?;
        if memchr::memchr(0, text.as_bytes()).is_some() {
            self.findings.add(pointer, "message.control_character", &[("character", "U+0000")]);
            return None;
        }
        Some(text)
    }

    /// A text of one line: whatever would break a line or hide in it is refused before anything else is asked.
    pub(super) fn line<'a>(&mut self, value: Json<'a>, pointer: &str) -> Option<Cow<'a, str>> {
        let text = self.string(value, pointer)?;
        self.is_clean(&text, pointer).then_some(text)
    }

    fn string<'a>(&mut self, value: Json<'a>, pointer: &str) -> Option<Cow<'a, str>> {
        match value {
            Json::Text(text) => Some(text),
            _ => {
                self.findings.add(pointer, "message.expected_text", &[]);
                None
            }
        }
    }

    fn is_clean(&mut self, text: &str, pointer: &str) -> bool {
        if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return true;
        }
        match text.chars().find(|c| c.is_control()) {
            None => true,
            Some('\r' | '\n') => {
                self.findings.add(pointer, "message.line_break", &[]);
                false
            }
            Some(c) => {
                self.findings.add(pointer, "message.control_character", &[("character", &format!("U+{:04X}", u32::from(c)))]);
                false
            }
        }
    }

    /// Exactly one address, or none where the text is empty.
    pub(super) fn address<'a>(&mut self, value: Json<'a>, pointer: &str, several: &str) -> Option<Address<'a>> {
        let value = match value {
            Json::List(mut list) if list.len() == 1 => list.remove(0),
            Json::List(_) => {
                self.findings.add(pointer, several, &[]);
                return None;
            }
            value => value,
        };
        let mut listed = Vec::new();
        self.entry(value, pointer, &mut listed);
        if listed.len() > 1 {
            self.findings.add(pointer, several, &[]);
            return None;
        }
        listed.pop().map(|listed| listed.address)
    }

    /// One address or a list of them; each entry may itself hold several.
    pub(super) fn addresses<'a>(&mut self, value: Json<'a>, pointer: &str) -> Vec<Listed<'a>> {
        let mut listed = Vec::new();
        match value {
            Json::List(list) => {
                listed.reserve(list.len());
                for (index, value) in list.into_iter().enumerate() {
                    if !self.findings.goes_on() {
                        break;
                    }
                    let pointer = format!("{pointer}/{index}");
                    if matches!(&value, Json::Text(text) if text.trim().is_empty()) {
                        self.findings.add(pointer, "message.address_invalid", &[("address", "")]);
                        continue;
                    }
                    self.entry(value, &pointer, &mut listed);
                }
            }
            value => self.entry(value, pointer, &mut listed),
        }
        listed
    }

    fn entry<'a>(&mut self, value: Json<'a>, pointer: &str, listed: &mut Vec<Listed<'a>>) {
        match value {
            Json::Text(text) if !self.is_clean(&text, pointer) => (),
            Json::Text(Cow::Borrowed(text)) => {
                for address in address::parse_list(text, pointer, self.findings) {
                    listed.push(Listed { address, pointer: pointer.to_owned() });
                }
            }
            Json::Text(Cow::Owned(text)) => {
                for Address { name, address } in address::parse_list(&text, pointer, self.findings) {
                    let address = Address { name: Cow::Owned(name.into_owned()), address: Cow::Owned(address.into_owned()) };
                    listed.push(Listed { address, pointer: pointer.to_owned() });
                }
            }
            Json::Object(members) => {
                if let Some(address) = self.named(members, pointer) {
                    listed.push(Listed { address, pointer: pointer.to_owned() });
                }
            }
            _ => self.findings.add(pointer, "message.expected_address", &[]),
        }
    }

    /// `{"name","address"}`.
    fn named<'a>(&mut self, members: Vec<(Cow<'a, str>, Json<'a>)>, pointer: &str) -> Option<Address<'a>> {
        let (mut name, mut address) = (Cow::Borrowed(""), None);
        let mut valid = true;
        for (member, value) in members {
            match &*member {
                "name" if matches!(value, Json::Null) => (),
                "name" => match self.line(value, &format!("{pointer}/name")) {
                    Some(text) => name = text,
                    None => valid = false,
                },
                "address" => {
                    let pointer = format!("{pointer}/address");
                    address = self.line(value, &pointer).and_then(|text| address::check(text, &pointer, self.findings));
                    valid &= address.is_some();
                }
                _ => {
                    self.findings.unknown(child(pointer, &member), &member, &["name", "address"]);
                    valid = false;
                }
            }
        }
        if valid && address.is_none() {
            self.findings.add(pointer, "message.expected_address", &[]);
        }
        address.filter(|_| valid).map(|address| Address { name, address })
    }

    pub(super) fn attachments<'a>(&mut self, value: Json<'a>) -> Vec<Attachment<'a>> {
        let Json::List(list) = value else {
            self.findings.add("/attachments", "message.expected_list", &[]);
            return Vec::new();
        };
        let attachments: Vec<Attachment<'a>> =
            list.into_iter().enumerate().filter_map(|(index, value)| self.attachment(value, format!("/attachments/{index}"))).collect();
        let mut identifiers: Vec<(&str, &str)> =
            attachments.iter().filter_map(|attachment| Some((attachment.inline.as_deref()?, attachment.pointer.as_str()))).collect();
        identifiers.sort_unstable();
        for pair in identifiers.windows(2) {
            if pair[0].0 == pair[1].0 {
                self.findings.add(format!("{}/inline", pair[1].1), "message.content_id_twice", &[("content_id", pair[1].0)]);
            }
        }
        attachments
    }

    fn attachment<'a>(&mut self, value: Json<'a>, pointer: String) -> Option<Attachment<'a>> {
        let Json::Object(members) = value else {
            self.findings.add(pointer, "message.expected_object", &[]);
            return None;
        };
        let (mut name, mut file, mut part, mut kind, mut inline) = (None, None, None, None, None);
        let mut given = 0;
        for (member, value) in members {
            let place = child(&pointer, &member);
            match &*member {
                _ if matches!(value, Json::Null) => (),
                "name" => name = self.line(value, &place).filter(|name| !name.is_empty()),
                "file" => {
                    given += 1;
                    file = self.line(value, &place);
                }
                "part" => {
                    given += 1;
                    match value {
                        Json::Number(Some(index)) => part = usize::try_from(index).ok(),
                        _ => self.findings.add(place, "message.expected_index", &[]),
                    }
                }
                "type" => kind = self.kind(value, &place),
                "inline" => inline = self.content_id(value, &place),
                _ => self.findings.unknown(place, &member, &["name", "file", "part", "type", "inline"]),
            }
        }
        if given != 1 {
            self.findings.add(pointer, "message.attachment_source", &[]);
            return None;
        }
        let source = part.map(Source::Part).or(file.map(Source::File))?;
        Some(Attachment { name, source, kind, inline, pointer })
    }

    /// A media type, with parameters where the caller has some.
    fn kind<'a>(&mut self, value: Json<'a>, pointer: &str) -> Option<Cow<'a, str>> {
        let kind = self.line(value, pointer)?;
        if kind.is_empty() {
            return None;
        }
        if !super::kind::is_valid(&kind) {
            self.findings.add(pointer, "message.type_invalid", &[("type", &kind)]);
            return None;
        }
        Some(kind)
    }

    fn content_id<'a>(&mut self, value: Json<'a>, pointer: &str) -> Option<Cow<'a, str>> {
        let text = self.line(value, pointer)?;
        let identifier = bare(text);
        if !is_identifier(&identifier) {
            self.findings.add(pointer, "message.content_id_invalid", &[("content_id", &identifier)]);
            return None;
        }
        Some(identifier)
    }

    pub(super) fn headers<'a>(&mut self, value: Json<'a>) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
        let Json::Object(members) = value else {
            self.findings.add("/headers", "message.expected_object", &[]);
            return Vec::new();
        };
        let mut headers = Vec::with_capacity(members.len());
        for (name, value) in members {
            if !self.findings.goes_on() {
                break;
            }
            let pointer = child("/headers", &name);
            let clean = self.is_clean(&name, &pointer);
            let Some(value) = self.line(value, &pointer) else { continue };
            if clean && self.is_own_header(&name, &pointer) {
                headers.push((name, value));
            }
        }
        headers
    }

    fn is_own_header(&mut self, name: &str, pointer: &str) -> bool {
        // RFC 5322 section 3.6.8.
        if name.is_empty() || name.len() > 64 || !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':') {
            self.findings.add(pointer, "message.header_name_invalid", &[("header", name)]);
            return false;
        }
        let lower = name.to_ascii_lowercase();
        let reserved = RESERVED.iter().find(|(reserved, _)| *reserved == lower);
        match reserved {
            Some((_, member)) if !member.is_empty() => {
                self.findings.add(pointer, "message.header_has_member", &[("header", name), ("member", member)]);
                false
            }
            Some(_) => {
                self.findings.add(pointer, "message.header_reserved", &[("header", name)]);
                false
            }
            None if lower.starts_with("content-") => {
                self.findings.add(pointer, "message.header_reserved", &[("header", name)]);
                false
            }
            None => true,
        }
    }

    pub(super) fn message_id<'a>(&mut self, value: Json<'a>) -> Option<Cow<'a, str>> {
        let text = self.line(value, "/message_id")?;
        if text.is_empty() {
            return None;
        }
        let identifier = bare(text);
        let valid = is_identifier(&identifier)
            && identifier.split_once('@').is_some_and(|(left, right)| !left.is_empty() && !right.is_empty() && !right.contains('@'));
        if !valid {
            self.findings.add("/message_id", "message.message_id_invalid", &[("message_id", &identifier)]);
            return None;
        }
        Some(identifier)
    }

    /// Message identifiers: one, a list, or several in one text, as they stand in the headers of the mail that is answered.
    pub(super) fn identifiers(&mut self, value: Json<'_>, pointer: &str) -> Vec<String> {
        let list = match value {
            Json::List(list) => list.into_iter().enumerate().map(|(index, value)| (format!("{pointer}/{index}"), value)).collect(),
            value => vec![(pointer.to_owned(), value)],
        };
        let mut identifiers = Vec::new();
        for (pointer, value) in list {
            let Some(text) = self.line(value, &pointer) else { continue };
            for word in text.split([' ', '<', '>']).filter(|word| !word.is_empty()) {
                match is_identifier(word) {
                    true => identifiers.push(word.to_owned()),
                    false => self.findings.add(&pointer, "message.reference_invalid", &[("message_id", word)]),
                }
            }
        }
        identifiers
    }

    pub(super) fn date(&mut self, value: Json<'_>) -> Option<Date> {
        let text = self.line(value, "/date")?;
        if text.is_empty() {
            return None;
        }
        let date = Date::parse(&text);
        if date.is_none() {
            self.findings.add("/date", "message.date_invalid", &[("date", &text)]);
        }
        date
    }

    pub(super) fn priority(&mut self, value: Json<'_>) -> Priority {
        match self.line(value, "/priority").as_deref() {
            Some("high") => Priority::High,
            Some("low") => Priority::Low,
            Some("normal" | "") | None => Priority::Normal,
            Some(other) => {
                self.findings.add("/priority", "message.priority_unknown", &[("priority", other)]);
                Priority::Normal
            }
        }
    }

    /// `{"read": bool, "delivery": [occasion]}`.
    pub(super) fn receipt(&mut self, value: Json<'_>) -> Receipt {
        let mut receipt = Receipt::default();
        let Json::Object(members) = value else {
            self.findings.add("/receipt", "message.expected_object", &[]);
            return receipt;
        };
        for (member, value) in members {
            match (&*member, value) {
                ("read" | "delivery", Json::Null) => (),
                ("read", Json::Bool(wanted)) => receipt.read = wanted,
                ("read", _) => self.findings.add("/receipt/read", "message.expected_boolean", &[]),
                ("delivery", Json::List(occasions)) => receipt.delivery = Some(Dsn { notify: self.occasions(occasions) }),
                ("delivery", _) => self.findings.add("/receipt/delivery", "message.expected_list", &[]),
                (other, _) => {
                    self.findings.unknown(child("/receipt", other), other, &["read", "delivery"]);
                }
            }
        }
        receipt
    }

    fn occasions(&mut self, list: Vec<Json<'_>>) -> Vec<Notify> {
        let mut notify = Vec::new();
        for (index, value) in list.into_iter().enumerate() {
            let pointer = format!("/receipt/delivery/{index}");
            let occasion = match self.line(value, &pointer).as_deref() {
                Some("failure") => Notify::Failure,
                Some("delay") => Notify::Delay,
                Some("success") => Notify::Success,
                Some(other) => {
                    self.findings.add(pointer, "message.occasion_unknown", &[("occasion", other)]);
                    continue;
                }
                None => continue,
            };
            if !notify.contains(&occasion) {
                notify.push(occasion);
            }
        }
        notify
    }
}

/// An identifier without the angle brackets that some write around it.
fn bare(text: Cow<'_, str>) -> Cow<'_, str> {
    let strip = |text: &str| text.trim_matches(' ').strip_prefix('<').and_then(|text| text.strip_suffix('>')).map(str::len);
    match (strip(&text), text) {
        (None, text) => text,
        (Some(_), Cow::Borrowed(text)) => {
            let text = text.trim_matches(' ');
            Cow::Borrowed(&text[1..text.len() - 1])
        }
        (Some(_), Cow::Owned(text)) => {
            let text = text.trim_matches(' ');
            Cow::Owned(text[1..text.len() - 1].to_owned())
        }
    }
}

/// Whether the text can stand between angle brackets in a header.
pub(super) fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.len() <= WORD_LENGTH && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'<' && byte != b'>')
}
