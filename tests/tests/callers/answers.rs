//! Replies, forwards and bounces in each language: `tests/callers/answer`.

use crate::installation::{Installation, good, has, valgrind};
use postkontor_core::Opened;
use std::process::Command;

const MAIL: &str = "From: Anna <anna@kunde.example>\r\nTo: orders@shop.example, carl@kunde.example\r\nSubject: =?utf-8?Q?AW:_Pr=C3=BCfung?=\r\n\
    Message-ID: <2@kunde.example>\r\nIn-Reply-To: <1@shop.example>\r\nDate: Sat, 28 Nov 2026 09:00:00 +0100\r\nMIME-Version: 1.0\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\u{fc}\u{df}e\r\n";

const BOUNCE: &[u8] = include_bytes!("../../corpus/bounces/qmail.eml");

/// Runs the program of a language, and looks at what it has built.
fn answers(installation: &Installation, program: &mut Command) {
    std::fs::write(installation.folder.file("mail.eml"), MAIL).unwrap();
    std::fs::write(installation.folder.file("bounce.eml"), BOUNCE).unwrap();
    good(program.arg(installation.folder.path()));
    let built = |name: &str| Opened::open(&installation.folder.file(name)).unwrap();
    let reply = built("reply.eml").content();
    let to: Vec<&str> = reply.to.iter().filter_map(|person| person.address.as_deref()).collect();
    assert_eq!((reply.subject.as_str(), to), ("Re: Prüfung", vec!["anna@kunde.example", "carl@kunde.example"]));
    assert_eq!(
        (reply.in_reply_to, reply.references),
        (vec!["2@kunde.example".to_owned()], vec!["1@shop.example".into(), "2@kunde.example".into()])
    );
    assert_eq!(reply.text.replace("\r\n", "\n").trim_end(), "Danke\n\nAm 28.11.2026 um 09:00 schrieb Anna:\n> Grüße");
    let forward = built("forward.eml");
    assert_eq!((forward.subject(), forward.content().parts[0].kind.as_str()), ("Fwd: AW: Prüfung", "message/rfc822"));
    assert_eq!(forward.part(0).unwrap().as_ref(), MAIL.as_bytes());
}

#[test]
fn a_c_program_answers_and_passes_on_mail_and_valgrind_finds_nothing() {
    if has(&["gcc", "valgrind"]) {
        let installation = Installation::new(&[]);
        let program = installation.gcc("tests/callers/answer.c", &["-pedantic", "-lpostkontor"]);
        answers(&installation, &mut valgrind(&program));
    }
}

#[test]
fn a_pascal_program_answers_and_passes_on_mail_and_valgrind_finds_nothing() {
    if has(&["fpc", "valgrind"]) {
        let installation = Installation::new(&[]);
        let program = installation.fpc("tests/callers/answer.dpr");
        answers(&installation, valgrind(&program).env("HEAPTRC", installation.heap()));
        installation.has_freed_all();
    }
}

#[test]
fn a_csharp_program_answers_and_passes_on_mail() {
    if has(&["mcs", "mono"]) {
        let installation = Installation::new(&[]);
        answers(&installation, &mut installation.mcs("tests/callers/Answer.cs"));
    }
}

#[test]
fn a_python_program_answers_and_passes_on_mail() {
    if has(&["python3"]) {
        let installation = Installation::new(&[]);
        answers(&installation, &mut installation.python("tests/callers/answer.py"));
    }
}
