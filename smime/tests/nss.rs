//! NSS, the library of Thunderbird, as judge: its `cmsutil` verifies and decrypts what is made here, and what it makes is read here.
//!
//! `cmsutil` knows neither AES in GCM (RFC 5084) nor keys on curves as recipients (RFC 5753): these have other judges.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod people;
mod reading;

use people::{Folder, PASSWORD, certificate, identity, town};
use postkontor_smime::Capability;
use postkontor_smime::encrypt::{Cipher, Envelope, Recipient};
use postkontor_smime::sign::{Signer, Terms};
use reading::{CONTENT, Judge, codes, decrypted, detached, now, opaque};

/// A folder with a database of certificates in which all of the town are, with their keys.
fn database() -> Folder {
    let folder = Folder::new();
    let run = |program: &str, arguments: &[&str]| {
        let output = folder.run(program, arguments);
        assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let path = |name: &str| town().path(name).display().to_string();
    run("certutil", &["-N", "-d", "sql:.", "--empty-password"]);
    run("certutil", &["-A", "-d", "sql:.", "-n", "ca", "-t", "CT,CT,CT", "-a", "-i", &path("ca.pem")]);
    for name in ["person0", "person1", "person2", "person3"] {
        run("pk12util", &["-d", "sql:.", "-i", &path(&format!("{name}.p12")), "-W", PASSWORD, "-K", ""]);
    }
    folder.write("content", CONTENT);
    folder
}

/// What `cmsutil` writes; `None` where it refuses.
fn cmsutil(folder: &Folder, arguments: &[&str]) -> Option<Vec<u8>> {
    let output = folder.run("cmsutil", &[&[arguments[0], "-d", "sql:."], &arguments[1..]].concat());
    output.status.success().then_some(output.stdout)
}

#[test]
fn nss_verifies_and_decrypts_what_is_made_here() {
    let folder = database();
    for name in ["person0", "person1", "person2", "person3"] {
        let terms = Terms { time: now(), capabilities: Capability::own(), ..Terms::default() };
        let identity = identity(town(), name);
        let mut signer = Signer::new(&identity, &terms).unwrap();
        signer.update(CONTENT.as_bytes());
        folder.write("signature", signer.finish().unwrap());
        assert_eq!(cmsutil(&folder, &["-D", "-i", "signature", "-c", "content"]).as_deref(), Some(CONTENT.as_bytes()), "{name}");
        folder.write("other", CONTENT.replace("Gruß", "Kuss"));
        assert_eq!(cmsutil(&folder, &["-D", "-i", "signature", "-c", "other"]), None, "{name}: changed content");
    }
    for name in ["person0", "person1"] {
        let envelope = Envelope::with(vec![Recipient::new(certificate(town(), name))], Cipher::Aes256Cbc).unwrap();
        let mut sealed = Vec::new();
        let mut sealing = envelope.seal(CONTENT.len() as u64, &mut sealed).unwrap();
        sealing.update(CONTENT.as_bytes(), &mut sealed).unwrap();
        sealing.finish(&mut sealed).unwrap();
        folder.write("sealed", sealed);
        assert_eq!(cmsutil(&folder, &["-D", "-i", "sealed"]).as_deref(), Some(CONTENT.as_bytes()), "{name}");
    }
}

#[test]
fn what_nss_makes_is_read_here() {
    let folder = database();
    for name in ["person0", "person1", "person2", "person3"] {
        let nickname = format!("{name} Müller - Prüfstelle");
        let judge = Judge::of(town(), name);
        assert!(
            cmsutil(&folder, &["-S", "-N", &nickname, "-G", "-P", "-H", "SHA256", "-T", "-i", "content", "-o", "signature"]).is_some(),
            "{name}"
        );
        let signers = detached(&folder.read("signature"), CONTENT.as_bytes(), &judge).unwrap();
        assert_eq!((codes(&signers[0]), signers[0].certificate.clone()), (vec![], Some(certificate(town(), name))));
        assert!(signers[0].signed_at.is_some() && signers[0].capabilities.is_some(), "{name}");
        assert!(cmsutil(&folder, &["-S", "-N", &nickname, "-G", "-H", "SHA256", "-i", "content", "-o", "signed"]).is_some(), "{name}");
        let (content, signers) = opaque(&folder.read("signed"), &judge).unwrap();
        assert_eq!((content.as_slice(), codes(&signers[0])), (CONTENT.as_bytes(), vec![]), "{name}");
    }
    for name in ["person0", "person1"] {
        assert!(cmsutil(&folder, &["-E", "-r", &format!("{name}@example.com"), "-i", "content", "-o", "sealed"]).is_some(), "{name}");
        let (content, faults) = decrypted(&folder.read("sealed"), &[identity(town(), name)]).unwrap();
        assert_eq!(content, CONTENT.as_bytes(), "{name}");
        assert!(faults.contains(&"smime.no_integrity"), "{faults:?}");
    }
}
