//! The engine under test: hosts with the built plugins, and settings documents for the servers of this crate.

use crate::folder::Folder;
use crate::guard::Guard;
use crate::products::Products;
use postkontor_core::{Account, Cancel, Error, Host};
use serde_json::{Value, json};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// No test waits longer for a call.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The folder with the plugins smtp and sendmail, as an installation has it.
pub fn plugins() -> io::Result<&'static PathBuf> {
    static PLUGINS: OnceLock<Result<(Guard, PathBuf), String>> = OnceLock::new();
    let install = || {
        let folder = Folder::new()?.keep();
        let guard = Guard::remover(&folder)?;
        Ok((guard, Products::built()?.plugins(&folder, &["smtp", "sendmail"])?))
    };
    let installed = PLUGINS.get_or_init(|| install().map_err(|error: io::Error| error.to_string())).as_ref();
    installed.map(|(_, plugins)| plugins).map_err(|error| io::Error::other(error.clone()))
}

/// A host with these plugins that speaks a language.
pub fn host(language: &str) -> Result<Arc<Host>, Error> {
    let plugins = plugins().map_err(|error| Error::new(postkontor_core::Status::Local, "rig.plugins").detail(error.to_string()))?;
    Host::open(&json!({"language": language, "plugins": [plugins]}).to_string(), Box::new(()))
}

/// A settings document with one smtp account on localhost.
pub fn smtp(port: u16, tls: Value, auth: Value) -> Value {
    json!({
        "accounts": {"main": {"transport": "smtp", "server": {"host": "localhost", "port": port}, "tls": tls, "auth": auth}},
        "sender": {"address": "office@example.com", "name": "Das Büro"},
    })
}

/// A small mail to one recipient.
pub fn mail(to: &str) -> Value {
    json!({"to": [to], "subject": "Rechnung 4711", "text": "Guten Tag,\n.anbei die Rechnung.\n"})
}

/// Opens the account of a document.
pub fn open(settings: &Value) -> Result<Account, Error> {
    Account::open(&host("en")?, &settings.to_string(), None)
}

/// Opens an account, sends one mail, and returns its receipt.
pub fn send(settings: &Value, mail: &Value) -> Result<Value, Error> {
    Ok(json!(open(settings)?.send_document(&mail.to_string(), &[], &Cancel::new(Some(PATIENCE)))?))
}

/// Tests the account of a document in a language, and returns the report.
pub fn test(settings: &Value, language: &str) -> Result<Value, Error> {
    let mut account = Account::open(&host(language)?, &settings.to_string(), None)?;
    Ok(json!(account.test("", &Cancel::new(Some(PATIENCE)))?))
}

/// The step of a report by its name.
pub fn step<'a>(report: &'a Value, name: &str) -> &'a Value {
    let steps = report["steps"].as_array();
    steps.and_then(|steps| steps.iter().find(|step| step["step"] == name)).unwrap_or(&Value::Null)
}
