//! Group `server`: where the server is and how long to wait for it.

use super::host::is_host;
use crate::{Error, Secret, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the server is and how long to wait for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Name or address, optionally with `:port`; an IPv6 address with a port stands in brackets.
    #[schemars(length(min = 1), extend("x-postkontor" = {"scope": "workstation", "order": 10, "host": true}))]
    pub host: String,
    /// Port; the transport's default, by TLS mode, when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535), extend("x-postkontor" = {"scope": "user", "order": 20}))]
    pub port: Option<u16>,
    /// Seconds to wait for an answer, and the total time of a test.
    #[serde(default = "default_timeout")]
    #[schemars(range(min = 1, max = 3600), extend("x-postkontor" = {"scope": "user", "unit": "s", "order": 30}))]
    pub timeout_seconds: u32,
    /// `socks5://[user:password@]host:port` or `http://[user:password@]host:port`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "workstation", "advanced": true, "secret": true, "order": 40}))]
    pub proxy: Option<Secret>,
}

pub(super) fn default_timeout() -> u32 {
    60
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl Server {
    /// Takes the port from `host` where it stands there, else from `port`, else the default.
    pub fn endpoint(&self, default_port: u16) -> Result<Endpoint, Error> {
        let wrong = || Error::new(Status::Settings, "settings.host_invalid").at("/server/host", "settings.host_invalid");
        let host = self.host.trim();
        if host.is_empty() || host.contains(|c: char| c.is_control() || c.is_whitespace() || "/@\"\\".contains(c)) {
            return Err(wrong());
        }
        let parsed = |port: &str| port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong);
        let (host, inline) = if let Some(rest) = host.strip_prefix('[') {
            let (address, rest) = rest.split_once(']').ok_or_else(wrong)?;
            address.parse::<std::net::Ipv6Addr>().map_err(|_| wrong())?;
            (address, if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or_else(wrong)?) })
        } else if host.parse::<std::net::Ipv6Addr>().is_ok() {
            (host, None)
        } else {
            match host.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (host, None),
            }
        };
        if !is_host(host) {
            return Err(wrong());
        }
        let port = match inline {
            Some(port) => {
                let port = parsed(port)?;
                if self.port.is_some_and(|other| other != port) {
                    let code = "settings.port_twice";
                    return Err(Error::new(Status::Settings, code).at("/server/port", code));
                }
                port
            }
            None => self.port.unwrap_or(default_port),
        };
        Ok(Endpoint { host: host.to_owned(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(host: &str, port: Option<u16>) -> Option<(String, u16)> {
        let server = Server { host: host.to_owned(), port, timeout_seconds: 60, proxy: None };
        server.endpoint(25).ok().map(|endpoint| (endpoint.host, endpoint.port))
    }

    #[test]
    fn host_may_carry_the_port() {
        let is = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(endpoint("mail.example.com", None), is("mail.example.com", 25));
        assert_eq!(endpoint("mail.example.com", Some(587)), is("mail.example.com", 587));
        assert_eq!(endpoint("mail.example.com:2525", None), is("mail.example.com", 2525));
        assert_eq!(endpoint("192.0.2.7:88", None), is("192.0.2.7", 88));
        assert_eq!(endpoint("[2001:db8::1]:587", None), is("2001:db8::1", 587));
        assert_eq!(endpoint("[2001:db8::1]", None), is("2001:db8::1", 25));
        assert_eq!(endpoint("2001:db8::1", None), is("2001:db8::1", 25));
    }

    #[test]
    fn nonsense_is_refused() {
        for host in [
            "",
            " ",
            ":25",
            "a:b",
            "a:0",
            "a:70000",
            "a:1:2",
            "[::1",
            "[x]:25",
            "[::1]25",
            "a b",
            "a\r\nb",
            "http://a",
            "u@h",
            "a..b:25",
            "101.202.303.404:88",
            "-x.de",
        ] {
            assert_eq!(endpoint(host, None), None, "{host:?}");
        }
        assert_eq!(endpoint("a:25", Some(26)), None);
    }
}
