//! TLS: certificates with every fault, versions, pins, names.

use crate::certificates::{File, Identity, Wish};
use crate::client::{self, Errand};
use crate::server::{Scripted, connect, drain, settings, step};
use openssl::ssl::{SslAcceptor, SslAcceptorBuilder, SslStream, SslVersion};
use openssl::x509::X509;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::settings::{Server, Tls, TlsVersion};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Error, Stage, Status, Step, StepStatus};
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;

/// A server that speaks TLS at once, says a line, and gives what it heard; none where the handshake failed.
fn secure_server(acceptor: SslAcceptorBuilder) -> Scripted<Option<Vec<u8>>> {
    with_tls(acceptor, |mut stream| {
        stream.write_all(b"220 ready\r\n").ok()?;
        Some(drain(stream))
    })
}

pub(crate) fn with_tls<T: Send + 'static>(
    acceptor: SslAcceptorBuilder,
    work: impl FnOnce(SslStream<TcpStream>) -> Option<T> + Send + 'static,
) -> Scripted<Option<T>> {
    let acceptor: SslAcceptor = acceptor.build();
    Scripted::new(move |socket| work(acceptor.accept(socket).ok()?))
}

pub(crate) fn modern(identity: &Identity) -> SslAcceptorBuilder {
    identity.acceptor(SslVersion::TLS1_2, SslVersion::TLS1_3)
}

/// Connects, secures, reads the greeting and leaves. Gives the TLS step and whether the server is verified.
pub(crate) fn visit(server: &Server, tls: &Tls) -> Result<(Step, bool), Error> {
    client::run(&Errand::new(server, tls)).map(|visit| (visit.step, visit.is_verified))
}

pub(crate) fn trusting(authority: &File) -> Tls {
    Tls { ca_file: Some(authority.path()), ..Tls::default() }
}

#[test]
fn a_good_certificate_is_verified_and_described() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    let identity = Identity::new(&Wish::default(), Some(&authority));
    let server = secure_server(modern(&identity));
    let (step, is_verified) = visit(&settings("localhost", server.port), &trusting(&file)).unwrap();
    assert!(is_verified);
    assert_eq!((step.step, step.status, step.code.as_str()), (Stage::Tls, StepStatus::Ok, ""));
    let facts = &step.facts;
    assert_eq!((&facts["verified"], &facts["host"]), (&json!(true), &json!("localhost")));
    assert_eq!((&facts["subject"], &facts["issuer"]), (&json!("CN=localhost"), &json!("CN=Test CA")));
    assert_eq!((&facts["names"], &facts["matched"]), (&json!(["localhost", "127.0.0.1"]), &json!(["localhost"])));
    assert_eq!((&facts["sha256"], &facts["chain"][0]["sha256"]), (&json!(identity.pin()), &json!(identity.pin())));
    if cfg!(not(feature = "native-tls")) {
        let told = (facts["version"].as_str().unwrap(), facts["cipher"].as_str().unwrap());
        assert!(
            client::knows_less(TlsVersion::Tls13) && told.0 == "1.2" && !told.1.is_empty() || told == ("1.3", "TLS_AES_256_GCM_SHA384"),
            "{told:?}"
        );
    }
    let year = facts["not_after"].as_str().unwrap();
    assert!(year.starts_with("20") && year.ends_with('Z') && year.len() == 20, "{year}");
    assert_eq!(server.join().unwrap(), b"PASS secret\r\n");
}

#[test]
fn the_channel_binding_is_the_hash_of_the_certificate() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    let identity = Identity::new(&Wish::default(), Some(&authority));
    let server = secure_server(modern(&identity));
    let host = TestHost::new();
    let call = host.call();
    let mut stream = connect(server.port, &call).unwrap();
    assert_eq!(stream.channel_binding(), None);
    stream.secure(&trusting(&file), &call, &mut Recorder::off()).unwrap();
    let hash = identity.certificate.digest(openssl::hash::MessageDigest::sha256()).unwrap();
    assert_eq!(stream.channel_binding().as_deref(), Some(hash.as_ref()));
    stream.close();
    server.join();
}

struct Faulty {
    code: &'static str,
    identity: Identity,
    /// Whether the client knows the authority.
    is_known: bool,
    /// What the server sends beside its own certificate.
    issuer: Option<X509>,
}

