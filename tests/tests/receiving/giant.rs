//! A message of a gigabyte needs no memory of that size.

use crate::setup::plugins;
use postkontor_tests::folder::Folder;
use postkontor_tests::strangers::postkontor;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};

const SIZE: usize = 1 << 30;
/// Of the message that shows what the command takes by itself.
const SMALL: usize = 1 << 16;
const HEAD: &str = "Subject: giant\r\nContent-Type: text/plain\r\n\r\n";
const LINE: &[u8; 64] = b"..345678901234567890123456789012345678901234567890123456789012\r\n";

/// Says the message: a head, and lines up to its size.
fn say(stream: &mut TcpStream, size: usize) -> std::io::Result<()> {
    stream.write_all(HEAD.as_bytes())?;
    let block = LINE.repeat(1024);
    let mut left = size - HEAD.len();
    while left > 0 {
        let length = left.min(block.len());
        stream.write_all(&block[..length])?;
        left -= length;
    }
    Ok(())
}

fn pop3(command: &str, stream: &mut TcpStream, size: usize) -> std::io::Result<()> {
    match command.split(' ').next().unwrap_or_default() {
        "CAPA" => stream.write_all(b"+OK\r\nUIDL\r\n.\r\n"),
        "LIST" => stream.write_all(format!("+OK\r\n1 {size}\r\n.\r\n").as_bytes()),
        "UIDL" => stream.write_all(b"+OK\r\n1 giant\r\n.\r\n"),
        "RETR" => {
            stream.write_all(b"+OK\r\n")?;
            say(stream, size)?;
            stream.write_all(b"\r\n.\r\n")
        }
        _ => stream.write_all(b"+OK\r\n"),
    }
}

fn imap(command: &str, stream: &mut TcpStream, size: usize) -> std::io::Result<()> {
    let (tag, command) = command.split_once(' ').unwrap_or_default();
    if command.contains("BODY") {
        stream.write_all(format!("* 1 FETCH (UID 5 BODY[] {{{size}}}\r\n").as_bytes())?;
        say(stream, size)?;
        stream.write_all(b")\r\n")?;
    } else if command.starts_with("UID FETCH") {
        stream.write_all(format!("* 1 FETCH (UID 5 FLAGS () RFC822.SIZE {size})\r\n").as_bytes())?;
    } else {
        stream.write_all(match command.split(' ').next().unwrap_or_default() {
            "CAPABILITY" => b"* CAPABILITY IMAP4rev1 UIDPLUS\r\n",
            "SELECT" => b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n",
            "UID" if command.starts_with("UID SEARCH") => b"* SEARCH 5\r\n",
            _ => b"",
        })?;
    }
    stream.write_all(format!("{tag} OK done\r\n").as_bytes())
}

fn server(greeting: &'static str, size: usize, answer: fn(&str, &mut TcpStream, usize) -> std::io::Result<()>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut commands = BufReader::new(stream.try_clone().unwrap());
            let mut command = String::new();
            let mut going = stream.write_all(greeting.as_bytes()).is_ok();
            while going && commands.read_line(&mut command).is_ok_and(|read| read > 0) {
                going = answer(command.trim_end(), &mut stream, size).is_ok();
                command.clear();
            }
        }
    });
    port
}

/// What the command answers, and the most memory that it had meanwhile, in KB.
fn measured(mut command: Command) -> (Output, u64) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = peak(child.id()).unwrap_or(most).max(most);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    (child.wait_with_output().unwrap(), most)
}

/// The most memory that a process had so far, in KB.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()
}

#[test]
fn a_gigabyte_goes_into_a_file_within_twenty_four_megabytes_of_memory() {
    if !std::path::Path::new("/proc/self/status").exists() {
        postkontor_tests::skip::because("this system does not say how much memory a process has");
        return;
    }
    for (transport, greeting, answer) in
        [("pop3", "+OK ready\r\n", pop3 as fn(&str, &mut TcpStream, usize) -> _), ("imap", "* OK ready\r\n", imap)]
    {
        let folder = Folder::new().unwrap();
        let fetched = |size: usize, into: &str| {
            let port = server(greeting, size, answer);
            let account = json!({"transport": transport, "server": {"host": "127.0.0.1", "port": port}, "tls": {"mode": "none"},
                "auth": {"user": "anna", "password": "Geheim-7", "method": "password", "allow_cleartext": true}});
            std::fs::write(folder.file("settings.json"), json!({"accounts": {"main": account}}).to_string()).unwrap();
            let mut command = postkontor(["receive", "--json", "--timeout", "580", "--plugins", plugins()]).unwrap();
            command.arg(folder.file("settings.json")).arg("--to").arg(folder.file(into));
            measured(command)
        };
        // What the command and the plugin take by themselves: without optimisation, and with what it is to debug, that is much.
        let (_, idle) = fetched(SMALL, "small");
        let (output, most) = fetched(SIZE, "in");
        let result: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(output.status.success(), "{transport}: {result}");
        // A protected line of POP3 has one dot less, and the last line its end.
        let lines = (SIZE - HEAD.len()).div_ceil(LINE.len());
        let size = if transport == "pop3" { SIZE - lines + 2 } else { SIZE };
        assert_eq!(result["messages"][0]["size"], size, "{transport}");
        assert_eq!(std::fs::metadata(folder.file("in/0001.eml")).unwrap().len(), size as u64);
        let summary: Value = serde_json::from_slice(&std::fs::read(folder.file("in/0001.json")).unwrap()).unwrap();
        assert_eq!((&summary["subject"], &summary["complete"]), (&json!("giant"), &json!(false)));
        // Of the text 4 MB are in the summary, which passes as a text of its own.
        assert!(idle > 0 && most < idle + 24 * 1024, "{transport}: {most} KB, {idle} KB by itself");
    }
}
