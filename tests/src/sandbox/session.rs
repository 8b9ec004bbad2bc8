//! One client's dialogue with the sandbox.

use super::line::Line;
use super::mails::{Mail, Shared};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use openssl::sha::Sha256;
use openssl::ssl::SslAcceptor;
use std::io;
use std::net::TcpStream;
use std::sync::PoisonError;

/// The most recipients of one mail.
const RECIPIENTS: usize = 1000;

/// The envelope of the mail in hand.
#[derive(Default)]
struct Envelope {
    from: String,
    parameters: String,
    recipients: Vec<String>,
    recipient_parameters: Vec<String>,
}

/// The body of the mail in hand.
struct Body {
    kept: Vec<u8>,
    size: u64,
    hash: Sha256,
}

impl Body {
    fn new() -> Body {
        Body { kept: Vec::new(), size: 0, hash: Sha256::new() }
    }

    fn push(&mut self, data: &[u8], keep: usize) {
        let room = keep.saturating_sub(self.kept.len()).min(data.len());
        self.kept.extend_from_slice(&data[..room]);
        self.size += data.len() as u64;
        self.hash.update(data);
    }
}

/// The next step after a command was answered.
enum Next {
    Go,
    End,
}

pub(super) struct Session<'a> {
    shared: &'a Shared,
    acceptor: &'a SslAcceptor,
    greeted: bool,
    user: Option<String>,
    envelope: Option<Envelope>,
    chunks: Option<Body>,
    out: String,
}

