//! The calendar of a meeting request, as a message document gives it (RFC 5545, RFC 6047).

use super::findings::{BLOCK, Findings};
use std::borrow::Cow;

/// What a calendar is sent for (RFC 5546, 1.4).
const METHODS: [&str; 8] = ["PUBLISH", "REQUEST", "REPLY", "ADD", "CANCEL", "REFRESH", "COUNTER", "DECLINECOUNTER"];
/// What a calendar is about.
const COMPONENTS: [&str; 4] = ["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"];

/// A calendar that is sent beside the text as one more form of the same message.
#[derive(Debug)]
pub(super) struct Calendar<'a> {
    pub(super) text: Cow<'a, str>,
    /// Its METHOD, which the media type repeats (RFC 6047, 2.4).
    pub(super) method: &'static str,
}

/// Checks a calendar: whole, about something, and with a METHOD.
pub(super) fn check<'a>(text: Cow<'a, str>, pointer: &str, findings: &mut Findings<'_>) -> Option<Calendar<'a>> {
    let is_odd = |character: &char| character.is_control() && !matches!(character, '\r' | '\n' | '\t');
    if let Some(character) = text.chars().find(is_odd) {
        findings.add(pointer, "message.control_character", &[("character", &format!("U+{:04X}", u32::from(character)))]);
        return None;
    }
    let Some(method) = method(&text, findings) else {
        findings.add(pointer, "message.calendar_invalid", &[]);
        return None;
    };
    match METHODS.iter().find(|known| method.eq_ignore_ascii_case(known)) {
        Some(method) => Some(Calendar { text, method }),
        None => {
            findings.add(pointer, "message.calendar_method", &[("method", &method)]);
            None
        }
    }
}

/// The METHOD of a calendar, empty where it has none; `None` for what is no calendar.
fn method(text: &str, findings: &mut Findings<'_>) -> Option<String> {
    let (mut open, mut method, mut is_about, mut is_over, mut unasked) = (Vec::new(), String::new(), false, false, 0);
    // Lines that begin with a blank continue the one before.
    for line in text.lines().filter(|line| !line.starts_with([' ', '\t']) && !line.trim().is_empty()) {
        unasked += line.len() + 1;
        if unasked > BLOCK {
            unasked = 0;
            findings.goes_on().then_some(())?;
        }
        let (name, value) = line.split_once(':').filter(|_| !is_over)?;
        let value = value.trim().to_ascii_uppercase();
        match name.to_ascii_uppercase().as_str() {
            "BEGIN" => {
                is_about |= COMPONENTS.contains(&value.as_str()) && open.len() == 1;
                open.push(value);
                let is_calendar = open.first().is_some_and(|outer| outer == "VCALENDAR");
                if !is_calendar {
                    return None;
                }
            }
            "END" => {
                if open.pop().is_none_or(|component| component != value) {
                    return None;
                }
                is_over = open.is_empty();
            }
            _ if open.is_empty() => return None,
            "METHOD" if open.len() == 1 => method = value,
            _ => (),
        }
    }
    (is_over && is_about).then_some(method)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<&'static str, String> {
        let mut findings = Findings::default();
        let calendar = check(text.into(), "/calendar", &mut findings);
        match findings.into_result() {
            Ok(_) => Ok(calendar.unwrap().method),
            Err(error) => Err(error.at[0].code.clone()),
        }
    }

    #[test]
    fn a_calendar_is_whole_about_something_and_sent_for_something() {
        let whole = "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:request\nBEGIN:VEVENT\nSUMMARY:a\n END:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n";
        assert_eq!(checked(whole), Ok("REQUEST"));
        assert_eq!(checked(&whole.replace('\n', "\r\n")), Ok("REQUEST"));
        for (from, to) in [
            ("END:VCALENDAR\n", ""),
            ("BEGIN:VCALENDAR\n", ""),
            ("BEGIN:VEVENT\n", ""),
            ("VEVENT", "VALARM"),
            ("VERSION:2.0", "x"),
            ("\nEND:VCAL", "\nEND:VCALENDAR\nx:\nEND:VCAL"),
        ] {
            assert_eq!(checked(&whole.replace(from, to)), Err("message.calendar_invalid".to_owned()), "{from} {to}");
        }
        assert_eq!(checked(""), Err("message.calendar_invalid".to_owned()));
        assert_eq!(checked(&whole.replace("METHOD:request\n", "")), Err("message.calendar_method".to_owned()));
        assert_eq!(checked(&whole.replace("request", "x; a=b")), Err("message.calendar_method".to_owned()));
        assert_eq!(checked(&whole.replace("SUMMARY:a", "SUMMARY:\u{0}")), Err("message.control_character".to_owned()));
    }
}
