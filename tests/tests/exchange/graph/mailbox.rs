//! Listing, fetching, marking, moving, deleting and filing.

use super::setup::{Setup, fetch, patience, send, subjects};
use postkontor_core::{Action, Status};
use postkontor_plugin::serde_json::{Value, json};

/// A mailbox with messages of these subjects in its inbox.
fn with(messages: &[&str]) -> Option<Setup> {
    let setup = Setup::new()?;
    for (number, subject) in messages.iter().enumerate() {
        let mime = format!(
            "From: Anna <anna@example.com>\r\nTo: {0}\r\nSubject: {subject}\r\nMessage-ID: <{number}-{0}>\r\n\r\ntext\r\n",
            setup.user
        );
        setup.put("inbox", &mime);
    }
    Some(setup)
}

#[test]
fn each_message_is_marked_or_deleted_as_the_program_says_and_comes_once() {
    let Some(setup) = with(&["keep", "seen", "delete"]) else { return };
    let mut account = setup.account();
    let judge = |got: &super::setup::Got| match got.subject() {
        "seen" => Action::Seen,
        "delete" => Action::Delete,
        _ => Action::Keep,
    };
    let (received, got) = fetch(&mut account, &json!({}), judge);
    let received = received.unwrap();
    assert_eq!(subjects(&got), ["delete", "keep", "seen"]);
    assert!(String::from_utf8_lossy(&got[0].raw).ends_with("\r\n\r\ntext\r\n"));
    let left = setup.messages("inbox");
    let marks: Vec<(&str, bool)> =
        left.iter().map(|message| (message["subject"].as_str().unwrap(), message["read"].as_bool().unwrap())).collect();
    assert!(marks.contains(&("keep", false)) && marks.contains(&("seen", true)) && marks.len() == 2, "{marks:?}");
    // Another program, as after a restart, with the state; what was only marked meanwhile is not new.
    setup.put("inbox", "Subject: new\r\n\r\ntext\r\n");
    let (again, got) = fetch(&mut setup.account(), &json!({"state": received["state"]}), |_| Action::Keep);
    assert_eq!(subjects(&got), ["new"]);
    let (_, got) = fetch(&mut setup.account(), &json!({"state": again.unwrap()["state"]}), |_| Action::Keep);
    assert_eq!(got.len(), 0);
}

#[test]
fn few_at_a_time_all_come_and_none_twice() {
    let Some(setup) = Setup::new() else { return };
    setup.control("/messages", json!({"mailbox": setup.user, "count": 250, "size": 600}));
    let mut account = setup.account();
    let (mut state, mut all, mut more) = (Value::Null, Vec::new(), true);
    while more {
        let (received, got) = fetch(&mut account, &json!({"state": state, "max_messages": 70}), |got| {
            if got.subject().ends_with('7') { Action::Delete } else { Action::Keep }
        });
        let received = received.unwrap();
        assert!(got.len() <= 70);
        all.extend(got);
        state = received["state"].clone();
        more = received["more"] == true;
    }
    let mut found = subjects(&all);
    found.dedup();
    assert_eq!((found.len(), all.len()), (250, 250));
    assert_eq!(setup.messages("inbox").len(), 225);
}

#[test]
fn a_message_that_stopped_the_fetch_comes_again() {
    let Some(setup) = with(&["one", "two", "three"]) else { return };
    let mut account = setup.account();
    let mut count = 0;
    let (received, got) = fetch(&mut account, &json!({}), |_| {
        count += 1;
        if count == 2 { Action::Stop } else { Action::Keep }
    });
    let received = received.unwrap();
    assert_eq!((got.len(), &received["more"]), (2, &json!(true)));
    let (_, again) = fetch(&mut account, &json!({"state": received["state"]}), |_| Action::Keep);
    assert_eq!(again.len(), 2);
    assert_eq!(again[0].subject(), got[1].subject());
}

