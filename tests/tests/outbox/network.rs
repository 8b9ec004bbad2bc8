//! Network namespaces, each with one line to the database and one to the mail server, which can be cut.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

/// A namespace. It is removed when dropped.
pub(crate) struct Namespace {
    pub(crate) name: String,
    /// Where the database and the mail server are from within.
    pub(crate) database: (Ipv4Addr, u16),
    pub(crate) mail: (Ipv4Addr, u16),
}

impl Namespace {
    /// Makes the `number`th of this process, with lines to two ports of this machine. An error where it may not.
    pub(crate) fn new(number: u8, database: u16, mail: u16) -> io::Result<Namespace> {
        let name = format!("postkontor{}-{number}", std::process::id());
        ip(&["netns", "add", &name])?;
        let (database_at, mail_at) = (Ipv4Addr::new(10, 203, number, 1), Ipv4Addr::new(10, 203, number, 5));
        let mut namespace = Namespace { name, database: (database_at, 0), mail: (mail_at, 0) };
        namespace.lay("d", number, database_at)?;
        namespace.lay("m", number, mail_at)?;
        namespace.database.1 = forward(database_at, database, Duration::ZERO)?;
        namespace.mail.1 = forward(mail_at, mail, DELAY)?;
        Ok(namespace)
    }

    /// A line, from an address outside to the next one within.
    fn lay(&self, line: &str, number: u8, outside: Ipv4Addr) -> io::Result<()> {
        let (out, within) = (format!("pk{line}{}o{number}", std::process::id() % 10_000), format!("{line}0"));
        let [a, b, c, d] = outside.octets();
        let address = |last: u8| format!("{a}.{b}.{c}.{last}/30");
        ip(&["link", "add", &out, "type", "veth", "peer", "name", &within, "netns", &self.name])?;
        ip(&["address", "add", &address(d), "dev", &out])?;
        ip(&["link", "set", &out, "up"])?;
        ip(&["-n", &self.name, "address", "add", &address(d + 1), "dev", &within])?;
        ip(&["-n", &self.name, "link", "set", &within, "up"])
    }

    /// Cuts the line to the database (`d`) or to the mail server (`m`): what is on its way is lost.
    pub(crate) fn cut(&self, line: &str) {
        ip(&["-n", &self.name, "link", "set", &format!("{line}0"), "down"]).unwrap();
    }

    /// Mends it.
    pub(crate) fn mend(&self, line: &str) {
        ip(&["-n", &self.name, "link", "set", &format!("{line}0"), "up"]).unwrap();
    }

    /// A program that runs within.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]);
        command
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Its ends of the lines go with it, and the others with those.
        let _ = ip(&["netns", "delete", &self.name]);
    }
}

fn ip(words: &[&str]) -> io::Result<()> {
    let output = Command::new("ip").args(words).output()?;
    if output.status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("ip {words:?}: {}", String::from_utf8_lossy(&output.stderr))))
    }
}

/// How long each answer of the mail server is on its way: so a batch is in flight for a while.
pub(crate) const DELAY: Duration = Duration::from_millis(100);

/// Leads connections to an address on to a port of this machine; the port that it listens on. Answers come after `delay`.
pub(crate) fn forward(address: Ipv4Addr, to: u16, delay: Duration) -> io::Result<u16> {
    let listener = TcpListener::bind((address, 0))?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            // A server that is away shows as a connection that ends at once.
            let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)) else { continue };
            let (Ok(client_too), Ok(server_too)) = (client.try_clone(), server.try_clone()) else { continue };
            std::thread::spawn(move || pass(client, server, Duration::ZERO));
            std::thread::spawn(move || pass(server_too, client_too, delay));
        }
    });
    Ok(port)
}

fn pass(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let mut block = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut block) {
        std::thread::sleep(delay);
        if to.write_all(&block[..count]).is_err() {
            break;
        }
    }
    // Either may be gone already.
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
