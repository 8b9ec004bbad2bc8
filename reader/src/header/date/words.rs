//! The words of dates: months and days in English, German and Slovenian, and zones.

/// The beginnings that tell a month; what follows may be cut anywhere behind three letters.
const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "jänner", "jaenner"],
    &["february", "februar", "feber"],
    &["march", "märz", "maerz", "mrz", "marec"],
    &["april"],
    &["may", "mai", "maj"],
    &["june", "juni", "junij"],
    &["july", "juli", "julij"],
    &["august", "avgust"],
    &["september"],
    &["october", "oktober"],
    &["november"],
    &["december", "dezember"],
];

/// Words that say nothing of the date: days of the week, and what people write between its parts.
const SILENT: [&str; 35] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "tues",
    "wednes",
    "thurs",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonnabend",
    "sonntag",
    "ponedeljek",
    "torek",
    "sreda",
    "četrtek",
    "petek",
    "sobota",
    "nedelja",
    "uhr",
    "um",
    "at",
    "den",
    "ob",
    "h",
    "of",
    "the",
    "dne",
    "on",
];

/// Days of the week in two letters, as German writes them.
const SHORT_DAYS: [&str; 7] = ["mo", "di", "mi", "do", "fr", "sa", "so"];

/// The months as RFC 5322 writes them.
pub(super) const PLAIN_MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The number of a month.
pub(super) fn month(word: &str) -> Option<u32> {
    let is = |names: &&[&str]| names.iter().any(|name| name.starts_with(word) && word.chars().count() >= 3);
    let place = MONTHS.iter().position(is)?;
    u32::try_from(place + 1).ok()
}

/// Whether a word may be passed over.
pub(super) fn is_silent(word: &str) -> bool {
    SHORT_DAYS.contains(&word) || SILENT.iter().any(|name| *name == word || (name.starts_with(word) && word.chars().count() >= 3))
}

/// The zones that RFC 5322 (4.3) names, and UTC, in minutes east of Greenwich.
pub(super) fn plain_zone(word: &str) -> Option<i32> {
    let hours = match word {
        "ut" | "gmt" | "z" | "utc" => 0,
        "edt" => -4,
        "est" | "cdt" => -5,
        "cst" | "mdt" => -6,
        "mst" | "pdt" => -7,
        "pst" => -8,
        _ => return None,
    };
    Some(hours * 60)
}

/// A zone by name, in minutes east of Greenwich; of those that RFC 5322 does not name the one that is usual in mail.
pub(super) fn zone(word: &str) -> Option<i32> {
    plain_zone(word).or_else(|| usual_zone(word))
}

fn usual_zone(word: &str) -> Option<i32> {
    let quarters = match word {
        "wet" | "wez" => 0,
        "cet" | "mez" | "met" | "mewt" | "bst" | "west" | "wesz" => 4,
        "cest" | "mesz" | "mest" | "cemt" | "eet" | "oez" | "sast" | "cat" => 8,
        "eest" | "oesz" | "msk" | "trt" | "eat" => 12,
        "msd" => 16,
        "pkt" => 20,
        "ist" => 22,
        "ict" | "wib" => 28,
        "sgt" | "hkt" | "awst" | "pht" => 32,
        "jst" | "kst" => 36,
        "acst" => 38,
        "aest" => 40,
        "acdt" => 42,
        "aedt" => 44,
        "nzst" => 48,
        "nzdt" => 52,
        "ast" | "clt" => -16,
        "adt" | "art" | "brt" => -12,
        "nst" => -14,
        "ndt" => -10,
        "akst" => -36,
        "akdt" => -32,
        "hst" => -40,
        // The letters of the military were given the wrong sign once: RFC 5322 takes them for no zone.
        _ if word.len() == 1 && word.is_ascii() && word != "j" => 0,
        _ => return None,
    };
    Some(quarters * 15)
}
