//! What the service says when it refuses, and what that means.

use crate::claims::Role;
use postkontor_plugin::net::http::{Client, Response};
use postkontor_plugin::serde::Deserialize;
use postkontor_plugin::{Call, Error, Reply, Retry, Stage, Status, printable, serde_json};
use std::time::Duration;

/// The longest answer of an error that is read.
const LIMIT: u64 = 256 * 1024;

/// A wait that the service does not give a time for.
const WAIT: Duration = Duration::from_secs(2);

/// What the service answers instead of what was asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fault {
    /// The status of HTTP.
    pub(crate) status: u16,
    /// Graph's own code, for example `ErrorAccessDenied`; empty where the answer is none of Graph.
    pub(crate) code: String,
    /// Its words.
    pub(crate) text: String,
    /// How long it wants to be left alone.
    pub(crate) wait: Duration,
    /// A web page, as sign-in pages and proxies send it.
    pub(crate) is_page: bool,
    /// A proxy on the way has answered in the place of the service.
    pub(crate) is_of_proxy: bool,
    /// The identifiers by which Microsoft finds the request.
    pub(crate) trace: String,
}

#[derive(Deserialize)]
#[serde(crate = "postkontor_plugin::serde")]
struct Body {
    error: Named,
}

#[derive(Deserialize)]
#[serde(crate = "postkontor_plugin::serde")]
struct Named {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl Fault {
    /// Reads an answer that is not the wanted one. What cannot be read of it is left out: its status is known.
    pub(crate) fn read(response: &mut Response<'_>, client_request_id: &str, call: &Call) -> Result<Fault, Error> {
        let status = response.status();
        let request_id = printable(response.fields().request_id().unwrap_or("unknown"));
        let wait = response.fields().retry_after().unwrap_or(WAIT);
        let is_page = response.media_type() == "text/html";
        let is_of_proxy = response.fields().is_of_proxy();
        let body = match response.bytes(LIMIT, call) {
            Err(error) if matches!(error.status, Status::Cancelled | Status::Timeout) => return Err(error),
            body => body.unwrap_or_default(),
        };
        let named = serde_json::from_slice(&body).map_or(Named { code: String::new(), message: String::new() }, |body: Body| body.error);
        let trace = format!("client-request-id {client_request_id}, request-id {request_id}");
        Ok(Fault { status, code: named.code, text: named.message, wait, is_page, is_of_proxy, trace })
    }

    /// The same with what the service says as errors may show it: a secret that it repeats is masked.
    pub(crate) fn cleaned(self, client: &mut Client) -> Fault {
        let (code, text) = (client.clean(self.code.as_bytes()), client.clean(self.text.as_bytes()));
        Fault { code, text, ..self }
    }

    /// The service did nothing and wants to be asked again later.
    pub(crate) fn is_throttling(&self) -> bool {
        matches!(self.status, 429 | 503) && !self.is_sending_limit()
    }

    /// Something on the way, or within the service, failed: what was asked for may have been done all the same.
    pub(crate) fn is_in_doubt(&self) -> bool {
        match self.status {
            500 => self.code.is_empty(),
            502 | 504 => true,
            501 | 503 => false,
            status => status > 504,
        }
    }

    /// The thing that was asked for is not there.
    pub(crate) fn is_missing(&self) -> bool {
        let is_no_id = self.is(&["ErrorInvalidIdMalformed"]);
        is_no_id || self.status == 404 && !self.code.is_empty() && !self.concerns_mailbox()
    }

    /// The place in the folder that is remembered is too old, or another server knows nothing of it.
    pub(crate) fn is_lost_place(&self) -> bool {
        let code = self.code.to_ascii_lowercase();
        self.status == 410 || ["syncstate", "resyncrequired", "deltatoken", "skiptoken"].iter().any(|word| code.contains(word))
    }

    fn concerns_mailbox(&self) -> bool {
        self.is(&["ErrorInvalidUser", "Request_ResourceNotFound", "ErrorNonExistentMailbox", "MailboxNotFound", "ErrorMailboxNotFound"])
            || self.is_elsewhere()
    }

    /// The mailbox has sent too much for a day: waiting does not help.
    fn is_sending_limit(&self) -> bool {
        self.is(&["ErrorSubmissionQuotaExceeded", "ErrorExceededMessageLimit", "ErrorMessageSubmissionBlocked"])
    }

    fn is_elsewhere(&self) -> bool {
        self.is(&[
            "MailboxNotEnabledForRESTAPI",
            "ErrorMailboxNotEnabledForRESTAPI",
            "MailboxNotHostedInExchangeOnline",
            "RESTAPINotEnabledForComponentSharedMailbox",
        ])
    }

    fn is(&self, codes: &[&str]) -> bool {
        codes.iter().any(|code| self.code.eq_ignore_ascii_case(code))
    }

