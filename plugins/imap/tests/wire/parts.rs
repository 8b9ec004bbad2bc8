//! One part of a message, and the structure of messages, from servers that answer in their own way.

use crate::account::{account, asked, receive};
use crate::hostile::server;
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Action, Error, Received, Status};
use std::io::Write;

/// What comes of a part from a server that answers the question for its header and the one for its body so.
fn part(header: &'static str, body: &'static str, more: Value) -> (Result<Received, Error>, TestHost) {
    let port = server(
        "* OK ready\r\n",
        Box::new(move |tag, command, stream| {
            let answer = if command.contains(".MIME]") {
                header
            } else if command.contains("BODY.PEEK[") {
                body
            } else {
                return Ok(false);
            };
            stream.write_all(answer.replace("TAG", tag).as_bytes())?;
            Ok(true)
        }),
    );
    let mut request = json!({"message": "5.7.INBOX", "section": "2.1", "state": "as it was"});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let host = TestHost::new().answering(Action::Delete);
    (receive(30, &mut account(port, json!({})), &asked(request), &host), host)
}

const HEADER: &str = "* 1 FETCH (UID 5 BODY[2.1.MIME] {43}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n)\r\nTAG OK done\r\n";

#[test]
fn a_part_is_its_own_header_and_its_body_however_they_come() {
    let whole = "Content-Type: text/plain; charset=utf-8\r\n\r\nhello";
    for header in [
        HEADER,
        "* 1 FETCH (BODY[2.1.MIME] \"Content-Type: text/plain; charset=utf-8\" UID 5)\r\nTAG OK done\r\n",
        "* 1 FETCH (FLAGS (\\Seen) UID 5)\r\n* 1 FETCH (UID 5 BODY[2.1.mime] {39}\r\nContent-Type: text/plain; charset=utf-8)\r\nTAG OK done\r\n",
    ] {
        for body in [
            "* 1 FETCH (UID 5 BODY[2.1] {5}\r\nhello)\r\nTAG OK done\r\n",
            "* 1 FETCH (UID 5 BODY[2.1] \"hello\")\r\nTAG OK done\r\n",
            "* 1 FETCH (BODY[2.1] {5}\r\nhello UID 5)\r\nTAG OK done\r\n",
            "* 2 EXISTS\r\n* 1 FETCH (FLAGS ())\r\n* 2 FETCH (UID 6 BODY[2.1] {3}\r\nxyz)\r\n* 1 FETCH (UID 5 BODY[2.1] {5}\r\nhello)\r\nTAG OK done\r\n",
        ] {
            let (received, host) = part(header, body, json!({}));
            assert_eq!((host.texts().as_slice(), received.unwrap().state.as_str()), ([whole.to_owned()].as_slice(), "as it was"), "{body}");
            assert_eq!(host.fetched()[0].incoming.section.as_deref(), Some("2.1"));
        }
    }
}

#[test]
fn no_more_than_the_beginning_is_handed_over_whatever_the_server_sends() {
    for (body, text, cut) in [
        ("* 1 FETCH (UID 5 BODY[2.1]<0> {6}\r\nGr\u{fc}\u{df})\r\nTAG OK done\r\n".to_owned(), "Gr\u{fc}", true),
        // It does not know partial fetches.
        (format!("* 1 FETCH (UID 5 BODY[2.1] {{1000}}\r\n{})\r\nTAG OK done\r\n", "x".repeat(1000)), "xxxx", true),
        ("* 1 FETCH (UID 5 BODY[2.1]<0> {4}\r\nabcd)\r\nTAG OK done\r\n".to_owned(), "abcd", false),
        ("* 1 FETCH (UID 5 BODY[2.1]<0> \"ab\")\r\nTAG OK done\r\n".to_owned(), "ab", false),
        ("* 1 FETCH (UID 5 BODY[2.1]<0> {0}\r\n)\r\nTAG OK done\r\n".to_owned(), "", false),
    ] {
        let (received, host) = part(HEADER, Box::leak(body.into_boxed_str()), json!({"first_bytes": 4}));
        received.unwrap();
        let message = &host.fetched()[0];
        let expected = format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{text}");
        assert_eq!((host.texts()[0].as_str(), message.incoming.cut), (expected.as_str(), cut));
    }
}

