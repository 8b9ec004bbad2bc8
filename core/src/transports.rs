//! The transports of a host: which plugin files there are, and the plugin behind each, opened when it is first needed.
//!
//! A program that only sends by SMTP loads the plugin of SMTP and no other: each would cost it memory and time, and its code would run in a
//! process that has no use for it. A file called `postkontor_NAME` is therefore opened when the transport NAME is asked for; a file with
//! another name is opened with the first question, since only the plugin itself can say which transport it is. Plugins that are linked in come first,
//! and their names are theirs.

use crate::error::failed;
use crate::loader::{self, Content, File, Plugin, Searched};
use crate::log::Log;
use crate::texts;
use crate::transport::Transport;
use postkontor_plugin::{Error, Level, Status};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::Path;
use std::sync::OnceLock;

/// What the names of our own plugin files begin with, behind what the platform puts before the name of a library.
const PREFIX: &str = "postkontor_";

/// The most bytes of a report that an error carries; the whole is in the log.
const LONGEST_DETAIL: usize = 600;

/// The plugins of a host, in the order in which they were found.
#[derive(Default)]
pub(crate) struct Transports {
    entries: Vec<Entry>,
    /// The folders in which plugins were looked for.
    searched: Vec<Searched>,
}

/// A plugin linked into the host, or a file that may be one.
pub(crate) struct Entry {
    source: Source,
    /// The transport that the name of the file says, with `_` for `-`.
    named_after: Option<String>,
    /// The plugin, once it was needed.
    transport: OnceLock<Result<Transport, Error>>,
}

/// Where a plugin comes from.
enum Source {
    Linked(&'static postkontor_abi::Plugin),
    File(File),
}

impl Transports {
    /// The plugins that are linked in, and those that a search finds.
    pub(crate) fn find(builtin: &[&'static postkontor_abi::Plugin], search: &loader::Search) -> Transports {
        let linked = builtin.iter().map(|plugin| Entry::new(Source::Linked(plugin)));
        let findings = loader::search(search);
        let found = findings.found.into_iter().map(|file| Entry::new(Source::File(file)));
        Transports { entries: linked.chain(found).collect(), searched: findings.searched }
    }

    /// The transport of that name, if there is one. Of several that call themselves so, it is the first among those whose file has that
    /// name or says nothing; only where none of them can be used do the files with other names count.
    pub(crate) fn get(&self, name: &str, log: &Log) -> Option<&Transport> {
        self.owner(name, |entry| entry.opened(log).as_ref().ok()).map(|(_, transport)| transport)
    }

    /// The plugin that a name belongs to, among those that `known` gives.
    fn owner<'t>(&'t self, name: &str, known: impl Fn(&'t Entry) -> Option<&'t Transport>) -> Option<(&'t Entry, &'t Transport)> {
        let likely = self.entries.iter().filter(|entry| entry.may_be(name));
        let mut likely_first = likely.chain(&self.entries);
        likely_first.find_map(|entry| Some((entry, known(entry).filter(|transport| transport.identity.name == name)?)))
    }

    /// Every plugin that was found, opened, in order; one whose name another transport has already is an error.
    pub(crate) fn all<'t>(&'t self, log: &'t Log) -> impl Iterator<Item = (&'t Entry, Result<&'t Transport, Error>)> {
        self.entries.iter().map(move |entry| (entry, self.judged(entry, log)))
    }

    /// The transports that can be used.
    pub(crate) fn usable<'t>(&'t self, log: &'t Log) -> impl Iterator<Item = &'t Transport> {
        self.all(log).filter_map(|(_, transport)| transport.ok())
    }

    /// Those that are open and can be used, without opening any. Of several open ones with one name that is the owner alone.
    pub(crate) fn open(&self) -> Vec<&Transport> {
        let open = |entry| {
            let transport = Entry::if_open(entry)?;
            self.owner(&transport.identity.name, Entry::if_open).filter(|(owner, _)| std::ptr::eq(*owner, entry)).map(|_| transport)
        };
        self.entries.iter().filter_map(open).collect()
    }

    fn judged<'t>(&'t self, entry: &'t Entry, log: &Log) -> Result<&'t Transport, Error> {
        let transport = entry.opened(log).as_ref().map_err(Error::clone)?;
        let name = &transport.identity.name;
        let owner = self.owner(name, |entry| entry.opened(log).as_ref().ok());
        match owner.filter(|(owner, _)| !std::ptr::eq(*owner, entry)) {
            None => Ok(transport),
            Some((other, _)) => {
                let error = failed(Status::Transport, "plugin.name_taken").arg("name", name.as_str());
                Err(error.arg("other", other.described()))
            }
        }
    }

