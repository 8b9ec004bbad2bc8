use super::*;
use std::io::Write;
use std::ops::Range;

fn apart(raw: &str) -> Structure {
    let found = structure(&Source::from(raw.as_bytes().to_vec()), &|| true).unwrap();
    // A file shows the same.
    let path = std::env::temp_dir().join(format!("postkontor-structure-{}-{:?}", std::process::id(), std::thread::current().id()));
    let mut file = std::fs::File::options().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
    file.write_all(raw.as_bytes()).unwrap();
    let read = structure(&Source::file(file).unwrap(), &|| true).unwrap();
    std::fs::remove_file(path).unwrap();
    assert_eq!(format!("{:?}", found.entities), format!("{:?}", read.entities));
    assert_eq!((&found.faults, found.cut), (&read.faults, read.cut));
    found
}

fn text(raw: &str, range: &Range<u64>) -> String {
    raw[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()].to_owned()
}

/// The bodies of the parts that have no parts themselves, and where they hang.
fn bodies(raw: &str) -> Vec<(Option<usize>, String)> {
    let structure = apart(raw);
    let leaves = structure.entities.iter().filter(|entity| !entity.is_divided);
    leaves.map(|entity| (entity.parent, text(raw, &entity.body))).collect()
}

fn expected(bodies: &[(Option<usize>, &str)]) -> Vec<(Option<usize>, String)> {
    bodies.iter().map(|(parent, body)| (*parent, (*body).to_owned())).collect()
}

const MIXED: &str = "Content-Type: multipart/mixed; boundary=x\n\n";

#[test]
fn delimiters_are_whole_lines() {
    assert_eq!(bodies("Subject: a\r\n\r\ntext\r\n"), expected(&[(None, "text\r\n")]));
    let raw =
        format!("{MIXED}before\r\n--x\r\n\r\na;--x;b\r\nsee --x\r\n--xy\r\n--x-\r\n --x\r\n--x \t\r\n\r\n\n--x--\r\nbehind\r\n--x\r\n");
    assert_eq!(bodies(&raw), expected(&[(Some(0), "a;--x;b\r\nsee --x\r\n--xy\r\n--x-\r\n --x"), (Some(0), "")]));
    assert_eq!(apart(&raw).faults, []);
    assert_eq!(bodies(&format!("{MIXED}--x\n\n--x\n\na\n--x--")), expected(&[(Some(0), ""), (Some(0), "a")]));
}

#[test]
fn what_is_not_closed_ends_with_what_is_around_it_and_is_noted() {
    let unclosed = |raw: &str| {
        let faults = apart(raw).faults;
        faults.iter().map(|(code, entity)| (code.strip_prefix("mime.boundary_").unwrap(), entity.unwrap())).collect::<Vec<_>>()
    };
    let inner = "Content-Type: multipart/mixed; boundary=y\n\n--y\n\na\n--y\n\nb";
    let raw = format!("{MIXED}--x\n{inner}\n--x\n\nc");
    assert_eq!(bodies(&raw), expected(&[(Some(1), "a"), (Some(1), "b"), (Some(0), "c")]));
    assert_eq!(unclosed(&raw), [("unclosed", 3), ("unclosed", 4)]);
    let raw = format!("{MIXED}--x\n{inner}\n--y--\nbehind\n--x\nX: no body\n--x\n\nd\n");
    assert_eq!(bodies(&raw), expected(&[(Some(1), "a"), (Some(1), "b"), (Some(0), ""), (Some(0), "d\n")]));
    assert_eq!(unclosed(&raw), [("unclosed", 5)]);
    let raw = format!("{MIXED}--x\n{}--y--\nbehind\n--x--\nbehind\n", inner.strip_suffix('b').unwrap());
    assert_eq!(bodies(&raw), expected(&[(Some(1), "a"), (Some(1), "")]));
    assert_eq!(unclosed(&raw), []);
    // A multipart without a delimiter is one part.
    assert_eq!(bodies(&format!("{MIXED}text\n")), expected(&[(None, "text\n")]));
    assert_eq!(unclosed(&format!("{MIXED}text\n")), [("missing", 0)]);
    let raw = format!("{MIXED}--x\nContent-Type: multipart/mixed; boundary=y\n\na\n--x--");
    assert_eq!((bodies(&raw), unclosed(&raw)), (expected(&[(Some(0), "a")]), vec![("missing", 1)]));
    let raw = "Content-Type: multipart/mixed; boundary=\" \"\n\n-- \n\na\n";
    assert_eq!((bodies(raw), unclosed(raw)), (expected(&[(None, "-- \n\na\n")]), vec![("missing", 0)]));
    assert_eq!(bodies(""), expected(&[(None, "")]));
}

