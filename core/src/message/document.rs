//! The message document: what a caller may say about a mail, read from JSON with every mistake pointed to.

use super::address::Address;
use super::answer::{Forward, Reply};
use super::append::Append;
use super::calendar::{self, Calendar};
use super::date::Date;
use super::findings::{BLOCK, Findings};
use super::members::{Attachment, Listed, OneAddress, OneOrSeveral, Priority, Receipt, SeveralAddresses};
use super::protection::Wish;
use super::reader::Reader;
use crate::json::Json;
use crate::pointer::child;
use postkontor_plugin::{Error, Stage, Status};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::borrow::Cow;
use std::io::{BufReader, Read};

/// A message document (design, section 7), checked as far as that is possible without looking at files and settings.
#[derive(Debug, Default, JsonSchema)]
pub(super) struct Message<'a> {
    #[schemars(with = "Option<OneAddress>", extend("x-postkontor" = {"order": 10}))]
    pub(super) from: Option<Address<'a>>,
    #[schemars(with = "Option<OneAddress>", extend("x-postkontor" = {"order": 15, "advanced": true, "without": ["file"]}))]
    pub(super) sender: Option<Address<'a>>,
    #[schemars(with = "Option<SeveralAddresses>", extend("x-postkontor" = {"order": 50, "advanced": true, "without": ["file"]}))]
    pub(super) reply_to: Vec<Address<'a>>,
    #[schemars(with = "Option<SeveralAddresses>", extend("x-postkontor" = {"order": 20}))]
    pub(super) to: Vec<Listed<'a>>,
    #[schemars(with = "Option<SeveralAddresses>", extend("x-postkontor" = {"order": 30}))]
    pub(super) cc: Vec<Listed<'a>>,
    #[schemars(with = "Option<SeveralAddresses>", extend("x-postkontor" = {"order": 40}))]
    pub(super) bcc: Vec<Listed<'a>>,
    #[schemars(default, extend("examples" = ["Rechnung 4711"], "x-postkontor" = {"order": 60, "without": ["file"]}))]
    pub(super) subject: Cow<'a, str>,
    #[schemars(extend("x-postkontor" = {"order": 70, "lines": true, "forbidden": r"\x00", "without": ["file"]}))]
    pub(super) text: Option<Cow<'a, str>>,
    #[schemars(extend("x-postkontor" = {"order": 80, "lines": true, "forbidden": r"\x00", "without": ["file"]}))]
    pub(super) html: Option<Cow<'a, str>>,
    /// A meeting request or the like, as one more form of the text.
    #[schemars(
        with = "Option<String>",
        extend("examples" = [EXAMPLE], "x-postkontor" = {"order": 150, "advanced": true, "lines": true, "forbidden": r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", "without": ["file"]})
    )]
    pub(super) calendar: Option<Calendar<'a>>,
    #[schemars(default, extend("x-postkontor" = {"order": 90, "without": ["file"]}))]
    pub(super) attachments: Vec<Attachment<'a>>,
    #[schemars(
        with = "Option<std::collections::BTreeMap<String, String>>",
        extend("x-postkontor" = {"order": 160, "advanced": true, "without": ["file"]})
    )]
    pub(super) headers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Without angle brackets, as all message identifiers here.
    #[schemars(
        regex(pattern = r"^( *<[!-;=?A-~]+@[!-;=?A-~]+> *|[!-;=?A-~]+@[!-;=?A-~]+|)$"),
        length(max = 900),
        extend("examples" = ["4711.2026@erp.example.com"], "x-postkontor" = {"order": 170, "advanced": true, "without": ["file"]})
    )]
    pub(super) message_id: Option<Cow<'a, str>>,
    #[schemars(
        with = "Option<String>",
        extend("examples" = ["2026-11-30T08:00:00+01:00"], "x-postkontor" = {"order": 180, "advanced": true, "without": ["file"]})
    )]
    pub(super) date: Option<Date>,
    #[schemars(default, extend("default" = "normal", "x-postkontor" = {"order": 100, "without": ["file"]}))]
    pub(super) priority: Priority,
    #[schemars(default, extend("x-postkontor" = {"order": 110}))]
    pub(super) receipt: Receipt,
    #[schemars(
        with = "Option<OneOrSeveral<String>>",
        extend("pattern" = IDENTIFIERS, "examples" = ["<0815@example.com>"], "x-postkontor" = {"order": 190, "advanced": true, "without": ["file"]})
    )]
    pub(super) in_reply_to: Vec<String>,
    #[schemars(
        with = "Option<OneOrSeveral<String>>",
        extend("pattern" = IDENTIFIERS, "examples" = ["<0815@example.com>"], "x-postkontor" = {"order": 200, "advanced": true, "without": ["file"]})
    )]
    pub(super) references: Vec<String>,
    /// The mail that it answers.
    #[schemars(extend("x-postkontor" = {"order": 120, "given": true, "without": ["file", "forward"]}))]
    pub(super) reply: Option<Reply<'a>>,
    /// The mail that it passes on.
    #[schemars(extend("x-postkontor" = {"order": 130, "given": true, "without": ["file", "reply"]}))]
    pub(super) forward: Option<Forward<'a>>,
    /// The folder that it is put into instead of being sent.
    #[schemars(extend("x-postkontor" = {"order": 140, "given": true}))]
    pub(super) append: Option<Append>,
    /// Whether it is signed and encrypted, where that is not as the settings say.
    #[schemars(with = "Option<Wish<'static>>", extend("x-postkontor" = {"order": 145, "advanced": true, "given": true}))]
    pub(super) smime: Option<Wish<'a>>,
    /// Path of a ready-made message.
    #[schemars(extend("x-postkontor" = {"order": 210, "advanced": true}))]
    pub(super) file: Option<Cow<'a, str>>,
}

