//! What a message consists of, for services that take its text and its attachments one by one.

use super::parts::{Leaf, Parts};
use super::source::Source;
use crate::{Call, Error};
use postkontor_reader::{Repairs, charset};

/// The longest text that is held in memory; a longer one counts as an attachment.
const TEXT: usize = 1 << 20;

/// All texts of a message together.
const TEXTS: usize = 2 << 20;

/// The text that a mail program shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// It is HTML.
    pub is_html: bool,
    /// The text itself.
    pub text: String,
}

/// A part that travels as a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attachment {
    /// The part.
    pub leaf: Leaf,
    /// Its name, made up where it has none.
    pub name: String,
    /// Its decoded bytes.
    pub size: u64,
    /// The HTML shows it.
    pub is_inline: bool,
}

/// What a message consists of. [`Parts`] gives the bytes of the attachments, which are its leaves with these places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The text that is shown, HTML before plain text.
    pub text: Option<Text>,
    /// Everything else, in order.
    pub attachments: Vec<Attachment>,
    /// The message is signed or encrypted: taken apart it would lose that.
    pub is_protected: bool,
}

/// A leaf that was read, with its text where it is one.
struct Read {
    leaf: Leaf,
    size: u64,
    text: Option<Vec<u8>>,
}

impl Outline {
    /// Reads a whole message.
    pub fn read(source: &mut dyn Source, call: &Call) -> Result<Outline, Error> {
        let (mut leaves, mut texts, mut is_protected) = (Vec::new(), 0, false);
        let mut parts = Parts::new(source);
        while let Some(leaf) = parts.next_leaf()? {
            is_protected |= leaf.is_protected();
            let may_be_text = leaf.is_text() && texts < TEXTS;
            let (mut size, mut text, mut block) = (0, may_be_text.then(Vec::new), Vec::new());
            loop {
                call.check()?;
                block.clear();
                let is_there = parts.read(&mut block)?;
                size += block.len() as u64;
                if let Some(kept) = text.as_mut() {
                    kept.extend_from_slice(&block);
                    if kept.len() > TEXT {
                        text = None;
                    }
                }
                if !is_there {
                    break;
                }
            }
            texts += text.as_ref().map_or(0, Vec::len);
            leaves.push(Read { leaf, size, text });
        }
        let (text, left_out) = shown(&leaves);
        let attachments = leaves.into_iter().filter(|read| !left_out.contains(&read.leaf.index)).map(attachment);
        Ok(Outline { text, attachments: attachments.collect(), is_protected })
    }
}

impl Leaf {
    fn is_text(&self) -> bool {
        matches!(self.media_type.as_str(), "text/plain" | "text/html") && self.name.is_none() && self.is_inline != Some(false)
    }

    fn is_protected(&self) -> bool {
        self.within.iter().any(|(_, subtype)| matches!(subtype.as_str(), "signed" | "encrypted"))
            || matches!(self.media_type.as_str(), "application/pkcs7-mime" | "application/x-pkcs7-mime")
    }

    /// The innermost alternatives that it stands among.
    fn alternatives(&self) -> Option<usize> {
        self.within.iter().rev().find(|(_, subtype)| subtype == "alternative").map(|(number, _)| *number)
    }
}

/// The text that is shown, and the leaves that stand for it: that leaf, and the texts that are alternatives to it.
fn shown(leaves: &[Read]) -> (Option<Text>, Vec<usize>) {
    let texts = || leaves.iter().filter(|read| read.text.is_some());
    let Some(first) = texts().next() else { return (None, Vec::new()) };
    let alternatives = first.leaf.alternatives();
    let is_alternative = |read: &&Read| {
        read.leaf.index == first.leaf.index
            || alternatives.is_some_and(|number| read.leaf.within.iter().any(|(within, _)| *within == number))
    };
    let html = texts().filter(is_alternative).find(|read| read.leaf.media_type == "text/html");
    let chosen = html.unwrap_or(first);
    let text = Text { is_html: html.is_some(), text: decoded(chosen) };
    (Some(text), texts().filter(is_alternative).map(|read| read.leaf.index).collect())
}

