//! The schemas of requests and of messages, judged beside the readers: what the one accepts, the other does, but for what only the reader
//! can know (docs/settings.md, "Forms of requests and messages").

use crate::judges::{Verdicts, verdicts};
use crate::{are_near, host, number};
use postkontor_core::{Error, Host};
use postkontor_tests::inputs;
use postkontor_tests::random_settings::RandomSettings;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const INPUTS: [&str; 7] = ["message", "receive", "list", "apply", "test", "authorize", "discover"];

/// What only the reader can know: what is an address, and what stands twice. Beside such a fault it may look no further.
const ONLY_THE_READER: [&str; 11] = [
    "request.keyword_twice",
    "discover.address_invalid",
    "discover.name_server_invalid",
    "message.address_invalid",
    "message.address_too_long",
    "message.calendar_invalid",
    "message.calendar_method",
    "message.content_id_twice",
    "message.date_invalid",
    "message.domain_invalid",
    "message.type_invalid",
];

/// What is found only in a document that is right in itself: what lies in files and parts, and whether there are a recipient, a signer and certificates.
const LATER: [&str; 11] = [
    "message.attachment_part_missing",
    "message.file_missing",
    "message.file_no_message",
    "message.file_not_regular",
    "message.file_unreadable",
    "message.no_message",
    "message.no_recipient",
    "message.reply_without_recipient",
    "message.smime_no_certificate",
    "message.smime_no_signer",
    "smime.file_missing",
];

/// What was once accepted by one side alone, found among 10,000 documents of each input.
const FOUND: [(&str, &str); 8] = [
    ("message", r#"{"from":"a@b.de","to":"c@d.de","text":"x","smime":{"certificates":[{}]}}"#),
    ("message", r#"{"from":"a@b.de","to":"c@d.de","text":"x","smime":{"certificates":[{"file":"/x","part":1}]}}"#),
    ("receive", r#"{"message":"a","filter":{"no_such_member":1}}"#),
    ("receive", r#"{"message":"a","filter":{"header":5}}"#),
    ("receive", r#"{"message":"a","filter":{"or":true}}"#),
    ("receive", r#"{"message":"a","filter":{"unseen":false,"header":[],"or":[],"from":null}}"#),
    ("apply", r#"{"folders":[{"delete":"a\nb","with_messages":true}]}"#),
    ("apply", r#"{"folders":[{"rename":"a\nb","to":"c"},{"create":"a","to":"b"}]}"#),
];

/// What the reader of an input has against a document: the pointer and the code of each.
fn refused(host: &Arc<Host>, name: &str, document: &Value) -> Vec<(String, String)> {
    let places = |error: Error| match error.at.is_empty() {
        true => vec![(String::new(), error.code.clone())],
        false => error.at.iter().map(|at| (at.pointer.clone(), at.code.clone())).collect(),
    };
    inputs::read(host, name, document).map_or_else(places, |()| Vec::new())
}

fn documents(name: &str, schema: &Value) -> Vec<(String, Value)> {
    let mut random = RandomSettings::new(name.len() as u64 + 71);
    let document = |place: usize| {
        let mut document = random.valid(schema);
        match place % 4 {
            0 => {}
            1 => random.spoil_text(&mut document),
            _ => random.spoil(schema, &mut document),
        }
        (name.to_owned(), document)
    };
    let found = FOUND.iter().filter(|(of, _)| *of == name).map(|(_, text)| (name.to_owned(), serde_json::from_str(text).unwrap()));
    found.chain((0..number()).map(document)).collect()
}

#[test]
fn every_validator_says_of_random_requests_and_messages_what_their_reader_says() {
    let host = host();
    let schemas: Map<String, Value> =
        INPUTS.iter().map(|name| ((*name).to_owned(), json!(host.schema(name, "en").unwrap())["schema"].clone())).collect();
    let made: Vec<(String, Value)> = schemas.iter().flat_map(|(name, schema)| documents(name, schema)).collect();
    let (mut judged, mut expected) = (Vec::new(), Vec::new());
    for (name, document) in made {
        let refused = refused(&host, &name, &document);
        if !refused.iter().any(|(_, code)| ONLY_THE_READER.contains(&code.as_str())) {
            judged.push((name, document));
            expected.push(refused.into_iter().filter(|(_, code)| !LATER.contains(&code.as_str())).collect::<Vec<_>>());
        }
    }
    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Verdicts { judge, valid, places } in verdicts(&schemas, &judged) {
        for (place, ((name, document), expected)) in judged.iter().zip(&expected).enumerate() {
            let of_judge = places.get(place);
            // The only address of a list has the place of the list.
            let of_reader = |place: &str| place.replace("/from/0", "/from").replace("/sender/0", "/sender");
            let near = |at: &str| of_judge.is_none_or(|places| places.iter().any(|place| are_near(&of_reader(place), at)));
            let missed: Vec<&String> = expected.iter().map(|(at, _)| at).filter(|at| !near(at)).collect();
            if valid[place] != expected.is_empty() || !missed.is_empty() {
                let what = format!("{judge}: {}, {of_judge:?}, and the reader has {expected:?}", valid[place]);
                wrong.entry(what).or_default().push(format!("{name}: {document}"));
            }
        }
    }
    let told: Vec<String> = wrong.iter().map(|(what, of)| format!("{what} in {} documents, for example {}", of.len(), of[0])).collect();
    assert!(wrong.is_empty(), "{} kinds:\n{}", told.len(), told.iter().take(25).map(String::as_str).collect::<Vec<_>>().join("\n"));
    for name in INPUTS {
        let of_name = || judged.iter().zip(&expected).filter(|((of, _), _)| of == name);
        let (good, all) = (of_name().filter(|(_, refused)| refused.is_empty()).count(), of_name().count());
        assert!(all * 4 > number() && good * 10 > all && good * 10 < all * 9, "{name}: {good} of {all} are valid");
    }
}
