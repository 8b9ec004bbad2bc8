//! The copy of a sent mail in the sender's own mailbox: sent over Exim, kept at Dovecot.

use crate::setup::{Got, Setup, ask, fetch, patience};
use postkontor_core::{Account, Action, Cancel, Status};
use postkontor_tests::dovecot::CRAMPED;
use postkontor_tests::exim::Port;
use postkontor_tests::folder::Folder;
use postkontor_tests::ports::Closed;
use postkontor_tests::relay::{Direction, Fault, Relay};
use postkontor_tests::scripted::Scripted;
use serde_json::{Value, json};
use std::time::Duration;

/// Sends over Exim and keeps copies in the mailbox of this user.
fn settings(setup: &Setup) -> Value {
    let mailbox = setup.settings("imap", json!({}))["accounts"]["main"].clone();
    let out = json!({"transport": "smtp", "server": {"host": "localhost", "port": setup.exim.port(Port::Bare), "timeout_seconds": 30},
        "tls": {"mode": "none"}, "auth": {"method": "none"}});
    json!({"accounts": {"out": out, "mailbox": mailbox}, "send": {"account": "out"}, "sent": {"copy": true, "account": "mailbox"},
        "sender": {"address": "anna@example.com"}})
}

fn mail(subject: &str) -> Value {
    json!({"to": [format!("{subject}@copies.example")], "subject": subject, "text": "Grüße"})
}

fn send(account: &mut Account, mail: &Value) -> Value {
    ask(account.send_document(&mail.to_string(), &[], &patience()))
}

/// What lies in the folder for sent mail.
fn kept(setup: &Setup) -> Vec<Got> {
    let (result, got) = fetch(&mut setup.account("imap"), json!({"folder": "Gesendet"}), |_| Action::Keep);
    result.unwrap();
    got
}

#[test]
fn a_copy_lies_in_the_folder_for_sent_mail_once() {
    let Some(setup) = Setup::new() else { return };
    let mut account = setup.open(&settings(&setup));
    let mut mail = mail("once");
    mail["bcc"] = json!(["Čarli Müller <blind@copies.example>"]);
    let receipt = send(&mut account, &mail);
    let copy = &receipt["sent_copy"];
    assert_eq!((&copy["status"], &copy["account"], &copy["folder"]), (&json!("saved"), &json!("mailbox"), &json!("Gesendet")), "{receipt}");
    assert_eq!(copy["message"], "A copy is in the folder Gesendet.");
    let kept = kept(&setup);
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].subject(), Some(kept[0].id())), ("once", receipt["saved_to"].as_str()));
    assert!(kept[0].summary["flags"].to_string().contains("Seen"), "{}", kept[0].summary);
    assert_eq!(kept[0].summary["message_id"], receipt["message_id"]);
    // The sender sees the blind copies; the recipients do not.
    let copy = String::from_utf8_lossy(&kept[0].raw).replace("\r\n", "\n");
    let (bcc, rest) = copy.split_once('\n').unwrap();
    assert!(bcc.starts_with("Bcc: =?") && bcc.ends_with("<blind@copies.example>"), "{bcc}");
    for to in ["once@copies.example", "blind@copies.example"] {
        let delivery = setup.exim.delivery(to).unwrap();
        let delivered: String = delivery.text.lines().filter(|line| !line.starts_with("X-Rig:")).map(|line| format!("{line}\n")).collect();
        assert!(delivered.trim_end().ends_with(rest.trim_end()), "the same message: {delivered}\n---\n{rest}");
        assert!(!delivery.text.contains("Bcc:"), "{}", delivery.text);
    }
}

