//! Compressed connections (RFC 4978): with decent servers, and with those that attack by what they pack.

use crate::account::{account, failure, fetch, fetch_within, send};
use crate::post::{Options, Post, packed, packing};
use postkontor_plugin::serde_json::json;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Error, Report, Status, StepStatus, TestRequest, Transport};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

/// What a server does once it has been asked to compress: the tag of that command, and the connection.
type After = fn(&str, &mut TcpStream) -> std::io::Result<()>;

fn server(after: After) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut commands = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            let mut going = stream.write_all(b"* OK ready\r\n").is_ok();
            while going && commands.read_line(&mut line).is_ok_and(|read| read > 0) {
                let (tag, command) = line.trim_end().split_once(' ').unwrap_or_default();
                going = if command.starts_with("COMPRESS") {
                    // A client that goes away ends the session.
                    after(tag, &mut stream).is_ok()
                } else {
                    stream.write_all(format!("* CAPABILITY IMAP4rev1 COMPRESS=DEFLATE ID\r\n{tag} OK done\r\n").as_bytes()).is_ok()
                };
                line.clear();
            }
        }
    });
    port
}

fn error(after: After) -> Error {
    failure(fetch_within(2, &mut account(server(after), json!({"imap": {"compress": true}})), None, &TestHost::new()))
}

fn inbox() -> Vec<(u32, String)> {
    [(3, "Subject: a\r\n\r\n".to_owned() + &"0123456789\r\n".repeat(50_000)), (5, "Subject: b\r\n\r\ntext".to_owned())].to_vec()
}

fn test(port: u16, compress: bool) -> Report {
    let host = TestHost::new();
    let call = host.call();
    account(port, json!({"imap": {"compress": compress}})).test(&TestRequest::default(), &call).unwrap()
}

#[test]
fn messages_come_and_go_over_a_compressed_connection_as_they_are() {
    let post = Post::start(inbox(), Options { compress: true, ..Options::default() });
    let mut account = account(post.port, json!({"imap": {"compress": true, "outbox": "Out"}}));
    let host = TestHost::new();
    assert!(fetch(&mut account, None, &host).unwrap().interrupted.is_none());
    assert_eq!(host.texts(), inbox().into_iter().map(|(_, text)| text).collect::<Vec<_>>());
    let message: Vec<u8> = (0..300_000_u32).map(|at| b'a' + (at.wrapping_mul(2_654_435_761) >> 28) as u8).collect();
    send(&mut account, &message).unwrap();
    drop(account);
    let after = post.after(1);
    assert_eq!(after.outbox, [message]);
    // 600,000 bytes of the inbox went over the line as less than a twentieth of that.
    assert!(after.said < 30_000, "{}", after.said);
}

#[test]
fn the_transcript_shows_what_was_said_and_not_what_was_packed() {
    let report = test(Post::start(inbox(), Options { compress: true, ..Options::default() }).port, true);
    for command in ["COMPRESS DEFLATE", "SELECT \"INBOX\""] {
        let is_it = |line: &String| line.starts_with("C: ") && line.splitn(3, ' ').nth(2) == Some(command);
        assert!(report.transcript.iter().any(is_it), "{command}: {:?}", report.transcript);
    }
    assert!(report.transcript.contains(&"S: * 2 EXISTS".to_owned()));
    assert!(report.steps.iter().any(|step| step.facts.get("compression") == Some(&json!("DEFLATE"))));
}

#[test]
fn a_server_that_cannot_compress_is_used_without_and_the_test_says_so() {
    let refuses = server(|tag, stream| stream.write_all(format!("{tag} NO not today\r\n").as_bytes()));
    for port in [Post::start(inbox(), Options::default()).port, refuses] {
        let report = test(port, true);
        let step = report.steps.iter().find(|step| step.code == "imap.compress_not_offered").unwrap();
        assert_eq!((step.status, step.pointer.as_str()), (StepStatus::Warn, "/imap/compress"));
        assert!(report.steps.iter().all(|step| step.status != StepStatus::Fail), "{:?}", report.steps);
    }
    let post = Post::start(inbox(), Options { compress: true, ..Options::default() });
    assert!(!test(post.port, false).transcript.iter().any(|line| line.contains("COMPRESS DEFLATE")), "the settings do not ask for it");
}

