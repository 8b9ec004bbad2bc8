//! Waiting: the server's rule of how often one may log in.

use crate::account::account;
use crate::post::Post;
use postkontor_plugin::serde_json::json;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{ReceiveRequest, Received, Transport};
use postkontor_pop3::Pop3;
use std::sync::{Arc, Mutex};

fn fetch(account: &mut Pop3, host: &TestHost, state: Option<String>, wait_seconds: u64) -> Received {
    let call = host.call();
    account.receive(&ReceiveRequest { state, wait_seconds, ..ReceiveRequest::default() }, &call).unwrap()
}

#[test]
fn a_call_that_waits_does_not_log_in_more_often_than_the_server_allows() {
    let mailbox = Arc::new(Mutex::new(Vec::new()));
    let post = Post::with(&mailbox, "UIDL\r\nLOGIN-DELAY 900 USER\r\n");
    let mut account = account(post.port, json!({}));
    let host = TestHost::new();
    let first = fetch(&mut account, &host, None, 10);
    assert_eq!(first.again_seconds, Some(900));
    mailbox.lock().unwrap().push(("a".to_owned(), "Subject: a\r\n\r\n".to_owned()));
    let second = fetch(&mut account, &host, Some(first.state.clone()), 10);
    assert!(second.again_seconds.is_some_and(|seconds| (800..=900).contains(&seconds)), "{second:?}");
    assert_eq!((host.texts().len(), second.state), (0, first.state));
    // Who does not wait asks at once, and gets what the server thinks of it.
    fetch(&mut account, &host, None, 0);
    assert_eq!(host.texts().len(), 1);
}

#[test]
fn a_server_without_such_a_rule_is_asked_as_often_as_the_host_likes() {
    for capabilities in
        ["UIDL\r\n", "UIDL\r\nLOGIN-DELAY\r\n", "UIDL\r\nLOGIN-DELAY soon\r\n", "UIDL\r\nLOGIN-DELAY 99999999999999999999999\r\n"]
    {
        let post = Post::with(&Arc::default(), capabilities);
        let mut account = account(post.port, json!({}));
        for _ in 0..2 {
            assert_eq!(fetch(&mut account, &TestHost::new(), None, 10).again_seconds, None, "{capabilities}");
        }
    }
}
