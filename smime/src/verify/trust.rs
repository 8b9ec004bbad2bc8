//! Chains to what is trusted (RFC 5280, section 6).

use super::scheme::Scheme;
use crate::ber::{Algorithm, Fields, SEQUENCE};
use crate::{Certificate, Fault};
use der::Encode;
use x509_cert::name::Name;

/// How many certificates a chain may have.
const LONGEST: usize = 10;

/// How many signatures are verified in search of a chain: authorities that certify each other would lead astray for ever.
const MOST: usize = 40;

/// Which certificates are trusted: a list, or the store of the system.
pub trait Trust {
    /// Whether this very certificate is trusted.
    fn has(&self, certificate: &Certificate) -> bool;

    /// The trusted certificates with this subject.
    fn named(&self, subject: &Name) -> Vec<Certificate>;
}

/// A list of trusted certificates. An empty one trusts none.
#[derive(Clone, Debug, Default)]
pub struct Anchors(Vec<Certificate>);

impl Anchors {
    /// Trusts these.
    pub fn new(certificates: Vec<Certificate>) -> Self {
        Self(certificates)
    }

    /// Trusts all certificates of the bundle (PEM, or one in DER) that can be read: those of systems have some of kinds unknown here, which no chain leads to.
    pub fn read(bundle: &[u8]) -> Self {
        let blocks = postkontor_keyfile::certificates(bundle).unwrap_or_default();
        Self(blocks.iter().filter_map(|der| Certificate::from_der(der).ok()).collect())
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Trust for Anchors {
    fn has(&self, certificate: &Certificate) -> bool {
        self.0.contains(certificate)
    }

    fn named(&self, subject: &Name) -> Vec<Certificate> {
        self.0.iter().filter(|anchor| anchor.is_named(subject)).cloned().collect()
    }
}

/// The issuers of a certificate up to a trusted one, the nearest first; `others` are those that came with the message.
///
/// # Errors
///
/// [`Fault::Untrusted`] with the issuer that is missing.
pub(super) fn chain(certificate: &Certificate, others: &[Certificate], trust: &dyn Trust, at: i64) -> Result<Vec<Certificate>, Fault> {
    let mut search = Search { others, trust, at, verified: 0, missing: certificate.issuer() };
    let mut path = vec![certificate.clone()];
    if search.extend(&mut path) {
        path.remove(0);
        Ok(path)
    } else {
        Err(Fault::Untrusted(search.missing))
    }
}

/// Whether this issuer, an authority for mail, has signed a certificate.
pub fn is_issued_by(certificate: &Certificate, issuer: &Certificate) -> bool {
    let is_named = issuer.is_named(certificate.issuer_name()) && issuer.is_ca() && issuer.is_for_mail();
    is_named && signature_is_right(certificate, issuer).unwrap_or(false)
}

struct Search<'a> {
    others: &'a [Certificate],
    trust: &'a dyn Trust,
    at: i64,
    verified: usize,
    /// The issuer that the longest path so far is without.
    missing: String,
}

impl Search<'_> {
    fn extend(&mut self, path: &mut Vec<Certificate>) -> bool {
        let Some(last) = path.last().cloned() else { return false };
        if self.trust.has(&last) {
            return true;
        }
        for anchor in self.trust.named(last.issuer_name()) {
            if anchor.is_valid_at(self.at) && self.is_signed_by(&last, &anchor) {
                path.push(anchor);
                return true;
            }
        }
        if path.len() >= LONGEST {
            return false;
        }
        self.missing = last.issuer();
        for other in self.others {
            let fits = other.is_named(last.issuer_name()) && !path.contains(other) && self.may_certify(other, path);
            if fits && self.is_signed_by(&last, other) {
                path.push(other.clone());
                if self.extend(path) {
                    return true;
                }
                path.pop();
            }
        }
        false
    }

    /// Whether it is an authority that may have these below it: the first is no authority.
    fn may_certify(&self, other: &Certificate, below: &[Certificate]) -> bool {
        let between = below.iter().skip(1).filter(|certificate| !certificate.is_named(certificate.issuer_name())).count();
        other.is_ca()
            && other.is_for_mail()
            && other.is_valid_at(self.at)
            && other.unknown_critical().is_empty()
            && other.path_length().is_none_or(|most| between <= usize::from(most))
    }

    fn is_signed_by(&mut self, certificate: &Certificate, issuer: &Certificate) -> bool {
        self.verified += 1;
        self.verified <= MOST && signature_is_right(certificate, issuer).unwrap_or(false)
    }
}

/// Whether the signature of a certificate is its issuer's, by a digest for which no forgeries are made.
fn signature_is_right(certificate: &Certificate, issuer: &Certificate) -> Result<bool, Fault> {
    let mut fields = Fields::of(certificate.der(), SEQUENCE, "a certificate")?;
    let signed = fields.required()?;
    let scheme = Scheme::read(fields.algorithm()?, None)?;
    let signature = certificate.parsed().signature().as_bytes().unwrap_or_default();
    // Both places have to name the same algorithm (RFC 5280, section 4.1.1.2).
    let inner = certificate.parsed().tbs_certificate().signature().to_der().map_err(|_| Fault::Malformed("a certificate"))?;
    let is_same = Algorithm::read(&inner, "a certificate")?.oid == certificate.parsed().signature_algorithm().oid;
    Ok(is_same && !scheme.hash().is_weak() && scheme.verify(issuer.public_key(), &scheme.hash().of(signed), signature).is_ok())
}
