//! Meeting requests and their answers: iCalendar (RFC 5545) as mail carries it (RFC 5546, RFC 6047).

mod line;
mod moment;

use line::Line;
pub use moment::Moment;

/// More attendees are not told.
const ATTENDEES: usize = 1000;

/// The first event of a calendar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// What the calendar is sent for, in capitals: `REQUEST`, `REPLY`, `CANCEL` and others (RFC 5546, 1.4).
    pub method: Option<String>,
    /// The identifier of the event; a later version has the same one.
    pub uid: Option<String>,
    /// Its title.
    pub summary: Option<String>,
    /// When it begins.
    pub start: Option<Moment>,
    /// When it ends: as it says, or as long after its beginning as it says.
    pub end: Option<Moment>,
    /// Who has called it.
    pub organizer: Option<Person>,
    /// Who takes part.
    pub attendees: Vec<Person>,
    /// Where it takes place.
    pub location: Option<String>,
    /// Which version it is.
    pub sequence: Option<u32>,
}

/// Someone who takes part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: Option<String>,
    /// The mail address; empty where there is none.
    pub address: String,
    /// What was answered, in lower case: `accepted`, `declined`, `tentative`, `needs-action` and others (RFC 5545, 3.2.12).
    pub status: Option<String>,
}

/// The first event of a calendar; `None` for what holds none. `label` is the charset that the part names.
pub fn event(bytes: &[u8], label: Option<&str>) -> Option<Event> {
    // Lines may be folded within a character (RFC 5545, 3.1), so they are joined before they are decoded.
    let bytes = line::unfolded(bytes);
    let named = label.and_then(|label| encoding_rs::Encoding::for_label(label.trim().as_bytes()));
    let charset = if std::str::from_utf8(&bytes).is_ok() { encoding_rs::UTF_8 } else { named.unwrap_or(encoding_rs::WINDOWS_1252) };
    of_text(&charset.decode(&bytes).0)
}

fn of_text(text: &str) -> Option<Event> {
    let mut lines = line::lines(text);
    let first = lines.next().filter(|line| line.is("BEGIN") && line.value.eq_ignore_ascii_case("VCALENDAR"))?;
    let mut reader =
        Reader { within: vec![first.value.to_ascii_uppercase()], event: Event::default(), duration: None, state: State::Before };
    for line in lines {
        reader.take(&line);
        // The method stands in front of the events; where it does not, it is looked for behind the first one.
        if reader.state == State::Behind && reader.event.method.is_some() {
            break;
        }
    }
    let Reader { mut event, duration, state, .. } = reader;
    if state == State::Before {
        return None;
    }
    if event.end.is_none() {
        event.end = event.start.as_ref().zip(duration).and_then(|(start, seconds)| start.after(seconds));
    }
    Some(event)
}

#[derive(PartialEq, Eq)]
enum State {
    Before,
    Within,
    Behind,
}

struct Reader {
    /// The components that are open.
    within: Vec<String>,
    event: Event,
    duration: Option<i64>,
    state: State,
}

/// Components within each other; a calendar has three levels.
const DEPTH: usize = 10;

impl Reader {
    fn take(&mut self, line: &Line<'_>) {
        if line.is("BEGIN") {
            if self.within.len() < DEPTH {
                self.within.push(line.value.to_ascii_uppercase());
            }
            if self.is_event() && self.state == State::Before {
                self.state = State::Within;
            }
        } else if line.is("END") {
            if self.is_event() && self.state == State::Within {
                self.state = State::Behind;
            }
            if self.within.last().is_some_and(|component| component.eq_ignore_ascii_case(line.value)) {
                self.within.pop();
            }
        } else if self.within.len() == 1 && line.is("METHOD") {
            self.event.method = Some(line.value.trim().to_ascii_uppercase());
        } else if self.is_event() && self.state == State::Within {
            self.property(line);
        }
    }

    fn is_event(&self) -> bool {
        self.within.len() == 2 && self.within.last().is_some_and(|component| component == "VEVENT")
    }

    fn property(&mut self, line: &Line<'_>) {
        let text = || Some(line.text()).filter(|text| !text.is_empty());
        let event = &mut self.event;
        match line.name.to_ascii_uppercase().as_str() {
            "UID" => event.uid = text(),
            "SUMMARY" => event.summary = text(),
            "LOCATION" => event.location = text(),
            "DTSTART" => event.start = Moment::read(line),
            "DTEND" => event.end = Moment::read(line),
            "DURATION" => self.duration = moment::duration(line.value),
            "SEQUENCE" => event.sequence = line.value.trim().parse().ok(),
            "ORGANIZER" => event.organizer = Some(person(line)),
            "ATTENDEE" if event.attendees.len() < ATTENDEES => event.attendees.push(person(line)),
            _ => (),
        }
    }
}

