//! What a certificate says, and what may be wrong with it.

use crate::{Error, Stage, Status, printable};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, Sha384, Sha512};
use std::net::IpAddr;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// What is wrong with a server's certificate.
///
/// In order of weight: a certificate with several faults is named by the first of them. Dates come first since nothing
/// but a new certificate helps; then trust, without which the names in it mean nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// It is not valid any more.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// Its issuer is itself.
    SelfSigned,
    /// Its issuer is not among the trusted authorities.
    UnknownAuthority,
    /// It belongs to another server.
    WrongHost,
    /// Something else, in English words.
    Untrusted(String),
}

impl Fault {
    /// The stable code of the finding.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Fault::Expired => "tls.certificate_expired",
            Fault::NotYetValid => "tls.certificate_not_yet_valid",
            Fault::SelfSigned => "tls.certificate_self_signed",
            Fault::UnknownAuthority => "tls.certificate_unknown_authority",
            Fault::WrongHost => "tls.certificate_wrong_host",
            Fault::Untrusted(_) => "tls.certificate_untrusted",
        }
    }

    /// English, for support.
    fn detail(&self) -> &str {
        match self {
            Fault::Untrusted(words) => words,
            _ => "",
        }
    }
}

/// What is known of a server's certificate: the chain as the server sent it (DER, its own first), and its faults.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) faults: Vec<Fault>,
}

impl Findings {
    /// Notes a fault once.
    pub(super) fn add(&mut self, fault: Fault) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// The fault to name.
    pub(super) fn worst(&self) -> Option<&Fault> {
        self.faults.iter().min()
    }

    /// The error that refuses this certificate, with all its facts.
    pub(super) fn error(&self, fault: &Fault, host: &str) -> Error {
        let error = Error::new(Status::Tls, fault.code()).stage(Stage::Tls).detail(printable(fault.detail()));
        self.facts(host).into_iter().fold(error, |error, (name, value)| error.arg(&name, value))
    }

    /// What is worth knowing about the certificate: the facts of the server's own one, and the chain.
    pub(super) fn facts(&self, host: &str) -> Map<String, Value> {
        let chain: Vec<Map<String, Value>> = self.chain.iter().map(|der| describe(der)).collect();
        let mut facts = chain.first().cloned().unwrap_or_default();
        // In a sentence: the first names, or the subject where there is none.
        let named: Vec<&str> =
            facts.get("names").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).take(5).collect();
        let named = if named.is_empty() { facts.get("subject").cloned().unwrap_or_default() } else { named.join(", ").into() };
        facts.insert("named".to_owned(), named);
        let names = facts.get("names").and_then(Value::as_array).cloned().unwrap_or_default();
        let matched: Vec<Value> = names.into_iter().filter(|name| name.as_str().is_some_and(|name| matches(name, host))).collect();
        facts.insert("host".to_owned(), host.into());
        facts.insert("matched".to_owned(), matched.into());
        let faults: Vec<&str> = self.faults.iter().map(Fault::code).collect();
        if !faults.is_empty() {
            facts.insert("faults".to_owned(), faults.into());
        }
        facts.insert("chain".to_owned(), chain.into_iter().map(Value::Object).collect::<Vec<_>>().into());
        facts
    }

    /// Adds the faults that can be read from the server's own certificate, for an engine that does not tell them.
    #[cfg(any(not(unix), feature = "native-tls"))]
    pub(super) fn inspect(&mut self, host: &str) {
        let Some(der) = self.chain.first().cloned() else { return };
        let Ok((_, certificate)) = X509Certificate::from_der(&der) else { return self.add(Fault::Untrusted("unreadable".to_owned())) };
        if let Some(fault) = date_fault(&der) {
            self.add(fault);
        }
        if !is_for(&certificate, host) {
            self.add(Fault::WrongHost);
        }
    }

    /// SHA-256 of the server's own certificate, in the form of `tls.pin`.
    pub(super) fn pin(&self) -> Option<String> {
        self.chain.first().map(|der| pin(der))
    }
}

