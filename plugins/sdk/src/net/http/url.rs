//! Addresses of web services.

use crate::settings::{Endpoint, is_host};
use crate::{Error, Status};
use std::fmt::{self, Display, Formatter};
use std::net::Ipv6Addr;

/// The longest URL that is taken; servers take less.
const LONGEST: usize = 8 * 1024;

/// An absolute URL of the schemes `https` and `http`, without user info and fragment.
///
/// What a browser would repair is refused: a URL of the settings or of a server that needs repair is a mistake or an attack.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Url {
    is_secure: bool,
    /// In ASCII and lower case, without brackets.
    host: String,
    port: u16,
    /// Path and query, beginning with a slash.
    target: String,
}

impl Url {
    /// Reads a URL that stands in the settings at this pointer.
    pub fn parse(text: &str, pointer: &str) -> Result<Url, Error> {
        Url::read(text.trim()).ok_or_else(|| Error::setting(pointer, "settings.url_invalid"))
    }

    /// Reads a URL that a server has sent, or a reference relative to this one (RFC 3986, section 5.2).
    pub fn join(&self, reference: &str) -> Result<Url, Error> {
        let wrong = || Error::new(Status::Protocol, "http.url_malformed").arg("host", self.host.as_str());
        let reference = reference.split('#').next().unwrap_or_default();
        if let Some(rest) = reference.strip_prefix("//") {
            return Url::read(&format!("{}://{rest}", self.scheme())).ok_or_else(wrong);
        }
        // A colon before any slash ends a scheme.
        let first = reference.split(['/', '?']).next().unwrap_or_default();
        if first.contains(':') {
            return Url::read(reference).ok_or_else(wrong);
        }
        let (path, query) = reference.find('?').map_or((reference, ""), |at| reference.split_at(at));
        let own = self.path();
        let target = match path {
            "" if query.is_empty() => self.target.clone(),
            "" => format!("{own}{query}"),
            path if path.starts_with('/') => format!("{}{query}", without_dots(path)),
            path => format!("{}{query}", without_dots(&format!("{}{path}", &own[..=own.rfind('/').unwrap_or_default()]))),
        };
        if is_target(&target) { Ok(Url { target, ..self.clone() }) } else { Err(wrong()) }
    }

    /// Whether the connection has to be secured.
    pub fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The host in ASCII, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also where it is the scheme's own.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path and query, as a request line has them.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The path without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Whether scheme, host and port are the same: what was given for the one may be sent to the other.
    pub fn is_same_origin(&self, other: &Url) -> bool {
        (self.is_secure, &self.host, self.port) == (other.is_secure, &other.host, other.port)
    }

    /// Whether the host is this machine itself.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Host and port to connect to.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint { host: self.host.clone(), port: self.port }
    }

    /// Host and port as the field `Host` has them: the port only where it is not the scheme's own.
    pub(super) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == default_port(self.is_secure) { host } else { format!("{host}:{}", self.port) }
    }

    fn scheme(&self) -> &'static str {
        if self.is_secure { "https" } else { "http" }
    }

    fn read(text: &str) -> Option<Url> {
        let (scheme, rest) = text.split_once("://")?;
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let (authority, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let target = target.split('#').next().unwrap_or_default();
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']')?;
                (address.parse::<Ipv6Addr>().ok()?.to_string(), port)
            }
            None => {
                let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
                (ascii(host)?, port)
            }
        };
        let port = match port {
            "" => default_port(is_secure),
            port => port.strip_prefix(':')?.parse().ok().filter(|port| *port != 0)?,
        };
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        is_target(&target).then_some(Url { is_secure, host, port, target })
    }
}

impl Display for Url {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme(), self.authority(), self.target)
    }
}

fn default_port(is_secure: bool) -> u16 {
    if is_secure { 443 } else { 80 }
}

