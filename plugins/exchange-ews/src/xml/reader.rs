//! Answers, read as a stream: bounded in depth and size, without document types and entities of their own.

use super::content::Decoder;
use super::node::Node;
use super::source::{Bytes, Source};
use super::writer::clean;
use postkontor_plugin::{Error, Status};
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

/// The deepest level. Answers have some ten.
const DEPTH: usize = 40;

/// The most bytes of one element that is held.
const HELD: usize = 8 * 1024 * 1024;

/// What gets the contents of an answer as they come.
pub(crate) trait Content {
    /// A content begins.
    fn begin(&mut self) {}

    /// Takes the next bytes.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Error>;
}

/// Reads an answer.
pub(crate) struct Reader<'a> {
    inner: quick_xml::Reader<Source<'a>>,
    buffer: Vec<u8>,
    depth: usize,
    /// The rest of an element that had no end of its own.
    held: usize,
}

/// What an answer consists of.
enum Piece {
    Begin(Node),
    Text(String),
    End,
    Over,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a mut dyn Bytes) -> Reader<'a> {
        let mut inner = quick_xml::Reader::from_reader(Source::new(bytes));
        inner.config_mut().expand_empty_elements = true;
        Reader { inner, buffer: Vec::new(), depth: 0, held: 0 }
    }

    /// The element that begins next, without what is in it; nothing at the end of the one around it.
    pub(crate) fn begin(&mut self) -> Result<Option<Node>, Error> {
        loop {
            match self.piece()? {
                Piece::Begin(node) => return Ok(Some(node)),
                Piece::Text(_) => (),
                Piece::End | Piece::Over => return Ok(None),
            }
        }
    }

    /// Reads up to the end of the answer, which must be that of the document.
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        loop {
            match self.piece()? {
                Piece::Over => return Ok(()),
                Piece::Begin(_) | Piece::Text(_) | Piece::End => (),
            }
        }
    }

    /// Reads the rest of an element whose beginning was read. `content` gets what is in elements of that name instead of the node.
    pub(crate) fn rest(&mut self, begun: Node, content: Option<(&str, &mut dyn Content)>) -> Result<Node, Error> {
        self.held = 0;
        let mut open = vec![begun];
        let mut content = content;
        loop {
            match self.piece()? {
                Piece::Begin(node) => {
                    self.hold(node.name.len() + node.attributes.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>())?;
                    if let Some((name, content)) = &mut content
                        && node.name == *name
                    {
                        content.begin();
                        self.content(*content)?;
                    }
                    open.push(node);
                }
                Piece::Text(text) => {
                    self.hold(text.len())?;
                    if let Some(node) = open.last_mut() {
                        node.text.push_str(&text);
                    }
                }
                Piece::End => match (open.pop(), open.last_mut()) {
                    (Some(done), Some(parent)) => parent.children.push(done),
                    (Some(done), None) => return Ok(done),
                    (None, _) => return Err(malformed("an end without a beginning")),
                },
                Piece::Over => return Err(malformed("the document ends within an element")),
            }
        }
    }

    /// Counts what an element holds. A node without a text needs memory, too.
    fn hold(&mut self, bytes: usize) -> Result<(), Error> {
        self.held += bytes + 64;
        if self.held > HELD { Err(Error::new(Status::Protocol, "ews.answer_too_large")) } else { Ok(()) }
    }

    /// Hands base64 over up to the tag that ends it.
    fn content(&mut self, content: &mut dyn Content) -> Result<(), Error> {
        let mut decoder = Decoder::default();
        let wrong = || malformed("the content is no base64");
        loop {
            let mut stream = self.inner.stream();
            let source = stream.get_mut();
            let there = source.unlimited()?;
            if there.is_empty() {
                return Err(malformed("the document ends within a content"));
            }
            let end = memchr::memchr(b'<', there);
            let count = end.unwrap_or(there.len());
            let bytes = decoder.decode(&there[..count]).ok_or_else(wrong)?;
            if !bytes.is_empty() {
                content.take(bytes)?;
            }
            source.skip(count);
            if end.is_some() {
                break;
            }
        }
        let rest = decoder.finish().ok_or_else(wrong)?;
        if rest.is_empty() { Ok(()) } else { content.take(&rest) }
    }

    fn piece(&mut self) -> Result<Piece, Error> {
        loop {
            self.buffer.clear();
            self.inner.get_mut().next_piece();
            let event = match self.inner.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => {
                    let words = error.to_string();
                    return Err(self.inner.get_mut().failure.take().unwrap_or_else(|| malformed(&words)));
                }
            };
            let piece = match event {
                Event::Start(start) => {
                    self.depth += 1;
                    if self.depth > DEPTH {
                        return Err(Error::new(Status::Protocol, "ews.answer_too_deep").arg("limit", DEPTH));
                    }
                    Piece::Begin(node(&start)?)
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    Piece::End
                }
                Event::Text(text) => Piece::Text(text.xml_content(XmlVersion::Implicit1_0).into_owned()),
                Event::CData(text) => Piece::Text(text.xml_content(XmlVersion::Implicit1_0).into_owned()),
                Event::GeneralRef(reference) => Piece::Text(referred(&reference)?),
                Event::DocType(_) => return Err(Error::new(Status::Protocol, "ews.answer_has_dtd")),
                Event::Eof if self.depth > 0 => return Err(malformed("the document ends within an element")),
                Event::Eof => Piece::Over,
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            };
            return Ok(piece);
        }
    }
}

