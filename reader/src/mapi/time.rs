//! Times of MAPI as the dates of mail.

use crate::civil;

/// Days from 1601-01-01 to 1970-01-01.
const TO_1970: i64 = 134_774;
const DAY: u64 = 86_400;
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A time in units of 100 ns since 1601 (UTC) as RFC 5322 writes it. `None` for times that stand for none, and beyond the year 9999.
pub(super) fn date(time: u64) -> Option<String> {
    let seconds = time / 10_000_000;
    let (days, second) = (i64::try_from(seconds / DAY).ok()?, seconds % DAY);
    // 1601-01-01 was a Monday.
    let weekday = DAYS[usize::try_from(days % 7).ok()?];
    let (year, month, day) = civil::date(days - TO_1970);
    if days == 0 || year > 9999 {
        return None;
    }
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    Some(format!("{weekday}, {day:02} {} {year:04} {hour:02}:{minute:02}:{second:02} +0000", MONTHS[usize::try_from(month - 1).ok()?]))
}

/// A date with its time of day as a time of MAPI; `None` for one that is no date.
pub(crate) fn of_date(year: u16, month: u16, day: u16, time: [u16; 3]) -> Option<u64> {
    let [hour, minute, second] = time;
    let is_date = year >= 1601 && (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 60;
    if !is_date {
        return None;
    }
    let days = civil::number(year.into(), month.into(), day.into());
    let days = u64::try_from(days + TO_1970).ok()?;
    Some((days * DAY + u64::from(hour) * 3600 + u64::from(minute) * 60 + u64::from(second)) * 10_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_dates_and_dates_read_as_times() {
        assert_eq!(date(133_772_256_000_000_000).as_deref(), Some("Thu, 28 Nov 2024 00:00:00 +0000"));
        for (year, month, day, expected) in [
            (2026, 2, 28, "Sat, 28 Feb 2026 23:59:01 +0000"),
            (2000, 2, 29, "Tue, 29 Feb 2000 23:59:01 +0000"),
            (1970, 1, 1, "Thu, 01 Jan 1970 23:59:01 +0000"),
        ] {
            assert_eq!(date(of_date(year, month, day, [23, 59, 1]).unwrap()).as_deref(), Some(expected));
        }
        assert_eq!((of_date(2026, 13, 1, [0; 3]), of_date(0, 1, 1, [0; 3]), date(0), date(u64::MAX)), (None, None, None, None));
    }
}
