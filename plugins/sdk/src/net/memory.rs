//! Connections within the process, for tests: no sockets, no threads, no time.

use crate::settings::Endpoint;
use std::cell::RefCell;
use std::fmt;
use std::io::{self, ErrorKind};
use std::marker::PhantomData;

/// The server's side of a connection in memory. It is called whenever the client writes or reads, on the client's thread.
pub trait Peer: Send {
    /// Takes what the client has written.
    fn receive(&mut self, data: &[u8]) -> io::Result<()>;

    /// Sends the next bytes, as many as there is room for.
    fn send(&mut self, data: &mut [u8]) -> PeerOutput;

    /// Whether TLS begins now. Nothing is encrypted: the client merely takes the connection for secured and the server for verified.
    fn secure(&mut self) -> bool {
        false
    }
}

/// What a [`Peer`] sends when the client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerOutput {
    /// So many bytes, at least one.
    Bytes(usize),
    /// Nothing, unless the client writes. The client's wait for it is over at once, as if all its time had passed.
    Nothing,
    /// It has closed the connection.
    Closed,
    /// It has broken the connection off.
    Reset,
}

/// The servers that this thread connects to: as long as a network lives, [`Stream`](super::Stream) connects to its peers and to nothing else.
pub struct Network {
    /// What it replaced, and that it belongs to its thread.
    before: Option<Box<Connect>>,
    thread: PhantomData<*const ()>,
}

/// Answers a connection, or refuses it.
type Connect = dyn FnMut(&Endpoint) -> Option<Box<dyn Peer>>;

thread_local! {
    static NETWORK: RefCell<Option<Box<Connect>>> = const { RefCell::new(None) };
}

impl Network {
    /// A network in which `connect` answers; where it has none, the connection is refused.
    #[must_use = "the network is gone when this is dropped"]
    pub fn new(connect: impl FnMut(&Endpoint) -> Option<Box<dyn Peer>> + 'static) -> Network {
        Network { before: NETWORK.replace(Some(Box::new(connect))), thread: PhantomData }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        NETWORK.set(self.before.take());
    }
}

/// Connects in memory. `None`: this thread has no such network.
pub(super) fn connect(endpoint: &Endpoint) -> Option<Option<End>> {
    NETWORK.with_borrow_mut(|network| {
        let peer = network.as_mut()?(endpoint);
        Some(peer.map(|peer| End { peer, is_silent: false, vain: 0 }))
    })
}

/// How many reads may get nothing before the client counts as hung.
const VAIN: u32 = 1000;

/// The client's end.
pub(super) struct End {
    peer: Box<dyn Peer>,
    /// The peer sends nothing before it receives something.
    is_silent: bool,
    /// How many reads in a row got nothing.
    vain: u32,
}

impl End {
    /// Whether waiting for the peer is of no use.
    pub(super) fn is_silent(&self) -> bool {
        self.is_silent
    }

    pub(super) fn secure(&mut self) -> bool {
        self.peer.secure()
    }

    pub(super) fn read(&mut self, data: &mut [u8]) -> io::Result<usize> {
        let output = self.peer.send(data);
        self.vain = if matches!(output, PeerOutput::Bytes(_)) { 0 } else { self.vain + 1 };
        assert!(self.vain < VAIN, "the client has read {VAIN} times in vain: it has hung");
        match output {
            PeerOutput::Bytes(length) => Ok(length),
            PeerOutput::Nothing => {
                self.is_silent = true;
                Err(ErrorKind::WouldBlock.into())
            }
            PeerOutput::Closed => Ok(0),
            PeerOutput::Reset => Err(ErrorKind::ConnectionReset.into()),
        }
    }

    pub(super) fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.is_silent = false;
        self.vain = 0;
        self.peer.receive(data).map(|()| data.len())
    }
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("End")
    }
}