impl<'a> Session<'a> {
    pub(super) fn new(shared: &'a Shared, acceptor: &'a SslAcceptor) -> Session<'a> {
        Session { shared, acceptor, greeted: false, user: None, envelope: None, chunks: None, out: String::new() }
    }

    pub(super) fn run(mut self, stream: TcpStream, implicit: bool) -> io::Result<()> {
        let mut line = Line::new(stream);
        if implicit {
            line.secure(self.acceptor)?;
        }
        line.write("220 sandbox.localhost ESMTP Postkontor sandbox\r\n")?;
        loop {
            // Answers to pipelined commands travel together (RFC 2920, section 3.2).
            if line.is_drained() && !self.out.is_empty() {
                line.write(&std::mem::take(&mut self.out))?;
            }
            let command = String::from_utf8_lossy(&line.read()?).into_owned();
            if let Next::End = self.command(&command, &mut line)? {
                return line.write(&std::mem::take(&mut self.out));
            }
        }
    }

    fn offers(&self, capability: &str) -> bool {
        !self.shared.options.without.iter().any(|other| other.eq_ignore_ascii_case(capability))
    }

    fn say(&mut self, reply: &str) {
        self.out.push_str(reply);
        self.out.push_str("\r\n");
    }

    fn command(&mut self, command: &str, line: &mut Line) -> io::Result<Next> {
        let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.ehlo(line.is_secure()),
            "HELO" => {
                self.greeted = true;
                self.say("250 sandbox.localhost");
            }
            "STARTTLS" if self.offers("STARTTLS") && !line.is_secure() => {
                self.say("220 2.0.0 Ready to start TLS");
                line.write(&std::mem::take(&mut self.out))?;
                line.secure(self.acceptor)?;
                (self.greeted, self.user, self.envelope) = (false, None, None);
            }
            "AUTH" if self.offers("AUTH") => self.auth(rest, line)?,
            "MAIL" => self.mail(rest),
            "RCPT" => self.rcpt(rest),
            "DATA" => self.data(line)?,
            "BDAT" if self.offers("CHUNKING") => self.bdat(rest, line)?,
            "RSET" => {
                (self.envelope, self.chunks) = (None, None);
                self.say("250 2.0.0 Forgotten");
            }
            "NOOP" => self.say("250 2.0.0 Here"),
            "VRFY" => self.say("252 2.0.0 Send and see"),
            "QUIT" => {
                self.say("221 2.0.0 Goodbye");
                return Ok(Next::End);
            }
            _ => self.say("500 5.5.1 Command unknown"),
        }
        Ok(Next::Go)
    }

    fn ehlo(&mut self, secure: bool) {
        (self.greeted, self.envelope, self.chunks) = (true, None, None);
        let size = format!("SIZE {}", self.shared.options.size_limit);
        let all = ["PIPELINING", &size, "8BITMIME", "SMTPUTF8", "DSN", "CHUNKING", "ENHANCEDSTATUSCODES", "AUTH PLAIN LOGIN", "STARTTLS"];
        let mut offered = vec!["sandbox.localhost"];
        offered.extend(all.into_iter().filter(|capability| {
            let name = capability.split(' ').next().unwrap_or_default();
            self.offers(name) && !(secure && name == "STARTTLS")
        }));
        for (index, capability) in offered.iter().enumerate() {
            let mark = if index + 1 == offered.len() { ' ' } else { '-' };
            self.say(&format!("250{mark}{capability}"));
        }
    }

    fn auth(&mut self, rest: &str, line: &mut Line) -> io::Result<()> {
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let mechanism = mechanism.to_ascii_uppercase();
        let credentials = match mechanism.as_str() {
            "PLAIN" => {
                let response = if initial.is_empty() { self.ask("", line)? } else { decode(initial) };
                let mut parts = response.split('\0').skip(1).map(str::to_owned);
                (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
            }
            "LOGIN" => {
                let user = if initial.is_empty() { self.ask("Username:", line)? } else { decode(initial) };
                (user, self.ask("Password:", line)?)
            }
            _ => {
                self.say("504 5.5.4 Mechanism unknown");
                return Ok(());
            }
        };
        let options = &self.shared.options;
        if credentials.0 == options.user && credentials.1 == options.password {
            self.user = Some(credentials.0);
            self.shared.logins.lock().unwrap_or_else(PoisonError::into_inner).push(mechanism);
            self.say("235 2.7.0 Welcome");
        } else {
            self.say("535 5.7.8 User or password is wrong");
        }
        Ok(())
    }

    fn ask(&mut self, question: &str, line: &mut Line) -> io::Result<String> {
        self.say(&format!("334 {}", BASE64.encode(question)));
        line.write(&std::mem::take(&mut self.out))?;
        Ok(decode(&String::from_utf8_lossy(&line.read()?)))
    }

    fn mail(&mut self, rest: &str) {
        let Some((from, parameters)) = path(rest, "FROM:") else { return self.say("501 5.5.4 Syntax: MAIL FROM:<address>") };
        if !self.greeted || self.envelope.is_some() {
            return self.say("503 5.5.1 Not now");
        }
        let size = parameters.split(' ').find_map(|word| word.strip_prefix("SIZE=")?.parse::<u64>().ok()).unwrap_or(0);
        if size > self.shared.options.size_limit {
            return self.say("552 5.3.4 Message too large");
        }
        if !from.is_ascii() && !parameters.contains("SMTPUTF8") {
            return self.say("553 5.6.7 Address needs SMTPUTF8");
        }
        self.say("250 2.1.0 Sender accepted");
        self.envelope = Some(Envelope { from, parameters, ..Envelope::default() });
    }

    fn rcpt(&mut self, rest: &str) {
        let Some(envelope) = &mut self.envelope else { return self.say("503 5.5.1 Not now") };
        let Some((to, parameters)) = path(rest, "TO:").filter(|(to, _)| to.contains('@')) else {
            return self.say("501 5.1.3 Syntax: RCPT TO:<address>");
        };
        match to.split('@').next().unwrap_or_default() {
            "refused" => return self.say("550 5.1.1 No such user"),
            "later" => return self.say("451 4.2.1 Mailbox busy"),
            "full" => return self.say("452 4.2.2 Mailbox full"),
            _ if envelope.recipients.len() == RECIPIENTS => return self.say("452 4.5.3 Too many recipients"),
            _ => {}
        }
        envelope.recipients.push(to);
        envelope.recipient_parameters.push(parameters);
        self.say("250 2.1.5 Recipient accepted");
    }

    fn data(&mut self, line: &mut Line) -> io::Result<()> {
        if self.chunks.is_some() {
            self.say("503 5.5.1 Not between BDAT");
            return Ok(());
        }
        match &self.envelope {
            None => {
                self.say("503 5.5.1 Not now");
                return Ok(());
            }
            Some(envelope) if envelope.recipients.is_empty() => {
                self.say("554 5.5.1 No valid recipients");
                return Ok(());
            }
            Some(_) => {}
        }
        self.say("354 End with a dot");
        line.write(&std::mem::take(&mut self.out))?;
        let (mut body, mut text) = (Body::new(), Vec::new());
        loop {
            line.read_raw(&mut text)?;
            if text == b".\r\n" {
                break;
            }
            let start = usize::from(text.first() == Some(&b'.'));
            body.push(&text[start..], self.shared.options.keep);
        }
        self.accept(body, line.is_secure())
    }

    fn bdat(&mut self, rest: &str, line: &mut Line) -> io::Result<()> {
        let mut words = rest.split(' ');
        let Some(mut left) = words.next().and_then(|size| size.parse::<u64>().ok()) else {
            // The data that follow look like commands (RFC 3030, section 4.2): the connection must end.
            self.say("501 5.5.4 Syntax: BDAT size [LAST]");
            line.write(&std::mem::take(&mut self.out))?;
            return Err(io::ErrorKind::InvalidData.into());
        };
        let last = words.next().is_some_and(|word| word.eq_ignore_ascii_case("LAST"));
        let mut body = self.chunks.take().unwrap_or_else(Body::new);
        let size = left;
        while left > 0 {
            let block = line.read_block(left)?;
            left -= block.len() as u64;
            body.push(block, self.shared.options.keep);
        }
        if self.envelope.as_ref().is_none_or(|envelope| envelope.recipients.is_empty()) {
            self.envelope = None;
            self.say("503 5.5.1 No valid recipients");
            return Ok(());
        }
        if last {
            return self.accept(body, line.is_secure());
        }
        self.chunks = Some(body);
        self.say(&format!("250 2.0.0 {size} octets received"));
        Ok(())
    }

    fn accept(&mut self, body: Body, secure: bool) -> io::Result<()> {
        let Some(envelope) = self.envelope.take() else { return Ok(()) };
        if body.size > self.shared.options.size_limit {
            self.say("552 5.3.4 Message too large");
            return Ok(());
        }
        let sha256 = body.hash.finish().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let number = self.shared.keep(Mail {
            from: envelope.from,
            recipients: envelope.recipients,
            data: body.kept,
            size: body.size,
            sha256,
            parameters: envelope.parameters,
            recipient_parameters: envelope.recipient_parameters,
            user: self.user.clone(),
            secure,
        })?;
        self.say(&format!("250 2.0.0 Accepted as number {number}"));
        Ok(())
    }
}

/// `FROM:<address> parameters` -> (address, parameters).
fn path(rest: &str, keyword: &str) -> Option<(String, String)> {
    let head = rest.get(..keyword.len()).filter(|head| head.eq_ignore_ascii_case(keyword))?;
    let rest = rest[head.len()..].trim_start().strip_prefix('<')?;
    let (address, parameters) = rest.split_once('>')?;
    Some((address.to_owned(), parameters.trim().to_owned()))
}

fn decode(text: &str) -> String {
    let bytes = BASE64.decode(text.trim()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
