//! The command's side of a call: secrets, the trace file, and the end that a person or the system asks for.

use crate::file::local;
use crate::secret::Told;
use crate::show;
use crate::stop::Stop;
use crate::texts::Texts;
use postkontor_core::{Callbacks, Error, Level, Secret};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The file that log and transcript go to; nothing where none is wanted.
#[derive(Clone, Default)]
pub(crate) struct Trace(Option<Arc<Mutex<File>>>);

impl Trace {
    /// Begins the file anew.
    pub(crate) fn open(path: Option<&Path>) -> Result<Trace, Error> {
        let Some(path) = path else { return Ok(Trace(None)) };
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        // It names hosts, users and addresses.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| local("cli.file_unwritable", path, &error))?;
        Ok(Trace(Some(Arc::new(Mutex::new(file)))))
    }

    /// Adds a line, with its end.
    pub(crate) fn line(&self, text: &str) {
        let Some(Ok(mut file)) = self.0.as_ref().map(|file| file.lock()) else { return };
        // A full disk must not end the call that is being traced.
        drop(file.write_all(text.as_bytes()));
    }
}

/// The callbacks that the library may use.
#[derive(Default)]
pub(crate) struct Program {
    /// The destination of the log.
    pub(crate) trace: Trace,
    /// Ends the call.
    pub(crate) stop: Stop,
    /// The words for the steps of a test, where those are shown as they end.
    pub(crate) steps: Option<Texts>,
    /// Where secrets come from.
    pub(crate) secrets: Arc<Told>,
}

impl Callbacks for Program {
    fn log(&self, level: i32, text: &str) {
        self.trace.line(&postkontor_core::log::line(level, text));
    }

    /// Without a trace the log has no reader.
    fn log_level(&self) -> Option<Level> {
        self.trace.0.as_ref().map(|_| Level::Trace)
    }

    fn step(&self, step: &str) {
        if let (Some(texts), Ok(mut step)) = (&self.steps, serde_json::from_str(step)) {
            self.secrets.complete(&mut step, texts);
            // A reader may close the pipe early; the exit status still tells the outcome.
            drop(show::step(&mut std::io::stdout().lock(), &step, texts));
        }
    }

    fn progress(&self, _done: u64, _total: u64) -> bool {
        !self.stop.is_set()
    }

    fn secret_get(&self, name: &str) -> Option<Secret> {
        self.secrets.get(name)
    }

    fn secret_put(&self, name: &str, value: &Secret) -> bool {
        self.secrets.put(name, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_from_a_file_without_its_last_line_break() {
        let file = std::env::temp_dir().join(format!("postkontor-cli-{}", std::process::id()));
        for (content, secret) in [("pass word\n", "pass word"), ("x\r\n", "x"), ("y", "y"), ("z\n\n", "z\n")] {
            std::fs::write(&file, content).unwrap();
            let found = Program::default().secret_get(&format!("file:{}", file.display()));
            assert_eq!(found.unwrap().reveal(), secret);
        }
        std::fs::remove_file(&file).unwrap();
        assert!(Program::default().secret_get(&format!("file:{}", file.display())).is_none());
    }

    #[test]
    fn a_renewed_secret_goes_to_the_file_that_it_came_from() {
        let folder = std::env::temp_dir().join(format!("postkontor-keep-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let name = format!("file:{}", folder.join("token").display());
        let program = Program::default();
        for secret in ["first", "second"] {
            assert!(program.secret_put(&name, &Secret::new(secret)));
            assert_eq!(program.secret_get(&name).unwrap().reveal(), secret);
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(folder.join("token")).unwrap().permissions().mode() & 0o777, 0o600);
            std::os::unix::fs::symlink(folder.join("token"), folder.join("link")).unwrap();
            assert!(program.secret_put(&format!("file:{}", folder.join("link").display()), &Secret::new("third")));
            assert_eq!(program.secret_get(&name).unwrap().reveal(), "third");
        }
        assert!(!program.secret_put(&format!("file:{}", folder.join("none/token").display()), &Secret::new("x")));
        assert!(!program.secret_put("env:HOME", &Secret::new("x")));
        let left = std::fs::read_dir(&folder).unwrap().count();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(left, if cfg!(unix) { 2 } else { 1 });
    }

    #[test]
    fn a_secret_comes_from_the_environment() {
        let program = Program::default();
        assert_eq!(program.secret_get("env:CARGO_PKG_NAME").unwrap().reveal(), "postkontor-cli");
        assert!(program.secret_get("env:POSTKONTOR_NO_SUCH_VARIABLE").is_none());
    }
}
