//! Testing the settings.

use crate::advice::advice;
use crate::ask::{Again, Ask, Payload};
use crate::claims::{Role, has_role};
use crate::entry::Folder;
use crate::folders::Named;
use crate::session::Session;
use postkontor_plugin::net::{Recorder, step};
use postkontor_plugin::{Error, Input, Report, SessionState, Stage, Status, Step};

/// The steps of a whole test.
const STEPS: &[Stage] = &[Stage::Resolve, Stage::Connect, Stage::Tls, Stage::Token, Stage::Login, Stage::Mailbox];

/// Takes every step short of sending and fetching. An error means that the caller has stopped the test.
pub(crate) fn test(session: &mut Session<'_, '_>) -> Result<Report, Error> {
    let looked = look(session);
    let failed = match looked {
        Err(error) if error.status == Status::Cancelled => return Err(error),
        Err(error) => Some(session.step(&error)),
        Ok(()) => None,
    };
    failed.into_iter().for_each(|step| session.recorder.push(step));
    let dialogue = session.wire.take_dialogue();
    session.recorder.keep(dialogue);
    Ok(std::mem::replace(session.recorder, Recorder::off()).report(STEPS))
}

fn look(session: &mut Session<'_, '_>) -> Result<(), Error> {
    let target = session.at("/mailFolders/inbox?$select=id,displayName,totalItemCount");
    let inbox = session.json::<Folder>(Ask::get(target, Stage::Mailbox))?;
    let login = Step::ok(Stage::Login).fact("host", session.host());
    session.recorder.push(session.settings.mailbox().map_or(login.clone(), |mailbox| login.fact("user", mailbox)));
    folders(session, &inbox)?;
    may_send(session)?;
    may_change(session)
}

/// The folders that the settings name, each with a step of its own.
fn folders(session: &mut Session<'_, '_>, inbox: &Folder) -> Result<(), Error> {
    let exchange = &session.settings.exchange;
    let wanted = [("/exchange/inbox", Some(exchange.inbox.as_str())), ("/exchange/sent", exchange.sent.as_deref())];
    for (pointer, name) in wanted {
        let Some(name) = name else { continue };
        let found = match name.trim().eq_ignore_ascii_case("inbox") {
            true => Ok(inbox.clone()),
            false => session.folder(Named { name, of: Input::Settings, pointer }),
        };
        match found {
            Ok(folder) => {
                let step = Step::ok(Stage::Mailbox).pointer(pointer).fact("folder", folder.display_name);
                session.recorder.push(step.fact("messages", folder.total_item_count));
            }
            Err(error) if error.session == SessionState::Usable => {
                let step = session.step(&error);
                session.recorder.push(step);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What is no base64, so that no message can come of it.
struct NoMessage(bool);

impl Again for NoMessage {
    fn begin(&mut self) -> Result<u64, Error> {
        self.0 = false;
        Ok(1)
    }

    fn fill(&mut self, data: &mut [u8]) -> Result<usize, Error> {
        let count = usize::from(!std::mem::replace(&mut self.0, true));
        data[..count].fill(b'!');
        Ok(count)
    }
}

/// Whether mail may be sent: the service looks at the right before it looks at what it gets, and finds no message in that.
fn may_send(session: &mut Session<'_, '_>) -> Result<(), Error> {
    let mut nothing = NoMessage(false);
    let target = session.at("/sendMail");
    let asked = session.done(Ask::once("POST", target, Role::Send, Stage::Mailbox).with(Payload::Message(&mut nothing)));
    match asked {
        Err(failure) if failure.fault.as_ref().is_some_and(|fault| fault.status == 400) => {
            session.recorder.push(Step::ok(Stage::Mailbox).fact("right", Role::Send.name()));
        }
        Err(failure) if failure.fault.is_some() => {
            let step = session.step(&failure.error);
            session.recorder.push(step);
        }
        Err(failure) => return Err(failure.error),
        Ok(()) => session.recorder.push(Step::warn(Stage::Mailbox, "graph.right_unknown").fact("right", Role::Send.name())),
    }
    Ok(())
}

/// Whether mail may be marked, moved and deleted, as far as the token says so.
fn may_change(session: &mut Session<'_, '_>) -> Result<(), Error> {
    let token = session.wire.tokens.access(session.call, session.recorder)?;
    if has_role(&token, Role::Change) == Some(false) {
        let step = Step::warn(Stage::Mailbox, "graph.change_missing").fact("host", session.host()).fact("role", Role::Change.name());
        session.recorder.push(step.advice("advice.graph_grant_role"));
    }
    Ok(())
}

impl Session<'_, '_> {
    /// The failed step of an error, with pointer, advice, and the patch that would repair it.
    fn step(&self, error: &Error) -> Step {
        let http = &self.wire.http;
        step(error, http.target(), http.tls(), advice(error))
    }
}
