//! A session: the connection, and what is known of the server.

use crate::capabilities::Capabilities;
use crate::names::WireNames;
use crate::reader::Reader;
use crate::uid_validity::UidValidity;
use crate::updates::Updates;
use postkontor_plugin::net::Stream;

/// A connection after the login.
pub(crate) struct Session {
    pub(crate) stream: Stream,
    pub(crate) reader: Reader,
    pub(crate) capabilities: Capabilities,
    /// UTF8=ACCEPT is in force: names and headers travel in UTF-8.
    pub(crate) utf8: bool,
    /// LOGOUT was sent, so BYE is expected.
    pub(crate) is_logging_out: bool,
    pub(crate) updates: Updates,
    pub(crate) wire_names: WireNames,
    pub(crate) uid_validity: UidValidity,
    /// TLS does not protect the session yet and is to begin with STARTTLS.
    pub(crate) awaits_tls: bool,
    /// The server needs no login (PREAUTH).
    pub(crate) is_preauthenticated: bool,
    /// Compression is to begin after the login.
    pub(crate) wants_compression: bool,
    tag: u64,
}

impl Session {
    /// A session of which nothing is known yet.
    pub(crate) fn new(stream: Stream, wants_compression: bool) -> Session {
        Session {
            stream,
            reader: Reader::default(),
            capabilities: Capabilities::default(),
            utf8: false,
            is_logging_out: false,
            updates: Updates::default(),
            wire_names: WireNames::default(),
            uid_validity: UidValidity::default(),
            awaits_tls: false,
            is_preauthenticated: false,
            wants_compression,
            tag: 0,
        }
    }

    pub(crate) fn next_tag(&mut self) -> String {
        self.tag += 1;
        format!("a{}", self.tag)
    }
}
