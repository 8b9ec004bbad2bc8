//! All that goes back to the same credentials.

use super::name::Item;
use crate::{Secret, Status};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A token is renewed so long before its end, or in the second half of its life where that is short.
const MARGIN: Duration = Duration::from_secs(300);

/// No token is kept for longer.
const LONGEST: Duration = Duration::from_secs(86_400);

/// How long the question for a turn waits for it. Short enough to ask between two of them whether the call is to go on.
const PATIENCE: Duration = Duration::from_millis(50);

/// How many scopes one family has tokens for.
const MOST_SCOPES: usize = 16;

/// How many further names a family has: enough for the refresh tokens of a day.
const MOST_NAMES: usize = 32;

/// All that goes back to the same credentials: access tokens by their scopes, and the newest token to renew them by.
#[derive(Default)]
pub struct Family {
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
    /// When something was last asked of it.
    asked: Option<Instant>,
    /// The names besides its first, the oldest first.
    names: VecDeque<String>,
}

struct Token {
    access: Secret,
    /// From here on a new one is got.
    renewal: Instant,
    end: Instant,
}

/// An access token that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached {
    /// The token.
    pub token: Secret,
    /// How long it is before it is to be renewed.
    pub fresh: Duration,
    /// How long it is good.
    pub good: Duration,
}

impl Cached {
    /// As [`Item::Token`] is put: how many milliseconds it is good, a blank, the token.
    pub fn write(token: &Secret, lifetime: Duration) -> Secret {
        Secret::new(format!("{} {}", lifetime.min(LONGEST).as_millis(), token.reveal()))
    }

    /// Reads what [`Item::Token`] gives: milliseconds until the renewal, milliseconds until the end, the token.
    pub fn read(given: &Secret) -> Option<Cached> {
        let (fresh, rest) = given.reveal().split_once(' ')?;
        let (good, token) = rest.split_once(' ')?;
        let milliseconds = |text: &str| text.parse().ok().map(Duration::from_millis);
        Some(Cached { token: Secret::new(token), fresh: milliseconds(fresh)?, good: milliseconds(good)? })
    }
}

impl Family {
    /// Gets an item; [`Status::NotFound`] where it is not there, [`Status::Later`] for a turn that another call has, after a short wait.
    pub fn get(&self, item: Item<'_>) -> Result<Secret, Status> {
        match item {
            Item::Token(scope) => self.token(scope).ok_or(Status::NotFound),
            Item::Refresh => {
                let refresh = self.state().refresh.clone();
                if refresh.is_empty() { Err(Status::NotFound) } else { Ok(refresh) }
            }
            Item::Turn => self.take_turn(),
            Item::Refused | Item::Same => Err(Status::Argument),
        }
    }

    /// Puts an item; [`Status::Argument`] where the value is not one.
    pub fn put(&self, item: Item<'_>, value: &Secret) -> Result<(), Status> {
        match item {
            Item::Token(scope) => return self.keep(scope, value).ok_or(Status::Argument),
            // Another one that came in between stays.
            Item::Refused => self.state().tokens.retain(|(_, token)| token.access != *value),
            Item::Refresh => self.state().refresh = value.clone(),
            Item::Turn => self.give_turn(),
            Item::Same => return Err(Status::Argument),
        }
        Ok(())
    }

    fn token(&self, scope: &str) -> Option<Secret> {
        let state = self.state();
        let (_, token) = state.tokens.iter().find(|(known, _)| known == scope)?;
        let now = Instant::now();
        let [fresh, good] = [token.renewal, token.end].map(|until| until.saturating_duration_since(now).as_millis());
        (good > 0).then(|| Secret::new(format!("{fresh} {good} {}", token.access.reveal())))
    }

    fn keep(&self, scope: &str, value: &Secret) -> Option<()> {
        let (lifetime, access) = value.reveal().split_once(' ')?;
        let lifetime = Duration::from_millis(lifetime.parse().ok()?).min(LONGEST);
        if access.is_empty() || !access.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let now = Instant::now();
        let token = Token { access: Secret::new(access), renewal: now + lifetime - MARGIN.min(lifetime / 2), end: now + lifetime };
        let mut state = self.state();
        state.tokens.retain(|(known, _)| known != scope);
        if state.tokens.len() >= MOST_SCOPES {
            state.tokens.remove(0);
        }
        state.tokens.push((scope.to_owned(), token));
        Some(())
    }

