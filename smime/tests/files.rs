//! Certificates and identities as `openssl` makes them.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod people;

use people::{FOR_MAIL, P256, P384, P521, PASSWORD, RSA_2048, authority, certificate, certify, identity, town};
use postkontor_smime::key::Kind;
use postkontor_smime::{Certificate, Error, Identity};

fn field(folder: &people::Folder, name: &str, what: &str) -> String {
    let output = folder.openssl(&["x509", "-in", &format!("{name}.pem"), "-noout", what, "-nameopt", "sep_comma_plus_space,utf8"]);
    String::from_utf8(output).unwrap().trim().split_once('=').unwrap().1.to_owned()
}

#[test]
fn a_certificate_is_read_as_openssl_reads_it() {
    let town = town();
    for (number, kind) in [Kind::Rsa { bits: 2048 }, Kind::Rsa { bits: 4096 }, Kind::P256, Kind::P384].into_iter().enumerate() {
        let name = format!("person{number}");
        let read = certificate(town, &name);
        assert_eq!(read.kind(), kind);
        assert_eq!(read.emails(), [format!("{name}@example.com")]);
        assert!(read.is_for(&format!("{name}@EXAMPLE.com")) && !read.is_for("other@example.com"));
        assert_eq!(read.subject(), format!("C=DE, O=Muster GmbH, CN={name} Müller, emailAddress={name}@example.com"));
        assert_eq!(read.issuer(), "C=DE, O=Prüfstelle, CN=Prüfstelle CA");
        assert_eq!(read.name().unwrap(), format!("{name} Müller"));
        assert_eq!(read.serial_text().to_uppercase(), field(town, &name, "-serial"));
        let printed = town.openssl(&["x509", "-in", &format!("{name}.pem"), "-noout", "-fingerprint", "-sha256"]);
        let printed = String::from_utf8(printed).unwrap().trim().split_once('=').unwrap().1.replace(':', "").to_lowercase();
        assert_eq!(read.fingerprint_text(), printed);
        assert_eq!(read.not_after() - read.not_before(), 20 * 24 * 60 * 60);
        assert!(read.is_valid_at(read.not_after()) && !read.is_valid_at(read.not_after() + 1) && !read.is_valid_at(read.not_before() - 1));
        assert!(read.can_sign() && read.can_encrypt() && read.is_for_mail() && !read.is_ca());
        assert!(read.unknown_critical().is_empty() && read.capabilities().is_none());
        assert_eq!(read.signed_part(), &read.der()[4..4 + read.signed_part().len()]);
    }
    let ca = certificate(town, "ca");
    assert!(ca.is_ca() && !ca.can_sign() && !ca.can_encrypt());
    assert_eq!(ca.key_identifier(), certificate(town, "person0").issuer_key_identifier());
}

#[test]
fn purposes_are_those_of_the_extensions() {
    let folder = authority();
    let judged = |name: &str, kind: &[&str], extensions: &str| {
        certify(&folder, name, kind, extensions);
        let read = certificate(&folder, name);
        (read.can_sign(), read.can_encrypt())
    };
    assert_eq!(judged("plain", P256, ""), (true, true));
    assert_eq!(judged("server", P256, "extendedKeyUsage=serverAuth\n"), (false, false));
    assert_eq!(judged("any", P256, "extendedKeyUsage=anyExtendedKeyUsage\n"), (true, true));
    assert_eq!(judged("signer", P256, "keyUsage=digitalSignature\n"), (true, false));
    assert_eq!(judged("witness", P256, "keyUsage=nonRepudiation\n"), (true, false));
    assert_eq!(judged("agreement", P384, "keyUsage=keyAgreement\n"), (false, true));
    assert_eq!(judged("transport", RSA_2048, "keyUsage=keyEncipherment\n"), (false, true));
    assert_eq!(judged("mistaken", P256, "keyUsage=keyEncipherment\n"), (false, false));
    certify(&folder, "critical", P256, "1.2.3.4=critical,ASN1:NULL\nnameConstraints=critical,permitted;email:example.com\n");
    assert_eq!(certificate(&folder, "critical").unknown_critical().len(), 2);
    certify(
        &folder,
        "able",
        P256,
        "1.2.840.113549.1.9.15=ASN1:SEQUENCE:c\n[c]\na=SEQUENCE:g\nb=SEQUENCE:d\n[g]\no=OID:2.16.840.1.101.3.4.1.46\n[d]\no=OID:1.2.840.113549.3.2\np=INTEGER:40\n[x2]\n",
    );
    let read = certificate(&folder, "able");
    let capabilities = read.capabilities().unwrap();
    assert_eq!(capabilities.len(), 2);
    assert_eq!(capabilities[0].algorithm.to_string(), "2.16.840.1.101.3.4.1.46");
    assert_eq!((&capabilities[0].parameters, capabilities[1].parameters.as_deref()), (&None, Some(&[2, 1, 40][..])));
}

#[test]
fn an_address_with_umlauts_stands_in_an_other_name() {
    let folder = authority();
    certify(&folder, "plain", P256, "");
    folder.write(
        "utf8.cnf",
        "[x]\n2.5.29.17=ASN1:SEQUENCE:names\n[names]\na=IMPLICIT:0,SEQUENCE:own\nb=IMPLICIT:0,SEQUENCE:other\nc=IMPLICIT:1,IA5:plain2@example.com\n\
         [own]\no=OID:1.3.6.1.5.5.7.8.9\nv=EXPLICIT:0,FORMAT:UTF8,UTF8:jörg@exämple.de\n[other]\no=OID:1.2.3.4\nv=EXPLICIT:0,UTF8:no@example.com\n",
    );
    folder.openssl(&[
        "x509",
        "-req",
        "-in",
        "plain.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-out",
        "utf8.pem",
        "-extfile",
        "utf8.cnf",
        "-extensions",
        "x",
    ]);
    assert_eq!(certificate(&folder, "utf8").emails(), ["jörg@exämple.de", "plain2@example.com", "plain@example.com"]);
}

