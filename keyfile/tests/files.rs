//! Files as OpenSSL writes them are read, and others say what is wrong with them.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::symm::Cipher;
use openssl::x509::X509;
use postkontor_keyfile::{Unusable, certificates, read};

/// A certificate need not be one to be read here.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

fn key(pem: &[u8], password: &str) -> Result<Vec<u8>, Unusable> {
    read(&[pem, CERTIFICATE.as_bytes()].concat(), password).map(|content| content.keys[0].to_vec())
}

#[test]
fn every_form_of_a_key_becomes_the_same_pkcs8() {
    let rsa = Rsa::generate(2048).unwrap();
    let ec = EcKey::generate(&EcGroup::from_curve_name(Nid::SECP384R1).unwrap()).unwrap();
    let (rsa_key, ec_key) = (PKey::from_rsa(rsa.clone()).unwrap(), PKey::from_ec_key(ec.clone()).unwrap());
    let mut forms = vec![(rsa.private_key_to_pem().unwrap(), &rsa_key), (ec.private_key_to_pem().unwrap(), &ec_key)];
    for cipher in [Cipher::aes_128_cbc(), Cipher::aes_192_cbc(), Cipher::aes_256_cbc(), Cipher::des_ede3_cbc()] {
        forms.push((rsa.private_key_to_pem_passphrase(cipher, b"geheim").unwrap(), &rsa_key));
        forms.push((ec.private_key_to_pem_passphrase(cipher, b"geheim").unwrap(), &ec_key));
        forms.push((ec_key.private_key_to_pem_pkcs8_passphrase(cipher, b"geheim").unwrap(), &ec_key));
    }
    forms.push((rsa_key.private_key_to_pem_pkcs8().unwrap(), &rsa_key));
    for (pem, expected) in forms {
        let read = PKey::private_key_from_pkcs8(&key(&pem, "geheim").unwrap()).unwrap();
        assert!(read.public_eq(expected), "{}", String::from_utf8_lossy(&pem));
        let is_locked = pem.windows(9).any(|window| window == b"ENCRYPTED");
        let wrong = key(&pem, "falsch");
        assert!(matches!((is_locked, wrong), (true, Err(Unusable::Locked(_))) | (false, Ok(_))), "{}", String::from_utf8_lossy(&pem));
    }
}

#[test]
fn a_file_without_key_or_certificate_says_so() {
    let refused = |text: &str| read(text.as_bytes(), "").err().map(|unusable| unusable.to_string());
    assert_eq!(refused(CERTIFICATE).unwrap(), "the file holds no private key");
    assert_eq!(refused("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----").unwrap(), "the file holds no certificate");
    assert_eq!(refused("-----BEGIN PRIVATE KEY-----\nAAAA\n").unwrap(), "a PEM block has no end");
    assert_eq!(
        refused("-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----").unwrap(),
        "a key of the kind \"DSA PRIVATE KEY\" is not known"
    );
    assert!(matches!(read(b"no file of keys", ""), Err(Unusable::Damaged(_))));
}

fn certificate(key: &PKey<Private>) -> X509 {
    let mut certificate = X509::builder().unwrap();
    certificate.set_pubkey(key).unwrap();
    certificate.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    certificate.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
    certificate.sign(key, MessageDigest::sha256()).unwrap();
    certificate.build()
}

#[test]
fn pkcs12_is_opened_by_its_password_only() {
    let (own, other) = (PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap(), PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap());
    let (certificate, issuer) = (certificate(&own), certificate(&other));
    let mut chain = openssl::stack::Stack::new().unwrap();
    chain.push(issuer.clone()).unwrap();
    let file = Pkcs12::builder().pkey(&own).cert(&certificate).ca(chain).build2("geheim").unwrap().to_der().unwrap();
    let content = read(&file, "geheim").unwrap();
    assert_eq!(content.certificates, [certificate.to_der().unwrap(), issuer.to_der().unwrap()]);
    assert!(PKey::private_key_from_pkcs8(&content.keys[0]).unwrap().public_eq(&own));
    assert!(matches!(read(&file, "falsch"), Err(Unusable::Locked(_))));
    assert!(matches!(read(&file[..file.len() - 1], "geheim"), Err(Unusable::Damaged(_))));
}

#[test]
fn certificates_of_a_file_need_no_key() {
    let twice = format!("Subject: CN=first\n{CERTIFICATE}\n{CERTIFICATE}");
    assert_eq!(certificates(twice.as_bytes()).unwrap(), [[0, 0, 0], [0, 0, 0]]);
    assert_eq!(certificates(b"0\x03\x02\x01\x01").unwrap(), [b"0\x03\x02\x01\x01"]);
    assert!(certificates(b"-----BEGIN CERTIFICATE-----\nAA").is_err());
}
