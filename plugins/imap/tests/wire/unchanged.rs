//! A folder in which nothing is new costs one SELECT, and whatever is new is never overlooked for that.

use crate::account::account;
use crate::hostile::server;
use postkontor_plugin::serde_json::json;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Action, Filter, ReceiveRequest, Transport};
use std::io::Write;
use std::sync::{Arc, Mutex};

/// A folder as the server tells of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folder {
    pub(crate) uids: Vec<u32>,
    /// Those that a search leaves out.
    pub(crate) left_out: Vec<u32>,
    /// 0 for a server that does not tell.
    next: u32,
    modseq: u64,
    pub(crate) refuses_deletion: bool,
    pub(crate) heard: Vec<String>,
}

pub(crate) type Shared = Arc<Mutex<Folder>>;

pub(crate) fn folder(next: u32, modseq: u64) -> (u16, Shared) {
    let shared = Arc::new(Mutex::new(Folder { uids: vec![3, 5, 9], next, modseq, ..Folder::default() }));
    let folder = shared.clone();
    let port = server(
        "* OK ready\r\n",
        Box::new(move |tag, command, stream| {
            let mut folder = folder.lock().unwrap();
            folder.heard.push(command.to_owned());
            let set = command.split(' ').nth(2).unwrap_or_default();
            let (low, high) = (set.split([':', ',']).next(), set.split([':', ',']).next_back());
            let range = low.and_then(|low| low.parse().ok()).unwrap_or(0)..=high.and_then(|high| high.parse().ok()).unwrap_or(u32::MAX);
            let asked = || folder.uids.iter().enumerate().filter(|(_, uid)| range.contains(*uid));
            let untagged: String = if command.starts_with("CAPABILITY") {
                format!("* CAPABILITY IMAP4rev1 UIDPLUS {}\r\n", if folder.modseq > 0 { "CONDSTORE" } else { "" })
            } else if command.starts_with("SELECT") {
                let next = if folder.next > 0 { format!("* OK [UIDNEXT {}] next\r\n", folder.next) } else { String::new() };
                let modseq = if folder.modseq > 0 { format!("* OK [HIGHESTMODSEQ {}] highest\r\n", folder.modseq) } else { String::new() };
                format!("* {} EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n{next}{modseq}", folder.uids.len())
            } else if command.contains("SEARCH UNSEEN") || command.contains("SUBJECT \"five\"") {
                "* SEARCH 5\r\n".to_owned()
            } else if command.starts_with("UID SEARCH") {
                format!(
                    "* SEARCH{}\r\n",
                    folder.uids.iter().filter(|uid| !folder.left_out.contains(uid)).map(|uid| format!(" {uid}")).collect::<String>()
                )
            } else if command.contains("BODY.PEEK[HEADER]") {
                asked().map(|(at, uid)| format!("* {} FETCH (UID {uid} BODY[HEADER] {{1}}\r\nh)\r\n", at + 1)).collect()
            } else if command.contains("BODY") {
                asked().map(|(at, uid)| format!("* {} FETCH (UID {uid} BODY[] {{1}}\r\n{})\r\n", at + 1, uid % 10)).collect()
            } else if command.starts_with("UID FETCH") {
                asked().map(|(at, uid)| format!("* {} FETCH (UID {uid} FLAGS () RFC822.SIZE {})\r\n", at + 1, uid * 100)).collect()
            } else if command.starts_with("UID STORE") && folder.refuses_deletion {
                stream.write_all(format!("{tag} NO read-only\r\n").as_bytes())?;
                return Ok(true);
            } else if command.starts_with("UID EXPUNGE") {
                let range = set.split(',').map(|uid| uid.parse().unwrap()).collect::<Vec<u32>>();
                folder.uids.retain(|uid| !range.contains(uid));
                folder.modseq += u64::from(folder.modseq > 0);
                String::new()
            } else {
                String::new()
            };
            stream.write_all(format!("{untagged}{tag} OK done\r\n").as_bytes())?;
            Ok(true)
        }),
    );
    (port, shared)
}

fn arrive(folder: &Shared, uid: u32) {
    let mut folder = folder.lock().unwrap();
    folder.uids.push(uid);
    folder.next = if folder.next > 0 { uid + 1 } else { 0 };
    folder.modseq += u64::from(folder.modseq > 0);
}

/// What a call fetches, the state after it, and whether it looked for anything.
pub(crate) fn receive(port: u16, shared: &Shared, request: &ReceiveRequest, state: &str, action: Action) -> (String, String, bool) {
    shared.lock().unwrap().heard.clear();
    let host = TestHost::new().answering(action);
    let request = ReceiveRequest { state: Some(state.to_owned()), ..request.clone() };
    let received = account(port, json!({})).receive(&request, &host.call()).unwrap();
    let looked = shared.lock().unwrap().heard.iter().any(|command| command.starts_with("UID "));
    (host.texts().concat(), received.state, looked)
}

/// The servers: with CONDSTORE, with UIDNEXT only, with both.
pub(crate) const KINDS: [(u32, u64); 3] = [(0, 100), (10, 0), (10, 100)];

pub(crate) fn all() -> ReceiveRequest {
    ReceiveRequest::default()
}

