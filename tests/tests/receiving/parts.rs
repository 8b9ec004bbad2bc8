//! The structure of messages without their bodies, one part of a message, and the beginning of a text, at a real server.

use crate::setup::{Got, Setup, fetch, letter, letters, lies, patience, plugins, subjects};
use postkontor_core::{Action, Opened, Status};
use postkontor_reader::Message;
use postkontor_reader::header::{ContentType, Disposition, Fields, file_name};
use postkontor_reader::source::Source;
use postkontor_tests::folder::{Folder, private};
use postkontor_tests::strangers::postkontor;
use serde_json::{Value, json};

const PDF: &str = "JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSL0ZpbHRlci9GbGF0ZURlY29kZT4+";

fn multipart(kind: &str, boundary: &str, parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("--{boundary}\n{part}\n")).collect();
    format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\n\n{parts}--{boundary}--\n")
}

/// Messages of every build, each with its subject.
fn messages() -> Vec<(&'static str, String)> {
    let plain = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nGr=C3=BC=C3=9Fe aus K=C3=B6ln, 5 =E2=82=AC =F0=9F=98=80\n";
    let html =
        "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\nPGI+R3LDvMOfZTwvYj48aW1nIHNyYz0iY2lkOmxvZ29AeCI+\n";
    let logo = "Content-Type: image/png; name=logo.png\nContent-ID: <logo@x>\nContent-Disposition: inline; filename=logo.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n";
    let pdf = format!(
        "Content-Type: application/pdf; name=\"=?utf-8?Q?Gr=C3=B6=C3=9Fe.pdf?=\"\nContent-Disposition: attachment;\n filename*0*=utf-8''Gr%C3%B6;\n filename*1*=%C3%9Fe%20;\n filename*2=\"1 (neu).pdf\"\nContent-Transfer-Encoding: base64\n\n{PDF}\n"
    );
    let csv = "Content-Type: text/csv; charset=us-ascii\nContent-Disposition: attachment; filename=\"a \\\"b\\\".csv\"\n\n1;2;3\n";
    let note = "Content-Type: text/plain; charset=us-ascii\n\nfooter of a list\n";
    let inner = format!("Content-Type: message/rfc822\n\nSubject: inner\n{}", multipart("mixed", "inner", &[plain, csv]));
    let alternative = multipart("alternative", "alt", &[plain, html]);
    let related = multipart("related; type=\"text/html\"", "rel", &[html, logo]);
    let rich = multipart("alternative", "alt", &[plain, &related]);
    vec![
        ("plain", plain.to_owned()),
        ("single", pdf.clone()),
        ("alternative", alternative.clone()),
        ("mixed", multipart("mixed", "mix", &[&alternative, &pdf, csv])),
        ("rich", multipart("mixed", "mix", &[&rich, &pdf, &inner, note])),
        ("digest", multipart("digest", "dig", &["Content-Type: message/rfc822\n\nSubject: one\n\ntext\n"])),
        (
            "signed",
            multipart(
                "signed; protocol=\"application/pkcs7-signature\"",
                "sig",
                &[plain, "Content-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\nMIIB\n"],
            ),
        ),
        ("none", "\njust text\n".to_owned()),
    ]
}

fn delivered() -> Option<Setup> {
    let bytes = |(subject, body): (&str, String)| {
        format!("From: Berta <berta@example.com>\nSubject: {subject}\nMIME-Version: 1.0\n{body}").into_bytes()
    };
    Setup::with(&messages().into_iter().map(bytes).collect::<Vec<_>>())
}

/// Section, type and name of an attachment.
type Told = (String, String, Option<String>);

/// Sections, types and names of the attachments, and the sections of the texts, as our reader tells them of a whole message.
fn read(raw: &[u8]) -> (Vec<Told>, Vec<String>) {
    let source = Source::from(raw.to_vec());
    let message = Message::read(&source, &|| true).unwrap();
    let part = |index: &usize| {
        let header = message.header(*index).unwrap();
        let (fields, mut repairs) = (Fields::read(&header), postkontor_reader::Repairs::default());
        let kind = fields.first("Content-Type").map(|field| ContentType::read(field.value(), &mut repairs, ""));
        let disposition = fields.first("Content-Disposition").map(|field| Disposition::read(field.value(), &mut repairs, ""));
        let name = file_name(disposition.as_ref(), kind.as_ref()).map(str::to_owned);
        let (kind, subtype) = message.entity(*index).unwrap().kind();
        (message.structure().section(*index), format!("{kind}/{subtype}"), name)
    };
    let mut texts: Vec<usize> = message.bodies().text.iter().chain(&message.bodies().html).copied().collect();
    texts.sort_unstable();
    (message.bodies().attachments.iter().map(part).collect(), texts.iter().map(|index| message.structure().section(*index)).collect())
}

