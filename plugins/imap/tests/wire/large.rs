//! Large folders: no line is too long, and a few messages of many cost no look at all of them.

use crate::account::{account, receive};
use crate::hostile::server;
use postkontor_plugin::serde_json::json;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Action, ReceiveRequest, Received};
use std::io::Write;
use std::sync::{Arc, Mutex};

/// A folder whose messages have every so manieth UID.
#[derive(Default)]
struct Folder {
    uids: Vec<u32>,
    /// The server tells what it numbers next.
    tells_next: bool,
    /// Those that a search leaves out.
    left_out: Vec<u32>,
    /// Searches and fetches, without tags.
    heard: Vec<String>,
    /// How many UIDs the searches returned.
    found: usize,
}

fn folder(count: u32, step: u32, tells_next: bool) -> (u16, Arc<Mutex<Folder>>) {
    let uids = (1..=count).map(|number| 1000 + number * step).collect();
    let shared = Arc::new(Mutex::new(Folder { uids, tells_next, ..Folder::default() }));
    let folder = shared.clone();
    let port = server(
        "* OK ready\r\n",
        Box::new(move |tag, command, stream| {
            let Some(answer) = folder.lock().unwrap().answer(command) else { return Ok(false) };
            stream.write_all(format!("{answer}{tag} OK done\r\n").as_bytes())?;
            Ok(true)
        }),
    );
    (port, shared)
}

/// The ranges of a set; `*` is the last.
fn ranges(set: &str, last: u32) -> Vec<(u32, u32)> {
    let end = |text: &str| if text == "*" { last } else { text.parse().unwrap() };
    let range = |range: &str| {
        let (start, stop) = range.split_once(':').unwrap_or((range, range));
        (end(start).min(end(stop)), end(start).max(end(stop)))
    };
    set.split(',').map(range).collect()
}

impl Folder {
    fn answer(&mut self, command: &str) -> Option<String> {
        let (count, last) = (self.uids.len(), self.uids.last().copied().unwrap_or_default());
        if command.starts_with("SELECT") {
            let next = if self.tells_next { format!("* OK [UIDNEXT {}] next\r\n", last + 1) } else { String::new() };
            return Some(format!("* {count} EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n{next}"));
        }
        if command.starts_with("UID ") {
            self.heard.push(command.to_owned());
        }
        if let Some(criteria) = command.strip_prefix("UID SEARCH ") {
            let found: Vec<u32> = match criteria.strip_prefix("UID ") {
                Some(set) => within(&self.uids, &ranges(set, last)),
                None if criteria == "ALL" => self.uids.clone(),
                None => ranges(criteria, u32::try_from(count).unwrap())
                    .into_iter()
                    .flat_map(|(first, last)| self.uids[first as usize - 1..(last as usize).min(count)].to_vec())
                    .collect(),
            };
            let found: Vec<u32> = found.into_iter().filter(|uid| !self.left_out.contains(uid)).collect();
            self.found += found.len();
            return Some(format!("* SEARCH{}\r\n", found.iter().map(|uid| format!(" {uid}")).collect::<String>()));
        }
        let set = command.strip_prefix("UID FETCH ")?.split(' ').next()?;
        let date = "INTERNALDATE \"20-Nov-2026 10:00:00 +0100\"";
        let line = |uid: u32| {
            let number = self.uids.binary_search(&uid).unwrap() + 1;
            format!("* {number} FETCH (UID {uid} FLAGS () {date} BODY[] {{1}}\r\nx)\r\n")
        };
        Some(within(&self.uids, &ranges(set, last)).into_iter().map(line).collect())
    }
}

fn within(uids: &[u32], ranges: &[(u32, u32)]) -> Vec<u32> {
    let of = |(start, end): &(u32, u32)| uids[uids.partition_point(|uid| uid < start)..uids.partition_point(|uid| uid <= end)].to_vec();
    ranges.iter().flat_map(of).collect()
}

