//! The key of the content, for each recipient.

use super::cipher::KEY;
use crate::agreement::{self, STD_DH_SHA_256};
use crate::key::Kind;
use crate::{Capability, Certificate, Error, frame};
use aes_kw::KwAes256;
use aes_kw::cipher::KeyInit;
use const_oid::ObjectIdentifier;
use const_oid::db::{rfc5911, rfc5912};
use der::Encode;
use getrandom::SysRng;
use p256::elliptic_curve::Generate;
use p256::elliptic_curve::sec1::ToSec1Point;
use rsa::{Oaep, Pkcs1v15Encrypt};
use sha2::Sha256;
use zeroize::Zeroizing;

/// How the key of the content gets to the owner of an RSA key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// RSAES-OAEP where the recipient announces it with SHA-256, or his key is for nothing else; PKCS#1 1.5 else.
    #[default]
    Announced,
    /// RSA with PKCS#1 1.5 (RFC 3370, section 4.2.1), which every program reads.
    Pkcs1,
    /// RSAES-OAEP with SHA-256 (RFC 3560, RFC 4055).
    Oaep,
}

/// Whom content is encrypted for.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// The certificate. Whether it is valid and trusted is the caller's question.
    pub certificate: Certificate,
    /// What the recipient's program can decrypt, from the last mail that he signed; `None` takes what the certificate says.
    pub capabilities: Option<Vec<Capability>>,
    /// How an RSA key is used.
    pub transport: Transport,
}

impl Recipient {
    /// A recipient of whom the certificate is all that is known.
    pub fn new(certificate: Certificate) -> Self {
        Self { certificate, capabilities: None, transport: Transport::default() }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        if !self.certificate.can_encrypt() {
            return Err(Error::NotForEncrypting(self.certificate.subject()));
        }
        match self.certificate.kind() {
            Kind::P256 | Kind::P384 => Ok(()),
            Kind::Rsa { .. } if self.certificate.rsa_key().is_some() => Ok(()),
            kind => Err(Error::KeyUnsupported(kind.to_string())),
        }
    }

    pub(super) fn knows_gcm(&self) -> bool {
        self.announces(rfc5911::ID_AES_256_GCM).is_some()
    }

    /// Whether the key is agreed on, not transported.
    pub(super) fn agrees(&self) -> bool {
        !matches!(self.certificate.kind(), Kind::Rsa { .. })
    }

    fn announces(&self, algorithm: ObjectIdentifier) -> Option<&Capability> {
        let known = self.capabilities.as_deref().or_else(|| self.certificate.capabilities());
        known?.iter().find(|capability| capability.algorithm == algorithm)
    }

    fn takes_oaep(&self) -> bool {
        match self.transport {
            Transport::Oaep => true,
            Transport::Pkcs1 => false,
            Transport::Announced => {
                let sha_256 = oaep_parameters().ok();
                let announced = self.announces(rfc5912::ID_RSAES_OAEP);
                self.certificate.public_key().algorithm.oid == rfc5912::ID_RSAES_OAEP
                    || announced.is_some_and(|capability| capability.parameters.is_some() && capability.parameters == sha_256)
            }
        }
    }

    /// RecipientInfo (RFC 5652, section 6.2) for a key.
    pub(super) fn info(&self, key: &[u8; KEY]) -> Result<Vec<u8>, Error> {
        #[cfg(unix)]
        if let Some(info) = self.info_by_openssl(key) {
            return info;
        }
        self.info_portable(key)
    }

    /// `None` where OpenSSL does not take the certificate's key.
    #[cfg(unix)]
    fn info_by_openssl(&self, key: &[u8; KEY]) -> Option<Result<Vec<u8>, Error>> {
        let public = self.certificate.openssl_key()?;
        if self.agrees() {
            let (point, secret) = super::openssl::agreed(public).ok()?;
            Some(self.agreed(&point, &secret, key))
        } else {
            let encrypted = super::openssl::transported(public, self.takes_oaep(), key).ok()?;
            Some(self.transported(&encrypted))
        }
    }

