//! What a delivery makes of an entry.

use crate::recipient::{Recipient, Standing};
use postkontor_core::{Delivery, Error, Receipt, Retry, Stage, Status};
use serde_json::Value;

/// Where an entry goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Every recipient has his verdict, and one at least was accepted.
    Sent,
    /// Every recipient has his verdict, and none was accepted.
    Failed,
    /// It is tried again, for the recipients who wait.
    Again,
    /// It was not touched, and goes back as it was; the attempt does not count.
    Back,
    /// Its last byte may have left, and no reply says what became of it.
    Uncertain,
}

/// What a delivery makes of an entry.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) next: Next,
    /// All recipients of the entry, with what is known of each now.
    pub(crate) recipients: Vec<Recipient>,
    /// The receipt, where a server took the mail.
    pub(crate) receipt: Option<Value>,
    /// Why it is not sent, or not to everybody.
    pub(crate) error: Option<Error>,
    /// What else would fail alike.
    pub(crate) stops: Stops,
}

/// What would fail as the mail did, until something is changed or time has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stops {
    /// It was the mail's own affair.
    Nothing,
    /// Every mail of the account in this lane: the server cannot be reached from here, or this machine lacks something. Other machines may
    /// fare better.
    Lane,
    /// Every mail of the account, wherever it is tried: the server does not let the account in. To try often may lock it.
    Account,
}

impl Outcome {
    /// Reads the result of a delivery to those of the recipients who wait.
    pub(crate) fn of(result: Result<Receipt, Error>, recipients: Vec<Recipient>) -> Outcome {
        match result {
            Ok(receipt) => Outcome::taken(&receipt, recipients, None),
            Err(error) => match Receipt::of_partial(&error) {
                Some(receipt) => Outcome::taken(&receipt, recipients, Some(error)),
                None => Outcome::not_taken(error, recipients),
            },
        }
    }

    /// An entry that goes back as it was.
    pub(crate) fn back(recipients: Vec<Recipient>, error: Option<Error>, stops: Stops) -> Outcome {
        Outcome { next: Next::Back, recipients, receipt: None, error, stops }
    }

    /// A server took it, for some recipients at least.
    fn taken(receipt: &Receipt, mut recipients: Vec<Recipient>, error: Option<Error>) -> Outcome {
        merge(&mut recipients, &receipt.recipients);
        // A receipt without a verdict for somebody: the transport says only that it took the mail.
        if error.is_none() {
            recipients
                .iter_mut()
                .filter(|recipient| recipient.status == Standing::Waiting)
                .for_each(|left| left.status = Standing::Accepted);
        }
        // What a receipt consists of always serializes.
        let receipt = serde_json::to_value(receipt).ok();
        Outcome { next: by_recipients(&recipients), receipt, recipients, error, stops: Stops::Nothing }
    }

    fn not_taken(error: Error, mut recipients: Vec<Recipient>) -> Outcome {
        if error.delivery != Delivery::None || error.status == Status::Uncertain {
            merge(&mut recipients, &error.recipients);
            let is_said = |recipient: &Recipient| error.recipients.iter().any(|answer| answer.address == recipient.address);
            let unsaid = recipients.iter_mut().filter(|recipient| recipient.status == Standing::Waiting && !is_said(recipient));
            unsaid.for_each(|recipient| recipient.status = Standing::Unknown);
            let is_unknown = recipients.iter().any(|recipient| recipient.status == Standing::Unknown);
            let next = if is_unknown || recipients.is_empty() { Next::Uncertain } else { by_recipients(&recipients) };
            return Outcome { next, recipients, receipt: None, error: Some(error), stops: Stops::Nothing };
        }
        if error.status == Status::Cancelled || error.code.starts_with("outbox.") {
            return Outcome::back(recipients, Some(error), Stops::Nothing);
        }
        let stops = stops(&error);
        if stops != Stops::Nothing {
            return Outcome::back(recipients, Some(error), stops);
        }
        let before = recipients.clone();
        merge(&mut recipients, &error.recipients);
        // Nothing was delivered, so no verdict is unknown or good: those without a refusal of their own share that of the mail.
        let shared = if is_for_now(&error) { Standing::Waiting } else { Standing::Refused };
        for (recipient, before) in recipients.iter_mut().zip(&before).filter(|(_, before)| before.status == Standing::Waiting) {
            let has_own = error.recipients.iter().any(|answer| answer.address == before.address && answer.reply.code >= 400);
            if !has_own {
                recipient.status = shared;
                if let Some(reply) = &error.server {
                    (recipient.code, recipient.enhanced, recipient.text) = (reply.code, reply.enhanced.clone(), reply.text.clone());
                }
            }
        }
        // A mail that is put into a folder has no recipients.
        let next = match (recipients.is_empty(), shared) {
            (true, Standing::Waiting) => Next::Again,
            (true, _) => Next::Failed,
            (false, _) => by_recipients(&recipients),
        };
        Outcome { next, recipients, receipt: None, error: Some(error), stops: Stops::Nothing }
    }
}

