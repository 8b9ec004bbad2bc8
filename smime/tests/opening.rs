//! What `openssl` and `gpgsm` sign, encrypt and compress, is read here.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod keybox;
mod people;
mod reading;

use keybox::Keybox;
use people::{FOR_MAIL, Folder, KINDS, P521, RSA_2048, authority, certificate, certify, identity, town};
use postkontor_smime::encrypt::{Cipher, Envelope, Recipient, Transport};
use postkontor_smime::fault::Weight;
use postkontor_smime::sign::{Signer, Terms};
use postkontor_smime::verify::{Digests, Hash};
use postkontor_smime::{Capability, Digest, Opened, open};
use reading::{CONTENT, Judge, codes, decrypted, detached, now, opaque};

/// Signs with `openssl cms -sign`; DER, or the BER of `-stream`.
fn signed(town: &Folder, names: &[&str], more: &[&str]) -> Vec<u8> {
    let folder = Folder::new();
    folder.write("content", CONTENT);
    let mut arguments = vec!["cms", "-sign", "-binary", "-in", "content", "-outform", "DER", "-out", "out"];
    let files: Vec<(String, String)> = names
        .iter()
        .map(|name| (town.path(&format!("{name}.pem")), town.path(&format!("{name}.key"))))
        .map(|(one, two)| (one.display().to_string(), two.display().to_string()))
        .collect();
    for (certificate, key) in &files {
        arguments.extend(["-signer", certificate, "-inkey", key]);
        arguments.extend(more.iter().filter(|word| word.starts_with("-keyopt") || word.contains(':')));
    }
    arguments.extend(more.iter().filter(|word| !word.starts_with("-keyopt") && !word.contains(':')));
    folder.openssl(&arguments);
    folder.read("out")
}

fn encrypted(town: &Folder, names: &[&str], more: &[&str]) -> Vec<u8> {
    let folder = Folder::new();
    folder.write("content", CONTENT);
    let mut arguments = vec!["cms", "-encrypt", "-binary", "-in", "content", "-outform", "DER", "-out", "out"];
    let (options, before): (Vec<&str>, Vec<&str>) = more.iter().partition(|word| word.starts_with("-keyopt") || word.contains(':'));
    arguments.extend(before);
    let files: Vec<String> = names.iter().map(|name| town.path(&format!("{name}.pem")).display().to_string()).collect();
    for file in &files {
        arguments.extend(["-recip", file]);
        arguments.extend(&options);
    }
    folder.openssl(&arguments);
    folder.read("out")
}