#[test]
fn parts_are_numbered_as_imap_does() {
    let raw = format!(
        "{MIXED}--x\n\na\n--x\nContent-Type: multipart/digest; boundary=y\n\n--y\n\nSubject: b\n--y\nContent-Type: a/b\n\nc\n--y--\n--x--\n"
    );
    let found = apart(&raw);
    let sections: Vec<String> = (0..found.entities.len()).map(|index| found.section(index)).collect();
    assert_eq!(sections, ["", "1", "2", "2.1", "2.2"]);
    let kinds: Vec<String> = found.entities.iter().map(|entity| format!("{}/{}", entity.kind().0, entity.kind().1)).collect();
    assert_eq!(kinds, ["multipart/mixed", "text/plain", "multipart/digest", "message/rfc822", "a/b"]);
    assert_eq!(apart("Subject: x\n\ny").section(0), "1");
}

#[test]
fn lines_may_end_in_cr_only() {
    let raw = "Subject: a\rContent-Type: multipart/mixed; boundary=x\r\rbefore\r--x\r\ra\r--x\rX: y\r\rb\r--x--\r";
    assert_eq!(bodies(raw), expected(&[(Some(0), "a"), (Some(0), "b")]));
    assert_eq!(apart(raw).faults, [("mime.line_ends", None)]);
    assert_eq!(apart("Subject: a\r\n\r\nb\rc").faults, []);
}

#[test]
fn what_breaks_the_structure_is_noted() {
    let codes = |raw: &str| apart(raw).faults.iter().map(|(code, entity)| format!("{code} {entity:?}")).collect::<Vec<_>>();
    assert_eq!(codes("Subject: a"), ["mime.header_unended Some(0)"]);
    assert_eq!(codes("Subject: a\nthis is no field\n"), ["mime.header_unended Some(0)"]);
    assert_eq!(codes("Subject: a\nstray\nX: y\n\n"), ["header.line_invalid Some(0)"]);
    assert_eq!(codes("Content-Type: text/plain\nContent-Type: text/html\n\n"), ["header.repeated Some(0)"]);
    assert_eq!(codes("Content-Transfer-Encoding: rot13\n\n"), ["mime.encoding_unknown Some(0)"]);
    assert_eq!(codes(&format!("{}--x\n\na\n--x--", MIXED.replace("\n\n", "\nContent-Transfer-Encoding: odd\n\n"))), [""; 0]);
}

#[test]
fn more_than_any_program_writes_is_not_taken_apart() {
    const DEPTH: usize = 64;
    const PARTS: usize = 20_000;
    const FIELDS: usize = 50_000;
    let cut = |raw: &str| apart(raw).cut;
    let nested = |depth| (0..depth).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n")).collect::<String>();
    assert_eq!(cut(&nested(DEPTH)), None);
    assert_eq!(cut(&nested(DEPTH + 1)), Some("message.nesting_too_deep"));
    assert_eq!(cut(&format!("{MIXED}{}", "--x\n\na\n".repeat(PARTS - 1))), None);
    assert_eq!(cut(&format!("{MIXED}{}", "--x\n\na\n".repeat(PARTS))), Some("message.parts_too_many"));
    assert_eq!(cut(&"X:\n".repeat(FIELDS)), None);
    for header in ["X:\n".repeat(FIELDS + 1), format!("To: {}", "a@b,\n ".repeat(200_000)), format!("To: {}", "a@b,".repeat(300_000))] {
        let found = apart(&header);
        assert_eq!(found.cut, Some("message.header_too_large"));
        // What was read of it is there, and the rest of it is no text.
        assert_eq!((found.entities.len(), found.entities[0].body.is_empty()), (1, true));
    }
}

#[test]
fn it_ends_when_it_has_to() {
    let many = format!("{MIXED}{}", "--x\n\na\n".repeat(1000));
    let long = format!("{MIXED}{}", "no delimiter\n".repeat(1_000_000));
    for raw in [many, format!("{MIXED}{}", "--\n".repeat(1000)), "X:\n".repeat(1000), long] {
        let stopped = structure(&Source::from(raw.as_bytes().to_vec()), &|| false);
        assert!(matches!(stopped, Err(Stop::Stopped)), "{}", &raw[..50]);
    }
}
