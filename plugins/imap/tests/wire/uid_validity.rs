//! Servers that do not say by what they number, or number anew while we work: no message is taken for another one.

use crate::account::{account, asked, failure, fetch, receive, value};
use crate::hostile::server;
use postkontor_plugin::serde_json::json;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Action, Call, ReceiveRequest, Status, Transport};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A folder with one message under UID 5.
#[derive(Default)]
struct Folder {
    text: String,
    /// 0 where it is not sent.
    validity: u32,
    /// It is numbered anew while this command is answered, once.
    renumbered_by: &'static str,
    heard: Vec<String>,
}

fn folder(text: &str, validity: u32, renumbered_by: &'static str) -> (u16, Arc<Mutex<Folder>>) {
    let shared = Arc::new(Mutex::new(Folder { text: text.to_owned(), validity, renumbered_by, heard: Vec::new() }));
    let folder = shared.clone();
    let port = server(
        "* OK ready\r\n",
        Box::new(move |tag, command, stream| {
            let mut folder = folder.lock().unwrap();
            folder.heard.push(command.to_owned());
            let is_there = !folder.text.is_empty();
            let (text, length) = (folder.text.clone(), folder.text.len());
            let answer = if command.starts_with("SELECT") {
                let validity = if folder.validity > 0 { format!("* OK [UIDVALIDITY {}] ok\r\n", folder.validity) } else { String::new() };
                format!("* {} EXISTS\r\n{validity}", u8::from(is_there))
            } else if command.starts_with("UID SEARCH") {
                if is_there { "* SEARCH 5\r\n".to_owned() } else { "* SEARCH\r\n".to_owned() }
            } else if command.contains("BODY") {
                format!("* 1 FETCH (UID 5 FLAGS () INTERNALDATE \"20-Nov-2026 10:00:00 +0100\" BODY[] {{{length}}}\r\n{text})\r\n")
            } else if command.starts_with("UID FETCH") {
                format!("* 1 FETCH (UID 5 FLAGS () INTERNALDATE \"20-Nov-2026 10:00:00 +0100\" RFC822.SIZE {length})\r\n")
            } else if command.starts_with("UID EXPUNGE") {
                folder.text.clear();
                String::new()
            } else {
                return Ok(false);
            };
            let is_now = !folder.renumbered_by.is_empty() && command.contains(folder.renumbered_by);
            let anew = if is_now { "* OK [UIDVALIDITY 8] numbered anew\r\n" } else { "" };
            if is_now {
                (folder.validity, folder.renumbered_by) = (8, "");
            }
            stream.write_all(format!("{answer}{anew}{tag} OK done\r\n").as_bytes())?;
            Ok(true)
        }),
    );
    (port, shared)
}

fn has_stored(folder: &Mutex<Folder>) -> bool {
    folder.lock().unwrap().heard.iter().any(|command| command.contains("STORE") || command.contains("EXPUNGE"))
}

#[test]
fn without_a_numbering_another_message_under_the_same_uid_is_never_passed_over() {
    let (port, folder) = folder("one", 0, "");
    let host = TestHost::new();
    let received = fetch(&mut account(port, json!({})), None, &host).unwrap();
    assert_eq!(host.texts(), ["one"]);
    folder.lock().unwrap().text = "another".to_owned();
    let error = fetch(&mut account(port, json!({})), Some(received.state), &host).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Protocol, "imap.validity_missing"));
    // What an earlier call left to be done is not done to another message.
    for due in ["imap:1;0;5;;5", "imap:1;0;5;;;;5"] {
        assert_eq!(fetch(&mut account(port, json!({})), Some(due.to_owned()), &host).unwrap_err().code, "imap.validity_missing");
    }
    assert!(!has_stored(&folder));
    // Without a state it comes.
    let host = TestHost::new();
    fetch(&mut account(port, json!({})), None, &host).unwrap();
    assert_eq!(host.texts(), ["another"]);
    // An id names nothing for later.
    let call = Call::new(&(), Instant::now() + Duration::from_secs(30));
    let request = json!({"messages": [host.messages()[0].0], "do": "delete"});
    let applied = value(account(port, json!({})).apply(&asked(request.clone()), &call).unwrap());
    assert_eq!(applied["missing"], request["messages"]);
    assert!(!has_stored(&folder));
}

#[test]
fn without_a_numbering_what_is_deleted_at_once_leaves_no_doubt() {
    let (port, folder) = folder("one", 0, "");
    let host = TestHost::new().answering(Action::Delete);
    let received = fetch(&mut account(port, json!({})), None, &host).unwrap();
    folder.lock().unwrap().text = "another".to_owned();
    fetch(&mut account(port, json!({})), Some(received.state), &host).unwrap();
    assert_eq!(host.texts(), ["one", "another"]);
}

