//! The command `postkontor` as integrators and support staff use it, against the sandbox.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test")]

use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use postkontor_tests::sandbox::{Options, Sandbox};
use postkontor_tests::strangers::postkontor;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::Output;

/// A sandbox, a folder with the plugins, and one for documents.
struct Setup {
    sandbox: Sandbox,
    folder: Folder,
    plugins: PathBuf,
}

/// What a run of the command left behind.
struct Run {
    status: i32,
    out: String,
    err: String,
}

impl Run {
    fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "one JSON document: {:?} {:?}", self.out, self.err);
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Run {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Setup {
    fn new() -> Setup {
        let folder = Folder::new().unwrap();
        let plugins = Products::built().unwrap().plugins(folder.path(), &["smtp"]).unwrap();
        Setup { sandbox: Sandbox::start(Options::default()).unwrap(), folder, plugins }
    }

    fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Run {
        let arguments = arguments.iter().map(AsRef::as_ref).chain(["--plugins".as_ref(), self.plugins.as_os_str()]);
        postkontor(arguments).unwrap().env("POSTKONTOR_TEST_PASSWORD", "Geheim-7").output().unwrap().into()
    }

    fn write(&self, name: &str, document: &Value) -> String {
        let file = self.folder.file(name);
        fs::write(&file, document.to_string()).unwrap();
        file.display().to_string()
    }

    fn settings(&self, name: &str, password: Value) -> String {
        self.write(name, &self.document(self.sandbox.port, "starttls", password))
    }

    fn document(&self, port: u16, mode: &str, password: Value) -> Value {
        json!({"accounts": {"main": {"transport": "smtp", "server": {"host": "localhost", "port": port, "timeout_seconds": 20},
                "tls": {"mode": mode, "ca_file": self.sandbox.ca_file}, "auth": {"user": "anna", "password": password}}},
            "sender": {"address": "anna@example.com"}, "send": {"account": "main"}})
    }
}

#[test]
fn transports_are_listed_with_their_operations() {
    let setup = Setup::new();
    fs::write(setup.plugins.join(format!("broken{}", std::env::consts::DLL_SUFFIX)), "no library").unwrap();
    let run = setup.run(&["transports", "--json"]);
    assert_eq!(run.status, 0, "{}", run.err);
    let listed = run.json();
    let smtp = listed.as_array().unwrap().iter().find(|entry| entry["name"] == "smtp").unwrap();
    assert_eq!(smtp["operations"], json!(["test", "send", "authorize"]));
    let run = setup.run(&["transports"]);
    assert!(run.out.contains("✓ smtp ") && run.out.contains("✗ "), "{}", run.out);
}

#[test]
fn schema_comes_in_the_language_asked_for() {
    let setup = Setup::new();
    for (language, title) in [("en", "Password"), ("de", "Kennwort"), ("sl", "Geslo")] {
        let form = setup.run(&["schema", "smtp", "--json", "--lang", language]).json();
        assert!(form["schema"].to_string().contains(&format!("\"title\":\"{title}\"")), "{language}: {form}");
        let shown = setup.run(&["schema", "smtp", "--lang", language]).out;
        assert!(shown.lines().any(|line| line.starts_with("    password ") && line.contains(&format!(" {title}, ***"))), "{shown}");
    }
    let run = setup.run(&["schema", "nonsense", "--json"]);
    assert_eq!((run.status, &run.json()["code"]), (3, &json!("transport.unknown")));
}

#[test]
fn check_ends_with_2_when_something_is_wrong() {
    let setup = Setup::new();
    assert_eq!(setup.run(&["check", &setup.settings("good.json", json!("x"))]).status, 0);
    let mut wrong = setup.document(25, "starttls", json!("x"));
    wrong["accounts"]["main"]["server"]["timeout_seconds"] = json!("soon");
    let wrong = setup.write("wrong.json", &wrong);
    let run = setup.run(&["check", &wrong, "--json"]);
    assert_eq!(run.status, 2, "{}", run.out);
    assert_eq!(run.json()["problems"][0]["pointer"], "/accounts/main/server/timeout_seconds");
    let run = setup.run(&["check", &wrong]);
    assert!(run.out.contains("/accounts/main/server/timeout_seconds"), "{}", run.out);
}

#[test]
fn test_ends_with_the_status_of_its_first_failing_step() {
    let setup = Setup::new();
    let cases = [
        ("good", setup.document(setup.sandbox.port, "starttls", json!("Geheim-7")), 0, ""),
        ("tls", setup.document(setup.sandbox.tls_port, "implicit", json!("Geheim-7")), 0, ""),
        ("password", setup.document(setup.sandbox.port, "starttls", json!("falsch")), 5, "auth.refused"),
        ("expired", setup.document(setup.sandbox.expired_port, "implicit", json!("Geheim-7")), 6, "tls.certificate_expired"),
        ("closed", setup.document(setup.sandbox.closed.port, "starttls", json!("Geheim-7")), 7, "net.refused"),
    ];
    for (name, document, status, code) in cases {
        let settings = setup.write("settings.json", &document);
        let run = setup.run(&["test", &settings, "--json"]);
        assert_eq!(run.status, status, "{name}: {}", run.out);
        let report = run.json();
        assert_eq!(report["ok"], status == 0, "{name}");
        let failed = report["steps"].as_array().unwrap().iter().find(|step| step["status"] == "fail");
        assert_eq!(failed.map_or("", |step| step["code"].as_str().unwrap()), code, "{name}");
        let run = setup.run(&["test", &settings]);
        assert_eq!((run.status, run.out.contains("✗")), (status, status != 0), "{name}: {}", run.out);
    }
    assert!(setup.sandbox.mails().is_empty(), "a test sends nothing");
}

#[test]
fn test_sends_a_mail_only_when_asked() {
    let setup = Setup::new();
    let run = setup.run(&["test", &setup.settings("s.json", json!("Geheim-7")), "--loop", "bob@example.com"]);
    assert_eq!(run.status, 0, "{}", run.out);
    assert_eq!(setup.sandbox.mails()[0].recipients, ["bob@example.com"]);
}

#[test]
fn send_delivers_with_an_attachment_beside_the_message() {
    let setup = Setup::new();
    let settings = setup.settings("settings.json", json!("Geheim-7"));
    fs::create_dir(setup.folder.file("mail")).unwrap();
    fs::write(setup.folder.file("mail").join("rechnung.pdf"), "%PDF-1.4 Rechnung").unwrap();
    let message = setup.write(
        "mail/message.json",
        &json!({"to": ["bob@example.com"], "bcc": ["boss@example.com"], "subject": "Rechnung", "text": "Guten Tag",
                "attachments": [{"name": "rechnung.pdf", "file": "rechnung.pdf"}]}),
    );
    let run = setup.run(&["send", &settings, "--account", "main", "--message", &message, "--json"]);
    assert_eq!(run.status, 0, "{} {}", run.out, run.err);
    assert_eq!(run.json()["recipients"][1]["address"], "boss@example.com");
    let mails = setup.sandbox.mails();
    assert_eq!(mails[0].recipients, ["bob@example.com", "boss@example.com"]);
    assert!(mails[0].text().contains("rechnung.pdf"), "{}", mails[0].text());
    assert!(!mails[0].text().contains("boss@"), "{}", mails[0].text());
    let run = setup.run(&["send", &settings, "--message", &message]);
    assert!(run.out.contains("✓ bob@example.com"), "{}", run.out);
}

#[test]
fn secrets_come_from_the_environment_or_a_file_and_are_shown_nowhere() {
    let setup = Setup::new();
    let message = setup.write("m.json", &json!({"to": ["bob@example.com"], "subject": "x", "text": "y"}));
    fs::write(setup.folder.file("password"), "Geheim-7\n").unwrap();
    let file = format!("file:{}", setup.folder.file("password").display());
    let trace = setup.folder.file("trace.txt");
    for reference in [json!({"secret": "env:POSTKONTOR_TEST_PASSWORD"}), json!({"secret": file})] {
        let settings = setup.settings("s.json", reference);
        let sent = setup.run(&["send", &settings, "--message", &message, "--json"]);
        assert_eq!(sent.status, 0, "{}", sent.out);
        let tested = setup.run(&["test", &settings, "--json", "--trace", &trace.display().to_string()]);
        assert_eq!(tested.status, 0, "{}", tested.out);
        let traced = fs::read_to_string(&trace).unwrap();
        assert!(traced.contains("C: EHLO") && traced.contains("C: AUTH"), "{traced}");
        for text in [&sent.out, &sent.err, &tested.out, &tested.err, &traced] {
            // As it is, and inside the base64 of AUTH PLAIN and AUTH LOGIN.
            for shape in ["Geheim-7", "R2VoZWltLTc", "AGFubmEAR2VoZWltLTc"] {
                assert!(!text.contains(shape), "{text}");
            }
        }
    }
    let run = setup.run(&["send", &setup.settings("s.json", json!({"secret": "env:POSTKONTOR_NO_SUCH"})), "--message", &message, "--json"]);
    assert_eq!((run.status, &run.json()["code"]), (14, &json!("secret.not_found")));
}

#[cfg(unix)]
#[test]
fn a_settings_file_that_shows_a_password_to_others_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let setup = Setup::new();
    for (name, password, mode, warns) in [
        ("open", json!("Geheim-7"), 0o644, true),
        ("group", json!("Geheim-7"), 0o640, true),
        ("closed", json!("Geheim-7"), 0o600, false),
        ("named", json!({"secret": "env:POSTKONTOR_TEST_PASSWORD"}), 0o644, false),
    ] {
        let settings = setup.settings(&format!("{name}.json"), password);
        fs::set_permissions(&settings, fs::Permissions::from_mode(mode)).unwrap();
        for arguments in [["check", &settings, "--json", "--lang=en"], ["test", &settings, "--json", "--lang=en"]] {
            let run = setup.run(&arguments);
            assert!(run.json().is_object());
            assert_eq!(run.err.contains("Others may read"), warns, "{name}: {}", run.err);
            assert!(!run.err.contains("Geheim-7"));
        }
    }
}

