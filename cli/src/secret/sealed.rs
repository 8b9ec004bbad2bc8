//! The store without a keyring: a file that is encrypted with a key in a file of its own.

use super::age;
use super::identity::{Fault, Identity};
use super::wiped;
use crate::file::local;
use crate::texts::problem;
use postkontor_core::{Error, Secret, Status, texts, whole_file};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Far more than the secrets of a thousand accounts.
const LIMIT: usize = 8 << 20;
const KEY_LIMIT: usize = 64 * 1024;

/// Names and texts, as the file holds them.
type Entries = BTreeMap<String, Secret>;

/// Where the store's files are.
#[derive(Clone, Debug)]
pub(crate) struct Sealed {
    /// The encrypted file.
    pub(crate) file: PathBuf,
    /// Its key.
    pub(crate) key: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
    secrets: Entries,
}

impl Sealed {
    /// The files of this user: in the folder for settings, the key where `POSTKONTOR_SECRETS_KEY` says if it says so.
    pub(crate) fn of_user() -> Result<Sealed, Error> {
        let folder = folder().ok_or_else(|| local_problem("cli.secrets_homeless"))?;
        let key = std::env::var_os("POSTKONTOR_SECRETS_KEY").filter(|path| !path.is_empty());
        Ok(Sealed { file: folder.join("secrets.age"), key: key.map_or_else(|| folder.join("secrets.key"), PathBuf::from) })
    }

    /// The secret of that name.
    pub(crate) fn get(&self, name: &str) -> Result<Option<Secret>, Error> {
        Ok(self.entries()?.remove(name))
    }

    /// The names of all secrets, sorted.
    pub(crate) fn names(&self) -> Result<Vec<String>, Error> {
        Ok(self.entries()?.into_keys().collect())
    }

    /// Keeps a secret under that name, in the place of the one that is there.
    pub(crate) fn put(&self, name: &str, secret: &Secret) -> Result<(), Error> {
        let _turn = self.turn()?;
        let mut entries = self.entries()?;
        entries.insert(name.to_owned(), secret.clone());
        self.write(&entries)
    }

    /// Forgets a secret; `false` where there is none of that name.
    pub(crate) fn remove(&self, name: &str) -> Result<bool, Error> {
        if !self.file.exists() {
            return Ok(false);
        }
        let _turn = self.turn()?;
        let mut entries = self.entries()?;
        let was_there = entries.remove(name).is_some();
        if was_there {
            self.write(&entries)?;
        }
        Ok(was_there)
    }

    /// Waits until no other process changes the file, and keeps others from it as long as the answer lives.
    fn turn(&self) -> Result<File, Error> {
        let lock = self.file.with_extension("lock");
        let locked = || {
            if let Some(folder) = self.file.parent() {
                create(folder)?;
            }
            let file = whole_file::private().create(true).open(&lock)?;
            file.lock()?;
            Ok(file)
        };
        locked().map_err(|error| local("cli.file_unwritable", &lock, &error))
    }

    fn entries(&self) -> Result<Entries, Error> {
        let sealed = match wiped::read(&self.file, LIMIT) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Entries::new()),
            Err(error) => return Err(local("cli.file_unreadable", &self.file, &error)),
        };
        let plain = age::open(&sealed, &self.identities()?).map_err(|fault| self.unopened(fault))?;
        let content: Content = serde_json::from_slice(&plain).map_err(|_| self.unopened(Fault::Damaged))?;
        if content.version == 1 { Ok(content.secrets) } else { Err(self.unopened(Fault::Damaged)) }
    }

    fn unopened(&self, fault: Fault) -> Error {
        let code = match fault {
            Fault::Damaged => "cli.secrets_damaged",
            Fault::OtherKey => "cli.secrets_other_key",
            Fault::NoRandom => "cli.no_random",
        };
        local_problem(code).arg("path", texts::path(&self.file)).arg("key", texts::path(&self.key))
    }

    fn identities(&self) -> Result<Vec<Identity>, Error> {
        let text = wiped::read(&self.key, KEY_LIMIT).map_err(|error| local("cli.file_unreadable", &self.key, &error))?;
        let about_key = |code| local_problem(code).arg("path", texts::path(&self.key));
        if is_exposed(&self.key) {
            return Err(about_key("cli.key_exposed"));
        }
        std::str::from_utf8(&text).ok().and_then(Identity::read).ok_or_else(|| about_key("cli.key_unusable"))
    }

    /// Writes the file for the first of its keys; the first time, the key is made.
    fn write(&self, entries: &Entries) -> Result<(), Error> {
        if !self.file.exists() && !self.key.exists() {
            let key = Identity::new().and_then(|identity| identity.file()).map_err(|fault| self.unopened(fault))?;
            whole_file::replace(&self.key, key.as_bytes(), None).map_err(|error| local("cli.file_unwritable", &self.key, &error))?;
        }
        let plain = plain(entries).ok_or_else(|| self.unopened(Fault::Damaged))?;
        let identities = self.identities()?;
        let identity = identities.first().ok_or_else(|| self.unopened(Fault::OtherKey))?;
        let sealed = age::seal(&plain, &identity.recipient()).map_err(|fault| self.unopened(fault))?;
        whole_file::replace(&self.file, &sealed, None).map_err(|error| local("cli.file_unwritable", &self.file, &error))
    }
}

