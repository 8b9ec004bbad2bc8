//! Dovecot in a folder: the login server of [`Exim`](crate::exim::Exim), and a POP3 server for POP-before-SMTP.

mod introspection;

use crate::exchange::Exchange;
use crate::guard::{Guard, until, user_and_group, write_script};
use crate::ports;
use introspection::Introspection;
use serde_json::{Value, json};
use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// The users who may log in, with their passwords.
pub const USERS: [(&str, &str); 2] = [("anna", "Geheim-7"), ("jürgen", "Grüße, 9")];

/// The one access token that is accepted, as that of `anna`.
pub const TOKEN: &str = "ya29.token-of-anna-which-is-good";

/// The SASL mechanisms that it knows. EXTERNAL is for the client certificate of [`Certificates`](crate::certificates::Certificates), which is `anna`'s.
pub const MECHANISMS: [&str; 10] =
    ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER", "NTLM", "EXTERNAL"];

/// The address at which IMAP offers no extension at all, at the ports of the others.
pub const BARE: &str = "127.0.0.2";

/// A user with the first of [`USERS`]'s password, whose mailbox holds 10 KB only.
pub const CRAMPED: &str = "klein";

/// How many users there are beside them, for tests that need a mailbox of their own.
const MAILBOXES: usize = 200;

fn mailbox(number: usize) -> String {
    format!("konto{number}")
}

/// A running Dovecot.
pub struct Dovecot {
    /// POP3 in clear text, with STLS.
    pub pop3: u16,
    /// POP3 over TLS.
    pub pop3s: u16,
    /// IMAP in clear text, with STARTTLS.
    pub imap: u16,
    /// IMAP over TLS.
    pub imaps: u16,
    mail: std::path::PathBuf,
    ntlm: std::path::PathBuf,
    given: AtomicUsize,
    deliveries: AtomicU64,
    _guard: Guard,
    introspection: Introspection,
}

impl Dovecot {
    /// Whether this machine has it.
    pub fn is_installed() -> bool {
        Path::new("/usr/sbin/dovecot").exists() && Path::new("/usr/lib/dovecot/pop3").exists()
    }

    /// Starts it in `folder`, which has the certificates in `tls` and belongs to [`user_and_group`]'s user. The socket for Exim is `auth` there; each
    /// POP3 login leaves a file `pop/ADDRESS`.
    pub fn start(folder: &Path) -> io::Result<Dovecot> {
        let introspection = Introspection::start(TOKEN, "anna")?;
        let free = ports::free(4)?;
        let (pop3, pop3s, imap, imaps) = (free[0], free[1], free[2], free[3]);
        let (user, group) = user_and_group()?;
        let root = folder.display().to_string();
        let fill = |text: &str| {
            let text = text.replace("ROOT", &root).replace("USER", &user).replace("GROUP", &group);
            let text = text.replace("POPS_PORT", &pop3s.to_string()).replace("POP_PORT", &pop3.to_string());
            text.replace("IMAPS_PORT", &imaps.to_string()).replace("IMAP_PORT", &imap.to_string())
        };
        std::fs::write(folder.join("dovecot.conf"), fill(include_str!("dovecot.conf")))?;
        let mailboxes: Vec<String> = (0..MAILBOXES).map(mailbox).collect();
        let users = USERS.into_iter().chain(mailboxes.iter().map(|name| (name.as_str(), USERS[0].1)));
        let judged: serde_json::Map<_, _> = users.clone().map(|(name, password)| (name.to_owned(), json!(password))).collect();
        let mut users: String = users.map(|(name, password)| format!("{name}:{{PLAIN}}{password}::::::\n")).collect();
        users.push_str(&format!("{CRAMPED}:{{PLAIN}}{}::::::userdb_quota_rule=*:storage=10K\n", USERS[0].1));
        std::fs::write(folder.join("users"), users)?;
        let oauth2 = "introspection_mode = auth\nusername_attribute = username\nactive_attribute = active\nactive_value = true\n";
        std::fs::write(folder.join("oauth2.conf"), format!("{oauth2}introspection_url = {}\n", introspection.url()))?;
        write_script(&folder.join("pop-before-smtp"), &fill("#!/bin/sh\n: > \"ROOT/pop/$IP\"\nexec \"$@\"\n"))?;
        // Dovecot has no NTLM of its own any more; it leaves it to a program that speaks as Samba's ntlm_auth does.
        write_script(&folder.join("ntlm-judge"), include_str!("../../../plugins/sdk/tests/ntlm_judge.py"))?;
        let judge = json!({"users": judged, "log": folder.join("log/ntlm"), "certificate": folder.join("tls/good.pem")});
        std::fs::write(folder.join("ntlm-judge.json"), judge.to_string())?;
        crate::guard::hand_over(folder)?;
        let log = folder.join("log/dovecot.out");
        let guard = Guard::start(&["/usr/sbin/dovecot", "-F", "-c", &folder.join("dovecot.conf").display().to_string()], &log, None)?;
        let ready = || (folder.join("auth").exists() && TcpStream::connect((Ipv4Addr::LOCALHOST, pop3)).is_ok()).then_some(());
        until(Duration::from_secs(20), ready).ok_or_else(|| failed(folder))?;
        Ok(Dovecot {
            pop3,
            pop3s,
            imap,
            imaps,
            mail: folder.join("pop3"),
            ntlm: folder.join("log/ntlm"),
            given: AtomicUsize::new(0),
            deliveries: AtomicU64::new(0),
            _guard: guard,
            introspection,
        })
    }
}

