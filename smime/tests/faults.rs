//! Each thing that is wrong with a message has its code, and costs neither memory nor time.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod people;
mod reading;

use people::{FOR_MAIL, Folder, P256, PASSWORD, RSA_2048, authority, certificate, certify, identity, town};
use postkontor_smime::encrypt::{Cipher, Envelope, Recipient, Transport};
use postkontor_smime::fault::Weight;
use postkontor_smime::sign::{Signer, Terms};
use postkontor_smime::verify::{Anchors, Signer as Verdict};
use postkontor_smime::{Fault, Identity, Opened, open};
use reading::{CONTENT, Judge, children, codes, decrypted, detached, edited, now, spoiled, value};
use std::io::{Cursor, Read, Seek, SeekFrom};

const DAY: i64 = 24 * 60 * 60;

fn signed_at(identity: &Identity, time: i64) -> Vec<u8> {
    let terms = Terms { time, ..Terms::default() };
    let mut signer = Signer::new(identity, &terms).unwrap();
    signer.update(CONTENT.as_bytes());
    signer.finish().unwrap()
}

/// Signs with `openssl`, which signs with any certificate.
fn signed(folder: &Folder, name: &str, more: &[&str]) -> Vec<u8> {
    folder.write("content", CONTENT);
    let (certificate, key) = (format!("{name}.pem"), format!("{name}.key"));
    let arguments =
        ["cms", "-sign", "-binary", "-in", "content", "-outform", "DER", "-out", "out", "-signer", &certificate, "-inkey", &key];
    folder.openssl(&[&arguments[..], more].concat());
    folder.read("out")
}

fn verdict(signature: &[u8], judge: &Judge) -> Verdict {
    detached(signature, CONTENT.as_bytes(), judge).unwrap().swap_remove(0)
}

fn sealed(name: &str, cipher: Cipher, transport: Transport, content: &[u8]) -> Vec<u8> {
    let recipient = Recipient { transport, ..Recipient::new(certificate(town(), name)) };
    let (envelope, mut out) = (Envelope::with(vec![recipient], cipher).unwrap(), Vec::new());
    let mut sealing = envelope.seal(content.len() as u64, &mut out).unwrap();
    sealing.update(content, &mut out).unwrap();
    sealing.finish(&mut out).unwrap();
    out
}

fn opening(sealed: &[u8], name: &str) -> &'static str {
    decrypted(sealed, &[identity(town(), name)]).map_or_else(|fault| fault.code(), |_| "opened")
}

#[test]
fn the_time_of_signing_decides_about_the_validity() {
    let (town, now) = (town(), now());
    let signer = identity(town, "person2");
    for (signed, asked, expected, weight) in [
        (now, now, &[][..], Weight::Note),
        (now + 25 * DAY, now + 25 * DAY, &["smime.expired"], Weight::Unknown),
        (now - 10 * DAY, now, &["smime.not_yet_valid", "smime.untrusted"], Weight::Unknown),
        (now, now + 25 * DAY, &["smime.expired_since"], Weight::Note),
        (now + 3 * DAY, now, &["smime.signed_in_future"], Weight::Unknown),
    ] {
        let judge = Judge { now: asked, ..Judge::of(town, "person2") };
        let verdict = verdict(&signed_at(&signer, signed), &judge);
        assert_eq!((codes(&verdict), verdict.verdict()), (expected.to_vec(), weight), "{verdict:?}");
    }
}

#[test]
fn the_signer_has_to_be_the_sender() {
    let signature = signed_at(&identity(town(), "person2"), now());
    for from in [vec!["mallory@example.com".to_owned()], vec![], vec!["person2@example.com.evil.example".to_owned()]] {
        let verdict = verdict(&signature, &Judge { from, ..Judge::of(town(), "person2") });
        assert_eq!((codes(&verdict), verdict.verdict()), (vec!["smime.other_address"], Weight::Bad));
    }
}

