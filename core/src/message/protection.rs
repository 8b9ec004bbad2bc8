//! S/MIME (RFC 8551) around what a message consists of: signed, encrypted, or signed and then encrypted.
//!
//! Signing reads the content once when the message is composed and once more when it is sent; the signature, and with it the size of the message, is known before the first
//! byte goes out. Encrypting happens while the message is read.

use super::base64;
use super::entity::Entity;
use super::envelope::{self, Recipient};
use super::findings::Findings;
use super::segments::{Reading, Sealed, Segment, failed};
use postkontor_plugin::Error;
use postkontor_smime::Identity;
use postkontor_smime::encrypt::{self, Envelope};
use postkontor_smime::sign::{Signer, Terms};
use std::time::{SystemTime, UNIX_EPOCH};

/// What is read at a time to be signed.
const BLOCK: usize = 64 * 1024;

/// How the messages of a sender are protected by S/MIME.
#[derive(Clone, Debug, Default)]
pub struct Protection {
    /// Who signs; `None` signs nothing.
    pub sign: Option<Signature>,
    /// For whom is encrypted; `None` encrypts nothing.
    pub encrypt: Option<Encryption>,
}

/// Who signs, and how.
#[derive(Clone, Debug)]
pub struct Signature {
    /// The signer's certificate and key.
    pub identity: Identity,
    /// How. The time of signing is that of composing, whatever stands here.
    pub terms: Terms,
}

/// Whose certificates there are.
#[derive(Clone, Debug, Default)]
pub struct Encryption {
    /// Certificates of recipients. Of those that are for an address, valid and for encrypting, the newest is taken.
    pub known: Vec<encrypt::Recipient>,
    /// Certificates for which each message is encrypted as well, as the sender's own, so that the copies that the sender keeps can be read.
    pub own: Vec<encrypt::Recipient>,
}

impl Protection {
    /// The entity within what protects it. What stands in the way goes to `findings`, with its place in the message.
    pub(super) fn around<'a>(
        &self,
        mut entity: Entity<'a>,
        out: &mut Vec<u8>,
        content: &About<'_>,
        findings: &mut Findings<'_>,
    ) -> Result<Entity<'a>, Error> {
        if let Some(signature) = &self.sign {
            entity = signature.around(entity, out, content, findings)?;
        }
        match &self.encrypt {
            Some(encryption) => encryption.instead_of(entity, out, content, findings),
            None => Ok(entity),
        }
    }

    /// Notes that a message goes out as it is, so that nothing can be put around its content.
    pub(super) fn refuse(&self, pointer: &str, findings: &mut Findings<'_>) {
        if self.sign.is_some() || self.encrypt.is_some() {
            findings.add(pointer, "message.smime_ready_made", &[]);
        }
    }
}

/// What protecting has to know of a message.
pub(super) struct About<'m> {
    /// Stands in no text, and makes the boundary.
    pub(super) token: &'m str,
    pub(super) recipients: &'m [Recipient],
    pub(super) has_blind: bool,
    pub(super) eight_bit: bool,
}

impl Signature {
    /// multipart/signed (RFC 1847; RFC 8551, section 3.5.3).
    fn around<'a>(
        &self,
        entity: Entity<'a>,
        out: &mut Vec<u8>,
        about: &About<'_>,
        findings: &mut Findings<'_>,
    ) -> Result<Entity<'a>, Error> {
        let terms = Terms { time: now(), ..self.terms.clone() };
        let mut signer = Signer::new(&self.identity, &terms).map_err(|error| failed(&error))?;
        let micalg = signer.digest().micalg();
        let (mut reading, mut block) = (Reading::default(), vec![0; BLOCK]);
        loop {
            if !findings.goes_on() {
                return Ok(entity);
            }
            match reading.fill(&entity.segments, out, &mut block)? {
                0 => break,
                count => signer.update(&block[..count]),
            }
        }
        let signature = signer.finish().map_err(|error| failed(&error))?;
        let begun = out.len();
        let boundary = format!("=_s_{}", about.token);
        if about.eight_bit {
            out.extend_from_slice(b"Content-Transfer-Encoding: 8bit\r\n");
        }
        let head = format!(
            "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n micalg={micalg}; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n"
        );
        out.extend_from_slice(head.as_bytes());
        let before = begun..out.len();
        out.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
        part_head(out, "pkcs7-signature; name=\"smime.p7s\"", "smime.p7s");
        base64::append_lines(out, &signature);
        out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let behind = before.end..out.len();
        let mut signed = Entity { size: entity.size + behind.len() as u64, segments: entity.segments };
        signed.segments.push(Segment::Head(behind));
        Ok(signed.behind(before))
    }
}

impl Encryption {
    /// application/pkcs7-mime (RFC 8551, sections 3.3 and 3.4).
    fn instead_of<'a>(
        &self,
        entity: Entity<'a>,
        out: &mut Vec<u8>,
        about: &About<'_>,
        findings: &mut Findings<'_>,
    ) -> Result<Entity<'a>, Error> {
        if about.has_blind {
            // The envelope names all for whom it is.
            findings.add("/bcc", "message.smime_blind", &[]);
        }
        let mut recipients = self.own.clone();
        for envelope::Recipient { address, of, pointer } in about.recipients {
            match self.certificate_for(address) {
                Some(found) if recipients.iter().any(|known| known.certificate == found.certificate) => (),
                Some(found) => recipients.push(found.clone()),
                None if self.own.iter().any(|own| own.certificate.is_for(address)) => (),
                None => findings.add_in(*of, pointer, "message.smime_no_certificate", &[("address", address)]),
            }
        }
        if !findings.is_empty() {
            return Ok(entity);
        }
        let envelope = Envelope::new(recipients).map_err(|error| failed(&error))?;
        let sealed = envelope.size(entity.size).map_err(|error| failed(&error))?;
        let begun = out.len();
        part_head(out, &format!("pkcs7-mime; smime-type={};\r\n name=\"smime.p7m\"", envelope.smime_type()), "smime.p7m");
        let Entity { segments, size } = entity;
        let segment = Segment::Sealed(Box::new(Sealed { segments, size, envelope }));
        Ok(Entity { segments: vec![segment], size: base64::length_in_lines(sealed) }.behind(begun..out.len()))
    }

    /// The newest certificate with which mail to an address can be encrypted now.
    fn certificate_for(&self, address: &str) -> Option<&encrypt::Recipient> {
        let now = now();
        let fits = |certificate: &postkontor_smime::Certificate| {
            certificate.is_for(address) && certificate.can_encrypt() && certificate.is_valid_at(now)
        };
        self.known.iter().filter(|known| fits(&known.certificate)).max_by_key(|known| known.certificate.not_before())
    }
}

/// The headers of a part that holds CMS.
fn part_head(out: &mut Vec<u8>, kind: &str, name: &str) {
    let head = format!(
        "Content-Type: application/{kind}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\n"
    );
    out.extend_from_slice(head.as_bytes());
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
