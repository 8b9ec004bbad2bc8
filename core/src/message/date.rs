//! Dates as mail writes them (RFC 5322 section 3.3).

use std::time::{SystemTime, UNIX_EPOCH};

/// A moment with its UTC offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date {
    year: i64,
    /// 1 to 12.
    month: usize,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    /// What that clock is ahead of UTC, in minutes.
    offset: i64,
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl Date {
    /// The present, in UTC: the reader's program shows it in the reader's zone, and no machine's zone table can be wrong.
    pub(super) fn now() -> Date {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Date::from_unix(i64::try_from(seconds).unwrap_or(0))
    }

    fn from_unix(seconds: i64) -> Date {
        let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        Date { year, month, day, hour: rest / 3600, minute: rest / 60 % 60, second: rest % 60, offset: 0 }
    }

    /// Reads RFC 3339 (`2026-11-21T20:08:11+01:00`) or RFC 5322 (`Sat, 21 Nov 2026 20:08:11 +0100`).
    pub(super) fn parse(text: &str) -> Option<Date> {
        let text = text.trim_matches(' ');
        let date = match text.as_bytes().get(4) {
            Some(b'-') => parse_3339(text),
            _ => parse_5322(text),
        }?;
        let leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
        let days = match date.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let valid = (1900..=9999).contains(&date.year)
            && (1..=days).contains(&date.day)
            && date.hour < 24
            && date.minute < 60
            && date.second <= 60
            && date.offset.abs() < 24 * 60;
        valid.then_some(date)
    }

    /// Appends the date as a header writes it.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let weekday = WEEKDAYS[usize::try_from((days(self.year, self.month, self.day) + 3).rem_euclid(7)).unwrap_or(0)];
        out.extend_from_slice(weekday.as_bytes());
        out.extend_from_slice(b", ");
        if self.day >= 10 {
            two(out, self.day);
        } else {
            out.push(b'0' + self.day as u8);
        }
        out.push(b' ');
        out.extend_from_slice(MONTHS[self.month - 1].as_bytes());
        out.push(b' ');
        two(out, self.year / 100);
        two(out, self.year % 100);
        for (mark, number) in [(b' ', self.hour), (b':', self.minute), (b':', self.second)] {
            out.push(mark);
            two(out, number);
        }
        out.extend_from_slice(if self.offset < 0 { b" -" } else { b" +" });
        two(out, self.offset.abs() / 60);
        two(out, self.offset.abs() % 60);
    }
}

/// A moment in seconds since 1970 as RFC 3339 writes it, in UTC: `2026-11-28T22:13:03Z`.
pub(crate) fn rfc3339(seconds: i64) -> String {
    let Date { year, month, day, hour, minute, second, .. } = Date::from_unix(seconds);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The moment that RFC 3339 writes so, in whole seconds since 1970.
pub fn moment(text: &str) -> Option<i64> {
    let Date { year, month, day, hour, minute, second, offset } = Date::parse(text).filter(|_| text.as_bytes().get(4) == Some(&b'-'))?;
    Some(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset * 60)
}

/// A moment as RFC 3339 writes it, in UTC, with milliseconds: `2026-11-28T22:13:03.123Z`.
pub fn timestamp(moment: SystemTime) -> String {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    let Date { year, month, day, hour, minute, second, .. } = Date::from_unix(i64::try_from(since.as_secs()).unwrap_or(0));
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", since.subsec_millis())
}

fn two(out: &mut Vec<u8>, number: i64) {
    out.push(b'0' + (number / 10 % 10) as u8);
    out.push(b'0' + (number % 10) as u8);
}

/// Days since 1970-01-01 of a date in the Gregorian calendar, counted in years that begin in March.
fn days(year: i64, month: usize, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let shifted = (month as i64 + 9) % 12;
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * shifted + 2) / 5 + day - 1 - 719_468
}

/// The date of a day since 1970-01-01.
fn civil(since: i64) -> (i64, usize, i64) {
    let shifted = since + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), usize::try_from(month).unwrap_or(1), day)
}