#[test]
fn a_part_that_did_not_end_as_one_does_is_not_taken() {
    for (header, body, status) in [
        // The literal is too short: the author's own line stands where the response ends.
        (HEADER, "* 1 FETCH (UID 5 BODY[2.1] {5}\r\nhello you)\r\nTAG OK done\r\n", Status::Protocol),
        (HEADER, "* 1 FETCH (UID 5 BODY[2.1] {5}\r\nhello)\r\nand more\r\nTAG OK done\r\n", Status::Protocol),
        (HEADER, "* 1 FETCH (BODY[2.1] {5}\r\nhello UID 6)\r\nTAG OK done\r\n", Status::Protocol),
        (HEADER, "* 1 FETCH (UID 5 BODY[2.1] NIL)\r\nTAG OK done\r\n", Status::NotFound),
        (HEADER, "TAG NO there is none\r\n", Status::Refused),
        (
            "* 1 FETCH (UID 5 BODY[2.1.MIME] \"\")\r\nTAG OK done\r\n",
            "* 1 FETCH (UID 5 BODY[2.1] \"\")\r\nTAG OK done\r\n",
            Status::NotFound,
        ),
        (
            "* 1 FETCH (UID 5 BODY[2.1.MIME] \"\")\r\nTAG OK done\r\n",
            "* 1 FETCH (UID 5 BODY[2.1] {0}\r\n)\r\nTAG OK done\r\n",
            Status::NotFound,
        ),
        ("TAG OK done\r\n", "", Status::NotFound),
        ("TAG BAD what\r\n", "", Status::Refused),
    ] {
        let (received, host) = part(header, body, json!({}));
        assert_eq!(received.unwrap_err().status, status, "{header} {body}");
        assert!(host.messages().is_empty(), "{body}");
    }
}

#[test]
fn a_structure_that_makes_no_sense_leaves_the_headers() {
    for (structure, parts) in [
        ("(\"text\" \"plain\" NIL NIL NIL \"7bit\" 5 1)", Some(0)),
        ("((\"text\" \"plain\" NIL NIL NIL \"7bit\" 5 1)(\"image\" \"png\" NIL NIL NIL \"base64\" 8) \"mixed\")", Some(1)),
        ("NIL", None),
        ("(NIL NIL)", None),
        ("()", None),
    ] {
        let described = format!("* 1 FETCH (UID 5 FLAGS () RFC822.SIZE 99 BODYSTRUCTURE {structure})\r\n");
        let port = server(
            "* OK ready\r\n",
            Box::new(move |tag, command, stream| {
                let answer = if command.contains("BODYSTRUCTURE") {
                    described.as_str()
                } else if command.contains("BODY.PEEK[HEADER]") {
                    "* 1 FETCH (UID 5 BODY[HEADER] {14}\r\nSubject: a\r\n\r\n)\r\n"
                } else {
                    return Ok(false);
                };
                stream.write_all(format!("{answer}{tag} OK done\r\n").as_bytes())?;
                Ok(true)
            }),
        );
        let host = TestHost::new().answering(Action::Delete);
        let received = receive(30, &mut account(port, json!({})), &asked(json!({"summary": "structure", "state": "imap:1;7;;;"})), &host);
        assert_eq!(received.unwrap().state, "imap:1;7;;;");
        let message = &host.fetched()[0].incoming;
        assert_eq!((host.texts()[0].as_str(), message.headers_only, message.size), ("Subject: a\r\n\r\n", true, Some(99)));
        assert_eq!(message.parts.as_ref().map(|told| told.parts.len()), parts, "{structure}");
    }
}
