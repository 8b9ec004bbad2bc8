//! The summary of a message as JSON.

use super::enclosed::Enclosed;
use super::head::Head;
use super::json::Json;
use super::part::Part;
use super::people::People;
use super::report::Said;
use super::secured::Secured;
use super::text::Text;
use crate::texts::Texts;
use postkontor_reader::Repairs;
use serde_json::Map;
use std::borrow::Cow;
use std::sync::OnceLock;

/// What a summary tells.
pub(super) struct Told<'a> {
    pub(super) size: u64,
    /// Why not all of the message was read.
    pub(super) cut: Option<&'a str>,
    pub(super) head: &'a Head<'a>,
    pub(super) text: Text<'a>,
    pub(super) html: Text<'a>,
    pub(super) parts: Vec<Part>,
    pub(super) said: Said,
    pub(super) enclosed: Enclosed,
    pub(super) security: Option<&'a str>,
    pub(super) secured: &'a Secured,
    pub(super) repairs: &'a Repairs,
}

/// The summary of a larger message is measured before it is written.
const SMALL: u64 = 16 * 1024;

/// The summary of a message, with sentences in this language.
pub(super) fn summary(told: &Told<'_>, language: &str) -> String {
    if told.size > SMALL {
        return Json::measured(|json| write(json, told, language));
    }
    // Most lines have two characters that need an escape: those of their end.
    let mut json = Json::with_capacity((told.text.text.len() + told.html.text.len()) / 16 * 17 + 1024);
    write(&mut json, told, language);
    json.into_text()
}

fn write(json: &mut Json, told: &Told<'_>, language: &str) {
    let Told { head, text, html, .. } = told;
    let mut place = [0; 25];
    json.object(|json| {
        json.name("size").number(told.size);
        let is_cut = !text.is_all || !html.is_all;
        if told.cut.is_some() || is_cut {
            json.name("complete").json("false");
        }
        let unprotected = told.secured.is_unprotected().then_some("smime.no_integrity");
        let warnings = told.cut.into_iter().chain(is_cut.then_some("message.text_too_long")).chain(unprotected);
        let mut warnings = warnings.peekable();
        if warnings.peek().is_some() {
            json.name("warnings").list(warnings, |json, code| json.object(|json| json.name("code").text(code)));
        }
        json.member("message_id", head.message_id.as_deref());
        json.member("date", head.date.map(|date| date.text(&mut place)));
        json.member("date_raw", head.date_raw.as_deref());
        json.name("subject").text(&head.subject);
        people(json, "from", &head.from, true);
        people(json, "sender", &head.sender, false);
        people(json, "reply_to", &head.reply_to, false);
        people(json, "to", &head.to, true);
        people(json, "cc", &head.cc, true);
        people(json, "bcc", &head.bcc, false);
        list(json, "in_reply_to", &head.in_reply_to);
        list(json, "references", &head.references);
        json.name("text").text(&text.text);
        json.name("html").text(&html.text);
        json.name("parts").list(&told.parts, |json, part| part.write(json));
        told.said.write(json);
        told.enclosed.write(json);
        json.member("security", told.security);
        told.secured.write(json, texts(), language);
        repairs(json, told.repairs, language);
    });
}

/// The summary of a message of which nothing was read.
pub(super) fn empty(size: u64, why: Option<&str>) -> String {
    let nothing = || Text { text: Cow::Borrowed(""), is_all: true };
    let (head, repairs) = (Head::default(), Repairs::default());
    let (text, html) = (nothing(), nothing());
    summary(
        &Told {
            size,
            cut: why,
            head: &head,
            text,
            html,
            parts: Vec::new(),
            said: Said::default(),
            enclosed: Enclosed::default(),
            security: None,
            secured: &Secured::default(),
            repairs: &repairs,
        },
        "",
    )
}

/// Core's own texts.
fn texts() -> &'static Texts {
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    TEXTS.get_or_init(Texts::new)
}

/// What was read in another way than it stands, each with a sentence for a user.
fn repairs(json: &mut Json, repairs: &Repairs, language: &str) {
    if repairs.as_slice().is_empty() {
        return;
    }
    let texts = texts();
    json.name("repairs").list(repairs.as_slice(), |json, repair| {
        json.object(|json| {
            json.name("code").text(repair.code);
            json.name("pointer").text(&repair.pointer);
            json.member("message", texts.sentence(language, repair.code, &Map::new()).as_deref());
        });
    });
}

/// Persons; an empty list only where it `always` stands.
fn people(json: &mut Json, name: &str, people: &People<'_>, always: bool) {
    if always || !people.is_empty() {
        json.name(name).array(|json| {
            people.each(&mut |person| {
                json.object(|json| {
                    json.member("name", person.name);
                    json.member("address", person.address);
                    json.member("text", person.text);
                    json.member("group", person.group);
                });
            });
        });
    }
}

fn list(json: &mut Json, name: &str, texts: &[String]) {
    if !texts.is_empty() {
        json.name(name).list(texts, |json, text| json.text(text));
    }
}