#[test]
fn a_structure_tells_what_the_whole_message_shows_and_nothing_is_taken() {
    let Some(setup) = delivered() else { return };
    let mut account = setup.account("imap");
    let (result, sketches) = fetch(&mut account, json!({"summary": "structure", "state": ""}), |_| Action::Delete);
    let result = result.unwrap();
    assert_eq!(
        (&result["state"], result["messages"].as_array().unwrap().iter().all(|taken| taken["action"] == "keep")),
        (&json!(""), true)
    );
    let (_, whole) = fetch(&mut account, json!({}), |_| Action::Keep);
    assert_eq!((sketches.len(), whole.len()), (messages().len(), messages().len()));
    for (sketch, whole) in sketches.iter().zip(&whole) {
        let summary = &sketch.summary;
        let (parts, texts) = read(&whole.raw);
        let told = |part: &Value| {
            let text = |name: &str| part[name].as_str().map(str::to_owned);
            (text("section").unwrap(), text("type").unwrap(), text("name"))
        };
        assert_eq!(summary["parts"].as_array().unwrap().iter().map(told).collect::<Vec<_>>(), parts, "{}", whole.subject());
        let sections: Vec<&str> = summary["texts"].as_array().unwrap().iter().map(|text| text["section"].as_str().unwrap()).collect();
        assert_eq!(sections, texts, "{}", whole.subject());
        for member in ["id", "subject", "from", "size", "received"] {
            assert_eq!(summary[member], whole.summary[member], "{member} of {}", whole.subject());
        }
        // The headers and nothing else have come.
        assert!(whole.raw.starts_with(&sketch.raw) && sketch.raw.ends_with(b"\r\n\r\n"), "{}", whole.subject());
        assert_eq!((&summary["headers_only"], &summary["text"], summary.get("complete")), (&json!(true), &json!(""), None));
    }
    assert_eq!(subjects(&mut setup.account("imap"), json!({"filter": {"unseen": true}})).0.len(), messages().len());
}

/// What comes of a message where this is asked for.
fn one(account: &mut postkontor_core::Account, request: Value) -> Got {
    let (result, mut got) = fetch(account, request, |_| Action::Delete);
    assert_eq!(result.unwrap()["messages"][0]["action"], "keep");
    assert_eq!(got.len(), 1);
    got.remove(0)
}

#[test]
fn each_part_comes_alone_with_its_own_header_and_decodes_as_it_does_in_the_message() {
    let Some(setup) = delivered() else { return };
    let mut account = setup.account("imap");
    let (_, whole) = fetch(&mut account, json!({}), |_| Action::Keep);
    let mut compared = 0;
    for whole in &whole {
        let source = Source::from(whole.raw.clone());
        let message = Message::read(&source, &|| true).unwrap();
        for index in message.bodies().attachments.iter().chain(&message.bodies().text).chain(&message.bodies().html) {
            let section = message.structure().section(*index);
            let got = one(&mut account, json!({"message": whole.id(), "section": section, "state": "untouched"}));
            assert_eq!((got.id(), got.summary["section"].as_str()), (whole.id(), Some(section.as_str())));
            let part = Source::from(got.raw.clone());
            let part = Message::read(&part, &|| true).unwrap();
            let trimmed = |bytes: &[u8]| bytes.trim_ascii_end().to_vec();
            let (alone, within) =
                (part.decoded(0, u64::MAX).unwrap().0.into_owned(), message.decoded(*index, u64::MAX).unwrap().0.into_owned());
            assert_eq!(
                String::from_utf8_lossy(&trimmed(&alone)),
                String::from_utf8_lossy(&trimmed(&within)),
                "{section} of {}",
                whole.subject()
            );
            compared += 1;
        }
        let again = one(&mut account, json!({"message": whole.id()}));
        assert!(again.raw == whole.raw && again.summary["sha256"] == whole.summary["sha256"], "{}", whole.subject());
        let sketch = one(&mut account, json!({"message": whole.id(), "summary": "structure"}));
        assert!(sketch.summary["parts"].is_array() && sketch.raw.len() < whole.raw.len());
    }
    assert!(compared > 15, "{compared}");
    // An attachment is opened as any part of a message is.
    let mixed = whole.iter().find(|got| got.subject() == "mixed").unwrap();
    let got = one(&mut account, json!({"message": mixed.id(), "section": "2"}));
    assert_eq!(
        (&got.summary["parts"][0]["name"], &got.summary["parts"][0]["type"]),
        (&json!("Größe 1 (neu).pdf"), &json!("application/pdf"))
    );
    assert!(Opened::new(got.raw).part(0).unwrap().starts_with(b"%PDF-1.4\n"));
    assert_eq!(lies(&setup, None).len(), messages().len());
}

