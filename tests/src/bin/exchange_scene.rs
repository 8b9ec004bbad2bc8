//! `postkontor-exchange-scene COMMAND PLUGINS LANGUAGE TRANSPORT…`: the scene of the tour that plays at Exchange.
#![forbid(unsafe_code)]

use postkontor_tests::exchange_scene;
use std::io::{self, Error};
use std::path::Path;
use std::process::ExitCode;

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [command, plugins, language, transports @ ..] = arguments.as_slice() else {
        return Err(Error::other("usage: postkontor-exchange-scene COMMAND PLUGINS LANGUAGE TRANSPORT..."));
    };
    let transports: Vec<&str> = transports.iter().map(String::as_str).collect();
    let went_well = exchange_scene::play(&mut io::stdout(), Path::new(command), Path::new(plugins), language, &transports)?;
    Ok(if went_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
