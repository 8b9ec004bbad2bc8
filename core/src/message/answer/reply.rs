//! The answer to a mail.

use super::mail::Mail;
use super::members::{Quote, Reply};
use super::words::{Words, named};
use super::{kept, quote, subject};
use crate::message::address::{self, Address};
use crate::message::document::Message;
use crate::message::findings::Findings;
use crate::message::html;
use crate::message::identity::Identity;
use crate::message::members::Listed;
use crate::message::reader::is_identifier;
use crate::opened::{Content, Person};
use std::borrow::Cow;
use std::collections::HashSet;

/// Fills in recipients, subject, references and quote.
pub(super) fn complete(
    message: &mut Message<'_>,
    reply: &Reply<'_>,
    mail: &Mail,
    identity: &Identity<'_>,
    words: &Words<'_>,
    findings: &mut Findings<'_>,
) {
    let content = &mail.content;
    recipients(message, reply.all, content, identity, findings);
    if message.subject.is_empty() {
        message.subject = Cow::Owned(subject::of_reply(&content.subject));
    }
    refer(message, content, true);
    if reply.quote != Quote::None {
        show(message, reply.quote, mail, words, findings);
    }
    if let Some(auto) = &content.auto {
        findings.warn("/reply", "message.reply_to_automatic", &[("auto", auto)]);
    }
}

/// The answer goes to those whom the mail asks to answer to, else to its author; after a mail of our own to those whom it went to.
fn recipients(message: &mut Message<'_>, all: bool, content: &Content, identity: &Identity<'_>, findings: &mut Findings<'_>) {
    let own: HashSet<String> =
        [message.from.as_ref(), identity.from.as_ref(), identity.reply_to.as_ref()].into_iter().flatten().map(mailbox).collect();
    let mut known: HashSet<String> =
        message.to.iter().chain(&message.cc).chain(&message.bcc).map(|listed| mailbox(&listed.address)).collect();
    let mut add = |list: &mut Vec<Listed<'_>>, people: &[Person], own: &HashSet<String>| {
        for address in people.iter().filter_map(checked) {
            let mailbox = mailbox(&address);
            if !own.contains(&mailbox) && known.insert(mailbox) {
                list.push(Listed { address, pointer: "/reply".to_owned() });
            }
        }
    };
    if message.to.is_empty() {
        let author = if content.reply_to.is_empty() { &content.from } else { &content.reply_to };
        add(&mut message.to, author, &own);
        if message.to.is_empty() {
            add(&mut message.to, &content.to, &own);
        }
        if message.to.is_empty() {
            // Mail to oneself is answered to oneself.
            add(&mut message.to, author, &HashSet::new());
        }
    }
    if all {
        add(&mut message.to, &content.to, &own);
        add(&mut message.cc, &content.cc, &own);
    }
    if message.to.is_empty() && message.cc.is_empty() && message.bcc.is_empty() {
        findings.add("/reply", "message.reply_without_recipient", &[]);
    }
}

/// What spellings of one mailbox have in common: no server tells mailboxes apart by case.
fn mailbox(address: &Address<'_>) -> String {
    address.address.to_lowercase()
}

/// A person that can be written to.
fn checked(person: &Person) -> Option<Address<'static>> {
    let mut aside = Findings::default();
    let address = address::check(Cow::Owned(person.address.clone()?), "", &mut aside)?;
    let name = person.name.as_deref().map(super::words::line).unwrap_or_default();
    Some(Address { name: Cow::Owned(name), address: Cow::Owned(address.into_owned()) })
}

/// RFC 5322, 3.6.4: the references of the mail, or what it answered where it has none, and the mail itself behind them.
pub(super) fn refer(message: &mut Message<'_>, content: &Content, answers: bool) {
    let id = content.message_id.iter().filter(|id| is_identifier(id));
    if answers && message.in_reply_to.is_empty() {
        message.in_reply_to = id.clone().cloned().collect();
    }
    if message.references.is_empty() {
        let before = match (content.references.as_slice(), content.in_reply_to.as_slice()) {
            ([], [only]) => std::slice::from_ref(only),
            (references, _) => references,
        };
        let mut known = HashSet::new();
        let chain = before.iter().filter(|before| is_identifier(before)).chain(id);
        message.references = chain.filter(|id| known.insert(id.as_str())).cloned().collect();
    }
}

/// Shows the mail below what the document says.
fn show(message: &mut Message<'_>, wanted: Quote, mail: &Mail, words: &Words<'_>, findings: &mut Findings<'_>) {
    let content = &mail.content;
    let author = content.from.first().map_or_else(String::new, named);
    let attribution = words.attribution(&author, content.date.as_deref());
    let said = match content.text.trim().is_empty() {
        true => html::to_text(&content.html, findings),
        false => content.text.clone(),
    };
    let quoted = quote::text(&said, findings);
    let with_html = wanted == Quote::Html || message.html.is_some();
    if with_html {
        let (page, shows_images) = match wanted == Quote::Html && !content.html.trim().is_empty() {
            true => (Cow::Borrowed(content.html.as_str()), true),
            false => (Cow::Owned(html::from_text(&said, findings)), false),
        };
        let quote = quote::of_html(&page, &attribution, findings);
        let own = message.html.take().unwrap_or_else(|| html::from_text(message.text.as_deref().unwrap_or_default(), findings).into());
        if message.text.is_none() {
            message.text = Some(html::to_text(&own, findings).into());
        }
        message.html = Some(quote::below(&own, &quote).into());
        if shows_images {
            let shown = quote::images(&page);
            kept::take(
                &mut message.attachments,
                mail,
                "/reply",
                |part| part.inline.as_deref().is_some_and(|id| shown.contains(id)),
                findings,
            );
        }
    }
    let own = message.text.as_deref().unwrap_or_default();
    let blank = if own.trim().is_empty() { "" } else { "\r\n\r\n" };
    message.text = Some(format!("{}{blank}{attribution}\r\n{quoted}", own.trim_end()).into());
}
