//! LIST responses: the folders of an account.

use crate::names::decode;
use crate::value::Value;
use std::borrow::Cow;

/// The special uses of RFC 6154.
const USES: [&str; 7] = ["all", "archive", "drafts", "flagged", "junk", "sent", "trash"];

/// A folder as the server lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folder {
    pub(crate) name: String,
    /// The name as the server wrote it.
    pub(crate) wire: String,
    pub(crate) delimiter: Option<String>,
    /// The special uses of RFC 6154, in lower case: `sent`, `drafts`, `trash`, `junk`, `archive`, `all`, `flagged`.
    pub(crate) uses: Vec<&'static str>,
    pub(crate) is_selectable: bool,
}

impl Folder {
    /// As the caller sees it.
    pub(crate) fn listed(self) -> postkontor_plugin::Folder {
        let uses = self.uses.into_iter().map(Cow::Borrowed).collect();
        postkontor_plugin::Folder { name: self.name, delimiter: self.delimiter, uses, selectable: self.is_selectable }
    }
}

/// Reads a LIST response. Some servers put two blanks or a tab between its parts, and no quotes around names with blanks.
pub(crate) fn folder(line: &[u8], utf8: bool) -> Option<Folder> {
    let (_, rest) = line.split_at_checked(6).filter(|(head, _)| head.eq_ignore_ascii_case(b"* LIST"))?;
    let (Value::List(attributes), rest) = Value::read(behind_blanks(rest)?)? else { return None };
    let (delimiter, rest) = delimiter(behind_blanks(rest)?)?;
    let wire = folder_name(behind_blanks(rest)?)?;
    let (mut uses, mut is_selectable) = (Vec::new(), true);
    for attribute in attributes.split(u8::is_ascii_whitespace) {
        match attribute.to_ascii_lowercase().as_slice() {
            // RFC 5258, section 3: what does not exist cannot be selected either, and the server need not say both.
            b"\\noselect" | b"\\nonexistent" => is_selectable = false,
            attribute => note_use(attribute, &mut uses),
        }
    }
    let name = if wire.eq_ignore_ascii_case("inbox") {
        "INBOX".to_owned()
    } else if utf8 {
        wire.clone()
    } else {
        decode(&wire)
    };
    Some(Folder { name, wire, delimiter, uses, is_selectable })
}

/// Notes a special use, once: some servers name it in both ways that they know (XLIST, SPECIAL-USE).
fn note_use(attribute: &[u8], uses: &mut Vec<&'static str>) {
    let name = attribute.strip_prefix(b"\\").unwrap_or_default();
    if let Some(known) = USES.iter().find(|known| known.as_bytes() == name && !uses.contains(*known)) {
        uses.push(known);
    }
}

/// What stands behind the blanks at the beginning; nothing where there are none.
fn behind_blanks(text: &[u8]) -> Option<&[u8]> {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    Some(&text[blanks..]).filter(|_| blanks > 0)
}

/// What separates the parts of a name.
fn delimiter(text: &[u8]) -> Option<(Option<String>, &[u8])> {
    // A backslash should stand twice in quotes; hMailServer has written it once.
    if let Some(rest) = text.strip_prefix(br#""\""#).filter(|rest| matches!(rest.first(), Some(b' ' | b'\t'))) {
        return Some((Some("\\".to_owned()), rest));
    }
    let (delimiter, rest) = Value::read(text)?;
    Some((delimiter.text().map(|delimiter| delimiter.into_owned()), rest))
}

