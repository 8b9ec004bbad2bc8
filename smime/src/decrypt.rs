//! Decrypting: EnvelopedData (RFC 5652, section 6) and AuthEnvelopedData (RFC 5083).
//!
//! # Two passes
//!
//! Text that was not verified must not be shown (EFAIL), and the tag that verifies it comes after the content. So the source is read twice: [`Encrypted::decrypt`] goes through it to the end, looks
//! whether tag or padding are right, and only then returns a [`Plain`], which reads it again and gives the text in blocks. Neither pass keeps the content in memory.
//!
//! A source that cannot be read twice has to be written to a file first.

mod cbc;
mod cipher;
mod recipient;
mod unwrap;

use crate::ber::{OCTETS, Reader, SEQUENCE, SET};
use crate::{Fault, Identity};
use cipher::{Kind, Survey, Tagged};
use std::io::{Read, Seek};
use zeroize::{Zeroize, Zeroizing};

pub use cipher::Cipher;

/// The most bytes of one recipient: one who agrees on a key may have many others beside him.
const RECIPIENT: usize = 1024 * 1024;
/// How many recipients a message tells of when it is for others.
const NAMED: usize = 20;
/// How many recipients with own certificates are tried. Each costs an operation with a private key.
const TRIED: usize = 8;
/// The most bytes of authenticated attributes.
const ATTRIBUTES: usize = 1024 * 1024;

/// Encrypted content, of which nothing has been read yet.
pub struct Encrypted<R> {
    reader: Reader<R>,
    has_tag: bool,
}

/// What stands before the content.
struct Head {
    cipher: Cipher,
    /// The number of an identity, and its RecipientInfo.
    ours: Vec<(usize, Vec<u8>)>,
}

impl<R: Read> Encrypted<R> {
    pub(crate) fn read(reader: Reader<R>, has_tag: bool) -> Result<Self, Fault> {
        Ok(Self { reader, has_tag })
    }

    /// Reads up to the content: the cipher, and what is encrypted for one of the identities, by its number.
    fn head(&mut self, identities: &[Identity]) -> Result<Head, Fault> {
        let reader = &mut self.reader;
        reader.enter(SEQUENCE, "enveloped-data")?;
        reader.skip()?;
        if reader.tag()? == Some(0xa0) {
            reader.skip()?;
        }
        reader.enter(SET, "the recipients")?;
        let (mut ours, mut others) = (Vec::new(), Vec::new());
        while reader.tag()?.is_some() {
            let info = reader.value(RECIPIENT, "a recipient")?;
            let found = recipient::identity(&info, identities)?;
            match found {
                Some(number) if ours.len() < TRIED => ours.push((number, info)),
                None if others.len() < NAMED => others.extend(recipient::names(&info, NAMED - others.len())?),
                _ => {}
            }
        }
        reader.leave("the recipients")?;
        reader.enter(SEQUENCE, "the encrypted content")?;
        reader.skip()?;
        let algorithm = reader.value(1024, "the cipher")?;
        let cipher = Cipher::read(&algorithm)?;
        if cipher.has_tag() != self.has_tag {
            return Err(Fault::AlgorithmUnsupported(format!("{} in the other kind of envelope", cipher.name())));
        }
        if ours.is_empty() { Err(Fault::OtherRecipients(others)) } else { Ok(Head { cipher, ours }) }
    }
}

impl<R: Read + Seek> Encrypted<R> {
    /// Decrypts with the first of the identities that the content is encrypted for: those that are no longer used for sending can stay among them.
    ///
    /// Returns when the whole content has been read once, and its tag or padding is right. The source is sought to its very beginning and nowhere else.
    ///
    /// # Errors
    ///
    /// [`Fault::OtherRecipients`] where none of the identities is among the recipients, [`Fault::DecryptFailed`] for a wrong key as well as for changed content,
    /// [`Fault::AlgorithmUnsupported`], and those of reading.
    pub fn decrypt(mut self, identities: &[Identity]) -> Result<Plain<R>, Fault> {
        let Head { cipher, ours } = self.head(identities)?;
        self.reader.begin_string(0x80, "the encrypted content")?;
        let content = self.reader.mark();
        let (mut keys, mut refused) = (Vec::new(), Fault::DecryptFailed);
        for (number, info) in ours {
            match recipient::key(&info, &identities[number], &cipher) {
                Ok(key) => keys.push((number, key)),
                Err(fault) => refused = fault,
            }
        }
        if keys.is_empty() {
            return Err(refused);
        }
        let mut attributes = None;
        let survey = survey(&mut self.reader, &cipher, &keys, None)?;
        let mut fitting = survey.fitting();
        if let Some(signed) = survey.attributes {
            // They stand behind the content, and the tag has them before it.
            self.reader.return_to(&content)?;
            fitting = self::survey(&mut self.reader, &cipher, &keys, Some(&signed))?.fitting();
            attributes = Some(signed);
        }
        let Some((number, key)) = fitting.and_then(|at| keys.into_iter().nth(at)) else { return Err(Fault::DecryptFailed) };
        self.reader.return_to(&content)?;
        Plain::new(self.reader, cipher, number, &key, attributes.as_deref(), survey.tag)
    }
}