#[test]
fn what_is_not_trusted_says_who_is_missing() {
    let folder = authority();
    certify(&folder, "anna", P256, FOR_MAIL);
    let signature = signed_at(&identity(&folder, "anna"), now());
    let stranger = Judge { trust: Anchors::default(), ..Judge::of(&folder, "anna") };
    assert_eq!(verdict(&signature, &stranger).faults, [Fault::Untrusted(certificate(&folder, "ca").subject())]);
    // Another authority of the same name.
    let other = Judge { trust: Anchors::new(vec![certificate(town(), "ca")]), ..Judge::of(&folder, "anna") };
    assert_eq!(codes(&verdict(&signature, &other)), ["smime.untrusted"]);
    // The certificate itself is trusted.
    let friend = Judge { trust: Anchors::new(vec![certificate(&folder, "anna")]), ..Judge::of(&folder, "anna") };
    assert_eq!(codes(&verdict(&signature, &friend)), [""; 0]);
}

/// Certifies `name`, whose request is there, by another than the authority.
fn certified_by(folder: &Folder, name: &str, issuer: &str) {
    let (csr, config, out) = (format!("{name}.csr"), format!("{name}.cnf"), format!("{name}.pem"));
    let (ca, key) = (format!("{issuer}.pem"), format!("{issuer}.key"));
    let days = ["-days", "9", "-set_serial", "77", "-extfile", &config, "-extensions", "x"];
    folder.openssl(&[&["x509", "-req", "-in", &csr, "-CA", &ca, "-CAkey", &key, "-out", &out][..], &days].concat());
}

#[test]
fn a_chain_is_made_of_authorities_only() {
    const BETWEEN: &str = "basicConstraints=critical,CA:true\nkeyUsage=keyCertSign\n";
    let chained = |between: &str, more: &str| {
        let folder = authority();
        certify(&folder, "between", P256, between);
        certify(&folder, "second", P256, more);
        certify(&folder, "anna", P256, FOR_MAIL);
        certified_by(&folder, "second", "between");
        certified_by(&folder, "anna", "second");
        let chain = ["between.pem", "second.pem"].map(|name| folder.read(name)).concat();
        folder.write("chain", chain);
        let signature = signed(&folder, "anna", &["-certfile", "chain"]);
        codes(&verdict(&signature, &Judge::of(&folder, "anna"))).join(" ")
    };
    assert_eq!(chained(BETWEEN, BETWEEN), "");
    assert_eq!(chained(BETWEEN, FOR_MAIL), "smime.untrusted", "a person certifies");
    assert_eq!(chained("basicConstraints=critical,CA:true,pathlen:0\n", BETWEEN), "smime.untrusted", "one too many");
    assert_eq!(chained("basicConstraints=critical,CA:true\nkeyUsage=digitalSignature\n", BETWEEN), "smime.untrusted");
    assert_eq!(chained("basicConstraints=critical,CA:true\nextendedKeyUsage=serverAuth\n", BETWEEN), "smime.untrusted", "not for mail");
    let constrained = "basicConstraints=critical,CA:true\nnameConstraints=critical,permitted;email:.example.org\n";
    assert_eq!(chained(constrained, BETWEEN), "smime.untrusted", "what is not understood is not trusted");
}

/// Twelve authorities of one name that certify each other.
#[test]
fn authorities_that_certify_each_other_lead_nowhere() {
    let folder = authority();
    let same = "[req]\ndistinguished_name=n\nprompt=no\n[n]\nCN=Ring\n[x]\nbasicConstraints=critical,CA:true\n";
    certify(&folder, "anna", P256, FOR_MAIL);
    folder.write("ring.cnf", same);
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    folder.openssl(&[&["req", "-new", "-config", "ring.cnf", "-keyout", "ring.key", "-out", "ring.csr"][..], &key].concat());
    folder.openssl(&[
        "x509",
        "-req",
        "-in",
        "ring.csr",
        "-signkey",
        "ring.key",
        "-out",
        "ring.pem",
        "-extfile",
        "ring.cnf",
        "-extensions",
        "x",
    ]);
    let mut chain = Vec::new();
    for serial in 0..12 {
        let serial = serial.to_string();
        let arguments =
            ["x509", "-req", "-in", "ring.csr", "-CA", "ring.pem", "-CAkey", "ring.key", "-set_serial", &serial, "-out", "one.pem"];
        folder.openssl(&[&arguments[..], &["-extfile", "ring.cnf", "-extensions", "x"]].concat());
        chain.extend(folder.read("one.pem"));
    }
    folder.write("chain", chain);
    certified_by(&folder, "anna", "ring");
    let verdict = verdict(&signed(&folder, "anna", &["-certfile", "chain"]), &Judge::of(&folder, "anna"));
    assert_eq!(verdict.faults, [Fault::Untrusted("CN=Ring".to_owned())]);
}

