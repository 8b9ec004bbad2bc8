//! Fetching: what is new, each message marked or deleted only after the host has taken it.

mod fetch;
mod filter;
mod headers;
mod sync;
mod whole;
mod window;

use crate::settings::NAME;
use crate::talk::Talk;
use fetch::Fetch;
use postkontor_plugin::exchange::State;
use postkontor_plugin::{Error, ReceiveRequest, Received, Stage};

/// Fetches what is new.
pub(crate) fn receive(talk: &mut Talk<'_, '_>, request: &ReceiveRequest) -> Result<Received, Error> {
    let state = State::parse(NAME, request.state.as_deref())?;
    let (name, pointer) = match &request.folder {
        Some(folder) => (folder.clone(), "/folder"),
        None => (talk.account.settings.exchange.inbox.clone(), "/exchange/inbox"),
    };
    let folder = talk.folder(&name, pointer)?;
    let mailbox = talk.account.settings.address().unwrap_or_default().to_lowercase();
    let state = state.of(&format!("{mailbox}|{}", folder.name()));
    let mut fetch = Fetch::new(talk, folder, name, state, request);
    let result = fetch.run().map_err(|error| error.stage(Stage::Fetch));
    let mut received = fetch.received();
    match result {
        Ok(more) => received.more |= more,
        Err(error) if fetch.taken == 0 && !fetch.has_given_up() => return Err(error),
        // The state holds what was taken, even though the connection broke.
        Err(error) => {
            received.more = true;
            received.again_seconds = error.args.get("seconds").and_then(postkontor_plugin::serde_json::Value::as_u64);
            received.interrupted = Some(error);
        }
    }
    Ok(received)
}
