//! What is put is durable, once for each key, and can be asked for; on every kind of store.

use crate::rig::{count, entries, host, mail, patience, put, soon, stores};
use postkontor_core::Status;
use postkontor_outbox::{Answered, Order, Outbox, QueryRequest, Raw, RawMessage, Standing, State};
use postkontor_tests::engine;
use postkontor_tests::sandbox::{Options, Sandbox};
use serde_json::{Value, json};

#[test]
fn what_was_put_is_there_for_whoever_opens_the_store_next() {
    for store in stores() {
        let mut outbox = store.open().unwrap();
        let mails = json!([mail("anna@example.com"), {"message": engine::mail("berta@example.com"), "key": "4711", "queue": "invoices", "priority": 2, "not_before": "2030-01-01T00:00:00Z"}]);
        let put = put(&mut outbox, &mails).unwrap();
        drop(outbox);
        let mut outbox = store.open().unwrap();
        let found = entries(&mut outbox, &json!({"order": "oldest"}));
        assert_eq!(found.iter().map(|entry| &entry.id).collect::<Vec<_>>(), put.entries.iter().map(|entry| &entry.id).collect::<Vec<_>>());
        let [first, second] = &found[..] else { panic!("{found:?}") };
        assert_eq!((first.state, first.account.as_str(), first.priority, first.attempts), (State::Queued, "main", 5, 0));
        assert_eq!((first.subject.as_str(), &first.message_id), ("Rechnung 4711", &put.entries[0].message_id));
        assert_eq!((first.recipients[0].address.as_str(), first.recipients[0].status), ("anna@example.com", Standing::Waiting));
        assert_eq!((second.key.as_deref(), second.queue.as_str(), second.priority), (Some("4711"), "invoices", 2));
        assert_eq!(second.not_before.as_deref(), Some("2030-01-01T00:00:00.000Z"));
        assert_eq!(
            (second.next_try.as_deref(), second.give_up_at.as_str()),
            (Some("2030-01-01T00:00:00.000Z"), "2030-01-03T00:00:00.000Z")
        );
    }
}

#[test]
fn the_same_mail_under_the_same_key_is_one_and_another_is_refused() {
    for store in stores() {
        let mut outbox = store.open().unwrap();
        let part = b"%PDF-1.7".as_slice();
        let with = |name: &str| json!({"message": {"to": ["anna@example.com"], "text": "x", "attachments": [{"name": name, "part": 0}]}, "key": "4711"});
        let put = |outbox: &mut Outbox, mail: &Value, part: &[u8]| outbox.put(&mail.to_string(), &[part], &patience());
        let first = put(&mut outbox, &with("a.pdf"), part).unwrap();
        let again = put(&mut outbox, &with("a.pdf"), part).unwrap();
        assert_eq!(
            (again.entries[0].found, &again.entries[0].id, &again.entries[0].message_id),
            (true, &first.entries[0].id, &first.entries[0].message_id)
        );
        // Within one call, too.
        let twice = json!([{"message": engine::mail("a@example.com"), "key": "2"}, {"message": engine::mail("a@example.com"), "key": "2"}]);
        let twice = crate::rig::put(&mut outbox, &twice).unwrap().entries;
        assert_eq!((twice[0].found, twice[1].found, &twice[0].id), (false, true, &twice[1].id));
        for (mail, part) in [(with("b.pdf"), part), (with("a.pdf"), b"%PDF-1.8".as_slice())] {
            let error = put(&mut outbox, &mail, part).unwrap_err();
            assert_eq!((error.status, error.code.as_str(), error.at[0].pointer.as_str()), (Status::Argument, "outbox.key_taken", "/key"));
            assert!(error.message.contains(&format!("entry {}", first.entries[0].id)), "{}", error.message);
        }
        assert_eq!(count(&mut outbox), 2);
    }
}

