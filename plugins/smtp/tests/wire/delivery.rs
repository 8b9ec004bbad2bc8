//! How a mail is handed over, to the byte.

use crate::account::{Account, mail, sized};
use crate::play::Act::{Bytes, C, Close, Closed, S, Sent};
use crate::play::{Act, HELLO, play};
use crate::sandbox::{Options, Sandbox};
use postkontor_plugin::serde_json::json;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Mail, Retry, SessionState, Stage, Status, Transport, Verdict};
use std::sync::atomic::Ordering::SeqCst;

#[test]
fn with_pipelining_and_chunking_a_mail_is_one_write() {
    let script = play(vec![
        S("220 x\r\n"),
        HELLO,
        S("250-x\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250 CHUNKING\r\n"),
        C("MAIL FROM:<a@example.com> SIZE=14\r\nRCPT TO:<b@example.com>\r\nRCPT TO:<c@example.com>\r\nBDAT 14 LAST\r\nSubject: x\r\n\r\n"),
        S("250 2.1.0 ok\r\n250 2.1.5 ok\r\n250 2.1.5 ok\r\n250 2.0.0 queued as 7\r\n"),
        C("QUIT\r\n"),
        S("221 bye\r\n"),
        Closed,
    ]);
    let mut account = Account::plain(script.port);
    let message = "Subject: x\r\n\r\n";
    let sent = account.send(&sized(1, &["b@example.com", "c@example.com"], message), message).unwrap();
    assert_eq!(sent.size, 14);
    assert!(sent.recipients.iter().all(|answer| answer.status == Verdict::Accepted));
    let reply = sent.reply.unwrap();
    assert_eq!((reply.code, reply.enhanced.as_deref(), reply.text.as_str()), (250, Some("2.0.0"), "queued as 7"));
    drop(account);
    script.end();
}

#[test]
fn with_pipelining_alone_the_envelope_is_one_write_and_the_message_with_its_end_another() {
    let script = play(vec![
        S("220 x\r\n"),
        HELLO,
        S("250-x\r\n250 PIPELINING\r\n"),
        C("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"),
        S("250 ok\r\n250 ok\r\n354 go\r\n"),
        C("..a\r\nb\r\n.\r\n"),
        S("250 queued\r\n"),
        C("QUIT\r\n"),
    ]);
    let mut account = Account::plain(script.port);
    account.send(&mail(1, &["b@example.com"]), ".a\r\nb\r\n").unwrap();
    drop(account);
    script.end();
}

#[test]
fn without_extensions_each_command_waits_for_its_answer() {
    let script = play(vec![
        S("220 x\r\n"),
        HELLO,
        S("250 x\r\n"),
        C("MAIL FROM:<a@example.com>\r\n"),
        S("250 ok\r\n"),
        C("RCPT TO:<b@example.com>\r\n"),
        S("250 ok\r\n"),
        C("DATA\r\n"),
        S("354 go\r\n"),
        C("a\r\n.\r\n"),
        S("250 queued\r\n"),
    ]);
    Account::plain(script.port).send(&mail(1, &["b@example.com"]), "a\r\n").unwrap();
    script.end();
}

#[test]
fn a_server_that_knows_no_ehlo_is_greeted_by_helo() {
    let script = play(vec![
        S("220 x\r\n"),
        HELLO,
        S("502 what?\r\n"),
        C("HELO client.example\r\n"),
        S("250 x\r\n"),
        C("MAIL FROM:<>\r\n"),
        S("250 ok\r\n"),
        C("RCPT TO:<b@example.com>\r\n"),
        S("250 ok\r\n"),
        C("DATA\r\n"),
        S("354 go\r\n"),
        // The missing end of the last line is added, and no more than that.
        C("a\r\n.\r\n"),
        S("250 queued\r\n"),
    ]);
    Account::plain(script.port).send(&Mail { from: String::new(), ..mail(1, &["b@example.com"]) }, "a").unwrap();
    script.end();
}

#[test]
fn a_refused_recipient_does_not_stop_the_others() {
    for capabilities in [vec![], vec!["PIPELINING"], vec!["PIPELINING", "CHUNKING"]] {
        let sandbox = Sandbox::start(Options { capabilities, ..Options::default() });
        let mut account = Account::plain(sandbox.port);
        let recipients = ["b@example.com", "refused@example.com", "later@example.com", "c@example.com"];
        let sent = account.send(&mail(1, &recipients), "a\r\n").unwrap();
        let statuses: Vec<Verdict> = sent.recipients.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [Verdict::Accepted, Verdict::Refused, Verdict::Refused, Verdict::Accepted]);
        let reply = &sent.recipients[1].reply;
        assert_eq!((reply.code, reply.enhanced.as_deref(), reply.text.as_str()), (550, Some("5.1.1"), "unknown"));
        assert_eq!(sandbox.accepted()[0].1, ["b@example.com", "c@example.com"]);
    }
}

