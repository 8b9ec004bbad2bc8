//! Reads a message: what its summary says, and where the bytes of its parts lie.

use super::enclosed::Parts;
use super::head::Head;
use super::part::{self, Part};
use super::place::{Body, Place};
use super::report::Said;
use super::secured::{self, Keys, Secured};
use super::summary::{self, Told};
use super::text;
use postkontor_reader::source::Source;
use postkontor_reader::structure::Stop;
use postkontor_reader::tnef;
use postkontor_reader::transfer;
use postkontor_reader::{Message, Repairs};
use postkontor_smime::verify::Signer;
use std::sync::OnceLock;

/// A larger wrapping stays closed: it has to be in memory as a whole.
const WRAPPING: u64 = 32 * 1024 * 1024;

/// So many bytes of small attachments are decoded once: to know their size, and to look into them.
const SMALL: u64 = 64 * 1024;

/// The most files in all wrappings together.
const FILES: usize = 1000;

/// What reading a message has shown.
pub(super) struct Reading {
    pub(super) summary: String,
    pub(super) subject: String,
    pub(super) parts: Vec<Place>,
    /// The message with its content in the place of what was around that; `None` where it stands in the message as it is.
    pub(super) content: Option<Source>,
    /// Those who signed it.
    pub(super) signers: Vec<Signer>,
}

impl Reading {
    /// Of a message that was not read.
    pub(super) fn none(size: u64, why: Option<&'static str>) -> Reading {
        Reading { summary: summary::empty(size, why), subject: String::new(), parts: Vec::new(), content: None, signers: Vec::new() }
    }
}

/// Reads a message, as long as `goes_on` says so. What was put right, also while it was `made`, comes with sentences in this language.
pub(super) fn read(
    source: &Source,
    keys: Option<&Keys>,
    made: &Repairs,
    language: &str,
    goes_on: &dyn Fn() -> bool,
) -> Result<Reading, Stop> {
    let message = Message::read(source, goes_on)?;
    let size = source.size();
    let read = |message: &Message<'_>, secured: &Secured| {
        let (summary, subject, parts) = content(message, size, secured, made, language, goes_on)?;
        Ok(Reading { summary, subject, parts, content: None, signers: secured.signers() })
    };
    match keys {
        Some(keys) => {
            let (reading, content) = secured::read(&message, keys, goes_on, &read)?;
            Ok(Reading { content, ..reading })
        }
        None => read(&message, &Secured::default()),
    }
}

/// Summary, subject and parts of the content of a message that has so many bytes.
fn content(
    message: &Message<'_>,
    size: u64,
    secured: &Secured,
    made: &Repairs,
    language: &str,
    goes_on: &dyn Fn() -> bool,
) -> Result<(String, String, Vec<Place>), Stop> {
    let mut repairs = made.clone();
    // A message that was read in part shows no parts: some of them must not pass for all.
    let cut = message.structure().cut;
    let attachments = if cut.is_none() { message.bodies().attachments.as_slice() } else { &[] };
    for (code, entity) in &message.structure().faults {
        repairs.note(code, &pointer(message, code, *entity));
    }
    let header = message.header(0)?;
    let fallback = text::named(message);
    let fields = message.fields(&header);
    let head = Head::read(&fields, fallback, &mut repairs);
    let mut text = text::text(message, &message.bodies().text, false, &mut repairs)?;
    let mut html = text::text(message, &message.bodies().html, true, &mut repairs)?;
    let (mut parts, mut places) = attached(message, attachments, fallback, &mut repairs, goes_on)?;
    let wrapped = unwrap(message, attachments, &parts, &mut repairs)?;
    if let Some(wrapping) = wrapped.bodies.filter(|_| text.text.is_empty() && html.text.is_empty()) {
        text.text = wrapping.0.unwrap_or_default().into();
        html.text = wrapping.1.unwrap_or_default().into();
    }
    for (outer, file) in wrapped.files {
        parts.push(part::unwrapped(parts.len(), outer, &file));
        places.push(Place::Inner { outer, bytes: file.bytes });
    }
    for (name, bytes) in if cut.is_none() { text::files(&text.text)? } else { Vec::new() } {
        parts.push(part::within_text(parts.len(), name, bytes.len() as u64));
        places.push(Place::Inner { outer: 0, bytes: tnef::Bytes::Made(bytes) });
    }
    let mut found = Parts { message, attachments, parts, places };
    let enclosed = found.enclosed(&mut repairs, goes_on)?;
    let Parts { mut parts, places, .. } = found;
    parts.iter_mut().filter(|_| secured.is_within).for_each(Part::forget_section);
    let said = Said::read(message, (&header, &fields), &head.subject, &text.text, &html.text)?;
    if !goes_on() {
        return Err(Stop::Stopped);
    }
    let told = Told {
        size,
        cut,
        head: &head,
        text,
        html,
        parts,
        said,
        enclosed,
        // Of what was opened, the type that stood around it counts.
        security: if secured.is_within { secured.security } else { part::security(message) },
        secured,
        repairs: &repairs,
    };
    let summary = summary::summary(&told, language);
    Ok((summary, head.subject.into_owned(), places))
}