#[test]
fn one_mail_that_cannot_be_composed_keeps_all_of_its_call_out() {
    for store in stores() {
        let mut outbox = store.open().unwrap();
        let mails = json!([mail("anna@example.com"), mail("no address"), {"message": {"text": "for no recipient"}, "key": "4711"}]);
        let error = put(&mut outbox, &mails).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Argument, "outbox.mails_invalid"));
        let places: Vec<&str> = error.at.iter().map(|at| at.pointer.as_str()).collect();
        assert_eq!(places[0], "/1/message/to/0");
        assert!(places[1].starts_with("/2/message"), "{places:?}");
        assert_eq!(count(&mut outbox), 0);
    }
}

#[test]
fn what_another_program_composed_goes_out_as_it_is_once_for_each_key() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    for store in stores() {
        let mut outbox = Outbox::open(&host(), &store.settings(sandbox.port).to_string(), &patience()).unwrap();
        let message = b"From: scanner@example.com\r\nTo: anna@example.com\r\nMessage-ID: <1@scanner>\r\nSubject: Scan\r\n\r\nSeite 1\r\n";
        let file = store.folder.path().join("scan.eml");
        std::fs::write(&file, message).unwrap();
        let raw = |message| Raw {
            account: None,
            from: "scanner@example.com",
            recipients: &["anna@example.com"],
            message,
            key: Some("scan"),
            queue: "",
        };
        let first = outbox.put_raw(raw(RawMessage::File(&file)), &patience()).unwrap();
        let again = outbox.put_raw(raw(RawMessage::Bytes(message.to_vec())), &patience()).unwrap();
        assert_eq!((first.found, again.found, &first.id, first.message_id.as_str()), (false, true, &again.id, "1@scanner"));
        assert_eq!(outbox.work("", &patience()).unwrap().sent, 1);
        assert_eq!(entries(&mut outbox, &json!({"key": "scan"}))[0].state, State::Sent);
    }
}

#[test]
fn pages_of_an_answer_follow_each_other_without_a_gap() {
    for store in stores() {
        let mut outbox = store.open().unwrap();
        let mails: Vec<Value> = (0..25).map(|number| json!({"message": engine::mail("a@example.com"), "key": format!("k{number}"), "queue": if number % 2 == 0 { "even" } else { "" }})).collect();
        put(&mut outbox, &json!(mails)).unwrap();
        for (order, first) in [(Order::Newest, "k24"), (Order::Oldest, "k0")] {
            let (mut keys, mut after) = (Vec::new(), None);
            loop {
                let request = QueryRequest { order, limit: Some(10), after, ..QueryRequest::default() };
                let Answered::Entries { entries, next } = outbox.query(&request, &patience()).unwrap() else { panic!() };
                keys.extend(entries.into_iter().filter_map(|entry| entry.key));
                after = next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!((keys.len(), keys[0].as_str()), (25, first));
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), 25);
        }
        let found = |outbox: &mut Outbox, request: Value| entries(outbox, &request).len();
        assert_eq!(found(&mut outbox, json!({"queue": "even"})), 13);
        assert_eq!(found(&mut outbox, json!({"state": "queued", "account": "main", "since": "2020-01-01T00:00:00Z"})), 25);
        assert_eq!(found(&mut outbox, json!({"states": ["sent", "held"]})), 0);
        assert_eq!(found(&mut outbox, json!({"until": "2020-01-01T00:00:00Z"})), 0);
        let error = outbox.query(r#"{"state": "gone", "limit": 5000}"#, &patience()).unwrap_err();
        assert_eq!(error.at.iter().map(|at| at.pointer.as_str()).collect::<Vec<_>>(), ["/state", "/limit"]);
    }
}