#[test]
fn when_all_are_refused_the_session_goes_on_with_the_next_mail() {
    for capabilities in [vec![], vec!["PIPELINING"], vec!["PIPELINING", "CHUNKING"]] {
        let sandbox = Sandbox::start(Options { capabilities: capabilities.clone(), ..Options::default() });
        let mut account = Account::plain(sandbox.port);
        let error = account.send(&mail(1, &["refused@example.com"]), "a\r\n").unwrap_err();
        assert_eq!((error.status, error.code.as_str(), error.stage), (Status::Refused, "recipients.all_refused", Some(Stage::Recipients)));
        assert_eq!(
            (error.session, error.recipients[0].status, error.recipients[0].reply.code),
            (SessionState::Usable, Verdict::Refused, 550)
        );
        let error = account.send(&mail(1, &["refused@example.com", "later@example.com"]), "a\r\n").unwrap_err();
        assert_eq!((error.status, error.retry), (Status::Later, Retry::Later));
        account.send(&mail(1, &["b@example.com"]), "b\r\n").unwrap();
        assert_eq!(sandbox.seen.connections.load(SeqCst), 1, "{capabilities:?}");
        let accepted = sandbox.accepted();
        assert_eq!((accepted.len(), accepted[0].1.as_slice()), (1, &["b@example.com".to_owned()][..]));
    }
}

#[test]
fn a_server_that_wants_a_message_without_recipients_gets_an_empty_one() {
    let script = play(vec![
        S("220 x\r\n"),
        HELLO,
        S("250-x\r\n250 PIPELINING\r\n"),
        C("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"),
        S("250 ok\r\n550 no\r\n354 go\r\n"),
        C(".\r\n"),
        S("554 no recipients\r\n"),
        C("RSET\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<c@example.com>\r\nDATA\r\n"),
        S("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"),
        C("a\r\n.\r\n"),
        S("250 ok\r\n"),
    ]);
    let mut account = Account::plain(script.port);
    let error = account.send(&mail(1, &["b@example.com"]), "secret\r\n").unwrap_err();
    assert_eq!((error.status, error.server.as_ref().unwrap().code), (Status::Refused, 550));
    account.send(&mail(1, &["c@example.com"]), "a\r\n").unwrap();
    script.end();
}

#[test]
fn a_refused_message_is_refused_for_each_recipient() {
    for capabilities in [vec![], vec!["PIPELINING"], vec!["PIPELINING", "CHUNKING"]] {
        let sandbox = Sandbox::start(Options { capabilities, ..Options::default() });
        let mut account = Account::plain(sandbox.port);
        let error = account.send(&mail(1, &["b@example.com", "refused@example.com"]), "please no!\r\n").unwrap_err();
        assert_eq!((error.status, error.code.as_str(), error.stage), (Status::Refused, "content.refused", Some(Stage::Acceptance)));
        let codes: Vec<u16> = error.recipients.iter().map(|answer| answer.reply.code).collect();
        assert_eq!(codes, [554, 550]);
        account.send(&mail(1, &["b@example.com"]), "b\r\n").unwrap();
        assert_eq!(sandbox.seen.connections.load(SeqCst), 1);
    }
}

#[test]
fn what_is_too_large_is_refused_before_anything_of_it_is_sent() {
    let script = play(vec![S("220 x\r\n"), HELLO, S("250-x\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 SIZE 5\r\n"), C("QUIT\r\n")]);
    let mut account = Account::plain(script.port);
    for size in [Some(6), None] {
        let error = account.send(&Mail { size, ..mail(1, &["b@example.com"]) }, "abcd\r\n").unwrap_err();
        assert_eq!((error.status, error.code.as_str(), error.session), (Status::Refused, "message.too_large", SessionState::Usable));
        assert_eq!((&error.args["size"], &error.args["limit"]), (&json!(6), &json!(5)));
    }
    drop(account);
    script.end();
}

#[test]
fn addresses_beyond_ascii_need_a_server_that_knows_them() {
    let sandbox = Sandbox::start(Options { capabilities: vec!["PIPELINING", "8BITMIME"], ..Options::default() });
    let error = Account::plain(sandbox.port).send(&mail(1, &["jörg@example.com"]), "a\r\n").unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Refused, "message.smtputf8_unsupported"));
    let sandbox = Sandbox::start(Options { capabilities: vec!["PIPELINING", "8BITMIME", "SMTPUTF8"], ..Options::default() });
    Account::plain(sandbox.port).send(&mail(1, &["jörg@example.com"]), "a\r\n").unwrap();
    assert_eq!(sandbox.accepted()[0].1, ["jörg@example.com"]);
}