#[test]
fn a_filter_brings_what_it_says_and_what_it_leaves_out_comes_without_it() {
    let Some(setup) = with(&["Rechnung 1", "Mahnung", "Rechnung 2"]) else { return };
    let mut account = setup.account();
    let (received, got) =
        fetch(&mut account, &json!({"filter": {"subject": "rechnung", "from": "ANNA", "unseen": true}}), |_| Action::Seen);
    assert_eq!(subjects(&got), ["Rechnung 1", "Rechnung 2"]);
    let state = received.unwrap()["state"].clone();
    let (received, got) = fetch(&mut account, &json!({"state": state, "filter": {"unseen": true}, "max_messages": 5}), |_| Action::Keep);
    assert_eq!(subjects(&got), ["Mahnung"]);
    let (_, got) = fetch(&mut account, &json!({"state": received.unwrap()["state"]}), |_| Action::Keep);
    assert_eq!(subjects(&got), Vec::<&str>::new());
    let (_, got) = fetch(&mut account, &json!({"filter": {"since": "2100-01-01"}}), |_| Action::Keep);
    assert_eq!(got.len(), 0);
    let (_, got) = fetch(&mut account, &json!({"filter": {"min_size": 1_000_000}}), |_| Action::Keep);
    assert_eq!(got.len(), 0);
}

#[test]
fn conditions_within_each_other_choose_and_those_on_texts_look_into_the_messages() {
    let Some(setup) = with(&["Rechnung 1", "Mahnung"]) else { return };
    setup.put(
        "inbox",
        "From: Berta <b@example.com>\r\nSubject: Frage\r\nX-Kunde: =?utf-8?Q?M=C3=BCller?= 4711\r\n\
        Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nZw=C3=B6lf Kisten\r\n",
    );
    let mut account = setup.account();
    for (filter, expected) in [
        (json!({"header": {"name": "x-kunde", "contains": "müller 4711"}}), vec!["Frage"]),
        (json!({"not": {"or": [{"header": {"name": "X-Kunde"}}, {"subject": "mahnung"}]}}), vec!["Rechnung 1"]),
        (json!({"or": [{"from": "berta"}, {"subject": "rechnung"}], "before": "2100-01-01"}), vec!["Frage", "Rechnung 1"]),
        (json!({"before": "2000-01-01"}), vec![]),
        (json!({"body": "ZWÖLF"}), vec!["Frage"]),
        (json!({"not": {"body": "zwölf"}}), vec!["Mahnung", "Rechnung 1"]),
        (json!({"text": "rechnung"}), vec!["Rechnung 1"]),
        (json!({"or": [{"subject": "mahnung"}, {"text": "müller"}], "unseen": true}), vec!["Frage", "Mahnung"]),
    ] {
        let (received, got) = fetch(&mut account, &json!({"filter": filter}), |_| Action::Keep);
        received.unwrap();
        assert_eq!(subjects(&got), expected, "{filter}");
    }
}

#[test]
fn a_structure_has_the_headers_and_takes_nothing() {
    let Some(setup) = with(&["one", "two"]) else { return };
    let mut account = setup.account();
    let (received, got) = fetch(&mut account, &json!({"summary": "structure", "state": ""}), |_| Action::Delete);
    assert_eq!((received.unwrap()["state"].as_str(), subjects(&got)), (Some(""), vec!["one", "two"]));
    assert!(got.iter().all(|got| got.summary["complete"] == false && got.raw.ends_with(b"\r\n\r\n")));
    let (_, got) = fetch(&mut account, &json!({}), |_| Action::Keep);
    assert_eq!((got.len(), setup.messages("inbox").len()), (2, 2));
}

#[test]
fn a_message_that_is_too_large_comes_as_headers_and_later_whole() {
    let Some(setup) = with(&["small"]) else { return };
    setup.control("/messages", json!({"mailbox": setup.user, "count": 1, "size": 300_000}));
    let mut account = setup.account();
    let (received, got) = fetch(&mut account, &json!({"max_bytes": 10_000}), |_| Action::Delete);
    let large = got.iter().find(|got| got.subject() == "Message 0").unwrap();
    assert!(large.summary["headers_only"] == true && large.raw.len() < 1000 && large.raw.ends_with(b"\r\n\r\n"), "{}", large.raw.len());
    assert_eq!(setup.messages("inbox").len(), 1, "what came as headers only is not deleted");
    let state = received.unwrap()["state"].clone();
    let (received, got) = fetch(&mut account, &json!({"max_bytes": 10_000, "state": state}), |_| Action::Keep);
    assert_eq!(got.len(), 0);
    let (_, got) = fetch(&mut account, &json!({"state": received.unwrap()["state"]}), |_| Action::Delete);
    assert_eq!((got.len(), got[0].raw.len()), (1, 300_000));
    assert_eq!(setup.messages("inbox").len(), 0);
}