#[test]
fn a_folder_in_which_nothing_changed_costs_one_select() {
    for (next, modseq) in KINDS {
        let (port, shared) = folder(next, modseq);
        let (texts, state, looked) = receive(port, &shared, &all(), "", Action::Keep);
        assert_eq!((texts.as_str(), looked, state.as_str()), ("359", true, format!("imap:1;7;3:9;;;{modseq}.{next}.3").as_str()));
        let unseen = Filter { unseen: true, min_size: Some(1), ..Filter::default() };
        let requests =
            [all(), ReceiveRequest { filter: unseen, ..all() }, ReceiveRequest { max_bytes: Some(1), max_messages: Some(1), ..all() }];
        for request in requests {
            let (texts, again, looked) = receive(port, &shared, &request, &state, Action::Keep);
            assert_eq!((texts.as_str(), again.as_str(), looked), ("", state.as_str(), false), "{request:?}");
        }
        assert_eq!(shared.lock().unwrap().heard.iter().filter(|command| command.starts_with("SELECT")).count(), 1);
    }
}

#[test]
fn whatever_is_new_is_found() {
    for (next, modseq) in KINDS {
        let (port, shared) = folder(next, modseq);
        let (_, state, _) = receive(port, &shared, &all(), "", Action::Keep);
        arrive(&shared, 11);
        let (texts, state, _) = receive(port, &shared, &all(), &state, Action::Keep);
        assert_eq!(texts, "1");
        // One goes and one comes: there are as many as before.
        shared.lock().unwrap().uids.remove(0);
        arrive(&shared, 12);
        let (texts, state, _) = receive(port, &shared, &all(), &state, Action::Keep);
        assert_eq!(texts, "2");
        assert!(!receive(port, &shared, &all(), &state, Action::Keep).2, "{state}");
        // Numbered anew, everything comes again whatever else is the same.
        let other = state.replace("imap:1;7;", "imap:1;6;");
        assert_eq!(receive(port, &shared, &all(), &other, Action::Keep).0, "5912");
    }
}

#[test]
fn a_state_that_covers_less_than_the_folder_never_saves_the_search() {
    for (next, modseq) in KINDS {
        let (port, shared) = folder(next, modseq);
        let subject = Filter { subject: Some("five".to_owned()), ..Filter::default() };
        let filtered = ReceiveRequest { filter: subject, ..all() };
        let few = ReceiveRequest { max_messages: Some(2), ..all() };
        let small = ReceiveRequest { max_bytes: Some(500), ..all() };
        for (request, first, then, rest) in [(&filtered, "5", &all(), "39"), (&few, "35", &few, "9"), (&small, "35h", &all(), "9")] {
            let (texts, state, _) = receive(port, &shared, request, "", Action::Keep);
            assert_eq!((texts.as_str(), state.matches(';').count()), (first, 4), "{state}");
            let (texts, state, looked) = receive(port, &shared, then, &state, Action::Keep);
            assert_eq!((texts.as_str(), looked, state.matches(';').count()), (rest, true, 5), "{state}");
        }
        // With the limit as it was, headers are not fetched again.
        let (_, state, _) = receive(port, &shared, &small, "", Action::Keep);
        assert_eq!(receive(port, &shared, &small, &state, Action::Keep).0, "");
        // A host that stops gets the rest the next time.
        let (_, state, _) = receive(port, &shared, &all(), "", Action::Stop);
        assert_eq!(receive(port, &shared, &all(), &state, Action::Keep).0, "359");
    }
}

#[test]
fn a_deletion_that_is_due_is_carried_out_in_a_folder_that_did_not_change() {
    for (next, modseq) in KINDS {
        let (port, shared) = folder(next, modseq);
        shared.lock().unwrap().refuses_deletion = true;
        let (texts, state, _) = receive(port, &shared, &all(), "", Action::Delete);
        assert_eq!((texts.as_str(), state.as_str()), ("359", "imap:1;7;3:9;;3,5,9"));
        shared.lock().unwrap().refuses_deletion = false;
        let (texts, state, looked) = receive(port, &shared, &all(), &state, Action::Delete);
        assert_eq!((texts.as_str(), looked, shared.lock().unwrap().uids.len()), ("", true, 0));
        // The folder has changed by that; one more look, and then none.
        let (_, state, _) = receive(port, &shared, &all(), &state, Action::Delete);
        assert!(!receive(port, &shared, &all(), &state, Action::Delete).2, "{state}");
    }
}

#[test]
fn a_server_that_tells_neither_is_always_searched_and_old_states_are_read() {
    let (port, shared) = folder(0, 0);
    let (_, state, _) = receive(port, &shared, &all(), "", Action::Keep);
    assert_eq!(state, "imap:1;7;3:9;;");
    assert_eq!(receive(port, &shared, &all(), &state, Action::Keep), (String::new(), state, true));
    let (port, shared) = folder(10, 0);
    let (texts, state, looked) = receive(port, &shared, &all(), "imap:1;7;3:9;;", Action::Keep);
    assert_eq!((texts.as_str(), looked, state.as_str()), ("", true, "imap:1;7;3:9;;;0.10.3"));
    // The status of another server, or of this one before it had CONDSTORE, proves nothing.
    shared.lock().unwrap().modseq = 5;
    assert!(receive(port, &shared, &all(), &state, Action::Keep).2);
}