#[test]
fn a_decision_holds_for_all_entries_that_it_names_or_for_none() {
    for store in stores() {
        let mut outbox = store.open().unwrap();
        let put = put(&mut outbox, &json!([mail("a@example.com"), mail("b@example.com"), mail("c@example.com")])).unwrap();
        let ids: Vec<&str> = put.entries.iter().map(|entry| entry.id.as_str()).collect();
        let act = |outbox: &mut Outbox, request: Value| outbox.act(&request.to_string(), &patience());
        let cancelled = act(&mut outbox, json!({"action": "cancel", "ids": [ids[1]]})).unwrap();
        assert_eq!(cancelled.entries[0].state, State::Cancelled);
        let error = act(&mut outbox, json!({"action": "cancel", "ids": [ids[0], ids[1]]})).unwrap_err();
        assert_eq!((error.code.as_str(), error.at[0].pointer.as_str()), ("outbox.not_cancellable", "/ids/1"));
        let error = act(&mut outbox, json!({"action": "retry", "ids": [ids[0], "999999"]})).unwrap_err();
        assert_eq!(
            (error.status, error.code.as_str(), error.at[0].pointer.as_str()),
            (Status::NotFound, "outbox.entry_not_found", "/ids/1")
        );
        let error = act(&mut outbox, json!({"action": "resolve", "ids": [ids[0]], "as": "sent"})).unwrap_err();
        assert_eq!(error.code, "outbox.not_held");
        assert_eq!(act(&mut outbox, json!({"action": "resolve", "ids": [ids[0]]})).unwrap_err().at[0].pointer, "/as");
        assert_eq!(act(&mut outbox, json!({"do": "cancel"})).unwrap_err().at[0].pointer, "/do");
        let states: Vec<State> = entries(&mut outbox, &json!({"ids": ids, "order": "oldest"})).iter().map(|entry| entry.state).collect();
        assert_eq!(states, [State::Queued, State::Cancelled, State::Queued]);
        assert_eq!(store.sql("SELECT COUNT(*) FROM postkontor_outbox_blocks").trim(), "2", "what was taken back needs no bytes");
    }
}

#[test]
fn a_report_is_tied_to_the_mail_that_came_back() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    for store in stores() {
        let mut outbox = Outbox::open(&host(), &store.settings(sandbox.port).to_string(), &patience()).unwrap();
        let put = put(&mut outbox, &json!({"message": {"to": ["a@example.com", "b@example.com"], "text": "x"}})).unwrap();
        assert_eq!(outbox.work("", &patience()).unwrap().sent, 1);
        let report = json!({"kind": "failure", "message_id": put.entries[0].message_id, "recipients": [{"address": "b@example.com", "enhanced": "5.1.1"}]});
        let acted = outbox.act(&json!({"action": "bounced", "summary": {"report": report}}).to_string(), &patience()).unwrap();
        assert_eq!((acted.entries[0].state, acted.entries.len()), (State::Bounced, 1));
        let standings: Vec<Standing> = acted.entries[0].recipients.iter().map(|recipient| recipient.status).collect();
        assert_eq!(standings, [Standing::Accepted, Standing::Bounced]);
        let foreign = json!({"action": "bounced", "summary": {"report": {"kind": "failure", "message_id": "x@y"}}});
        assert!(outbox.act(&foreign.to_string(), &patience()).unwrap().entries.is_empty());
    }
}

#[test]
fn a_test_of_the_outbox_writes_into_the_store_and_looks_at_the_queue() {
    for store in stores() {
        let mut outbox = store.open().unwrap();
        let Answered::Tested(report) = outbox.query(r#"{"test": true}"#, &patience()).unwrap() else { panic!() };
        let steps = json!(report.steps);
        assert!(report.ok, "{steps}");
        assert_eq!((steps[0]["step"].as_str(), steps[1]["step"].as_str()), (Some("store"), Some("queue")));
        assert!(!steps[0]["message"].as_str().unwrap().is_empty() && !steps.to_string().contains("Geheim-7"), "{steps}");
        put(&mut outbox, &mail("a@example.com")).unwrap();
        store.sql("UPDATE postkontor_outbox_entries SET state = 'held'");
        let Answered::Tested(report) = outbox.query(r#"{"test": true}"#, &patience()).unwrap() else { panic!() };
        assert_eq!((report.ok, report.steps[1].code.as_str(), report.steps[1].advice.len()), (true, "outbox.queue_held", 1));
    }
}

#[test]
fn a_call_without_time_does_nothing_and_says_so() {
    for store in stores() {
        let mut outbox = store.open().unwrap();
        let error = outbox.put(&mail("a@example.com").to_string(), &[], &soon(0)).unwrap_err();
        assert_eq!(error.status, Status::Timeout);
        assert_eq!(count(&mut outbox), 0);
    }
}
