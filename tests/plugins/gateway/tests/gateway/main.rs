//! The transport through the host, as a program has it: nothing of Postkontor knows its name.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test")]

mod dialogues;
mod service;
mod settings;

use postkontor_core::{Account, Action, Callbacks, Cancel, Error, Fetched, Host, Secret, Status};
use postkontor_tests::folder::Folder;
use postkontor_tests::ports::Closed;
use postkontor_tests::products::Products;
use serde_json::{Value, json};
use service::{Fault, Service};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// No call lasts as long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that keeps secrets, and the log.
#[derive(Clone, Default)]
struct Program {
    secrets: Arc<Mutex<BTreeMap<String, String>>>,
    log: Arc<Mutex<Vec<(i32, String)>>>,
    refuses: bool,
}

impl Program {
    /// One that has these secrets.
    fn new(secrets: &[(&str, &str)]) -> Program {
        let secrets = secrets.iter().map(|(name, secret)| ((*name).to_owned(), (*secret).to_owned())).collect();
        Program { secrets: Arc::new(Mutex::new(secrets)), ..Program::default() }
    }

    fn secret(&self, name: &str) -> String {
        self.secrets.lock().unwrap()[name].clone()
    }

    fn warnings(&self) -> Vec<String> {
        self.log.lock().unwrap().iter().filter(|(level, _)| *level == 2).map(|(_, line)| line.clone()).collect()
    }

    fn host(&self) -> Arc<Host> {
        let config = json!({"plugins": [plugins()], "language": "en"});
        Host::open(&config.to_string(), Box::new(self.clone())).unwrap()
    }

    fn account(&self, settings: &Value) -> Account {
        Account::open(&self.host(), &settings.to_string(), None).unwrap_or_else(|error| panic!("{error:?}"))
    }
}

impl Callbacks for Program {
    fn log(&self, level: i32, text: &str) {
        self.log.lock().unwrap().push((level, text.to_owned()));
    }

    fn secret_get(&self, name: &str) -> Option<Secret> {
        self.secrets.lock().unwrap().get(name).map(Secret::new)
    }

    fn secret_put(&self, name: &str, value: &Secret) -> bool {
        if !self.refuses {
            self.secrets.lock().unwrap().insert(name.to_owned(), value.reveal().to_owned());
        }
        !self.refuses
    }
}

/// The folder with the plugin, as an installation has it.
fn plugins() -> &'static str {
    static PLUGINS: OnceLock<String> = OnceLock::new();
    PLUGINS.get_or_init(|| {
        // Kept until the process ends: the library in it stays loaded.
        let folder = Folder::new().unwrap().keep();
        Products::built().unwrap().plugins(&folder, &["gateway"]).unwrap().display().to_string()
    })
}

/// An account whose tokens the program keeps.
fn document(port: u16) -> Value {
    let tokens = json!({"access_token": {"secret": "access"}, "refresh_token": {"secret": "refresh"}, "allow_cleartext": true});
    json!({"accounts": {"main": {"transport": "gateway", "gateway": {"url": format!("http://127.0.0.1:{port}/mail")}, "auth": tokens}},
        "sender": {"address": "anna@example.com"}})
}

fn patience() -> Cancel {
    Cancel::new(Some(PATIENCE))
}

fn send(account: &mut Account) -> Result<Value, Error> {
    let mail = json!({"to": ["berta@example.net"], "subject": "Invoice", "text": "Hello"});
    account.send_document(&mail.to_string(), &[], &patience()).map(|receipt| json!(receipt))
}

#[test]
fn a_renewed_token_is_kept_by_the_program_and_serves_the_next_session() {
    let (service, program) = (Service::start(), Program::new(&[("access", "long-over"), ("refresh", "refresh-0")]));
    let receipt = send(&mut program.account(&document(service.port))).unwrap();
    assert_eq!(receipt["recipients"][0]["status"], "accepted", "{receipt}");
    let (recipients, message) = service.state().mails.pop().unwrap();
    assert_eq!(recipients, ["berta@example.net"]);
    assert!(String::from_utf8_lossy(&message).contains("Subject: Invoice\r\n"));
    assert_eq!((program.secret("access"), program.secret("refresh")), ("access-1".to_owned(), "refresh-1".to_owned()));
    let line = |path: &str, token: &str| (path.to_owned(), token.to_owned());
    let expected = [line("POST /mail/messages", "long-over"), line("POST /mail/token", ""), line("POST /mail/messages", "access-1")];
    assert_eq!(service.requests(), expected);
    // Another session, as after a restart.
    send(&mut program.account(&document(service.port))).unwrap();
    assert_eq!(service.requests(), [line("POST /mail/messages", "access-1")]);
}

