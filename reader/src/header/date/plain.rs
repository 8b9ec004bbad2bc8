//! The form that nearly all dates have, which needs no tokens: what is read here is read there alike.

use super::calendar::{Date, Numbers};

const DAYS: [&[u8; 5]; 7] = [b"Mon, ", b"Tue, ", b"Wed, ", b"Thu, ", b"Fri, ", b"Sat, ", b"Sun, "];
const MONTHS: [&[u8; 4]; 12] = [b"Jan ", b"Feb ", b"Mar ", b"Apr ", b"May ", b"Jun ", b"Jul ", b"Aug ", b"Sep ", b"Oct ", b"Nov ", b"Dec "];

/// `Fri, 20 Nov 2026 10:00:00 +0100`; `None` for what is written in any other way, or is no date.
pub(super) fn read(value: &[u8]) -> Option<Date> {
    let (weekday, rest) = value.trim_ascii().split_first_chunk()?;
    let (day, rest) = match rest {
        [one, b' ', rest @ ..] => (digits(&[*one])?, rest),
        [ten, one, b' ', rest @ ..] => (digits(&[*ten, *one])?, rest),
        _ => return None,
    };
    let (month, rest) = rest.split_first_chunk()?;
    let month = MONTHS.iter().zip(1..).find(|(name, _)| **name == month)?.1;
    let [y1, y2, y3, y4, b' ', h1, h2, b':', m1, m2, b':', s1, s2, b' ', sign, z1, z2, z3, z4] = rest else { return None };
    let east = match sign {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let year = digits(&[*y1, *y2, *y3, *y4])?;
    let time = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?, digits(&[*s1, *s2])?);
    let (hours, minutes) = (digits(&[*z1, *z2])?, digits(&[*z3, *z4])?);
    if !DAYS.contains(&weekday) || day > 31 || hours > 23 || minutes > 59 {
        return None;
    }
    Date::new(Numbers { year, month, day, time, offset: east * i32::try_from(hours * 60 + minutes).ok()? })
}

fn digits(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(number * 10 + char::from(*digit).to_digit(10)?))
}

#[cfg(test)]
mod tests {
    use super::super::reading::Reading;

    /// Whatever is read here is read from tokens alike, and is no guess there.
    #[test]
    fn what_is_plain_is_read_as_its_tokens_are() {
        let times = ["00:00:00", "23:59:60", "24:00:00", "9:00:00", "10:61:00", "12:34:56"];
        let zones = ["+0000", "-0000", "+0100", "-1130", "+2359", "+2400", "+0160", "GMT", "+01:00", "", "+0100 (CET)"];
        let mut plain = 0;
        for weekday in ["Mon, ", "Sun, ", "Fri, ", "Fri,", "mon, ", "Xyz, ", "", "Mo, "] {
            for day in ["1", "01", "31", "29", "32", "00", "0", "45"] {
                for month in ["Jan", "Feb", "May", "Sep", "Dec", "dec", "June"] {
                    for year in ["2026", "2000", "1900", "0000", "0026", "26", "9999"] {
                        for (time, zone) in times.iter().flat_map(|time| zones.iter().map(move |zone| (time, zone))) {
                            let value = format!(" {weekday}{day} {month} {year} {time} {zone}");
                            let Some(date) = super::read(value.as_bytes()) else { continue };
                            plain += 1;
                            assert_eq!(Reading::of(value.as_bytes()), Some((date, false)), "{value}");
                        }
                    }
                }
            }
        }
        assert!(plain > 1000, "{plain}");
    }
}
