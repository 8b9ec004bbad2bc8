//! From replies to the verdict on a mail.

use crate::reply::Reply;
use crate::session::Session;
use postkontor_plugin::net::Stream;
use postkontor_plugin::{Answer, Delivery, Error, Mail, Reply as CleanReply, Retry, Sent, Stage, Status, Verdict};

/// The replies to the commands of one mail so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdicts {
    /// The reply that refused the sender.
    refused: Option<CleanReply>,
    recipients: Vec<CleanReply>,
}

impl Verdicts {
    /// The reply to MAIL.
    pub(crate) fn sender(&mut self, reply: &Reply, stream: &mut Stream) {
        // Of the words that accept a sender nothing becomes.
        if !reply.is_positive() {
            self.refused = Some(reply.cleaned(stream));
        }
    }

    /// The reply to the next RCPT.
    pub(crate) fn recipient(&mut self, reply: &Reply, stream: &mut Stream) {
        self.recipients.push(reply.cleaned(stream));
    }

    /// Whether the server accepted the sender and at least one recipient.
    pub(crate) fn any_accepted(&self) -> bool {
        !self.is_sender_refused() && self.has_recipient()
    }

    /// Whether the server refused every recipient, so that a lost reply leaves no doubt.
    pub(crate) fn all_refused(&self, mail: &Mail) -> bool {
        self.recipients.len() == mail.recipients.len() && !self.has_recipient()
    }

    /// Whether the server refused the sender and accepted a recipient, which contradict each other.
    pub(crate) fn contradicts_itself(&self) -> bool {
        self.is_sender_refused() && self.has_recipient()
    }

    fn is_sender_refused(&self) -> bool {
        self.refused.is_some()
    }

    fn has_recipient(&self) -> bool {
        self.recipients.iter().any(|reply| reply.code / 100 == 2)
    }

    /// The error of a mail of which no recipient was accepted.
    pub(crate) fn refusal(self, mail: &Mail, host: &str) -> Error {
        if let Some(refused) = self.refused {
            return failure(Stage::Sender, refused, host).arg("address", mail.from.as_str());
        }
        let permanent = self.recipients.iter().all(|reply| reply.code / 100 == 5);
        // Where some were refused for good and some for now, trying later makes sense for the latter.
        let reason = self.recipients.iter().find(|reply| permanent || reply.code / 100 != 5).cloned().unwrap_or_default();
        let answers = answers(mail, self.recipients, Verdict::Unknown);
        failure(Stage::Recipients, reason, host).arg("count", mail.recipients.len()).recipients(answers)
    }

    /// The verdict on a message after its final reply. `doubt` is the error of an extra reply, unless that was 421.
    pub(crate) fn conclude(
        self,
        mail: &Mail,
        size: u64,
        reply: &Reply,
        doubt: Option<&Error>,
        session: &mut Session,
    ) -> Result<Sent, Error> {
        let cleaned = reply.cleaned(&mut session.stream);
        let host = session.stream.endpoint().host.as_str();
        if let Some(doubt) = doubt {
            return Err(self.uncertain(mail, doubt, host));
        }
        match (reply.is_positive(), self.any_accepted()) {
            (true, true) => Ok(self.sent(mail, size, cleaned)),
            (false, true) => Err(self.refused(mail, cleaned, host)),
            // The server refused the sender and accepted the message: whether it delivers it is unknown.
            (true, false) if self.contradicts_itself() => {
                let refusal = self.clone().refusal(mail, host);
                Err(self.uncertain(mail, &refusal, host))
            }
            (_, false) => Err(self.refusal(mail, host)),
        }
    }

    /// The server took the message.
    fn sent(self, mail: &Mail, size: u64, reply: CleanReply) -> Sent {
        let too_many = self.recipients.iter().enumerate().filter(|(_, reply)| is_too_many(reply)).map(|(place, _)| place);
        let next_transaction = too_many.collect();
        Sent {
            recipients: answers(mail, self.recipients, Verdict::Accepted),
            size,
            reply: Some(reply),
            next_transaction,
            ..Sent::default()
        }
    }

    /// The server refused the message after it had accepted recipients.
    pub(crate) fn refused(self, mail: &Mail, reply: CleanReply, host: &str) -> Error {
        let mut answers = answers(mail, self.recipients, Verdict::Refused);
        for answer in answers.iter_mut().filter(|answer| answer.reply.code / 100 == 2) {
            answer.reply.clone_from(&reply);
        }
        failure(Stage::Acceptance, reply, host).recipients(answers)
    }

    /// The last byte of the message may have left, and the reply to it is missing.
    pub(crate) fn uncertain(self, mail: &Mail, cause: &Error, host: &str) -> Error {
        let mut error = Error::new(Status::Uncertain, "delivery.uncertain").stage(Stage::Acceptance).arg("host", host);
        error.detail =
            [cause.code.as_str(), cause.detail.as_str()].iter().filter(|text| !text.is_empty()).copied().collect::<Vec<_>>().join(": ");
        error.server.clone_from(&cause.server);
        error.delivery(Delivery::Unknown).retry(Retry::No).recipients(answers(mail, self.recipients, Verdict::Unknown))
    }
}

/// Whether a recipient was refused only because enough others came before (RFC 5321, section 4.5.3.1.10). Old servers say 552 for 452; with
/// another enhanced code both mean something else, for example a full mailbox.
fn is_too_many(reply: &CleanReply) -> bool {
    match reply.code {
        452 => reply.enhanced.as_deref().is_none_or(|code| code == "4.5.3"),
        552 => reply.enhanced.as_deref() == Some("5.5.3"),
        _ => false,
    }
}

