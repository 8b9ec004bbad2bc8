//! What holds for one message: what the settings and the message itself say.

use super::at_hand::{Certificates, Protection, Signature, When};
use super::wish::Wish;
use crate::keys::{Unusable, key_file};
use crate::message::entity::Entity;
use crate::message::envelope;
use crate::message::fields::Already;
use crate::message::findings::Findings;
use crate::message::members::Original;
use postkontor_plugin::{At, Error, Input, Status};
use postkontor_smime::Certificate;
use postkontor_smime::encrypt::Recipient;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// What a message is signed and encrypted with, and whether it is.
pub(in crate::message) struct Guard<'p> {
    pub(super) certificates: &'p dyn Certificates,
    /// Those that came with the message.
    pub(super) given: Vec<Recipient>,
    pub(super) sign: bool,
    pub(super) encrypt: When,
    pub(super) to_self: bool,
    /// Whether the message itself says so.
    says_sign: bool,
    says_encrypt: bool,
}

/// There are none.
struct Nothing;

impl Certificates for Nothing {
    fn signature(&self) -> Result<Option<Arc<Signature>>, Error> {
        Ok(None)
    }

    fn of(&self, _address: &str) -> Result<Vec<Recipient>, Error> {
        Ok(Vec::new())
    }
}

impl<'p> Guard<'p> {
    /// What the message says counts before the settings. Nothing where it is neither signed nor encrypted.
    pub(in crate::message) fn of(
        protection: Option<Protection<'p>>,
        wish: Option<&Wish<'_>>,
        parts: &[&[u8]],
        findings: &mut Findings<'_>,
    ) -> Option<Guard<'p>> {
        let settings = protection.unwrap_or(Protection { certificates: &Nothing, sign: false, encrypt: When::Never, to_self: true });
        let sign = wish.and_then(|wish| wish.sign).unwrap_or(settings.sign);
        let encrypt = wish.and_then(|wish| wish.encrypt).unwrap_or(settings.encrypt);
        if !sign && encrypt == When::Never {
            return None;
        }
        let sources = wish.map_or(&[][..], |wish| &wish.certificates).iter().filter(|_| encrypt != When::Never).enumerate();
        let given = sources.flat_map(|(index, source)| read(source, &format!("/smime/certificates/{index}"), parts, findings));
        let (says_sign, says_encrypt) = wish.map_or((false, false), |wish| (wish.sign.is_some(), wish.encrypt.is_some()));
        let Protection { certificates, to_self, .. } = settings;
        Some(Guard { given: given.map(Recipient::new).collect(), certificates, sign, encrypt, to_self, says_sign, says_encrypt })
    }

    /// Whether anything is to be done with a message that is protected so already.
    pub(in crate::message) fn has_work(&self, already: Already) -> bool {
        self.signs(already) || self.encrypts(already)
    }

    /// Whether it is signed: the settings alone do not sign again what is signed, and nothing around what is encrypted.
    pub(super) fn signs(&self, already: Already) -> bool {
        self.sign && (self.says_sign || already == Already::Plain)
    }

    /// Whether it is encrypted: the settings alone do not encrypt again.
    pub(super) fn encrypts(&self, already: Already) -> bool {
        self.encrypt != When::Never && (self.says_encrypt || already != Already::Encrypted)
    }
}

/// The certificates in a file or a part. What cannot be read goes to `findings`.
fn read(source: &Original<'_>, pointer: &str, parts: &[&[u8]], findings: &mut Findings<'_>) -> Vec<Certificate> {
    match source {
        Original::File(path) => key_file::certificates(Path::new(&**path)).unwrap_or_else(|Unusable { code, args, .. }| {
            findings.add_at(Status::Local, At { args, ..At::new(Input::Message, format!("{pointer}/file"), code) });
            Vec::new()
        }),
        Original::Part(index) => {
            let place = format!("{pointer}/part");
            let Some(bytes) = parts.get(*index) else {
                let (index, count) = (index.to_string(), parts.len().to_string());
                findings.add(place, "message.attachment_part_missing", &[("index", &index), ("count", &count)]);
                return Vec::new();
            };
            key_file::certificates_of(bytes).unwrap_or_else(|error| {
                findings.add(place, "message.smime_certificate_unreadable", &[("reason", &error.to_string())]);
                Vec::new()
            })
        }
    }
}

/// What protecting has to know of a message.
pub(in crate::message) struct About<'m> {
    /// Stands in no text, and makes the boundary.
    pub(in crate::message) token: &'m str,
    pub(in crate::message) recipients: &'m [envelope::Recipient],
    /// The address of the author.
    pub(in crate::message) from: Option<&'m str>,
    /// It is put into a folder, and not sent.
    pub(in crate::message) is_kept: bool,
    pub(in crate::message) eight_bit: bool,
    /// The header fields, by their place in the buffer, that are signed as well; not those of a message that another program made.
    pub(in crate::message) fields: Option<Range<usize>>,
}

/// A message, and what those of Bcc get instead of it, by their places among the recipients.
pub(in crate::message) struct Protected<'a> {
    pub(in crate::message) entity: Entity<'a>,
    copies: Vec<(usize, Entity<'a>)>,
}

impl<'a> From<Entity<'a>> for Protected<'a> {
    fn from(entity: Entity<'a>) -> Protected<'a> {
        Protected { entity, copies: Vec::new() }
    }
}

impl<'a> Protected<'a> {
    pub(super) fn new(entity: Entity<'a>, copies: Vec<(usize, Entity<'a>)>) -> Protected<'a> {
        Protected { entity, copies }
    }

    /// All of them with what stands in this place of the buffer in front.
    pub(in crate::message) fn behind(self, headers: &Range<usize>) -> (Entity<'a>, Vec<(usize, Entity<'a>)>) {
        let copies = self.copies.into_iter().map(|(place, copy)| (place, copy.behind(headers.clone())));
        (self.entity.behind(headers.clone()), copies.collect())
    }
}

/// The headers of a part that holds CMS.
pub(super) fn part_head(out: &mut Vec<u8>, kind: &str, name: &str) {
    let head = format!(
        "Content-Type: application/{kind}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\n"
    );
    out.extend_from_slice(head.as_bytes());
}
