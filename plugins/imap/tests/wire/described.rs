//! Messages that come together with their data, and unwanted bytes on the way.

use crate::account::{account, fetch, receive};
use crate::hostile::server;
use postkontor_plugin::serde_json::json;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Action, Incoming, ReceiveRequest, Summary};
use std::io::Write;
use std::sync::{Arc, Mutex};

/// How a server tells of a message: what stands before the body, and what behind it. `UID`, `FLAGS` and `DATE` stand for the items.
type Form = (&'static str, &'static str);

const USUAL: Form = ("UID FLAGS DATE ", "");

type Heard = Arc<Mutex<Vec<String>>>;

/// A server with so many messages of so many bytes, and what it hears.
fn folder(messages: usize, bytes: usize, form: Form) -> (u16, Heard) {
    let heard = Heard::default();
    let shared = heard.clone();
    let mut deleted = Vec::new();
    let port = server(
        "* OK ready\r\n",
        Box::new(move |tag, command, stream| {
            shared.lock().unwrap().push(command.to_owned());
            let set = command.split(' ').nth(2).unwrap_or_default().to_owned();
            let asked = |uid: usize| {
                let within = |range: &str| {
                    let (start, end) = range.split_once(':').unwrap_or((range, range));
                    start.parse::<usize>().unwrap() <= uid && uid <= end.parse::<usize>().unwrap()
                };
                set.split(',').any(within)
            };
            if command.starts_with("UID FETCH") {
                let is_body = command.contains("BODY");
                for uid in (1..=messages).filter(|uid| asked(*uid) && !deleted.contains(uid)) {
                    let item = |text: &str| {
                        let flags = if command.contains("FLAGS") { "FLAGS (\\Flagged)" } else { "X NIL" };
                        let date = if command.contains("DATE") { "INTERNALDATE \"20-Nov-2026 10:00:00 +0100\"" } else { "Y NIL" };
                        text.replace("UID", &format!("UID {uid}")).replace("FLAGS", flags).replace("DATE", date)
                    };
                    let (before, behind) = (item(form.0), item(form.1));
                    if is_body {
                        stream.write_all(format!("* {uid} FETCH ({before}BODY[] {{{bytes}}}\r\n").as_bytes())?;
                        stream.write_all(&vec![b'x'; bytes])?;
                        stream.write_all(format!("{behind})\r\n").as_bytes())?;
                    } else {
                        stream.write_all(
                            format!("* {uid} FETCH ({} RFC822.SIZE {bytes})\r\n", format!("{before}{}", behind.trim_start()).trim())
                                .as_bytes(),
                        )?;
                    }
                }
            } else if command.starts_with("UID SEARCH") {
                let found: String = (1..=messages).filter(|uid| !deleted.contains(uid)).map(|uid| format!(" {uid}")).collect();
                stream.write_all(format!("* SEARCH{found}\r\n").as_bytes())?;
            } else if command.starts_with("UID EXPUNGE") {
                deleted.extend((1..=messages).filter(|uid| asked(*uid)));
            } else {
                return Ok(false);
            }
            stream.write_all(format!("{tag} OK done\r\n").as_bytes())?;
            Ok(true)
        }),
    );
    (port, heard)
}

fn sets(heard: &Heard, items: &str) -> Vec<String> {
    let heard = heard.lock().unwrap();
    heard.iter().filter(|command| command.ends_with(items)).filter_map(|command| Some(command.split(' ').nth(2)?.to_owned())).collect()
}

const DESCRIBED: &str = "(UID FLAGS INTERNALDATE BODY.PEEK[])";
const LOOK: &str = "(UID FLAGS INTERNALDATE RFC822.SIZE)";
const BODIES: &str = "(UID BODY.PEEK[])";

fn announced(host: &TestHost) -> Vec<Incoming> {
    host.fetched().iter().map(|fetched| fetched.incoming.clone()).collect()
}

fn assert_described(announced: &[Incoming], count: usize, bytes: usize) {
    let ids: Vec<_> = announced.iter().map(|incoming| incoming.id.as_str()).collect();
    assert_eq!(ids, (1..=count).map(|uid| format!("{uid}.7.INBOX")).collect::<Vec<_>>());
    for incoming in announced {
        assert_eq!((incoming.size, incoming.flags.as_slice()), (Some(bytes as u64), &["\\Flagged".to_owned()][..]));
        assert_eq!(incoming.received.as_deref(), Some("2026-11-20T10:00:00+01:00"));
    }
}

#[test]
fn messages_come_with_what_is_told_of_them_in_windows_that_follow_their_size() {
    // The first two windows of the large ones have room for 4 MiB; how large the third is tells the time that they took.
    for (count, bytes, windows) in [(700, 10, &["1:16", "17:80", "81:336", "337:700"][..]), (57, 100_000, &["1:16", "17:57"])] {
        let (port, heard) = folder(count, bytes, USUAL);
        let host = TestHost::new();
        let received = fetch(&mut account(port, json!({})), None, &host).unwrap();
        assert!(received.interrupted.is_none() && !received.more);
        assert_described(&announced(&host), count, bytes);
        assert_eq!(sets(&heard, DESCRIBED), windows);
        assert!(sets(&heard, LOOK).is_empty() && sets(&heard, BODIES).is_empty(), "{heard:?}");
    }
}

