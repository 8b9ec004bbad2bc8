//! How the work of composing grows: in proportion to the message, whatever is in it.
#![cfg(target_os = "linux")]

use postkontor_core::message::{Composer, compose};
use postkontor_core::settings::{Html, Sender};
use postkontor_core::{Callbacks, Cancel, Watch};
use postkontor_plugin::{Error, Stage, Status};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

/// How long this thread has worked, which other programs on the machine do not add to.
fn worked() -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(statistics.split(' ').next().unwrap().parse().unwrap())
}

/// What composing a document takes, at its quickest.
fn cost(document: &Value, sender: &Sender) -> Duration {
    let document = document.to_string();
    let run = || {
        let before = worked();
        // What is refused costs time, too.
        drop(compose(&document, sender, &[]));
        worked() - before
    };
    (0..3).map(|_| run()).min().unwrap()
}

/// Four times as much takes four times as long; time that grows with the square would take sixteen times as long.
fn grows_in_proportion(name: &str, sender: &Sender, size: usize, document: impl Fn(usize) -> Value) {
    let (small, large) = (cost(&document(size), sender), cost(&document(4 * size), sender));
    let least = Duration::from_millis(10);
    assert!(large < 8 * small.max(least), "{name}: {small:?}, and {large:?} for four times as much");
}

fn with(members: Value) -> Value {
    let mut document = json!({"from": "a@example.com", "to": "b@example.com"});
    document.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    document
}

#[test]
fn four_times_as_much_takes_four_times_as_long() {
    let plain = Sender::default();
    let page = Sender { html: Some(Html { enabled: true, ..Html::default() }), ..Sender::default() };
    let latin = Sender { charset: "iso-2022-jp".to_owned(), ..Sender::default() };
    let image = |n: usize| format!("<p>ü<img src=\"data:image/png;base64,{}\"></p>", "iVBORw0KGgo".repeat(n / 11));
    grows_in_proportion("one line", &plain, 30_000, |n| with(json!({"text": "x".repeat(n)})));
    grows_in_proportion("one line of words", &plain, 30_000, |n| with(json!({"text": "ü ".to_owned() + &"words ".repeat(n / 6)})));
    grows_in_proportion("one line of equals signs", &plain, 30_000, |n| with(json!({"text": "=".repeat(n)})));
    grows_in_proportion("a data URI", &plain, 30_000, |n| with(json!({"html": image(n)})));
    grows_in_proportion("a data URI in a wrapper", &page, 30_000, |n| with(json!({"html": image(n)})));
    grows_in_proportion("text in a wrapper", &page, 30_000, |n| with(json!({"text": "http://a.b, ".repeat(n / 12)})));
    grows_in_proportion("Japanese", &latin, 30_000, |n| with(json!({"text": "あ".repeat(n / 3), "subject": "あ".repeat(n / 3)})));
    for piece in [
        "<a '\">",
        "<",
        "<!--",
        "</",
        "<ul>",
        "&",
        "<script>",
        "<blockquote>x",
        "<a href=",
        "<br>",
        "<a href=x>",
        "<pre>\n",
        "<style></body",
    ] {
        grows_in_proportion(piece, &page, 10_000, |n| with(json!({"html": piece.repeat(n / piece.len())})));
    }
    grows_in_proportion("a subject", &plain, 30_000, |n| with(json!({"subject": "ü".repeat(n / 2)})));
    grows_in_proportion("recipients", &plain, 2_000, |n| {
        with(json!({"to": (0..n).map(|index| format!("Ü <r{index}@example.com>")).collect::<Vec<_>>()}))
    });
    grows_in_proportion("recipients in one text", &plain, 2_000, |n| {
        with(json!({"to": (0..n).map(|index| format!("Ü <r{index}@example.com>")).collect::<Vec<_>>().join("; ")}))
    });
    grows_in_proportion("a domain", &plain, 20_000, |n| {
        let letters: String = (0..n as u32).filter_map(|index| char::from_u32(0x4e00 + index % 20_000)).collect();
        with(json!({"to": format!("a@{letters}.example")}))
    });
    for piece in ["\"", "\\", "(", "<", "[", "a@b.example,", "a@b.example (", "@"] {
        grows_in_proportion(piece, &plain, 10_000, |n| with(json!({"to": piece.repeat(n / piece.len())})));
    }
    grows_in_proportion("references", &plain, 20_000, |n| with(json!({"references": "<a@b> ".repeat(n / 6)})));
    for piece in ["BEGIN:VEVENT\n", "SUMMARY:x\n", "METHOD:x", " x\n", "ü"] {
        grows_in_proportion(piece, &plain, 100_000, |n| {
            with(
                json!({"calendar": format!("BEGIN:VCALENDAR\nMETHOD:ADD\nBEGIN:VEVENT\nX:{}\nEND:VEVENT\nEND:VCALENDAR", piece.repeat(n / piece.len()))}),
            )
        });
    }
    grows_in_proportion("headers", &plain, 2_000, |n| {
        let headers: serde_json::Map<String, Value> = (0..n).map(|index| (format!("X-{index}"), json!("v"))).collect();
        with(json!({"headers": headers}))
    });
    grows_in_proportion("a name", &plain, 100_000, |n| {
        with(
            json!({"attachments": [{"file": "/dev/null", "name": "ü".repeat(n / 2)}], "to": {"name": "ü".repeat(n / 2), "address": "a@b.example"}}),
        )
    });
}