#[test]
fn every_signature_of_openssl_is_good_detached_and_opaque() {
    let town = town();
    for (number, name) in ["person0", "person1", "person2", "person3"].into_iter().enumerate() {
        let mut ways =
            vec![vec!["-md", "sha256"], vec!["-md", "sha384"], vec!["-md", "sha512"], vec!["-keyid"], vec!["-noattr"], vec!["-nosmimecap"]];
        if number < 2 {
            ways.push(vec!["-keyopt", "rsa_padding_mode:pss"]);
            ways.push(vec!["-md", "sha512", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:20"]);
        }
        for way in ways {
            let judge = Judge::of(town, name);
            let signers = detached(&signed(town, &[name], &way), CONTENT.as_bytes(), &judge).unwrap();
            assert_eq!((codes(&signers[0]), signers.len()), (vec![], 1), "{name} {way:?}");
            assert_eq!(signers[0].certificate, Some(certificate(town, name)));
            assert_eq!(signers[0].chain, [certificate(town, "ca")]);
            assert_eq!(signers[0].signed_at.is_some(), !way.contains(&"-noattr"));
            for streamed in [&["-nodetach"][..], &["-nodetach", "-stream"]] {
                // Version 3.0 cannot write PSS in a stream.
                if way.contains(&"-keyopt") && streamed.len() > 1 {
                    continue;
                }
                let (content, signers) = opaque(&signed(town, &[name], &[&way[..], streamed].concat()), &judge).unwrap();
                assert_eq!((content.as_slice(), codes(&signers[0])), (CONTENT.as_bytes(), vec![]), "{name} {way:?} {streamed:?}");
            }
            let changed = detached(&signed(town, &[name], &way), CONTENT.replace("Gruß", "Kuss").as_bytes(), &judge).unwrap();
            assert_eq!(codes(&changed[0]), ["smime.content_changed"], "{name} {way:?}");
        }
    }
}

#[test]
fn a_key_on_p521_signs_and_old_digests_are_weak() {
    let folder = authority();
    certify(&folder, "long", P521, FOR_MAIL);
    for digest in ["sha256", "sha512"] {
        let signers = detached(&signed(&folder, &["long"], &["-md", digest]), CONTENT.as_bytes(), &Judge::of(&folder, "long")).unwrap();
        assert_eq!(codes(&signers[0]), [""; 0], "{digest}");
    }
    for digest in ["sha1", "md5"] {
        let signers = detached(&signed(town(), &["person0"], &["-md", digest]), CONTENT.as_bytes(), &Judge::of(town(), "person0")).unwrap();
        assert_eq!((codes(&signers[0]), signers[0].verdict()), (vec!["smime.weak_digest"], Weight::Unknown), "{digest}");
    }
}

#[test]
fn each_of_two_signers_has_a_verdict_of_his_own() {
    let town = town();
    let signers = detached(&signed(town, &["person0", "person2"], &[]), CONTENT.as_bytes(), &Judge::of(town, "person2")).unwrap();
    assert_eq!(signers.len(), 2);
    let of = |name: &str| signers.iter().find(|signer| signer.certificate == Some(certificate(town, name))).unwrap();
    assert_eq!((codes(of("person0")), codes(of("person2"))), (vec!["smime.other_address"], vec![]));
}

#[test]
fn the_own_signature_tells_what_the_signer_can_decrypt() {
    let folder = authority();
    certify(&folder, "signs", people::P256, "keyUsage=digitalSignature\nextendedKeyUsage=emailProtection\n");
    certify(&folder, "opens", RSA_2048, "keyUsage=keyEncipherment\nextendedKeyUsage=emailProtection\n");
    let signer = identity(&folder, "signs");
    let terms = Terms {
        time: now(),
        capabilities: Capability::own(),
        encrypt_for: Some(certificate(&folder, "opens")),
        digest: Some(Digest::Sha384),
        ..Terms::default()
    };
    let mut running = Signer::new(&signer, &terms).unwrap();
    running.update(CONTENT.as_bytes());
    let signers = detached(&running.finish().unwrap(), CONTENT.as_bytes(), &Judge::of(&folder, "signs")).unwrap();
    assert_eq!(codes(&signers[0]), [""; 0]);
    assert_eq!(signers[0].capabilities, Some(Capability::own()));
    assert_eq!(signers[0].encrypt_for, Some(certificate(&folder, "opens")));
    assert_eq!(signers[0].signed_at, Some(terms.time));
}

#[test]
fn every_envelope_of_openssl_is_opened() {
    let town = town();
    let ciphers = ["-aes128", "-aes192", "-aes256", "-des3", "-aes-128-gcm", "-aes-192-gcm", "-aes-256-gcm"];
    for number in 0..KINDS.len() {
        let name = format!("person{number}");
        for cipher in ciphers {
            for more in [&[][..], &["-stream"], &["-keyid"]] {
                let sealed = encrypted(town, &[&name], &[&[cipher], more].concat());
                let (content, faults) = decrypted(&sealed, &[identity(town, &name)]).unwrap();
                assert_eq!(content, CONTENT.as_bytes(), "{name} {cipher} {more:?}");
                let expected: &[&str] = match cipher {
                    "-des3" => &["smime.weak_cipher", "smime.no_integrity"],
                    cipher if cipher.ends_with("gcm") => &[],
                    _ => &["smime.no_integrity"],
                };
                assert_eq!(faults, expected, "{name} {cipher}");
            }
        }
    }
}

#[test]
fn keys_come_in_every_wrapping() {
    let town = town();
    for hash in ["sha1", "sha256", "sha384", "sha512"] {
        for mask in ["sha1", hash] {
            let mask = format!("rsa_mgf1_md:{mask}");
            let hash = format!("rsa_oaep_md:{hash}");
            let more = ["-aes256", "-keyopt", "rsa_padding_mode:oaep", "-keyopt", &hash, "-keyopt", &mask];
            let (content, _) = decrypted(&encrypted(town, &["person0"], &more), &[identity(town, "person0")]).unwrap();
            assert_eq!(content, CONTENT.as_bytes(), "{hash} {mask}");
        }
        let kdf = format!("ecdh_kdf_md:{hash}");
        for name in ["person2", "person3"] {
            for wrap in ["-aes128-wrap", "-aes192-wrap", "-aes256-wrap"] {
                for cofactor in ["ecdh_cofactor_mode:0", "ecdh_cofactor_mode:1"] {
                    let more = ["-aes256", wrap, "-keyopt", &kdf, "-keyopt", cofactor];
                    let (content, _) = decrypted(&encrypted(town, &[name], &more), &[identity(town, name)]).unwrap();
                    assert_eq!(content, CONTENT.as_bytes(), "{name} {more:?}");
                }
            }
        }
    }
    let label = ["-aes256", "-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_label:0102"];
    assert!(decrypted(&encrypted(town, &["person0"], &label), &[identity(town, "person0")]).is_ok());
}

#[test]
fn old_outlook_is_read() {
    let folder = Folder::new();
    folder.write("content", CONTENT);
    let recipient = town().path("person0.pem").display().to_string();
    for cipher in ["-rc2-40", "-rc2-64", "-rc2-128"] {
        let arguments = [
            "smime",
            "-encrypt",
            "-provider",
            "legacy",
            "-provider",
            "default",
            "-binary",
            "-in",
            "content",
            "-outform",
            "DER",
            "-out",
            "out",
            cipher,
            &recipient,
        ];
        folder.openssl(&arguments);
        let (content, faults) = decrypted(&folder.read("out"), &[identity(town(), "person0")]).unwrap();
        assert_eq!((content.as_slice(), faults), (CONTENT.as_bytes(), vec!["smime.weak_cipher", "smime.no_integrity"]), "{cipher}");
    }
}

#[test]
fn an_old_identity_opens_what_the_new_one_does_not() {
    let town = town();
    let identities = [identity(town, "person3"), identity(town, "person1"), identity(town, "person0")];
    let sealed = encrypted(town, &["person2", "person0", "person1"], &["-aes256"]);
    assert_eq!(decrypted(&sealed, &identities).unwrap().0, CONTENT.as_bytes());
    let others = decrypted(&sealed, &identities[..1]).unwrap_err();
    assert_eq!(others.code(), "smime.other_recipients");
    assert!(others.to_string().contains(&certificate(town, "person0").serial_text()), "{others}");
}

#[test]
fn what_was_sealed_here_is_opened_here_in_every_length() {
    let town = town();
    for cipher in [Cipher::Aes256Cbc, Cipher::Aes256Gcm] {
        for transport in [Transport::Pkcs1, Transport::Oaep] {
            let recipients = ["person2", "person0"].map(|name| Recipient { transport, ..Recipient::new(certificate(town, name)) });
            let envelope = Envelope::with(recipients.into(), cipher).unwrap();
            for length in [0, 1, 15, 16, 17, 65_535, 65_536, 65_537, 300_000] {
                let content: Vec<u8> = (0..length).map(|number: u32| (number / 3) as u8).collect();
                let mut sealed = Vec::new();
                let mut sealing = envelope.seal(length.into(), &mut sealed).unwrap();
                sealing.update(&content, &mut sealed).unwrap();
                sealing.finish(&mut sealed).unwrap();
                for name in ["person0", "person2"] {
                    let opened = decrypted(&sealed, &[identity(town, name)]).unwrap().0;
                    assert!(opened == content, "{name} {cipher:?} {length}");
                }
            }
        }
    }
}

#[test]
fn compressed_content_comes_out() {
    let folder = Folder::new();
    let content: Vec<u8> = (0..400_000u32).map(|number| (number / 50) as u8).collect();
    folder.write("content", &content);
    // Most builds of openssl have no zlib: the frames are written here, the content is compressed by Python.
    let compressed =
        folder.run("python3", &["-c", "import sys,zlib; sys.stdout.buffer.write(zlib.compress(open('content','rb').read()))"]).stdout;
    let sealed = reading::compressed_data(&compressed);
    let Opened::Compressed(mut opened) = open(&sealed[..]).unwrap() else { panic!("it is compressed") };
    let mut out = Vec::new();
    while let Some(block) = opened.block().unwrap() {
        out.extend_from_slice(block);
    }
    assert!(out == content);
    let cut = &sealed[..sealed.len() / 2];
    let Opened::Compressed(mut opened) = open(cut).unwrap() else { panic!("it is compressed") };
    let fault = loop {
        match opened.block() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("half of it was taken for the whole"),
            Err(fault) => break fault,
        }
    };
    assert_eq!(fault.code(), "smime.truncated");
}

#[test]
fn certificates_alone_are_no_signature() {
    let town = town();
    let folder = Folder::new();
    let files = ["person0.pem", "ca.pem"].map(|name| town.path(name).display().to_string());
    folder.openssl(&["crl2pkcs7", "-nocrl", "-outform", "DER", "-out", "out", "-certfile", &files[0], "-certfile", &files[1]]);
    let Opened::Signed(signed) = open(std::io::Cursor::new(folder.read("out"))).unwrap() else { panic!("it is signed-data") };
    assert!(!signed.has_content());
    let (signature, content) = signed.finish().unwrap();
    assert_eq!(signature.certificates().len(), 2);
    assert_eq!(signature.verify(&content, &Judge::of(town, "person0").question()).unwrap_err().code(), "smime.not_signed");
    assert_eq!(Digests::new(Hash::ALL).finish().of(Hash::Sha1).unwrap()[..2], [0xda, 0x39]);
}

#[test]
fn what_gpgsm_signs_and_encrypts_is_read() {
    let town = town();
    let keybox = Keybox::new(town);
    keybox.folder().write("content", CONTENT);
    for number in 0..2 {
        let name = format!("person{number}");
        let user = format!("<{name}@example.com>");
        for kind in ["--detach-sign", "--sign"] {
            let output = keybox.gpgsm(&["-o", "out", "--yes", "-u", &user, kind, "content"]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let made = keybox.folder().read("out");
            let judge = Judge::of(town, &name);
            let signers = match kind {
                "--sign" => opaque(&made, &judge).map(|(content, signers)| {
                    assert_eq!(content, CONTENT.as_bytes());
                    signers
                }),
                _ => detached(&made, CONTENT.as_bytes(), &judge),
            };
            assert_eq!(codes(&signers.unwrap()[0]), [""; 0], "{name} {kind}");
        }
        for cipher in ["AES128", "AES256", "3DES"] {
            let output = keybox.gpgsm(&["-o", "out", "--yes", "-r", &user, "--cipher-algo", cipher, "--encrypt", "content"]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(decrypted(&keybox.folder().read("out"), &[identity(town, &name)]).unwrap().0, CONTENT.as_bytes(), "{name} {cipher}");
        }
    }
}