#[test]
fn the_trace_of_a_send_that_fails_holds_the_dialogue() {
    let setup = Setup::new();
    let mail = setup.write("mail.json", &json!({"to": ["refused@example.com"], "subject": "x", "text": "x"}));
    let trace = setup.folder.file("trace.txt");
    let settings = setup.settings("settings.json", json!("Geheim-7"));
    let run = setup.run(&["send", &settings, "--message", &mail, "--trace", &trace.display().to_string()]);
    assert_eq!(run.status, 10, "{}", run.err);
    let trace = fs::read_to_string(trace).unwrap();
    for part in
        ["C: EHLO ", "S: 250-", "C: STARTTLS", "C: AUTH ", " ***", "C: RCPT TO:<refused@example.com>", "S: 550 5.1.1 ", " error       "]
    {
        assert!(trace.contains(part), "{part} in {trace}");
    }
    assert!(!trace.contains("Geheim-7"), "{trace}");
}

#[test]
fn errors_speak_the_users_language() {
    let setup = Setup::new();
    let settings = setup.settings("s.json", json!("falsch"));
    let message = setup.write("m.json", &json!({"to": ["bob@example.com"], "subject": "x", "text": "y"}));
    let sentence = |language: &str| {
        let run = setup.run(&["send", &settings, "--message", &message, "--json", "--lang", language]);
        assert_eq!(run.status, 5, "{}", run.out);
        run.json()["message"].as_str().unwrap().to_owned()
    };
    let sentences = [sentence("en"), sentence("de-AT"), sentence("sl")];
    for sentence in &sentences {
        assert!(sentence.contains(' '), "{sentence}");
    }
    assert!(sentences[0] != sentences[1] && sentences[1] != sentences[2], "{sentences:?}");
    assert_eq!(
        setup.run(&["nonsense", "--lang", "de"]).err.lines().next(),
        Some("✗ Den Befehl nonsense gibt es nicht. Siehe postkontor --help.")
    );
}

