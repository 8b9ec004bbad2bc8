//! Testing the settings.

use crate::connection::connector;
use crate::session::Session;
use crate::settings::Settings;
use postkontor_plugin::net::{Connector, Recorder};
use postkontor_plugin::{Call, Error, Report, SessionState, Stage, Step};

/// Takes every step short of fetching and sending, and looks whether the folders exist. Fails only when the caller stops it.
pub(crate) fn test(settings: &Settings, call: &Call) -> Result<Report, Error> {
    let target = settings.server.target(settings.default_port())?;
    let connector = connector(settings, &target);
    let open = |recorder: &mut Recorder| Session::open(settings, call, recorder);
    connector.test(open, |session, recorder| folders(session, settings, &connector, call, recorder), call)
}

fn folders(session: &mut Session, settings: &Settings, connector: &Connector, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
    let wanted = [
        ("/imap/inbox", Some(settings.imap.inbox.as_str())),
        ("/imap/outbox", settings.imap.outbox.as_deref()),
        ("/imap/sent", settings.imap.sent.as_deref()),
    ];
    for (pointer, name) in wanted {
        let Some(name) = name else { continue };
        // A test changes nothing, so a folder that would be created is only missing.
        let mut selected = session.select(name, pointer, false, call).map(|selected| (name.to_owned(), selected));
        if pointer == "/imap/outbox"
            && selected.as_ref().is_err_and(|error| error.code == "imap.folder_missing")
            && let Some(other) = session.other_outbox(name, call)?
        {
            selected = session.select(&other, pointer, false, call).map(|selected| (other, selected));
        }
        match selected {
            Ok((folder, selected)) => {
                recorder.push(Step::ok(Stage::Mailbox).pointer(pointer).fact("folder", folder).fact("messages", selected.messages));
            }
            Err(error) if error.code == "imap.folder_missing" && settings.imap.create_folders => {
                recorder.push(Step::warn(Stage::Mailbox, "imap.folder_will_be_created").pointer(pointer).fact("folder", name));
            }
            // Each folder that is not there gets a step of its own.
            Err(error) if error.session == SessionState::Usable => recorder.push(connector.step::<Session>(&error)),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
