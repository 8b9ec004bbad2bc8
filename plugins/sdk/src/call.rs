//! What a transport may ask of the host during one call.

use crate::wire::{END, EndAnswer, Event, MESSAGE_STREAM, REWIND, Told, Warned};
use crate::{Action, Error, Incoming, Mail, Secret, Stage, Status, Step};
use postkontor_abi::CONTROL_STREAM;
use std::cell::Cell;
use std::fmt::Display;
use std::time::{Duration, Instant};

/// How important a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    /// Something failed.
    Error = 1,
    /// Something is not as it should be.
    Warning = 2,
    /// Something worth knowing.
    Information = 3,
    /// For support.
    Debug = 4,
    /// For the author.
    Trace = 5,
}

impl Level {
    /// The level that the host's number stands for: `None` for 0, at which nothing is logged. A number of a newer host is the most detailed.
    pub fn from_number(number: u64) -> Option<Level> {
        match number {
            0 => None,
            1 => Some(Level::Error),
            2 => Some(Level::Warning),
            3 => Some(Level::Information),
            4 => Some(Level::Debug),
            _ => Some(Level::Trace),
        }
    }
}

/// The host's side of a call. Plugins get it from the shim in [`crate::abi`]; tests bring their own, of which `()` is the
/// simplest: it never stops a call and offers nothing.
pub trait HostCalls {
    /// Takes a line for the log.
    fn log(&self, _level: Level, _text: &str) {}
    /// Takes note of the progress in bytes. An error is the status that the call has to end with.
    fn progress(&self, _done: u64, _total: u64) -> Result<(), Status> {
        Ok(())
    }
    /// Finds a secret by name.
    fn secret_get(&self, _name: &str) -> Result<Secret, Status> {
        Err(Status::NotFound)
    }
    /// Keeps a secret.
    fn secret_put(&self, _name: &str, _value: &Secret) -> Result<(), Status> {
        Err(Status::Unsupported)
    }
    /// Reads the next bytes of a stream; 0 at its end.
    fn read(&self, _stream: u64, _data: &mut [u8]) -> Result<usize, Status> {
        Err(Status::Argument)
    }
    /// Writes bytes to a stream.
    fn write(&self, _stream: u64, _data: &[u8]) -> Result<(), Status> {
        Err(Status::Argument)
    }
}

impl HostCalls for () {}

/// How often the host wants to be asked whether to go on. Half of the 100 ms that the C ABI promises.
const POLL: Duration = Duration::from_millis(50);

/// One call from the host: its deadline, and everything that may be asked of the host while it lasts.
pub struct Call<'a> {
    host: &'a dyn HostCalls,
    /// The most detailed level that the log is read at; `None` where it is not read.
    log: Option<Level>,
    /// The host takes warnings.
    takes_warnings: bool,
    /// The host wants the steps of a test as they end.
    takes_steps: bool,
    deadline: Instant,
    asked: Cell<Instant>,
    done: Cell<u64>,
    total: Cell<u64>,
}

impl<'a> Call<'a> {
    /// A call that must have ended by `deadline`. It logs nothing unless [`Call::logging`] gives it a level.
    pub fn new(host: &'a dyn HostCalls, deadline: Instant) -> Call<'a> {
        // The first check asks the host at once, so a call that is already cancelled ends before it begins.
        let now = Instant::now();
        let asked = Cell::new(now.checked_sub(POLL).unwrap_or(now));
        Call { host, log: None, takes_warnings: false, takes_steps: false, deadline, asked, done: Cell::new(0), total: Cell::new(0) }
    }

    /// The same call with a log that is read up to this level.
    #[must_use]
    pub fn logging(self, level: Option<Level>) -> Call<'a> {
        Call { log: level, ..self }
    }

