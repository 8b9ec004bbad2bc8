//! Sending a message as it is: one request with all of it, as base64 that is made while it is sent.

use crate::outcome::{REQUEST, settle};
use crate::payload::{Mime, Payload};
use crate::place::Place;
use crate::talk::{Submission, Submitted, Talk};
use crate::xml::{Document, Writer};
use postkontor_plugin::exchange::{arrange, read_head};
use postkontor_plugin::{Body, Error, Mail, Sent, Stage, Status};

/// Sends a mail.
pub(crate) fn send(talk: &mut Talk<'_, '_>, mail: &Mail, body: &mut Body<'_>) -> Result<Sent, Error> {
    mail.check_addresses(is_address)?;
    if mail.from.is_empty() {
        let code = "ews.null_sender";
        return Err(Error::new(Status::Unsupported, code).stage(Stage::Sender).at_message("/from", code).usable());
    }
    let saved_in = saved_in(talk)?;
    let head = read_head(body).map_err(Error::usable)?;
    let fields = arrange(&head.fields, &mail.recipients).fields;
    let length = mail.size.and_then(|size| (size + fields.len() as u64).checked_sub(head.fields.len() as u64));
    let document = create_item(talk, saved_in.as_ref());
    let mut mime = Mime::new(head, fields, length, mail.size, body, talk.call);
    let size = Payload::size_of(&document, length);
    if size.is_some_and(|size| size > REQUEST) {
        return crate::large::send(talk, mail, mime.into_body(), saved_in.as_ref());
    }
    talk.warm_up(size.unwrap_or(u64::MAX)).map_err(Error::usable)?;
    let submitted = talk.submit(Submission::Passing(size, &mut Payload::new(document, &mut mime)), Stage::Acceptance);
    if matches!(&submitted, Submitted::Refused(error) if is_for_size(error)) {
        return crate::large::send(talk, mail, mime.into_body(), saved_in.as_ref());
    }
    settle(talk, mail, saved_in.as_ref(), submitted)
}

/// Whether a request was too large for the web server, whose administrator may have set another limit; the mail is not for Exchange then.
fn is_for_size(error: &Error) -> bool {
    error.code == "ews.too_large" && error.server.as_ref().is_some_and(|server| server.code > 0)
}

/// What stands in an XML attribute may be anything; what stands in a header must not end it.
pub(crate) fn is_address(address: &str) -> bool {
    address.contains('@') && !address.contains(|c: char| c.is_control() || c.is_whitespace() || "<>,;()".contains(c))
}

/// The folder that a copy goes to.
pub(crate) fn saved_in(talk: &mut Talk<'_, '_>) -> Result<Option<Place>, Error> {
    if !talk.account.settings.exchange.save {
        return Ok(None);
    }
    sent_folder(talk).map(Some)
}

/// The folder for sent mail.
pub(crate) fn sent_folder(talk: &mut Talk<'_, '_>) -> Result<Place, Error> {
    match talk.account.settings.exchange.sent.clone() {
        Some(name) => talk.folder(&name, "/exchange/sent"),
        None => Ok(talk.distinguished("sentitems")),
    }
}

/// `SendAndSaveCopy` names the folder, without which the copy would be in that of the login.
fn create_item(talk: &Talk<'_, '_>, saved_in: Option<&Place>) -> Document {
    talk.envelope(|xml| {
        let disposition = if saved_in.is_some() { "SendAndSaveCopy" } else { "SendOnly" };
        xml.group("m:CreateItem", &[("MessageDisposition", disposition)], |xml| {
            if let Some(folder) = saved_in {
                xml.group("m:SavedItemFolderId", &[], |xml| folder.write(xml));
            }
            xml.group("m:Items", &[], |xml| xml.group("t:Message", &[], mime_content));
        });
    })
}

pub(crate) fn mime_content(xml: &mut Writer) {
    xml.content("t:MimeContent", &[("CharacterSet", "UTF-8")]);
}
