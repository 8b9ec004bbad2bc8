//! A client's session, from the greeting to the end.

use super::command::{Command, Parameter, check};
use super::data::{Scanned, Scanner};
use super::handover::hand_in;
use super::intake::{Added, Intake};
use super::login::Dialogue;
use super::reply::{self, Reply};
use crate::bridge::{Bridge, Server};
use crate::channel::{Channel, Line};
use crate::counter::Submitted;
use crate::date;
use crate::limits::Limits;
use crate::logins::{Login, Refused};
use crate::socket::End;
use crate::token::token;
use postkontor_core::Level;
use postkontor_core::settings::{ServerTlsMode as Mode, Submission};
use std::net::IpAddr;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// A mail whose bytes have not come yet.
struct Envelope {
    from: String,
    smtputf8: bool,
    recipients: Vec<String>,
}

struct Session<'b> {
    bridge: &'b Bridge,
    server: &'b Server<Submission>,
    channel: &'b mut Channel,
    peer: IpAddr,
    /// What the client calls itself, and whether it does so by EHLO.
    hello: Option<(String, bool)>,
    login: Option<&'b Login>,
    mail: Option<Envelope>,
    begun: Instant,
    refusals: usize,
    idle: usize,
}

/// Serves a client.
pub(crate) fn serve(bridge: &Bridge, server: &Server<Submission>, channel: &mut Channel, peer: IpAddr) {
    let (hello, login, mail, begun) = (None, None, None, Instant::now());
    let mut session = Session { bridge, server, channel, peer, hello, login, mail, begun, refusals: 0, idle: 0 };
    let Err(end) = session.talk() else { return };
    let farewell = match end {
        End::Bridge => reply::ENDING,
        End::Overdue => reply::OVERDUE,
        End::Closed => return,
    };
    bridge.note(Level::Debug, format_args!("{peer}: {farewell}"));
    channel.clock().in_flight(true);
    // A client that does not listen loses nothing by it.
    let _told = channel.write(farewell.to_string().as_bytes()).and_then(|()| channel.flush());
}

impl<'b> Session<'b> {
    fn talk(&mut self) -> Result<(), End> {
        if let (Mode::Implicit, Some(acceptor)) = (self.server.settings.tls.mode, &self.server.acceptor) {
            self.channel.secure(acceptor, self.bridge.limits.introduction)?;
        }
        self.say(&Reply::new(220, "", "Postkontor ESMTP"))?;
        loop {
            let reply = match self.channel.line(self.bridge.limits.line, self.patience()?)? {
                Line::TooLong => reply::LINE_TOO_LONG,
                Line::Whole(line) => match Command::read(&line) {
                    Ok(command) => self.obey(command)?,
                    Err(refusal) => refusal,
                },
            };
            let reply = self.judged(reply);
            self.say(&reply)?;
            if reply.is_last {
                return self.channel.flush();
            }
            if reply == reply::TLS_READY {
                self.secure()?;
            }
        }
    }

    /// How long the client may take for its next command.
    fn patience(&self) -> Result<Duration, End> {
        let limits = &self.bridge.limits;
        if self.login.is_some() || self.mail.is_some() {
            return Ok(limits.command);
        }
        // Who only holds a place is not waited for as long as one that works.
        let left = limits.introduction.saturating_sub(self.begun.elapsed());
        if left.is_zero() { Err(End::Overdue) } else { Ok(left) }
    }

    /// The reply, or the last one where the client has gone too far.
    fn judged(&mut self, reply: Reply) -> Reply {
        self.refusals = if reply.is_refusal() { self.refusals + 1 } else { 0 };
        if reply.is_last {
            reply
        } else if self.refusals > self.bridge.limits.refusals {
            reply::TOO_MANY_REFUSALS
        } else if self.idle > self.bridge.limits.idle_commands {
            reply::TOO_MANY_IDLE
        } else {
            reply
        }
    }

    fn say(&mut self, reply: &Reply) -> Result<(), End> {
        if reply.is_refusal() {
            self.bridge.note(Level::Debug, format_args!("{}: {reply}", self.peer));
        }
        self.channel.write(reply.to_string().as_bytes())
    }

    fn obey(&mut self, command: Command) -> Result<Reply, End> {
        self.idle += 1;
        Ok(match command {
            Command::Ehlo(name) => return self.ehlo(name),
            Command::Helo(name) => {
                (self.hello, self.mail) = (Some((name, false)), None);
                Reply::new(250, "", "Postkontor")
            }
            Command::Mail(from, parameters) => self.mail(from, &parameters),
            Command::Rcpt(to, parameters) => self.rcpt(to, &parameters),
            Command::Data => return self.data(),
            Command::Rset => {
                self.mail = None;
                reply::OK
            }
            Command::Noop => reply::OK,
            Command::Quit => reply::BYE,
            Command::Verify => reply::NOT_VERIFIED,
            Command::Help => reply::HELP,
            Command::Starttls => self.starttls(),
            Command::Auth(mechanism, initial) => return self.auth(&mechanism, initial),
        })
    }

