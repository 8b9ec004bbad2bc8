//! Keys with their values, as INI or as JSON.

use serde_json::Value;

/// How deep a JSON dump may be nested.
const DEEPEST: usize = 16;

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The section of INI, or the names of the objects around it; empty where there is none.
    pub(crate) section: String,
    pub(crate) key: String,
    pub(crate) value: String,
}

impl Entry {
    /// The key as people call it: behind its section.
    pub(crate) fn name(&self) -> String {
        if self.section.is_empty() { self.key.clone() } else { format!("{}/{}", self.section, self.key) }
    }
}

/// A settings document, where the text is one, or an answer of the command that has one.
pub(crate) fn document(text: &str) -> Option<Value> {
    let mut json: Value = text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok())??;
    if json["settings"]["accounts"].is_object() {
        return Some(json["settings"].take());
    }
    let is_layered = ["company", "user", "workstation"].iter().any(|layer| json[layer]["accounts"].is_object());
    (is_layered || json["accounts"].as_object().is_some_and(|accounts| accounts.values().all(|account| account["transport"].is_string())))
        .then_some(json)
}

/// The entries of a dump. An error tells the line that is none.
pub(crate) fn entries(text: &str) -> Result<Vec<Entry>, usize> {
    if !text.trim_start().starts_with(['{', '[']) || text.trim_start().starts_with('[') && serde_json::from_str::<Value>(text).is_err() {
        return ini(text);
    }
    let json: Value = serde_json::from_str(text).map_err(|error| error.line())?;
    let mut entries = Vec::new();
    flatten("", &json, 0, &mut entries);
    Ok(entries)
}

/// The entries of an INI file: comments begin with `;`, `#` or `//`, values may stand in quotation marks.
pub(crate) fn ini(text: &str) -> Result<Vec<Entry>, usize> {
    let (mut entries, mut section) = (Vec::new(), String::new());
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with([';', '#']) || line.starts_with("//") {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            section = name.strip_suffix(']').unwrap_or(name).trim().to_owned();
            continue;
        }
        // "POP3: server = x" has its value behind the first sign of equality; "Server: x" behind the colon.
        let (key, value) = line.split_once('=').or_else(|| line.split_once(':')).ok_or(number + 1)?;
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        entries.push(Entry { section: section.clone(), key: key.trim().to_owned(), value: bare.unwrap_or(value).to_owned() });
    }
    Ok(entries)
}

fn flatten(section: &str, json: &Value, depth: usize, entries: &mut Vec<Entry>) {
    let Some(object) = json.as_object() else { return };
    for (key, value) in object {
        match value {
            Value::Object(_) if depth < DEEPEST => {
                let inner = if section.is_empty() { key.clone() } else { format!("{section}/{key}") };
                flatten(&inner, value, depth + 1, entries);
            }
            _ => entries.push(Entry { section: section.to_owned(), key: key.clone(), value: plain(value) }),
        }
    }
}

/// A value as a form would show it; what no form shows as its JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|item| item.is_string() || item.is_number()) => {
            items.iter().map(plain).collect::<Vec<_>>().join(";")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<(String, String)> {
        entries(text).unwrap().into_iter().map(|entry| (entry.name(), entry.value)).collect()
    }

    #[test]
    fn ini_and_json_give_the_same() {
        let expected = [("a".to_owned(), "1".to_owned()), ("POP3/Server".to_owned(), "x=y".to_owned())];
        assert_eq!(named("a = 1\r\n; no\r\n[POP3]\r\nServer=\"x=y\"\r\n"), expected);
        assert_eq!(named(r#"{"a": 1, "POP3": {"Server": "x=y"}}"#), expected);
        assert_eq!(named("Server: x"), [("Server".to_owned(), "x".to_owned())]);
        assert_eq!(named(r#"{"a": ["b", "c"], "d": null, "e": [{}]}"#)[0].1, "b;c");
        assert_eq!(entries("a=1\nwhat\n"), Err(2));
        assert_eq!(entries("{\n\"a\": }"), Err(2));
    }
}
