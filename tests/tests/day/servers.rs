//! The servers of the day: small, and every word of theirs the same each time.

use postkontor_tests::scripted::Scripted;
use std::io::{BufRead, BufReader, Result, Write};
use std::net::TcpStream;

/// The message that lies in both mailboxes.
const MESSAGE: &str = "From: Kunde <kunde@example.net>\r\nTo: office@example.com\r\nSubject: Bestellung 77\r\n\
    Message-ID: <77@example.net>\r\nDate: Mon, 30 Nov 2026 08:00:00 +0000\r\n\r\nBitte liefern.\r\n";

/// What a server says to a line; `None` ends the dialogue.
type Answers = fn(&str) -> Option<String>;

fn start(greeting: &'static str, answers: Answers) -> u16 {
    let script = move |stream: TcpStream| -> Result<()> {
        let (mut reader, mut writer) = (BufReader::new(stream.try_clone()?), stream);
        writer.write_all(greeting.as_bytes())?;
        let mut line = String::new();
        while reader.read_line(&mut line)? > 0 {
            match answers(line.trim_end()) {
                Some(answer) => writer.write_all(answer.as_bytes())?,
                None => break,
            }
            line.clear();
        }
        Ok(())
    };
    Scripted::start(script).unwrap().port
}

/// IMAP with one message and two folders; it lets in who has the right password.
pub(crate) fn imap() -> u16 {
    start("* OK [CAPABILITY IMAP4rev1 UIDPLUS] Dovecot ready.\r\n", |line| {
        let (tag, rest) = line.split_once(' ').unwrap_or((line, ""));
        let said = match rest.split(' ').take(2).collect::<Vec<_>>()[..] {
            ["LOGIN", _] if !rest.ends_with("\"Geheim 7\"") => {
                return Some(format!("{tag} NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"));
            }
            ["CAPABILITY"] => "* CAPABILITY IMAP4rev1 UIDPLUS\r\n".to_owned(),
            ["LIST", _] => "* LIST (\\HasNoChildren) \"/\" INBOX\r\n* LIST (\\Sent) \"/\" Sent\r\n".to_owned(),
            ["SELECT" | "EXAMINE", folder] if !folder.contains("INBOX") => {
                return Some(format!("{tag} NO [NONEXISTENT] Mailbox doesn't exist\r\n"));
            }
            ["SELECT" | "EXAMINE", _] => {
                "* FLAGS (\\Seen \\Deleted)\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 2] ok\r\n".to_owned()
            }
            ["UID", "SEARCH"] => "* SEARCH 1\r\n".to_owned(),
            ["UID", "FETCH"] if rest.contains("BODY") => {
                let head = format!("* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"30-Nov-2026 08:00:00 +0000\" RFC822.SIZE {}", MESSAGE.len());
                format!("{head} BODY[] {{{}}}\r\n{MESSAGE})\r\n", MESSAGE.len())
            }
            ["UID", "FETCH"] => {
                format!("* 1 FETCH (UID 1 FLAGS () INTERNALDATE \"30-Nov-2026 08:00:00 +0000\" RFC822.SIZE {})\r\n", MESSAGE.len())
            }
            ["LOGOUT"] => "* BYE\r\n".to_owned(),
            _ => String::new(),
        };
        Some(format!("{said}{tag} OK done\r\n"))
    })
}

/// POP3 with one message; at noon another session holds the mailbox, which the user name says.
pub(crate) fn pop3() -> u16 {
    start("+OK ready\r\n", |line| {
        let answer = match line.split(' ').next().unwrap_or_default() {
            "CAPA" => "+OK\r\nUSER\r\nUIDL\r\nRESP-CODES\r\n.\r\n".to_owned(),
            "USER" if line.contains("noon") => "-ERR [IN-USE] The mailbox is locked by another session\r\n".to_owned(),
            "UIDL" => "+OK\r\n1 0001\r\n.\r\n".to_owned(),
            "LIST" => format!("+OK\r\n1 {}\r\n.\r\n", MESSAGE.len()),
            "STAT" => format!("+OK 1 {}\r\n", MESSAGE.len()),
            "RETR" => format!("+OK\r\n{MESSAGE}.\r\n"),
            _ => "+OK\r\n".to_owned(),
        };
        Some(answer)
    })
}

/// SMTP that takes everything but the password.
pub(crate) fn suspicious() -> u16 {
    start("220 smtp.example.org ESMTP\r\n", |line| {
        Some(match line.split(' ').next().unwrap_or_default() {
            "EHLO" => "250-smtp.example.org\r\n250 AUTH PLAIN LOGIN\r\n".to_owned(),
            // An old one that gives back what it was sent.
            "AUTH" => format!("535 5.7.8 Bad credentials: {}\r\n", &line[11..]),
            "QUIT" => "221 bye\r\n".to_owned(),
            _ => "503 log in first\r\n".to_owned(),
        })
    })
}
