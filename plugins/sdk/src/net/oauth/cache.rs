//! Where an account's tokens are kept: in the host for all transports, or, in an older host, in this library.

use crate::net::secret_hash;
use crate::token_cache::{Cached, Family, Item, Name, family, rename};
use crate::{Call, Error, Level, Secret, Status};
use sha2::Sha256;
use std::sync::Arc;
use std::time::Duration;

/// What is kept for one set of credentials.
#[derive(Clone)]
pub(super) enum Cache {
    /// By the host, under the digest of the credentials.
    Host(String),
    /// By this library.
    Library(Arc<Family>),
    /// For one account alone.
    Account(Arc<Family>),
}

impl Cache {
    /// What is kept for the credentials with this digest; for one account alone where there is none.
    pub(super) fn of(digest: Option<String>, is_hosted: bool) -> Cache {
        match digest {
            None => Cache::Account(Arc::default()),
            Some(digest) if is_hosted => Cache::Host(digest),
            Some(digest) => Cache::Library(family(&digest)),
        }
    }

    /// The token for a scope, unless it is time to renew it.
    pub(super) fn fresh(&self, scope: &str, call: &Call) -> Option<Secret> {
        self.kept(scope, call).filter(|kept| !kept.fresh.is_zero()).map(|kept| kept.token)
    }

    /// The token for a scope, unless it has ended.
    pub(super) fn unexpired(&self, scope: &str, call: &Call) -> Option<Secret> {
        self.kept(scope, call).map(|kept| kept.token)
    }

    /// How long the token for a scope is still good.
    pub(super) fn remaining(&self, scope: &str, call: &Call) -> Duration {
        self.kept(scope, call).map_or(Duration::ZERO, |kept| kept.good)
    }

    fn kept(&self, scope: &str, call: &Call) -> Option<Cached> {
        self.get(Item::Token(scope), call).ok().as_ref().and_then(Cached::read)
    }

    /// Keeps a token that is good for so long.
    pub(super) fn keep(&self, scope: &str, token: &Secret, lifetime: Duration, call: &Call) {
        self.put(Item::Token(scope), &Cached::write(token, lifetime), call);
    }

    /// Forgets a token that a server has refused; another one that came in between stays.
    pub(super) fn forget(&self, refused: &Secret, call: &Call) {
        self.put(Item::Refused, refused, call);
    }

    /// The token by which others are got, where the provider has given one since the settings were written.
    pub(super) fn refresh(&self, call: &Call) -> Option<Secret> {
        self.get(Item::Refresh, call).ok()
    }

    pub(super) fn keep_refresh(&self, refresh: &Secret, call: &Call) {
        self.put(Item::Refresh, refresh, call);
    }

    /// Waits until no other call is getting a token for these credentials.
    pub(super) fn turn<'c>(&'c self, call: &'c Call<'c>) -> Result<Turn<'c>, Error> {
        loop {
            call.check()?;
            match self.get(Item::Turn, call) {
                Ok(_) => return Ok(Turn { cache: self, call }),
                Err(Status::Later) => (),
                Err(status) => return Err(Error::new(status, "host.answer_unreadable").detail("the host has no turn for a token")),
            }
        }
    }

    /// Lets other credentials, which have taken the place of these, lead to what is kept for these.
    pub(super) fn rename(&self, digest: &str, call: &Call) {
        match self {
            Cache::Host(own) => Cache::Host(digest.to_owned()).put(Item::Same, &Secret::new(own), call),
            Cache::Library(family) => rename(family, digest),
            Cache::Account(_) => (),
        }
    }

    fn get(&self, item: Item<'_>, call: &Call) -> Result<Secret, Status> {
        match self {
            Cache::Host(digest) => call.secret_get(&Name { family: digest, item }.to_string()).map_err(|error| error.status),
            Cache::Library(family) | Cache::Account(family) => family.get(item),
        }
    }

    fn put(&self, item: Item<'_>, value: &Secret, call: &Call) {
        let put = match self {
            Cache::Host(digest) => call.secret_put(&Name { family: digest, item }.to_string(), value).map_err(|error| error.status),
            Cache::Library(family) | Cache::Account(family) => family.put(item, value),
        };
        if let Err(status) = put {
            // The next call gets a token of its own.
            call.log(Level::Warning, format_args!("a token was not kept ({status:?})"));
        }
    }
}

/// The digest of credentials, which is all that becomes part of a name.
pub(super) fn digest(credentials: &[&str]) -> String {
    // Each with its length, so that no two lists read alike.
    let lengths: Vec<[u8; 8]> = credentials.iter().map(|part| (part.len() as u64).to_be_bytes()).collect();
    let parts: Vec<&[u8]> = lengths.iter().zip(credentials).flat_map(|(length, part)| [&length[..], part.as_bytes()]).collect();
    format!("{:x}", secret_hash::<Sha256>(&parts))
}

/// The right to get a token; goes to the next call when dropped.
pub(super) struct Turn<'c> {
    cache: &'c Cache,
    call: &'c Call<'c>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.cache.put(Item::Turn, &Secret::default(), self.call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn call(milliseconds: u64) -> Call<'static> {
        Call::new(&(), Instant::now() + Duration::from_millis(milliseconds))
    }

    fn of(credentials: &[&str]) -> Cache {
        Cache::of(Some(digest(credentials)), false)
    }

    #[test]
    fn the_same_credentials_are_one_family_and_others_are_another() {
        let (one, call) = (of(&["https://a/token", "client", "secret"]), call(10_000));
        one.keep("s", &Secret::new("t"), Duration::from_secs(3600), &call);
        assert_eq!(of(&["https://a/token", "client", "secret"]).fresh("s", &call), Some(Secret::new("t")));
        for other in
            [["https://b/token", "client", "secret"], ["https://a/token", "client", "Secret"], ["https://a/token", "clients", "ecret"]]
        {
            assert_eq!(of(&other).fresh("s", &call), None, "{other:?}");
        }
        assert_eq!(one.fresh("another scope", &call), None);
    }

    #[test]
    fn the_wait_for_a_turn_has_an_end() {
        let (cache, call_of_one) = (Cache::of(None, true), call(10_000));
        let turn = cache.turn(&call_of_one).unwrap();
        assert_eq!(cache.turn(&call(60)).err().map(|error| error.status), Some(Status::Timeout));
        drop(turn);
        assert!(cache.turn(&call(10_000)).is_ok());
    }

    #[test]
    fn a_host_that_does_not_say_that_it_keeps_tokens_never_sees_one() {
        assert!(matches!(Cache::of(Some(digest(&["client"])), false), Cache::Library(_)));
        assert!(matches!(Cache::of(Some(digest(&["client"])), true), Cache::Host(_)));
    }
}
