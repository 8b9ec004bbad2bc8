//! Mail that is fetched through the bridge, by foreign programs, from accounts that they could not log in to.

use crate::clients::{run, write};
use crate::setup::{Client, Running, clear, files, giving, tls};
use postkontor_bridge::Limits;
use postkontor_core::Host;
use postkontor_tests::dovecot::Dovecot;
use postkontor_tests::exchange::Exchange;
use postkontor_tests::exim::Exim;
use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use postkontor_tests::skip;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A double of Entra ID, and a Dovecot that asks it about tokens.
struct Servers {
    entra: Exchange,
    exim: Exim,
    host: Arc<Host>,
}

fn servers() -> Option<&'static Servers> {
    static SERVERS: OnceLock<Option<Servers>> = OnceLock::new();
    let start = || {
        if !Exim::is_installed() {
            skip::because("Exim and Dovecot are not installed");
            return None;
        }
        let entra = Exchange::start().unwrap()?;
        let exim = Exim::start().unwrap();
        exim.dovecot().trust_tokens_of(&entra);
        // Kept until the process ends: the libraries in it stay loaded.
        let plugins = Folder::new().unwrap().keep();
        let plugins = Products::built().unwrap().plugins(&plugins, &["pop3", "imap"]).unwrap();
        let host = Host::open(&json!({"language": "de", "plugins": [plugins]}).to_string(), Box::new(())).unwrap();
        Some(Servers { entra, exim, host })
    };
    SERVERS.get_or_init(start).as_ref()
}

impl Servers {
    fn dovecot(&self) -> &Dovecot {
        self.exim.dovecot()
    }

    /// The account `main` of a user who logs in with a password.
    fn by_password(&self, transport: &str, user: &str) -> Value {
        let port = if transport == "pop3" { self.dovecot().pop3s } else { self.dovecot().imaps };
        json!({"accounts": {"main": {"transport": transport, "server": {"host": "localhost", "port": port},
            "tls": {"mode": "implicit", "ca_file": self.exim.files().authority()},
            "auth": {"method": "password", "user": user, "password": "Geheim-7"}}}})
    }

    /// The account `main` of a user who logs in by a token of the double.
    fn by_token(&self, client: &str, user: &str) -> Value {
        self.entra.control("POST", "/tokens/applications", &json!({"id": client, "secret": "geheim"})).unwrap();
        self.entra.control("POST", "/tokens", &json!({"user": format!("{user}@example.com"), "lifetime": 3600})).unwrap();
        let mut document = self.by_password("imap", user);
        document["accounts"]["main"]["auth"] = json!({"method": "oauth2", "user": user, "oauth2": {"provider": "microsoft",
            "tenant": "example.com", "authority": self.entra.secure(), "grant": "client_credentials", "client_id": client, "client_secret": "geheim"}});
        document
    }

    fn start(&self, document: &Value, tls: Value) -> Running {
        let mut settings = document.clone();
        settings["bridge"] = giving(tls);
        Running::with_accounts(&self.host, &settings, Limits::default()).unwrap()
    }
}

fn message(subject: &str, body: &str) -> Vec<u8> {
    format!("From: berta@example.com\r\nTo: anna@example.com\r\nSubject: {subject}\r\n\r\n{body}").into_bytes()
}

/// The contents of the messages in a maildir, sorted.
fn lie_in(folder: &Path) -> Vec<String> {
    let files = ["cur", "new"].into_iter().flat_map(|name| std::fs::read_dir(folder.join(name)).into_iter().flatten());
    let mut texts: Vec<String> = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    texts.sort();
    texts
}