    /// The error that this is, for an operation that needs this role; `has_role` where the token says whether it has it.
    pub(crate) fn error(&self, host: &str, role: Role, has_role: Option<bool>) -> Error {
        let (status, code) = self.meaning(has_role);
        let said = if self.code.is_empty() { format!("HTTP {}", self.status) } else { format!("{}: {}", self.code, self.text) };
        let reply = Reply { code: self.status, enhanced: None, text: said.clone() };
        let mut error =
            Error::new(status, code).arg("host", host).arg("role", role.name()).arg("text", said.as_str()).arg("code", self.status);
        if code == "graph.throttled" {
            error = error.arg("seconds", self.wait.as_secs().max(1));
        }
        if let Some(pointer) = pointer(code) {
            error = error.at(pointer, code);
        }
        if code == "graph.quota_exceeded" {
            error = error.retry(Retry::Later);
        }
        error.detail(format!("HTTP {} {} ({})", self.status, said, self.trace)).server(reply).usable()
    }

    fn meaning(&self, has_role: Option<bool>) -> (Status, &'static str) {
        match self.status {
            407 => (Status::Auth, "http.proxy_login"),
            403 | 502..=504 if self.is_of_proxy => (Status::Refused, "http.proxy_refused"),
            _ if self.is_page => (Status::Protocol, "graph.web_page"),
            401 => (Status::Auth, "graph.token_refused"),
            300..=399 => (Status::Protocol, "graph.redirected"),
            _ if self.is(&["ErrorSendAsDenied"]) => (Status::Refused, "graph.send_as_denied"),
            _ if self.is_elsewhere() => (Status::NotFound, "graph.mailbox_elsewhere"),
            _ if self.concerns_mailbox() => (Status::NotFound, "graph.mailbox_unknown"),
            _ if self.is_sending_limit() => (Status::Later, "graph.sending_limit"),
            429 | 503 => (Status::Later, "graph.throttled"),
            507 => (Status::Later, "graph.quota_exceeded"),
            _ if self.is(&["ErrorQuotaExceeded", "ErrorMailboxFull"]) => (Status::Later, "graph.quota_exceeded"),
            413 => (Status::Refused, "graph.too_large"),
            _ if self.is(&["ErrorMessageSizeExceeded", "ErrorAttachmentSizeLimitExceeded", "ErrorDataSizeLimitExceeded"]) => {
                (Status::Refused, "graph.too_large")
            }
            _ if self.is(&["ErrorInvalidRecipients", "ErrorMissingRecipients", "ErrorInvalidSMTPAddress"]) => {
                (Status::Refused, "graph.recipients_refused")
            }
            403 if has_role == Some(false) => (Status::Auth, "graph.role_missing"),
            403 if self.code.is_empty() => (Status::Auth, "graph.forbidden"),
            403 if has_role == Some(true) => (Status::Auth, "graph.mailbox_out_of_scope"),
            403 => (Status::Auth, "graph.access_denied"),
            404 if self.code.is_empty() => (Status::Protocol, "graph.not_graph"),
            404 => (Status::NotFound, "graph.message_missing"),
            500..=599 => (Status::Later, "graph.later"),
            _ => (Status::Refused, "graph.refused"),
        }
    }
}

/// The setting that an error is about.
fn pointer(code: &str) -> Option<&'static str> {
    match code {
        "graph.mailbox_unknown" | "graph.mailbox_elsewhere" | "graph.mailbox_out_of_scope" => Some("/exchange/mailbox"),
        "graph.not_graph" | "graph.web_page" | "graph.redirected" => Some("/exchange/url"),
        "graph.token_refused" => Some("/auth/oauth2"),
        _ => None,
    }
}

/// An answer that makes no sense.
pub(crate) fn malformed(host: &str, detail: impl Into<String>) -> Error {
    Error::new(Status::Protocol, "graph.answer_malformed").arg("host", host).detail(detail)
}

/// The stage of an error, where it has none yet.
pub(crate) fn staged(error: Error, stage: Stage) -> Error {
    if error.stage.is_some() { error } else { error.stage(stage) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(status: u16, code: &str, has_role: Option<bool>) -> String {
        let fault = Fault { status, code: code.to_owned(), ..Fault::default() };
        fault.error("graph.microsoft.com", Role::Send, has_role).code.clone()
    }

    #[test]
    fn a_refusal_says_what_is_missing_as_far_as_it_can_be_known() {
        assert_eq!(code(403, "ErrorAccessDenied", Some(false)), "graph.role_missing");
        assert_eq!(code(403, "ErrorAccessDenied", Some(true)), "graph.mailbox_out_of_scope");
        assert_eq!(code(403, "ErrorAccessDenied", None), "graph.access_denied");
        assert_eq!(code(403, "", Some(true)), "graph.forbidden");
        assert_eq!(code(403, "ErrorSendAsDenied", Some(true)), "graph.send_as_denied");
        assert_eq!(code(404, "ErrorInvalidUser", None), "graph.mailbox_unknown");
        assert_eq!(code(404, "MailboxNotEnabledForRESTAPI", None), "graph.mailbox_elsewhere");
        assert_eq!(code(404, "", None), "graph.not_graph");
    }

    #[test]
    fn what_may_have_been_done_differs_from_what_was_not() {
        let fault = |status, code: &str| Fault { status, code: code.to_owned(), ..Fault::default() };
        for (status, code) in [(500, ""), (502, "BadGateway"), (504, ""), (599, "x")] {
            assert!(fault(status, code).is_in_doubt(), "{status}");
        }
        for (status, code) in [(500, "ErrorInternalServerError"), (503, ""), (429, ""), (400, ""), (403, "x"), (413, "")] {
            assert!(!fault(status, code).is_in_doubt(), "{status}");
        }
    }
}
