//! Encrypted mail with Bcc on the wire: each of Bcc gets a message that opens with his key and names no other.

use super::{anna, trusting};
use postkontor_core::Status;
use postkontor_tests::engine;
use postkontor_tests::exim::{Exim, Port};
use postkontor_tests::folder::Folder;
use postkontor_tests::scripted::Scripted;
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

const PEOPLE: [&str; 4] = ["office", "berta", "carla", "dora"];

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new("openssl").args(arguments).current_dir(folder).output().unwrap()
}

/// A key and a certificate for each of [`PEOPLE`], and a folder with the certificates of all.
fn certificates() -> Folder {
    let folder = Folder::new().unwrap();
    std::fs::create_dir(folder.path().join("others")).unwrap();
    for name in PEOPLE {
        let (key, pem) = (format!("{name}.key"), format!("others/{name}.pem"));
        let address = format!("subjectAltName=email:{name}@{}", if name == "office" { "example.com" } else { "seal.example" });
        let subject = format!("/CN={name}");
        let request = ["req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "60", "-subj", &subject, "-addext", &address];
        let made = run(folder.path(), &[&request[..], &["-keyout", &key, "-out", &pem]].concat());
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    let export =
        ["pkcs12", "-export", "-in", "others/office.pem", "-inkey", "office.key", "-out", "office.p12", "-passout", "pass:Siegel-7"];
    assert!(run(folder.path(), &export).status.success());
    folder
}

/// The settings with a sender who signs and encrypts.
fn protected(mut settings: Value, folder: &Folder) -> Value {
    settings["sender"]["smime"] = json!({
        "sign": {"certificate": folder.path().join("office.p12"), "password": "Siegel-7"},
        "encrypt": {"when": "always", "certificates": [folder.path().join("others")]},
    });
    settings
}

fn mail() -> Value {
    json!({"to": ["berta@seal.example"], "bcc": ["carla@seal.example", "dora@seal.example"], "subject": "Rechnung 4711", "text": "Guten Tag"})
}

/// Those of [`PEOPLE`] whose keys open a message, and for how many certificates it is.
fn readers(folder: &Folder, message: &str) -> (Vec<&'static str>, usize) {
    std::fs::write(folder.path().join("sealed.eml"), message).unwrap();
    let opens = |name: &&str| {
        let (key, pem) = (format!("{name}.key"), format!("others/{name}.pem"));
        let arguments = ["cms", "-decrypt", "-inform", "SMIME", "-in", "sealed.eml", "-inkey", &key, "-recip", &pem];
        let opened = run(folder.path(), &arguments);
        opened.status.success() && String::from_utf8_lossy(&opened.stdout).contains("Guten Tag")
    };
    let readers = PEOPLE.into_iter().filter(opens).collect();
    let printed = run(folder.path(), &["cms", "-cmsout", "-print", "-noout", "-inform", "SMIME", "-in", "sealed.eml"]);
    (readers, String::from_utf8_lossy(&printed.stdout).matches("d.ktri").count())
}

#[test]
fn each_of_bcc_opens_what_he_gets_and_nothing_names_him_to_the_others() {
    let Some(exim) = Exim::shared() else { return };
    let folder = certificates();
    let settings = protected(engine::smtp(exim.port(Port::Standard), trusting(exim, "starttls"), anna("plain")), &folder);
    let receipt = engine::send(&settings, &mail()).unwrap_or_else(|error| panic!("{error:?}"));
    let verdicts: Vec<&str> = receipt["recipients"].as_array().unwrap().iter().map(|answer| answer["address"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["berta@seal.example", "carla@seal.example", "dora@seal.example"]);
    for name in ["berta", "carla", "dora"] {
        let address = format!("{name}@seal.example");
        let delivery = exim.delivery(&address).unwrap_or_else(|| panic!("{name}: not delivered\n{}", exim.log()));
        assert_eq!(exim.deliveries(&address).len(), 1, "{name}");
        let text = &delivery.text;
        let message_id = format!("<{}>", receipt["message_id"].as_str().unwrap());
        assert_eq!(delivery.field("Message-ID"), message_id);
        assert_eq!(readers(&folder, text), (vec!["office", name], 2), "the sender and {name}");
        assert!(!text.lines().any(|line| line.starts_with("Bcc:")) && delivery.field("To") == "berta@seal.example");
    }
}

/// Takes mail, and hangs up instead of the last word to one for a certain recipient. Writes down for whom it took what.
fn forgetful(silent: &'static str, took: Arc<Mutex<Vec<String>>>) -> Scripted {
    let script = move |stream: TcpStream| -> io::Result<()> {
        let (mut lines, mut writer) = (BufReader::new(stream.try_clone()?).lines(), &stream);
        let mut recipients = Vec::new();
        writer.write_all(b"220 forgetful\r\n")?;
        while let Some(line) = lines.next().transpose()? {
            let answer = match line.get(..4).unwrap_or_default() {
                "RCPT" => {
                    recipients.push(line.split(['<', '>']).nth(1).unwrap_or_default().to_owned());
                    "250 ok"
                }
                "DATA" => {
                    writer.write_all(b"354 go\r\n")?;
                    while lines.next().transpose()?.is_some_and(|line| line != ".") {}
                    took.lock().unwrap().append(&mut recipients);
                    if took.lock().unwrap().last().is_some_and(|last| last == silent) {
                        return Ok(());
                    }
                    "250 taken"
                }
                "QUIT" => "221 bye",
                _ => "250 ok",
            };
            writer.write_all(format!("{answer}\r\n").as_bytes())?;
        }
        Ok(())
    };
    Scripted::start(script).unwrap()
}

#[test]
fn a_lost_answer_to_one_copy_leaves_the_other_verdicts_and_sends_nothing_twice() {
    let folder = certificates();
    let took = Arc::default();
    let server = forgetful("carla@seal.example", Arc::clone(&took));
    let settings = protected(engine::smtp(server.port, json!({"mode": "none"}), json!({"method": "none"})), &folder);
    let error = engine::send(&settings, &mail()).unwrap_err();
    assert_eq!(error.status, Status::Uncertain, "{error:?}");
    let verdicts: Vec<(&str, String)> =
        error.recipients.iter().map(|answer| (answer.address.as_str(), json!(answer.status).as_str().unwrap().to_owned())).collect();
    assert_eq!(verdicts[..2], [("berta@seal.example", "accepted".to_owned()), ("carla@seal.example", "unknown".to_owned())]);
    let took = took.lock().unwrap();
    let was_taken = took.contains(&"dora@seal.example".to_owned());
    assert_eq!(verdicts[2], ("dora@seal.example", if was_taken { "accepted" } else { "refused" }.to_owned()));
    let mut once = took.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), took.len(), "each was sent once: {took:?}");
}
