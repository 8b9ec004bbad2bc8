//! What a client may take of the bridge.

use std::time::Duration;

/// What a client may take of the bridge. What a program does that means well lies far below.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at a time to each of the two servers.
    pub connections: usize,
    /// Of these from one address of another machine; programs of this machine share one address and are not held to that.
    pub connections_of_address: usize,
    /// Bytes of a line of commands (RFC 4954, section 4, wants 12,288 for a login).
    pub line: usize,
    /// Commands one after the other that were refused.
    pub refusals: usize,
    /// Commands one after the other that bring a client no further: NOOP, RSET, VRFY, EHLO.
    pub idle_commands: usize,
    /// Recipients of a mail (RFC 5321, section 4.5.3.1.8, wants 100).
    pub recipients: usize,
    /// Failed logins of one address within a minute.
    pub failed_logins: usize,
    /// How long a client may take until it has logged in or begun its first mail.
    pub introduction: Duration,
    /// How long a client may take for its next command (RFC 5321, section 4.5.3.2.7).
    pub command: Duration,
    /// How long a client of POP3 may take for its next command (RFC 1939, section 3).
    pub maildrop: Duration,
    /// How long a client may be silent within a mail (RFC 5321, section 4.5.3.2.5).
    pub silence: Duration,
    /// What a client has for a mail beside a second for each [`Limits::SLOWEST`] bytes.
    pub mail: Duration,
    /// How long a client may not read what it asked for.
    pub unread: Duration,
    /// How long what is in flight may take when the bridge ends.
    pub farewell: Duration,
}

impl Limits {
    /// Bytes that a client sends in a second at least.
    pub const SLOWEST: u64 = 1000;
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 100,
            connections_of_address: 20,
            line: 12_288,
            refusals: 20,
            idle_commands: 100,
            recipients: 1000,
            failed_logins: 10,
            introduction: Duration::from_secs(60),
            command: Duration::from_secs(300),
            maildrop: Duration::from_secs(600),
            silence: Duration::from_secs(180),
            mail: Duration::from_secs(600),
            unread: Duration::from_secs(120),
            farewell: Duration::from_millis(1500),
        }
    }
}
