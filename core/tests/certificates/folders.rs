//! The certificates of others in a folder.

use super::issued::issued;
use super::people::Folder;
use super::{Program, document, host};
use postkontor_core::{Account, Cancel};
use serde_json::json;

#[test]
fn a_folder_is_read_again_when_it_changed_and_what_is_unreadable_in_it_is_named() {
    let (program, folder, own) = (Program::default(), Folder::new(), issued());
    folder.write("broken.cer", "nothing");
    folder.write("readme.txt", "nothing");
    std::fs::create_dir(folder.path("folder.pem")).unwrap();
    let sender = json!({"address": "anna@example.com", "smime": {"encrypt": {"when": "always", "certificates": [folder.path(".")]}}});
    let account = Account::open(&host(&program), &document(sender, json!({})).to_string(), None).unwrap();
    let compose = |to: &str| {
        let message = json!({"to": [to], "text": "x"}).to_string();
        account.compose_document(&message, &[], &Cancel::default()).map(drop).map_err(|error| error.at[0].code.clone())
    };
    let missing = Err("message.smime_no_certificate".to_owned());
    assert_eq!(compose("berta@example.com"), missing);
    let log = program.log();
    assert!(log.contains("broken.cer") && log.contains("folder.pem") && !log.contains("readme.txt"), "{log}");
    folder.write("berta.PEM", own.read("berta.pem"));
    assert_eq!(compose("Berta@Example.com"), Ok(()));
    // One that expired does not count, and the newest of several does.
    folder.write("anna.cer", own.read("expired.pem"));
    assert_eq!(compose("anna@example.com"), missing);
    folder.write("anna.cer", own.read("good.pem"));
    assert_eq!(compose("anna@example.com"), Ok(()));
    std::fs::remove_file(folder.path("berta.PEM")).unwrap();
    assert_eq!(compose("berta@example.com"), missing);
    folder.write("all.p7b", own.read("both.p7b"));
    assert_eq!(compose("berta@example.com"), Ok(()));
    folder.openssl(&["x509", "-in", own.path("berta.pem").to_str().unwrap(), "-outform", "DER", "-out", "berta.der"]);
    std::fs::remove_file(folder.path("all.p7b")).unwrap();
    assert_eq!(compose("berta@example.com"), Ok(()));
}

#[test]
fn a_call_that_is_stopped_ends_while_a_folder_is_read() {
    let (folder, own) = (Folder::new(), issued());
    let pem = own.read("berta.pem");
    (0..50).for_each(|number| drop(folder.write(&format!("{number}.pem"), &pem)));
    let sender = json!({"address": "anna@example.com", "smime": {"encrypt": {"when": "always", "certificates": [folder.path(".")]}}});
    let account = Account::open(&host(&Program::default()), &document(sender, json!({})).to_string(), None).unwrap();
    let cancel = Cancel::default();
    cancel.fire();
    let compose = |cancel: &Cancel| account.compose_document(r#"{"to":["berta@example.com"],"text":"x"}"#, &[], cancel).map(drop);
    assert_eq!(compose(&cancel).unwrap_err().code, "call.cancelled");
    assert!(compose(&Cancel::default()).is_ok());
}

#[test]
fn a_certificate_that_was_needed_a_moment_ago_is_another_one_once_its_file_is() {
    let (folder, own) = (Folder::new(), issued());
    folder.write("anna.pem", "");
    let sender =
        json!({"address": "berta@example.com", "smime": {"encrypt": {"when": "always", "certificates": [folder.path("anna.pem")]}}});
    super::rewrite(&folder, "anna.pem", &own.read("good.pem"));
    let account = Account::open(&host(&Program::default()), &document(sender, json!({})).to_string(), None).unwrap();
    let opened_by = |name: &str| {
        let mut mail = account.compose_document(r#"{"to":["anna@example.com"],"text":"x"}"#, &[], &Cancel::default()).unwrap();
        let mut message = vec![0; 65_536];
        let length = mail.read(&mut message).unwrap();
        folder.write("sealed.eml", &message[..length]);
        let [key, pem] = ["key", "pem"].map(|kind| own.path(&format!("{name}.{kind}")).display().to_string());
        folder.run("openssl", &["cms", "-decrypt", "-in", "sealed.eml", "-inkey", &key, "-recip", &pem]).status.success()
    };
    assert!(opened_by("good") && opened_by("good") && !opened_by("curve"));
    super::rewrite(&folder, "anna.pem", &own.read("curve.pem"));
    assert!(opened_by("curve") && !opened_by("good"));
}