/// A name in the form that goes on the wire.
fn ascii(host: &str) -> Option<String> {
    if !is_host(host) || host.contains(':') {
        return None;
    }
    if host.is_ascii() { Some(host.to_ascii_lowercase()) } else { idna::domain_to_ascii(host).ok().filter(|host| is_host(host)) }
}

/// Whether this can stand in a request line: nothing in it ends the line, or the word.
pub(super) fn is_target(target: &str) -> bool {
    target.starts_with('/') && target.len() <= LONGEST && target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

/// Follows the segments `.` and `..` (RFC 3986, section 5.2.4).
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text, "/exchange/url").unwrap()
    }

    #[test]
    fn a_url_has_its_parts() {
        let whole = url(" https://Mail.Example.com/EWS/Exchange.asmx?x=1#part ");
        assert_eq!((whole.is_secure(), whole.host(), whole.port()), (true, "mail.example.com", 443));
        assert_eq!((whole.target(), whole.path()), ("/EWS/Exchange.asmx?x=1", "/EWS/Exchange.asmx"));
        assert_eq!(whole.to_string(), "https://mail.example.com/EWS/Exchange.asmx?x=1");
        assert_eq!(url("http://h:8080").to_string(), "http://h:8080/");
        assert_eq!(url("https://[2001:DB8::1]:444?q").to_string(), "https://[2001:db8::1]:444/?q");
        assert_eq!(url("https://[::1]").endpoint(), Endpoint { host: "::1".to_owned(), port: 443 });
        assert_eq!(url("https://Müller.example/").host(), "xn--mller-kva.example");
    }

    #[test]
    fn what_needs_repair_is_refused_at_its_pointer() {
        let long = format!("https://h/{}", "a".repeat(LONGEST));
        for text in [
            "",
            "mail.example.com",
            "ftp://h/",
            "https:/h/",
            "https:///x",
            "https://anna:hush@h/",
            "https://anna@h/",
            "https://h\\@evil.example/",
            "https://h:0/",
            "https://h:70000/",
            "https://h:/",
            "https://h:x/",
            "https://[::1/",
            "https://[::1]x/",
            "https://[h]/",
            "https://::1/",
            "https://a b/",
            "https://h/a b",
            "https://h/a\r\nX: y",
            "https://h/a\0",
            "https://h/grüße",
            "https://h\t/",
            "https://1.2.3/",
            &long,
        ] {
            let error = Url::parse(text, "/exchange/url").unwrap_err();
            assert_eq!((error.code.as_str(), error.at[0].pointer.as_str()), ("settings.url_invalid", "/exchange/url"), "{text:?}");
            assert!(!format!("{error:?}").contains("hush"));
        }
    }

    #[test]
    fn references_are_joined_as_rfc_3986_has_them() {
        let base = url("http://a/b/c/d;p?q");
        for (reference, joined) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g/"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q"),
            ("g?y#s", "http://a/b/c/g?y"),
            (";x", "http://a/b/c/;x"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("https://b.example:8443/x?y", "https://b.example:8443/x?y"),
        ] {
            assert_eq!(base.join(reference).unwrap().to_string(), joined, "{reference}");
        }
        for reference in ["mailto:anna@example.com", "javascript:x", "https://u:p@b/", "/a b", "/\r\nX: y", "file:///etc/passwd", "//"] {
            assert_eq!(base.join(reference).unwrap_err().code, "http.url_malformed", "{reference}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let base = url("https://mail.example.com/a");
        for same in ["https://MAIL.example.com:443/b", "https://mail.example.com"] {
            assert!(base.is_same_origin(&url(same)), "{same}");
        }
        for other in ["http://mail.example.com/a", "https://mail.example.com:444/a", "https://example.com/a", "https://mail.example.com./a"]
        {
            assert!(!base.is_same_origin(&url(other)), "{other}");
        }
        assert!(url("http://127.8.0.1").is_loopback() && url("http://[::1]:1").is_loopback() && url("http://localhost").is_loopback());
        assert!(!url("http://localhost.example.com").is_loopback());
    }
}
