//! The system's keyring: the Secret Service of a Linux session, the Credential Manager of Windows; elsewhere there is none.
//!
//! An entry has the attributes `service` = `postkontor` and `username` = the name of the secret, so that other programs find it, too:
//! `secret-tool lookup service postkontor username NAME`.

use crate::stop::Stop;
use crate::texts::problem;
use postkontor_core::{Error, Secret, Status};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

const SERVICE: &str = "postkontor";

/// A person may have to unlock the keyring meanwhile.
const PATIENCE: Duration = Duration::from_secs(120);

/// A service that takes longer to appear is none.
const APPEARANCE: Duration = Duration::from_secs(10);

/// How often the request to end is looked at.
const TICK: Duration = Duration::from_millis(50);

/// Access to the keyring.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keyring {
    /// Ends the wait for it.
    pub(crate) stop: Stop,
    /// The end of the wait, where the call has one.
    pub(crate) deadline: Option<Instant>,
}

/// Why the keyring did not serve.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// There is none.
    Missing(String),
    /// It does not take a text of that length.
    TooLong,
    /// It refuses, or is silent.
    Failed(Error),
}

impl Keyring {
    /// Whether there is one; if not, why.
    pub(crate) fn available(&self) -> Result<(), Trouble> {
        self.with(|_| Ok(()))
    }

    /// The secret of that name.
    pub(crate) fn get(&self, name: &str) -> Result<Option<Secret>, Trouble> {
        let name = name.to_owned();
        self.with(move |ring| match ring.build(SERVICE, &name, None)?.get_secret().map(Zeroizing::new) {
            Ok(bytes) => Ok(std::str::from_utf8(&bytes).ok().map(Secret::new)),
            Err(keyring_core::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    /// Keeps a secret under that name, in the place of the one that is there.
    pub(crate) fn put(&self, name: &str, secret: &Secret) -> Result<(), Trouble> {
        let (name, secret) = (name.to_owned(), secret.clone());
        let label = format!("Postkontor: {name}");
        self.with(move |ring| {
            // Windows has no labels.
            let labels = if cfg!(windows) { None } else { Some(HashMap::from([("label", label.as_str())])) };
            ring.build(SERVICE, &name, labels.as_ref())?.set_secret(secret.reveal().as_bytes())
        })
    }

    /// Forgets a secret; `false` where there is none of that name.
    pub(crate) fn remove(&self, name: &str) -> Result<bool, Trouble> {
        let name = name.to_owned();
        self.with(move |ring| match ring.build(SERVICE, &name, None)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(keyring_core::Error::NoEntry) => Ok(false),
            Err(error) => Err(error),
        })
    }

    /// The names of all secrets, sorted.
    pub(crate) fn names(&self) -> Result<Vec<String>, Trouble> {
        self.with(|ring| {
            // Windows searches by a pattern of the whole name, which is `NAME.postkontor`.
            let wanted = if cfg!(windows) { ("pattern", r"\.postkontor$") } else { ("service", SERVICE) };
            let mut names = Vec::new();
            for entry in ring.search(&HashMap::from([wanted]))? {
                names.extend(name(&entry)?);
            }
            names.sort();
            names.dedup();
            Ok(names)
        })
    }

    /// Lets a thread of its own ask, since the keyring may wait for a person, or for ever.
    fn with<T: Send + 'static>(&self, ask: impl FnOnce(&Ring) -> keyring_core::Result<T> + Send + 'static) -> Result<T, Trouble> {
        let (rings, ring) = channel();
        let (answers, answer) = channel();
        let asking = move || {
            let connected = connect();
            // The caller may have given up, here and below.
            drop(rings.send(connected.as_ref().err().cloned()));
            if let Ok(ring) = connected {
                drop(answers.send(ask(&ring).map_err(failed)));
            }
        };
        std::thread::Builder::new().name("keyring".to_owned()).spawn(asking).map_err(|error| refusal(error.to_string()))?;
        match self.awaited(&ring, APPEARANCE) {
            Ok(None) => {}
            Ok(Some(cause)) => return Err(Trouble::Missing(cause)),
            Err(_) => return Err(Trouble::Missing(format!("it does not appear within {} s", APPEARANCE.as_secs()))),
        }
        self.awaited(&answer, PATIENCE)?
    }

    fn awaited<T>(&self, answer: &Receiver<T>, patience: Duration) -> Result<T, Trouble> {
        let end = Instant::now() + patience;
        let end = self.deadline.map_or(end, |deadline| deadline.min(end));
        loop {
            match answer.recv_timeout(TICK) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Disconnected) => return Err(refusal(String::new())),
                Err(RecvTimeoutError::Timeout) if self.stop.is_set() || Instant::now() >= end => return Err(silence()),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

type Ring = Arc<keyring_core::CredentialStore>;

/// The keyring, or why there is none.
#[cfg(target_os = "linux")]
fn connect() -> Result<Ring, String> {
    let ring = zbus_secret_service_keyring_store::Store::new().map_err(|error| error.to_string())?;
    Ok(ring)
}

#[cfg(windows)]
fn connect() -> Result<Ring, String> {
    let ring = windows_native_keyring_store::Store::new().map_err(|error| error.to_string())?;
    Ok(ring)
}

#[cfg(not(any(target_os = "linux", windows)))]
fn connect() -> Result<Ring, String> {
    Err(format!("{} has none that this command knows", std::env::consts::OS))
}

/// The name of a secret that the keyring has; `None` for an entry that is not one of ours.
fn name(entry: &keyring_core::Entry) -> keyring_core::Result<Option<String>> {
    if cfg!(windows) {
        let target = entry.get_attributes()?.remove("target_name");
        return Ok(target.and_then(|target| Some(target.strip_suffix(".postkontor")?.to_owned())));
    }
    Ok(entry.get_attributes()?.remove("username"))
}

fn failed(error: keyring_core::Error) -> Trouble {
    match error {
        keyring_core::Error::TooLong(..) => Trouble::TooLong,
        // These hold the secret; their sentences do not.
        other => refusal(other.to_string()),
    }
}

fn refusal(cause: String) -> Trouble {
    let mut problem = problem("cli.keyring_failed").arg("cause", cause);
    problem.status = Status::Local;
    Trouble::Failed(problem)
}

fn silence() -> Trouble {
    let mut problem = problem("cli.keyring_silent");
    problem.status = Status::Timeout;
    Trouble::Failed(problem)
}