fn fetched(
    account: &mut postkontor_imap::Imap,
    state: Option<String>,
    max_messages: Option<u64>,
    action: Action,
) -> (Vec<String>, Received) {
    let host = TestHost::new().answering(action);
    let received = receive(60, account, &ReceiveRequest { state, max_messages, ..ReceiveRequest::default() }, &host).unwrap();
    assert!(received.interrupted.is_none() && received.missing.is_empty(), "{received:?}");
    let ids = host.messages().iter().map(|(id, _)| id.split('.').next().unwrap().to_owned()).collect();
    (ids, received)
}

#[test]
fn a_folder_of_three_hundred_thousand_messages_is_searched_by_lines_that_are_not_too_long() {
    let (port, shared) = folder(300_000, 1, true);
    let (ids, received) = fetched(&mut account(port, json!({})), Some("imap:1;7;1001:300999;;".to_owned()), None, Action::Keep);
    assert_eq!((ids.concat().as_str(), received.state.as_str()), ("301000", "imap:1;7;1:301000;;;0.301001.300000"));
    let folder = shared.lock().unwrap();
    assert_eq!((folder.found, folder.heard.iter().filter(|command| command.contains("SEARCH")).count()), (300_000, 6));
}

/// Fetches the folder in portions of a hundred; how many UIDs the searches returned, and how many searches there were.
fn in_portions(count: u32, step: u32, tells_next: bool) -> (usize, usize) {
    let (port, shared) = folder(count, step, tells_next);
    let (mut came, mut state, mut account) = (Vec::new(), None, account(port, json!({})));
    loop {
        let (ids, received) = fetched(&mut account, state, Some(100), Action::Keep);
        assert!(ids.len() == 100 || !received.more, "{}", ids.len());
        came.extend(ids);
        state = Some(received.state);
        if !received.more {
            break;
        }
    }
    let folder = shared.lock().unwrap();
    let all: Vec<_> = folder.uids.iter().map(u32::to_string).collect();
    assert_eq!(came, all);
    (folder.found, folder.heard.iter().filter(|command| command.contains("SEARCH")).count())
}

#[test]
fn portions_of_a_large_folder_cost_what_the_folder_costs() {
    for (step, tells_next) in [(1, true), (3, true), (3, false)] {
        let ((few, few_searches), (many, many_searches)) = (in_portions(2000, step, tells_next), in_portions(8000, step, tells_next));
        // Four times the messages cost four times as much, and not sixteen times.
        assert!(many < 6 * few && many_searches < 6 * few_searches, "{step} {tells_next}: {few} {many} {few_searches} {many_searches}");
        assert!(many < 8000 * 40, "{step}: {many}");
    }
}

#[test]
fn what_a_search_left_out_of_a_slice_comes_later() {
    let (port, shared) = folder(3000, 2, true);
    shared.lock().unwrap().left_out = vec![1004, 1010];
    let mut account = account(port, json!({}));
    let (ids, received) = fetched(&mut account, None, Some(10), Action::Keep);
    assert_eq!(ids, ["1002", "1006", "1008", "1012", "1014", "1016", "1018", "1020", "1022", "1024"]);
    // Between messages whose numbers follow each other there is none, and none below the first.
    assert!(received.more && received.state == "imap:1;7;1:1002,1006:1008,1012:1024;;", "{}", received.state);
    shared.lock().unwrap().left_out.clear();
    let (ids, received) = fetched(&mut account, Some(received.state), Some(3), Action::Keep);
    assert_eq!(ids, ["1004", "1010", "1026"]);
    assert!(received.state.ends_with(";;"), "{}", received.state);
    // What is not wanted any more is not passed over either.
    let host = TestHost::new().answering_with(|number, _| if number > 2 { Action::Stop } else { Action::Keep });
    let request = ReceiveRequest { state: Some(received.state), max_messages: Some(10), ..ReceiveRequest::default() };
    let received = receive(60, &mut account, &request, &host).unwrap();
    let (ids, _) = fetched(&mut account, Some(received.state), Some(1), Action::Keep);
    assert_eq!(ids, ["1032"]);
}
