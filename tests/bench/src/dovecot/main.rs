//! A real server that mails are fetched from: Dovecot, with the messages of the source in a maildir.
//!
//! Usage: `bench-dovecot pop3|imap [--messages N] [--bytes N]`; the library of this package tells how a server is asked. It counts what
//! Dovecot writes into its log when a session ends, so it answers once one has ended that it has not told of yet.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "standard output is how a server talks to the benchmark")]

use postkontor_bench::mailbox::Mailbox;
use postkontor_bench::options::{number, usage};
use postkontor_tests::folder::Folder;
use postkontor_tests::guard::{Guard, hand_over, until, user_and_group};
use postkontor_tests::ports;
use std::io::{BufRead, Error, Result, stdin};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::Duration;

fn main() -> Result<()> {
    let (mut messages, mut bytes) = (10_000, 4096);
    let mut arguments = std::env::args().skip(1);
    let protocol = arguments.next().unwrap_or_default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--messages" => messages = number(&argument, &mut arguments)?,
            "--bytes" => bytes = number(&argument, &mut arguments)?,
            other => return Err(usage(&format!("unknown option {other}"))),
        }
    }
    let folder = Folder::new()?;
    fill(&folder.file("mail/cur"), &Mailbox::new(messages as usize, bytes as usize))?;
    let ports = ports::free(2)?;
    let (_guard, port) = match protocol.as_str() {
        "pop3" => (start(folder.path(), ports[0], ports[1])?, ports[0]),
        "imap" => (start(folder.path(), ports[0], ports[1])?, ports[1]),
        other => return Err(usage(&format!("unknown protocol \"{other}\""))),
    };
    until(Duration::from_secs(20), || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok())
        .ok_or_else(|| Error::other(format!("Dovecot does not start\n{}", log(folder.path()))))?;
    println!("{port}");
    let mut told = 0;
    for line in stdin().lock().lines() {
        line?;
        let sessions = until(Duration::from_secs(10), || Some(sessions(&log(folder.path()))).filter(|sessions| sessions.len() > told));
        let sessions = sessions.ok_or_else(|| Error::other(format!("no session has ended\n{}", log(folder.path()))))?;
        let (mails, bytes) = sessions[told..].iter().fold((0, 0), |sum, session| (sum.0 + session.0, sum.1 + session.1));
        told = sessions.len();
        println!("{{\"mails\":{mails},\"bytes\":{bytes},\"errors\":0}}");
    }
    Ok(())
}

/// Writes the messages as Dovecot itself names them when it takes them, with their sizes on disk and on the wire, and as read.
fn fill(folder: &Path, mailbox: &Mailbox) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    for (number, message) in mailbox.iter() {
        let size = message.len();
        std::fs::write(folder.join(format!("1700000000.M{number:08}.bench,S={size},W={size}:2,S")), message)?;
    }
    Ok(())
}

fn start(folder: &Path, pop3: u16, imap: u16) -> Result<Guard> {
    let (user, group) = user_and_group()?;
    let configuration = include_str!("dovecot.conf").replace("ROOT", &folder.display().to_string()).replace("USER", &user);
    let configuration = configuration.replace("GROUP", &group).replace("POP_PORT", &pop3.to_string());
    let file = folder.join("dovecot.conf");
    std::fs::write(&file, configuration.replace("IMAP_PORT", &imap.to_string()))?;
    hand_over(folder)?;
    Guard::start(&["/usr/sbin/dovecot", "-F", "-c", &file.display().to_string()], &folder.join("out"), None)
}

/// What Dovecot has said, before it had a log and in it.
fn log(folder: &Path) -> String {
    ["out", "log"].map(|name| std::fs::read_to_string(folder.join(name)).unwrap_or_default()).concat()
}

/// Messages and bytes that each session has fetched.
fn sessions(log: &str) -> Vec<(u64, u64)> {
    let session = |line: &str| {
        let (_, counts) = line.split_once("fetched=")?;
        let (messages, bytes) = counts.split_once(" bytes=")?;
        Some((messages.parse().ok()?, bytes.parse().ok()?))
    };
    log.lines().filter_map(session).collect()
}
