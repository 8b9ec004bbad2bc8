//! How a sandbox behaves.

use std::path::PathBuf;

/// How the sandbox behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// The only user that may log in.
    pub user: String,
    /// The user's password.
    pub password: String,
    /// Folder into which each mail is written as `NNNN.eml`, with its envelope beside it as `NNNN.json`.
    pub folder: Option<PathBuf>,
    /// The largest message in bytes, announced by SIZE.
    pub size_limit: u64,
    /// The number of bytes that are kept of each mail; the rest is counted and forgotten.
    pub keep: usize,
    /// Capabilities that are not offered and not understood, for example `STARTTLS` or `PIPELINING`.
    pub without: Vec<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            user: "anna".to_owned(),
            password: "Geheim-7".to_owned(),
            folder: None,
            size_limit: 4 << 30,
            keep: 64 << 20,
            without: Vec::new(),
        }
    }
}
