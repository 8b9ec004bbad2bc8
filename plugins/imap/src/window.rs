//! How much one command fetches.
//!
//! What the host has taken is marked or deleted when the window has come, and comes again after a crash before that; so a window is to
//! last about a second. Larger ones spare Dovecot up to a millisecond for each command.

use crate::fetch_response::MessageData;
use std::ops::RangeInclusive;
use std::time::Duration;

/// How long fetching a window should last.
const TIME: Duration = Duration::from_secs(1);

/// So many messages at most.
pub(crate) const WINDOW: usize = 10_000;

/// Messages of so many bytes: at least what keeps a slow line busy.
const BYTES: RangeInclusive<u64> = 64 * 1024..=32 * 1024 * 1024;

/// The first window, where the sizes of the messages are known and where they are not.
pub(crate) const FIRST_BYTES: u64 = 1024 * 1024;
pub(crate) const FIRST: usize = 16;

/// So many messages are described by one command, whose line always has room to name them.
pub(crate) const LOOK: usize = 500;

/// How many bytes the next window may have, after one that had so many and took so long.
pub(crate) fn room(before: u64, bytes: u64, elapsed: Duration) -> u64 {
    let in_time = u128::from(bytes) * TIME.as_micros() / elapsed.as_micros().max(1);
    u64::try_from(in_time).unwrap_or(u64::MAX).min(4 * before).clamp(*BYTES.start(), *BYTES.end())
}

/// The bytes of all of them.
pub(crate) fn bytes(window: &[MessageData]) -> u64 {
    window.iter().fold(0, |sum, message| sum.saturating_add(message.size))
}

/// How many of the messages go into the next window of so many bytes, headers apart from whole messages.
pub(crate) fn window(rest: &[MessageData], max_bytes: Option<u64>, room: u64) -> usize {
    let headers = rest.first().is_some_and(|first| is_large(first, max_bytes));
    let mut bytes: u64 = 0;
    let fits = |message: &&MessageData| {
        let before = bytes;
        bytes = bytes.saturating_add(if headers { 4096 } else { message.size });
        is_large(message, max_bytes) == headers && (before == 0 || bytes <= room)
    };
    rest.iter().take_while(fits).count().max(1)
}

/// Whether a message is larger than the limit. One without a size may be.
pub(crate) fn is_large(message: &MessageData, max_bytes: Option<u64>) -> bool {
    max_bytes.is_some_and(|limit| message.size > limit || !message.has_size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_keep_headers_and_whole_messages_apart() {
        let message = |size| MessageData { uid: 1, size, has_size: true, ..MessageData::default() };
        let rest = [message(10), message(20), message(5000), message(30)];
        assert_eq!(window(&rest, Some(1000), FIRST_BYTES), 2);
        assert_eq!(window(&rest[2..], Some(1000), FIRST_BYTES), 1);
        assert_eq!(window(&rest, None, FIRST_BYTES), 4);
        assert_eq!(window(&rest, None, 100), 2);
        assert_eq!(window(&[message(FIRST_BYTES * 2), message(1)], None, FIRST_BYTES), 1);
        assert_eq!(bytes(&[message(u64::MAX), message(1)]), u64::MAX);
    }

    #[test]
    fn a_window_lasts_about_a_second_and_does_not_grow_at_once() {
        let second = Duration::from_secs(1);
        assert_eq!(room(FIRST_BYTES, 1_000_000, 2 * second), 500_000);
        assert_eq!(room(FIRST_BYTES, 1_000_000, second / 2), 2_000_000);
        assert_eq!(room(FIRST_BYTES, 1_000_000, Duration::ZERO), 4 * FIRST_BYTES);
        assert_eq!(room(*BYTES.end(), u64::MAX, Duration::ZERO), *BYTES.end());
        assert_eq!(room(FIRST_BYTES, 1_000_000, 100 * second), *BYTES.start());
    }
}
