//! Files that are embedded in a PDF (ISO 32000-1, 7.11.4).
//!
//! Only what leads to them is read: the tables of objects from the last one back, the catalog, its tree of embedded files and its associated
//! files. Where the tables are damaged, the objects are looked for. An encrypted document is not opened.

mod document;
mod object;
mod stream;

use document::Document;
use object::{Dictionary, Object};
use std::collections::HashSet;

/// Nodes of a tree of names that are looked at.
const NODES: usize = 10_000;

/// The first embedded file whose name is `wanted`: its name and its bytes, at most `limit`.
pub(crate) fn embedded(bytes: &[u8], wanted: &dyn Fn(&str) -> bool, limit: usize) -> Option<(String, Vec<u8>)> {
    let head = bytes.get(..bytes.len().min(1024))?;
    memchr::memmem::find(head, b"%PDF-")?;
    let found = Document::open(bytes).and_then(|document| in_document(&document, wanted, limit));
    found.or_else(|| {
        if may_embed(bytes) { Document::search(bytes) } else { None }.and_then(|document| in_document(&document, wanted, limit))
    })
}

/// Whether a document names a file, or holds objects that cannot be seen from outside, also where letters of these names are written in figures (7.3.5).
fn may_embed(bytes: &[u8]) -> bool {
    const LETTERS: [&[u8]; 8] = [b"45", b"46", b"4f", b"62", b"6a", b"53", b"74", b"6d"];
    let is_letter =
        |sign: usize| bytes.get(sign + 1..sign + 3).is_some_and(|code| LETTERS.iter().any(|letter| code.eq_ignore_ascii_case(letter)));
    [&b"/EF"[..], b"/ObjStm"].iter().any(|name| memchr::memmem::find(bytes, name).is_some())
        || memchr::memchr_iter(b'#', bytes).any(is_letter)
}

fn in_document(document: &Document<'_>, wanted: &dyn Fn(&str) -> bool, limit: usize) -> Option<(String, Vec<u8>)> {
    if document.trailer.get("Encrypt").is_some() {
        return None;
    }
    let catalog = dictionary(document, document.trailer.get("Root")?)?;
    let associated = catalog.get("AF").and_then(|list| document.resolved(list));
    let associated = if let Some(Object::List(list)) = associated { list } else { Vec::new() };
    let names = catalog.get("Names").and_then(|names| dictionary(document, names));
    let tree = names.and_then(|names| names.get("EmbeddedFiles").cloned());
    let specifications = associated.into_iter().chain(tree.map(|tree| leaves(document, tree)).unwrap_or_default());
    specifications.into_iter().find_map(|specification| {
        let specification = dictionary(document, &specification)?;
        let name = ["UF", "F"].iter().find_map(|name| text(document, specification.get(name)?)).filter(|name| wanted(name))?;
        let files = dictionary(document, specification.get("EF")?)?;
        let Object::Reference(number) = files.get("F").or_else(|| files.get("UF"))? else { return None };
        Some((name, document.stream(*number, limit)?))
    })
}

/// The values of a tree of names (7.9.6), each node once.
fn leaves(document: &Document<'_>, root: Object) -> Vec<Object> {
    let (mut nodes, mut values, mut seen) = (vec![root], Vec::new(), HashSet::new());
    while let Some(node) = nodes.pop() {
        if matches!(node, Object::Reference(number) if !seen.insert(number)) {
            continue;
        }
        let Some(node) = dictionary(document, &node) else { continue };
        let list = |name: &str| match node.get(name).and_then(|list| document.resolved(list)) {
            Some(Object::List(list)) => list,
            _ => Vec::new(),
        };
        values.extend(list("Names").into_iter().skip(1).step_by(2));
        nodes.extend(list("Kids").into_iter().rev());
        if seen.len() > NODES || values.len() > NODES || nodes.len() > NODES {
            break;
        }
    }
    values.truncate(NODES);
    values
}

fn dictionary(document: &Document<'_>, object: &Object) -> Option<Dictionary> {
    document.resolved(object)?.into_dictionary()
}

/// A text: UTF-16 with its mark, UTF-8 with its mark, else letters that are near enough to Latin 1 for a file name.
fn text(document: &Document<'_>, object: &Object) -> Option<String> {
    let Some(Object::Text(bytes)) = document.resolved(object) else { return None };
    let charset = if bytes.starts_with(&[0xfe, 0xff]) { encoding_rs::UTF_16BE } else { encoding_rs::WINDOWS_1252 };
    Some(charset.decode(&bytes).0.into_owned())
}

#[cfg(test)]
pub(crate) mod tests;