    fn info_portable(&self, key: &[u8; KEY]) -> Result<Vec<u8>, Error> {
        let point = self.certificate.public_key().subject_public_key.as_bytes().unwrap_or_default();
        match self.certificate.kind() {
            Kind::P256 => {
                let theirs = p256::PublicKey::from_sec1_bytes(point).map_err(Error::failed)?;
                let ours = p256::ecdh::EphemeralSecret::try_generate_from_rng(&mut SysRng).map_err(Error::failed)?;
                let secret = ours.diffie_hellman(&theirs);
                self.agreed(ours.public_key().to_sec1_point(false).as_bytes(), secret.raw_secret_bytes(), key)
            }
            Kind::P384 => {
                let theirs = p384::PublicKey::from_sec1_bytes(point).map_err(Error::failed)?;
                let ours = p384::ecdh::EphemeralSecret::try_generate_from_rng(&mut SysRng).map_err(Error::failed)?;
                let secret = ours.diffie_hellman(&theirs);
                self.agreed(ours.public_key().to_sec1_point(false).as_bytes(), secret.raw_secret_bytes(), key)
            }
            kind => {
                let public = self.certificate.rsa_key().ok_or_else(|| Error::KeyUnsupported(kind.to_string()))?;
                let encrypted = if self.takes_oaep() {
                    public.encrypt(&mut SysRng, Oaep::<Sha256>::new(), key)
                } else {
                    public.encrypt(&mut SysRng, Pkcs1v15Encrypt, key)
                };
                self.transported(&encrypted.map_err(Error::failed)?)
            }
        }
    }

    /// As long as [`Recipient::info`], with nothing in it.
    pub(super) fn info_of_zeros(&self) -> Result<Vec<u8>, Error> {
        match self.certificate.kind() {
            Kind::P256 => self.agreed(&[4; 65], &[0; 32], &[0; KEY]),
            Kind::P384 => self.agreed(&[4; 97], &[0; 48], &[0; KEY]),
            kind => self.transported(&vec![0; kind.bits().div_ceil(8) as usize]),
        }
    }

    /// KeyTransRecipientInfo.
    fn transported(&self, encrypted: &[u8]) -> Result<Vec<u8>, Error> {
        let algorithm = if self.takes_oaep() {
            [rfc5912::ID_RSAES_OAEP.to_der().map_err(Error::failed)?, oaep_parameters()?].concat()
        } else {
            [rfc5912::RSA_ENCRYPTION.to_der().map_err(Error::failed)?, vec![5, 0]].concat()
        };
        let parts =
            [&[2, 1, 0][..], &self.certificate.issuer_and_serial(), &frame::value(0x30, &algorithm), &frame::value(0x04, encrypted)];
        Ok(frame::value(0x30, &parts.concat()))
    }

    /// KeyAgreeRecipientInfo with a key of this once (RFC 5753, section 3.1.1).
    fn agreed(&self, point: &[u8], secret: &[u8], key: &[u8; KEY]) -> Result<Vec<u8>, Error> {
        let wrap = agreement::wrap(rfc5911::ID_AES_256_WRAP)?;
        let wrapping = agreement::key::<Sha256>(secret, &wrap, None, KEY);
        let mut wrapped = Zeroizing::new([0; KEY + 8]);
        let cipher = KwAes256::new_from_slice(&wrapping).map_err(Error::failed)?;
        cipher.wrap_key(key, &mut wrapped[..]).map_err(Error::failed)?;
        let oid = |oid: ObjectIdentifier| oid.to_der().map_err(Error::failed);
        let originator_key = [
            frame::value(0x30, &oid(rfc5912::ID_EC_PUBLIC_KEY)?),
            // No unused bits.
            frame::value(0x03, &[&[0], point].concat()),
        ];
        let originator = frame::value(0xa0, &frame::value(0xa1, &originator_key.concat()));
        let algorithm = frame::value(0x30, &[oid(STD_DH_SHA_256)?, wrap].concat());
        let encrypted = [self.certificate.issuer_and_serial(), frame::value(0x04, &wrapped[..])].concat();
        let keys = frame::value(0x30, &frame::value(0x30, &encrypted));
        Ok(frame::value(0xa1, &[vec![2, 1, 3], originator, algorithm, keys].concat()))
    }
}

