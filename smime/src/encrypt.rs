//! Encrypting: `application/pkcs7-mime` with EnvelopedData (RFC 5652, section 6) or AuthEnvelopedData (RFC 5083).

mod cipher;
#[cfg(unix)]
mod openssl;
mod recipient;

use crate::{Error, frame};
use const_oid::db::rfc5911;
use der::Encode;
use getrandom::SysRng;
use getrandom::rand_core::TryRng;
use zeroize::Zeroizing;

pub use cipher::Cipher;
pub use recipient::{Recipient, Transport};

use cipher::{KEY, Running};

/// Whom content is encrypted for, and how. It can be sealed any number of times, each with a key of its own.
#[derive(Clone, Debug)]
pub struct Envelope {
    recipients: Vec<Recipient>,
    cipher: Cipher,
}

impl Envelope {
    /// Encrypts for the recipients with the best cipher that all of them can decrypt; where nothing is known about one, AES-256 in CBC.
    ///
    /// Everybody who gets the envelope sees the issuers and serial numbers of all its recipients. A recipient of Bcc needs an envelope of his own.
    ///
    /// # Errors
    ///
    /// [`Error::NoRecipient`], [`Error::NotForEncrypting`] for a certificate that is not for it, [`Error::KeyUnsupported`] for a key other than RSA, P-256 and P-384.
    pub fn new(recipients: Vec<Recipient>) -> Result<Self, Error> {
        let cipher = if recipients.iter().all(Recipient::knows_gcm) { Cipher::Aes256Gcm } else { Cipher::Aes256Cbc };
        Self::with(recipients, cipher)
    }

    /// Encrypts with a certain cipher.
    ///
    /// # Errors
    ///
    /// Those of [`Envelope::new`].
    pub fn with(recipients: Vec<Recipient>, cipher: Cipher) -> Result<Self, Error> {
        if recipients.is_empty() {
            return Err(Error::NoRecipient);
        }
        recipients.iter().try_for_each(Recipient::check)?;
        Ok(Self { recipients, cipher })
    }

    /// The cipher of the content.
    pub fn cipher(&self) -> Cipher {
        self.cipher
    }

    /// The parameter `smime-type` of the part (RFC 8551, section 3.2.2).
    pub fn smime_type(&self) -> &'static str {
        if self.cipher.has_tag() { "authEnveloped-data" } else { "enveloped-data" }
    }

    /// The size of what comes out, from the size of the content. It is exact.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`] where the cipher takes no content of this size.
    pub fn size(&self, content: u64) -> Result<u64, Error> {
        let recipients = self.recipients.iter().map(|recipient| recipient.info_of_zeros()).collect::<Result<Vec<_>, _>>()?;
        let (header, tail) = self.frames(&recipients, &[0; 16], content)?;
        Ok(header.len() as u64 + self.cipher.size(content) + tail.len() as u64)
    }

    /// Seals content of this size with a new key: what stands before the content goes to `out`.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`] where the cipher takes no content of this size, [`Error::Failed`] where the system gives no random numbers.
    pub fn seal(&self, content: u64, out: &mut Vec<u8>) -> Result<Sealing, Error> {
        let (mut key, mut vector) = (Zeroizing::new([0; KEY]), [0; 16]);
        SysRng.try_fill_bytes(&mut key[..]).map_err(Error::failed)?;
        SysRng.try_fill_bytes(&mut vector).map_err(Error::failed)?;
        let recipients = self.recipients.iter().map(|recipient| recipient.info(&key)).collect::<Result<Vec<_>, _>>()?;
        let (header, _) = self.frames(&recipients, &vector, content)?;
        out.extend_from_slice(&header);
        Ok(Sealing { running: Running::new(self.cipher, &key, &vector), left: content })
    }

    /// What stands before the encrypted content, and as much as stands behind it.
    fn frames(&self, recipients: &[Vec<u8>], vector: &[u8; 16], content: u64) -> Result<(Vec<u8>, Vec<u8>), Error> {
        if content > self.cipher.most() {
            return Err(Error::TooLong(content));
        }
        let oid = |oid: const_oid::ObjectIdentifier| oid.to_der().map_err(Error::failed);
        // Version 0 with nothing but key transport by issuer and serial, and always in AuthEnvelopedData (RFC 5652, section 6.1; RFC 5083, section 2.1).
        let version = if self.cipher.has_tag() || !self.recipients.iter().any(Recipient::agrees) { 0 } else { 2 };
        let tail = if self.cipher.has_tag() { frame::value(0x04, &[0; 16]) } else { Vec::new() };
        let encrypted = self.cipher.size(content);
        let (data, algorithm) = (oid(rfc5911::ID_DATA)?, self.cipher.algorithm(vector)?);
        // From the inside to the outside: each frame counts what it has within.
        let content_frame = frame::header(0x80, encrypted);
        let info = frame::header(0x30, (data.len() + algorithm.len() + content_frame.len()) as u64 + encrypted);
        let before = [&[2, 1, version][..], &frame::set(0x31, recipients.to_vec()), &info, &data, &algorithm, &content_frame].concat();
        let within = before.len() as u64 + encrypted + tail.len() as u64;
        let data_frame = frame::header(0x30, within);
        let explicit = frame::header(0xa0, data_frame.len() as u64 + within);
        let kind = oid(if self.cipher.has_tag() { rfc5911::ID_CT_AUTH_ENVELOPED_DATA } else { rfc5911::ID_ENVELOPED_DATA })?;
        let whole = frame::header(0x30, (kind.len() + explicit.len() + data_frame.len()) as u64 + within);
        Ok(([whole, kind, explicit, data_frame, before].concat(), tail))
    }
}

/// An envelope that is being filled.
pub struct Sealing {
    running: Running,
    left: u64,
}

impl std::fmt::Debug for Sealing {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Sealing({} bytes left)", self.left)
    }
}

impl Sealing {
    /// Encrypts the next block of the content; what comes of it is appended to `out`, up to 15 bytes later than it came.
    ///
    /// # Errors
    ///
    /// [`Error::OtherSize`] for more content than was announced, [`Error::Failed`] where OpenSSL has no memory.
    pub fn update(&mut self, block: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        self.left = self.left.checked_sub(block.len() as u64).ok_or(Error::OtherSize)?;
        self.running.update(block, out)
    }

    /// Ends the envelope: the rest of the content, and its tag, are appended to `out`.
    ///
    /// # Errors
    ///
    /// [`Error::OtherSize`] for less content than was announced: what went out so far is of no use to anybody.
    pub fn finish(self, out: &mut Vec<u8>) -> Result<(), Error> {
        if self.left > 0 {
            return Err(Error::OtherSize);
        }
        self.running.finish(out)
    }
}
