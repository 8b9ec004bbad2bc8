//! A search that leaves out a message, as Gmail's and Exchange's do now and then: the state must not pass over it.

use crate::unchanged::{KINDS, all, folder, receive};
use postkontor_plugin::{Action, ReceiveRequest};

#[test]
fn a_message_that_a_search_left_out_comes_with_the_next_call() {
    for (next, modseq) in KINDS.into_iter().chain([(0, 0)]) {
        for (left_out, first) in [(3, "59"), (5, "39"), (9, "35")] {
            let (port, shared) = folder(next, modseq);
            shared.lock().unwrap().left_out = vec![left_out];
            let (texts, state, _) = receive(port, &shared, &all(), "", Action::Keep);
            assert_eq!(texts, first);
            // As long as it is left out, each call looks for it.
            let (texts, state, looked) = receive(port, &shared, &all(), &state, Action::Keep);
            assert_eq!((texts.as_str(), looked), ("", true), "{state}");
            shared.lock().unwrap().left_out.clear();
            let (texts, state, _) = receive(port, &shared, &all(), &state, Action::Keep);
            assert_eq!(texts, left_out.to_string(), "{state}");
            // The gaps between messages of a folder that was searched whole are none.
            assert!(state.starts_with("imap:1;7;3:9;;"), "{state}");
        }
    }
}

#[test]
fn what_is_due_of_a_message_that_a_search_left_out_stays_due() {
    let (port, shared) = folder(10, 100);
    shared.lock().unwrap().refuses_deletion = true;
    let (texts, state, _) = receive(port, &shared, &all(), "", Action::Delete);
    assert_eq!((texts.as_str(), state.as_str()), ("359", "imap:1;7;3:9;;3,5,9"));
    shared.lock().unwrap().refuses_deletion = false;
    shared.lock().unwrap().left_out = vec![5];
    let (texts, state, _) = receive(port, &shared, &all(), &state, Action::Delete);
    assert_eq!((texts.as_str(), state.as_str()), ("", "imap:1;7;3:9;;5"));
    shared.lock().unwrap().left_out.clear();
    let (_, state, _) = receive(port, &shared, &all(), &state, Action::Delete);
    assert!(shared.lock().unwrap().uids.is_empty(), "{state}");
}

#[test]
fn headers_of_a_message_that_a_search_left_out_are_not_forgotten() {
    let (port, shared) = folder(10, 100);
    let small = ReceiveRequest { max_bytes: Some(500), ..all() };
    let (texts, state, _) = receive(port, &shared, &small, "", Action::Keep);
    assert_eq!((texts.as_str(), state.as_str()), ("35h", "imap:1;7;3:5;9;"));
    shared.lock().unwrap().left_out = vec![9];
    let (texts, state, _) = receive(port, &shared, &small, &state, Action::Keep);
    assert_eq!((texts.as_str(), state.as_str()), ("", "imap:1;7;3:5;9;"));
    shared.lock().unwrap().left_out.clear();
    let (texts, state, _) = receive(port, &shared, &all(), &state, Action::Keep);
    assert_eq!((texts.as_str(), state.starts_with("imap:1;7;3:9;;")), ("9", true), "{state}");
}

#[test]
fn a_number_that_does_not_rise_proves_nothing() {
    // It stays below a message that is there, so it does not tell what will come.
    let (port, shared) = folder(9, 0);
    let (texts, state, _) = receive(port, &shared, &all(), "", Action::Keep);
    assert_eq!(texts, "359");
    let mut folder = shared.lock().unwrap();
    folder.uids = vec![3, 5, 12];
    drop(folder);
    assert_eq!(receive(port, &shared, &all(), &state, Action::Keep).0, "2");
}
