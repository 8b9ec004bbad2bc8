//! Folders whose names stand on the wire otherwise than we would write them: each that is listed can be used.

use crate::account::{account, asked, receive, send, value};
use crate::hostile::server;
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Call, ReceiveRequest, Status, Transport};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

type Heard = Arc<Mutex<Vec<String>>>;

/// A server that has one more folder, and knows it under no other name than this.
fn with_folder(wire: &'static str, delimiter: &'static str) -> (u16, Heard) {
    let heard = Heard::default();
    let noted = heard.clone();
    let port = server(
        "* OK ready\r\n",
        Box::new(move |tag, command, stream| {
            noted.lock().unwrap().push(command.to_owned());
            let quoted = format!("\"{}\"", wire.replace('\\', "\\\\").replace('"', "\\\""));
            let names = |verb: &str| command.starts_with(verb) && !command.contains(&quoted) && !command.contains("\"INBOX\"");
            if command.starts_with("LIST") {
                stream.write_all(format!("* LIST () {delimiter} INBOX\r\n* LIST (\\HasNoChildren) {delimiter} {wire}\r\n").as_bytes())?;
                stream.write_all(format!("{tag} OK done\r\n").as_bytes())?;
            } else if names("SELECT") || names("APPEND") || names("UID COPY") || names("CREATE") {
                stream.write_all(format!("{tag} NO no such folder\r\n").as_bytes())?;
            } else if command.starts_with("APPEND") {
                stream.write_all(b"+ go on\r\n")?;
            } else if tag.is_empty() || tag == "Subject:" {
                // The message that was appended; it gets no action.
            } else {
                return Ok(false);
            }
            Ok(true)
        }),
    );
    (port, heard)
}

const FOLDERS: [(&str, &str, &str); 8] = [
    ("Entwürfe", "\"/\"", "Entwürfe"),
    ("A&B", "\"/\"", "A&B"),
    ("Entw&APw=-rfe", "\"/\"", "Entwürfe"),
    ("&AEEAcg-chiv", "\"/\"", "Archiv"),
    ("Gesendete Objekte", "NIL", "Gesendete Objekte"),
    ("Entw&APw-rfe & mehr", "\"\\\"", "Entw&APw-rfe & mehr"),
    ("Alte Post (2019)", "\"|\"", "Alte Post (2019)"),
    ("Inbox/Ablage", "\"/\"", "Inbox/Ablage"),
];

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn listed(port: u16) -> Vec<String> {
    let listed = account(port, json!({})).list(&asked(json!({})), &Call::new(&(), deadline())).unwrap();
    let listed = value(listed);
    listed["folders"].as_array().unwrap().iter().map(|folder| folder["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_folder_that_is_listed_can_be_fetched_from_under_either_name() {
    for (wire, delimiter, shown) in FOLDERS {
        let (port, _) = with_folder(wire, delimiter);
        assert_eq!(listed(port), ["INBOX", shown]);
        for name in [shown, wire] {
            let host = TestHost::new();
            let request = ReceiveRequest { folder: Some(name.to_owned()), ..ReceiveRequest::default() };
            receive(30, &mut account(port, json!({})), &request, &host).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            // Whichever name was asked for, the message has one id.
            assert_eq!(host.messages()[0], (format!("5.7.{shown}"), b"hello".to_vec()), "{name}");
        }
    }
    // INBOX is INBOX in any case, with what lies below it.
    for name in ["inbox/Ablage", "INBOX/Ablage"] {
        let host = TestHost::new();
        let request = ReceiveRequest { folder: Some(name.to_owned()), ..ReceiveRequest::default() };
        receive(30, &mut account(with_folder("Inbox/Ablage", "\"/\"").0, json!({})), &request, &host).unwrap();
        assert_eq!(host.texts(), ["hello"]);
    }
}

#[test]
fn every_folder_that_is_listed_takes_messages_and_no_second_one_is_made() {
    for (wire, delimiter, shown) in FOLDERS {
        let (port, heard) = with_folder(wire, delimiter);
        let call = Call::new(&(), deadline());
        let mut mailbox = account(port, json!({"imap": {"create_folders": true}}));
        let moved = value(mailbox.apply(&asked(json!({"messages": ["5.7.INBOX"], "do": "move", "folder": shown})), &call).unwrap());
        assert_eq!(moved["applied"], json!(["5.7.INBOX"]), "{wire}");
        let marked = value(mailbox.apply(&asked(json!({"messages": [format!("5.7.{shown}")], "do": "seen"})), &call).unwrap());
        assert_eq!(marked["applied"].as_array().unwrap().len(), 1, "{wire}");
        assert!(!heard.lock().unwrap().iter().any(|command| command.starts_with("CREATE")), "{wire}");
    }
}

#[test]
fn a_message_is_sent_into_the_folder_as_it_is_listed() {
    for (wire, delimiter, shown) in FOLDERS {
        let (port, heard) = with_folder(wire, delimiter);
        let more: Value = json!({"imap": {"outbox": shown, "create_folders": true}, "server": {"timeout_seconds": 1}});
        // What becomes of it is another matter: it goes to the right place.
        drop(send(&mut account(port, more), b"Subject: x\r\n\r\ny\r\n"));
        let heard = heard.lock().unwrap();
        let quoted = format!("APPEND \"{wire}\" ");
        assert!(heard.iter().any(|command| command.starts_with(&quoted)), "{wire}: {heard:?}");
        assert!(!heard.iter().any(|command| command.starts_with("CREATE")), "{wire}: {heard:?}");
    }
}

#[test]
fn a_name_with_a_line_break_is_refused_before_anything_is_said() {
    let (port, heard) = with_folder("x", "NIL");
    let call = Call::new(&(), deadline());
    for name in ["IN\r\nBOX", "x\ny", "x\0", "\u{1b}[0m"] {
        let mut mailbox = account(port, json!({}));
        let ids = json!([format!("5.7.{name}")]);
        for error in [
            mailbox.list(&asked(json!({"folder": name})), &call).unwrap_err(),
            mailbox.apply(&asked(json!({"messages": ids, "do": "delete"})), &call).unwrap_err(),
            mailbox.apply(&asked(json!({"messages": ["5.7.INBOX"], "do": "move", "folder": name})), &call).unwrap_err(),
        ] {
            assert_eq!((error.status, error.code.as_str()), (Status::Argument, "imap.folder_name_invalid"), "{name:?}");
        }
    }
    let heard = heard.lock().unwrap();
    assert!(!heard.iter().any(|command| command.starts_with("SELECT") || command.contains("STORE")), "{heard:?}");
}
