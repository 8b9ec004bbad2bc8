//! Small XML documents of strangers: no document type, no entities, bounded depth. Names count without their prefixes.

use postkontor_plugin::{Error, Status};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// The deepest level. These files have six.
const DEPTH: usize = 16;

/// The most elements. A file of that size is not one.
const ELEMENTS: usize = 4096;

/// An element.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Node {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) children: Vec<Node>,
}

impl Node {
    /// The value of an attribute; empty where there is none.
    pub(crate) fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value.trim())
    }

    /// The children of a name.
    pub(crate) fn all<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'n Node> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of a name, without blanks around it; empty where there is none.
    pub(crate) fn text_of<'n>(&'n self, name: &'n str) -> &'n str {
        self.all(name).next().map_or("", |child| child.text.trim())
    }

    /// The first element of a name, at any depth.
    pub(crate) fn find(&self, name: &str) -> Option<&Node> {
        self.children.iter().find_map(|child| if child.name == name { Some(child) } else { child.find(name) })
    }
}

/// Reads a document; the node is the root element.
pub(crate) fn read(bytes: &[u8]) -> Result<Node, Error> {
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)).map_err(|error| malformed(&error.to_string()))?;
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Node> = Vec::new();
    let mut root = None;
    let mut elements = 0;
    loop {
        match reader.read_event().map_err(|error| malformed(&error.to_string()))? {
            Event::Start(start) => {
                elements += 1;
                if open.len() >= DEPTH || elements > ELEMENTS || root.is_some() {
                    return Err(malformed("too deep, too many elements, or two roots"));
                }
                open.push(node(&start)?);
            }
            Event::End(_) => {
                let done = open.pop().ok_or_else(|| malformed("an end without a beginning"))?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => root = Some(done),
                }
            }
            Event::Text(text) => add(&mut open, &text.xml_content(XmlVersion::Implicit1_0)),
            Event::CData(text) => add(&mut open, &text.xml_content(XmlVersion::Implicit1_0)),
            Event::GeneralRef(reference) => add(&mut open, &referred(&reference)?),
            Event::DocType(_) => return Err(malformed("a document type")),
            Event::Eof if open.is_empty() => return root.ok_or_else(|| malformed("no element")),
            Event::Eof => return Err(malformed("the document ends within an element")),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => (),
        }
    }
}

fn add(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut() {
        node.text.push_str(text);
    }
}

fn node(start: &BytesStart<'_>) -> Result<Node, Error> {
    let mut node = Node { name: start.local_name().as_ref().to_owned(), ..Node::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| malformed(&error.to_string()))?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| malformed(&error.to_string()))?;
        node.attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    Ok(node)
}

/// One of the five names that XML has, or a character by its number.
fn referred(name: &str) -> Result<String, Error> {
    let number = |digits: &str| match digits.strip_prefix('x') {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => digits.parse().ok(),
    };
    let known = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        name => name.strip_prefix('#').and_then(number).and_then(char::from_u32),
    };
    known.map(String::from).ok_or_else(|| malformed("a reference to an entity"))
}

fn malformed(why: &str) -> Error {
    Error::new(Status::Protocol, "discover.xml_malformed").detail(postkontor_plugin::printable(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_read_with_its_attributes_and_texts() {
        let node = read(
            "\u{FEFF}<?xml version=\"1.0\"?><!-- x --><p:a xmlns:p='u'><b type=\" imap \"> x &amp; <![CDATA[<y>]]>&#228; </b><c/></p:a>"
                .as_bytes(),
        )
        .unwrap();
        assert_eq!((node.name.as_str(), node.text_of("b"), node.text_of("c")), ("a", "x & <y>ä", ""));
        assert_eq!(node.find("b").unwrap().attribute("type"), "imap");
    }

    #[test]
    fn what_is_hostile_is_refused() {
        let laughs = "<!DOCTYPE l [<!ENTITY a 'lol'><!ENTITY b '&a;&a;&a;'>]><l>&b;</l>";
        let deep = "<a>".repeat(100) + &"</a>".repeat(100);
        let wide = format!("<a>{}</a>", "<b/>".repeat(5000));
        for text in [laughs, "<a>&b;</a>", "<a><b></a>", "<a>", "", "text", "<a/><b/>", "<html><br></html>", &deep, &wide, "<a b='&c;'/>"] {
            assert_eq!(read(text.as_bytes()).unwrap_err().code, "discover.xml_malformed", "{}", &text[..text.len().min(30)]);
        }
        assert!(read(b"<a>\xff</a>").is_err());
    }
}