    fn take_turn(&self) -> Result<Secret, Status> {
        let state = self.state();
        let (mut state, _) =
            self.changed.wait_timeout_while(state, PATIENCE, |state| state.is_busy).unwrap_or_else(PoisonError::into_inner);
        if state.is_busy {
            return Err(Status::Later);
        }
        state.is_busy = true;
        Ok(Secret::default())
    }

    /// Lets the next call get a token.
    pub(super) fn give_turn(&self) {
        self.state().is_busy = false;
        self.changed.notify_one();
    }

    /// Notes one more name; the oldest one where there are too many.
    pub(super) fn known_as(&self, name: &str) -> Option<String> {
        let mut state = self.lock();
        state.names.push_back(name.to_owned());
        if state.names.len() > MOST_NAMES { state.names.pop_front() } else { None }
    }

    /// How many names it has besides its first.
    pub(super) fn further_names(&self) -> usize {
        self.lock().names.len()
    }

    /// Whether forgetting it would lose something.
    pub(super) fn has_something(&self) -> bool {
        let state = self.lock();
        state.is_busy || !state.refresh.is_empty() || state.tokens.iter().any(|(_, token)| Instant::now() < token.end)
    }

    /// When something was last asked of it.
    pub(super) fn asked(&self) -> Option<Instant> {
        self.lock().asked
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        state.asked = Some(Instant::now());
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(family: &Family, scope: &str, token: &str, seconds: u64) {
        family.put(Item::Token(scope), &Cached::write(&Secret::new(token), Duration::from_secs(seconds))).unwrap();
    }

    fn kept(family: &Family, scope: &str) -> Option<Cached> {
        family.get(Item::Token(scope)).ok().as_ref().and_then(Cached::read)
    }

    #[test]
    fn a_token_is_renewed_before_its_end_and_good_until_then() {
        let family = Family::default();
        for (lifetime, is_fresh, is_good) in [(3600, true, true), (301, true, true), (0, false, false)] {
            keep(&family, "s", "t", lifetime);
            let kept = kept(&family, "s");
            assert_eq!((kept.as_ref().is_some_and(|kept| !kept.fresh.is_zero()), kept.is_some()), (is_fresh, is_good), "{lifetime}");
        }
        keep(&family, "s", "t", MARGIN.as_secs());
        let state = family.state();
        let (_, token) = &state.tokens[0];
        assert_eq!((state.tokens.len(), token.end - token.renewal), (1, MARGIN / 2));
    }

    #[test]
    fn no_token_is_kept_for_longer_than_a_day() {
        let family = Family::default();
        family.put(Item::Token("s"), &Secret::new(format!("{} t", u64::MAX))).unwrap();
        assert!(kept(&family, "s").unwrap().good <= LONGEST);
        assert_eq!(Cached::write(&Secret::new("t"), Duration::MAX).reveal(), "86400000 t");
    }

    #[test]
    fn a_refused_token_is_forgotten_and_its_successor_is_not() {
        let family = Family::default();
        keep(&family, "s", "new", 3600);
        family.put(Item::Refused, &Secret::new("old")).unwrap();
        assert!(kept(&family, "s").is_some());
        family.put(Item::Refused, &Secret::new("new")).unwrap();
        assert!(kept(&family, "s").is_none());
    }

    #[test]
    fn one_call_at_a_time_has_the_turn() {
        let family = Family::default();
        family.get(Item::Turn).unwrap();
        assert_eq!(family.get(Item::Turn), Err(Status::Later));
        family.put(Item::Turn, &Secret::default()).unwrap();
        family.get(Item::Turn).unwrap();
    }

    #[test]
    fn scopes_make_room_for_newer_ones() {
        let family = Family::default();
        for scope in 0..100 {
            keep(&family, &scope.to_string(), "t", 3600);
        }
        assert_eq!(family.state().tokens.len(), MOST_SCOPES);
        assert!(kept(&family, "99").is_some() && kept(&family, "0").is_none());
    }
}
