//! Reports about mail that was sent, and mail that programs send by themselves, as the summary tells them.

use super::json::Json;
use crate::message::plain;
use postkontor_reader::Message;
use postkontor_reader::automatic::Auto;
use postkontor_reader::header::Fields;
use postkontor_reader::report::{self, Entity, Given, LARGEST, Report};
use std::borrow::Cow;
use std::io;

/// The beginning of HTML that is made text for the sake of a report.
const HTML: usize = 64 * 1024;
/// So much of a subject shows what it is about.
const SUBJECT: usize = 4 * 1024;

/// What programs say with a message.
#[derive(Default)]
pub(super) struct Said {
    auto: Option<Auto>,
    report: Option<Report>,
}

impl Said {
    /// Finds it in a message with this header, subject, text and HTML.
    pub(super) fn read(
        message: &Message<'_>,
        (header, fields): (&[u8], &Fields<'_>),
        subject: &str,
        text: &str,
        html: &str,
    ) -> io::Result<Said> {
        let mut found: Vec<(String, Cow<'_, [u8]>)> = Vec::new();
        for (index, entity) in message.structure().entities.iter().enumerate() {
            let (kind, subtype) = entity.kind();
            if kind == "message" || kind == "text" && subtype.starts_with("rfc822") {
                found.push((format!("{kind}/{subtype}"), message.decoded(index, LARGEST as u64)?.0));
            }
        }
        let entities: Vec<Entity<'_>> = found.iter().map(|(kind, bytes)| Entity { kind, bytes }).collect();
        let text = || if text.trim().is_empty() { Cow::Owned(plain(beginning(html, HTML))) } else { Cow::Borrowed(text) };
        let (report, auto) =
            report::said(&Given { header, fields, entities: &entities, text: &text, subject: beginning(subject, SUBJECT) });
        Ok(Said { auto, report })
    }

    /// Writes `auto` and `report`, where they apply.
    pub(super) fn write(&self, json: &mut Json) {
        json.member("auto", self.auto.map(Auto::name));
        if let Some(report) = &self.report {
            json.name("report").object(|json| of(json, report));
        }
    }
}

fn of(json: &mut Json, report: &Report) {
    json.name("kind").text(report.kind.name());
    json.member("message_id", report.message_id.as_deref());
    json.name("recipients").list(&report.recipients, |json, recipient| {
        json.object(|json| {
            json.name("address").text(&recipient.address);
            json.member("original", recipient.original.as_deref());
            json.member("enhanced", recipient.enhanced.as_deref());
            json.member("text", recipient.text.as_deref());
            if let Some(verdict) = recipient.verdict {
                json.name("kind").text(verdict.failure.name());
                json.name("confidence").text(verdict.confidence.name());
            }
        });
    });
}

fn beginning(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
