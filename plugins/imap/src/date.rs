//! Dates as the protocol has them (RFC 9051, section 9), with the English names of the months.

/// A month's name, and what stands for it in RFC 3339 between year and day.
const MONTHS: [(&str, &str); 12] = [
    ("Jan", "-01-"),
    ("Feb", "-02-"),
    ("Mar", "-03-"),
    ("Apr", "-04-"),
    ("May", "-05-"),
    ("Jun", "-06-"),
    ("Jul", "-07-"),
    ("Aug", "-08-"),
    ("Sep", "-09-"),
    ("Oct", "-10-"),
    ("Nov", "-11-"),
    ("Dec", "-12-"),
];

/// `20-Nov-2026 10:00:00 +0100` as RFC 3339.
pub(crate) fn rfc3339(date: &str) -> Option<String> {
    let mut words = date.split_ascii_whitespace();
    let (day, time, zone) = (words.next()?, words.next()?, words.next()?);
    let mut parts = day.split('-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let is_number = |text: &str, digits| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = |text: &str| text.len() == 8 && text.split(':').all(|part| is_number(part, 2));
    let is_zone = |text: &str| text.strip_prefix(['+', '-']).is_some_and(|digits| is_number(digits, 4));
    if !is_number(year, 4) || !(is_number(day, 2) || is_number(day, 1)) || !is_time(time) || !is_zone(zone) {
        return None;
    }
    let (_, month) = MONTHS.iter().find(|(name, _)| name.eq_ignore_ascii_case(month))?;
    let mut text = String::with_capacity(25);
    text.extend([year, month, if day.len() == 1 { "0" } else { "" }, day, "T", time, zone.get(..3)?, ":", zone.get(3..5)?]);
    Some(text)
}

/// `2026-11-20` as `20-Nov-2026`, the day of a search.
pub(crate) fn searched(day: &str) -> Option<String> {
    let mut parts = day.split('-');
    let (year, month, day): (u16, usize, u8) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let (month, _) = MONTHS.get(month.checked_sub(1)?)?;
    Some(format!("{day}-{month}-{year:04}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_month_is_known_in_both_directions() {
        for month in 1..=12 {
            let day = format!("2026-{month:02}-07");
            let searched = searched(&day).unwrap();
            assert_eq!(rfc3339(&format!("{searched} 10:00:00 +0100")), Some(format!("{day}T10:00:00+01:00")));
        }
        assert_eq!(searched("2026-11-20").as_deref(), Some("20-Nov-2026"));
        assert_eq!((searched("2026-00-20"), searched("2026-13-20")), (None, None));
    }
}
