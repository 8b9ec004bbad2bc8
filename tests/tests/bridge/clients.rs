//! Foreign programs hand mail over.

use crate::setup::{Running, clear, files, taking, tls};
use postkontor_bridge::Limits;
use postkontor_tests::folder::{Folder, private};
use postkontor_tests::skip;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// How a client secures its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    None,
    Starttls,
    Implicit,
}

/// Runs a program with an input, and says what it said. `None` where it is not installed, which is noted.
pub(crate) fn run(program: &str, arguments: &[&str], input: &str) -> Option<String> {
    let piped = Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = piped else {
        skip::because(&format!("{program} is not installed"));
        return None;
    };
    // A program that asks for nothing may have ended before.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{program} {arguments:?}: {said}");
    Some(said)
}

/// The mail of a program: by the account of the login, from Anna to Berta, with a body that has a dot at the beginning of a line.
fn has_come(bridge: &Running) {
    let mail = bridge.mail();
    assert_eq!((mail.account.as_str(), mail.from.as_str()), ("main", "anna@example.com"), "{}", mail.text());
    assert_eq!(mail.recipients, ["berta@example.com"]);
    assert!(mail.text().contains("\r\nSubject: Invoice\r\n") && mail.body().contains(".dot\r\nlast"), "{}", mail.text());
    assert!(!mail.text().contains("\n..dot"), "{}", mail.text());
    let [head, body] = [mail.text().split_once("\r\n\r\n").unwrap().0.to_ascii_lowercase(), mail.body()];
    assert_eq!(["\r\ndate:", "\r\nfrom:", "\r\nmessage-id:"].map(|field| head.matches(field).count()), [1; 3], "{head}\n{body}");
}

/// Bridges in clear text, with STARTTLS, and with TLS from the first byte.
fn each(hand_over: impl Fn(&Running, Mode) -> bool) {
    for (mode, tls) in [(Mode::None, clear()), (Mode::Starttls, tls("starttls", "1.2")), (Mode::Implicit, tls("implicit", "1.3"))] {
        let bridge = Running::start(&taking(tls), Limits::default());
        if hand_over(&bridge, mode) {
            has_come(&bridge);
            let text = bridge.mail().text();
            assert!(text.contains(if mode == Mode::None { " with ESMTPA id" } else { " with ESMTPSA id" }), "{mode:?}: {text}");
        }
    }
}

const MAIL: &str = "From: anna@example.com\nTo: berta@example.com\nSubject: Invoice\n\nfirst\n.dot\nlast\n";

#[test]
fn swaks_hands_over() {
    for mechanism in ["PLAIN", "LOGIN", "CRAM-MD5"] {
        each(|bridge, mode| {
            let port = bridge.port().to_string();
            let secure = match mode {
                Mode::None => None,
                Mode::Starttls => Some("-tls"),
                Mode::Implicit => Some("-tlsc"),
            };
            let mut arguments = vec!["--server", "127.0.0.1", "--port", &port, "--from", "anna@example.com", "--to", "berta@example.com"];
            arguments.extend(["--auth", mechanism, "--auth-user", "anna", "--auth-password", "Geheim-7", "--data", "-"]);
            arguments.extend(secure);
            run("swaks", &arguments, MAIL).is_some()
        });
    }
}

#[test]
fn swaks_pipelines() {
    let bridge = Running::start(&taking(clear()), Limits::default());
    let port = bridge.port().to_string();
    let arguments = ["--server", "127.0.0.1", "--port", &port, "--pipeline", "--from", "a@b.c", "--to", "d@e.f,g@h.i", "--body", "x"];
    if run("swaks", &arguments, "").is_some() {
        assert_eq!((bridge.mail().account.as_str(), bridge.mail().recipients.len()), ("scans", 2));
    }
}

#[test]
fn smtplib_of_python_hands_over() {
    let program = "import smtplib, ssl, sys\n\
        port, mode, authority = int(sys.argv[1]), sys.argv[2], sys.argv[3]\n\
        context = ssl.create_default_context(cafile=authority)\n\
        server = smtplib.SMTP_SSL('localhost', port, context=context) if mode == 'Implicit' else smtplib.SMTP('127.0.0.1', port)\n\
        if mode == 'Starttls': server._host = 'localhost'; server.starttls(context=context)\n\
        server.login('anna', 'Geheim-7')\n\
        assert server.sendmail('anna@example.com', ['berta@example.com'], sys.stdin.read()) == {}\n\
        server.quit()\n";
    each(|bridge, mode| {
        let (port, authority) = (bridge.port().to_string(), files().authority().display().to_string());
        run("python3", &["-c", program, &port, &format!("{mode:?}"), &authority], MAIL).is_some()
    });
}

