//! A text from HTML.

use crate::message::character_reference;
use crate::message::findings::{BLOCK, Findings};

/// Text that says what the HTML shows: paragraphs, lists, links and tables remain readable.
pub(in crate::message) fn to_text(html: &str, findings: &mut Findings<'_>) -> String {
    let mut text = Text::default();
    let mut rest = html;
    let mut ask_at = rest.len().saturating_sub(BLOCK);
    // Behind the last ">" there is no tag to look for.
    let mut tags = true;
    while !rest.is_empty() {
        let start = if tags { rest.find('<').unwrap_or(rest.len()) } else { rest.len() };
        let mut words = &rest[..start];
        rest = &rest[start..];
        if rest.len() < ask_at || words.len() > BLOCK {
            ask_at = rest.len().saturating_sub(BLOCK);
            if !findings.goes_on() {
                break;
            }
        }
        while !words.is_empty() && (words.len() <= BLOCK || findings.goes_on()) {
            words = text.characters(words);
        }
        if rest.is_empty() {
            break;
        }
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let is_tag = rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c));
        let Some(end) = is_tag.then(|| tag_end(rest)).flatten() else {
            tags = !is_tag;
            text.character('<');
            rest = &rest[1..];
            continue;
        };
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        let (name, attributes) = tag.split_at(tag.find(|c: char| c.is_ascii_whitespace()).unwrap_or(tag.len()));
        let name = name.trim_end_matches('/').to_ascii_lowercase();
        if matches!(name.as_str(), "script" | "style" | "title") {
            rest = skip_element(rest, &name);
            continue;
        }
        text.tag(&name, attributes);
    }
    text.finish()
}

/// The `>` of the tag that the text begins with, with a view to quoted attributes.
fn tag_end(text: &str) -> Option<usize> {
    // Bounded, so that unfinished quotes in a long page do not cost time that grows with its square.
    const NEAR: usize = 1024;
    let mut quote = None;
    for (place, byte) in text.bytes().enumerate().take(NEAR) {
        match (quote, byte) {
            (None, b'>') => return Some(place),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => (),
        }
    }
    memchr::memchr(b'>', text.as_bytes())
}

/// What follows the end tag of an element whose content is no text.
fn skip_element<'h>(text: &'h str, name: &str) -> &'h str {
    let mut rest = text;
    while let Some(place) = rest.find("</") {
        rest = &rest[place + 2..];
        if rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return rest.find('>').map_or("", |end| &rest[end + 1..]);
        }
    }
    ""
}

/// Text that is being written.
#[derive(Default)]
struct Text {
    out: String,
    /// Line ends to write before the next character.
    breaks: usize,
    /// A space to write before the next character.
    space: bool,
    preformatted: usize,
    quotes: usize,
    /// For each list that is open, the number of its next entry, or none where it has bullets.
    lists: Vec<Option<u32>>,
    /// Target of the link that is open, and where its words begin.
    link: Option<(String, usize)>,
    /// The row has a cell before this one.
    cell: bool,
}

