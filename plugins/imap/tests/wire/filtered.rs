//! A filter with umlauts at a server that searches for nothing but US-ASCII.

use crate::account::{account, receive};
use crate::hostile::server;
use postkontor_plugin::serde_json::json;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Filter, ReceiveRequest, Received, Status};
use std::io::Write;
use std::sync::{Arc, Mutex};

/// Three messages; the headers of 3 and 7 tell of a query.
fn exchange(refusal: &'static str) -> (u16, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let noted = heard.clone();
    let port = server(
        "* OK ready\r\n",
        Box::new(move |tag, command, stream| {
            noted.lock().unwrap().push(command.to_owned());
            let headers = |uid: u32| match uid {
                3 => "Subject: =?iso-8859-1?Q?R=FCckfrage?=\r\nFrom: Anna <a@example.com>\r\n\r\n",
                7 => "Subject: =?utf-8?B?UsO8Y2tmcmFnZQ==?=\r\nFrom: Berta <b@example.com>\r\n\r\n",
                _ => "Subject: Rechnung\r\nFrom: Anna <a@example.com>\r\n\r\n",
            };
            let set = command.split(' ').nth(2).unwrap_or_default();
            let asked = |uid: u32| {
                set.split(',').any(|range| {
                    let (start, end) = range.split_once(':').unwrap_or((range, range));
                    (start.parse::<u32>().unwrap()..=end.parse().unwrap()).contains(&uid)
                })
            };
            let fetched = |item: &dyn Fn(u32) -> String| {
                let line = |uid: &u32| format!("* 1 FETCH (UID {uid} {})\r\n", item(*uid));
                [3, 5, 7].iter().filter(|uid| asked(**uid)).map(line).collect::<String>()
            };
            let answer = if !command.is_ascii() || command.contains("CHARSET") {
                stream.write_all(refusal.replace("TAG", tag).as_bytes())?;
                return Ok(true);
            } else if command.starts_with("SELECT") {
                "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n".to_owned()
            } else if command.contains("FROM \"anna\"") {
                "* SEARCH 3 5\r\n".to_owned()
            } else if command.contains("FROM \"berta\"") {
                "* SEARCH 7\r\n".to_owned()
            } else if command.starts_with("UID SEARCH") {
                "* SEARCH 3 5 7\r\n".to_owned()
            } else if command.contains("HEADER.FIELDS") {
                fetched(&|uid| format!("BODY[HEADER.FIELDS (FROM SUBJECT)] {{{}}}\r\n{}", headers(uid).len(), headers(uid)))
            } else if command.contains("BODY.PEEK[]") {
                fetched(&|uid| format!("FLAGS () INTERNALDATE \"20-Nov-2026 10:00:00 +0100\" BODY[] {{1}}\r\n{uid}"))
            } else {
                return Ok(false);
            };
            stream.write_all(format!("{answer}{tag} OK done\r\n").as_bytes())?;
            Ok(true)
        }),
    );
    (port, heard)
}

fn fetched(port: u16, filter: &Filter, state: Option<String>) -> (String, Received) {
    let host = TestHost::new();
    let request = ReceiveRequest { filter: filter.clone(), state, ..ReceiveRequest::default() };
    let received = receive(30, &mut account(port, json!({})), &request, &host).unwrap();
    assert!(received.interrupted.is_none(), "{received:?}");
    (host.texts().concat(), received)
}

#[test]
fn a_filter_that_the_server_cannot_search_for_is_applied_here_and_that_is_told() {
    for refusal in ["TAG NO [BADCHARSET (US-ASCII)] The specified charset is not supported.\r\n", "TAG BAD Command Argument Error. 11\r\n"]
    {
        let (port, heard) = exchange(refusal);
        let query = Filter { subject: Some("rückfrage".to_owned()), ..Filter::default() };
        let (texts, received) = fetched(port, &query, None);
        assert_eq!(texts, "37", "{refusal}");
        let codes: Vec<_> = received.warnings.iter().map(|warning| warning.code.as_str()).collect();
        assert_eq!(codes, ["imap.filtered_here"]);
        // What was fetched is not looked at again, and what does not meet the filter is not counted as fetched.
        heard.lock().unwrap().clear();
        let (texts, received) = fetched(port, &query, Some(received.state));
        assert_eq!((texts.as_str(), received.state.as_str()), ("", "imap:1;7;3,7;;"));
        assert!(heard.lock().unwrap().iter().any(|command| command.starts_with("UID FETCH 5 (UID BODY.PEEK[HEADER.FIELDS")));
        // What the server can search for, it does.
        let annas = Filter { from: Some("anna".to_owned()), ..query };
        heard.lock().unwrap().clear();
        assert_eq!(fetched(port, &annas, None).0, "3");
        let heard = heard.lock().unwrap();
        assert!(heard.iter().any(|command| command == "UID SEARCH FROM \"anna\""), "{heard:?}");
        assert!(heard.iter().any(|command| command.starts_with("UID FETCH 3,5 (UID BODY.PEEK[HEADER.FIELDS")), "{heard:?}");
    }
}

#[test]
fn what_a_server_refuses_for_another_reason_stays_refused() {
    let (port, _) = exchange("TAG NO [UNAVAILABLE] later\r\n");
    let filter = Filter { subject: Some("rück".to_owned()), ..Filter::default() };
    let request = ReceiveRequest { filter, ..ReceiveRequest::default() };
    let error = receive(30, &mut account(port, json!({})), &request, &TestHost::new()).unwrap_err();
    assert_eq!(error.code, "imap.search_refused");
}

#[test]
fn conditions_within_each_other_are_each_judged_by_whom_can() {
    let (port, heard) = exchange("TAG NO [BADCHARSET (US-ASCII)] no\r\n");
    let filter = r#"{"or":[{"subject":"rück","from":"berta"},{"from":"anna"}],"not":{"subject":"rück","from":"anna"}}"#;
    let (texts, received) = fetched(port, &postkontor_plugin::serde_json::from_str(filter).unwrap(), None);
    assert_eq!((texts.as_str(), received.warnings[0].code.as_str()), ("57", "imap.filtered_here"));
    // Headers are asked for where the server has left a doubt, and nowhere else.
    let heard = heard.lock().unwrap();
    let looked: Vec<_> = heard.iter().filter(|command| command.contains("HEADER.FIELDS")).map(String::as_str).collect();
    let fields = "(UID BODY.PEEK[HEADER.FIELDS (FROM SUBJECT)])";
    assert_eq!(looked, [format!("UID FETCH 7 {fields}"), format!("UID FETCH 3,5 {fields}")]);
}

#[test]
fn a_text_beyond_ascii_in_the_body_is_refused_where_the_server_cannot_search_for_it() {
    let (port, _) = exchange("TAG NO [BADCHARSET (US-ASCII)] no\r\n");
    for filter in [r#"{"body":"Grüße"}"#, r#"{"not":{"or":[{"text":"Grüße"}]}}"#] {
        let request = ReceiveRequest { filter: postkontor_plugin::serde_json::from_str(filter).unwrap(), ..ReceiveRequest::default() };
        let host = TestHost::new();
        let error = receive(30, &mut account(port, json!({})), &request, &host).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Unsupported, "imap.body_not_searched"), "{filter}");
        assert!(host.texts().is_empty());
    }
}