#[test]
fn curl_hands_over() {
    each(|bridge, mode| {
        let (scheme, port, authority) = (if mode == Mode::Implicit { "smtps" } else { "smtp" }, bridge.port(), files().authority());
        let (url, authority) = (format!("{scheme}://localhost:{port}/scanner"), authority.display().to_string());
        let mut arguments = vec!["--silent", "--show-error", "--crlf", "--url", &url, "--mail-from", "anna@example.com", "--ipv4"];
        arguments.extend(["--mail-rcpt", "berta@example.com", "--user", "anna:Geheim-7", "--upload-file", "-", "--cacert", &authority]);
        if mode == Mode::Starttls {
            arguments.push("--ssl-reqd");
        }
        run("curl", &arguments, MAIL).is_some()
    });
}

#[test]
fn msmtp_hands_over() {
    let folder = Folder::new().unwrap();
    each(|bridge, mode| {
        let (port, authority) = (bridge.port(), files().authority());
        let secure = match mode {
            Mode::None => "tls off".to_owned(),
            Mode::Starttls => format!("tls on\ntls_starttls on\ntls_trust_file {}", authority.display()),
            Mode::Implicit => format!("tls on\ntls_starttls off\ntls_trust_file {}", authority.display()),
        };
        let file = folder.file("msmtprc");
        // In clear text it logs in without saying the password.
        let method = if mode == Mode::None { "cram-md5" } else { "plain" };
        write(
            &file,
            &format!(
                "account default\nhost localhost\nport {port}\nfrom anna@example.com\nauth {method}\nuser anna\npassword Geheim-7\n{secure}\n"
            ),
        );
        run("msmtp", &["-C", &file.display().to_string(), "berta@example.com"], MAIL).is_some()
    });
}

/// Writes a file that no other user may read.
pub(crate) fn write(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap();
    private(file).unwrap();
}

#[test]
fn a_machine_of_old_hands_over_where_the_settings_allow_its_tls() {
    // All that it has to say at once, as it cannot wait for replies; the bridge answers in order.
    let talk = |bridge: &Running, versions: &[&str]| {
        let address = format!("127.0.0.1:{}", bridge.port());
        let mut arguments = vec!["s_client", "-quiet", "-crlf", "-no_ign_eof", "-connect", &address, "-cipher", "DEFAULT:@SECLEVEL=0"];
        arguments.extend(versions);
        let dialogue = "HELO machine\nMAIL FROM:<scan@example.com>\nRCPT TO:<berta@example.com>\nDATA\n";
        let child = Command::new("openssl").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let Ok(mut child) = child else {
            skip::because("openssl is not installed");
            return None;
        };
        let mut input = child.stdin.take().unwrap();
        drop(input.write_all(dialogue.as_bytes()).and_then(|()| input.write_all(b"Subject: Scan\n\npage\n.\nQUIT\n")));
        let said = String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).into_owned();
        drop(input);
        Some(said)
    };
    for version in ["-tls1", "-tls1_1"] {
        let allowed = Running::start(&taking(tls("implicit", "1.0")), Limits::default());
        let Some(said) = talk(&allowed, &[version]) else { return };
        assert!(said.contains("250 2.0.0 Ok: queued as 1"), "{version}: {said}");
        assert_eq!((allowed.mail().account.as_str(), allowed.mail().body().as_str()), ("scans", "page\r\n"));
        let refused = Running::start(&taking(tls("implicit", "1.2")), Limits::default());
        assert_eq!(talk(&refused, &[version]).as_deref(), Some(""), "{version} is not spoken unasked");
        assert!(refused.mails().is_empty());
    }
    let middle = Running::start(&taking(tls("implicit", "1.1")), Limits::default());
    assert_eq!(talk(&middle, &["-tls1"]).as_deref(), Some(""));
    assert!(talk(&middle, &["-tls1_3"]).unwrap().contains("queued as 1"), "what is newer is spoken, too");
}
