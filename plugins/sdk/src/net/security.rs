//! When TLS begins.

use super::patch;
use crate::settings::TlsMode;
use crate::{Stage, Step};
use serde_json::json;

/// When TLS begins on a connection, if it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Never.
    None,
    /// With the first byte.
    Implicit,
    /// By the protocol's command (STARTTLS, STLS), else not at all.
    IfOffered,
    /// By the protocol's command, else there is no session.
    Starttls,
}

impl Security {
    /// What a TLS mode means on a port, given the port on which TLS begins with the first byte.
    pub fn of(mode: TlsMode, port: u16, implicit_port: u16) -> Security {
        match mode {
            TlsMode::None => Security::None,
            TlsMode::Implicit => Security::Implicit,
            TlsMode::Starttls => Security::Starttls,
            TlsMode::Required | TlsMode::Auto if port == implicit_port => Security::Implicit,
            TlsMode::Required => Security::Starttls,
            TlsMode::Auto => Security::IfOffered,
        }
    }
}

/// The step `tls` of a session that stays in clear text: it works, and the user should know.
/// `pointer` is the setting of the mode.
pub fn clear_text(mode: TlsMode, pointer: &str) -> Step {
    let code = if mode == TlsMode::Auto { "tls.not_offered_clear_text" } else { "tls.clear_text" };
    let step = Step::warn(Stage::Tls, code).pointer(pointer).advice("advice.use_tls");
    step.patch(patch::at(pointer, json!("required")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_means_what_it_says_on_every_port() {
        assert_eq!(Security::of(TlsMode::Required, 465, 465), Security::Implicit);
        assert_eq!(Security::of(TlsMode::Required, 25, 465), Security::Starttls);
        assert_eq!(Security::of(TlsMode::Auto, 465, 465), Security::Implicit);
        assert_eq!(Security::of(TlsMode::Auto, 587, 465), Security::IfOffered);
        assert_eq!(Security::of(TlsMode::Starttls, 465, 465), Security::Starttls);
        assert_eq!(Security::of(TlsMode::None, 465, 465), Security::None);
    }
}
