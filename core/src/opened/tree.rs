//! Makes a message of its pieces: decodes the bodies, and separates texts from attachments.
//!
//! What is text and what an attachment is decided as mail-parser decides it, whose types the summary reads: the first text, and in an
//! alternative the one of each kind, stand in the message; what has a name or is an attachment by its own words does not.

use super::structure::{Piece, Structure};
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::parsers::MessageStream;
use mail_parser::{ContentType, Encoding, GetHeader, HeaderName, HeaderValue, Message, MessagePart, MimeHeaders, PartType};
use std::borrow::Cow;

/// The message that has these pieces; `None` where `goes_on` has stopped the work.
pub(super) fn message<'a>(raw: &'a [u8], structure: Structure<'a>, goes_on: &dyn Fn() -> bool) -> Option<Message<'a>> {
    let mut tree = Tree { message: Message { raw_message: raw.into(), ..Message::default() }, levels: vec![Level::default()] };
    for (index, piece) in structure.pieces.into_iter().enumerate() {
        if !goes_on() {
            return None;
        }
        while tree.levels.len() > 1 && tree.levels.last().is_some_and(|level| level.piece != piece.parent) {
            tree.end();
        }
        tree.add(raw, index, piece);
    }
    while !tree.levels.is_empty() {
        tree.end();
    }
    Some(tree.message)
}

/// The bytes of a part as they were before they were encoded for their way; `None` where they are not what they claim to be.
pub(super) fn decoded(bytes: &[u8], encoding: Encoding) -> Option<Cow<'_, [u8]>> {
    match encoding {
        Encoding::None => Some(Cow::Borrowed(bytes)),
        Encoding::Base64 => base64_decode(bytes).map(Cow::Owned),
        // The way for a part leaves a lone equals sign as it is, which is often one that was not encoded.
        Encoding::QuotedPrintable => match MessageStream::new(bytes).decode_quoted_printable_mime(b"") {
            (usize::MAX, _) => None,
            (_, decoded) => Some(decoded),
        },
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    /// What is around the outermost part.
    #[default]
    Nothing,
    Alternative,
    Related,
    Plain,
    Html,
    OtherText,
    /// Pictures, sounds and films are shown where they stand.
    Media,
    Other,
}

impl Kind {
    fn of(kind: Option<&ContentType<'_>>) -> Kind {
        match kind.map(|kind| (kind.ctype(), kind.subtype())) {
            None | Some(("text", Some("plain"))) => Kind::Plain,
            Some(("text", Some("html"))) => Kind::Html,
            Some(("text", _)) => Kind::OtherText,
            Some(("multipart", Some("alternative"))) => Kind::Alternative,
            Some(("multipart", Some("related"))) => Kind::Related,
            Some(("image" | "audio" | "video", _)) => Kind::Media,
            Some(_) => Kind::Other,
        }
    }

    fn is_text(self) -> bool {
        matches!(self, Kind::Plain | Kind::Html | Kind::OtherText)
    }
}

/// A multipart whose parts are being added, or what is around the outermost part.
struct Level {
    piece: Option<usize>,
    kind: Kind,
    in_alternative: bool,
    /// Whether a text of this kind is still wanted.
    need_html: bool,
    need_text: bool,
    parts: usize,
    /// How many texts there were before it.
    html: usize,
    text: usize,
}

impl Default for Level {
    fn default() -> Level {
        Level { piece: None, kind: Kind::Nothing, in_alternative: false, need_html: true, need_text: true, parts: 0, html: 0, text: 0 }
    }
}

struct Tree<'a> {
    message: Message<'a>,
    levels: Vec<Level>,
}