#[test]
fn the_beginning_of_a_text_ends_with_a_letter() {
    let Some(setup) = delivered() else { return };
    let mut account = setup.account("imap");
    let (_, whole) = fetch(&mut account, json!({}), |_| Action::Keep);
    let mixed = whole.iter().find(|got| got.subject() == "mixed").unwrap();
    for (section, member, text) in [("1.1", "text", "Grüße aus Köln, 5 € 😀"), ("1.2", "html", "<b>Grüße</b><img src=\"cid:logo@x\">")]
    {
        let mut longest = 0;
        for first_bytes in 0..80 {
            let got = one(&mut account, json!({"message": mixed.id(), "section": section, "first_bytes": first_bytes}));
            let begun = got.summary[member].as_str().unwrap().trim_end();
            assert!(text.starts_with(begun) && begun.len() >= longest, "{first_bytes}: {begun:?}");
            longest = begun.len();
            let is_whole = got.summary.get("complete").is_none();
            assert_eq!(
                is_whole,
                got.raw.len() >= one(&mut account, json!({"message": mixed.id(), "section": section})).raw.len(),
                "{first_bytes}"
            );
        }
        assert_eq!(longest, text.len());
    }
    let beginning = one(&mut account, json!({"message": mixed.id(), "first_bytes": 50}));
    assert_eq!((beginning.raw.as_slice(), &beginning.summary["complete"]), (&mixed.raw[..50], &json!(false)));
}

