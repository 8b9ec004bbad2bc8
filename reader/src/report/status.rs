//! Status codes: those of a reply (RFC 5321, 4.2) and the enhanced ones (RFC 3463), in fields and in prose.

/// `smtp; 550 no` in two (RFC 3464, 2.1.2); no type where what stands in front of the semicolon is none.
pub(super) fn typed(value: &str) -> (Option<&str>, &str) {
    let is_type = |kind: &str| {
        let kind = kind.trim();
        let letters = kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
        letters && kind.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    match value.split_once(';') {
        Some((kind, text)) if is_type(kind) => (Some(kind.trim()), text.trim()),
        _ => (None, value.trim()),
    }
}

/// The codes that a text names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Codes {
    /// `5.1.1`
    pub(super) enhanced: Option<String>,
    /// `550`
    pub(super) reply: Option<u16>,
}

impl Codes {
    /// The codes in a text, the most telling of each kind: an enhanced one behind a reply code or a number sign before any other.
    pub(super) fn of(text: &str) -> Codes {
        let mut codes = Codes::default();
        let mut best = 0;
        let mut before = None;
        for (word, ahead) in words(text) {
            let reply = reply(word);
            if let Some(enhanced) = enhanced(word) {
                let rank = match (before, ahead) {
                    (Some(_), _) => 3,
                    (None, Some(b'#')) => 2,
                    _ => 1,
                };
                // 2.0.0 is no failure, wherever it comes from.
                if rank > best && !enhanced.starts_with('2') {
                    (best, codes.enhanced) = (rank, Some(enhanced));
                }
            }
            if let Some(reply) = reply.filter(|reply| *reply >= 400 && codes.reply.is_none()) {
                codes.reply = Some(reply);
            }
            before = reply;
        }
        codes
    }

    /// Whether a code is a permanent failure, or, if there is one at all, a transient one.
    pub(super) fn is_permanent(&self) -> Option<bool> {
        let class = self.enhanced.as_deref().and_then(|enhanced| enhanced.bytes().next());
        class.map(|class| class == b'5').or(self.reply.map(|reply| reply >= 500))
    }
}

/// The enhanced code that a field gives, with a comment or without.
pub(super) fn of_field(value: &str) -> Option<String> {
    words(value).find_map(|(word, _)| enhanced(word))
}

/// Whether an enhanced code says no more than its class: `5.0.0`.
pub(super) fn is_general(enhanced: &str) -> bool {
    enhanced.ends_with(".0.0")
}

/// The runs of digits and dots in a text, with the byte in front of each. Those that touch letters, as names and versions do, are none.
fn words(text: &str) -> impl Iterator<Item = (&str, Option<u8>)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let begin = at + bytes.get(at..)?.iter().position(u8::is_ascii_digit)?;
            let length = bytes.get(begin..)?.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
            at = begin + length;
            let ahead = begin.checked_sub(1).and_then(|before| bytes.get(before)).copied();
            let touches = |byte: &u8| byte.is_ascii_alphabetic() || b"_@[".contains(byte);
            if !ahead.is_some_and(|byte| touches(&byte) || b"-./:".contains(&byte)) && !bytes.get(at).is_some_and(touches) {
                return Some((text.get(begin..at)?.trim_end_matches('.'), ahead));
            }
            // `550-5.1.1` is one line of a longer reply.
            let continues = ahead == Some(b'-') && begin.checked_sub(4).is_some_and(|at| text.get(at..begin - 1).and_then(reply).is_some());
            if continues {
                return Some((text.get(begin..at)?.trim_end_matches('.'), ahead));
            }
        }
    })
}

fn enhanced(word: &str) -> Option<String> {
    let mut numbers = word.split('.');
    let class = numbers.next().filter(|class| matches!(*class, "2" | "4" | "5"))?;
    let (subject, detail) = (numbers.next()?, numbers.next()?);
    let is_number = |number: &str| (1..=3).contains(&number.len());
    (is_number(subject) && is_number(detail) && numbers.next().is_none()).then(|| format!("{class}.{subject}.{detail}"))
}

/// A reply code; its second digit is at most 5 (RFC 5321, 4.2.1).
fn reply(word: &str) -> Option<u16> {
    let [class, second, _] = word.as_bytes() else { return None };
    (matches!(class, b'2' | b'4' | b'5') && second <= &b'5').then(|| word.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_and_numbers_that_are_none_are_not() {
        for (text, enhanced, reply) in [
            ("550 5.1.1 User unknown", Some("5.1.1"), Some(550)),
            ("550-5.1.1 The email", Some("5.1.1"), Some(550)),
            ("host mx[192.0.2.5] said: 452 4.2.2 full", Some("4.2.2"), Some(452)),
            ("<mx.example.com #5.1.1>", Some("5.1.1"), None),
            ("(#5.7.1)", Some("5.7.1"), None),
            ("5.1.0 - Unknown address error 550-'5.1.1 no'", Some("5.1.1"), Some(550)),
            ("version 4.96.2 of it said 550 5.2.1.", Some("5.2.1"), Some(550)),
            ("4.3.2.1 does not like it", None, None),
            ("port 587, 2026, 55000, x550, 550x", None, None),
            ("250 2.0.0 ok, then 554 no", None, Some(554)),
            ("", None, None),
        ] {
            let expected = Codes { enhanced: enhanced.map(str::to_owned), reply };
            assert_eq!(Codes::of(text), expected, "{text}");
        }
        assert_eq!(of_field("5.2.1 (mailbox disabled)").as_deref(), Some("5.2.1"));
        assert_eq!(of_field("none"), None);
    }

    #[test]
    fn a_type_is_a_word_in_front_of_a_semicolon() {
        assert_eq!(typed("smtp; 550 no; really"), (Some("smtp"), "550 no; really"));
        assert_eq!(typed("550 no; really"), (None, "550 no; really"));
        assert_eq!(typed("550;no"), (None, "550;no"));
        assert_eq!(typed("X-Notes;gone"), (Some("X-Notes"), "gone"));
    }
}
