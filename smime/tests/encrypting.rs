//! What is encrypted here, `openssl` and `gpgsm` decrypt.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod keybox;
mod people;

use keybox::Keybox;
use people::{FOR_MAIL, Folder, KINDS, P256, P521, RSA_2048, authority, certificate, certify, identity, town};
use postkontor_smime::encrypt::{Cipher, Envelope, Recipient, Transport};
use postkontor_smime::sign::{Signer, Terms};
use postkontor_smime::{Capability, Error};
use std::time::{SystemTime, UNIX_EPOCH};

const CONTENT: &str = "Content-Type: text/plain; charset=utf-8\r\n\r\nEin Gruß, der in mehr als einen Block passt.\r\n";

/// Seals in blocks of an odd length, and looks whether the size was right.
fn sealed(envelope: &Envelope, content: &[u8]) -> Vec<u8> {
    let (size, mut out) = (envelope.size(content.len() as u64).unwrap(), Vec::new());
    let mut sealing = envelope.seal(content.len() as u64, &mut out).unwrap();
    content.chunks(23).for_each(|block| sealing.update(block, &mut out).unwrap());
    sealing.finish(&mut out).unwrap();
    assert_eq!(out.len() as u64, size);
    out
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

fn recipient(folder: &Folder, name: &str, transport: Transport) -> Recipient {
    Recipient { transport, ..Recipient::new(certificate(folder, name)) }
}

/// What `openssl` makes of it with the key of a person.
fn opened(town: &Folder, folder: &Folder, name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    folder.write("sealed", sealed);
    let (key, certificate) = (town.path(&format!("{name}.key")), town.path(&format!("{name}.pem")));
    let output = folder.run(
        "openssl",
        &[
            "cms",
            "-decrypt",
            "-binary",
            "-inform",
            "DER",
            "-in",
            "sealed",
            "-inkey",
            key.to_str().unwrap(),
            "-recip",
            certificate.to_str().unwrap(),
        ],
    );
    output.status.success().then_some(output.stdout)
}

const TRANSPORTS: [Transport; 3] = [Transport::Announced, Transport::Pkcs1, Transport::Oaep];

#[test]
fn openssl_decrypts_every_algorithm() {
    let (town, folder) = (town(), Folder::new());
    for number in 0..KINDS.len() {
        let name = format!("person{number}");
        for cipher in [Cipher::Aes256Cbc, Cipher::Aes256Gcm] {
            for transport in TRANSPORTS {
                let envelope = Envelope::with(vec![recipient(town, &name, transport)], cipher).unwrap();
                let sealed = sealed(&envelope, CONTENT.as_bytes());
                assert_eq!(opened(town, &folder, &name, &sealed).as_deref(), Some(CONTENT.as_bytes()), "{name}, {cipher:?}, {transport:?}");
            }
        }
    }
}

#[test]
fn content_of_every_length_comes_out_again() {
    let (town, folder) = (town(), Folder::new());
    for cipher in [Cipher::Aes256Cbc, Cipher::Aes256Gcm] {
        let envelope = Envelope::with(vec![recipient(town, "person2", Transport::Announced)], cipher).unwrap();
        for length in [0, 1, 15, 16, 17, 23, 127, 128, 255, 256, 65_535, 65_536, 200_000] {
            let content: Vec<u8> = (0..length).map(|number| number as u8).collect();
            assert_eq!(opened(town, &folder, "person2", &sealed(&envelope, &content)), Some(content), "{cipher:?}, {length}");
        }
    }
}

#[test]
fn several_recipients_read_the_same_and_a_stranger_nothing() {
    let (town, folder) = (town(), Folder::new());
    for cipher in [Cipher::Aes256Cbc, Cipher::Aes256Gcm] {
        let all = [0, 1, 2].map(|number| recipient(town, &format!("person{number}"), Transport::Announced));
        let sealed = sealed(&Envelope::with(all.to_vec(), cipher).unwrap(), CONTENT.as_bytes());
        for name in ["person0", "person1", "person2"] {
            assert_eq!(opened(town, &folder, name, &sealed).as_deref(), Some(CONTENT.as_bytes()), "{name}, {cipher:?}");
        }
        assert_ne!(opened(town, &folder, "person3", &sealed).as_deref(), Some(CONTENT.as_bytes()));
    }
}

#[test]
fn a_changed_byte_is_found_out_by_the_tag() {
    let (town, folder) = (town(), Folder::new());
    let envelope = Envelope::with(vec![recipient(town, "person2", Transport::Announced)], Cipher::Aes256Gcm).unwrap();
    let sealed = sealed(&envelope, CONTENT.as_bytes());
    for at in [sealed.len() - 1, sealed.len() - 30] {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert_eq!(opened(town, &folder, "person2", &changed), None);
    }
}

#[test]
fn each_envelope_has_a_key_of_its_own() {
    let envelope = Envelope::new(vec![recipient(town(), "person0", Transport::Announced)]).unwrap();
    let (one, other) = (sealed(&envelope, CONTENT.as_bytes()), sealed(&envelope, CONTENT.as_bytes()));
    assert_eq!(one.len(), other.len());
    assert_ne!(one[one.len() - 80..], other[other.len() - 80..]);
}

#[test]
fn the_weakest_recipient_decides() {
    let town = town();
    let own = Some(Capability::own());
    let able = |name: &str| Recipient { capabilities: own.clone(), ..Recipient::new(certificate(town, name)) };
    let unknown = Recipient::new(certificate(town, "person1"));
    assert_eq!(Envelope::new(vec![able("person0"), able("person2")]).unwrap().cipher(), Cipher::Aes256Gcm);
    assert_eq!(Envelope::new(vec![able("person0"), unknown]).unwrap().cipher(), Cipher::Aes256Cbc);
    let old = Recipient { capabilities: Some(own.clone().unwrap().split_off(2)), ..able("person0") };
    assert_eq!(Envelope::new(vec![old]).unwrap().smime_type(), "enveloped-data");
    assert_eq!(Envelope::new(vec![able("person3")]).unwrap().smime_type(), "authEnveloped-data");
}

#[test]
fn oaep_is_used_where_a_certificate_announces_it() {
    let (folder, out) = (authority(), Folder::new());
    let sha_256 = "[c]\na=SEQUENCE:o\n[o]\no=OID:1.2.840.113549.1.1.7\np=SEQUENCE:p\n[p]\nh=EXPLICIT:0,SEQUENCE:h\nm=EXPLICIT:1,SEQUENCE:m\n[h]\no=OID:2.16.840.1.101.3.4.2.1\nn=NULL\n[m]\no=OID:1.2.840.113549.1.1.8\nh=SEQUENCE:h\n[z]\n";
    certify(&folder, "oaep", RSA_2048, &format!("{FOR_MAIL}1.2.840.113549.1.9.15=ASN1:SEQUENCE:c\n{sha_256}"));
    certify(
        &folder,
        "sha1",
        RSA_2048,
        &format!(
            "{FOR_MAIL}1.2.840.113549.1.9.15=ASN1:SEQUENCE:c\n[c]\na=SEQUENCE:o\n[o]\no=OID:1.2.840.113549.1.1.7\np=SEQUENCE:p\n[p]\n[z]\n"
        ),
    );
    for (name, expected) in [("oaep", "rsaesOaep"), ("sha1", "rsaEncryption")] {
        let envelope = Envelope::new(vec![recipient(&folder, name, Transport::Announced)]).unwrap();
        let sealed = sealed(&envelope, CONTENT.as_bytes());
        assert_eq!(opened(&folder, &out, name, &sealed).as_deref(), Some(CONTENT.as_bytes()));
        let printed = String::from_utf8(out.openssl(&["cms", "-cmsout", "-print", "-inform", "DER", "-in", "sealed"])).unwrap();
        assert!(printed.contains(&format!("algorithm: {expected} ")), "{printed}");
    }
}

#[test]
fn what_was_signed_is_encrypted() {
    let (town, folder) = (town(), Folder::new());
    let signer = identity(town, "person3");
    let terms = Terms { time: now(), ..Terms::default() };
    let mut running = Signer::new(&signer, &terms).unwrap();
    running.update(CONTENT.as_bytes());
    let signature = running.finish().unwrap();
    folder.write("signature", &signature);
    let base64 = String::from_utf8(folder.openssl(&["base64", "-in", "signature"])).unwrap().replace('\n', "\r\n");
    let multipart = format!(
        "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-384; boundary=x\r\n\r\n--x\r\n{CONTENT}\r\n--x\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n{base64}--x--\r\n"
    );
    for cipher in [Cipher::Aes256Cbc, Cipher::Aes256Gcm] {
        let envelope = Envelope::with(vec![recipient(town, "person0", Transport::Oaep)], cipher).unwrap();
        folder.write("inner", opened(town, &folder, "person0", &sealed(&envelope, multipart.as_bytes())).unwrap());
        let ca = town.path("ca.pem");
        let read =
            folder.openssl(&["cms", "-verify", "-inform", "SMIME", "-in", "inner", "-CAfile", ca.to_str().unwrap(), "-purpose", "any"]);
        assert_eq!(read, CONTENT.as_bytes());
    }
}

#[test]
fn what_cannot_be_encrypted_says_so() {
    let folder = authority();
    certify(&folder, "signs", P256, "keyUsage=digitalSignature\n");
    certify(&folder, "long", P521, FOR_MAIL);
    let code = |name: &str| Envelope::new(vec![recipient(&folder, name, Transport::Announced)]).unwrap_err().code();
    assert_eq!(code("signs"), "smime.not_for_encrypting");
    assert_eq!(code("ca"), "smime.not_for_encrypting");
    assert_eq!(code("long"), "smime.key_unsupported");
    assert_eq!(Envelope::new(Vec::new()).unwrap_err(), Error::NoRecipient);
    let envelope = Envelope::with(vec![recipient(town(), "person0", Transport::Announced)], Cipher::Aes256Gcm).unwrap();
    assert_eq!(envelope.size(1 << 36).unwrap_err(), Error::TooLong(1 << 36));
    let mut out = Vec::new();
    let mut sealing = envelope.seal(5, &mut out).unwrap();
    sealing.update(b"1234", &mut out).unwrap();
    assert_eq!(sealing.update(b"56", &mut out), Err(Error::OtherSize));
    let sealing = envelope.seal(5, &mut out).unwrap();
    assert_eq!(sealing.finish(&mut out), Err(Error::OtherSize));
}

/// Version 2.2 knows neither OAEP nor AuthEnvelopedData.
#[test]
fn gpgsm_decrypts_what_it_knows() {
    let town = town();
    let keybox = Keybox::new(town);
    for name in ["person0", "person1"] {
        let envelope = Envelope::new(vec![recipient(town, "person2", Transport::Pkcs1), recipient(town, name, Transport::Pkcs1)]).unwrap();
        keybox.folder().write("sealed", sealed(&envelope, CONTENT.as_bytes()));
        let output = keybox.gpgsm(&["-o", "out", "--yes", "--decrypt", "sealed"]);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(keybox.folder().read("out"), CONTENT.as_bytes());
    }
}
