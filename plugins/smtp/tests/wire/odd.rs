//! Servers whose replies are odd, or contradict each other: what is meant is understood, and nothing counts as sent that may not be.

use crate::account::{Account, mail, sized};
use crate::play::Act::{C, Close, Closed, S};
use crate::play::{Act, HELLO, play};
use postkontor_plugin::{Delivery, Error, Mail, SessionState, Stage, Status, Verdict};

const ENVELOPE: &str = "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n";
const DATA: &str = "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n";
const BDAT: &str = "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nBDAT 3 LAST\r\na\r\n";

fn pipelining() -> [Act; 3] {
    [S("220 x\r\n"), HELLO, S("250-x\r\n250 PIPELINING\r\n")]
}

fn chunking() -> [Act; 3] {
    [S("220 x\r\n"), HELLO, S("250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n")]
}

fn act(hello: [Act; 3], rest: Vec<Act>) -> Vec<Act> {
    hello.into_iter().chain(rest).collect()
}

/// Sends one mail, and says whether the server closed behind it.
fn send(script: Vec<Act>) -> Result<postkontor_plugin::Sent, Error> {
    let script = play(script);
    let result = Account::plain(script.port).send(&mail(1, &["b@example.com"]), "a\r\n");
    script.end();
    result
}

#[test]
fn replies_with_tabs_without_text_and_with_empty_lines_are_understood() {
    for (mail_from, rcpt, go, queued) in [
        ("250\tok\r\n", "250\t2.1.5 ok\r\n", "354\tgo\r\n", "250\tqueued\r\n"),
        ("250-\r\n250 ok\r\n", "250\r\n", "354\r\n", "250-\r\n250\r\n"),
        ("\r\n250 ok\r\n", "250-ok\r\n\r\n250 ok\r\n", "354 go\r\n\r\n", "250 queued\r\n\r\n"),
        ("250 ok\n", "250 ok\n", "354 go\n", "\n250 queued\n\n"),
        ("250-2.1.0 ok\r\n251 forwarded\r\n", "251-x\r\n250 ok\r\n", "354-so\r\n354 go\r\n", "250-a\r\n252 b\r\n"),
    ] {
        let script = vec![
            S("220-\r\n220\tx\r\n"),
            HELLO,
            S("250-x\r\n\r\n250\t8BITMIME\r\n"),
            C("MAIL FROM:<a@example.com>\r\n"),
            S(mail_from),
            C("RCPT TO:<b@example.com>\r\n"),
            S(rcpt),
            C("DATA\r\n"),
            S(go),
            C("a\r\n.\r\n"),
            S(queued),
            C("QUIT\r\n"),
        ];
        let sent = send(script).unwrap();
        assert_eq!(sent.recipients[0].status, Verdict::Accepted, "{mail_from:?}");
    }
}

#[test]
fn a_reply_that_says_both_yes_and_no_is_none() {
    let error = send(act(pipelining(), vec![C(DATA), S("250 ok\r\n250-ok\r\n550 no\r\n354 go\r\n"), Closed])).unwrap_err();
    assert_eq!((error.status, error.delivery), (Status::Protocol, Delivery::None));
    let error = send(act(chunking(), vec![C(BDAT), S("250 ok\r\n250 ok\r\n250-ok\r\n554 no\r\n"), Closed])).unwrap_err();
    assert_eq!((error.status, error.delivery), (Status::Uncertain, Delivery::Unknown));
}

#[test]
fn a_refused_sender_counts_whatever_is_accepted_after_it() {
    // One command after the other.
    let commands =
        vec![S("220 x\r\n"), HELLO, S("250 x\r\n"), C("MAIL FROM:<a@example.com>\r\n"), S("550 5.7.1 not you\r\n"), C("QUIT\r\n")];
    let error = send(commands).unwrap_err();
    assert_eq!((error.code.as_str(), error.delivery, error.session), ("sender.refused", Delivery::None, SessionState::Usable));

    // The message was not sent yet: it never is, and no empty one in its place.
    let error = send(act(pipelining(), vec![C(DATA), S("550 5.7.1 not you\r\n250 ok\r\n354 go\r\n"), Closed])).unwrap_err();
    assert_eq!((error.status, error.code.as_str(), error.stage), (Status::Refused, "sender.refused", Some(Stage::Sender)));
    assert_eq!((error.delivery, error.server.as_ref().unwrap().code), (Delivery::None, 550));
    let error = send(act(pipelining(), vec![C(DATA), S("550 5.7.1 not you\r\n250 ok\r\n503 no\r\n"), C("QUIT\r\n")])).unwrap_err();
    assert_eq!((error.code.as_str(), error.delivery), ("sender.refused", Delivery::None));

    // The message has left with its envelope: whether it is delivered is unknown.
    let error = send(act(chunking(), vec![C(BDAT), S("550 5.7.1 not you\r\n250 ok\r\n250 queued\r\n"), C("QUIT\r\n")])).unwrap_err();
    assert_eq!((error.status, error.delivery, error.recipients[0].status), (Status::Uncertain, Delivery::Unknown, Verdict::Unknown));
    assert_eq!(error.server.as_ref().unwrap().code, 550);
    let error = send(act(chunking(), vec![C(BDAT), S("550 5.7.1 not you\r\n250 ok\r\n503 no\r\n"), C("QUIT\r\n")])).unwrap_err();
    assert_eq!((error.code.as_str(), error.delivery), ("sender.refused", Delivery::None));
}