/// The name at the end of a LIST response, with or without quotes; what RFC 5258 lets follow is left out.
fn folder_name(text: &[u8]) -> Option<String> {
    let text = text.strip_suffix(b"\r\n").unwrap_or(text);
    let lossy = |name: &[u8]| Some(String::from_utf8_lossy(name).into_owned()).filter(|name| !name.is_empty());
    if let Some((Value::String(name), rest)) = Value::read(text)
        && (rest.trim_ascii().is_empty() || rest.trim_ascii().starts_with(b"("))
    {
        return lossy(&name);
    }
    let end = memchr::memmem::find(text, b" (\"").unwrap_or(text.len());
    let name = text[..end].trim_ascii_end();
    // Quotes within a name should have backslashes before them.
    lossy(name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_read_with_their_uses_and_umlauts() {
        let found = folder(b"* LIST (\\HasNoChildren \\Drafts) \"/\" Entw&APw-rfe\r\n", false).unwrap();
        assert_eq!((found.name.as_str(), found.uses.as_slice(), found.is_selectable), ("Entwürfe", &["drafts"][..], true));
        assert_eq!(folder(b"* LIST () \"/\" \"a \\\"b\\\" \\\\ c\"\r\n", false).unwrap().name, "a \"b\" \\ c");
        assert!(!folder(b"* LIST (\\Noselect) \"/\" \"a b\"\r\n", false).unwrap().is_selectable);
        assert!(folder(b"* OK hello\r\n", false).is_none() && folder(b"* LIST () \"/\" \"\"\r\n", false).is_none());
    }

    #[test]
    fn a_folder_that_does_not_exist_is_not_selectable_and_a_use_stands_once() {
        for attributes in ["\\NonExistent", "\\nonexistent \\HasChildren", "\\Noselect \\NonExistent", "\\NoSelect"] {
            let line = format!("* LIST ({attributes}) \"/\" a\r\n");
            assert!(!folder(line.as_bytes(), false).unwrap().is_selectable, "{attributes}");
        }
        let uses = |attributes: &str| folder(format!("* LIST ({attributes}) \"/\" a\r\n").as_bytes(), false).unwrap().uses;
        assert_eq!(uses("\\Sent \\HasNoChildren \\Sent \\SENT"), ["sent"]);
        assert_eq!(uses("\\Trash \\Junk \\Trash \\Junk"), ["trash", "junk"]);
        assert!(uses("\\Sentinel sent \\").is_empty());
    }

    #[test]
    fn folders_are_read_however_their_parts_are_set_apart() {
        for (line, name, delimiter) in [
            ("* LIST () \"/\" Gesendete Objekte", "Gesendete Objekte", Some("/")),
            ("* LIST  (\\X)  \"/\"  \"Gesendete Objekte\"", "Gesendete Objekte", Some("/")),
            ("* LIST\t(\\X\t\\Y)\t\"/\"\tGesendete Objekte ", "Gesendete Objekte", Some("/")),
            ("* LIST () NIL Alte Post (2019)", "Alte Post (2019)", None),
            ("* LIST () / Archiv (\"CHILDINFO\" (\"SUBSCRIBED\"))", "Archiv", Some("/")),
            ("* LIST () \"/\" \"Archiv\" (\"CHILDINFO\" (\"SUBSCRIBED\"))", "Archiv", Some("/")),
            ("* LIST () \"\\\" \"INBOX\"", "INBOX", Some("\\")),
            ("* LIST () \"\\\\\" \"A\\\\B\"", "A\\B", Some("\\")),
            ("* LIST () {1}\r\n/ {17}\r\nGesendete Objekte", "Gesendete Objekte", Some("/")),
            ("* LIST () \"/\" {3}\r\nA\"B", "A\"B", Some("/")),
            ("* LIST () \"/\" \"A \"B\" C\"", "A \"B\" C", Some("/")),
            ("* LIST () \"|\" Entwürfe", "Entwürfe", Some("|")),
            ("* list () \"/\" A&B", "A&B", Some("/")),
            ("* LIST () \"/\" inbox", "INBOX", Some("/")),
        ] {
            let found = folder(format!("{line}\r\n").as_bytes(), false).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((found.name.as_str(), found.delimiter.as_deref()), (name, delimiter), "{line}");
        }
    }
}
