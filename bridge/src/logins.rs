//! Who may log in, and what becomes of those who try passwords.

use hmac::{Hmac, Mac};
use md5::{Digest, Md5};
use postkontor_core::{Error, Host, Secret, settings};
use sha2::Sha256;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// For how long failed logins of an address are counted.
const MEMORY: Duration = Duration::from_secs(60);

/// So many addresses are remembered at most.
const ADDRESSES: usize = 10_000;

/// Who may log in, with the password in place.
pub(crate) struct Login {
    pub(crate) user: String,
    password: Secret,
    pub(crate) account: Option<String>,
    /// The sender of its mail, whatever it says itself.
    pub(crate) sender: Option<String>,
}

/// Those who may log in.
pub(crate) struct Logins {
    logins: Vec<Login>,
    failed: Mutex<HashMap<IpAddr, (usize, Instant)>>,
    limit: usize,
}

/// How a client proves that it knows the password.
pub(crate) enum Proof<'a> {
    /// It says it.
    Password(&'a [u8]),
    /// HMAC-MD5 of our challenge, in hexadecimal digits (CRAM-MD5, RFC 2195).
    Hmac {
        /// The challenge.
        challenge: &'a [u8],
        /// The digits.
        digest: &'a [u8],
    },
    /// MD5 of our greeting's stamp and the password, in hexadecimal digits (APOP, RFC 1939).
    Stamp {
        /// The stamp.
        stamp: &'a [u8],
        /// The digits.
        digest: &'a [u8],
    },
}

/// Why a login was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The user or the proof is wrong.
    Wrong,
    /// The address has failed too often within a minute.
    TooOften,
}

impl Logins {
    /// Fetches the passwords.
    pub(crate) fn open(host: &Host, logins: &[settings::Login], limit: usize) -> Result<Logins, Error> {
        let open = |settings::Login { user, password, account, sender }: &settings::Login| {
            let password = host.secret(password)?;
            Ok(Login { user: user.clone(), password, account: account.clone(), sender: sender.clone() })
        };
        Ok(Logins { logins: logins.iter().map(open).collect::<Result<_, Error>>()?, failed: Mutex::default(), limit })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.logins.is_empty()
    }

    /// Judges a login.
    pub(crate) fn judge(&self, user: &[u8], proof: &Proof<'_>, address: IpAddr) -> Result<&Login, Refused> {
        if self.has_failed_too_often(address) {
            return Err(Refused::TooOften);
        }
        // Every login is looked at, and none earlier than another: the time tells nothing of the names.
        let mut found = None;
        for login in &self.logins {
            let is_user = is_same(login.user.as_bytes(), user);
            if proof.holds(login.password.reveal().as_bytes()) & is_user {
                found = Some(login);
            }
        }
        found.ok_or_else(|| {
            self.note(address);
            Refused::Wrong
        })
    }

    fn has_failed_too_often(&self, address: IpAddr) -> bool {
        self.failures().get(&address).is_some_and(|(count, since)| *count >= self.limit && since.elapsed() < MEMORY)
    }

    fn note(&self, address: IpAddr) {
        let mut failures = self.failures();
        if failures.len() >= ADDRESSES {
            failures.retain(|_, (_, since)| since.elapsed() < MEMORY);
        }
        if failures.len() < ADDRESSES || failures.contains_key(&address) {
            let (count, since) = failures.entry(address).or_insert((0, Instant::now()));
            if since.elapsed() >= MEMORY {
                (*count, *since) = (0, Instant::now());
            }
            *count += 1;
        }
    }

    fn failures(&self) -> MutexGuard<'_, HashMap<IpAddr, (usize, Instant)>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Proof<'_> {
    fn holds(&self, password: &[u8]) -> bool {
        // Nothing logs in without a password, not even where the settings have an empty one.
        if password.is_empty() {
            return false;
        }
        match self {
            Proof::Password(given) => is_same(password, given),
            Proof::Hmac { challenge, digest } => {
                let Ok(mut mac) = Hmac::<Md5>::new_from_slice(password) else { return false };
                mac.update(challenge);
                is_same(&hexadecimal(&mac.finalize().into_bytes()), &digest.to_ascii_lowercase())
            }
            Proof::Stamp { stamp, digest } => {
                let expected = Md5::new().chain_update(stamp).chain_update(password).finalize();
                is_same(&hexadecimal(&expected), &digest.to_ascii_lowercase())
            }
        }
    }
}

/// Compares digests: the time depends on nothing but the lengths.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    Sha256::digest(one) == Sha256::digest(other)
}

fn hexadecimal(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_core::Secret;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn logins() -> Logins {
        let login =
            |user: &str, password: &str| Login { user: user.to_owned(), password: Secret::new(password), account: None, sender: None };
        let logins = vec![login("tim", "tanstaaftanstaaf"), login("mrose", "tanstaaf"), login("empty", "")];
        Logins { logins, failed: Mutex::default(), limit: 3 }
    }

    #[test]
    fn the_examples_of_the_standards_log_in() {
        let logins = logins();
        let challenge = b"<1896.697170952@postoffice.reston.mci.net>";
        let hmac = Proof::Hmac { challenge, digest: b"b913a602c7eda7a495b4e6e7334d3890" };
        assert_eq!(logins.judge(b"tim", &hmac, HERE).unwrap().user, "tim");
        let stamp = Proof::Stamp { stamp: b"<1896.697170952@dbc.mtview.ca.us>", digest: b"C4C9334BAC560ECC979E58001B3E22FB" };
        assert_eq!(logins.judge(b"mrose", &stamp, HERE).unwrap().user, "mrose");
        assert_eq!(logins.judge(b"tim", &Proof::Password(b"tanstaaftanstaaf"), HERE).unwrap().user, "tim");
    }

    #[test]
    fn a_wrong_password_is_refused_and_an_address_that_goes_on_is_not_even_heard() {
        let logins = logins();
        assert_eq!(logins.judge(b"mrose", &Proof::Password(b"tanstaaftanstaaf"), HERE).err().unwrap(), Refused::Wrong, "another's");
        assert_eq!(logins.judge(b"empty", &Proof::Password(b""), HERE).err().unwrap(), Refused::Wrong);
        assert_eq!(logins.judge(b"unknown", &Proof::Password(b"tanstaaf"), HERE).err().unwrap(), Refused::Wrong);
        let right = Proof::Password(b"tanstaaf");
        assert_eq!(logins.judge(b"mrose", &right, HERE).err().unwrap(), Refused::TooOften);
        assert!(logins.judge(b"mrose", &right, "192.0.2.1".parse().unwrap()).is_ok(), "others are not punished for it");
    }
}
