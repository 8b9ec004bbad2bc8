//! The connection is cut at every byte of a fetch that saves and deletes: in the folder lie whole messages only.

use crate::impostor::{imap, pop3};
use crate::saving::sha256;
use crate::setup::{patience, plugins};
use postkontor_core::{Account, Callbacks, Host, Received, Status};
use postkontor_tests::folder::Folder;
use postkontor_tests::scripted::Scripted;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Result, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const MESSAGE: &str = "Subject: whole\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext)\r\na9 OK done\r\n\
    --b\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nattached\r\n--b--\r\n";

struct Quiet;

impl Callbacks for Quiet {}

/// What a decent server with one message answers.
fn decent(transport: &str, command: &str) -> Result<Vec<u8>> {
    let mut answer = Vec::new();
    if transport == "pop3" && command.starts_with("RETR") {
        write!(answer, "+OK\r\n{MESSAGE}.\r\n")?;
    } else if transport == "pop3" {
        pop3(command, MESSAGE.len(), &mut answer)?;
    } else if let Some((tag, _)) = command.split_once(' ').filter(|(_, command)| command.contains("BODY")) {
        write!(answer, "* 1 FETCH (UID 5 BODY[] {{{}}}\r\n{MESSAGE})\r\n{tag} OK done\r\n", MESSAGE.len())?;
    } else {
        if command.ends_with("LOGOUT") {
            answer.extend_from_slice(b"* BYE\r\n");
        }
        imap(command, MESSAGE.len(), &mut answer)?;
    }
    Ok(answer)
}

/// What was said in all connections.
#[derive(Debug, Default)]
struct Dialogue {
    commands: Mutex<Vec<String>>,
    /// Of the server, in bytes.
    said: AtomicUsize,
}

/// One connection that is cut off after so many bytes, with those that were said before.
fn session(transport: &str, stream: &mut TcpStream, cut: usize, dialogue: &Dialogue) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut commands = BufReader::new(stream.try_clone()?);
    let mut answer = if transport == "pop3" { b"+OK ready\r\n".to_vec() } else { b"* OK ready\r\n".to_vec() };
    loop {
        let left = cut - dialogue.said.load(Ordering::SeqCst);
        let next = &answer[..answer.len().min(left)];
        // Counted before the other side can know them: with the last of them the fetch is over.
        dialogue.said.fetch_add(next.len(), Ordering::SeqCst);
        stream.write_all(next)?;
        let mut command = String::new();
        if answer.len() >= left || commands.read_line(&mut command)? == 0 {
            return stream.shutdown(std::net::Shutdown::Both);
        }
        dialogue.commands.lock().unwrap().push(command.trim_end().to_owned());
        answer = decent(transport, command.trim_end())?;
    }
}

/// One fetch, to the end of its account, from a server that is cut off after so many bytes: the answer, what was said, and what lies in the folder.
fn fetch(host: &Arc<Host>, transport: &'static str, cut: usize) -> (std::result::Result<Received, Status>, Arc<Dialogue>, Folder) {
    let dialogue = Arc::new(Dialogue::default());
    let noted = Arc::clone(&dialogue);
    let port = Scripted::start(move |mut stream| session(transport, &mut stream, cut, &noted)).unwrap().port;
    let account = json!({"transport": transport, "server": {"host": "127.0.0.1", "port": port}, "tls": {"mode": "none"},
        "auth": {"user": "anna", "password": "Geheim-7", "method": "password", "allow_cleartext": true}});
    let folder = Folder::new().unwrap();
    let mut account = Account::open(host, &json!({"accounts": {"main": account}}).to_string(), None).unwrap();
    let request = json!({"save_to": folder.file("in"), "action": "delete"}).to_string();
    let result = account.receive(&request, None, &patience()).map_err(|error| error.status);
    drop(account);
    (result, dialogue, folder)
}

