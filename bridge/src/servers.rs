//! The servers: they listen, give each connection a thread of its own, and end.

use crate::bridge::{self, Bridge, Parts, Server};
use crate::channel::Channel;
use crate::slots::Slots;
use crate::socket::{Clock, Socket};
use crate::texts::TEXTS;
use crate::{pop3, smtp};
use postkontor_core::settings::{Maildrop, Submission};
use postkontor_core::{Error, Level, Status};
use std::io::{self, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How often the end is looked for.
const GLANCE: Duration = Duration::from_millis(50);

/// What threads have to come to their end after everything was stopped.
const LAST: Duration = Duration::from_millis(300);

/// Serves a connection.
type Serve = dyn Fn(&Bridge, &mut Channel, IpAddr) + Send + Sync;

/// The servers of a bridge, which listen.
pub struct Servers {
    bridge: Arc<Bridge>,
    listening: Vec<Listening>,
    smtp: Option<SocketAddr>,
    pop3: Option<SocketAddr>,
}

struct Listening {
    listener: TcpListener,
    address: SocketAddr,
    slots: Slots,
    /// The line for a connection that there is no place for.
    busy: String,
    serve: Arc<Serve>,
}

impl Servers {
    /// Judges the settings and begins to listen. Connections wait until [`Servers::run`].
    ///
    /// # Errors
    ///
    /// SETTINGS (`bridge.…`, with the pointer of what is wrong), LOCAL (`bridge.listen_refused`, `bridge.folder_unusable`).
    pub fn open(parts: Parts<'_>) -> Result<Servers, Error> {
        let host = Arc::clone(parts.host);
        host.add_texts(TEXTS);
        Servers::listening(parts).map_err(|error| host.localised(error))
    }

    fn listening(parts: Parts<'_>) -> Result<Servers, Error> {
        let (bridge, smtp, pop3) = bridge::open(parts)?;
        let mut servers = Servers { bridge: Arc::new(bridge), listening: Vec::new(), smtp: None, pop3: None };
        if let Some(server) = smtp {
            servers.smtp = Some(servers.listen_for_mail(server)?);
        }
        if let Some(server) = pop3 {
            servers.pop3 = Some(servers.listen_for_readers(server)?);
        }
        Ok(servers)
    }

    /// Where mail is taken.
    pub fn smtp(&self) -> Option<SocketAddr> {
        self.smtp
    }

    /// Where mail is given.
    pub fn pop3(&self) -> Option<SocketAddr> {
        self.pop3
    }

    fn listen_for_mail(&mut self, server: Server<Submission>) -> Result<SocketAddr, Error> {
        let address = server.address;
        let serve = move |bridge: &Bridge, channel: &mut Channel, peer| smtp::serve(bridge, &server, channel, peer);
        self.listen(address, "/bridge/smtp/listen", smtp::BUSY.to_string(), Arc::new(serve))
    }

    fn listen_for_readers(&mut self, server: Server<Maildrop>) -> Result<SocketAddr, Error> {
        let address = server.address;
        let serve = move |bridge: &Bridge, channel: &mut Channel, peer| pop3::serve(bridge, &server, channel, peer);
        self.listen(address, "/bridge/pop3/listen", pop3::BUSY.to_owned(), Arc::new(serve))
    }

    fn listen(&mut self, address: SocketAddr, pointer: &str, busy: String, serve: Arc<Serve>) -> Result<SocketAddr, Error> {
        let code = "bridge.listen_refused";
        let refused = |error: io::Error| {
            Error::new(Status::Local, code).usable().arg("listen", address.to_string()).detail(error.to_string()).at(pointer, code)
        };
        let listener = TcpListener::bind(address).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let slots = Slots::new(&self.bridge.limits);
        self.bridge.note(Level::Information, format_args!("listening at {address}"));
        self.listening.push(Listening { listener, address, slots, busy, serve });
        Ok(address)
    }

    /// Serves until `is_over` says so, which is asked all the time. What is in flight then comes to its end, within
    /// [`Limits::farewell`](crate::Limits::farewell).
    pub fn run(self, is_over: &dyn Fn() -> bool) {
        let Servers { bridge, listening, .. } = self;
        let waited: Vec<(Slots, SocketAddr)> = listening.iter().map(|server| (server.slots.clone(), server.address)).collect();
        let acceptors: Vec<_> = listening
            .into_iter()
            .map(|server| {
                let bridge = Arc::clone(&bridge);
                thread::spawn(move || server.accept(&bridge))
            })
            .collect();
        while !is_over() {
            thread::sleep(GLANCE);
        }
        bridge.note(Level::Information, format_args!("ending"));
        bridge.ending.begin();
        for (_, address) in &waited {
            // The thread that waits for connections gets one, and sees that it is over.
            drop(TcpStream::connect_timeout(address, GLANCE));
        }
        let end = Instant::now() + bridge.limits.farewell;
        // Together they have that long; what is left then is stopped.
        let _all_ended = waited.iter().all(|(slots, _)| slots.wait(end.saturating_duration_since(Instant::now())));
        bridge.ending.complete();
        if waited.iter().all(|(slots, _)| slots.wait(LAST)) {
            // Each of them has seen the end; one that panicked has ended as well.
            acceptors.into_iter().for_each(|acceptor| drop(acceptor.join()));
        }
    }
}

impl Listening {
    fn accept(self, bridge: &Arc<Bridge>) {
        for connection in self.listener.incoming() {
            if bridge.ending.has_begun() {
                return;
            }
            match connection {
                Ok(connection) => self.admit(bridge, connection),
                Err(error) => {
                    // No more file handles, for example: others have to close theirs first.
                    bridge.note(Level::Warning, format_args!("a connection was not accepted: {error}"));
                    thread::sleep(GLANCE);
                }
            }
        }
    }

    fn admit(&self, bridge: &Arc<Bridge>, connection: TcpStream) {
        let Ok(peer) = connection.peer_addr() else { return };
        // What comes as IPv4 in the clothes of IPv6 is IPv4.
        let address = peer.ip().to_canonical();
        let Some(slot) = self.slots.take(address) else { return refuse(connection, &self.busy) };
        let (bridge, serve) = (Arc::clone(bridge), Arc::clone(&self.serve));
        let spawned = thread::Builder::new().name("bridge".to_owned()).spawn(move || {
            if let Err(error) = session(&bridge, connection, address, &*serve) {
                bridge.note(Level::Debug, format_args!("{address}: {error}"));
            }
            // Last, so that nothing of the session is left when its place is free.
            drop(bridge);
            drop(slot);
        });
        // Without a thread the connection is gone with what should have run there.
        drop(spawned);
    }
}

fn session(bridge: &Bridge, connection: TcpStream, address: IpAddr, serve: &Serve) -> io::Result<()> {
    let clock = Clock::new(bridge.ending.clone());
    let socket = Socket::new(connection, clock.clone())?;
    let closer = socket.closer()?;
    let mut channel = Channel::new(socket, clock, bridge.limits.unread);
    serve(bridge, &mut channel, address);
    channel.end();
    closer.close(&bridge.ending);
    Ok(())
}

/// Says that there is no place. This is done where connections are accepted, so nothing is waited for: a new connection has room for a line.
fn refuse(mut connection: TcpStream, busy: &str) {
    let told = connection.set_nonblocking(true).and_then(|()| connection.write_all(busy.as_bytes()));
    // A client that is gone needs no reason.
    drop(told.and_then(|()| connection.shutdown(Shutdown::Write)));
}
