//! The command's standard input, which can be written to without being stuck there.

#[cfg(not(unix))]
pub(crate) use thread::{Input, end_all};
#[cfg(unix)]
pub(crate) use unix::{Input, end_all};

use postkontor_plugin::{Call, Error};
use std::process::Child;

/// How a write ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Written {
    /// All of it.
    All,
    /// The command reads no more.
    Closed,
}

/// What an input can do.
pub(crate) trait Write {
    /// Writes all of it, unless the command closes its end or the call has to stop.
    fn write(&mut self, data: &[u8], call: &Call) -> Result<Written, Error>;

    /// Says that there is no more to come.
    fn close(&mut self, call: &Call) -> Result<Written, Error>;

    /// Whether a command that has ended has read all that was written, as far as the system tells. A process of the command that still
    /// holds the input may read the rest.
    fn was_read(&self, call: &Call) -> bool;
}

/// Ends our own child. It may have ended by itself meanwhile, which is as good.
pub(crate) fn end(child: &mut Child) {
    drop(child.kill());
    drop(child.wait());
}

/// A pair of sockets instead of a pipe: writing to a pipe without reader raises SIGPIPE, which ends a host that is not prepared for it.
#[cfg(unix)]
mod unix {
    use super::{Write, Written};
    use postkontor_plugin::{Call, Error, Stage, Status};
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;
    use rustix::net::{SendFlags, send, sockopt::socket_error};
    use rustix::process::{Pid, Signal, kill_process_group};
    use std::io::ErrorKind;
    use std::net::Shutdown;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    /// How long the input of a command that has ended may be held by another process until that process counts as one that reads on. A
    /// process that any thread of the host starts has a copy of it until its own program runs.
    const HELD: Duration = Duration::from_secs(1);

    pub(crate) struct Input(UnixStream);

    impl Input {
        /// Starts the command with this input.
        pub(crate) fn start(command: &mut Command) -> std::io::Result<(Child, Input)> {
            let (ours, theirs) = UnixStream::pair()?;
            ours.set_nonblocking(true)?;
            // A group of its own, so that a wrapper script can be ended together with the program that it runs.
            let child = command.stdin(Stdio::from(OwnedFd::from(theirs))).process_group(0).spawn()?;
            // The command keeps its end until it is replaced.
            command.stdin(Stdio::null());
            Ok((child, Input(ours)))
        }
    }

    /// Ends the command and whatever it runs.
    pub(crate) fn end_all(child: &mut Child) {
        if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            // It may have ended by itself meanwhile, which is as good.
            let _ = kill_process_group(group, Signal::KILL);
        }
        super::end(child);
    }

    impl Write for Input {
        fn write(&mut self, mut data: &[u8], call: &Call) -> Result<Written, Error> {
            while !data.is_empty() {
                match send(&self.0, data, SendFlags::NOSIGNAL) {
                    Ok(written) => data = &data[written..],
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => {
                        let slice = call.slice().max(Duration::from_millis(1));
                        let timeout = Timespec::try_from(slice).ok();
                        // Whether it ended by time, by a signal or because there is room, the loop finds out.
                        let _ = poll(&mut [PollFd::new(&self.0, PollFlags::OUT)], timeout.as_ref());
                    }
                    Err(Errno::PIPE | Errno::CONNRESET) => return Ok(Written::Closed),
                    Err(error) => return Err(Error::new(Status::Local, "sendmail.failed").stage(Stage::Content).detail(error.to_string())),
                }
                call.check()?;
            }
            Ok(Written::All)
        }

        fn close(&mut self, _: &Call) -> Result<Written, Error> {
            match self.0.shutdown(Shutdown::Write) {
                // The command has closed its end meanwhile.
                Err(error) if error.kind() == ErrorKind::NotConnected => Ok(Written::Closed),
                Err(error) => Err(Error::new(Status::Local, "sendmail.failed").stage(Stage::Content).detail(error.to_string())),
                Ok(()) => Ok(Written::All),
            }
        }

        fn was_read(&self, call: &Call) -> bool {
            let until = Instant::now() + HELD;
            while Instant::now() < until && call.check().is_ok() {
                let timeout = Timespec::try_from(call.slice().min(HELD)).ok();
                // Asked for no event, it still tells that the last copy of the other end is closed.
                if matches!(poll(&mut [PollFd::new(&self.0, PollFlags::empty())], timeout.as_ref()), Ok(1..)) {
                    break;
                }
            }
            // Linux resets the connection when an end is closed in which something unread lies.
            !matches!(socket_error(&self.0), Ok(Err(Errno::CONNRESET)))
        }
    }
}

/// Elsewhere a thread writes, and is left behind when the command does not read.
#[cfg(not(unix))]
mod thread {
    use super::{Write, Written};
    use postkontor_plugin::{Call, Error};
    use std::io::Write as _;
    use std::process::{Child, ChildStdin, Command, Stdio};
    use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};

    pub(crate) struct Input {
        blocks: Option<SyncSender<Vec<u8>>>,
        ended: Receiver<Written>,
    }

    impl Input {
        /// Starts the command with this input. The thread is there before the command is: an input that ended because there was none
        /// would be a whole message to it.
        pub(crate) fn start(command: &mut Command) -> std::io::Result<(Child, Input)> {
            let (hand_over, given) = sync_channel::<ChildStdin>(1);
            let (blocks, work) = sync_channel::<Vec<u8>>(1);
            let (report, ended) = sync_channel(1);
            std::thread::Builder::new().spawn(move || {
                let Ok(mut stdin) = given.recv() else { return };
                let written = work.iter().all(|block| stdin.write_all(&block).is_ok());
                // The receiver is gone where the call has ended meanwhile.
                let _ = report.send(if written { Written::All } else { Written::Closed });
            })?;
            let mut child = command.stdin(Stdio::piped()).spawn()?;
            if let Some(stdin) = child.stdin.take() {
                // The thread waits for it.
                let _ = hand_over.send(stdin);
            }
            Ok((child, Input { blocks: Some(blocks), ended }))
        }
    }

    /// Ends the command.
    pub(crate) fn end_all(child: &mut Child) {
        super::end(child);
    }

    impl Write for Input {
        fn write(&mut self, data: &[u8], call: &Call) -> Result<Written, Error> {
            let mut block = data.to_vec();
            let Some(blocks) = &self.blocks else { return Ok(Written::Closed) };
            loop {
                match blocks.try_send(block) {
                    Ok(()) => return Ok(Written::All),
                    Err(TrySendError::Disconnected(_)) => return Ok(Written::Closed),
                    Err(TrySendError::Full(back)) => block = back,
                }
                std::thread::sleep(call.slice().min(std::time::Duration::from_millis(5)));
                call.check()?;
            }
        }

        fn close(&mut self, call: &Call) -> Result<Written, Error> {
            self.blocks = None;
            loop {
                match self.ended.recv_timeout(call.slice()) {
                    Ok(written) => return Ok(written),
                    Err(RecvTimeoutError::Disconnected) => return Ok(Written::Closed),
                    Err(RecvTimeoutError::Timeout) => call.check()?,
                }
            }
        }

        fn was_read(&self, _: &Call) -> bool {
            true
        }
    }
}
