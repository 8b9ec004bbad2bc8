//! Bounces without a report part: what servers write for people to read.

use super::lines::{Lines, paragraph};
use super::matching::{Found, address_at, all, cut, find};
use super::outcome::{Given, Kind, Recipient, Report};
use super::phrases::{ENDS, EXPANDED, HEADERS, Phrase, SENDERS, SUBJECTS, TEXT, clean, lower};
use super::status::Codes;
use super::verdict::{Evidence, verdict};
use crate::beginnings::Beginnings;
use crate::blocks::{self, Field as Line};
use crate::header::Field;
use std::ops::Range;

/// The beginning of a text that is looked at; a bounce says early what it is about.
const LOOKED_AT: usize = 64 * 1024;
/// The type of a message that is a report (RFC 6522).
const REPORT: &str = "multipart/report";
/// Within so many bytes from its beginning a text says that it is a bounce, if nothing else does.
const BEGINNING: usize = 400;

/// Whether a header may be that of a bounce: it takes little to see that most are not.
pub(super) fn is_hinted(given: &Given<'_>) -> bool {
    const FIELDS: [&str; 2] = ["x-failed-recipients", "x-ms-exchange-message-is-ndr"];
    let is_hint = |field: Field<'_>| match field.raw_name().len() {
        4 => field.is("from") && may_be_named(field.value()),
        11 => field.is("return-path") && (may_be_named(field.value()) || is_empty_path(field.value())),
        12 => field.is("content-type") && begins(field.value().trim_ascii(), REPORT),
        _ => FIELDS.iter().any(|name| field.is(name)),
    };
    given.fields.iter().any(is_hint) || titled(given.subject).is_some()
}

/// The report that the text of a message is, if a server wrote it.
pub(super) fn read(given: &Given<'_>, header: &[Line<'_>]) -> Option<Report> {
    let titled = titled(given.subject);
    let failed: Vec<String> = header.iter().filter(|field| field.is("x-failed-recipients")).flat_map(|field| all(&field.value)).collect();
    let is_server = is_server(header);
    if failed.is_empty() && !is_server && titled.is_none() {
        return None;
    }
    let text = clean(cut(&(given.text)(), LOOKED_AT));
    let small = lower(&text);
    let found: Vec<(&Phrase, Found)> =
        TEXT.iter().flat_map(|phrase| find(&small, phrase.words).map(move |found| (phrase, found))).collect();
    let alone = found.iter().any(|(phrase, found)| phrase.alone && found.range.start < BEGINNING && !is_quoted(&small, found.range.start));
    let is_bounce = !failed.is_empty() || alone || (is_server && (!found.is_empty() || titled.is_some()));
    if !is_bounce {
        return None;
    }
    let kinds = found.iter().map(|(phrase, _)| phrase.kind).chain(titled.map(|phrase| phrase.kind));
    // A warning mentions failures; a failure is no warning.
    let kind = if kinds.into_iter().any(|kind| kind == Kind::Delay) { Kind::Delay } else { Kind::Failure };
    let told = told(header, &text, &small, &found, failed);
    let recipients = told.into_iter().map(|(address, words)| recipient(address, words, kind)).collect();
    Some(Report { kind, message_id: None, recipients })
}

const BEGINNINGS: Beginnings = {
    let (mut beginnings, mut row) = (Beginnings::NONE, 0);
    while row < SUBJECTS.len() {
        beginnings = beginnings.with(SUBJECTS[row].words);
        row += 1;
    }
    beginnings
};

/// What a subject says of a delivery, behind marks in front of it.
fn titled(subject: &str) -> Option<&'static Phrase> {
    let bare = subject.trim_start_matches(|letter: char| letter == '[' || letter == '*' || letter.is_whitespace());
    // Most subjects begin with other letters than any of the phrases.
    let is_plain = bare.as_bytes().first_chunk::<2>().is_some_and(|letters| letters.iter().all(u8::is_ascii_alphanumeric));
    if is_plain && !BEGINNINGS.may_begin(bare) {
        return None;
    }
    let subject = lower(&clean(subject));
    let subject = subject.trim_start_matches(|letter: char| letter == '[' || letter == '*' || letter.is_whitespace());
    SUBJECTS.iter().find(|phrase| subject.starts_with(phrase.words))
}

