//! The declarations, imports and names of a file: its modules, its items, and the paths in it.

use super::tokens::{Token, enclosed};
use std::collections::BTreeSet;

/// The contents of one module of a file.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// The names of the modules written within this file, down to this one; empty for the file's own module.
    pub(super) inside: Vec<String>,
    pub(super) declared: Vec<Declared>,
    /// Functions, types, constants and macros of this module.
    pub(super) items: BTreeSet<String>,
    pub(super) imports: Vec<Import>,
    /// Paths beside imports, each with at least two names.
    pub(super) paths: Vec<Vec<String>>,
    /// All words beside imports.
    pub(super) words: BTreeSet<String>,
}

/// `mod name;`
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) name: String,
    /// The file that `#[path = "…"]` names.
    pub(super) file: Option<String>,
}

/// `use crate::a::B as C`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Import {
    /// The name under which it is known here; `*` for all.
    pub(super) name: String,
    pub(super) path: Vec<String>,
    /// It is handed on to other modules.
    pub(super) public: bool,
}

/// Words that are followed by the name of an item.
const ITEMS: [&str; 9] = ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "macro_rules"];

/// The scopes of a file; the first one is the file's own module.
pub(super) fn of(tokens: &[Token<'_>]) -> Vec<Scope> {
    let mut scopes = Vec::new();
    module(tokens, Vec::new(), &mut scopes);
    scopes
}

/// Reads one module, and behind it the modules written within it.
fn module(tokens: &[Token<'_>], inside: Vec<String>, scopes: &mut Vec<Scope>) {
    let mut scope = Scope { inside, ..Scope::default() };
    let mut inner = Vec::new();
    let (mut at, mut depth, mut public, mut file) = (0, 0_usize, false, None);
    while at < tokens.len() {
        let rest = &tokens[at..];
        let word = |ahead: usize| rest.get(ahead).map_or("", |token| token.text);
        at += match (word(0), word(1), word(2)) {
            ("use", ..) => imports(rest, public, &mut scope),
            ("mod", name, ";") => {
                scope.declared.push(Declared { name: name.to_owned(), file: file.take() });
                3
            }
            ("mod", name, "{") => {
                let length = 2 + enclosed(&rest[2..]);
                inner.push((&rest[3..length - 1], name));
                length
            }
            ("path", "=", text) => {
                file = Some(text.trim_matches('"').to_owned());
                3
            }
            (first, ..) => {
                depth = match first {
                    "{" => depth + 1,
                    "}" => depth.saturating_sub(1),
                    _ => depth,
                };
                public = first == "pub" || public && !["{", "}", ";"].contains(&first);
                // `*const T` names no item.
                if depth == 0 && ITEMS.contains(&first) && !(at > 0 && tokens[at - 1].text == "*") {
                    scope.items.insert(if word(1) == "!" { word(2) } else { word(1) }.to_owned());
                }
                words(tokens, at, &mut scope)
            }
        };
    }
    let inside = scope.inside.clone();
    scopes.push(scope);
    for (tokens, name) in inner {
        module(tokens, [inside.as_slice(), &[name.to_owned()]].concat(), scopes);
    }
}

/// Notes the word or the path that stands at `at`; its length.
fn words(tokens: &[Token<'_>], at: usize, scope: &mut Scope) -> usize {
    let mut path = vec![tokens[at].text.to_owned()];
    while tokens.get(at + 2 * path.len() - 1).is_some_and(|token| token.text == "::") {
        let Some(next) = tokens.get(at + 2 * path.len()).filter(|token| is_name(token.text)) else { break };
        path.push(next.text.to_owned());
    }
    let length = 2 * path.len() - 1;
    if is_name(&path[0]) {
        // Behind `::` stands the rest of a path that begins elsewhere, as in `<T as Trait>::a`.
        let begins = !(at > 0 && tokens[at - 1].text == "::");
        scope.words.insert(path[0].clone());
        if begins && path.len() > 1 {
            scope.paths.push(path);
        }
    }
    length
}

fn is_name(text: &str) -> bool {
    text.starts_with(|sign: char| sign.is_alphabetic() || sign == '_')
}

/// Reads the import that `rest` begins with; its length.
fn imports(rest: &[Token<'_>], public: bool, scope: &mut Scope) -> usize {
    let end = rest.iter().position(|token| token.text == ";").unwrap_or(rest.len());
    // A precise capture (`use<'a>`) is no import.
    if rest.get(1).is_some_and(|token| token.text == "<") {
        return 1;
    }
    let mut found = Vec::new();
    tree(&rest[1..end], &[], &mut found);
    scope.imports.extend(found.into_iter().map(|(name, path)| Import { name, path, public }));
    end
}

/// `a::{b, c::{self, d as e}, f::*}`: each name with its path.
fn tree(tokens: &[Token<'_>], before: &[String], found: &mut Vec<(String, Vec<String>)>) {
    let mut path = before.to_vec();
    let mut name = None;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token.text {
            "{" => {
                let end = at + enclosed(&tokens[at..]);
                let mut branch = at + 1;
                while branch < end {
                    let length = branch_length(&tokens[branch..end - 1]);
                    tree(&tokens[branch..branch + length], &path, found);
                    branch += length + 1;
                }
                return;
            }
            "as" => {
                name = tokens.get(at + 1).map(|token| token.text.to_owned());
                break;
            }
            "self" if !path.is_empty() => {}
            "::" => {}
            text => path.push(text.to_owned()),
        }
        at += 1;
    }
    if path.len() > before.len() || at > 0 {
        let own = if path.last().is_some_and(|last| last == "*") {
            path.pop().unwrap_or_default()
        } else {
            path.last().cloned().unwrap_or_default()
        };
        found.push((name.unwrap_or(own), path));
    }
}

/// The number of tokens up to the next comma that stands in no braces.
fn branch_length(tokens: &[Token<'_>]) -> usize {
    let mut at = 0;
    while at < tokens.len() && tokens[at].text != "," {
        at += if tokens[at].text == "{" { enclosed(&tokens[at..]) } else { 1 };
    }
    at
}

#[cfg(test)]
mod tests {
    use super::super::tokens::of_product;
    use super::*;

    #[test]
    fn imports_are_read_branch_by_branch() {
        let tokens =
            of_product("use crate::a::{self, b::{C as D, e}, f::*}; pub(crate) use super::g; use h as _; fn i() -> impl J + use<'_> {}");
        let scope = of(&tokens).remove(0);
        let found: Vec<(String, String, bool)> =
            scope.imports.iter().map(|import| (import.name.clone(), import.path.join("::"), import.public)).collect();
        let expected = [
            ("a", "crate::a", false),
            ("D", "crate::a::b::C", false),
            ("e", "crate::a::b::e", false),
            ("*", "crate::a::f", false),
            ("g", "super::g", true),
            ("_", "h", false),
        ];
        assert_eq!(found, expected.map(|(name, path, public)| (name.to_owned(), path.to_owned(), public)));
    }

    #[test]
    fn modules_items_and_paths_are_found_each_in_its_own_scope() {
        let source = "#[path = \"x.rs\"] mod a; pub mod b { use super::c; fn d(e: *const F) {} } struct G; impl G { fn h() { crate::i::j(); } } fn k(l: &mut M) { n::<O>::p(); q::r::<S>(); }";
        let tokens = of_product(source);
        let scopes = of(&tokens);
        assert_eq!(scopes[0].declared, [Declared { name: "a".to_owned(), file: Some("x.rs".to_owned()) }]);
        assert_eq!(scopes[0].items.iter().map(String::as_str).collect::<Vec<_>>(), ["G", "k"]);
        assert_eq!(scopes[0].paths.iter().map(|path| path.join("::")).collect::<Vec<_>>(), ["crate::i::j", "q::r"]);
        assert_eq!((scopes[1].inside.as_slice(), scopes[1].items.iter().next().unwrap().as_str()), (["b".to_owned()].as_slice(), "d"));
        assert_eq!(scopes[1].imports[0].path, ["super", "c"]);
    }
}
