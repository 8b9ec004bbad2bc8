//! Days and times of an event (RFC 5545, 3.3.4, 3.3.5, 3.3.6).

use super::line::Line;
use crate::civil;

/// A day, or a time of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// `2026-12-01` for a whole day, `2026-12-01T10:00:00` for the local time of `zone` (of wherever it is read, without one),
    /// `2026-12-01T09:00:00Z` for UTC.
    pub time: String,
    /// The name of the time zone as the calendar calls it.
    pub zone: Option<String>,
}

/// A moment as numbers; seconds of the day are missing for a whole day.
struct Parsed {
    day: i64,
    second: Option<i64>,
    is_utc: bool,
}

impl Moment {
    /// Reads the value of `DTSTART` and the like; `None` for what is no date.
    pub(super) fn read(line: &Line<'_>) -> Option<Moment> {
        let parsed = Parsed::read(line.value.trim())?;
        let zone = line.parameter("TZID").filter(|zone| !zone.is_empty() && parsed.second.is_some() && !parsed.is_utc);
        Some(Moment { time: parsed.written()?, zone })
    }

    /// So many seconds later; whole days stay whole days.
    pub(super) fn after(&self, seconds: i64) -> Option<Moment> {
        let digits: String = self.time.chars().filter(|character| !matches!(character, '-' | ':')).collect();
        let start = Parsed::read(&digits)?;
        let total = start.second.unwrap_or(0).checked_add(seconds).filter(|_| seconds >= 0)?;
        let (days, second) = (total.div_euclid(DAY), total.rem_euclid(DAY));
        let end = Parsed { day: start.day.checked_add(days)?, second: start.second.map(|_| second), ..start };
        Some(Moment { time: end.written()?, zone: self.zone.clone() })
    }
}

const DAY: i64 = 86_400;

impl Parsed {
    fn read(value: &str) -> Option<Parsed> {
        let number = |range: std::ops::Range<usize>| -> Option<i64> {
            value.get(range).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
        };
        let (year, month, of_month) = (number(0..4)?, number(4..6)?, number(6..8)?);
        let day = civil::number(year, month, of_month);
        if !(1..=12).contains(&month) || civil::date(day) != (year, month, of_month) {
            return None;
        }
        if value.len() == 8 {
            return Some(Parsed { day, second: None, is_utc: false });
        }
        let (hour, minute, second) = (number(9..11)?, number(11..13)?, number(13..15)?);
        // A leap second becomes the second before.
        let is_time = value.get(8..9) == Some("T") && hour < 24 && minute < 60 && second <= 60;
        let is_utc = value.get(15..) == Some("Z");
        is_time.then_some(Parsed { day, second: Some(hour * 3600 + minute * 60 + second.min(59)), is_utc })
    }

    fn written(&self) -> Option<String> {
        let (year, month, day) = civil::date(self.day);
        let date = format!("{year:04}-{month:02}-{day:02}");
        let zone = if self.is_utc { "Z" } else { "" };
        let time = self.second.map(|second| format!("T{:02}:{:02}:{:02}{zone}", second / 3600, second / 60 % 60, second % 60));
        (0..=9999).contains(&year).then(|| date + &time.unwrap_or_default())
    }
}

/// The seconds of a duration: `P1W`, `P1DT2H3M4S`. `None` for what is none.
pub(super) fn duration(value: &str) -> Option<i64> {
    let value = value.trim();
    let (sign, value) = match value.strip_prefix('-') {
        Some(value) => (-1, value),
        None => (1, value.strip_prefix('+').unwrap_or(value)),
    };
    let (mut seconds, mut number) = (0i64, None::<i64>);
    for character in value.strip_prefix('P')?.chars() {
        let unit = match character {
            '0'..='9' => {
                let digit = i64::from(character.to_digit(10)?);
                number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(digit)?);
                continue;
            }
            'T' if number.is_none() => continue,
            'W' => 7 * DAY,
            'D' => DAY,
            'H' => 3600,
            'M' => 60,
            'S' => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    number.is_none().then_some(sign * seconds)
}