    fn ehlo(&mut self, name: String) -> Result<Reply, End> {
        (self.hello, self.mail) = (Some((name, true)), None);
        let mut lines = String::from("250-Postkontor\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n");
        lines.push_str(&format!("250-SIZE {}\r\n", self.server.settings.max_bytes));
        if self.may_start_tls() {
            lines.push_str("250-STARTTLS\r\n");
        }
        if self.may_log_in() && !self.bridge.logins.is_empty() {
            lines.push_str("250-AUTH PLAIN LOGIN CRAM-MD5\r\n");
        }
        self.channel.write(lines.as_bytes())?;
        Ok(Reply::new(250, "", "ENHANCEDSTATUSCODES"))
    }

    fn may_start_tls(&self) -> bool {
        self.server.settings.tls.mode == Mode::Starttls && !self.channel.is_secured()
    }

    /// A password in clear text stays within this machine.
    fn may_log_in(&self) -> bool {
        self.channel.is_secured() || self.peer.is_loopback()
    }

    fn starttls(&self) -> Reply {
        if self.server.acceptor.is_none() {
            return reply::TLS_MISSING;
        }
        if !self.may_start_tls() {
            return reply::TLS_ON;
        }
        // Another may have put commands behind it, which would count as said under TLS.
        if self.channel.has_input() {
            return reply::TLS_PIPELINED;
        }
        reply::TLS_READY
    }

    /// What was said in clear text counts no more (RFC 3207, section 4.2).
    fn secure(&mut self) -> Result<(), End> {
        let Some(acceptor) = &self.server.acceptor else { return Ok(()) };
        self.channel.secure(acceptor, self.patience()?)?;
        (self.hello, self.login, self.mail) = (None, None, None);
        Ok(())
    }

    fn auth(&mut self, mechanism: &str, initial: Option<Zeroizing<Vec<u8>>>) -> Result<Reply, End> {
        let refusal = match () {
            () if self.login.is_some() => Some(reply::LOGGED_IN),
            () if self.mail.is_some() => Some(reply::LOGIN_WITHIN_MAIL),
            () if !self.may_log_in() => Some(reply::LOGIN_NEEDS_TLS),
            () => None,
        };
        if let Some(refusal) = refusal {
            return Ok(refusal);
        }
        let patience = self.patience()?;
        let mut dialogue = Dialogue { channel: self.channel, limit: self.bridge.limits.line, patience };
        let given = match dialogue.learn(mechanism, initial)? {
            Ok(given) => given,
            Err(refusal) => return Ok(refusal),
        };
        match self.bridge.logins.judge(&given.user, &given.proof(), self.peer) {
            Ok(login) => {
                (self.login, self.idle) = (Some(login), 0);
                Ok(reply::LOGIN_DONE)
            }
            Err(refused) => {
                let user = String::from_utf8_lossy(&given.user).into_owned();
                self.bridge.note(Level::Warning, format_args!("{}: login of {user:?} refused: {refused:?}", self.peer));
                Ok(if refused == Refused::Wrong { reply::LOGIN_WRONG } else { reply::LOGIN_TOO_OFTEN })
            }
        }
    }

    fn mail(&mut self, from: String, parameters: &[Parameter]) -> Reply {
        if self.mail.is_some() {
            return reply::NESTED;
        }
        if self.login.is_none() {
            if self.may_start_tls() && !self.peer.is_loopback() {
                return reply::NEEDS_TLS;
            }
            if self.server.settings.anonymous.is_none() || !self.peer.is_loopback() {
                return reply::NEEDS_LOGIN;
            }
        }
        let smtputf8 = match mail_parameters(parameters, self.server.settings.max_bytes) {
            Ok(smtputf8) => smtputf8,
            Err(refusal) => return refusal,
        };
        if !from.is_empty()
            && let Err(refusal) = check(&from, smtputf8)
        {
            return refusal;
        }
        // A report has no sender, and gets none: it would be answered.
        let own = self.login.and_then(|login| login.sender.clone()).filter(|_| !from.is_empty());
        let from = own.unwrap_or(from);
        self.mail = Some(Envelope { from, smtputf8, recipients: Vec::new() });
        Reply::new(250, "2.1.0", "Ok")
    }

    fn rcpt(&mut self, to: String, parameters: &[Parameter]) -> Reply {
        let limit = self.bridge.limits.recipients;
        let Some(mail) = &mut self.mail else { return reply::NEEDS_MAIL };
        if !parameters.is_empty() {
            return reply::PARAMETER;
        }
        if let Err(refusal) = check(&to, mail.smtputf8) {
            return refusal;
        }
        if mail.recipients.len() >= limit {
            return reply::TOO_MANY_RECIPIENTS;
        }
        mail.recipients.push(to);
        Reply::new(250, "2.1.5", "Ok")
    }

