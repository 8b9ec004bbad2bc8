//! One run of the command for one mail.

use crate::input::{Input, Write, Written, end, end_all};
use crate::line_endings::LineEndings;
use crate::{exit, settings};
use postkontor_plugin::{Body, Call, Delivery, Error, Mail, Retry, Sent, Stage, Status};
use std::io::Read;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How much of a message is read at once.
const BLOCK: usize = 64 * 1024;

/// The most bytes of standard error that are kept.
const STDERR: usize = 4096;

/// How long to wait for the rest of standard error once the command has ended. A delivery process in the background may hold it open for
/// ever.
const STDERR_WAIT: Duration = Duration::from_millis(200);

/// Runs the command and feeds it the message.
pub(crate) fn run(command: &str, mail: &Mail, body: &mut Body, call: &Call) -> Result<Sent, Error> {
    call.check()?;
    let sender = if mail.from.is_empty() { "<>" } else { &mail.from };
    let mut command_line = Command::new(command);
    command_line.args(["-i", "-f", sender, "--"]).args(&mail.recipients).stdout(Stdio::null()).stderr(Stdio::piped());
    let (mut child, mut input) = Input::start(&mut command_line).map_err(|error| settings::unstartable(&error, command))?;
    let stderr = child.stderr.take().map(Stderr::collect).unwrap_or_default();
    let (size, written) = match feed(&mut input, body, call) {
        Ok(fed) => fed,
        Err(error) => {
            // Ended before its input ends, since the end of the input would tell it that the message is complete.
            end_all(&mut child);
            drop(input);
            return Err(stderr.add_to(error));
        }
    };
    let closed = input.close(call);
    let whole = written == Written::All && closed.as_ref().is_ok_and(|closed| *closed == Written::All);
    match closed.and_then(|_| wait(&mut child, call)) {
        // What was written may still lie in between: a command that ended without reading it has taken nothing.
        Ok(status) => outcome(status, whole && input.was_read(call), size, mail, &stderr),
        Err(error) => {
            end(&mut child);
            Err(stderr.add_to(if written == Written::All { uncertain(&error.code) } else { error }))
        }
    }
}

/// Hands over the message: its size, and whether the command read all of it.
fn feed(input: &mut Input, body: &mut Body, call: &Call) -> Result<(u64, Written), Error> {
    let (mut endings, mut size) = (LineEndings::default(), 0);
    let mut block = vec![0; BLOCK];
    let mut converted = Vec::with_capacity(BLOCK);
    loop {
        let read = body.read(&mut block)?;
        if read == 0 {
            endings.finish()?;
            return Ok((size, Written::All));
        }
        size += read as u64;
        converted.clear();
        endings.convert(&block[..read], &mut converted)?;
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

fn outcome(status: ExitStatus, whole: bool, size: u64, mail: &Mail, stderr: &Stderr) -> Result<Sent, Error> {
    match status.code() {
        Some(0) if whole => Ok(Sent::to_all(mail, size)),
        Some(0) => Err(stderr.add_to(uncertain("the command reports success, but did not read the whole message"))),
        Some(code) => Err(stderr.add_to(exit::failure(code, whole, mail))),
        None if whole => Err(stderr.add_to(uncertain(&status.to_string()))),
        None => Err(stderr.add_to(Error::new(Status::Local, "sendmail.failed").stage(Stage::Acceptance).detail(status.to_string()))),
    }
}

/// The command had the whole message, and did not say what it did with it.
fn uncertain(why: &str) -> Error {
    let error = Error::new(Status::Uncertain, "delivery.uncertain").stage(Stage::Acceptance).arg("host", "sendmail");
    error.delivery(Delivery::Unknown).retry(Retry::No).detail(why)
}

/// What the command writes to standard error, collected by a thread of its own so that the command is never stuck there.
#[derive(Default)]
struct Stderr(Arc<Mutex<Collected>>);

#[derive(Default)]
struct Collected {
    text: Vec<u8>,
    ended: bool,
}

impl Stderr {
    fn collect(mut from: ChildStderr) -> Stderr {
        let collected = Arc::new(Mutex::new(Collected::default()));
        let shared = Arc::clone(&collected);
        let work = move || {
            let mut block = [0; 1024];
            while let Ok(read @ 1..) = from.read(&mut block) {
                let mut collected = shared.lock().unwrap_or_else(PoisonError::into_inner);
                let room = STDERR.saturating_sub(collected.text.len());
                collected.text.extend_from_slice(&block[..read.min(room)]);
            }
            shared.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        };
        let thread = std::thread::Builder::new().name("postkontor-sendmail".to_owned()).stack_size(64 * 1024).spawn(work);
        if thread.is_err() {
            collected.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        }
        Stderr(collected)
    }

    /// Adds the collected text to the detail of an error, in one line without control characters.
    fn add_to(&self, mut error: Error) -> Error {
        let until = Instant::now() + STDERR_WAIT;
        while !self.0.lock().unwrap_or_else(PoisonError::into_inner).ended && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
        let collected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&collected.text);
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