impl Faulty {
    fn serve(&self) -> Scripted<Option<Vec<u8>>> {
        let mut acceptor = modern(&self.identity);
        if let Some(issuer) = &self.issuer {
            acceptor.add_extra_chain_cert(issuer.clone()).unwrap();
        }
        secure_server(acceptor)
    }
}

fn faulty(authority: &Identity) -> Vec<Faulty> {
    let known = |code, wish: &Wish| Faulty { code, identity: Identity::new(wish, Some(authority)), is_known: true, issuer: None };
    let leaf = Identity::new(&Wish { name: "leaf", ..Wish::default() }, Some(authority));
    vec![
        known("tls.certificate_expired", &Wish { from: -30, until: -1, ..Wish::default() }),
        known("tls.certificate_not_yet_valid", &Wish { from: 1, ..Wish::default() }),
        known("tls.certificate_wrong_host", &Wish { hosts: &["mail.example.com"], ..Wish::default() }),
        // Only the common name says localhost; a name as a DNS name that is an address; a star for everything.
        known("tls.certificate_wrong_host", &Wish { hosts: &[], ..Wish::default() }),
        known("tls.certificate_wrong_host", &Wish { hosts: &["*"], ..Wish::default() }),
        known("tls.certificate_untrusted", &Wish { for_clients: true, ..Wish::default() }),
        Faulty { code: "tls.certificate_self_signed", identity: Identity::new(&Wish::default(), None), is_known: false, issuer: None },
        Faulty {
            code: "tls.certificate_unknown_authority",
            identity: Identity::new(&Wish::default(), Some(&Identity::authority("Stranger"))),
            is_known: false,
            issuer: None,
        },
        // A server's certificate must not issue others.
        Faulty {
            code: "tls.certificate_untrusted",
            identity: Identity::new(&Wish::default(), Some(&leaf)),
            is_known: true,
            issuer: Some(leaf.certificate),
        },
    ]
}

#[test]
fn each_fault_of_a_certificate_has_its_own_code_and_nothing_is_sent() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    for faulty in faulty(&authority) {
        let server = faulty.serve();
        let Faulty { code, identity, is_known, .. } = faulty;
        let settings = settings("localhost", server.port);
        let tls = if is_known { trusting(&file) } else { Tls::default() };
        let error = visit(&settings, &tls).err().unwrap();
        assert_eq!((error.status, error.code.as_str(), error.stage), (Status::Tls, code, Some(Stage::Tls)), "{error:?}");
        assert_eq!((&error.args["host"], &error.args["port"]), (&json!("localhost"), &json!(server.port)));
        let failed = step(&error, &settings, &tls);
        assert_eq!((failed.status, failed.status_number), (StepStatus::Fail, 6));
        assert!(!failed.advice.is_empty() && !failed.pointer.is_empty(), "{failed:?}");
        if cfg!(not(feature = "native-tls")) {
            assert_eq!(error.args["sha256"], identity.pin());
            for fact in ["subject", "issuer", "not_before", "not_after", "names"] {
                assert!(failed.facts.contains_key(fact), "{fact}");
            }
        }
        assert_eq!(server.join().unwrap_or_default(), b"");
    }
}

#[test]
fn without_verification_the_fault_is_a_warning_and_the_connection_goes_on() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    for faulty in faulty(&authority) {
        let server = faulty.serve();
        let Faulty { code, is_known, .. } = faulty;
        let tls = Tls { verify: false, ..if is_known { trusting(&file) } else { Tls::default() } };
        let (step, is_verified) = visit(&settings("localhost", server.port), &tls).unwrap();
        assert!(!is_verified);
        assert_eq!((step.status, step.status_number, step.pointer.as_str()), (StepStatus::Warn, 0, "/tls/verify"));
        if cfg!(not(feature = "native-tls")) {
            assert_eq!(step.code, code);
            assert_eq!(step.facts["faults"][0], code);
        }
        assert!(!step.advice.is_empty());
        assert_eq!(server.join().unwrap(), b"PASS secret\r\n");
    }
}

