//! The server of a dialogue.

use super::dialogue::{Act, Dialogue, Mark, Piece};
use crate::net::memory::{Peer, PeerOutput};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// In which pieces the server's bytes arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// As much as there is at once.
    Whole,
    Lines,
    Bytes,
}

/// How a connection ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Closed,
    Reset,
    Silent,
}

/// The connection is cut when the client has got so many bytes. The server still receives; what it sends is lost.
pub(super) type Cut = Option<(usize, Ending)>;

/// A server that plays one dialogue, with one connection at a time.
#[derive(Clone)]
pub(super) struct Server(Arc<Mutex<State>>);

/// What was sent in a dialogue, and what became true on the way.
#[derive(Default)]
pub(super) struct Course {
    /// How many bytes the server has sent, lost ones as well.
    pub(super) sent: usize,
    /// How many it had sent at the end of each line.
    pub(super) line_ends: Vec<usize>,
    pub(super) in_doubt: BTreeSet<usize>,
    /// How many bytes the client has to have for it.
    pub(super) settled: BTreeMap<usize, usize>,
    pub(super) whole: Vec<usize>,
}

/// Where the dialogue stands.
pub(super) struct State {
    dialogue: Arc<Dialogue>,
    pace: Pace,
    cut: Cut,
    is_cut: bool,
    /// The turn, and how much of it was sent.
    at: usize,
    within: usize,
    pub(super) course: Course,
    /// What was received and has no turn yet.
    received: Vec<u8>,
    names: BTreeMap<String, Vec<u8>>,
    connections: usize,
    /// Why the client did not keep to the dialogue.
    fault: Option<String>,
}

impl Server {
    pub(super) fn new(dialogue: &Arc<Dialogue>, pace: Pace, cut: Cut) -> Server {
        Server(Arc::new(Mutex::new(State {
            dialogue: dialogue.clone(),
            pace,
            cut,
            is_cut: false,
            at: 0,
            within: 0,
            course: Course::default(),
            received: Vec::new(),
            names: BTreeMap::new(),
            connections: 0,
            fault: None,
        })))
    }

