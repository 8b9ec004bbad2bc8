//! Signatures made here are good to `openssl` and to `gpgsm`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod keybox;
mod people;

use keybox::Keybox;
use people::{FOR_MAIL, Folder, KINDS, P256, RSA_2048, authority, certificate, certify, identity, town};
use postkontor_smime::sign::{Signer, Terms};
use postkontor_smime::{Capability, Digest, Error, Identity};
use std::time::{SystemTime, UNIX_EPOCH};

const CONTENT: &str = "Content-Type: text/plain; charset=utf-8\r\n\r\nEin Gruß.\r\n";

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

/// Signs in blocks of an odd length, and looks whether the size was right.
fn signed(identity: &Identity, terms: &Terms) -> Vec<u8> {
    let mut signer = Signer::new(identity, terms).unwrap();
    let size = signer.size().unwrap();
    CONTENT.as_bytes().chunks(7).for_each(|block| signer.update(block));
    let signature = signer.finish().unwrap();
    assert_eq!(signature.len(), size);
    signature
}

/// Every way to sign with a key of this number in [`KINDS`].
fn ways(number: usize) -> Vec<Terms> {
    let mut ways = Vec::new();
    for digest in [None, Some(Digest::Sha256), Some(Digest::Sha384), Some(Digest::Sha512)] {
        for pss in [false, true] {
            if !pss || number < 2 {
                ways.push(Terms { digest, pss, time: now(), capabilities: Capability::own(), ..Terms::default() });
            }
        }
    }
    ways
}

fn openssl_verifies(town: &Folder, folder: &Folder, signature: &[u8], content: &str) -> bool {
    folder.write("content", content);
    folder.write("signature", signature);
    let ca = town.path("ca.pem");
    let output = folder.run(
        "openssl",
        &[
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-in",
            "signature",
            "-content",
            "content",
            "-CAfile",
            ca.to_str().unwrap(),
            "-purpose",
            "smimesign",
            "-out",
            "out",
        ],
    );
    output.status.success() && folder.read("out") == content.as_bytes()
}

#[test]
fn openssl_verifies_every_algorithm() {
    let (town, folder) = (town(), Folder::new());
    for number in 0..KINDS.len() {
        let identity = identity(town, &format!("person{number}"));
        for terms in ways(number) {
            let signature = signed(&identity, &terms);
            assert!(openssl_verifies(town, &folder, &signature, CONTENT), "person{number}, {terms:?}");
            assert!(!openssl_verifies(town, &folder, &signature, &CONTENT.replace("Gruß", "Kuss")), "person{number}, {terms:?}");
        }
    }
}

#[test]
fn an_ecdsa_signature_always_has_the_announced_length() {
    let identity = identity(town(), "person2");
    let lengths: Vec<usize> = (0..50).map(|_| signed(&identity, &Terms { time: now(), ..Terms::default() }).len()).collect();
    assert!(lengths.windows(2).all(|pair| pair[0] == pair[1]), "{lengths:?}");
}

#[test]
fn attributes_say_who_signed_when_and_what_can_be_decrypted() {
    let (town, folder) = (town(), Folder::new());
    let terms = Terms { time: 1_800_000_000, capabilities: Capability::own(), ..Terms::default() };
    folder.write("signature", signed(&identity(town, "person0"), &terms));
    let printed = String::from_utf8(folder.openssl(&["cms", "-cmsout", "-print", "-inform", "DER", "-in", "signature"])).unwrap();
    for expected in [
        "contentType (1.2.840.113549.1.9.3)",
        "UTCTIME:Jan 15 08:00:00 2027 GMT",
        "S/MIME Capabilities (1.2.840.113549.1.9.15)",
        "aes-256-gcm",
        "id-smime-aa-signingCertificateV2",
        "id-smime-aa-encrypKeyPref",
        "eContent: <ABSENT>",
    ] {
        assert!(printed.contains(expected), "{expected} is not in\n{printed}");
    }
    let late = Terms { time: 4_102_444_800, ..Terms::default() };
    folder.write("late", signed(&identity(town, "person0"), &late));
    let printed = String::from_utf8(folder.openssl(&["cms", "-cmsout", "-print", "-inform", "DER", "-in", "late"])).unwrap();
    assert!(printed.contains("GENERALIZEDTIME:Jan  1 00:00:00 2100 GMT") && !printed.contains("Capabilities"), "{printed}");
}

#[test]
fn the_chain_goes_along_and_the_root_does_not() {
    let folder = authority();
    certify(&folder, "between", P256, "basicConstraints=critical,CA:true\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n");
    certify(&folder, "opens", RSA_2048, "keyUsage=keyEncipherment\n");
    folder.write("leaf.cnf", format!("[x]\n{FOR_MAIL}subjectAltName=email:leaf@example.com\n"));
    certify(&folder, "leaf", P256, FOR_MAIL);
    folder.openssl(&[
        "x509",
        "-req",
        "-in",
        "leaf.csr",
        "-CA",
        "between.pem",
        "-CAkey",
        "between.key",
        "-CAcreateserial",
        "-out",
        "leaf.pem",
        "-days",
        "9",
        "-extfile",
        "leaf.cnf",
        "-extensions",
        "x",
    ]);
    let file = ["leaf.key", "leaf.pem", "ca.pem", "between.pem"].map(|name| folder.read(name)).concat();
    let identity = Identity::read(&file, "").unwrap();
    assert_eq!(identity.chain(), [certificate(&folder, "between"), certificate(&folder, "ca")]);
    let terms = Terms { time: now(), encrypt_for: Some(certificate(&folder, "opens")), ..Terms::default() };
    let signature = signed(&identity, &terms);
    assert!(openssl_verifies(&folder, &folder, &signature, CONTENT));
    folder.write("signature", &signature);
    let sent = String::from_utf8(folder.openssl(&["pkcs7", "-inform", "DER", "-in", "signature", "-print_certs", "-noout"])).unwrap();
    assert_eq!(sent.matches("subject=").count(), 3, "{sent}");
    assert!(["CN = between", "CN = opens", "CN = leaf"].iter().all(|name| sent.contains(name)), "{sent}");
}

#[test]
fn what_cannot_sign_says_so() {
    let folder = authority();
    certify(&folder, "opens", P256, "keyUsage=keyAgreement\n");
    let identity = identity(&folder, "opens");
    let code = |terms: &Terms| Signer::new(&identity, terms).err().map(|error| error.code());
    assert_eq!(code(&Terms::default()), Some("smime.not_for_signing"));
    let good = people::identity(town(), "person2");
    assert_eq!(Signer::new(&good, &Terms { time: -1, ..Terms::default() }).err(), Some(Error::TimeUnwritable(-1)));
    assert_eq!(Signer::new(&good, &Terms { time: i64::MAX, ..Terms::default() }).err(), Some(Error::TimeUnwritable(i64::MAX)));
}

#[test]
fn gpgsm_verifies_what_it_knows() {
    let town = town();
    let keybox = Keybox::new(town);
    for number in 0..KINDS.len() {
        let identity = identity(town, &format!("person{number}"));
        for terms in ways(number) {
            keybox.folder().write("content", CONTENT);
            keybox.folder().write("signature", signed(&identity, &terms));
            let output = keybox.gpgsm(&["--verify", "signature", "content"]);
            let status = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(status.contains("GOODSIG"), "person{number}, {terms:?}: {status}");
            keybox.folder().write("content", CONTENT.replace("Gruß", "Kuss"));
            assert!(String::from_utf8_lossy(&keybox.gpgsm(&["--verify", "signature", "content"]).stderr).contains("BADSIG"));
        }
    }
}
