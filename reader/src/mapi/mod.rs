//! Messages as Outlook and Exchange hold them: properties, recipients and attachments (MS-OXCMSG), from a `winmail.dat` or a `.msg` file.

mod address;
pub(crate) mod codepage;
mod field;
mod mime;
mod properties;
mod time;
mod word;

use crate::repair::Repairs;
use crate::rtf;
pub(crate) use mime::message;
pub(crate) use properties::{Properties, id, kind};
use std::borrow::Cow;
pub(crate) use time::of_date;

/// Items within each other that are opened; a person forwards a forwarded message a few times.
pub(crate) const DEPTH: usize = 16;

/// A message with what belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Item<'a> {
    pub(crate) properties: Properties<'a>,
    pub(crate) recipients: Vec<Properties<'a>>,
    pub(crate) attachments: Vec<Attachment<'a>>,
}

/// An attachment of a message.
#[derive(Clone, Debug)]
pub(crate) struct Attachment<'a> {
    pub(crate) properties: Properties<'a>,
    pub(crate) content: Content<'a>,
}

/// What an attachment is.
#[derive(Clone, Debug)]
pub(crate) enum Content<'a> {
    Bytes(Cow<'a, [u8]>),
    /// The document of another program: its media type, and its file.
    Object(&'static str, Vec<u8>),
    Item(Box<Item<'a>>),
}

/// The bodies of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bodies {
    pub(crate) text: Option<String>,
    pub(crate) html: Option<String>,
    /// The RTF where it is what the author wrote and no other body shows it.
    pub(crate) rtf: Option<Vec<u8>>,
}

impl Item<'_> {
    /// The bodies, each as it was written: HTML that stands in RTF is taken out of it, and where there is RTF only, its text is shown.
    pub(crate) fn bodies(&self, repairs: &mut Repairs, pointer: &str) -> Bodies {
        let mut bodies = Bodies { text: self.properties.text(id::BODY), html: self.properties.html(), rtf: None };
        let compressed = self.properties.bytes(id::RTF_COMPRESSED, kind::BINARY).filter(|_| bodies.html.is_none());
        let Some(compressed) = compressed else { return bodies };
        let Some((rtf, is_whole)) = rtf::decompress(compressed) else {
            repairs.note("text.rtf_invalid", pointer);
            return bodies;
        };
        if !is_whole {
            repairs.note("text.rtf_invalid", pointer);
        }
        let is_blank = |text: &str| text.trim().is_empty();
        match rtf::body(&rtf) {
            rtf::Body::Html(html) => bodies.html = Some(html),
            rtf::Body::Text(text) => bodies.text = bodies.text.or(Some(text)),
            rtf::Body::Shown(text) if bodies.text.as_deref().is_none_or(is_blank) && !is_blank(&text) => {
                bodies.text = Some(text);
                bodies.rtf = Some(rtf);
            }
            rtf::Body::Shown(_) => (),
        }
        bodies
    }
}

impl Attachment<'_> {
    /// Its name, as the sender gave it.
    pub(crate) fn name(&self) -> Option<String> {
        let name = |id| self.properties.text(id).map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let named = name(id::ATTACH_LONG_FILENAME).or_else(|| name(id::ATTACH_FILENAME)).or_else(|| name(id::DISPLAY_NAME))?;
        match name(id::ATTACH_EXTENSION) {
            Some(ending) if !named.contains('.') && ending.starts_with('.') => Some(named + &ending),
            _ => Some(named),
        }
    }

    /// Its media type, where it names one.
    pub(crate) fn media_type(&self) -> Option<String> {
        let named = self.properties.text(id::ATTACH_MIME_TAG)?.trim().to_ascii_lowercase();
        let is_token =
            |token: &str| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte));
        named.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype)).then_some(named)
    }

    /// The Content-ID by which the HTML shows it, without angle brackets.
    pub(crate) fn content_id(&self) -> Option<String> {
        let id = self.properties.text(id::ATTACH_CONTENT_ID)?;
        let id = id.trim().trim_matches(['<', '>']);
        (!id.is_empty()).then(|| id.to_owned())
    }

    /// Whether programs keep it out of the list of attachments.
    pub(crate) fn is_hidden(&self) -> bool {
        self.properties.number(id::ATTACHMENT_HIDDEN).is_some_and(|number| number != 0)
    }
}
