//! application/pkcs7-mime (RFC 8551, sections 3.3 and 3.4).

use super::at_hand::When;
use super::guard::{About, Guard, Protected, part_head};
use crate::keys::now;
use crate::message::base64;
use crate::message::entity::Entity;
use crate::message::envelope;
use crate::message::findings::Findings;
use crate::message::segments::{Sealed, Segment, failed};
use postkontor_plugin::{At, Error};
use postkontor_smime::encrypt::{Envelope, Recipient};
use postkontor_smime::{Capability, Certificate};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::Arc;

impl Guard<'_> {
    /// The entity in an envelope for the recipients, and in further ones for those of Bcc, each for one of them. Where one has no certificate it stays what it is,
    /// and `findings` say why.
    pub(super) fn encrypted<'a>(
        &self,
        entity: Entity<'a>,
        out: &mut Vec<u8>,
        about: &About<'_>,
        findings: &mut Findings<'_>,
    ) -> Result<Protected<'a>, Error> {
        let own = self.own(about)?;
        let (mut open, mut blind, mut without) = (Vec::new(), Vec::new(), Vec::new());
        for (place, recipient) in about.recipients.iter().enumerate().take_while(|_| findings.goes_on()) {
            let is_own = own.as_ref().is_some_and(|own| own.certificate.is_for(&recipient.address));
            match self.certificate_for(&recipient.address)? {
                // The envelope of everyone names the sender, who is no secret.
                Some(found) if recipient.blind && !is_own => blind.push((place, found)),
                Some(found) => open.push(found),
                None if is_own => (),
                None => without.push(recipient),
            }
        }
        self.note_missing(&without, findings);
        if !without.is_empty() || !findings.is_empty() {
            return Ok(entity.into());
        }
        if about.is_kept {
            blind.clear();
        } else if about.recipients.len() == blind.len() && !blind.is_empty() {
            // There is no one else for whom the message itself would be.
            open.push(blind.remove(0).1);
        }
        if open.is_empty() && own.is_none() {
            self.note_alone(findings);
            return Ok(entity.into());
        }
        let content = (Arc::new(entity.segments), entity.size);
        let mut sealed = |others: Vec<Recipient>| sealed(&content, own.iter().cloned().chain(others), out);
        let main = sealed(open)?;
        let copies = blind.into_iter().map(|(place, found)| Ok((place, sealed(vec![found])?)));
        Ok(Protected::new(main, copies.collect::<Result<_, Error>>()?))
    }

    /// An error at each recipient without a certificate, or one warning that names them, where the message may go out as it is.
    fn note_missing(&self, without: &[&envelope::Recipient], findings: &mut Findings<'_>) {
        const MISSING: &str = "message.smime_no_certificate";
        if without.is_empty() {
            return;
        }
        if self.encrypt == When::Always {
            for envelope::Recipient { address, of, pointer, .. } in without {
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

    /// Says that there is none to encrypt for: a draft without recipients, of a sender without a certificate.
    fn note_alone(&self, findings: &mut Findings<'_>) {
        const ALONE: &str = "message.smime_no_recipient";
        match self.encrypt {
            When::Always => findings.add("/to", ALONE, &[]),
            _ => findings.warn("/to", ALONE, &[]),
        }
    }

    /// The certificate by which the sender reads what was sent: the one that signs, else one for the sender's address.
    fn own(&self, about: &About<'_>) -> Result<Option<Recipient>, Error> {
        if !self.to_self {
            return Ok(None);
        }
        match self.certificates.signature()? {
            Some(signature) if signature.identity.certificate().can_encrypt() => Ok(Some(readable(signature.identity.certificate()))),
            _ => about.from.map_or(Ok(None), |from| self.certificate_for(from)),
        }
    }

    /// The newest certificate with which mail to an address can be encrypted now.
    fn certificate_for(&self, address: &str) -> Result<Option<Recipient>, Error> {
        let now = now();
        let fits = |recipient: &&Recipient| {
            let certificate = &recipient.certificate;
            certificate.is_for(address) && certificate.can_encrypt() && certificate.is_valid_at(now)
        };
        let newest = |all: &[Recipient]| all.iter().filter(fits).max_by_key(|known| known.certificate.not_before()).cloned();
        if let Some(found) = newest(&self.given) {
            return Ok(Some(found));
        }
        if let Some(found) = newest(&self.certificates.of(address)?) {
            return Ok(Some(found));
        }
        // The sender may be among the recipients.
        let own = self.certificates.signature()?.map(|signature| readable(signature.identity.certificate()));
        Ok(own.filter(|own| fits(&own)))
    }
}

/// The sender's own certificate: what is encrypted for it is opened here.
fn readable(certificate: &Certificate) -> Recipient {
    Recipient { capabilities: Some(Capability::own()), ..Recipient::new(certificate.clone()) }
}

/// The content, with its size, in an envelope for these, each once.
fn sealed<'a>(
    (segments, size): &(Arc<Vec<Segment<'a>>>, u64),
    recipients: impl Iterator<Item = Recipient>,
    out: &mut Vec<u8>,
) -> Result<Entity<'a>, Error> {
    let mut known = HashSet::new();
    let each = recipients.filter(|recipient| known.insert(*recipient.certificate.fingerprint()));
    let envelope = Envelope::new(each.collect()).map_err(|error| failed(&error))?;
    let whole = envelope.size(*size).map_err(|error| failed(&error))?;
    let begun = out.len();
    part_head(out, &format!("pkcs7-mime; smime-type={};\r\n name=\"smime.p7m\"", envelope.smime_type()), "smime.p7m");
    let segment = Segment::Sealed(Box::new(Sealed { segments: Arc::clone(segments), size: *size, envelope }));
    Ok(Entity { segments: vec![segment], size: base64::length_in_lines(whole) }.behind(begun..out.len()))
}
