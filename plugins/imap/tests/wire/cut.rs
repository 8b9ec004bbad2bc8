//! The connection is cut at every byte of a dialogue: half a message is never taken for a whole one, and nothing is lost.

use crate::account::{account, fetch};
use crate::post::{Options, Post};
use postkontor_plugin::serde_json::json;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Action, Status};

fn inbox() -> Vec<(u32, String)> {
    // An empty one comes last, after a look that tells that there is no more of it.
    let texts =
        ["Subject: a\r\n\r\ntext)\r\na9 OK done\r\n", "Subject: b\r\n\r\n* 3 FETCH (UID 12 BODY[] {2}\r\n", "Subject: c\r\n\r\nno end", ""];
    texts.iter().zip([3, 9, 12, 13]).map(|(text, uid)| (uid, (*text).to_owned())).collect()
}

fn expected() -> Vec<(String, Vec<u8>)> {
    inbox().into_iter().map(|(uid, text)| (format!("{uid}.7.INBOX"), text.into_bytes())).collect()
}

#[test]
fn a_cut_at_any_byte_neither_halves_nor_loses_nor_repeats_a_message() {
    for (uid_last, compress) in [(false, false), (true, false), (false, true)] {
        for action in [Action::Keep, Action::Seen, Action::Delete] {
            if compress && action != Action::Delete {
                continue;
            }
            let options = Options { uid_last, compress, ..Options::default() };
            let post = Post::start(inbox(), options);
            let host = TestHost::new().answering(action);
            let mut whole = account(post.port, json!({"imap": {"compress": compress}}));
            fetch(&mut whole, None, &host).unwrap();
            drop(whole);
            assert_eq!(host.messages(), expected());
            let after = post.after(1);
            assert_eq!(after.inbox.len(), if action == Action::Delete { 0 } else { 4 });
            // Compressed, each byte costs the setting up of four windows, and one is much like the next.
            let step = if compress { 7 } else { 1 };
            let interrupted: usize =
                (0..after.said).step_by(step).map(|at| usize::from(cut(Options { cut_out: Some(at), ..options }, action))).sum();
            assert!(interrupted > 50 / step, "cuts between messages: {interrupted}");
        }
    }
}

/// One fetch that is cut off, and the next; whether the first got some messages.
fn cut(options: Options, action: Action) -> bool {
    let place = format!("{options:?}, {action:?}");
    let post = Post::start(inbox(), options);
    let mut account = account(post.port, json!({"imap": {"compress": options.compress}}));
    let first = TestHost::new().answering(action);
    let state = match fetch(&mut account, None, &first) {
        // A compressed text is whole before the last bytes of its block.
        Ok(received) if options.compress && received.interrupted.is_none() => {
            assert_eq!(first.messages(), expected(), "{place}");
            Some(received.state)
        }
        Ok(received) => {
            let error = received.interrupted.unwrap_or_else(|| panic!("{place}: nothing was noticed"));
            assert_eq!(error.status, Status::Network, "{place}: {error:?}");
            Some(received.state)
        }
        Err(error) => {
            assert_eq!(error.status, Status::Network, "{place}: {error:?}");
            assert!(first.messages().is_empty(), "{place}: the state of what was taken is lost");
            None
        }
    };
    let second = TestHost::new().answering(action);
    let received = fetch(&mut account, state, &second).unwrap_or_else(|error| panic!("{place}: {error:?}"));
    assert!(received.interrupted.is_none(), "{place}: {received:?}");
    let both = [first.messages(), second.messages()].concat();
    assert_eq!(both, expected(), "{place}");
    if action == Action::Delete {
        assert!(post.store.lock().unwrap().inbox.is_empty(), "{place}: what was to be deleted still lies there");
    }
    if action == Action::Seen {
        let seen = post.store.lock().unwrap().seen.clone();
        assert!(inbox().iter().all(|(uid, _)| seen.contains(uid)), "{place}: what was to be marked is not: {seen:?}");
        assert_eq!(received.state, "imap:1;7;3:13;;", "{place}");
    }
    !first.messages().is_empty()
}
