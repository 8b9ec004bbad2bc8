//! A host for tests.

use crate::token_cache::{Visit, is_reserved};
use crate::wire::{EndAnswer, Event, MESSAGE_STREAM, REWIND, Warned};
use crate::{Action, Call, Error, HostCalls, Incoming, Level, Mail, Secret, Sent, Status, Transport};
use postkontor_abi::CONTROL_STREAM;
use std::cell::{Cell, Ref, RefCell};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a call may last unless the test says otherwise. No test gets there; one that does has hung.
const LONG: Duration = Duration::from_secs(30);

/// A message that the host has taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// How the transport announced it.
    pub incoming: Incoming,
    /// Its bytes, or the first of them ([`TestHost::keeping`]).
    pub bytes: Vec<u8>,
    /// How many bytes came.
    pub size: u64,
}

/// A host that has messages to send, takes what is fetched, and notes everything.
///
/// # Panics
///
/// Where a transport breaks the rules of a fetch: bytes or an end without an announcement, an action that is read before the end.
#[derive(Default)]
pub struct TestHost {
    messages: RefCell<BTreeMap<u64, Message>>,
    most_at_once: Option<usize>,
    fails_after: Option<usize>,
    read: Cell<usize>,
    stop: Stop,
    questions: Cell<u32>,
    secrets: BTreeMap<String, Secret>,
    kept: RefCell<Vec<(String, Secret)>>,
    tokens: Visit,
    warnings: RefCell<Vec<Error>>,
    level: Option<Level>,
    log: RefCell<Vec<(Level, String)>>,
    answer: Answer,
    most_kept: Option<usize>,
    current: RefCell<Option<Fetched>>,
    is_asked: Cell<bool>,
    fetched: RefCell<Vec<Fetched>>,
}

/// A message to be sent, and how much of it was read.
#[derive(Default)]
struct Message {
    bytes: Vec<u8>,
    read: usize,
}

/// When the user cancels the call.
#[derive(Clone, Copy, Default)]
enum Stop {
    #[default]
    Never,
    At(Instant),
    Question(u32),
}

/// Finds the answer by the message's number and the message.
type Find = dyn Fn(usize, &Fetched) -> Action;

/// What is to be done with a message that was fetched.
enum Answer {
    Always(Action),
    Found(Box<Find>),
}

impl Default for Answer {
    fn default() -> Answer {
        Answer::Always(Action::Keep)
    }
}

impl TestHost {
    /// A host that cancels nothing, has nothing to send, and leaves every fetched message as it is.
    pub fn new() -> TestHost {
        TestHost::default()
    }

    /// Gives each fetched message this answer.
    #[must_use]
    pub fn answering(self, action: Action) -> TestHost {
        TestHost { answer: Answer::Always(action), ..self }
    }

    /// Gives each fetched message the answer that `find` has for it; the first one has the number 1.
    #[must_use]
    pub fn answering_with(self, find: impl Fn(usize, &Fetched) -> Action + 'static) -> TestHost {
        TestHost { answer: Answer::Found(Box::new(find)), ..self }
    }

    /// Has one more message to send: the first is stream 1, the next 2, and so on.
    #[must_use]
    pub fn with_message(self, message: impl Into<Vec<u8>>) -> TestHost {
        let stream = self.messages.borrow().len() as u64 + 1;
        self.messages.borrow_mut().insert(stream, Message { bytes: message.into(), read: 0 });
        self
    }

    /// Gives at most so many bytes of a message in one read.
    #[must_use]
    pub fn giving_at_once(self, bytes: usize) -> TestHost {
        TestHost { most_at_once: Some(bytes), ..self }
    }

    /// Fails to read on once so many bytes were read of all messages.
    #[must_use]
    pub fn failing_after(self, bytes: usize) -> TestHost {
        TestHost { fails_after: Some(bytes), ..self }
    }

    /// Stops the call from this moment on.
    #[must_use]
    pub fn stopping_at(self, moment: Instant) -> TestHost {
        TestHost { stop: Stop::At(moment), ..self }
    }

    /// Stops the call when it asks for the nth time whether to go on.
    #[must_use]
    pub fn stopping_when_asked(self, times: u32) -> TestHost {
        TestHost { stop: Stop::Question(times), ..self }
    }

    /// Has a secret of this name.
    #[must_use]
    pub fn with_secret(mut self, name: &str, secret: &str) -> TestHost {
        self.secrets.insert(name.to_owned(), Secret::new(secret));
        self
    }

    /// Reads the log up to this level. Without it nothing is logged.
    #[must_use]
    pub fn logging(self, level: Level) -> TestHost {
        TestHost { level: Some(level), ..self }
    }

    /// Keeps only so many bytes of each fetched message.
    #[must_use]
    pub fn keeping(self, bytes: usize) -> TestHost {
        TestHost { most_kept: Some(bytes), ..self }
    }

