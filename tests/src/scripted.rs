//! Servers that do what a test says, word for word.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A running server; it lives as long as the process.
pub struct Scripted {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    connections: Arc<AtomicUsize>,
}

impl Scripted {
    /// Starts a server that runs `script` for each connection, each on a thread of its own.
    pub fn start(script: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> io::Result<Scripted> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let connections = Arc::new(AtomicUsize::new(0));
        let (script, counter) = (Arc::new(script), Arc::clone(&connections));
        std::thread::Builder::new().name("scripted".to_owned()).spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                counter.fetch_add(1, Ordering::SeqCst);
                let script = Arc::clone(&script);
                std::thread::spawn(move || {
                    // The client may end the line at any moment; what matters is what the client makes of the dialogue.
                    let _ = script(stream);
                });
            }
        })?;
        Ok(Scripted { port, connections })
    }

    /// How many clients came so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Plays a dialogue: `S: text` is sent, `C: verb` waits for a line that begins so. CR LF is added to what is sent.
pub fn play(stream: &TcpStream, dialogue: &[&str]) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    for step in dialogue {
        if let Some(text) = step.strip_prefix("S: ") {
            writer.write_all(format!("{text}\r\n").as_bytes())?;
        } else if let Some(verb) = step.strip_prefix("C: ") {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if !line.to_ascii_uppercase().starts_with(verb) {
                return Err(io::Error::other(format!("{verb} expected, {line:?} received")));
            }
        }
    }
    Ok(())
}