    /// The same call of a host that takes warnings, or does not.
    #[must_use]
    pub fn taking_warnings(self, takes_warnings: bool) -> Call<'a> {
        Call { takes_warnings, ..self }
    }

    /// The same call of a host that wants the steps of a test as they end, or does not.
    #[must_use]
    pub fn taking_steps(self, takes_steps: bool) -> Call<'a> {
        Call { takes_steps, ..self }
    }

    /// The same call for a part of its work that must have ended earlier, for example QUIT.
    pub fn until(&self, deadline: Instant) -> Call<'a> {
        Call {
            host: self.host,
            log: self.log,
            takes_warnings: self.takes_warnings,
            takes_steps: self.takes_steps,
            deadline: self.deadline.min(deadline),
            asked: self.asked.clone(),
            done: self.done.clone(),
            total: self.total.clone(),
        }
    }

    /// The moment by which the call must have ended.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The time that is left; zero when there is none.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// How long a wait may last before [`Call::check`] has to be asked again.
    pub fn slice(&self) -> Duration {
        self.remaining().min(POLL)
    }

    /// Fails when the deadline has passed or the caller wants to stop. Cheap enough for every loop.
    pub fn check(&self) -> Result<(), Error> {
        let now = Instant::now();
        if now >= self.deadline {
            return Err(stopped(Status::Timeout));
        }
        if now.duration_since(self.asked.get()) >= POLL {
            self.asked.set(now);
            self.host.progress(self.done.get(), self.total.get()).map_err(stopped)?;
        }
        Ok(())
    }

    /// Notes how many bytes are done, for the caller's progress display, and checks whether to go on.
    pub fn progress(&self, done: u64, total: u64) -> Result<(), Error> {
        self.done.set(done);
        self.total.set(total);
        self.check()
    }

    /// Whether the log is read at this level. Where it takes work to write a line, ask first.
    pub fn logs(&self, level: Level) -> bool {
        self.log >= Some(level)
    }

    /// Writes a line to the host's log. Secrets do not belong there. `format_args!` costs nothing where the line is not read.
    pub fn log(&self, level: Level, text: impl Display) {
        if self.logs(level) {
            self.host.log(level, &text.to_string());
        }
    }

    /// Tells the program something that it should know although the call goes on: it stands among the `warnings` of the call's result, or of
    /// its error. With a host that is older than this function it is a line of the log.
    pub fn warn(&self, warning: Error) {
        let told = match serde_json::to_vec(&Warned { warning: warning.clone() }) {
            Ok(event) if self.takes_warnings => self.host.write(CONTROL_STREAM, &event).is_ok(),
            _ => false,
        };
        if !told {
            self.log(Level::Warning, warning);
        }
    }

    /// Whether the host wants to hear of a test's steps as they end.
    pub fn takes_steps(&self) -> bool {
        self.takes_steps
    }

    /// Tells a step of a test that has ended, where the host wants to hear of it. It has to stand in the report all the same, and does
    /// not change any more. A [`Recorder`](crate::net::Recorder) of [`Recorder::telling`](crate::net::Recorder::telling) does both.
    pub fn tell(&self, step: &Step) {
        if self.takes_steps
            && let Ok(told) = serde_json::to_vec(&Told { step })
        {
            // A host that does not take it gets it with the report.
            self.host.write(CONTROL_STREAM, &told).unwrap_or_default();
        }
    }

    /// Finds a secret by name.
    pub fn secret_get(&self, name: &str) -> Result<Secret, Error> {
        let missing = |status| Error::new(status, "secret.not_found").stage(Stage::Secret).arg("name", name);
        self.host.secret_get(name).map_err(missing)
    }

    /// Asks the host to keep a secret, for example a renewed token.
    pub fn secret_put(&self, name: &str, value: &Secret) -> Result<(), Error> {
        let refused = |status| Error::new(status, "secret.not_kept").stage(Stage::Secret).arg("name", name);
        self.host.secret_put(name, value).map_err(refused)
    }

    /// The bytes of a message that the host composes while they are read.
    pub fn body(&self, stream: u64) -> Body<'_> {
        Body { host: self.host, stream }
    }

    /// Writes bytes to a stream of the host.
    pub fn write(&self, stream: u64, data: &[u8]) -> Result<(), Error> {
        self.host.write(stream, data).map_err(|status| Error::new(status, "host.sink_failed").stage(Stage::Fetch))
    }
}

