//! After an account and its host are closed, nothing of its secrets is in the memory of the process: not in what is in use, and not in what
//! was freed. A process of its own is searched, which makes the secrets itself, from numbers: no copy of the test's own is found.

use crate::echo::{self, Protocol};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postkontor_core::{Account, Callbacks, Cancel, Host, Secret};
use postkontor_tests::certificates::Certificates;
use postkontor_tests::engine::PATIENCE;
use postkontor_tests::folder::Folder;
use postkontor_tests::memory::{Needle, search};
use postkontor_tests::products::Products;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::process::Command;

/// What the process of its own is to do, as JSON.
const JOB: &str = "POSTKONTOR_MEMORY_JOB";

const LENGTH: usize = 24;

/// What the process is to keep: a token that is still good, for its other accounts (docs/decisions.md).
const TOKEN: &str = "token";

/// A byte of the secret, as it never stands in the program's code.
fn letter(at: usize) -> u8 {
    b'A' + ((at * 11 + at * at * 5 + 3).rem_euclid(26) as u8)
}

/// The secret. Like all texts with it here, it is a [`Secret`], which is wiped.
fn secret() -> Secret {
    made_of(letter)
}

/// The access token that a server gives for it.
fn token() -> Secret {
    made_of(|at| b'a' + ((at * 7 + at * at * 3 + 5).rem_euclid(26) as u8))
}

fn made_of(letter: impl Fn(usize) -> u8) -> Secret {
    let mut text = String::with_capacity(LENGTH);
    text.extend((0..LENGTH).map(|at| char::from(letter(at))));
    Secret::new(text)
}

/// A text with the secret in it, in the middle of another.
fn around(before: &str, after: &str) -> Secret {
    let mut text = String::with_capacity(before.len() + LENGTH + after.len());
    text.push_str(before);
    text.push_str(secret().reveal());
    text.push_str(after);
    Secret::new(text)
}

fn needles() -> Vec<Needle> {
    let mut needles = vec![Needle::new("plain", secret().reveal().bytes().skip(8)), Needle::new(TOKEN, token().reveal().bytes().skip(8))];
    for before in ["", "\0", "\0\0"] {
        let coded = Secret::new(STANDARD.encode(around(before, "").reveal()));
        // Without the ends, which depend on the neighbours.
        needles.push(Needle::new("base64", coded.reveal().bytes().take(28).skip(6)));
    }
    needles.push(Needle::new("UTF-16", (8..LENGTH).flat_map(|at| [letter(at), 0])));
    needles
}

fn left(needles: &[Needle]) -> Vec<String> {
    search(needles).unwrap()
}

/// A program that knows the secret.
struct Program;

impl Callbacks for Program {
    fn secret_get(&self, name: &str) -> Option<Secret> {
        (name == "known").then(secret)
    }
}

/// The settings of a method, with the secret itself or by reference.
fn settings(job: &Value, method: &str, by_reference: bool) -> Secret {
    let text = if by_reference { Secret::new("{\"secret\":\"known\"}") } else { around("\"", "\"") };
    let mut settings = String::with_capacity(4096);
    let (transport, port) = (job["transport"].as_str().unwrap(), &job["port"]);
    let authority = job["authority"].as_str();
    let scheme = if authority.is_some() { "https" } else { "http" };
    let tls = match authority {
        Some(authority) => format!("\"tls\":{{\"mode\":\"implicit\",\"ca_file\":\"{authority}\"}}"),
        None => "\"tls\":{\"mode\":\"none\"}".to_owned(),
    };
    let place = match method {
        "xoauth2" | "oauthbearer" => "\"oauth2\":{\"access_token\"",
        "client_credentials" => {
            "\"oauth2\":{\"provider\":\"custom\",\"grant\":\"client_credentials\",\"client_id\":\"app\",\"client_secret\""
        }
        _ => "\"password\"",
    };
    let end = match method {
        "xoauth2" | "oauthbearer" => "}".to_owned(),
        "client_credentials" => format!(",\"token_url\":\"{scheme}://localhost:{port}/token\",\"scope\":\"x\"}}"),
        _ => String::new(),
    };
    let method = if method == "client_credentials" { "oauth2" } else { method };
    let place_of_server = if job["http"] == true {
        let trust = authority.map(|authority| format!(",\"tls\":{{\"ca_file\":\"{authority}\"}}")).unwrap_or_default();
        format!("\"exchange\":{{\"url\":\"{scheme}://localhost:{port}/x\",\"mailbox\":\"anna@example.com\"}}{trust}")
    } else {
        format!("\"server\":{{\"host\":\"localhost\",\"port\":{port}}},{tls}")
    };
    write!(
        settings,
        "{{\"accounts\":{{\"main\":{{\"transport\":\"{transport}\",{place_of_server},\"auth\":{{\"method\":\"{method}\",\
         \"user\":\"anna\",\"allow_cleartext\":true,{place}:{}{end}}}}}}},\"sender\":{{\"address\":\"a@example.com\"}}}}",
        text.reveal()
    )
    .unwrap();
    Secret::new(settings)
}

