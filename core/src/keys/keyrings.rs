//! The keyrings of senders whose messages are built without an account.

use super::Keyring;
use crate::settings::{Outgoing, Sign};
use std::sync::{Arc, Mutex, PoisonError};

/// So many senders are remembered.
const MOST: usize = 8;

/// Remembers what signs, from message to message: reading a key takes longer than signing with it.
#[derive(Default)]
pub(crate) struct Keyrings(Mutex<Vec<(Sign, Arc<Keyring>)>>);

impl Keyrings {
    /// The keyring of a sender.
    pub(crate) fn of(&self, smime: Option<&Outgoing>) -> Arc<Keyring> {
        let Some(sign) = smime.and_then(|smime| smime.sign.as_ref()) else { return Arc::default() };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().position(|(other, _)| other == sign).map(|at| known.remove(at));
        let (sign, keyring) = found.unwrap_or_else(|| (sign.clone(), Arc::default()));
        known.truncate(MOST - 1);
        known.insert(0, (sign, Arc::clone(&keyring)));
        keyring
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(certificate: String) -> Outgoing {
        Outgoing { sign: Some(Sign { certificate, password: None, chain: None }), encrypt: None }
    }

    #[test]
    fn the_last_senders_are_remembered_and_older_ones_are_not() {
        let (keyrings, first) = (Keyrings::default(), sender("first.p12".to_owned()));
        let kept = keyrings.of(Some(&first));
        for number in 1..MOST {
            assert!(!Arc::ptr_eq(&kept, &keyrings.of(Some(&sender(format!("{number}.p12"))))));
        }
        assert!(Arc::ptr_eq(&kept, &keyrings.of(Some(&first))));
        for number in 0..MOST {
            keyrings.of(Some(&sender(format!("other {number}.p12"))));
        }
        assert!(!Arc::ptr_eq(&kept, &keyrings.of(Some(&first))));
    }
}
