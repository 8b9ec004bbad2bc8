//! HTML that shows a text as it is.

use crate::message::findings::{Findings, first_block};

/// HTML that looks like the text: lines stay lines, addresses of pages become links.
pub(in crate::message) fn from_text(text: &str, findings: &mut Findings<'_>) -> String {
    let mut page = Page { html: String::with_capacity(text.len() + text.len() / 8 + 16), previous: '\n' };
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    let mut rest = text;
    while !rest.is_empty() && findings.goes_on() {
        let (start, end) = find_link(rest).unwrap_or((rest.len(), rest.len()));
        page.escape(&rest[..start], findings);
        if start < end {
            page.html.push_str("<a href=\"");
            page.escape(&rest[start..end], findings);
            page.html.push_str("\">");
            page.escape(&rest[start..end], findings);
            page.html.push_str("</a>");
        }
        rest = &rest[end..];
    }
    page.html
}

fn find_link(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let start = from + text[from..].find("http")?;
        let rest = &text[start..];
        let scheme = ["https://", "http://"].into_iter().find(|scheme| rest.starts_with(scheme));
        if let Some(scheme) = scheme {
            let length = rest.find(|c: char| c.is_whitespace() || "<>\"".contains(c)).unwrap_or(rest.len());
            // What ends the sentence is no part of the address.
            let length = rest[..length].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'']).len();
            if length > scheme.len() {
                return Some((start, start + length));
            }
        }
        from = start + "http".len();
    }
}

/// A page that is written from text.
struct Page {
    html: String,
    /// The character before the next one.
    previous: char,
}

impl Page {
    fn escape(&mut self, text: &str, findings: &mut Findings<'_>) {
        let mut rest = text;
        while !rest.is_empty() && findings.goes_on() {
            let (block, after) = first_block(rest);
            block.chars().for_each(|c| self.character(c));
            rest = after;
        }
    }

    fn character(&mut self, c: char) {
        let html = &mut self.html;
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\n' if self.previous == '\r' => (),
            '\r' | '\n' => html.push_str("<br>\r\n"),
            // Columns made with spaces keep their width.
            ' ' if matches!(self.previous, ' ' | '\n') => html.push_str("&nbsp;"),
            '\t' => html.push_str("&nbsp;&nbsp;&nbsp; "),
            _ => html.push(c),
        }
        self.previous = c;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_text(text: &str) -> String {
        super::from_text(text, &mut Findings::default())
    }

    #[test]
    fn text_becomes_html_with_lines_and_links_and_nothing_else() {
        assert_eq!(from_text("a <b> & \"c\"\r\n  d\n"), "a &lt;b&gt; &amp; &quot;c&quot;<br>\r\n&nbsp;&nbsp;d");
        assert_eq!(
            from_text("Siehe https://example.com/x?a=1&b=2, danke. httpx http://"),
            "Siehe <a href=\"https://example.com/x?a=1&amp;b=2\">https://example.com/x?a=1&amp;b=2</a>, danke. httpx http://"
        );
    }
}
