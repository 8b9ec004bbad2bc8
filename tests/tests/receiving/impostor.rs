//! Servers that say what a test wants, and what fetching from them costs a process of its own.

use crate::setup::plugins;
use postkontor_tests::folder::Folder;
use postkontor_tests::scripted::Scripted;
use postkontor_tests::strangers::postkontor;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Result, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs a program and says last, on standard error, how much memory it had at most, in KiB.
const MEASURE: &str = "import os, sys
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(process, 0)
print(usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status) & 255)";

/// What became of a fetch.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) answer: Value,
    /// The most memory that the process had, in KiB.
    pub(crate) peak: u64,
    pub(crate) took: Duration,
    pub(crate) folder: Folder,
}

impl Outcome {
    pub(crate) fn code(&self) -> &str {
        self.answer["code"].as_str().unwrap_or_default()
    }

    /// The summary of the first message.
    pub(crate) fn summary(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.folder.file("in/0001.json")).unwrap()).unwrap()
    }
}

/// Starts a server that says `greeting` and then answers each command with what `answer` says.
pub(crate) fn server(greeting: &'static str, answer: impl Fn(&str, &mut TcpStream) -> Result<()> + Send + Sync + 'static) -> u16 {
    let script = move |mut stream: TcpStream| {
        let mut commands = BufReader::new(stream.try_clone()?);
        let mut command = String::new();
        stream.write_all(greeting.as_bytes())?;
        while commands.read_line(&mut command)? > 0 {
            answer(command.trim_end(), &mut stream)?;
            command.clear();
        }
        Ok(())
    };
    Scripted::start(script).unwrap().port
}

/// Says the same over and over, until the other side has gone.
pub(crate) fn endless(stream: &mut TcpStream, text: &str) -> Result<()> {
    let block = text.repeat(64 * 1024 / text.len() + 1);
    loop {
        stream.write_all(block.as_bytes())?;
    }
}

/// What a POP3 server with one message of this size answers.
pub(crate) fn pop3(command: &str, size: usize, stream: &mut dyn Write) -> Result<()> {
    stream.write_all(match command.split(' ').next().unwrap_or_default() {
        "CAPA" => b"+OK\r\nUIDL\r\nTOP\r\n.\r\n",
        "LIST" => return write!(stream, "+OK\r\n1 {size}\r\n.\r\n"),
        "UIDL" => b"+OK\r\n1 giant\r\n.\r\n",
        _ => b"+OK\r\n",
    })
}

/// What an IMAP server with one message of this size answers.
pub(crate) fn imap(command: &str, size: usize, stream: &mut dyn Write) -> Result<()> {
    let (tag, command) = command.split_once(' ').unwrap_or_default();
    let untagged = match command.split(' ').next().unwrap_or_default() {
        "CAPABILITY" => "* CAPABILITY IMAP4rev1 UIDPLUS\r\n".to_owned(),
        "SELECT" => "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n".to_owned(),
        "UID" if command.starts_with("UID SEARCH") => "* SEARCH 5\r\n".to_owned(),
        "UID" if command.starts_with("UID FETCH") => format!("* 1 FETCH (UID 5 FLAGS () RFC822.SIZE {size})\r\n"),
        _ => String::new(),
    };
    write!(stream, "{untagged}{tag} OK done\r\n")
}

/// Starts servers of both kinds with this message.
pub(crate) fn holding(message: Vec<u8>) -> [(&'static str, u16); 2] {
    let (size, stuffed) = (message.len(), message.clone());
    let pop3 = server("+OK ready\r\n", move |command, stream| {
        if !command.starts_with("RETR") {
            return pop3(command, size, stream);
        }
        stream.write_all(b"+OK\r\n")?;
        // No line of these messages begins with a dot.
        stream.write_all(&stuffed)?;
        stream.write_all(b"\r\n.\r\n")
    });
    let imap = server("* OK ready\r\n", move |command, stream| {
        let Some((tag, _)) = command.split_once(' ').filter(|(_, command)| command.contains("BODY")) else {
            return imap(command, size, stream);
        };
        write!(stream, "* 1 FETCH (UID 5 BODY[] {{{size}}}\r\n")?;
        stream.write_all(&message)?;
        write!(stream, ")\r\n{tag} OK done\r\n")
    });
    [("pop3", pop3), ("imap", imap)]
}

/// Runs the command with an account at the server: `receive` into a folder, or `list`. Nothing where memory cannot be measured.
pub(crate) fn run(transport: &str, port: u16, seconds: u32, arguments: &[&str]) -> Option<Outcome> {
    if !cfg!(target_os = "linux") {
        postkontor_tests::skip::because("other systems measure memory otherwise");
        return None;
    }
    let folder = Folder::new().unwrap();
    let account = json!({"transport": transport, "server": {"host": "127.0.0.1", "port": port}, "tls": {"mode": "none"},
        "auth": {"user": "anna", "password": "Geheim-7", "method": "password", "allow_cleartext": true}});
    std::fs::write(folder.file("settings.json"), json!({"accounts": {"main": account}}).to_string()).unwrap();
    let command = postkontor(arguments).unwrap();
    let mut python = Command::new("python3");
    python.args(["-c", MEASURE]).arg(command.get_program()).args(command.get_args()).arg(folder.file("settings.json"));
    python.args(["--json", "--plugins", plugins(), "--timeout", &seconds.to_string()]);
    if arguments[0] == "receive" {
        python.arg("--to").arg(folder.file("in"));
    }
    let started = Instant::now();
    let output = python.env_remove("LANG").stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let peak = errors.lines().last().and_then(|line| line.parse().ok()).unwrap_or_else(|| panic!("{errors}"));
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no answer: {errors}"));
    Some(Outcome { answer, peak, took: started.elapsed(), folder })
}
