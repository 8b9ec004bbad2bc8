//! How long an attempt that failed is rested on: growing pauses.

/// The pauses of the settings (`outbox.retry`), in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pauses {
    pub(crate) first: i64,
    pub(crate) factor: f64,
    pub(crate) most: i64,
}

impl Pauses {
    /// The pause after so many attempts that failed, the first being 1.
    ///
    /// Several machines that fail at the same moment come back at moments of their own, within a tenth of the pause: `seed` is what they
    /// differ in.
    pub(crate) fn after(&self, attempts: i64, seed: u64) -> i64 {
        let grown = self.first as f64 * self.factor.max(1.0).powf((attempts - 1).clamp(0, 1000) as f64);
        // A float beyond what fits becomes the greatest number, so this holds for every factor.
        let pause = (grown as i64).clamp(1, self.most.max(1));
        let spread = pause / 10;
        // A multiplicative hash: neighbours are far from each other.
        let part = i64::from((seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as u32);
        pause + spread * part / (1 << 24)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSES: Pauses = Pauses { first: 60_000, factor: 2.0, most: 3_600_000 };

    #[test]
    fn pauses_grow_to_the_longest_and_no_further() {
        let pauses: Vec<i64> = [0, 1, 2, 3, 7, 8, 400, i64::MAX].iter().map(|attempts| PAUSES.after(*attempts, 0)).collect();
        assert_eq!(pauses, [60_000, 60_000, 120_000, 240_000, 3_600_000, 3_600_000, 3_600_000, 3_600_000]);
    }

    #[test]
    fn two_that_fail_together_come_back_apart_within_a_tenth() {
        let pauses: Vec<i64> = (0..1000).map(|seed| PAUSES.after(1, seed)).collect();
        assert!(pauses.iter().all(|pause| (60_000..66_000).contains(pause)));
        assert!(pauses.windows(2).all(|pair| (pair[0] - pair[1]).abs() > 500));
    }

    #[test]
    fn settings_that_make_no_sense_still_give_a_pause() {
        assert_eq!(Pauses { first: 0, factor: 0.0, most: 0 }.after(5, 0), 1);
        assert_eq!(Pauses { first: 10, factor: f64::NAN, most: 100 }.after(5, 0), 10);
        assert_eq!(Pauses { first: 10, factor: f64::INFINITY, most: 100 }.after(5, 0), 100);
    }
}
