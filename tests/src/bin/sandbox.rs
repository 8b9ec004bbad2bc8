//! `postkontor-sandbox [FOLDER]`: the sandbox mail server as a command.
//!
//! Prints one line of JSON with its ports, its user and the file with its authority's certificate, then runs until standard input ends. Mails
//! are written into FOLDER where one is given.
#![forbid(unsafe_code)]

use postkontor_tests::sandbox::{Options, Sandbox};
use std::io::{self, Write};
use std::path::PathBuf;

fn main() -> io::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let sandbox = Sandbox::start(Options { folder, ..Options::default() })?;
    writeln!(io::stdout(), "{}", sandbox.describe())?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
