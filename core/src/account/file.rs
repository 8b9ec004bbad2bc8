//! Putting messages into a folder: one call of the transport for all of them.

use super::bodies::{Bodies, SLOW_LINE};
use super::connection::{Connection, timed};
use crate::Cancel;
use crate::error::{merged, unreadable};
use postkontor_plugin::{Error, Filed, Filing, FilingResult, Original};
use std::time::Duration;

/// How long it may take where the caller sets no deadline: less than sending, because copies are of mails that have left.
const DEADLINE: Duration = Duration::from_secs(60);

/// Puts the messages into the folder. Without any, it only looks for the folder.
pub(super) fn file(
    connection: &mut Connection,
    operation: &str,
    filing: Filing,
    bodies: &mut Bodies<'_, '_>,
    cancel: &Cancel,
) -> Result<Filed, Error> {
    let count = bodies.mails.len();
    let bytes: u64 = bodies.mails.iter().map(|mail| mail.size).sum();
    let originals = bodies.mails.iter().zip(1..).map(|(mail, stream)| Original {
        stream,
        size: mail.size,
        message_id: mail.message_id.clone(),
        utf8: mail.utf8,
    });
    let filing = Filing { messages: originals.collect(), ..filing };
    let deadline = DEADLINE + Duration::from_secs(bytes / SLOW_LINE + count as u64);
    let answer = connection.stream(operation, &timed(filing, cancel.remaining(deadline))?, cancel, bodies)?;
    let mut filed: Filed = serde_json::from_slice(&answer).map_err(unreadable)?;
    if filed.results.len() != count && !filed.left_to_provider {
        return Err(unreadable(format!("{} results for {count} messages", filed.results.len())));
    }
    for (index, result) in filed.results.iter_mut().enumerate() {
        if let FilingResult::Error(error) = result {
            let seen = connection.complete(operation, error.clone());
            *error = match bodies.failed.take_if(|(number, _)| *number == index) {
                Some((_, cause)) => merged(cause, &seen),
                None => seen,
            };
        }
    }
    Ok(filed)
}
