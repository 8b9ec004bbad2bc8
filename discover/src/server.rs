//! A mail server: what it speaks, where it is, and how the connection is secured.

use postkontor_plugin::settings::is_host;

/// What a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Fetching by IMAP.
    Imap,
    /// Fetching by POP3.
    Pop3,
    /// Sending by SMTP, as a submitter (RFC 6409).
    Smtp,
}

impl Kind {
    /// The transport that speaks it.
    pub fn transport(self) -> &'static str {
        match self {
            Kind::Imap => "imap",
            Kind::Pop3 => "pop3",
            Kind::Smtp => "smtp",
        }
    }

    /// The usual ports, the better one first: TLS from the first byte (RFC 8314), then STARTTLS.
    pub fn usual_ports(self) -> [(u16, Security); 2] {
        let (implicit, starttls) = match self {
            Kind::Imap => (993, 143),
            Kind::Pop3 => (995, 110),
            Kind::Smtp => (465, 587),
        };
        [(implicit, Security::Implicit), (starttls, Security::StartTls)]
    }

    /// Whether a submitter or reader of mail may expect the service there. Port 25 serves both, and some have 2525 where 25 is closed.
    pub fn is_usual(self, port: u16) -> bool {
        self.usual_ports().iter().any(|(usual, _)| *usual == port) || self == Kind::Smtp && matches!(port, 25 | 2525)
    }
}

/// How a connection is secured. There is no way without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Implicit,
    /// TLS by STARTTLS, or no session.
    StartTls,
}

impl Security {
    /// The value of `tls.mode`.
    pub fn mode(self) -> &'static str {
        match self {
            Security::Implicit => "implicit",
            Security::StartTls => "starttls",
        }
    }
}

/// A mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// What it speaks.
    pub kind: Kind,
    /// Its name in lower case, without a dot at the end.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is secured.
    pub security: Security,
}

impl Server {
    /// A server at `host:port`. TLS begins with the first byte, except at the usual ports of STARTTLS.
    pub fn at(kind: Kind, place: &str) -> Option<Server> {
        let (host, port) = place.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port != 0)?;
        let security = if matches!(port, 25 | 110 | 143 | 587 | 2525) { Security::StartTls } else { Security::Implicit };
        Some(Server { kind, host: name(host)?, port, security })
    }
}

/// The name of a server in lower case; `None` for an address, a single label, and names that only mean this machine or this network
/// (RFC 6761, RFC 6762, RFC 8375, RFC 9476), which nothing on the internet may lead to.
pub(crate) fn name(host: &str) -> Option<String> {
    const SPECIAL: [&str; 8] = ["localhost", "localdomain", "local", "internal", "invalid", "onion", "alt", "arpa"];
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let is_name = host.is_ascii() && is_host(&host) && host.parse::<std::net::IpAddr>().is_err();
    let (_, last) = host.rsplit_once('.')?;
    (is_name && !SPECIAL.contains(&last)).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_says_how_the_connection_is_secured() {
        let at = |place: &str| Server::at(Kind::Smtp, place).map(|server| (server.host, server.port, server.security));
        assert_eq!(at("Mail.Example.com.:465"), Some(("mail.example.com".to_owned(), 465, Security::Implicit)));
        assert_eq!(at("mail.example.com:587"), Some(("mail.example.com".to_owned(), 587, Security::StartTls)));
        for wrong in ["mail.example.com", "mail.example.com:0", "mail.example.com:99999", "mail example.com:25", ":25"] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_of_this_machine_and_this_network_are_no_servers() {
        for wrong in [
            "localhost",
            "a.localhost",
            "mail",
            "mail.local",
            "nas.home.arpa",
            "db.internal",
            "127.0.0.1",
            "10.0.0.1",
            "::1",
            "localhost.localdomain",
            "",
            ".",
            "2130706433",
            "mail.example.com:993",
        ] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
        assert_eq!(name("IMAP.Example.com.").as_deref(), Some("imap.example.com"));
    }
}
