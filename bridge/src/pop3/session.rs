//! A client's session, from the greeting to the end.

use super::command::{Command, Unread};
use super::multiline::Multiline;
use crate::bridge::{Bridge, Server};
use crate::channel::{Channel, Line};
use crate::logins::{Login, Proof, Refused};
use crate::mailboxes::{Bytes, Mailbox, Message, Unopened};
use crate::plain::plain;
use crate::socket::End;
use crate::token::token;
use postkontor_core::settings::{Maildrop, ServerTlsMode as Mode};
use postkontor_core::{Error, Level, Status};
use std::borrow::Cow;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

pub(crate) const BUSY: &str = "-ERR [SYS/TEMP] Too many connections; try again later\r\n";

/// How long the account behind may take for its answer.
const PATIENCE: Duration = Duration::from_secs(240);

/// The longest words of an answer (RFC 2449, section 4, allows 512 bytes for the line).
const TEXT: usize = 450;

/// An answer of one line.
struct Answer {
    text: Cow<'static, str>,
    is_good: bool,
    is_last: bool,
}

const fn good(text: &'static str) -> Answer {
    Answer { text: Cow::Borrowed(text), is_good: true, is_last: false }
}

const fn bad(text: &'static str) -> Answer {
    Answer { text: Cow::Borrowed(text), is_good: false, is_last: false }
}

impl Answer {
    fn last(self) -> Answer {
        Answer { is_last: true, ..self }
    }
}

struct Session<'b> {
    bridge: &'b Bridge,
    server: &'b Server<Maildrop>,
    channel: &'b mut Channel,
    peer: IpAddr,
    /// What is digested with the password (APOP).
    stamp: String,
    user: Option<Vec<u8>>,
    mailbox: Option<Mailbox<'b>>,
    begun: Instant,
    refusals: usize,
    idle: usize,
}

/// Serves a client.
pub(crate) fn serve(bridge: &Bridge, server: &Server<Maildrop>, channel: &mut Channel, peer: IpAddr) {
    let (stamp, user, mailbox, begun) = (format!("<{}@postkontor>", token()), None, None, Instant::now());
    let mut session = Session { bridge, server, channel, peer, stamp, user, mailbox, begun, refusals: 0, idle: 0 };
    // POP3 has no word for a client that is silent or a server that ends: the connection is closed, and nothing is deleted.
    if let Err(end) = session.talk() {
        bridge.note(Level::Debug, format_args!("{peer}: {end:?}"));
    }
}