    /// A call that has time enough.
    pub fn call(&self) -> Call<'_> {
        self.call_within(LONG)
    }

    /// A call that must have ended when this time is over.
    pub fn call_within(&self, time: Duration) -> Call<'_> {
        Call::new(self, Instant::now() + time).logging(self.level).taking_warnings(true)
    }

    /// Lets a transport send one mail.
    pub fn send<T: Transport>(&self, transport: &mut T, mail: &Mail) -> Result<Sent, Error> {
        let call = self.call();
        transport.send(mail, &mut call.body(mail.stream), &call)
    }

    /// The messages that were handed over to their end.
    pub fn fetched(&self) -> Ref<'_, [Fetched]> {
        Ref::map(self.fetched.borrow(), Vec::as_slice)
    }

    /// Identifier and bytes of each of them.
    pub fn messages(&self) -> Vec<(String, Vec<u8>)> {
        self.fetched().iter().map(|fetched| (fetched.incoming.id.clone(), fetched.bytes.clone())).collect()
    }

    /// The text of each of them.
    pub fn texts(&self) -> Vec<String> {
        self.fetched().iter().map(|fetched| String::from_utf8_lossy(&fetched.bytes).into_owned()).collect()
    }

    /// The identifier of each of them.
    pub fn ids(&self) -> Vec<String> {
        self.fetched().iter().map(|fetched| fetched.incoming.id.clone()).collect()
    }

    /// What was announced and has not ended.
    pub fn unfinished(&self) -> Option<Fetched> {
        self.current.borrow().clone()
    }

    /// The secrets that the transport wanted to be kept, in order.
    pub fn kept_secrets(&self) -> Ref<'_, [(String, Secret)]> {
        Ref::map(self.kept.borrow(), Vec::as_slice)
    }

    /// What the transport warned of.
    pub fn warnings(&self) -> Ref<'_, [Error]> {
        Ref::map(self.warnings.borrow(), Vec::as_slice)
    }

    /// What was logged.
    pub fn log(&self) -> Ref<'_, [(Level, String)]> {
        Ref::map(self.log.borrow(), Vec::as_slice)
    }

    fn end(&self) {
        let Some(fetched) = self.current.take() else { panic!("the end of a message that was not announced") };
        self.fetched.borrow_mut().push(fetched);
        self.is_asked.set(true);
    }

    fn action(&self) -> Action {
        let fetched = self.fetched.borrow();
        match (&self.answer, fetched.last()) {
            (Answer::Found(find), Some(last)) if self.is_asked.take() => find(fetched.len(), last),
            (Answer::Always(action), Some(_)) if self.is_asked.take() => *action,
            _ => panic!("an answer was read to which there was no question"),
        }
    }
}

impl HostCalls for TestHost {
    fn log(&self, level: Level, text: &str) {
        self.log.borrow_mut().push((level, text.to_owned()));
    }

    fn progress(&self, _: u64, _: u64) -> Result<(), Status> {
        self.questions.set(self.questions.get() + 1);
        let is_stopped = match self.stop {
            Stop::Never => false,
            Stop::At(moment) => Instant::now() >= moment,
            Stop::Question(times) => self.questions.get() >= times,
        };
        if is_stopped { Err(Status::Cancelled) } else { Ok(()) }
    }

    fn secret_get(&self, name: &str) -> Result<Secret, Status> {
        if is_reserved(name) {
            return self.tokens.get(name);
        }
        self.secrets.get(name).cloned().ok_or(Status::NotFound)
    }

    fn secret_put(&self, name: &str, value: &Secret) -> Result<(), Status> {
        if is_reserved(name) {
            return self.tokens.put(name, value);
        }
        self.kept.borrow_mut().push((name.to_owned(), value.clone()));
        Ok(())
    }

    fn read(&self, stream: u64, data: &mut [u8]) -> Result<usize, Status> {
        if stream == CONTROL_STREAM {
            let answer = EndAnswer { action: self.action() };
            let answer = answer.as_bytes();
            data[..answer.len()].copy_from_slice(answer);
            return Ok(answer.len());
        }
        if self.fails_after.is_some_and(|most| self.read.get() >= most) {
            return Err(Status::Local);
        }
        let mut messages = self.messages.borrow_mut();
        let message = messages.get_mut(&(stream & !REWIND)).ok_or(Status::Argument)?;
        if stream & REWIND != 0 {
            message.read = 0;
            return Ok(0);
        }
        let left = &message.bytes[message.read..];
        let length = data.len().min(left.len()).min(self.most_at_once.unwrap_or(usize::MAX));
        data[..length].copy_from_slice(&left[..length]);
        message.read += length;
        self.read.set(self.read.get() + length);
        Ok(length)
    }