fn person(line: &Line<'_>) -> Person {
    let value = line.value.trim();
    let address = match value.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => &value[7..],
        // Exchange writes what is no address, too; then EMAIL may tell it.
        _ => "",
    };
    let address = line.parameter("EMAIL").filter(|_| address.is_empty()).unwrap_or_else(|| address.to_owned());
    Person {
        name: line.parameter("CN").filter(|name| !name.is_empty()),
        address,
        status: line.parameter("PARTSTAT").map(|status| status.to_ascii_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:W. Europe\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\n\
        END:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1@example.com\r\nSUMMARY;LANGUAGE=de:Gespräch\\, lang\\; und\\nzäh \\\\ \r\n  gefaltet\r\n\
        DTSTART;TZID=\"W. Europe\":20261201T100000\r\nDURATION:PT1H30M\r\nORGANIZER;CN=\"Müller, Anna\":MAILTO:anna@example.com\r\n\
        ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;CN=B ^'x^':mailto:b@example.com\r\nLOCATION:Raum 1\r\nSEQUENCE:2\r\n\
        BEGIN:VALARM\r\nSUMMARY:no\r\nEND:VALARM\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

    fn moment(time: &str, zone: Option<&str>) -> Option<Moment> {
        Some(Moment { time: time.to_owned(), zone: zone.map(str::to_owned) })
    }

    #[test]
    fn the_first_event_counts() {
        let event = event(REQUEST.as_bytes(), None).unwrap();
        assert_eq!((event.method.as_deref(), event.uid.as_deref(), event.sequence), (Some("REQUEST"), Some("1@example.com"), Some(2)));
        assert_eq!((event.summary.as_deref(), event.location.as_deref()), (Some("Gespräch, lang; und\nzäh \\  gefaltet"), Some("Raum 1")));
        assert_eq!(event.start, moment("2026-12-01T10:00:00", Some("W. Europe")));
        assert_eq!(event.end, moment("2026-12-01T11:30:00", Some("W. Europe")));
        let anna = Person { name: Some("Müller, Anna".to_owned()), address: "anna@example.com".to_owned(), status: None };
        assert_eq!(event.organizer, Some(anna));
        let berta =
            Person { name: Some("B \"x\"".to_owned()), address: "b@example.com".to_owned(), status: Some("needs-action".to_owned()) };
        assert_eq!(event.attendees, [berta]);
    }

    #[test]
    fn days_times_and_durations_are_read_as_they_are_meant() {
        let times = |start: &str, end: &str| {
            let found = of_text(&format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{start}\n{end}\nEND:VEVENT\nEND:VCALENDAR")).unwrap();
            (found.start, found.end)
        };
        assert_eq!(
            times("DTSTART:20261231T230000Z", "DTEND:20270101T000000Z"),
            (moment("2026-12-31T23:00:00Z", None), moment("2027-01-01T00:00:00Z", None))
        );
        assert_eq!(times("DTSTART:20261231T230000Z", "DURATION:P1DT2H").1, moment("2027-01-02T01:00:00Z", None));
        assert_eq!(times("DTSTART;VALUE=DATE:20240228", "DURATION:P2D"), (moment("2024-02-28", None), moment("2024-03-01", None)));
        assert_eq!(times("DTSTART:20260229T100000", "DTEND:x"), (None, None));
        assert_eq!(times("DTSTART:20261201T100000", "DURATION:-PT1H").1, None);
    }

    #[test]
    fn a_calendar_is_read_in_its_character_set() {
        let summary = |value: &[u8], label| {
            event(&[b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:", value, b"\r\nEND:VEVENT"].concat(), label)?.summary
        };
        assert_eq!(summary(b"Gr\xc3\r\n \xbc\xc3\x9fe", None).as_deref(), Some("Grüße"));
        assert_eq!(summary(b"\x9aunka", Some("windows-1250")).as_deref(), Some("šunka"));
        assert_eq!(summary(b"Gr\xfc\xdfe", Some("utf-8")).as_deref(), Some("Gr\u{fffd}\u{fffd}e"));
        assert_eq!(summary(b"Gr\xfc\xdfe", None).as_deref(), Some("Grüße"));
    }

    #[test]
    fn what_is_no_calendar_has_no_event() {
        for text in ["", "BEGIN:VEVENT\nEND:VEVENT", "BEGIN:VCALENDAR\nMETHOD:PUBLISH\nEND:VCALENDAR", "x"] {
            assert_eq!(of_text(text), None, "{text}");
        }
        // Cut anywhere it is read as far as it goes.
        for (end, _) in REQUEST.char_indices() {
            of_text(&REQUEST[..end]);
        }
        let nested = format!("BEGIN:VCALENDAR\n{}", "BEGIN:VEVENT\n".repeat(100_000));
        assert_eq!(of_text(&nested), Some(Event::default()));
    }
}