fn node(start: &BytesStart<'_>) -> Result<Node, Error> {
    let mut node = Node { name: start.local_name().as_ref().to_owned(), ..Node::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| malformed(&error.to_string()))?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| malformed(&error.to_string()))?;
        node.attributes.push((attribute.key.local_name().as_ref().to_owned(), clean(&value).into_owned()));
    }
    Ok(node)
}

/// What a reference stands for: one of the five names that XML has, or a character. Exchange also refers to characters that XML 1.0 cannot have.
fn referred(name: &str) -> Result<String, Error> {
    let character = |number: &str| match number.strip_prefix('x') {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => number.parse().ok(),
    };
    let known = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        name => name.strip_prefix('#').and_then(character).map(|number| char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER)),
    };
    known.map(|known| clean(&known.to_string()).into_owned()).ok_or_else(|| malformed("a reference to an entity"))
}

/// The answer is no XML as it should be.
pub(crate) fn malformed(why: &str) -> Error {
    Error::new(Status::Protocol, "ews.answer_malformed").detail(postkontor_plugin::printable(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Node, Error> {
        let mut bytes = text.as_bytes();
        let mut reader = Reader::new(&mut bytes);
        let begun = reader.begin()?.ok_or_else(|| malformed("nothing"))?;
        let node = reader.rest(begun, None)?;
        reader.finish()?;
        Ok(node)
    }

    struct Collected(Vec<u8>);

    impl Content for Collected {
        fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
            self.0.extend_from_slice(bytes);
            Ok(())
        }
    }

    #[test]
    fn an_element_is_read_without_its_prefixes() {
        let node = read(
            "<?xml version=\"1.0\"?><!-- x --><s:A xmlns:s='u' s:B='1 &amp; &#x41;&#1;'><C>x &lt;&#228;<![CDATA[<&]]> &#xB;</C><D/></s:A>",
        )
        .unwrap();
        assert_eq!((node.name.as_str(), node.attribute("B")), ("A", Some("1 & A ")));
        assert_eq!((node.text_of("C"), node.text_of("D"), node.text_of("E")), ("x <ä<&  ", "", ""));
        assert_eq!(node.children.len(), 2);
    }

    #[test]
    fn content_is_handed_over_and_not_held() {
        let mut bytes = "<A><M C='x'>YWJj\nZGVm</M><N>1</N><M></M></A>".as_bytes();
        let mut reader = Reader::new(&mut bytes);
        let begun = reader.begin().unwrap().unwrap();
        let mut content = Collected(Vec::new());
        let node = reader.rest(begun, Some(("M", &mut content))).unwrap();
        reader.finish().unwrap();
        assert_eq!((content.0.as_slice(), node.text_of("M"), node.text_of("N")), (&b"abcdef"[..], "", "1"));
    }

    #[test]
    fn what_is_hostile_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
        let long = format!("<a b='{}'/>", "x".repeat(3 * 1024 * 1024));
        let wide = format!("<a>{}</a>", "<b/>".repeat(1_000_000));
        for (text, code) in [
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "ews.answer_has_dtd"),
            ("<a>&b;</a>", "ews.answer_malformed"),
            ("<a>&#xZZ;</a>", "ews.answer_malformed"),
            ("<a><b></a>", "ews.answer_malformed"),
            ("<a>", "ews.answer_malformed"),
            ("<a", "ews.answer_malformed"),
            ("", "ews.answer_malformed"),
            ("<html><body>Login<br></body></html>", "ews.answer_malformed"),
            (&deep, "ews.answer_too_deep"),
            (&long, "ews.answer_too_large"),
            (&wide, "ews.answer_too_large"),
        ] {
            let start: String = text.chars().take(30).collect();
            assert_eq!(read(text).unwrap_err().code, code, "{start}");
        }
    }

    #[test]
    fn a_document_that_is_cut_anywhere_is_no_document() {
        let whole = "<?xml version=\"1.0\"?><a x=\"1\"><b>&amp;c</b><d/><!-- e --></a>";
        assert!(read(whole).is_ok());
        for end in 0..whole.len() - 1 {
            assert!(read(&whole[..end]).is_err(), "{}", &whole[..end]);
        }
        let content = "<a><M>YWJj</M></a>";
        for end in 0..content.len() {
            let mut bytes = &content.as_bytes()[..end];
            let mut reader = Reader::new(&mut bytes);
            let Ok(Some(begun)) = reader.begin() else { continue };
            assert!(reader.rest(begun, Some(("M", &mut Collected(Vec::new())))).is_err(), "{}", &content[..end]);
        }
    }
}
