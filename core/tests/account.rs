//! What an account makes of a transport's answers, with transports that do as their settings tell them.

#![allow(clippy::unwrap_used, reason = "a test ends there")]

use postkontor_core::{Account, Callbacks, Cancel, Host, Secret, Status};
use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::{
    Answer, Body, Call, Delivery, Error, Mail, Opening, Reply, Report, Sent, Stage, Step, TestRequest, Transport, Verdict, schemars, serde,
};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A transport that does what its settings say.
struct Puppet {
    role: Role,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {
    puppet: Role,
}

#[derive(Clone, serde::Deserialize, schemars::JsonSchema)]
struct Role {
    does: String,
    #[serde(default)]
    #[schemars(extend("x-postkontor" = {"account": true, "via": true}))]
    #[allow(dead_code, reason = "the host reads it")]
    via: Option<String>,
    #[serde(default)]
    #[schemars(extend("x-postkontor" = {"secret": true}))]
    password: Option<String>,
}

static SENT: Mutex<Vec<(String, Vec<u8>)>> = Mutex::new(Vec::new());

impl Transport for Puppet {
    const NAME: &'static str = "puppet";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["test", "send"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[
        (
            "en",
            r#"{"codes":{"puppet.refused":"The puppet refuses {what}.","recipient.refused":"{address}: {text}"},"advice":{"advice.pull":"Pull the string of {what}."}}"#,
        ),
        (
            "de",
            r#"{"codes":{"puppet.refused":"Die Puppe weigert sich: {what}."},"advice":{"advice.pull":"Ziehen Sie den Faden von {what}."}}"#,
        ),
    ];
    type Settings = Settings;

    fn open(settings: Settings, opening: &Opening) -> Result<Puppet, Error> {
        assert!(!opening.account.is_empty());
        match settings.puppet.does.as_str() {
            "not open" => Err(Error::new(Status::Settings, "puppet.refused").at("/puppet/does", "puppet.refused").arg("what", "opening")),
            _ => Ok(Puppet { role: settings.puppet }),
        }
    }

    fn test(&mut self, _request: &TestRequest, _call: &Call) -> Result<Report, Error> {
        let error = Error::new(Status::Tls, "puppet.refused").arg("what", "TLS").at("/puppet/does", "puppet.refused");
        let failed = Step::fail(Stage::Tls, &error).advice("advice.pull").patch(json!({"puppet": {"does": "send"}}));
        let steps = if self.role.does == "fail" { vec![Step::ok(Stage::Connect), failed] } else { vec![Step::ok(Stage::Connect)] };
        Ok(Report { steps, transcript: vec!["S: 220 hello".to_owned()] })
    }

    fn send(&mut self, mail: &Mail, body: &mut Body, call: &Call) -> Result<Sent, Error> {
        let refused = || Error::new(Status::Later, "puppet.refused").arg("what", "sending").usable();
        let mut content = Vec::new();
        match self.role.does.as_str() {
            "refuse" => return Err(refused()),
            "refuse, too" => return Err(refused().arg("what", "to stand in")),
            "refuse halfway" => {
                body.read(&mut [0; 10])?;
                return Err(refused());
            }
            "be missing" => return Err(Error::new(Status::Local, "puppet.refused").arg("what", "being here").usable()),
            "doubt" => return Err(Error::new(Status::Uncertain, "puppet.refused")),
            "refuse the sender" => return Err(Error::new(Status::Refused, "sender.refused").stage(Stage::Sender).usable()),
            "panic" => panic!("the string broke"),
            "wait" => loop {
                call.check()?;
                std::thread::sleep(Duration::from_millis(1));
            },
            _ => (),
        }
        if let Some(file) = self.role.does.strip_prefix("spoil ") {
            std::fs::write(file, "other content").unwrap();
        }
        let mut block = [0; 100];
        loop {
            match body.read(&mut block)? {
                0 => break,
                count => content.extend_from_slice(&block[..count]),
            }
        }
        assert_eq!(mail.size, Some(content.len() as u64));
        let mut sent = Sent::to_all(mail, content.len() as u64);
        if let Some(password) = &self.role.password {
            sent.saved_to = Some(format!("password of {} letters", password.len()));
        }
        match self.role.does.as_str() {
            "forget one" => drop(sent.recipients.pop()),
            "not know" => sent.recipients[0].status = Verdict::Unknown,
            "take for nobody" => sent.recipients.iter_mut().for_each(|answer| answer.status = Verdict::Refused),
            _ => (),
        }
        if self.role.does.starts_with("take two") {
            self.take_two(mail, &mut sent)?;
        }
        for answer in &mut sent.recipients {
            if answer.address.starts_with("nobody") {
                let reply = Reply { code: 550, enhanced: Some("5.1.1".to_owned()), text: "no such user".to_owned() };
                *answer = Answer { address: answer.address.clone(), status: Verdict::Refused, reply };
            }
        }
        SENT.lock().unwrap().push((mail.message_id.clone(), content));
        Ok(sent)
    }
}

