//! The log of an account's calls, with a transport that logs on request.

#![allow(clippy::unwrap_used, reason = "a test ends there")]

use postkontor_core::{Account, Callbacks, Cancel, Host, Level, Receipts, Secret, Status};
use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::{
    Answer, Body, Call, Error, Folder, ListRequest, Listing, Mail, Opening, Reply, Report, Sent, Stage, Step, TestRequest, Transport,
    Verdict, schemars, serde,
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Umlaut, quote, backslash, blank.
const PASSWORD: &str = "Zü\"r\\ ich";

/// A transport that echoes its password wherever it can, as a foreign plugin may.
struct Parrot {
    does: String,
    password: Secret,
    names: String,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {
    parrot: Group,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Group {
    does: String,
    #[schemars(extend("x-postkontor" = {"secret": true}))]
    password: Secret,
}

impl Transport for Parrot {
    const NAME: &'static str = "parrot";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["test", "send", "list", "apply"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[("en", r#"{"codes":{"parrot.refused":"The parrot refuses: {text}"}}"#)];
    type Settings = Settings;

    fn open(settings: Settings, opening: &Opening) -> Result<Parrot, Error> {
        let names = opening.secrets.iter().map(|(pointer, name)| format!("{pointer} is {name}")).collect();
        Ok(Parrot { does: settings.parrot.does, password: settings.parrot.password, names })
    }

    fn test(&mut self, _request: &TestRequest, _call: &Call) -> Result<Report, Error> {
        let error = self.refusal();
        let weak = Step::warn(Stage::Tls, "tls.clear_text").fact("text", self.password.reveal());
        Ok(Report { steps: vec![Step::ok(Stage::Connect), weak, Step::fail(Stage::Login, &error)], transcript: vec![self.echo()] })
    }

    fn send(&mut self, mail: &Mail, _body: &mut Body, call: &Call) -> Result<Sent, Error> {
        call.log(Level::Debug, format_args!("opened with: {}", self.names));
        call.log(Level::Trace, self.echo());
        call.log(Level::Trace, "S: 250 go on\r\nS: a line of the server's own");
        if self.does == "keep" {
            call.secret_put("renewed", &Secret::new("brand-new-token"))?;
            call.log(Level::Debug, "kept brand-new-token");
        }
        if self.does != "send" {
            return Err(self.refusal());
        }
        let accepted = |address: &String| Answer { address: address.clone(), status: Verdict::Accepted, reply: Reply::default() };
        let reply = Reply { code: 250, enhanced: Some("2.0.0".to_owned()), text: "queued as 4711".to_owned() };
        Ok(Sent {
            recipients: mail.recipients.iter().map(accepted).collect(),
            size: mail.size.unwrap_or_default(),
            saved_to: None,
            reply: Some(reply),
            ..Sent::default()
        })
    }

    fn list(&mut self, _request: &ListRequest, call: &Call) -> Result<Listing, Error> {
        let levels = [Level::Error, Level::Warning, Level::Information, Level::Debug, Level::Trace];
        let reads = levels.into_iter().filter(|level| call.logs(*level)).count();
        let folder = |name: &str| Folder { name: name.to_owned(), delimiter: Some(reads.to_string()), ..Folder::default() };
        Ok(Listing::Folders { folders: vec![folder("a"), folder("b")] })
    }
}

impl Parrot {
    fn echo(&self) -> String {
        format!("S: you said {}", self.password.reveal().replace('\\', "\\\\").replace('"', "\\\"").to_uppercase())
    }

    fn refusal(&self) -> Error {
        let reply = Reply { code: 535, enhanced: None, text: self.echo() };
        let error = Error::new(Status::Auth, "parrot.refused").stage(Stage::Login).arg("text", self.echo()).server(reply);
        error.detail(self.password.reveal().replace('ü', "%C3%BC"))
    }
}

static PARROT: Plugin = postkontor_plugin::abi::vtable::<Parrot>();

/// A program that keeps what the log says, up to a level.
struct Program {
    lines: Arc<Mutex<Vec<(i32, String)>>>,
    level: Option<Level>,
}

impl Callbacks for Program {
    fn log(&self, level: i32, text: &str) {
        self.lines.lock().unwrap().push((level, text.to_owned()));
    }

    fn log_level(&self) -> Option<Level> {
        self.level
    }

    fn secret_get(&self, name: &str) -> Option<Secret> {
        (name == "the one").then(|| Secret::new(PASSWORD))
    }

    fn secret_put(&self, name: &str, _value: &Secret) -> bool {
        name == "renewed"
    }
}

type Lines = Arc<Mutex<Vec<(i32, String)>>>;

fn host(config: &Value, level: Option<Level>) -> (Arc<Host>, Lines) {
    let lines = Lines::default();
    let program = Program { lines: lines.clone(), level };
    (Host::open_with(&config.to_string(), Box::new(program), &[&PARROT]).unwrap(), lines)
}

fn settings(does: &str) -> String {
    json!({
        "accounts": {
            "main": {"transport": "parrot", "parrot": {"does": does, "password": {"secret": "the one"}}},
            "other": {"transport": "parrot", "parrot": {"does": "send", "password": {"secret": "the one"}}},
        },
        "sender": {"address": "office@example.com", "charset": "windows-1250"},
        "send": {"account": "main", "fallback": if does == "refuse first" { vec!["other"] } else { vec![] }},
    })
    .to_string()
}

fn send(host: &Arc<Host>, does: &str) -> Result<Receipts, Error> {
    let mail = json!({"to": ["a@example.com", "b@example.com"], "subject": "Größe ✓", "text": "x", "message_id": "4711@example.com"});
    Account::open(host, &settings(does), None).unwrap().send_document(&mail.to_string(), &[], &Cancel::default())
}

/// The lines of a level, joined.
fn of_level(lines: &Lines, level: Level) -> String {
    let lines = lines.lock().unwrap();
    lines.iter().filter(|(number, _)| *number == level as i32).map(|(_, line)| format!("{line}\n")).collect()
}

#[test]
fn a_mail_is_told_at_the_level_of_what_became_of_it() {
    let (program, lines) = host(&json!({}), Some(Level::Trace));
    send(&program, "send").unwrap();
    let told = of_level(&lines, Level::Information);
    assert!(
        told.starts_with("main: sent <4711@example.com> from <office@example.com> to a@example.com, b@example.com by parrot, "),
        "{told}"
    );
    assert!(told.trim_end().ends_with(" s: 250 2.0.0 queued as 4711"), "{told}");
    let replaced = of_level(&lines, Level::Warning);
    assert_eq!(replaced, "<4711@example.com> has characters that windows-1250 lacks, so it is in UTF-8\n");
    assert!(of_level(&lines, Level::Trace).contains("main: S: you said ***\n"));
    assert_eq!(of_level(&lines, Level::Error), "");
    lines.lock().unwrap().clear();

    send(&program, "refuse").unwrap_err();
    let failed = of_level(&lines, Level::Error);
    assert!(failed.starts_with("main: not sent <4711@example.com> from <office@example.com> to "), "{failed}");
    assert!(failed.contains("parrot.refused (5) at login: The parrot refuses: S: you said ***"), "{failed}");
    lines.lock().unwrap().clear();

    send(&program, "refuse first").unwrap();
    let warned = of_level(&lines, Level::Warning);
    assert!(warned.contains("main: not sent <4711@example.com>, other stands in: parrot.refused (5)"), "{warned}");
    assert!(of_level(&lines, Level::Information).starts_with("other: sent <4711@example.com>"));
}

#[test]
fn each_call_is_told_and_so_is_its_refusal() {
    let (program, lines) = host(&json!({"log": {"level": "debug"}}), Some(Level::Trace));
    let mut account = Account::open(&program, &settings("send"), None).unwrap();
    account.list("", &Cancel::default()).unwrap();
    account.test("", &Cancel::default()).unwrap();
    account.apply(r#"{"action":"seen"}"#, &Cancel::default()).unwrap_err();
    account.receive("", None, &Cancel::default()).unwrap_err();
    account.send_document("{", &[], &Cancel::default()).unwrap_err();
    Account::open(&program, "{", None).err().unwrap();
    let told = of_level(&lines, Level::Information);
    assert!(told.starts_with("main: listed, folders: 2, ") && told.contains("main: test of parrot failed at login, "), "{told}");
    let failed = of_level(&lines, Level::Error);
    for beginning in [
        "main: test, step login: fail parrot.refused (5): ",
        "main: apply failed: ",
        "main: receive failed: ",
        "main: send failed: ",
        "opening failed: ",
    ] {
        assert!(failed.lines().any(|line| line.starts_with(beginning)), "{beginning} in {failed}");
    }
    assert!(of_level(&lines, Level::Warning).contains("main: test, step tls: warn tls.clear_text"));
    assert!(of_level(&lines, Level::Debug).contains("main: test, step connect: ok"));
    assert_eq!(of_level(&lines, Level::Trace), "");
}

#[test]
fn a_secret_reaches_neither_log_nor_error_nor_report_though_the_transport_says_it() {
    let (program, lines) = host(&json!({"protocol": true}), Some(Level::Trace));
    let error = send(&program, "refuse").unwrap_err();
    let report = Account::open(&program, &settings("send"), None).unwrap().test("", &Cancel::default()).unwrap();
    let told: Vec<String> = lines.lock().unwrap().iter().map(|(_, line)| line.clone()).collect();
    let everything = format!("{}\n{}\n{}", serde_json::to_string(&error).unwrap(), json!(report), told.join("\n"));
    assert!(everything.matches("***").count() > 8, "{everything}");
    for piece in ["\\\\ ich", "\\\\ ICH", "\\\\\\\\ ICH", "\\ ICH", "r\\ ich", "C3%BC"] {
        assert!(!everything.contains(piece), "{piece} in {everything}");
    }
    assert!(send(&program, "keep").is_err());
    let told = of_level(&lines, Level::Debug);
    assert!(told.contains("main: kept ***") && !told.contains("brand-new-token"), "{told}");
}

#[test]
fn the_names_of_secrets_reach_the_transport() {
    let (program, lines) = host(&json!({}), Some(Level::Debug));
    send(&program, "send").unwrap();
    let told = of_level(&lines, Level::Debug);
    assert!(told.contains("main: opened with: /parrot/password is the one"), "{told}");
}

#[test]
fn a_line_break_of_a_server_makes_no_line_of_its_own() {
    let (program, lines) = host(&json!({}), Some(Level::Trace));
    send(&program, "send").unwrap();
    assert!(of_level(&lines, Level::Trace).contains("main: S: 250 go on\\r\\nS: a line of the server's own\n"));
}

#[test]
fn the_dialogue_of_a_failure_is_in_its_error_where_that_is_wanted() {
    let (program, lines) = host(&json!({"protocol": true}), None);
    let error = send(&program, "refuse").unwrap_err();
    assert_eq!(error.more["transcript"], json!(["S: you said ***", "S: 250 go on\r\nS: a line of the server's own"]));
    assert!(lines.lock().unwrap().is_empty());
    assert!(!send(&host(&json!({}), None).0, "refuse").unwrap_err().more.contains_key("transcript"));
}

#[test]
fn a_transport_learns_whether_the_log_is_read() {
    let log = json!({"level": "information"});
    for (config, level, reads) in [
        (json!({}), None, 0),
        (json!({"log": log}), None, 0),
        (json!({}), Some(Level::Warning), 2),
        (json!({"log": log}), Some(Level::Trace), 3),
        (json!({}), Some(Level::Debug), 4),
        (json!({}), Some(Level::Trace), 5),
        (json!({"protocol": true}), None, 5),
    ] {
        let program = host(&config, level).0;
        let answer = Account::open(&program, &settings("send"), None).unwrap().list("", &Cancel::default()).unwrap();
        assert_eq!(json!(answer)["folders"][0]["delimiter"], reads.to_string(), "{config} {level:?}");
    }
}

#[test]
fn a_file_takes_the_log_without_a_callback() {
    let folder = std::env::temp_dir().join(format!("postkontor-core-log-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("mail.log");
    let (program, lines) = host(&json!({"log": {"file": file}}), None);
    send(&program, "send").unwrap();
    send(&program, "refuse").unwrap_err();
    let text = std::fs::read_to_string(&file).unwrap();
    let shape = regex_lite::Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warning|information) +\d+\.\d+ \S").unwrap();
    assert!(text.lines().all(|line| shape.is_match(line)), "{text}");
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(lines.lock().unwrap().is_empty());
    // A log that cannot be written is reported once, and no mail fails for it.
    let (program, lines) = host(&json!({"log": {"file": folder.join("missing").join("mail.log")}}), Some(Level::Warning));
    send(&program, "send").unwrap();
    send(&program, "send").unwrap();
    assert_eq!(of_level(&lines, Level::Warning).matches("mail.log cannot be written").count(), 1);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_configuration_with_unknown_members_is_refused_with_their_place() {
    for (config, pointer) in
        [(json!({"logs": {}}), "/logs"), (json!({"log": {"path": "/x"}}), "/log/path"), (json!({"log": {"level": 7}}), "/log/level")]
    {
        let error = Host::open(&config.to_string(), Box::new(())).err().unwrap();
        assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Argument, pointer), "{config}");
    }
}