impl Session<'_> {
    fn talk(&mut self) -> Result<(), End> {
        if let (Mode::Implicit, Some(acceptor)) = (self.server.settings.tls.mode, &self.server.acceptor) {
            self.channel.secure(acceptor, self.bridge.limits.introduction)?;
        }
        self.channel.write(format!("+OK Postkontor {}\r\n", self.stamp).as_bytes())?;
        loop {
            let (answer, mut secure) = match self.channel.line(self.bridge.limits.line, self.patience()?)? {
                Line::TooLong => (bad("Line too long; closing").last(), false),
                Line::Whole(line) => match Command::read(&line) {
                    Ok(Command::Stls) => (self.stls(), true),
                    Ok(command) => (self.obey(command)?, false),
                    Err(Unread::Unknown) => (bad("Command not recognised"), false),
                    Err(Unread::Arguments) => (bad("Syntax error in the command's arguments"), false),
                },
            };
            secure &= answer.is_good;
            let answer = self.judged(answer);
            self.say(&answer)?;
            if answer.is_last {
                return self.channel.flush();
            }
            if let (true, Some(acceptor)) = (secure, &self.server.acceptor) {
                self.channel.secure(acceptor, self.patience()?)?;
                self.user = None;
            }
        }
    }

    /// How long the client may take for its next command.
    fn patience(&self) -> Result<Duration, End> {
        if self.mailbox.is_some() {
            return Ok(self.bridge.limits.maildrop);
        }
        let left = self.bridge.limits.introduction.saturating_sub(self.begun.elapsed());
        if left.is_zero() { Err(End::Overdue) } else { Ok(left) }
    }

    fn judged(&mut self, answer: Answer) -> Answer {
        self.refusals = if answer.is_good { 0 } else { self.refusals + 1 };
        let limits = &self.bridge.limits;
        if !answer.is_last && (self.refusals > limits.refusals || self.idle > limits.idle_commands) {
            return bad("[SYS/TEMP] Too many commands that lead nowhere; closing").last();
        }
        answer
    }

    /// Says a line, unless the answer was given already.
    fn say(&mut self, answer: &Answer) -> Result<(), End> {
        if answer.text.is_empty() {
            return Ok(());
        }
        let sign = if answer.is_good { "+OK" } else { "-ERR" };
        self.channel.write(format!("{sign} {}\r\n", plain(&answer.text, TEXT)).as_bytes())
    }

    fn obey(&mut self, command: Command) -> Result<Answer, End> {
        if self.mailbox.is_some() { self.transact(command) } else { self.authorize(command) }
    }

    fn may_start_tls(&self) -> bool {
        self.server.settings.tls.mode == Mode::Starttls && !self.channel.is_secured() && self.mailbox.is_none()
    }

    /// A password in clear text stays within this machine.
    fn may_log_in(&self) -> bool {
        self.channel.is_secured() || self.peer.is_loopback()
    }

    fn capabilities(&mut self) -> Result<Answer, End> {
        let mut lines = String::from("+OK Capabilities\r\nTOP\r\nUIDL\r\nPIPELINING\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\n");
        if self.may_log_in() {
            lines.push_str("USER\r\n");
        }
        if self.may_start_tls() {
            lines.push_str("STLS\r\n");
        }
        lines.push_str("IMPLEMENTATION Postkontor\r\n.\r\n");
        self.channel.write(lines.as_bytes())?;
        Ok(good(""))
    }

    fn stls(&self) -> Answer {
        if !self.may_start_tls() {
            return bad("TLS is on already, or is not offered here");
        }
        // Another may have put commands behind it, which would count as said under TLS.
        if self.channel.has_input() {
            return bad("Commands behind STLS in clear text; closing").last();
        }
        good("Begin TLS")
    }

    fn authorize(&mut self, command: Command) -> Result<Answer, End> {
        self.idle += 1;
        Ok(match command {
            Command::Capa => return self.capabilities(),
            Command::Quit => good("Bye").last(),
            Command::User(_) | Command::Apop(..) if !self.may_log_in() => bad("No login in clear text: STLS comes first"),
            Command::User(name) => {
                self.user = Some(name);
                good("Now the password")
            }
            Command::Pass(password) => match self.user.take() {
                None => bad("USER comes first"),
                Some(user) => {
                    let password = Zeroizing::new(password);
                    self.log_in(&user, &Proof::Password(&password))
                }
            },
            Command::Apop(user, digits) => {
                let stamp = self.stamp.clone();
                self.log_in(&user, &Proof::Stamp { stamp: stamp.as_bytes(), digest: &digits })
            }
            _ => bad("USER and PASS come first"),
        })
    }

    fn log_in(&mut self, user: &[u8], proof: &Proof<'_>) -> Answer {
        match self.bridge.logins.judge(user, proof, self.peer) {
            Ok(login) => self.open(login),
            Err(refused) => {
                let user = String::from_utf8_lossy(user).into_owned();
                self.bridge.note(Level::Warning, format_args!("{}: login of {user:?} refused: {refused:?}", self.peer));
                match refused {
                    Refused::Wrong => bad("[AUTH] User or password is wrong"),
                    Refused::TooOften => bad("[SYS/TEMP] Too many failed logins; try again in a minute").last(),
                }
            }
        }
    }

    fn open(&mut self, login: &Login) -> Answer {
        let call = self.bridge.ending.call(PATIENCE);
        match self.bridge.mailboxes.open(login.account.as_deref(), call.cancel()) {
            Ok(mailbox) => {
                let text = format!("{} messages", mailbox.messages.len());
                self.bridge.note(Level::Information, format_args!("{}: mailbox of {}: {text}", self.peer, login.user));
                (self.mailbox, self.idle) = (Some(mailbox), 0);
                Answer { text: Cow::Owned(text), ..good("") }
            }
            Err(Unopened::InUse) => bad("[IN-USE] Another session reads this mailbox"),
            Err(Unopened::Failed(error)) => self.failed("mailbox", &error),
        }
    }

    /// The answer for an error of the account behind.
    fn failed(&self, what: &str, error: &Error) -> Answer {
        self.bridge.note(Level::Error, format_args!("{}: {what}: {} {} {}", self.peer, error.code, error.message, error.detail));
        let passes = matches!(error.status, Status::Network | Status::Timeout | Status::Later | Status::Busy | Status::Cancelled);
        let kind = if passes { "SYS/TEMP" } else { "SYS/PERM" };
        let text = if error.message.is_empty() { &error.code } else { &error.message };
        Answer { text: Cow::Owned(format!("[{kind}] {text}")), ..bad("") }
    }

    fn transact(&mut self, command: Command) -> Result<Answer, End> {
        let is_moving = matches!(command, Command::Retr(_) | Command::Top(..) | Command::Dele(_) | Command::List(_) | Command::Uidl(_));
        self.idle = if is_moving { 0 } else { self.idle + 1 };
        Ok(match command {
            Command::Capa => return self.capabilities(),
            Command::Quit => self.quit(),
            Command::Stat => {
                let (count, size) = self.present().fold((0, 0), |(count, size), (_, message)| (count + 1, size + message.size));
                Answer { text: Cow::Owned(format!("{count} {size}")), ..good("") }
            }
            Command::List(None) => return self.list(|message| message.size.to_string()),
            Command::Uidl(None) => return self.list(|message| message.identifier.clone()),
            Command::List(Some(number)) => self.of(number, |message| message.size.to_string()),
            Command::Uidl(Some(number)) => self.of(number, |message| message.identifier.clone()),
            Command::Retr(number) => return self.show(number, None),
            Command::Top(number, lines) => return self.show(number, Some(lines)),
            Command::Dele(number) => match self.message(number) {
                Some(message) => {
                    message.is_deleted = true;
                    good("Deleted at the end")
                }
                None => NO_MESSAGE,
            },
            Command::Rset => {
                let messages = self.mailbox.iter_mut().flat_map(|mailbox| &mut mailbox.messages);
                messages.for_each(|message| message.is_deleted = false);
                good("Nothing is deleted")
            }
            Command::Noop => good("Ok"),
            Command::User(_) | Command::Pass(_) | Command::Apop(..) | Command::Stls => bad("Logged in already"),
        })
    }

    /// The messages that are not deleted, with their numbers.
    fn present(&self) -> impl Iterator<Item = (usize, &Message)> {
        let messages = self.mailbox.iter().flat_map(|mailbox| &mailbox.messages);
        messages.enumerate().map(|(index, message)| (index + 1, message)).filter(|(_, message)| !message.is_deleted)
    }

    fn message(&mut self, number: usize) -> Option<&mut Message> {
        let messages = &mut self.mailbox.as_mut()?.messages;
        messages.get_mut(number.checked_sub(1)?).filter(|message| !message.is_deleted)
    }

    fn of(&mut self, number: usize, fact: impl Fn(&Message) -> String) -> Answer {
        match self.message(number) {
            Some(message) => Answer { text: Cow::Owned(format!("{number} {}", fact(message))), ..good("") },
            None => NO_MESSAGE,
        }
    }

    fn list(&mut self, fact: impl Fn(&Message) -> String) -> Result<Answer, End> {
        let lines: Vec<String> = self.present().map(|(number, message)| format!("{number} {}\r\n", fact(message))).collect();
        self.channel.write(format!("+OK {} messages\r\n", lines.len()).as_bytes())?;
        lines.iter().try_for_each(|line| self.channel.write(line.as_bytes()))?;
        self.channel.write(b".\r\n")?;
        Ok(good(""))
    }

    /// A message, or its top. Once its first line has gone out, an error can only close the connection: an end would make half a message a whole
    /// one.
    fn show(&mut self, number: usize, lines: Option<u64>) -> Result<Answer, End> {
        if self.message(number).is_none() {
            return Ok(NO_MESSAGE);
        }
        let Some(mailbox) = &mut self.mailbox else { return Ok(NO_MESSAGE) };
        let (mut shown, channel) = (Shown::default(), &mut *self.channel);
        channel.clock().in_flight(true);
        let call = self.bridge.ending.call(PATIENCE);
        let fetched = mailbox.fetch(number - 1, lines, &self.bridge.scratch, call.cancel(), &mut |bytes| shown.show(channel, bytes, lines));
        channel.clock().in_flight(false);
        match (fetched, shown) {
            (Ok(()), _) => Ok(good("")),
            (Err(_), Shown { end: Some(end), .. }) => Err(end),
            (Err(error), Shown { has_begun, .. }) => {
                let answer = self.failed("message", &error);
                if has_begun { Err(End::Closed) } else { Ok(answer) }
            }
        }
    }

    /// Deletes what is to be deleted. Only what the server confirmed is answered with +OK.
    fn quit(&mut self) -> Answer {
        let Some(mut mailbox) = self.mailbox.take() else { return good("Bye").last() };
        self.channel.clock().in_flight(true);
        let call = self.bridge.ending.call(PATIENCE);
        let deleted = mailbox.delete(call.cancel());
        self.channel.clock().in_flight(false);
        match deleted {
            Ok(0) => good("Bye").last(),
            Ok(left) => Answer { text: Cow::Owned(format!("[SYS/TEMP] {left} deleted messages not removed")), ..bad("") }.last(),
            Err(error) => self.failed("deleting", &error).last(),
        }
    }
}

