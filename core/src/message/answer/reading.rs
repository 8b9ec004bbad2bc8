//! Reads the members `reply` and `forward`.

use super::members::{Forward, Quote, Reply, Way};
use crate::json::Json;
use crate::message::members::Original;
use crate::message::reader::Reader;
use crate::pointer::child;
use std::borrow::Cow;

/// What both have in common.
#[derive(Default)]
struct Named<'a> {
    file: Option<Cow<'a, str>>,
    part: Option<usize>,
    language: Option<Cow<'a, str>>,
    given: usize,
}

impl<'a> Named<'a> {
    const MEMBERS: [&'static str; 3] = ["file", "part", "language"];

    /// Takes one of these members.
    fn take(&mut self, member: &str, value: Json<'a>, place: &str, reader: &mut Reader<'_, '_>) {
        match (member, value) {
            ("language", value) => self.language = reader.line(value, place).filter(|language| !language.is_empty()),
            ("file", value) => {
                self.given += 1;
                self.file = reader.line(value, place).filter(|file| !file.is_empty());
            }
            (_, value) => {
                self.given += 1;
                match value {
                    Json::Number(Some(index)) => self.part = usize::try_from(index).ok(),
                    _ => reader.findings.add(place, "message.expected_index", &[]),
                }
            }
        }
    }

    fn original(self, pointer: &str, reader: &mut Reader<'_, '_>) -> Option<(Original<'a>, Option<Cow<'a, str>>)> {
        if self.given != 1 {
            reader.findings.add(pointer, "message.original_source", &[]);
            return None;
        }
        let original = self.part.map(Original::Part).or(self.file.map(Original::File));
        if original.is_none() && reader.findings.is_empty() {
            reader.findings.add(pointer, "message.original_source", &[]);
        }
        Some((original?, self.language))
    }
}

impl Reader<'_, '_> {
    /// The member `reply`.
    pub(in crate::message) fn reply<'a>(&mut self, value: Json<'a>) -> Option<Reply<'a>> {
        let (mut named, mut all, mut quote) = (Named::default(), false, Quote::None);
        self.each(value, "/reply", |member, value, place, reader| {
            match member {
                "all" => match value {
                    Json::Bool(wanted) => all = wanted,
                    _ => reader.findings.add(place, "message.expected_boolean", &[]),
                },
                "quote" => match reader.line(value, place).as_deref() {
                    Some("text") => quote = Quote::Text,
                    Some("html") => quote = Quote::Html,
                    Some("none" | "") | None => (),
                    Some(other) => reader.findings.add(place, "message.quote_unknown", &[("quote", other)]),
                },
                _ if Named::MEMBERS.contains(&member) => named.take(member, value, place, reader),
                _ => reader.findings.unknown(place, member, &["file", "part", "all", "quote", "language"]),
            };
        })?;
        let (original, language) = named.original("/reply", self)?;
        Some(Reply { original, all, quote, language })
    }

    /// The member `forward`.
    pub(in crate::message) fn forward<'a>(&mut self, value: Json<'a>) -> Option<Forward<'a>> {
        let (mut named, mut way) = (Named::default(), Way::Inline);
        self.each(value, "/forward", |member, value, place, reader| {
            match member {
                "as" => match reader.line(value, place).as_deref() {
                    Some("attachment") => way = Way::Attachment,
                    Some("inline" | "") | None => (),
                    Some(other) => reader.findings.add(place, "message.forward_unknown", &[("as", other)]),
                },
                _ if Named::MEMBERS.contains(&member) => named.take(member, value, place, reader),
                _ => reader.findings.unknown(place, member, &["file", "part", "as", "language"]),
            };
        })?;
        let (original, language) = named.original("/forward", self)?;
        Some(Forward { original, way, language })
    }

    /// Gives the members of an object away; those that are null count as not given.
    fn each<'a>(&mut self, value: Json<'a>, pointer: &str, mut take: impl FnMut(&str, Json<'a>, &str, &mut Reader<'_, '_>)) -> Option<()> {
        let Json::Object(members) = value else {
            self.findings.add(pointer, "message.expected_object", &[]);
            return None;
        };
        for (member, value) in members.into_iter().filter(|(_, value)| !matches!(value, Json::Null)) {
            take(&member, value, &child(pointer, &member), &mut Reader { findings: &mut *self.findings });
        }
        Some(())
    }
}