/// The content of the file. Written into room that is large enough, so that no half of it is left in memory.
fn plain(entries: &Entries) -> Option<Zeroizing<Vec<u8>>> {
    // A character is at most six in JSON.
    let size: usize = entries.iter().map(|(name, secret)| 6 * (name.len() + secret.reveal().len()) + 8).sum();
    let mut plain = Zeroizing::new(Vec::with_capacity(size + 64));
    let texts: BTreeMap<&str, &str> = entries.iter().map(|(name, secret)| (name.as_str(), secret.reveal())).collect();
    plain.extend_from_slice(br#"{"version":1,"secrets":"#);
    serde_json::to_writer(&mut *plain, &texts).ok()?;
    plain.push(b'}');
    Some(plain)
}

#[cfg(unix)]
fn is_exposed(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|facts| facts.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_exposed(path: &Path) -> bool {
    postkontor_core::access::is_readable_by_others(path)
}

fn create(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The user's folder for the settings of programs, and in it ours.
fn folder() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if cfg!(windows) {
        return Some(absolute("APPDATA")?.join("Postkontor"));
    }
    let folder = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")))?;
    Some(folder.join("postkontor"))
}

fn local_problem(code: &str) -> Error {
    let mut problem = problem(code);
    problem.status = Status::Local;
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.0));
        }
    }

    fn store(name: &str) -> (Folder, Sealed) {
        let folder = std::env::temp_dir().join(format!("postkontor-sealed-{name}-{}", std::process::id()));
        let sealed = Sealed { file: folder.join("deep/secrets.age"), key: folder.join("deep/secrets.key") };
        (Folder(folder), sealed)
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_secret_is_kept_replaced_listed_and_forgotten() {
        let (_folder, store) = store("kept");
        assert_eq!(store.names().unwrap(), names(&[]));
        assert!(!store.remove("a").unwrap() && store.get("a").unwrap().is_none());
        for (name, text) in [("b", "first"), ("a", "with \"quotes\" \\ \u{1} ü 🔑"), ("b", "second")] {
            store.put(name, &Secret::new(text)).unwrap();
            assert_eq!(store.get(name).unwrap().unwrap().reveal(), text);
        }
        assert_eq!(store.names().unwrap(), names(&["a", "b"]));
        assert!(store.remove("b").unwrap() && !store.remove("b").unwrap());
        assert_eq!(store.names().unwrap(), names(&["a"]));
        let raw = std::fs::read(&store.file).unwrap();
        assert!(!raw.windows(6).any(|window| window == b"quotes"));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_files() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, store) = store("mode");
        store.put("a", &Secret::new("x")).unwrap();
        for path in [&store.file, &store.key, &store.file.with_extension("lock")] {
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
        }
        assert_eq!(std::fs::metadata(store.file.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        std::fs::set_permissions(&store.key, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(store.get("a").unwrap_err().code, "cli.key_exposed");
    }

    #[test]
    fn a_broken_file_is_named_and_never_overwritten() {
        let (_folder, store) = store("broken");
        store.put("a", &Secret::new("x")).unwrap();
        let good = std::fs::read(&store.file).unwrap();
        let foreign = age::seal(b"{\"version\":1,\"secrets\":{}}", &Identity::new().unwrap().recipient()).unwrap();
        let key = store.identities().unwrap();
        let newer = age::seal(b"{\"version\":2,\"secrets\":{}}", &key[0].recipient()).unwrap();
        let other = age::seal(b"not JSON", &key[0].recipient()).unwrap();
        let damaged = "cli.secrets_damaged";
        for (broken, code) in
            [(&good[..good.len() - 1], damaged), (b"", damaged), (&foreign, "cli.secrets_other_key"), (&newer, damaged), (&other, damaged)]
        {
            std::fs::write(&store.file, broken).unwrap();
            for error in [store.put("b", &Secret::new("y")), store.remove("a").map(drop), store.get("a").map(drop)] {
                let error = error.unwrap_err();
                assert_eq!((error.code.as_str(), error.args["path"].as_str()), (code, store.file.to_str()));
            }
            assert_eq!(std::fs::read(&store.file).unwrap(), broken);
        }
        std::fs::write(&store.file, &good).unwrap();
        std::fs::remove_file(&store.key).unwrap();
        assert_eq!(store.put("b", &Secret::new("y")).unwrap_err().code, "cli.file_unreadable");
        assert!(!store.key.exists() && std::fs::read(&store.file).unwrap() == good);
    }

    #[test]
    fn writers_at_a_time_lose_nothing() {
        let (_folder, store) = store("crowd");
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let store = &store;
                scope.spawn(move || (0..8).for_each(|at| store.put(&format!("{writer}.{at}"), &Secret::new("x")).unwrap()));
            }
        });
        assert_eq!(store.names().unwrap().len(), 32);
    }
}