/// Who was served in which transaction, by Message-ID.
static SERVED: Mutex<Vec<(String, Vec<String>)>> = Mutex::new(Vec::new());

impl Puppet {
    /// Serves two recipients a transaction. After the first transaction, it may do something else.
    fn take_two(&self, mail: &Mail, sent: &mut Sent) -> Result<(), Error> {
        let mut served = SERVED.lock().unwrap();
        let is_first = !served.iter().any(|(id, _)| *id == mail.message_id);
        let answers =
            |status| mail.recipients.iter().map(|address| Answer { address: address.clone(), status, reply: Reply::default() }).collect();
        match self.role.does.strip_prefix("take two, then ") {
            Some("doubt") if !is_first => return Err(Error::new(Status::Uncertain, "puppet.refused").recipients(answers(Verdict::Unknown))),
            Some("refuse") if !is_first => return Err(Error::new(Status::Refused, "puppet.refused").recipients(answers(Verdict::Refused))),
            Some("break") if !is_first => return Err(Error::new(Status::Network, "puppet.refused")),
            _ => (),
        }
        served.push((mail.message_id.clone(), mail.recipients.iter().take(2).cloned().collect()));
        for (place, answer) in sent.recipients.iter_mut().enumerate().skip(2) {
            answer.status = Verdict::Refused;
            answer.reply = Reply { code: 452, enhanced: None, text: "too many".to_owned() };
            sent.next_transaction.push(place);
        }
        Ok(())
    }
}

static PUPPET: Plugin = postkontor_plugin::abi::vtable::<Puppet>();

fn account(first: &str, fallback: &[&str]) -> Account {
    account_with("en", Box::new(()), first, fallback)
}

fn account_with(language: &str, callbacks: Box<dyn Callbacks>, first: &str, fallback: &[&str]) -> Account {
    let host = Host::open_with(&json!({"language": language}).to_string(), callbacks, &[&PUPPET]).unwrap();
    let mut accounts = json!({"first": {"transport": "puppet", "puppet": {"does": first}}});
    for does in fallback {
        accounts[*does] = json!({"transport": "puppet", "puppet": {"does": does}});
    }
    let settings =
        json!({"accounts": accounts, "sender": {"address": "anna@example.com"}, "send": {"account": "first", "fallback": fallback}});
    Account::open(&host, &settings.to_string(), None).unwrap()
}

fn mail(to: &[&str]) -> String {
    json!({"to": to, "subject": "Rechnung", "text": "Grüße"}).to_string()
}

fn send(account: &mut Account, message: &str) -> Result<Value, Error> {
    account.send_document(message, &[], &Cancel::default()).map(|receipt| json!(receipt))
}

fn copies(message_id: &str) -> usize {
    SENT.lock().unwrap().iter().filter(|(id, _)| id == message_id).count()
}

