//! A client for the tests of TLS (`tests/net`), as a program of its own: they have their servers on this machine, and let clients of another
//! system visit them. Reads errands from standard input, a line of JSON each, and writes what came of each.

mod errand;

use errand::Errand;
use postkontor_plugin::Secret;
use std::io::{BufRead, Error, Result, Write, stdin, stdout};

fn main() -> Result<()> {
    for line in stdin().lock().lines() {
        let mut errand: Errand = serde_json::from_str(&line?).map_err(Error::other)?;
        if let Some(own) = &mut errand.tls.client_certificate {
            own.password = Secret::new(errand.password.as_str());
        }
        let came = serde_json::to_string(&errand.run()).map_err(Error::other)?;
        writeln!(stdout().lock(), "{came}")?;
    }
    Ok(())
}
