//! What the page asks and gets at once: forms, checks, the document, and that it is saved.

use super::kept::Kept;
use super::places::Places;
use super::settings_file::{Saved, SettingsFile};
use super::typed;
use crate::arguments::Options;
use crate::callbacks::{Program, Trace};
use crate::stop::Stop;
use crate::texts::Texts;
use postkontor_core::{Callbacks, Error, Host, ListedTransport, texts};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The languages that the page speaks; the first one is everyone's.
const LANGUAGES: [&str; 3] = ["en", "de", "sl"];

/// The page's side of the library, and of the file.
pub(crate) struct Session {
    file: Mutex<SettingsFile>,
    kept: Mutex<Kept>,
    places: Places,
    hosts: Mutex<BTreeMap<&'static str, Arc<Host>>>,
    plugins: Vec<PathBuf>,
    trace: Trace,
    language: &'static str,
    /// How long a call may take.
    pub(crate) timeout: Option<Duration>,
}

/// A request in a language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    lang: String,
}

/// A document to be checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Checking {
    lang: String,
    document: Value,
}

/// A document to be saved.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Saving {
    lang: String,
    document: Value,
    /// Whether to replace what others have written meanwhile.
    #[serde(default)]
    overwrite: bool,
}

impl Session {
    /// Reads the file; one that is no document is an error.
    pub(crate) fn open(file: &std::path::Path, options: &Options, texts: &Texts, trace: Trace) -> Result<Session, Error> {
        let language = texts.language();
        let session = Session {
            file: Mutex::new(SettingsFile::new(file)),
            kept: Mutex::default(),
            places: Places::default(),
            hosts: Mutex::default(),
            plugins: options.plugins.clone(),
            trace,
            language: spoken(language),
            timeout: options.timeout,
        };
        let places = Places::of(&*session.host(language)?);
        lock(&session.file).read()?;
        Ok(Session { places, ..session })
    }

    /// A host that speaks a language.
    fn host(&self, language: &str) -> Result<Arc<Host>, Error> {
        let language = spoken(language);
        let mut hosts = lock(&self.hosts);
        if let Some(host) = hosts.get(language) {
            return Ok(Arc::clone(host));
        }
        let host = self.host_with(language, Box::new(self.program()))?;
        hosts.insert(language, Arc::clone(&host));
        Ok(host)
    }

    /// A host with other callbacks.
    pub(crate) fn host_with(&self, language: &str, callbacks: Box<dyn Callbacks>) -> Result<Arc<Host>, Error> {
        let config = json!({"language": spoken(language), "plugins": self.plugins});
        Host::open_with(&config.to_string(), callbacks, postkontor_linked::TRANSPORTS)
    }

    /// What the command does for its calls.
    pub(crate) fn program(&self) -> Program {
        Program { trace: self.trace.clone(), stop: Stop::default(), steps: None, secrets: Arc::default() }
    }

    /// The forms of all transports and of the document's own groups.
    pub(crate) fn forms(&self, asked: &Given) -> Result<Value, Error> {
        let host = self.host(&asked.lang)?;
        let (mut transports, mut failed) = (Vec::new(), Vec::new());
        for listed in host.transports() {
            match listed {
                ListedTransport::Usable { name, operations, .. } => match host.schema(&name, &asked.lang) {
                    Ok(form) => transports.push(json!({"name": name, "operations": operations, "form": form})),
                    Err(error) => failed.push(json!({"error": error})),
                },
                failure @ ListedTransport::Failed { .. } => failed.push(json!(failure)),
            }
        }
        Ok(json!({"transports": transports, "failed": failed, "general": host.schema("", &asked.lang)?}))
    }

    /// The document as it lies on the disk, without its secrets. One of an older version is brought to today's, and `migrated` tells what it was.
    pub(crate) fn document(&self) -> Result<Value, Error> {
        let mut file = lock(&self.file);
        let mut document = file.read()?;
        let mut answer = json!({"path": texts::path(file.path()), "language": self.language});
        // One of a version that is not known is left as it is: the check says so.
        if let Ok(migrated) = self.host(self.language)?.migrate(&document.to_string())
            && migrated.from < migrated.version
        {
            let mut former = std::mem::replace(&mut document, migrated.settings);
            lock(&self.kept).hide(&mut former, &self.places);
            answer["migrated"] = json!({"from": migrated.from, "version": migrated.version, "former": former});
        }
        lock(&self.kept).hide(&mut document, &self.places);
        answer["document"] = document;
        Ok(answer)
    }

    /// What is wrong with the page's document, and what shows.
    pub(crate) fn check(&self, asked: Checking) -> Result<Value, Error> {
        let host = self.host(&asked.lang)?;
        let checked = json!(host.check(&self.whole(asked.document).to_string()));
        // Only what the page uses: the settings themselves it has.
        let members = ["ok", "version", "problems", "visible", "secrets", "origin", "empty", "certificates"];
        let given = members.iter().filter_map(|name| Some(((*name).to_owned(), checked.get(name)?.clone())));
        Ok(Value::Object(given.collect::<Map<_, _>>()))
    }

    /// Writes the page's document. Passwords that were typed go where the command keeps secrets; one that finds no place there stays in the
    /// file. What the page gets back is how it sees the document from now on.
    pub(crate) fn save(&self, asked: Saving) -> Result<Value, Error> {
        let texts = Texts::new(Some(&asked.lang));
        self.saved(asked).map_err(|error| texts.localised(error))
    }

    fn saved(&self, asked: Saving) -> Result<Value, Error> {
        let mut file = lock(&self.file);
        if !asked.overwrite && file.is_changed()? {
            return Ok(json!({"saved": false}));
        }
        let (mut document, program) = (asked.document, self.program());
        let owner = file.name();
        let in_file = typed::store(&mut document, &self.places, &owner, &mut |name, secret| program.secret_put(name, &secret));
        let mut document = self.whole(document);
        if file.save(&document, asked.overwrite)? == Saved::ChangedMeanwhile {
            return Ok(json!({"saved": false}));
        }
        lock(&self.kept).hide(&mut document, &self.places);
        Ok(json!({"saved": true, "document": document, "in_file": in_file}))
    }

    /// The page's document with what was kept from it.
    pub(crate) fn whole(&self, mut document: Value) -> Value {
        lock(&self.kept).restore(&mut document, &self.places);
        document
    }
}

/// The language of the page that comes next to an asked one.
fn spoken(language: &str) -> &'static str {
    let base = language.split(['-', '_']).next().unwrap_or_default();
    LANGUAGES.into_iter().find(|spoken| *spoken == base).unwrap_or(LANGUAGES[0])
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
