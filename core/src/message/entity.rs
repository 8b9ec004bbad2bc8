//! Writing what a message consists of: texts and boundaries into a buffer, attachments as stretches between them.

use super::charset::Charset;
use super::composed::Segment;
use super::content::{Attached, Bytes, Content};
use super::document::Message;
use super::findings::{Findings, Place};
use super::header::Headers;
use super::{base64, identifier, text};

/// Writes headers and texts, and notes where attachments stand between them.
pub(super) struct Builder<'a, 'f, 'c> {
    pub(super) out: Vec<u8>,
    /// Where the stretch of `out` begins that belongs to no segment yet.
    start: usize,
    pub(super) segments: Vec<Segment<'a>>,
    pub(super) size: u64,
    pub(super) charset: Charset,
    /// A word that is nobody else's, for the boundaries.
    pub(super) token: String,
    pub(super) findings: &'f mut Findings<'c>,
}

impl<'a, 'f, 'c> Builder<'a, 'f, 'c> {
    pub(super) fn new(charset: Charset, message: &Message<'_>, findings: &'f mut Findings<'c>) -> Builder<'a, 'f, 'c> {
        let texts = message.text.as_ref().map_or(0, |text| text.len()) + message.html.as_ref().map_or(0, |html| html.len());
        let capacity = 1024 + texts + texts / 8 + 512 * message.attachments.len();
        Builder {
            out: Vec::with_capacity(capacity),
            start: 0,
            segments: Vec::new(),
            size: 0,
            charset,
            token: identifier::unique(),
            findings,
        }
    }

    pub(super) fn content(&mut self, content: &Content<'_, 'a>) {
        if content.attached.is_empty() {
            self.texts(content);
            // A message ends its last line, whether the text does or not.
            if !self.out.ends_with(b"\r\n") || self.out.len() == self.start {
                self.push("\r\n");
            }
            return;
        }
        let boundary = self.multipart("mixed", "");
        if content.text.is_some() || content.html.is_some() {
            self.delimiter(&boundary);
            self.texts(content);
            self.push("\r\n");
        }
        for attached in &content.attached {
            self.attached(attached, "attachment", &boundary);
        }
        self.close(&boundary);
    }

    /// The text, the HTML, or both as alternatives.
    fn texts(&mut self, content: &Content<'_, 'a>) {
        match (&content.text, &content.html) {
            (Some(text), Some(_)) => {
                let boundary = self.multipart("alternative", "");
                self.delimiter(&boundary);
                self.text("plain", text, content.text_pointer);
                self.push("\r\n");
                self.delimiter(&boundary);
                self.html(content);
                self.push("\r\n");
                self.close(&boundary);
            }
            (None, Some(_)) => self.html(content),
            (text, None) => self.text("plain", text.as_deref().unwrap_or_default(), content.text_pointer),
        }
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
        text::write(&mut self.out, subtype, text, self.charset, pointer, self.findings);
    }

    fn attached(&mut self, attached: &Attached<'_, 'a>, disposition: &str, boundary: &str) {
        self.delimiter(boundary);
        let mut headers = Headers::new(&mut self.out, self.charset, self.findings);
        headers.attachment(&attached.kind, disposition, attached.name.as_deref(), Place { of: attached.of, pointer: &attached.pointer });
        if let Some(content_id) = &attached.content_id {
            headers.plain("Content-ID", &format!("<{content_id}>"));
        }
        headers.plain("Content-Transfer-Encoding", "base64");
        self.push("\r\n");
        self.end_head();
        let (length, segment) = match &attached.bytes {
            Bytes::Part(bytes) => (bytes.len() as u64, Segment::Part(bytes)),
            Bytes::File(file) => (file.size, Segment::File(file.clone())),
        };
        self.size += base64::length_in_lines(length);
        self.segments.push(segment);
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
    pub(super) fn end_head(&mut self) {
        if self.start < self.out.len() {
            self.size += (self.out.len() - self.start) as u64;
            self.segments.push(Segment::Head(self.start..self.out.len()));
            self.start = self.out.len();
        }
    }
}
