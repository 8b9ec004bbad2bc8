//! How sessions begin and end, with a protocol that says no more than it must.

use crate::certificates::{Identity, Wish};
use crate::server::{head, settings};
use postkontor_plugin::net::{Connector, Protocol, Recorder, Security, StartTls, Stream};
use postkontor_plugin::serde_json::json;
use postkontor_plugin::settings::{Auth, Method, Server, Tls, TlsMode};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Call, Error, Report, Secret, Stage, Status, Step, StepStatus};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

struct Toy(Stream);

impl Toy {
    fn command(&mut self, line: &str, stage: Stage, call: &Call) -> Result<bool, Error> {
        self.0.write(line.as_bytes(), call).map_err(|error| error.stage(stage))?;
        self.0.read_line(call).map(|line| line == b"OK").map_err(|error| error.stage(stage))
    }
}

impl Protocol for Toy {
    const IMPLICIT_PORT: u16 = 1;

    fn stream(&mut self) -> &mut Stream {
        &mut self.0
    }

    fn greeting(&mut self, _: Security, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        self.0.read_line(call).map_err(|error| error.stage(Stage::Greeting))?;
        recorder.push(Step::ok(Stage::Greeting));
        Ok(())
    }

    fn capabilities(&mut self, _: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        recorder.push(Step::ok(Stage::Capabilities));
        Ok(())
    }

    fn start_tls(&mut self, call: &Call) -> Result<StartTls, Error> {
        Ok(if self.command("STARTTLS\r\n", Stage::Tls, call)? { StartTls::Agreed } else { StartTls::NotOffered(None) })
    }

    fn login(&mut self, auth: &Auth, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        let line = format!("LOGIN {} {}\r\n", auth.user, auth.password.reveal());
        if self.command(&line, Stage::Login, call)? {
            recorder.push(Step::ok(Stage::Login));
            return Ok(());
        }
        Err(Error::new(Status::Auth, "auth.refused").stage(Stage::Login))
    }

    fn quit(&mut self, call: &Call) -> Result<(), Error> {
        self.command("QUIT\r\n", Stage::Quit, call).map(drop)
    }
}

/// Everything that clients have said, whatever the connection.
type Received = Arc<Mutex<Vec<u8>>>;

/// A server for any number of connections, numbered from 0, each on a thread of its own.
fn serve(work: impl Fn(usize, TcpStream, Received) + Send + Sync + 'static) -> (u16, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = Received::default();
    let (shared, work) = (received.clone(), Arc::new(work));
    std::thread::spawn(move || {
        for (number, socket) in listener.incoming().map_while(Result::ok).enumerate() {
            socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            let (work, received) = (work.clone(), shared.clone());
            std::thread::spawn(move || work(number, socket, received));
        }
    });
    (port, received)
}

/// Notes what the client says to its end.
fn listen(mut from: impl Read, received: &Received) {
    let mut block = [0; 1024];
    while let Ok(read @ 1..) = from.read(&mut block) {
        received.lock().unwrap().extend_from_slice(&block[..read]);
    }
}

/// Answers `OK` to each line but a wrong password.
fn talk(stream: &mut (impl Read + Write)) {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while let Ok(1) = stream.read(&mut byte) {
        line.push(byte[0]);
        if byte[0] == b'\n' {
            let answer: &[u8] = if line.starts_with(b"LOGIN anna wrong") { b"NO\r\n" } else { b"OK\r\n" };
            if stream.write_all(answer).is_err() {
                return;
            }
            line.clear();
        }
    }
}

fn server(port: u16, seconds: u32) -> Server {
    Server { timeout_seconds: seconds, ..settings("127.0.0.1", port) }
}

fn test(server: &Server, tls: &Tls, password: &str, call: &Call) -> Result<Report, Error> {
    let auth = Auth { user: "anna".to_owned(), password: Secret::new(password), ..Auth::default() };
    let target = server.target(25).unwrap();
    let connector = Connector { target: &target, tls, auth: &auth, tokens: None };
    connector.test(|recorder: &mut Recorder| connector.open(&Toy, call, recorder), |_: &mut Toy, _: &mut Recorder| Ok(()), call)
}