fn decoded(read: &Read) -> String {
    let bytes = read.text.as_deref().unwrap_or_default();
    let is_html = read.leaf.media_type == "text/html";
    charset::decode(bytes, read.leaf.charset.as_deref(), is_html, &mut Repairs::default(), "").into_owned()
}

fn attachment(read: Read) -> Attachment {
    let Read { leaf, size, .. } = read;
    let is_related = leaf.within.last().is_some_and(|(_, subtype)| subtype == "related");
    let is_inline = leaf.content_id.is_some() && (leaf.is_inline == Some(true) || leaf.is_inline.is_none() && is_related);
    let ending = match leaf.media_type.as_str() {
        "text/plain" => "txt",
        "text/html" => "html",
        "text/calendar" => "ics",
        "message/rfc822" => "eml",
        _ => "bin",
    };
    let name = leaf.name.clone().unwrap_or_else(|| format!("{}.{ending}", leaf.index + 1));
    Attachment { leaf, name, size, is_inline }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn outline(message: &str) -> Outline {
        let call = Call::new(&(), Instant::now() + Duration::from_secs(30));
        Outline::read(&mut message.as_bytes(), &call).unwrap()
    }

    fn multipart(subtype: &str, boundary: &str, parts: &[&str]) -> String {
        let parts: String = parts.iter().map(|part| format!("--{boundary}\r\n{part}\r\n")).collect();
        format!("Content-Type: multipart/{subtype}; boundary={boundary}\r\n\r\n{parts}--{boundary}--\r\n")
    }

    #[test]
    fn html_is_shown_before_its_plain_alternative_and_the_rest_is_attached() {
        let related = multipart(
            "related",
            "r",
            &[
                "Content-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<b>=FC</b>",
                "Content-Type: image/png\r\nContent-ID: <logo>\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj",
            ],
        );
        let alternative =
            multipart("alternative", "a", &["Content-Type: text/plain\r\n\r\nplain", &related, "Content-Type: text/calendar\r\n\r\nx"]);
        let message = multipart(
            "mixed",
            "m",
            &[
                &alternative,
                "Content-Type: text/plain; name=a.txt\r\n\r\nfile",
                "Content-Type: text/plain\r\n\r\nfooter",
                "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny",
            ],
        );
        let outline = outline(&message);
        assert_eq!(outline.text, Some(Text { is_html: true, text: "<b>ü</b>".to_owned() }));
        let found: Vec<(&str, u64, bool)> =
            outline.attachments.iter().map(|attachment| (attachment.name.as_str(), attachment.size, attachment.is_inline)).collect();
        assert_eq!(found, [("3.bin", 3, true), ("4.ics", 1, false), ("a.txt", 4, false), ("6.txt", 6, false), ("7.eml", 15, false)]);
        assert!(!outline.is_protected);
    }

    #[test]
    fn a_message_of_one_file_has_no_text() {
        let outline = outline("Content-Type: application/pdf; name=x.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj\r\n");
        assert_eq!((outline.text, outline.attachments.len(), outline.attachments[0].size), (None, 1, 3));
    }

    #[test]
    fn a_text_that_is_too_long_for_memory_is_a_file() {
        let outline = outline(&format!("Subject: s\r\n\r\n{}", "text\r\n".repeat(TEXT / 6 + 1)));
        assert_eq!((outline.text, outline.attachments[0].name.as_str()), (None, "1.txt"));
    }

    #[test]
    fn what_is_signed_or_encrypted_is_recognised() {
        assert!(outline(&multipart("signed", "s", &["\r\ntext", "Content-Type: application/pgp-signature\r\n\r\nx"])).is_protected);
        assert!(outline("Content-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\nx").is_protected);
    }
}
