//! What the service's codes mean: to whom the fault belongs, and whether trying again makes sense.

use crate::message::Message;
use postkontor_plugin::{Error, Reply, Retry, Stage, Status};
use std::time::Duration;

/// What is to be done about a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The service has too much to do, and did nothing: the same again after a pause.
    Busy,
    /// Something failed within the service. Whether it had acted before is not known.
    Failed,
    /// The item or folder is not there.
    Gone,
    /// No, for the reason that the error tells.
    Refused,
}

/// The class of a code.
pub(crate) fn class(code: &str) -> Class {
    match code {
        "ErrorServerBusy" | "ErrorExceededConnectionCount" | "ErrorTooManyObjectsOpened" | "ErrorExceededSubscriptionCount" => Class::Busy,
        "ErrorMailboxMoveInProgress" | "ErrorMailboxStoreUnavailable" | "ErrorInsufficientResources" | "ErrorNotEnoughMemory" => {
            Class::Busy
        }
        "ErrorInternalServerTransientError" | "ErrorInternalServerError" | "ErrorConnectionFailed" | "ErrorTimeoutExpired" => Class::Failed,
        "ErrorItemNotFound" | "ErrorInvalidIdMalformed" | "ErrorInvalidId" | "ErrorInvalidIdEmpty" | "ErrorInvalidStoreId" => Class::Gone,
        _ => Class::Refused,
    }
}

/// A code as one of ours: the sentence, the status, and the setting or part of the message that it is about.
struct Meaning {
    code: &'static str,
    status: Status,
    pointer: Option<&'static str>,
    stage: Option<Stage>,
}

const fn meaning(code: &'static str, status: Status) -> Meaning {
    Meaning { code, status, pointer: None, stage: None }
}

fn meaning_of(code: &str) -> Meaning {
    match code {
        "ErrorAccessDenied" | "ErrorCreateItemAccessDenied" | "ErrorFolderAccessDenied" => {
            Meaning { pointer: Some("/exchange/mailbox"), ..meaning("ews.access_denied", Status::Auth) }
        }
        "ErrorImpersonateUserDenied" | "ErrorImpersonationDenied" | "ErrorImpersonationFailed" => {
            Meaning { pointer: Some("/exchange/impersonate"), ..meaning("ews.impersonation_denied", Status::Auth) }
        }
        "ErrorInvalidExchangeImpersonationHeaderData" => {
            Meaning { pointer: Some("/exchange/impersonate"), ..meaning("ews.impersonation_needed", Status::Auth) }
        }
        "ErrorNonExistentMailbox" | "ErrorMissingEmailAddress" | "ErrorInvalidUserPrincipalName" | "ErrorInvalidSmtpAddress" => {
            Meaning { pointer: Some("/exchange/mailbox"), ..meaning("ews.mailbox_missing", Status::Settings) }
        }
        "ErrorAccountDisabled" | "ErrorPasswordExpired" | "ErrorPasswordChangeRequired" => meaning("ews.account_blocked", Status::Auth),
        "ErrorSendAsDenied" => Meaning { stage: Some(Stage::Sender), ..meaning("ews.send_as_denied", Status::Refused) },
        "ErrorInvalidRecipients" | "ErrorMissingRecipients" | "ErrorInvalidRecipientSubfilter" => {
            Meaning { stage: Some(Stage::Recipients), ..meaning("ews.recipients_refused", Status::Refused) }
        }
        "ErrorMessageSizeExceeded" | "ErrorDataSizeLimitExceeded" | "ErrorAttachmentSizeLimitExceeded" => {
            meaning("ews.too_large", Status::Refused)
        }
        "ErrorQuotaExceeded" => meaning("ews.mailbox_full", Status::Later),
        "ErrorSubmissionQuotaExceeded" | "ErrorMessagePerFolderCountReceiveQuotaExceeded" => meaning("ews.quota_spent", Status::Later),
        "ErrorInvalidServerVersion" => meaning("ews.version_refused", Status::Unsupported),
        "ErrorSchemaValidation" | "ErrorInvalidRequest" | "ErrorInvalidOperation" | "ErrorInvalidPropertySet" => {
            meaning("ews.request_refused", Status::Protocol)
        }
        "ErrorFolderNotFound" | "ErrorInvalidFolderId" | "ErrorCannotUseFolderIdForItemId" => {
            meaning("ews.folder_missing", Status::NotFound)
        }
        code if code.starts_with("ErrorMimeContent") => meaning("ews.message_refused", Status::Refused),
        code => match class(code) {
            Class::Busy => meaning("ews.busy", Status::Later),
            Class::Failed => meaning("ews.failed", Status::Later),
            Class::Gone => meaning("ews.item_gone", Status::NotFound),
            Class::Refused => meaning("ews.refused", Status::Refused),
        },
    }
}

impl Message {
    pub(crate) fn class(&self) -> Class {
        class(&self.code)
    }

    /// What the service says, as an error of ours.
    pub(crate) fn error(&self, host: &str, stage: Stage) -> Error {
        let Meaning { code, status, pointer, stage: own } = meaning_of(&self.code);
        let told = postkontor_plugin::printable(&self.code);
        let text = if self.text.is_empty() { told.clone() } else { self.text.clone() };
        let mut error = Error::new(status, code).arg("host", host).arg("text", text.as_str()).detail(told.clone());
        error = error.server(Reply { code: 0, enhanced: Some(told), text }).stage(own.unwrap_or(stage)).usable();
        if status == Status::Settings || status == Status::Auth {
            error = error.retry(Retry::Changed);
        }
        match pointer {
            Some(pointer) => error.at(pointer, code),
            None => error,
        }
    }
}

/// The service wants not to be asked for so long.
pub(crate) fn with_pause(error: Error, pause: Duration) -> Error {
    error.arg("seconds", pause.as_secs().max(1))
}
