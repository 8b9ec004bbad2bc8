//! The lost answer: the connection is cut at every byte of the dialogue, in both directions.

use crate::account::{Account, sized};
use crate::sandbox::{Options, Sandbox};
use postkontor_plugin::{Delivery, Retry, Status};
use std::sync::atomic::Ordering::SeqCst;

const MESSAGE: &str = "Subject: x\r\n\r\n.dot\r\nend\r\n";

const WAYS: [&[&str]; 3] = [&["SIZE"], &["PIPELINING", "SIZE"], &["PIPELINING", "CHUNKING", "SIZE"]];

/// Sends one mail, after `before` others on the same connection, and checks what is said against what the server has.
fn cut(options: Options, before: usize) -> (Status, usize) {
    let capabilities = options.capabilities.clone();
    let place = format!("{capabilities:?} in {:?} out {:?}", options.cut_in, options.cut_out);
    let cut_in = options.cut_in;
    let sandbox = Sandbox::start(options);
    let mut account = Account::plain(sandbox.port);
    let mail = sized(1, &["b@example.com", "c@example.com"], MESSAGE);
    for _ in 0..before {
        account.send(&mail, MESSAGE).unwrap();
    }
    if before > 0 && cut_in == Some(sandbox.seen.received.load(SeqCst)) {
        // A cut between two mails has happened before the next one is sent: otherwise chance decides whether its bytes leave.
        while !sandbox.seen.cut.load(SeqCst) {
            std::thread::yield_now();
        }
    }
    let result = account.send(&mail, MESSAGE);
    drop(account);
    let copies = sandbox.accepted().len() - before;
    let status = result.as_ref().err().map_or(Status::Ok, |error| error.status);
    match &result {
        Ok(_) => assert_eq!(copies, 1, "success without acceptance: {place}"),
        Err(error) if error.status == Status::Uncertain => {
            assert_eq!((error.delivery, error.retry), (Delivery::Unknown, Retry::No), "{place}");
            assert!(copies <= 1, "a second copy: {place}");
        }
        Err(error) => {
            assert_eq!(copies, 0, "accepted, but said to be not: {place}: {error}");
            assert_eq!(error.delivery, Delivery::None, "{place}");
        }
    }
    (status, copies)
}

/// How many bytes a whole dialogue has in each direction, without QUIT and its answer.
fn lengths(capabilities: &[&'static str], mails: usize) -> (usize, usize) {
    let sandbox = Sandbox::start(Options { capabilities: capabilities.to_vec(), ..Options::default() });
    let mut account = Account::plain(sandbox.port);
    for _ in 0..mails {
        account.send(&sized(1, &["b@example.com", "c@example.com"], MESSAGE), MESSAGE).unwrap();
    }
    (sandbox.seen.received.load(SeqCst), sandbox.seen.sent.load(SeqCst))
}

#[test]
fn a_cut_at_any_byte_never_yields_success_without_acceptance_nor_a_second_copy() {
    for capabilities in WAYS {
        let (received, sent) = lengths(capabilities, 1);
        let mut uncertain = 0;
        for at in 0..received {
            let (status, copies) = cut(Options { capabilities: capabilities.to_vec(), cut_in: Some(at), ..Options::default() }, 0);
            assert!(matches!(status, Status::Network | Status::Uncertain), "{capabilities:?} {at}: {status:?}");
            assert_eq!(copies, 0, "the server accepted half a message");
            uncertain += usize::from(status == Status::Uncertain);
        }
        assert!(uncertain > 0, "no cut was in doubt: {capabilities:?}");
        for at in 0..=sent {
            let (status, copies) = cut(Options { capabilities: capabilities.to_vec(), cut_out: Some(at), ..Options::default() }, 0);
            let accepted = at == sent;
            assert_eq!(status == Status::Ok, accepted, "{capabilities:?} {at} of {sent}: {status:?}");
            assert!(copies == 0 || accepted || status == Status::Uncertain);
        }
    }
}

#[test]
fn on_a_kept_connection_a_cut_is_repaired_only_while_nothing_of_the_mail_can_have_been_accepted() {
    for capabilities in WAYS {
        let (first_received, first_sent) = lengths(capabilities, 1);
        let (received, sent) = lengths(capabilities, 2);
        let (mut repaired, mut uncertain) = (0, 0);
        for at in first_received..received {
            let (status, copies) = cut(Options { capabilities: capabilities.to_vec(), cut_in: Some(at), ..Options::default() }, 1);
            assert!(matches!(status, Status::Ok | Status::Network | Status::Uncertain), "{capabilities:?} {at}: {status:?}");
            if at == first_received {
                assert_eq!((status, copies), (Status::Ok, 1), "{capabilities:?}: a connection that had ended before the mail");
            }
            repaired += copies;
            uncertain += usize::from(status == Status::Uncertain);
        }
        assert!(repaired > 0 && uncertain > 0, "{capabilities:?}: {repaired} repaired, {uncertain} in doubt");
        for at in first_sent..sent {
            let (status, _) = cut(Options { capabilities: capabilities.to_vec(), cut_out: Some(at), ..Options::default() }, 1);
            assert!(matches!(status, Status::Ok | Status::Network | Status::Uncertain), "{capabilities:?} {at}: {status:?}");
        }
    }
}

#[test]
fn before_the_message_has_left_nothing_is_in_doubt() {
    // Without CHUNKING the message leaves after the server's 354 only.
    for capabilities in [&["SIZE"][..], &["PIPELINING", "SIZE"]] {
        let (_, sent) = lengths(capabilities, 1);
        let answers_after = "354 go on\r\n250 accepted\r\n".len();
        for at in 0..sent - answers_after {
            let (status, copies) = cut(Options { capabilities: capabilities.to_vec(), cut_out: Some(at), ..Options::default() }, 0);
            assert_eq!((status, copies), (Status::Network, 0), "{capabilities:?} {at}");
        }
    }
}
