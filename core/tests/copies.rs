//! Those of Bcc get copies of an encrypted message that name no other recipient, and one receipt says what became of them all.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

#[path = "../../smime/tests/people/mod.rs"]
mod people;

use people::{Folder, certificate, identity, town};
use postkontor_core::message::{Composer, Content, Held, Protection, Signature, When};
use postkontor_core::settings::Sender;
use postkontor_core::{Account, Cancel, Composed, Error, Host, Kept, Receipt, Status, Stored};
use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::{
    Answer, Body, Call, Filed, Filing, FilingResult, Mail, Opening, Reply, Report, Sent, Stage, Step, TestRequest, Transport, Verdict,
    schemars, serde,
};
use postkontor_smime::encrypt::Recipient;
use postkontor_smime::sign::Terms;
use serde_json::json;
use std::sync::{Arc, Mutex};

/// A transport whose settings say what it does with a mail to an address: `person2=refuse;person3=doubt`.
struct Puppet {
    account: String,
    fates: Vec<(String, String)>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {
    puppet: Role,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Role {
    fates: String,
    /// Tells the tests from each other.
    #[allow(dead_code, reason = "the test looks for it")]
    test: String,
}

/// Account (with the test in front), envelope and bytes of a message.
type Taken = (String, Vec<String>, Vec<u8>);

/// All that was taken.
static TAKEN: Mutex<Vec<Taken>> = Mutex::new(Vec::new());

/// By account, how many copies were filed.
static FILED: Mutex<Vec<(String, usize)>> = Mutex::new(Vec::new());

impl Transport for Puppet {
    const NAME: &'static str = "puppet";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["test", "send", "file"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[("en", r#"{"codes":{"puppet.broken":"The line broke."}}"#)];
    type Settings = Settings;

    fn open(settings: Settings, _opening: &Opening) -> Result<Puppet, Error> {
        let fates = settings.puppet.fates.split(';').filter_map(|fate| fate.split_once('='));
        let fates = fates.map(|(name, fate)| (format!("{name}@example.com"), fate.to_owned())).collect();
        Ok(Puppet { account: settings.puppet.test, fates })
    }

    fn test(&mut self, _request: &TestRequest, _call: &Call) -> Result<Report, Error> {
        Ok(Report { steps: vec![Step::ok(Stage::Connect)], transcript: Vec::new() })
    }

    fn send(&mut self, mail: &Mail, body: &mut Body, _call: &Call) -> Result<Sent, Error> {
        let fate = |address: &String| self.fates.iter().find(|(known, _)| known == address).map_or("take", |(_, fate)| fate.as_str());
        let (mut whole, mut block) = (Vec::new(), [0; 4096]);
        loop {
            match body.read(&mut block)? {
                0 => break,
                count => whole.extend_from_slice(&block[..count]),
            }
        }
        assert_eq!(mail.size, Some(whole.len() as u64));
        let answer = |address: &String| match fate(address) {
            "refuse" => Answer {
                address: address.clone(),
                status: Verdict::Refused,
                reply: Reply { code: 550, enhanced: None, text: "no such user".to_owned() },
            },
            _ => Answer { address: address.clone(), status: Verdict::Accepted, reply: Reply { code: 250, ..Reply::default() } },
        };
        let recipients: Vec<Answer> = mail.recipients.iter().map(answer).collect();
        if mail.recipients.iter().any(|address| fate(address) == "break") {
            return Err(Error::new(Status::Network, "puppet.broken"));
        }
        TAKEN.lock().unwrap().push((self.account.clone(), mail.recipients.clone(), whole.clone()));
        if mail.recipients.iter().any(|address| fate(address) == "doubt") {
            return Err(Error::new(Status::Uncertain, "puppet.broken").stage(Stage::Acceptance));
        }
        if recipients.iter().all(|answer| answer.status == Verdict::Refused) {
            return Err(Error::new(Status::Refused, "puppet.broken").stage(Stage::Recipients).recipients(recipients).usable());
        }
        Ok(Sent { recipients, size: whole.len() as u64, ..Sent::default() })
    }

    fn file(&mut self, request: &Filing, _call: &Call) -> Result<Filed, Error> {
        FILED.lock().unwrap().push((self.account.clone(), request.messages.len()));
        let results = request.messages.iter().map(|_| FilingResult::Saved("4".to_owned())).collect();
        Ok(Filed { folder: request.folder.clone(), results, ..Filed::default() })
    }
}

static PUPPET: Plugin = postkontor_plugin::abi::vtable::<Puppet>();

/// A sender with the certificates of all.
fn held() -> Held {
    let signature = Signature { identity: identity(town(), "person0"), terms: Terms::default() };
    let recipients = ["person1", "person2", "person3"].map(|name| Recipient::new(certificate(town(), name)));
    Held { signature: Some(Arc::new(signature)), recipients: recipients.into() }
}

fn composed(document: &serde_json::Value, to_self: bool) -> Composed<'static> {
    let (sender, held) = (Sender::default(), held());
    let protection = Protection { certificates: &held, sign: true, encrypt: When::Always, to_self };
    Composer::new(&sender).unwrap().protected_by(protection).compose(&document.to_string(), &[]).unwrap()
}

fn document(to: &[&str], bcc: &[&str]) -> serde_json::Value {
    let addresses = |names: &[&str]| names.iter().map(|name| format!("{name}@example.com")).collect::<Vec<_>>();
    json!({"from": "person0@example.com", "to": addresses(to), "bcc": addresses(bcc), "subject": "x", "text": "Grüße"})
}

/// An account whose mailbox keeps the copies of what is sent, with another one that stands in.
fn account(test: &str, first: &str, second: &str) -> Account {
    let host = Host::open_with(r#"{"language":"en"}"#, Box::new(()), &[&PUPPET]).unwrap();
    let puppet = |account: &str, fates: &str| json!({"transport": "puppet", "puppet": {"test": format!("{test} {account}"), "fates": format!("{fates};")}});
    let settings = json!({
        "accounts": {"first": puppet("first", first), "second": puppet("second", second), "mailbox": puppet("mailbox", "")},
        "send": {"account": "first", "fallback": ["second"]}, "sent": {"copy": true, "account": "mailbox"},
    });
    Account::open(&host, &settings.to_string(), None).unwrap()
}

fn sent(test: &str, first: &str, second: &str, mail: Composed<'_>) -> Result<Receipt, Error> {
    account(test, first, second).deliver_one(mail, &Cancel::default())
}

/// Which accounts took a message for whom.
fn taken(test: &str) -> Vec<(String, Vec<String>)> {
    let taken = TAKEN.lock().unwrap();
    let of_test = taken.iter().filter_map(|(account, to, _)| Some((account.strip_prefix(test)?.trim().to_owned(), to.clone())));
    of_test.collect()
}

fn filed(test: &str) -> Vec<usize> {
    FILED.lock().unwrap().iter().filter(|(account, _)| account.starts_with(test)).map(|(_, count)| *count).collect()
}

fn verdicts(answers: &[Answer]) -> Vec<(&str, Verdict)> {
    answers.iter().map(|answer| (answer.address.split('@').next().unwrap(), answer.status)).collect()
}

/// The bytes that were taken for one recipient alone.
fn bytes_for(test: &str, name: &str) -> Vec<u8> {
    let taken = TAKEN.lock().unwrap();
    let address = [format!("{name}@example.com")];
    taken.iter().find(|(account, to, _)| account.starts_with(test) && *to == address).unwrap().2.clone()
}

/// For how many certificates a message is encrypted, and whether this one is among them.
fn recipients(folder: &Folder, message: &[u8], name: &str) -> (usize, bool) {
    folder.write("sealed.eml", message);
    let printed = folder.openssl(&["cms", "-cmsout", "-print", "-inform", "SMIME", "-in", "sealed.eml", "-noout"]);
    let printed = String::from_utf8_lossy(&printed).into_owned();
    let serial = certificate(town(), name).serial_text().to_uppercase();
    let serials: Vec<String> =
        printed.lines().filter_map(|line| line.trim().strip_prefix("serialNumber: 0x")).map(str::to_uppercase).collect();
    (serials.len(), serials.iter().any(|one| one.trim_start_matches('0') == serial.trim_start_matches('0')))
}

fn opens(folder: &Folder, message: &[u8], name: &str) -> bool {
    folder.decrypt(message, name).status.success()
}

#[test]
fn a_blind_recipient_gets_a_copy_that_names_no_other() {
    let test = "alone";
    let folder = Folder::new();
    let receipt = sent(test, "", "", composed(&document(&["person1"], &["person3", "person2"]), true)).unwrap();
    let accepted = |name| (name, Verdict::Accepted);
    assert_eq!(verdicts(&receipt.recipients), ["person1", "person3", "person2"].map(accepted));
    let each = ["person1", "person3", "person2"].map(|name| ("first".to_owned(), vec![format!("{name}@example.com")]));
    assert_eq!(taken(test), each);
    let mut size = 0;
    for name in ["person1", "person3", "person2"] {
        let message = bytes_for(test, name);
        size += message.len() as u64;
        assert_eq!(recipients(&folder, &message, name), (2, true), "{name} and the sender");
        assert!(recipients(&folder, &message, "person0").1);
        for other in ["person0", "person1", "person2", "person3"] {
            assert_eq!(opens(&folder, &message, other), other == name || other == "person0", "{other} opens that of {name}");
        }
        let text = String::from_utf8(message).unwrap();
        assert!(text.contains(&format!("Message-ID: <{}>", receipt.message_id)) && !text.contains("Bcc") && !text.contains("person2@"));
    }
    assert_eq!((receipt.size, filed(test)), (size, vec![1]), "all bytes, and one copy for the sender");
    assert_eq!(receipt.sent_copy.unwrap().status, Kept::Saved);
}

#[test]
fn what_becomes_of_a_copy_stands_in_the_place_of_its_recipient() {
    let test = "verdicts";
    let mail = composed(&document(&["person1"], &["person2", "person3"]), true);
    let error = sent(test, "person2=refuse", "person2=refuse", mail).unwrap_err();
    assert_eq!((error.status, error.at.len(), error.at[0].pointer.as_str()), (Status::Partial, 1, "/bcc/0"));
    let receipt = Receipt::of_partial(&error).unwrap();
    let expected = [("person1", Verdict::Accepted), ("person2", Verdict::Refused), ("person3", Verdict::Accepted)];
    assert_eq!((verdicts(&receipt.recipients), receipt.recipients[1].reply.code), (expected.into(), 550));
    assert_eq!(filed(test), [1]);

    let test = "the message itself is refused";
    let error = sent(test, "person1=refuse", "person1=refuse", composed(&document(&["person1"], &["person2"]), true)).unwrap_err();
    let receipt = Receipt::of_partial(&error).unwrap();
    assert_eq!(verdicts(&receipt.recipients), [("person1", Verdict::Refused), ("person2", Verdict::Accepted)]);
    assert_eq!((error.at[0].pointer.as_str(), filed(test)), ("/to/0", vec![1]));

    let test = "all are refused";
    let all = "person1=refuse;person2=refuse";
    let error = sent(test, all, all, composed(&document(&["person1"], &["person2"]), true)).unwrap_err();
    let pointers: Vec<&str> = error.at.iter().map(|at| at.pointer.as_str()).collect();
    assert_eq!((error.status, pointers, filed(test)), (Status::Refused, vec!["/to/0", "/bcc/0"], vec![]));
}

#[test]
fn a_copy_in_doubt_is_not_sent_again_and_the_others_keep_their_verdicts() {
    let test = "doubt";
    let error = sent(test, "person2=doubt", "", composed(&document(&["person1"], &["person2", "person3"]), true)).unwrap_err();
    let expected = [("person1", Verdict::Accepted), ("person2", Verdict::Unknown), ("person3", Verdict::Accepted)];
    assert_eq!((error.status, verdicts(&error.recipients)), (Status::Uncertain, expected.into()));
    assert!(error.more["message_id"].is_string());
    assert_eq!(taken(test).len(), 3, "each once: {:?}", taken(test));
    assert_eq!(filed(test), [0; 0]);
}

#[test]
fn another_account_stands_in_for_a_copy_alone() {
    let test = "reserve";
    let receipt = sent(test, "person2=break", "", composed(&document(&["person1"], &["person2", "person3"]), true)).unwrap();
    assert!(receipt.fallback && receipt.reason.is_some_and(|reason| reason.code == "puppet.broken"));
    let by = |account: &str, name: &str| (account.to_owned(), vec![format!("{name}@example.com")]);
    assert_eq!(taken(test), [by("first", "person1"), by("first", "person3"), by("second", "person2")]);
    assert_eq!(verdicts(&receipt.recipients), ["person1", "person2", "person3"].map(|name| (name, Verdict::Accepted)));

    let test = "no reserve";
    let error = sent(test, "person2=break", "person2=break", composed(&document(&["person1"], &["person2"]), true)).unwrap_err();
    let receipt = Receipt::of_partial(&error).unwrap();
    assert_eq!(verdicts(&receipt.recipients), [("person1", Verdict::Accepted), ("person2", Verdict::Refused)]);
    assert_eq!(receipt.recipients[1].reply.text, "The line broke.");

    let test = "nothing goes";
    let broken = "person1=break;person2=break";
    let error = sent(test, broken, broken, composed(&document(&["person1"], &["person2"]), true)).unwrap_err();
    assert_eq!((error.status, error.recipients.len(), error.at.len()), (Status::Network, 0, 0), "as of a mail without copies");
}

#[test]
fn a_mail_to_blind_recipients_only_is_sent_to_each_by_itself() {
    let folder = Folder::new();
    for to_self in [true, false] {
        let test = format!("blind only {to_self}");
        let receipt = sent(&test, "", "", composed(&document(&[], &["person1", "person2"]), to_self)).unwrap();
        assert_eq!(verdicts(&receipt.recipients), ["person1", "person2"].map(|name| (name, Verdict::Accepted)));
        assert_eq!((taken(&test).len(), filed(&test)), (2, vec![1]));
        for (name, other) in [("person1", "person2"), ("person2", "person1")] {
            let message = bytes_for(&test, name);
            assert_eq!(recipients(&folder, &message, name), (1 + usize::from(to_self), true));
            assert!(!recipients(&folder, &message, other).1);
            assert!(String::from_utf8(message).unwrap().contains("To: undisclosed-recipients:;"));
        }
    }
}

#[test]
fn who_needs_no_copy_gets_none() {
    let mail = composed(&document(&["person1"], &["person0", "person1"]), true);
    assert_eq!(
        (mail.copies.len(), mail.recipients.len()),
        (0, 2),
        "the sender opens the message itself, and one who is named already is no secret"
    );
    let mail = composed(&document(&["person1"], &["person0"]), false);
    assert_eq!((mail.copies.len(), mail.everyone().len()), (1, 2), "a message that the sender does not open needs one for the sender");
    let mut draft = document(&["person1"], &["person2"]);
    draft["append"] = json!({"folder": "<drafts>"});
    assert_eq!(composed(&draft, true).copies.len(), 0, "a draft is not sent");
}

#[test]
fn each_mail_of_a_call_has_one_result() {
    let test = "several";
    let mails = vec![
        composed(&document(&["person1"], &["person2"]), true),
        composed(&document(&["person3"], &[]), true),
        composed(&document(&["person2"], &["person3", "person1"]), true),
    ];
    let results = account(test, "person3=refuse", "person3=refuse").deliver(mails, &Cancel::default());
    let of = |result: &Result<Receipt, Error>| match result {
        Ok(receipt) => receipt.recipients.clone(),
        Err(error) => error.recipients.clone(),
    };
    let seen: Vec<Vec<Answer>> = results.iter().map(of).collect();
    let seen: Vec<Vec<(&str, Verdict)>> = seen.iter().map(|answers| verdicts(answers)).collect();
    let (accepted, refused) = (Verdict::Accepted, Verdict::Refused);
    let third = vec![("person2", accepted), ("person3", refused), ("person1", accepted)];
    assert_eq!(seen, [vec![("person1", accepted), ("person2", accepted)], vec![("person3", refused)], third]);
    assert_eq!(filed(test), [2]);
}

/// The bytes of a mail that is kept.
#[derive(Clone, Debug)]
struct Memory(Vec<u8>);

impl Content for Memory {
    fn read_at(&mut self, position: u64, data: &mut [u8]) -> Result<usize, Error> {
        let rest = &self.0[usize::try_from(position).unwrap()..];
        let count = rest.len().min(data.len());
        data[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

fn whole(mail: &mut Composed<'_>) -> Memory {
    let (mut bytes, mut block) = (Vec::new(), [0; 1000]);
    while let count @ 1.. = mail.read(&mut block).unwrap() {
        bytes.extend_from_slice(&block[..count]);
    }
    Memory(bytes)
}

/// What another process needs of a mail, with these recipients only.
fn kept(mut mail: Composed<'_>, left: &[&str]) -> (Stored, Vec<Memory>) {
    let mut stored: Stored = serde_json::from_str(&serde_json::to_string(&mail.stored()).unwrap()).unwrap();
    let own = whole(&mut mail);
    let contents = std::iter::once(own).chain(mail.copies.iter_mut().map(whole)).collect();
    let is_left = |address: &str| left.iter().any(|name| address == format!("{name}@example.com"));
    for part in std::iter::once(&mut stored.recipients).chain(stored.copies.iter_mut().map(|copy| &mut copy.recipients)) {
        part.retain(|recipient| is_left(&recipient.address));
    }
    (stored, contents)
}

fn restored((stored, contents): &(Stored, Vec<Memory>)) -> Composed<'static> {
    let boxed = |content: &Memory| -> Box<dyn Content> { Box::new(content.clone()) };
    Composed::restored(stored.clone(), contents.iter().map(boxed).collect()).unwrap()
}

#[test]
fn a_kept_mail_and_its_copies_are_the_same_bytes_each_time() {
    let test = "kept";
    let kept = kept(composed(&document(&["person1"], &["person3", "person2"]), true), &["person1", "person2", "person3"]);
    for round in ["first", "second"] {
        let receipt = sent(&format!("{test} {round}"), "", "", restored(&kept)).unwrap();
        assert_eq!(verdicts(&receipt.recipients), ["person1", "person3", "person2"].map(|name| (name, Verdict::Accepted)));
        for (name, content) in ["person1", "person3", "person2"].into_iter().zip(&kept.1) {
            assert!(bytes_for(&format!("{test} {round}"), name) == content.0, "{round} {name}");
        }
        assert_eq!(receipt.sent_copy.unwrap().status, Kept::Saved);
    }
    let folder = Folder::new();
    assert!(opens(&folder, &kept.1[0].0, "person1") && opens(&folder, &kept.1[2].0, "person2"));
}

#[test]
fn of_a_kept_mail_those_only_get_it_who_are_left() {
    let of = |left: &[&str]| restored(&kept(composed(&document(&["person1"], &["person2", "person3"]), true), left));
    let to = |names: &[&str]| names.iter().map(|name| ("first".to_owned(), vec![format!("{name}@example.com")])).collect::<Vec<_>>();

    let test = "main is left";
    let receipt = sent(test, "", "", of(&["person1"])).unwrap();
    assert_eq!((verdicts(&receipt.recipients), taken(test)), (vec![("person1", Verdict::Accepted)], to(&["person1"])));

    let test = "a copy is left";
    let receipt = sent(test, "", "", of(&["person3"])).unwrap();
    assert_eq!((verdicts(&receipt.recipients), taken(test)), (vec![("person3", Verdict::Accepted)], to(&["person3"])));
    assert_eq!((receipt.size, receipt.sent_copy.unwrap().status), (bytes_for(test, "person3").len() as u64, Kept::Saved));

    let test = "two copies are left, and one is refused";
    let error = sent(test, "person2=refuse", "person2=refuse", of(&["person2", "person3"])).unwrap_err();
    assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Partial, "/bcc/0"));
    assert_eq!(verdicts(&error.recipients), [("person2", Verdict::Refused), ("person3", Verdict::Accepted)]);

    let test = "a copy is left and in doubt";
    let error = sent(test, "person3=doubt", "", of(&["person3"])).unwrap_err();
    assert_eq!((error.status, verdicts(&error.recipients)), (Status::Uncertain, vec![("person3", Verdict::Unknown)]));

    let test = "a copy is left and nothing goes";
    let error = sent(test, "person3=break", "person3=break", of(&["person3"])).unwrap_err();
    assert_eq!((error.status, error.code.as_str(), error.recipients.len()), (Status::Network, "puppet.broken", 0), "as of any mail");
}
