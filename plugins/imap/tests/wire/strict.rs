//! A server that takes nothing but what its capabilities allow, and notes what it hears.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A running server; it ends with the process.
pub(crate) struct Strict {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

/// Commands and arguments, with the capabilities that allow them: one of them is enough.
const EXTENSIONS: [(&str, &[&str]); 9] = [
    ("ENABLE ", &["ENABLE"]),
    ("ID ", &["ID"]),
    ("COMPRESS ", &["COMPRESS=DEFLATE"]),
    ("IDLE", &["IDLE"]),
    ("UID MOVE ", &["MOVE", "IMAP4rev2"]),
    ("UID EXPUNGE ", &["UIDPLUS", "IMAP4rev2"]),
    ("UID SEARCH RETURN ", &["ESEARCH", "IMAP4rev2"]),
    ("LIST \"\" \"*\" RETURN ", &["LIST-EXTENDED", "IMAP4rev2"]),
    ("APPEND \"Out\" (\\Seen) UTF8 ", &["UTF8=ACCEPT", "UTF8=ONLY"]),
];

impl Strict {
    /// Starts a server that has these capabilities, and answers commands that begin with the first of `odd` with the second.
    pub(crate) fn start(capabilities: &str, odd: Option<(&'static str, &'static str)>) -> Strict {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let noted = heard.clone();
        let capabilities: Vec<String> = capabilities.split(' ').map(str::to_owned).collect();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let _ = stream.set_nodelay(true);
                let commands = BufReader::new(stream.try_clone().unwrap());
                let mut line = Line { stream, commands, capabilities: capabilities.clone(), utf8: false, odd, heard: noted.clone() };
                // A client that goes away ends the session.
                let _ = line.session();
            }
        });
        Strict { port, heard }
    }

    /// The commands so far, without their tags; a literal stands as `{5}text`, or `{5+}text` where it came non_synchronizing.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// The one command that begins so.
    pub(crate) fn only(&self, verb: &str) -> String {
        let heard = self.heard();
        let found: Vec<_> = heard.iter().filter(|command| command.starts_with(verb)).collect();
        assert_eq!(found.len(), 1, "{verb}: {heard:?}");
        found[0].clone()
    }
}

struct Line {
    stream: TcpStream,
    commands: BufReader<TcpStream>,
    capabilities: Vec<String>,
    utf8: bool,
    odd: Option<(&'static str, &'static str)>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Line {
    fn has(&self, name: &str) -> bool {
        self.capabilities.iter().any(|known| known == name)
    }

    fn say(&mut self, text: &str) -> std::io::Result<()> {
        self.stream.write_all(text.as_bytes())
    }

    /// Reads a command with its literals; the tag and the rest, or what is wrong with it.
    fn command(&mut self) -> std::io::Result<(String, Result<String, &'static str>)> {
        let (mut command, mut wrong) = (String::new(), None);
        loop {
            let mut line = String::new();
            if self.commands.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end_matches("\r\n");
            if !line.is_ascii() && !self.utf8 && !self.has("IMAP4rev2") {
                wrong = Some("eight bits in a line");
            }
            command.push_str(line);
            let Some(open) = line.ends_with('}').then(|| line.rfind('{')).flatten() else { break };
            let digits = &line[open + 1..line.len() - 1];
            let (digits, non_synchronizing) = digits.strip_suffix('+').map_or((digits, false), |digits| (digits, true));
            let length: usize = digits.parse().unwrap();
            let small = length <= 4096 && (self.has("LITERAL-") || self.has("IMAP4rev2"));
            if non_synchronizing && !small && !self.has("LITERAL+") {
                wrong = Some("a synchronizing literal was due");
            }
            if !non_synchronizing {
                let (_, rest) = command.split_once(' ').unwrap();
                if let Some((_, answer)) = self.odd.filter(|(of, _)| rest.starts_with(of)) {
                    let tag = command.split(' ').next().unwrap().to_owned();
                    self.say(&answer.replace("TAG", &tag))?;
                    return self.command();
                }
                self.say("+ go on\r\n")?;
            }
            let mut literal = vec![0; length];
            self.commands.read_exact(&mut literal)?;
            command.push_str(&String::from_utf8_lossy(&literal));
        }
        let (tag, rest) = command.split_once(' ').unwrap_or_default();
        self.heard.lock().unwrap().push(rest.to_owned());
        let allowed = |names: &[&str]| names.iter().any(|name| self.has(name));
        if EXTENSIONS.iter().any(|(start, names)| rest.starts_with(start) && !allowed(names)) {
            wrong = Some("no such extension");
        }
        if rest.starts_with("AUTHENTICATE") && rest.split(' ').count() > 2 && !self.has("SASL-IR") && !self.has("IMAP4rev2") {
            wrong = Some("no initial response");
        }
        Ok((tag.to_owned(), wrong.map_or(Ok(rest.to_owned()), Err)))
    }

    fn session(&mut self) -> std::io::Result<()> {
        self.say("* OK ready\r\n")?;
        loop {
            let (tag, command) = self.command()?;
            let command = match command {
                Ok(command) => command,
                Err(wrong) => {
                    self.say(&format!("{tag} BAD {wrong}\r\n"))?;
                    continue;
                }
            };
            if let Some((_, answer)) = self.odd.filter(|(of, _)| command.starts_with(of)) {
                self.say(&answer.replace("TAG", &tag))?;
                continue;
            }
            let untagged = match command.as_str() {
                "CAPABILITY" => format!("* CAPABILITY {} AUTH=PLAIN\r\n", self.capabilities.join(" ")),
                "ENABLE UTF8=ACCEPT" => {
                    self.utf8 = self.has("UTF8=ACCEPT") || self.has("UTF8=ONLY");
                    "* ENABLED UTF8=ACCEPT\r\n".to_owned()
                }
                "LOGOUT" => "* BYE\r\n".to_owned(),
                "AUTHENTICATE PLAIN" => {
                    self.say("+ \r\n")?;
                    let mut response = String::new();
                    self.commands.read_line(&mut response)?;
                    String::new()
                }
                command if command.starts_with("LIST") => {
                    let name = if self.utf8 || !self.has("IMAP4rev1") { "Größe & Maß" } else { "Gr&APYA3w-e &- Ma&AN8-" };
                    format!("* LIST () \"/\" \"{name}\"\r\n")
                }
                command if command.starts_with("SELECT") => "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n".to_owned(),
                command if command.starts_with("UID SEARCH RETURN") => "* ESEARCH UID ALL 5\r\n".to_owned(),
                command if command.starts_with("UID SEARCH") => "* SEARCH 5\r\n".to_owned(),
                command if command.contains("BODY") => "* 1 FETCH (UID 5 BODY[] {5}\r\nhello)\r\n".to_owned(),
                command if command.starts_with("UID FETCH") => "* 1 FETCH (UID 5 FLAGS () RFC822.SIZE 5)\r\n".to_owned(),
                _ => String::new(),
            };
            self.say(&format!("{untagged}{tag} OK done\r\n"))?;
        }
    }
}