    /// Takes the next connection, where the dialogue has one.
    pub(super) fn connect(&self) -> Option<Box<dyn Peer>> {
        let mut state = self.state();
        state.advance(true);
        state.leave_unread();
        if state.is_cut || state.fault.is_some() {
            return None;
        }
        match (state.connections, state.act()) {
            (0, _) => {}
            (_, Some(Act::NextConnection)) => state.at += 1,
            _ => {
                state.fault = Some("the client connects once more".to_owned());
                return None;
            }
        }
        state.connections += 1;
        state.received.clear();
        let number = state.connections;
        drop(state);
        Some(Box::new(Line { server: self.clone(), number }))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection.
struct Line {
    server: Server,
    number: usize,
}

impl Peer for Line {
    fn receive(&mut self, data: &[u8]) -> io::Result<()> {
        let mut state = self.server.state();
        let is_over = state.connections != self.number || state.is_cut && matches!(state.cut, Some((_, Ending::Reset)));
        if is_over {
            return Err(ErrorKind::BrokenPipe.into());
        }
        state.received.extend_from_slice(data);
        state.advance(false);
        Ok(())
    }

    fn send(&mut self, data: &mut [u8]) -> PeerOutput {
        let mut state = self.server.state();
        if state.connections == self.number { state.send(data) } else { PeerOutput::Closed }
    }

    fn secure(&mut self) -> bool {
        let mut state = self.server.state();
        let agrees = matches!(state.act(), Some(Act::Secure)) && !state.is_cut;
        state.at += usize::from(agrees);
        agrees
    }
}

impl State {
    fn act(&self) -> Option<&Act> {
        self.dialogue.turns.get(self.at).map(|turn| &turn.act)
    }

    fn send(&mut self, data: &mut [u8]) -> PeerOutput {
        self.advance(true);
        if let Some((most, ending)) = self.cut
            && self.course.sent >= most
        {
            self.is_cut = true;
            self.advance(true);
            return match ending {
                Ending::Closed => PeerOutput::Closed,
                Ending::Reset => PeerOutput::Reset,
                Ending::Silent => PeerOutput::Nothing,
            };
        }
        match self.act() {
            _ if self.fault.is_some() => PeerOutput::Closed,
            None | Some(Act::NextConnection) => PeerOutput::Closed,
            Some(Act::Reset) => PeerOutput::Reset,
            Some(Act::Send(_)) => PeerOutput::Bytes(self.send_bytes(data)),
            _ => PeerOutput::Nothing,
        }
    }

    /// Sends as much as the pace, the cut and the room allow.
    fn send_bytes(&mut self, data: &mut [u8]) -> usize {
        let most = self.cut.map_or(usize::MAX, |(most, _)| most - self.course.sent);
        let room = data.len().min(most).min(if self.pace == Pace::Bytes { 1 } else { usize::MAX });
        let mut length = 0;
        while let (Some(Act::Send(pieces)), true) = (self.act(), length < room) {
            let bytes = self.render(pieces);
            let rest = &bytes[self.within..];
            let line = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
            let share = if self.pace == Pace::Lines { line } else { rest.len() }.min(room - length);
            data[length..length + share].copy_from_slice(&rest[..share]);
            let is_over = share == rest.len();
            self.course.line_ends.extend((1..=share).filter(|end| rest[end - 1] == b'\n').map(|end| self.course.sent + end));
            length += share;
            self.course.sent += share;
            self.within = if is_over { 0 } else { self.within + share };
            self.at += usize::from(is_over);
            self.advance(false);
            if self.pace == Pace::Lines {
                break;
            }
        }
        length
    }

    fn render(&self, pieces: &[Piece]) -> Vec<u8> {
        let bytes = pieces.iter().map(|piece| match piece {
            Piece::Bytes(bytes) => bytes.as_slice(),
            Piece::Name(name) => self.names.get(name).map_or(&b"?"[..], Vec::as_slice),
            Piece::Any => b"*",
        });
        bytes.collect::<Vec<_>>().concat()
    }

    /// Goes on as far as the server need not send. `is_read`: the client waits for the server, so it leaves out the lines that it only may send.
    fn advance(&mut self, is_read: bool) {
        let dialogue = self.dialogue.clone();
        while let (Some(turn), None) = (dialogue.turns.get(self.at), &self.fault) {
            match &turn.act {
                Act::Mark(Mark::InDoubt(number)) => drop(self.course.in_doubt.insert(*number)),
                Act::Mark(Mark::NotDone(number)) if !self.is_cut => drop(self.course.in_doubt.remove(number)),
                Act::Mark(Mark::NotDone(_)) => {}
                Act::Mark(Mark::Settled(number)) => drop(self.course.settled.insert(*number, self.course.sent)),
                Act::Mark(Mark::Whole) => self.course.whole.push(self.course.sent),
                Act::Send(pieces) if self.is_cut => {
                    self.course.sent += self.render(pieces).len() - std::mem::take(&mut self.within);
                }
                Act::ReceiveLine(pieces) => match self.receive_line(pieces) {
                    None => return,
                    Some(true) => {}
                    Some(false) => return self.wrong(turn.line),
                },
                Act::ReceiveBytes(bytes) => match self.received.get(..bytes.len()) {
                    None => return,
                    Some(received) if received == bytes => drop(self.received.drain(..bytes.len())),
                    Some(_) => return self.wrong(turn.line),
                },
                Act::MayReceive(pieces) => match self.receive_line(pieces) {
                    Some(true) => {}
                    None if !is_read || !self.received.is_empty() => return,
                    _ => self.leave_out(),
                },
                Act::Send(_) | Act::Secure | Act::NextConnection | Act::Silence | Act::Reset => return,
            }
            self.at += 1;
        }
    }

    /// Passes over what the server has to send before the next connection: a client need not read to the end.
    fn leave_unread(&mut self) {
        let turns = &self.dialogue.turns[self.at..];
        let rest = turns.iter().take_while(|turn| matches!(turn.act, Act::Send(_) | Act::Mark(_))).count();
        if self.connections > 0 && matches!(turns.get(rest).map(|turn| &turn.act), Some(Act::NextConnection)) {
            self.at += rest;
            self.within = 0;
        }
    }

    /// Passes over the server's answers to a line that does not come.
    fn leave_out(&mut self) {
        while let Some(Act::Send(_)) = self.dialogue.turns.get(self.at + 1).map(|turn| &turn.act) {
            self.at += 1;
        }
    }

    /// Whether a line was received that fits; `None` where there is no whole line.
    fn receive_line(&mut self, pieces: &[Piece]) -> Option<bool> {
        let end = self.received.windows(2).position(|end| end == b"\r\n")?;
        let mut names = Vec::new();
        let fits = fits(pieces, &self.received[..end], &mut names);
        if fits {
            self.names.extend(names);
            self.received.drain(..end + 2);
        }
        Some(fits)
    }

    fn wrong(&mut self, line: usize) {
        if !self.is_cut {
            self.fault = Some(format!("line {line}: the client sends {}", self.next_received()));
        }
    }

    /// The beginning of what was received.
    fn next_received(&self) -> String {
        let end = self.received.iter().position(|byte| *byte == b'\n').map_or(self.received.len(), |end| end + 1);
        format!("“{}”", self.received[..end.min(500)].escape_ascii())
    }

    /// What is left of the dialogue when the client is done.
    pub(super) fn left(&mut self) -> Result<(), String> {
        self.advance(true);
        // A client need not read to the end.
        while let Some(Act::Send(_) | Act::Mark(_) | Act::Silence | Act::Reset) = self.act() {
            self.at += 1;
        }
        match (&self.fault, self.dialogue.turns.get(self.at)) {
            (Some(fault), _) => Err(fault.clone()),
            (None, Some(turn)) if self.received.is_empty() => Err(format!("line {}: the client sends nothing", turn.line)),
            (None, Some(turn)) => Err(format!("line {}: the client has sent {}", turn.line, self.next_received())),
            (None, None) if !self.received.is_empty() => Err(format!("behind the end the client sends {}", self.next_received())),
            (None, None) => Ok(()),
        }
    }
}

/// Whether a line is what the pieces say, and what the names in them stand for.
fn fits(pieces: &[Piece], line: &[u8], names: &mut Vec<(String, Vec<u8>)>) -> bool {
    match pieces {
        [] => line.is_empty(),
        [Piece::Bytes(bytes), rest @ ..] => line.strip_prefix(bytes.as_slice()).is_some_and(|line| fits(rest, line, names)),
        [piece, rest @ ..] => {
            let lengths = 0..=line.len();
            let Some(length) = lengths.into_iter().find(|length| fits(rest, &line[*length..], names)) else { return false };
            if let Piece::Name(name) = piece {
                names.push((name.clone(), line[..length].to_vec()));
            }
            true
        }
    }
}
