//! Flags and keywords that programs set: which of them a folder keeps.

use crate::selected::Selected;
use crate::session::Session;
use postkontor_plugin::{Error, Stage, Status};

/// Whether a text can be a keyword: an atom (RFC 9051, section 9, flag-keyword).
pub(crate) fn is_keyword(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'!'..=b'~') && !b"(){%*\"\\]".contains(&byte))
}

/// Refuses what cannot be a keyword; it stands in the request's list at `pointer`.
pub(crate) fn check(keywords: &[String], pointer: &str) -> Result<(), Error> {
    match keywords.iter().position(|keyword| !is_keyword(keyword)) {
        None => Ok(()),
        Some(index) => {
            let code = "imap.keyword_invalid";
            let error = Error::new(Status::Argument, code).stage(Stage::Fetch).arg("keyword", keywords[index].as_str());
            Err(error.at_request(format!("{pointer}/{index}"), code).usable())
        }
    }
}

/// Refuses keywords that the folder does not keep.
pub(crate) fn refuse_unkept(selected: &Selected, session: &Session, keywords: &[String], pointer: &str) -> Result<(), Error> {
    match keywords.iter().position(|keyword| !selected.keeps(keyword)) {
        None => Ok(()),
        Some(index) => {
            let code = "imap.keyword_unkept";
            let error = session.error(Status::Unsupported, code).stage(Stage::Fetch).arg("keyword", keywords[index].as_str());
            Err(error.arg("folder", selected.name.as_str()).at_request(format!("{pointer}/{index}"), code).usable())
        }
    }
}

/// The changes of STORE that add keywords and remove others.
pub(crate) fn changes(selected: &Selected, session: &Session, add: &[String], remove: &[String]) -> Result<Vec<String>, Error> {
    refuse_unkept(selected, session, add, "/add")?;
    // Of what the folder cannot keep there is nothing to remove, and some servers refuse to be asked for it.
    let remove: Vec<&str> = remove.iter().map(String::as_str).filter(|keyword| selected.keeps(keyword)).collect();
    let mut changes = Vec::new();
    if !add.is_empty() {
        changes.push(format!("+FLAGS.SILENT ({})", add.join(" ")));
    }
    if !remove.is_empty() {
        changes.push(format!("-FLAGS.SILENT ({})", remove.join(" ")));
    }
    Ok(changes)
}

impl Selected {
    /// Refuses a system flag that the folder does not keep.
    pub(crate) fn takes_flag(&self, flag: &str, session: &Session) -> Result<(), Error> {
        let is_kept = self.permanent.as_ref().is_none_or(|known| known.iter().any(|known| known.eq_ignore_ascii_case(flag)));
        let code = "imap.flag_unkept";
        let error = || session.error(Status::Unsupported, code).stage(Stage::Fetch).arg("flag", flag).arg("folder", self.name.as_str());
        if is_kept { Ok(()) } else { Err(error().at_request("/do", code).usable()) }
    }

    /// Whether the folder keeps a keyword: it has it, takes new ones, or does not say.
    fn keeps(&self, keyword: &str) -> bool {
        let is_it = |known: &String| known == "\\*" || known.eq_ignore_ascii_case(keyword);
        self.permanent.as_ref().is_none_or(|known| known.iter().any(is_it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selected::permanent_flags;

    #[test]
    fn a_keyword_is_an_atom() {
        for keyword in ["$Label1", "NonJunk", "$MDNSent", "a/b-c.d", "Rechnung:2026", "[x", "}"] {
            assert!(is_keyword(keyword), "{keyword}");
        }
        for text in ["", "\\Seen", "a b", "a(b", "a)", "{3}", "50%", "*", "\"a\"", "a]", "geprüft", "a\r\nb LOGOUT", "\u{7f}"] {
            assert!(!is_keyword(text), "{text}");
        }
    }

    #[test]
    fn a_folder_keeps_what_it_says() {
        let selected = |words: &str| Selected { permanent: permanent_flags(words.as_bytes()), ..Selected::default() };
        let open = selected("[PERMANENTFLAGS (\\Answered \\Seen $Label1 \\*)] limited");
        assert!(open.keeps("$Label1") && open.keeps("$Other"));
        let closed = selected("[permanentflags (\\Seen $label1)]");
        assert!(closed.keeps("$Label1") && !closed.keeps("$Other"));
        assert!(!selected("[PERMANENTFLAGS ()] read-only").keeps("$Label1"));
        // A server that does not say keeps all flags.
        assert!(selected("[UIDNEXT 3]").keeps("$Label1") && selected("[PERMANENTFLAGS x]").keeps("$Label1"));
    }
}
