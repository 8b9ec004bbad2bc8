//! A mail server without TLS and with PLAIN only, which notes every command and refuses every login.

use postkontor_tests::scripted::Scripted;
use std::io::{BufRead, BufReader, Write};
use std::sync::{Arc, Mutex};

pub(crate) struct Recorder {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    /// A server of `pop3` or `imap`.
    pub(crate) fn start(protocol: &'static str) -> Recorder {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&heard);
        let server = Scripted::start(move |stream| {
            let mut reader = BufReader::new(stream.try_clone()?);
            let mut writer = stream;
            writer.write_all(if protocol == "pop3" { b"+OK here\r\n" } else { b"* OK here\r\n" })?;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line)? == 0 {
                    return Ok(());
                }
                lines.lock().unwrap().push(line.trim_end().to_owned());
                let tag = line.split_whitespace().next().unwrap_or_default();
                let answer = match (protocol, line.contains("CAPA")) {
                    ("pop3", true) => "+OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n".to_owned(),
                    ("pop3", false) => "-ERR\r\n".to_owned(),
                    (_, true) => format!("* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n{tag} OK done\r\n"),
                    (_, false) => format!("{tag} NO no\r\n"),
                };
                writer.write_all(answer.as_bytes())?;
            }
        });
        Recorder { port: server.unwrap().port, heard }
    }

    /// Every line of the clients; where no login is allowed, only questions for its capabilities may be among them.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}