#[test]
fn fetchmail_and_mpop_fetch_from_an_account_with_oauth2() {
    let Some(servers) = servers() else { return };
    let large = "long line\r\n".repeat(20_000);
    for (program, secured) in [("fetchmail", false), ("fetchmail", true), ("mpop", false), ("mpop", true)] {
        let user = servers.dovecot().mailbox();
        servers.dovecot().deliver(&user, &[message("one", "first\r\n..dots\r\n.\r\nlast\r\n"), message("two", &large)]).unwrap();
        let document = servers.by_token(&format!("application-{user}"), &user);
        let bridge = servers.start(&document, if secured { tls("starttls", "1.2") } else { clear() });
        let (port, authority, folder) = (bridge.pop3.unwrap().port(), files().authority(), Folder::new().unwrap());
        let got = folder.file("got");
        for name in ["cur", "new", "tmp"] {
            std::fs::create_dir_all(got.join(name)).unwrap();
        }
        let config = folder.file("config");
        let said = if program == "fetchmail" {
            let deliver = folder.file("deliver");
            postkontor_tests::guard::write_script(&deliver, &format!("#!/bin/sh\nexec cat > {}/new/$(date +%s%N)\n", got.display()))
                .unwrap();
            let secure = if secured {
                format!("sslproto TLS1.2+ sslcertck sslcertfile \"{}\"", authority.display())
            } else {
                "sslproto \"\"".to_owned()
            };
            let text = format!(
                "set no bouncemail\npoll localhost service {port} protocol pop3 uidl\nuser anna password \"Geheim-7\" nokeep {secure} mda \"{}\"\n",
                deliver.display()
            );
            write(&config, &text);
            let pid = folder.file("pid").display().to_string();
            run(
                "fetchmail",
                &["-f", &config.display().to_string(), "--pidfile", &pid, "-i", &folder.file("ids").display().to_string(), "-v"],
                "",
            )
        } else {
            let secure =
                if secured { format!("tls on\ntls_starttls on\ntls_trust_file {}", authority.display()) } else { "tls off".to_owned() };
            let (ids, auth) = (folder.file("ids"), if secured { "user" } else { "apop" });
            let text = format!(
                "account default\nhost localhost\nport {port}\nuser anna\npassword Geheim-7\nauth {auth}\n{secure}\nkeep off\ndelivery maildir {}\nuidls_file {}\n",
                got.display(),
                ids.display()
            );
            write(&config, &text);
            run("mpop", &["-C", &config.display().to_string(), "--received-header=off"], "")
        };
        let Some(said) = said else { continue };
        let got = lie_in(&got);
        assert_eq!(got.len(), 2, "{program}: {said} {:?}", bridge.log.lock().unwrap());
        let body = |subject: &str| {
            let text = got.iter().find(|text| text.contains(&format!("Subject: {subject}"))).unwrap();
            text.replace("\r\n", "\n").split_once("\n\n").unwrap().1.to_owned()
        };
        assert_eq!(body("one"), "first\n..dots\n.\nlast\n", "{program}");
        assert_eq!(body("two").lines().filter(|line| *line == "long line").count(), 20_000, "{program}");
        assert_eq!(lie_in(&servers.dovecot().maildir(&user)), [""; 0], "{program} had them deleted");
    }
    let log = servers.entra.log().unwrap();
    assert!(log.iter().any(|entry| entry["target"].as_str().is_some_and(|target| target.ends_with("/token"))
        && entry["user"].as_str().is_some_and(|user| user.starts_with("application-"))));
}

/// All that a mailbox answers, by both kinds of transports: one hands over a message by its id, the other shows what is new.
#[test]
fn a_mailbox_answers_as_the_protocol_has_it() {
    let Some(servers) = servers() else { return };
    for transport in ["imap", "pop3"] {
        let user = servers.dovecot().mailbox();
        let bodies = ["1\r\n2\r\n3\r\n", "other\r\n", "other\r\n"];
        let messages: Vec<Vec<u8>> = bodies.iter().enumerate().map(|(index, body)| message(&format!("m{index}"), body)).collect();
        servers.dovecot().deliver_more(&user, &messages).unwrap();
        let bridge = servers.start(&servers.by_password(transport, &user), clear());
        let log_in = || {
            let mut client = Client::greeted(bridge.pop3.unwrap());
            client.play(&[("USER anna", "+OK"), ("PASS Geheim-7", "+OK 3 messages")]);
            client
        };
        let mut client = log_in();
        let sizes: Vec<usize> = messages.iter().map(Vec::len).collect();
        assert_eq!(client.say("STAT"), format!("+OK 3 {}\r\n", sizes.iter().sum::<usize>()), "{transport}");
        assert_eq!(client.say("LIST 1"), format!("+OK 1 {}\r\n", sizes[0]));
        let identifiers = lines(&mut client, "UIDL");
        assert_eq!(identifiers.len(), 3);
        assert_eq!(
            lines(&mut client, "LIST"),
            sizes.iter().enumerate().map(|(index, size)| format!("{} {size}", index + 1)).collect::<Vec<_>>()
        );
        for (number, message) in [(3, &messages[2]), (1, &messages[0]), (2, &messages[1])] {
            let whole = lines(&mut client, &format!("RETR {number}")).join("\r\n") + "\r\n";
            assert_eq!(whole, String::from_utf8_lossy(message), "{transport}");
        }
        let top = |client: &mut Client, count: usize| lines(client, &format!("TOP 1 {count}")).join("|");
        let head = "From: berta@example.com|To: anna@example.com|Subject: m0|";
        for (count, body) in [(0, ""), (1, "|1"), (2, "|1|2"), (9, "|1|2|3")] {
            assert_eq!(top(&mut client, count), format!("{head}{body}"), "{transport} {count}");
        }
        client.play(&[
            ("RETR 4", "-ERR"),
            ("RETR 0", "-ERR"),
            ("DELE 2", "+OK"),
            ("DELE 2", "-ERR"),
            ("RETR 2", "-ERR"),
            ("LIST 2", "-ERR"),
        ]);
        assert_eq!(lines(&mut client, "UIDL").len(), 2);
        let mut other = Client::greeted(bridge.pop3.unwrap());
        other.play(&[("USER anna", "+OK"), ("PASS Geheim-7", "-ERR [IN-USE]")]);
        client.play(&[("RSET", "+OK"), ("STAT", "+OK 3 "), ("DELE 3", "+OK")]);
        // Without QUIT nothing is deleted.
        drop(client);
        let mut client = until_free(&log_in);
        assert_eq!(lines(&mut client, "UIDL"), identifiers, "{transport}");
        client.play(&[("DELE 1", "+OK"), ("DELE 3", "+OK"), ("QUIT", "+OK")]);
        assert_eq!(lie_in(&servers.dovecot().maildir(&user)).len(), 1, "{transport}");
    }
}

