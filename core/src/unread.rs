//! Answers that pass through as they came.

use crate::error::{unreadable, unwritable};
use postkontor_plugin::Error;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;
use std::marker::PhantomData;

/// A transport's answer as it wrote it. [`Unread::read`] makes its type of it; [`Unread::json`] is the text as it is, with all that a
/// transport says beyond the type, and without the time that reading a list of some hundred thousand messages takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread<T> {
    json: String,
    means: PhantomData<fn() -> T>,
}

impl<T> Unread<T> {
    pub(crate) fn new(answer: Vec<u8>) -> Result<Unread<T>, Error> {
        let json = String::from_utf8(answer).map_err(unreadable)?;
        Ok(Unread { json, means: PhantomData })
    }

    /// The answer with what was warned of as its member `warnings`.
    pub(crate) fn with_warnings(self, warnings: Vec<Error>) -> Result<Unread<T>, Error> {
        if warnings.is_empty() {
            return Ok(self);
        }
        let mut answer: Value = serde_json::from_str(&self.json).map_err(unreadable)?;
        let members = answer.as_object_mut().ok_or_else(|| unreadable("the answer is no object"))?;
        members.insert("warnings".to_owned(), serde_json::to_value(warnings).map_err(unwritable)?);
        Unread::new(serde_json::to_vec(&answer).map_err(unwritable)?)
    }

    /// What the program should know although the call went well: for example that a refresh token could not be kept.
    pub fn warnings(&self) -> Result<Vec<Error>, Error> {
        #[derive(Deserialize)]
        struct Warned {
            #[serde(default)]
            warnings: Vec<Error>,
        }
        serde_json::from_str(&self.json).map(|Warned { warnings }| warnings).map_err(unreadable)
    }

    /// The answer as JSON.
    pub fn json(&self) -> &str {
        &self.json
    }
}

impl<T: DeserializeOwned> Unread<T> {
    /// The answer as its type.
    pub fn read(&self) -> Result<T, Error> {
        serde_json::from_str(&self.json).map_err(unreadable)
    }
}

impl<T> From<Unread<T>> for Vec<u8> {
    fn from(answer: Unread<T>) -> Vec<u8> {
        answer.json.into_bytes()
    }
}

impl<T> Serialize for Unread<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(&self.json).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}