impl<'a> Tree<'a> {
    fn add(&mut self, raw: &'a [u8], index: usize, piece: Piece<'a>) {
        let Some(level) = self.levels.last_mut() else { return };
        level.parts += 1;
        let kind = piece.headers.header_value(&HeaderName::ContentType).and_then(HeaderValue::as_content_type);
        let (is_multipart, is_bounded) =
            kind.map_or((false, false), |kind| (kind.ctype() == "multipart", kind.attribute("boundary").is_some()));
        let kind = Kind::of(kind);
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let mut part = MessagePart {
            offset_header: place(piece.start),
            offset_body: place(piece.body.start),
            offset_end: place(piece.body.end),
            headers: piece.headers,
            ..MessagePart::default()
        };
        if piece.is_divided {
            let in_alternative = level.in_alternative || kind == Kind::Alternative;
            let (need_html, need_text) = (level.need_html, level.need_text);
            let (html, text) = (self.message.html_body.len(), self.message.text_body.len());
            self.levels.push(Level { piece: Some(index), kind, in_alternative, need_html, need_text, parts: 0, html, text });
            part.body = PartType::Multipart(Vec::new());
            self.message.parts.push(part);
        } else {
            // What was to be divided and is not may be read, and is not the text of the message.
            let kind = if is_multipart && is_bounded { Kind::OtherText } else { kind };
            self.leaf(raw.get(piece.body).unwrap_or_default(), kind, part);
        }
    }

    fn leaf(&mut self, bytes: &'a [u8], kind: Kind, mut part: MessagePart<'a>) {
        let encoding = part.content_transfer_encoding().unwrap_or_default();
        part.encoding = match encoding {
            _ if encoding.eq_ignore_ascii_case("base64") => Encoding::Base64,
            _ if encoding.eq_ignore_ascii_case("quoted-printable") => Encoding::QuotedPrintable,
            _ => Encoding::None,
        };
        let (bytes, kind) = match decoded(bytes, part.encoding) {
            Some(decoded) => (decoded, kind),
            // What cannot be decoded is shown as it stands.
            None => {
                part.encoding = Encoding::None;
                part.is_encoding_problem = true;
                (Cow::Borrowed(bytes), if kind == Kind::Plain { kind } else { Kind::OtherText })
            }
        };
        let is_inline = self.is_inline(kind, &part);
        let (in_html, in_text) = self.place(kind, is_inline);
        let index = u32::try_from(self.message.parts.len()).unwrap_or(u32::MAX);
        if in_html {
            self.message.html_body.push(index);
        }
        if in_text {
            self.message.text_body.push(index);
        }
        let is_attachment = if kind == Kind::Html { !in_html } else { !kind.is_text() || !in_text };
        if is_attachment {
            self.message.attachments.push(index);
        }
        part.body = match kind {
            Kind::Html => PartType::Html(text(bytes, &part)),
            _ if kind.is_text() => PartType::Text(text(bytes, &part)),
            _ if is_inline => PartType::InlineBinary(bytes),
            _ => PartType::Binary(bytes),
        };
        self.message.parts.push(part);
    }

    /// Whether a part is shown where it stands.
    fn is_inline(&self, kind: Kind, part: &MessagePart<'_>) -> bool {
        let Some(level) = self.levels.last() else { return false };
        let is_alone = level.parts == 1;
        if part.is_encoding_problem {
            return is_alone && level.kind == Kind::Nothing && kind == Kind::Plain;
        }
        let is_shown = matches!(kind, Kind::Plain | Kind::Html | Kind::Media);
        let is_attachment = part.content_disposition().is_some_and(ContentType::is_attachment);
        let is_named = part.content_type().is_some_and(|kind| kind.has_attribute("name"));
        is_shown && !is_attachment && (is_alone || level.kind != Kind::Related && (kind == Kind::Media || !is_named))
    }

    /// Whether a part stands in the message as HTML, and whether as text.
    fn place(&mut self, kind: Kind, is_inline: bool) -> (bool, bool) {
        let Some(level) = self.levels.last_mut() else { return (false, false) };
        if level.kind == Kind::Alternative {
            return (kind == Kind::Html, kind == Kind::Plain);
        }
        if !is_inline {
            return (false, false);
        }
        if level.in_alternative && (level.need_text || level.need_html) {
            match kind {
                Kind::Html => level.need_text = false,
                Kind::Plain => level.need_html = false,
                _ => (),
            }
        }
        (level.need_html, level.need_text)
    }

    /// Ends a multipart: an alternative of one kind stands for the other, too.
    fn end(&mut self) {
        let Some(level) = self.levels.pop() else { return };
        if level.kind == Kind::Alternative && level.need_html && level.need_text {
            let Message { html_body, text_body, .. } = &mut self.message;
            match (html_body.len() > level.html, text_body.len() > level.text) {
                (true, false) => text_body.extend_from_slice(&html_body[level.html..]),
                (false, true) => html_body.extend_from_slice(&text_body[level.text..]),
                _ => (),
            }
        }
    }
}

