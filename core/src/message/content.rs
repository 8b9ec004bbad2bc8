//! What a message consists of, once the settings have had their say.

use super::calendar::Calendar;
use super::document::Message;
use super::enclosed::Enclosed;
use super::file::File;
use super::findings::Findings;
use super::identity::{Identity, Style};
use super::members::{Attachment, Source};
use super::{html, kind};
use postkontor_plugin::Input;
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

/// What a message consists of, once the settings have had their say.
pub(super) struct Content<'m, 'a> {
    pub(super) text: Option<Cow<'m, str>>,
    pub(super) html: Option<Cow<'m, str>>,
    pub(super) calendar: Option<&'m Calendar<'m>>,
    /// Where the document holds what text and HTML were made of.
    pub(super) text_pointer: &'static str,
    pub(super) html_pointer: &'static str,
    /// Images inside the HTML.
    pub(super) related: Vec<Attached<'m, 'a>>,
    pub(super) attached: Vec<Attached<'m, 'a>>,
}

/// An attachment whose bytes are found.
pub(super) struct Attached<'m, 'a> {
    pub(super) name: Option<Cow<'m, str>>,
    pub(super) kind: Cow<'m, str>,
    pub(super) bytes: Bytes<'a>,
    pub(super) content_id: Option<Cow<'m, str>>,
    /// Where its name is given.
    pub(super) of: Input,
    pub(super) pointer: Cow<'m, str>,
}

pub(super) enum Bytes<'a> {
    Part(&'a [u8]),
    File(File),
    Kept(Arc<Vec<u8>>),
    /// A message, which goes as it is.
    Message(Enclosed),
}

impl<'m, 'a> Content<'m, 'a> {
    /// Applies the HTML switch: text is made from HTML and HTML from text where the other is missing.
    ///
    /// Images inside the HTML become ordinary attachments when the message goes out without HTML, so that nothing is lost.
    pub(super) fn of(
        message: &'m Message<'_>,
        identity: &Identity<'_>,
        token: &str,
        parts: &[&'a [u8]],
        findings: &mut Findings<'_>,
    ) -> Content<'m, 'a> {
        let borrowed = |text: &'m Option<Cow<'_, str>>| text.as_deref().map(Cow::Borrowed);
        let (text, html) = (borrowed(&message.text), borrowed(&message.html));
        let text_pointer = if text.is_none() && html.is_some() { "/html" } else { "/text" };
        let html_pointer = if html.is_none() { "/text" } else { "/html" };
        let text = text.or_else(|| message.html.as_deref().map(|html| Cow::Owned(html::to_text(html, findings))));
        let (mut related, mut attached) = (Vec::new(), Vec::new());
        let html = match &identity.html {
            Style::Given => html,
            Style::Never => None,
            Style::Always { wrapper, logo } => {
                let inside = match &html {
                    Some(html) => html::content(html, findings),
                    None => html::from_text(text.as_deref().unwrap_or_default(), findings),
                };
                let content_id = logo.as_ref().map(|_| format!("logo.{token}"));
                let page = html::wrap(wrapper, &inside, content_id.as_deref());
                if let (Some((file, path)), Some(content_id)) = (logo, content_id) {
                    let name = file_name(path).map(|name| Cow::Owned(name.into_owned()));
                    related.push(Attached {
                        kind: Cow::Borrowed(kind::by_name(name.as_deref().unwrap_or_default())),
                        name,
                        bytes: Bytes::File(file.clone()),
                        content_id: Some(Cow::Owned(content_id)),
                        of: Input::Settings,
                        pointer: Cow::Borrowed("/sender/html/logo"),
                    });
                }
                Some(Cow::Owned(page))
            }
        };
        for attachment in &message.attachments {
            let Some(found) = Attached::find(attachment, parts, findings) else { continue };
            if html.is_some() && found.content_id.is_some() { related.push(found) } else { attached.push(found) }
        }
        Content { text, html, calendar: message.calendar.as_ref(), text_pointer, html_pointer, related, attached }
    }

    /// Whether a message goes along that has bytes above 127.
    pub(super) fn eight_bit(&self) -> bool {
        self.attached.iter().any(|attached| matches!(&attached.bytes, Bytes::Message(message) if message.eight_bit))
    }
}

impl<'m, 'a> Attached<'m, 'a> {
    fn find(attachment: &'m Attachment<'_>, parts: &[&'a [u8]], findings: &mut Findings<'_>) -> Option<Attached<'m, 'a>> {
        let mut name = attachment.name.as_deref().map(Cow::Borrowed);
        let bytes = match &attachment.source {
            Source::Part(index) => match parts.get(*index) {
                Some(bytes) => Bytes::Part(bytes),
                None => {
                    let args = [("index", index.to_string()), ("count", parts.len().to_string())];
                    let args = [(args[0].0, args[0].1.as_str()), (args[1].0, args[1].1.as_str())];
                    findings.add(format!("{}/part", attachment.pointer), "message.attachment_part_missing", &args);
                    return None;
                }
            },
            Source::Kept(bytes) => Bytes::Kept(Arc::clone(bytes)),
            Source::Message(original) => Bytes::Message(Enclosed::find(original, parts, &attachment.pointer, findings)?),
            Source::File(path) => {
                let pointer = format!("{}/file", attachment.pointer);
                name = name.or_else(|| file_name(path));
                match File::find(path, Input::Message, &pointer) {
                    Ok(file) => Bytes::File(file),
                    Err(unreadable) => {
                        unreadable.note(path, &pointer, findings);
                        return None;
                    }
                }
            }
        };
        let kind = attachment.kind.as_deref().unwrap_or_else(|| kind::by_name(name.as_deref().unwrap_or_default()));
        let kind = if matches!(&bytes, Bytes::Message(message) if !message.binary) { kind } else { kind::transportable(kind) };
        Some(Attached {
            name,
            kind: Cow::Borrowed(kind),
            bytes,
            content_id: attachment.inline.as_deref().map(Cow::Borrowed),
            of: Input::Message,
            pointer: Cow::Owned(format!("{}/name", attachment.pointer)),
        })
    }
}

fn file_name(path: &str) -> Option<Cow<'_, str>> {
    // A name that breaks a line would have been refused with the path.
    Path::new(path).file_name().map(|name| name.to_string_lossy())
}
