//! From the document to the composed message.

use super::address::Address;
use super::composed::Composed;
use super::content::Content;
use super::date::Date;
use super::document::Message;
use super::entity::Entity;
use super::envelope::Envelope;
use super::fields::Already;
use super::findings::{Findings, Place};
use super::header::Headers;
use super::identity::Identity;
use super::members::Priority;
use super::protection::{About, Guard, Protected, Protection};
use super::{answer, blind, given, identifier, raw, ready};
use crate::Watch;
use crate::json::Json;
use crate::pointer::child;
use crate::settings::Sender;
use postkontor_plugin::{Error, Input};
use std::path::Path;
use std::sync::Arc;

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
    /// Of the words around a mail that is answered or passed on.
    language: &'s str,
    protection: Option<Protection<'s>>,
}

impl<'s> Composer<'s> {
    /// Reads the sender's settings. What is wrong with them is an error that points into them.
    pub fn new(sender: &'s Sender) -> Result<Composer<'s>, Error> {
        Ok(Composer { identity: Identity::of(sender)?, watch: None, language: "en", protection: None })
    }

    /// Lets the work stop at a watch: a message of any size is composed on the caller's thread.
    #[must_use]
    pub fn watched_by(self, watch: &'s Watch<'s>) -> Composer<'s> {
        Composer { watch: Some(watch), ..self }
    }

