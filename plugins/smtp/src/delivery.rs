//! Delivering mails: over the kept connection, over a new one where that is dead, each mail once.

use crate::account::Smtp;
use crate::session::Session;
use crate::settings::Settings;
use crate::transaction::{Batch, Outcome, Results};
use crate::window::{self, Window};
use crate::{blocks, data, envelope};
use postkontor_plugin::net::Recorder;
use postkontor_plugin::{Call, Error, Mail, Sent, SessionState, Stage, Status};
use std::sync::Arc;

/// After so many new connections in a row without a verdict, the rest of a batch is not tried.
const STRIKES: u32 = 2;

/// Sends mails, each with its own result, in order.
pub(crate) fn deliver(smtp: &mut Smtp, mails: &[Mail], call: &Call) -> Vec<Result<Sent, Error>> {
    let Smtp { settings, session: kept, buffer } = smtp;
    let checked = |mail: &Mail| envelope::check(mail).err().map(|error| Err(error.usable()));
    let mut results: Vec<Option<Result<Sent, Error>>> = mails.iter().map(checked).collect();
    let mut window = Window::default();
    let mut strikes = 0;
    buffer.clear();
    while results.iter().any(Option::is_none) {
        let session = match connected(settings, kept, call) {
            Ok(session) => session,
            Err(error) => {
                fail_rest(&mut results, &error);
                break;
            }
        };
        let mut batch = Batch { session, buffer, mails, results: &mut results, call };
        let outcome = if batch.session.capabilities.pipelining && batch.session.capabilities.chunking {
            if window.is_empty() {
                fill(&mut window, &mut batch);
            }
            send_window(&window, &mut batch)
        } else if window.is_empty() {
            data::send(&mut batch)
        } else {
            server_changed(&window, batch.results)
        };
        window.settle(outcome.settled, buffer);
        let Some(error) = outcome.broken else {
            strikes = 0;
            continue;
        };
        let has_served = kept.take().is_some_and(|mut session| {
            let has_served = session.has_served;
            session.stream.close();
            has_served
        });
        if has_served && matches!(error.status, Status::Network | Status::Later) {
            // Servers close connections after a while or after so many mails. What they did not take goes over a new one.
            strikes = 0;
            continue;
        }
        strikes += 1;
        if outcome.settled == 0 {
            let open = window.entries.first().map(|entry| entry.index).or_else(|| results.iter().position(Option::is_none));
            if let Some(open) = open {
                results[open] = Some(Err(closed(&error)));
            }
            window.settle(1, buffer);
        }
        if strikes >= STRIKES {
            fail_rest(&mut results, &error);
        }
    }
    let missing = || Err(Error::new(Status::Internal, "smtp.unsettled"));
    results.into_iter().map(|result| result.unwrap_or_else(missing)).collect()
}

/// The kept connection if it is still good, else a new one.
fn connected<'a>(settings: &Settings, kept: &'a mut Option<Session>, call: &Call) -> Result<&'a mut Session, Error> {
    if let Some(mut session) = kept.take() {
        if session.is_alive(call)? {
            return Ok(kept.insert(session));
        }
        session.stream.close();
    }
    Ok(kept.insert(Session::open(settings, call, &mut Recorder::off())?))
}

/// Puts as many mails into the window as fit, or one that is too large for it.
fn fill(window: &mut Window, batch: &mut Batch<'_>) {
    let Batch { session, buffer, mails, results, call } = batch;
    window.prepared_for = Arc::clone(&session.capabilities);
    for (index, mail) in mails.iter().enumerate() {
        if results[index].is_some() {
            continue;
        }
        if !window.is_empty() && !window.has_room(mail, buffer) {
            break;
        }
        let host = &session.stream.endpoint().host;
        if let Err(error) = window.add(index, mail, &mut call.body(mail.stream), host, buffer) {
            results[index] = Some(Err(error));
        }
        if window.entries.last().is_some_and(|entry| entry.unfinished.is_some()) {
            break;
        }
    }
}

fn send_window(window: &Window, batch: &mut Batch<'_>) -> Outcome {
    // After a connection has died, what is still in the window is sent as it is.
    if !window.is_empty() && window.prepared_for != batch.session.capabilities {
        return server_changed(window, batch.results);
    }
    match window.entries.as_slice() {
        [entry @ window::Entry { unfinished: Some(guard), .. }] => blocks::send(entry, *guard, batch),
        _ => window.send(batch),
    }
}

/// Fails the mails of the window: the server behind the name has other capabilities than the one that they were prepared for.
fn server_changed(window: &Window, results: &mut Results) -> Outcome {
    let error = Error::new(Status::Later, "smtp.server_changed").stage(Stage::Capabilities).usable();
    for entry in &window.entries {
        results[entry.index] = Some(Err(error.clone()));
    }
    Outcome::settled(window.entries.len())
}

fn fail_rest(results: &mut Results, error: &Error) {
    for result in results.iter_mut().filter(|result| result.is_none()) {
        *result = Some(Err(closed(error)));
    }
}

fn closed(error: &Error) -> Error {
    let mut error = error.clone();
    error.session = SessionState::Closed;
    error
}