#[test]
fn a_signature_that_was_touched_is_bad() {
    let (town, judge) = (town(), Judge::of(town(), "person0"));
    let good = signed_at(&identity(town, "person0"), now());
    // SignedData, its signers, the first: version, identifier, digest, attributes, algorithm, signature.
    let signer = [1, 0, 4, 0];
    let touched = |place: usize| edited(&good, &[&signer[..], &[place]].concat(), &spoiled);
    assert_eq!(codes(&verdict(&touched(5), &judge)), ["smime.signature_wrong"]);
    assert!(codes(&verdict(&touched(3), &judge)).contains(&"smime.signature_wrong"));
    assert_eq!(codes(&verdict(&touched(1), &judge)), ["smime.signer_unknown"]);
    let changed = detached(&good, b"Content-Type: text/plain\r\n\r\nother", &judge).unwrap();
    assert_eq!((codes(&changed[0]), changed[0].verdict()), (vec!["smime.content_changed"], Weight::Bad));
    let stripped = edited(&good, &[1, 0, 4], &|_| vec![0x31, 0]);
    assert_eq!(detached(&stripped, CONTENT.as_bytes(), &judge).unwrap_err(), Fault::NotSigned);
    let without_attributes = edited(&good, &signer, &|der| {
        let mut fields = children(der);
        fields.remove(3);
        value(0x30, &fields.concat())
    });
    assert_eq!(codes(&verdict(&without_attributes, &judge)), ["smime.content_changed"]);
}

/// What was signed with attributes must not pass for a signature of the attributes themselves.
#[test]
fn attributes_are_no_content() {
    let (town, judge) = (town(), Judge::of(town(), "person0"));
    let good = signed_at(&identity(town, "person0"), now());
    let signer = [1, 0, 4, 0];
    let mut attributes = Vec::new();
    let fields = [1, 0, 4, 0].iter().fold(good.clone(), |der, number| children(&der).swap_remove(*number));
    attributes.extend(children(&fields).swap_remove(3));
    attributes[0] = 0x31;
    let without = edited(&good, &signer, &|der| {
        let mut fields = children(der);
        fields.remove(3);
        value(0x30, &fields.concat())
    });
    assert_eq!(codes(&detached(&without, &attributes, &judge).unwrap()[0]), ["smime.attribute_wrong"]);
}

#[test]
fn a_signer_is_found_among_known_certificates() {
    let (town, signature) = (town(), signed(town(), "person0", &["-nocerts"]));
    assert_eq!(codes(&verdict(&signature, &Judge::of(town, "person0"))), ["smime.signer_unknown"]);
    let judge = Judge { known: vec![certificate(town, "person1"), certificate(town, "person0")], ..Judge::of(town, "person0") };
    assert_eq!(codes(&verdict(&signature, &judge)), [""; 0]);
}