/// SHA-256 of a certificate (DER), in the form of `tls.pin`.
fn pin(der: &[u8]) -> String {
    let digits: String = Sha256::digest(der).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

/// Subject, issuer, validity, names and SHA-256 of a certificate; what cannot be read is left out.
fn describe(der: &[u8]) -> Map<String, Value> {
    let mut facts = Map::new();
    facts.insert("sha256".to_owned(), pin(der).into());
    let Ok((_, certificate)) = X509Certificate::from_der(der) else { return facts };
    facts.insert("subject".to_owned(), printable(&certificate.subject().to_string()).into());
    facts.insert("issuer".to_owned(), printable(&certificate.issuer().to_string()).into());
    facts.insert("not_before".to_owned(), moment(certificate.validity().not_before.timestamp()).into());
    facts.insert("not_after".to_owned(), moment(certificate.validity().not_after.timestamp()).into());
    facts.insert("names".to_owned(), names(&certificate).into());
    facts
}

/// The names a certificate is for: DNS names and IP addresses of the subject alternative name (RFC 6125: the common name counts no more).
fn names(certificate: &X509Certificate) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let name = |name: &GeneralName| match name {
        GeneralName::DNSName(name) => Some(printable(name)),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)).ok().map(|address| address.to_string())
        }
        _ => None,
    };
    // A hostile certificate may hold thousands; a report needs no more than these.
    extension.value.general_names.iter().filter_map(name).take(100).collect()
}

/// Whether a name in a certificate stands for this host. For facts only, where a name is a text.
fn matches(name: &str, host: &str) -> bool {
    if let (Ok(name), Ok(host)) = (name.parse::<IpAddr>(), host.parse::<IpAddr>()) {
        return name == host;
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    match name.strip_prefix("*.") {
        Some(parent) => host.split_once('.').is_some_and(|(first, rest)| !first.is_empty() && rest.eq_ignore_ascii_case(parent)),
        None => name.eq_ignore_ascii_case(host),
    }
}

/// Whether a certificate is for this host (RFC 9525, section 6): an address by the address itself, never by a name; a name by a name,
/// whose star stands for exactly one label, the first, and has two labels behind it at least. The common name does not count.
#[cfg(any(not(unix), feature = "native-tls", test))]
fn is_for(certificate: &X509Certificate, host: &str) -> bool {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return false };
    let address = host.parse::<IpAddr>().ok();
    extension.value.general_names.iter().any(|name| match (name, address) {
        (GeneralName::IPAddress(bytes), Some(IpAddr::V4(address))) => *bytes == address.octets(),
        (GeneralName::IPAddress(bytes), Some(IpAddr::V6(address))) => *bytes == address.octets(),
        (GeneralName::DNSName(name), None) => {
            let is_too_wide = name.strip_prefix("*.").is_some_and(|parent| !parent.contains('.'));
            !is_too_wide && matches(name.strip_suffix('.').unwrap_or(name), host)
        }
        _ => false,
    })
}

/// Whether a certificate (DER) is not valid now, and why.
#[cfg(any(not(unix), feature = "native-tls", test))]
pub(super) fn date_fault(der: &[u8]) -> Option<Fault> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let (validity, now) = (certificate.validity(), x509_parser::time::ASN1Time::now());
    if now > validity.not_after {
        return Some(Fault::Expired);
    }
    (now < validity.not_before).then_some(Fault::NotYetValid)
}

/// Whether a certificate (DER) names itself as its issuer.
#[cfg(any(windows, test))]
pub(super) fn is_self_issued(der: &[u8]) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, certificate)| certificate.subject().as_raw() == certificate.issuer().as_raw())
}

/// The channel binding `tls-server-end-point` (RFC 5929, section 4.1): the certificate's hash by the algorithm of its
/// signature, but SHA-256 where that is MD5 or SHA-1. None where the signature names no hash of its own (Ed25519).
pub(super) fn end_point(der: &[u8]) -> Option<Vec<u8>> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    match certificate.signature_algorithm.algorithm.to_id_string().as_str() {
        // md5WithRSA, sha1WithRSA, sha256WithRSA, ecdsa-with-SHA1, ecdsa-with-SHA256, dsa-with-sha256
        "1.2.840.113549.1.1.4"
        | "1.2.840.113549.1.1.5"
        | "1.2.840.113549.1.1.11"
        | "1.2.840.10045.4.1"
        | "1.2.840.10045.4.3.2"
        | "2.16.840.1.101.3.4.3.2" => Some(Sha256::digest(der).to_vec()),
        // sha384WithRSA, ecdsa-with-SHA384
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => Some(Sha384::digest(der).to_vec()),
        // sha512WithRSA, ecdsa-with-SHA512
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => Some(Sha512::digest(der).to_vec()),
        _ => None,
    }
}

