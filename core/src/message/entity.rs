//! The MIME entity that holds what a message consists of: texts and boundaries in a buffer, attachments as segments between them.

use super::base64;
use super::calendar::Calendar;
use super::charset::Charset;
use super::content::{Attached, Bytes, Content};
use super::enclosed::{Enclosed, Source};
use super::findings::{Findings, Place};
use super::header::Headers;
use super::segments::Segment;
use super::text;
use std::ops::Range;
use std::sync::Arc;

/// A MIME entity (RFC 2045, section 2.4): its own headers and its body, as segments, and how many bytes they give.
///
/// The headers of the message stand in front of it. What signs or encrypts a message reads the entity by its segments, and stands around
/// it or in its place.
#[derive(Debug)]
pub(super) struct Entity<'a> {
    pub(super) segments: Vec<Segment<'a>>,
    pub(super) size: u64,
}

impl<'a> Entity<'a> {
    /// Writes the content behind what stands in `out`. No text holds `token`, which makes the boundaries.
    pub(super) fn write(
        content: &Content<'_, 'a>,
        out: &mut Vec<u8>,
        charset: Charset,
        token: &str,
        findings: &mut Findings<'_>,
    ) -> Entity<'a> {
        let start = out.len();
        let mut writer = Writer { out, start, entity: Entity { segments: Vec::new(), size: 0 }, charset, token, findings };
        writer.content(content);
        writer.end_head();
        writer.entity
    }

    /// Whether it is encrypted.
    pub(super) fn is_sealed(&self) -> bool {
        self.segments.iter().any(|segment| matches!(segment, Segment::Sealed(_)))
    }

    /// The entity with what stands in this place of the buffer in front of it.
    pub(super) fn behind(mut self, headers: Range<usize>) -> Entity<'a> {
        self.size += headers.len() as u64;
        match self.segments.first_mut() {
            Some(Segment::Head(first)) if first.start == headers.end => first.start = headers.start,
            _ => self.segments.insert(0, Segment::Head(headers)),
        }
        self
    }
}

/// Writes headers and texts, and notes where attachments stand between them.
struct Writer<'a, 'o, 'f, 'c> {
    out: &'o mut Vec<u8>,
    /// Where the stretch of `out` begins that belongs to no segment yet.
    start: usize,
    entity: Entity<'a>,
    charset: Charset,
    token: &'o str,
    findings: &'f mut Findings<'c>,
}