#[test]
fn after_a_new_numbering_nothing_is_stored_and_everything_comes_anew() {
    for (by, action, max_bytes) in [
        ("SEARCH ALL", Action::Delete, None),
        ("BODY.PEEK[]", Action::Delete, None),
        ("BODY.PEEK[]", Action::Seen, None),
        ("RFC822.SIZE", Action::Delete, Some(1000)),
        ("BODY.PEEK[]", Action::Delete, Some(1000)),
    ] {
        let (port, folder) = folder("one", 7, by);
        let request = ReceiveRequest { max_bytes, ..ReceiveRequest::default() };
        let mut account = account(port, json!({}));
        let result = receive(30, &mut account, &request, &TestHost::new().answering(action));
        let state = result.as_ref().ok().map(|received| received.state.clone());
        let error = failure(result);
        assert_eq!((error.status, error.code.as_str()), (Status::Later, "imap.renumbered"), "{by}");
        assert!(!has_stored(&folder), "{by}: {:?}", folder.lock().unwrap().heard);
        folder.lock().unwrap().text = "another".to_owned();
        let host = TestHost::new();
        let received = receive(30, &mut account, &ReceiveRequest { state, ..request }, &host).unwrap();
        assert_eq!((host.texts(), received.state.as_str()), (vec!["another".to_owned()], "imap:1;8;5;;"), "{by}");
        assert!(!has_stored(&folder), "{by}");
    }
    for action in ["delete", "seen", "move"] {
        let (port, folder) = folder("one", 7, "UID FETCH");
        let call = Call::new(&(), Instant::now() + Duration::from_secs(30));
        let request = json!({"messages": ["5.7.INBOX"], "do": action, "folder": "Archiv"});
        let error = account(port, json!({})).apply(&asked(request.clone()), &call).unwrap_err();
        assert_eq!(error.code, "imap.renumbered");
        let heard = folder.lock().unwrap().heard.join("\n");
        assert!(!has_stored(&folder) && !heard.contains("COPY"), "{heard}");
    }
}

#[test]
fn only_what_was_copied_is_deleted_and_only_what_is_ours() {
    for (copied, marked, stored, expunged) in [
        ("[COPYUID 9 5,7 1:2] done", "5 7", "UID STORE 5,7 ", true),
        ("[COPYUID 9 5 1] done", "5", "UID STORE 5 ", true),
        ("done", "5 7", "UID STORE 5,7 ", true),
        // Others have marked 9; a search that leaves out one of ours may leave out one of theirs.
        ("done", "5 7 9", "UID STORE 5,7 ", false),
        ("done", "5", "UID STORE 5,7 ", false),
        ("done", "", "UID STORE 5,7 ", false),
    ] {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let noted = heard.clone();
        let port = server(
            "* OK ready\r\n",
            Box::new(move |tag, command, stream| {
                noted.lock().unwrap().push(command.to_owned());
                let answer = if command.starts_with("CAPABILITY") {
                    format!("* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n")
                } else if command.starts_with("UID FETCH") {
                    format!("* 1 FETCH (UID 5)\r\n* 2 FETCH (UID 7)\r\n{tag} OK done\r\n")
                } else if command.starts_with("UID COPY") {
                    format!("{tag} OK {copied}\r\n")
                } else if command == "UID SEARCH DELETED" {
                    format!("* SEARCH {marked}\r\n{tag} OK done\r\n")
                } else {
                    return Ok(false);
                };
                stream.write_all(answer.as_bytes())?;
                Ok(true)
            }),
        );
        let call = Call::new(&(), Instant::now() + Duration::from_secs(30));
        let request = json!({"messages": ["5.7.INBOX", "7.7.INBOX"], "do": "move", "folder": "Archiv"});
        let moved = account(port, json!({})).apply(&asked(request.clone()), &call);
        assert_eq!(moved.is_err(), copied.starts_with("[COPYUID 9 5 1]"), "{copied}: {moved:?}");
        let heard = heard.lock().unwrap();
        let stores: Vec<_> = heard.iter().filter(|command| command.contains("STORE")).collect();
        assert!(stores.len() == 1 && stores[0].starts_with(stored), "{copied}: {heard:?}");
        assert_eq!(heard.iter().any(|command| command == "EXPUNGE"), expunged, "{copied} {marked}: {heard:?}");
    }
}
