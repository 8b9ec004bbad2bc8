//! What parts of a message are beyond files: an e-invoice, a meeting request.

use super::json::Json;
use super::part::{self, Part};
use super::place::Place;
use postkontor_reader::calendar::{self, Event, Moment, Person};
use postkontor_reader::invoice::{self, Invoice};
use postkontor_reader::source::Source;
use postkontor_reader::structure::Stop;
use postkontor_reader::tnef::{self, Bytes, File};
use postkontor_reader::{Message, Repairs, outlook};
use std::borrow::Cow;

/// A larger PDF is not looked into, and a repair says so: it has to be in memory as a whole.
const PDF: u64 = 32 * 1024 * 1024;
/// So much of an XML document, or of a calendar, shows what it is.
const BEGINNING: u64 = 1024 * 1024;

/// The first e-invoice and the first event, each with the number of its part.
#[derive(Default)]
pub(super) struct Enclosed {
    invoice: Option<(usize, Invoice)>,
    calendar: Option<(usize, Event)>,
}

enum Kind {
    Pdf,
    Xml,
    Calendar,
}

impl Kind {
    /// By the type, or by the name where the type says nothing.
    fn of(part: &Part) -> Option<Kind> {
        let name = part.name.as_deref().unwrap_or_default();
        let is_named = |ending: &str| name.get(name.len().saturating_sub(4)..).is_some_and(|end| end.eq_ignore_ascii_case(ending));
        match part.kind.as_str() {
            "application/pdf" | "application/x-pdf" => Some(Kind::Pdf),
            "text/calendar" | "application/ics" => Some(Kind::Calendar),
            kind if kind.ends_with("/xml") || kind.ends_with("+xml") => Some(Kind::Xml),
            _ if is_named(".pdf") => Some(Kind::Pdf),
            _ if is_named(".xml") => Some(Kind::Xml),
            _ if is_named(".ics") => Some(Kind::Calendar),
            _ => None,
        }
    }

    fn most(&self) -> u64 {
        if matches!(self, Kind::Pdf) { PDF } else { BEGINNING }
    }
}

/// The parts of a message while they are looked at.
pub(super) struct Parts<'a, 'm> {
    pub(super) message: &'a Message<'m>,
    /// The entities that are the first parts; behind them come the files inside others.
    pub(super) attachments: &'a [usize],
    pub(super) parts: Vec<Part>,
    pub(super) places: Vec<Place>,
}

impl Parts<'_, '_> {
    /// Looks at each part. The XML in a PDF becomes a part of its own, which lies within that of the PDF.
    pub(super) fn enclosed(&mut self, repairs: &mut Repairs, goes_on: &dyn Fn() -> bool) -> Result<Enclosed, Stop> {
        let mut enclosed = Enclosed::default();
        for index in 0..self.parts.len() {
            let Some((kind, size)) = self.parts.get(index).and_then(|part| Some((Kind::of(part)?, part.size))) else { continue };
            if !goes_on() {
                return Err(Stop::Stopped);
            }
            match kind {
                Kind::Pdf if size > PDF => repairs.note("mime.pdf_too_large", &format!("/parts/{index}")),
                Kind::Pdf => self.pdf(index, &mut enclosed)?,
                Kind::Xml if enclosed.invoice.is_none() => {
                    enclosed.invoice = invoice::in_xml(&self.bytes(index, kind.most())?).map(|found| (index, found));
                }
                Kind::Calendar if enclosed.calendar.is_none() => {
                    let bytes = self.bytes(index, kind.most())?;
                    enclosed.calendar = self.event(index, &bytes).map(|event| (index, event));
                }
                _ => (),
            }
        }
        // What was unwrapped to look into it is not kept for a program that may never ask.
        for place in &mut self.places {
            if let Place::Own(body) = place {
                body.unwrapped.take();
            }
        }
        Ok(enclosed)
    }

    fn pdf(&mut self, index: usize, enclosed: &mut Enclosed) -> Result<(), Stop> {
        let Some(found) = invoice::in_pdf(&self.bytes(index, PDF)?) else { return Ok(()) };
        let bytes = Bytes::Made(found.xml);
        let file = File { name: found.name, kind: Some("text/xml".to_owned()), inline: None, bytes };
        let part = self.parts.len();
        enclosed.invoice.get_or_insert((part, found.invoice));
        self.parts.push(part::unwrapped(part, index, &file));
        self.places.push(Place::Inner { outer: index, bytes: file.bytes });
        Ok(())
    }

