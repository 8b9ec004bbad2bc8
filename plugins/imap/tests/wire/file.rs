//! Copies of sent mail: each lies there once, wherever the connection is cut, and what the provider keeps is left to it.

use crate::account::{account, file};
use crate::post::{Options, Post};
use postkontor_imap::Imap;
use postkontor_plugin::serde_json::json;
use postkontor_plugin::{Filed, FilingResult, Status};

const OWN: (&str, &str) = ("mail.example.com", "anna");

fn small() -> Vec<u8> {
    b"Message-ID: <1@example.com>\r\n\r\ny\r\n".to_vec()
}

fn large() -> Vec<u8> {
    [b"Message-ID: <1@example.com>\r\n\r\n".to_vec(), b"0123456789\r\n".repeat(400)].concat()
}

fn mailbox(post: &Post) -> Imap {
    account(post.port, json!({}))
}

fn only(filed: Filed) -> FilingResult {
    assert_eq!((filed.folder.as_str(), filed.results.len(), filed.left_to_provider), ("Gesendete Objekte", 1, false));
    filed.results.into_iter().next().unwrap()
}

#[test]
fn a_message_is_filed_once() {
    let post = Post::start(Vec::new(), Options::default());
    let mut account = mailbox(&post);
    let mut put = |message: &[u8], id: &str| only(file(&mut account, message, id, OWN).unwrap());
    assert_eq!(put(&small(), "1@example.com"), FilingResult::Saved("1.7.Gesendete Objekte".to_owned()));
    assert_eq!(put(&small(), "1@example.com"), FilingResult::Found("1.7.Gesendete Objekte".to_owned()));
    let other = b"Message-ID: <11@example.com>\r\n\r\ny\r\n";
    assert_eq!(put(other, "11@example.com"), FilingResult::Saved("2.7.Gesendete Objekte".to_owned()));
    drop(account);
    assert_eq!(post.after(1).outbox, [small(), other.to_vec()], "all over one connection");
}

/// Files over a connection that is cut off, then once more; what the first attempt said.
fn cut(options: Options, message: &[u8]) -> Option<Status> {
    let place = format!("{options:?}");
    let post = Post::start(Vec::new(), options);
    let mut account = mailbox(&post);
    let first = file(&mut account, message, "1@example.com", OWN).map(only);
    let copies = post.store.lock().unwrap().outbox.len();
    let error = match first {
        Ok(FilingResult::Saved(_)) => {
            assert_eq!(copies, 1, "success without a copy: {place}");
            None
        }
        Ok(FilingResult::Error(error)) | Err(error) => Some(error),
        Ok(other) => panic!("{other:?}: {place}"),
    };
    if let Some(error) = &error {
        assert!(copies == 0 || error.status == Status::Uncertain, "{copies} copies: {place}: {error:?}");
    }
    let again = file(&mut account, message, "1@example.com", OWN).map(only).unwrap_or_else(|error| panic!("{place}: {error:?}"));
    assert!(matches!(again, FilingResult::Saved(_) | FilingResult::Found(_)), "{place}: {again:?}");
    drop(account);
    assert_eq!(post.store.lock().unwrap().outbox, [message], "{place}");
    error.map(|error| error.status)
}

#[test]
fn a_cut_at_any_byte_never_yields_two_copies() {
    for (message, literal_plus) in [(small(), true), (small(), false), (large(), true)] {
        let options = Options { literal_plus, ..Options::default() };
        let whole = Post::start(Vec::new(), options);
        file(&mut mailbox(&whole), &message, "1@example.com", OWN).unwrap();
        let whole = whole.after(1);
        // Before APPEND the ways are the same, and of a large message each byte of its middle is like the next.
        let append = whole.heard - message.len() - 60;
        let step = |at: usize| if at < append { at.is_multiple_of(23) } else { at <= append + 150 || at + 50 >= whole.heard };
        let cuts_in = (0..whole.heard).filter(|at| step(*at) || at.is_multiple_of(97)).map(|at| Options { cut_in: Some(at), ..options });
        let cuts_out = (0..whole.said).filter(|at| at + 100 >= whole.said || at.is_multiple_of(11));
        let cuts_out = cuts_out.map(|at| Options { cut_out: Some(at), ..options });
        let statuses: Vec<_> = cuts_in.chain(cuts_out).map(|options| cut(options, &message)).collect();
        // The server had it, and the answer was lost: the search finds it.
        assert!(statuses.contains(&None), "no doubt was resolved");
        // The server may still have been busy with it.
        assert!(statuses.contains(&Some(Status::Uncertain)), "no doubt was left");
        assert!(statuses.contains(&Some(Status::Network)));
    }
}

#[test]
fn what_google_keeps_is_left_to_it() {
    let post = Post::start(Vec::new(), Options { google: true, ..Options::default() });
    let mut account = mailbox(&post);
    let filed = file(&mut account, &small(), "1@example.com", ("smtp.gmail.com", "anna@gmail.com")).unwrap();
    assert_eq!(filed, Filed { left_to_provider: true, ..Filed::default() });
    assert!(post.store.lock().unwrap().outbox.is_empty());
    // What another server sent is not kept by the provider.
    let filed = file(&mut account, &small(), "1@example.com", OWN).unwrap();
    assert!(matches!(only(filed), FilingResult::Saved(_)));
    drop(account);
    assert_eq!(post.after(1).outbox, [small()]);
}
