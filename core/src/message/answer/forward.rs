//! A mail that is passed on.

use super::mail::Mail;
use super::members::{Forward, Way};
use super::words::{Words, line, shown};
use super::{kept, quote, reply, subject};
use crate::message::document::Message;
use crate::message::findings::Findings;
use crate::message::html;
use crate::message::members::{Attachment, Source};
use crate::opened::{Content, Person};
use std::borrow::Cow;

/// Fills in subject, references, and the mail itself.
pub(super) fn complete<'a>(message: &mut Message<'a>, forward: Forward<'a>, mail: &Mail, words: &Words<'_>, findings: &mut Findings<'_>) {
    let content = &mail.content;
    if message.subject.is_empty() {
        message.subject = Cow::Owned(subject::of_forward(&content.subject));
    }
    reply::refer(message, content, false);
    if forward.way == Way::Attachment {
        let name = line(&content.subject);
        let name = crate::opened::safe_name(&format!("{}.eml", if name.is_empty() { "message" } else { &name }));
        message.attachments.push(Attachment {
            name: Some(Cow::Owned(name)),
            source: Source::Message(forward.original),
            kind: Some(Cow::Borrowed("message/rfc822")),
            inline: None,
            pointer: "/forward".to_owned(),
        });
        return;
    }
    show(message, mail, words, findings);
    kept::take(&mut message.attachments, mail, "/forward", |_| true, findings);
}

/// Shows the mail with who wrote it, to whom and when, below what the document says.
fn show(message: &mut Message<'_>, mail: &Mail, words: &Words<'_>, findings: &mut Findings<'_>) {
    let content = &mail.content;
    let above = above(content, words);
    if message.html.is_some() || !content.html.trim().is_empty() {
        let page = match content.html.trim().is_empty() {
            true => html::from_text(&content.text, findings),
            false => quote::inside(&content.html, findings),
        };
        let own = message.html.take().unwrap_or_else(|| html::from_text(message.text.as_deref().unwrap_or_default(), findings).into());
        if message.text.is_none() {
            message.text = Some(html::to_text(&own, findings).into());
        }
        let passed = format!("<p>{}</p>\r\n<div>\r\n{page}\r\n</div>\r\n", html::from_text(&above, findings));
        message.html = Some(quote::below(&own, &passed).into());
    }
    let said = match content.text.trim().is_empty() {
        true => html::to_text(&content.html, findings),
        false => content.text.replace('\0', ""),
    };
    let own = message.text.as_deref().unwrap_or_default();
    let blank = if own.trim().is_empty() { "" } else { "\r\n\r\n" };
    message.text = Some(format!("{}{blank}{above}\r\n\r\n{}\r\n", own.trim_end(), said.trim_end()).into());
}

/// The lines above it.
fn above(content: &Content, words: &Words<'_>) -> String {
    let people = |people: &[Person]| people.iter().map(shown).collect::<Vec<_>>().join(", ");
    let lines = [
        ("quote.from", people(&content.from)),
        ("quote.date", content.date.as_deref().map(|date| words.moment(date)).unwrap_or_default()),
        ("quote.subject", line(&content.subject)),
        ("quote.to", people(&content.to)),
        ("quote.cc", people(&content.cc)),
    ];
    let lines = lines.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| words.labelled(name, value));
    std::iter::once(format!("---------- {} ----------", words.forwarded())).chain(lines).collect::<Vec<_>>().join("\r\n")
}
