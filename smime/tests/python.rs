//! Python judges what is signed and encrypted here: every algorithm, down to each field (`judge.py`).

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod people;

use people::{Folder, KINDS, certificate, identity, town};
use postkontor_smime::encrypt::{Cipher, Envelope, Recipient, Transport};
use postkontor_smime::sign::{Signer, Terms};
use postkontor_smime::{Capability, Digest};
use std::path::Path;

const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nGr=C3=BC=C3=9Fe\r\n";

/// What the judge writes; an error of his ends the test.
fn judged(folder: &Folder, arguments: &[&str]) -> Vec<u8> {
    let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judge.py");
    let output = folder.run("/usr/bin/python3", &[&[judge.to_str().unwrap()][..], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn python_verifies_every_algorithm() {
    let (town, folder) = (town(), Folder::new());
    folder.write("content", CONTENT);
    for number in 0..KINDS.len() {
        let name = format!("person{number}");
        let (identity, pem) = (identity(town, &name), town.path(&format!("{name}.pem")));
        for (digest, hash) in [(Digest::Sha256, "sha256"), (Digest::Sha384, "sha384"), (Digest::Sha512, "sha512")] {
            for pss in [false, true] {
                let terms = Terms { digest: Some(digest), pss, time: 1_800_000_000, capabilities: Capability::own(), ..Terms::default() };
                let mut signer = Signer::new(&identity, &terms).unwrap();
                signer.update(CONTENT);
                folder.write("signature", signer.finish().unwrap());
                let scheme = match (number < 2, pss) {
                    (true, false) => "rsassa_pkcs1v15".to_owned(),
                    (true, true) => "rsassa_pss".to_owned(),
                    (false, _) => format!("{hash}_ecdsa"),
                };
                let told = judged(&folder, &["verify", "signature", "content", pem.to_str().unwrap()]);
                assert_eq!(String::from_utf8(told).unwrap(), format!("{scheme} {hash}\n"), "{name}");
            }
        }
    }
}

#[test]
fn python_decrypts_every_algorithm() {
    let (town, folder) = (town(), Folder::new());
    for number in 0..KINDS.len() {
        let name = format!("person{number}");
        let key = town.path(&format!("{name}.key"));
        for cipher in [Cipher::Aes256Cbc, Cipher::Aes256Gcm] {
            for transport in [Transport::Pkcs1, Transport::Oaep] {
                let recipient = Recipient { transport, ..Recipient::new(certificate(town, &name)) };
                let (mut sealed, size) = (Vec::new(), CONTENT.len() as u64);
                let mut sealing = Envelope::with(vec![recipient], cipher).unwrap().seal(size, &mut sealed).unwrap();
                sealing.update(CONTENT, &mut sealed).unwrap();
                sealing.finish(&mut sealed).unwrap();
                folder.write("sealed", sealed);
                let content = judged(&folder, &["decrypt", "sealed", key.to_str().unwrap()]);
                assert_eq!(content, CONTENT, "{name}, {cipher:?}, {transport:?}");
            }
        }
    }
}