#[test]
fn dots_are_doubled_at_every_boundary_of_blocks_and_messages_arrive_unchanged() {
    let mut message = String::from(".first\r\n");
    while message.len() < 300_000 {
        message.push_str("..\r\n.\r\n.x\r\n\r\n");
    }
    for capabilities in [vec![], vec!["PIPELINING"], vec!["PIPELINING", "CHUNKING"]] {
        for at_once in [usize::MAX, 4096, 4099] {
            let sandbox = Sandbox::start(Options { capabilities: capabilities.clone(), ..Options::default() });
            let mut account = Account::plain(sandbox.port);
            let host = TestHost::new().with_message(message.as_str()).giving_at_once(at_once);
            let call = host.call();
            let mail = sized(1, &["b@example.com"], &message);
            let sent = account.0.send(&mail, &mut call.body(1), &call).unwrap();
            assert_eq!(sent.size, message.len() as u64);
            assert!(sandbox.accepted()[0].2 == message.as_bytes(), "{capabilities:?} {at_once}");
        }
    }
}

#[test]
fn a_large_message_goes_in_blocks_after_the_server_has_agreed_to_its_envelope() {
    let line = "0123456789".repeat(7) + "\r\n";
    for blocks in [1, 2, 9] {
        // Exactly full blocks, and one byte to either side; once with and once without the size known.
        for more in [-1, 0, 1] {
            let length = (blocks * 512 * 1024 + more) as usize;
            let mut message = line.repeat(length / line.len() + 1);
            message.truncate(length - 2);
            message = message.trim_end_matches('\r').trim_end_matches('\n').trim_end_matches('\r').to_owned();
            while message.len() < length - 2 {
                message.push('x');
            }
            message.push_str("\r\n");
            for mail in [sized(1, &["b@example.com"], &message), mail(1, &["b@example.com"])] {
                let sandbox = Sandbox::start(Options { capabilities: vec!["PIPELINING", "CHUNKING", "SIZE"], ..Options::default() });
                let sent = Account::plain(sandbox.port).send(&mail, &message).unwrap();
                assert_eq!(sent.size, length as u64);
                assert!(sandbox.accepted()[0].2 == message.as_bytes(), "{blocks} {more}");
            }
        }
    }
}

#[test]
fn a_large_message_is_not_sent_to_a_server_that_refuses_its_envelope() {
    let message = "x\r\n".repeat(400_000);
    let sandbox = Sandbox::start(Options { capabilities: vec!["PIPELINING", "CHUNKING"], ..Options::default() });
    let mut account = Account::plain(sandbox.port);
    let error = account.send(&sized(1, &["refused@example.com"], &message), &message).unwrap_err();
    assert_eq!(error.code, "recipients.all_refused");
    account.send(&mail(1, &["b@example.com"]), "a\r\n").unwrap();
    assert!(sandbox.seen.received.load(SeqCst) < 1000);
}

#[test]
fn a_source_that_fails_in_mid_message_closes_the_connection_and_completes_nothing() {
    let message = "x\r\n".repeat(400_000);
    for capabilities in [vec![], vec!["PIPELINING"], vec!["PIPELINING", "CHUNKING"]] {
        let sandbox = Sandbox::start(Options { capabilities: capabilities.clone(), ..Options::default() });
        let mut account = Account::plain(sandbox.port);
        let host = TestHost::new().with_message(message.as_str()).failing_after(700_000);
        let call = host.call();
        let error = account.0.send(&sized(1, &["b@example.com"], &message), &mut call.body(1), &call).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Local, "message.source_failed"), "{capabilities:?}");
        assert_eq!(error.session, SessionState::Closed);
        account.send(&mail(1, &["b@example.com"]), "after\r\n").unwrap();
        let accepted = sandbox.accepted();
        assert_eq!((accepted.len(), accepted[0].2.as_slice()), (1, &b"after\r\n"[..]));
        assert_eq!(sandbox.seen.connections.load(SeqCst), 2);
    }
}

#[test]
fn a_source_that_fails_at_once_leaves_the_connection_alone_where_nothing_was_sent() {
    let sandbox = Sandbox::start(Options { capabilities: vec!["PIPELINING", "CHUNKING"], ..Options::default() });
    let mut account = Account::plain(sandbox.port);
    let host = TestHost::new().with_message("a\r\n").failing_after(0);
    let call = host.call();
    let error = account.0.send(&mail(1, &["b@example.com"]), &mut call.body(1), &call).unwrap_err();
    assert_eq!((error.code.as_str(), error.session), ("message.source_failed", SessionState::Usable));
    account.send(&mail(1, &["b@example.com"]), "a\r\n").unwrap();
    assert_eq!(sandbox.seen.connections.load(SeqCst), 1);
}