/// The text of a part in its character set. Most texts are ASCII, which in nearly every set needs no decoding and no copy.
fn text<'a>(bytes: Cow<'a, [u8]>, part: &MessagePart<'_>) -> Cow<'a, str> {
    let is_single_byte = |label: &str| encoding_rs::Encoding::for_label(label.as_bytes()).is_some_and(|charset| charset.is_single_byte());
    let label = part.content_type().and_then(|kind| kind.attribute("charset"));
    let decoder = label.filter(|label| !(bytes.is_ascii() && is_single_byte(label))).and_then(|label| charset_decoder(label.as_bytes()));
    match (decoder, bytes) {
        (Some(decoder), bytes) => Cow::Owned(decoder(&bytes)),
        (None, Cow::Borrowed(bytes)) => String::from_utf8_lossy(bytes),
        (None, Cow::Owned(bytes)) => {
            Cow::Owned(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::structure::structure;
    use super::*;
    use mail_parser::MessageParser;

    /// Numbers of a small generator of its own.
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % limit
        }

        fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
            choices[self.below(choices.len())]
        }
    }

    /// A well-formed part, and the parts within it.
    fn part(random: &mut Random, depth: usize, counter: &mut usize, end: &str) -> String {
        *counter += 1;
        if depth > 0 && random.below(3) > 0 {
            let boundary = format!("{}{counter}", random.of(&["b", "=_next part.", "----", "b1"]));
            let kind = random.of(&["mixed", "alternative", "related", "signed", "report"]);
            let mut text = format!("Content-Type: multipart/{kind};{end} boundary=\"{boundary}\"{end}{end}before{end}");
            for _ in 0..=random.below(3) {
                text += &format!("--{boundary}{end}{}{end}", part(random, depth - 1, counter, end));
            }
            return format!("{text}--{boundary}--{end}behind");
        }
        let kind = random.of(&[
            "text/plain",
            "text/html",
            "text/plain; charset=iso-8859-2",
            "text/plain; name=a.txt",
            "text/csv",
            "image/png",
            "application/pdf",
            "",
        ]);
        let disposition = random.of(&["", "", "attachment; filename=a", "inline"]);
        let (encoding, body) = match random.below(4) {
            0 => ("base64", "R3LDvMOfZQ0K\r\nYWI=".replace("\r\n", end)),
            1 => ("quoted-printable", "Gr=C3=BC=\r\n=C3=9Fe a=3Db\r\n".replace("\r\n", end)),
            2 => ("", format!("a; -- b{end}{end}-{end}--{end}c")),
            _ => ("8bit", "Grüße".to_owned()),
        };
        let fields = [("Content-Type", kind), ("Content-Disposition", disposition), ("Content-Transfer-Encoding", encoding)];
        let fields: String =
            fields.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}: {value}{end}")).collect();
        format!("{fields}{end}{body}")
    }

    /// Where a part lies, and what is in it.
    type Leaf = (usize, usize, Vec<u8>, Encoding);

    /// The numbers of the parts in each list, and the parts.
    fn shape(message: &Message<'_>) -> ([Vec<u32>; 3], Vec<Leaf>) {
        let parts = message.parts.iter().filter(|part| !matches!(part.body, PartType::Multipart(_)));
        let parts = parts.map(|part| (part.offset_body as usize, part.offset_end as usize, part.contents().to_vec(), part.encoding));
        ([message.html_body.clone(), message.text_body.clone(), message.attachments.clone()], parts.collect())
    }

    #[test]
    fn well_formed_mail_is_taken_apart_as_mail_parser_does() {
        let mut random = Random(1);
        for _ in 0..3000 {
            let end = random.of(&["\r\n", "\n"]);
            let raw = format!("Subject: x{end}{}{end}", part(&mut random, 3, &mut 0, end));
            let structure = structure(raw.as_bytes(), &|| true).unwrap();
            let message = message(raw.as_bytes(), structure, &|| true).unwrap();
            let expected = MessageParser::default().parse(&raw).unwrap();
            assert_eq!(shape(&message), shape(&expected), "{raw}");
        }
    }

    #[test]
    fn it_ends_when_it_has_to() {
        let raw = b"Subject: x\n\ntext";
        assert!(message(raw, structure(raw, &|| true).unwrap(), &|| false).is_none());
    }
}
