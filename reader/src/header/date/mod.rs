//! Dates: RFC 5322 (3.3 and 4.3), and what programs write instead.
//!
//! A date is valid or it is none. Without a zone, or with an unknown one, the time is taken for UTC, as RFC 5322 (4.3) wants it; `Z` then
//! says that the local time is not known (RFC 9557, 2). Zones that RFC 5322 does not name have their usual meaning in mail: CET, MEZ, EET and
//! their summer times, BST of Britain, IST of India. All this is a guess and told as one, as is every other form than that of RFC 5322. Years of two digits are 1950 to 2049, as RFC 5322 wants
//! it. 24:00 is no time of RFC 5322, and second 60 stands only at the end of a month of UTC, where RFC 3339 (5.7) allows it.

mod calendar;
mod plain;
mod reading;
mod tokens;
mod words;

use crate::Repairs;
pub use calendar::Date;
use reading::Reading;

/// Where the repairs of a date are noted.
const POINTER: &str = "/date";

/// Reads the value of a date field; `None` and `header.date_invalid` where it tells no valid date, `header.date_guessed` where it is written in
/// another form than that of RFC 5322.
pub fn date(value: &[u8], repairs: &mut Repairs) -> Option<Date> {
    if value.trim_ascii().is_empty() {
        return None;
    }
    if let Some(date) = plain::read(value) {
        return Some(date);
    }
    let read = Reading::of(value);
    let Some((date, is_guessed)) = read else {
        repairs.note("header.date_invalid", POINTER);
        return None;
    };
    if is_guessed {
        repairs.note("header.date_guessed", POINTER);
    }
    Some(date)
}

#[cfg(test)]
mod tests;
