//! Client certificates and the files that settings name.

use crate::certificates::{File, Identity, Wish};
use crate::client;
#[cfg(not(feature = "native-tls"))]
use crate::server::step;
use crate::server::{Scripted, connect, drain, settings};
use crate::tls::{modern, trusting, visit, with_tls};
use openssl::ssl::SslVerifyMode;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::settings::{ClientCertificate, Tls};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Secret, Status};
use std::io::Write;

/// A server that demands a client certificate and says whose it got.
fn demanding(authority: &Identity, identity: &Identity) -> Scripted<Option<String>> {
    let mut acceptor = modern(identity);
    acceptor.cert_store_mut().add_cert(authority.certificate.clone()).unwrap();
    acceptor.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    with_tls(acceptor, |mut stream| {
        let certificate = stream.ssl().peer_certificate()?;
        let name = certificate.subject_name().entries().next()?.data().to_string().ok()?;
        stream.write_all(b"220 ready\r\n").ok()?;
        drain(stream);
        Some(name)
    })
}

#[test]
fn a_client_certificate_is_read_from_pem_and_pkcs12_old_and_new() {
    let authority = Identity::authority("Test CA");
    let trust = File::new(&authority.pem());
    let identity = Identity::new(&Wish::default(), Some(&authority));
    let mut files = Vec::new();
    for is_rsa in [false, true] {
        let client = Identity::new(&Wish { name: "anna", hosts: &[], for_clients: true, is_rsa, ..Wish::default() }, Some(&authority));
        if !is_rsa && client::is_without_curves() {
            continue;
        }
        let plain = [client.pem(), client.key.private_key_to_pem_pkcs8().unwrap()].concat();
        files.extend([(client.pkcs12("geheim"), "geheim"), (client.old_pkcs12("gehe1m ä"), "gehe1m ä"), (plain, "")]);
        if cfg!(not(feature = "native-tls")) {
            files.push((client.locked_pem("geheim"), "geheim"));
            files.extend([(client.old_pem(None), ""), (client.old_pem(Some("geheim")), "geheim")]);
        }
    }
    for (bytes, password) in files {
        let file = File::new(&bytes);
        let server = demanding(&authority, &identity);
        let own = ClientCertificate { file: file.path(), password: Secret::new(password), kept: Default::default() };
        visit(&settings("localhost", server.port), &Tls { client_certificate: Some(own), ..trusting(&trust) }).unwrap();
        assert_eq!(server.join().as_deref(), Some("anna"));
    }
}

#[cfg(not(feature = "native-tls"))]
#[test]
fn a_server_that_misses_our_certificate_is_understood() {
    let authority = Identity::authority("Test CA");
    let trust = File::new(&authority.pem());
    let identity = Identity::new(&Wish::default(), Some(&authority));
    let server = demanding(&authority, &identity);
    let target = settings("localhost", server.port);
    let error = visit(&target, &trusting(&trust)).err().unwrap();
    assert_eq!((error.status, error.code.as_str()), (Status::Tls, "tls.client_certificate_refused"), "{error:?}");
    assert_eq!(step(&error, &target, &Tls::default()).pointer, "/tls/client_certificate/file");
    server.join();
}

#[test]
fn files_that_cannot_be_used_are_named_with_their_setting() {
    let client = Identity::new(&Wish { name: "anna", hosts: &[], for_clients: true, ..Wish::default() }, None);
    let (locked, nonsense) = (File::new(&client.pkcs12("geheim")), File::new(b"nonsense"));
    let with = |file: String, password: &str| Tls {
        client_certificate: Some(ClientCertificate { file, password: Secret::new(password), kept: Default::default() }),
        ..Tls::default()
    };
    let missing = "/nowhere/at/all.pem".to_owned();
    for (tls, code, pointer) in [
        (with(locked.path(), "falsch"), "tls.client_certificate_locked", "/tls/client_certificate/password"),
        (with(nonsense.path(), "falsch"), "tls.client_certificate_unreadable", "/tls/client_certificate/file"),
        (with(missing.clone(), ""), "tls.client_certificate_unreadable", "/tls/client_certificate/file"),
        (Tls { ca_file: Some(missing), ..Tls::default() }, "tls.ca_file_unreadable", "/tls/ca_file"),
        (Tls { ca_file: Some(nonsense.path()), ..Tls::default() }, "tls.ca_file_unreadable", "/tls/ca_file"),
    ] {
        let server = Scripted::new(drain);
        let host = TestHost::new();
        let call = host.call();
        let mut stream = connect(server.port, &call).unwrap();
        let error = stream.secure(&tls, &call, &mut Recorder::off()).err().unwrap();
        assert_eq!((error.status, error.code.as_str(), error.at[0].pointer.as_str()), (Status::Tls, code, pointer), "{error:?}");
        assert!(!format!("{error:?}").contains("falsch"));
        stream.close();
        assert_eq!(server.join(), b"");
    }
}
