//! The parts of a message.

use crate::header::{ContentType, Place};
use crate::transfer::Encoding;
use std::io;
use std::ops::Range;

/// A part of a message, or a multipart; the first one is the message itself.
#[derive(Clone, Debug)]
pub struct Entity {
    /// Its fields, each with its line end.
    pub header: Range<u64>,
    /// What stands behind the header, encoded as it came.
    pub body: Range<u64>,
    /// The multipart that it is a part of.
    pub parent: Option<usize>,
    /// Its number among the parts of that, from 1 on.
    pub number: u32,
    /// Whether it is a multipart, the parts of which follow.
    pub is_divided: bool,
    /// Its type as its header says it; `None` where the header does not.
    pub content_type: Option<Box<ContentType>>,
    /// Whether there was nothing to put right in its type, and no letter in it that is not ASCII or encoded: it reads alike in every character set.
    pub is_type_plain: bool,
    /// How its body is encoded.
    pub encoding: Encoding,
    /// Whether it calls itself an attachment (RFC 2183).
    pub is_attachment: bool,
    /// Whether it is a part of a multipart/digest, where what says no type is a message (RFC 2046, 5.1.5).
    pub is_in_digest: bool,
}

impl Entity {
    /// Its type and subtype in lower case; `text/plain` where it says none (RFC 2045, 5.2), and `message/rfc822` in a digest.
    pub fn kind(&self) -> (&str, &str) {
        match &self.content_type {
            Some(kind) => (kind.kind(), kind.subtype()),
            None if self.is_in_digest => ("message", "rfc822"),
            None => ("text", "plain"),
        }
    }
}

/// The parts of a message, each multipart before its own.
#[derive(Clone, Debug, Default)]
pub struct Structure {
    /// The parts; there is always one.
    pub entities: Vec<Entity>,
    /// Why not all of the message was taken apart: `message.header_too_large`, `message.parts_too_many` or `message.nesting_too_deep`.
    pub cut: Option<&'static str>,
    /// Whether its lines end in CR only.
    pub is_cr_only: bool,
    /// The codes of what was put right, and the part that each concerns; `None` is the whole message.
    pub faults: Vec<(&'static str, Option<usize>)>,
    /// Where the fields of the message itself stand in its header, if that is no long one.
    pub(crate) places: Vec<Place>,
}

impl Structure {
    /// The number of a part as IMAP counts (RFC 9051, 6.4.5): `2.1`; empty for a multipart that is the whole message.
    pub fn section(&self, index: usize) -> String {
        let mut numbers = Vec::new();
        let mut next = self.entities.get(index);
        while let Some(entity) = next {
            match entity.parent {
                Some(parent) => {
                    numbers.push(entity.number.to_string());
                    next = self.entities.get(parent);
                }
                None => {
                    if numbers.is_empty() && !entity.is_divided {
                        numbers.push("1".to_owned());
                    }
                    next = None;
                }
            }
        }
        numbers.reverse();
        numbers.join(".")
    }
}

/// Why a message was not read.
#[derive(Debug)]
pub enum Stop {
    /// The caller did not want to go on.
    Stopped,
    /// Its file cannot be read any more.
    Unreadable(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Unreadable(error)
    }
}
