//! Sending by APPEND, cut off at every byte in both directions: never a success that was none, never a second copy, and doubt only
//! where there is reason for it.

use crate::account::{account, send};
use crate::post::{Options, Post};
use postkontor_imap::Imap;
use postkontor_plugin::serde_json::json;
use postkontor_plugin::{Delivery, Retry, Status};

fn small() -> Vec<u8> {
    b"Subject: x\r\n\r\ny\r\n".to_vec()
}

fn large() -> Vec<u8> {
    [b"Subject: x\r\n\r\n".to_vec(), b"0123456789\r\n".repeat(400)].concat()
}

fn outbox(post: &Post) -> Imap {
    compressed(post, false)
}

fn compressed(post: &Post, compress: bool) -> Imap {
    account(post.port, json!({"imap": {"outbox": "Out", "compress": compress}}))
}

/// Sends over a connection that is cut off; the status and how many copies lie there.
fn cut(options: Options, message: &[u8]) -> (Status, usize) {
    let post = Post::start(Vec::new(), options);
    let mut account = compressed(&post, options.compress);
    let result = send(&mut account, message);
    drop(account);
    let copies = post.after(1).outbox.len();
    let place = format!("{options:?}");
    match &result {
        Ok(_) => assert_eq!(copies, 1, "success without a copy: {place}"),
        Err(error) if error.status == Status::Uncertain => {
            assert_eq!((error.delivery, error.retry), (Delivery::Unknown, Retry::No), "{place}");
            assert!(copies <= 1, "a second copy: {place}");
        }
        Err(error) => {
            assert_eq!((error.status, error.delivery, copies), (Status::Network, Delivery::None, 0), "{place}: {error:?}");
        }
    }
    (result.err().map_or(Status::Ok, |error| error.status), copies)
}

#[test]
fn a_cut_at_any_byte_never_yields_success_nor_a_second_copy() {
    let cases = [(small(), true, false), (small(), false, false), (large(), true, false), (small(), true, true), (large(), false, true)];
    for (message, literal_plus, compress) in cases {
        let options = Options { literal_plus, compress, ..Options::default() };
        let whole = Post::start(Vec::new(), options);
        send(&mut compressed(&whole, compress), &message).unwrap();
        let whole = whole.after(1);
        assert_eq!(whole.outbox, std::slice::from_ref(&message));
        let mut uncertain = 0;
        // Of a large message, each byte of its middle is like the next.
        let step = |at: usize| at <= 200 || at + 200 >= whole.heard || at.is_multiple_of(97);
        // Compressed, each connection costs the setting up of four windows, and one byte is much like the next.
        let every = |at: usize, all: usize| !compress || at + 12 > all || at.is_multiple_of(11);
        for at in (0..whole.heard).filter(|at| step(*at) && every(*at, whole.heard)) {
            let (status, copies) = cut(Options { cut_in: Some(at), ..options }, &message);
            // A compressed text is whole before the last bytes of its block.
            let is_whole = compress && at + 8 > whole.heard;
            assert!(copies == 0 || is_whole, "the server took half a message");
            assert!(status != Status::Ok || is_whole);
            uncertain += usize::from(status == Status::Uncertain);
        }
        for at in (0..whole.said).filter(|at| every(*at, whole.said)) {
            let (status, copies) = cut(Options { cut_out: Some(at), ..options }, &message);
            let is_whole = compress && at + 8 > whole.said;
            assert!(status != Status::Ok || is_whole, "{at} of {}", whole.said);
            assert!(copies == 0 || status == Status::Uncertain || is_whole);
            uncertain += usize::from(status == Status::Uncertain);
        }
        assert!(uncertain > 0, "no cut was in doubt");
    }
}

#[test]
fn a_cut_before_the_message_left_is_no_reason_for_doubt() {
    let options = Options::default();
    let post = Post::start(Vec::new(), options);
    send(&mut outbox(&post), &large()).unwrap();
    let heard = post.after(1).heard;
    // The server asks for the message before it hears it.
    let (status, copies) = cut(Options { cut_in: Some(heard - large().len() - 10), ..options }, &large());
    assert_eq!((status, copies), (Status::Network, 0));
}

#[test]
fn on_a_kept_connection_that_died_a_message_is_sent_once() {
    let post = Post::start(Vec::new(), Options::default());
    send(&mut outbox(&post), &small()).unwrap();
    let said = post.after(1).said;
    let post = Post::start(Vec::new(), Options { cut_out: Some(said), ..Options::default() });
    let mut account = outbox(&post);
    send(&mut account, &small()).unwrap();
    send(&mut account, &small()).unwrap();
    drop(account);
    assert_eq!(post.after(2).outbox.len(), 2);
}