#[test]
fn what_no_transport_can_do_yet_says_so() {
    let setup = Setup::new();
    let settings = setup.settings("s.json", json!("Geheim-7"));
    let to = setup.folder.file("in").display().to_string();
    for command in [
        &["list", &settings][..],
        &["receive", &settings, "--to", &to, "--max", "5", "--action", "seen"],
        &["authorize", &settings, "--account", "main"],
    ] {
        let arguments: Vec<&str> = command.iter().copied().chain(["--json"]).collect();
        let run = setup.run(&arguments);
        assert_eq!((run.status, &run.json()["status"]), (4, &json!(4)), "{command:?}: {}", run.out);
    }
}

#[test]
fn a_wrong_command_line_is_an_argument_error() {
    let setup = Setup::new();
    let settings = setup.settings("s.json", json!("x"));
    for command in [&["post"][..], &["test"], &["test", &settings, "--password", "x"], &["check", &settings, "--account", "main"], &[]] {
        let arguments: Vec<&str> = command.iter().copied().chain(["--json"]).collect();
        let run = setup.run(&arguments);
        assert_eq!((run.status, &run.json()["status"]), (1, &json!(1)), "{command:?}: {}", run.out);
        assert!(setup.run(command).err.starts_with('✗'), "{command:?}");
    }
    let run = setup.run(&["test", "/nowhere/at/all.json", "--json"]);
    assert_eq!((run.status, &run.json()["code"]), (19, &json!("cli.file_unreadable")));
}

