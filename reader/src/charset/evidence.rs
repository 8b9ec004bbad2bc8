//! What bytes themselves say of the charset they are written in.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1250, WINDOWS_1252};

/// So many bytes on each side of the first that is not UTF-8 are looked at, or so many at the beginning.
const WINDOW: usize = 64 * 1024;

/// Where HTML names its charset (HTML, 4.2.5.4).
const META: usize = 1024;

/// How many letters beyond ASCII are valid UTF-8 near the first place that is not, and at how many places the bytes are not.
pub(super) struct Count {
    valid: usize,
    invalid: usize,
}

impl Count {
    pub(super) fn of(bytes: &[u8]) -> Count {
        let first = std::str::from_utf8(bytes).err().map_or(bytes.len(), |error| error.valid_up_to());
        let from = first.saturating_sub(WINDOW);
        // Up to there the bytes are valid: the next letter begins within four.
        let from = (from..first).find(|at| bytes[*at] & 0xc0 != 0x80).unwrap_or(first);
        let window = &bytes[from..bytes.len().min(first + WINDOW)];
        let mut count = Count { valid: 0, invalid: 0 };
        for chunk in window.utf8_chunks() {
            // From 0xdc to 0xdf begin letters that nearly no mail has; in the west these bytes are Ü, Ý, Þ and ß, a quotation mark behind them.
            count.valid += chunk.valid().bytes().filter(|byte| *byte >= 0xc0 && !(0xdc..=0xdf).contains(byte)).count();
            count.invalid += usize::from(!chunk.invalid().is_empty());
        }
        count
    }

    /// Most letters are valid: the others were damaged.
    pub(super) fn is_utf8(&self) -> bool {
        self.valid > self.invalid
    }

    /// As many are valid as are not, which is enough for a text that says so.
    pub(super) fn is_perhaps_utf8(&self) -> bool {
        self.valid > 0 && self.valid >= self.invalid
    }

    /// So many are valid that they are no letters of several bytes in another set.
    pub(super) fn is_surely_utf8(&self) -> bool {
        self.valid >= 3
    }

    /// So many are valid that a label of a set of one byte a letter is wrong.
    pub(super) fn is_evidently_utf8(&self) -> bool {
        self.valid >= 10 && self.valid / 10 >= self.invalid
    }
}

/// The set of one byte a letter that is most likely: windows-1250 where the letters of Slovenian and its neighbours stand and none of those
/// that the same bytes are in the west, else windows-1252.
pub(super) fn western(bytes: &[u8]) -> &'static Encoding {
    let mut counts = [0_usize; 256];
    bytes[..bytes.len().min(WINDOW)].iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let sum = |letters: &[u8]| letters.iter().map(|letter| counts[usize::from(*letter)]).sum::<usize>();
    // In both sets š and ž have the same places; č is è in the west, where nearly nothing has š or ž.
    let (haceks, soft) = (sum(b"\x8a\x8e\x9a\x9e"), sum(b"\xc8\xe8"));
    // à, ê, ì, ò, ù, ï: French and Italian, which have è.
    let romance = sum(b"\xe0\xea\xec\xf2\xf9\xef");
    if haceks >= 2 && soft >= 1 && romance == 0 { WINDOWS_1250 } else { WINDOWS_1252 }
}

/// Whether the bytes are text in seven bits that shifts to Japanese letters (RFC 1468).
pub(super) fn is_iso_2022_jp(bytes: &[u8]) -> bool {
    let shifts = |at: usize| matches!(bytes.get(at + 1..at + 3), Some(b"$B" | b"$@" | b"(J" | b"(I" | b"$("));
    memchr::memchr(0x1b, bytes).is_some() && bytes.is_ascii() && memchr::memchr_iter(0x1b, bytes).any(shifts)
}

/// UTF-16 whose letters are mostly Latin: every second byte is zero.
pub(super) fn zeros(bytes: &[u8]) -> Option<&'static Encoding> {
    let pairs = bytes[..bytes.len().min(META)].as_chunks::<2>().0;
    let big = pairs.iter().filter(|pair| pair[0] == 0 && pair[1] != 0).count();
    let little = pairs.iter().filter(|pair| pair[0] != 0 && pair[1] == 0).count();
    let most = |count: usize, other: usize| count > 0 && count * 10 >= pairs.len() * 4 && other * 10 <= count;
    if most(little, big) {
        Some(UTF_16LE)
    } else if most(big, little) {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// The charset that a page names in a meta element or in its XML declaration.
pub(super) fn meta(bytes: &[u8]) -> Option<&str> {
    let head = &bytes[..bytes.len().min(META)];
    let declared = head.trim_ascii_start().strip_prefix(b"<?xml").and_then(|rest| {
        let end = memchr::memchr(b'>', rest)?;
        value(&rest[..end], b"encoding")
    });
    declared.or_else(|| {
        let mut elements = memchr::memchr_iter(b'<', head).filter_map(|at| head.get(at + 1..));
        elements.find_map(|element| {
            let rest = element.get(4..).filter(|_| element[..4].eq_ignore_ascii_case(b"meta"))?;
            // The end of an element may be beyond what is looked at.
            let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
            value(&rest[..end], b"charset")
        })
    })
}

/// What stands behind `name=`, with or without quotes.
fn value<'a>(element: &'a [u8], name: &[u8]) -> Option<&'a str> {
    let at = element.windows(name.len()).position(|window| window.eq_ignore_ascii_case(name))? + name.len();
    let rest = element[at..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\'' | b';' | b'/') || byte.is_ascii_whitespace()).unwrap_or(rest.len());
    std::str::from_utf8(&rest[..end]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_its_charset() {
        let table: [(&str, Option<&str>); 9] = [
            ("<html><head><META http-equiv=\"Content-Type\" content=\"text/html; charset=windows-1250\">", Some("windows-1250")),
            ("<meta charset='utf-8'/>", Some("utf-8")),
            ("<meta charset=utf-8>", Some("utf-8")),
            ("<meta charset = koi8-r", Some("koi8-r")),
            ("<?xml version=\"1.0\" encoding=\"iso-8859-2\"?><p>", Some("iso-8859-2")),
            ("<meta name=x><meta content='text/html;charset=big5'>", Some("big5")),
            ("<p>charset=utf-8</p>", None),
            ("<meta charset>", None),
            ("<met", None),
        ];
        table.iter().for_each(|(page, charset)| assert_eq!(meta(page.as_bytes()), *charset, "{page}"));
        let late = format!("{}<meta charset=utf-8>", " ".repeat(META));
        assert_eq!(meta(late.as_bytes()), None);
    }

    #[test]
    fn only_slavic_texts_are_windows_1250() {
        let slovenian = WINDOWS_1250.encode("Račun št. 5: žal še ni plačan, kličite nas.").0;
        let czech = WINDOWS_1250.encode("Dobrý den, částka na účtu je nižší, děkuji za šek.").0;
        assert_eq!(western(&slovenian), WINDOWS_1250);
        // Czech has letters that are French in the west: not told apart.
        assert_eq!(western(&czech), WINDOWS_1252);
        for text in ["Très bien, où est le père de Dušan Žižek?", "Grüße an Herrn Škoda", "È già così", "Größe: 5 µm – „schön“"]
        {
            assert_eq!(western(&WINDOWS_1252.encode(text).0), WINDOWS_1252, "{text}");
        }
    }
}
