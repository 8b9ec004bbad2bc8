//! What an answer that is no success means, as far as HTTP itself says it.

use super::date;
use super::head::{Fields, excerpt};
use crate::{Error, Reply, Status};
use std::time::{Duration, SystemTime};

/// Where services say by which number their support finds a request.
const REQUEST_IDS: [&str; 5] = ["request-id", "x-ms-request-id", "x-request-id", "x-correlation-id", "client-request-id"];

/// What proxies say, and services do not.
const PROXY: [&str; 4] = ["proxy-authenticate", "proxy-status", "x-squid-error", "proxy-connection"];

/// More than any call lasts, and less than what a moment in time can be moved by.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

impl Fields {
    /// How long to wait before the next request (RFC 9110, section 10.2.3), a week at most. A date is measured by the server's own clock,
    /// where it tells.
    pub fn retry_after(&self) -> Option<Duration> {
        let value = self.get("retry-after")?.trim();
        let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            value.parse().map_or(LONGEST, Duration::from_secs)
        } else {
            let now = self.get("date").and_then(date::parse).unwrap_or_else(SystemTime::now);
            date::parse(value)?.duration_since(now).unwrap_or_default()
        };
        Some(wait.min(LONGEST))
    }

    /// The name of the request by which the service's support finds it.
    pub fn request_id(&self) -> Option<&str> {
        REQUEST_IDS.iter().find_map(|name| self.get(name)).filter(|id| !id.is_empty())
    }

    /// Whether a proxy on the way has answered in the place of the service.
    pub fn is_of_proxy(&self) -> bool {
        PROXY.iter().any(|name| self.get(name).is_some())
    }
}

/// The error for an answer that is no success. `text` is what the server says, cleaned; `location` where it redirects to.
pub(super) fn error(status: u16, fields: &Fields, host: &str, text: String, location: &str) -> Error {
    let (kind, code) = match status {
        407 => (Status::Auth, "http.proxy_login"),
        403 | 502..=504 if fields.is_of_proxy() => (Status::Refused, "http.proxy_refused"),
        300..=399 => (Status::Refused, "http.redirected"),
        401 => (Status::Auth, "http.unauthorized"),
        403 => (Status::Refused, "http.forbidden"),
        404 | 410 => (Status::NotFound, "http.not_found"),
        413 => (Status::Refused, "http.request_too_large"),
        408 | 425 | 429 | 503 => (Status::Later, "http.busy"),
        501 | 505 => (Status::Unsupported, "http.refused"),
        500..=599 => (Status::Later, "http.server_failed"),
        _ => (Status::Refused, "http.refused"),
    };
    let mut error = Error::new(kind, code).arg("host", host).arg("code", status).arg("text", text.as_str());
    if !location.is_empty() {
        error = error.arg("location", location);
    }
    if let Some(id) = fields.request_id() {
        let id = excerpt(id);
        error = error.detail(format!("request {id}")).arg("request", id);
    }
    if let Some(wait) = fields.retry_after() {
        error = error.arg("seconds", wait.as_secs());
    }
    error.server(Reply { code: status, enhanced: None, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_comes_in_seconds_or_as_a_date_by_the_servers_clock() {
        let wait = |lines: &[(&str, &str)]| Fields::from_iter(lines.iter().copied()).retry_after().map(|wait| wait.as_secs());
        assert_eq!(wait(&[("Retry-After", " 120 ")]), Some(120));
        let date = ("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(wait(&[date, ("Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT")]), Some(30));
        assert_eq!(wait(&[("Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT")]), Some(0), "a moment that is over");
        assert_eq!(wait(&[("Retry-After", "soon")]), None);
        assert_eq!(wait(&[("Retry-After", "-5")]), None);
        for endless in ["99999999999", "99999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            assert_eq!(wait(&[("Retry-After", endless)]), Some(LONGEST.as_secs()), "{endless}");
        }
        assert_eq!(wait(&[]), None);
    }

    #[test]
    fn each_status_has_its_meaning() {
        let meaning = |status, lines: &[(&str, &str)]| {
            let error = error(status, &Fields::from_iter(lines.iter().copied()), "mail.example.com", "no".to_owned(), "");
            (error.status, error.code.clone())
        };
        for (status, kind, code) in [
            (302, Status::Refused, "http.redirected"),
            (400, Status::Refused, "http.refused"),
            (401, Status::Auth, "http.unauthorized"),
            (403, Status::Refused, "http.forbidden"),
            (404, Status::NotFound, "http.not_found"),
            (407, Status::Auth, "http.proxy_login"),
            (413, Status::Refused, "http.request_too_large"),
            (429, Status::Later, "http.busy"),
            (500, Status::Later, "http.server_failed"),
            (501, Status::Unsupported, "http.refused"),
            (503, Status::Later, "http.busy"),
        ] {
            assert_eq!(meaning(status, &[]), (kind, code.to_owned()), "{status}");
        }
        assert_eq!(meaning(403, &[("X-Squid-Error", "ERR_ACCESS_DENIED 0")]), (Status::Refused, "http.proxy_refused".to_owned()));
        let fields = Fields::from_iter([("Retry-After", "7"), ("request-id", "0-1\u{1b}")]);
        let error = error(503, &fields, "h", String::new(), "");
        assert_eq!((&error.args["seconds"], &error.args["request"]), (&7.into(), &"0-1\\u{1b}".into()));
    }
}
