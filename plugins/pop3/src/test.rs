//! Testing the settings.

use crate::connection::connector;
use crate::session::Session;
use crate::settings::Settings;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::{Call, Error, Report, Stage, Step};

/// Takes every step short of fetching. Fails only when the caller stops it.
pub(crate) fn test(settings: &Settings, call: &Call) -> Result<Report, Error> {
    let target = settings.server.target(settings.default_port())?;
    let open = |recorder: &mut Recorder| Session::open(settings, call, recorder);
    let look = |session: &mut Session, recorder: &mut Recorder| {
        let entries = session.mailbox(std::iter::empty(), call)?.entries;
        let bytes: u64 = entries.iter().map(|entry| entry.size).sum();
        recorder.push(Step::ok(Stage::Mailbox).fact("messages", entries.len()).fact("bytes", bytes));
        Ok(())
    };
    connector(settings, &target).test(open, look, call)
}
