//! A host with all transports that fetch and send by servers.

use postkontor_core::{Callbacks, Cancel, Host};
use postkontor_tests::engine::PATIENCE;
use postkontor_tests::folder::Folder;
use postkontor_tests::guard::Guard;
use postkontor_tests::products::Products;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// The transports that proposals use.
const TRANSPORTS: [&str; 5] = ["smtp", "imap", "pop3", "exchange-ews", "graph"];

/// The folder with the plugins.
pub(crate) fn plugins() -> &'static PathBuf {
    static PLUGINS: OnceLock<(Guard, PathBuf)> = OnceLock::new();
    let install = || {
        let folder = Folder::new().unwrap().keep();
        let guard = Guard::remover(&folder).unwrap();
        (guard, Products::built().unwrap().plugins(&folder, &TRANSPORTS).unwrap())
    };
    &PLUGINS.get_or_init(install).1
}

/// A host that speaks a language.
pub(crate) fn host(language: &str) -> Arc<Host> {
    Host::open(&json!({"language": language, "plugins": [plugins()]}).to_string(), Box::new(())).unwrap()
}

/// A host of a program that has something to say.
pub(crate) fn host_for(program: Box<dyn Callbacks>) -> Arc<Host> {
    Host::open(&json!({"plugins": [plugins()]}).to_string(), program).unwrap()
}

/// What is found for an address or a request.
pub(crate) fn found(host: &Arc<Host>, request: &str) -> Value {
    json!(host.discover(request, &Cancel::new(Some(PATIENCE))).unwrap_or_else(|error| panic!("{request}: {error:?}")))
}
