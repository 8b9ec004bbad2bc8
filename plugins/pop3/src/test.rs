//! Testing the settings.

use crate::session::Session;
use crate::settings::Settings;
use postkontor_plugin::net::{Trail, step};
use postkontor_plugin::{Call, Report, Stage, Step};

/// Takes every step short of fetching.
pub(crate) fn test(settings: &Settings, call: &Call) -> Report {
    let mut trail = Trail::on();
    let mut transcript = Vec::new();
    let session = Session::open(settings, call, &mut trail, &mut transcript).and_then(|mut session| {
        let mailbox = session.mailbox(std::iter::empty(), call);
        let entries = mailbox.map(|mailbox| mailbox.entries).inspect_err(|_| transcript.append(&mut session.stream.transcript().take()))?;
        let bytes: u64 = entries.iter().map(|entry| entry.size).sum();
        trail.push(Step::ok(Stage::Mailbox).fact("messages", entries.len()).fact("bytes", bytes));
        match session.leave(call) {
            Ok(()) => trail.push(Step::ok(Stage::Quit)),
            Err(error) => trail.push(Step::warn(Stage::Quit, &error.code)),
        }
        transcript.append(&mut session.stream.transcript().take());
        Ok(())
    });
    if let Err(error) = session {
        trail.push(step(&error, &settings.server, &settings.tls));
    }
    Report { steps: trail.steps(), transcript }
}
