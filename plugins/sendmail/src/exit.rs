//! What the exit status of a sendmail command means (sysexits.h).

use postkontor_plugin::{Delivery, Error, Mail, Stage, Status};

/// The error for an exit status other than 0. `read` says whether the command has read the whole message.
///
/// A command that fails has not taken the message: that is what its exit status is for, and another account may send it.
pub(crate) fn failure(code: i32, read: bool, mail: &Mail) -> Error {
    let (status, name) = match code {
        // Data that the command cannot read, a protocol it does not understand: the message is at fault.
        65 | 76 => (Status::Refused, "sendmail.refused"),
        67 => (Status::Refused, "sendmail.no_user"),
        68 => (Status::Refused, "sendmail.no_host"),
        69 => (Status::Refused, "sendmail.unavailable"),
        71 | 74 | 75 => (Status::Later, "sendmail.later"),
        77 => (Status::Refused, "sendmail.no_permission"),
        72 | 78 => (Status::Local, "sendmail.misconfigured"),
        _ => (Status::Local, "sendmail.failed"),
    };
    let error = Error::new(status, name).stage(Stage::Acceptance).arg("exit", code).usable();
    // One of several recipients may be the reason, and the others may have got the mail: the command does not tell.
    if read && mail.recipients.len() > 1 && matches!(code, 67..=69) { error.delivery(Delivery::Unknown) } else { error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(recipients: usize) -> Mail {
        Mail {
            stream: 1,
            size: None,
            from: "a@b".to_owned(),
            recipients: vec!["c@d".to_owned(); recipients],
            eight_bit: false,
            utf8: false,
            message_id: String::new(),
            dsn: None,
        }
    }

    #[test]
    fn each_exit_status_has_its_meaning() {
        let is = |code| failure(code, true, &mail(1)).status;
        assert_eq!([65, 67, 68, 69, 77].map(is), [Status::Refused; 5]);
        assert_eq!([71, 74, 75].map(is), [Status::Later; 3]);
        assert_eq!([1, 64, 70, 72, 73, 78, 127].map(is), [Status::Local; 7]);
    }

    #[test]
    fn with_several_recipients_an_unknown_one_leaves_the_others_open() {
        assert_eq!(failure(67, true, &mail(1)).delivery, Delivery::None);
        assert_eq!(failure(67, true, &mail(2)).delivery, Delivery::Unknown);
        assert_eq!(failure(75, true, &mail(2)).delivery, Delivery::None);
        assert_eq!(failure(67, false, &mail(2)).delivery, Delivery::None, "half a message is delivered to no recipient");
    }
}