#[test]
fn what_comes_in_one_piece_with_the_consent_is_not_lost() {
    let host = TestHost::new();
    let port = server(|tag, stream| {
        let (_, mut compress) = packing();
        // The answer to ID, which is the next command, comes before it was asked for: all in one write.
        let (prefix, number) = tag.split_at(9);
        let next = format!("* ID NIL\r\n{prefix}{} OK done\r\n* BYE so far\r\n", number.parse::<u32>().unwrap() + 1);
        let all = [format!("{tag} OK now\r\n").as_bytes(), &packed(&mut compress, next.as_bytes())].concat();
        stream.write_all(&all)
    });
    let error = failure(fetch_within(5, &mut account(port, json!({"imap": {"compress": true}})), None, &host));
    assert_eq!((error.status, error.code.as_str()), (Status::Later, "imap.closing"), "{error:?}");
}

#[test]
fn clear_text_where_compressed_should_be_is_an_error() {
    let error = error(|tag, stream| stream.write_all(&[format!("{tag} OK now\r\n").as_bytes(), b"a5 OK done\r\na6 OK done\r\n"].concat()));
    assert_eq!((error.status, error.code.as_str()), (Status::Protocol, "net.compression_damaged"), "{error:?}");
    // A star begins what might be compressed, so it is the text that makes no sense, or its end that never comes.
    let error = self::error(|tag, stream| stream.write_all(format!("{tag} OK now\r\n* OK [ALERT] injected\r\na5 OK done\r\n").as_bytes()));
    assert!(matches!(error.status, Status::Protocol | Status::Network), "{error:?}");
}

#[test]
fn a_bomb_meets_the_same_limits_as_clear_text() {
    /// Says the same for ever; a megabyte of it is a few kilobytes on the line.
    fn endless(tag: &str, stream: &mut TcpStream, first: &[u8], text: &[u8]) -> std::io::Result<()> {
        let (_, mut compress) = packing();
        stream.write_all(format!("{tag} OK now\r\n").as_bytes())?;
        stream.write_all(&packed(&mut compress, first))?;
        let block = text.repeat(1_000_000 / text.len());
        loop {
            let packed = packed(&mut compress, &block);
            stream.write_all(&packed)?;
        }
    }
    assert_eq!(error(|tag, stream| endless(tag, stream, b"", b"x")).code, "protocol.line_too_long");
    assert_eq!(error(|tag, stream| endless(tag, stream, b"* OK {99999999}\r\n", b"x")).code, "protocol.reply_too_long");
    assert_eq!(error(|tag, stream| endless(tag, stream, b"* 1 FETCH (UID 5 BODY[] {999999999999}\r\n", b"x")).code, "call.timeout");
    assert!(matches!(error(|tag, stream| endless(tag, stream, b"", b"* OK\r\n")).status, Status::Timeout | Status::Protocol));
    // Blocks that hold nothing.
    let error = error(|tag, stream| {
        stream.write_all(format!("{tag} OK now\r\n").as_bytes())?;
        let block = [0, 0, 0, 0xff, 0xff].repeat(10_000);
        loop {
            stream.write_all(&block)?;
        }
    });
    assert_eq!(error.code, "call.timeout", "{error:?}");
}

#[test]
fn the_end_of_the_compressed_stream_is_the_end_of_the_connection() {
    let error = error(|tag, stream| {
        stream.write_all(format!("{tag} OK now\r\n").as_bytes())?;
        // An empty last block.
        stream.write_all(&[3, 0])
    });
    assert_eq!((error.status, error.code.as_str()), (Status::Network, "net.closed_by_server"), "{error:?}");
}