#[test]
fn what_was_sent_is_looked_for_by_its_message_id() {
    let Some(setup) = Setup::new() else { return };
    let mut account = setup.open(&settings(&setup));
    let mut ids = Vec::new();
    for number in 0..3 {
        let receipt = send(&mut account, &mail(&format!("found{number}")));
        ids.push(receipt["message_id"].as_str().unwrap().to_owned());
    }
    let asked = [ids[2].as_str(), "1.never@copies.example", &ids[0], "", &ids[1][1..]];
    let found = account.find_sent(&asked, &patience()).unwrap();
    let kept: Vec<String> = kept(&setup).iter().map(|got| got.id().to_owned()).collect();
    assert_eq!(found, [Some(kept[2].clone()), None, Some(kept[0].clone()), None, None]);
    let mut settings = settings(&setup);
    settings["sent"]["copy"] = json!(false);
    let error = setup.open(&settings).find_sent(&asked, &patience()).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Unsupported, "sent.not_kept"));
}

#[test]
fn what_is_there_already_is_found() {
    let Some(setup) = Setup::new() else { return };
    let mut account = setup.open(&settings(&setup));
    let mut mail = mail("again");
    mail["message_id"] = json!("1.again@copies.example");
    let first = send(&mut account, &mail);
    let second = send(&mut account, &mail);
    assert_eq!((&first["sent_copy"]["status"], &second["sent_copy"]["status"]), (&json!("saved"), &json!("found")));
    assert_eq!(first["saved_to"], second["saved_to"]);
    // The end of another's Message-ID is not the same message.
    mail["message_id"] = json!("again@copies.example");
    assert_eq!(send(&mut account, &mail)["sent_copy"]["status"], "saved");
    assert_eq!(kept(&setup).len(), 2);
}

