//! The settings document on the disk.

use crate::file::{local, text};
use crate::texts::problem;
use postkontor_core::{Error, texts, whole_file};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The file, and what stood in it when it was last read or written.
pub(crate) struct SettingsFile {
    path: PathBuf,
    known: Option<Vec<u8>>,
}

/// What became of saving.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Saved {
    /// The file holds the document.
    Written,
    /// The file was changed by others; it is as they left it.
    ChangedMeanwhile,
}

impl SettingsFile {
    /// A file that is there, or one that is to be.
    pub(crate) fn new(path: &Path) -> SettingsFile {
        // The file itself, not a link to it, is what is exchanged.
        SettingsFile { path: std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()), known: None }
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A name that belongs to this file and to no other of this machine.
    pub(crate) fn name(&self) -> String {
        let whole = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        let digest = Sha256::digest(whole.as_os_str().as_encoded_bytes());
        let digest: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{digest}", self.path.file_stem().unwrap_or_default().to_string_lossy())
    }

    /// The document; an empty one where there is no file yet.
    pub(crate) fn read(&mut self) -> Result<Value, Error> {
        self.known = self.bytes()?;
        let Some(bytes) = &self.known else { return Ok(json!({})) };
        let text = text(bytes.clone()).map_err(|error| local("cli.file_unreadable", &self.path, &error))?;
        if text.trim().is_empty() {
            return Ok(json!({}));
        }
        let unreadable = |detail: String| problem("cli.form_unreadable").arg("path", texts::path(&self.path)).detail(detail);
        match serde_json::from_str(&text) {
            Ok(document @ Value::Object(_)) => Ok(document),
            Ok(_) => Err(unreadable("not an object".to_owned())),
            Err(error) => Err(unreadable(error.to_string())),
        }
    }

    /// Writes the document, all of it or not at all. What others have written since is replaced only where `overwrite` says so.
    pub(crate) fn save(&mut self, document: &Value, overwrite: bool) -> Result<Saved, Error> {
        if !overwrite && self.is_changed()? {
            return Ok(Saved::ChangedMeanwhile);
        }
        let mut bytes = serde_json::to_vec_pretty(document).map_err(|error| problem("cli.unreadable").detail(error.to_string()))?;
        bytes.push(b'\n');
        self.replace(&bytes).map_err(|error| local("cli.file_unwritable", &self.path, &error))?;
        self.known = Some(bytes);
        Ok(Saved::Written)
    }

    /// Whether others have written since.
    pub(crate) fn is_changed(&self) -> Result<bool, Error> {
        Ok(self.bytes()? != self.known)
    }

    fn bytes(&self) -> Result<Option<Vec<u8>>, Error> {
        match std::fs::read(&self.path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(local("cli.file_unreadable", &self.path, &error)),
        }
    }

    /// A file that was there keeps its owner and its mode; a new one is its owner's, for passwords may stand in it.
    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let former = match std::fs::metadata(&self.path) {
            Ok(former) => Some(former),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        whole_file::replace(&self.path, bytes, former.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Scratch {
            let folder = std::env::temp_dir().join(format!("postkontor-form-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            Scratch(folder)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn what_others_have_written_is_not_replaced_unasked() {
        let scratch = Scratch::new("meanwhile");
        let path = scratch.0.join("s.json");
        std::fs::write(&path, "\u{feff}{\"enabled\": true}").unwrap();
        let mut file = SettingsFile::new(&path);
        assert_eq!(file.read().unwrap(), json!({"enabled": true}));
        assert_eq!(file.save(&json!({"enabled": false}), false).unwrap(), Saved::Written);
        assert_eq!(file.save(&json!({"enabled": true}), false).unwrap(), Saved::Written);
        std::fs::write(&path, "{}").unwrap();
        assert_eq!(file.save(&json!({"enabled": false}), false).unwrap(), Saved::ChangedMeanwhile);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}");
        assert_eq!(file.save(&json!({"enabled": false}), true).unwrap(), Saved::Written);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(file.save(&json!({}), false).unwrap(), Saved::ChangedMeanwhile);
        assert_eq!(std::fs::read_dir(&scratch.0).unwrap().count(), 0);
    }

    #[test]
    #[cfg(unix)]
    fn mode_and_link_stay_and_a_new_file_is_its_owners() {
        use std::os::unix::fs::PermissionsExt;
        let scratch = Scratch::new("mode");
        let (path, link, new) = (scratch.0.join("s.json"), scratch.0.join("link"), scratch.0.join("new.json"));
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        std::fs::write(&path, "{}").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let mut file = SettingsFile::new(&link);
        file.read().unwrap();
        assert_eq!(file.save(&json!({"enabled": true}), false).unwrap(), Saved::Written);
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!((mode(&path), std::fs::read_to_string(&path).unwrap().as_str()), (0o640, "{\n  \"enabled\": true\n}\n"));
        let mut file = SettingsFile::new(&new);
        assert_eq!(file.read().unwrap(), json!({}));
        assert_eq!(file.save(&json!({}), false).unwrap(), Saved::Written);
        assert_eq!(mode(&new), 0o600);
    }

    #[test]
    fn what_is_no_document_is_not_opened() {
        let scratch = Scratch::new("broken");
        let path = scratch.0.join("s.json");
        for broken in ["{", "[]", "7"] {
            std::fs::write(&path, broken).unwrap();
            assert_eq!(SettingsFile::new(&path).read().unwrap_err().code, "cli.form_unreadable", "{broken}");
        }
    }
}