#[test]
fn a_place_that_the_service_has_lost_begins_anew_and_nothing_comes_twice() {
    let Some(setup) = with(&["one", "two"]) else { return };
    let mut account = setup.account();
    let (received, _) = fetch(&mut account, &json!({}), |_| Action::Keep);
    let state = received.unwrap()["state"].as_str().unwrap().to_owned();
    let (before, after) = state.split_once("deltatoken=").unwrap();
    let lost = format!("{before}deltatoken=eyJub3QiOiJvdXJzIn0{}", &after[after.find(';').unwrap()..]);
    setup.put("inbox", "Subject: new\r\n\r\ntext\r\n");
    let (_, got) = fetch(&mut account, &json!({"state": lost}), |_| Action::Keep);
    assert_eq!(subjects(&got), ["new"]);
}

#[test]
fn the_state_of_ews_is_refused_with_a_sentence_that_says_so() {
    let Some(setup) = Setup::new() else { return };
    let (received, _) = fetch(&mut setup.account(), &json!({"state": "exchange-ews:1;f;t;"}), |_| Action::Keep);
    let error = received.unwrap_err();
    assert_eq!((error.status, error.code.as_str(), error.at[0].pointer.as_str()), (Status::Argument, "graph.state_of_ews", "/state"));
    assert!(error.message.contains("EWS"), "{}", error.message);
}

#[test]
fn folders_are_found_by_path_whatever_their_letters_and_listed_with_their_uses() {
    let Some(setup) = Setup::new() else { return };
    setup.control("/folders", json!({"mailbox": setup.user, "paths": ["inbox/Aufträge/Größe & Maß", "O'Neil"]}));
    setup.control("/folder-names", json!({"mailbox": setup.user, "names": {"inbox": "Posteingang"}}));
    let mut account = setup.account();
    let listing = json!(account.list("{}", &patience()).unwrap());
    let folders = listing["folders"].as_array().unwrap();
    let find = |name: &str| folders.iter().find(|folder| folder["name"] == name).unwrap_or_else(|| panic!("{name} in {listing:#}"));
    find("Posteingang/Aufträge/Größe & Maß");
    let sent = folders.iter().find(|folder| folder["uses"] == json!(["sent"])).unwrap();
    assert!(sent["name"].as_str().is_some(), "{sent}");
    for (path, asked) in [("inbox/Aufträge/Größe & Maß", "inbox/Aufträge/Größe & Maß"), ("O'Neil", "o'neil")] {
        setup.control("/messages", json!({"mailbox": setup.user, "folder": path, "count": 1}));
        let listing = json!(account.list(&json!({"folder": asked}).to_string(), &patience()).unwrap());
        assert_eq!(listing["messages"].as_array().unwrap().len(), 1, "{listing}");
    }
    let (_, got) = fetch(&mut account, &json!({"folder": "<trash>"}), |_| Action::Keep);
    assert_eq!(got.len(), 0);
    let (_, got) = fetch(&mut account, &json!({"folder": "INBOX/Aufträge/Größe & Maß"}), |_| Action::Keep);
    assert_eq!((got.len(), &got[0].summary["folder"]), (1, &json!("Posteingang/Aufträge/Größe & Maß")));
    let (_, got) = fetch(&mut account, &json!({"folder": got[0].summary["folder"]}), |_| Action::Keep);
    assert_eq!(got.len(), 1);
    let error = account.list("{\"folder\":\"inbox/Niemand\"}", &patience()).unwrap_err();
    assert_eq!((error.status, error.code.as_str(), error.at[0].pointer.as_str()), (Status::NotFound, "graph.folder_missing", "/folder"));
}