    fn event(&self, index: usize, bytes: &[u8]) -> Option<Event> {
        let kind = self.attachments.get(index).and_then(|entity| self.message.entity(*entity)?.content_type.as_ref());
        let parameter = |name: &str| kind.and_then(|kind| kind.parameter(name));
        let mut event = calendar::event(bytes, parameter("charset"))?;
        // The type repeats the method (RFC 6047, 2.4); the calendar itself may lack it.
        event.method = event.method.or_else(|| parameter("method").map(str::to_ascii_uppercase));
        Some(event)
    }

    /// The first bytes of a part, decoded.
    fn bytes(&self, index: usize, most: u64) -> Result<Cow<'_, [u8]>, Stop> {
        if let Some(Place::Own(body)) = self.places.get(index)
            && let Some(whole) = body.unwrapped.get()
        {
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            return Ok(Cow::Borrowed(whole.get(..most).unwrap_or(whole)));
        }
        if let Some(entity) = self.attachments.get(index) {
            return Ok(self.message.decoded(*entity, most)?.0);
        }
        Ok(match self.places.get(index) {
            Some(Place::Inner { bytes: Bytes::Made(bytes), .. }) => Cow::Borrowed(bytes),
            Some(Place::Inner { outer, bytes: Bytes::At(range) }) => {
                let (Some(entity), Some(Place::Own(body))) = (self.attachments.get(*outer), self.places.get(*outer)) else {
                    return Ok(Cow::default());
                };
                if body.unwrapped.get().is_none() {
                    let whole = self.message.decoded(*entity, u64::MAX)?.0.into_owned();
                    body.unwrapped.get_or_init(|| whole);
                }
                Cow::Borrowed(body.unwrapped.get().and_then(|whole| whole.get(range.clone())).unwrap_or_default())
            }
            _ => Cow::default(),
        })
    }
}

impl Enclosed {
    /// Writes `invoice` and `calendar`, where there are such.
    pub(super) fn write(&self, json: &mut Json) {
        if let Some((part, invoice)) = &self.invoice {
            json.name("invoice").object(|json| {
                json.name("format").text(invoice.format);
                json.member("profile", invoice.profile.as_deref());
                json.name("part").number(*part as u64);
            });
        }
        if let Some((part, event)) = &self.calendar {
            json.name("calendar").object(|json| self::event(json, *part, event));
        }
    }
}

fn event(json: &mut Json, part: usize, event: &Event) {
    json.member("method", event.method.as_deref());
    json.member("uid", event.uid.as_deref());
    if let Some(sequence) = event.sequence {
        json.name("sequence").number(sequence.into());
    }
    json.member("summary", event.summary.as_deref());
    json.member("location", event.location.as_deref());
    for (name, moment) in [("start", &event.start), ("end", &event.end)] {
        if let Some(Moment { time, zone }) = moment {
            json.name(name).object(|json| {
                json.name("time").text(time);
                json.member("zone", zone.as_deref());
            });
        }
    }
    if let Some(organizer) = &event.organizer {
        person(json.name("organizer"), organizer);
    }
    if !event.attendees.is_empty() {
        json.name("attendees").list(&event.attendees, person);
    }
    json.name("part").number(part as u64);
}

fn person(json: &mut Json, person: &Person) {
    json.object(|json| {
        json.member("name", person.name.as_deref());
        json.member("address", Some(person.address.as_str()).filter(|address| !address.is_empty()));
        json.member("status", person.status.as_deref());
    });
}

/// A larger message of Outlook's stays as it is: it has to be in memory as a whole, twice.
const OUTLOOK: u64 = 512 * 1024 * 1024;

/// A message of Outlook's own, `.msg` or a `winmail.dat` that stands alone, as MIME; `None` for any other, and for what cannot be read. It is made as long
/// as `goes_on` says so: what was made of it then is not whole.
pub(super) fn mime(source: &Source, repairs: &mut Repairs, goes_on: &dyn Fn() -> bool) -> Option<Source> {
    let beginning = source.piece(0..source.size().min(8)).ok()?;
    if source.size() > OUTLOOK || !outlook::is_compound(&beginning) && !tnef::is_wrapping(&beginning) {
        return None;
    }
    let bytes = source.whole(goes_on).ok()?;
    outlook::message(&bytes, repairs, goes_on).or_else(|| tnef::message(&bytes, repairs, goes_on)).map(Source::from)
}
