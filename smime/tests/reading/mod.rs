//! Reading as a program of mail does it.

#![allow(dead_code, reason = "each program of tests needs another part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use crate::people::{Folder, certificate};
use postkontor_smime::verify::{Anchors, Digests, Question, Signer};
use postkontor_smime::{Certificate, Fault, Identity, Opened, open};
use std::io::Cursor;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) const CONTENT: &str = "Content-Type: text/plain; charset=utf-8\r\n\r\nEin Gruß, der in mehr als einen Block passt.\r\n";

pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

/// What a signature is judged by.
pub(crate) struct Judge {
    pub(crate) from: Vec<String>,
    pub(crate) now: i64,
    pub(crate) trust: Anchors,
    pub(crate) known: Vec<Certificate>,
}

impl Judge {
    /// Trusts the authority of the folder, and expects the address of a person.
    pub(crate) fn of(folder: &Folder, name: &str) -> Self {
        let from = vec![format!("{}@Example.com", name.to_uppercase())];
        Self { from, now: now(), trust: Anchors::new(vec![certificate(folder, "ca")]), known: Vec::new() }
    }

    pub(crate) fn question(&self) -> Question<'_> {
        Question { from: &self.from, now: self.now, trust: &self.trust, known: &self.known }
    }
}

pub(crate) fn codes(signer: &Signer) -> Vec<&'static str> {
    signer.faults.iter().map(Fault::code).collect()
}

/// Verifies a signature beside its content.
pub(crate) fn detached(signature: &[u8], content: &[u8], judge: &Judge) -> Result<Vec<Signer>, Fault> {
    let Opened::Signed(signed) = open(Cursor::new(signature))? else { return Err(Fault::NotSigned) };
    assert!(!signed.has_content());
    let (signature, _) = signed.finish()?;
    let mut digests = Digests::new(signature.hashes().iter().copied());
    content.chunks(7).for_each(|block| digests.update(block));
    signature.verify(&digests.finish(), &judge.question())
}

/// Opens signed content and verifies it.
pub(crate) fn opaque(signed: &[u8], judge: &Judge) -> Result<(Vec<u8>, Vec<Signer>), Fault> {
    let Opened::Signed(mut signed) = open(Cursor::new(signed))? else { return Err(Fault::NotSigned) };
    let mut content = Vec::new();
    while let Some(block) = signed.block()? {
        content.extend_from_slice(block);
    }
    let (signature, digests) = signed.finish()?;
    Ok((content, signature.verify(&digests, &judge.question())?))
}

/// Decrypts; with the codes that are to be said about the cipher.
pub(crate) fn decrypted(sealed: &[u8], identities: &[Identity]) -> Result<(Vec<u8>, Vec<&'static str>), Fault> {
    let Opened::Encrypted(encrypted) = open(Cursor::new(sealed))? else { return Err(Fault::Malformed("not encrypted")) };
    let mut plain = encrypted.decrypt(identities)?;
    let mut content = Vec::new();
    while let Some(block) = plain.block()? {
        content.extend_from_slice(block);
    }
    Ok((content, plain.faults().iter().map(Fault::code).collect()))
}

/// A value in DER.
pub(crate) fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u32).to_be_bytes();
    [&[tag, 0x84][..], &length, content].concat()
}

/// CompressedData (RFC 3274) around what zlib has made.
pub(crate) fn compressed_data(compressed: &[u8]) -> Vec<u8> {
    let kind = [6, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 9];
    let zlib = [0x30, 13, 6, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 3, 8];
    let data = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
    let content = value(0x30, &[&data[..], &value(0xa0, &value(0x04, compressed))].concat());
    let all = value(0x30, &[&[2, 1, 0][..], &zlib, &content].concat());
    value(0x30, &[&kind[..], &value(0xa0, &all)].concat())
}

/// The length of tag and length, and of the content, of DER.
fn frame(der: &[u8]) -> (usize, usize) {
    match der[1] {
        length @ 0..0x80 => (2, length.into()),
        digits => {
            let digits = usize::from(digits & 0x7f);
            (2 + digits, der[2..2 + digits].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
        }
    }
}

/// The values within a value in DER.
pub(crate) fn children(der: &[u8]) -> Vec<Vec<u8>> {
    let (header, length) = frame(der);
    let (mut rest, mut all) = (&der[header..header + length], Vec::new());
    while !rest.is_empty() {
        let (header, length) = frame(rest);
        all.push(rest[..header + length].to_vec());
        rest = &rest[header + length..];
    }
    all
}

/// DER with another value at a place: the number of a value within, and of one within that.
pub(crate) fn edited(der: &[u8], place: &[usize], edit: &dyn Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let Some((first, rest)) = place.split_first() else { return edit(der) };
    let mut all = children(der);
    all[*first] = edited(&all[*first], rest, edit);
    value(der[0], &all.concat())
}

/// The last byte changed.
pub(crate) fn spoiled(der: &[u8]) -> Vec<u8> {
    let mut spoiled = der.to_vec();
    *spoiled.last_mut().unwrap() ^= 1;
    spoiled
}
