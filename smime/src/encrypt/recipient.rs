//! The key of the content, for each recipient.

use super::cipher::KEY;
use crate::agreement::{self, STD_DH_SHA_256};
use crate::key::{Kind, rsa_key};
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
            Kind::Rsa { .. } if rsa_key(self.certificate.public_key()).is_some() => Ok(()),
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
        let public = self.certificate.public_key();
        let point = public.subject_public_key.as_bytes().unwrap_or_default();
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
                let public = rsa_key(public).ok_or_else(|| Error::KeyUnsupported(kind.to_string()))?;
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