#[test]
fn what_is_not_there_or_cannot_be_is_refused_with_its_place() {
    let Some(setup) = Setup::with(&letters(&["a", "b"])) else { return };
    let mut account = setup.account("imap");
    let (_, got) = fetch(&mut account, json!({}), |_| Action::Keep);
    let id = got[0].id().to_owned();
    // Dovecot counts from the second in which the folder was made.
    let renumbered = id.replacen("1.1", "1.2", 1);
    let gone = id.replacen("1.", "77.", 1);
    for (request, status, pointer) in [
        (json!({"message": id, "section": "2"}), Status::NotFound, "/section"),
        (json!({"message": gone, "section": "1"}), Status::NotFound, "/message"),
        (json!({"message": gone}), Status::NotFound, "/message"),
        (json!({"message": renumbered}), Status::NotFound, "/message"),
        (json!({"message": "x"}), Status::Argument, "/message"),
        (json!({"message": id, "section": "x"}), Status::Argument, "/section"),
    ] {
        let error = account.receive(&request.to_string(), None, &patience()).unwrap_err();
        assert_eq!((error.status, error.at[0].pointer.as_str()), (status, pointer), "{request} {error:?}");
    }
    // The account goes on as before.
    assert_eq!(subjects(&mut account, json!({"max_messages": 1})).0, ["a"]);
    let error = setup.account("pop3").receive(r#"{"message":"x"}"#, None, &patience()).unwrap_err();
    assert_eq!(
        (error.status, error.code.as_str(), error.at[0].pointer.as_str()),
        (Status::Unsupported, "receive.member_unsupported", "/message")
    );
}

#[test]
fn pop3_has_the_headers_of_a_structure_and_says_that_this_is_not_all() {
    let mut long = letter("long");
    long.extend("line\n".repeat(1000).into_bytes());
    let Some(setup) = Setup::with(&[letter("a"), long]) else { return };
    let mut account = setup.account("pop3");
    let (result, got) = fetch(&mut account, json!({"summary": "structure", "max_messages": 5}), |_| Action::Delete);
    assert_eq!(result.unwrap()["state"], "");
    assert_eq!(got.iter().map(Got::subject).collect::<Vec<_>>(), ["a", "long"]);
    for got in &got {
        assert_eq!((&got.summary["complete"], &got.summary["parts"], got.summary.get("texts")), (&json!(false), &json!([]), None));
        assert!(got.raw.ends_with(b"\r\n\r\n"));
    }
    assert!(got[1].summary["size"].as_u64() > Some(5000));
    assert_eq!(lies(&setup, None), ["a", "long"]);
    assert_eq!(subjects(&mut account, json!({})).0, ["a", "long"]);
}

#[test]
fn the_command_lists_structures_and_fetches_one_part() {
    let Some(setup) = delivered() else { return };
    let folder = Folder::new().unwrap();
    let settings = folder.file("settings.json");
    std::fs::write(&settings, setup.settings("imap", json!({})).to_string()).unwrap();
    private(&settings).unwrap();
    let to = folder.file("part");
    std::fs::create_dir(&to).unwrap();
    let run = |arguments: &[&str]| -> (Option<i32>, String) {
        let mut command = postkontor(["--plugins", plugins(), "--lang", "en"]).unwrap();
        let output = command.args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr))
    };
    let settings = settings.to_str().unwrap();
    let chosen = r#"{"or":[{"subject":"mixed"},{"body":"nirgends"}]}"#;
    let (status, shown) = run(&["list", settings, "--summary", "structure", "--filter", chosen]);
    assert_eq!(status, Some(0), "{shown}");
    let lines: Vec<&str> = shown.lines().collect();
    assert!(
        lines[0].ends_with("mixed") && lines[3].starts_with("    2  application/pdf") && lines[3].ends_with("Größe 1 (neu).pdf"),
        "{shown}"
    );
    let (_, listed) = run(&["list", settings, "--summary", "structure", "--filter", chosen, "--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let id = listed["messages"][0]["id"].as_str().unwrap();
    let (status, shown) = run(&["receive", settings, "--to", to.to_str().unwrap(), "--message", id, "--section", "2"]);
    assert_eq!(status, Some(0), "{shown}");
    assert!(std::fs::read(to.join("0001/Größe 1 (neu).pdf")).unwrap().starts_with(b"%PDF-1.4\n"), "{shown}");
    let (status, shown) = run(&["receive", settings, "--to", to.to_str().unwrap(), "--section", "2"]);
    assert!(status == Some(1) && shown.contains("message"), "{shown}");
}

/// Messages that Dovecot itself reads otherwise: a boundary in the extended form of RFC 2231 is none to it.
const OF_DOVECOT: [&str; 1] = ["parameters/boundary-extended"];

/// The well-formed messages of the corpus, each with its name.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let kinds = std::fs::read_dir(root).unwrap().map(|kind| kind.unwrap().path()).filter(|kind| kind.is_dir());
    let answers = kinds.flat_map(|kind| std::fs::read_dir(kind).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>());
    let mut found: Vec<(String, Vec<u8>)> = Vec::new();
    for answer in answers.filter(|file| file.extension().is_some_and(|ending| ending == "json")) {
        let says: Value = serde_json::from_slice(&std::fs::read(&answer).unwrap()).unwrap();
        let Ok(message) = std::fs::read(answer.with_extension("eml")) else { continue };
        if says["well_formed"] == true {
            let name = [answer.parent().unwrap().file_name(), answer.file_stem()].map(|part| part.unwrap().to_string_lossy().into_owned());
            found.push((name.join("/"), message));
        }
    }
    found.sort();
    found
}

#[test]
fn structures_of_the_corpus_tell_what_its_messages_show() {
    let corpus = corpus();
    assert!(corpus.len() > 100, "{}", corpus.len());
    let Some(setup) = Setup::with(&corpus.iter().map(|(_, message)| message.clone()).collect::<Vec<_>>()) else { return };
    let mut account = setup.account("imap");
    let (result, sketches) = fetch(&mut account, json!({"summary": "structure"}), |_| Action::Keep);
    result.unwrap();
    let (result, whole) = fetch(&mut account, json!({"summary": "none"}), |_| Action::Keep);
    result.unwrap();
    assert_eq!((sketches.len(), whole.len()), (corpus.len(), corpus.len()));
    let mut others = Vec::new();
    for (((name, _), sketch), whole) in corpus.iter().zip(&sketches).zip(&whole) {
        assert_eq!(sketch.id(), whole.id());
        let told = |part: &Value| {
            let text = |name: &str| part[name].as_str().map(str::to_owned);
            (text("section").unwrap(), text("type").unwrap(), text("name"))
        };
        let parts: Vec<Told> = sketch.summary["parts"].as_array().unwrap().iter().map(told).collect();
        let shown = read(&whole.raw).0;
        if parts != shown {
            others.push(format!("{name}: {parts:?} and whole {shown:?}"));
        }
    }
    println!("{} of {} alike", corpus.len() - others.len(), corpus.len());
    let others: Vec<String> = others.into_iter().filter(|other| !OF_DOVECOT.iter().any(|name| other.starts_with(name))).collect();
    assert!(others.is_empty(), "{}", others.join("\n"));
}
