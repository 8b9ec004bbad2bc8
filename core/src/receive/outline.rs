//! The summary of a message of which only the header came, and what the server tells of its parts.

use crate::opened::safe_name;
use postkontor_plugin::{Part, Parts};
use serde_json::{Map, Value, json};

/// The summary of the headers with the parts in it, as the server tells them; `texts` are those that a whole summary would show as text or HTML.
pub(super) fn with_parts(summary: &str, size: u64, outline: Parts) -> String {
    let mut members: Map<String, Value> = serde_json::from_str(summary).unwrap_or_default();
    members.insert("size".to_owned(), Value::from(size));
    members.insert("texts".to_owned(), outline.texts.iter().map(described).collect());
    let parts = outline.parts.iter().enumerate().map(|(index, part)| {
        let mut described = described(part);
        described["part"] = Value::from(index);
        if let Some(name) = &part.name {
            described["file_name"] = Value::from(safe_name(name));
        }
        described
    });
    members.insert("parts".to_owned(), parts.collect());
    Value::Object(members).to_string()
}

fn described(part: &Part) -> Value {
    json!(part)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{request, watch};
    use super::super::{Fetched, Reception};
    use crate::loader::Streams;
    use crate::settings::Receive;
    use postkontor_plugin::Action;
    use serde_json::{Value, json};

    /// The summary and the action of what a transport announced so, with these bytes.
    fn received(asked: Value, incoming: Value, bytes: &[u8]) -> (Value, Value) {
        let mut summary = Value::Null;
        let mut take = |fetched: Fetched<'_>| {
            summary = serde_json::from_str(fetched.summary).unwrap();
            Action::Delete
        };
        let request = request(&asked);
        let mut reception = Reception::new(&request, &Receive::default(), Some(&mut take), watch(), "en").unwrap();
        reception.write(0, json!({"message": incoming}).to_string().as_bytes()).unwrap();
        reception.write(1, bytes).unwrap();
        reception.write(0, br#"{"end":true}"#).unwrap();
        let mut answer = [0; 100];
        let length = reception.read(0, &mut answer).unwrap();
        let answer = serde_json::from_slice(&answer[..length]).unwrap();
        drop(reception);
        (summary, answer)
    }

    #[test]
    fn a_structure_has_the_headers_and_the_parts_and_nothing_is_taken() {
        let text = json!({"section": "1", "type": "text/plain", "encoded_size": 7});
        let part = json!({"section": "2", "name": "a/b.pdf", "type": "application/pdf", "encoded_size": 1000, "inline": "x@y"});
        let incoming = json!({"id": "1", "size": 5000, "headers_only": true, "parts": {"texts": [text], "parts": [part]}});
        let (summary, answer) = received(json!({"summary": "structure"}), incoming, b"Subject: =?utf-8?Q?=C3=BC?=\r\n\r\n");
        assert_eq!((&summary["subject"], &summary["size"], summary.get("complete")), (&json!("ü"), &json!(5000), None));
        assert_eq!(summary["texts"], json!([{"section": "1", "type": "text/plain", "encoded_size": 7}]));
        let part = json!({"part": 0, "section": "2", "name": "a/b.pdf", "file_name": "a_b.pdf", "type": "application/pdf", "encoded_size": 1000, "inline": "x@y"});
        assert_eq!(summary["parts"], json!([part]));
        assert_eq!(answer, json!({"disposal": "keep"}));
        // Where the server does not tell them, the summary says that it does not tell all.
        let (summary, answer) =
            received(json!({"summary": "structure"}), json!({"id": "1", "size": 5000, "headers_only": true}), b"Subject: a\r\n\r\n");
        assert_eq!((&summary["complete"], &summary["parts"], summary.get("texts")), (&json!(false), &json!([]), None));
        assert_eq!(answer, json!({"disposal": "keep"}));
    }

    #[test]
    fn one_part_of_a_message_is_a_message_that_is_never_taken() {
        let bytes = "Content-Type: text/plain; charset=utf-8\r\n\r\nGrüße".as_bytes();
        let asked = json!({"message": "1", "section": "2", "first_bytes": 7});
        for (cut, complete) in [(true, json!(false)), (false, Value::Null)] {
            let (summary, answer) = received(asked.clone(), json!({"id": "1", "section": "2", "cut": cut}), bytes);
            assert_eq!((&summary["text"], &summary["section"], &summary["size"]), (&json!("Grüße"), &json!("2"), &json!(bytes.len())));
            assert_eq!(summary["complete"], complete);
            assert_eq!(answer, json!({"disposal": "keep"}));
        }
    }
}
