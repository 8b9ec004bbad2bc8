//! Exim in a folder, with [`Dovecot`] as its login server: one daemon, many ports, each with a behaviour of its own.
//!
//! Recipients with a fixed fate on every port: `unknown@` gets 550, `later@` 451, `full@` 452; the sender `later@` gets 451 at MAIL. Mail to
//! `bounces@` is taken and comes back. All other mail, for whatever domain, is delivered into one maildir.

use crate::certificates::{Certificates, Files, Kind};
use crate::dovecot::{Dovecot, MECHANISMS};
use crate::folder::Folder;
use crate::guard::{Guard, as_user, hand_over, until, user_and_group, write_script};
use crate::ports;
use std::collections::HashMap;
use std::fmt::Write;
use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

/// The kinds of ports. Unless another kind is named, a port begins in clear text, offers STARTTLS with a good certificate, and all mechanisms of
/// Dovecot even before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Port {
    /// As described.
    Standard,
    /// TLS from the first byte.
    Implicit,
    /// No TLS at all.
    Clear,
    /// No TLS, PIPELINING, CHUNKING, DSN, SMTPUTF8.
    Bare,
    /// TLS 1.0 only.
    Tls10,
    /// TLS 1.1 only.
    Tls11,
    /// TLS 1.2 only.
    Tls12,
    /// TLS 1.3 only.
    Tls13,
    /// Demands a client certificate in the handshake and offers EXTERNAL only.
    ClientCertificate,
    /// Offers the mechanism LOGIN only.
    LoginOnly,
    /// Offers the mechanism CRAM-MD5 only.
    CramMd5Only,
    /// Takes messages of 20 KB at most.
    Small,
    /// Takes mail only after login.
    LoginNeeded,
    /// Takes mail only from an address that logged in by POP3 before.
    PopBefore,
    /// The certificate has expired.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// The certificate is for another host.
    WrongHost,
    /// The certificate is issued by itself.
    SelfSigned,
    /// The certificate is issued by an unknown authority.
    UnknownAuthority,
}

impl Port {
    /// Every port.
    pub const ALL: [Port; 19] = [
        Port::Standard,
        Port::Implicit,
        Port::Clear,
        Port::Bare,
        Port::Tls10,
        Port::Tls11,
        Port::Tls12,
        Port::Tls13,
        Port::ClientCertificate,
        Port::LoginOnly,
        Port::CramMd5Only,
        Port::Small,
        Port::LoginNeeded,
        Port::PopBefore,
        Port::Expired,
        Port::NotYetValid,
        Port::WrongHost,
        Port::SelfSigned,
        Port::UnknownAuthority,
    ];

    /// Its name in Exim's configuration.
    fn name(self) -> &'static str {
        match self {
            Port::Standard => "standard",
            Port::Implicit => "implicit",
            Port::Clear => "clear",
            Port::Bare => "bare",
            Port::Tls10 => "tls10",
            Port::Tls11 => "tls11",
            Port::Tls12 => "tls12",
            Port::Tls13 => "tls13",
            Port::ClientCertificate => "client-certificate",
            Port::LoginOnly => "login-only",
            Port::CramMd5Only => "cram-md5-only",
            Port::Small => "small",
            Port::LoginNeeded => "login-needed",
            Port::PopBefore => "pop-before",
            Port::Expired => "expired",
            Port::NotYetValid => "not-yet-valid",
            Port::WrongHost => "wrong-host",
            Port::SelfSigned => "self-signed",
            Port::UnknownAuthority => "unknown-authority",
        }
    }

    /// GnuTLS's priorities, where only one version is spoken.
    fn priorities(self) -> Option<&'static str> {
        match self {
            Port::Tls10 => Some("NORMAL:-VERS-ALL:+VERS-TLS1.0:+SHA1:+SIGN-RSA-SHA1:%VERIFY_ALLOW_SIGN_WITH_SHA1"),
            Port::Tls11 => Some("NORMAL:-VERS-ALL:+VERS-TLS1.1:+SHA1:+SIGN-RSA-SHA1:%VERIFY_ALLOW_SIGN_WITH_SHA1"),
            Port::Tls12 => Some("NORMAL:-VERS-ALL:+VERS-TLS1.2"),
            Port::Tls13 => Some("NORMAL:-VERS-ALL:+VERS-TLS1.3"),
            _ => None,
        }
    }
}