/// The schema of the document as it is read.
pub(crate) fn schema(generator: SchemaGenerator) -> Schema {
    generator.into_root_schema_for::<Message<'static>>()
}

/// A meeting request.
const EXAMPLE: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

/// Message identifiers, none longer than the reader takes.
const IDENTIFIERS: &str = "^[ <>]*([!-;=?-~]{1,900}([ <>]+|$))*$";

/// All members.
pub(crate) const MEMBERS: [&str; 23] = [
    "from",
    "sender",
    "reply_to",
    "to",
    "cc",
    "bcc",
    "subject",
    "text",
    "html",
    "calendar",
    "attachments",
    "headers",
    "message_id",
    "date",
    "priority",
    "receipt",
    "in_reply_to",
    "references",
    "reply",
    "forward",
    "file",
    "append",
    "smime",
];

/// Members that describe a message of our own making, which a ready-made one brings along.
const NOT_WITH_FILE: [&str; 16] = [
    "reply_to",
    "subject",
    "text",
    "html",
    "calendar",
    "attachments",
    "headers",
    "message_id",
    "date",
    "priority",
    "in_reply_to",
    "references",
    "reply",
    "forward",
    "receipt/read",
    "sender",
];

/// A document of this size is read in one go. Reading a larger one may be broken off, for which its strings are copied.
const LARGE: usize = 4 << 20;

fn parse<'a>(source: &'a str, findings: &mut Findings<'_>) -> Result<Json<'a>, serde_json::Error> {
    match source.len() > LARGE {
        true => Json::read(BufReader::with_capacity(BLOCK, Blocks { rest: source.as_bytes(), findings })),
        false => Json::parse(source),
    }
}

/// A text that is given away block by block, as long as the call goes on: one string may be most of it.
struct Blocks<'s, 'f, 'c> {
    rest: &'s [u8],
    findings: &'f mut Findings<'c>,
}

impl Read for Blocks<'_, '_, '_> {
    fn read(&mut self, data: &mut [u8]) -> std::io::Result<usize> {
        if !self.findings.goes_on() {
            return Err(std::io::Error::other("the call has ended"));
        }
        self.rest.read(data)
    }
}