/// The recipients, each with what is said of it: those that lines begin with, those that phrases name, those of the header.
fn told(header: &[Line<'_>], text: &str, small: &str, found: &[(&Phrase, Found)], failed: Vec<String>) -> Vec<(String, String)> {
    let first = found.iter().min_by_key(|(_, found)| found.range.start);
    let region = region(small, first.map_or(0, |(_, found)| found.range.start));
    let inside = found.iter().filter(|(_, found)| region.contains(&found.range.start));
    let named: Vec<(&str, usize)> = inside.filter_map(|(_, found)| Some((text.get(found.address.clone()?)?, found.range.end))).collect();
    let own = ["from", "to", "reply-to", "sender"].iter().filter_map(|name| blocks::value(header, name)).flat_map(all).collect();
    let lines = Lines::new(text.get(region.clone()).unwrap_or_default(), small.get(region.clone()).unwrap_or_default(), own);
    let mut told = lines.recipients();
    for address in named.iter().map(|(address, _)| (*address).to_owned()).chain(failed) {
        if !told.iter().any(|(known, _)| known.eq_ignore_ascii_case(&address)) {
            told.push((address, String::new()));
        }
    }
    if told.is_empty() {
        told.extend(lines.only().map(|address| (address, String::new())));
    }
    // What is said of the only recipient may stand anywhere.
    if let [(_, words)] = told.as_mut_slice()
        && Codes::of(words) == Codes::default()
        && let Some(cause) = lines.cause()
    {
        *words = cause;
    }
    for (address, words) in told.iter_mut().filter(|(_, words)| words.is_empty()) {
        let sentence = named.iter().find(|(named, _)| named.eq_ignore_ascii_case(address));
        *words = sentence.map(|(_, end)| paragraph(text, *end)).unwrap_or_default();
    }
    told
}

fn recipient(address: String, words: String, kind: Kind) -> Recipient {
    let verdict = verdict(&Evidence { status: None, text: &words, goes_on: kind == Kind::Delay });
    let enhanced = Codes::of(&words).enhanced;
    let small = lower(&words);
    let original = EXPANDED.iter().find_map(|before| {
        let rest = words.get(small.find(before)? + before.len()..)?;
        rest.get(address_at(rest)?.0).map(str::to_owned)
    });
    let original = original.filter(|original| !original.eq_ignore_ascii_case(&address));
    Recipient { address, original, enhanced, text: Some(words).filter(|words| !words.is_empty()), verdict: Some(verdict) }
}

/// Whether a server sent a message: it gives no address to answer to, or an address or a name of the usual ones.
fn is_server(header: &[Line<'_>]) -> bool {
    let nowhere = blocks::value(header, "return-path").is_some_and(|path| is_empty_path(path.as_bytes()));
    let kind = blocks::value(header, "content-type").is_some_and(|kind| begins(kind.as_bytes(), REPORT));
    let of_exchange = blocks::value(header, "x-ms-exchange-message-is-ndr").is_some();
    nowhere || kind || of_exchange || is_named(header)
}

/// Whether the sender has a name that servers have.
pub(super) fn is_named(header: &[Line<'_>]) -> bool {
    ["from", "return-path"].iter().filter_map(|name| blocks::value(header, name)).any(|value| names_server(value.as_bytes()))
}

/// Whether a sender may have such a name: within a fold more blanks may stand than one.
fn may_be_named(value: &[u8]) -> bool {
    memchr::memchr(b'\n', value.trim_ascii()).is_some() || names_server(value)
}

fn names_server(value: &[u8]) -> bool {
    // These names are ASCII, and their first two letters are few: where others stand none is compared.
    const fn letters(letters: &[u8]) -> u32 {
        let (mut set, mut at) = (0, 0);
        while at < letters.len() {
            set |= 1 << (letters[at] & 31);
            at += 1;
        }
        set
    }
    const BEGIN: [u32; 2] = [letters(b"dmps"), letters(b"adeioy")];
    let may_begin = |pair: &[u8]| pair.iter().zip(BEGIN).all(|(letter, set)| set >> (letter & 31) & 1 == 1);
    let starts = value.windows(2).enumerate().filter(|(_, pair)| may_begin(pair));
    let mut rests = starts.filter_map(|(at, _)| value.get(at..));
    rests.any(|rest| SENDERS.iter().any(|name| begins(rest, name)))
}

/// Whether an envelope names no sender.
fn is_empty_path(path: &[u8]) -> bool {
    path.iter().filter(|byte| !byte.is_ascii_whitespace()).eq(b"<>")
}

/// Whether bytes begin with these words, which are in ASCII.
fn begins(bytes: &[u8], words: &str) -> bool {
    bytes.get(..words.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(words.as_bytes()))
}

/// Whether the line of a place is quoted.
fn is_quoted(text: &str, at: usize) -> bool {
    let begin = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    text.get(begin..at).is_some_and(|line| line.trim_start().starts_with('>'))
}

/// From a place to where the returned message begins.
fn region(small: &str, from: usize) -> Range<usize> {
    let rest = small.get(from..).unwrap_or_default();
    let ends = ENDS.iter().filter_map(|words| find(rest, words).next()).map(|found| found.range.start);
    // Some servers show the header without a word.
    let headers = HEADERS.iter().filter_map(|name| rest.find(name));
    let end = ends.filter(|at| *at > 0).chain(headers).min().unwrap_or(rest.len());
    let end = if end == rest.len() { end } else { rest.get(..end).and_then(|before| before.rfind('\n')).unwrap_or(end) };
    from..from + end
}
