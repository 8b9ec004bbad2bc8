//! What a Content-Type field says, until the header module reads it.

use crate::repair::Repairs;

/// A media type with its parameters.
#[derive(Clone, Debug, Default)]
pub struct ContentType {
    kind: String,
    subtype: String,
    parameters: Vec<(String, String)>,
}

impl ContentType {
    /// Reads the value of a Content-Type field.
    pub fn read(value: &[u8], _: &mut Repairs, _: &str) -> ContentType {
        let value = String::from_utf8_lossy(value).replace(['\r', '\n'], "");
        let (kind, rest) = value.split_once(';').unwrap_or((&value, ""));
        let (kind, subtype) = kind.split_once('/').unwrap_or((kind, ""));
        let mut parameters = Vec::new();
        for parameter in rest.split(';').take(100) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            parameters.push((name.trim().to_ascii_lowercase(), value.trim().trim_matches('"').to_owned()));
        }
        ContentType { kind: kind.trim().to_ascii_lowercase(), subtype: subtype.trim().to_ascii_lowercase(), parameters }
    }

    /// `text` of `text/plain`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// `plain` of `text/plain`.
    pub fn subtype(&self) -> &str {
        &self.subtype
    }

    /// The value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
