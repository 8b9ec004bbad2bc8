//! A session with the server: the connection and its state.

use crate::capabilities::Capabilities;
use crate::names::WireNames;
use crate::reader::Reader;
use crate::uid_validity::UidValidity;
use crate::updates::Updates;
use postkontor_plugin::net::Stream;
use std::hash::{BuildHasher, RandomState};

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
    /// What all tags of this session begin with, and how many there were.
    ///
    /// It is random: a sender whose message runs over a literal that is too short cannot write a line that completes a command.
    tag_prefix: u32,
    tags: u64,
}

impl Session {
    /// A session before the greeting.
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
            tag_prefix: RandomState::new().hash_one(0) as u32,
            tags: 0,
        }
    }

    pub(crate) fn next_tag(&mut self) -> String {
        self.tags += 1;
        format!("a{:08x}{}", self.tag_prefix, self.tags)
    }
}