const NO_MESSAGE: Answer = bad("No such message");

/// How far a message was shown.
#[derive(Default)]
struct Shown {
    /// Whether anything of it was written.
    has_begun: bool,
    /// Why it did not come to its end, where that is the client's doing.
    end: Option<End>,
}

impl Shown {
    /// Writes a message, or its top; whether its bytes were enough for that. Of what is cut nothing is written before that is known.
    fn show(&mut self, channel: &mut Channel, mut bytes: Bytes<'_>, lines: Option<u64>) -> Result<bool, Error> {
        let mut out = match lines {
            None => format!("+OK {} octets\r\n", bytes.size).into_bytes(),
            Some(_) => b"+OK Top of the message\r\n".to_vec(),
        };
        let (mut multiline, mut wants_more) = (Multiline::new(lines), true);
        while wants_more && let Some(block) = bytes.stream.block()? {
            wants_more = multiline.push(block, &mut out);
            if !bytes.is_cut {
                self.write(channel, &out)?;
                out.clear();
            }
        }
        if bytes.is_cut && !multiline.has_all() {
            return Ok(false);
        }
        multiline.finish(&mut out);
        self.write(channel, &out)?;
        Ok(true)
    }

    fn write(&mut self, channel: &mut Channel, out: &[u8]) -> Result<(), Error> {
        self.has_begun = true;
        channel.write(out).map_err(|end| {
            self.end = Some(end);
            Error::new(Status::Network, "bridge.client_gone")
        })
    }
}