impl<'a> Writer<'a, '_, '_, '_> {
    fn content(&mut self, content: &Content<'_, 'a>) {
        if content.attached.is_empty() {
            self.texts(content);
            // A message ends its last line, whether the text does or not.
            if !self.out.ends_with(b"\r\n") || self.out.len() == self.start {
                self.push("\r\n");
            }
            return;
        }
        if content.eight_bit() {
            // RFC 2045, 6.4: what holds 8-bit bytes says so itself.
            self.push("Content-Transfer-Encoding: 8bit\r\n");
        }
        let boundary = self.multipart("mixed", "");
        if content.text.is_some() || content.html.is_some() || content.calendar.is_some() {
            self.delimiter(&boundary);
            self.texts(content);
            self.push("\r\n");
        }
        for attached in &content.attached {
            self.attached(attached, "attachment", &boundary);
        }
        self.close(&boundary);
    }

    /// The text, the HTML and the calendar; as alternatives where there are several, the last of which says the most.
    fn texts(&mut self, content: &Content<'_, 'a>) {
        let forms = [content.text.is_some(), content.html.is_some(), content.calendar.is_some()];
        let boundary = (forms.iter().filter(|is_there| **is_there).count() > 1).then(|| self.multipart("alternative", ""));
        if content.text.is_some() || forms == [false; 3] {
            self.form(boundary.as_deref(), |writer| {
                writer.text("plain", content.text.as_deref().unwrap_or_default(), content.text_pointer)
            });
        }
        if content.html.is_some() {
            self.form(boundary.as_deref(), |writer| writer.html(content));
        }
        if let Some(calendar) = content.calendar {
            self.form(boundary.as_deref(), |writer| writer.calendar(calendar));
        }
        if let Some(boundary) = boundary {
            self.close(&boundary);
        }
    }

    /// Writes one of the forms, between delimiters where there are several.
    fn form(&mut self, boundary: Option<&str>, write: impl FnOnce(&mut Self)) {
        if let Some(boundary) = boundary {
            self.delimiter(boundary);
        }
        write(self);
        if boundary.is_some() {
            self.push("\r\n");
        }
    }

    /// A calendar is UTF-8 whatever the texts are, and its media type repeats its METHOD (RFC 6047, 2.4).
    fn calendar(&mut self, calendar: &Calendar<'_>) {
        let subtype = format!("calendar; method={}", calendar.method);
        text::write(self.out, &subtype, &calendar.text, Charset::UTF8, "/calendar", self.findings);
    }

    /// The HTML, with its images where it has some.
    fn html(&mut self, content: &Content<'_, 'a>) {
        let html = content.html.as_deref().unwrap_or_default();
        if content.related.is_empty() {
            self.text("html", html, content.html_pointer);
            return;
        }
        let boundary = self.multipart("related", " type=\"text/html\";\r\n");
        self.delimiter(&boundary);
        self.text("html", html, content.html_pointer);
        self.push("\r\n");
        for attached in &content.related {
            self.attached(attached, "inline", &boundary);
        }
        self.close(&boundary);
    }

    fn text(&mut self, subtype: &str, text: &str, pointer: &str) {
        text::write(self.out, subtype, text, self.charset, pointer, self.findings);
    }

    fn attached(&mut self, attached: &Attached<'_, 'a>, disposition: &str, boundary: &str) {
        self.delimiter(boundary);
        let mut headers = Headers::new(self.out, self.charset, self.findings);
        headers.attachment(&attached.kind, disposition, attached.name.as_deref(), Place { of: attached.of, pointer: &attached.pointer });
        if let Some(content_id) = &attached.content_id {
            headers.plain("Content-ID", &format!("<{content_id}>"));
        }
        let encoding = match &attached.bytes {
            Bytes::Message(message) if !message.binary => {
                if message.eight_bit {
                    "8bit"
                } else {
                    "7bit"
                }
            }
            _ => "base64",
        };
        headers.plain("Content-Transfer-Encoding", encoding);
        self.push("\r\n");
        self.end_head();
        let (length, segment) = match &attached.bytes {
            Bytes::Part(bytes) => (bytes.len() as u64, Segment::Part(bytes)),
            Bytes::File(file) => (file.size, Segment::File(file.clone())),
            Bytes::Kept(bytes) => (bytes.len() as u64, Segment::Kept(Arc::clone(bytes))),
            Bytes::Message(message) => return self.enclosed(message),
        };
        self.entity.size += base64::length_in_lines(length);
        self.entity.segments.push(segment);
    }

    /// A message as it is. The line end in front of the delimiter behind it is the delimiter's (RFC 2046, 5.1.1).
    fn enclosed(&mut self, message: &Enclosed) {
        self.entity.size += if message.binary { base64::length_in_lines(message.size) } else { message.size };
        self.entity.segments.push(match &message.source {
            Source::File(file) if message.binary => Segment::File(file.clone()),
            Source::File(file) => Segment::Ready { file: file.clone(), body: 0 },
            Source::Bytes(bytes) if message.binary => Segment::Kept(Arc::new(bytes.clone())),
            Source::Bytes(bytes) => Segment::Raw(bytes.clone()),
        });
        if !message.binary {
            self.push("\r\n");
        }
    }

    /// Begins a multipart and returns its boundary.
    fn multipart(&mut self, subtype: &str, parameters: &str) -> String {
        // "=_" stands in no base64 and no quoted-printable text; the token stands nowhere else.
        let boundary = format!("=_{}_{}", &subtype[..1], self.token);
        self.push("Content-Type: multipart/");
        self.push(subtype);
        self.push(";\r\n");
        self.push(parameters);
        self.push(" boundary=\"");
        self.push(&boundary);
        self.push("\"\r\n\r\n");
        boundary
    }

    fn delimiter(&mut self, boundary: &str) {
        self.push("--");
        self.push(boundary);
        self.push("\r\n");
    }

    fn close(&mut self, boundary: &str) {
        self.push("--");
        self.push(boundary);
        self.push("--\r\n");
    }

    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Makes a segment of what was written since the last one.
    fn end_head(&mut self) {
        if self.start < self.out.len() {
            self.entity.size += (self.out.len() - self.start) as u64;
            self.entity.segments.push(Segment::Head(self.start..self.out.len()));
            self.start = self.out.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_stand_in_front_of_an_entity_in_one_segment_where_they_touch() {
        let entity = || Entity { segments: vec![Segment::Head(10..20), Segment::Part(b"x"), Segment::Head(20..25)], size: 30 };
        let ranges = |entity: &Entity<'_>| -> Vec<Range<usize>> {
            let head = |segment: &Segment<'_>| if let Segment::Head(range) = segment { Some(range.clone()) } else { None };
            entity.segments.iter().filter_map(head).collect()
        };
        let touching = entity().behind(0..10);
        assert_eq!((ranges(&touching), touching.segments.len(), touching.size), (vec![0..20, 20..25], 3, 40));
        // What stands elsewhere in the buffer, as what was written later does.
        let apart = entity().behind(25..29);
        assert_eq!((ranges(&apart), apart.segments.len(), apart.size), (vec![25..29, 10..20, 20..25], 4, 34));
    }
}
