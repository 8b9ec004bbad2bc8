//! Several mails in one call.

use crate::account::{Account, mail, sized};
use crate::sandbox::{Options, Sandbox};
use postkontor_plugin::{Mail, Status};
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

const WAYS: [&[&str]; 3] = [&[], &["PIPELINING"], &["PIPELINING", "CHUNKING"]];

#[test]
fn each_mail_of_a_batch_has_its_own_verdict() {
    for capabilities in WAYS {
        let sandbox = Sandbox::start(Options { capabilities: capabilities.to_vec(), ..Options::default() });
        let texts = ["one\r\n", "two\r\n", "three\r\n", "please no!\r\n", "five\r\n", "si\nx\r\n", "seven\r\n"];
        let mut mails: Vec<Mail> = (0..7).map(|index| sized(index + 1, &["b@example.com"], texts[index as usize])).collect();
        mails[1].recipients = vec!["refused@example.com".to_owned()];
        mails[2].from = "bad\r\n".to_owned();
        // What breaks in mid-message costs the connection where the server waits for the rest; the others do not notice.
        let results = Account::plain(sandbox.port).send_batch(&mails, &texts);
        let statuses: Vec<Status> = results.iter().map(|result| result.as_ref().err().map_or(Status::Ok, |error| error.status)).collect();
        let expected = [Status::Ok, Status::Refused, Status::Argument, Status::Refused, Status::Ok, Status::Argument, Status::Ok];
        assert_eq!(statuses, expected, "{capabilities:?}");
        let accepted: Vec<Vec<u8>> = sandbox.accepted().into_iter().map(|(_, _, message)| message).collect();
        assert_eq!(accepted, [b"one\r\n".to_vec(), b"five\r\n".to_vec(), b"seven\r\n".to_vec()], "{capabilities:?}");
    }
}

#[test]
fn a_refused_mail_leaves_its_recipients_and_sender_to_no_other_mail() {
    // A server that keeps the sender of a mail whose recipients it refused: the next mail must not inherit it.
    let sandbox = Sandbox::start(Options { capabilities: vec!["PIPELINING", "CHUNKING"], ..Options::default() });
    let mut mails = vec![sized(1, &["refused@example.com"], "one\r\n"), sized(2, &["c@example.com"], "two\r\n")];
    mails[1].from = "second@example.com".to_owned();
    let results = Account::plain(sandbox.port).send_batch(&mails, &["one\r\n", "two\r\n"]);
    assert!(results[0].is_err() && results[1].is_ok());
    assert_eq!(sandbox.accepted(), [("second@example.com".to_owned(), vec!["c@example.com".to_owned()], b"two\r\n".to_vec())]);
}

#[test]
fn many_mails_are_in_flight_at_once() {
    let delay = Duration::from_millis(20);
    let sandbox = Sandbox::start(Options { capabilities: vec!["PIPELINING", "CHUNKING"], delay, ..Options::default() });
    let text = "Subject: x\r\n\r\n".to_owned() + &"line of text\r\n".repeat(140);
    let mails: Vec<Mail> = (1..=500).map(|stream| sized(stream, &["b@example.com"], &text)).collect();
    let texts = vec![text.as_str(); 500];
    let results = Account::plain(sandbox.port).send_batch(&mails, &texts);
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(sandbox.accepted().len(), 500);
    // One round trip for each of them would be 500 reads at least.
    let reads = sandbox.seen.reads.load(SeqCst);
    assert!(reads < 100, "{reads} reads");
}

#[test]
fn with_pipelining_alone_a_mail_of_a_batch_is_one_round_trip() {
    let sandbox = Sandbox::start(Options { capabilities: vec!["PIPELINING"], ..Options::default() });
    let mails: Vec<Mail> = (1..=50).map(|stream| mail(stream, &["b@example.com"])).collect();
    let results = Account::plain(sandbox.port).send_batch(&mails, &["text\r\n"; 50]);
    assert!(results.iter().all(Result::is_ok));
    let reads = sandbox.seen.reads.load(SeqCst);
    // EHLO, the first envelope, 50 messages each with the next envelope, QUIT, the end.
    assert!(reads <= 55, "{reads} reads");
}

#[test]
fn a_batch_goes_on_over_a_new_connection_when_the_server_has_had_enough() {
    for capabilities in WAYS {
        let sandbox = Sandbox::start(Options { capabilities: capabilities.to_vec(), mails_a_connection: Some(7), ..Options::default() });
        let texts: Vec<String> = (0..40).map(|index| format!("mail {index}\r\n")).collect();
        let mails: Vec<Mail> = (0..40).map(|index| sized(index + 1, &["b@example.com"], &texts[index as usize])).collect();
        let results = Account::plain(sandbox.port).send_batch(&mails, &texts.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(results.iter().all(Result::is_ok), "{capabilities:?}: {results:?}");
        let accepted: Vec<String> = sandbox.accepted().into_iter().map(|(_, _, message)| String::from_utf8(message).unwrap()).collect();
        assert_eq!(accepted, texts, "{capabilities:?}");
        assert_eq!(sandbox.seen.connections.load(SeqCst), 6);
    }
}

#[test]
fn when_the_line_breaks_each_mail_of_a_window_has_its_own_doubt() {
    for capabilities in WAYS {
        let texts: Vec<String> = (0..6).map(|index| format!("mail {index}\r\n")).collect();
        let mails: Vec<Mail> = (0..6).map(|index| sized(index + 1, &["b@example.com"], &texts[index as usize])).collect();
        let run = |cut_in, cut_out| {
            let sandbox = Sandbox::start(Options { capabilities: capabilities.to_vec(), cut_in, cut_out, ..Options::default() });
            let results = Account::plain(sandbox.port).send_batch(&mails, &texts.iter().map(String::as_str).collect::<Vec<_>>());
            let accepted = sandbox.accepted();
            for (index, result) in results.iter().enumerate() {
                let copies = accepted.iter().filter(|(_, _, message)| *message == texts[index].as_bytes()).count();
                let place = format!("{capabilities:?} in {cut_in:?} out {cut_out:?} mail {index}");
                match result {
                    Ok(_) => assert_eq!(copies, 1, "{place}"),
                    Err(error) if error.status == Status::Uncertain => assert!(copies <= 1, "{place}"),
                    Err(error) => assert_eq!(copies, 0, "{place}: {error}"),
                }
            }
            (sandbox.seen.received.load(SeqCst), sandbox.seen.sent.load(SeqCst))
        };
        let (received, sent) = run(None, None);
        for at in (0..received).step_by(3) {
            run(Some(at), None);
        }
        for at in (0..sent).step_by(3) {
            run(None, Some(at));
        }
    }
}

#[test]
fn without_a_server_the_whole_batch_fails_at_once() {
    let began = Instant::now();
    let mails: Vec<Mail> = (1..=200).map(|stream| mail(stream, &["b@example.com"])).collect();
    let results = Account::plain(1).send_batch(&mails, &["x\r\n"; 200]);
    assert!(results.iter().all(|result| result.as_ref().is_err_and(|error| error.code == "net.refused")));
    assert!(began.elapsed() < Duration::from_secs(20));
}