#[test]
fn messages_are_listed_marked_moved_and_deleted_by_their_ids() {
    let Some(setup) = with(&["a", "b", "c"]) else { return };
    setup.control("/folders", json!({"mailbox": setup.user, "paths": ["Erledigt"]}));
    let mut account = setup.account();
    let listing = json!(account.list("{\"folder\":\"\"}", &patience()).unwrap());
    let messages = listing["messages"].as_array().unwrap();
    assert!(messages.iter().all(|message| message["size"].as_u64().unwrap() > 0 && message["received"].is_string()), "{listing:#}");
    let ids: Vec<String> = messages.iter().map(|message| message["id"].as_str().unwrap().to_owned()).collect();
    let mut apply = |request: Value| json!(account.apply(&request.to_string(), &patience()).unwrap());
    let gone = "A".repeat(ids[0].len());
    let applied = apply(json!({"messages": [ids[0], gone], "action": "seen"}));
    assert_eq!((&applied["applied"], &applied["missing"]), (&json!([ids[0]]), &json!([gone])), "{applied}");
    apply(json!({"messages": [ids[1]], "action": "move", "folder": "erledigt"}));
    apply(json!({"messages": [ids[2]], "action": "delete"}));
    let inbox = setup.messages("inbox");
    assert_eq!((inbox.len(), &inbox[0]["read"]), (1, &json!(true)));
    assert_eq!((setup.messages("Erledigt").len(), setup.messages("deleteditems").len()), (1, 1));
    // The id stays, wherever the message goes.
    apply(json!({"messages": [ids[1]], "action": "seen"}));
    assert_eq!(setup.messages("Erledigt")[0]["read"], true);
    let error = account.apply("{\"messages\":[\"1.7.INBOX\"],\"action\":\"seen\"}", &patience()).unwrap_err();
    assert_eq!(error.code, "graph.id_invalid");
}

#[test]
fn what_was_sent_is_looked_for_by_its_message_id() {
    let Some(setup) = Setup::new() else { return };
    let message = json!({"to": ["x@example.net"], "subject": "s", "text": "t"});
    let mut account = setup.account();
    let receipt = send(&mut account, &message).unwrap();
    let sent = receipt["message_id"].as_str().unwrap();
    let found = account.find_sent(&["never@example.com", sent, ""], &patience()).unwrap();
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false]);
    let mut settings = setup.settings();
    settings["accounts"]["main"]["exchange"]["save"] = json!(false);
    let error = setup.open(&settings).find_sent(&[sent], &patience()).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Unsupported, "sent.not_kept"));
    // What the host files is looked for all the same.
    settings["sent"] = json!({"account": "main", "copy": true});
    let mut account = setup.open(&settings);
    let receipt = send(&mut account, &message).unwrap();
    let found = account.find_sent(&[receipt["message_id"].as_str().unwrap()], &patience()).unwrap();
    assert!(found[0].is_some(), "{found:?}");
}

#[test]
fn a_program_that_only_sends_can_file_copies_here() {
    let Some(setup) = Setup::new() else { return };
    let mut settings = setup.settings();
    settings["accounts"]["main"]["exchange"]["save"] = json!(false);
    settings["sent"] = json!({"account": "main", "copy": true});
    let mut account = setup.open(&settings);
    let receipt = send(&mut account, &json!({"to": ["x@example.net"], "bcc": ["y@example.net"], "subject": "s", "text": "t"})).unwrap();
    let sent = setup.messages("sentitems");
    assert_eq!(sent.len(), 1, "{receipt:#}");
    assert_eq!((&sent[0]["draft"], &sent[0]["read"], &sent[0]["bcc"]), (&json!(false), &json!(true), &json!(["y@example.net"])));
}

