//! Mail that is signed and encrypted by what settings name; `openssl` reads it.

use super::issued::issued;
use super::people::{Folder, PASSWORD};
use super::{Program, document, host, signing};
use postkontor_core::settings::Sender;
use postkontor_core::{Account, Cancel, Error};
use serde_json::{Value, json};

const MESSAGE: &str = r#"{"to":["berta@example.com"],"subject":"Rechnung","text":"Guten Tag 4711"}"#;

/// The composed message by an account of these settings.
fn composed(program: &Program, settings: &Value, message: &str) -> Result<Vec<u8>, Error> {
    let account = Account::open(&host(program), &settings.to_string(), None)?;
    let mut mail = account.compose_document(message, &[], &Cancel::default())?;
    let (mut all, mut block) = (Vec::new(), vec![0; 65_536]);
    loop {
        match mail.read(&mut block)? {
            0 => return Ok(all),
            count => all.extend_from_slice(&block[..count]),
        }
    }
}

/// What `openssl` finds in an encrypted message with a key of the folder, and in the signed one within.
fn opened(message: &[u8], name: &str) -> String {
    let (own, folder) = (issued(), Folder::new());
    let file = |name: &str| own.path(name).to_str().unwrap().to_owned();
    folder.write("sealed.eml", message);
    let (key, pem, ca) = (file(&format!("{name}.key")), file(&format!("{name}.pem")), file("ca.pem"));
    let signed = folder.openssl(&["cms", "-decrypt", "-inform", "SMIME", "-in", "sealed.eml", "-inkey", &key, "-recip", &pem]);
    folder.write("signed.eml", signed);
    let text = folder.openssl(&["cms", "-verify", "-inform", "SMIME", "-in", "signed.eml", "-CAfile", &ca, "-purpose", "smimesign"]);
    String::from_utf8_lossy(&text).into_owned()
}

fn always(mut sender: Value) -> Value {
    sender["smime"]["encrypt"] = json!({"when": "always", "certificates": issued().path(".")});
    document(sender, json!({}))
}

#[test]
fn a_message_is_signed_and_encrypted_as_the_settings_say() {
    let program = Program::default();
    let settings = always(signing(issued(), "good.p12", "anna@example.com", json!({"secret": "certificate"})));
    let message = composed(&program, &settings, MESSAGE).unwrap();
    assert!(opened(&message, "berta").contains("Guten Tag 4711"), "for the recipient");
    assert!(opened(&message, "good").contains("Guten Tag 4711"), "for the sender");
    assert!(!String::from_utf8_lossy(&message).contains("Guten Tag"));
    let plain =
        composed(&program, &settings, r#"{"to":["berta@example.com"],"text":"x","smime":{"sign":false,"encrypt":"never"}}"#).unwrap();
    assert!(!String::from_utf8_lossy(&plain).contains("pkcs7"));
}

#[test]
fn the_sender_of_an_account_signs_with_a_certificate_of_its_own() {
    let mut settings = always(signing(issued(), "none.p12", "anna@example.com", json!("x")));
    settings["accounts"]["main"]["sender"] = signing(issued(), "curve.p12", "anna@example.com", json!(PASSWORD));
    let message = composed(&Program::default(), &settings, MESSAGE).unwrap();
    assert!(opened(&message, "berta").contains("Guten Tag 4711"));
}

#[test]
fn what_is_loaded_is_kept_until_the_file_changes() {
    let (program, folder) = (Program::default(), Folder::new());
    folder.write("anna.p12", issued().read("good.p12"));
    let settings = document(signing(&folder, "anna.p12", "anna@example.com", json!({"secret": "certificate"})), json!({}));
    let account = Account::open(&host(&program), &settings.to_string(), None).unwrap();
    let compose = || account.compose_document(MESSAGE, &[], &Cancel::default()).map(drop);
    assert_eq!(program.asked(), 0, "only when it is needed");
    compose().unwrap();
    compose().unwrap();
    assert_eq!(program.asked(), 1);
    super::rewrite(&folder, "anna.p12", &issued().read("expired.p12"));
    assert_eq!(compose().unwrap_err().at[0].code, "smime.certificate_expired");
    assert_eq!(program.asked(), 2);
}

#[test]
fn what_cannot_be_loaded_fails_with_the_place_of_its_setting() {
    for (file, password, code, pointer) in [
        ("none.p12", json!("x"), "smime.file_missing", "certificate"),
        ("good.p12", json!("wrong"), "smime.password_wrong", "password"),
        ("good.p12", json!({"secret": "unknown"}), "secret.not_found", "password"),
        ("foreign.pem", json!(null), "smime.key_does_not_fit", "certificate"),
    ] {
        let sender = signing(issued(), file, "anna@example.com", password);
        let layered = json!({"company": {"sender": sender}, "user": {"accounts": {"main": {"transport": "pigeonhole"}}}});
        let own = json!({"accounts": {"main": {"transport": "pigeonhole", "sender": sender}}});
        for (settings, before) in [(layered, "/company/sender"), (own, "/accounts/main/sender")] {
            let error = composed(&Program::default(), &settings, MESSAGE).unwrap_err();
            assert_eq!(error.code, code, "{file}");
            assert_eq!(error.at[0].pointer, format!("{before}/smime/sign/{pointer}"), "{file}");
            assert!(!error.at[0].message.is_empty() || !error.message.is_empty(), "{error:?}");
        }
    }
    let sender = json!({"address": "anna@example.com", "smime": {"encrypt": {"when": "always", "certificates": ["/nowhere"]}}});
    let error = composed(&Program::default(), &document(sender, json!({})), MESSAGE).unwrap_err();
    assert_eq!((error.code.as_str(), error.at[0].pointer.as_str()), ("smime.file_missing", "/sender/smime/encrypt/certificates/0"));
}

#[test]
fn a_message_that_is_only_built_is_protected_as_well() {
    let settings = always(signing(issued(), "good.p12", "anna@example.com", json!({"secret": "certificate"})));
    let sender = Sender::read(&settings["sender"].to_string());
    // A text that stands for a list is for documents of settings.
    assert!(sender.is_err());
    let mut group = settings["sender"].clone();
    group["smime"]["encrypt"]["certificates"] = json!([issued().path(".")]);
    let sender = Sender::read(&group.to_string()).unwrap();
    let mut all = Vec::new();
    let mut write = |block: &[u8]| {
        all.extend_from_slice(block);
        Ok(())
    };
    host(&Program::default()).build(&sender, MESSAGE, &[], &mut write).unwrap();
    assert!(opened(&all, "berta").contains("Guten Tag 4711"));
}

#[test]
fn what_is_built_for_one_sender_again_and_again_asks_for_the_password_once() {
    let (program, folder) = (Program::default(), Folder::new());
    folder.write("anna.p12", issued().read("good.p12"));
    let sender = |address| Sender::read(&signing(&folder, "anna.p12", address, json!({"secret": "certificate"})).to_string()).unwrap();
    let (host, message) = (host(&program), r#"{"to":["berta@example.com"],"text":"x"}"#);
    let build = |address| host.build_whole(&sender(address), message, &[]).map(|whole| whole.len());
    assert!(build("anna@example.com").unwrap() > 2000 && build("Anna@Example.com").is_ok());
    assert_eq!(program.asked(), 1);
    super::rewrite(&folder, "anna.p12", &issued().read("expired.p12"));
    assert_eq!(build("anna@example.com").unwrap_err().at[0].code, "smime.certificate_expired");
    assert_eq!(program.asked(), 2);
}