#[test]
fn verification_that_is_off_without_need_is_a_warning() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    let server = secure_server(modern(&Identity::new(&Wish::default(), Some(&authority))));
    let (step, _) = visit(&settings("localhost", server.port), &Tls { verify: false, ..trusting(&file) }).unwrap();
    assert_eq!((step.status, step.code.as_str()), (StepStatus::Warn, "tls.verify_off"));
    assert_eq!(step.patch, Some(json!({"tls": {"verify": true}})));
    server.join();
}

#[cfg(not(feature = "native-tls"))]
#[test]
fn several_faults_are_named_by_the_gravest_and_all_listed() {
    let identity = Identity::new(&Wish { hosts: &["mail.example.com"], from: -30, until: -1, ..Wish::default() }, None);
    let server = secure_server(modern(&identity));
    let error = visit(&settings("localhost", server.port), &Tls::default()).err().unwrap();
    assert_eq!(error.code, "tls.certificate_expired");
    let faults: Vec<&str> = error.args["faults"].as_array().unwrap().iter().filter_map(serde_json::Value::as_str).collect();
    assert!(faults.contains(&"tls.certificate_self_signed") && faults.contains(&"tls.certificate_wrong_host"), "{faults:?}");
    server.join();
}

#[test]
fn a_pin_accepts_one_certificate_and_no_other() {
    let identity = Identity::new(&Wish::default(), None);
    let (mine, other) = (identity.pin(), Identity::new(&Wish::default(), None).pin());
    let pinned = |pin: &str, verify| Tls { verify, pin: Some(pin.to_owned()), ..Tls::default() };
    let server = secure_server(modern(&identity));
    let (step, is_verified) =
        visit(&settings("localhost", server.port), &pinned(&mine.to_ascii_uppercase().replace("SHA", "sha"), false)).unwrap();
    assert!(is_verified);
    assert_eq!((step.status, &step.facts["pinned"]), (StepStatus::Ok, &json!(true)));
    server.join();
    let server = secure_server(modern(&identity));
    let error = visit(&settings("localhost", server.port), &pinned(&other, false)).err().unwrap();
    assert_eq!((error.status, error.code.as_str()), (Status::Tls, "tls.certificate_pin_mismatch"));
    assert_eq!((&error.args["sha256"], &error.args["expected"]), (&json!(mine), &json!(other)));
    assert_eq!(server.join().unwrap_or_default(), b"");
    // With verification on, the pin does not make up for an unknown authority.
    let server = secure_server(modern(&identity));
    let error = visit(&settings("localhost", server.port), &pinned(&mine, true)).err().unwrap();
    assert_eq!(error.code, "tls.certificate_self_signed");
    server.join();
    let host = TestHost::new();
    let server = secure_server(modern(&identity));
    let call = host.call();
    let mut stream = connect(server.port, &call).unwrap();
    let error = stream.secure(&pinned("sha256:12", true), &call, &mut Recorder::off()).err().unwrap();
    assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Settings, "/tls/pin"));
    stream.close();
    server.join();
}

#[cfg(not(feature = "native-tls"))]
#[test]
fn the_patch_for_a_self_signed_certificate_repairs_it() {
    let identity = Identity::new(&Wish::default(), None);
    let server = secure_server(modern(&identity));
    let target = settings("localhost", server.port);
    let error = visit(&target, &Tls::default()).err().unwrap();
    server.join();
    let patch = step(&error, &target, &Tls::default()).patch.unwrap();
    let repaired: Tls = serde_json::from_value(patch["tls"].clone()).unwrap();
    let server = secure_server(modern(&identity));
    let (step, is_verified) = visit(&settings("localhost", server.port), &repaired).unwrap();
    assert_eq!((step.status, is_verified), (StepStatus::Ok, true));
    server.join();
}

/// The next connection uses new settings and new files, though contexts are kept for all connections alike.
#[test]
fn a_ca_file_that_changed_is_read_again() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&Identity::authority("Stranger").pem());
    let identity = Identity::new(&Wish::default(), Some(&authority));
    let server = secure_server(modern(&identity));
    let error = visit(&settings("localhost", server.port), &trusting(&file)).err().unwrap();
    assert_eq!(error.code, "tls.certificate_unknown_authority");
    server.join();
    std::fs::write(file.path(), [authority.pem(), b"\n# renewed\n".to_vec()].concat()).unwrap();
    let server = secure_server(modern(&identity));
    assert!(visit(&settings("localhost", server.port), &trusting(&file)).unwrap().1);
    server.join();
}