    fn data(&mut self) -> Result<Reply, End> {
        match &self.mail {
            None => return Ok(reply::NEEDS_MAIL),
            Some(mail) if mail.recipients.is_empty() => return Ok(reply::NEEDS_RCPT),
            Some(_) => {}
        }
        let Some(mail) = self.mail.take() else { return Ok(reply::NEEDS_MAIL) };
        self.idle = 0;
        // What comes now may come to its end although the bridge does.
        self.channel.clock().in_flight(true);
        let reply = self.take(&mail);
        self.channel.clock().in_flight(false);
        self.begun = Instant::now();
        reply
    }

    fn take(&mut self, mail: &Envelope) -> Result<Reply, End> {
        let Envelope { from, recipients, .. } = mail;
        let (draft, file) = match self.bridge.scratch.file() {
            Ok(file) => file,
            Err(error) => {
                self.bridge.note(Level::Error, format_args!("no file for a mail: {error}"));
                return Ok(reply::SPOOL_FAILED);
            }
        };
        let key = format!("bridge-{}", token());
        let mut intake = Intake::new(file, self.added(from, &key), self.server.settings.max_bytes);
        self.say(&reply::GO_ON)?;
        self.channel.flush()?;
        if let Some(refusal) = self.bytes(&mut intake)? {
            return Ok(refusal);
        }
        if let Err(error) = intake.finish() {
            self.bridge.note(Level::Error, format_args!("a mail could not be written: {error}"));
            return Ok(reply::SPOOL_FAILED);
        }
        let account = self.login.map_or(self.server.settings.anonymous.as_deref(), |login| login.account.as_deref());
        let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
        let mail = Submitted { key: &key, account, from, recipients: &recipients, file: draft.path() };
        Ok(hand_in(self.bridge, &mail))
    }

    /// Takes the bytes of a mail; a reply where they are refused.
    fn bytes(&mut self, intake: &mut Intake) -> Result<Option<Reply>, End> {
        let limits = &self.bridge.limits;
        let (begun, mut scanner, mut written) = (Instant::now(), Scanner::default(), Ok(()));
        loop {
            let slow = Duration::from_secs(intake.size() / Limits::SLOWEST);
            self.channel.clock().set_at((begun + limits.mail + slow).min(Instant::now() + limits.silence));
            let block = self.channel.block()?;
            let length = block.len();
            let scanned = scanner.scan(block, |bytes| {
                // The client waits for the reply at the end of the mail, and learns of a full disk there.
                if written.is_ok() {
                    written = intake.push(bytes);
                }
                Ok::<(), End>(())
            })?;
            match scanned {
                Scanned::All => self.channel.used(length),
                Scanned::End(used) => {
                    self.channel.used(used);
                    break;
                }
                Scanned::Bare => return Ok(Some(reply::BARE_LINE_END)),
            }
            // The end of what is too large is waited for, and no longer than it may be.
            if intake.size() > self.server.settings.max_bytes.saturating_mul(2) {
                return Ok(Some(reply::TOO_LARGE.last()));
            }
        }
        if let Err(error) = written {
            self.bridge.note(Level::Error, format_args!("a mail could not be written: {error}"));
            return Ok(Some(reply::SPOOL_FAILED));
        }
        Ok(intake.is_too_large().then_some(reply::TOO_LARGE))
    }

    fn added(&self, from: &str, key: &str) -> Added {
        let (name, is_extended) = self.hello.as_ref().map_or(("unknown", false), |(name, is_extended)| (name.as_str(), *is_extended));
        let secured = if self.channel.is_secured() { "S" } else { "" };
        let logged_in = if self.login.is_some() { "A" } else { "" };
        let with = if is_extended { format!("ESMTP{secured}{logged_in}") } else { "SMTP".to_owned() };
        let date = date::now();
        let peer = if self.peer.is_ipv6() { format!("IPv6:{}", self.peer) } else { self.peer.to_string() };
        let id = key.trim_start_matches("bridge-");
        let domain = from.rsplit_once('@').map_or("postkontor.invalid", |(_, domain)| domain);
        Added {
            received: format!("Received: from {name} ([{peer}])\r\n\tby postkontor with {with} id {id};\r\n\t{date}"),
            from: (!from.is_empty()).then(|| from.to_owned()),
            message_id: format!("<{id}@{domain}>"),
            date,
        }
    }
}

/// Whether the mail has SMTPUTF8. What a parameter asks for is done or refused.
fn mail_parameters(parameters: &[Parameter], max_bytes: u64) -> Result<bool, Reply> {
    let mut smtputf8 = false;
    for Parameter { name, value } in parameters {
        match (name.as_str(), value.as_deref()) {
            ("SIZE", Some(size)) => {
                let size: u64 = size.parse().map_err(|_| reply::PARAMETER)?;
                if size > max_bytes {
                    return Err(reply::TOO_LARGE);
                }
            }
            ("BODY", Some(body)) if body.eq_ignore_ascii_case("7BIT") || body.eq_ignore_ascii_case("8BITMIME") => {}
            ("SMTPUTF8", None) => smtputf8 = true,
            // Who wrote the mail, for servers that trust each other (RFC 4954, section 5): who that is makes no difference here.
            ("AUTH", Some(_)) => {}
            _ => return Err(reply::PARAMETER),
        }
    }
    Ok(smtputf8)
}
