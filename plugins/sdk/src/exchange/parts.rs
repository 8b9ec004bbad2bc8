//! The parts of a message, one after the other, decoded while they are read.

use super::encoding::Decoder;
use super::lines::{Line, Lines};
use super::source::Source;
use crate::{Error, Stage, Status};
use postkontor_reader::Repairs;
use postkontor_reader::header::{self, ContentType, Disposition, Field, Fields};
use postkontor_reader::transfer::Encoding;

/// The longest header block of a part, and of the message itself.
const PART_HEAD: usize = 64 * 1024;
const HEAD: usize = 4 << 20;

/// Deeper multiparts are not taken apart, and no message has more parts.
const DEPTH: usize = 50;
const PARTS: usize = 2000;

/// The longest name of an attachment, and of anything else in the headers of a part.
const NAME: usize = 255;

/// A part that holds no others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaf {
    /// Its place among the leaves of the message.
    pub index: usize,
    /// Its type, in lower case, for example `text/plain`.
    pub media_type: String,
    /// The character set of a text, as it stands there.
    pub charset: Option<String>,
    /// The name of the file.
    pub name: Option<String>,
    /// The identifier by which HTML refers to it.
    pub content_id: Option<String>,
    /// It is to be shown with the text (`inline`), or not (`attachment`); nothing where the part does not say.
    pub is_inline: Option<bool>,
    /// The multiparts that it stands in, the outermost first: their numbers within the message, and their subtypes.
    pub within: Vec<(usize, String)>,
}

/// A multipart whose end has not come yet.
struct Open {
    boundary: Vec<u8>,
    number: usize,
    subtype: String,
}

/// Where the reader stands.
enum Place {
    /// In front of the headers of a part, or of the message.
    Head,
    /// In a leaf.
    Leaf(Decoder),
    /// In the preamble or behind the end of a multipart.
    Between,
    /// Behind the message.
    End,
}

/// The parts of a message.
pub struct Parts<'s> {
    lines: Lines<'s>,
    open: Vec<Open>,
    multiparts: usize,
    leaves: usize,
    place: Place,
}