#[test]
fn a_large_message_is_not_sent_for_a_refused_sender() {
    let message = "x\r\n".repeat(400_000);
    let script = play(act(chunking(), vec![C(ENVELOPE), S("550 not you\r\n250 ok\r\n"), C("QUIT\r\n"), S("221 bye\r\n"), Closed]));
    let mut account = Account::plain(script.port);
    let error = account.send(&sized(1, &["b@example.com"], &message), &message).unwrap_err();
    assert_eq!((error.code.as_str(), error.delivery), ("sender.refused", Delivery::None));
    drop(account);
    script.end();
}

#[test]
fn recipients_who_are_too_many_are_named_for_the_next_transaction() {
    let places = |second: &'static str| {
        let replies: &'static str = Box::leak(format!("250 ok\r\n250 ok\r\n{second}\r\n550 unknown\r\n250 queued\r\n").into_boxed_str());
        let envelope = "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nRCPT TO:<c@example.com>\r\nRCPT TO:<d@example.com>\r\n\
                        BDAT 3 LAST\r\na\r\n";
        let script = play(act(chunking(), vec![C(envelope), S(replies), C("QUIT\r\n")]));
        let sent = Account::plain(script.port).send(&mail(1, &["b@example.com", "c@example.com", "d@example.com"]), "a\r\n").unwrap();
        script.end();
        assert_eq!(
            sent.recipients.iter().map(|answer| answer.status).collect::<Vec<_>>(),
            [Verdict::Accepted, Verdict::Refused, Verdict::Refused]
        );
        sent.next_transaction
    };
    assert_eq!(places("452 too many recipients"), [1]);
    assert_eq!(places("452 4.5.3 too many recipients"), [1]);
    assert_eq!(places("552 5.5.3 too many recipients"), [1]);
    // A full mailbox, a full disk, and any other refusal are none of it.
    for other in ["452 4.2.2 mailbox full", "452 4.3.1 disk full", "552 mailbox full", "450 4.7.1 grey", "550 5.5.3 no"] {
        assert!(places(other).is_empty(), "{other}");
    }
}

/// Sends two mails in one window.
fn two(rest: Vec<Act>) -> Vec<Result<postkontor_plugin::Sent, Error>> {
    let both = "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nBDAT 3 LAST\r\na\r\nRSET\r\n\
                MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nBDAT 3 LAST\r\nb\r\n";
    let script = play(act(chunking(), std::iter::once(C(both)).chain(rest).collect()));
    let mails = [sized(1, &["b@example.com"], "a\r\n"), sized(2, &["b@example.com"], "b\r\n")];
    let results = Account::plain(script.port).send_batch(&mails, &["a\r\n", "b\r\n"]);
    script.end();
    results
}

fn status(result: &Result<postkontor_plugin::Sent, Error>) -> Status {
    result.as_ref().err().map_or(Status::Ok, |error| error.status)
}

#[test]
fn a_server_that_goes_on_after_its_farewell_may_have_taken_what_it_was_sent() {
    // It says 421 to the second mail, and accepts it all the same: sent again, it would arrive twice.
    let results = two(vec![S("250 ok\r\n250 ok\r\n250 queued\r\n250 reset\r\n421 too busy\r\n250 ok\r\n250 queued\r\n"), Closed]);
    assert_eq!([status(&results[0]), status(&results[1])], [Status::Ok, Status::Uncertain]);
    // To the first, and accepts the second.
    let results = two(vec![S("250 ok\r\n250 ok\r\n421 busy\r\n250 reset\r\n250 ok\r\n250 ok\r\n250 queued\r\n"), Closed]);
    assert_eq!([status(&results[0]), status(&results[1])], [Status::Later, Status::Uncertain]);
}

#[test]
fn a_server_that_refuses_what_follows_its_farewell_has_taken_nothing() {
    let again = [C(BDAT_B), S("250 ok\r\n250 ok\r\n250 queued\r\n"), C("QUIT\r\n")];
    let first = "250 ok\r\n250 ok\r\n250 queued\r\n250 reset\r\n421 too many\r\n503 no\r\n503 no\r\n";
    let results = two([S(first), Close].into_iter().chain(chunking()).chain(again).collect());
    assert_eq!([status(&results[0]), status(&results[1])], [Status::Ok, Status::Ok]);
}

const BDAT_B: &str = "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nBDAT 3 LAST\r\nb\r\n";

#[test]
fn one_answer_too_many_leaves_all_mails_of_its_window_in_doubt() {
    // The surplus answer comes first, so that the refusal of the first mail looks like the answer to RSET.
    let results = two(vec![S("250 surprise\r\n250 ok\r\n250 ok\r\n554 refused\r\n"), Closed]);
    assert_eq!([status(&results[0]), status(&results[1])], [Status::Uncertain, Status::Uncertain]);
    // It is never noticed before the end.
    let results =
        two(vec![S("250 surprise\r\n250 ok\r\n250 ok\r\n250 queued\r\n250 reset\r\n250 ok\r\n250 ok\r\n554 refused\r\n"), Closed]);
    assert_eq!([status(&results[0]), status(&results[1])], [Status::Uncertain, Status::Uncertain]);
}

#[test]
fn an_answer_too_many_before_the_next_envelope_leaves_the_mail_before_it_in_doubt() {
    let script = play(act(
        pipelining(),
        vec![
            C(DATA),
            S("250 ok\r\n250 ok\r\n354 go\r\n"),
            C("a\r\n.\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"),
            // The first of these answers nothing; the refusal of the first mail looks like that of the second one's sender.
            S("250 surprise\r\n554 refused\r\n250 ok\r\n250 ok\r\n354 go\r\n"),
            Closed,
        ],
    ));
    let mails: Vec<Mail> = (1..=2).map(|stream| mail(stream, &["b@example.com"])).collect();
    let results = Account::plain(script.port).send_batch(&mails, &["a\r\n", "b\r\n"]);
    script.end();
    assert_eq!(status(&results[0]), Status::Uncertain);
    assert!(results[1].is_err());
}
