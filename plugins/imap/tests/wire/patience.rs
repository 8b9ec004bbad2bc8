//! Servers that would keep a wait busy, or from ending.

use crate::account::{account, failure, receive};
use crate::hostile::server;
use postkontor_plugin::serde_json::json;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{ReceiveRequest, Status};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn request(seconds: u64) -> ReceiveRequest {
    ReceiveRequest { wait_seconds: seconds, ..ReceiveRequest::default() }
}

#[test]
fn messages_that_are_announced_and_not_there_are_searched_ever_more_seldom() {
    for idles in [true, false] {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let noted = heard.clone();
        let (mut messages, mut idle) = (1, String::new());
        let port = server(
            "* OK ready\r\n",
            Box::new(move |tag, command, stream| {
                // DONE has no tag.
                let asked = if command.is_empty() { "DONE" } else { command };
                noted.lock().unwrap().push(asked.to_owned());
                messages += 1;
                let answer = match asked {
                    "CAPABILITY" if idles => format!("* CAPABILITY IMAP4rev1 IDLE\r\n{tag} OK done\r\n"),
                    "IDLE" => {
                        tag.clone_into(&mut idle);
                        format!("+ idling\r\n* {messages} EXISTS\r\n")
                    }
                    "DONE" => format!("{idle} OK done\r\n"),
                    "UID SEARCH ALL" => format!("* SEARCH\r\n* {messages} EXISTS\r\n{tag} OK done\r\n"),
                    _ => return Ok(false),
                };
                stream.write_all(answer.as_bytes())?;
                Ok(true)
            }),
        );
        let host = TestHost::new();
        let received = receive(60, &mut account(port, json!({})), &request(3), &host).unwrap();
        assert!(received.interrupted.is_none() && host.texts().is_empty());
        let heard = heard.lock().unwrap();
        let searches = heard.iter().filter(|command| command.starts_with("UID SEARCH")).count();
        assert!((2..12).contains(&searches), "{idles}: {searches}");
    }
}

#[test]
fn half_a_line_that_never_ends_does_not_prolong_the_wait() {
    for (on, text) in [("IDLE", ""), ("IDLE", "+ idling\r\n"), ("DONE", "")] {
        let port = server(
            "* OK ready\r\n",
            Box::new(move |tag, command, stream| {
                let asked = if command.is_empty() { "DONE" } else { command };
                if asked == "CAPABILITY" {
                    stream.write_all(format!("* CAPABILITY IMAP4rev1 IDLE\r\n{tag} OK done\r\n").as_bytes())?;
                } else if asked == on {
                    stream.write_all(text.as_bytes())?;
                    let mut dripping = stream.try_clone()?;
                    std::thread::spawn(move || {
                        while dripping.write_all(b"* ").is_ok() {
                            std::thread::sleep(Duration::from_millis(200));
                        }
                    });
                } else if asked == "IDLE" {
                    stream.write_all(b"+ idling\r\n")?;
                } else if asked == "UID SEARCH ALL" {
                    stream.write_all(format!("* SEARCH\r\n{tag} OK done\r\n").as_bytes())?;
                } else {
                    return Ok(false);
                }
                Ok(true)
            }),
        );
        let begun = Instant::now();
        let mut account = account(port, json!({"server": {"timeout_seconds": 1}}));
        let error = failure(receive(60, &mut account, &request(1), &TestHost::new()));
        assert_eq!((error.status, error.code.as_str()), (Status::Timeout, "net.idle_timeout"), "{on} {text:?}");
        assert!(begun.elapsed() < Duration::from_secs(40), "{on}: it waited to the end");
    }
}