fn failed(report: &Report) -> &Step {
    report.steps.iter().find(|step| step.status == StepStatus::Fail).unwrap_or_else(|| panic!("{report:?}"))
}

fn mode(mode: TlsMode) -> Tls {
    Tls { mode, verify: false, ..Tls::default() }
}

#[test]
fn a_port_that_waits_for_tls_is_found_out_and_gets_no_password() {
    let identity = Identity::new(&Wish::default(), None);
    let acceptor = Arc::new(identity.acceptor(openssl::ssl::SslVersion::TLS1_2, openssl::ssl::SslVersion::TLS1_3).build());
    let (port, received) = serve(move |_, socket, received| {
        if let Ok(stream) = acceptor.accept(socket) {
            listen(stream, &received);
        }
    });
    std::thread::scope(|scope| {
        for kind in [TlsMode::Starttls, TlsMode::Required, TlsMode::Auto, TlsMode::None] {
            scope.spawn(move || {
                let report = test(&server(port, 8), &mode(kind), "Geheim-7", &TestHost::new().call()).unwrap();
                let step = failed(&report);
                assert_eq!((step.step, step.code.as_str(), step.pointer.as_str()), (Stage::Greeting, "tls.expected_at_once", "/tls/mode"));
                assert_eq!(step.patch, Some(json!({"tls": {"mode": "implicit"}})), "{kind:?}");
                assert_eq!(step.advice, ["advice.use_implicit"]);
                assert_eq!(report.steps.last().map(|step| (step.step, step.status)), Some((Stage::Quit, StepStatus::Skipped)));
            });
        }
    });
    assert!(received.lock().unwrap().is_empty(), "something was said behind the hello");
}

#[test]
fn a_server_that_is_merely_slow_to_greet_is_used() {
    let (port, _) = serve(|number, mut socket, received| {
        if number > 0 {
            return listen(socket, &received);
        }
        // Past half of the time that it has.
        std::thread::sleep(Duration::from_millis(1500));
        socket.write_all(b"hello\r\n").unwrap();
        talk(&mut socket);
    });
    let report = test(&server(port, 2), &mode(TlsMode::None), "Geheim-7", &TestHost::new().call()).unwrap();
    assert!(report.is_ok(), "{report:?}");
}

#[test]
fn a_server_that_says_nothing_to_anything_is_told_as_silent() {
    let (port, _) = serve(|_, socket, received| listen(socket, &received));
    let report = test(&server(port, 1), &mode(TlsMode::Starttls), "Geheim-7", &TestHost::new().call()).unwrap();
    assert_eq!((failed(&report).step, failed(&report).code.as_str()), (Stage::Greeting, "net.idle_timeout"));
}

#[test]
fn a_patch_that_would_change_nothing_is_none() {
    let (target, tls) = (server(25, 20).target(25).unwrap(), mode(TlsMode::Required));
    for (method, is_patched) in [(Method::Auto, false), (Method::Login, true)] {
        let auth = Auth { method, ..Auth::default() };
        let connector = Connector { target: &target, tls: &tls, auth: &auth, tokens: None };
        let step = connector.step::<Toy>(&Error::new(Status::Auth, "auth.mechanism_too_weak").stage(Stage::Login));
        assert_eq!(step.patch.is_some(), is_patched);
        assert_eq!(step.advice.iter().any(|code| code == "advice.method_auto"), is_patched);
        assert_eq!(connector.step::<Toy>(&Error::new(Status::Auth, "auth.encryption_needed")).patch, None);
    }
}

#[test]
fn a_cancelled_test_is_no_report() {
    // In the wait for the greeting, and in the probe behind it.
    let (port, _) = serve(|_, socket, received| listen(socket, &received));
    for moment in [300, 1300] {
        let host = TestHost::new().stopping_at(Instant::now() + Duration::from_millis(moment));
        let call = host.call();
        let error = test(&server(port, 2), &mode(TlsMode::Starttls), "Geheim-7", &call).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Cancelled, "call.cancelled"));
    }
}

