//! NTLM before a judge in Python, who knows MS-NLMP and nothing of us.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use postkontor_plugin::net::sasl::{Exchange, Mechanism};
use postkontor_plugin::serde_json::{Value, from_str, json};
use postkontor_plugin::settings::{Auth, Endpoint};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Error, Secret};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

const PASSWORD: &str = "Grüße, 9 \u{1F511}";

/// Exchanges with the judge, one after the other, in a folder of its own.
struct Judge {
    folder: PathBuf,
    process: Child,
}

impl Judge {
    /// Nothing where there is no Python.
    fn start(name: &str, settings: Value) -> Option<Judge> {
        Command::new("python3").arg("--version").output().ok()?;
        let folder = std::env::temp_dir().join(format!("pk-ntlm-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let script = folder.join("judge");
        std::fs::write(&script, include_str!("../ntlm_judge.py")).unwrap();
        let mut given = json!({"users": {"anna": PASSWORD, "jürgen.straße": PASSWORD}, "log": folder.join("log")});
        given.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        std::fs::write(folder.join("judge.json"), given.to_string()).unwrap();
        let process = Command::new("python3").arg(&script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        Some(Judge { folder, process })
    }

    fn ask(&mut self, word: &str, message: &[u8]) -> String {
        writeln!(self.process.stdin.as_mut().unwrap(), "{word} {}", BASE64.encode(message)).unwrap();
        let mut line = String::new();
        BufReader::new(self.process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Logs in, and returns the verdict.
    fn login(&mut self, user: &str, password: &str, change: impl Fn(&mut Vec<u8>)) -> Result<String, Error> {
        let auth = Auth { user: user.to_owned(), password: Secret::new(password), ..Auth::default() };
        let endpoint = Endpoint { host: "mail.example.com".to_owned(), port: 993 };
        let mut exchange = Exchange::new(Mechanism::Ntlm, &auth, &endpoint, Some(vec![7; 32]))?.for_service("IMAP");
        let host = TestHost::new();
        let call = host.call();
        let invitation = self.ask("YR", &exchange.respond(b"", &call)?);
        let challenge = exchange.challenge(invitation.strip_prefix("TT ").unwrap().as_bytes())?;
        let mut answer = exchange.respond(&challenge, &call)?.to_vec();
        exchange.finish()?;
        change(&mut answer);
        Ok(self.ask("KK", &answer))
    }

    /// What was noted of the last login.
    fn noted(&self) -> Value {
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap();
        from_str(log.lines().last().unwrap()).unwrap()
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_foreign_judge_accepts_the_proof_and_the_integrity_code() {
    for (number, server) in [json!({}), json!({"timestamp": false}), json!({"info": false})].into_iter().enumerate() {
        let Some(mut judge) = Judge::start(&format!("good-{number}"), server) else { return };
        for (user, domain, name) in [
            ("anna", "", "anna"),
            ("EXAMPLE\\anna", "EXAMPLE", "anna"),
            ("anna@example.com", "", "anna"),
            ("Büro\\jürgen.straße", "Büro", "jürgen.straße"),
        ] {
            assert_eq!(judge.login(user, PASSWORD, |_| {}).unwrap(), format!("AF {name}"), "{user}");
            let noted = judge.noted();
            assert_eq!((&noted["domain"], &noted["user"]), (&json!(domain), &json!(user.rsplit('\\').next())));
            assert_eq!((&noted["target"], &noted["machine"]), (&json!("IMAP/mail.example.com"), &json!("")));
            assert_eq!(noted["binding"], "other", "that of no certificate which the judge knows");
        }
    }
}

#[test]
fn a_foreign_judge_refuses_a_wrong_password_and_every_changed_byte() {
    let Some(mut judge) = Judge::start("bad", json!({})) else { return };
    assert_eq!(judge.login("anna", "Falsch-8", |_| {}).unwrap(), "NA wrong password");
    assert_eq!(judge.login("nobody", PASSWORD, |_| {}).unwrap(), "NA no such user");
    for at in 60..240 {
        let verdict = judge.login("EXAMPLE\\anna", PASSWORD, |answer| answer[at] ^= 1).unwrap();
        assert!(verdict.starts_with("NA "), "byte {at}: {verdict}");
    }
}
