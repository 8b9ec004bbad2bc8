//! What an engine makes of settings, once for all connections with the same settings.

use crate::Error;
use crate::settings::{Tls, TlsVersion};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How long a thing is used before it is made anew: a long-lived process notices a changed trust store of the system after that time.
const MAX_AGE: Duration = Duration::from_secs(600);

/// How many things are kept. An ERP has a handful of accounts; more only cost time.
const MAX_THINGS: usize = 16;

/// Things by what they depend on.
pub(super) struct Cache<T>(Mutex<Vec<Cached<T>>>);

struct Cached<T> {
    key: Key,
    made: Instant,
    thing: T,
}

/// All that a thing depends on. `tls.verify` and `tls.pin` are not here: each connection has its own ([`super::Handshake`]).
#[derive(PartialEq)]
struct Key {
    minimum: TlsVersion,
    ca_file: Option<(String, Stamp)>,
    client_certificate: Option<(String, Stamp)>,
}

/// Time of change and size of a file: a file that was replaced has another stamp.
type Stamp = Option<(SystemTime, u64)>;

impl<T> Default for Cache<T> {
    fn default() -> Cache<T> {
        Cache::new()
    }
}

impl<T> Cache<T> {
    pub(super) const fn new() -> Cache<T> {
        Cache(Mutex::new(Vec::new()))
    }

    fn things(&self) -> MutexGuard<'_, Vec<Cached<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone + Send + 'static> Cache<T> {
    /// What was made of these settings, or is made now. A thing with a private key lies beside the settings that name the key, and goes
    /// with them; all others lie in `self`.
    pub(super) fn get(&self, tls: &Tls, make: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let own = tls.client_certificate.as_ref().and_then(|own| own.kept.get(Cache::default));
        own.unwrap_or(self).fresh(Key::of(tls), Instant::now(), make)
    }

    fn fresh(&self, key: Key, now: Instant, make: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let is_fresh = |cached: &Cached<T>| now.duration_since(cached.made) < MAX_AGE;
        let found = self.things().iter().find(|cached| cached.key == key && is_fresh(cached)).map(|cached| cached.thing.clone());
        if let Some(thing) = found {
            return Ok(thing);
        }
        // Made without the lock: another thread's first connection need not wait for this one's files.
        let thing = make()?;
        let mut things = self.things();
        things.retain(|cached| cached.key != key && is_fresh(cached));
        if things.len() == MAX_THINGS {
            things.remove(0);
        }
        things.push(Cached { key, made: now, thing: thing.clone() });
        Ok(thing)
    }
}

impl Key {
    fn of(tls: &Tls) -> Key {
        Key {
            minimum: tls.minimum,
            ca_file: tls.ca_file.as_ref().map(|file| (file.clone(), stamp(file))),
            client_certificate: tls.client_certificate.as_ref().map(|own| (own.file.clone(), stamp(&own.file))),
        }
    }
}

fn stamp(file: &str) -> Stamp {
    let facts = std::fs::metadata(file).ok()?;
    Some((facts.modified().ok()?, facts.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;
    use crate::settings::ClientCertificate;
    use std::cell::Cell;
    use std::path::PathBuf;

    /// A file that settings name, gone after the test.
    struct Named(PathBuf);

    impl Named {
        fn new(name: &str) -> Named {
            let file = std::env::temp_dir().join(format!("postkontor-cache-{name}-{}", std::process::id()));
            std::fs::write(&file, name).unwrap();
            Named(file)
        }

        fn path(&self) -> String {
            self.0.display().to_string()
        }

        fn client_certificate(&self) -> Option<ClientCertificate> {
            Some(ClientCertificate { file: self.path(), password: Secret::default(), kept: Default::default() })
        }
    }

    impl Drop for Named {
        fn drop(&mut self) {
            drop(std::fs::remove_file(&self.0));
        }
    }

    fn trusting(authority: &Named) -> Tls {
        Tls { ca_file: Some(authority.path()), ..Tls::default() }
    }

    /// A cache, and how many things were made for it.
    #[derive(Default)]
    struct Counted(Cache<usize>, Cell<usize>);

    impl Counted {
        fn made_after(&self, tls: &Tls, now: Instant) -> usize {
            let make = || {
                self.1.set(self.1.get() + 1);
                Ok(self.1.get())
            };
            self.0.fresh(Key::of(tls), now, make).unwrap();
            self.1.get()
        }
    }

    #[test]
    fn settings_that_trust_otherwise_never_share() {
        let (one, other, now) = (Named::new("one"), Named::new("other"), Instant::now());
        let all = [
            Tls::default(),
            Tls { minimum: TlsVersion::Tls13, ..Tls::default() },
            trusting(&one),
            trusting(&other),
            Tls { client_certificate: one.client_certificate(), ..trusting(&one) },
            Tls { client_certificate: other.client_certificate(), ..trusting(&one) },
        ];
        let counted = Counted::default();
        for (index, tls) in all.iter().enumerate() {
            assert_eq!(counted.made_after(tls, now), index + 1);
        }
        for tls in &all {
            assert_eq!(counted.made_after(tls, now), all.len(), "equal settings share");
        }
    }

    #[test]
    fn a_file_that_was_replaced_is_read_anew() {
        let (authority, now, counted) = (Named::new("replaced"), Instant::now(), Counted::default());
        assert_eq!((counted.made_after(&trusting(&authority), now), counted.made_after(&trusting(&authority), now)), (1, 1));
        let text = std::fs::read(&authority.0).unwrap();
        std::fs::write(&authority.0, [&text[..], b"\n"].concat()).unwrap();
        assert_eq!(counted.made_after(&trusting(&authority), now), 2, "another size");
        let file = std::fs::File::options().write(true).open(&authority.0).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
        assert_eq!(counted.made_after(&trusting(&authority), now), 3, "another time of change");
    }

    #[test]
    fn the_store_of_the_system_is_read_anew_after_ten_minutes() {
        let (tls, now, counted) = (Tls::default(), Instant::now(), Counted::default());
        assert_eq!(counted.made_after(&tls, now), 1);
        assert_eq!(counted.made_after(&tls, now + MAX_AGE - Duration::from_secs(1)), 1);
        assert_eq!(counted.made_after(&tls, now + MAX_AGE), 2);
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let (now, counted) = (Instant::now(), Counted::default());
        let tls = |number: usize| Tls { ca_file: Some(format!("/nowhere/{number}")), ..Tls::default() };
        for number in 0..=MAX_THINGS {
            counted.made_after(&tls(number), now);
        }
        assert_eq!(counted.0.things().len(), MAX_THINGS);
        assert_eq!(counted.made_after(&tls(1), now), MAX_THINGS + 1, "still there");
        assert_eq!(counted.made_after(&tls(0), now), MAX_THINGS + 2, "made again");
    }

    #[test]
    fn a_private_key_goes_with_the_settings_that_name_it() {
        let file = Named::new("own-key");
        let tls = Tls { client_certificate: file.client_certificate(), ..Tls::default() };
        let shared = Cache::<usize>::new();
        assert_eq!(shared.get(&tls, || Ok(1)).unwrap(), 1);
        assert_eq!(shared.get(&tls, || Ok(2)).unwrap(), 1, "made once for the account");
        let kept = tls.client_certificate.as_ref().unwrap().kept.get(Cache::<usize>::default).unwrap();
        assert_eq!((kept.things().len(), shared.things().len()), (1, 0), "nothing outlives the account");
        assert_eq!(shared.get(&Tls::default(), || Ok(3)).unwrap(), 3);
        assert_eq!(shared.things().len(), 1);
    }
}