#[test]
fn throttling_in_a_fetch_loses_nothing() {
    let Some(setup) = Setup::alone() else { return };
    setup.control("/messages", json!({"mailbox": setup.user, "count": 3}));
    let mut account = setup.account();
    setup.fault("messages.value", 1, json!({"too_many": 1}));
    setup.fault("messages.update", 1, json!({"unavailable": 1}));
    setup.fault("messages.delta", 1, json!({"status": 502, "body": "bad gateway"}));
    let (received, got) = fetch(&mut account, &json!({}), |_| Action::Seen);
    let received = received.unwrap();
    assert_eq!((got.len(), &received["interrupted"]), (3, &Value::Null), "{received:#}");
    assert!(setup.messages("inbox").iter().all(|message| message["read"] == true));
    // Longer than the call may last: what was not fetched comes the next time.
    setup.control("/messages", json!({"mailbox": setup.user, "count": 2}));
    setup.fault("messages.value", 1, json!({"too_many": 3600}));
    let request = json!({"state": received["state"]});
    let (refused, got) = fetch(&mut account, &request, |_| Action::Keep);
    assert_eq!((got.len(), refused.unwrap_err().code.as_str()), (0, "graph.throttled"));
    let (_, got) = fetch(&mut account, &request, |_| Action::Keep);
    assert_eq!(got.len(), 2);
}

