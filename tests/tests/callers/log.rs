//! What the log callback of each language gets: every line, at its level and in UTF-8, and no password.

use crate::installation::{Installation, good, has, valgrind};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postkontor_tests::sandbox::{Options, Sandbox};
use serde_json::json;
use std::process::Command;

/// The right password, and the wrong one that `tests/callers/log` gives at last.
const PASSWORDS: [&str; 2] = ["Geheim-7", "Falsch-8"];

/// A program's installation, and a server that refuses one of its mails and one of its passwords.
struct Setup {
    installation: Installation,
    sandbox: Sandbox,
}

impl Setup {
    fn new() -> Setup {
        let installation = Installation::new(&["smtp"]);
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let account = json!({"transport": "smtp", "server": {"host": "localhost", "port": sandbox.port},
            "tls": {"mode": "starttls", "ca_file": sandbox.ca_file}, "auth": {"user": "anna", "password": {"secret": "mail"}}});
        let settings = json!({"accounts": {"Büro": account}, "sender": {"address": "anna@example.com"}});
        std::fs::write(installation.folder.file("settings.json"), settings.to_string()).unwrap();
        Setup { installation, sandbox }
    }

    /// Runs `tests/callers/log` in some language, and looks at the lines that it was given.
    fn is_told(&self, program: &mut Command) {
        let file = self.installation.folder.file("log.txt");
        good(program.arg(self.installation.file("settings.json")).arg(&file).env("PASSWORD", PASSWORDS[0]));
        let told = std::fs::read_to_string(file).unwrap();
        let lines: Vec<(u8, &str)> = told
            .lines()
            .map(|line| line.split_once(' ').unwrap())
            .map(|(level, text)| (level.parse().unwrap_or_else(|_| panic!("a line without a level: {text}")), text))
            .collect();
        let of_level = |level| -> Vec<&str> { lines.iter().filter(|(of, _)| *of == level).map(|(_, text)| *text).collect() };

        let opened = of_level(4).first().copied().unwrap_or_default();
        assert!(opened.contains(" opened with the plugins ") && opened.contains("postkontor_smtp"), "the line of opening the host: {told}");
        self.is_told_what_was_done(&of_level(3));
        self.is_told_what_failed(&of_level(1));
        assert!(of_level(2).is_empty(), "{told}");
        let dialogue = of_level(5);
        for line in ["C: STARTTLS", "C: AUTH PLAIN ***", "C: RCPT TO:<b@example.com>", "S: 550 5.1.1 No such user", "S: 535 5.7.8 "] {
            assert!(dialogue.iter().any(|text| text.starts_with(&format!("Büro: {line}"))), "{line} in {told}");
        }
        for password in PASSWORDS {
            for secret in [password.to_owned(), STANDARD.encode(password), STANDARD.encode(format!("\0anna\0{password}"))] {
                assert!(!told.contains(&secret), "{secret} in {told}");
            }
        }
    }

    fn is_told_what_was_done(&self, lines: &[&str]) {
        let mails = self.sandbox.mails();
        let mail = mails[0].text();
        let id = mail.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap();
        let server = format!("smtp localhost:{}", self.sandbox.port);
        let [test, sent] = lines else { panic!("{lines:?}") };
        assert!(test.starts_with(&format!("Büro: test of {server} passed, ")), "{test}");
        assert!(sent.starts_with(&format!("Büro: sent {id} from <anna@example.com> to b@example.com by {server}, ")), "{sent}");
        assert!(sent.ends_with(" s: 250 2.0.0 Accepted as number 1"), "{sent}");
    }

    fn is_told_what_failed(&self, lines: &[&str]) {
        let server = format!("smtp localhost:{}", self.sandbox.port);
        let [refused, login] = lines else { panic!("{lines:?}") };
        for (line, to, code) in [
            (refused, "refused@example.com", "recipients.all_refused (10) at recipients: "),
            (login, "b@example.com", "auth.refused (5) at login: "),
        ] {
            assert!(line.starts_with("Büro: not sent <"), "{line}");
            assert!(line.contains(&format!("> from <anna@example.com> to {to} by {server}: {code}")), "{line}");
        }
    }
}

#[test]
fn the_log_tells_a_c_program_all_but_the_password() {
    if has(&["gcc", "valgrind"]) {
        let setup = Setup::new();
        setup.is_told(&mut valgrind(&setup.installation.gcc("tests/callers/log.c", &["-pedantic", "-lpostkontor"])));
    }
}

#[test]
fn the_log_tells_a_pascal_program_all_but_the_password() {
    if has(&["fpc", "valgrind"]) {
        let setup = Setup::new();
        let program = setup.installation.fpc("tests/callers/log.dpr");
        setup.is_told(valgrind(&program).env("HEAPTRC", setup.installation.heap()));
        setup.installation.has_freed_all();
    }
}

#[test]
fn the_log_tells_a_csharp_program_all_but_the_password() {
    if has(&["mcs", "mono"]) {
        let setup = Setup::new();
        setup.is_told(&mut setup.installation.mcs("tests/callers/Log.cs"));
    }
}

#[test]
fn the_log_tells_a_python_program_all_but_the_password() {
    if has(&["python3"]) {
        let setup = Setup::new();
        setup.is_told(&mut setup.installation.python("tests/callers/log.py"));
    }
}
