//! A page that is served for a test.

use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use postkontor_tests::{strangers, transports};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The running command, with all transports. It ends when dropped.
pub(crate) struct Served {
    pub(crate) url: String,
    child: Child,
    _folder: Folder,
}

impl Served {
    /// Serves the page of a settings file, in a language.
    pub(crate) fn start(settings: &Path, language: &str) -> Served {
        let folder = Folder::new().unwrap();
        let names: Vec<String> = transports::all().unwrap().into_iter().map(|transport| transport.name).collect();
        let plugins = Products::built().unwrap().plugins(folder.path(), &names).unwrap();
        Served::with(folder, &plugins, settings, language)
    }

    /// Likewise, with nothing but the plugins `folder` and `folder-c`, which are built as strangers build theirs.
    pub(crate) fn start_with_strangers(settings: &Path, language: &str) -> Served {
        let folder = Folder::new().unwrap();
        strangers::rust("examples/plugin", &[], &folder.file(&strangers::library("folder"))).unwrap();
        let sources = ["examples/plugin-c/folder.c", "examples/plugin-c/json.c", "examples/plugin-c/file.c"];
        strangers::c(&sources, &[], &folder.file(&strangers::library("folder_c"))).unwrap();
        let plugins = folder.path().to_owned();
        Served::with(folder, &plugins, settings, language)
    }

    fn with(folder: Folder, plugins: &Path, settings: &Path, language: &str) -> Served {
        let mut command = Command::new(Products::built().unwrap().command());
        command
            .args(["form", "--json", "--lang", language, "--plugins"])
            .arg(plugins)
            .arg(settings)
            .envs(secret_store(settings))
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let described: Value = serde_json::from_str(&line).unwrap();
        Served { url: described["url"].as_str().unwrap().to_owned(), child, _folder: folder }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn authority(&self) -> &str {
        self.url.strip_prefix("http://").unwrap().split('/').next().unwrap()
    }

    /// `/TOKEN`.
    pub(crate) fn prefix(&self) -> String {
        format!("/{}", self.url.rsplit('/').nth(1).unwrap())
    }

    /// Waits for the command's own end.
    pub(crate) fn ended(mut self) -> bool {
        self.child.wait().unwrap().success()
    }

    /// The process.
    #[cfg(unix)]
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

/// The environment in which the command keeps secrets in a file beside the settings.
pub(crate) fn secret_store(settings: &Path) -> [(&'static str, PathBuf); 2] {
    [("POSTKONTOR_SECRETS", "file".into()), ("XDG_CONFIG_HOME", settings.parent().unwrap().join("config"))]
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
