//! Dates and moments as a language writes them.

use super::language::base;

/// A date (`2026-12-03`) or moment in UTC (`2026-12-03T09:05:00Z`) as the language writes it; nothing where the text is neither.
///
/// English keeps the form of ISO 8601: it is the one that Americans and Britons read alike. German follows DIN 5008, Slovenian the
/// Slovenian orthography (Slovenski pravopis), with blanks behind the points.
pub(super) fn written(text: &str, language: &str) -> Option<String> {
    let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
    let [year, month, day] = numbers::<3>(date, '-')?;
    let time = match time {
        None => String::new(),
        Some(time) => {
            let [hour, minute, _] = numbers::<3>(time.strip_suffix('Z')?, ':')?;
            format!(", {hour:02}:{minute:02} UTC")
        }
    };
    Some(match base(language) {
        "de" => format!("{day:02}.{month:02}.{year}{time}"),
        "sl" => format!("{day}. {month}. {year}{time}"),
        _ => format!("{year:04}-{month:02}-{day:02}{time}"),
    })
}

fn numbers<const N: usize>(text: &str, separator: char) -> Option<[u32; N]> {
    let numbers: Vec<u32> = text.split(separator).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_as_its_readers_write_it() {
        let all = |text: &str| ["en", "de-CH", "sl"].map(|language| written(text, language).unwrap());
        assert_eq!(all("2026-02-09"), ["2026-02-09", "09.02.2026", "9. 2. 2026"]);
        assert_eq!(all("2026-12-31T23:59:59Z"), ["2026-12-31, 23:59 UTC", "31.12.2026, 23:59 UTC", "31. 12. 2026, 23:59 UTC"]);
        for text in ["", "soon", "2026-02", "2026-02-09T11:00:00+01:00", "2026-02-09T11:00Z", "2026-02-x"] {
            assert_eq!(written(text, "de"), None, "{text}");
        }
    }
}