/// One answer for each recipient, in order; `accepted` is what an accepted recipient counts as.
fn answers(mail: &Mail, replies: Vec<CleanReply>, accepted: Verdict) -> Vec<Answer> {
    let mut replies = replies.into_iter();
    let answer = |address: &String| match replies.next() {
        Some(reply) if reply.code / 100 == 2 => Answer { address: address.clone(), status: accepted, reply },
        Some(reply) => Answer { address: address.clone(), status: Verdict::Refused, reply },
        None => Answer { address: address.clone(), status: Verdict::Unknown, reply: CleanReply::default() },
    };
    mail.recipients.iter().map(answer).collect()
}

/// The error for a negative reply at a stage.
pub(crate) fn failure(stage: Stage, reply: CleanReply, host: &str) -> Error {
    let temporary = reply.code / 100 == 4;
    let too_large = reply.enhanced.as_deref() == Some("5.3.4") || reply.code == 552 && matches!(stage, Stage::Sender | Stage::Acceptance);
    let (status, code) = match stage {
        _ if reply.code == 421 => (Status::Later, "smtp.closing"),
        _ if !(400..600).contains(&reply.code) => (Status::Protocol, "protocol.unexpected_reply"),
        // RFC 4954, section 6: the server wants a login first.
        _ if reply.code == 530 => (Status::Auth, "auth.required"),
        _ if too_large => (Status::Refused, "message.too_large"),
        Stage::Greeting | Stage::Capabilities if temporary => (Status::Later, "smtp.not_now"),
        Stage::Greeting | Stage::Capabilities => (Status::Refused, "smtp.refused"),
        Stage::Sender if temporary => (Status::Later, "sender.later"),
        Stage::Sender => (Status::Refused, "sender.refused"),
        Stage::Recipients if temporary => (Status::Later, "recipients.all_later"),
        Stage::Recipients => (Status::Refused, "recipients.all_refused"),
        _ if temporary => (Status::Later, "content.later"),
        _ => (Status::Refused, "content.refused"),
    };
    let error = Error::new(status, code).stage(stage).arg("host", host).arg("code", reply.code).arg("text", reply.text.as_str());
    let usable = reply.code != 421 && status != Status::Protocol;
    let error = error.server(reply);
    if usable { error.usable() } else { error }
}

impl Session {
    /// The error for a negative reply at a stage, with the server's text.
    pub(crate) fn failure(&mut self, stage: Stage, reply: &Reply) -> Error {
        let cleaned = reply.cleaned(&mut self.stream);
        failure(stage, cleaned, &self.stream.endpoint().host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16) -> CleanReply {
        CleanReply { code, enhanced: None, text: "words".to_owned() }
    }

    fn mail(count: usize) -> Mail {
        Mail {
            stream: 1,
            size: None,
            from: "a@b".to_owned(),
            recipients: (0..count).map(|index| format!("{index}@b")).collect(),
            eight_bit: false,
            utf8: false,
            message_id: String::new(),
            dsn: None,
        }
    }

    fn verdicts(sender: u16, recipients: &[u16]) -> Verdicts {
        Verdicts {
            refused: Some(reply(sender)).filter(|reply| reply.code / 100 != 2),
            recipients: recipients.iter().map(|code| reply(*code)).collect(),
        }
    }

    #[test]
    fn all_refused_is_final_only_when_each_is() {
        let status = |codes: &[u16]| verdicts(250, codes).refusal(&mail(codes.len()), "h").status;
        assert_eq!(status(&[550, 553]), Status::Refused);
        assert_eq!(status(&[550, 451]), Status::Later);
        assert_eq!(status(&[450]), Status::Later);
        let error = verdicts(250, &[550, 451]).refusal(&mail(2), "h");
        assert_eq!(error.server.as_ref().unwrap().code, 451);
        assert!(error.recipients.iter().all(|answer| answer.status == Verdict::Refused));
    }

    #[test]
    fn a_refused_sender_says_more_than_the_recipients_after_it() {
        let error = verdicts(550, &[503, 503]).refusal(&mail(2), "h");
        assert_eq!((error.code.as_str(), error.stage), ("sender.refused", Some(Stage::Sender)));
    }

    #[test]
    fn in_doubt_only_those_who_were_not_refused_are_unknown() {
        let error = verdicts(250, &[250, 550]).uncertain(&mail(3), &Error::new(Status::Network, "net.broken"), "h");
        let statuses: Vec<Verdict> = error.recipients.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [Verdict::Unknown, Verdict::Refused, Verdict::Unknown]);
        assert_eq!((error.status, error.delivery, error.retry), (Status::Uncertain, Delivery::Unknown, Retry::No));
    }

    #[test]
    fn codes_at_each_stage_have_their_meaning() {
        let is = |stage, code| failure(stage, reply(code), "h").code.clone();
        assert_eq!(is(Stage::Greeting, 554), "smtp.refused");
        assert_eq!(is(Stage::Greeting, 421), "smtp.closing");
        assert_eq!(is(Stage::Sender, 530), "auth.required");
        assert_eq!(is(Stage::Sender, 552), "message.too_large");
        assert_eq!(is(Stage::Recipients, 552), "recipients.all_refused");
        assert_eq!(is(Stage::Acceptance, 552), "message.too_large");
        assert_eq!(is(Stage::Acceptance, 451), "content.later");
        assert_eq!(is(Stage::Acceptance, 554), "content.refused");
        assert_eq!(is(Stage::Sender, 354), "protocol.unexpected_reply");
    }
}
