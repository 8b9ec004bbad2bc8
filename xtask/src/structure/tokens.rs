//! Cuts a Rust source into words and signs, without comments and what is only there for tests.

/// A word, a number, a path separator `::`, a plain text with its quotes, or a single sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
}

/// All tokens of a file that belong to the product: items behind `#[cfg(test)]` are left out.
pub(super) fn of_product(source: &str) -> Vec<Token<'_>> {
    without_tests(&all(source))
}

/// All tokens of a file.
pub(super) fn all(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let (length, kept) = measure(rest, first);
        if kept {
            tokens.push(Token { text: &rest[..length], line });
        }
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    tokens
}

/// The length of what `rest` begins with, and whether it is a token.
fn measure(rest: &str, first: char) -> (usize, bool) {
    if rest.starts_with("//") {
        (rest.find('\n').unwrap_or(rest.len()), false)
    } else if rest.starts_with("/*") {
        (block_comment(rest), false)
    } else if let Some(length) = raw_text(rest) {
        (length, false)
    } else if first == '"' || rest.starts_with("b\"") || rest.starts_with("c\"") {
        (quoted(rest, '"'), true)
    } else if rest.starts_with("b'") || (first == '\'' && is_character(rest)) {
        (quoted(rest, '\''), false)
    } else if is_word(first) {
        (rest.find(|sign: char| !is_word(sign)).unwrap_or(rest.len()), true)
    } else if rest.starts_with("::") {
        (2, true)
    } else {
        (first.len_utf8(), !first.is_whitespace())
    }
}

fn is_word(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

/// Block comments may stand in each other.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest[at..];
        if here.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// `r"…"`, `br#"…"#` and the like.
fn raw_text(rest: &str) -> Option<usize> {
    let behind = ["r", "br", "cr"].iter().find_map(|prefix| rest.strip_prefix(prefix))?;
    let marks = behind.len() - behind.trim_start_matches('#').len();
    let text = behind[marks..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(marks));
    let begin = rest.len() - text.len();
    Some(text.find(&end).map_or(rest.len(), |length| begin + length + end.len()))
}

/// The length of a text or character in quotes, with what stands before the first quote.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    let begin = rest.find(quote).map_or(rest.len(), |at| at + 1);
    for (at, sign) in rest[begin..].char_indices() {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if sign == quote => return begin + at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Whether a single quote opens a character, and not a lifetime.
fn is_character(rest: &str) -> bool {
    let mut signs = rest.chars().skip(1);
    match (signs.next(), signs.next()) {
        (Some('\\'), _) => true,
        (Some(_), Some('\'')) => true,
        (Some(sign), _) => !is_word(sign),
        (None, _) => false,
    }
}

/// The tokens without the items that stand behind an attribute such as `#[cfg(test)]`.
fn without_tests<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let rest = &tokens[at..];
        if is_for_tests(rest) {
            at += attribute(rest);
            while tokens.get(at).is_some_and(|token| token.text == "#") {
                at += attribute(&tokens[at..]);
            }
            at += item(&tokens[at..]);
        } else {
            kept.push(rest[0]);
            at += 1;
        }
    }
    kept
}

fn is_for_tests(rest: &[Token<'_>]) -> bool {
    let texts: Vec<&str> = rest.iter().take(6).map(|token| token.text).collect();
    match texts.as_slice() {
        ["#", "[", "test", "]", ..] | ["#", "[", "cfg", "(", "test", ")"] => true,
        ["#", "[", "cfg", "(", "all", "("] => {
            let within = &rest[..attribute(rest)];
            // Only what needs `test`; behind `not(…)` or `any(…)` it may belong to the product.
            within.iter().any(|token| token.text == "test") && !within.iter().any(|token| ["not", "any"].contains(&token.text))
        }
        _ => false,
    }
}

/// The number of tokens of the attribute that `rest` begins with.
fn attribute(rest: &[Token<'_>]) -> usize {
    let begin = rest.iter().position(|token| token.text == "[").unwrap_or(0);
    begin + enclosed(&rest[begin..])
}

/// The number of tokens of the item (or statement) that `rest` begins with.
fn item(rest: &[Token<'_>]) -> usize {
    let mut at = 0;
    while let Some(token) = rest.get(at) {
        match token.text {
            ";" => return at + 1,
            "{" => return at + enclosed(&rest[at..]),
            "(" | "[" => at += enclosed(&rest[at..]),
            // The end of what the item stands in, as behind the last field of a struct.
            "}" => return at,
            _ => at += 1,
        }
    }
    at
}

/// The number of tokens from an opening sign to the one that closes it.
pub(super) fn enclosed(rest: &[Token<'_>]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in rest.iter().enumerate() {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        of_product(source).iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_texts_and_characters_hide_nothing_and_add_nothing() {
        let source = "a /* { /* } */ { */ b // }\nc \"}\\\"{\" r#\"\"}\"# b'{' '}' '\\'' d 'life e";
        assert_eq!(texts(source), ["a", "b", "c", "\"}\\\"{\"", "d", "'", "life", "e"]);
        assert_eq!(all(source).iter().map(|token| token.line).collect::<Vec<_>>(), [1, 1, 2, 2, 2, 2, 2, 2]);
    }

    #[test]
    fn what_is_there_for_tests_only_is_left_out() {
        let source =
            "fn a() {} #[cfg(test)] #[allow(x)] mod tests { use super::b; } #[test] fn c() { d } #[cfg(all(test, unix))] use e; fn f() {}";
        assert_eq!(texts(source), ["fn", "a", "(", ")", "{", "}", "fn", "f", "(", ")", "{", "}"]);
        assert!(texts("#[cfg(not(test))] fn a() {}").contains(&"a"));
        assert!(texts("#[cfg(any(test, feature))] fn a() {}").contains(&"a"));
    }
}
