//! Requests: each value goes through the writer's escaping, without the characters that XML 1.0 cannot have.

use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use std::borrow::Cow;

/// A document that is written.
pub(crate) struct Writer {
    inner: quick_xml::Writer<Vec<u8>>,
    content_at: Option<usize>,
}

/// A document that was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) bytes: Vec<u8>,
    /// Where base64 is put in while the document is sent.
    pub(crate) content_at: Option<usize>,
}

impl Document {
    /// What stands before the content, and what behind it.
    pub(crate) fn parts(&self) -> (&[u8], &[u8]) {
        self.bytes.split_at(self.content_at.unwrap_or(self.bytes.len()))
    }
}

/// How many characters of base64 so many bytes become; none where that exceeds all numbers.
pub(crate) fn encoded_length(bytes: u64) -> Option<u64> {
    bytes.div_ceil(3).checked_mul(4)
}

impl Writer {
    pub(crate) fn new() -> Writer {
        let declared = br#"<?xml version="1.0" encoding="utf-8"?>"#.to_vec();
        Writer { inner: quick_xml::Writer::new(declared), content_at: None }
    }

    pub(crate) fn document(self) -> Document {
        Document { bytes: self.inner.into_inner(), content_at: self.content_at }
    }

    /// An element with others in it.
    pub(crate) fn group(&mut self, name: &str, attributes: &[(&str, &str)], inner: impl FnOnce(&mut Writer)) {
        self.event(Event::Start(start(name, attributes)));
        inner(self);
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// An element with nothing but attributes.
    pub(crate) fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.event(Event::Empty(start(name, attributes)));
    }

    /// An element with a text.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.text_with(name, &[], text);
    }

    pub(crate) fn text_with(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.group(name, attributes, |xml| xml.event(Event::Text(BytesText::new(&clean(text)))));
    }

    /// An element whose text is base64 that is put in while the document is sent.
    pub(crate) fn content(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.group(name, attributes, |xml| xml.content_at = Some(xml.inner.get_mut().len()));
    }

    fn event(&mut self, event: Event<'_>) {
        // Writing to a vector cannot fail.
        drop(self.inner.write_event(event));
    }
}

fn start<'a>(name: &'a str, attributes: &[(&str, &str)]) -> BytesStart<'a> {
    let mut start = BytesStart::new(name);
    for (name, value) in attributes {
        start.push_attribute((*name, clean(value).as_ref()));
    }
    start
}

/// A text without what XML 1.0 cannot have (section 2.2).
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let is_wrong = |c: char| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    if text.contains(is_wrong) { text.replace(is_wrong, " ").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_escaped_and_cleaned() {
        let mut xml = Writer::new();
        xml.group("m:A", &[("Id", "\"<&'>\u{1}")], |xml| {
            xml.text("t:B", "a & b < c > \u{0}\u{b}]]> ü\u{ffff}\r\n");
            xml.empty("t:C", &[]);
            xml.content("t:D", &[("E", "F")]);
        });
        let document = xml.document();
        let (before, behind) = document.parts();
        assert_eq!(
            std::str::from_utf8(before).unwrap(),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><m:A Id=\"&quot;&lt;&amp;&apos;&gt; \"><t:B>a &amp; b &lt; c &gt;   ]]&gt; ü &#13;\n</t:B><t:C/><t:D E=\"F\">"
        );
        assert_eq!(behind, b"</t:D></m:A>");
        assert_eq!((encoded_length(0), encoded_length(1), encoded_length(3), encoded_length(4)), (Some(0), Some(4), Some(4), Some(8)));
        assert_eq!(encoded_length(u64::MAX), None);
    }
}
