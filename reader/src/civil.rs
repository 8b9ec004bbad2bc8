//! Days of the calendar and their numbers, by Howard Hinnant's way: years begin in March, so that the leap day comes last.

/// The number of a day, counted from 1970-01-01. Month and day are those of a date.
pub(crate) fn number(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468
}

/// Year, month and day of a number.
pub(crate) fn date(number: i64) -> (i64, i64, i64) {
    let days = number + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_has_its_number() {
        assert_eq!((number(1970, 1, 1), number(2000, 2, 29), number(1601, 1, 1)), (0, 11_016, -134_774));
        for day in -200_000..200_000 {
            let (year, month, of_month) = date(day);
            assert_eq!(number(year, month, of_month), day);
        }
    }
}
