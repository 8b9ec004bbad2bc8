//! Which dates there are.

use crate::civil;
use std::fmt;

/// A valid date with its time and its distance from UTC; prints RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    /// Minutes east of Greenwich.
    offset: i16,
}

/// The numbers of a date, which may be none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    pub(super) year: u32,
    pub(super) month: u32,
    pub(super) day: u32,
    /// Hour, minute, second.
    pub(super) time: (u32, u32, u32),
    /// Minutes east of Greenwich.
    pub(super) offset: i32,
}

impl Date {
    /// The date, if there is such a one.
    pub(super) fn new(numbers: Numbers) -> Option<Date> {
        let Numbers { year, month, day, time: (hour, minute, second), offset } = numbers;
        let is_date = (1..=9999).contains(&year) && (1..=12).contains(&month) && day >= 1 && day <= length(year, month);
        let is_time = hour < 24 && minute < 60 && second <= 60 && offset.abs() < 24 * 60;
        if !is_date || !is_time || (second == 60 && !is_end_of_month(numbers)) {
            return None;
        }
        let small = |number: u32| u8::try_from(number).ok();
        Some(Date {
            year: u16::try_from(year).ok()?,
            month: small(month)?,
            day: small(day)?,
            hour: small(hour)?,
            minute: small(minute)?,
            second: small(second)?,
            offset: i16::try_from(offset).ok()?,
        })
    }

    /// The date as RFC 3339 writes it, in these bytes.
    pub fn text(self, place: &mut [u8; 25]) -> &str {
        let Date { year, month, day, hour, minute, second, offset } = self;
        *place = *b"0000-00-00T00:00:00+00:00";
        // Written digit by digit: formatting each number takes longer than reading the date.
        let east = offset.unsigned_abs();
        let pairs = [(0, year / 100), (2, year % 100), (17, u16::from(second)), (20, east / 60), (23, east % 60)];
        let small = [(5, month), (8, day), (11, hour), (14, minute)].map(|(at, number)| (at, u16::from(number)));
        for (at, number) in pairs.into_iter().chain(small) {
            let digits = [number / 10 % 10, number % 10].map(|digit| b'0' + u8::try_from(digit).unwrap_or_default());
            place.iter_mut().skip(at).zip(digits).for_each(|(place, digit)| *place = digit);
        }
        let length = if offset == 0 { 20 } else { 25 };
        place[19] = match offset {
            0 => b'Z',
            1.. => b'+',
            _ => b'-',
        };
        std::str::from_utf8(place.get(..length).unwrap_or_default()).unwrap_or_default()
    }

    /// The same moment in UTC; `None` where that is in no year of four digits.
    pub fn in_utc(self) -> Option<Date> {
        let minutes = i64::from(self.hour) * 60 + i64::from(self.minute) - i64::from(self.offset);
        let day = civil::number(self.year.into(), self.month.into(), self.day.into()) + minutes.div_euclid(24 * 60);
        let (year, month, day) = civil::date(day);
        let of_day = minutes.rem_euclid(24 * 60);
        let small = |number: i64| u8::try_from(number).ok();
        Some(Date {
            year: u16::try_from(year).ok().filter(|year| (1..=9999).contains(year))?,
            month: small(month)?,
            day: small(day)?,
            hour: small(of_day / 60)?,
            minute: small(of_day % 60)?,
            offset: 0,
            ..self
        })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text(&mut [0; 25]))
    }
}

/// The days of a month.
fn length(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Whether a time is within the last minute of a month of UTC.
fn is_end_of_month(numbers: Numbers) -> bool {
    let Numbers { year, month, day, time: (hour, minute, _), offset } = numbers;
    let minutes = i64::from(hour) * 60 + i64::from(minute) - i64::from(offset);
    // Which day of UTC it is, counted from the first of the local month: zero is the last day before it.
    let utc_day = i64::from(day) + minutes.div_euclid(24 * 60);
    minutes.rem_euclid(24 * 60) == 24 * 60 - 1 && (utc_day == 0 || utc_day == i64::from(length(year, month)))
}
