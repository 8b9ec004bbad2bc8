//! Bounces as an enemy would write them: whatever stands in the text, reading ends and stays bounded.

use postkontor_reader::header::Fields;
use postkontor_reader::report::{Given, Kind, Report, read};
use std::borrow::Cow;

const HEADER: &[u8] = b"From: MAILER-DAEMON@mx.example\r\nReturn-Path: <>\r\nSubject: failure notice\r\n\r\n";

fn report(text: &str) -> Option<Report> {
    read(&Given { header: HEADER, fields: &Fields::read(HEADER), entities: &[], text: &|| Cow::Borrowed(text), subject: "failure notice" })
}

#[test]
fn a_text_of_any_length_and_kind_is_read_and_names_so_many_recipients_at_most() {
    let pieces = [
        "attempts: ",
        "a@",
        "your message to ",
        "<a@b.c>\n",
        "((((",
        "message-id: x\n",
        "a ",
        "> ",
        "x@y.z ",
        "\u{fc}@\u{fc}.\u{fc} ",
        "#5.1.1 ",
    ];
    for piece in pieces {
        let report = report(&piece.repeat(2_000_000 / piece.len())).map(|report| report.recipients.len());
        assert!(report.is_some_and(|count| count <= 1), "{piece}: {report:?}");
    }
    let many: String = (0..20_000).map(|number| format!("a{number}@b.example\n")).collect();
    assert_eq!(report(&many).map(|report| report.recipients.len()), Some(1000));
}

#[test]
fn a_text_that_is_cut_anywhere_stays_a_failure() {
    let text = "Hi. This is the qmail-send program at mx.example.\n\n<anna@example.com>:\n550 5.1.1 gone \u{2013} f\u{fc}r immer\n";
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        assert_eq!(report(&text[..end]).map(|report| report.kind), Some(Kind::Failure), "{end}");
    }
}
