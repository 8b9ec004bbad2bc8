//! Mail servers that know one password, as far as a test of an account asks them.

use openssl::ssl::SslAcceptor;
use postkontor_tests::certificates::Identity;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The password that is right.
pub(crate) const PASSWORD: &str = "Wort-7-kBuch";

/// A running server; it lives as long as the process.
pub(crate) struct Server {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

/// What the server speaks, and when TLS begins.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Speech {
    Imap,
    /// STARTTLS.
    Submission,
    /// TLS from the first byte.
    Submissions,
}

impl Server {
    pub(crate) fn start(identity: &Identity, speech: Speech) -> Server {
        let acceptor = Arc::new(identity.acceptor(None, None).unwrap().build());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = heard.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (acceptor, noted) = (acceptor.clone(), noted.clone());
                std::thread::spawn(move || serve(client, &acceptor, speech, &noted));
            }
        });
        Server { port, heard }
    }

    /// The lines that clients have sent.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn serve(client: TcpStream, acceptor: &SslAcceptor, speech: Speech, heard: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut client = client;
    if speech == Speech::Submission {
        client.write_all(b"220 mail ESMTP\r\n")?;
        let mut reader = BufReader::with_capacity(1, client.try_clone()?);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            heard.lock().unwrap().push(format!("plain {line}"));
            match line.get(..4) {
                Some("EHLO") => client.write_all(b"250-mail\r\n250 STARTTLS\r\n")?,
                Some("STAR") => break client.write_all(b"220 go on\r\n")?,
                _ => client.write_all(b"221 bye\r\n")?,
            }
        }
    }
    let mut stream = BufReader::new(acceptor.accept(client).map_err(|error| io::Error::other(error.to_string()))?);
    match speech {
        Speech::Imap => stream.get_mut().write_all(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n")?,
        Speech::Submissions => stream.get_mut().write_all(b"220 mail ESMTP\r\n")?,
        Speech::Submission => (),
    }
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Ok(());
        }
        heard.lock().unwrap().push(line.clone());
        let answer = if speech == Speech::Imap { imap(&line) } else { smtp(&line) };
        stream.get_mut().write_all(answer.as_bytes())?;
    }
}

fn is_right(line: &str) -> bool {
    line.split_whitespace().last().and_then(decoded).is_some_and(|plain| plain.ends_with(PASSWORD)) || line.contains(PASSWORD)
}

fn decoded(word: &str) -> Option<String> {
    let mut child = std::process::Command::new("base64")
        .arg("-d")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(word.as_bytes()).ok()?;
    let mut plain = String::new();
    child.stdout.take()?.read_to_string(&mut plain).ok()?;
    child.wait().ok().filter(|status| status.success()).map(|_| plain)
}

fn imap(line: &str) -> String {
    let mut words = line.split_whitespace();
    let (tag, verb) = (words.next().unwrap_or("*"), words.next().unwrap_or_default().to_ascii_uppercase());
    match verb.as_str() {
        "CAPABILITY" => format!("* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\r\n{tag} OK\r\n"),
        "LOGIN" | "AUTHENTICATE" if !is_right(line) => format!("{tag} NO [AUTHENTICATIONFAILED] wrong\r\n"),
        "LIST" => format!("* LIST (\\HasNoChildren) \"/\" INBOX\r\n{tag} OK\r\n"),
        "SELECT" | "EXAMINE" => {
            format!("* 0 EXISTS\r\n* FLAGS ()\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 1] x\r\n{tag} OK [READ-WRITE] x\r\n")
        }
        "LOGOUT" => format!("* BYE\r\n{tag} OK\r\n"),
        _ => format!("{tag} OK\r\n"),
    }
}

fn smtp(line: &str) -> String {
    match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
        "EHLO" => "250-mail\r\n250 AUTH PLAIN\r\n".to_owned(),
        "AUTH" if !is_right(line) => "535 5.7.8 wrong\r\n".to_owned(),
        "AUTH" => "235 2.7.0 fine\r\n".to_owned(),
        "QUIT" => "221 bye\r\n".to_owned(),
        _ => "250 fine\r\n".to_owned(),
    }
}
