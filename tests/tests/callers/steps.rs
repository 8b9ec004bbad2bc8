//! The steps of a test reach a program as they end, and are those of the report.

use crate::installation::{Installation, has};
use postkontor_tests::dovecot::USERS;
use postkontor_tests::exchange::{CLIENT, Exchange, PASSWORD, SECRET, TENANT};
use postkontor_tests::exim::Exim;
use postkontor_tests::sandbox::{Options, Sandbox};
use postkontor_tests::scripted::Scripted;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};

/// Runs a program with a document of this one account; `each` hears of each line of it as it comes.
fn run(program: &mut Command, account: &Value, mut each: impl FnMut(&Value)) -> Vec<Value> {
    let settings = json!({"accounts": {"Büro": account}});
    let mut child = program.arg(settings.to_string()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        // What the program in Python has heard without asking would stand before this line.
        if line == "asked" {
            assert!(lines.is_empty(), "{lines:?}");
            continue;
        }
        lines.push(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")));
        each(&lines[lines.len() - 1]);
    }
    assert!(child.wait().unwrap().success(), "{lines:#?}");
    lines
}

/// Whether the steps told are those of the report, which comes last; the report.
fn told_as_reported(mut lines: Vec<Value>) -> Value {
    let report = lines.pop().unwrap();
    assert_eq!(json!(lines), report["steps"]);
    assert!(lines.len() > 1 && lines.iter().filter(|step| step["status"] == "ok").all(|step| step["message"] != ""), "{lines:#?}");
    let said = report.to_string();
    for secret in [PASSWORD, SECRET] {
        assert!(!said.contains(secret), "{said}");
    }
    report
}

fn smtp(sandbox: &Sandbox, password: &str) -> Value {
    json!({"transport": "smtp", "server": {"host": "localhost", "port": sandbox.port},
        "tls": {"mode": "starttls", "ca_file": sandbox.ca_file}, "auth": {"user": "anna", "password": password}})
}

#[test]
fn the_steps_told_are_those_of_the_report_at_smtp_whatever_comes_of_it() {
    let installation = Installation::new(&["smtp"]);
    let sandbox = Sandbox::start(Options::default()).unwrap();
    for (password, ok) in [(PASSWORD, true), ("Falsch-8", false)] {
        let report = told_as_reported(run(&mut installation.python("tests/callers/steps.py"), &smtp(&sandbox, password), |_| ()));
        assert_eq!(report["ok"], ok, "{report:#}");
    }
    if has(&["gcc"]) {
        let program = installation.gcc("tests/callers/steps.c", &["-lpostkontor"]);
        assert_eq!(told_as_reported(run(&mut Command::new(program), &smtp(&sandbox, PASSWORD), |_| ()))["ok"], true);
    }
}

#[test]
fn the_steps_told_are_those_of_the_report_at_imap_and_pop3() {
    let Some(exim) = Exim::shared() else { return };
    let (installation, dovecot) = (Installation::new(&["imap", "pop3"]), exim.dovecot());
    let user = dovecot.mailbox();
    dovecot.deliver(&user, &[b"Subject: x\r\n\r\nx\r\n".to_vec()]).unwrap();
    for (transport, port) in [("imap", dovecot.imap), ("pop3", dovecot.pop3)] {
        let account = json!({"transport": transport, "server": {"host": "localhost", "port": port},
            "tls": {"mode": "starttls", "ca_file": exim.files().authority()}, "auth": {"user": user, "password": USERS[0].1}});
        let report = told_as_reported(run(&mut installation.python("tests/callers/steps.py"), &account, |_| ()));
        assert!(report["ok"] == true && report["steps"].to_string().contains("mailbox"), "{report:#}");
    }
}

#[test]
fn the_steps_told_are_those_of_the_report_at_exchange() {
    let Some(exchange) = Exchange::shared().unwrap() else { return };
    let installation = Installation::new(&["exchange-ews", "graph"]);
    let (origin, user) = (exchange.secure(), exchange.user().unwrap());
    let oauth2 =
        json!({"grant": "client_credentials", "tenant": TENANT, "client_id": CLIENT, "client_secret": SECRET, "authority": origin});
    let accounts = [
        json!({"transport": "exchange-ews", "exchange": {"url": format!("{origin}/EWS/Exchange.asmx")},
            "tls": {"ca_file": exchange.authority()}, "auth": {"method": "password", "user": user, "password": PASSWORD}}),
        json!({"transport": "graph", "exchange": {"url": format!("{origin}/v1.0"), "mailbox": user},
            "tls": {"ca_file": exchange.authority()}, "auth": {"method": "oauth2", "user": user, "oauth2": oauth2}}),
    ];
    for account in accounts {
        let report = told_as_reported(run(&mut installation.python("tests/callers/steps.py"), &account, |_| ()));
        assert_eq!(report["ok"], true, "{report:#}");
    }
}

#[test]
fn the_steps_told_are_those_of_the_report_at_sendmail() {
    let installation = Installation::new(&["sendmail"]);
    for (command, ok) in [("/bin/sh", true), ("/nowhere/sendmail", false)] {
        let account = json!({"transport": "sendmail", "sendmail": {"command": command}});
        let report = told_as_reported(run(&mut installation.python("tests/callers/steps.py"), &account, |_| ()));
        assert_eq!(report["ok"], ok, "{report:#}");
    }
}

#[test]
fn a_server_that_stops_after_its_greeting_keeps_no_earlier_step_back() {
    let installation = Installation::new(&["smtp"]);
    let mut programs = vec![installation.python("tests/callers/steps.py")];
    if has(&["gcc"]) {
        programs.push(Command::new(installation.gcc("tests/callers/steps.c", &["-lpostkontor"])));
    }
    for mut program in programs {
        // The server answers nothing until the program has shown the step `greeting`; then it closes the connection.
        let (release, released) = mpsc::channel::<()>();
        let released = Arc::new(Mutex::new(released));
        let is_python = program.get_program() == "python3";
        let first = Mutex::new(is_python);
        let server = Scripted::start(move |mut stream| {
            stream.write_all(b"220 mail.example.com ESMTP\r\n")?;
            // The program in Python tests once without asking for steps.
            if std::mem::take(&mut *first.lock().unwrap()) {
                return Ok(());
            }
            released.lock().unwrap().recv().map_err(std::io::Error::other)?;
            stream.read(&mut [0; 100]).map(drop)
        })
        .unwrap();
        let account = json!({"transport": "smtp", "server": {"host": "127.0.0.1", "port": server.port, "timeout_seconds": 60},
            "tls": {"mode": "none"}});
        let mut heard = Vec::new();
        let lines = run(&mut program, &account, |line| {
            heard.extend(line["step"].as_str().map(str::to_owned));
            if line["step"] == "greeting" {
                release.send(()).unwrap();
            }
        });
        assert_eq!(heard[..6], ["settings", "secret", "proxy", "resolve", "connect", "greeting"], "{heard:?}");
        let report = told_as_reported(lines);
        let failed = report["steps"].as_array().unwrap().iter().find(|step| step["status"] == "fail").unwrap();
        assert_eq!(failed["code"], "net.closed_by_server", "{report:#}");
    }
}
