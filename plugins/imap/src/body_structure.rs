//! BODYSTRUCTURE (RFC 9051, section 7.5.2): the parts of a message, without their bodies.
//!
//! What the server tells is written down as the message that it describes, with empty bodies, and read by the reader that reads whole messages:
//! names, types and which parts are attachments are then the same, however the message comes.

use crate::value::Value;
use postkontor_plugin::{Part, Parts};
use postkontor_reader::Message;
use postkontor_reader::Repairs;
use postkontor_reader::header::{ContentType, Disposition, Fields, file_name};
use postkontor_reader::source::Source;
use std::borrow::Cow;

/// More values in a structure than any well-meant message has.
const VALUES: usize = 200_000;

/// How deep lists may stand within each other.
const DEPTH: usize = 100;

/// A value of a structure.
#[derive(Debug)]
enum Node<'a> {
    List(Vec<Node<'a>>),
    Text(Cow<'a, [u8]>),
    Nil,
}

/// The parts in a structure; `None` where it makes no sense, or has more than a reader takes apart. `list` is what stands in its parentheses.
pub(crate) fn parts(list: &[u8]) -> Option<Parts> {
    let mut left = VALUES;
    let nodes = nodes(list, DEPTH, &mut left)?.0;
    let mut sketch = Sketch::default();
    sketch.entity(&nodes)?;
    let source = Source::from(sketch.text);
    let message = Message::read(&source, &|| true).ok()?;
    let structure = message.structure();
    if structure.cut.is_some() || structure.entities.len() != sketch.sizes.len() {
        return None;
    }
    let part = |index: &usize| {
        let header = message.header(*index).ok()?;
        let fields = Fields::read(&header);
        let (mut repairs, pointer) = (Repairs::default(), "");
        let kind = fields.first("Content-Type").map(|field| ContentType::read(field.value(), &mut repairs, pointer))?;
        let disposition = fields.first("Content-Disposition").map(|field| Disposition::read(field.value(), &mut repairs, pointer));
        let id = fields.first("Content-ID").map(|field| String::from_utf8_lossy(field.value().trim_ascii()).into_owned());
        Some(Part {
            section: structure.section(*index),
            name: file_name(disposition.as_ref(), Some(&kind)).map(str::to_owned),
            kind: format!("{}/{}", kind.kind(), kind.subtype()),
            encoded_size: sketch.sizes.get(*index).copied().unwrap_or_default(),
            inline: id.map(|id| id.trim_start_matches('<').trim_end_matches('>').to_owned()).filter(|id| !id.is_empty()),
        })
    };
    let bodies = message.bodies();
    let mut shown: Vec<usize> = bodies.text.iter().chain(&bodies.html).copied().collect();
    shown.sort_unstable();
    Some(Parts { texts: shown.iter().filter_map(part).collect(), parts: bodies.attachments.iter().filter_map(part).collect() })
}

/// The values up to the end of a list, and what stands behind its parenthesis.
fn nodes<'a>(text: &'a [u8], depth: usize, left: &mut usize) -> Option<(Vec<Node<'a>>, &'a [u8])> {
    let (mut nodes, mut rest) = (Vec::new(), text);
    loop {
        rest = rest.trim_ascii_start();
        match rest.first() {
            None => return Some((nodes, rest)),
            Some(b')') => return Some((nodes, &rest[1..])),
            Some(b'(') => {
                let (inner, behind) = self::nodes(&rest[1..], depth.checked_sub(1)?, left)?;
                nodes.push(Node::List(inner));
                rest = behind;
            }
            Some(_) => {
                let (node, behind) = word(rest)?;
                nodes.push(node);
                rest = behind;
            }
        }
        *left = left.checked_sub(1)?;
    }
}

/// A string or an atom at the beginning.
fn word(text: &[u8]) -> Option<(Node<'_>, &[u8])> {
    // The last atom may stand at the very end of the list.
    let end = text.iter().position(|byte| b" ()\"\r\n".contains(byte)).unwrap_or(text.len());
    let (node, rest) = match text.first()? {
        b'"' | b'{' | b'~' => match Value::read(text)? {
            (Value::String(string), rest) => (Node::Text(string), rest),
            _ => return None,
        },
        _ if text[..end].eq_ignore_ascii_case(b"NIL") => (Node::Nil, &text[end..]),
        _ if end > 0 => (Node::Text(Cow::Borrowed(&text[..end])), &text[end..]),
        _ => return None,
    };
    Some((node, rest))
}

/// The message that a structure describes, and the encoded bytes of each of its entities.
#[derive(Default)]
struct Sketch {
    text: Vec<u8>,
    sizes: Vec<u64>,
}

