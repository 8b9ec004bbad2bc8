//! From the end of a mail to the reply: into the outbox, and what its errors mean to the client.

use super::reply::{self, Reply};
use crate::bridge::Bridge;
use crate::counter::Submitted;
use postkontor_core::{Error, Level, Status};
use std::time::{Duration, Instant};

/// How long a mail may take into the outbox. Clients wait ten minutes for the reply (RFC 5321, section 4.5.3.2.6); one that gives up earlier sends
/// the mail a second time.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long to wait before a mail is handed in again of which is not known whether it lies in the outbox.
const PAUSE: Duration = Duration::from_millis(500);

/// Hands a mail in. 250 only where it lies in the outbox for good.
pub(crate) fn hand_in(bridge: &Bridge, mail: &Submitted<'_>) -> Reply {
    let end = Instant::now() + PATIENCE;
    loop {
        let call = bridge.ending.call(end.saturating_duration_since(Instant::now()));
        match bridge.counter.take(mail, call.cancel()) {
            Ok(id) => {
                let (count, account) = (mail.recipients.len(), mail.account.unwrap_or("of send.account"));
                bridge.note(Level::Information, format_args!("mail {id} from {} to {count} recipients, account {account}", mail.from));
                return Reply::made(250, "2.0.0", &format!("Ok: queued as {id}"));
            }
            // Under its key it lies there once, however often it is handed in.
            Err(error) if error.code == "outbox.commit_unknown" && Instant::now() + PAUSE < end && !bridge.ending.is_complete() => {
                std::thread::sleep(PAUSE);
            }
            Err(error) => {
                bridge.note(Level::Error, format_args!("mail from {} was not taken: {} {}", mail.from, error.code, error.detail));
                return refusal(&error);
            }
        }
    }
}

/// What an error of the outbox means to the client.
fn refusal(error: &Error) -> Reply {
    let places = error.at.iter().find_map(|at| (!at.message.is_empty()).then_some(at.message.as_str()));
    let said = [places.unwrap_or_default(), &error.message, &error.code].into_iter().find(|text| !text.is_empty());
    let text = said.unwrap_or_default();
    match error.status {
        // What is wrong in the mail is wrong the next time, too.
        Status::Argument | Status::Refused if error.at.iter().any(|at| at.pointer.starts_with("/to")) => Reply::made(553, "5.1.3", text),
        Status::Argument | Status::Refused => Reply::made(554, "5.6.0", text),
        Status::Settings | Status::Disabled | Status::Unsupported => Reply::made(451, "4.3.5", text),
        Status::Local => Reply { text: Reply::made(452, "4.3.1", text).text, ..reply::SPOOL_FAILED },
        _ => Reply::made(451, "4.3.0", text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wrong_in_the_mail_is_refused_for_good() {
        let of = |status| refusal(&Error::new(status, "a.code")).to_string();
        assert_eq!(of(Status::Argument), "554 5.6.0 a.code\r\n");
        assert_eq!(of(Status::Local), "452 4.3.1 a.code\r\n");
        for status in [Status::Settings, Status::Network, Status::Busy, Status::Uncertain, Status::Cancelled, Status::Internal] {
            assert!(of(status).starts_with("451 4.3."), "{status:?}");
        }
        let at = Error::new(Status::Argument, "message.invalid").at("/to/1", "message.address_invalid");
        assert_eq!(refusal(&at).code, 553);
    }
}
