//! Files of a mail that go along with its reply or forward.

use super::mail::Mail;
use super::words::line;
use crate::message::findings::Findings;
use crate::message::kind;
use crate::message::members::{Attachment, Source};
use crate::message::reader::is_identifier;
use crate::opened::Part;
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

/// Takes over the files of a mail for which `wanted` says so; those inside a winmail.dat are in it. Content-IDs that the document gives to
/// files of its own are not given twice.
pub(super) fn take<'a>(
    attachments: &mut Vec<Attachment<'a>>,
    mail: &Mail,
    pointer: &str,
    wanted: impl Fn(&Part) -> bool,
    findings: &mut Findings<'_>,
) {
    let mut taken: HashSet<String> = attachments.iter().filter_map(|attachment| attachment.inline.as_deref().map(str::to_owned)).collect();
    for part in mail.content.parts.iter().filter(|part| part.within.is_none() && wanted(part)) {
        if !findings.goes_on() {
            return;
        }
        // A part of the list is always there.
        let Ok(bytes) = mail.opened.part(part.part) else { continue };
        let name = part.name.as_deref().map(line).filter(|name| !name.is_empty()).unwrap_or_else(|| part.file_name.clone());
        let inline = part.inline.as_deref().filter(|id| is_identifier(id) && taken.insert((*id).to_owned()));
        attachments.push(Attachment {
            name: Some(Cow::Owned(name)),
            kind: Some(Cow::Owned(described(part, &bytes))),
            inline: inline.map(|id| Cow::Owned(id.to_owned())),
            source: Source::Kept(Arc::new(bytes.into_owned())),
            pointer: pointer.to_owned(),
        });
    }
}

/// The media type of a part. A text in UTF-8 says so; in any other character set it stays a file, which no reader's program decodes wrong.
fn described(part: &Part, bytes: &[u8]) -> String {
    match part.kind.as_str() {
        kind if !kind::is_valid(kind) => kind::UNKNOWN.to_owned(),
        kind if kind.starts_with("text/") && bytes.is_ascii() => kind.to_owned(),
        kind if kind.starts_with("text/") && std::str::from_utf8(bytes).is_ok() => format!("{kind}; charset=utf-8"),
        kind if kind.starts_with("text/") => kind::UNKNOWN.to_owned(),
        kind => kind.to_owned(),
    }
}
