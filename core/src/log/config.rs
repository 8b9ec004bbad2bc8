//! Group `log` of the host's configuration.

use crate::error::failed;
use crate::pointer::child;
use postkontor_plugin::{Error, Level, Status};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// Where the log goes, and how much of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Config {
    /// The file, absolute.
    pub file: Option<PathBuf>,
    /// The most detailed level; for the callback all of them, for a file `information` where none is given.
    #[serde(serialize_with = "word")]
    pub level: Option<Level>,
    /// A file of this size is put aside.
    pub max_bytes: u64,
    /// How many of those are kept.
    pub keep: u32,
}

impl Default for Config {
    fn default() -> Config {
        Config { file: None, level: None, max_bytes: 10 * 1024 * 1024, keep: 5 }
    }
}

/// The smallest file that can be asked for: a few lines have room in it.
const SMALLEST: u64 = 4096;

/// The most files that can be asked for: each time a file is full, all are renamed.
const MOST: u64 = 100;

const LEVELS: [(&str, Level); 5] = [
    ("error", Level::Error),
    ("warning", Level::Warning),
    ("information", Level::Information),
    ("debug", Level::Debug),
    ("trace", Level::Trace),
];

impl Config {
    /// Reads the group. An error names the member by its pointer.
    pub(crate) fn read(group: &Value) -> Result<Config, Error> {
        let mut config = Config::default();
        let members = match group {
            Value::Null => return Ok(config),
            Value::Object(members) => members,
            _ => return Err(invalid("/log", "an object is expected")),
        };
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            match name.as_str() {
                "file" => config.file = Some(file(value)?),
                "level" => config.level = Some(level(value)?),
                "max_bytes" => config.max_bytes = number(members, "max_bytes", SMALLEST, u64::MAX)?,
                "keep" => config.keep = u32::try_from(number(members, "keep", 0, MOST)?).unwrap_or(u32::MAX),
                other => return Err(unknown(&child("/log", other))),
            }
        }
        Ok(config)
    }
}

/// A level by its word.
fn word<S: Serializer>(level: &Option<Level>, serializer: S) -> Result<S::Ok, S::Error> {
    level.and_then(|level| LEVELS.iter().find(|(_, known)| *known == level)).map(|(word, _)| word).serialize(serializer)
}

/// The error for a member that the configuration does not have.
pub(crate) fn unknown(pointer: &str) -> Error {
    let name = pointer.rsplit('/').next().unwrap_or_default();
    failed(Status::Argument, "host.config_unknown").arg("member", name).at(pointer, "host.config_unknown")
}

/// The error for a member whose value is of no use.
pub(crate) fn invalid(pointer: &str, detail: &str) -> Error {
    let name = pointer.rsplit('/').next().unwrap_or_default();
    failed(Status::Argument, "host.config_invalid").arg("member", name).detail(detail).at(pointer, "host.config_invalid")
}

fn file(value: &Value) -> Result<PathBuf, Error> {
    let path = value.as_str().map(PathBuf::from).filter(|path| path.is_absolute() && path.file_name().is_some());
    // The working directory of an ERP is arbitrary.
    path.ok_or_else(|| invalid("/log/file", "an absolute path is expected"))
}

fn level(value: &Value) -> Result<Level, Error> {
    let known = LEVELS.iter().find(|(name, _)| value == name).map(|(_, level)| *level);
    known.ok_or_else(|| invalid("/log/level", "one of error, warning, information, debug, trace is expected"))
}

fn number(members: &Map<String, Value>, name: &str, least: u64, most: u64) -> Result<u64, Error> {
    let number = members[name].as_u64().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| invalid(&format!("/log/{name}"), &format!("a whole number from {least} to {most} is expected")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_no_log_is_refused_with_its_place() {
        for (group, pointer, code) in [
            (json!("file"), "/log", "host.config_invalid"),
            (json!({"file": "relative.log"}), "/log/file", "host.config_invalid"),
            (json!({"file": 7}), "/log/file", "host.config_invalid"),
            (json!({"level": "loud"}), "/log/level", "host.config_invalid"),
            (json!({"max_bytes": 1}), "/log/max_bytes", "host.config_invalid"),
            (json!({"max_bytes": "many"}), "/log/max_bytes", "host.config_invalid"),
            (json!({"keep": 101}), "/log/keep", "host.config_invalid"),
            (json!({"path/x": "/a"}), "/log/path~1x", "host.config_unknown"),
        ] {
            let error = Config::read(&group).unwrap_err();
            assert_eq!((error.at[0].pointer.as_str(), error.code.as_str()), (pointer, code), "{group}");
        }
    }

    #[test]
    fn a_configuration_is_read_as_it_is_written() {
        for level in LEVELS.map(|(_, level)| Some(level)).into_iter().chain([None]) {
            let file = std::env::temp_dir().join("mail.log");
            let config = Config { file: Some(file), level, max_bytes: 5000, keep: 2 };
            assert_eq!(Config::read(&json!(config)).unwrap(), config);
        }
        assert_eq!(Config::read(&json!(Config::default())).unwrap(), Config::default());
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let config = Config::read(&json!({"level": "trace", "keep": 0, "file": null})).unwrap();
        assert_eq!((config.file, config.level, config.max_bytes, config.keep), (None, Some(Level::Trace), 10_485_760, 0));
    }
}
