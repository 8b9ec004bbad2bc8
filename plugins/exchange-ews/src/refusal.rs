//! Answers that are none of EWS: what stands on the way, what the URL leads to, why the login was refused.

use postkontor_plugin::net::http::{Response, Url};
use postkontor_plugin::{Call, Error, Reply, Stage, Status, printable};
use std::time::Duration;

/// The most bytes of such an answer that are looked at.
const LOOKED_AT: u64 = 64 * 1024;

/// A request of that size may have been refused for it: the smallest limit that IIS has by itself.
const LARGE: u64 = 4 * 1024 * 1024;

/// What an answer says without being one of EWS.
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    /// By which support finds the request.
    request_id: String,
    /// What the server says against a token, as Exchange writes it.
    diagnostics: String,
    location: String,
    is_exchange: bool,
    is_proxy: bool,
    is_empty: bool,
    is_html: bool,
    title: String,
}

impl Refusal {
    /// Looks at an answer and reads it to its end, if that is near.
    pub(crate) fn read(mut response: Response<'_>, call: &Call) -> Refusal {
        let field = |response: &Response<'_>, name: &str| printable(response.field(name).unwrap_or_default());
        let is_exchange =
            ["x-feserver", "x-beserver", "x-calculatedbetarget", "request-id"].iter().any(|name| response.field(name).is_some());
        let mut refusal = Refusal {
            status: response.status(),
            retry_after: response.fields().retry_after(),
            request_id: printable(response.fields().request_id().unwrap_or_default()),
            diagnostics: field(&response, "x-ms-diagnostics"),
            location: response.field("location").unwrap_or_default().to_owned(),
            is_exchange,
            is_proxy: response.fields().is_of_proxy(),
            is_empty: true,
            is_html: response.media_type() == "text/html",
            title: String::new(),
        };
        // What cannot be read any more says nothing more, either.
        if let Ok(body) = response.bytes(LOOKED_AT, call) {
            refusal.is_empty = body.trim_ascii().is_empty();
            let text = String::from_utf8_lossy(&body);
            refusal.is_html |= text.trim_start().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("<html"))
                || text.trim_start().get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"));
            refusal.title = title(&text);
        }
        refusal
    }

    /// An internal error without a fault that says which.
    pub(crate) fn failed() -> Refusal {
        Refusal {
            status: 500,
            retry_after: None,
            request_id: String::new(),
            diagnostics: String::new(),
            location: String::new(),
            is_exchange: false,
            is_proxy: false,
            is_empty: true,
            is_html: false,
            title: String::new(),
        }
    }

    /// The service has too much to do.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self.status, 429 | 503)
    }

    /// Whether the request may have been carried out all the same: a server or a gateway gave up on it.
    pub(crate) fn is_doubtful(&self) -> bool {
        matches!(self.status, 408 | 500 | 502 | 504 | 505..=599) && self.status != 507
    }

    /// The answer as an error; `size` is that of the request.
    pub(crate) fn error(&self, url: &Url, size: u64) -> Error {
        let (code, status) = match self.status {
            403 if self.is_proxy => ("ews.forbidden_on_the_way", Status::Refused),
            403 if self.is_empty => ("ews.switched_off", Status::Auth),
            403 if self.is_exchange => ("ews.forbidden", Status::Auth),
            403 | 407 => ("ews.forbidden_on_the_way", Status::Refused),
            404 if size > LARGE => ("ews.too_large", Status::Refused),
            413 | 507 => ("ews.too_large", Status::Refused),
            429 | 503 => ("ews.busy", Status::Later),
            400 | 415 => ("ews.request_refused", Status::Protocol),
            404 | 405 | 410 => ("ews.url_wrong", Status::Settings),
            300..=399 | 440 => ("ews.redirected", Status::Settings),
            408 | 500..=599 => ("ews.failed", Status::Later),
            200..=299 if self.is_html => ("ews.page_instead", Status::Settings),
            200..=299 => ("ews.no_service", Status::Settings),
            _ => ("ews.status_unexpected", Status::Protocol),
        };
        let shown = if self.title.is_empty() { self.status.to_string() } else { self.title.clone() };
        let mut error = Error::new(status, code).arg("host", url.host()).arg("url", url.to_string()).arg("status", self.status);
        error = error.arg("text", shown.as_str()).server(Reply { code: self.status, enhanced: None, text: self.title.clone() });
        if let Ok(there) = url.join(&self.location)
            && !self.location.is_empty()
        {
            error = error.arg("there", there.host());
        }
        let error = error.detail(format!("HTTP {} {} {}", self.status, self.request_id, self.diagnostics).trim_end()).stage(Stage::Login);
        if matches!(status, Status::Settings | Status::Auth) { error.at("/exchange/url", code) } else { error }
    }

    /// Why a login was refused.
    pub(crate) fn login(&self, host: &str, user: &str, is_token: bool) -> Error {
        let says = |text: &str| self.diagnostics.contains(text);
        let (code, pointer) = match is_token {
            true if says("invalid_resource") || says("audience") => ("ews.token_for_another_service", "/auth/oauth2"),
            true if says("invalid_grant") || says("2000008") => ("ews.token_without_role", "/auth/oauth2"),
            true if says("invalid_lifetime") => ("ews.token_expired", "/auth/oauth2"),
            true => ("auth.token_refused", "/auth/oauth2"),
            false => ("auth.refused", "/auth/password"),
        };
        let text = if self.diagnostics.is_empty() { format!("HTTP {}", self.status) } else { self.diagnostics.clone() };
        let error = Error::new(Status::Auth, code).arg("host", host).arg("user", user).arg("text", text.as_str());
        error.server(Reply { code: self.status, enhanced: None, text }).stage(Stage::Login).at(pointer, code)
    }
}