/// Opens, uses and closes an account in each way; tells what was left after each.
#[test]
#[ignore = "it is the process that another test starts"]
#[allow(clippy::print_stdout, reason = "the test that has started it reads this")]
fn in_a_process_of_its_own() {
    let job: Value = serde_json::from_str(&std::env::var(JOB).unwrap()).unwrap();
    let needles = needles();
    assert_eq!(left(&needles), [""; 0], "before anything was opened");
    for method in job["methods"].as_array().unwrap().iter().map(|method| method.as_str().unwrap()) {
        for by_reference in [false, true] {
            let config = json!({"plugins": [job["plugins"]], "log": {"file": job["log"], "level": "trace"}, "protocol": true});
            let host = Host::open(&config.to_string(), Box::new(Program)).unwrap();
            let (during, outcome) = {
                let settings = settings(&job, method, by_reference);
                let mut account = Account::open(&host, settings.reveal(), Some("main")).unwrap();
                drop(host.check(settings.reveal()));
                let report = json!(account.test("", &Cancel::new(Some(PATIENCE))).unwrap());
                let steps = report["steps"].as_array().unwrap().iter();
                let login =
                    steps.clone().find(|step| step["step"] == "login").map_or_else(|| report["steps"].to_string(), Value::to_string);
                if job["transport"] != "imap" && job["transport"] != "pop3" {
                    drop(account.send_document(r#"{"to":["b@example.com"],"text":"x"}"#, &[], &Cancel::new(Some(PATIENCE))));
                }
                (left(&needles).len(), login)
            };
            drop(host);
            let mut left = left(&needles);
            // One of it is the process's own.
            left.iter().position(|find| find.starts_with(TOKEN)).map(|kept| left.remove(kept));
            println!(
                "RESULT {}",
                json!({"method": method, "by_reference": by_reference, "during": during, "login": outcome, "left": left})
            );
        }
    }
}

/// Starts the process and looks at what it tells.
fn nothing_is_left(transport: &str, protocol: Protocol, methods: &[&str], by_tls: bool) {
    let folder = Folder::new().unwrap();
    let plugins = Products::built().unwrap().plugins(folder.path(), &[transport]).unwrap();
    // A token that the server gives is as secret as what it is given for.
    let port = echo::quiet(protocol, token().reveal(), by_tls);
    let authority = by_tls.then(|| Certificates::shared().unwrap().write(folder.path()).unwrap().authority());
    let job = json!({"transport": transport, "port": port, "methods": methods, "plugins": plugins, "log": folder.file("log"),
        "http": protocol == Protocol::Http, "authority": authority});
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "memory::in_a_process_of_its_own", "--ignored", "--nocapture"]).env(JOB, job.to_string());
    let output = child.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let results: Vec<Value> = told.lines().filter_map(|line| serde_json::from_str(line.split_once("RESULT ")?.1).ok()).collect();
    assert_eq!(results.len(), 2 * methods.len(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    for result in &results {
        assert!(result["during"].as_u64() > Some(0), "the search finds what is there: {result}");
        // Not all logins are accepted, for the server cannot prove that it knows the password.
        assert!(result["login"].as_str().unwrap().starts_with(r#"{"step":"login""#), "the login was tried: {result}");
    }
    let left: Vec<String> = results.iter().filter(|result| result["left"] != json!([])).map(|result| format!("{result:#}")).collect();
    assert!(left.is_empty(), "{transport}: {} of {}\n{}", left.len(), results.len(), left.join("\n"));
}

const METHODS: [&str; 8] = ["plain", "login", "cram-md5", "digest-md5", "scram-sha-256", "ntlm", "xoauth2", "oauthbearer"];

#[test]
fn nothing_of_a_password_is_left_by_smtp() {
    nothing_is_left("smtp", Protocol::Smtp, &METHODS, false);
}

#[test]
fn nothing_of_a_password_is_left_by_pop3() {
    nothing_is_left("pop3", Protocol::Pop3, &[&METHODS[..], &["password", "apop"]].concat(), false);
}

#[test]
fn nothing_of_a_password_is_left_by_imap() {
    nothing_is_left("imap", Protocol::Imap, &[&METHODS[..], &["password"]].concat(), false);
}

#[test]
fn nothing_of_a_password_is_left_by_exchange() {
    nothing_is_left("exchange-ews", Protocol::Http, &["password", "client_credentials"], false);
}

#[test]
fn nothing_of_a_secret_is_left_by_graph() {
    nothing_is_left("graph", Protocol::Http, &["client_credentials"], false);
}

#[test]
fn nothing_of_a_secret_is_left_in_the_buffers_of_tls() {
    for (transport, protocol, methods) in [
        ("smtp", Protocol::Smtp, &["plain", "xoauth2"][..]),
        ("pop3", Protocol::Pop3, &["password"]),
        ("imap", Protocol::Imap, &["password", "oauthbearer"]),
        ("exchange-ews", Protocol::Http, &["password", "client_credentials"]),
        ("graph", Protocol::Http, &["client_credentials"]),
    ] {
        nothing_is_left(transport, protocol, methods, true);
    }
}
