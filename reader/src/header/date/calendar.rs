//! Which dates there are.

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
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Date { year, month, day, hour, minute, second, offset } = self;
        write!(formatter, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        match offset {
            0 => formatter.write_str("Z"),
            _ => {
                let sign = if *offset < 0 { '-' } else { '+' };
                write!(formatter, "{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)
            }
        }
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