/// A mail as Exim delivered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipient; each has a delivery of its own.
    pub to: String,
    /// The message, with the header lines that Exim put before it.
    pub text: String,
}

impl Delivery {
    /// The value of a header line, without its continuation; empty where there is none.
    pub fn field(&self, name: &str) -> &str {
        let head = self.text.split("\n\n").next().unwrap_or_default();
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or_default().trim()
    }

    /// Exim's notes on the session: `login`, `user`, `tls`, `helo`, `protocol`, `utf8`, `certificate`; empty without a note.
    pub fn session(&self, fact: &str) -> &str {
        let facts = self.field("X-Rig").split_whitespace();
        facts.filter_map(|word| word.split_once('=')).find(|(name, _)| *name == fact).map_or("", |(_, value)| value)
    }
}

/// A running Exim with its Dovecot.
pub struct Exim {
    folder: PathBuf,
    files: Files,
    ports: HashMap<Port, u16>,
    dovecot: Dovecot,
    _guard: Guard,
}

impl Exim {
    /// Whether this machine has both servers.
    pub fn is_installed() -> bool {
        Path::new("/usr/sbin/exim4").exists() && Dovecot::is_installed() && cfg!(unix)
    }

    /// The servers of this process, started at the first call; `None` where they are not installed, after noting that the test is skipped.
    /// They end with the process.
    pub fn shared() -> Option<&'static Exim> {
        static SHARED: OnceLock<Result<Exim, String>> = OnceLock::new();
        if !Exim::is_installed() {
            crate::skip::because("Exim and Dovecot are not installed");
            return None;
        }
        #[allow(clippy::panic, reason = "a test cannot go on without the server it is about")]
        Some(SHARED.get_or_init(|| Exim::start().map_err(|error| error.to_string())).as_ref().unwrap_or_else(|error| panic!("{error}")))
    }

    /// Starts both in a new temporary folder.
    pub fn start() -> io::Result<Exim> {
        let mut last = io::Error::other("never tried");
        for _ in 0..3 {
            // Another process may have taken one of the ports meanwhile.
            match Exim::try_start() {
                Ok(exim) => return Ok(exim),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn try_start() -> io::Result<Exim> {
        let folder = Folder::new()?.keep();
        for name in ["tls", "log", "spool", "mail", "pop", "pop3"] {
            std::fs::create_dir(folder.join(name))?;
        }
        let files = Certificates::shared()?.write(&folder.join("tls"))?;
        let ports: HashMap<Port, u16> = Port::ALL.into_iter().zip(ports::free(Port::ALL.len())?).collect();
        let configuration = folder.join("exim.conf");
        std::fs::write(&configuration, configure(&folder, &ports)?)?;
        let configuration = configuration.display().to_string();
        let sendmail = as_user(&["/usr/sbin/exim4", "-C", &configuration, "-oi"]).join(" ");
        write_script(&folder.join("sendmail"), &format!("#!/bin/sh\nexec {sendmail} \"$@\"\n"))?;
        hand_over(&folder)?;
        let dovecot = Dovecot::start(&folder)?;
        let guard = Guard::start(&["/usr/sbin/exim4", "-C", &configuration, "-bdf"], &folder.join("log/exim.out"), Some(&folder))?;
        let exim = Exim { folder, files, ports, dovecot, _guard: guard };
        let listens = || exim.ports.values().all(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_ok()).then_some(());
        until(Duration::from_secs(20), listens).ok_or_else(|| io::Error::other(format!("Exim does not start\n{}", exim.log())))?;
        Ok(exim)
    }

    /// The number of a port; the host is `localhost` or 127.0.0.1.
    pub fn port(&self, port: Port) -> u16 {
        self.ports[&port]
    }

    /// Its login and POP3 server.
    pub fn dovecot(&self) -> &Dovecot {
        &self.dovecot
    }

    /// The certificates, to trust and to present.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// A sendmail command that hands over to this Exim.
    pub fn sendmail(&self) -> PathBuf {
        self.folder.join("sendmail")
    }

    /// Forgets all POP3 logins.
    pub fn forget_pop_logins(&self) -> io::Result<()> {
        for entry in std::fs::read_dir(self.folder.join("pop"))? {
            std::fs::remove_file(entry?.path())?;
        }
        Ok(())
    }

    /// All that was delivered so far to this recipient.
    pub fn deliveries(&self, to: &str) -> Vec<Delivery> {
        let Ok(entries) = std::fs::read_dir(self.folder.join("mail/new")) else { return Vec::new() };
        // No file vanishes between listing and reading, because none is removed.
        let texts = entries.filter_map(|entry| std::fs::read(entry.ok()?.path()).ok());
        let deliveries = texts.map(|text| {
            let text = String::from_utf8_lossy(&text).into_owned();
            let mut delivery = Delivery { from: String::new(), to: String::new(), text };
            delivery.from = delivery.field("Return-path").trim_matches(['<', '>']).to_owned();
            delivery.to = delivery.field("Envelope-to").to_owned();
            delivery
        });
        deliveries.filter(|delivery| delivery.to == to).collect()
    }

    /// Waits until something was delivered to this recipient.
    pub fn delivery(&self, to: &str) -> Option<Delivery> {
        until(Duration::from_secs(20), || self.deliveries(to).into_iter().next())
    }

    /// The logs of both servers.
    pub fn log(&self) -> String {
        let names = ["exim.out", "exim-mainlog", "exim-rejectlog", "exim-paniclog", "dovecot.out", "dovecot.log"];
        let texts = names.map(|name| std::fs::read_to_string(self.folder.join("log").join(name)).unwrap_or_default());
        texts.concat()
    }
}

fn configure(folder: &Path, ports: &HashMap<Port, u16>) -> io::Result<String> {
    let (user, group) = user_and_group()?;
    let list = |ports: Vec<u16>| ports.iter().map(u16::to_string).collect::<Vec<_>>().join(" : ");
    let mut names = String::new();
    let mut priorities = String::new();
    for (port, number) in ports {
        let _ = writeln!(names, "{number}: {}", port.name());
        if let Some(text) = port.priorities() {
            let _ = writeln!(priorities, "{}: {text}", port.name());
        }
    }
    let certificates: String = Kind::ALL.iter().map(|kind| format!("{0}: {0}\n", kind.name())).collect();
    std::fs::write(folder.join("ports"), names)?;
    std::fs::write(folder.join("priorities"), priorities)?;
    std::fs::write(folder.join("certificates"), certificates)?;
    // Exim looks at client certificates itself.
    let logins: String = MECHANISMS
        .iter()
        .filter(|mechanism| **mechanism != "EXTERNAL")
        .map(|mechanism| {
            let name = mechanism.to_ascii_lowercase().replace('-', "_");
            format!(
                "\n{name}:\n  driver = dovecot\n  public_name = {mechanism}\n  server_socket = ROOT/auth\n  server_set_id = $auth1\n  \
                 server_advertise_condition = ${{if inlist{{NAME}}{{{}}}{{no}}{{yes}}}}\n",
                elsewhere(mechanism)
            )
        })
        .collect();
    let text = format!("{}{logins}", include_str!("exim.conf")).replace("ROOT", &folder.display().to_string());
    let text = text.replace("TLS_PORTS", &list(vec![ports[&Port::Implicit]])).replace("PORTS", &list(ports.values().copied().collect()));
    Ok(text
        .replace("USER", &user)
        .replace("GROUP", &group)
        .replace("NAME", "${lookup{$received_port}lsearch{ROOT/ports}{$value}{none}}")
        .replace("ROOT", &folder.display().to_string()))
}

/// The names of the ports that do not offer a mechanism, as a list of Exim's.
fn elsewhere(mechanism: &str) -> String {
    let mut ports = vec![Port::ClientCertificate];
    ports.extend((mechanism != "LOGIN").then_some(Port::LoginOnly));
    ports.extend((mechanism != "CRAM-MD5").then_some(Port::CramMd5Only));
    ports.into_iter().map(Port::name).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests;
