//! Functions that are too long to be read at a glance.

use super::tokens::{Token, enclosed};

/// A function with the number of its lines, from `fn` to the closing brace.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function<'a> {
    pub(super) name: &'a str,
    pub(super) line: usize,
    pub(super) lines: usize,
}

/// The functions of a file that have a body.
pub(super) fn of<'a>(tokens: &[Token<'a>]) -> Vec<Function<'a>> {
    let named = tokens.windows(2).enumerate().filter(|(_, pair)| pair[0].text == "fn" && pair[1].text != "(");
    named.filter_map(|(at, pair)| Some(Function { name: pair[1].text, line: pair[0].line, lines: lines(&tokens[at..])? })).collect()
}

/// The lines of the function that `rest` begins with; `None` where it is declared only.
fn lines(rest: &[Token<'_>]) -> Option<usize> {
    let mut at = 0;
    loop {
        match rest.get(at)?.text {
            ";" => return None,
            "(" | "[" => at += enclosed(&rest[at..]),
            "{" => break,
            _ => at += 1,
        }
    }
    let end = at + enclosed(&rest[at..]) - 1;
    Some(rest.get(end)?.line - rest[0].line + 1)
}

#[cfg(test)]
mod tests {
    use super::super::tokens::of_product;
    use super::*;

    #[test]
    fn a_function_counts_from_its_name_to_its_last_brace() {
        let source = "trait T { fn declared(&self) -> [u8; 2]; }\nfn short() {}\npub fn long(\n  f: fn(u8) -> u8,\n) -> u8\nwhere\n  X: Y,\n{\n  if a { \"}\" }\n}\n";
        let tokens = of_product(source);
        assert_eq!(of(&tokens), [Function { name: "short", line: 2, lines: 1 }, Function { name: "long", line: 3, lines: 8 }]);
    }
}
