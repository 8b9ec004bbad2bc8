//! The client of the tests of TLS: this process, or a program that runs the engine of another system.

#[path = "../../examples/visit/errand.rs"]
mod errand;

pub(crate) use errand::{Errand, Visit};

use postkontor_plugin::Error;
use postkontor_plugin::settings::{Server, Tls, TlsVersion};
use std::io::Write;
use std::process::{Command, Stdio};

impl Errand {
    pub(crate) fn new(server: &Server, tls: &Tls) -> Errand {
        let own = tls.client_certificate.as_ref();
        let password = own.map(|own| own.password.reveal().to_owned()).unwrap_or_default();
        Errand { server: server.clone(), tls: tls.clone(), password, load: 0, waits: false }
    }
}

/// How the program `examples/visit` is started, as a JSON array of words; without it the tests are visited by this process.
/// `cargo xtask test --windows` lets Windows' engine visit them so.
const CLIENT: &str = "POSTKONTOR_TLS_CLIENT";

/// The newest version that the client knows; without it the client knows all.
const NEWEST: &str = "POSTKONTOR_TLS_NEWEST";

/// Whether a version is newer than all that the client knows.
pub(crate) fn knows_less(version: TlsVersion) -> bool {
    std::env::var(NEWEST).is_ok_and(|newest| newest.as_str() < version.name())
}

/// Whether the client's system takes no keys of elliptic curves for its own certificate, as Wine does.
pub(crate) fn is_without_curves() -> bool {
    std::env::var_os("POSTKONTOR_TLS_WITHOUT_CURVES").is_some()
}

pub(crate) fn run(errand: &Errand) -> Result<Visit, Error> {
    let Ok(words) = std::env::var(CLIENT) else { return errand.run() };
    let words: Vec<String> = serde_json::from_str(&words).unwrap();
    let mut client = Command::new(&words[0]).args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    writeln!(client.stdin.take().unwrap(), "{}", serde_json::to_string(errand).unwrap()).unwrap();
    let output = client.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let came: Result<Visit, Error> = serde_json::from_str(said.trim()).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    came
}