/// What the first pass has found.
struct Surveyed {
    /// Whether each key is right.
    fits: Vec<bool>,
    attributes: Option<Vec<u8>>,
    tag: Vec<u8>,
}

impl Surveyed {
    /// The number of the first key that is right.
    fn fitting(&self) -> Option<usize> {
        self.fits.iter().position(|is_right| *is_right)
    }
}

/// Reads the content to its end, and what is behind it as far as it is needed.
fn survey<R: Read>(
    reader: &mut Reader<R>,
    cipher: &Cipher,
    keys: &[(usize, Zeroizing<Vec<u8>>)],
    associated: Option<&[u8]>,
) -> Result<Surveyed, Fault> {
    let mut survey = keys.iter().map(|(_, key)| Survey::new(cipher, key, associated)).collect::<Result<Vec<_>, _>>()?;
    while let Some(segment) = reader.segment()? {
        survey.iter_mut().try_for_each(|survey| survey.update(segment))?;
    }
    let (mut attributes, mut tag) = (None, Vec::new());
    if cipher.has_tag() {
        reader.leave("the encrypted content")?;
        if reader.tag()? == Some(0xa1) {
            let mut value = reader.value(ATTRIBUTES, "the authenticated attributes")?;
            // What is authenticated has the tag of a SET (RFC 5083, section 2.2).
            value[0] = SET;
            attributes = Some(value);
        }
        let value = reader.value(64, "the tag of the content")?;
        tag = crate::ber::whole(&value, OCTETS, "the tag of the content")?.to_vec();
    }
    let fits = survey.into_iter().map(|survey| survey.finish(cipher, &tag)).collect();
    Ok(Surveyed { fits, attributes, tag })
}

/// Content that is being decrypted, for the second time.
pub struct Plain<R> {
    reader: Reader<R>,
    cipher: Cipher,
    identity: usize,
    engine: Engine,
    block: Vec<u8>,
}

enum Engine {
    Tagged(Box<dyn Tagged>, Vec<u8>),
    /// With what has not filled a block yet, or may be the last.
    Chained(Box<dyn cbc::Chained>, Vec<u8>),
    Done,
}

impl<R: Read> Plain<R> {
    fn new(reader: Reader<R>, cipher: Cipher, identity: usize, key: &[u8], associated: Option<&[u8]>, tag: Vec<u8>) -> Result<Self, Fault> {
        let engine = match cipher.kind() {
            Kind::Gcm => Engine::Tagged(cipher.tagged(key, associated)?, tag),
            _ => Engine::Chained(cipher.chained(key, cipher.vector())?, Vec::new()),
        };
        Ok(Self { reader, cipher, identity, engine, block: Vec::new() })
    }

    /// Which of the identities it was encrypted for.
    pub fn identity(&self) -> usize {
        self.identity
    }

    /// The cipher.
    pub fn cipher(&self) -> &Cipher {
        &self.cipher
    }

    /// What is to be said about the cipher: [`Fault::NoIntegrity`], [`Fault::WeakCipher`]. Text without integrity is to be trusted as far as a signature within is good.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.cipher.is_weak() {
            faults.push(Fault::WeakCipher(self.cipher.name()));
        }
        if !self.cipher.has_tag() {
            faults.push(Fault::NoIntegrity);
        }
        faults
    }

    /// The next block of the text; `None` at its end.
    ///
    /// # Errors
    ///
    /// [`Fault::Source`] where the source gave other bytes than the first time: what came so far is to be thrown away. Those of reading.
    pub fn block(&mut self) -> Result<Option<&[u8]>, Fault> {
        self.block.zeroize();
        while self.block.is_empty() {
            let Some(segment) = self.reader.segment()? else { return self.end() };
            match &mut self.engine {
                Engine::Tagged(gcm, _) => {
                    self.block.extend_from_slice(segment);
                    gcm.decrypt(&mut self.block);
                }
                Engine::Chained(chained, rest) => {
                    self.block.append(rest);
                    self.block.extend_from_slice(segment);
                    let size = chained.size();
                    // The last block is held back: it has the padding.
                    rest.extend(self.block.drain(self.block.len().saturating_sub(1) / size * size..));
                    chained.decrypt(&mut self.block);
                }
                Engine::Done => return Ok(None),
            }
        }
        Ok(Some(&self.block))
    }

    fn end(&mut self) -> Result<Option<&[u8]>, Fault> {
        const CHANGED: &str = "other bytes came than the first time";
        match std::mem::replace(&mut self.engine, Engine::Done) {
            Engine::Tagged(gcm, tag) => {
                if !cipher::is_same(&gcm.tag(), &tag) {
                    return Err(Fault::Source(CHANGED.to_owned()));
                }
            }
            Engine::Chained(mut chained, mut rest) => {
                if rest.len() != chained.size() {
                    return Err(Fault::Source(CHANGED.to_owned()));
                }
                chained.decrypt(&mut rest);
                let text = cbc::unpadded(&rest).ok_or_else(|| Fault::Source(CHANGED.to_owned()))?;
                self.block.extend_from_slice(text);
                rest.zeroize();
            }
            Engine::Done => {}
        }
        Ok(Some(self.block.as_slice()).filter(|block| !block.is_empty()))
    }
}

impl<R> Drop for Plain<R> {
    fn drop(&mut self) {
        self.block.zeroize();
    }
}