/// Where the summary tells of a part of the message.
fn pointer(message: &Message<'_>, code: &str, entity: Option<usize>) -> String {
    // The header of the message is no matter of its text, be it all that there is.
    let is_header = code.starts_with("header.") || code == "mime.header_unended";
    let Some(entity) = entity.filter(|entity| *entity > 0 || !is_header) else { return String::new() };
    let bodies = message.bodies();
    let lists = [(&bodies.text, "/text"), (&bodies.html, "/html")];
    let body = lists.into_iter().find(|(list, _)| list.binary_search(&entity).is_ok()).map(|(_, pointer)| pointer.to_owned());
    // The parts stand in the order in which they stand in the message.
    body.or_else(|| bodies.attachments.binary_search(&entity).ok().map(|part| format!("/parts/{part}"))).unwrap_or_default()
}

/// The attachments of the message's own.
fn attached(
    message: &Message<'_>,
    attachments: &[usize],
    fallback: Option<&'static encoding_rs::Encoding>,
    repairs: &mut Repairs,
    goes_on: &dyn Fn() -> bool,
) -> Result<(Vec<Part>, Vec<Place>), Stop> {
    let (mut parts, mut places) = (Vec::with_capacity(attachments.len()), Vec::with_capacity(attachments.len()));
    let mut room = SMALL;
    for (index, entity) in attachments.iter().enumerate() {
        if !goes_on() {
            return Err(Stop::Stopped);
        }
        let (part, place) = own(message, (index, *entity), fallback, repairs, &mut room, goes_on)?;
        parts.push(part);
        places.push(place);
    }
    Ok((parts, places))
}

/// An attachment of the message's own.
fn own(
    message: &Message<'_>,
    (index, entity): (usize, usize),
    fallback: Option<&'static encoding_rs::Encoding>,
    repairs: &mut Repairs,
    room: &mut u64,
    goes_on: &dyn Fn() -> bool,
) -> Result<(Part, Place), Stop> {
    let found = message.entity(entity);
    let (range, encoding) = found.map(|entity| (entity.body.clone(), entity.encoding)).unwrap_or_default();
    let length = range.end.saturating_sub(range.start);
    // Neither makes more of it than it is.
    let shrinks = matches!(encoding, transfer::Encoding::Base64 | transfer::Encoding::QuotedPrintable);
    let may_hold = shrinks && found.is_some_and(|entity| entity.kind().0 == "application");
    let mut unwrapped = OnceLock::new();
    let (size, faults) = if may_hold && length <= *room {
        *room -= length;
        let (bytes, faults) = message.decoded(entity, length)?;
        let size = bytes.len() as u64;
        unwrapped = OnceLock::from(bytes.into_owned());
        (size, faults)
    } else {
        transfer::size(message.source(), range.clone(), encoding, goes_on)?.ok_or(Stop::Stopped)?
    };
    faults.into_iter().flatten().for_each(|code| repairs.note(code, &format!("/parts/{index}")));
    let part = part::attachment(message, (index, entity), size, fallback, repairs)?;
    Ok((part, Place::Own(Body { range, encoding, unwrapped })))
}

/// What wrappings hold.
#[derive(Default)]
struct Wrapped {
    /// The text and the HTML of the message.
    bodies: Option<(Option<String>, Option<String>)>,
    /// The files, each with the number of the part that holds it.
    files: Vec<(usize, tnef::File)>,
}

/// Opens each `winmail.dat`.
fn unwrap(message: &Message<'_>, attachments: &[usize], parts: &[Part], repairs: &mut Repairs) -> Result<Wrapped, Stop> {
    let mut wrapped = Wrapped::default();
    for (index, (part, entity)) in parts.iter().zip(attachments).enumerate() {
        let is_wrapping = matches!(part.kind.as_str(), "application/ms-tnef" | "application/vnd.ms-tnef")
            || part.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case("winmail.dat"));
        if !is_wrapping {
            continue;
        }
        if part.size > WRAPPING {
            repairs.note("mime.winmail_too_large", &format!("/parts/{index}"));
            continue;
        }
        let (bytes, _) = message.decoded(*entity, WRAPPING)?;
        let wrapping = tnef::open(&bytes, repairs, &format!("/parts/{index}"));
        wrapped.bodies.get_or_insert((wrapping.text, wrapping.html));
        let free = FILES - wrapped.files.len();
        wrapped.files.extend(wrapping.files.into_iter().take(free).map(|file| (index, file)));
    }
    Ok(wrapped)
}
