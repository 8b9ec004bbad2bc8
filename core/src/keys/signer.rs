//! Whether a certificate is fit to sign mail of a sender now.

use crate::message::rfc3339;
use postkontor_smime::Certificate;
use postkontor_smime::key::Kind;
use serde_json::{Map, Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// The setting that names the signer's certificate.
pub(crate) const CERTIFICATE: &str = "/sender/smime/sign/certificate";

/// So many seconds before a certificate expires the warnings begin: 30 days.
const SOON: i64 = 30 * 86_400;

/// RSA keys with fewer bits are taken for weak.
const ENOUGH_BITS: u32 = 2048;

/// Algorithms by which authorities sign and that can be forged, by their object identifiers.
const WEAK_DIGESTS: [(&str, &str); 4] =
    [("1.2.840.113549.1.1.2", "MD2"), ("1.2.840.113549.1.1.4", "MD5"), ("1.2.840.113549.1.1.5", "SHA-1"), ("1.2.840.10045.4.1", "SHA-1")];

/// What is to be said of a certificate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Judged {
    /// Stable code, listed in docs/codes.md.
    pub(crate) code: &'static str,
    /// For its sentence.
    pub(crate) args: Map<String, Value>,
    /// It signs all the same.
    pub(crate) is_warning: bool,
}

impl Judged {
    fn new(code: &'static str, is_warning: bool, certificate: &Certificate) -> Judged {
        Judged { code, args: Map::from_iter([("subject".to_owned(), json!(certificate.subject()))]), is_warning }
    }

    fn arg(mut self, name: &str, value: impl Into<Value>) -> Judged {
        self.args.insert(name.to_owned(), value.into());
        self
    }
}

/// What keeps a certificate from signing now, and what readers may dislike.
pub(crate) fn judge(certificate: &Certificate, now: i64) -> Vec<Judged> {
    let mut found = Vec::new();
    let problem = |code| Judged::new(code, false, certificate);
    let warning = |code| Judged::new(code, true, certificate);
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    if now > not_after {
        found.push(problem("smime.certificate_expired").arg("not_after", rfc3339(not_after)));
    } else if now < not_before {
        found.push(problem("smime.certificate_not_yet_valid").arg("not_before", rfc3339(not_before)));
    } else if not_after - now < SOON {
        found.push(warning("smime.certificate_expires").arg("not_after", rfc3339(not_after)));
    }
    if !certificate.can_sign() {
        found.push(problem("smime.certificate_not_for_signing"));
    }
    if matches!(certificate.kind(), Kind::Rsa { bits } if bits < ENOUGH_BITS) {
        found.push(warning("smime.certificate_weak").arg("key", certificate.kind().to_string()));
    }
    let algorithm = certificate.parsed().signature_algorithm().oid.to_string();
    let weak = WEAK_DIGESTS.iter().find(|(weak, _)| *weak == algorithm);
    found.extend(weak.map(|(_, name)| warning("smime.certificate_weak_digest").arg("name", *name)));
    found
}

/// What is to be said of a certificate that signs mail from another address.
pub(crate) fn judge_address(certificate: &Certificate, address: &str) -> Option<Judged> {
    let judged = match certificate.emails() {
        _ if certificate.is_for(address) => return None,
        [] => Judged::new("smime.certificate_without_address", false, certificate),
        addresses => Judged::new("smime.certificate_other_address", false, certificate).arg("addresses", addresses.join(", ")),
    };
    Some(judged.arg("address", address))
}

/// In seconds since 1970.
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
