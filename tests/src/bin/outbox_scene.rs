//! `postkontor-outbox-scene COMMAND PLUGINS LANGUAGE`: the scene of the tour that plays in the outbox.
#![forbid(unsafe_code)]

use postkontor_tests::outbox_scene;
use std::io::{self, Error};
use std::path::Path;
use std::process::ExitCode;

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [command, plugins, language] = arguments.as_slice() else {
        return Err(Error::other("usage: postkontor-outbox-scene COMMAND PLUGINS LANGUAGE"));
    };
    let went_well = outbox_scene::play(&mut io::stdout(), Path::new(command), Path::new(plugins), language)?;
    Ok(if went_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