#[test]
fn a_receipt_names_account_transport_and_recipients() {
    let receipt = send(&mut account("send", &[]), &mail(&["berta@example.com"])).unwrap();
    assert_eq!(receipt["account"], "first");
    assert_eq!(receipt["transport"], "puppet");
    assert_eq!(receipt["fallback"], false);
    assert_eq!(receipt["recipients"][0]["address"], "berta@example.com");
    assert_eq!(receipt["recipients"][0]["status"], "accepted");
    assert_eq!(copies(receipt["message_id"].as_str().unwrap()), 1);
}

#[test]
fn an_address_that_was_put_right_is_named_in_the_answer() {
    let mut account = account("send", &[]);
    let receipt = send(&mut account, &mail(&["mailto:berta@example.com", "carl@example.com"])).unwrap();
    assert_eq!(receipt["recipients"][0]["address"], "berta@example.com");
    let repaired = &receipt["repaired"];
    assert_eq!((repaired.as_array().unwrap().len(), &repaired[0]["pointer"], &repaired[0]["of"]), (1, &json!("/to/0"), &json!("message")));
    assert_eq!(repaired[0]["message"], "\"mailto:berta@example.com\" was taken for berta@example.com.");

    let batch = json!([{"to": "a@example.com", "text": "1"}, {"to": "nobody@example.com. (Nobody)", "text": "2"}]).to_string();
    let error = send(&mut account, &batch).unwrap_err();
    assert_eq!(error.more["results"][0]["repaired"], Value::Null);
    let refused = &error.more["results"][1];
    assert_eq!((&refused["recipients"][0]["status"], &refused["status"]), (&json!("refused"), &json!(Status::Refused.number())));
    assert_eq!(refused["repaired"][0]["pointer"], "/1/to");

    let error = send(&mut self::account("refuse", &[]), &mail(&["berta@example.com."])).unwrap_err();
    assert_eq!(error.more["repaired"][0]["args"], json!({"given": "berta@example.com.", "address": "berta@example.com"}));
}

#[test]
fn a_refused_recipient_makes_the_result_partial_and_is_pointed_to() {
    let error = send(&mut account("send", &[]), &mail(&["berta@example.com", "nobody@example.com"])).unwrap_err();
    assert_eq!(error.status, Status::Partial);
    assert_eq!(error.delivery, Delivery::Partial);
    assert_eq!(error.at.len(), 1);
    assert_eq!(error.at[0].pointer, "/to/1");
    assert_eq!(error.at[0].message, "nobody@example.com: no such user");
    assert_eq!(error.more["receipt"]["recipients"][0]["status"], "accepted");
}

#[test]
fn the_fallback_sends_the_same_mail_once_when_the_first_certainly_did_not() {
    for first in ["refuse", "refuse halfway"] {
        let receipt = send(&mut account(first, &["send"]), &mail(&["berta@example.com"])).unwrap();
        assert_eq!(receipt["account"], "send");
        assert_eq!(receipt["fallback"], true);
        assert_eq!(receipt["reason"]["message"], "The puppet refuses sending.");
        assert_eq!(copies(receipt["message_id"].as_str().unwrap()), 1);
    }
}