impl Text {
    /// Takes characters and references to characters, about a block of them, and returns what follows.
    fn characters<'h>(&mut self, html: &'h str) -> &'h str {
        let mut rest = html;
        while let (Some(c), true) = (rest.chars().next(), html.len() - rest.len() < BLOCK) {
            rest = &rest[c.len_utf8()..];
            if c != '&' {
                self.character(c);
                continue;
            }
            // The longest name has eight letters, numbers a few more.
            let end = rest.bytes().take(12).position(|byte| byte == b';');
            match end.and_then(|end| Some((character_reference::decode(&rest[..end])?, end))) {
                Some(('\u{a0}', end)) => {
                    self.put(" ");
                    rest = &rest[end + 1..];
                }
                Some((decoded, end)) => {
                    self.character(decoded);
                    rest = &rest[end + 1..];
                }
                None => self.put("&"),
            }
        }
        rest
    }

    fn character(&mut self, c: char) {
        match c {
            '\r' | '\0' => (),
            '\n' if self.preformatted > 0 => self.breaks += 1,
            ' ' | '\t' if self.preformatted > 0 => self.put(if c == ' ' { " " } else { "\t" }),
            ' ' | '\t' | '\n' | '\x0c' => self.space = true,
            '\u{a0}' => self.put(" "),
            _ => self.put(c.encode_utf8(&mut [0; 4])),
        }
    }

    fn put(&mut self, text: &str) {
        let begins = self.out.is_empty() || self.breaks > 0;
        if !self.out.is_empty() {
            for _ in 0..self.breaks {
                while self.out.ends_with(' ') {
                    self.out.pop();
                }
                self.out.push('\n');
            }
        }
        if begins {
            self.out.extend(std::iter::repeat_n("> ", self.quotes));
        } else if self.space && !self.out.ends_with([' ', '\n', '\t']) {
            self.out.push(' ');
        }
        (self.breaks, self.space) = (0, false);
        self.out.push_str(text);
    }

    fn lines(&mut self, count: usize) {
        self.breaks = self.breaks.max(count);
        self.space = false;
    }

    /// Writes what a tag means for the text: breaks, marks, links.
    fn tag(&mut self, name: &str, attributes: &str) {
        match name {
            "br" => {
                self.breaks += 1;
                self.space = false;
            }
            "p" | "/p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "/h1" | "/h2" | "/h3" | "/h4" | "/h5" | "/h6" | "table" | "/table"
            | "dl" | "/dl" => self.lines(2),
            "div" | "/div" | "section" | "/section" | "article" | "/article" | "header" | "/header" | "footer" | "/footer" | "address"
            | "/address" | "dt" | "dd" | "/li" | "/tr" | "/body" | "body" => self.lines(1),
            "tr" => {
                self.lines(1);
                self.cell = false;
            }
            "td" | "th" => {
                if self.cell && self.breaks == 0 {
                    self.put("\t");
                }
                self.cell = true;
            }
            "hr" => {
                self.lines(1);
                self.put("----------------------------------------");
                self.lines(1);
            }
            "li" => self.entry(),
            "a" => self.link = attribute(attributes, "href").map(|target| (target, self.out.len())),
            "/a" => self.end_link(),
            "img" => {
                if let Some(words) = attribute(attributes, "alt").filter(|words| !words.trim().is_empty()) {
                    self.put(&one_line(&words));
                }
            }
            _ => self.nest(name),
        }
    }

    /// Begins or ends what may stand within another of its kind: preformatted text, quotes, lists.
    fn nest(&mut self, name: &str) {
        const DEPTH: usize = 8;
        match name {
            "pre" => {
                self.lines(2);
                self.preformatted += 1;
            }
            "/pre" => {
                self.preformatted = self.preformatted.saturating_sub(1);
                self.lines(2);
            }
            "blockquote" => {
                self.lines(2);
                self.quotes = (self.quotes + 1).min(DEPTH);
            }
            "/blockquote" => {
                self.lines(2);
                self.quotes = self.quotes.saturating_sub(1);
            }
            "ul" | "ol" => {
                self.lines(if self.lists.is_empty() { 2 } else { 1 });
                if self.lists.len() < DEPTH {
                    self.lists.push((name == "ol").then_some(1));
                }
            }
            "/ul" | "/ol" => {
                self.lists.pop();
                self.lines(if self.lists.is_empty() { 2 } else { 1 });
            }
            _ => (),
        }
    }

    fn entry(&mut self) {
        self.lines(1);
        let indent = "  ".repeat(self.lists.len().saturating_sub(1));
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{indent}{}. ", *number - 1)
            }
            _ => format!("{indent}- "),
        };
        self.put(&mark);
    }

    fn end_link(&mut self) {
        let Some((target, start)) = self.link.take() else { return };
        let target = one_line(&target);
        let words = self.out.get(start..).unwrap_or_default().trim();
        let address =
            target.trim_start_matches("mailto:").trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
        let is_place = ["http://", "https://", "mailto:", "tel:", "ftp://"].iter().any(|scheme| target.starts_with(scheme));
        if !is_place || words.ends_with(address) {
            return;
        }
        if words.is_empty() {
            self.put(&target);
            return;
        }
        self.space = true;
        self.put(&format!("({target})"));
    }

    fn finish(mut self) -> String {
        self.out.truncate(self.out.trim_end().len());
        self.out
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The value of an attribute, its entities decoded.
fn attribute(attributes: &str, wanted: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '=').unwrap_or(rest.len());
        let name = &rest[..end];
        rest = rest[end..].trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            (value, rest) = match after.chars().next() {
                Some(quote @ ('"' | '\'')) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                _ => after.split_at(after.find(|c: char| c.is_ascii_whitespace()).unwrap_or(after.len())),
            };
        } else if name.is_empty() {
            return None;
        }
        if name.eq_ignore_ascii_case(wanted) {
            let mut decoded = Text { preformatted: 1, ..Text::default() };
            let mut rest = value;
            while !rest.is_empty() {
                rest = decoded.characters(rest);
            }
            return Some(decoded.out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_text(html: &str) -> String {
        super::to_text(html, &mut Findings::default())
    }

    #[test]
    fn paragraphs_lists_links_and_entities_become_readable_text() {
        let html = "<html><head><title>x</title><style>p{}</style></head><body><h1>Gr&uuml;&szlig;e</h1>\n<p>Lieber  Herr\nM&#252;ller,<br>bitte \
                    <a href=\"https://example.com/a?b=1&amp;c=2\">hier</a> klicken &amp; lesen.</p><ul><li>eins<li>zwei<ol><li>a</li><li>b</li></ol></ul>\
                    <script>alert('<p>')</script><!-- weg --><p><img src=x alt='Ein Bild'> 5 &lt; 6 &unbekannt; 10&nbsp;&euro;</body></html>";
        assert_eq!(
            to_text(html),
            "Grüße\n\nLieber Herr Müller,\nbitte hier (https://example.com/a?b=1&c=2) klicken & lesen.\n\n- eins\n- zwei\n  1. a\n  2. b\n\n\
             Ein Bild 5 < 6 &unbekannt; 10 €"
        );
    }

    #[test]
    fn tables_quotes_and_preformatted_text_keep_their_shape() {
        assert_eq!(to_text("<table><tr><td>a</td><td>b</td></tr><tr><td>c<td>d</table>"), "a\tb\nc\td");
        assert_eq!(to_text("<p>x</p><blockquote>eins<br>zwei</blockquote><p>y"), "x\n\n> eins\n> zwei\n\ny");
        assert_eq!(to_text("<pre>a  b\n  c</pre>"), "a  b\n  c");
    }

    #[test]
    fn a_link_that_shows_its_target_gets_no_second_one() {
        assert_eq!(to_text("<a href='mailto:anna@example.com'>anna@example.com</a>"), "anna@example.com");
        assert_eq!(to_text("<a href=https://example.com/>example.com</a> x"), "example.com x");
        assert_eq!(to_text("<a href=\"https://example.com\"><img src=a></a>"), "https://example.com");
        assert_eq!(to_text("<a href='#top'>oben</a>"), "oben");
    }

    #[test]
    fn broken_html_loses_no_text_and_takes_no_time() {
        assert_eq!(to_text("1 < 2 & 3 > 2 <"), "1 < 2 & 3 > 2 <");
        assert_eq!(to_text("<p title=\"a > b\">x"), "x");
        for piece in ["<a '\"", "<!--", "</", "<ul>", "&", "<script>", "<blockquote>x", "<a href="] {
            to_text(&piece.repeat(20_000));
        }
    }
}
