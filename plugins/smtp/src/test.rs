//! The test of the settings: everything short of a mail, step by step.

use crate::connection::connector;
use crate::session::Session;
use crate::settings::Settings;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::{Call, Error, Report};

/// Connects, logs in and logs out, on a connection of its own. Fails only when the caller stops it.
pub(crate) fn test(settings: &Settings, call: &Call) -> Result<Report, Error> {
    let target = settings.server.target(settings.default_port())?;
    let open = |recorder: &mut Recorder| Session::open(settings, call, recorder);
    connector(settings, &target).test(open, |_: &mut Session, _: &mut Recorder| Ok(()), call)
}