#[test]
fn a_transport_whose_program_is_missing_is_a_reason_to_fall_back_and_a_message_that_cannot_be_read_is_none() {
    let receipt = send(&mut account("be missing", &["send"]), &mail(&["berta@example.com"])).unwrap();
    assert_eq!((&receipt["account"], &receipt["reason"]["status"]), (&json!("send"), &json!(Status::Local.number())));

    let file = std::env::temp_dir().join(format!("postkontor-account-{}", std::process::id()));
    std::fs::write(&file, "content").unwrap();
    let message = json!({"to": "berta@example.com", "text": "x", "attachments": [{"file": file}]}).to_string();
    // The puppet changes the file after the message was composed.
    let spoil = format!("spoil {}", file.display());
    let error = send(&mut account(&spoil, &["send"]), &message).unwrap_err();
    assert_eq!((error.status, error.code.as_str(), &error.more["account"]), (Status::Local, "message.file_changed", &json!("first")));
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn a_transport_is_not_believed_that_it_sent_what_its_verdicts_deny() {
    let two = ["a@example.com", "b@example.com"];
    for (does, status, delivery) in [
        ("forget one", Status::Internal, Delivery::Unknown),
        ("not know", Status::Uncertain, Delivery::Unknown),
        ("take for nobody", Status::Refused, Delivery::None),
    ] {
        let error = send(&mut account(does, &[]), &mail(&two)).unwrap_err();
        assert_eq!((error.status, error.delivery), (status, delivery), "{does}");
    }
    // In doubt nothing falls back.
    assert_eq!(send(&mut account("not know", &["send"]), &mail(&two)).unwrap_err().status, Status::Uncertain);
}

#[test]
fn recipients_who_were_too_many_get_the_message_in_further_transactions() {
    let five = ["a@example.com", "b@example.com", "c@example.com", "d@example.com", "e@example.com"];
    let receipt = send(&mut account("take two", &[]), &mail(&five)).unwrap();
    let statuses: Vec<&str> = receipt["recipients"].as_array().unwrap().iter().map(|answer| answer["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["accepted"; 5]);
    let id = receipt["message_id"].as_str().unwrap();
    let served: Vec<Vec<String>> = SERVED.lock().unwrap().iter().filter(|(of, _)| of == id).map(|(_, served)| served.clone()).collect();
    assert_eq!(served, [five[..2].to_vec(), five[2..4].to_vec(), five[4..].to_vec()]);
    assert_eq!(copies(id), 3);

    let statuses = |answers: &[Answer]| answers.iter().map(|answer| answer.status).collect::<Vec<Verdict>>();
    // In doubt are only those of the transaction that is in doubt.
    let error = send(&mut account("take two, then doubt", &["send"]), &mail(&five[..3])).unwrap_err();
    assert_eq!((error.status, error.delivery), (Status::Uncertain, Delivery::Unknown));
    assert_eq!(statuses(&error.recipients), [Verdict::Accepted, Verdict::Accepted, Verdict::Unknown]);
    // What certainly failed leaves the first answer as it was.
    for does in ["take two, then refuse", "take two, then break"] {
        let error = send(&mut account(does, &["send"]), &mail(&five[..3])).unwrap_err();
        assert_eq!((error.status, error.at.len(), error.at[0].pointer.as_str()), (Status::Partial, 1, "/to/2"), "{does}");
        assert_eq!(statuses(&error.recipients), [Verdict::Accepted, Verdict::Accepted, Verdict::Refused]);
        assert_eq!(error.recipients[2].reply.code, if does.ends_with("break") { 452 } else { 0 });
    }
}

#[test]
fn why_the_first_did_not_send_is_told_however_many_stand_in() {
    let receipt = send(&mut account("refuse", &["refuse, too", "send"]), &mail(&["berta@example.com"])).unwrap();
    assert_eq!((&receipt["account"], &receipt["reason"]["message"]), (&json!("send"), &json!("The puppet refuses sending.")));

    let error = send(&mut account("refuse", &["refuse, too"]), &mail(&["berta@example.com"])).unwrap_err();
    assert_eq!((error.message.as_str(), &error.more["account"]), ("The puppet refuses to stand in.", &json!("refuse, too")));
    assert_eq!((&error.more["fallback"], &error.more["reason"]["message"]), (&json!(true), &json!("The puppet refuses sending.")));

    let error = send(&mut account("refuse", &[]), &mail(&["berta@example.com"])).unwrap_err();
    assert!(!error.more.contains_key("fallback") && !error.more.contains_key("reason"));
}

#[test]
fn nothing_falls_back_after_doubt_or_a_panic() {
    let error = send(&mut account("doubt", &["send"]), &mail(&["berta@example.com"])).unwrap_err();
    assert_eq!(error.status, Status::Uncertain);
    assert_eq!(error.delivery, Delivery::Unknown);
    assert_eq!(copies(error.more["message_id"].as_str().unwrap()), 0);

    let error = send(&mut account("panic", &["send"]), &mail(&["berta@example.com"])).unwrap_err();
    assert_eq!(error.status, Status::Internal);
    assert_eq!(error.delivery, Delivery::Unknown);
    assert!(error.detail.contains("the string broke"), "{}", error.detail);
}

#[test]
fn an_account_lives_on_after_its_transport_panicked() {
    let mut account = account("panic", &[]);
    for _ in 0..2 {
        let error = send(&mut account, &mail(&["berta@example.com"])).unwrap_err();
        assert!(error.detail.contains("the string broke"), "{}", error.detail);
    }
}

#[test]
fn a_batch_gives_each_mail_its_own_verdict() {
    let mails = json!([
        {"to": "berta@example.com", "text": "1"},
        {"to": "not an address", "text": "2"},
        {"to": ["nobody@example.com", "berta@example.com"], "text": "3"},
    ]);
    let error = send(&mut account("send", &[]), &mails.to_string()).unwrap_err();
    assert_eq!(error.status, Status::Partial);
    let results = error.more["results"].as_array().unwrap();
    assert_eq!(results[0]["status"], 0);
    assert_eq!(results[1]["status"], Status::Argument.number());
    assert!(results[1]["at"][0]["pointer"].as_str().unwrap().starts_with("/1/to"), "{}", results[1]);
    assert_eq!(results[2]["status"], Status::Partial.number());

    let good = json!([{"to": "berta@example.com", "text": "1"}, {"to": "berta@example.com", "text": "2"}]);
    let result = send(&mut account("send", &[]), &good.to_string()).unwrap();
    assert_eq!(result["results"].as_array().unwrap().len(), 2);
}

#[test]
fn another_thread_stops_a_call() {
    let mut account = account("wait", &["send"]);
    let cancel = Cancel::default();
    let other = cancel.clone();
    let error = std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            other.fire();
        });
        account.send_document(&mail(&["berta@example.com"]), &[], &cancel).unwrap_err()
    });
    assert_eq!(error.status, Status::Cancelled);
}

