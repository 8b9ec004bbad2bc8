//! Who may ask: the page itself, in a browser of this machine, and nothing else that a browser has open.

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// The address of the page: a port of 127.0.0.1, and a path that cannot be guessed.
#[derive(Clone)]
pub(crate) struct Gate {
    authority: Arc<str>,
    prefix: Arc<str>,
}

/// The value of a header that stands in every answer.
#[derive(Clone)]
pub(crate) struct Nonce(pub(crate) String);

impl Gate {
    /// An address at this port.
    pub(crate) fn new(port: u16) -> std::io::Result<Gate> {
        Ok(Gate { authority: format!("127.0.0.1:{port}").into(), prefix: format!("/{}", random()?).into() })
    }

    /// The address as a browser takes it.
    pub(crate) fn address(&self) -> String {
        format!("http://{}{}/", self.authority, self.prefix)
    }

    /// The path that everything of the page begins with.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Why a request is refused.
    ///
    /// A foreign name in `Host` is a name that was made to lead here (DNS rebinding); a foreign `Origin` is another site's script.
    fn refuses(&self, method: &Method, headers: &HeaderMap) -> Option<&'static str> {
        let value = |name| headers.get_all(name).iter().map(HeaderValue::as_bytes).collect::<Vec<_>>();
        if value(header::HOST) != [self.authority.as_bytes()] {
            return Some("Host");
        }
        let origin = format!("http://{}", self.authority);
        match value(header::ORIGIN).as_slice() {
            [] if method == Method::GET => {}
            [given] if *given == origin.as_bytes() => {}
            _ => return Some("Origin"),
        }
        // Browsers say where a request comes from; other programs leave it out.
        let site = header::HeaderName::from_static("sec-fetch-site");
        match value(site).as_slice() {
            [] | [b"same-origin" | b"none"] => None,
            _ => Some("Sec-Fetch-Site"),
        }
    }
}

/// Lets through what the page asks, and says in every answer what the page may do.
pub(crate) async fn guard(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let Ok(nonce) = random() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let refused = gate.refuses(request.method(), request.headers());
    request.extensions_mut().insert(Nonce(nonce.clone()));
    let mut response = match refused {
        Some(what) => (StatusCode::FORBIDDEN, format!("{what} is not that of this page.\n")).into_response(),
        None => next.run(request).await,
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self'; connect-src 'self'; \
         form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// 256 random bits in letters that need no escape.
fn random() -> std::io::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(method: &Method, lines: &[(&'static str, &'static str)]) -> Option<&'static str> {
        let gate = Gate { authority: "127.0.0.1:7".into(), prefix: "/x".into() };
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        gate.refuses(method, &headers)
    }

    #[test]
    fn only_the_page_itself_may_ask() {
        let (host, origin) = (("host", "127.0.0.1:7"), ("origin", "http://127.0.0.1:7"));
        assert_eq!(refused(&Method::GET, &[host]), None);
        assert_eq!(refused(&Method::POST, &[host, origin]), None);
        assert_eq!(refused(&Method::POST, &[host, origin, ("sec-fetch-site", "same-origin")]), None);
        assert_eq!(refused(&Method::GET, &[host, ("sec-fetch-site", "none")]), None);
        assert_eq!(refused(&Method::POST, &[host]), Some("Origin"));
        for host in ["localhost:7", "127.0.0.1:8", "127.0.0.1", "example.com:7", "127.0.0.1:7.example.com"] {
            assert_eq!(refused(&Method::GET, &[("host", host)]), Some("Host"), "{host}");
        }
        assert_eq!(refused(&Method::GET, &[]), Some("Host"));
        assert_eq!(refused(&Method::GET, &[host, host]), Some("Host"));
        for foreign in ["http://127.0.0.1:8", "https://127.0.0.1:7", "null", "http://example.com"] {
            assert_eq!(refused(&Method::GET, &[host, ("origin", foreign)]), Some("Origin"), "{foreign}");
        }
        for site in ["cross-site", "same-site"] {
            assert_eq!(refused(&Method::GET, &[host, ("sec-fetch-site", site)]), Some("Sec-Fetch-Site"), "{site}");
        }
    }

    #[test]
    fn no_two_addresses_are_alike() {
        let addresses = [0; 2].map(|_| Gate::new(7).unwrap().address());
        assert_ne!(addresses[0], addresses[1]);
        assert_eq!(addresses[0].len(), "http://127.0.0.1:7//".len() + 64);
    }
}
