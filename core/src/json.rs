//! JSON as a tree that borrows its texts from the source.
//!
//! A tree, because a typed reader stops at the first problem, and a message document shall get all its problems at once, each with its
//! place. Texts without escapes are not copied.

mod direct;
mod tree;

pub(crate) use tree::Json;

use direct::Direct;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// How deep lists and objects may be nested. A message document needs three levels, a filter ten.
const DEPTH: u8 = 12;

impl<'a> Json<'a> {
    /// Reads a JSON text.
    pub(crate) fn parse(source: &'a str) -> Result<Json<'a>, serde_json::Error> {
        Direct::new(source).whole(DEPTH).map_or_else(|| Json::whole(&mut serde_json::Deserializer::from_str(source)), Ok)
    }

    /// Reads a JSON list, and gives each element away before it reads the next. Nothing where it has to be read with more care, or where
    /// `take` wants no more of it.
    pub(crate) fn each(source: &'a str, take: impl FnMut(Json<'a>) -> Option<()>) -> Option<()> {
        Direct::new(source).each(DEPTH, take)
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

    /// Every text that the direct reader takes, the general one takes, too, and both make the same of it.
    #[test]
    fn what_is_read_directly_is_read_by_the_general_reader_alike() {
        let valid = [
            r#"{}"#,
            r#" [ ] "#,
            "\t{ \"a\" :\r\n[ 1 , 0,18446744073709551615 , true,false, null,\"\" ] , \"a\":{\"b\":[]} }\n",
            r#"{"text":"a\r\nb\tc\"d\\e\/f\b\f\u00e9\u20AC\u0000ü日😀","x":"\u000a"}"#,
            r#"["😀ü","\\","\\\"",""]"#,
            r#""plain""#,
            "7",
        ];
        let only_general = [r#"[-1, 1.5, 1e3, 0.0, 18446744073709551616]"#, r#""\ud83d\ude00""#];
        for text in valid.iter().chain(&only_general) {
            let general = Json::whole(&mut serde_json::Deserializer::from_str(text)).unwrap();
            let direct = Direct::new(text).whole(DEPTH);
            assert!(direct.is_none_or(|direct| direct == general), "{text}");
            assert_eq!(Direct::new(text).whole(DEPTH).is_some(), valid.contains(text), "{text}");
            assert_eq!(Json::parse(text).unwrap(), general, "{text}");
        }
        // Cut anywhere, and with each byte replaced by each of some others, both take the same or nothing.
        for text in valid {
            let mut spoilt: Vec<Vec<u8>> = (0..text.len()).map(|end| text.as_bytes()[..end].to_vec()).collect();
            for place in 0..text.len() {
                for byte in *b"\"\\ ,:[]{}u09-.ex\n\x00\x1f\x7f" {
                    let mut other = text.as_bytes().to_vec();
                    other[place] = byte;
                    spoilt.push(other);
                }
            }
            for text in spoilt.iter().filter_map(|text| std::str::from_utf8(text).ok()) {
                let general = Json::whole(&mut serde_json::Deserializer::from_str(text)).ok();
                let direct = Direct::new(text).whole(DEPTH);
                assert!(direct.is_none() || direct == general, "{text}: {direct:?}, {general:?}");
            }
        }
    }

    #[test]
    fn a_list_is_given_away_element_by_element() {
        let mut seen = Vec::new();
        let mut read = |text: &'static str, most: usize| {
            seen.clear();
            let whole = Json::each(text, |element| (seen.len() < most).then(|| seen.push(element)));
            (whole.is_some(), seen.len())
        };
        assert_eq!(read(r#" [{"a":1},"b" ,[]] "#, 9), (true, 3));
        assert_eq!(read("[1,2,3]", 2), (false, 2));
        assert_eq!((read("[]", 9), read("[1,]", 9), read("[1] x", 9), read("{}", 9)), ((true, 0), (false, 1), (false, 1), (false, 0)));
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_stack_overflow() {
        assert!(Json::parse(&"[".repeat(100_000)).is_err());
        assert!(Json::parse("[[[[[[[[[[[[1]]]]]]]]]]]]").is_ok());
        assert!(Json::parse("[[[[[[[[[[[[[1]]]]]]]]]]]]]").is_err());
    }
}