impl Sketch {
    /// Writes a part: its header, and its own parts where it is a multipart.
    fn entity(&mut self, nodes: &[Node<'_>]) -> Option<()> {
        let parts = nodes.iter().take_while(|node| matches!(node, Node::List(_))).count();
        if parts > 0 {
            return self.multipart(nodes, parts);
        }
        let (kind, subtype) = (nodes.first()?, nodes.get(1)?);
        text(kind).and(text(subtype))?;
        self.field("Content-Type", &format!("{}/{}", token(kind), token(subtype)), nodes.get(2), None);
        if let Some(Node::Text(id)) = nodes.get(3) {
            self.line("Content-ID: ", id);
        }
        let size = nodes.get(6).and_then(text).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        self.sizes.push(size.unwrap_or_default());
        // What stands before the extension data: a text has its lines there, a message its envelope, its structure and its lines.
        let before = match token(kind).as_str() {
            "text" => 8,
            "message" if matches!(token(subtype).as_str(), "rfc822" | "global") => 10,
            _ => 7,
        };
        self.disposition(nodes.get(before.min(nodes.len())..).unwrap_or_default());
        self.text.extend_from_slice(b"\r\n");
        Some(())
    }

    fn multipart(&mut self, nodes: &[Node<'_>], parts: usize) -> Option<()> {
        let boundary = format!("=_{:08}", self.sizes.len());
        let subtype = nodes.get(parts).map_or_else(|| "mixed".to_owned(), token);
        self.field("Content-Type", &format!("multipart/{subtype}"), nodes.get(parts + 1), Some(&boundary));
        self.disposition(nodes.get(parts + 2..).unwrap_or_default());
        self.sizes.push(0);
        self.text.extend_from_slice(b"\r\n");
        for node in &nodes[..parts] {
            let Node::List(part) = node else { return None };
            self.text.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
            self.entity(part)?;
            self.text.extend_from_slice(b"\r\n");
        }
        self.text.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        Some(())
    }

    /// The disposition: the first list that begins with a word and goes on with a list or nothing.
    fn disposition(&mut self, extension: &[Node<'_>]) {
        let found = extension.iter().take(3).find_map(|node| match node {
            Node::List(inner) => match inner.as_slice() {
                [word @ Node::Text(_), parameters @ (Node::List(_) | Node::Nil)] => Some((token(word), parameters)),
                _ => None,
            },
            _ => None,
        });
        if let Some((word, parameters)) = found {
            self.field("Content-Disposition", &word, Some(parameters), None);
        }
    }

    /// A field with its parameters; a boundary stands in the place of the one that there was.
    fn field(&mut self, name: &str, value: &str, parameters: Option<&Node<'_>>, boundary: Option<&str>) {
        self.text.extend_from_slice(format!("{name}: {value}").as_bytes());
        if let Some(boundary) = boundary {
            self.text.extend_from_slice(format!("; boundary=\"{boundary}\"").as_bytes());
        }
        if let Some(Node::List(parameters)) = parameters {
            for pair in parameters.chunks_exact(2) {
                let name = token(&pair[0]);
                if let Some(value) = text(&pair[1]).filter(|_| !name.is_empty() && name != "boundary") {
                    self.text.extend_from_slice(format!(";\r\n {name}=").as_bytes());
                    self.parameter(value);
                }
            }
        }
        self.text.extend_from_slice(b"\r\n");
    }

    /// A value of a parameter: as it is where it can stand so, as an extended one has to (RFC 2231), else in quotes.
    fn parameter(&mut self, value: &[u8]) {
        let is_plain = |byte: &u8| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(byte);
        if !value.is_empty() && value.iter().all(is_plain) {
            self.text.extend_from_slice(value);
            return;
        }
        self.text.push(b'"');
        for byte in value.iter().filter(|byte| !matches!(byte, b'\r' | b'\n' | 0)) {
            if matches!(byte, b'"' | b'\\') {
                self.text.push(b'\\');
            }
            self.text.push(*byte);
        }
        self.text.push(b'"');
    }

    fn line(&mut self, name: &str, value: &[u8]) {
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend(value.iter().filter(|byte| !matches!(byte, b'\r' | b'\n' | 0)));
        self.text.extend_from_slice(b"\r\n");
    }
}

fn text<'n>(node: &'n Node<'_>) -> Option<&'n [u8]> {
    match node {
        Node::Text(text) => Some(text),
        _ => None,
    }
}

/// A word in small letters, without what a word of a header cannot have.
fn token(node: &Node<'_>) -> String {
    let is_part = |byte: &&u8| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(byte);
    text(node).unwrap_or_default().iter().filter(is_part).map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

#[cfg(test)]
mod tests;
