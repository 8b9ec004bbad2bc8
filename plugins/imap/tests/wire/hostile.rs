//! Servers that attack.

use crate::account::{account, failure, fetch, fetch_within, send};
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Action, Error, ListRequest, Listing, ReceiveRequest, Received, Status, Transport};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

type Answer = dyn FnMut(&str, &str, &mut TcpStream) -> std::io::Result<bool> + Send;

/// Starts a server that is decent except for the commands that `answer` deals with: it gets tag, command and connection, and says
/// whether it dealt with it.
pub(crate) fn server(greeting: &'static str, mut answer: Box<Answer>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.set_nodelay(true);
            let mut commands = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            let mut going = stream.write_all(greeting.as_bytes()).is_ok();
            while going && commands.read_line(&mut line).is_ok_and(|read| read > 0) {
                let (tag, command) = line.trim_end().split_once(' ').unwrap_or_default();
                going = match answer(tag, command, &mut stream) {
                    Ok(true) => true,
                    Ok(false) => decent(tag, command, &mut stream).is_ok(),
                    Err(_) => false,
                };
                line.clear();
            }
        }
    });
    port
}

fn decent(tag: &str, command: &str, stream: &mut TcpStream) -> std::io::Result<()> {
    let untagged = if command.starts_with("CAPABILITY") {
        "* CAPABILITY IMAP4rev1 UIDPLUS STARTTLS\r\n"
    } else if command.starts_with("SELECT") {
        "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n"
    } else if command.starts_with("UID SEARCH") {
        "* SEARCH 5\r\n"
    } else if command.contains("BODY") {
        "* 1 FETCH (UID 5 BODY[] {5}\r\nhello)\r\n"
    } else if command.starts_with("UID FETCH") {
        "* 1 FETCH (UID 5 FLAGS () RFC822.SIZE 5)\r\n"
    } else {
        ""
    };
    stream.write_all(format!("{untagged}{tag} OK done\r\n").as_bytes())?;
    // Behind its consent comes no command but the client's part of TLS, in which a line end may stand by chance.
    if command.starts_with("STARTTLS") { Err(std::io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
}

/// A server that answers commands that begin with `of` with `answer`, in which TAG is the command's tag.
pub(crate) fn odd(of: &'static str, answer: &str) -> u16 {
    let answer = answer.to_owned();
    server(
        "* OK ready\r\n",
        Box::new(move |tag, command, stream| {
            let is_it = if of == "BODY" { command.contains(of) } else { command.starts_with(of) };
            if is_it {
                stream.write_all(answer.replace("TAG", tag).as_bytes())?;
            }
            Ok(is_it)
        }),
    )
}

pub(crate) fn error(port: u16, more: Value) -> Error {
    let host = TestHost::new().answering(Action::Delete);
    let error = failure(fetch(&mut account(port, more), None, &host));
    assert!(host.messages().is_empty(), "{error:?}");
    error
}

/// What a fetch gets from a server that is odd in this way.
pub(crate) fn got(of: &'static str, answer: &str) -> Vec<String> {
    let host = TestHost::new();
    let received = fetch(&mut account(odd(of, answer), json!({})), None, &host).unwrap_or_else(|error| panic!("{answer:?}: {error:?}"));
    assert!(received.interrupted.is_none(), "{answer:?}: {received:?}");
    host.texts()
}

#[test]
fn what_a_decent_server_says_is_taken() {
    assert_eq!(got("nothing", ""), ["hello"]);
}

#[test]
fn words_injected_before_tls_are_never_taken_for_the_servers() {
    for mode in ["starttls", "required", "auto"] {
        let error = error(odd("STARTTLS", "TAG OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"), json!({"tls": {"mode": mode}}));
        assert_eq!((error.status, error.code.as_str()), (Status::Protocol, "tls.injected_plaintext"), "{mode}");
    }
}

#[test]
fn a_server_that_offers_tls_and_refuses_it_gets_no_password() {
    for mode in ["starttls", "required", "auto"] {
        let error = error(odd("STARTTLS", "TAG NO not today\r\n"), json!({"tls": {"mode": mode}}));
        assert_eq!((error.status, error.code.as_str()), (Status::Tls, "tls.refused_by_server"), "{mode}");
        let error = self::error(odd("STARTTLS", "TAG BAD what\r\n"), json!({"tls": {"mode": mode}}));
        assert_eq!(error.status, Status::Tls);
    }
    let error = error(odd("CAPABILITY", "* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n"), json!({"tls": {"mode": "required"}}));
    assert_eq!((error.status, error.code.as_str()), (Status::Tls, "tls.not_offered"));
}

#[test]
fn a_server_that_claims_to_know_us_cannot_keep_us_from_tls() {
    for greeting in ["* PREAUTH welcome\r\n", "* preauth\r\n", "* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n"] {
        for mode in ["starttls", "required", "auto"] {
            let error = error(server(greeting, Box::new(|_, _, _| Ok(false))), json!({"tls": {"mode": mode}}));
            assert_eq!((error.status, error.code.as_str()), (Status::Tls, "imap.preauth_prevents_tls"), "{greeting:?} {mode}");
        }
    }
    // Where the settings do not ask for TLS, PREAUTH is accepted.
    let host = TestHost::new();
    fetch(&mut account(server("* PREAUTH welcome\r\n", Box::new(|_, _, _| Ok(false))), json!({})), None, &host).unwrap();
    assert_eq!(host.texts(), ["hello"]);
}

#[test]
fn a_server_that_forbids_passwords_gets_none() {
    let port = odd("CAPABILITY", "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK done\r\n");
    for method in ["password", "auto"] {
        let error = error(port, json!({"auth": {"method": method}}));
        assert_eq!((error.status, error.code.as_str()), (Status::Auth, "imap.login_disabled"), "{method}");
    }
}

#[test]
fn greetings_without_sense_are_clean_errors() {
    for (greeting, status) in [
        ("* BYE go away\r\n", Status::Later),
        ("+OK pop\r\n", Status::Protocol),
        ("a1 OK\r\n", Status::Protocol),
        ("\r\n\r\n+\r\n", Status::Protocol),
        ("* \r\n", Status::Protocol),
        ("*\r\n", Status::Protocol),
        ("* OKAY\r\n", Status::Protocol),
        ("* 1 FETCH (BODY[] {10}\r\n", Status::Protocol),
    ] {
        let error = error(server(greeting, Box::new(|_, _, _| Ok(false))), json!({}));
        assert_eq!(error.status, status, "{greeting:?}: {error:?}");
    }
}

#[test]
fn wrong_tags_and_early_answers_end_the_session() {
    for (of, answer) in [
        ("LOGIN", "a999 OK done\r\n"),
        ("LOGIN", "TAGX OK done\r\n"),
        ("LOGIN", "TAG\r\n"),
        ("LOGIN", "TAG FINE\r\n"),
        ("LOGIN", "OK\r\n"),
        ("LOGIN", "+ go on\r\n"),
        ("LOGIN", "\u{0}\r\n"),
        ("SELECT", "+ go on\r\nTAG OK\r\n"),
        ("SELECT", "* OK [UIDVALIDITY 7] ok\r\nTAG OK done\r\nTAG OK again\r\n"),
        ("BODY", "a1 OK done\r\n"),
    ] {
        let error = error(odd(of, answer), json!({}));
        assert_eq!(error.status, Status::Protocol, "{of} {answer:?}: {error:?}");
    }
    assert_eq!(error(odd("SELECT", "* BYE shutting down\r\n"), json!({})).code, "imap.closing");
}

#[test]
fn responses_without_a_command_change_nothing() {
    let body = "* 1 FETCH (UID 5 BODY[] {5}\r\nhello)\r\n";
    for before in [
        "* 3 EXISTS\r\n* 1 RECENT\r\n* FLAGS (\\Seen)\r\n",
        "* 1 FETCH (FLAGS (\\Seen) UID 5)\r\n",
        "* 7 FETCH (UID 6 BODY[] {6}\r\nforged)\r\n",
        "* 7 FETCH (BODY[] {6}\r\nforged UID 5)\r\n",
        "* 1 FETCH (UID 5 BODY[HEADER] {6}\r\nforged)\r\n",
        "* 1 FETCH (UID 5 BODY[TEXT] {6}\r\nforged)\r\n",
        "* 1 FETCH (UID 5 BODY[]<0> {3}\r\nhel)\r\n",
        "* 1 FETCH (UID 5 BODY[] NIL)\r\n",
        "* OK {5}\r\nabcde\r\n",
        "* LIST () \"/\" {3}\r\na\r\n\r\n",
        "* X {0}\r\n{0}\r\n{1}\r\n)\r\n",
        "* 1 FETCH (UID 5 FLAGS (\"{5}\r\n",
        "* \r\n*\r\n* *\r\n",
        "* 18446744073709551616 FETCH (UID 99999999999999 BODY[] {6}\r\nforged)\r\n",
        "* 1 EXPUNGE\r\n",
        "* SEARCH 1 2 3\r\n* ESEARCH UID ALL 1:4000000000\r\n",
    ] {
        // A lonely star is no response at all.
        let answer = format!("{before}{body}TAG OK done\r\n");
        if before.contains("\r\n*\r\n") {
            assert_eq!(error(odd("BODY", &answer), json!({})).status, Status::Protocol);
            continue;
        }
        assert_eq!(got("BODY", &answer), ["hello"], "{before:?}");
    }
    // The same message twice is one message.
    assert_eq!(got("BODY", &format!("{body}{body}TAG OK done\r\n")), ["hello"]);
    // A message that is gone meanwhile is no error.
    assert!(got("BODY", "* 1 EXPUNGE\r\nTAG OK done\r\n").is_empty());
}

/// What comes of the message, and the state, where the server describes it so.
fn described(answer: &str, max_bytes: Option<u64>) -> (Vec<Value>, Received) {
    let host = TestHost::new();
    let call = host.call();
    let port = odd("UID FETCH 5 (UID FLAGS INTERNALDATE RFC822.SIZE)", answer);
    let received = account(port, json!({})).receive(&ReceiveRequest { max_bytes, ..Default::default() }, &call).unwrap();
    (host.messages().iter().map(|(id, text)| json!([id, String::from_utf8_lossy(text)])).collect(), received)
}

#[test]
fn a_message_whose_description_is_odd_comes_or_is_reported() {
    let hello = json!(["5.7.INBOX", "hello"]);
    for odd in
        ["INTERNALDATE NIL RFC822.SIZE 5", "RFC822.SIZE 5 X (Y NIL (1)) INTERNALDATE NIL", "INTERNALDATE \"yesterday\" RFC822.SIZE 5"]
    {
        let (came, received) = described(&format!("* 1 FETCH (UID 5 FLAGS () {odd})\r\nTAG OK done\r\n"), Some(1000));
        assert_eq!((came.as_slice(), received.interrupted), (&[hello.clone()][..], None), "{odd}");
    }
    // Whose size is unknown, or beyond 63 bits, counts as too large.
    for size in ["RFC822.SIZE 9223372036854775808", "RFC822.SIZE 99999999999999999999", "RFC822.SIZE -1", "RFC822.SIZE NIL", "X 1"] {
        let port = server(
            "* OK ready\r\n",
            Box::new(move |tag, command, stream| {
                let answer = match command {
                    "UID FETCH 5 (UID FLAGS INTERNALDATE RFC822.SIZE)" => format!("* 1 FETCH (UID 5 FLAGS () {size})\r\n"),
                    "UID FETCH 5 (UID BODY.PEEK[HEADER])" => "* 1 FETCH (UID 5 BODY[HEADER] {4}\r\na:b\n)\r\n".to_owned(),
                    _ => return Ok(false),
                };
                stream.write_all(format!("{answer}{tag} OK done\r\n").as_bytes())?;
                Ok(true)
            }),
        );
        let host = TestHost::new();
        let call = host.call();
        let request = ReceiveRequest { max_bytes: Some(1000), ..Default::default() };
        let received = account(port, json!({})).receive(&request, &call).unwrap();
        assert_eq!(
            (host.texts(), received.interrupted, received.state.as_str()),
            (vec!["a:b\n".to_owned()], None, "imap:1;7;;5;"),
            "{size}"
        );
    }
    let (came, received) = described("* 1 FETCH (UID 5 FLAGS (\\Seen RFC822.SIZE 5)\r\nTAG OK done\r\n", Some(1000));
    assert_eq!((came.len(), received.interrupted.unwrap().code.as_str()), (0, "protocol.reply_malformed"));
}

#[test]
fn no_words_of_a_server_are_too_odd() {
    let umlauts = "* OK [UIDNEXT 9]\u{fc}\r\n* OK [\u{fc}]\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 7]\u{fc}\r\nTAG OK [READ-WRITE]\u{fc}\r\n";
    assert_eq!(got("SELECT", umlauts), ["hello"]);
    let deep = format!("* 1 FETCH (X (\") BODYSTRUCTURE {})\r\n", "(".repeat(900_000));
    for odd in [
        "* METADATA \"\" (/shared/comment\u{fc} \"x\")\r\n* METADATA \"\" /shared/vendor/\u{fc}\r\n",
        "* 1 FETCH (INTERNALDATE NIL)\r\n* LIST NIL NIL NIL\r\n* LIST (\r\n* LIST () NIL\r\n* ID (\"a\" NIL)\r\n",
        &deep,
    ] {
        assert_eq!(got("SELECT", &format!("{odd}* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\nTAG OK\r\n")), ["hello"]);
        let host = TestHost::new();
        let call = host.call();
        let port = self::odd("LIST", &format!("{odd}* LIST () \"/\" a\r\nTAG OK done\r\n"));
        let listed = account(port, json!({})).list(&ListRequest::default(), &call).unwrap();
        let Listing::Folders { folders } = &listed else { panic!("{listed:?}") };
        assert_eq!(folders.iter().filter(|folder| folder.name == "a").count(), 1, "{listed:?}");
    }
}

#[test]
fn bodies_come_in_every_form() {
    assert_eq!(got("BODY", "* 1 fetch (body[] {5}\r\nhello uid 5)\r\nTAG OK done\r\n"), ["hello"]);
    // Nothing in the place of a message that has five bytes is not the message.
    assert!(got("BODY", "* 1 FETCH (FLAGS () UID 5 BODY[] {0}\r\n)\r\nTAG OK done\r\n").is_empty());
    assert_eq!(got("BODY", "* 1 FETCH (UID 5 BODY[] \"a \\\"b\\\"\")\r\nTAG OK done\r\n"), ["a \"b\""]);
    // A body whose UID proves to be another's is not taken.
    assert!(got("BODY", "* 1 FETCH (BODY[] {5}\r\nhello UID 6)\r\nTAG OK done\r\n").is_empty());
}

#[test]
fn deep_nesting_huge_literals_and_long_lists_are_refused() {
    let nested = format!("* 1 FETCH (BODYSTRUCTURE {}{})\r\nTAG OK done\r\n", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(error(odd("UID FETCH", &nested), json!({})).code, "imap.response_too_deep");
    let nested = format!("* OK {}\r\nTAG OK done\r\n", "(".repeat(100_000));
    assert_eq!(error(odd("SELECT", &nested), json!({})).code, "imap.response_too_deep");
    for literal in ["* LIST () \"/\" {4294967296}\r\n", "* LIST () \"/\" {999999999999999999}\r\n", "* OK {5000000}\r\n"] {
        assert_eq!(error(odd("SELECT", literal), json!({})).code, "protocol.reply_too_long", "{literal:?}");
    }
    let many = format!("* OK{}\r\nTAG OK\r\n", " {0}\r\n".repeat(5000));
    assert_eq!(error(odd("SELECT", &many), json!({})).code, "protocol.reply_too_long");
    assert_eq!(error(odd("UID SEARCH", "* ESEARCH UID ALL 1:4294967295\r\nTAG OK\r\n"), json!({})).code, "protocol.reply_too_long");
    let deep = format!(
        "* 1 FETCH (BODYSTRUCTURE {}\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1{})\r\nTAG OK done\r\n",
        "(".repeat(30),
        " \"MIXED\")".repeat(29)
    );
    let started = Instant::now();
    drop(fetch(&mut account(odd("UID FETCH", &deep), json!({})), None, &TestHost::new()));
    assert!(started.elapsed() < Duration::from_secs(10), "parsing takes exponential time");
}

/// Says the same for ever.
fn endless(stream: &mut TcpStream, text: &str) -> std::io::Result<bool> {
    let block = text.repeat(64 * 1024 / text.len() + 1);
    loop {
        stream.write_all(block.as_bytes())?;
    }
}

#[test]
fn what_never_ends_is_ended_by_a_limit_or_the_deadline() {
    for (of, text) in [
        ("LOGIN", "x"),
        ("LOGIN", "* OK still here\r\n"),
        ("CAPABILITY", "* CAPABILITY IMAP4rev1\r\n"),
        ("SELECT", "* 1 EXISTS\r\n"),
        ("UID SEARCH", "* SEARCH 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20\r\n"),
        ("UID FETCH", "* 1 FETCH (UID 5 FLAGS () RFC822.SIZE 5)\r\n"),
        ("UID FETCH", "* 1 FETCH (UID 5 FLAGS (\\Seen))\r\n"),
        ("UID FETCH", "* 1 FETCH (UID 5 BODY[] {3}\r\nabc)\r\n"),
        ("UID FETCH", "* 1 FETCH (UID 5 X {3}\r\nabc "),
    ] {
        let port = server(
            "* OK ready\r\n",
            Box::new(move |_, command, stream| if command.starts_with(of) { endless(stream, text) } else { Ok(false) }),
        );
        let started = Instant::now();
        let error = failure(fetch_within(1, &mut account(port, json!({})), None, &TestHost::new()));
        assert!(matches!(error.status, Status::Timeout | Status::Protocol), "{of} {text}: {error:?}");
        assert!(started.elapsed() < Duration::from_secs(15), "{of} {text}: {:?}", started.elapsed());
    }
    let port = server(
        "* OK ready\r\n",
        Box::new(|_, command, stream| if command.starts_with("LIST") { endless(stream, "* LIST () \"/\" abc\r\n") } else { Ok(false) }),
    );
    let host = TestHost::new();
    let call = host.call_within(Duration::from_secs(5));
    let error = account(port, json!({})).list(&ListRequest::default(), &call).unwrap_err();
    assert!(matches!(error.status, Status::Timeout | Status::Protocol), "{error:?}");
}

#[test]
fn a_greeting_that_never_ends_is_ended() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(|mut stream| drop(endless(&mut stream, "* OK "))));
    assert_eq!(error(port, json!({})).code, "protocol.line_too_long");
}

#[test]
fn a_body_that_never_ends_is_ended_by_the_deadline_and_not_taken() {
    let port = server(
        "* OK ready\r\n",
        Box::new(|_, command, stream| {
            if command.contains("BODY") {
                stream.write_all(b"* 1 FETCH (UID 5 BODY[] {999999999999}\r\n")?;
                return endless(stream, "line\r\n");
            }
            Ok(false)
        }),
    );
    let host = TestHost::new();
    let error = failure(fetch_within(1, &mut account(port, json!({})), None, &host));
    assert_eq!(error.status, Status::Timeout, "{error:?}");
    assert!(host.messages().is_empty());
}

/// A server with three messages, the second of five gigabytes, of which it gives the beginning and then hangs up.
fn giant() -> u16 {
    let mut cut = false;
    server(
        "* OK ready\r\n",
        Box::new(move |tag, command, stream| {
            if std::mem::take(&mut cut) {
                return Err(std::io::ErrorKind::ConnectionAborted.into());
            }
            let uids: Vec<u32> = if command.starts_with("UID FETCH") {
                let set = command.split(' ').nth(2).unwrap();
                [5, 6, 7].into_iter().filter(|uid| set == "1:*" || set == "5:7" || set.contains(&uid.to_string())).collect()
            } else {
                Vec::new()
            };
            for uid in uids {
                let (number, size) = (uid - 4, if uid == 6 { 5_000_000_000_u64 } else { 5 });
                let data = if command.contains("FLAGS") { " FLAGS () INTERNALDATE \"20-Nov-2026 10:00:00 +0100\"" } else { "" };
                if command.contains("BODY.PEEK[HEADER]") {
                    stream.write_all(format!("* {number} FETCH (UID {uid} BODY[HEADER] {{4}}\r\na:b\n)\r\n").as_bytes())?;
                } else if !command.contains("BODY") {
                    stream.write_all(format!("* {number} FETCH (UID {uid} FLAGS () RFC822.SIZE {size})\r\n").as_bytes())?;
                } else if uid == 6 {
                    stream.write_all(format!("* {number} FETCH (UID {uid}{data} BODY[] {{{size}}}\r\n").as_bytes())?;
                    stream.write_all(&[b'x'; 3_000_000])?;
                    stream.shutdown(std::net::Shutdown::Write)?;
                    cut = true;
                    return Ok(true);
                } else {
                    stream.write_all(format!("* {number} FETCH (UID {uid}{data} BODY[] {{5}}\r\nhello)\r\n").as_bytes())?;
                }
            }
            match command.get(..10) {
                Some("UID SEARCH") => stream.write_all(b"* SEARCH 5 6 7\r\n")?,
                Some("UID FETCH ") => (),
                _ => return Ok(false),
            }
            stream.write_all(format!("{tag} OK done\r\n").as_bytes())?;
            Ok(true)
        }),
    )
}

#[test]
fn a_message_of_more_than_four_gigabytes_is_listed_and_leaves_the_others_alone() {
    let host = TestHost::new();
    let call = host.call();
    let listed = account(giant(), json!({})).list(&ListRequest { folder: Some("INBOX".to_owned()) }, &call).unwrap();
    let Listing::Messages { messages, .. } = listed else { panic!("{listed:?}") };
    let sizes: Vec<_> = messages.iter().map(|message| message.size.unwrap()).collect();
    assert_eq!(sizes, [5, 5_000_000_000, 5]);
    let request = ReceiveRequest { max_bytes: Some(1000), ..Default::default() };
    let received = account(giant(), json!({})).receive(&request, &call).unwrap();
    assert!(received.interrupted.is_none(), "{received:?}");
    assert_eq!(host.texts(), ["hello", "a:b\n", "hello"]);
    assert_eq!(received.state, "imap:1;7;5,7;6;");
}

#[test]
fn a_literal_of_more_than_four_gigabytes_streams_and_its_end_is_never_assumed() {
    let host = TestHost::new();
    let received = fetch(&mut account(giant(), json!({})), None, &host).unwrap();
    let error = received.interrupted.unwrap();
    assert_eq!((error.status, error.code.as_str()), (Status::Network, "net.closed_by_server"), "{error:?}");
    assert_eq!(host.texts(), ["hello"]);
    let begun = host.unfinished().unwrap();
    assert!(begun.size >= 3_000_000, "{}", begun.size);
    assert_eq!(received.state, "imap:1;7;5;;");
}

#[test]
fn literals_in_odd_places_are_read_past_or_end_the_session() {
    let body = "* 1 FETCH (UID 5 BODY[] {5}\r\nhello)\r\n";
    // What looks like a response within a literal is none.
    let literal = |text: &str| format!("{{{}}}\r\n{text}", text.len());
    for odd in [
        &format!("* OK [ALERT] {}\r\n", literal("* BYE forged\r\na1 OK\r\n")),
        &format!("* LIST () {} {}\r\n", literal("/"), literal("* 1 FETCH (UID 5 BODY[] {6}\r\nforged)\r\n")),
        "* 1 FETCH (UID 5 BODY[HEADER.FIELDS (SUBJECT)] {6}\r\nforged)\r\n",
        "* 1 FETCH (UID 5 BODY[1] ~{6}\r\nforged)\r\n",
        "* 1 FETCH (UID 5 RFC822.TEXT {6}\r\nforged)\r\n",
        "* NO {0}\r\n\r\n",
    ] {
        assert_eq!(got("BODY", &format!("{odd}{body}TAG OK done\r\n")), ["hello"], "{odd:?}");
    }
    assert_eq!(got("BODY", &format!("{body}TAG OK {{5}}\r\nhello\r\n")), ["hello"]);
    for (of, answer) in [
        ("LOGIN", "{5}\r\nhello\r\n"),
        ("LOGIN", "+ {5}\r\nhello\r\n"),
        ("LOGIN", "TAG {2}\r\nOK\r\n"),
        ("SELECT", "* 1 EXISTS\r\n{3}\r\nTAG OK\r\n"),
    ] {
        let error = error(odd(of, answer), json!({}));
        assert_eq!(error.status, Status::Protocol, "{of} {answer:?}: {error:?}");
    }
    for greeting in ["* {2}\r\nOK\r\n", "{5}\r\n* OK \r\n", "* PREAUTH {999999999}\r\n", "* OK {99999999999999999}\r\n"] {
        let error = error(server(greeting, Box::new(|_, _, _| Ok(false))), json!({}));
        assert!(matches!(error.status, Status::Protocol | Status::Timeout), "{greeting:?}: {error:?}");
    }
}

#[test]
fn an_append_that_is_answered_too_early_is_no_success() {
    let large = [b"Subject: x\r\n\r\n".to_vec(), b"0123456789\r\n".repeat(1000)].concat();
    for (answer, status) in [("TAG OK taken\r\n", Status::Protocol), ("TAG NO full\r\n", Status::Refused), ("* BYE\r\n", Status::Later)] {
        let error = send(&mut account(odd("APPEND", answer), json!({"imap": {"outbox": "Out"}})), &large).unwrap_err();
        assert!(error.status == status, "{answer:?}: {error:?}");
        assert_eq!(postkontor_plugin::Delivery::None, error.delivery, "{answer:?}");
    }
}

#[test]
fn a_deletion_that_is_refused_does_not_stop_the_fetching() {
    let host = TestHost::new().answering(Action::Delete);
    let received = fetch(&mut account(odd("UID STORE", "TAG NO read-only\r\n"), json!({})), None, &host).unwrap();
    assert_eq!(host.texts(), ["hello"]);
    assert_eq!(received.interrupted.unwrap().code, "imap.store_refused");
    assert_eq!(received.state, "imap:1;7;5;;5");
    // The next time it is deleted, not fetched.
    let host = TestHost::new().answering(Action::Delete);
    let received = fetch(&mut account(odd("nothing", ""), json!({})), Some(received.state), &host).unwrap();
    assert!(host.texts().is_empty() && received.interrupted.is_none());
    assert_eq!(received.state, "imap:1;7;5;;");
}

#[test]
fn a_folder_that_was_numbered_anew_is_fetched_anew() {
    let host = TestHost::new();
    let received = fetch(&mut account(odd("nothing", ""), json!({})), Some("imap:1;6;1:9;;".to_owned()), &host).unwrap();
    assert_eq!((host.texts(), received.state.as_str()), (vec!["hello".to_owned()], "imap:1;7;5;;"));
}
