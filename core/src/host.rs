//! The host: a configuration, the plugins it found, and the language it speaks.

use crate::documents::Documents;
use crate::error::failed;
use crate::keys::{Folders, Keyrings, Seen};
use crate::loader;
use crate::log::{self, Log};
use crate::pointer;
use crate::request::{Asked, Request};
use crate::settings::{self, Checked, Document, Schemas, Severity};
use crate::texts::Texts;
use crate::transport::Transport;
use crate::transports::{Entry, Transports};
use crate::{Callbacks, Cancel, Watch};
use postkontor_plugin::{At, Error, Input, Level, Secret, Stage, Status, Step, StepStatus};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How a host is to work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The language of sentences, for example `de-AT`; by default English.
    pub language: Option<String>,
    /// Folders with plugins, absolute.
    pub plugins: Vec<PathBuf>,
    /// Whether the environment may name further folders.
    pub trust_environment: bool,
    /// The SHA-256 that a plugin's file must have (`sha256:…`), by its name.
    pub pins: BTreeMap<String, String>,
    /// Where the log goes, and how much of it.
    #[serde(skip_deserializing)]
    pub log: log::Config,
    /// Whether the error of a failed call holds its dialogue.
    pub protocol: bool,
}

/// The members of the configuration.
const MEMBERS: [&str; 6] = ["language", "plugins", "trust_environment", "pins", "log", "protocol"];

impl Request for Config {
    fn read(text: &str) -> Result<Config, Error> {
        let unreadable = |error: serde_json::Error| failed(Status::Argument, "host.config_unreadable").detail(error.to_string());
        let text = if text.trim().is_empty() { "{}" } else { text };
        let members: Value = serde_json::from_str(text).map_err(unreadable)?;
        let unknown = members.as_object().into_iter().flatten().map(|(name, _)| name).find(|name| !MEMBERS.contains(&name.as_str()));
        if let Some(name) = unknown {
            return Err(log::unknown(&pointer::child("", name)));
        }
        let log = log::Config::read(&members["log"])?;
        let config = Config::deserialize(members).map_err(unreadable)?;
        Ok(Config { log, ..config })
    }
}

/// A host. Accounts hold on to it, so it lives as long as the last of them. All functions may be called from any thread.
pub struct Host {
    language: String,
    log: Log,
    transports: Transports,
    /// The texts of the host and of so many opened plugins.
    texts: Mutex<Option<(usize, Arc<Texts>)>>,
    /// The texts of crates that stand on this one.
    added: Mutex<Vec<(&'static str, &'static str)>>,
    documents: Documents,
    folders: Folders,
    keyrings: Keyrings,
    seen: Seen,
}

/// A plugin as it is listed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ListedTransport {
    /// A transport that accounts can use.
    Usable {
        /// The name that settings choose it by.
        name: String,
        /// The plugin's version.
        version: String,
        /// What it can do: `test`, `send`, `list`, `receive`, `apply`, `file`, `authorize`.
        operations: Vec<String>,
        /// The plugin's file; nothing for one that is linked in.
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<String>,
    },
    /// A plugin that is not used, and why.
    Failed {
        /// The reason.
        error: Error,
        /// The plugin's file.
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<String>,
    },
}

