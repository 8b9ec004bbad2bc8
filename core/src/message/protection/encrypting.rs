//! application/pkcs7-mime (RFC 8551, sections 3.3 and 3.4).

use super::{About, Guard, When, now, part_head};
use crate::message::base64;
use crate::message::entity::Entity;
use crate::message::envelope;
use crate::message::findings::Findings;
use crate::message::segments::{Sealed, Segment, failed};
use postkontor_plugin::{At, Error};
use postkontor_smime::Capability;
use postkontor_smime::encrypt::{Envelope, Recipient};
use serde_json::{Map, Value};

impl Guard<'_> {
    /// The entity in an envelope for the recipients. Where one of them has no certificate it stays what it is, and `findings` say why.
    pub(super) fn encrypted<'a>(
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
        let own = self.own(about)?;
        let mut recipients: Vec<Recipient> = own.iter().cloned().collect();
        let mut without: Vec<&envelope::Recipient> = Vec::new();
        for recipient in about.recipients.iter().take_while(|_| findings.goes_on()) {
            match self.certificate_for(&recipient.address)? {
                Some(found) if recipients.iter().any(|known| known.certificate == found.certificate) => (),
                Some(found) => recipients.push(found),
                None if own.as_ref().is_some_and(|own| own.certificate.is_for(&recipient.address)) => (),
                None => without.push(recipient),
            }
        }
        self.note_missing(&without, findings);
        if !without.is_empty() || !findings.is_empty() {
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

    /// An error at each recipient without a certificate, or one warning that names them, where the message may go out as it is.
    fn note_missing(&self, without: &[&envelope::Recipient], findings: &mut Findings<'_>) {
        const MISSING: &str = "message.smime_no_certificate";
        if without.is_empty() {
            return;
        }
        if self.encrypt == When::Always {
            for envelope::Recipient { address, of, pointer } in without {
                findings.add_in(*of, pointer, MISSING, &[("address", address)]);
            }
            return;
        }
        let at = |recipient: &&envelope::Recipient| {
            let mut at = At::new(recipient.of, &recipient.pointer, MISSING);
            at.args.insert("address".to_owned(), recipient.address.as_str().into());
            at
        };
        let addresses: Vec<&str> = without.iter().map(|recipient| recipient.address.as_str()).collect();
        let args = Map::from_iter([("addresses".to_owned(), Value::from(addresses.join(", ")))]);
        findings.warn_at("message.smime_not_encrypted", args, without.iter().map(at).collect());
    }

    /// The certificate by which the sender reads what was sent: the one that signs, else one for the sender's address.
    fn own(&self, about: &About<'_>) -> Result<Option<Recipient>, Error> {
        if !self.to_self {
            return Ok(None);
        }
        let capabilities = Some(Capability::own());
        match self.certificates.signature()? {
            Some(signature) if signature.identity.certificate().can_encrypt() => {
                Ok(Some(Recipient { capabilities, ..Recipient::new(signature.identity.certificate().clone()) }))
            }
            _ => about.from.map_or(Ok(None), |from| self.certificate_for(from)),
        }
    }

    /// The newest certificate with which mail to an address can be encrypted now.
    fn certificate_for(&self, address: &str) -> Result<Option<Recipient>, Error> {
        let now = now();
        let fits = |recipient: &Recipient| {
            let certificate = &recipient.certificate;
            certificate.is_for(address) && certificate.can_encrypt() && certificate.is_valid_at(now)
        };
        let newest = |all: Vec<Recipient>| all.into_iter().filter(fits).max_by_key(|known| known.certificate.not_before());
        match newest(self.given.clone()) {
            Some(given) => Ok(Some(given)),
            None => Ok(newest(self.certificates.of(address)?)),
        }
    }
}