#[test]
fn a_certificate_that_is_not_for_signing_mail_has_its_code() {
    let folder = authority();
    for (name, extensions) in [
        ("opens", "keyUsage=keyEncipherment\n"),
        ("server", "extendedKeyUsage=serverAuth\n"),
        ("authority", "basicConstraints=critical,CA:true\nkeyUsage=keyCertSign\n"),
    ] {
        certify(&folder, name, P256, extensions);
        let verdict = verdict(&signed(&folder, name, &[]), &Judge::of(&folder, name));
        assert_eq!((codes(&verdict), verdict.verdict()), (vec!["smime.not_for_signing"], Weight::Unknown), "{name}");
    }
    certify(&folder, "odd", P256, &format!("{FOR_MAIL}1.2.3.4=critical,DER:0500\n"));
    assert_eq!(codes(&verdict(&signed(&folder, "odd", &[]), &Judge::of(&folder, "odd"))), ["smime.untrusted"]);
    certify(&folder, "short", &["rsa:1024"], FOR_MAIL);
    assert_eq!(codes(&verdict(&signed(&folder, "short", &[]), &Judge::of(&folder, "short"))), ["smime.weak_key"]);
}

/// Two keys with certificates of the same issuer and serial number.
fn twins() -> Folder {
    let folder = authority();
    for (name, kind) in [("anna", RSA_2048), ("anne", RSA_2048), ("berta", P256), ("bertha", P256)] {
        certify(&folder, name, kind, FOR_MAIL);
        certified_by(&folder, name, "ca");
        let (pem, key, p12, password) = (format!("{name}.pem"), format!("{name}.key"), format!("{name}.p12"), format!("pass:{PASSWORD}"));
        folder.openssl(&["pkcs12", "-export", "-in", &pem, "-inkey", &key, "-out", &p12, "-passout", &password]);
    }
    folder
}

#[test]
fn the_certificate_that_was_signed_with_is_the_one_that_counts() {
    let folder = twins();
    // The same key in a certificate for another address.
    folder.write("anna.csr", folder.read("anna.csr"));
    // Also where the other certificate is issued some seconds later.
    let time = now() + 60;
    let signature = signed_at(&identity(&folder, "anna"), time);
    let honest = certificate(&folder, "anna");
    folder.write("anna.cnf", format!("[x]\n{FOR_MAIL}subjectAltName=email:boss@example.com\n"));
    certified_by(&folder, "anna", "ca");
    let exchanged = edited(&signature, &[1, 0, 3], &|_| value(0xa0, certificate(&folder, "anna").der()));
    assert_ne!(honest, certificate(&folder, "anna"));
    let judge = Judge { from: vec!["boss@example.com".to_owned()], now: time, ..Judge::of(&folder, "anna") };
    assert_eq!(codes(&verdict(&exchanged, &judge)), ["smime.other_certificate"]);
    let other_key = edited(&signature, &[1, 0, 3], &|_| value(0xa0, certificate(&folder, "anne").der()));
    assert!(codes(&verdict(&other_key, &Judge::of(&folder, "anne"))).starts_with(&["smime.signature_wrong"]));
}

#[test]
fn a_wrong_key_and_changed_content_are_one_fault() {
    let folder = twins();
    for (right, wrong) in [("anna", "anne"), ("berta", "bertha")] {
        for cipher in [Cipher::Aes256Cbc, Cipher::Aes256Gcm] {
            for transport in [Transport::Pkcs1, Transport::Oaep] {
                let recipient = Recipient { transport, ..Recipient::new(certificate(&folder, right)) };
                let (envelope, mut out) = (Envelope::with(vec![recipient], cipher).unwrap(), Vec::new());
                envelope.seal(0, &mut out).unwrap().finish(&mut out).unwrap();
                assert!(decrypted(&out, &[identity(&folder, right)]).is_ok());
                // In one of 255 cases the padding of CBC is right by chance.
                let fault = decrypted(&out, &[identity(&folder, wrong)]);
                assert!(fault == Err(Fault::DecryptFailed) || (cipher, transport) == (Cipher::Aes256Cbc, Transport::Pkcs1), "{fault:?}");
            }
        }
    }
    for name in ["person0", "person2"] {
        let good = sealed(name, Cipher::Aes256Gcm, Transport::Oaep, CONTENT.as_bytes());
        assert_eq!(opening(&good, name), "opened");
        // AuthEnvelopedData: version, recipients, content, tag.
        for (what, place) in [("the key", &[1, 0, 1, 0][..]), ("the content", &[1, 0, 2]), ("the tag", &[1, 0, 3])] {
            assert_eq!(opening(&edited(&good, place, &spoiled), name), "smime.decrypt_failed", "{name}: {what}");
        }
        let short = edited(&good, &[1, 0, 3], &|tag| value(4, &tag[2..14]));
        assert_eq!(opening(&short, name), "smime.decrypt_failed", "{name}: a shortened tag");
        let chained = sealed(name, Cipher::Aes256Cbc, Transport::Oaep, CONTENT.as_bytes());
        let cut = edited(&chained, &[1, 0, 2, 2], &|content| value(0x80, &content[2..content.len() - 1]));
        assert_eq!(opening(&cut, name), "smime.decrypt_failed", "{name}: cut");
        let empty = edited(&chained, &[1, 0, 2, 2], &|_| vec![0x80, 0]);
        assert_eq!(opening(&empty, name), "smime.decrypt_failed", "{name}: empty");
    }
}