impl Host {
    /// Opens a host: reads the configuration, and finds the plugins.
    ///
    /// `config` is a [`Config`] or its JSON document, empty for all defaults. A plugin is opened when its transport is first needed. One
    /// that fails to open does not fail the host; it stays listed with its reason in [`Host::transports`].
    pub fn open<'c>(config: impl Into<Asked<'c, Config>>, callbacks: Box<dyn Callbacks>) -> Result<Arc<Host>, Error> {
        Host::open_with(config, callbacks, &[])
    }

    /// Opens a host that has transports linked in, given by their vtables. A plugin file of the same name is not used.
    pub fn open_with<'c>(
        config: impl Into<Asked<'c, Config>>,
        callbacks: Box<dyn Callbacks>,
        builtin: &[&'static postkontor_abi::Plugin],
    ) -> Result<Arc<Host>, Error> {
        let config = config.into().read()?;
        let search = loader::Search { plugins: config.plugins, trust_environment: config.trust_environment, pins: config.pins };
        let log = Log::open(config.log, callbacks, config.protocol);
        let host = Host {
            language: config.language.unwrap_or_else(|| "en".to_owned()),
            log,
            transports: Transports::find(builtin, &search),
            texts: Mutex::default(),
            added: Mutex::default(),
            documents: Documents::default(),
            folders: Folders::default(),
            keyrings: Keyrings::default(),
            seen: Seen::default(),
        };
        let found = host.transports.found();
        host.log.write(Level::Debug, "", format_args!("Postkontor {} opened with the plugins {found}", env!("CARGO_PKG_VERSION")));
        Ok(Arc::new(host))
    }

    /// Lists the transports, also those whose plugin failed.
    pub fn transports(&self) -> Vec<ListedTransport> {
        let listed = |(entry, transport): (&Entry, Result<&Transport, Error>)| match transport {
            Ok(Transport { identity, .. }) => ListedTransport::Usable {
                name: identity.name.clone(),
                version: identity.version.clone(),
                operations: identity.operations.clone(),
                file: entry.file(),
            },
            Err(error) => ListedTransport::Failed { error: self.localised(error), file: entry.file() },
        };
        self.transports.all(&self.log).map(listed).collect()
    }

    /// Checks settings without touching the network: problems, visible fields, normalised settings, secrets, origins.
    pub fn check(&self, settings: &str) -> Checked {
        let checked = settings::check(settings, self, || self.texts(), &self.language);
        if self.log.reads(Level::Information) {
            let count = |severity| checked.problems.iter().filter(|problem| problem.severity == severity).count();
            let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
            self.log.write(Level::Information, "", format_args!("settings checked: {errors} errors, {warnings} warnings"));
        }
        checked
    }

    /// Brings a settings document to today's version. What is done with an older one when it is opened, happens there alike.
    pub fn migrate(&self, settings: &str) -> Result<settings::Migrated, Error> {
        settings::Migrated::of(settings, self).map_err(|error| self.localised(error))
    }

    /// The transport of that name.
    pub(crate) fn transport(&self, name: &str) -> Result<&Transport, Error> {
        self.transports.get(name, &self.log).ok_or_else(|| self.transports.unknown(name, &self.log))
    }

    /// The transports that can be used, opened where they were not.
    pub(crate) fn usable_transports(&self) -> impl Iterator<Item = &Transport> {
        self.transports.usable(&self.log)
    }

    /// The texts of the host and of every plugin that is open, since no other has made a code. Gathered when a sentence is first needed,
    /// and once more when it is needed after a further plugin was opened.
    pub(crate) fn texts(&self) -> Arc<Texts> {
        let open = self.transports.open();
        let gathered = self.texts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((count, texts)) = gathered
            && count == open.len()
        {
            return texts;
        }
        let mut texts = Texts::new();
        for (language, text) in self.added.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            texts.add_file(language, text);
        }
        for transport in &open {
            match transport.description() {
                Ok(description) => texts.add(&description.texts),
                Err(error) => {
                    let name = &transport.identity.name;
                    self.log.write(Level::Warning, "", format_args!("plugin {name} does not describe itself: {error}"));
                }
            }
        }
        let texts = Arc::new(texts);
        *self.texts.lock().unwrap_or_else(PoisonError::into_inner) = Some((open.len(), Arc::clone(&texts)));
        texts
    }

    /// Adds texts of a crate that stands on this one: a locale file by its language. Those that were added already are not added again.
    pub fn add_texts(&self, texts: &[(&'static str, &'static str)]) {
        let mut added = self.added.lock().unwrap_or_else(PoisonError::into_inner);
        let new: Vec<_> = texts.iter().filter(|text| !added.contains(text)).copied().collect();
        if !new.is_empty() {
            added.extend(new);
            *self.texts.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// Where work of the host's own asks whether to go on.
    pub fn watch<'a>(&'a self, cancel: &'a Cancel) -> Watch<'a> {
        Watch::new(self.callbacks(), cancel, cancel.remaining(Duration::MAX))
    }

    /// Reads a settings document: what its own groups say, and which accounts there are.
    pub fn settings(&self, settings: &str) -> Result<Arc<Document>, Error> {
        self.document(settings).map_err(|error| self.localised(error))
    }

    /// A secret of the document, which the program may keep under a name.
    pub fn secret(&self, password: &settings::Password) -> Result<Secret, Error> {
        match password {
            settings::Password::Literal(secret) => Ok(secret.clone()),
            settings::Password::Reference { secret } => {
                self.callbacks().secret_get(secret).ok_or_else(|| settings::secret_not_found(secret).stage(Stage::Secret).usable())
            }
        }
    }

    /// A settings document, shared by the handles that are open with the same text.
    pub(crate) fn document(&self, text: &str) -> Result<Arc<Document>, Error> {
        self.documents.get(text, || Document::parse(text, self))
    }

    /// What signs messages that are built without an account.
    pub(crate) fn keyrings(&self) -> &Keyrings {
        &self.keyrings
    }

    /// The folders with certificates of others.
    pub(crate) fn folders(&self) -> &Folders {
        &self.folders
    }

    /// The language of its sentences, for example `de-AT`.
    pub fn language(&self) -> &str {
        &self.language
    }

    pub(crate) fn callbacks(&self) -> &dyn Callbacks {
        self.log.callbacks()
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// A sentence in the host's language, or `None` where the code has no text.
    pub(crate) fn sentence(&self, code: &str, args: &Map<String, Value>) -> Option<String> {
        self.texts().sentence(&self.language, code, args)
    }

    /// Gives places of a document their sentences.
    pub fn explain(&self, places: &mut [At]) {
        for at in places {
            at.message = self.sentence(&at.code, &at.args).unwrap_or_else(|| at.code.clone());
        }
    }

    /// The same for something that happened in a stage of a session.
    pub(crate) fn sentence_in_stage(&self, code: &str, args: &serde_json::Map<String, Value>, stage: Stage) -> Option<String> {
        self.texts().sentence_in_stage(&self.language, code, args, stage)
    }

    /// The step with its sentences in the host's language: what was found, and what to do.
    pub fn in_words(&self, mut step: Step) -> Step {
        if step.message.is_empty() && !step.code.is_empty() {
            step.message = self.sentence_in_stage(&step.code, &step.facts, step.step).unwrap_or_else(|| step.code.clone());
        }
        if step.message.is_empty() && step.status == StepStatus::Ok {
            let code = format!("step.{}", step.step);
            step.message = self.sentence(&code, &step.facts).unwrap_or_default();
        }
        let advice = std::mem::take(&mut step.advice);
        let sentence = |code: String| self.sentence(&code, &step.facts).unwrap_or(code);
        step.advice = advice.into_iter().map(sentence).collect();
        step
    }

    /// The error with its sentences in the host's language.
    pub fn localised(&self, mut error: Error) -> Error {
        if error.message.is_empty() {
            let sentence = match error.stage {
                Some(stage) => self.sentence_in_stage(&error.code, &error.args, stage),
                None => self.sentence(&error.code, &error.args),
            };
            error.message = sentence.unwrap_or_else(|| error.code.clone());
        }
        for index in 0..error.at.len() {
            // A plugin that was built before pointers said it, asked without any request.
            error.at[index].of.get_or_insert(Input::Settings);
            if error.at[index].message.is_empty() {
                let at = &error.at[index];
                let mut args = error.args.clone();
                args.extend(at.args.clone());
                error.at[index].message = self.sentence(&at.code, &args).unwrap_or_else(|| at.code.clone());
            }
        }
        error
    }
}

impl Schemas for Host {
    fn schema(&self, transport: &str) -> Result<Arc<Value>, Error> {
        self.transport(transport).and_then(Transport::description).map(|description| description.schema.clone())
    }

    fn names(&self) -> Vec<String> {
        self.usable_transports().map(|transport| transport.identity.name.clone()).collect()
    }

    fn supports(&self, transport: &str, operation: &str) -> bool {
        self.transport(transport).map_or(true, |transport| transport.supports(operation))
    }

    fn seen(&self) -> Option<&Seen> {
        Some(&self.seen)
    }

    fn refuse(&self, transport: &str, account: &str, settings: &Value) -> Result<(), Error> {
        self.transport(transport)?.open(account, settings, &Map::new(), self.callbacks(), 0).map(drop)
    }
}
