//! Sets of UIDs as the wire writes them: `1:5,7`.

use std::fmt::Write;
use std::ops::RangeInclusive;

/// UIDs from one to another, both in it.
pub(crate) type Range = RangeInclusive<u32>;

/// A set of UIDs in ascending ranges that neither touch nor overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UidSet(Vec<Range>);

impl UidSet {
    /// The set of these UIDs.
    pub(crate) fn new(uids: impl IntoIterator<Item = u32>) -> UidSet {
        let mut uids: Vec<u32> = uids.into_iter().collect();
        uids.sort_unstable();
        let mut set = UidSet::default();
        uids.into_iter().for_each(|uid| set.push(uid));
        set
    }

    /// Adds a UID that is not below any in the set.
    fn push(&mut self, uid: u32) {
        match self.0.last_mut() {
            Some(last) if *last.end() >= uid => (),
            Some(last) if last.end().checked_add(1) == Some(uid) => *last = *last.start()..=uid,
            _ => self.0.push(uid..=uid),
        }
    }

    /// Reads `1:5,7`; nothing for an empty text.
    pub(crate) fn parse(text: &str) -> Option<UidSet> {
        let mut set = UidSet::default();
        for range in text.split(',').filter(|range| !range.is_empty()) {
            let (start, end) = range.split_once(':').unwrap_or((range, range));
            let (start, end): (u32, u32) = (start.parse().ok()?, end.parse().ok()?);
            let (start, end) = (start.min(end), start.max(end));
            if start == 0 || set.0.last().is_some_and(|last| *last.end() >= start) {
                return None;
            }
            set.0.push(start..=end);
        }
        Some(set)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains(&self, uid: u32) -> bool {
        let at = self.0.partition_point(|range| *range.end() < uid);
        self.0.get(at).is_some_and(|range| range.contains(&uid))
    }

    /// The set of what lies in these ranges, whatever their order.
    pub(crate) fn of(ranges: impl IntoIterator<Item = Range>) -> UidSet {
        UidSet(ranges.into_iter().collect()).union(&UidSet::default())
    }

    /// The ranges, ascending.
    pub(crate) fn ranges(&self) -> &[Range] {
        &self.0
    }

    /// The UIDs that are in this set or in the other.
    pub(crate) fn union(&self, other: &UidSet) -> UidSet {
        let mut ranges: Vec<_> = self.0.iter().chain(&other.0).cloned().collect();
        ranges.sort_unstable_by_key(|range| *range.start());
        let mut all = UidSet::default();
        for range in ranges {
            match all.0.last_mut() {
                Some(last) if last.end().checked_add(1).is_none_or(|next| next >= *range.start()) => {
                    *last = *last.start()..=*last.end().max(range.end());
                }
                _ => all.0.push(range),
            }
        }
        all
    }

    /// The UIDs that are in this set and not in the other.
    pub(crate) fn difference(&self, other: &UidSet) -> UidSet {
        let mut left = UidSet::default();
        for range in &self.0 {
            let mut start = Some(*range.start());
            let first = other.0.partition_point(|taken| taken.end() < range.start());
            for taken in other.0[first..].iter().take_while(|taken| taken.start() <= range.end()) {
                if let Some(start) = start.filter(|start| start < taken.start()) {
                    left.0.push(start..=taken.start() - 1);
                }
                start = taken.end().checked_add(1);
            }
            left.0.extend(start.filter(|start| start <= range.end()).map(|start| start..=*range.end()));
        }
        left
    }

    /// The set of these UIDs on the wire.
    pub(crate) fn set(uids: &[u32]) -> String {
        UidSet::new(uids.iter().copied()).text()
    }

    /// The set on the wire.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for range in &self.0 {
            if !text.is_empty() {
                text.push(',');
            }
            // Writing to a String cannot fail.
            let _ = if range.start() == range.end() {
                write!(text, "{}", range.start())
            } else {
                write!(text, "{}:{}", range.start(), range.end())
            };
        }
        text
    }

    /// How many of the UIDs, which ascend, one command can name: its line should stay below 8000 bytes (RFC 9051, section 4).
    pub(crate) fn fits_command(uids: impl IntoIterator<Item = u32>) -> usize {
        const ROOM: u32 = 7500;
        let (mut before, mut last_end, mut last) = (0, 0, None);
        let fits = |uid: &u32| {
            // With the colon or comma behind it.
            let length = uid.checked_ilog10().unwrap_or_default() + 2;
            if last.replace(*uid).and_then(|last: u32| last.checked_add(1)) == Some(*uid) {
                last_end = length;
            } else {
                before += last_end + length;
                last_end = 0;
            }
            before + last_end <= ROOM
        };
        uids.into_iter().take_while(fits).count()
    }

    /// The UIDs, which ascend, in pieces that one command each can name.
    pub(crate) fn pieces(uids: &[u32]) -> impl Iterator<Item = &[u32]> {
        let mut rest = uids;
        std::iter::from_fn(move || {
            let (piece, after) = rest.split_at(UidSet::fits_command(rest.iter().copied()));
            rest = after;
            (!piece.is_empty()).then_some(piece)
        })
    }

    /// The set of those in `mailbox` (ascending) that pass, written as if the UIDs between them that do not exist were in it:
    /// a mailbox that was fetched whole is one range, however many messages were deleted from it.
    pub(crate) fn compact(mailbox: &[u32], passes: impl Fn(u32) -> bool) -> UidSet {
        let mut set = UidSet::default();
        let mut open: Option<(u32, u32)> = None;
        for uid in mailbox.iter().copied() {
            open = match (open, passes(uid)) {
                (Some((start, _)), true) => Some((start, uid)),
                (None, true) => Some((uid, uid)),
                (Some((start, end)), false) => {
                    set.0.push(start..=end);
                    None
                }
                (None, false) => None,
            };
        }
        set.0.extend(open.map(|(start, end)| start..=end));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_written_in_ranges_and_read_back() {
        let set = UidSet::new([7, 1, 2, 3, 2, 9]);
        assert_eq!(set.text(), "1:3,7,9");
        assert_eq!(UidSet::parse("1:3,7,9").unwrap(), set);
        assert!(set.contains(2) && set.contains(9) && !set.contains(8) && !set.contains(10));
        assert_eq!(UidSet::parse("").unwrap(), UidSet::default());
        for wrong in ["x", "0", "5,3", "1:2,2", "1:4294967296"] {
            assert!(UidSet::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_command_names_as_many_as_its_line_has_room_for() {
        assert_eq!(UidSet::fits_command(1..=100_000), 100_000);
        assert_eq!(UidSet::fits_command([]), 0);
        for step in [2, 3, 1000, 400_000] {
            let uids: Vec<u32> = (1..=5000).map(|number| number * step).collect();
            let count = UidSet::fits_command(uids.iter().copied());
            let text = |count: usize| UidSet::set(&uids[..count]).len();
            assert!(text(count) < 7500 && text(count + 1) >= 7500, "{step}: {count}");
            assert_eq!(UidSet::pieces(&uids).next(), Some(&uids[..count]));
            assert_eq!(UidSet::pieces(&uids).flatten().copied().collect::<Vec<_>>(), uids);
        }
    }

    #[test]
    fn sets_are_joined_and_taken_from_each_other() {
        let members = |set: &UidSet| (1..=40).filter(|uid| set.contains(*uid)).collect::<Vec<u32>>();
        // Every pair of sets of six UIDs, each with the rest of a longer one behind it.
        for (one, other) in (0..4096_u32).map(|bits| (bits & 63, bits >> 6)) {
            let set = |bits: u32| UidSet::new((1..=6).filter(|uid| bits >> (uid - 1) & 1 == 1).chain(10..=20 + bits % 7));
            let (one, other) = (set(one), set(other));
            let (with, difference) = (one.union(&other), one.difference(&other));
            let expected = |keep: &dyn Fn(u32) -> bool| (1..=40).filter(|uid| keep(*uid)).collect::<Vec<u32>>();
            assert_eq!(members(&with), expected(&|uid| one.contains(uid) || other.contains(uid)));
            assert_eq!(members(&difference), expected(&|uid| one.contains(uid) && !other.contains(uid)));
            assert!(UidSet::parse(&with.text()) == Some(with) && UidSet::parse(&difference.text()) == Some(difference));
        }
        let all = UidSet::parse("1:4294967295").unwrap();
        assert_eq!(all.difference(&all).text(), "");
        assert_eq!(all.union(&all).text(), "1:4294967295");
        assert_eq!(all.difference(&UidSet::parse("5,4294967295").unwrap()).text(), "1:4,6:4294967294");
    }

    #[test]
    fn a_mailbox_that_was_fetched_whole_is_one_range() {
        assert_eq!(UidSet::compact(&[2, 5, 9, 100], |_| true).text(), "2:100");
        assert_eq!(UidSet::compact(&[2, 5, 9, 100], |uid| uid != 9).text(), "2:5,100");
        assert_eq!(UidSet::compact(&[2], |_| false).text(), "");
    }
}