/// EFAIL: without a tag, changed content comes out changed, and a fault says that it is without integrity.
#[test]
fn content_without_integrity_has_its_code() {
    let good = sealed("person0", Cipher::Aes256Cbc, Transport::Oaep, CONTENT.as_bytes());
    let changed = edited(&good, &[1, 0, 2, 2], &|content| {
        let mut content = content.to_vec();
        content[20] ^= 1;
        content
    });
    let (content, faults) = decrypted(&changed, &[identity(town(), "person0")]).unwrap();
    assert!(content != CONTENT.as_bytes() && faults == ["smime.no_integrity"]);
    // The same content under the other kind of envelope would lose its tag, or have one that is never checked.
    let gcm = sealed("person0", Cipher::Aes256Gcm, Transport::Oaep, CONTENT.as_bytes());
    let enveloped = children(&good).swap_remove(0);
    assert_eq!(opening(&edited(&gcm, &[0], &|_| enveloped.clone()), "person0"), "smime.algorithm_unsupported");
    let authenticated = children(&gcm).swap_remove(0);
    assert_eq!(opening(&edited(&good, &[0], &|_| authenticated.clone()), "person0"), "smime.algorithm_unsupported");
}

#[test]
fn other_algorithms_are_named() {
    let good = sealed("person0", Cipher::Aes256Cbc, Transport::Oaep, CONTENT.as_bytes());
    let fault = |sealed: &[u8]| decrypted(sealed, &[identity(town(), "person0")]).unwrap_err();
    // ContentInfo of digested-data; a cipher, a wrapping and a compression that are none.
    let digested = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 5];
    assert_eq!(fault(&edited(&good, &[0], &|_| digested.into())), Fault::ContentUnsupported("1.2.840.113549.1.7.5".to_owned()));
    let unknown = |der: &[u8]| value(der[0], &[&[6, 2, 0x2a, 3][..], &children(der).swap_remove(1)].concat());
    for place in [&[1, 0, 2, 1][..], &[1, 0, 1, 0, 2]] {
        assert_eq!(fault(&edited(&good, place, &unknown)), Fault::AlgorithmUnsupported("1.2.3".to_owned()), "{place:?}");
    }
    let compressed = edited(&reading::compressed_data(b""), &[1, 0, 1], &|_| vec![0x30, 4, 6, 2, 0x2a, 3]);
    assert_eq!(open(&compressed[..]).err(), Some(Fault::AlgorithmUnsupported("1.2.3".to_owned())));
    let passwords = edited(&good, &[1, 0, 1, 0], &|_| vec![0xa3, 2, 5, 0]);
    assert_eq!(fault(&passwords), Fault::OtherRecipients(Vec::new()));
}

