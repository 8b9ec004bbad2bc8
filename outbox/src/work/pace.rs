//! How many mails a lane claims at a time.

use std::time::Duration;

/// How long handing over a batch should take: long enough that the commit beside it costs little, short enough that a kill leaves few
/// mails in doubt and that a lane stops soon.
const AIM: Duration = Duration::from_millis(300);

/// The most mails of a batch.
const MOST: usize = 100;

/// A mail of more bytes comes alone.
pub(crate) const LARGE: i64 = 1 << 20;

/// The most bytes of a batch.
pub(crate) const BYTES: i64 = 4 << 20;

/// The size of the next batch, by how long the last ones took.
#[derive(Debug)]
pub(crate) struct Pace {
    mails: usize,
}

impl Pace {
    /// The first batch is small: how fast the server is, is not known.
    pub(crate) fn new() -> Pace {
        Pace { mails: 4 }
    }

    /// How many mails the next batch has at most.
    pub(crate) fn mails(&self) -> usize {
        self.mails
    }

    /// Learns how long a batch took. It grows fourfold at most, as one quick batch proves little, and shrinks at once.
    pub(crate) fn learn(&mut self, mails: usize, took: Duration) {
        if mails == 0 {
            return;
        }
        let each = (took / u32::try_from(mails).unwrap_or(u32::MAX)).max(Duration::from_micros(1));
        let fit = usize::try_from(AIM.as_micros() / each.as_micros().max(1)).unwrap_or(MOST);
        // A batch that was smaller than it could have been says nothing of larger ones.
        let most = if mails < self.mails { self.mails } else { self.mails.saturating_mul(4) };
        self.mails = fit.clamp(1, MOST.min(most));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_server_gets_larger_batches_step_by_step() {
        let mut pace = Pace::new();
        for expected in [16, 64, 100, 100] {
            pace.learn(pace.mails(), Duration::from_millis(2));
            assert_eq!(pace.mails(), expected);
        }
    }

    #[test]
    fn a_slow_server_gets_one_mail_at_a_time() {
        let mut pace = Pace { mails: 100 };
        pace.learn(100, Duration::from_secs(200));
        assert_eq!(pace.mails(), 1);
    }

    #[test]
    fn a_batch_that_was_not_full_does_not_make_the_next_one_larger() {
        let mut pace = Pace { mails: 16 };
        pace.learn(1, Duration::from_micros(10));
        assert_eq!(pace.mails(), 16);
        pace.learn(0, Duration::ZERO);
        assert_eq!(pace.mails(), 16);
    }
}
