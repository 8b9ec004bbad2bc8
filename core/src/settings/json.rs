//! Reading JSON that people and programs have written: every defect with its place, and nothing taken in silence.

use super::Problem;
use super::problem::{MAX_PROBLEMS, shown};
use crate::pointer::child;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// The longest settings document, in bytes.
const MAX_SIZE: usize = 4 << 20;
/// The deepest nesting.
const MAX_DEPTH: usize = 32;

/// Reads a document; a byte order mark is accepted, a member that stands twice is not.
///
/// `problems` gets what is wrong. The value is `None` where the text is no JSON at all.
pub(super) fn read(text: &str, problems: &mut Vec<Problem>) -> Option<Value> {
    if text.len() > MAX_SIZE {
        problems.push(Problem::new("", "settings.too_large").arg("limit", MAX_SIZE));
        return None;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = serde_json::Deserializer::from_str(text);
    let before = problems.len();
    let value =
        Place { pointer: String::new(), depth: 0, problems }.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    match value {
        Ok(value) => Some(value),
        Err(error) => {
            // The problem of a nesting that is too deep has been noted.
            if problems[before..].iter().all(|problem| problem.code != "settings.too_deep") {
                let problem = Problem::new("", "settings.syntax").arg("line", error.line()).arg("column", error.column());
                problems.push(problem.detail(error.to_string()));
            }
            None
        }
    }
}

/// A value that is about to be read, and where it stands.
struct Place<'a> {
    pointer: String,
    depth: usize,
    problems: &'a mut Vec<Problem>,
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.depth > MAX_DEPTH {
            self.problems.push(Problem::new(&self.pointer, "settings.too_deep").arg("limit", MAX_DEPTH));
            return Err(D::Error::custom("nested too deep"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number beyond all limits"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        loop {
            let pointer = child(&self.pointer, &array.len().to_string());
            let Some(item) = items.next_element_seed(Place { pointer, depth: self.depth + 1, problems: self.problems })? else {
                return Ok(Value::Array(array));
            };
            array.push(item);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let pointer = child(&self.pointer, &name);
            if object.contains_key(&name) && self.problems.len() < MAX_PROBLEMS {
                self.problems.push(Problem::new(&pointer, "settings.twice").arg("member", shown(&name)));
            }
            let value = members.next_value_seed(Place { pointer, depth: self.depth + 1, problems: self.problems })?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn codes(text: &str) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        read(text, &mut problems);
        problems.into_iter().map(|problem| (problem.pointer, problem.code)).collect()
    }

    #[test]
    fn a_byte_order_mark_is_accepted() {
        let mut problems = Vec::new();
        assert_eq!(read("\u{feff}{\"a\":[1,-2,2.5,null,true,\"x\"]}", &mut problems), Some(json!({"a": [1, -2, 2.5, null, true, "x"]})));
        assert!(problems.is_empty());
    }

    #[test]
    fn a_defect_is_named_by_line_and_column() {
        let mut problems = Vec::new();
        assert_eq!(read("{\n  \"a\": NaN}", &mut problems), None);
        assert_eq!(
            (problems[0].code.as_str(), &problems[0].args["line"], &problems[0].args["column"]),
            ("settings.syntax", &json!(2), &json!(8))
        );
        for text in ["", "{", "{} x", "{\"a\":1e999}", "\u{feff}\u{feff}{}"] {
            assert_eq!(codes(text), [(String::new(), "settings.syntax".to_owned())], "{text}");
        }
    }

    #[test]
    fn a_member_that_stands_twice_is_a_problem() {
        assert_eq!(codes(r#"{"a":{"b/c":1,"b/c":2}}"#), [("/a/b~1c".to_owned(), "settings.twice".to_owned())]);
    }

    #[test]
    fn deep_nesting_does_not_overflow_a_small_stack() {
        let deep = || codes(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)));
        let found = std::thread::Builder::new().stack_size(256 << 10).spawn(deep).unwrap().join().unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].1, "settings.too_deep");
    }

    #[test]
    fn a_huge_document_is_refused_unread() {
        assert_eq!(codes(&" ".repeat(MAX_SIZE + 1)), [(String::new(), "settings.too_large".to_owned())]);
    }
}
