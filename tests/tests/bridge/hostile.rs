//! Clients that mean no good.

use crate::setup::{Client, Running, clear, taking, tls};
use postkontor_bridge::Limits;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

fn start(limits: Limits) -> Running {
    Running::start(&taking(clear()), limits)
}

/// A client that is about to send the bytes of a mail.
fn sending(bridge: &Running) -> Client {
    let mut client = Client::greeted(bridge.smtp.unwrap());
    client.play(&[("EHLO a", "250"), ("MAIL FROM:<a@b.c>", "250"), ("RCPT TO:<d@e.f>", "250"), ("DATA", "354")]);
    client
}

#[test]
fn a_line_without_end_is_refused_long_before_its_gigabyte() {
    let bridge = start(Limits::default());
    let mut stream = TcpStream::connect(bridge.smtp.unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let block = vec![b'A'; 1 << 16];
    // The bridge closes; how much fits into the buffers between is the system's affair.
    let sent = (0..1 << 14).take_while(|_| stream.write_all(&block).is_ok()).count();
    let mut said = Vec::new();
    drop(stream.read_to_end(&mut said));
    assert!(sent < 1 << 10, "{sent} blocks were taken");
    let mut patient = Client::greeted(bridge.smtp.unwrap());
    assert!(patient.say(&"A".repeat(13_000)).starts_with("500 5.5.2 Line too long"));
    assert_eq!(patient.rest(), "");
    assert!(Client::greeted(bridge.smtp.unwrap()).say(&format!("NOOP {}", "A".repeat(12_000))).starts_with("250"));
}

#[test]
fn no_smuggled_command_is_ever_heard() {
    let ends: [&[u8]; 9] = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\n\r.\r\n", b"\r\n.\r\r\n", b"\n\n"];
    for end in ends {
        let bridge = start(Limits::default());
        let mut client = sending(&bridge);
        let smuggled = b"MAIL FROM:<boss@b.c>\r\nRCPT TO:<victim@e.f>\r\nDATA\r\nSubject: smuggled\r\n\r\n.\r\nQUIT\r\n";
        client.send(&[b"Subject: x\r\n\r\ntext", end, smuggled].concat());
        let said = client.rest();
        assert!(said.starts_with("550 5.5.2") && said.lines().count() == 1, "{end:?}: {said}");
        assert!(bridge.mails().is_empty(), "{end:?}");
    }
}

#[test]
fn pipelined_garbage_ends_after_so_many_refusals() {
    let bridge = start(Limits { refusals: 5, ..Limits::default() });
    let mut client = Client::greeted(bridge.smtp.unwrap());
    client.send("\u{16}\u{3}\u{1}GET / HTTP/1.1\r\n".repeat(1000).as_bytes());
    let said = client.rest();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 6, "{said}");
    assert!(lines[..5].iter().all(|line| line.starts_with("500 ")) && lines[5].starts_with("421 4.7.0"), "{said}");
    let bridge = start(Limits { idle_commands: 5, ..Limits::default() });
    let mut client = Client::greeted(bridge.smtp.unwrap());
    client.send("NOOP\r\nRSET\r\n".repeat(100).as_bytes());
    assert!(client.rest().lines().last().unwrap().starts_with("421 4.7.0"));
}

#[test]
fn commands_behind_starttls_in_clear_text_are_not_heard_under_it() {
    let bridge = Running::start(&taking(tls("starttls", "1.2")), Limits::default());
    let mut client = Client::greeted(bridge.smtp.unwrap());
    client.send(b"STARTTLS\r\nMAIL FROM:<a@b.c>\r\n");
    let said = client.rest();
    assert!(said.starts_with("501 5.5.1") && said.lines().count() == 1, "{said}");
}

#[test]
fn connections_beyond_the_limit_get_a_line_and_the_others_go_on() {
    let bridge = start(Limits { connections: 20, ..Limits::default() });
    let address = bridge.smtp.unwrap();
    let mut held: Vec<Client> = (0..20).map(|_| Client::greeted(address)).collect();
    for _ in 0..2000 {
        assert!(Client::connected(address).reply().starts_with("421 4.7.0 Too many connections"));
    }
    held[7].play(&[("MAIL FROM:<a@b.c>", "250"), ("RCPT TO:<d@e.f>", "250"), ("DATA", "354"), ("Subject: x\r\n\r\n.", "250")]);
    held[7].play(&[("QUIT", "221")]);
    drop(held);
    let free =
        postkontor_tests::guard::until(Duration::from_secs(20), || Client::connected(address).reply().starts_with("220").then_some(()));
    assert!(free.is_some() && bridge.mails().len() == 1);
}

#[test]
fn a_client_that_drips_is_not_waited_for() {
    let short = Duration::from_millis(300);
    let bridge = start(Limits { introduction: short, ..Limits::default() });
    let mut dripping = Client::greeted(bridge.smtp.unwrap());
    // Each byte comes in time, and the line does not.
    dripping.send(b"E");
    assert!(dripping.rest().starts_with("421 4.4.2"));
    let bridge = start(Limits { silence: short, ..Limits::default() });
    let mut silent = sending(&bridge);
    silent.send(b"Subject: x\r\n");
    assert!(silent.rest().starts_with("421 4.4.2"));
    let bridge = start(Limits { mail: short, ..Limits::default() });
    let slow = sending(&bridge);
    assert!(slow.rest().starts_with("421 4.4.2"));
    assert!(bridge.mails().is_empty());
}

#[test]
fn a_client_that_is_cut_within_its_mail_leaves_nothing() {
    let bridge = start(Limits::default());
    let mut client = sending(&bridge);
    client.send(b"Subject: x\r\n\r\nhalf\r\n.");
    drop(client);
    let mut other = sending(&bridge);
    other.play(&[("Subject: y\r\n\r\nwhole\r\n.", "250")]);
    assert_eq!(bridge.mail().body(), "whole\r\n");
}