impl<'s> Parts<'s> {
    /// The parts of a message, from its first header on.
    pub fn new(source: &'s mut dyn Source) -> Parts<'s> {
        Parts { lines: Lines::new(source), open: Vec::new(), multiparts: 0, leaves: 0, place: Place::Head }
    }

    /// Goes on to the next part that holds no others; what is left of the current one is left out.
    pub fn next_leaf(&mut self) -> Result<Option<Leaf>, Error> {
        loop {
            match self.place {
                Place::End => return Ok(None),
                Place::Between | Place::Leaf(_) => self.skip()?,
                Place::Head => {
                    if let Some(leaf) = self.head()? {
                        return Ok(Some(leaf));
                    }
                }
            }
        }
    }

    /// Writes the next decoded bytes of the current leaf behind `out`; false at its end.
    pub fn read(&mut self, out: &mut Vec<u8>) -> Result<bool, Error> {
        let Place::Leaf(decoder) = &mut self.place else { return Ok(false) };
        match self.lines.next()? {
            None => {
                decoder.finish(true, out);
                self.place = Place::End;
            }
            Some(line) => match boundary(&self.open, line) {
                None => decoder.line(line.text, line.end, out),
                Some(found) => {
                    decoder.finish(false, out);
                    self.place = found.apply(&mut self.open);
                }
            },
        }
        Ok(true)
    }

    /// Reads a header block: the leaf that follows, or nothing where a multipart or a boundary does.
    fn head(&mut self) -> Result<Option<Leaf>, Error> {
        let limit = if self.open.is_empty() { HEAD } else { PART_HEAD };
        let mut head = Vec::new();
        let next = loop {
            let Some(line) = self.lines.next()? else { break Some(Place::End) };
            if let Some(found) = boundary(&self.open, line) {
                break Some(found.apply(&mut self.open));
            }
            if line.text.is_empty() && line.is_start {
                break None;
            }
            head.extend_from_slice(line.text);
            head.extend_from_slice(line.end);
            if head.len() > limit {
                return Err(refused("exchange.headers_too_large"));
            }
        };
        let within = |open: &[Open]| open.iter().map(|open| (open.number, open.subtype.clone())).collect();
        let (mut leaf, encoding, multipart) = described(&head, self.open.last().is_some_and(|open| open.subtype == "digest"));
        if let (Some((subtype, boundary)), true, None) = (multipart, self.open.len() < DEPTH, &next) {
            self.open.push(Open { boundary, number: self.multiparts, subtype });
            self.multiparts += 1;
            self.place = Place::Between;
            return Ok(None);
        }
        if self.leaves == PARTS {
            return Err(refused("message.too_many_parts").arg("limit", PARTS));
        }
        (leaf.index, leaf.within) = (self.leaves, within(&self.open));
        self.leaves += 1;
        // A part that ends within its headers is empty.
        self.place = next.unwrap_or_else(|| Place::Leaf(Decoder::of(encoding)));
        Ok(Some(leaf))
    }

    /// Goes on to the next boundary.
    fn skip(&mut self) -> Result<(), Error> {
        while let Some(line) = self.lines.next()? {
            if let Some(found) = boundary(&self.open, line) {
                self.place = found.apply(&mut self.open);
                return Ok(());
            }
        }
        self.place = Place::End;
        Ok(())
    }
}

/// A boundary: of which open multipart, and whether it is the last one.
struct Boundary {
    level: usize,
    is_last: bool,
}

impl Boundary {
    fn apply(self, open: &mut Vec<Open>) -> Place {
        if self.is_last {
            open.truncate(self.level);
            return Place::Between;
        }
        open.truncate(self.level + 1);
        Place::Head
    }
}

/// The boundary that a line is (RFC 2046, section 5.1.1). That of an outer multipart ends the inner ones.
fn boundary(open: &[Open], line: Line<'_>) -> Option<Boundary> {
    let rest = line.text.strip_prefix(b"--").filter(|_| line.is_start)?;
    let rest = rest.trim_ascii_end();
    open.iter().enumerate().rev().find_map(|(level, open)| match rest.strip_prefix(open.boundary.as_slice())? {
        b"" => Some(Boundary { level, is_last: false }),
        b"--" => Some(Boundary { level, is_last: true }),
        _ => None,
    })
}

fn refused(code: &str) -> Error {
    Error::new(Status::Argument, code).stage(Stage::Message).usable()
}

/// What the headers of a part say: the leaf, its transfer encoding, and of a multipart its subtype and boundary.
fn described(head: &[u8], is_in_digest: bool) -> (Leaf, Encoding, Option<(String, Vec<u8>)>) {
    let default = if is_in_digest { "message/rfc822" } else { "text/plain" };
    let mut leaf = Leaf { media_type: default.to_owned(), ..Leaf::default() };
    let fields = Fields::read(head);
    let first = |name: &str| fields.first(name).map(Field::value);
    let short = |text: &str| text.chars().filter(|c| !c.is_control()).take(NAME).collect::<String>();
    // What is put right while it is read is no matter of the service.
    let mut repairs = Repairs::default();
    let kind = first("Content-Type").map(|value| ContentType::read(value, &mut repairs, ""));
    if let Some(kind) = &kind {
        leaf.media_type = short(&format!("{}/{}", kind.kind(), kind.subtype()));
        leaf.charset = kind.parameter("charset").map(short);
        let boundary = kind.boundary().map(<[u8]>::trim_ascii_end).filter(|boundary| (1..=NAME).contains(&boundary.len()));
        if let Some(boundary) = boundary.filter(|_| kind.kind() == "multipart") {
            return (leaf, Encoding::Identity, Some((short(kind.subtype()), boundary.to_vec())));
        }
    }
    let disposition = first("Content-Disposition").map(|value| Disposition::read(value, &mut repairs, ""));
    leaf.name = header::file_name(disposition.as_ref(), kind.as_ref()).map(short).filter(|name| !name.is_empty());
    leaf.content_id = first("Content-ID").and_then(|value| header::message_ids(value).first().map(|id| short(id)));
    leaf.is_inline = disposition.map(|disposition| disposition.kind() == "inline");
    let encoding = first("Content-Transfer-Encoding").and_then(Encoding::read).unwrap_or_default();
    (leaf, encoding, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Type, name and content of each leaf.
    fn leaves(message: &str) -> Vec<(String, Option<String>, String)> {
        let mut source = message.as_bytes();
        let mut parts = Parts::new(&mut source);
        let mut found = Vec::new();
        while let Some(leaf) = parts.next_leaf().unwrap() {
            let mut content = Vec::new();
            while parts.read(&mut content).unwrap() {}
            found.push((leaf.media_type, leaf.name, String::from_utf8_lossy(&content).into_owned()));
        }
        found
    }

    fn leaf(media_type: &str, name: Option<&str>, content: &str) -> (String, Option<String>, String) {
        (media_type.to_owned(), name.map(str::to_owned), content.to_owned())
    }

    const NESTED: &str = "Subject: s\r\nContent-Type: multipart/mixed; boundary=\"a\"\r\n\r\npreamble\r\n--a\r\n\
        Content-Type: multipart/alternative; boundary=ab\r\n\r\n--ab\r\n\r\nplain\r\n--ab \r\nContent-Type: TEXT/html; charset=utf-8\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>=C3=BC</p>\r\n--ab--\r\nepilogue\r\n--a\r\n\
        Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''R%C3%BC.pdf\r\nContent-Transfer-Encoding: base64\r\n\
        \r\nYWJj\r\nZGVm\r\n--a\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\n--abc\r\n\r\n--a--\r\nepilogue\r\n--a\r\n";

    #[test]
    fn parts_come_in_order_with_their_names_and_decoded() {
        let found = leaves(NESTED);
        let expected = [
            leaf("text/plain", None, "plain"),
            leaf("text/html", None, "<p>ü</p>"),
            leaf("application/pdf", Some("Rü.pdf"), "abcdef"),
            leaf("message/rfc822", None, "Subject: inner\r\n\r\n--abc\r\n"),
        ];
        assert_eq!(found[..4], expected);
    }

    #[test]
    fn a_message_that_is_cut_anywhere_has_parts_all_the_same() {
        for end in 0..NESTED.len() {
            let found = leaves(&NESTED[..end]);
            assert!(found.len() <= 5, "{end}: {found:?}");
        }
    }

    #[test]
    fn a_message_without_multiparts_is_one_leaf() {
        assert_eq!(leaves("Subject: s\r\n\r\na\r\n--b\r\n"), [leaf("text/plain", None, "a\r\n--b\r\n")]);
        assert_eq!(leaves("\r\n"), [leaf("text/plain", None, "")]);
        let headless = "Content-Type: multipart/mixed\r\n\r\n--a\r\n";
        assert_eq!(leaves(headless), [leaf("multipart/mixed", None, "--a\r\n")]);
    }

    #[test]
    fn the_boundary_of_an_outer_multipart_ends_the_inner_one() {
        let message = "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n1\r\n\
            --a\r\n\r\n2\r\n--b\r\n--a--\r\n";
        assert_eq!(leaves(message), [leaf("text/plain", None, "1"), leaf("text/plain", None, "2\r\n--b")]);
    }

    #[test]
    fn depth_and_number_of_parts_have_bounds() {
        let mut deep = String::new();
        for level in 0..100 {
            deep += &format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n");
        }
        assert_eq!(leaves(&deep).len(), 1);
        let many = format!("Content-Type: multipart/mixed; boundary=a\r\n\r\n{}", "--a\r\n\r\nx\r\n".repeat(PARTS + 1));
        let mut source = many.as_bytes();
        let mut parts = Parts::new(&mut source);
        let error = loop {
            match parts.next_leaf() {
                Ok(leaf) => assert!(leaf.is_some()),
                Err(error) => break error,
            }
        };
        assert_eq!(error.code, "message.too_many_parts");
    }
}