/// Counts how often it is asked, and stops the work at the last time it may be.
struct Patience {
    asked: AtomicUsize,
    most: usize,
}

impl Callbacks for Patience {
    fn progress(&self, _: u64, _: u64) -> bool {
        self.asked.fetch_add(1, SeqCst) < self.most
    }
}

/// How often composing asks whether to go on when the time between two questions is over at once.
fn questions(document: &Value, sender: &Sender, most: usize) -> (usize, Result<(), Error>) {
    let (patience, cancel) = (Patience { asked: AtomicUsize::new(0), most }, Cancel::default());
    let watch = Watch::new(&patience, &cancel, Duration::MAX).every(Duration::ZERO);
    let composed = Composer::new(sender).unwrap().watched_by(&watch).compose(&document.to_string(), &[]);
    (patience.asked.load(SeqCst), composed.map(drop))
}

#[test]
fn whatever_is_large_is_composed_in_small_steps_and_can_be_stopped_at_each() {
    const SIZE: usize = 384 * 1024;
    /// The most bytes that may be worked on without a question.
    const STEP: usize = 128 * 1024;
    let plain = Sender::default();
    let page = Sender { html: Some(Html { enabled: true, ..Html::default() }), ..Sender::default() };
    let latin = Sender { charset: "iso-8859-2".to_owned(), ..Sender::default() };
    let folder = crate::Folder::new("steps");
    let ready = folder.file("ready.eml", &[b"From: a@example.com\r\nTo: b@example.com\r\n\r\n".as_slice(), &[b'x'; SIZE]].concat());
    let calendar = |inner: String| format!("BEGIN:VCALENDAR\nMETHOD:ADD\nBEGIN:VEVENT\n{inner}END:VEVENT\nEND:VCALENDAR\n");
    let words = "some words ".repeat(SIZE / 11);
    for (name, sender, document) in [
        ("short lines", &plain, with(json!({"text": "line\n".repeat(SIZE / 5)}))),
        ("a long line", &plain, with(json!({"text": &words}))),
        ("base64", &plain, with(json!({"text": "日本語".repeat(SIZE / 9)}))),
        ("Latin", &latin, with(json!({"text": "ž".repeat(SIZE / 2)}))),
        ("HTML", &plain, with(json!({"html": &words}))),
        ("a calendar", &plain, with(json!({"calendar": calendar("COMMENT:x\n".repeat(SIZE / 10))}))),
        ("tags", &plain, with(json!({"html": "<b>x</b>".repeat(SIZE / 8)}))),
        ("a page", &page, with(json!({"text": &words}))),
        ("a subject", &plain, with(json!({"subject": "ü".repeat(SIZE / 2)}))),
        ("a name", &plain, with(json!({"attachments": [{"file": "/etc/hostname", "name": "ü".repeat(SIZE / 2)}]}))),
        ("recipients", &plain, with(json!({"to": "a@example.com, ".repeat(SIZE / 15)}))),
        ("a ready-made message", &plain, json!({"file": ready})),
    ] {
        let (asked, result) = questions(&document, sender, usize::MAX);
        result.unwrap();
        assert!(asked >= SIZE / STEP, "{name}: asked {asked} times");
        for most in [0, asked / 2, asked - 1] {
            let (asked, result) = questions(&document, sender, most);
            let error = result.expect_err(name);
            assert_eq!((error.status, error.code.as_str(), asked), (Status::Cancelled, "call.cancelled", most + 1), "{name}");
        }
    }
    // A document that is refused as soon as it was read: reading it can be stopped, too.
    let document = with(json!({"tekst": "x\n".repeat(2 << 20)}));
    let (asked, result) = questions(&document, &plain, usize::MAX);
    assert_eq!(result.unwrap_err().code, "message.member_unknown");
    assert!(asked >= (4 << 20) / STEP, "asked {asked} times");
    assert_eq!(questions(&document, &plain, asked / 2).1.unwrap_err().status, Status::Cancelled);
    let overdue = Cancel::default();
    let watch = Watch::new(&(), &overdue, Duration::ZERO);
    let document = with(json!({"text": words})).to_string();
    let error = Composer::new(&plain).unwrap().watched_by(&watch).compose(&document, &[]).unwrap_err();
    assert_eq!((error.status, error.code.as_str(), error.stage), (Status::Timeout, "call.timeout", Some(Stage::Message)));
}