#[test]
fn what_the_program_does_not_want_to_know_is_not_asked_for() {
    for (form, looks) in [(USUAL, 0), (("", " UID"), 2)] {
        let (port, heard) = folder(30, 100, form);
        let host = TestHost::new();
        let request = ReceiveRequest { summary: Summary::None, ..ReceiveRequest::default() };
        let received = receive(30, &mut account(port, json!({})), &request, &host).unwrap();
        assert!(received.interrupted.is_none(), "{received:?}");
        let data: Vec<_> = announced(&host).into_iter().map(|message| (message.size, message.flags.len(), message.received)).collect();
        assert_eq!(data, vec![(Some(100), 0, None); 30]);
        assert_eq!(sets(&heard, "(UID RFC822.SIZE)").len(), looks, "{heard:?}");
        assert!(!heard.lock().unwrap().iter().any(|command| command.contains("FLAGS") || command.contains("DATE")), "{heard:?}");
    }
}

#[test]
fn no_command_is_longer_than_a_server_has_to_take() {
    let (port, heard) = folder(6000, 10, USUAL);
    let host = TestHost::new().answering_with(|number, _| if number % 2 == 0 { Action::Delete } else { Action::Keep });
    let mut account = account(port, json!({}));
    let received = fetch(&mut account, None, &host).unwrap();
    assert!(received.interrupted.is_none(), "{received:?}");
    let longest = heard.lock().unwrap().iter().map(String::len).max().unwrap();
    assert!((7000..8000).contains(&longest), "{longest}");
    let host = TestHost::new();
    fetch(&mut account, None, &host).unwrap();
    assert_eq!(host.ids(), (1..=6000).step_by(2).map(|uid| format!("{uid}.7.INBOX")).collect::<Vec<_>>());
}

#[test]
fn what_stands_behind_the_body_is_asked_for_before() {
    for form in [("", "UID FLAGS DATE"), ("UID ", "FLAGS DATE"), ("UID FLAGS ", "DATE"), ("FLAGS DATE ", "UID"), ("UID DATE ", "FLAGS")] {
        let form = (form.0, if form.1.is_empty() { "" } else { Box::leak(format!(" {}", form.1).into_boxed_str()) });
        for (count, bytes) in [(30, 100), (3, 5_000_000)] {
            let (port, heard) = folder(count, bytes, form);
            let host = TestHost::new().answering(Action::Delete);
            let received = fetch(&mut account(port, json!({})), None, &host).unwrap();
            assert!(received.interrupted.is_none(), "{form:?}: {received:?}");
            assert_described(&announced(&host), count, bytes);
            assert_eq!(sets(&heard, DESCRIBED).len(), 1, "{form:?}");
            assert_eq!(received.state, format!("imap:1;7;1:{count};;"));
            // Bodies of unknown messages are not read for ever.
            let logins = heard.lock().unwrap().iter().filter(|command| command.starts_with("LOGIN")).count();
            assert_eq!(logins, if bytes == 100 { 1 } else { 2 }, "{form:?}");
        }
    }
}

#[test]
fn after_a_stop_few_unwanted_bytes_are_read_and_nothing_is_left_undone() {
    for (action, bytes, logins) in
        [(Action::Delete, 1000, 1), (Action::Delete, 3_000_000, 2), (Action::Seen, 3_000_000, 2), (Action::Keep, 3_000_000, 1)]
    {
        let (port, heard) = folder(16, bytes, USUAL);
        let host = TestHost::new().answering_with(move |number, _| if number > 2 { Action::Stop } else { action });
        let mut account = account(port, json!({}));
        let received = fetch(&mut account, None, &host).unwrap();
        assert!(received.interrupted.is_none() && received.more, "{action:?} {bytes}: {received:?}");
        assert_eq!(received.state, "imap:1;7;1:2;;", "{action:?} {bytes}");
        let has = |start: &str, times: usize| {
            let heard = heard.lock().unwrap();
            assert_eq!(heard.iter().filter(|command| command.starts_with(start)).count(), times, "{start}: {action:?} {bytes} {heard:?}");
        };
        has("LOGIN", logins);
        has("UID STORE 1:2 +FLAGS.SILENT (\\Seen)", usize::from(action == Action::Seen));
        has("UID EXPUNGE 1:2", usize::from(action == Action::Delete));
        let host = TestHost::new();
        let received = fetch(&mut account, Some(received.state), &host).unwrap();
        assert!(received.interrupted.is_none() && !received.more);
        assert_eq!(host.messages().len(), 14, "{action:?} {bytes}");
    }
}