#[test]
fn what_is_no_cms_says_so() {
    for (bytes, expected) in [
        (&b""[..], "smime.truncated"),
        (b"%PDF-1.7", "smime.malformed"),
        (b"MIIBCgYJKoZIhvcN", "smime.malformed"),
        (&[0x30, 0x88, 255, 255, 255, 255, 255, 255, 255, 255], "smime.malformed"),
        (&[0x30, 0x87, 255, 255, 255, 255, 255, 255, 255, 6, 3], "smime.truncated"),
        (&[0x30, 0x80, 6, 0x80], "smime.malformed"),
        (&[0x30, 0x80, 6, 0x84, 255, 255, 255, 255], "smime.too_large"),
    ] {
        assert_eq!(open(bytes).err().map(|fault| fault.code()), Some(expected), "{bytes:?}");
    }
    let deep = [&[0x30, 0x80, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2, 0xa0, 0x80][..], &[0x30, 0x80].repeat(100_000)].concat();
    assert_eq!(open(&deep[..]).err(), Some(Fault::TooDeep));
}

#[test]
fn every_message_that_is_cut_says_so() {
    let signature = signed_at(&identity(town(), "person2"), now());
    let streamed = signed(town(), "person2", &["-nodetach", "-stream"]);
    let judge = Judge::of(town(), "person2");
    for whole in [signature, streamed] {
        // Behind SignedData nothing is missed.
        for length in 0..whole.len() - 6 {
            let fault = reading::opaque(&whole[..length], &judge).map(drop).unwrap_err();
            assert!(matches!(fault, Fault::Truncated | Fault::TooLarge(_)), "{length}: {fault}");
        }
    }
    for cipher in [Cipher::Aes256Cbc, Cipher::Aes256Gcm] {
        let whole = sealed("person2", cipher, Transport::Announced, CONTENT.as_bytes());
        for length in 0..whole.len() {
            assert_eq!(opening(&whole[..length], "person2"), "smime.truncated", "{cipher:?}, {length}");
        }
    }
}

/// Bytes that stand once, and then a part of them many times, without being held.
struct Repeated {
    before: Vec<u8>,
    part: Vec<u8>,
    times: usize,
    behind: Vec<u8>,
    position: usize,
}

impl Read for Repeated {
    fn read(&mut self, block: &mut [u8]) -> std::io::Result<usize> {
        let middle = self.before.len() + self.part.len() * self.times;
        let piece = if self.position < self.before.len() {
            &self.before[self.position..]
        } else if self.position < middle {
            &self.part[(self.position - self.before.len()) % self.part.len()..]
        } else {
            &self.behind[self.position - middle..]
        };
        let length = piece.len().min(block.len());
        block[..length].copy_from_slice(&piece[..length]);
        self.position += length;
        Ok(length)
    }
}

impl Seek for Repeated {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        assert_eq!(to, SeekFrom::Start(0), "only the begin is sought");
        self.position = 0;
        Ok(0)
    }
}

/// A message of this kind with indefinite lengths around so many of a part, and then this.
fn many(kind: u8, before: &[u8], part: &[u8], times: usize, behind: &[u8]) -> Repeated {
    let oid = [0x30, 0x80, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, kind, 0xa0, 0x80, 0x30, 0x80];
    Repeated { before: [&oid[..], before].concat(), part: part.to_vec(), times, behind: behind.to_vec(), position: 0 }
}

