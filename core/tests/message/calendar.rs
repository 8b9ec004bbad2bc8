//! Meeting requests: sent as one more form of the text, which Python's email package finds there.

use super::{pair, problem, sent, simple};
use postkontor_core::settings::Sender;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

const CALENDAR: &str = "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1@example.com\nSUMMARY:Gespräch über šunka\n\
    DTSTART:20261201T100000Z\nEND:VEVENT\nEND:VCALENDAR\n";

/// What Python's email package finds.
fn judged(message: &str) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/calendar_judge.py");
    let mut judge = Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3 is needed");
    judge.stdin.take().unwrap().write_all(message.as_bytes()).unwrap();
    serde_json::from_slice(&judge.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn a_calendar_is_the_last_form_of_the_text() {
    let part = json!([{"name": "a.txt", "part": 0}]);
    let cases = [
        (json!({"calendar": CALENDAR}), json!(["text/plain", "text/calendar"]), json!([])),
        (json!({"calendar": CALENDAR, "html": "<p>x</p>"}), json!(["text/plain", "text/html", "text/calendar"]), json!([])),
        (json!({"calendar": CALENDAR, "attachments": part}), json!(["text/plain", "text/calendar"]), json!(["a.txt"])),
        (json!({"calendar": CALENDAR, "text": null}), json!(["text/calendar"]), json!([])),
    ];
    for (members, forms, attachments) in cases {
        // The setting's character set is that of the texts, not of the calendar.
        let found = judged(&sent(simple(members), &Sender { charset: "iso-8859-1".to_owned(), ..Sender::default() }));
        let calendar = found["calendar"].as_str().unwrap().replace("\r\n", "\n");
        assert_eq!((&found["forms"], &found["attachments"], calendar.as_str()), (&forms, &attachments, CALENDAR));
        let told = (&found["method"], &found["charset"], &found["disposition"], &found["defects"]);
        assert_eq!(told, (&json!("REQUEST"), &json!("utf-8"), &json!(null), &json!([])));
    }
}

#[test]
fn what_is_no_calendar_is_refused_at_its_place() {
    let calendar = |text: &str| problem(simple(json!({"calendar": text})));
    assert_eq!(calendar("Subject: x"), pair("/calendar", "message.calendar_invalid"));
    assert_eq!(calendar(&CALENDAR.replace("METHOD:REQUEST\n", "")), pair("/calendar", "message.calendar_method"));
    assert_eq!(calendar(&CALENDAR.replace("REQUEST", "REQUEST\"; x")), pair("/calendar", "message.calendar_method"));
    assert_eq!(calendar(&CALENDAR.replace("šunka", "\u{1b}")), pair("/calendar", "message.control_character"));
    assert_eq!(problem(simple(json!({"calendar": 1}))), pair("/calendar", "message.expected_text"));
}
