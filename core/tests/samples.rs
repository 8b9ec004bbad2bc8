//! The signed messages of a public suite, NIST's PKITS (Debian: python3-cryptography-vectors), are read with its authority: what the suite calls valid is good, what it calls invalid is not,
//! but for what docs/smime.md says is not asked: revocation and policies.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use postkontor_core::{Keys, Opened};
use postkontor_smime::Certificate;
use postkontor_smime::verify::Anchors;
use std::fs;
use std::path::Path;
use std::sync::Arc;

const SUITE: &str = "/usr/lib/python3/dist-packages/cryptography_vectors/x509/PKITS_data";

/// Within the validity of the suite's certificates: January 2027.
const NOW: i64 = 1_800_000_000;

/// Lists of revoked certificates, none of which is fetched, and mappings of policies, none of which is wanted.
const NOT_ASKED: &[&str] = &[
    "Revoked",
    "CRL",
    "cRLSign",
    "cRLIssuer",
    "distributionPoint",
    "onlyContains",
    "onlySome",
    "BasicSelfIssued",
    "LongSerialNumber",
    "NegativeSerialNumber",
    "UnknownCRL",
    "PolicyMapping",
    "IDPwith",
    "deltaCRL",
    "WrongCRL",
    "BadCRL",
    "SeparateCertificate",
];

/// Extensions that are critical and are not read here, so that a chain over them is refused, and algorithms that are not spoken.
const NOT_READ: &[&str] = &["nameConstraints", "equireExplicitPolicy", "nhibitAnyPolicy", "nhibitPolicyMapping", "DSA"];

/// How the suite's message is judged: the faults but for the address, since none of its certificates is for the one in From.
fn faults(message: &Path, keys: &Arc<Keys>) -> Vec<String> {
    let content = Opened::new(fs::read(message).unwrap()).with_keys(Arc::clone(keys)).content();
    let smime = content.smime.unwrap_or_else(|| panic!("{}", message.display()));
    let all = smime.layers.iter().flat_map(|layer| layer.faults.iter().chain(layer.signers.iter().flat_map(|signer| &signer.faults)));
    all.map(|fault| fault.code.clone()).filter(|code| code != "smime.other_address").collect()
}

fn is_of(name: &str, kinds: &[&str]) -> bool {
    kinds.iter().any(|kind| name.contains(kind))
}

#[test]
fn the_signed_messages_of_a_public_suite_are_judged_as_it_says() {
    let messages = fs::read_dir(Path::new(SUITE).join("smime")).unwrap();
    let anchor = fs::read(Path::new(SUITE).join("certs/TrustAnchorRootCertificate.crt")).unwrap();
    let trust = Anchors::new(Certificate::read_all(&anchor).unwrap());
    let keys = Arc::new(Keys { identities: Vec::new(), trust, known: Vec::new(), now: NOW });
    let (mut good, mut refused, mut not_read) = (0, 0, 0);
    for message in messages {
        let message = message.unwrap().path();
        let name = message.file_stem().unwrap().to_string_lossy().into_owned();
        let faults = faults(&message, &keys);
        match () {
            () if name.contains("Invalid") && is_of(&name, NOT_ASKED) => (),
            () if name.contains("Invalid") => {
                assert!(!faults.is_empty(), "{name}");
                refused += 1;
            }
            () if is_of(&name, NOT_READ) => {
                assert_eq!(faults.last().unwrap(), "smime.untrusted", "{name}");
                not_read += 1;
            }
            // Its certificate says 1950.
            () if name == "SignedValidpre2000UTCnotBeforeDateTest3" => assert_eq!(faults, ["smime.signer_unknown"]),
            () => {
                assert_eq!(faults, [""; 0], "{name}");
                good += 1;
            }
        }
    }
    // Nothing that is refused by error hides among the others.
    assert_eq!((good, refused, not_read), (80, 57, 29));
}
