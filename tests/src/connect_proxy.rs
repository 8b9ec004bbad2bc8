//! A proxy by CONNECT, which leads the hosts of the internet that a client asks for to servers of the tests, and notes which they were.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// A running proxy; it lives as long as the process.
pub struct ConnectProxy {
    /// Its port.
    pub port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ConnectProxy {
    /// Starts a proxy that knows these places (`host:port`), each with the port of 127.0.0.1 where it is; all others it refuses.
    pub fn start(places: &[(&str, u16)]) -> io::Result<ConnectProxy> {
        let places: Vec<(String, u16)> = places.iter().map(|(place, port)| ((*place).to_owned(), *port)).collect();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (known, noted) = (Arc::new(places), asked.clone());
        std::thread::Builder::new().name("connect proxy".to_owned()).spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (known, noted) = (known.clone(), noted.clone());
                // A client that goes away is for the test to see on its side.
                std::thread::spawn(move || serve(client, &known, &noted));
            }
        })?;
        Ok(ConnectProxy { port, asked })
    }

    /// The places that were asked for, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(client: TcpStream, places: &[(String, u16)], asked: &Mutex<Vec<String>>) -> io::Result<()> {
    // The client says nothing more before it has the answer, so nothing of what follows is read along.
    let mut reader = BufReader::with_capacity(1, client.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let place = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let port = places.iter().find(|(known, _)| *known == place).map(|(_, port)| *port);
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(place);
    let mut client = client;
    let Some(port) = port else { return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n") };
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
    let there = std::thread::spawn(move || pass(from_client, to_server));
    pass(server, client)?;
    there.join().unwrap_or(Ok(()))
}

fn pass(mut from: TcpStream, mut to: TcpStream) -> io::Result<()> {
    let passed = io::copy(&mut from, &mut to);
    to.shutdown(Shutdown::Write)?;
    passed.map(drop)
}
