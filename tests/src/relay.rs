//! A relay in front of a server, which records what passes, and cuts the line or lets it drip at any byte.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The direction of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client.
    ToServer,
    /// To the client.
    ToClient,
}

/// The fault of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// After so many bytes in this direction both sides see the end of the connection; what else was on its way is lost.
    Cut(Direction, usize),
    /// After so many bytes to the client, one byte a second.
    Drip(usize),
    /// After so many bytes to the server, nothing passes any more, in either direction; the connection stays open.
    Stall(usize),
}

#[derive(Default)]
struct Recording {
    to_server: Vec<u8>,
    to_client: Vec<u8>,
}

struct Shared {
    upstream: u16,
    /// For the next connection; those after it pass unharmed.
    fault: Mutex<Fault>,
    recording: Mutex<Recording>,
    closing: AtomicBool,
}

/// A running relay. It ends when dropped.
pub struct Relay {
    /// The port that clients connect to.
    pub port: u16,
    shared: Arc<Shared>,
}

impl Relay {
    /// Starts a relay to a port of 127.0.0.1. The first connection suffers the fault.
    pub fn start(upstream: u16, fault: Fault) -> io::Result<Relay> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared { upstream, fault: Mutex::new(fault), recording: Mutex::default(), closing: AtomicBool::new(false) });
        let accepting = Arc::clone(&shared);
        std::thread::Builder::new().name("relay".to_owned()).spawn(move || {
            for client in listener.incoming() {
                if accepting.closing.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(client) = client else { continue };
                let fault = std::mem::replace(&mut *lock(&accepting.fault), Fault::None);
                // A server that cannot be reached shows as a connection that ends at once.
                let _ = connect(client, &accepting, fault);
            }
        })?;
        Ok(Relay { port, shared })
    }

    /// Lets the next connection suffer this fault, and forgets what was recorded.
    pub fn arm(&self, fault: Fault) {
        *lock(&self.shared.recording) = Recording::default();
        *lock(&self.shared.fault) = fault;
    }

    /// What clients sent since the relay was armed, over all connections.
    pub fn sent(&self) -> Vec<u8> {
        lock(&self.shared.recording).to_server.clone()
    }

    /// What clients received since the relay was armed, over all connections.
    pub fn received(&self) -> Vec<u8> {
        lock(&self.shared.recording).to_client.clone()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        // Wakes the listening thread; without one, the relay has ended already.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(client: TcpStream, shared: &Arc<Shared>, fault: Fault) -> io::Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.upstream))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    for direction in [Direction::ToServer, Direction::ToClient] {
        let (from, to) = match direction {
            Direction::ToServer => (client.try_clone()?, server.try_clone()?),
            Direction::ToClient => (server.try_clone()?, client.try_clone()?),
        };
        let shared = Arc::clone(shared);
        std::thread::Builder::new().name("relay pump".to_owned()).spawn(move || {
            // Either side may go away at any moment; then the other learns it.
            let _ = pump(&from, &to, direction, &shared, fault);
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
        })?;
    }
    Ok(())
}

fn pump(mut from: &TcpStream, mut to: &TcpStream, direction: Direction, shared: &Shared, fault: Fault) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    let mut passed = 0;
    loop {
        if fault == Fault::Cut(direction, passed) {
            return Ok(());
        }
        let most = match fault {
            Fault::Cut(which, after) if which == direction => (after - passed).min(buffer.len()),
            Fault::Drip(after) if direction == Direction::ToClient && passed < after => (after - passed).min(buffer.len()),
            Fault::Drip(_) if direction == Direction::ToClient => 1,
            Fault::Stall(after) if direction == Direction::ToServer && passed < after => (after - passed).min(buffer.len()),
            _ => buffer.len(),
        };
        if let Fault::Stall(after) = fault
            && direction == Direction::ToServer
            && passed >= after
        {
            // Nothing is read any more, so the client's writes back up; it is gone when the relay is.
            while !shared.closing.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(20));
            }
            return Ok(());
        }
        let count = from.read(&mut buffer[..most])?;
        if count == 0 {
            return Ok(());
        }
        if let Fault::Drip(after) = fault
            && direction == Direction::ToClient
            && passed >= after
        {
            std::thread::sleep(Duration::from_secs(1));
        }
        passed += count;
        {
            let mut recording = lock(&shared.recording);
            let record = if direction == Direction::ToServer { &mut recording.to_server } else { &mut recording.to_client };
            record.extend_from_slice(&buffer[..count]);
        }
        to.write_all(&buffer[..count])?;
    }
}
