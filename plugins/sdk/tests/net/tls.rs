//! TLS: certificates with every fault, versions, pins, client certificates, attacks.

use crate::call::{LONG, Patience, timed};
use crate::certificates::{File, Identity, Wish};
use crate::server::{Scripted, connect, drain, drip, settings};
use openssl::ssl::{SslAcceptor, SslAcceptorBuilder, SslStream, SslVerifyMode, SslVersion};
use openssl::x509::X509;
use postkontor_plugin::net::{Stream, Trail, step};
use postkontor_plugin::settings::{ClientCertificate, Server, Tls};
use postkontor_plugin::{Error, Secret, Stage, Status, Step, StepStatus};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A server that speaks TLS at once, says a line, and gives what it heard; none where the handshake failed.
fn secure_server(acceptor: SslAcceptorBuilder) -> Scripted<Option<Vec<u8>>> {
    with_tls(acceptor, |mut stream| {
        stream.write_all(b"220 ready\r\n").ok()?;
        Some(drain(stream))
    })
}

fn with_tls<T: Send + 'static>(
    acceptor: SslAcceptorBuilder,
    work: impl FnOnce(SslStream<TcpStream>) -> Option<T> + Send + 'static,
) -> Scripted<Option<T>> {
    let acceptor: SslAcceptor = acceptor.build();
    Scripted::new(move |socket| work(acceptor.accept(socket).ok()?))
}

fn modern(identity: &Identity) -> SslAcceptorBuilder {
    identity.acceptor(SslVersion::TLS1_2, SslVersion::TLS1_3)
}

/// Connects, secures, reads the greeting and leaves. Gives the TLS step and whether the server is verified.
fn visit(server: &Server, tls: &Tls) -> Result<(Step, bool), Error> {
    let patience = Patience::endless();
    let call = patience.call(LONG);
    let mut trail = Trail::on();
    let mut stream = Stream::connect(server, 25, &call, &mut trail)?;
    stream.secure(tls, &call, &mut trail)?;
    assert!(stream.is_secure());
    assert_eq!(stream.read_line(&call)?, b"220 ready");
    stream.write(b"PASS secret\r\n", &call)?;
    let is_verified = stream.is_verified();
    stream.finish();
    Ok((trail.steps().pop().unwrap(), is_verified))
}

fn trusting(authority: &File) -> Tls {
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
        assert_eq!((&facts["version"], &facts["cipher"]), (&json!("1.3"), &json!("TLS_AES_256_GCM_SHA384")));
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
    let patience = Patience::endless();
    let call = patience.call(LONG);
    let mut stream = connect(server.port, &call).unwrap();
    assert_eq!(stream.channel_binding(), None);
    stream.secure(&trusting(&file), &call, &mut Trail::off()).unwrap();
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
    let patience = Patience::endless();
    let server = secure_server(modern(&identity));
    let call = patience.call(LONG);
    let mut stream = connect(server.port, &call).unwrap();
    let error = stream.secure(&pinned("sha256:12", true), &call, &mut Trail::off()).err().unwrap();
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
            if cfg!(not(feature = "native-tls")) {
                assert_eq!(patch, Some(json!({"server": {"host": "localhost"}})));
            }
        }
        server.join();
    }
}

#[cfg(not(feature = "native-tls"))]
#[test]
fn old_versions_need_consent_and_are_a_warning() {
    use postkontor_plugin::settings::TlsVersion;
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
                    let oldest = if minimum == TlsVersion::Tls13 { Some("1.2") } else { (minimum > TlsVersion::Tls10).then_some("1.0") };
                    assert_eq!(failed.patch, oldest.map(|oldest| json!({"tls": {"minimum": oldest}})));
                }
            }
            server.join();
        }
    }
}

#[test]
fn a_clear_text_answer_suggests_starttls() {
    let server = Scripted::new(|mut socket| {
        socket.write_all(b"220 mail.example.com ESMTP\x1b[2J\r\n").unwrap();
        drain(socket)
    });
    let target = settings("127.0.0.1", server.port);
    let error = visit(&target, &Tls::default()).err().unwrap();
    assert_eq!((error.status, error.code.as_str()), (Status::Tls, "tls.not_tls"), "{error:?}");
    let answer = error.args["answer"].as_str().unwrap();
    // Some engines read no further than the head of what should have been a record.
    let whole = "220 mail.example.com ESMTP\\u{1b}[2J\\r";
    assert!(answer.len() >= 5 && whole.starts_with(answer) && (cfg!(feature = "native-tls") || answer == whole), "{answer}");
    let failed = step(&error, &target, &Tls::default());
    assert_eq!((failed.pointer.as_str(), failed.patch), ("/tls/mode", Some(json!({"tls": {"mode": "starttls"}}))));
    server.join();
}

