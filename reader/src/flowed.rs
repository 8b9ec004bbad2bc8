//! Text with soft line ends: format=flowed (RFC 3676).

use memchr::memchr;
use std::borrow::Cow;

/// The text with its paragraphs in one line each, as the reader's window shows them.
///
/// A line that ends in a blank goes on in the next line of the same quote depth; with `delsp` (the parameter DelSp) that blank is no part of the
/// text. The blank that a sender puts in front of lines is taken away, and the signature separator stays as it is. Quoted paragraphs keep the marks of
/// their first line. Without soft line ends the text is not copied.
pub fn join(text: &str, delsp: bool) -> Cow<'_, str> {
    let (mut joined, mut changed) = (String::new(), false);
    // The depth of the paragraph that goes on, and the end of its last line as it stands in `joined`.
    let mut open: Option<Open> = None;
    let mut rest = text;
    while !rest.is_empty() {
        let end = memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |end| end + 1);
        let line = Line::of(&rest[..end]);
        let is_continued = open.take().filter(|open| open.depth == line.depth && !line.is_separator());
        let is_stuffed = line.depth == 0 && line.whole.starts_with(' ');
        if (is_continued.is_some() || is_stuffed) && !changed {
            changed = true;
            joined.reserve(text.len());
            joined.push_str(&text[..text.len() - rest.len()]);
        }
        if changed {
            match is_continued {
                Some(open) => {
                    joined.truncate(joined.len() - open.end - usize::from(delsp));
                    joined.push_str(line.text);
                }
                None if is_stuffed => joined.push_str(line.text),
                None => joined.push_str(&line.whole[..line.whole.len() - line.end.len()]),
            }
            joined.push_str(line.end);
        }
        if line.is_flowed() {
            open = Some(Open { depth: line.depth, end: line.end.len() });
        }
        rest = &rest[end..];
    }
    if changed { Cow::Owned(joined) } else { Cow::Borrowed(text) }
}

/// A paragraph that goes on in the next line.
struct Open {
    depth: usize,
    /// The bytes of the line end that are to be taken away.
    end: usize,
}

struct Line<'a> {
    whole: &'a str,
    /// Quotation marks in front.
    depth: usize,
    /// Without the quotation marks, one blank behind them, and the line end.
    text: &'a str,
    end: &'a str,
}

impl<'a> Line<'a> {
    fn of(whole: &'a str) -> Line<'a> {
        let content = whole.strip_suffix('\n').map_or(whole, |content| content.strip_suffix('\r').unwrap_or(content));
        let unquoted = content.trim_start_matches('>');
        Line {
            whole,
            depth: content.len() - unquoted.len(),
            text: unquoted.strip_prefix(' ').unwrap_or(unquoted),
            end: &whole[content.len()..],
        }
    }

    /// The line between a text and its signature (RFC 3676, 4.3).
    fn is_separator(&self) -> bool {
        self.text == "-- "
    }

    fn is_flowed(&self) -> bool {
        self.text.ends_with(' ') && !self.is_separator() && !self.end.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_joined() {
        let table = [
            ("a \r\nb\r\nc\r\n", "a b\r\nc\r\n", "ab\r\nc\r\n"),
            ("a \nb \nc", "a b c", "abc"),
            ("a  \nb\n", "a  b\n", "a b\n"),
            // Stuffed lines.
            (" From here\n >no quote\n  indented\n", "From here\n>no quote\n indented\n", "From here\n>no quote\n indented\n"),
            ("a \n b\n", "a b\n", "ab\n"),
            // Quotes.
            ("> a \n> b\n>> c \n>>d\n", "> a b\n>> c d\n", "> ab\n>> cd\n"),
            (">a \n>b\nc\n", ">a b\nc\n", ">ab\nc\n"),
            // A paragraph of another depth, and the end of the text, end it.
            ("> a \nb\n", "> a \nb\n", "> a \nb\n"),
            ("a \n> b\n", "a \n> b\n", "a \n> b\n"),
            ("a ", "a ", "a "),
            ("a \n", "a \n", "a \n"),
            // An empty line is fixed; blanks only are flowed.
            ("a \n\nb\n", "a \nb\n", "a\nb\n"),
            // Signatures.
            ("a \n-- \nAnna \nMeier\n", "a \n-- \nAnna Meier\n", "a \n-- \nAnnaMeier\n"),
            ("> a\n> -- \n> Anna\n", "> a\n> -- \n> Anna\n", "> a\n> -- \n> Anna\n"),
            ("", "", ""),
        ];
        for (text, joined, deleted) in table {
            assert_eq!(join(text, false), joined, "{text:?}");
            assert_eq!(join(text, true), deleted, "{text:?}");
        }
        assert!(matches!(join("Guten Tag,\r\n> Zitat\r\n", false), Cow::Borrowed(_)));
    }
}
