//! The server's messages in DIGEST-MD5: directives with commas between them (RFC 2831, section 2.1.1).

use super::super::misbehaviour::{malformed, readable};
use crate::{Error, Stage, Status};

/// A challenge has to be shorter.
pub(super) const LIMIT: usize = 2048;

/// The one quality of protection that is spoken: the login, and nothing after it.
pub(super) const QUALITY: &str = "auth";

pub(super) struct Challenge {
    pub(super) realms: Vec<Vec<u8>>,
    pub(super) nonce: Vec<u8>,
    /// Whether the server takes UTF-8; else it is Latin-1.
    pub(super) is_utf8: bool,
}

impl Challenge {
    pub(super) fn parse(text: &[u8]) -> Result<Challenge, Error> {
        let directives = directives(text)?;
        let is = |value: &[u8], word: &str| value.eq_ignore_ascii_case(word.as_bytes());
        let nonce = once(&directives, "nonce")?.ok_or_else(malformed)?.to_vec();
        let charset = once(&directives, "charset")?;
        for name in ["stale", "maxbuf", "cipher"] {
            once(&directives, name)?;
        }
        if !once(&directives, "algorithm")?.is_some_and(|value| is(value, "md5-sess")) || !charset.is_none_or(|value| is(value, "utf-8")) {
            return Err(malformed());
        }
        // Without the directive it is "auth".
        if let Some(offered) = once(&directives, "qop")?
            && !offered.split(|byte| *byte == b',').any(|value| is(value.trim_ascii(), QUALITY))
        {
            let error = Error::new(Status::Unsupported, "auth.layer_unsupported").stage(Stage::Login);
            return Err(error.arg("offered", readable(offered)));
        }
        let is_utf8 = charset.is_some();
        let realms = directives.into_iter().filter(|(name, _)| name == "realm").map(|(_, value)| value).collect();
        Ok(Challenge { realms, nonce, is_utf8 })
    }
}

/// The server's proof that it knows the password, too (section 2.1.3).
pub(super) fn server_proof(text: &[u8]) -> Result<Vec<u8>, Error> {
    once(&directives(text)?, "rspauth")?.map(<[u8]>::to_vec).ok_or_else(malformed)
}

/// The value of a directive that may be there at most once.
fn once<'a>(directives: &'a [(String, Vec<u8>)], name: &str) -> Result<Option<&'a [u8]>, Error> {
    let mut values = directives.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_slice());
    let value = values.next();
    if values.next().is_some() { Err(malformed()) } else { Ok(value) }
}

fn directives(text: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Error> {
    if text.len() < LIMIT { parse(text).ok_or_else(malformed) } else { Err(malformed()) }
}

/// Takes `name=value, name="value"` apart; names in small letters, values without quotes. Empty elements are allowed (RFC 2616, section 2.1).
fn parse(text: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut directives = Vec::new();
    let mut rest = text.trim_ascii_start();
    while !rest.is_empty() {
        if let Some(next) = rest.strip_prefix(b",") {
            rest = next.trim_ascii_start();
            continue;
        }
        let (name, after) = token(rest)?;
        let after = after.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
        let (value, after) = match after.strip_prefix(b"\"") {
            Some(quoted) => unquote(quoted)?,
            None => token(after).map(|(value, after)| (value.to_vec(), after))?,
        };
        directives.push((String::from_utf8_lossy(name).to_ascii_lowercase(), value));
        rest = after.trim_ascii_start();
        if !rest.is_empty() && !rest.starts_with(b",") {
            return None;
        }
    }
    Some(directives)
}

/// A word, which has at least one character, and what follows it.
fn token(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let ends = |byte: &u8| !byte.is_ascii_graphic() || b"()<>@,;:\\\"/[]?={}".contains(byte);
    let (word, rest) = text.split_at(text.iter().position(ends).unwrap_or(text.len()));
    (!word.is_empty()).then_some((word, rest))
}

/// The value up to the closing quote, and what follows that.
fn unquote(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    let mut bytes = text.iter();
    loop {
        let byte = match *bytes.next()? {
            b'"' => return Some((value, bytes.as_slice())),
            b'\\' => *bytes.next()?,
            byte => byte,
        };
        if byte.is_ascii_control() {
            return None;
        }
        value.push(byte);
    }
}
