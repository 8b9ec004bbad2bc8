//! The sender's settings as the composer needs them.

use super::address::{self, Address};
use super::charset::Charset;
use super::file::File;
use super::findings::Findings;
use super::html;
use crate::settings::{Html, Sender};
use postkontor_plugin::{Error, Input, Stage, Status};
use std::borrow::Cow;
use std::fs;
use std::io::Read;

/// A wrapper is a page, not an archive.
const TEMPLATE_LENGTH: u64 = 4 << 20;

/// In whose name a message is composed.
pub(super) struct Identity<'s> {
    pub(super) from: Option<Address<'s>>,
    pub(super) reply_to: Option<Address<'s>>,
    pub(super) charset: Charset,
    pub(super) bcc_to_sender: bool,
    pub(super) html: Style,
}

/// What becomes of HTML.
pub(super) enum Style {
    /// As each message says.
    Given,
    /// Text only.
    Never,
    /// Every message has an HTML part in this wrapper.
    Always { wrapper: Cow<'static, str>, logo: Option<(File, String)> },
}

/// What would keep every mail of this sender from being composed, with its place in the settings.
pub(crate) fn refuse_sender(sender: &Sender) -> Result<(), Error> {
    Identity::of(sender).map(drop)
}

impl<'s> Identity<'s> {
    /// Reads the settings. What is wrong with them is an error that points into them, for example to `/sender/charset`.
    pub(super) fn of(sender: &'s Sender) -> Result<Identity<'s>, Error> {
        let charset = Charset::find(&sender.charset, sender.unencodable)
            .ok_or_else(|| wrong("/sender/charset", "sender.charset_unknown", &[("charset", &sender.charset)]))?;
        let name = sender.name.as_deref().unwrap_or_default();
        if name.chars().any(char::is_control) {
            return Err(wrong("/sender/name", "sender.name_invalid", &[]));
        }
        Ok(Identity {
            from: read(sender.address.as_deref(), name, "/sender/address")?,
            reply_to: read(sender.reply_to.as_deref(), "", "/sender/reply_to")?,
            charset,
            bcc_to_sender: sender.bcc_to_sender,
            html: match &sender.html {
                None => Style::Given,
                Some(Html { enabled: false, .. }) => Style::Never,
                Some(html) => Style::read(html)?,
            },
        })
    }
}

impl Style {
    fn read(html: &Html) -> Result<Style, Error> {
        let filled = |path: &Option<String>| path.clone().filter(|path| !path.is_empty());
        let wrapper = match filled(&html.template) {
            None => Cow::Borrowed(html::WRAPPER),
            Some(path) => {
                let file = fs::File::open(&path);
                let mut template = String::new();
                if let Err(error) = file.and_then(|file| file.take(TEMPLATE_LENGTH).read_to_string(&mut template)) {
                    let code = "sender.template_unreadable";
                    return Err(wrong("/sender/html/template", code, &[("file", &path)]).detail(error.to_string()));
                }
                if !template.contains(html::CONTENT) {
                    return Err(wrong("/sender/html/template", "sender.template_without_content", &[("file", &path)]));
                }
                Cow::Owned(template)
            }
        };
        let logo = match filled(&html.logo) {
            Some(path) if wrapper.contains(html::LOGO) => match File::find(&path, Input::Settings, "/sender/html/logo") {
                Ok(file) => Some((file, path)),
                Err(_) => return Err(wrong("/sender/html/logo", "sender.logo_unreadable", &[("file", &path)])),
            },
            _ => None,
        };
        Ok(Style::Always { wrapper, logo })
    }
}

fn read<'s>(address: Option<&'s str>, name: &'s str, pointer: &str) -> Result<Option<Address<'s>>, Error> {
    let Some(text) = address.filter(|address| !address.is_empty()) else { return Ok(None) };
    // Settings are not repaired: no one would notice.
    let mut findings = Findings::default();
    let checked = address::check(Cow::Borrowed(text), pointer, &mut findings).filter(|_| !findings.has_repairs());
    match checked {
        Some(address) => Ok(Some(Address { name: Cow::Borrowed(name), address })),
        None => Err(wrong(pointer, "sender.address_invalid", &[("address", text)])),
    }
}

fn wrong(pointer: &str, code: &str, args: &[(&str, &str)]) -> Error {
    let mut findings = Findings::default();
    findings.add(pointer, code, args);
    let mut error = findings.into_error().stage(Stage::Settings);
    error.status = Status::Settings;
    error.at.iter_mut().for_each(|at| at.of = Some(Input::Settings));
    error
}