#[test]
fn a_token_that_cannot_be_kept_is_a_warning_and_no_mail_is_lost() {
    let service = Service::start();
    service.state().messages.insert(1, b"Subject: a\r\n\r\ntext\r\n".to_vec());
    let program = Program { refuses: true, ..Program::new(&[("access", "long-over"), ("refresh", "refresh-0")]) };
    let mut account = program.account(&document(service.port));
    assert_eq!(send(&mut account).unwrap()["recipients"][0]["status"], "accepted");
    assert_eq!(service.state().mails.len(), 1);
    assert!(program.warnings().iter().any(|line| line.contains("cannot be kept as access")), "{:?}", program.warnings());
    // The session itself goes on with it.
    service.requests();
    send(&mut account).unwrap();
    assert_eq!(service.requests().len(), 1);
    service.state().access = "access-7".to_owned();
    let received = json!(account.receive("", None, &patience()).unwrap());
    assert_eq!(received["warnings"][0]["code"], "secret.not_kept", "{received:#}");
    assert_eq!(received["messages"].as_array().unwrap().len(), 1);
    service.state().access = "access-9".to_owned();
    let report = json!(account.test("", &patience()).unwrap());
    let login = step(&report, "login");
    assert_eq!((&report["ok"], &login["status"], &login["code"]), (&json!(true), &json!("warn"), &json!("secret.not_kept")), "{report:#}");
}

/// The step of a report by its name.
fn step<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["steps"].as_array().unwrap().iter().find(|step| step["step"] == name).unwrap()
}

/// The steps of a report with this status.
fn steps<'a>(report: &'a Value, status: &str) -> Vec<&'a str> {
    let steps = report["steps"].as_array().unwrap().iter();
    steps.filter(|step| step["status"] == status).map(|step| step["step"].as_str().unwrap()).collect()
}

#[test]
fn the_test_of_a_wrong_token_says_what_to_do_and_what_it_did_not_reach() {
    let (service, program) = (Service::start(), Program::new(&[("access", "long-over"), ("refresh", "wrong")]));
    let report = json!(program.account(&document(service.port)).test("", &patience()).unwrap());
    let login = step(&report, "login");
    assert_eq!((&login["status"], &login["code"]), (&json!("fail"), &json!("gateway.refresh_refused")), "{report:#}");
    assert_eq!(login["pointer"], "/accounts/main/auth/refresh_token");
    assert!(login["advice"][0].as_str().unwrap().contains("issue a new refresh token"), "{login:#}");
    assert_eq!(steps(&report, "skipped"), ["proxy", "mailbox"]);
    // The same for a service that is not there.
    let closed = Closed::new().unwrap();
    let report = json!(program.account(&document(closed.port)).test("", &patience()).unwrap());
    assert_eq!(
        (&step(&report, "connect")["code"], steps(&report, "skipped")),
        (&json!("net.refused"), vec!["proxy", "tls", "login", "mailbox"])
    );
    assert_eq!(step(&report, "connect")["pointer"], "/accounts/main/gateway/url");
}

#[test]
fn a_good_test_has_every_step() {
    let (service, program) = (Service::start(), Program::new(&[("access", "access-0"), ("refresh", "refresh-0")]));
    service.state().messages.insert(5, b"x\r\n".to_vec());
    let report = json!(program.account(&document(service.port)).test("", &patience()).unwrap());
    assert_eq!(report["ok"], true, "{report:#}");
    assert_eq!(steps(&report, "ok"), ["settings", "secret", "resolve", "connect", "login", "mailbox"]);
    assert_eq!((steps(&report, "warn"), &step(&report, "mailbox")["facts"]), (vec!["tls"], &json!({"messages": 1, "bytes": 3})));
    let transcript = report["transcript"].to_string();
    assert!(transcript.contains("Bearer ***") && !transcript.contains("access-0"), "{transcript}");
}

