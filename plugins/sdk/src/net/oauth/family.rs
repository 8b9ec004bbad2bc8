//! What the process keeps of tokens: accounts with the same credentials share it.

use crate::{Call, Error, Secret};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A token is renewed so long before its end, or in the second half of its life where that is short.
const MARGIN: Duration = Duration::from_secs(300);

/// How many families are kept that no account uses at the moment.
const MOST: usize = 256;

/// How many scopes one family has tokens for.
const MOST_SCOPES: usize = 16;

/// All that goes back to the same credentials: access tokens by their scopes, and the newest token to renew them by.
#[derive(Default)]
pub(super) struct Family {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    tokens: Vec<(String, Token)>,
    /// What the provider has given in exchange for the refresh token of the settings; empty where that one is still good.
    refresh: Secret,
    /// A call is getting a token.
    is_busy: bool,
}

struct Token {
    access: Secret,
    /// From here on a new one is got.
    renewal: Instant,
    end: Instant,
}

static FAMILIES: Mutex<Option<HashMap<[u8; 32], Arc<Family>>>> = Mutex::new(None);

impl Family {
    /// The family of these credentials, which is made where there is none. Only their digest is kept.
    pub(super) fn of(credentials: &[&str]) -> Arc<Family> {
        let mut digest = Sha256::new();
        for part in credentials {
            // With its length, so that no two lists read alike.
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        let mut families = FAMILIES.lock().unwrap_or_else(PoisonError::into_inner);
        let families = families.get_or_insert_default();
        if families.len() >= MOST {
            families.retain(|_, family| Arc::strong_count(family) > 1);
        }
        families.entry(digest.finalize().into()).or_default().clone()
    }

    /// The token for a scope, unless it is time to renew it.
    pub(super) fn fresh(&self, scope: &str) -> Option<Secret> {
        self.token(scope, |token| token.renewal)
    }

    /// The token for a scope, unless it has ended.
    pub(super) fn unexpired(&self, scope: &str) -> Option<Secret> {
        self.token(scope, |token| token.end)
    }

    fn token(&self, scope: &str, until: impl Fn(&Token) -> Instant) -> Option<Secret> {
        let state = self.state();
        let (_, token) = state.tokens.iter().find(|(known, token)| known == scope && Instant::now() < until(token))?;
        Some(token.access.clone())
    }

    /// How long the token for a scope is still good.
    pub(super) fn remaining(&self, scope: &str) -> Duration {
        let state = self.state();
        let token = state.tokens.iter().find(|(known, _)| known == scope);
        token.map_or(Duration::ZERO, |(_, token)| token.end.saturating_duration_since(Instant::now()))
    }

    /// Keeps a token that is good for so long.
    pub(super) fn keep(&self, scope: &str, access: &Secret, lifetime: Duration) {
        let now = Instant::now();
        let token = Token { access: access.clone(), renewal: now + lifetime - MARGIN.min(lifetime / 2), end: now + lifetime };
        let mut state = self.state();
        state.tokens.retain(|(known, _)| known != scope);
        if state.tokens.len() >= MOST_SCOPES {
            state.tokens.remove(0);
        }
        state.tokens.push((scope.to_owned(), token));
    }

    /// Forgets a token that a server has refused; another one that came in between stays.
    pub(super) fn forget(&self, refused: &Secret) {
        self.state().tokens.retain(|(_, token)| token.access != *refused);
    }

    /// The token by which others are got, where the provider has given one since the settings were written.
    pub(super) fn refresh(&self) -> Option<Secret> {
        let refresh = self.state().refresh.clone();
        (!refresh.is_empty()).then_some(refresh)
    }

    pub(super) fn keep_refresh(&self, refresh: &Secret) {
        self.state().refresh = refresh.clone();
    }

    /// Waits until no other call is getting a token for these credentials.
    pub(super) fn turn(&self, call: &Call) -> Result<Turn<'_>, Error> {
        let mut state = self.state();
        while state.is_busy {
            call.check()?;
            state = self.changed.wait_timeout(state, call.slice()).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.is_busy = true;
        Ok(Turn(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to get a token; goes to the next call when dropped.
pub(super) struct Turn<'f>(&'f Family);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.state().is_busy = false;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Status;

    fn call(milliseconds: u64) -> Call<'static> {
        Call::new(&(), Instant::now() + Duration::from_millis(milliseconds))
    }

    #[test]
    fn the_same_credentials_are_one_family_and_others_are_another() {
        let one = Family::of(&["https://a/token", "client", "secret"]);
        one.keep("s", &Secret::new("t"), Duration::from_secs(3600));
        assert_eq!(Family::of(&["https://a/token", "client", "secret"]).fresh("s"), Some(Secret::new("t")));
        for other in
            [["https://b/token", "client", "secret"], ["https://a/token", "client", "Secret"], ["https://a/token", "clients", "ecret"]]
        {
            assert_eq!(Family::of(&other).fresh("s"), None, "{other:?}");
        }
        assert_eq!(one.fresh("another scope"), None);
    }

    #[test]
    fn a_token_is_renewed_before_its_end_and_good_until_then() {
        let family = Family::default();
        for (lifetime, is_fresh, is_good) in [(3600, true, true), (301, true, true), (0, false, false)] {
            family.keep("s", &Secret::new("t"), Duration::from_secs(lifetime));
            assert_eq!((family.fresh("s").is_some(), family.unexpired("s").is_some()), (is_fresh, is_good), "{lifetime}");
        }
        family.keep("s", &Secret::new("t"), MARGIN);
        let state = family.state();
        let (_, token) = &state.tokens[0];
        assert_eq!((state.tokens.len(), token.end - token.renewal), (1, MARGIN / 2));
    }

    #[test]
    fn a_refused_token_is_forgotten_and_its_successor_is_not() {
        let family = Family::default();
        family.keep("s", &Secret::new("new"), Duration::from_secs(3600));
        family.forget(&Secret::new("old"));
        assert!(family.fresh("s").is_some());
        family.forget(&Secret::new("new"));
        assert!(family.fresh("s").is_none());
    }

    #[test]
    fn one_call_at_a_time_gets_a_token_and_the_wait_for_it_has_an_end() {
        let family = Family::default();
        let turn = family.turn(&call(10_000)).unwrap();
        assert_eq!(family.turn(&call(60)).err().map(|error| error.status), Some(Status::Timeout));
        drop(turn);
        assert!(family.turn(&call(10_000)).is_ok());
    }

    #[test]
    fn scopes_make_room_for_newer_ones() {
        let family = Family::default();
        for scope in 0..100 {
            family.keep(&scope.to_string(), &Secret::new("t"), Duration::from_secs(3600));
        }
        assert_eq!(family.state().tokens.len(), MOST_SCOPES);
        assert!(family.fresh("99").is_some() && family.fresh("0").is_none());
    }
}
