//! How lasting a failure is, and how certain that is.

use super::causes::{FULL, GREYLISTED, LASTING, LATER, PASSING, TOO_LARGE};
use super::outcome::{Confidence, Failure, Verdict};
use super::phrases::lower;
use super::status::{Codes, is_general};

/// What is known of a failure.
pub(super) struct Evidence<'a> {
    /// The enhanced code of a field Status.
    pub(super) status: Option<&'a str>,
    /// The server's words.
    pub(super) text: &'a str,
    /// Whether the server goes on trying.
    pub(super) goes_on: bool,
}

/// How lasting a failure is, by its codes and, where they are general or missing, by words.
pub(super) fn verdict(evidence: &Evidence<'_>) -> Verdict {
    use Confidence::{Certain, Guess, Likely};
    use Failure::{Greylist, Hard, Soft};
    let text = lower(evidence.text);
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let in_text = Codes::of(&text);
    let codes = Codes { enhanced: evidence.status.map(str::to_owned).or(in_text.enhanced.clone()), reply: in_text.reply };
    let permanent = codes.is_permanent();
    let by_field = |certain: bool| if evidence.status.is_some() && certain { Certain } else { Likely };
    let of = |failure, confidence| match failure {
        // As long as the server goes on trying, nothing is lasting.
        Hard if evidence.goes_on => Verdict { failure: Soft, confidence },
        failure => Verdict { failure, confidence },
    };
    if says(GREYLISTED) {
        return of(Greylist, if in_text.reply.is_some_and(|reply| reply < 500) { Certain } else { Likely });
    }
    let asks_again = matches!(codes.enhanced.as_deref(), Some("4.7.1" | "4.2.0")) || matches!(codes.reply, Some(450 | 451));
    if asks_again && says(LATER) {
        return of(Greylist, Likely);
    }
    let specific = codes.enhanced.as_deref().filter(|enhanced| !is_general(enhanced));
    match (specific, permanent) {
        (Some(enhanced), _) if enhanced.ends_with(".2.2") => of(Soft, by_field(true)),
        (Some(enhanced), Some(true)) if says(FULL) && !enhanced.starts_with("5.1.") => of(Soft, Likely),
        (Some(_), Some(true)) => of(Hard, by_field(true)),
        (Some(_), _) => of(Soft, by_field(true)),
        (None, Some(true)) if says(FULL) => of(Soft, Likely),
        (None, Some(true)) if codes.reply == Some(552) && !says(TOO_LARGE) => of(Soft, Likely),
        (None, Some(true)) => of(Hard, Likely),
        // A general code for what is lasting by its words.
        (None, Some(false)) if says(LASTING) && !says(PASSING) && in_text.is_permanent() != Some(false) => of(Hard, Guess),
        (None, Some(false)) => of(Soft, Likely),
        (None, None) if says(FULL) || says(PASSING) => of(Soft, Guess),
        (None, None) => of(Hard, Guess),
    }
}

#[cfg(test)]
mod tests {
    use super::Confidence::{Certain, Guess, Likely};
    use super::Failure::{Greylist, Hard, Soft};
    use super::*;

    #[test]
    fn codes_come_before_words_and_fields_before_prose() {
        for (status, text, goes_on, failure, confidence) in [
            (Some("5.1.1"), "550 5.1.1 unknown", false, Hard, Certain),
            (Some("5.2.2"), "552 5.2.2 mailbox full", false, Soft, Certain),
            (Some("5.0.0"), "552 quota exceeded", false, Soft, Likely),
            (Some("5.0.0"), "550 no", false, Hard, Likely),
            (Some("5.0.0"), "552 message size exceeds limit", false, Hard, Likely),
            (Some("4.4.1"), "connection timed out", false, Soft, Certain),
            (Some("4.4.7"), "expired", true, Soft, Certain),
            (Some("5.4.4"), "host not found", true, Soft, Certain),
            (Some("4.7.1"), "450 4.7.1 Greylisting in action", true, Greylist, Certain),
            (Some("4.2.0"), "450 4.2.0 try again in 300 seconds", true, Greylist, Likely),
            (None, "550 5.1.1 no such user", false, Hard, Likely),
            (None, "450 mailbox busy", false, Soft, Likely),
            (None, "mailbox full", false, Soft, Guess),
            (None, "unknown user", false, Hard, Guess),
            (None, "", false, Hard, Guess),
            (None, "", true, Soft, Guess),
            (Some("5.2.1"), "mailbox is full", false, Soft, Likely),
        ] {
            assert_eq!(verdict(&Evidence { status, text, goes_on }), Verdict { failure, confidence }, "{status:?} {text}");
        }
    }
}
