//! A mail shown below an answer.

use crate::message::findings::Findings;
use crate::message::html;
use std::collections::HashSet;

/// The style of a quote: a line at its side, as readers' programs draw it.
const STYLE: &str = "margin:0 0 0 .8ex;border-left:2px solid #cccccc;padding-left:1ex";

/// A text with a mark in front of each line, and no blank between marks, so that the depth can be counted (RFC 3676, 4.5).
pub(super) fn text(text: &str, findings: &mut Findings<'_>) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16 + 16);
    for line in text.trim_end().lines() {
        if !findings.goes_on() {
            break;
        }
        let line = line.trim_end();
        out.push_str(match line.is_empty() {
            true => ">",
            false if line.starts_with('>') => ">",
            false => "> ",
        });
        out.extend(line.chars().filter(|letter| *letter != '\0'));
        out.push_str("\r\n");
    }
    out
}

/// HTML that quotes HTML.
pub(super) fn of_html(page: &str, attribution: &str, findings: &mut Findings<'_>) -> String {
    let inside = inside(page, findings);
    let attribution = html::from_text(attribution, findings);
    format!("<p>{attribution}</p>\r\n<blockquote type=\"cite\" style=\"{STYLE}\">\r\n{inside}\r\n</blockquote>\r\n")
}

/// What a page shows: its body with its style sheets, and without its programs.
pub(super) fn inside(page: &str, findings: &mut Findings<'_>) -> String {
    without_scripts(&html::content(page, findings)).replace('\0', "")
}

/// A page with something behind what it shows.
pub(super) fn below(page: &str, quote: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let place = lower.rfind("</body").unwrap_or_else(|| lower.rfind("</html").unwrap_or(page.len()));
    let (before, behind) = page.split_at(place);
    format!("{before}\r\n{quote}{behind}")
}

/// The Content-IDs that a page shows (RFC 2392).
pub(super) fn images(page: &str) -> HashSet<&str> {
    let places = page.match_indices("cid:").map(|(at, name)| at + name.len());
    let until = |rest: &str| rest.find(|letter: char| letter.is_whitespace() || "\"'<>)".contains(letter)).unwrap_or(rest.len());
    places.filter_map(|at| page.get(at..)).map(|rest| &rest[..until(rest)]).collect()
}

/// No reader's program runs a script of a mail, but some refuse a mail that has one.
fn without_scripts(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let mut out = String::with_capacity(page.len());
    let mut at = 0;
    while let Some(begin) = lower.get(at..).and_then(|rest| rest.find("<script")).map(|place| at + place) {
        out.push_str(&page[at..begin]);
        let end = lower[begin..].find("</script").map_or(page.len(), |place| begin + place);
        at = lower[end..].find('>').map_or(page.len(), |place| end + place + 1);
    }
    out.push_str(&page[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str) -> String {
        super::text(text, &mut Findings::default())
    }

    #[test]
    fn each_line_is_marked_and_marks_stand_together() {
        assert_eq!(quoted("a\r\n\r\n> b\n>> c \n\n\n"), "> a\r\n>\r\n>> b\r\n>>> c\r\n");
        assert_eq!(quoted(""), "");
        assert_eq!(quoted("a\0b"), "> ab\r\n");
    }

    #[test]
    fn a_page_is_quoted_without_its_frame_and_its_programs() {
        let page = "<html><head><title>x</title></head><body><SCRIPT>evil()</SCRIPT ><p>a</p><script>b</body></html>";
        let quote = of_html(page, "A & B wrote:", &mut Findings::default());
        assert!(quote.contains("<p>A &amp; B wrote:</p>"), "{quote}");
        assert!(quote.contains("<p>a</p>") && !quote.contains("evil") && !quote.contains("<html"), "{quote}");
        assert_eq!(below("<html><BODY>x</BODY></html>", "q"), "<html><BODY>x\r\nq</BODY></html>");
        assert_eq!(images("<img src=\"cid:a@b\"><img src=cid:c> url('cid:d')"), HashSet::from(["a@b", "c", "d"]));
        assert_eq!(below("x", "q"), "x\r\nq");
    }
}
