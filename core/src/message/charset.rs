//! The character set of texts, headers and file names.

use super::findings::{Findings, Place, first_block};
use crate::settings::Unencodable;
use encoding_rs::{EncoderResult, Encoding, UTF_8, X_USER_DEFINED};
use std::borrow::Cow;

/// The character set that the sender's settings ask for, and what to do where it does not suffice.
#[derive(Clone, Copy)]
pub(super) struct Charset {
    encoding: &'static Encoding,
    unencodable: Unencodable,
}

/// A text in the bytes of the charset that its label names.
pub(super) struct Encoded<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    pub(super) label: &'static str,
    pub(super) units: Units,
}

/// Where the bytes of an encoded text may be divided.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Units {
    /// In front of each lead byte of UTF-8.
    Utf8,
    /// Everywhere.
    Single,
    /// Only the text can be divided, and each piece must be encoded by itself.
    Text,
}

/// A character that the charset lacks, where the settings say to refuse it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unencoded(pub(super) char);

impl Unencoded {
    /// Notes the place in the document that holds the character.
    pub(super) fn note(&self, charset: Charset, place: Place<'_>, findings: &mut Findings<'_>) {
        findings.add_in(
            place.of,
            place.pointer,
            "message.unencodable",
            &[("charset", charset.label()), ("character", &self.0.to_string())],
        );
    }
}

impl Charset {
    /// UTF-8, whatever the settings say.
    pub(super) const UTF8: Charset = Charset { encoding: UTF_8, unencodable: Unencodable::Utf8 };

    /// The charset with this MIME name or alias; nothing when there is none, or none that mail can carry.
    ///
    /// What is written as label is the canonical name of what the bytes are: `iso-8859-1` and `us-ascii` are treated as
    /// windows-1252 by every reader and are labelled so here; UTF-16, which mail cannot carry, becomes UTF-8.
    pub(super) fn find(label: &str, unencodable: Unencodable) -> Option<Charset> {
        // Nearly everybody's setting needs no search.
        let encoding = match label {
            "utf-8" => UTF_8,
            _ => Encoding::for_label_no_replacement(label.as_bytes())?.output_encoding(),
        };
        (encoding != X_USER_DEFINED).then_some(Charset { encoding, unencodable })
    }

    /// The label of the charset, as long as it suffices.
    pub(super) fn label(&self) -> &'static str {
        label(self.encoding)
    }

    /// The text in this charset, or in UTF-8 where the charset lacks a character and the settings allow it.
    pub(super) fn encode<'t>(&self, text: &'t str, findings: &mut Findings<'_>) -> Result<Encoded<'t>, Unencoded> {
        if self.encoding == UTF_8 {
            return Ok(utf8(text));
        }
        if text.is_ascii() && self.encoding.is_ascii_compatible() {
            return Ok(Encoded { bytes: Cow::Borrowed(text.as_bytes()), label: label(self.encoding), units: Units::Single });
        }
        match (self.encode_blocks(text, findings), self.unencodable) {
            (Ok(bytes), _) => {
                let units = if self.encoding.is_single_byte() { Units::Single } else { Units::Text };
                Ok(Encoded { bytes: Cow::Owned(bytes), label: label(self.encoding), units })
            }
            (Err(_), Unencodable::Utf8) => Ok(utf8(text)),
            (Err(unencoded), Unencodable::Refuse) => Err(unencoded),
        }
    }

    /// The text in this charset, block by block; as much of it as there was time for.
    fn encode_blocks(&self, text: &str, findings: &mut Findings<'_>) -> Result<Vec<u8>, Unencoded> {
        let mut encoder = self.encoding.new_encoder();
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() && findings.goes_on() {
            let (mut block, after) = first_block(rest);
            rest = after;
            if let Some(control) = c1(block) {
                return Err(Unencoded(control));
            }
            loop {
                let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(block, &mut bytes, rest.is_empty());
                block = &block[read..];
                match result {
                    EncoderResult::InputEmpty => break,
                    EncoderResult::OutputFull => bytes.reserve(block.len() + block.len() / 2 + 16),
                    EncoderResult::Unmappable(character) => return Err(Unencoded(character)),
                }
            }
        }
        Ok(bytes)
    }

    /// A piece of a text that as a whole is known to be in this charset.
    pub(super) fn encode_piece<'t>(&self, text: &'t str) -> Cow<'t, [u8]> {
        self.encoding.encode(text).0
    }
}

/// The text in UTF-8, whatever the settings say.
pub(super) fn utf8(text: &str) -> Encoded<'_> {
    Encoded { bytes: Cow::Borrowed(text.as_bytes()), label: "utf-8", units: Units::Utf8 }
}

fn label(encoding: &'static Encoding) -> &'static str {
    if encoding == UTF_8 { "utf-8" } else { encoding.name() }
}

/// The controls that the web's tables put into the gaps of the Windows charsets; mail readers' tables have gaps there.
fn c1(text: &str) -> Option<char> {
    let place = memchr::memchr_iter(0xc2, text.as_bytes()).find(|place| text.as_bytes()[place + 1] < 0xa0)?;
    text[place..].chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(label: &str, unencodable: Unencodable, text: &str) -> Result<(Vec<u8>, &'static str), Unencoded> {
        let charset = Charset::find(label, unencodable).unwrap();
        charset.encode(text, &mut Findings::default()).map(|encoded| (encoded.bytes.into_owned(), encoded.label))
    }

    #[test]
    fn the_label_names_what_the_bytes_are() {
        let refuse = Unencodable::Refuse;
        assert_eq!(encode("Windows-1250", refuse, "žž"), Ok((vec![0x9e, 0x9e], "windows-1250")));
        assert_eq!(encode("latin2", refuse, "ž"), Ok((vec![0xbe], "ISO-8859-2")));
        assert_eq!(encode("iso-8859-1", refuse, "€"), Ok((vec![0x80], "windows-1252")));
        assert_eq!(encode("utf-16", refuse, "ž"), Ok(("ž".into(), "utf-8")));
    }

    #[test]
    fn what_a_charset_lacks_falls_back_to_utf_8_or_is_refused_but_never_replaced() {
        assert_eq!(encode("windows-1250", Unencodable::Utf8, "ž 😀"), Ok(("ž 😀".into(), "utf-8")));
        assert_eq!(encode("windows-1250", Unencodable::Refuse, "ž 😀"), Err(Unencoded('😀')));
        assert_eq!(encode("iso-8859-2", Unencodable::Refuse, "10 €"), Err(Unencoded('€')));
        assert_eq!(encode("windows-1250", Unencodable::Utf8, "\u{81}").unwrap().1, "utf-8");
    }

    #[test]
    fn an_unknown_charset_is_not_found() {
        for label in ["", "utf8x", "windows-9999", "hz-gb-2312", "x-user-defined"] {
            assert!(Charset::find(label, Unencodable::Utf8).is_none(), "{label}");
        }
    }
}
