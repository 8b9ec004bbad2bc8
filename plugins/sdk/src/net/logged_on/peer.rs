//! What is asked of the system, and what it answers.

use crate::settings::Endpoint;
use zeroize::Zeroizing;

/// What the messages look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::net) enum Package {
    /// Kerberos alone (RFC 4121).
    Kerberos,
    /// Kerberos, or what else the system has, in the envelope of SPNEGO (RFC 4178).
    Negotiate,
    /// NTLM, which only Windows has for its users.
    #[cfg(windows)]
    Ntlm,
}

impl Package {
    /// As Windows calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Package::Kerberos => "Kerberos",
            Package::Negotiate => "Negotiate",
            #[cfg(windows)]
            Package::Ntlm => "NTLM",
        }
    }
}

/// The service that is meant to be reached, and the connection to it.
#[derive(Clone, Debug)]
pub(in crate::net) struct Peer {
    /// As Windows calls it: `SMTPSVC`, `POP`, `IMAP`, `HTTP`.
    pub(in crate::net) service: String,
    pub(in crate::net) host: String,
    /// The data of `tls-server-end-point`.
    pub(in crate::net) binding: Option<Vec<u8>>,
}

impl Peer {
    /// The service is named later ([`super::LoggedOn::aim`]).
    pub(in crate::net) fn new(endpoint: &Endpoint, binding: Option<Vec<u8>>) -> Peer {
        Peer { service: String::new(), host: endpoint.host.clone(), binding }
    }

    /// The service as IANA has it registered for GSSAPI: `smtp`, `pop`, `imap`; `HTTP` stays as it is (RFC 4559, section 4.1).
    #[cfg_attr(windows, allow(dead_code, reason = "Windows has its own names"))]
    pub(super) fn service_of_iana(&self) -> String {
        match self.service.as_str() {
            "SMTPSVC" => "smtp".to_owned(),
            "HTTP" => "HTTP".to_owned(),
            other => other.to_ascii_lowercase(),
        }
    }
}

/// The system's answer to a message.
pub(in crate::net) struct Reply {
    /// What the server gets; empty where there is nothing more to say.
    pub(in crate::net) message: Zeroizing<Vec<u8>>,
    /// Both sides have proved themselves; no further message is due.
    pub(in crate::net) is_complete: bool,
}

/// Why the system gave no message.
pub(super) struct Failure {
    pub(super) reason: Reason,
    /// English, the system's words.
    pub(super) detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "each system has its own reasons")]
pub(super) enum Reason {
    /// This machine has no such library.
    NotInstalled,
    /// Windows has the package switched off.
    PackageMissing,
    /// The user has no ticket, or one that has expired.
    NoTicket,
    /// The user whom the process runs as has nothing to prove himself with elsewhere.
    NoCredentials,
    /// The domain knows the user and refuses him.
    Denied,
    /// The domain does not know the service.
    ServiceUnknown,
    /// No domain controller answers.
    Unreachable,
    /// The server's message is none, or does not fit: its sender could not read ours.
    Unproven,
    /// The clocks of this machine and of the domain differ too much.
    Clock,
    Other,
}

/// `tls-server-end-point` with its prefix (RFC 5929, section 4; RFC 5056, section 2.1), as a `gss_channel_bindings_struct` holds it.
pub(in crate::net) fn application_data(binding: &[u8]) -> Vec<u8> {
    [b"tls-server-end-point:", binding].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_has_the_name_that_a_domain_knows_it_by() {
        for (windows, iana) in [("SMTPSVC", "smtp"), ("IMAP", "imap"), ("POP", "pop"), ("HTTP", "HTTP")] {
            let peer = Peer { service: windows.to_owned(), host: "h".to_owned(), binding: None };
            assert_eq!(peer.service_of_iana(), iana);
        }
    }

    #[test]
    fn the_binding_has_its_prefix() {
        assert_eq!(application_data(b"\x01\x02"), b"tls-server-end-point:\x01\x02");
    }
}