/// A moment as RFC 3339 in UTC, from the seconds since 1970.
fn moment(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to a civil date by eras of 400 years that begin on 1 March, so that the leap day comes last.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_civil_dates() {
        assert_eq!(moment(0), "1970-01-01T00:00:00Z");
        assert_eq!(moment(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(moment(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(moment(4_102_444_800), "2100-01-01T00:00:00Z");
        assert_eq!(moment(-1), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn a_wildcard_stands_for_one_label() {
        assert!(matches("*.example.com", "mail.example.com"));
        assert!(matches("Mail.Example.com", "mail.example.COM."));
        assert!(!matches("*.example.com", "example.com"));
        assert!(!matches("*.example.com", "a.b.example.com"));
        assert!(!matches("*", "localhost"));
        assert!(matches("0:0:0:0:0:0:0:1", "::1"));
    }

    #[test]
    fn a_certificate_with_several_faults_is_named_by_the_gravest() {
        let mut findings = Findings::default();
        findings.add(Fault::WrongHost);
        findings.add(Fault::Untrusted("odd".to_owned()));
        findings.add(Fault::Expired);
        findings.add(Fault::Expired);
        assert_eq!(findings.worst(), Some(&Fault::Expired));
        assert_eq!(findings.faults.len(), 3);
    }

    /// A certificate that consists of its names: `(tag, bytes)` of RFC 5280's GeneralName.
    fn certificate(names: &[(u8, &[u8])]) -> Vec<u8> {
        fn value(tag: u8, content: &[u8]) -> Vec<u8> {
            assert!(content.len() < 0x1_0000);
            [&[tag, 0x82][..], &(content.len() as u16).to_be_bytes(), content].concat()
        }
        let algorithm = [0x30, 11, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
        let names: Vec<u8> = names.iter().flat_map(|(tag, bytes)| value(*tag, bytes)).collect();
        let extension = value(0x30, &[&[0x06, 3, 0x55, 0x1d, 17][..], &value(0x04, &value(0x30, &names))].concat());
        let time = |text: &[u8]| value(0x17, text);
        let key = value(0x30, &[&algorithm[..], &[0x03, 2, 0, 0]].concat());
        let body = [
            &[0xa0, 3, 2, 1, 2, 0x02, 1, 1][..],
            &algorithm,
            &[0x30, 0],
            &value(0x30, &[time(b"200101000000Z"), time(b"490101000000Z")].concat()),
            &[0x30, 0],
            &key,
            &value(0xa3, &value(0x30, &extension)),
        ];
        value(0x30, &[&value(0x30, &body.concat())[..], &algorithm, &[0x03, 2, 0, 0]].concat())
    }

    fn is_for_host(names: &[(u8, &[u8])], host: &str) -> bool {
        is_for(&X509Certificate::from_der(&certificate(names)).unwrap().1, host)
    }

    #[test]
    fn names_and_addresses_of_a_certificate_are_never_mixed() {
        let (dns, ip) = (0x82, 0x87);
        assert!(is_for_host(&[(dns, b"other"), (dns, b"Mail.example.com")], "mail.Example.com"));
        assert!(is_for_host(&[(dns, b"*.example.com")], "mail.example.com"));
        assert!(is_for_host(&[(ip, &[192, 0, 2, 1])], "192.0.2.1"));
        assert!(is_for_host(&[(ip, &[0; 16])], "::"));
        assert!(!is_for_host(&[(dns, b"192.0.2.1")], "192.0.2.1"), "an address is never matched by a name");
        assert!(!is_for_host(&[(ip, &[192, 0, 2, 1, 0, 0, 0, 0])], "192.0.2.1"));
        for (name, host) in [
            (&b"*"[..], "localhost"),
            (b"*.com", "example.com"),
            (b"*.example.com", "example.com"),
            (b"*.example.com", "a.b.example.com"),
            (b"m*.example.com", "mail.example.com"),
        ] {
            assert!(!is_for_host(&[(dns, name)], host), "{host}");
        }
        let many: Vec<(u8, &[u8])> = (0..500).map(|_| (dns, &b"a.example"[..])).chain([(dns, &b"last.example"[..])]).collect();
        assert!(is_for_host(&many, "last.example"), "all names count");
        assert!(!is_for_host(&[], "mail.example.com"), "the common name does not");
    }

    #[test]
    fn an_unreadable_certificate_still_has_its_fingerprint() {
        let facts = describe(b"nonsense");
        assert!(facts["sha256"].as_str().unwrap().starts_with("sha256:"));
        assert!(!facts.contains_key("subject"));
    }
}