#[test]
fn a_timeout_ends_the_call() {
    let setup = Setup::new();
    // A server that accepts and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = setup.write("s.json", &setup.document(silent.local_addr().unwrap().port(), "starttls", json!("x")));
    let run = setup.run(&["test", &settings, "--timeout", "0.3", "--json"]);
    assert_eq!(run.status, 8, "{}", run.out);
}

#[test]
fn the_document_may_come_from_standard_input() {
    use std::io::Write;
    use std::process::Stdio;
    let setup = Setup::new();
    let mut command = postkontor(["check", "-", "--json"]).unwrap();
    let mut child = command.arg("--plugins").arg(&setup.plugins).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let document = setup.document(25, "none", json!("x")).to_string();
    // Editors on Windows begin a text with a byte order mark.
    child.stdin.take().unwrap().write_all(format!("\u{feff}{document}").as_bytes()).unwrap();
    let run = Run::from(child.wait_with_output().unwrap());
    assert!(run.json()["problems"].is_array(), "{}", run.out);
}

#[test]
fn help_is_complete() {
    let help = String::from_utf8(postkontor(["--help"]).unwrap().output().unwrap().stdout).unwrap();
    for word in ["transports", "schema", "check", "test", "send", "list", "receive", "watch", "discover", "authorize"] {
        assert!(help.lines().any(|line| line.starts_with(&format!("  {word}"))), "{word}");
    }
    for option in
        ["--json", "--plugins", "--timeout", "--lang", "--trace", "--max-bytes", "--state", "--filter", "--action", "--folder", "--wait"]
    {
        assert!(help.contains(option), "{option}");
    }
}

/// Reading a folder to its end and then closing it may fail on network file systems; the standard library panics there.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_closed_ends_no_command() {
    let plugins = Folder::new().unwrap();
    let folder = plugins.file("plugins");
    fs::create_dir(&folder).unwrap();
    let command = postkontor([OsStr::new("transports"), OsStr::new("--json"), OsStr::new("--plugins"), folder.as_os_str()]).unwrap();
    let mut traced = std::process::Command::new("strace");
    traced.args(["-qq", "-o", "/dev/null", "-e", "trace=close", "-e", "inject=close:error=EIO", "-P"]).arg(&folder);
    traced.arg(command.get_program()).args(command.get_args());
    let Ok(output) = traced.output() else {
        println!("skipped: there is no strace here");
        return;
    };
    let words = String::from_utf8_lossy(&output.stderr);
    if words.contains("ptrace") {
        println!("skipped: no process may be traced here: {words}");
        return;
    }
    assert_eq!((output.status.code(), words.as_ref()), (Some(0), ""));
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), json!([]));
}

#[cfg(unix)]
#[test]
fn migrate_brings_a_file_to_todays_version_and_keeps_its_mode_and_its_secrets() {
    use std::os::unix::fs::PermissionsExt;

    let setup = Setup::new();
    let account = json!({"transport": "smtp", "server": {"host": "h"}, "auth": {"user": "u", "password": "Geheim-7"}});
    let file = setup.write("old.json", &json!({"version": 0, "accounts": {"a": account}}));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let before = fs::read_to_string(&file).unwrap();
    let shown = setup.run(&["migrate", &file, "--json"]);
    assert_eq!((shown.status, &shown.json()["from"], &shown.json()["version"]), (0, &json!(0), &json!(1)));
    assert!(!shown.out.contains("Geheim-7"), "{}", shown.out);
    assert_eq!(fs::read_to_string(&file).unwrap(), before, "nothing is written without --write");
    let written = setup.run(&["migrate", &file, "--write", "--json"]).json();
    assert_eq!(written, json!({"from": 0, "version": 1, "written": true}));
    let now: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(now, json!({"version": 1, "accounts": {"a": account}}));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    let again = setup.run(&["migrate", &file, "--write", "--json"]).json();
    assert_eq!(again, json!({"from": 1, "version": 1, "written": false}));
    let newer = setup.write("newer.json", &json!({"version": 9}));
    let refused = setup.run(&["migrate", &newer, "--json"]);
    assert_eq!((refused.status, &refused.json()["at"][0]["code"]), (2, &json!("settings.version_newer")));
}

#[test]
fn schema_has_the_forms_of_reserved_names() {
    let setup = Setup::new();
    let account = setup.run(&["schema", "--of", "account", "--json"]).json();
    assert_eq!(account["schema"]["properties"]["transport"]["oneOf"], json!([{"const": "smtp", "title": "SMTP account"}]));
    for name in ["account", "document", "layers", "message", "receive", "discover"] {
        let text = setup.run(&["schema", name]);
        assert_eq!((text.status, text.out.is_empty()), (0, false), "{name}: {}", text.err);
    }
}