/// The server waits four times the deadline for each of its two clients to leave. A probe with a time of its own would still be there.
#[test]
fn the_deadline_holds_in_the_probe() {
    const DEADLINE: Duration = Duration::from_secs(1);
    let (sender, left) = mpsc::channel();
    let (port, _) = serve(move |_, mut socket, _| {
        socket.set_read_timeout(Some(4 * DEADLINE)).unwrap();
        let mut block = [0; 1024];
        let ended = loop {
            match socket.read(&mut block) {
                Ok(1..) => (),
                ended => break ended,
            }
        };
        sender.send(ended.map_err(|error| error.kind())).unwrap();
    });
    let host = TestHost::new();
    let report = test(&server(port, 20), &mode(TlsMode::Starttls), "Geheim-7", &host.call_within(DEADLINE)).unwrap();
    let ends = [(); 2].map(|()| left.recv_timeout(20 * DEADLINE).unwrap());
    assert_eq!(ends, [Ok(0); 2], "somebody did not leave by himself");
    assert_eq!((failed(&report).code.as_str(), report.status()), ("call.timeout", Status::Timeout));
    let facts = &failed(&report).facts;
    assert_eq!((&facts["host"], &facts["port"]), (&json!("127.0.0.1"), &json!(port)));
}

#[test]
fn a_wrong_password_has_advice_and_what_comes_behind_it_is_skipped() {
    let (port, _) = serve(|_, mut socket, _| {
        socket.write_all(b"hello\r\n").unwrap();
        talk(&mut socket);
    });
    let report = test(&server(port, 20), &mode(TlsMode::None), "wrong", &TestHost::new().call()).unwrap();
    let step = failed(&report);
    assert_eq!((step.step, step.pointer.as_str()), (Stage::Login, "/auth/password"));
    assert_eq!(step.advice, ["advice.check_user_and_password", "advice.app_password"]);
    assert_eq!(report.steps.last().map(|step| (step.step, step.status)), Some((Stage::Quit, StepStatus::Skipped)));
    assert!(report.transcript.iter().any(|line| line == "S: NO"), "{:?}", report.transcript);
}

#[cfg(not(feature = "native-tls"))]
#[test]
fn a_server_with_old_tls_that_just_closes_is_found_out_on_either_kind_of_port() {
    use openssl::ssl::SslVersion;
    let identity = Identity::new(&Wish::default(), None);
    for kind in [TlsMode::Implicit, TlsMode::Starttls] {
        let acceptor = identity.acceptor(SslVersion::TLS1, SslVersion::TLS1).build();
        let (port, received) = serve(move |number, mut socket, received| {
            if kind == TlsMode::Starttls {
                socket.write_all(b"hello\r\n").unwrap();
                let mut line = [0; 10];
                socket.read_exact(&mut line).unwrap();
                socket.write_all(b"OK\r\n").unwrap();
            }
            if number == 0 {
                // The beginning of a hello that it does not understand.
                let mut hello = [0; 5];
                socket.read_exact(&mut hello).unwrap();
                return drop(socket.shutdown(std::net::Shutdown::Write));
            }
            if let Ok(stream) = acceptor.accept(socket) {
                listen(stream, &received);
            }
        });
        let report = test(&server(port, 20), &mode(kind), "Geheim-7", &TestHost::new().call()).unwrap();
        let step = failed(&report);
        assert_eq!((step.step, step.code.as_str(), step.pointer.as_str()), (Stage::Tls, "tls.version_too_old", "/tls/minimum"), "{step:?}");
        assert_eq!(step.facts["version"], "1.0");
        assert_eq!(step.patch, Some(json!({"tls": {"minimum": "1.0"}})));
        assert!(received.lock().unwrap().is_empty(), "something was said behind the handshake");
    }
}

#[test]
fn a_server_that_closes_whatever_is_said_gets_a_word_about_old_tls() {
    let (port, _) = serve(|_, mut socket, _| {
        let mut hello = [0; 5];
        // What the client says meanwhile is of no interest.
        let _ = socket.read_exact(&mut hello);
        drop(socket.shutdown(std::net::Shutdown::Write));
        drop(head(&mut socket));
    });
    let report = test(&server(port, 20), &mode(TlsMode::Implicit), "Geheim-7", &TestHost::new().call()).unwrap();
    assert_eq!(failed(&report).code, "tls.handshake_closed");
    assert_eq!(failed(&report).advice[0], "advice.maybe_old_tls");
}