    /// The error of a name that no transport has: with those that there are, and the reason why each file cannot be used.
    pub(crate) fn unknown(&self, name: &str, log: &Log) -> Error {
        let known: Vec<&str> = self.usable(log).map(|transport| transport.identity.name.as_str()).collect();
        let failures: Vec<(&Entry, Error)> = self.all(log).filter_map(|(entry, transport)| Some((entry, transport.err()?))).collect();
        let error = failed(Status::Transport, "transport.unknown").arg("transport", name).arg("known", known.join(", "));
        let error = error.arg("choice", self.choice(&known, failures.first().map(|(_, error)| error)));
        let failures: Vec<String> = failures.iter().map(|(entry, error)| format!("{}: {error}", entry.shown())).collect();
        error.detail(failures.join("; "))
    }

    /// Which transports there are; where there is none, in which folders they were looked for and what each of them held.
    fn choice(&self, known: &[&str], first_failure: Option<&Error>) -> Value {
        if !known.is_empty() {
            return json!({"code": "transport.available", "args": {"known": known}});
        }
        let searched = self.searched.iter().map(|Searched { folder, content }| {
            let code = match content {
                Content::Missing => "transport.folder_missing",
                Content::Files(0) => "transport.folder_empty",
                Content::Refused | Content::Files(_) => "transport.folder_unusable",
            };
            json!({"code": code, "args": {"path": texts::path(folder)}})
        });
        let searched: Vec<Value> = searched.collect();
        // The first reason is enough for a sentence; all of them are listed with the transports.
        match first_failure {
            None => json!({"code": "transport.none", "args": {"searched": searched}}),
            Some(error) => {
                let reason = json!({"code": error.code, "args": error.args});
                json!({"code": "transport.none_usable", "args": {"searched": searched, "reason": reason}})
            }
        }
    }

    /// What was found, for the log: no plugin is opened for it.
    pub(crate) fn found(&self) -> String {
        let files: Vec<String> = self.entries.iter().filter_map(Entry::file).collect();
        let linked = self.entries.len() - files.len();
        let linked = (linked > 0).then(|| format!("{linked} linked in"));
        linked.into_iter().chain(files).collect::<Vec<_>>().join(", ")
    }
}

impl Entry {
    fn new(source: Source) -> Entry {
        let named_after = match &source {
            Source::Linked(_) => None,
            Source::File(file) => named_after(file.path()),
        };
        Entry { source, named_after, transport: OnceLock::new() }
    }

    /// The plugin's file; nothing for one that is linked in.
    pub(crate) fn file(&self) -> Option<String> {
        match &self.source {
            Source::Linked(_) => None,
            Source::File(file) => Some(texts::path(file.path())),
        }
    }

    /// For support, in English.
    fn shown(&self) -> String {
        self.file().unwrap_or_else(|| "linked in".to_owned())
    }

    /// For a sentence in any language.
    fn described(&self) -> Value {
        self.file().map_or_else(|| json!({"code": "plugin.linked_in", "args": {}}), Value::String)
    }

    /// Whether the plugin may be the transport of that name, as far as the name of the file says.
    fn may_be(&self, name: &str) -> bool {
        // Asked with each call, so nothing is allocated for it.
        let letters = || name.bytes().map(|byte| if byte == b'-' { b'_' } else { byte });
        self.named_after.as_ref().is_none_or(|named_after| named_after.bytes().eq(letters()))
    }

    /// The plugin, where it is open.
    fn if_open(&self) -> Option<&Transport> {
        self.transport.get()?.as_ref().ok()
    }

    /// The plugin, opened now if it was not needed before.
    fn opened(&self, log: &Log) -> &Result<Transport, Error> {
        if let Some(opened) = self.transport.get() {
            return opened;
        }
        // Outside `get_or_init`: the log's callback belongs to the host's program, and must not be called under a lock. Where two threads
        // open a plugin at the same time, the system loads it once, and the first result stays.
        let plugin = match &self.source {
            Source::Linked(plugin) => Ok(Plugin::builtin(plugin)),
            Source::File(file) => file.open(),
        };
        let transport = plugin.and_then(Transport::new).map_err(|error| brief(error, log));
        if let Err(error) = &transport {
            log.write(Level::Warning, "", format_args!("plugin {} is not used: {error}", self.shown()));
        }
        self.transport.get_or_init(|| transport)
    }
}

/// The transport that the name of a file says: `exchange_ews` for `libpostkontor_exchange_ews.so`.
fn named_after(file: &Path) -> Option<String> {
    let name = file.file_stem().and_then(OsStr::to_str)?;
    let name = name.strip_prefix(std::env::consts::DLL_PREFIX).unwrap_or(name);
    name.strip_prefix(PREFIX).filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Keeps the last lines of a long report, where the point is; the whole goes to the log.
fn brief(mut error: Error, log: &Log) -> Error {
    if error.detail.len() > LONGEST_DETAIL {
        error.detail.lines().for_each(|line| log.write(Level::Debug, "", line));
        let lines: Vec<&str> = error.detail.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = lines[lines.len().saturating_sub(6)..].join(" ");
        error.detail = last;
    }
    error
}