#[test]
fn name_and_password_of_the_program_fetch_a_token_too() {
    let (service, program) = (Service::start(), Program::default());
    let mut document = document(service.port);
    document["accounts"]["main"]["auth"] =
        json!({"method": "client-credentials", "client_id": "erp", "client_secret": "pass", "allow_cleartext": true});
    assert_eq!(send(&mut program.account(&document)).unwrap()["recipients"][0]["status"], "accepted");
    document["accounts"]["main"]["auth"]["client_secret"] = json!("wrong");
    let error = send(&mut program.account(&document)).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Auth, "gateway.client_refused"), "{error:?}");
}

#[test]
fn messages_are_fetched_marked_and_deleted() {
    let (service, program) = (Service::start(), Program::new(&[("access", "access-0"), ("refresh", "refresh-0")]));
    for (id, subject) in [(2, "keep"), (3, "seen"), (5, "delete")] {
        service.state().messages.insert(id, format!("Subject: {subject}\r\n\r\n{}", "text\r\n".repeat(50_000)).into_bytes());
    }
    let mut account = program.account(&document(service.port));
    let mut take = |fetched: Fetched<'_>| {
        let summary: Value = serde_json::from_str(fetched.summary).unwrap();
        match summary["subject"].as_str().unwrap() {
            "seen" => Action::Seen,
            "delete" => Action::Delete,
            _ => Action::Keep,
        }
    };
    let received = json!(account.receive("", Some(&mut take), &patience()).unwrap());
    assert_eq!(received["messages"].as_array().unwrap().len(), 3, "{received:#}");
    let state = service.state();
    assert_eq!((state.messages.keys().copied().collect::<Vec<_>>(), state.seen.as_slice()), (vec![2, 3], &[3][..]));
    drop(state);
    let again = json!(account.receive(&json!({"state": received["state"]}).to_string(), None, &patience()).unwrap());
    assert_eq!(again["messages"], json!([]));
    let unseen = json!(account.receive(r#"{"filter":{"unseen":true}}"#, None, &patience()).unwrap());
    assert_eq!(unseen["messages"].as_array().unwrap().len(), 1);
    let listed = json!(account.list("", &patience()).unwrap());
    assert_eq!((&listed["messages"][1]["id"], &listed["messages"][1]["flags"]), (&json!("3"), &json!(["\\Seen"])), "{listed:#}");
}

#[test]
fn a_lost_answer_is_uncertain_and_the_mail_is_not_sent_again() {
    let (service, program) = (Service::start(), Program::new(&[("access", "access-0"), ("refresh", "refresh-0")]));
    service.state().fault = Fault::LostAnswer;
    let error = send(&mut program.account(&document(service.port))).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Uncertain, "delivery.uncertain"), "{error:?}");
    assert_eq!(service.state().mails.len(), 1);
}

#[test]
fn a_service_that_says_nothing_is_left_at_the_deadline_or_when_the_user_wants() {
    let (service, program) = (Service::start(), Program::new(&[("access", "access-0"), ("refresh", "refresh-0")]));
    service.state().fault = Fault::Silence;
    let mut account = program.account(&document(service.port));
    let error = account.list("", &Cancel::new(Some(Duration::from_millis(300)))).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Timeout, "call.timeout"), "{error:?}");
    let cancel = patience();
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            // Fired only when the service has got the request, in the middle of the wait.
            while service.requests().is_empty() {
                std::thread::yield_now();
            }
            cancel.fire();
        });
        account.list("", &cancel).unwrap_err()
    });
    assert_eq!((error.status, error.code.as_str()), (Status::Cancelled, "call.cancelled"), "{error:?}");
}

#[test]
fn no_token_is_shown_whatever_the_service_quotes() {
    let service = Service::start();
    service.state().fault = Fault::Echo;
    // A service that accepts no token, and then one that does not renew it.
    for refresh in ["refresh-0", "Secret-refresh/1"] {
        let program = Program::new(&[("access", "Secret-access"), ("refresh", refresh)]);
        let mut account = program.account(&document(service.port));
        let mut told = vec![json!(account.test("", &patience()).unwrap()).to_string()];
        told.push(send(&mut account).map_or_else(|error| json!(error).to_string(), |receipt| receipt.to_string()));
        told.extend(program.log.lock().unwrap().iter().map(|(_, line)| line.clone()));
        let told = told.join("\n").to_lowercase();
        assert!(told.contains("***"), "{told}");
        for secret in ["secret-access", "secret-refresh", "secret%2drefresh", "refresh-0", "refresh-1", "access-1"] {
            assert!(!told.contains(secret), "{secret}: {told}");
        }
    }
}