    fn write(&self, stream: u64, data: &[u8]) -> Result<(), Status> {
        match stream {
            CONTROL_STREAM if data.starts_with(Warned::BEGINNING) => match serde_json::from_slice(data) {
                Ok(Warned { warning }) => self.warnings.borrow_mut().push(warning),
                Err(error) => panic!("{}: {error}", String::from_utf8_lossy(data)),
            },
            CONTROL_STREAM => match serde_json::from_slice(data) {
                // What was announced before and has not ended counts as not fetched.
                Ok(Event::Message(incoming)) => *self.current.borrow_mut() = Some(Fetched { incoming, ..Fetched::default() }),
                Ok(Event::End(_)) => self.end(),
                Err(error) => panic!("{}: {error}", String::from_utf8_lossy(data)),
            },
            MESSAGE_STREAM => match &mut *self.current.borrow_mut() {
                Some(fetched) => {
                    fetched.size += data.len() as u64;
                    let room = self.most_kept.map_or(data.len(), |most| most.saturating_sub(fetched.bytes.len()).min(data.len()));
                    fetched.bytes.extend_from_slice(&data[..room]);
                }
                None => panic!("bytes of a message that was not announced"),
            },
            _ => return Err(Status::Argument),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stage;

    fn incoming(id: &str) -> Incoming {
        Incoming { id: id.to_owned(), ..Incoming::default() }
    }

    #[test]
    fn what_was_announced_and_did_not_end_is_not_fetched() {
        let host = TestHost::new().keeping(3);
        let call = host.call();
        for (id, ends) in [("1", true), ("2", false), ("3", true), ("4", false)] {
            call.announce(&incoming(id)).unwrap();
            call.message(b"text").unwrap();
            if ends {
                assert_eq!(call.action(), Ok(Action::Keep));
            }
        }
        assert_eq!(host.messages(), [("1".to_owned(), b"tex".to_vec()), ("3".to_owned(), b"tex".to_vec())]);
        assert_eq!(host.fetched()[1].size, 4);
        assert_eq!(host.unfinished().unwrap().incoming.id, "4");
    }

    #[test]
    fn each_message_gets_its_answer() {
        let host = TestHost::new().answering_with(|number, fetched| match (number, fetched.bytes.as_slice()) {
            (1, _) => Action::Seen,
            (_, b"x") => Action::Delete,
            _ => Action::Stop,
        });
        let call = host.call();
        let answers = [&b"x"[..], b"x", b"y"].map(|bytes| {
            call.announce(&incoming("1")).unwrap();
            call.message(bytes).unwrap();
            call.action().unwrap()
        });
        assert_eq!(answers, [Action::Seen, Action::Delete, Action::Stop]);
    }

    #[test]
    fn a_message_is_read_in_blocks_and_fails_where_it_shall() {
        let host = TestHost::new().with_message("12345").with_message("abcde").giving_at_once(2).failing_after(7);
        let call = host.call();
        let (mut data, mut body) = ([0; 10], call.body(2));
        let mut read = |_| body.read(&mut data).map_err(|error| (error.status, error.stage));
        assert_eq!([1, 2, 3, 4].map(&mut read), [Ok(2), Ok(2), Ok(1), Ok(0)]);
        let mut body = call.body(1);
        let mut read = |_| body.read(&mut data).map_err(|error| (error.status, error.stage));
        assert_eq!([1, 2].map(&mut read), [Ok(2), Err((Status::Local, Some(Stage::Content)))]);
        assert_eq!(TestHost::new().call().body(1).read(&mut data).unwrap_err().status, Status::Argument);
    }

    #[test]
    fn a_message_begins_anew_where_it_is_asked_to() {
        let host = TestHost::new().with_message("12345");
        let call = host.call();
        let (mut data, mut body) = ([0; 10], call.body(1));
        assert_eq!(body.read(&mut data[..3]), Ok(3));
        body.rewind().unwrap();
        assert_eq!((body.read(&mut data), &data[..5]), (Ok(5), &b"12345"[..]));
    }

    #[test]
    fn a_call_is_stopped_when_it_shall() {
        let host = TestHost::new().stopping_when_asked(1);
        assert_eq!(host.call().check().unwrap_err().status, Status::Cancelled);
        let host = TestHost::new().stopping_at(Instant::now());
        assert_eq!(host.call().check().unwrap_err().status, Status::Cancelled);
        assert_eq!(TestHost::new().call().check(), Ok(()));
        assert_eq!(TestHost::new().call_within(Duration::ZERO).check().unwrap_err().status, Status::Timeout);
    }

    #[test]
    fn secrets_are_found_and_kept_and_lines_logged() {
        let host = TestHost::new().with_secret("mail", "hunter2").logging(Level::Information);
        let call = host.call();
        assert_eq!(call.secret_get("mail").unwrap().reveal(), "hunter2");
        assert_eq!(call.secret_get("other").unwrap_err().status, Status::NotFound);
        call.secret_put("mail", &Secret::new("new")).unwrap();
        assert_eq!(*host.kept_secrets(), [("mail".to_owned(), Secret::new("new"))]);
        call.log(Level::Warning, "told");
        call.log(Level::Debug, "not told");
        assert_eq!(*host.log(), [(Level::Warning, "told".to_owned())]);
    }

    #[test]
    #[should_panic(expected = "the end of a message that was not announced")]
    fn an_end_without_a_beginning_is_a_mistake() {
        drop(TestHost::new().call().action());
    }

    #[test]
    #[should_panic(expected = "bytes of a message that was not announced")]
    fn so_are_bytes_of_what_was_not_announced() {
        drop(TestHost::new().call().message(b"x"));
    }
}
