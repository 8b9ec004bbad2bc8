//! A consent that a person was asked for, until it is given.

use super::jwt::random;
use crate::net::secret_hash;
use crate::{Error, Secret, Stage, Status};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::Sha256;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::time::{Duration, Instant};

/// How long a browser may take to come back.
const BROWSER: Duration = Duration::from_secs(900);

/// A consent that was begun.
pub(super) enum Pending {
    /// On another device, with a code (RFC 8628).
    Device(Device),
    /// In a browser of this machine (RFC 8252).
    Browser(Browser),
}

/// What the provider is asked with until the person has entered the code.
pub(super) struct Device {
    pub(super) code: Secret,
    /// How long to wait between two questions.
    pub(super) interval: Duration,
    /// When the code ends.
    pub(super) end: Instant,
}

/// What a browser comes back to.
pub(super) struct Browser {
    pub(super) listeners: Vec<TcpListener>,
    /// The address that the provider sends the browser to.
    pub(super) redirect: String,
    /// What the browser brings back, so that the consent to another request is not taken for this one.
    pub(super) state: String,
    /// Shows the provider that who asks for the token is who asked for the consent (RFC 7636).
    pub(super) verifier: Secret,
    pub(super) end: Instant,
    /// It has come back with the code, which is good for one attempt.
    pub(super) is_back: bool,
}

impl Pending {
    /// Whether there is still something to wait for.
    pub(super) fn is_open(&self) -> bool {
        match self {
            Pending::Device(_) => true,
            Pending::Browser(browser) => !browser.is_back,
        }
    }
}

impl Browser {
    /// Listens on this machine. `by_name`: the provider knows the place as `localhost`, which may be either kind of address.
    pub(super) fn listen(port: Option<u16>, by_name: bool) -> Result<Browser, Error> {
        let code = "oauth.redirect_port_busy";
        let busy = |error: std::io::Error| {
            let error = Error::new(Status::Settings, code).stage(Stage::Token).arg("port", port.unwrap_or(0)).cause(error);
            error.at("/auth/oauth2/redirect_port", code)
        };
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0))).map_err(busy)?;
        let port = first.local_addr().map_err(busy)?.port();
        let mut listeners = vec![first];
        if by_name {
            // Where this machine has no IPv6, `localhost` is not of that kind.
            listeners.extend(TcpListener::bind((Ipv6Addr::LOCALHOST, port)));
        }
        for listener in &listeners {
            listener.set_nonblocking(true).map_err(busy)?;
        }
        let redirect = if by_name { format!("http://localhost:{port}") } else { format!("http://127.0.0.1:{port}/") };
        let [state, verifier] = [random()?, random()?].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        Ok(Browser { listeners, redirect, state, verifier: Secret::new(verifier), end: Instant::now() + BROWSER, is_back: false })
    }

    /// The challenge that goes with the verifier, by the method S256.
    pub(super) fn challenge(&self) -> String {
        challenge(self.verifier.reveal())
    }
}

fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(secret_hash::<Sha256>(&[verifier.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636() {
        assert_eq!(challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn two_consents_have_nothing_in_common() {
        let [one, two] = [Browser::listen(None, true).unwrap(), Browser::listen(None, false).unwrap()];
        assert_ne!(one.state, two.state);
        assert_ne!(one.verifier, two.verifier);
        assert!(one.redirect.starts_with("http://localhost:") && two.redirect.starts_with("http://127.0.0.1:"));
        assert_eq!((one.state.len(), one.verifier.reveal().len()), (43, 43));
    }

    #[test]
    fn a_port_that_is_taken_is_named() {
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = other.local_addr().unwrap().port();
        let error = Browser::listen(Some(port), false).err().unwrap();
        assert_eq!((error.code.as_str(), error.at[0].pointer.as_str()), ("oauth.redirect_port_busy", "/auth/oauth2/redirect_port"));
    }
}
