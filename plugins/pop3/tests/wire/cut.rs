//! The connection is cut at every byte of a dialogue: half a message is never taken for a whole one, and nothing is lost.

use crate::account::{account, fetch};
use crate::post::{Mailbox, Post};
use postkontor_plugin::serde_json::json;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Action, Status};
use std::sync::{Arc, Mutex};

fn messages() -> Vec<(String, String)> {
    let texts = ["Subject: a\r\n\r\ntext\r\n", "Subject: b\r\n\r\n.\r\n..dots\r\n\r\n", ".", "Subject: c\r\n\r\nend\r\n"];
    texts.iter().enumerate().map(|(index, text)| (format!("id{index}"), format!("{}\r\n", text.trim_end()))).collect()
}

fn mailbox() -> Mailbox {
    Arc::new(Mutex::new(messages()))
}

#[test]
fn a_cut_at_any_byte_neither_halves_nor_loses_nor_repeats_a_message() {
    for pipelining in [true, false] {
        for action in [Action::Keep, Action::Delete] {
            let whole = mailbox();
            let post = Post::start(&whole, pipelining, None);
            let host = TestHost::new().answering(action);
            fetch(&mut account(post.port, json!({})), None, &host).unwrap();
            assert_eq!(host.messages(), messages().into_iter().map(|(id, text)| (id, text.into_bytes())).collect::<Vec<_>>());
            let total = *said(&post);
            assert_eq!(whole.lock().unwrap().len(), if action == Action::Delete { 0 } else { 4 });
            let mut interrupted = 0;
            for at in 0..total {
                interrupted += usize::from(cut(pipelining, action, at));
            }
            assert!(interrupted > 50, "cuts between messages: {interrupted}");
        }
    }
}

/// Waits for the end of the session, so that all that it said is counted.
fn said(post: &Post) -> std::sync::MutexGuard<'_, usize> {
    loop {
        let said = post.said.lock().unwrap();
        if *said > 0 {
            return said;
        }
        drop(said);
        std::thread::yield_now();
    }
}

/// One fetch that is cut off, and the next; whether the first got some messages.
fn cut(pipelining: bool, action: Action, at: usize) -> bool {
    let place = format!("pipelining {pipelining}, {action:?}, cut at {at}");
    let mailbox = mailbox();
    let post = Post::start(&mailbox, pipelining, Some(at));
    let mut account = account(post.port, json!({}));
    let first = TestHost::new().answering(action);
    let state = match fetch(&mut account, None, &first) {
        // A farewell that nothing depends on may be lost.
        Ok(received) => {
            if let Some(error) = &received.interrupted {
                assert_eq!(error.status, Status::Network, "{place}: {error:?}");
            } else {
                assert_eq!((first.messages().len(), action), (4, Action::Keep), "{place}");
            }
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
    let both: Vec<(String, Vec<u8>)> = [first.messages(), second.messages()].concat();
    let expected: Vec<(String, Vec<u8>)> = messages().into_iter().map(|(id, text)| (id, text.into_bytes())).collect();
    assert_eq!(both, expected, "{place}");
    if action == Action::Delete {
        assert!(mailbox.lock().unwrap().is_empty(), "{place}: what was to be deleted still lies there");
    }
    !first.messages().is_empty()
}
