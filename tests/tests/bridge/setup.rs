//! Bridges within the test's process, with a counter that keeps what it takes in memory.

use postkontor_bridge::{Counter, Limits, Parts, Servers, Submitted};
use postkontor_core::{Cancel, Error, Host, Status};
use postkontor_tests::certificates::{Certificates, Files, Kind};
use postkontor_tests::engine;
use postkontor_tests::folder::Folder;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

/// The largest mail that the bridges of these tests take.
pub(crate) const MAX_BYTES: u64 = 100_000;

/// A mail that a counter took.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) account: String,
    pub(crate) from: String,
    pub(crate) recipients: Vec<String>,
    pub(crate) bytes: Vec<u8>,
}

impl Taken {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// What stands behind the header.
    pub(crate) fn body(&self) -> String {
        self.text().split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

/// Takes mail, unless there is an error to answer with.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) mails: Mutex<Vec<Taken>>,
    /// What the next calls answer instead of taking mail, in order.
    pub(crate) errors: Mutex<Vec<Error>>,
    pub(crate) keys: Mutex<Vec<String>>,
}

impl Counter for Shelf {
    fn take(&self, mail: &Submitted<'_>, _cancel: &Cancel) -> Result<String, Error> {
        self.keys.lock().unwrap().push(mail.key.to_owned());
        if let Some(error) = self.errors.lock().unwrap().pop() {
            return Err(error);
        }
        let bytes = std::fs::read(mail.file).map_err(|error| Error::new(Status::Local, "test.unread").detail(error.to_string()))?;
        let recipients = mail.recipients.iter().map(|recipient| (*recipient).to_owned()).collect();
        let mut mails = self.mails.lock().unwrap();
        mails.push(Taken { account: mail.account.unwrap_or_default().to_owned(), from: mail.from.to_owned(), recipients, bytes });
        Ok(mails.len().to_string())
    }
}

/// A bridge that runs until this goes.
pub(crate) struct Running {
    pub(crate) smtp: Option<SocketAddr>,
    pub(crate) pop3: Option<SocketAddr>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
    /// Where its mail passes through.
    pub(crate) folder: Folder,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(settings: &Value, limits: Limits) -> Running {
        Running::with_accounts(&engine::host("en").unwrap(), settings, limits).unwrap()
    }

    pub(crate) fn with_accounts(host: &Arc<Host>, settings: &Value, limits: Limits) -> Result<Running, Error> {
        let (shelf, log, folder) = (Arc::new(Shelf::default()), Arc::<Mutex<Vec<String>>>::default(), Folder::new().unwrap());
        let lines = Arc::clone(&log);
        let servers = Servers::open(Parts {
            host,
            document: &settings.to_string(),
            limits,
            counter: shelf.clone(),
            folder: folder.path(),
            log: Box::new(move |level, text| lines.lock().unwrap().push(format!("{level:?} {text}"))),
        })?;
        let (smtp, pop3, is_over) = (servers.smtp(), servers.pop3(), Arc::new(AtomicBool::new(false)));
        let ends = Arc::clone(&is_over);
        let thread = std::thread::spawn(move || servers.run(&|| ends.load(Ordering::Acquire)));
        Ok(Running { smtp, pop3, shelf, log, folder, is_over, thread: Some(thread) })
    }

    pub(crate) fn port(&self) -> u16 {
        self.smtp.unwrap().port()
    }

    pub(crate) fn mails(&self) -> Vec<Taken> {
        self.shelf.mails.lock().unwrap().clone()
    }

    /// The only mail that came.
    pub(crate) fn mail(&self) -> Taken {
        let mails = self.mails();
        assert_eq!(mails.len(), 1, "{mails:?} {:?}", self.log.lock().unwrap());
        mails[0].clone()
    }

    /// Says that it is to end, and goes on.
    pub(crate) fn begin_to_end(&self) {
        self.is_over.store(true, Ordering::Release);
    }

    /// Waits until it has ended.
    pub(crate) fn end(&mut self) {
        self.begin_to_end();
        self.thread.take().into_iter().for_each(|thread| thread.join().unwrap());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// The certificates of the tests, as files.
pub(crate) fn files() -> &'static Files {
    static FILES: OnceLock<(Folder, Files)> = OnceLock::new();
    let make = || {
        let folder = Folder::new().unwrap();
        let files = Certificates::shared().unwrap().write(folder.path()).unwrap();
        (folder, files)
    };
    &FILES.get_or_init(make).1
}

/// TLS with the certificate of the tests: `starttls` or `implicit`, from this version on.
pub(crate) fn tls(mode: &str, minimum: &str) -> Value {
    json!({"mode": mode, "minimum": minimum, "certificate": {"file": files().server(Kind::Good)}})
}

/// No TLS.
pub(crate) fn clear() -> Value {
    json!({"mode": "none"})
}

/// Anna, who sends and reads by the account `main`, and sends as herself.
fn anna() -> Value {
    json!({"user": "anna", "password": "Geheim-7", "account": "main", "sender": "anna@example.com"})
}

/// A server that takes mail, with a login and, for programs of this machine, without.
pub(crate) fn taking(tls: Value) -> Value {
    let smtp = json!({"listen": "127.0.0.1:0", "tls": tls, "max_bytes": MAX_BYTES, "anonymous": "scans"});
    let account = json!({"transport": "smtp", "server": {"host": "localhost"}});
    json!({"accounts": {"main": account, "scans": account}, "bridge": {"smtp": smtp, "logins": [anna()]}, "outbox": {"store": "sqlite:unused"}})
}

/// A server that gives mail.
pub(crate) fn giving(tls: Value) -> Value {
    json!({"pop3": {"listen": "127.0.0.1:0", "tls": tls}, "logins": [anna()]})
}

/// A client that says what it is asked to say.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects and reads the greeting.
    pub(crate) fn greeted(address: SocketAddr) -> Client {
        let mut client = Client::connected(address);
        let greeting = client.reply();
        assert!(greeting.starts_with("220 ") || greeting.starts_with("+OK "), "{greeting}");
        client
    }

    pub(crate) fn connected(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        // No reply takes longer, not even that to a large mail on a busy machine.
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
        Client { stream: BufReader::new(stream) }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    /// A reply, of several lines where it has them; empty where the connection ended.
    pub(crate) fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let begin = reply.len();
            if self.stream.read_line(&mut reply).is_err() || reply.len() == begin || reply.as_bytes().get(begin + 3) != Some(&b'-') {
                return reply;
            }
        }
    }

    pub(crate) fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n").as_bytes());
        self.reply()
    }

    /// Says lines and looks at the beginnings of the replies.
    pub(crate) fn play(&mut self, lines: &[(&str, &str)]) {
        for (line, reply) in lines {
            let said = self.say(line);
            assert!(said.starts_with(reply), "{line}: {said}");
        }
    }

    /// All that is still to come.
    pub(crate) fn rest(mut self) -> String {
        let mut rest = Vec::new();
        // A connection that is cut has an end, too.
        drop(self.stream.read_to_end(&mut rest));
        String::from_utf8_lossy(&rest).into_owned()
    }
}