    /// The language (`de-AT`) of the words around a mail that is answered or passed on, where the document names none.
    #[must_use]
    pub fn speaking(self, language: &'s str) -> Composer<'s> {
        Composer { language, ..self }
    }

    /// Signs and encrypts what is composed, unless a message says otherwise.
    #[must_use]
    pub fn protected_by(self, protection: Protection<'s>) -> Composer<'s> {
        Composer { protection: Some(protection), ..self }
    }

    /// Composes a message document, as [`compose`] does.
    pub fn compose<'a>(&self, message: &str, parts: &[&'a [u8]]) -> Result<Composed<'a>, Error> {
        let mut findings = Findings::new(self.watch);
        let message = Message::read(message, &mut findings)?;
        self.checked(message, parts, findings)
    }

    /// Composes a message document that was read as JSON already.
    pub(crate) fn compose_json<'a>(&self, message: Json<'_>, parts: &[&'a [u8]]) -> Result<Composed<'a>, Error> {
        let mut findings = Findings::new(self.watch);
        let message = Message::of_json(message, &mut findings);
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
    /// They go out as they are, but for Bcc headers and bare line ends, unless they are signed or encrypted. Pointers of errors are `/from`, `/to/0`, and empty for the bytes.
    pub fn compose_raw<'a>(&self, from: &str, recipients: &[&str], message: Vec<u8>) -> Result<Composed<'a>, Error> {
        let mut findings = Findings::new(self.watch);
        let guard = Guard::of(self.protection, None, &[], &mut findings);
        raw::compose(from, recipients, message, &self.identity, guard.as_ref(), findings)
    }

    /// Makes a message of a file that another program wrote or submitted, for the envelope that it names; an empty sender is the null sender. The file is read in blocks, once now and
    /// once when the message is read.
    ///
    /// It goes out as [`Composer::compose_raw`] says, with a Date and a Message-ID where it has none (RFC 6409, section 8). Pointers of errors are `/from`, `/to/0` and `/file`.
    pub fn compose_raw_file<'a>(&self, from: &str, recipients: &[&str], path: &Path) -> Result<Composed<'a>, Error> {
        let mut findings = Findings::new(self.watch);
        let guard = Guard::of(self.protection, None, &[], &mut findings);
        raw::compose_file(from, recipients, &path.to_string_lossy(), &self.identity, guard.as_ref(), findings)
    }

    /// Composes what was read, with all that was found so far.
    fn checked<'a>(&self, mut message: Message<'_>, parts: &[&'a [u8]], mut findings: Findings<'_>) -> Result<Composed<'a>, Error> {
        let identity = &self.identity;
        if let Some(path) = &message.file {
            let guard = Guard::of(self.protection, message.smime.as_ref(), parts, &mut findings);
            return ready::compose(path, &message, identity, guard.as_ref(), findings);
        }
        answer::complete(&mut message, parts, identity, self.language, &mut findings);
        let from = message.from.as_ref().or(identity.from.as_ref());
        let envelope = address(&message, from, identity, &mut findings);
        let (charset, token) = (identity.charset, identifier::unique());
        let message_id = match &message.message_id {
            Some(given) => given.clone().into_owned(),
            None => format!("{token}@{}", from.map_or("localhost", Address::domain)),
        };
        let mut out = buffer(&message);
        headers(&mut Headers::new(&mut out, charset, &mut findings), &message, from, &message_id, identity);
        let content = Content::of(&message, identity, &token, parts, &mut findings);
        let head = 0..out.len();
        let entity = Entity::write(&content, &mut out, charset, &token, &mut findings);
        let mut protected = Protected::from(entity);
        let mut eight_bit = content.eight_bit();
        let guard = Guard::of(self.protection, message.smime.as_ref(), parts, &mut findings);
        if let Some(guard) = guard.filter(|_| findings.is_empty()) {
            let (from, is_kept) = (from.map(|from| &*from.address), message.append.is_some());
            let about = About { token: &token, recipients: &envelope.recipients, from, is_kept, eight_bit, fields: Some(head.clone()) };
            protected = guard.around(protected.entity, Already::Plain, &mut out, &about, &mut findings)?;
            eight_bit &= !protected.entity.is_sealed();
        }
        let (Entity { segments, size }, copies) = protected.behind(&head);
        let blind = blind::write(&mut out, &message, identity, &mut findings);
        let warnings = findings.take_warnings();
        let repaired = findings.into_result()?;
        let dsn = message.receipt.delivery.clone();
        let head = Arc::new(out);
        let composed = Composed { size, eight_bit, dsn, warnings, head, blind, segments, ..Composed::of(envelope, message_id, repaired) };
        Ok(composed.with_copies(copies).appended_as(message.append.clone()))
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
    for listed in message.to.iter().chain(&message.cc).take_while(|_| findings.goes_on()) {
        envelope.recipient(&listed.address, Input::Message, &listed.pointer);
    }
    for listed in message.bcc.iter().take_while(|_| findings.goes_on()) {
        envelope.blind_recipient(&listed.address, Input::Message, &listed.pointer);
    }
    // What is not sent needs no recipient.
    if envelope.recipients.is_empty() && findings.is_empty() && message.append.is_none() {
        findings.add("/to", "message.no_recipient", &[]);
    }
    if let Some(from) = from.filter(|_| identity.bcc_to_sender && message.append.is_none()) {
        envelope.blind_recipient(from, Input::Settings, "/sender/bcc_to_sender");
    }
    // These stand in the headers only, where their letters need SMTPUTF8 as well.
    envelope.utf8 |= from.into_iter().chain(&message.reply_to).chain(&identity.reply_to).any(Address::is_utf8);
    envelope
}

/// A buffer with room for headers and texts.
fn buffer(message: &Message<'_>) -> Vec<u8> {
    let texts = message.text.as_ref().map_or(0, |text| text.len()) + message.html.as_ref().map_or(0, |html| html.len());
    let texts = texts + message.calendar.as_ref().map_or(0, |calendar| calendar.text.len());
    Vec::with_capacity(1024 + texts + texts / 8 + 512 * message.attachments.len())
}

/// Writes the headers of the message; those of its content follow.
fn headers(
    headers: &mut Headers<'_, '_, '_>,
    message: &Message<'_>,
    from: Option<&Address<'_>>,
    message_id: &str,
    identity: &Identity<'_>,
) {
    headers.with("Date", |out| message.date.unwrap_or_else(Date::now).write(out));
    let author = if message.from.is_some() { Place::message("/from") } else { Place::settings("/sender/name") };
    people(headers, message, from.map(|from| (from, author)), identity);
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
    if let Some(from) = from.filter(|_| message.receipt.read) {
        headers.repeated("Disposition-Notification-To", from);
    }
    for (name, value) in &message.headers {
        headers.text(name, value, &child("/headers", name));
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
    if message.to.is_empty() && message.cc.is_empty() && message.append.is_none() {
        headers.plain("To", "undisclosed-recipients:;");
    }
}
