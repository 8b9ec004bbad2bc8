//! A double of Exchange in a process of its own: EWS, Graph, the token endpoint and Autodiscover. `tests/exchange/README.md` tells what it does.

use crate::certificates::{Certificates, Kind};
use crate::folder::Folder;
use crate::kerberos::Domain;
use crate::project::root;
use crate::skip;
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The tenant that the token endpoint knows.
pub const TENANT: &str = "6babcaad-604b-40ac-a9d7-9fd97c0b779f";

/// The application that is registered there, with all roles.
pub const CLIENT: &str = "11111111-2222-3333-4444-555555555555";

/// Its secret.
pub const SECRET: &str = "app~Secret.8Q";

/// The password of all users that have no other.
pub const PASSWORD: &str = "Geheim-7";

/// A running double. It ends when this is dropped, or with the process.
#[derive(Debug)]
pub struct Exchange {
    child: Child,
    port: u16,
    stranger: u16,
    control: u16,
    folder: Folder,
    users: AtomicU64,
}

impl Exchange {
    /// Starts one; `None` where Python's packages cannot be had, which is noted as a skipped test.
    pub fn start() -> io::Result<Option<Exchange>> {
        Exchange::start_with(Kind::Good, None)
    }

    /// Starts one with another certificate, or as a service of a Kerberos domain, whose tickets log in as the user of the same name.
    pub fn start_with(certificate: Kind, domain: Option<&Domain>) -> io::Result<Option<Exchange>> {
        let environment = match environment() {
            Ok(environment) => environment,
            Err(reason) => {
                skip::because(reason);
                return Ok(None);
            }
        };
        let folder = Folder::new()?;
        let files = Certificates::shared()?.write(folder.path())?;
        let mut double = python(environment);
        double.args(["-m", "double", "--schemas"]).arg(environment.join("schemas"));
        double.arg("--certificate").arg(files.server(certificate));
        if let Some(domain) = domain {
            double.envs(domain.environment()).arg("--keytab").arg(domain.keytab());
        }
        let mut child = double.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let ports: Value = serde_json::from_str(&line).map_err(|_| io::Error::other("the double does not start"))?;
        let port = |name: &str| ports[name].as_u64().and_then(|port| u16::try_from(port).ok()).ok_or_else(|| io::Error::other("no port"));
        let (main, stranger, control) = (port("port")?, port("stranger")?, port("control")?);
        Ok(Some(Exchange { child, port: main, stranger, control, folder, users: AtomicU64::new(0) }))
    }

    /// The one of this process, for tests that use users of their own and change no options.
    pub fn shared() -> io::Result<Option<&'static Exchange>> {
        static SHARED: OnceLock<Result<Option<Exchange>, String>> = OnceLock::new();
        // Each test notes for itself that it is skipped.
        if let Err(reason) = environment() {
            skip::because(reason);
            return Ok(None);
        }
        let shared = SHARED.get_or_init(|| Exchange::start().map_err(|error| error.to_string()));
        shared.as_ref().map(Option::as_ref).map_err(|error| io::Error::other(error.clone()))
    }

    /// Its port: TLS and clear text, as the client begins.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its origin in clear text.
    pub fn clear(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its origin with TLS.
    pub fn secure(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// The origin of another host, which must never see a secret; its requests are in the same log, as those of the listener `stranger`.
    pub fn stranger(&self) -> String {
        format!("https://localhost:{}", self.stranger)
    }

    /// The origin of the control port.
    pub fn control_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.control)
    }

    /// The authority that its certificate comes from.
    pub fn authority(&self) -> PathBuf {
        self.folder.file("authority.pem")
    }

    /// The folder with the certificates, for more files of a test.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A control request; the answer is JSON.
    pub fn control(&self, method: &str, path: &str, body: &Value) -> io::Result<Value> {
        let bytes = self.control_bytes(method, path, body)?;
        serde_json::from_slice(&bytes).map_err(|_| io::Error::other(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// A control request whose answer is bytes: `/log/NUMBER`, `/deliveries/NUMBER`, `/mime`.
    pub fn control_bytes(&self, method: &str, path: &str, body: &Value) -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.control))?;
        let body = body.to_string();
        write!(stream, "{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}", body.len())?;
        let mut reader = BufReader::new(stream);
        let (mut status, mut length) = (String::new(), 0);
        reader.read_line(&mut status)?;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 || line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        let mut answer = vec![0; length];
        reader.read_exact(&mut answer)?;
        if status.contains(" 200 ") { Ok(answer) } else { Err(io::Error::other(String::from_utf8_lossy(&answer).into_owned())) }
    }

    /// Asks for a fault: which requests it hits, and what happens to those.
    pub fn fault(&self, fault: &Value) -> io::Result<()> {
        self.control("POST", "/faults", fault).map(drop)
    }

    /// The requests so far, without their bytes.
    pub fn log(&self) -> io::Result<Vec<Value>> {
        Ok(self.control("GET", "/log", &Value::Null)?.as_array().cloned().unwrap_or_default())
    }

    /// The bytes of a request of the log.
    pub fn raw(&self, entry: &Value) -> io::Result<Vec<u8>> {
        self.control_bytes("GET", &format!("/log/{}", entry["number"]), &Value::Null)
    }

    /// What was delivered: from whom, to whom, which message.
    pub fn deliveries(&self) -> io::Result<Vec<Value>> {
        Ok(self.control("GET", "/deliveries", &Value::Null)?.as_array().cloned().unwrap_or_default())
    }

    /// A new user with an empty mailbox, by its address; the password is [`PASSWORD`].
    pub fn user(&self) -> io::Result<String> {
        let address = format!("konto{}@example.com", self.users.fetch_add(1, Ordering::Relaxed));
        self.control("POST", "/users", &json!({"address": address, "name": "Konto", "password": PASSWORD}))?;
        Ok(address)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // It ends with its standard input.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The environment of Python that the double and its judges run in, made at the first call; the error says why it cannot be had.
pub fn environment() -> Result<&'static Path, &'static str> {
    static ENVIRONMENT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    ENVIRONMENT.get_or_init(make).as_deref().map_err(String::as_str)
}

/// Python in that environment, with the double as a package that can be imported.
pub fn python(environment: &Path) -> Command {
    let mut python = Command::new(environment.join("bin/python"));
    python.env("PYTHONPATH", root().join("tests/exchange")).env("PYTHONPYCACHEPREFIX", environment.join("compiled"));
    python
}

fn make() -> Result<PathBuf, String> {
    let mut prepare = Command::new("python3");
    prepare.arg(root().join("tests/exchange/prepare.py")).arg(root().join("target/exchange")).stdin(Stdio::null());
    let output = prepare.output().map_err(|error| format!("python3: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the packages of tests/exchange cannot be had: {}", said.lines().last().unwrap_or("pip says nothing")));
    }
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end()))
}