fn number(text: &str) -> Option<i64> {
    (!text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn parse_3339(text: &str) -> Option<Date> {
    let (day, time) = text.split_once(['T', 't', ' '])?;
    let mut day = day.split('-');
    let (year, month, day, end) = (number(day.next()?)?, number(day.next()?)?, number(day.next()?)?, day.next());
    let zone = time.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = time.split_at(zone);
    let offset = match zone {
        "Z" | "z" => 0,
        _ => offset(&zone.replace(':', ""))?,
    };
    let (hour, minute, second) = clock(time.split_once('.').map_or(time, |(whole, _)| whole))?;
    let month = usize::try_from(month).ok()?;
    end.is_none().then_some(Date { year, month, day, hour, minute, second, offset })
}

fn parse_5322(text: &str) -> Option<Date> {
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    let day = number(words.next()?)?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))? + 1;
    let year = number(words.next()?)?;
    let (hour, minute, second) = clock(words.next()?)?;
    let offset = match words.next()? {
        "GMT" | "UT" | "UTC" | "Z" => 0,
        zone => offset(zone)?,
    };
    // A comment may follow that names the zone.
    words.all(|word| word.starts_with('(') || word.ends_with(')')).then_some(Date { year, month, day, hour, minute, second, offset })
}

fn clock(text: &str) -> Option<(i64, i64, i64)> {
    let mut fields = text.split(':');
    let (hour, minute) = (number(fields.next()?)?, number(fields.next()?)?);
    let second = fields.next().map_or(Some(0), number)?;
    fields.next().is_none().then_some((hour, minute, second))
}

/// `+0130` in minutes.
fn offset(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let number = number(digits).filter(|number| digits.len() == 4 && number % 100 < 60)?;
    Some(sign * (number / 100 * 60 + number % 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(date: Date) -> String {
        let mut out = Vec::new();
        date.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_date_is_written_as_rfc_5322_has_it() {
        assert_eq!(written(Date::from_unix(0)), "Thu, 1 Jan 1970 00:00:00 +0000");
        assert_eq!(written(Date::from_unix(951_827_696)), "Tue, 29 Feb 2000 12:34:56 +0000");
        assert_eq!(written(Date::from_unix(4_107_542_399)), "Sun, 28 Feb 2100 23:59:59 +0000");
    }

    #[test]
    fn both_usual_notations_are_read_with_their_zone() {
        for text in ["2026-11-21T20:08:11+01:00", "Sat, 21 Nov 2026 20:08:11 +0100", "21 nov 2026 20:08:11 +0100 (CET)"] {
            assert_eq!(written(Date::parse(text).unwrap()), "Sat, 21 Nov 2026 20:08:11 +0100", "{text}");
        }
        assert_eq!(written(Date::parse("2026-11-21 20:08:11.123Z").unwrap()), "Sat, 21 Nov 2026 20:08:11 +0000");
        assert_eq!(written(Date::parse("Mon, 2 Feb 2026 08:05 -0330").unwrap()), "Mon, 2 Feb 2026 08:05:00 -0330");
    }

    #[test]
    fn a_moment_is_the_same_in_every_zone() {
        for text in ["2026-11-21T20:08:11+01:00", "2026-11-21T19:08:11Z", "2026-11-21T15:38:11.5-03:30"] {
            assert_eq!(moment(text).map(rfc3339).as_deref(), Some("2026-11-21T19:08:11Z"), "{text}");
        }
        assert_eq!(moment("Sat, 21 Nov 2026 20:08:11 +0100"), None);
    }

    #[test]
    fn what_no_calendar_has_is_refused() {
        for text in [
            "",
            "tomorrow",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01",
            "2026-01-01T00:00:00+1",
            "31 Apr 2026 00:00 +0000",
            "1 Jan 2026 00:00:00 +0000 x",
            "1 Jan 2026 00:00:00 CET",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }
}