/// Gives the recipients who wait their answers.
fn merge(recipients: &mut [Recipient], answers: &[postkontor_core::Answer]) {
    for recipient in recipients.iter_mut().filter(|recipient| recipient.status == Standing::Waiting) {
        if let Some(answer) = answers.iter().find(|answer| answer.address == recipient.address) {
            recipient.answered(answer);
        }
    }
}

/// Where an entry goes whose recipients all have an answer.
pub(crate) fn by_recipients(recipients: &[Recipient]) -> Next {
    let has = |status| recipients.iter().any(|recipient| recipient.status == status);
    if has(Standing::Unknown) {
        Next::Uncertain
    } else if has(Standing::Waiting) {
        Next::Again
    } else if has(Standing::Accepted) || recipients.is_empty() {
        // A mail that is put into a folder has no recipients.
        Next::Sent
    } else {
        Next::Failed
    }
}

/// What another mail of the account would come to: it failed before the server was asked anything about the mail.
pub(super) fn stops(error: &Error) -> Stops {
    // After a change of servers behind one name the next session knows what the server can do.
    if matches!(error.status, Status::Argument | Status::Unsupported) || error.code == "smtp.server_changed" {
        return Stops::Nothing;
    }
    match error.stage {
        _ if error.status == Status::Auth => Stops::Account,
        Some(Stage::Login | Stage::Token | Stage::Mailbox) => Stops::Account,
        Some(
            Stage::Settings
            | Stage::Secret
            | Stage::Proxy
            | Stage::Smime
            | Stage::Resolve
            | Stage::Connect
            | Stage::Greeting
            | Stage::Capabilities
            | Stage::Tls,
        ) => Stops::Lane,
        _ if matches!(error.status, Status::Settings | Status::Transport | Status::Disabled) => Stops::Lane,
        _ => Stops::Nothing,
    }
}