#[test]
fn words_injected_in_front_of_the_handshake_end_the_session() {
    let server = Scripted::new(|mut socket| {
        socket.write_all(b"220 go ahead\r\n250 injected\r\n").unwrap();
        drain(socket)
    });
    let patience = Patience::endless();
    let call = patience.call(LONG);
    let mut stream = connect(server.port, &call).unwrap();
    assert_eq!(stream.read_line(&call).unwrap(), b"220 go ahead");
    let error = stream.secure(&Tls::default(), &call, &mut Trail::off()).err().unwrap();
    assert_eq!((error.status, error.code.as_str()), (Status::Protocol, "tls.injected_plaintext"));
    assert!(stream.read_line(&call).is_err());
    assert!(stream.write(b"PASS secret\r\n", &call).is_err());
    assert!(!stream.is_secure() && !stream.is_idle());
    assert_eq!(server.join(), b"");
}

#[test]
fn a_cut_connection_is_not_the_end_of_the_session() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    let identity = Identity::new(&Wish::default(), Some(&authority));
    for is_cut in [true, false] {
        let server = with_tls(modern(&identity), move |mut stream| {
            stream.write_all(b"half a message").ok()?;
            if !is_cut {
                stream.shutdown().ok()?;
            }
            // Leaves in an orderly manner as far as TCP goes: a reset would be another error.
            stream.get_ref().shutdown(std::net::Shutdown::Write).ok()?;
            Some(drain(stream.get_ref().try_clone().ok()?))
        });
        let patience = Patience::endless();
        let call = patience.call(LONG);
        let mut stream = Stream::connect(&settings("localhost", server.port), 25, &call, &mut Trail::off()).unwrap();
        stream.secure(&trusting(&file), &call, &mut Trail::off()).unwrap();
        let mut block = [0; 100];
        assert_eq!(stream.read(&mut block, &call).unwrap(), 14);
        let end = stream.read(&mut block, &call);
        match is_cut {
            true => assert_eq!(end.err().unwrap().code, "tls.truncated"),
            false => assert_eq!(end.unwrap(), 0),
        }
        assert!(!stream.is_idle());
        stream.close();
        server.join();
    }
}

#[test]
fn deadline_and_cancel_hold_in_the_handshake() {
    for byte in [None, Some(22)] {
        let silent_or_slow = || {
            Scripted::new(move |socket| match byte {
                None => drop(drain(socket)),
                Some(byte) => drip(socket, byte),
            })
        };
        let server = silent_or_slow();
        let patience = Patience::endless();
        let call = patience.call(Duration::from_millis(400));
        let mut stream = connect(server.port, &call).unwrap();
        let (error, took) = timed(|| stream.secure(&Tls::default(), &call, &mut Trail::off()).err().unwrap());
        // A dripping server may be found out as one that speaks no TLS before the time is over.
        assert!(error.status == Status::Timeout || byte.is_some() && error.status == Status::Tls, "{error:?}");
        assert_eq!(error.stage, Some(Stage::Tls));
        assert!(took < Duration::from_millis(1400), "{took:?}");
        stream.close();
        server.join();
    }
    let server = Scripted::new(drain);
    let patience = Patience::short();
    let call = patience.call(LONG);
    let mut stream = connect(server.port, &call).unwrap();
    let (error, took) = timed(|| stream.secure(&Tls::default(), &call, &mut Trail::off()).err().unwrap());
    assert_eq!((error.status, error.stage), (Status::Cancelled, Some(Stage::Tls)));
    assert!(took < Duration::from_secs(1), "{took:?}");
    stream.close();
    server.join();
}

#[test]
fn a_handshake_record_that_drips_ends_at_the_deadline() {
    // The head of a record of 16 KB, so that the client has to go on reading.
    let server = Scripted::new(|mut socket| {
        socket.write_all(&[22, 3, 3, 0x40, 0]).unwrap();
        drip(socket, 2);
    });
    let patience = Patience::endless();
    let call = patience.call(Duration::from_millis(400));
    let mut stream = connect(server.port, &call).unwrap();
    let (error, took) = timed(|| stream.secure(&Tls::default(), &call, &mut Trail::off()).err().unwrap());
    assert_eq!((error.status, error.stage), (Status::Timeout, Some(Stage::Tls)), "{error:?}");
    assert!(took < Duration::from_millis(1400), "{took:?}");
    stream.close();
    server.join();
}

