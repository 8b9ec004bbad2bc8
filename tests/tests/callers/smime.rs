//! The examples sign and encrypt a mail, and say of what they fetched what is true; `openssl` looks at what they sent.

use crate::installation::{Installation, good, has, valgrind};
use crate::people::{self, Folder, town};
use postkontor_tests::mailbox::Mailbox;
use postkontor_tests::office::{self, Office};
use serde_json::json;
use std::process::Command;

/// An installation with a server for what goes out and a mailbox for what comes in.
struct Setup {
    installation: Installation,
    office: Office,
    mailbox: Mailbox,
}

impl Setup {
    /// Nothing where Dovecot is not installed.
    fn new() -> Option<Setup> {
        let mailbox = Mailbox::new("imap")?;
        let (installation, office) = (Installation::new(&["imap", "smtp"]), Office::open());
        let authority = postkontor_tests::exim::Exim::shared()?.files().authority();
        let mut settings = office.settings(office.authority().to_str().unwrap());
        settings["accounts"]["inbox"] = mailbox.settings(authority.to_str().unwrap())["accounts"]["inbox"].take();
        let key = |name: &str| json!({"certificate": town().path(&format!("{name}.p12")), "password": {"secret": "key"}});
        settings["sender"]["address"] = json!("person0@example.com");
        settings["sender"]["smime"] = json!({"sign": key("person0"), "encrypt": {"certificates": [town().path("person1.pem")]}});
        settings["receive"] = json!({"account": "inbox", "smime": {"keys": [key("person1")], "ca_file": town().path("ca.pem")}});
        std::fs::write(installation.folder.file("settings.json"), settings.to_string()).unwrap();
        Some(Setup { installation, office, mailbox })
    }

    /// Has a program send, and the recipient read with `openssl`; then has it fetch that mail and one that was changed on its way.
    fn works(&self, language: &str, program: impl Fn() -> Command) {
        let run = |arguments: &[&str]| {
            let mut command = program();
            command.arg(self.installation.file("settings.json")).args(arguments);
            let output = good(command.env("mail", office::PASSWORD).env("key", people::PASSWORD));
            String::from_utf8(output.stdout).unwrap()
        };
        run(&["send", "person1@example.com"]);
        let mail = self.office.mails().pop().unwrap();
        assert!(mail.text().contains("\r\nSubject: Invoice 4711\r\n") && !mail.text().contains("multipart/signed"));
        let content = opened(&mail.data);
        assert!(String::from_utf8(content).unwrap().contains("The amount is 1,234.56 EUR."));
        // The binding for C has no reader of JSON that would find the keys in the settings.
        if language != "c" {
            let kept = self.installation.file("kept.eml");
            std::fs::write(&kept, &mail.data).unwrap();
            let said = run(&["open", &kept]);
            assert!(said.contains("signed: good") && said.contains("encrypted: opened") && said.contains("1,234.56"), "{said}");
        }
        // The certificate is for another address than this.
        let forged = String::from_utf8(mail.data.clone()).unwrap().replace("person0@example.com", "person3@example.com");
        self.mailbox.deliver_bytes(mail.data);
        self.mailbox.deliver_bytes(forged.into_bytes());
        let said = run(&["receive"]);
        // What the program in C prints in the end names the subjects once more.
        let of_mail = said.split("Invoice 4711").skip(1).collect::<Vec<_>>();
        assert!(of_mail.len() >= 2, "{said}");
        let is_said = |text: &str, what: &str, status: &str| {
            text.contains(&format!("{what}: {status}")) || text.contains(&format!("\"{what}\":{{\"status\":\"{status}\""))
        };
        assert!(is_said(of_mail[0], "signed", "good") && is_said(of_mail[0], "encrypted", "opened"), "{said}");
        assert!(of_mail[0].contains("1,234.56"), "{said}");
        assert!(is_said(of_mail[1], "signed", "bad") && !is_said(of_mail[1], "signed", "good"), "{said}");
    }
}

/// What was encrypted for person1 and signed by person0.
fn opened(mail: &[u8]) -> Vec<u8> {
    let folder = Folder::new();
    folder.verified(&folder.decrypted(mail, "person1"))
}

#[test]
fn the_examples_sign_and_encrypt_and_say_of_what_they_fetched_who_signed_it() {
    for language in ["c", "delphi", "dotnet", "python"] {
        let Some(setup) = Setup::new() else { return };
        let installation = &setup.installation;
        match language {
            "c" if has(&["gcc", "valgrind"]) => {
                let program = installation.gcc("examples/c/smime.c", &["-pedantic", "-lpostkontor"]);
                setup.works(language, || valgrind(&program));
            }
            "delphi" if has(&["fpc"]) => {
                let program = installation.fpc("examples/delphi/smime.dpr");
                setup.works(language, || Command::new(&program));
            }
            "dotnet" if has(&["mcs", "mono"]) => {
                installation.mcs("examples/dotnet/Smime.cs");
                setup.works(language, || installation.mono());
            }
            "python" if has(&["python3"]) => setup.works(language, || installation.python("examples/python/smime.py")),
            _ => (),
        }
    }
}