#[test]
fn an_identity_comes_from_every_form_of_file() {
    let town = town();
    let folder = people::Folder::new();
    let password = format!("pass:{PASSWORD}");
    for (number, kind) in ["rsa", "rsa", "ec", "ec"].into_iter().enumerate() {
        let name = format!("person{number}");
        let own = certificate(town, &name);
        let (pem, key) = (town.read(&format!("{name}.pem")), town.path(&format!("{name}.key")));
        let key = key.to_str().unwrap();
        let mut files = vec![town.read(&format!("{name}.p12"))];
        // PKCS#8, encrypted PKCS#8, PKCS#1 or SEC 1, and the encryption that OpenSSL had before.
        files.push([town.read(&format!("{name}.key")), pem.clone()].concat());
        files.push([&folder.openssl(&["pkcs8", "-topk8", "-in", key, "-passout", &password])[..], &pem, &town.read("ca.pem")].concat());
        files.push(
            [
                &folder.openssl(&[
                    kind,
                    "-in",
                    key,
                    if kind == "rsa" { "-traditional" } else { "-param_enc" },
                    if kind == "rsa" { "-check" } else { "named_curve" },
                ])[..],
                &pem,
            ]
            .concat(),
        );
        let with_ca = town.path("ca.pem");
        for legacy in [&["-legacy"][..], &["-legacy", "-certpbe", "PBE-SHA1-3DES"], &["-keypbe", "AES-256-CBC", "-macalg", "SHA256"]] {
            let certificate = town.path(&format!("{name}.pem"));
            let mut arguments = vec![
                "pkcs12",
                "-export",
                "-in",
                certificate.to_str().unwrap(),
                "-inkey",
                key,
                "-certfile",
                with_ca.to_str().unwrap(),
                "-passout",
                &password,
            ];
            arguments.extend(legacy);
            files.push(folder.openssl(&arguments));
        }
        for (at, file) in files.iter().enumerate() {
            let read = Identity::read(file, PASSWORD).unwrap_or_else(|error| panic!("{name}, file {at}: {error}"));
            assert_eq!(*read.certificate(), own);
            assert!(read.key().fits(own.public_key()));
            assert_eq!(read.key().kind(), own.kind());
            let chain = if [1, 3].contains(&at) { vec![] } else { vec![certificate(town, "ca")] };
            assert_eq!(read.chain(), chain, "{name}, file {at}");
            let is_open = [1, 3].contains(&at);
            match Identity::read(file, "falsch") {
                Err(Error::IdentityLocked(_)) if !is_open => {}
                Ok(_) if is_open => {}
                other => panic!("{name}, file {at}: {other:?}"),
            }
        }
    }
}

#[test]
fn each_fault_of_a_file_has_its_code() {
    let town = town();
    let (key, pem, other) = (town.read("person2.key"), town.read("person2.pem"), town.read("person3.pem"));
    let code = |file: &[u8]| Identity::read(file, PASSWORD).unwrap_err().code();
    assert_eq!(code(&pem), "smime.no_key");
    assert_eq!(code(&key), "smime.no_certificate");
    assert_eq!(code(&[&key[..], &other].concat()), "smime.key_does_not_fit");
    assert_eq!(code(b"PDF"), "smime.identity_unreadable");
    assert_eq!(
        code(&[&key[..], b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"].concat()),
        "smime.certificate_unreadable"
    );
    assert_eq!(Certificate::read_all(&key).unwrap_err(), Error::NoCertificate);
    assert_eq!(Certificate::read_all(b"PDF").unwrap_err().code(), "smime.certificate_unreadable");
    let folder = authority();
    certify(&folder, "long", P521, FOR_MAIL);
    assert_eq!(Identity::read(&folder.read("long.p12"), PASSWORD).unwrap_err(), Error::KeyUnsupported("P-521".to_owned()));
    assert_eq!(certificate(&folder, "long").kind(), Kind::P521);
}

#[test]
fn a_file_with_two_keys_has_two_identities_and_the_signer_signs() {
    let folder = authority();
    certify(&folder, "opens", RSA_2048, "keyUsage=keyEncipherment\n");
    certify(&folder, "signs", RSA_2048, "keyUsage=digitalSignature\n");
    let file = ["opens.key", "opens.pem", "signs.key", "signs.pem"].map(|name| folder.read(name)).concat();
    assert_eq!(Identity::read_all(&file, "").unwrap().len(), 2);
    let mut signer = Identity::read(&file, "").unwrap();
    assert_eq!(*signer.certificate(), certificate(&folder, "signs"));
    assert!(signer.chain().is_empty());
    signer.extend_chain(&[certificate(&folder, "opens"), certificate(&folder, "ca")]);
    assert_eq!(signer.chain(), [certificate(&folder, "ca")]);
}

#[test]
fn nothing_prints_a_private_key() {
    let printed = format!("{:?}", identity(town(), "person2"));
    assert!(printed.contains("PrivateKey(P-256 ***)"), "{printed}");
}