/// RSAES-OAEP-params with SHA-256 for both (RFC 4055, section 4.1).
fn oaep_parameters() -> Result<Vec<u8>, Error> {
    let algorithm = |oid: ObjectIdentifier, parameters: &[u8]| {
        let oid = oid.to_der().map_err(Error::failed)?;
        Ok::<_, Error>(frame::value(0x30, &[&oid, parameters].concat()))
    };
    let hash = algorithm(rfc5912::ID_SHA_256, &[5, 0])?;
    let mask = algorithm(rfc5912::ID_MGF_1, &hash)?;
    Ok(frame::value(0x30, &[frame::value(0xa0, &hash), frame::value(0xa1, &mask)].concat()))
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]
mod tests {
    use super::*;
    use crate::encrypt::{Cipher, Envelope};
    use crate::{Identity, Opened, open};
    use ::openssl::asn1::Asn1Time;
    use ::openssl::ec::{EcGroup, EcKey};
    use ::openssl::hash::MessageDigest;
    use ::openssl::nid::Nid;
    use ::openssl::pkey::{PKey, Private};
    use ::openssl::rsa::Rsa;
    use ::openssl::x509::{X509, X509Name};
    use std::io::Cursor;

    fn identity(key: &PKey<Private>) -> Identity {
        let mut name = X509Name::builder().unwrap();
        name.append_entry_by_text("CN", "Anna").unwrap();
        let name = name.build();
        let mut certificate = X509::builder().unwrap();
        certificate.set_subject_name(&name).unwrap();
        certificate.set_issuer_name(&name).unwrap();
        certificate.set_pubkey(key).unwrap();
        certificate.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        certificate.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
        certificate.sign(key, MessageDigest::sha256()).unwrap();
        let file = [certificate.build().to_pem().unwrap(), key.private_key_to_pem_pkcs8().unwrap()].concat();
        Identity::read(&file, "").unwrap()
    }

    /// The envelope with this RecipientInfo, opened.
    fn opened(envelope: &Envelope, info: Vec<u8>, key: &[u8; KEY], identity: Identity) -> Vec<u8> {
        let content = b"Ein Gru\xc3\x9f";
        let (mut whole, tail) = envelope.frames(&[info], &[9; 16], content.len() as u64).unwrap();
        let mut running = super::super::Running::new(Cipher::Aes256Gcm, key, &[9; 16]);
        running.update(content, &mut whole).unwrap();
        running.finish(&mut whole).unwrap();
        assert_eq!(tail.len(), 18);
        let Opened::Encrypted(encrypted) = open(Cursor::new(whole)).unwrap() else { panic!("it is encrypted") };
        encrypted.decrypt(&[identity]).unwrap().block().unwrap().unwrap().to_vec()
    }

    #[test]
    fn the_key_arrives_whatever_encrypts_it() {
        let curve = |nid| PKey::from_ec_key(EcKey::generate(&EcGroup::from_curve_name(nid).unwrap()).unwrap()).unwrap();
        let keys = [PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap(), curve(Nid::X9_62_PRIME256V1), curve(Nid::SECP384R1)];
        for (private, transport) in keys.iter().flat_map(|key| [(key, Transport::Pkcs1), (key, Transport::Oaep)]) {
            let identity = identity(private);
            let recipient = Recipient { transport, ..Recipient::new(identity.certificate().clone()) };
            let envelope = Envelope::with(vec![recipient.clone()], Cipher::Aes256Gcm).unwrap();
            let key = [7; KEY];
            for info in [recipient.info_by_openssl(&key).unwrap().unwrap(), recipient.info_portable(&key).unwrap()] {
                assert_eq!(info.len(), recipient.info_of_zeros().unwrap().len());
                assert_eq!(opened(&envelope, info, &key, identity.clone()), b"Ein Gru\xc3\x9f");
            }
        }
    }
}