#[test]
fn a_deadline_ends_a_call() {
    let cancel = Cancel::new(Some(Duration::from_millis(30)));
    let error = account("wait", &[]).send_document(&mail(&["berta@example.com"]), &[], &cancel).unwrap_err();
    assert_eq!(error.status, Status::Timeout);
}

#[test]
fn a_test_reports_each_step_in_the_language_of_the_host() {
    let report = account_with("de-AT", Box::new(()), "fail", &[]).test("{}", &Cancel::default()).unwrap();
    let report: Value = json!(report);
    assert_eq!(report["ok"], false);
    let step = report["steps"].as_array().unwrap().iter().find(|step| step["status"] == "fail").unwrap();
    assert_eq!(step["message"], "Die Puppe weigert sich: TLS.");
    assert_eq!(step["advice"][0], "Ziehen Sie den Faden von TLS.");
    assert_eq!(step["pointer"], "/accounts/first/puppet/does");
    assert_eq!(step["patch"]["accounts"]["first"]["puppet"]["does"], "send");
    assert_eq!(step["status_number"], Status::Tls.number());
    assert_eq!(report["transcript"][0], "S: 220 hello");
}

#[test]
fn a_test_sends_a_mail_only_when_asked() {
    let before = |account: &mut Account, request: &str| -> Value { json!(account.test(request, &Cancel::default()).unwrap()) };
    let mut account = account("send", &[]);
    let report = before(&mut account, "");
    assert!(report["steps"].as_array().unwrap().iter().all(|step| step["step"] != "loop"));
    let report = before(&mut account, r#"{"loop":{"to":"berta@example.com"}}"#);
    let step = report["steps"].as_array().unwrap().iter().find(|step| step["step"] == "loop").unwrap();
    assert_eq!(step["status"], "ok");
    assert_eq!(copies(step["facts"]["receipt"]["message_id"].as_str().unwrap()), 1);
}

#[test]
fn a_test_message_whose_sender_is_refused_says_what_to_do() {
    let report = account("refuse the sender", &[]).test(r#"{"loop":{"to":"berta@example.com"}}"#, &Cancel::default()).unwrap();
    let report: Value = json!(report);
    let step = report["steps"].as_array().unwrap().iter().find(|step| step["step"] == "loop").unwrap();
    assert_eq!((&step["status"], &step["code"], &step["pointer"]), (&json!("fail"), &json!("sender.refused"), &json!("/sender/address")));
    assert!(step["advice"][0].as_str().unwrap().contains("an address that this login may send from"), "{step}");
}

#[test]
fn what_only_the_transport_can_judge_fails_the_step_settings() {
    let report = account("not open", &[]).test("", &Cancel::default()).unwrap();
    let report: Value = json!(report);
    assert_eq!(report["steps"][0]["step"], "settings");
    assert_eq!(report["steps"][0]["status"], "fail");
    assert_eq!(report["steps"][0]["message"], "The puppet refuses opening.");
}

/// Counts how often the secret was asked for.
struct Vault(&'static AtomicU32);

impl Callbacks for Vault {
    fn secret_get(&self, name: &str) -> Option<Secret> {
        self.0.fetch_add(1, Ordering::Relaxed);
        (name == "mail").then(|| Secret::new("hunter2"))
    }
}

#[test]
fn a_secret_is_fetched_when_it_is_needed_and_missing_ones_are_named() {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let host = Host::open_with("", Box::new(Vault(&ASKED)), &[&PUPPET]).unwrap();
    let settings = |name: &str| {
        let role = json!({"does": "send", "password": {"secret": name}});
        json!({"accounts": {"a": {"transport": "puppet", "puppet": role}}, "sender": {"address": "anna@example.com"}}).to_string()
    };
    let mut account = Account::open(&host, &settings("mail"), None).unwrap();
    assert_eq!(ASKED.load(Ordering::Relaxed), 0);
    let receipt = send(&mut account, &mail(&["berta@example.com"])).unwrap();
    assert_eq!(receipt["saved_to"], "password of 7 letters");

    let mut account = Account::open(&host, &settings("other"), None).unwrap();
    let error = send(&mut account, &mail(&["berta@example.com"])).unwrap_err();
    assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::NotFound, "/accounts/a/puppet/password"));
    let report: Value = json!(account.test("", &Cancel::default()).unwrap());
    assert_eq!(report["steps"][1]["step"], "secret");
    assert_eq!(report["steps"][1]["status"], "fail");
}

#[test]
fn settings_that_are_switched_off_send_nothing() {
    let host = Host::open_with("", Box::new(()), &[&PUPPET]).unwrap();
    let mut account = Account::open(&host, r#"{"enabled":false}"#, None).unwrap();
    assert_eq!(send(&mut account, &mail(&["berta@example.com"])).unwrap_err().status, Status::Disabled);
    assert_eq!(account.test("", &Cancel::default()).unwrap_err().status, Status::Disabled);
}

#[test]
fn an_operation_that_the_transport_lacks_is_said_to_be_unsupported() {
    let error = account("send", &[]).receive("{}", None, &Cancel::default()).unwrap_err();
    assert_eq!(error.status, Status::Unsupported);
    assert_eq!(error.args["operation"], "receive");
}

#[test]
fn an_unknown_transport_names_those_that_are_there() {
    let host = Host::open_with("", Box::new(()), &[&PUPPET]).unwrap();
    let settings = r#"{"accounts":{"a":{"transport":"pigeon"}}}"#;
    let error = Account::open(&host, settings, None).map(drop).unwrap_err();
    assert_eq!(error.status, Status::Transport);
    assert_eq!(error.args["known"], "puppet");
}

#[test]
fn a_setting_that_does_not_fit_is_never_quoted() {
    let host = Host::open_with("", Box::new(()), &[&PUPPET]).unwrap();
    let settings = r#"{"accounts":{"a":{"transport":"puppet","puppet":{"does":"send","password":{"hunter2":"hunter2"}}}}}"#;
    let error = match Account::open(&host, settings, None) {
        Ok(mut account) => send(&mut account, &mail(&["berta@example.com"])).unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(error.status, Status::Settings);
    assert!(!serde_json::to_string(&error).unwrap().contains("hunter2"), "{error}");
}

#[test]
fn pointers_and_patches_lead_into_the_layer_that_has_the_setting() {
    let host = Host::open_with("", Box::new(()), &[&PUPPET]).unwrap();
    let company =
        json!({"accounts": {"a": {"transport": "puppet", "puppet": {"does": "fail"}}}, "sender": {"address": "anna@example.com"}});
    let mut account = Account::open(&host, &json!({"company": company, "user": {}}).to_string(), None).unwrap();
    let report: Value = json!(account.test("", &Cancel::default()).unwrap());
    let step = report["steps"].as_array().unwrap().iter().find(|step| step["status"] == "fail").unwrap();
    assert_eq!(step["pointer"], "/company/accounts/a/puppet/does");
    assert_eq!(step["patch"]["company"]["accounts"]["a"]["puppet"]["does"], "send");
}

#[test]
fn an_account_that_sends_via_another_is_tested_itself_and_sends_by_the_other() {
    let host = Host::open_with("", Box::new(()), &[&PUPPET]).unwrap();
    let accounts = json!({
        "mailbox": {"transport": "puppet", "puppet": {"does": "fail", "via": "out"}},
        "out": {"transport": "puppet", "puppet": {"does": "refuse"}},
        "spare": {"transport": "puppet", "puppet": {"does": "send"}},
    });
    let send_group = json!({"account": "mailbox", "fallback": ["spare"]});
    let settings = json!({"accounts": accounts, "sender": {"address": "anna@example.com"}, "send": send_group});
    let mut account = Account::open(&host, &settings.to_string(), None).unwrap();
    let receipt = send(&mut account, &mail(&["berta@example.com"])).unwrap();
    assert_eq!((receipt["account"].as_str(), receipt["fallback"].as_bool()), (Some("spare"), Some(true)));
    assert_eq!(receipt["reason"]["account"], Value::Null);
    let report: Value = json!(account.test("", &Cancel::default()).unwrap());
    assert_eq!((report["account"].as_str(), report["ok"].as_bool()), (Some("mailbox"), Some(false)));
}

#[test]
fn an_account_sends_in_the_name_of_its_own_sender_and_what_is_wrong_with_it_is_told_there() {
    let host = Host::open_with("", Box::new(()), &[&PUPPET]).unwrap();
    let open = |own: Value, id: &str| {
        let puppet = json!({"transport": "puppet", "puppet": {"does": "send"}});
        let mut accounts = json!({"sales": puppet, "office": puppet});
        accounts["sales"]["sender"] = own;
        let sender = json!({"address": "office@example.com", "name": "Office"});
        let settings = json!({"company": {"accounts": accounts, "sender": sender}});
        Account::open(&host, &settings.to_string(), Some(id)).unwrap()
    };
    let from = |account: &mut Account| {
        let receipt = send(account, &mail(&["berta@example.com"])).unwrap();
        let sent = SENT.lock().unwrap();
        let (_, content) = sent.iter().find(|(id, _)| *id == receipt["message_id"].as_str().unwrap()).unwrap();
        let text = String::from_utf8_lossy(content).into_owned();
        text.lines().find_map(|line| line.strip_prefix("From: ")).unwrap().trim().to_owned()
    };
    let own = json!({"address": "sales@example.com"});
    assert_eq!(from(&mut open(own.clone(), "sales")), "Office <sales@example.com>");
    assert_eq!(from(&mut open(own, "office")), "Office <office@example.com>");
    let missing = json!({"html": {"enabled": true, "logo": "/nowhere/logo.png"}});
    let error = open(missing, "sales").send_document(&mail(&["berta@example.com"]), &[], &Cancel::default()).unwrap_err();
    assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Settings, "/company/accounts/sales/sender/html/logo"));
}
