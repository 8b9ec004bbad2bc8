//! JSON as a tree that borrows its texts from the source.
//!
//! A tree, because a typed reader stops at its first surprise, and whoever fills in a message wants to hear of all of them
//! with their places. Texts without escapes are not copied.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// How deep lists and objects may be nested. A message document needs three levels.
const DEPTH: u8 = 8;

/// One JSON value.
#[derive(Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    /// The number, where it is one that can count.
    Number(Option<u64>),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Reads a JSON text.
    pub(crate) fn parse(source: &'a str) -> Result<Json<'a>, serde_json::Error> {
        Json::whole(&mut serde_json::Deserializer::from_str(source))
    }

    /// Reads a JSON list, and gives each element away before it reads the next. What `take` fails with ends it.
    pub(crate) fn each(source: &'a str, take: impl FnMut(Json<'a>) -> Result<(), Stop>) -> Result<(), serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_str(source);
        reader.deserialize_seq(Elements(take))?;
        reader.end()
    }

    /// Reads a JSON text that comes block by block. Its strings are all copied.
    pub(crate) fn read(source: impl std::io::Read) -> Result<Json<'a>, serde_json::Error> {
        Json::whole(&mut serde_json::Deserializer::from_reader(source))
    }

    fn whole<R: serde_json::de::Read<'a>>(reader: &mut serde_json::Deserializer<R>) -> Result<Json<'a>, serde_json::Error> {
        let tree = Level(DEPTH).deserialize(&mut *reader)?;
        reader.end()?;
        Ok(tree)
    }
}

/// Whoever takes the elements of a list wants no more of them.
pub(crate) struct Stop;

/// Gives the elements of a list away.
struct Elements<F>(F);

impl<'de, F: FnMut(Json<'de>) -> Result<(), Stop>> Visitor<'de> for Elements<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element_seed(Level(DEPTH))? {
            (self.0)(element).map_err(|Stop| A::Error::custom("no more is wanted"))?;
        }
        Ok(())
    }
}

/// Reads a value under which that many levels may still follow.
struct Level(u8);

impl Level {
    fn below<E: Error>(&self) -> Result<u8, E> {
        self.0.checked_sub(1).ok_or_else(|| E::custom("nested too deeply"))
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(Some(value)))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json<'de>, E> {
        Ok(Json::Number(None))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Json<'de>, A::Error> {
        let below = self.below()?;
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(Level(below))? {
            list.push(element);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json<'de>, A::Error> {
        let below = self.below()?;
        let mut object = Vec::new();
        while let Some(name) = members.next_key_seed(Level(0))? {
            let Json::Text(name) = name else { return Err(A::Error::custom("a member without a name")) };
            object.push((name, members.next_value_seed(Level(below))?));
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_without_escapes_are_borrowed() {
        let source = r#"{"a":"plain","b":"es\ncaped"}"#;
        let Json::Object(members) = Json::parse(source).unwrap() else { panic!("an object was read as something else") };
        assert!(matches!(&members[0].1, Json::Text(Cow::Borrowed("plain"))));
        assert!(matches!(&members[1].1, Json::Text(Cow::Owned(text)) if text == "es\ncaped"));
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_stack_overflow() {
        assert!(Json::parse(&"[".repeat(100_000)).is_err());
        assert!(Json::parse("[[[[[[[[1]]]]]]]]").is_ok());
        assert!(Json::parse("[[[[[[[[[1]]]]]]]]]").is_err());
    }
}