impl Dovecot {
    /// Takes access tokens of this double of Exchange, too: those of applications as the user that its token endpoint names.
    pub fn trust_tokens_of(&self, exchange: &Exchange) {
        self.introspection.ask_also(exchange.port());
    }

    /// A user with an unused mailbox; the password is that of the first of [`USERS`].
    pub fn mailbox(&self) -> String {
        mailbox(self.given.fetch_add(1, Ordering::Relaxed))
    }

    /// The folder with a user's mail: the inbox as a maildir, the others in `.NAME` there.
    pub fn maildir(&self, user: &str) -> std::path::PathBuf {
        self.mail.join(user)
    }

    /// What was noted of each login by NTLM as `user`, the last one last: `domain`, `machine`, `target`, and `binding`, which is `none`,
    /// `certificate` (this server's) or `other`.
    pub fn ntlm_logins(&self, user: &str) -> Vec<Value> {
        let log = std::fs::read_to_string(&self.ntlm).unwrap_or_default();
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).filter(|login: &Value| login["user"] == user).collect()
    }

    /// Puts messages into a user's inbox, as they are; the user need not exist until then. The mailbox is created with them.
    pub fn deliver(&self, user: &str, messages: &[Vec<u8>]) -> io::Result<()> {
        self.put(user, messages, 1_700_000_000)
    }

    /// Puts messages behind those that were put there before, as often as one likes.
    pub fn deliver_more(&self, user: &str, messages: &[Vec<u8>]) -> io::Result<()> {
        self.put(user, messages, 1_700_000_001 + self.deliveries.fetch_add(1, Ordering::Relaxed))
    }

    fn put(&self, user: &str, messages: &[Vec<u8>], time: u64) -> io::Result<()> {
        let maildir = self.mail.join(user);
        for folder in ["tmp", "new", "cur"] {
            std::fs::create_dir_all(maildir.join(folder))?;
        }
        for (number, message) in messages.iter().enumerate() {
            std::fs::write(maildir.join(format!("tmp/{time}.{number:08}.test")), message)?;
        }
        crate::guard::hand_over(&maildir)?;
        // A server that watches the folder must see whole messages only. Dovecot numbers new ones in the order of their names.
        let names = (0..messages.len()).map(|number| format!("{time}.{number:08}.test"));
        names.into_iter().try_for_each(|name| std::fs::rename(maildir.join("tmp").join(&name), maildir.join("new").join(&name)))
    }
}

fn failed(folder: &Path) -> io::Error {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    io::Error::other(format!("Dovecot does not start\n{}{}", read("log/dovecot.out"), read("log/dovecot.log")))
}