#[test]
fn cancelling_ends_reads_and_writes_under_tls() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    let identity = Identity::new(&Wish::default(), Some(&authority));
    for is_read in [true, false] {
        let (leave, left) = std::sync::mpsc::channel::<()>();
        let server = with_tls(modern(&identity), move |stream| {
            // Ends with the sender; until then nothing is read.
            let _ = left.recv();
            drop(stream);
            Some(())
        });
        let target = settings("localhost", server.port);
        let opening = Patience::endless();
        let opening = opening.call(LONG);
        let mut stream = Stream::connect(&target, 25, &opening, &mut Trail::off()).unwrap();
        stream.secure(&trusting(&file), &opening, &mut Trail::off()).unwrap();
        let patience = Patience::short();
        let call = patience.call(LONG);
        let body = vec![0; 64 << 20];
        let (error, took) = timed(|| match is_read {
            true => stream.read_line(&call).err().unwrap(),
            false => stream.write_body(&body, &call).err().unwrap(),
        });
        assert_eq!(error.status, Status::Cancelled);
        assert!(took < Duration::from_secs(2), "{took:?}");
        stream.close();
        drop(leave);
        server.join();
    }
}

#[test]
fn megabytes_go_both_ways_under_tls() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    let identity = Identity::new(&Wish::default(), Some(&authority));
    const SIZE: usize = 8 << 20;
    let server = with_tls(modern(&identity), |mut stream| {
        let mut heard = vec![0; SIZE];
        stream.read_exact(&mut heard).ok()?;
        stream.write_all(&heard).ok()?;
        stream.shutdown().ok()?;
        Some(())
    });
    let patience = Patience::endless();
    let call = patience.call(LONG);
    let mut stream = Stream::connect(&settings("localhost", server.port), 25, &call, &mut Trail::off()).unwrap();
    stream.secure(&trusting(&file), &call, &mut Trail::off()).unwrap();
    let body: Vec<u8> = (0..SIZE).map(|at| (at / 7) as u8).collect();
    stream.write_body(&body, &call).unwrap();
    let mut heard = Vec::new();
    let mut block = vec![0; 50_000];
    while let read @ 1.. = stream.read(&mut block, &call).unwrap() {
        heard.extend_from_slice(&block[..read]);
    }
    assert!(heard == body);
    stream.close();
    server.join();
}

#[test]
fn a_kept_session_is_idle_in_spite_of_tickets_until_the_server_leaves() {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    let identity = Identity::new(&Wish::default(), Some(&authority));
    let (leave, left) = std::sync::mpsc::channel::<()>();
    let server = with_tls(modern(&identity), move |mut stream| {
        stream.write_all(b"220 ready\r\n").ok()?;
        left.recv().ok()?;
        stream.shutdown().ok()?;
        Some(())
    });
    let patience = Patience::endless();
    let call = patience.call(LONG);
    let mut stream = Stream::connect(&settings("localhost", server.port), 25, &call, &mut Trail::off()).unwrap();
    stream.secure(&trusting(&file), &call, &mut Trail::off()).unwrap();
    stream.read_line(&call).unwrap();
    assert!(stream.is_idle() && stream.is_idle());
    leave.send(()).unwrap();
    server.join();
    assert!(!stream.is_idle());
    stream.close();
}

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
    let client = Identity::new(&Wish { name: "anna", hosts: &[], for_clients: true, ..Wish::default() }, Some(&authority));
    let plain = [client.pem(), client.key.private_key_to_pem_pkcs8().unwrap()].concat();
    let mut files = vec![(client.pkcs12("geheim"), "geheim"), (client.old_pkcs12("gehe1m ä"), "gehe1m ä"), (plain, "")];
    if cfg!(not(feature = "native-tls")) {
        files.push((client.locked_pem("geheim"), "geheim"));
    }
    for (bytes, password) in files {
        let file = File::new(&bytes);
        let server = demanding(&authority, &identity);
        let own = ClientCertificate { file: file.path(), password: Secret::new(password) };
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
        client_certificate: Some(ClientCertificate { file, password: Secret::new(password) }),
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
        let patience = Patience::endless();
        let call = patience.call(LONG);
        let mut stream = connect(server.port, &call).unwrap();
        let error = stream.secure(&tls, &call, &mut Trail::off()).err().unwrap();
        assert_eq!((error.status, error.code.as_str(), error.at[0].pointer.as_str()), (Status::Tls, code, pointer), "{error:?}");
        assert!(!format!("{error:?}").contains("falsch"));
        stream.close();
        assert_eq!(server.join(), b"");
    }
}
