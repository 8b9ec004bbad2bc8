//! Subjects of replies and forwards.

/// What programs write in front of the subject of an answer, in lower case: English, German, Dutch, Slovenian and Croatian, Scandinavian, Polish,
/// Czech, Italian, French, Spanish, Hungarian, Finnish.
const REPLIES: [&str; 14] = ["re", "aw", "antw", "antwort", "odg", "odgovor", "sv", "vs", "odp", "r", "rif", "rép", "res", "vá"];

/// And of what is passed on.
const FORWARDS: [&str; 14] = ["fwd", "fw", "wg", "doorst", "posr", "vb", "vl", "pd", "i", "tr", "rv", "enc", "továbbítás", "prosl"];

/// The subject of an answer. RFC 5322, 3.6.5: one "Re: ", however often the mail went to and fro.
pub(super) fn of_reply(subject: &str) -> String {
    prefixed("Re: ", subject, &REPLIES)
}

/// The subject of a mail that is passed on.
pub(super) fn of_forward(subject: &str) -> String {
    prefixed("Fwd: ", subject, &FORWARDS)
}

fn prefixed(prefix: &str, subject: &str, known: &[&str]) -> String {
    let mut rest = subject.trim();
    while let Some(behind) = without(rest, known) {
        rest = behind.trim_start();
    }
    // A subject of one line, whatever the mail made of it.
    let line: String = rest.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    format!("{prefix}{}", line.trim_end())
}

/// What stands behind one of the prefixes: `Re:`, `RE :`, `Re[2]:`, `Re^2:`.
fn without<'s>(subject: &'s str, known: &[&str]) -> Option<&'s str> {
    let (word, behind) = subject.split_once([':', '\u{ff1a}'])?;
    let word = word.trim_end();
    let word = word
        .strip_suffix([']', ')'])
        .and_then(|word| word.rsplit_once(['[', '(']))
        .map_or(word, |(word, count)| if count.bytes().all(|byte| byte.is_ascii_digit()) { word } else { "" });
    let word = word.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '^').trim_end();
    (word.len() <= 24 && known.contains(&word.to_lowercase().as_str())).then_some(behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_stands_once() {
        for (subject, reply) in [
            ("Rechnung", "Re: Rechnung"),
            ("Re: Rechnung", "Re: Rechnung"),
            ("RE: re: AW: Antw: Odg: Rechnung", "Re: Rechnung"),
            ("Re[2]: Re^3: Re(4): Sv : Rechnung", "Re: Rechnung"),
            ("AW: WG: Rechnung", "Re: WG: Rechnung"),
            ("Regarding: Rechnung", "Re: Regarding: Rechnung"),
            ("Re[x]: Rechnung", "Re: Re[x]: Rechnung"),
            (" Re:Rechnung\r\n 5 ", "Re: Rechnung   5"),
            ("", "Re: "),
            ("Re:", "Re: "),
        ] {
            assert_eq!(of_reply(subject).trim_end(), reply.trim_end(), "{subject}");
        }
        for (subject, forward) in
            [("x", "Fwd: x"), ("WG: FW: Fwd: x", "Fwd: x"), ("Re: x", "Fwd: Re: x"), ("TR : facture", "Fwd: facture"), ("I: x", "Fwd: x")]
        {
            assert_eq!(of_forward(subject), forward, "{subject}");
        }
        let long = "Re: ".repeat(100_000) + "x";
        assert_eq!(of_reply(&long), "Re: x");
    }
}