#[test]
fn a_batch_and_a_large_attachment_are_kept_over_one_connection() {
    let Some(setup) = Setup::new() else { return };
    let relay = Relay::start(setup.dovecot().imap, Fault::None).unwrap();
    let folder = Folder::new().unwrap();
    let file = folder.path().join("scan.bin");
    std::fs::write(&file, (0..20_000_000_u32).map(|byte| (byte.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<_>>()).unwrap();
    let mut mails: Vec<Value> = (0..30).map(|number| mail(&format!("batch{number}"))).collect();
    mails[7]["attachments"] = json!([{"file": file}]);
    mails[9] = json!({"to": ["unknown@copies.example"], "subject": "refused", "text": "x"});
    let mut account = setup.open(&over(&setup, &relay));
    let error = account.send_document(&json!(mails).to_string(), &[], &patience()).unwrap_err();
    let results = error.more["results"].as_array().unwrap();
    for (number, result) in results.iter().enumerate() {
        let expected = if number == 9 { Value::Null } else { json!("saved") };
        assert_eq!(result["sent_copy"]["status"], expected, "{number}: {result}");
    }
    send(&mut account, &mail("batch30"));
    let text = String::from_utf8_lossy(&relay.sent()).into_owned();
    assert_eq!((text.matches(" LOGIN ").count() + text.matches(" AUTHENTICATE ").count(), text.matches(" APPEND ").count()), (1, 30));
    let (result, got) = fetch(&mut setup.account("imap"), json!({"folder": "Gesendet", "max_bytes": 100_000_000}), |_| Action::Keep);
    result.unwrap();
    assert_eq!(got.len(), 30);
    let large = got.iter().find(|got| got.subject() == "batch7").unwrap();
    assert_eq!(large.raw.len() as u64, results[7]["size"].as_u64().unwrap());
    // No mailbox is opened for a mail that was refused for every recipient.
    assert!(got.iter().all(|got| got.subject() != "refused"));
}

/// The settings with the mailbox behind a relay, in clear text.
fn over(setup: &Setup, relay: &Relay) -> Value {
    let mut settings = settings(setup);
    let mailbox = &mut settings["accounts"]["mailbox"];
    mailbox["server"] = json!({"host": "127.0.0.1", "port": relay.port, "timeout_seconds": 20});
    mailbox["tls"] = json!({"mode": "none"});
    mailbox["auth"]["allow_cleartext"] = json!(true);
    settings
}

#[test]
fn whatever_keeps_the_copy_away_the_mail_is_sent() {
    let Some(mut setup) = Setup::new() else { return };
    // A server that greets and then says nothing any more.
    let silent = Scripted::start(|mut stream| {
        std::io::Write::write_all(&mut stream, b"* OK ready\r\n")?;
        std::io::copy(&mut stream, &mut std::io::sink()).map(drop)
    })
    .unwrap();
    let (wrong, closed) = (json!("falsch"), Closed::new().unwrap());
    for (pointer, value, code) in [
        ("/auth/password", wrong, "auth.refused"),
        ("/server/port", json!(closed.port), "net.refused"),
        ("/imap/sent", json!("Gibt es nicht"), "imap.folder_missing"),
        ("/server", json!({"host": "127.0.0.1", "port": silent.port, "timeout_seconds": 20}), "call.timeout"),
    ] {
        let mut settings = settings(&setup);
        let (group, name) = pointer[1..].split_once('/').unwrap_or((&pointer[1..], ""));
        let mailbox = &mut settings["accounts"]["mailbox"];
        if name.is_empty() {
            mailbox[group] = value;
            mailbox["tls"] = json!({"mode": "none"});
        } else {
            mailbox[group][name] = value;
        }
        let cancel = Cancel::new(Some(Duration::from_secs(if code == "call.timeout" { 3 } else { 60 })));
        let receipt = ask(setup.open(&settings).send_document(&mail("troubled").to_string(), &[], &cancel));
        let copy = &receipt["sent_copy"];
        assert_eq!((&receipt["status"], &copy["status"], &copy["error"]["code"]), (&json!(0), &json!("failed"), &json!(code)), "{copy:#}");
        let (sentence, reason) = (copy["message"].as_str().unwrap(), copy["error"]["message"].as_str().unwrap());
        assert_eq!(sentence, format!("The mail was sent, but there was a problem with its copy: {reason}"));
        assert_eq!(receipt.get("saved_to"), None);
    }
    CRAMPED.clone_into(&mut setup.user);
    let mut large = mail("cramped");
    large["text"] = json!("Zeile\n".repeat(20_000));
    let receipt = send(&mut setup.open(&settings(&setup)), &large);
    let error = &receipt["sent_copy"]["error"];
    assert_eq!(error["code"], "imap.append_refused");
    assert!(error["server"]["text"].as_str().unwrap().contains("OVERQUOTA"), "{error}");
}

#[test]
fn a_cut_at_any_byte_of_the_append_leaves_one_copy_at_most_and_the_mail_sent() {
    let Some(setup) = Setup::new() else { return };
    let relay = Relay::start(setup.dovecot().imap, Fault::None).unwrap();
    let settings = over(&setup, &relay);
    let mut number = 1000;
    let mut attempt = |fault: Fault| -> (Value, String) {
        number += 1;
        relay.arm(fault);
        let id = format!("cut.{number}@copies.example");
        let mut mail = mail("cut");
        // Always the same length, so that a byte's number means the same each time.
        mail["message_id"] = json!(id);
        mail["date"] = json!("2026-11-21T12:00:00Z");
        let receipt = ask(setup.open(&settings).send_document(&mail.to_string(), &[], &patience()));
        assert_eq!(receipt["status"], 0, "{receipt}");
        (receipt["sent_copy"].clone(), id)
    };
    attempt(Fault::None);
    let (heard, said) = (relay.sent(), relay.received());
    let find = |text: &[u8], what: &str| String::from_utf8_lossy(text).find(what).unwrap();
    let logout = String::from_utf8_lossy(&heard).find("LOGOUT").unwrap_or(heard.len());
    // Each byte has its turn in the plugin's own tests; these are for a server that is real.
    let some = |at: &usize| at.is_multiple_of(9);
    let to_server =
        (find(&heard, " APPEND ")..logout).filter(|at| some(at) || at + 8 > logout).map(|at| Fault::Cut(Direction::ToServer, at));
    let to_client = (find(&said, "* ESEARCH").min(said.len() - 100)..said.len()).filter(some).map(|at| Fault::Cut(Direction::ToClient, at));
    let outcomes: Vec<(Fault, Value, String)> = to_server
        .chain(to_client)
        .map(|fault| {
            let (copy, id) = attempt(fault);
            (fault, copy, id)
        })
        .collect();
    let kept = kept(&setup);
    let mut uncertain = 0;
    for (fault, copy, id) in &outcomes {
        let copies = kept.iter().filter(|got| got.summary["message_id"] == **id).count();
        match (copy["status"].as_str().unwrap(), copy["error"]["code"].as_str()) {
            ("saved", None) => assert_eq!(copies, 1, "{fault:?}"),
            ("failed", Some("imap.filing_uncertain")) => {
                uncertain += 1;
                assert!(copies <= 1, "{fault:?}: {copies}");
            }
            ("failed", Some(_)) => assert_eq!(copies, 0, "{fault:?}: {copy}"),
            _ => panic!("{fault:?}: {copy}"),
        }
    }
    let saved = outcomes.iter().filter(|(_, copy, _)| copy["status"] == "saved").count();
    assert!(saved > 0 && uncertain > 0 && saved + uncertain < outcomes.len(), "{saved} and {uncertain} of {}", outcomes.len());
}

#[test]
fn the_test_of_the_sending_account_looks_for_the_folder() {
    let Some(setup) = Setup::new() else { return };
    let test = |settings: &Value| -> Value {
        let report = ask(setup.open(settings).test("{}", &patience()));
        assert_eq!(report["ok"], true, "{report:#}");
        report["steps"].as_array().unwrap().iter().find(|step| step["step"] == "mailbox").unwrap().clone()
    };
    let mut settings = settings(&setup);
    let step = test(&settings);
    assert_eq!(
        (&step["status"], &step["facts"]["folder"], &step["facts"]["account"]),
        (&json!("ok"), &json!("Gesendet"), &json!("mailbox"))
    );
    settings["accounts"]["mailbox"]["imap"] = json!({"sent": "Gibt es nicht"});
    let step = test(&settings);
    assert_eq!(
        (&step["status"], &step["code"], &step["pointer"]),
        (&json!("warn"), &json!("imap.folder_missing"), &json!("/accounts/mailbox/imap/sent"))
    );
    assert!(step["advice"][0].as_str().unwrap().contains("account mailbox"), "{step}");
    settings["accounts"]["mailbox"]["imap"]["create_folders"] = json!(true);
    assert_eq!(test(&settings)["code"], "imap.folder_will_be_created");
    let listed = ask(setup.account("imap").list("{}", &patience())).to_string();
    assert!(!listed.contains("Gibt es nicht"), "a test changes nothing");
    let receipt = send(&mut setup.open(&settings), &mail("created"));
    assert_eq!((&receipt["sent_copy"]["status"], &receipt["sent_copy"]["folder"]), (&json!("saved"), &json!("Gibt es nicht")));
}

#[test]
fn the_settings_say_which_account_would_do() {
    let Some(setup) = Setup::new() else { return };
    let mut settings = settings(&setup);
    let problem = |settings: &Value| -> Value {
        let checked: Value = json!(setup.host.check(&settings.to_string()));
        let found = checked["problems"].as_array().unwrap().iter().find(|problem| problem["severity"] == "error");
        found.map_or(Value::Null, |problem| json!([problem["pointer"], problem["code"], problem["message"]]))
    };
    assert_eq!(problem(&settings), Value::Null);
    settings["sent"]["account"] = json!("out");
    let unable = "The account “out” uses the transport smtp, which has no folders for copies of sent mail; an account with the transport imap has. Did you mean “mailbox”?";
    assert_eq!(problem(&settings), json!(["/sent/account", "settings.copying_account_unable", unable]));
    settings["sent"] = json!({"copy": true});
    assert_eq!(problem(&settings)[1], "settings.copying_account_missing");
    settings["receive"] = json!({"account": "mailbox"});
    assert_eq!(problem(&settings), Value::Null);
    assert_eq!(send(&mut setup.open(&settings), &mail("received"))["sent_copy"]["status"], "saved");
    settings["sent"] = json!({"copy": true, "account": "mailbax"});
    assert_eq!(problem(&settings)[1], "settings.account_unknown");
}