/// The title of a page, by which people know it again.
fn title(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let begin = lower.find("<title").and_then(|at| lower[at..].find('>').map(|end| at + end + 1));
    let Some(begin) = begin else { return String::new() };
    let end = lower[begin..].find("</title").map_or(text.len(), |end| begin + end);
    let title = text.get(begin..end).unwrap_or_default();
    printable(&title.split_whitespace().collect::<Vec<_>>().join(" ")).chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16) -> Refusal {
        Refusal { status, is_exchange: true, ..Refusal::failed() }
    }

    #[test]
    fn what_stands_on_the_way_is_distinguished() {
        let url = Url::parse("https://mail.example.com/owa", "/exchange/url").unwrap();
        let code = |refusal: Refusal, size| refusal.error(&url, size).code.clone();
        let proxy = || Refusal { is_empty: false, is_exchange: false, is_html: true, ..refusal(403) };
        for (refusal, size, expected) in [
            (refusal(403), 100, "ews.switched_off"),
            (Refusal { is_empty: false, ..refusal(403) }, 100, "ews.forbidden"),
            (proxy(), 100, "ews.forbidden_on_the_way"),
            (refusal(404), 100, "ews.url_wrong"),
            (refusal(404), 60_000_000, "ews.too_large"),
            (refusal(413), 100, "ews.too_large"),
            (refusal(507), 100, "ews.too_large"),
            (refusal(503), 100, "ews.busy"),
            (refusal(502), 100, "ews.failed"),
            (refusal(302), 100, "ews.redirected"),
            (refusal(200), 100, "ews.no_service"),
            (Refusal { is_html: true, ..refusal(200) }, 100, "ews.page_instead"),
            (refusal(418), 100, "ews.status_unexpected"),
        ] {
            assert_eq!(code(refusal, size), expected);
        }
    }

    #[test]
    fn a_refused_token_says_why() {
        let says = |diagnostics: &str| Refusal { diagnostics: diagnostics.to_owned(), ..refusal(401) }.login("h", "u", true).code.clone();
        assert_eq!(
            says("2000003;reason=\"The audience claim is wrong\";error_category=\"invalid_resource\""),
            "ews.token_for_another_service"
        );
        assert_eq!(says("2000008;reason=\"no permissions\";error_category=\"invalid_grant\""), "ews.token_without_role");
        assert_eq!(says("2000001;error_category=\"invalid_lifetime\""), "ews.token_expired");
        assert_eq!(says(""), "auth.token_refused");
        assert_eq!(refusal(401).login("h", "u", false).code, "auth.refused");
    }

    #[test]
    fn a_page_is_named_by_its_title() {
        assert_eq!(title("<HTML><head><Title lang=x>\r\n Anmeldung \n bei Outlook</TITLE>"), "Anmeldung bei Outlook");
        assert_eq!((title("<html>"), title("<title>ü")), (String::new(), "ü".to_owned()));
    }
}