#[test]
fn a_hundred_thousand_recipients_are_no_burden() {
    let theirs = sealed("person1", Cipher::Aes256Cbc, Transport::Oaep, CONTENT.as_bytes());
    let ours = sealed("person0", Cipher::Aes256Cbc, Transport::Oaep, CONTENT.as_bytes());
    let enveloped = |der: &[u8]| children(&children(&children(der)[1])[0]);
    let other = children(&enveloped(&theirs)[1]).swap_remove(0);
    let (own, body) = (children(&enveloped(&ours)[1]).swap_remove(0), enveloped(&ours).swap_remove(2));
    let behind = [&own[..], &[0, 0], &body, &[0; 6]].concat();
    let source = |behind: &[u8]| many(3, &[2, 1, 0, 0x31, 0x80], &other, 100_000, behind);
    let Ok(Opened::Encrypted(encrypted)) = open(source(&behind)) else { panic!("it is encrypted") };
    let (mut plain, mut content) = (encrypted.decrypt(&[identity(town(), "person0")]).unwrap(), Vec::new());
    while let Some(block) = plain.block().unwrap() {
        content.extend_from_slice(block);
    }
    assert_eq!(content, CONTENT.as_bytes());
    let others = [&[0, 0][..], &body, &[0; 6]].concat();
    let Ok(Opened::Encrypted(encrypted)) = open(source(&others)) else { panic!("it is encrypted") };
    let Err(Fault::OtherRecipients(named)) = encrypted.decrypt(&[identity(town(), "person0")]) else { panic!("it is for others") };
    assert_eq!(named.len(), 20);
    // All of them for us, and none with the right key: a few are tried.
    let spoiled_own = spoiled(&own);
    let Ok(Opened::Encrypted(encrypted)) = open(many(3, &[2, 1, 0, 0x31, 0x80], &spoiled_own, 100_000, &others)) else { panic!() };
    assert_eq!(encrypted.decrypt(&[identity(town(), "person0")]).err(), Some(Fault::DecryptFailed));
}

#[test]
fn many_signers_and_certificates_are_refused() {
    let signature = signed_at(&identity(town(), "person2"), now());
    let fields = children(&children(&children(&signature)[1])[0]);
    let before = [&fields[..3].concat()[..], &[0xa0, 0x80]].concat();
    let fault = |source: Repeated| {
        let Ok(Opened::Signed(signed)) = open(source) else { panic!("it is signed") };
        signed.finish().map(drop).unwrap_err()
    };
    let certificates = many(2, &before, certificate(town(), "person0").der(), 100_000, &[0; 8]);
    assert_eq!(fault(certificates), Fault::TooLarge("the list of certificates"));
    let before = [&fields[..4].concat()[..], &[0x31, 0x80]].concat();
    let signers = many(2, &before, &children(&fields[4])[0], 100_000, &[0; 8]);
    assert_eq!(fault(signers), Fault::TooLarge("the list of signers"));
    let endless = many(2, &[&before[..], &[0x30, 0x80]].concat(), &[2, 1, 1], 100_000_000, &[]);
    assert_eq!(fault(endless), Fault::TooLarge("a signer"));
}

/// A source that is another one the second time, or fails.
struct Fickle {
    times: Vec<Vec<u8>>,
    now: Cursor<Vec<u8>>,
}

impl Read for Fickle {
    fn read(&mut self, block: &mut [u8]) -> std::io::Result<usize> {
        self.now.read(block)
    }
}

impl Seek for Fickle {
    fn seek(&mut self, _: SeekFrom) -> std::io::Result<u64> {
        let next = self.times.pop().ok_or_else(|| std::io::Error::other("the disk is gone"))?;
        self.now = Cursor::new(next);
        Ok(0)
    }
}

#[test]
fn a_source_that_changes_between_the_passes_is_found_out() {
    for cipher in [Cipher::Aes256Gcm, Cipher::Aes256Cbc] {
        let good = sealed("person0", cipher, Transport::Oaep, CONTENT.as_bytes());
        let changed = edited(&good, &[1, 0, 2, 2], &spoiled);
        // Edited lengths are longer: both have them.
        let good = edited(&good, &[1, 0, 2, 2], &|der| der.to_vec());
        for times in [vec![], vec![changed]] {
            let Ok(Opened::Encrypted(encrypted)) = open(Fickle { times, now: Cursor::new(good.clone()) }) else { panic!() };
            let fault = encrypted.decrypt(&[identity(town(), "person0")]).and_then(|mut plain| {
                while plain.block()?.is_some() {}
                Ok(())
            });
            assert!(matches!(fault, Err(Fault::Source(_))), "{cipher:?}: {fault:?}");
        }
    }
}