impl Call<'_> {
    /// Announces a received message, whose bytes follow with [`Call::message`].
    ///
    /// Checks whether to go on: messages that lie in a read buffer ask no socket, and what the program does with each may take its time.
    pub fn announce(&self, incoming: &Incoming) -> Result<(), Error> {
        self.check()?;
        let unwritable =
            |error: serde_json::Error| Error::new(Status::Internal, "host.sink_failed").stage(Stage::Fetch).detail(error.to_string());
        // Room for it, so that it is written without moving.
        let mut event = Vec::with_capacity(512);
        serde_json::to_writer(&mut event, &Event::Message(incoming)).map_err(unwritable)?;
        self.write(CONTROL_STREAM, &event)
    }

    /// Hands over the next bytes of the announced message, as the server sent them (lines end in CRLF, nothing stuffed).
    pub fn message(&self, data: &[u8]) -> Result<(), Error> {
        self.write(MESSAGE_STREAM, data)
    }

    /// Tells the host that the announced message is complete, and returns what is to be done with it.
    ///
    /// The host has stored it when this returns. On an error the message counts as not fetched: it must be left as it is.
    pub fn action(&self) -> Result<Action, Error> {
        self.write(CONTROL_STREAM, END)?;
        let mut answer = [0; 256];
        let unreadable = |detail: String| Error::new(Status::Internal, "host.answer_unreadable").stage(Stage::Fetch).detail(detail);
        let length =
            self.host.read(CONTROL_STREAM, &mut answer).map_err(|status| Error::new(status, "host.sink_failed").stage(Stage::Fetch))?;
        let answer = &answer[..length];
        // As the host of this version writes it; of another one it is read.
        if let Some(known) = EndAnswer::ALL.into_iter().find(|known| known.as_bytes() == answer) {
            return Ok(known.action);
        }
        let answer: EndAnswer = serde_json::from_slice(answer).map_err(|error| unreadable(error.to_string()))?;
        Ok(answer.action)
    }
}

fn stopped(status: Status) -> Error {
    let code = if status == Status::Timeout { "call.timeout" } else { "call.cancelled" };
    Error::new(status, code)
}

/// How much of a message is read at once.
const BLOCK: usize = 64 * 1024;

/// A message that the host composes while it is read, in blocks. Lines end in CRLF.
pub struct Body<'a> {
    host: &'a dyn HostCalls,
    stream: u64,
}

impl Body<'_> {
    /// Reads the next bytes into `data`, straight from the composer; 0 at the end.
    ///
    /// An error means that the source failed in mid-message; what was sent of it must not be completed.
    pub fn read(&mut self, data: &mut [u8]) -> Result<usize, Error> {
        self.host.read(self.stream, data).map_err(|status| Error::new(status, "message.source_failed").stage(Stage::Content))
    }

    /// Begins again with the first byte, for a service that has to know what comes before it comes.
    ///
    /// An error means that the host is older than this function; the message goes on where it was.
    pub fn rewind(&mut self) -> Result<(), Error> {
        let older = |status| Error::new(status, "message.source_failed").stage(Stage::Content);
        self.host.read(self.stream | REWIND, &mut []).map(drop).map_err(older)
    }

    /// Reads the whole message, gives it to `take` in blocks, and notes the progress of the call; the number of bytes.
    ///
    /// An error ends it: the source has failed, `take` has, or the call has to stop. What `take` got of the message must not be completed.
    pub fn each_block(&mut self, mail: &Mail, call: &Call, mut take: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<u64, Error> {
        let (mut block, mut size) = (vec![0; BLOCK], 0);
        loop {
            let read = self.read(&mut block)?;
            if read == 0 {
                return Ok(size);
            }
            take(&block[..read])?;
            size += read as u64;
            call.progress(size, mail.size.unwrap_or(0))?;
        }
    }
}

impl std::io::Read for Body<'_> {
    fn read(&mut self, data: &mut [u8]) -> std::io::Result<usize> {
        Body::read(self, data).map_err(std::io::Error::other)
    }
}
