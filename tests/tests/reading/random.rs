//! Numbers that look random and are the same in each run (SplitMix64).

use std::collections::VecDeque;

/// A source of numbers, begun by a seed.
pub(crate) struct Random {
    state: u64,
    /// What is drawn before the state counts; a fuzzer writes it.
    drawn: VecDeque<u8>,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random { state: seed, drawn: VecDeque::new() }
    }

    /// Draws these bytes first.
    pub(crate) fn of(drawn: &[u8]) -> Random {
        Random { state: 0, drawn: drawn.iter().copied().collect() }
    }

    fn next(&mut self) -> u64 {
        if let Some(byte) = self.drawn.pop_front() {
            return u64::from(byte) | u64::from(self.drawn.pop_front().unwrap_or_default()) << 8;
        }
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 where there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).expect("it is below a usize")
    }

    pub(crate) fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    pub(crate) fn is_one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// A source of its own, so that what is drawn from it does not change what comes next here.
    pub(crate) fn branch(&mut self) -> Random {
        Random::new(self.next())
    }

    /// A share of `whole`.
    pub(crate) fn share(&mut self, whole: usize) -> usize {
        whole * self.below(1000) / 1000
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}