#[test]
fn addresses_are_verified_as_addresses_and_names_are_announced() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    for (host, hosts, announced, is_good) in [
        ("localhost", ["localhost"], Some("localhost"), true),
        ("127.0.0.1", ["127.0.0.1"], None, true),
        ("127.0.0.1", ["localhost"], None, false),
    ] {
        let identity = Identity::new(&Wish { hosts: &hosts, ..Wish::default() }, Some(&authority));
        let (tell, told) = std::sync::mpsc::channel();
        let mut acceptor = modern(&identity);
        acceptor.set_servername_callback(move |ssl, _| {
            tell.send(ssl.servername(openssl::ssl::NameType::HOST_NAME).map(str::to_owned)).unwrap();
            Ok(())
        });
        let server = secure_server(acceptor);
        let result = visit(&settings(host, server.port), &trusting(&file));
        assert_eq!(result.is_ok(), is_good, "{host} {hosts:?}");
        assert_eq!(told.recv().unwrap().as_deref(), announced);
        if let Err(error) = result {
            assert_eq!(error.code, "tls.certificate_wrong_host");
            let patch = step(&error, &settings(host, server.port), &Tls::default()).patch;
            // Nothing connects an address with a name.
            assert_eq!(patch, None);
        }
        server.join();
    }
}

#[cfg(not(feature = "native-tls"))]
#[test]
fn old_versions_need_consent_and_are_a_warning() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    let identity = Identity::new(&Wish::default(), Some(&authority));
    let all = [
        (SslVersion::TLS1, TlsVersion::Tls10),
        (SslVersion::TLS1_1, TlsVersion::Tls11),
        (SslVersion::TLS1_2, TlsVersion::Tls12),
        (SslVersion::TLS1_3, TlsVersion::Tls13),
    ];
    for (spoken, version) in all {
        for (_, minimum) in all {
            if client::knows_less(version.max(minimum)) {
                continue;
            }
            let server = secure_server(identity.acceptor(spoken, spoken));
            let target = settings("localhost", server.port);
            let tls = Tls { minimum, ..trusting(&file) };
            match visit(&target, &tls) {
                Ok((step, true)) => {
                    assert!(minimum <= version, "{version:?} was taken, though {minimum:?} was asked for");
                    let expected = if version < TlsVersion::Tls12 { (StepStatus::Warn, "tls.version_old") } else { (StepStatus::Ok, "") };
                    assert_eq!((step.status, step.code.as_str()), expected);
                    assert_eq!(step.facts["version"], json!(version));
                }
                Ok((_, false)) => panic!("not verified"),
                Err(error) => {
                    assert!(minimum > version, "{version:?} with {minimum:?}: {error:?}");
                    assert_eq!((error.status, error.code.as_str()), (Status::Tls, "tls.version_too_old"), "{error:?}");
                    let failed = step(&error, &target, &tls);
                    let guess = if minimum == TlsVersion::Tls13 { "1.2" } else { "1.0" };
                    // An engine that lets the server speak knows what it spoke.
                    let oldest = error.args.get("version").and_then(serde_json::Value::as_str).unwrap_or(guess);
                    let oldest = (minimum > TlsVersion::Tls10).then_some(oldest);
                    assert_eq!(failed.patch, oldest.map(|oldest| json!({"tls": {"minimum": oldest}})));
                }
            }
            server.join();
        }
    }
}

/// A system that knows nothing newer than a server asks for, or than the settings ask for, says so, and does not blame the server.
#[cfg(not(feature = "native-tls"))]
#[test]
fn a_system_without_the_newest_version_says_so() {
    if !client::knows_less(TlsVersion::Tls13) {
        return;
    }
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    let identity = Identity::new(&Wish::default(), Some(&authority));
    for (spoken, minimum) in [(SslVersion::TLS1_3, TlsVersion::Tls12), (SslVersion::TLS1_2, TlsVersion::Tls13)] {
        let server = secure_server(identity.acceptor(spoken, spoken));
        let target = settings("localhost", server.port);
        let error = visit(&target, &Tls { minimum, ..trusting(&file) }).err().unwrap();
        assert_eq!((error.status, error.code.as_str()), (Status::Tls, "tls.system_too_old"), "{error:?}");
        server.join();
    }
}