impl<'a> Message<'a> {
    /// Reads a document. What is wrong goes to `findings`; an error means that it is not even JSON.
    pub(super) fn read(source: &'a str, findings: &mut Findings<'_>) -> Result<Message<'a>, Error> {
        let tree = parse(source, findings).map_err(|error| {
            Error::new(Status::Argument, "message.json_invalid")
                .stage(Stage::Message)
                .arg("line", error.line())
                .arg("column", error.column())
                .at_message("", "message.json_invalid")
                .detail(error.to_string())
        });
        if tree.is_err() && !findings.goes_on() {
            return Ok(Message::default());
        }
        Ok(Message::of_json(tree?, findings))
    }

    /// Takes a document that was read as JSON already. What is wrong goes to `findings`.
    pub(super) fn of_json(document: Json<'a>, findings: &mut Findings<'_>) -> Message<'a> {
        let Json::Object(members) = document else {
            findings.add("", "message.expected_object", &[]);
            return Message::default();
        };
        Message::of(members, findings)
    }

    /// Takes the members of a document. What is wrong goes to `findings`.
    pub(super) fn of(members: Vec<(Cow<'a, str>, Json<'a>)>, findings: &mut Findings<'_>) -> Message<'a> {
        let mut message = Message::default();
        let mut reader = Reader { findings };
        let mut seen: Vec<Cow<'a, str>> = Vec::with_capacity(members.len().min(32));
        // A member that is null counts as not given.
        for (name, value) in members.into_iter().filter(|(_, value)| !matches!(value, Json::Null)) {
            if seen.contains(&name) {
                reader.findings.add(child("", &name), "message.member_twice", &[("member", &name)]);
                continue;
            }
            if seen.len() < 32 {
                seen.push(name.clone());
            }
            message.take(&name, value, &mut reader);
        }
        if message.file.is_some() {
            for member in NOT_WITH_FILE {
                let (outer, inner) = member.split_once('/').unwrap_or((member, ""));
                if seen.iter().any(|seen| seen == outer) && (inner.is_empty() || message.receipt.read) {
                    reader.findings.add(format!("/{member}"), "message.member_not_with_file", &[("member", member)]);
                }
            }
        }
        message
    }

    fn take(&mut self, name: &str, value: Json<'a>, reader: &mut Reader<'_, '_>) {
        match name {
            "from" => self.from = reader.address(value, "/from", "message.from_several"),
            "sender" => self.sender = reader.address(value, "/sender", "message.expected_address"),
            "reply_to" => self.reply_to = reader.addresses(value, "/reply_to").into_iter().map(|listed| listed.address).collect(),
            "to" => self.to = reader.addresses(value, "/to"),
            "cc" => self.cc = reader.addresses(value, "/cc"),
            "bcc" => self.bcc = reader.addresses(value, "/bcc"),
            "subject" => self.subject = reader.line(value, "/subject").unwrap_or_default(),
            "text" => self.text = reader.text(value, "/text"),
            "html" => self.html = reader.text(value, "/html"),
            "calendar" => {
                let text = reader.text(value, "/calendar");
                self.calendar = text.and_then(|text| calendar::check(text, "/calendar", reader.findings));
            }
            "attachments" => self.attachments = reader.attachments(value),
            "headers" => self.headers = reader.headers(value),
            "message_id" => self.message_id = reader.message_id(value),
            "date" => self.date = reader.date(value),
            "priority" => self.priority = reader.priority(value),
            "receipt" => self.receipt = reader.receipt(value),
            "in_reply_to" => self.in_reply_to = reader.identifiers(value, "/in_reply_to"),
            "references" => self.references = reader.identifiers(value, "/references"),
            "reply" => self.reply = reader.reply(value),
            "forward" => self.forward = reader.forward(value),
            "append" => self.append = reader.append(value),
            "smime" => self.smime = Some(reader.smime(value)),
            "file" => self.file = reader.line(value, "/file"),
            _ => reader.findings.unknown(child("", name), name, &MEMBERS),
        }
    }
}
