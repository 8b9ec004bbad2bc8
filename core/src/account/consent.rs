//! What a person is to read while consent is asked for.

use crate::Host;
use crate::error::unwritable;
use crate::unread::Unread;
use postkontor_plugin::Error;
use serde_json::Value;

/// Puts the sentence in the host's language in the place of a transport's `{"code","args"}`. An answer with a sentence of its own stays
/// as it is.
pub(super) fn in_words(answer: Unread<Value>, host: &Host) -> Result<Unread<Value>, Error> {
    let mut said = answer.read()?;
    let message = &said["message"];
    let Some(code) = message["code"].as_str() else { return Ok(answer) };
    let args = message["args"].as_object().cloned().unwrap_or_default();
    let sentence = host.sentence(code, &args).unwrap_or_else(|| code.to_owned());
    said["message"] = Value::from(sentence);
    Unread::new(serde_json::to_vec(&said).map_err(unwritable)?)
}
