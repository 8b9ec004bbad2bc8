//! What the test of a transport has beside a host: an account, a mail, a place on the disk.

use crate::settings::methods;
use crate::{Error, Mail, Opening, Status, Transport};
use serde_json::Value;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Opens an account with these settings, as the host does: without the defaults that only the host fills in.
pub fn open<T: Transport>(settings: Value) -> Result<T, Error> {
    methods::accept(&settings, T::METHODS)?;
    let unreadable = |error: serde_json::Error| Error::new(Status::Settings, "settings.unreadable").detail(error.to_string());
    let settings = serde::Deserialize::deserialize(settings).map_err(unreadable)?;
    T::open(settings, &Opening { account: "main".to_owned(), ..Opening::default() })
}

/// A mail whose message is the first that the host has ([`TestHost::with_message`](super::TestHost::with_message)).
pub fn mail(from: &str, recipients: &[&str]) -> Mail {
    let recipients = recipients.iter().map(|recipient| (*recipient).to_owned()).collect();
    Mail { stream: 1, from: from.to_owned(), recipients, ..Mail::default() }
}

/// An empty folder of its own, which is gone with what lies in it when this is dropped.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes the folder.
    ///
    /// # Panics
    ///
    /// Where the system does not let it.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "a folder on the disk is no default")]
    pub fn new() -> Scratch {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let base = std::env::temp_dir();
        // What a killed process has left behind may bear the name of one that runs now.
        loop {
            let path = base.join(format!("postkontor-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed)));
            match std::fs::create_dir(&path) {
                Ok(()) => return Scratch(path),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => panic!("{}: {error}", path.display()),
            }
        }
    }

    /// The names of the files in it, in order.
    ///
    /// # Panics
    ///
    /// Where the folder cannot be read.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap_or_else(|error| panic!("{}: {error}", self.0.display()));
        let mut names: Vec<String> = entries.map_while(Result::ok).map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Deref for Scratch {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A file that stays behind in the folder for temporary files does no harm.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestHost;
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Deserialize, JsonSchema)]
    struct Settings {
        place: u8,
    }

    struct Echo(u8);

    impl Transport for Echo {
        const NAME: &'static str = "echo";
        const VERSION: &'static str = "1";
        const OPERATIONS: &'static [&'static str] = &[];
        const METHODS: &'static [&'static str] = &["own"];
        const TEXTS: &'static [(&'static str, &'static str)] = &[];
        type Settings = Settings;

        fn open(settings: Settings, _opening: &Opening) -> Result<Echo, Error> {
            if settings.place == 0 { Err(Error::setting("/place", "echo.nowhere")) } else { Ok(Echo(settings.place)) }
        }
    }

    #[test]
    fn an_account_is_opened_as_the_host_does() {
        let opened = |settings| {
            open::<Echo>(settings).map(|echo| echo.0).map_err(|error| (error.code.clone(), error.at.first().map(|at| at.pointer.clone())))
        };
        assert_eq!(opened(json!({"place": 7, "auth": {"method": "own"}})), Ok(7));
        assert_eq!(opened(json!({"place": 0})), Err(("echo.nowhere".to_owned(), Some("/place".to_owned()))));
        assert_eq!(
            opened(json!({"place": 7, "auth": {"method": "plain"}})),
            Err(("auth.method_unsupported".to_owned(), Some("/auth/method".to_owned())))
        );
        assert_eq!(opened(json!({"place": "here"})), Err(("settings.unreadable".to_owned(), None)));
    }

    #[test]
    fn a_message_comes_in_blocks_and_whatever_fails_ends_it() {
        let (mail, message) = (mail("anna@example.com", &["berta@example.com"]), "x".repeat(200_000));
        let read = |host: TestHost, most: usize| {
            let (host, mut got) = (host.with_message(message.as_str()), Vec::new());
            let call = host.call();
            let size = call.body(1).each_block(&mail, &call, |block| {
                got.extend_from_slice(block);
                if got.len() > most { Err(Error::new(Status::Local, "echo.full")) } else { Ok(()) }
            });
            size.map_err(|error| error.code.clone())
        };
        assert_eq!(read(TestHost::new(), usize::MAX), Ok(200_000));
        assert_eq!(read(TestHost::new(), 100_000), Err("echo.full".to_owned()));
        assert_eq!(read(TestHost::new().failing_after(100_000), usize::MAX), Err("message.source_failed".to_owned()));
        assert_eq!(read(TestHost::new().stopping_when_asked(1), usize::MAX), Err("call.cancelled".to_owned()));
    }

    #[test]
    fn a_scratch_folder_goes_with_what_lies_in_it() {
        let (one, other) = (Scratch::new(), Scratch::new());
        assert_ne!(*one, *other);
        std::fs::write(one.join("b"), "b").unwrap();
        std::fs::write(one.join("a"), "a").unwrap();
        assert_eq!((one.files(), other.files()), (vec!["a".to_owned(), "b".to_owned()], Vec::new()));
        let path = one.to_path_buf();
        drop(one);
        assert!(!path.exists());
    }
}
