//! Words for clients of old: both protocols answer in ASCII.

/// The text on one line, in ASCII, and no longer than that.
pub(crate) fn plain(text: &str, limit: usize) -> String {
    let mut plain = String::with_capacity(text.len().min(limit));
    for character in text.chars() {
        let own = character.to_string();
        let written = match character {
            'ä' => "ae",
            'ö' => "oe",
            'ü' => "ue",
            'Ä' => "Ae",
            'Ö' => "Oe",
            'Ü' => "Ue",
            'ß' => "ss",
            'č' | 'ć' => "c",
            'š' => "s",
            'ž' => "z",
            'Č' => "C",
            'Š' => "S",
            'Ž' => "Z",
            '„' | '“' | '”' | '»' | '«' => "\"",
            '‚' | '‘' | '’' => "'",
            '–' | '—' => "-",
            '…' => "...",
            _ if character.is_control() => " ",
            _ if character.is_ascii() => &own,
            _ => "?",
        };
        if plain.len() + written.len() > limit {
            break;
        }
        plain.push_str(written);
    }
    plain
}