/// A mailbox is free as soon as the bridge has seen that its reader is gone.
fn until_free(log_in: &dyn Fn() -> Client) -> Client {
    let attempt = || std::panic::catch_unwind(std::panic::AssertUnwindSafe(log_in)).ok();
    postkontor_tests::guard::until(std::time::Duration::from_secs(20), attempt).unwrap()
}

/// The lines of an answer of several, without its first and its last.
fn lines(client: &mut Client, command: &str) -> Vec<String> {
    let said = client.say(command);
    assert!(said.starts_with("+OK"), "{command}: {said}");
    let lines = std::iter::from_fn(|| Some(client.reply().trim_end_matches("\r\n").to_owned()).filter(|line| line != "."));
    lines.map(|line| line.strip_prefix('.').map_or(line.clone(), str::to_owned)).collect()
}

#[test]
fn a_large_message_passes_through_a_file() {
    let Some(servers) = servers() else { return };
    let user = servers.dovecot().mailbox();
    let line = format!("{}\r\n", "x".repeat(70));
    let large = message("large", &line.repeat(700_000));
    servers.dovecot().deliver(&user, std::slice::from_ref(&large)).unwrap();
    let bridge = servers.start(&servers.by_password("imap", &user), clear());
    let mut client = Client::greeted(bridge.pop3.unwrap());
    client.play(&[("USER anna", "+OK"), ("PASS Geheim-7", "+OK 1 ")]);
    let got = lines(&mut client, "RETR 1").join("\r\n") + "\r\n";
    assert!(got.len() == large.len() && got.as_bytes() == large, "{} of {}", got.len(), large.len());
}

#[test]
fn an_account_that_fails_says_so_in_the_words_of_the_protocol() {
    let Some(servers) = servers() else { return };
    let mut document = servers.by_password("imap", "anna");
    document["accounts"]["main"]["auth"]["password"] = json!("falsch");
    let bridge = servers.start(&document, clear());
    let mut client = Client::greeted(bridge.pop3.unwrap());
    assert!(lines(&mut client, "CAPA").contains(&"USER".to_owned()));
    client.play(&[
        ("STAT", "-ERR"),
        ("PASS x", "-ERR USER comes first"),
        ("USER anna", "+OK"),
        ("PASS falsch", "-ERR [AUTH]"),
        ("USER anna", "+OK"),
    ]);
    let said = client.say("PASS Geheim-7");
    assert!(said.starts_with("-ERR [SYS/PERM] ") && said.is_ascii(), "{said}");
    client.play(&[("QUIT", "+OK")]);
    let log = bridge.log.lock().unwrap().join("\n");
    assert!(!log.contains("Geheim") && !log.contains("falsch"), "{log}");
}
