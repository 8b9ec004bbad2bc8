//! The two syntaxes of EN 16931: UBL and CII. Read up to the identifier of the profile, without a document type.

use encoding_rs::{Encoding, UTF_8};
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

/// The profile stands in the first elements; only a signature may come before it.
const BEGINNING: usize = 1024 * 1024;

/// Elements within each other, from the root to where the profile stands.
const LEVELS: usize = 4;

/// Roots: the namespace, the name, and what they are.
const ROOTS: [(&str, &str, &str); 4] = [
    ("urn:oasis:names:specification:ubl:schema:xsd:Invoice-2", "Invoice", "ubl"),
    ("urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2", "CreditNote", "ubl"),
    ("urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100", "CrossIndustryInvoice", "cii"),
    ("urn:ferd:CrossIndustryDocument:invoice:1p0", "CrossIndustryDocument", "cii"),
];

/// What a document is.
pub(super) struct Found {
    pub(super) format: &'static str,
    pub(super) profile: Option<String>,
}

/// Reads a document; `None` for what is no invoice.
pub(super) fn read(bytes: &[u8]) -> Option<Found> {
    let text = decoded(bytes.get(..BEGINNING).unwrap_or(bytes));
    let mut reader = NsReader::from_str(&text);
    let format = root(&mut reader)?;
    Some(Found { format, profile: profile(&mut reader, format) })
}

fn root(reader: &mut NsReader<&[u8]>) -> Option<&'static str> {
    loop {
        match reader.read_resolved_event().ok()? {
            (ResolveResult::Bound(namespace), Event::Start(start)) => {
                let name = start.local_name();
                let is_it = |(uri, root, _): &&(&str, &str, _)| namespace.as_ref() == *uri && name.as_ref() == *root;
                return ROOTS.iter().find(is_it).map(|(_, _, format)| *format);
            }
            (_, Event::Start(_) | Event::Empty(_) | Event::DocType(_) | Event::Eof) => return None,
            _ => (),
        }
    }
}

/// The identifier of the profile. What is no XML any more ends the search.
fn profile(reader: &mut NsReader<&[u8]>, format: &str) -> Option<String> {
    let (mut path, mut depth): (Vec<String>, usize) = (Vec::new(), 0);
    let mut text = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                depth += 1;
                if depth < LEVELS {
                    path.push(start.local_name().as_ref().to_owned());
                }
                text.clear();
            }
            Event::Text(part) if is_profile(&path, depth, format) => text.push_str(&part.xml_content(XmlVersion::Implicit1_0)),
            Event::End(_) => {
                if is_profile(&path, depth, format) {
                    let found = text.trim();
                    return (!found.is_empty()).then(|| found.to_owned());
                }
                depth = depth.checked_sub(1)?;
                path.truncate(depth);
            }
            Event::DocType(_) | Event::Eof => return None,
            _ => (),
        }
    }
}

fn is_profile(path: &[String], depth: usize, format: &str) -> bool {
    let is = |index: usize, name: &str| path.get(index).is_some_and(|found| found == name);
    if format == "ubl" {
        return depth == 1 && is(0, "CustomizationID");
    }
    let is_context = is(0, "ExchangedDocumentContext") || is(0, "SpecifiedExchangedDocumentContext");
    depth == 3 && is_context && is(1, "GuidelineSpecifiedDocumentContextParameter") && is(2, "ID")
}

/// The text in its encoding: by its mark, else as it declares, else UTF-8 (XML 1.0, F).
fn decoded(bytes: &[u8]) -> String {
    let marked = Encoding::for_bom(bytes).map(|(charset, _)| charset);
    let unmarked = match bytes.first_chunk() {
        Some([b'<', 0]) => Some(encoding_rs::UTF_16LE),
        Some([0, b'<']) => Some(encoding_rs::UTF_16BE),
        _ => None,
    };
    let charset = marked.or(unmarked).or_else(|| declared(bytes)).unwrap_or(UTF_8);
    let text = charset.decode(bytes).0.into_owned();
    text.trim_start().to_owned()
}

fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..bytes.len().min(200))?;
    let declaration = head.get(..memchr::memmem::find(head, b"?>")?)?;
    let value =
        declaration.get(memchr::memmem::find(declaration, b"encoding")? + 8..)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, label) = value.split_first()?;
    Encoding::for_label(label.get(..memchr::memchr(*quote, label)?)?)
}