#[test]
fn flags_and_categories_are_set_and_told_alike() {
    let Some(setup) = with(&["a", "b"]) else { return };
    let mut account = setup.account();
    let listed =
        |account: &mut postkontor_core::Account| json!(account.list(r#"{"folder": ""}"#, &patience()).unwrap())["messages"].clone();
    let first = listed(&mut account);
    let ids = [&first[0]["id"], &first[1]["id"]];
    let mut apply = |request: Value| account.apply(&request.to_string(), &patience()).map(|done| json!(done));
    assert_eq!(apply(json!({"messages": ids, "action": "flagged"})).unwrap()["applied"], json!(ids));
    let answer = apply(json!({"messages": ids, "action": "keywords", "add": ["Bezahlt", "Rechnung geprüft"]})).unwrap();
    assert_eq!((&answer["applied"], &answer["missing"]), (&json!(ids), &json!([])));
    apply(json!({"messages": [ids[1]], "action": "keywords", "remove": ["bezahlt", "RECHNUNG geprüft"]})).unwrap();
    apply(json!({"messages": [ids[0]], "action": "unflagged"})).unwrap();
    apply(json!({"messages": ids, "action": "answered"})).unwrap();
    apply(json!({"messages": [ids[0]], "action": "unanswered"})).unwrap();
    let inbox = setup.messages("inbox");
    let find = |subject: &str| {
        inbox.iter().find(|message| message["subject"] == subject).map(|message| json!([message["flagged"], message["categories"]]))
    };
    let told = listed(&mut account);
    let flags = |place: usize| told[place]["flags"].clone();
    let by_subject = [find("a").unwrap(), find("b").unwrap()];
    assert!(
        by_subject.contains(&json!([false, ["Bezahlt", "Rechnung geprüft"]])) && by_subject.contains(&json!([true, []])),
        "{by_subject:?}"
    );
    assert_eq!((flags(0), flags(1)), (json!(["Bezahlt", "Rechnung geprüft"]), json!(["\\Answered", "\\Flagged"])));
    let answered: Vec<&Value> = inbox.iter().filter(|message| message["answered"] == true).map(|message| &message["flagged"]).collect();
    assert_eq!(answered, [&json!(true)]);
    let (result, got) = fetch(&mut account, &json!({}), |_| Action::Keep);
    result.unwrap();
    let fetched: Vec<Value> = got.iter().map(|got| got.summary["flags"].clone()).collect();
    assert!(fetched.contains(&flags(0)) && fetched.contains(&flags(1)), "{fetched:?}");
}

#[test]
fn copies_folders_and_drafts_are_made_and_told() {
    let Some(setup) = with(&["a", "b"]) else { return };
    let mut account = setup.account();
    let listed = json!(account.list(r#"{"folder": ""}"#, &patience()).unwrap());
    let ids = [&listed["messages"][0]["id"], &listed["messages"][1]["id"]];
    let mut apply = |request: Value| account.apply(&request.to_string(), &patience()).map(|done| json!(done));
    let made = apply(json!({"folders": [{"create": "Ablage/Größe & Maß"}, {"create": "ablage"}]})).unwrap();
    assert_eq!(made, json!({"folders": [{"created": "Ablage/Größe & Maß"}, {"found": "ablage"}]}));
    let copied = apply(json!({"messages": ids, "action": "copy", "folder": "Ablage/Größe & Maß"})).unwrap();
    assert_eq!((&copied["applied"], copied["new_ids"].as_array().unwrap().len()), (&json!(ids), 2));
    let new = copied["new_ids"][0]["new_id"].clone();
    apply(json!({"messages": [new], "action": "move", "folder": "<drafts>"})).unwrap();
    assert_eq!((setup.messages("inbox").len(), setup.messages("drafts").len()), (2, 1));
    for (change, status, code, pointer) in [
        (json!({"delete": "Ablage"}), Status::Refused, "graph.folder_has_folders", "/folders/1/delete"),
        (json!({"delete": "Ablage/Größe & Maß"}), Status::Refused, "graph.folder_not_empty", "/folders/1/delete"),
        (json!({"delete": "inbox", "with_messages": true}), Status::Refused, "graph.folder_protected", "/folders/1/delete"),
        (json!({"delete": "Sent Items", "with_messages": true}), Status::Refused, "graph.folder_protected", "/folders/1/delete"),
        (json!({"rename": "Ablage", "to": "Drafts"}), Status::Refused, "graph.folder_exists", "/folders/1/to"),
        (json!({"rename": "Ablage", "to": "a//b"}), Status::Argument, "graph.new_name_invalid", "/folders/1/to"),
        (json!({"create": "<drafts>"}), Status::Argument, "graph.new_name_invalid", "/folders/1/create"),
        (json!({"delete": "Nirgends"}), Status::NotFound, "graph.folder_missing", "/folders/1/delete"),
    ] {
        let error = apply(json!({"folders": [{"create": "Ablage"}, change]})).unwrap_err();
        assert_eq!((error.status, error.code.as_str(), error.at[0].pointer.as_str()), (status, code, pointer), "{change}");
        assert_eq!(error.more["folders"], json!([{"found": "Ablage"}]));
    }
    let changes = json!({"folders": [{"rename": "Ablage/Größe & Maß", "to": "inbox/Neu"}, {"delete": "Ablage"}, {"rename": "inbox/Neu", "to": "inbox/Alt"}]});
    apply(changes).unwrap();
    assert_eq!(setup.messages("Inbox/Alt").len(), 1);
    apply(json!({"folders": [{"delete": "inbox/Alt", "with_messages": true}]})).unwrap();
    let draft = json!({"subject": "Entwurf", "text": "x", "bcc": ["hidden@example.com"],
        "append": {"folder": "<drafts>", "flags": ["draft", "flagged"], "keywords": ["Bezahlt"]}});
    let receipt = send(&mut account, &draft).unwrap();
    assert_eq!((&receipt["filed"]["status"], &receipt["recipients"]), (&json!("saved"), &json!([])), "{receipt}");
    let drafts = setup.messages("drafts");
    let found = drafts.iter().find(|message| message["subject"] == "Entwurf").unwrap();
    // A draft counts as read there, whatever is asked for.
    for (member, value) in [("draft", json!(true)), ("flagged", json!(true)), ("categories", json!(["Bezahlt"]))] {
        assert_eq!(found[member], value, "{member}");
    }
    assert_eq!(found["bcc"], json!(["hidden@example.com"]));
    assert!(setup.messages("sentitems").is_empty());
    let answered = json!({"subject": "Antwort", "append": {"folder": "<drafts>", "flags": ["answered"]}});
    send(&mut account, &answered).unwrap();
    assert!(setup.messages("drafts").iter().any(|message| message["subject"] == "Antwort" && message["answered"] == true));
}

#[test]
fn a_copy_whose_answer_is_lost_is_uncertain() {
    let Some(setup) = Setup::alone() else { return };
    setup.put("inbox", "Subject: a\r\n\r\ntext\r\n");
    let mut account = setup.account();
    let listed = json!(account.list(r#"{"folder": ""}"#, &patience()).unwrap());
    setup.fault("messages.copy", 1, json!({"reset": "after"}));
    let request = json!({"messages": [listed["messages"][0]["id"]], "action": "copy", "folder": "<drafts>"});
    let error = account.apply(&request.to_string(), &patience()).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Uncertain, "graph.copy_uncertain"), "{error:?}");
    assert_eq!(setup.messages("drafts").len(), 1);
}
