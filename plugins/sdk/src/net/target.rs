//! Where to connect to, and which settings say so.

use crate::settings::{Endpoint, Route, Server};
use crate::{Error, Secret, Stage};
use std::time::Duration;

/// Where to connect to, by which way, how long to wait there, and which settings say so.
///
/// The settings group [`Server`] is one source of a target ([`Server::target`]); a second server or a URL of the same account is
/// another, with pointers of its own.
#[derive(Clone, Debug)]
pub struct Target {
    /// Host and port.
    pub endpoint: Endpoint,
    /// The port stands in the same setting as the host, as in `mail.example.com:587`.
    pub port_in_host: bool,
    /// How long the server may be silent.
    pub idle: Duration,
    /// The URL of the proxy, which may hold a password.
    pub proxy: Option<Secret>,
    /// The settings that all this came from.
    pub at: Pointers,
}

/// The settings that a target came from, as JSON pointers into the account's settings: errors and advice point there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pointers {
    /// The host.
    pub host: &'static str,
    /// The port.
    pub port: &'static str,
    /// How long the server may be silent.
    pub timeout: &'static str,
    /// The proxy.
    pub proxy: &'static str,
    /// Whether and how the connection is secured.
    pub mode: &'static str,
}

impl Default for Pointers {
    /// Those of the settings groups `server` and `tls`.
    fn default() -> Pointers {
        Pointers {
            host: "/server/host",
            port: "/server/port",
            timeout: "/server/timeout_seconds",
            proxy: "/server/proxy",
            mode: "/tls/mode",
        }
    }
}

impl Target {
    /// The proxy's URL, where there is one.
    pub(super) fn proxy(&self) -> Option<&str> {
        self.proxy.as_ref().map(Secret::reveal).filter(|url| !url.trim().is_empty())
    }
}

impl Server {
    /// The target that these settings name; the port is the default where they name none.
    pub fn target(&self, default_port: u16) -> Result<Target, Error> {
        let endpoint = self.endpoint(default_port).map_err(|error| error.stage(Stage::Settings))?;
        Ok(Target {
            port_in_host: self.port.is_none() && self.endpoint(0).is_ok_and(|endpoint| endpoint.port != 0),
            endpoint,
            idle: Duration::from_secs(self.timeout_seconds.into()),
            proxy: self.proxy.clone(),
            at: Pointers::default(),
        })
    }
}

impl Route {
    /// The target at a place that another setting names; `at` are the settings that all of it stands in.
    pub fn target(&self, endpoint: Endpoint, at: Pointers) -> Target {
        let idle = Duration::from_secs(self.timeout_seconds.into());
        Target { endpoint, port_in_host: true, idle, proxy: self.proxy.clone(), at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_knows_where_its_port_stood() {
        let target = |host: &str, port| Server { host: host.to_owned(), port, timeout_seconds: 60, proxy: None }.target(25).unwrap();
        assert!(target("mail.example.com:587", None).port_in_host);
        assert!(!target("mail.example.com", None).port_in_host);
        assert!(!target("mail.example.com", Some(587)).port_in_host);
        assert_eq!(target("mail.example.com", None).endpoint.port, 25);
        assert_eq!(target("mail.example.com", None).at, Pointers::default());
    }

    #[test]
    fn the_password_of_the_proxy_is_not_shown() {
        let server = Server { host: "h".to_owned(), port: None, timeout_seconds: 60, proxy: Some(Secret::new("http://anna:hush@proxy:1")) };
        let shown = format!("{:?} {server:?}", server.target(25).unwrap());
        assert!(!shown.contains("hush") && shown.contains("***"), "{shown}");
    }
}