#[test]
fn a_kept_connection_is_used_again_and_a_dead_one_replaced_in_silence() {
    let envelope = "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n";
    let hello = || [S("220 x\r\n"), HELLO, S("250-x\r\n250 PIPELINING\r\n")];
    let whole = || [C(envelope), S("250 ok\r\n250 ok\r\n354 go\r\n"), C("a\r\n.\r\n"), S("250 ok\r\n")];
    let mut script: Vec<Act> = Vec::new();
    script.extend(hello());
    script.extend(whole());
    script.extend(whole());
    // The server replies 421 and closes between two calls; later it refuses MAIL that way.
    script.extend([S("421 idle\r\n"), Close]);
    script.extend(hello());
    script.extend(whole());
    script.extend([C(envelope), S("421 enough\r\n"), Close]);
    script.extend(hello());
    script.extend(whole());
    let script = play(script);
    let mut account = Account::plain(script.port);
    for _ in 0..4 {
        account.send(&mail(1, &["b@example.com"]), "a\r\n").unwrap();
    }
    script.end();
}

#[test]
fn a_fresh_connection_is_not_replaced() {
    let script = play(vec![S("220 x\r\n"), HELLO, S("250-x\r\n250 PIPELINING\r\n"), C("MAIL"), S("421 4.3.2 enough\r\n"), Close]);
    let error = Account::plain(script.port).send(&mail(1, &["b@example.com"]), "a\r\n").unwrap_err();
    assert_eq!((error.status, error.code.as_str(), error.session), (Status::Later, "smtp.closing", SessionState::Closed));
    assert_eq!(error.server.as_ref().unwrap().enhanced.as_deref(), Some("4.3.2"));
    script.end();
}

#[test]
fn greetings_that_are_none_are_told_apart() {
    let greeted = |greeting: &'static str| {
        let script = play(vec![S(greeting), Close]);
        let error = Account::plain(script.port).send(&mail(1, &["b@example.com"]), "a\r\n").unwrap_err();
        assert_eq!(error.stage, Some(Stage::Greeting));
        script.end();
        (error.status, error.code.clone())
    };
    assert_eq!(greeted("554 no mail here\r\n"), (Status::Refused, "smtp.refused".to_owned()));
    assert_eq!(greeted("421 come back\r\n"), (Status::Later, "smtp.closing".to_owned()));
    assert_eq!(greeted("450 busy\r\n"), (Status::Later, "smtp.not_now".to_owned()));
    assert_eq!(greeted("* OK IMAP4rev1 ready\r\n"), (Status::Protocol, "smtp.not_smtp".to_owned()));
    assert_eq!(greeted("").0, Status::Network);
}

#[test]
fn replies_in_any_character_set_are_read() {
    let script = play(vec![
        Bytes(b"220-Gr\xfc\xdfe\r\n220 x\r\n".to_vec()),
        HELLO,
        S("250 x\r\n"),
        C("MAIL FROM:<a@example.com>\r\n"),
        Bytes(b"550 5.7.1 Zur\xfcckgewiesen\x1b[31m\r\n".to_vec()),
    ]);
    let error = Account::plain(script.port).send(&mail(1, &["b@example.com"]), "a\r\n").unwrap_err();
    let reply = error.server.as_ref().unwrap();
    assert!(reply.text.starts_with("Zur") && reply.text.contains("ckgewiesen") && !reply.text.contains('\x1b'), "{:?}", reply.text);
    script.end();
}

#[test]
fn a_login_that_mail_needs_is_asked_for() {
    let script = play(vec![S("220 x\r\n"), HELLO, S("250 x\r\n"), C("MAIL FROM:<a@example.com>\r\n"), S("530 5.7.0 login first\r\n")]);
    let error = Account::plain(script.port).send(&mail(1, &["b@example.com"]), "a\r\n").unwrap_err();
    assert_eq!((error.status, error.code.as_str(), error.retry), (Status::Auth, "auth.required", Retry::Changed));
    script.end();
}

#[test]
fn a_server_that_closes_in_mid_message_is_quoted_with_its_reason() {
    let message = "x\r\n".repeat(4_000_000);
    let sandbox = play(vec![
        S("220 x\r\n"),
        HELLO,
        S("250-x\r\n250 PIPELINING\r\n"),
        C("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"),
        S("250 ok\r\n250 ok\r\n354 go\r\n"),
        Sent(message.as_bytes()[..300_000].to_vec()),
        S("552 5.3.4 too much\r\n"),
        Close,
    ]);
    let error = Account::plain(sandbox.port).send(&mail(1, &["b@example.com"]), &message).unwrap_err();
    // Whether the reason is seen before the connection is gone is up to the network; the message is not delivered either way.
    assert!(matches!(error.code.as_str(), "message.too_large" | "net.closed_by_server" | "net.broken"), "{error:?}");
    assert_eq!(error.delivery, postkontor_plugin::Delivery::None);
    sandbox.end();
}