/// Whether the same may do later. What broke off in the middle may, and so may a server that made no sense.
fn is_for_now(error: &Error) -> bool {
    error.retry == Retry::Later
        || matches!(error.status, Status::Later | Status::Network | Status::Timeout | Status::Busy | Status::Tls | Status::Protocol)
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_core::{Answer, Reply, Verdict};

    fn answer(address: &str, status: Verdict, code: u16) -> Answer {
        Answer { address: address.to_owned(), status, reply: Reply { code, ..Reply::default() } }
    }

    fn waiting(addresses: &[&str]) -> Vec<Recipient> {
        addresses.iter().copied().map(Recipient::new).collect()
    }

    fn standings(outcome: &Outcome) -> Vec<Standing> {
        outcome.recipients.iter().map(|recipient| recipient.status).collect()
    }

    fn receipt(answers: Vec<Answer>) -> Receipt {
        Receipt {
            status: Status::Ok,
            message_id: "1@b".to_owned(),
            account: "a".into(),
            transport: "smtp".into(),
            fallback: false,
            reason: None,
            recipients: answers,
            repaired: Vec::new(),
            size: 1,
            elapsed_ms: 1,
            saved_to: None,
            sent_copy: None,
            filed: None,
            server: None,
            warnings: Vec::new(),
        }
    }

    fn partial(answers: Vec<Answer>) -> Error {
        Error::new(Status::Partial, "recipients.refused").done("receipt", &receipt(answers))
    }

    #[test]
    fn a_receipt_ends_the_entry() {
        let outcome = Outcome::of(Ok(receipt(vec![answer("a@b", Verdict::Accepted, 250)])), waiting(&["a@b"]));
        assert_eq!((outcome.next, standings(&outcome)), (Next::Sent, vec![Standing::Accepted]));
        assert_eq!(outcome.receipt.unwrap()["message_id"], "1@b");
        let filed = Outcome::of(Ok(receipt(Vec::new())), Vec::new());
        assert_eq!(filed.next, Next::Sent);
    }

    #[test]
    fn a_draft_that_could_not_be_put_into_its_folder_is_not_sent_for_want_of_recipients() {
        let next = |error: Error| Outcome::of(Err(error.stage(Stage::Content)), Vec::new()).next;
        assert_eq!(next(Error::new(Status::Refused, "x")), Next::Failed);
        assert_eq!(next(Error::new(Status::Network, "x")), Next::Again);
        assert_eq!(next(Error::new(Status::Uncertain, "x")), Next::Uncertain);
    }

    #[test]
    fn of_a_partial_delivery_those_refused_for_now_are_left_and_those_refused_for_good_are_not() {
        let answers =
            vec![answer("a@b", Verdict::Accepted, 250), answer("c@d", Verdict::Refused, 451), answer("e@f", Verdict::Refused, 550)];
        let outcome = Outcome::of(Err(partial(answers)), waiting(&["a@b", "c@d", "e@f"]));
        assert_eq!(outcome.next, Next::Again);
        assert_eq!(standings(&outcome), [Standing::Accepted, Standing::Waiting, Standing::Refused]);
        let left = Outcome::of(Ok(receipt(vec![answer("c@d", Verdict::Accepted, 250)])), outcome.recipients);
        assert_eq!((left.next, standings(&left)), (Next::Sent, vec![Standing::Accepted, Standing::Accepted, Standing::Refused]));
    }

    #[test]
    fn a_refusal_of_the_last_who_was_left_ends_what_others_got_as_sent() {
        let mut recipients = waiting(&["a@b", "c@d"]);
        recipients[0].status = Standing::Accepted;
        let error = Error::new(Status::Refused, "recipients.all_refused").stage(Stage::Recipients);
        let outcome = Outcome::of(Err(error.recipients(vec![answer("c@d", Verdict::Refused, 550)])), recipients);
        assert_eq!((outcome.next, standings(&outcome)), (Next::Sent, vec![Standing::Accepted, Standing::Refused]));
        assert_eq!(outcome.error.unwrap().code, "recipients.all_refused");
    }

    #[test]
    fn a_refused_mail_fails_and_says_what_the_server_said() {
        let reply = Reply { code: 554, enhanced: Some("5.7.1".to_owned()), text: "Spam".to_owned() };
        let error = Error::new(Status::Refused, "content.refused").stage(Stage::Acceptance).server(reply);
        let outcome = Outcome::of(Err(error), waiting(&["a@b", "c@d"]));
        assert_eq!((outcome.next, outcome.stops), (Next::Failed, Stops::Nothing));
        assert!(outcome.recipients.iter().all(|recipient| (recipient.status, recipient.code) == (Standing::Refused, 554)));
    }

    #[test]
    fn later_is_tried_again_also_without_a_reply_for_each_recipient() {
        let codes = [(Status::Later, Stage::Sender), (Status::Network, Stage::Content), (Status::Timeout, Stage::Recipients)];
        for (status, stage) in codes {
            let outcome = Outcome::of(Err(Error::new(status, "x").stage(stage)), waiting(&["a@b"]));
            assert_eq!((outcome.next, outcome.stops), (Next::Again, Stops::Nothing), "{status:?}");
        }
        let mixed = vec![answer("a@b", Verdict::Refused, 550), answer("c@d", Verdict::Refused, 451), answer("e@f", Verdict::Unknown, 250)];
        let error = Error::new(Status::Later, "recipients.later").stage(Stage::Recipients).recipients(mixed);
        let outcome = Outcome::of(Err(error), waiting(&["a@b", "c@d", "e@f"]));
        assert_eq!(standings(&outcome), [Standing::Refused, Standing::Waiting, Standing::Waiting]);
    }

    #[test]
    fn what_fails_before_the_mail_stops_the_account_or_the_lane_and_leaves_the_entry_as_it_was() {
        let errors = [
            (Stops::Account, Error::new(Status::Auth, "auth.refused").stage(Stage::Login)),
            (Stops::Account, Error::new(Status::Later, "auth.later").stage(Stage::Login)),
            (Stops::Account, Error::new(Status::Auth, "auth.required").stage(Stage::Sender)),
            (Stops::Lane, Error::new(Status::Network, "net.refused").stage(Stage::Connect)),
            (Stops::Lane, Error::new(Status::Network, "net.name_unknown").stage(Stage::Resolve)),
            (Stops::Lane, Error::new(Status::Tls, "tls.untrusted").stage(Stage::Tls)),
            (Stops::Lane, Error::new(Status::Later, "smtp.not_now").stage(Stage::Greeting)),
            (Stops::Lane, Error::new(Status::Settings, "secret.not_found").stage(Stage::Secret)),
            (Stops::Lane, Error::new(Status::Local, "sendmail.not_found").stage(Stage::Connect)),
        ];
        for (stops, error) in errors {
            let outcome = Outcome::of(Err(error.clone()), waiting(&["a@b"]));
            assert_eq!((outcome.next, outcome.stops), (Next::Back, stops), "{error:?}");
            assert_eq!(standings(&outcome), [Standing::Waiting]);
        }
    }

    #[test]
    fn a_call_that_was_stopped_leaves_entry_and_account_alone() {
        let outcome = Outcome::of(Err(Error::new(Status::Cancelled, "call.cancelled").stage(Stage::Login)), waiting(&["a@b"]));
        assert_eq!((outcome.next, outcome.stops), (Next::Back, Stops::Nothing));
    }

    #[test]
    fn in_doubt_those_without_an_answer_are_unknown_and_those_refused_keep_their_answer() {
        let answers =
            vec![answer("a@b", Verdict::Unknown, 250), answer("c@d", Verdict::Refused, 550), answer("e@f", Verdict::Refused, 450)];
        let error = Error::new(Status::Uncertain, "delivery.uncertain").recipients(answers);
        let outcome = Outcome::of(Err(error), waiting(&["a@b", "c@d", "e@f"]));
        assert_eq!((outcome.next, standings(&outcome)), (Next::Uncertain, vec![Standing::Unknown, Standing::Refused, Standing::Waiting]));
        let silent = Outcome::of(Err(Error::new(Status::Internal, "x").delivery(Delivery::Unknown)), waiting(&["a@b"]));
        assert_eq!((silent.next, standings(&silent)), (Next::Uncertain, vec![Standing::Unknown]));
    }

    #[test]
    fn a_source_that_could_not_be_read_is_the_store_s_affair_unless_its_end_is_in_doubt() {
        let away = Error::new(Status::Network, "outbox.store_unreachable").stage(Stage::Content);
        assert_eq!(Outcome::of(Err(away.clone()), waiting(&["a@b"])).next, Next::Back);
        let mut in_doubt = away.delivery(Delivery::Unknown);
        in_doubt.status = Status::Uncertain;
        assert_eq!(Outcome::of(Err(in_doubt), waiting(&["a@b"])).next, Next::Uncertain);
    }
}
