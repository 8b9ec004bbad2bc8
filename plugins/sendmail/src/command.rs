//! One run of the command for one mail.

use crate::input::{Input, Write, Written, end, end_all};
use crate::lines::Lines;
use crate::{exit, settings};
use postkontor_plugin::{Body, Call, Delivery, Error, Mail, Retry, Sent, Stage, Status};
use std::io::Read;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How much of a message is read at once.
const BLOCK: usize = 64 * 1024;

/// How much of what the command says is kept.
const WORDS: usize = 4096;

/// How long to wait for the command's last words once it has ended. A delivery process in the background may hold the line open for ever.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Runs the command and feeds it the message.
pub(crate) fn run(command: &str, mail: &Mail, body: &mut Body, call: &Call) -> Result<Sent, Error> {
    call.check()?;
    let sender = if mail.from.is_empty() { "<>" } else { &mail.from };
    let mut command_line = Command::new(command);
    command_line.args(["-i", "-f", sender, "--"]).args(&mail.recipients).stdout(Stdio::null()).stderr(Stdio::piped());
    let (mut child, mut input) = Input::start(&mut command_line).map_err(|error| settings::unstartable(&error, command))?;
    let words = child.stderr.take().map(Words::listen).unwrap_or_default();
    let (size, written) = match feed(&mut input, body, call) {
        Ok(fed) => fed,
        Err(error) => {
            // Ended before its input ends, since the end of the input would tell it that the message is complete.
            end_all(&mut child);
            drop(input);
            return Err(words.tell(error));
        }
    };
    let closed = input.close(call);
    let whole = written == Written::All && closed.as_ref().is_ok_and(|closed| *closed == Written::All);
    match closed.and_then(|_| wait(&mut child, call)) {
        // What was written may still lie in between: a command that ended without reading it has taken nothing.
        Ok(status) => judge(status, whole && input.was_read(), size, mail, &words),
        Err(error) => {
            end(&mut child);
            Err(words.tell(if written == Written::All { uncertain(&error.code) } else { error }))
        }
    }
}

/// Hands over the message: its size, and whether the command read all of it.
fn feed(input: &mut Input, body: &mut Body, call: &Call) -> Result<(u64, Written), Error> {
    let (mut lines, mut size) = (Lines::default(), 0);
    let mut block = vec![0; BLOCK];
    let mut converted = Vec::with_capacity(BLOCK);
    loop {
        let read = body.read(&mut block)?;
        if read == 0 {
            lines.finish()?;
            return Ok((size, Written::All));
        }
        size += read as u64;
        converted.clear();
        lines.convert(&block[..read], &mut converted)?;
        if input.write(&converted, call)? == Written::Closed {
            return Ok((size, Written::Closed));
        }
        call.progress(size, size)?;
    }
}

/// Waits for the command to end, looking more and more rarely.
fn wait(child: &mut Child, call: &Call) -> Result<ExitStatus, Error> {
    let mut pause = Duration::from_millis(1);
    loop {
        let ended = child.try_wait().map_err(|error| Error::new(Status::Local, "sendmail.failed").detail(error.to_string()))?;
        if let Some(status) = ended {
            return Ok(status);
        }
        call.check()?;
        std::thread::sleep(pause.min(call.slice()));
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

fn judge(status: ExitStatus, whole: bool, size: u64, mail: &Mail, words: &Words) -> Result<Sent, Error> {
    match status.code() {
        Some(0) if whole => Ok(Sent::to_all(mail, size)),
        Some(0) => Err(words.tell(uncertain("the command reports success, but did not read the whole message"))),
        Some(code) => Err(words.tell(exit::failure(code, whole, mail))),
        None if whole => Err(words.tell(uncertain(&status.to_string()))),
        None => Err(words.tell(Error::new(Status::Local, "sendmail.failed").stage(Stage::Acceptance).detail(status.to_string()))),
    }
}

/// The command had the whole message, and did not say what it did with it.
fn uncertain(why: &str) -> Error {
    let error = Error::new(Status::Uncertain, "delivery.uncertain").stage(Stage::Acceptance).arg("host", "sendmail");
    error.delivery(Delivery::Unknown).retry(Retry::No).detail(why)
}

/// What the command writes to standard error, collected by a thread of its own so that the command is never stuck there.
#[derive(Default)]
struct Words(Arc<Mutex<Heard>>);

#[derive(Default)]
struct Heard {
    text: Vec<u8>,
    ended: bool,
}

impl Words {
    fn listen(mut from: ChildStderr) -> Words {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let shared = Arc::clone(&heard);
        let work = move || {
            let mut block = [0; 1024];
            while let Ok(read @ 1..) = from.read(&mut block) {
                let mut heard = shared.lock().unwrap_or_else(PoisonError::into_inner);
                let room = WORDS.saturating_sub(heard.text.len());
                heard.text.extend_from_slice(&block[..read.min(room)]);
            }
            shared.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        };
        let thread = std::thread::Builder::new().name("postkontor-sendmail".to_owned()).stack_size(64 * 1024).spawn(work);
        if thread.is_err() {
            heard.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        }
        Words(heard)
    }

    /// Adds what was heard to the detail of an error, in one line without control characters.
    fn tell(&self, mut error: Error) -> Error {
        let until = Instant::now() + LAST_WORDS;
        while !self.0.lock().unwrap_or_else(PoisonError::into_inner).ended && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&heard.text);
        let text: String = text.chars().map(|c| if c.is_control() || is_direction(c) { ' ' } else { c }).collect();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !text.is_empty() {
            error.detail = if error.detail.is_empty() { text } else { format!("{}: {text}", error.detail) };
        }
        error
    }
}

/// Characters that turn the direction of the text around them.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