#[test]
fn a_cut_at_any_byte_leaves_no_half_message_in_the_folder() {
    let host = Host::open(&json!({"language": "en", "plugins": [plugins()]}).to_string(), Box::new(Quiet)).unwrap();
    for transport in ["pop3", "imap"] {
        let (whole, dialogue, _folder) = fetch(&host, transport, usize::MAX);
        assert!(whole.is_ok(), "{transport}: {whole:?}");
        let last = dialogue.commands.lock().unwrap().last().cloned().unwrap_or_default();
        assert!(last.ends_with(if transport == "pop3" { "QUIT" } else { "LOGOUT" }), "{dialogue:#?}");
        let length = dialogue.said.load(Ordering::SeqCst);
        let (mut failed, mut saved) = (0, 0);
        for cut in 1..length {
            let (result, _, folder) = fetch(&host, transport, cut);
            match result {
                Ok(_) => (),
                Err(Status::Network) => failed += 1,
                Err(status) => panic!("{transport} cut at {cut}: {status:?}"),
            }
            let names = fs::read_dir(folder.file("in")).map(|entries| entries.map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>());
            let names: Vec<String> = names.unwrap_or_default().into_iter().map(|name| name.into_string().unwrap()).collect();
            assert!(!names.iter().any(|name| name.ends_with(".part")), "{transport} cut at {cut}: {names:?}");
            if names.iter().any(|name| name.starts_with("0001")) {
                let raw = fs::read(folder.file("in/0001.eml")).unwrap();
                let summary: Value = serde_json::from_slice(&fs::read(folder.file("in/0001.json")).unwrap()).unwrap();
                assert_eq!(
                    (String::from_utf8_lossy(&raw).as_ref(), &summary["sha256"]),
                    (MESSAGE, &json!(sha256(&raw))),
                    "{transport} cut at {cut}"
                );
                assert_eq!(fs::read(folder.file("in/0001/a.txt")).unwrap(), b"attached", "{transport} cut at {cut}");
                saved += 1;
            }
        }
        println!("{transport}: {length} bytes, {failed} errors, {saved} saved");
        assert!(failed > length / 2 && saved > 5, "{transport}: {failed} errors, {saved} saved of {length}");
    }
}

#[test]
fn a_cut_before_tls_is_an_error_and_no_password_is_said() {
    let host = Host::open(&json!({"language": "en", "plugins": [plugins()]}).to_string(), Box::new(Quiet)).unwrap();
    for (transport, dialogue) in [
        ("pop3", ["+OK ready\r\n", "+OK\r\nUIDL\r\nSTLS\r\n.\r\n", "+OK begin\r\n"]),
        ("imap", ["* OK ready\r\n", "* CAPABILITY IMAP4rev1 STARTTLS\r\nTAG OK done\r\n", "TAG OK begin\r\n"]),
    ] {
        // TAG is the first word of the last command, which is longer.
        let length: usize = dialogue.iter().map(|line| line.replace("TAG", "a000000001").len()).sum();
        for (cut, mode) in (0..=length).flat_map(|cut| ["starttls", "required", "auto"].map(|mode| (cut, mode))) {
            let heard = Arc::new(Mutex::new(Vec::new()));
            let noted = Arc::clone(&heard);
            let script = move |mut stream: TcpStream| -> Result<()> {
                let (mut left, mut bytes, mut tag) = (cut, [0; 4096], String::new());
                for line in dialogue {
                    let line = line.replace("TAG", &tag);
                    stream.write_all(&line.as_bytes()[..line.len().min(left)])?;
                    left = left.saturating_sub(line.len());
                    if left == 0 {
                        break;
                    }
                    let count = std::io::Read::read(&mut stream, &mut bytes)?;
                    noted.lock().unwrap().extend_from_slice(&bytes[..count]);
                    tag = String::from_utf8_lossy(&bytes[..count]).split(' ').next().unwrap_or_default().to_owned();
                }
                stream.shutdown(std::net::Shutdown::Both)
            };
            let port = Scripted::start(script).unwrap().port;
            let account = json!({"transport": transport, "server": {"host": "127.0.0.1", "port": port}, "tls": {"mode": mode},
                "auth": {"user": "anna", "password": "Geheim-7", "method": "password"}});
            let mut account = Account::open(&host, &json!({"accounts": {"main": account}}).to_string(), None).unwrap();
            let status = account.receive("{}", None, &patience()).unwrap_err().status;
            assert!(matches!(status, Status::Network | Status::Tls), "{transport} {mode} cut at {cut}: {status:?}");
            let heard = String::from_utf8_lossy(&heard.lock().unwrap()).into_owned();
            assert!(!heard.contains("Geheim-7") && !heard.contains("anna"), "{transport} {mode} cut at {cut}: {heard}");
        }
    }
}
