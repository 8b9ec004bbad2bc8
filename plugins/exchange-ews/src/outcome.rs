//! What became of a mail: accepted, refused, or open, and then the folder for sent mail is asked.

use crate::items::Change;
use crate::message::Message;
use crate::place::Place;
use crate::talk::{Submitted, Talk};
use postkontor_plugin::{Delivery, Error, Mail, Reply, Retry, Sent, Stage, Status};
use std::time::Duration;

/// The most bytes of a request that every server takes: `maxAllowedContentLength` is 67,108,864 on servers, less what they need themselves.
pub(crate) const REQUEST: u64 = 67_000_000;

/// How often the folder for sent mail is asked after a lost answer: the copy may come a moment after the mail has left.
const LOOKS: u32 = 3;

/// How long is waited before it is asked again.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// A mail that cannot be sent, before anything of it has left.
pub(crate) fn refused(talk: &Talk<'_, '_>, code: &str, mail: &Mail) -> Error {
    let size = mail.size.unwrap_or_default();
    Error::new(Status::Refused, code).arg("host", talk.host()).arg("text", format!("{size} bytes")).arg("size", size).stage(Stage::Content)
}

/// What became of a mail.
pub(crate) fn settle(talk: &mut Talk<'_, '_>, mail: &Mail, saved_in: Option<&Place>, submitted: Submitted) -> Result<Sent, Error> {
    let refused = match submitted {
        Submitted::Answered(messages) => match messages.first() {
            Some(message) if message.is_success => return Ok(accepted(mail, saved_in, "NoError")),
            Some(message) => return Err(refusal(talk, mail, saved_in, message)?),
            None => doubt(talk, &crate::xml::malformed("no answer for the mail")),
        },
        Submitted::Refused(error) | Submitted::Again(error) => return Err(error),
        Submitted::InDoubt(error) => doubt(talk, &error),
    };
    in_doubt(talk, mail, saved_in, refused)
}

fn accepted(mail: &Mail, saved_in: Option<&Place>, words: &str) -> Sent {
    let mut sent = Sent::to_all(mail, mail.size.unwrap_or_default());
    sent.saved_to = saved_in.map(|folder| folder.name().to_owned());
    sent.reply = Some(Reply { code: 0, enhanced: None, text: words.to_owned() });
    sent
}

/// The service refused a mail. Where it may have acted before it failed, the folder for sent mail is asked; `Err` where that does not tell.
fn refusal(talk: &mut Talk<'_, '_>, mail: &Mail, saved_in: Option<&Place>, message: &Message) -> Result<Error, Error> {
    let mut error = message.error(&talk.host(), Stage::Acceptance);
    if message.class() == crate::meaning::Class::Failed {
        return Err(doubt(talk, &error));
    }
    if error.code == "ews.send_as_denied" {
        error = error.arg("sender", mail.from.as_str()).at_message("/from", "ews.send_as_denied");
        remove_draft(talk, mail, saved_in);
    }
    Ok(error)
}

/// A mail that must not be sent in that name was saved before it was refused, and lies among the drafts.
fn remove_draft(talk: &mut Talk<'_, '_>, mail: &Mail, saved_in: Option<&Place>) {
    if saved_in.is_none() || mail.message_id.is_empty() {
        return;
    }
    let drafts = Place::Distinguished("drafts", None);
    // The refusal is what counts; a draft that stays is an inconvenience.
    if let Ok(found) = talk.with_message_id(&drafts, &mail.message_id, Stage::Acceptance)
        && let [draft] = found.as_slice()
    {
        drop(talk.change(&[draft], Change::DeleteForGood, Stage::Acceptance));
    }
}

/// The mail may have been sent.
pub(crate) fn doubt(talk: &Talk<'_, '_>, cause: &Error) -> Error {
    let mut error = Error::new(Status::Uncertain, "delivery.uncertain").arg("host", talk.host()).stage(Stage::Acceptance);
    error = error.delivery(Delivery::Unknown).retry(Retry::No).detail(format!("{} {}", cause.code, cause.detail).trim_end());
    error.server.clone_from(&cause.server);
    error
}

/// Asks the folder for sent mail whether a mail was sent.
fn in_doubt(talk: &mut Talk<'_, '_>, mail: &Mail, saved_in: Option<&Place>, error: Error) -> Result<Sent, Error> {
    let Some(folder) = saved_in.filter(|_| !mail.message_id.is_empty()) else { return Err(error) };
    let mut pauses = 0;
    for look in 0..LOOKS {
        if look > 0 && talk.pause(&mut pauses, Some(LOOK_AGAIN), error.clone()).is_err() {
            break;
        }
        // A folder that cannot be asked says nothing.
        if is_there(talk, mail, folder).unwrap_or(false) {
            return Ok(accepted(mail, Some(folder), "found among the sent mail"));
        }
    }
    Err(error)
}

/// Whether there is a copy of a mail for these recipients: the same mail may have gone to others before.
fn is_there(talk: &mut Talk<'_, '_>, mail: &Mail, folder: &Place) -> Result<bool, Error> {
    let found = talk.with_message_id(folder, &mail.message_id, Stage::Acceptance)?;
    for id in found {
        let message = talk.ask_one(Stage::Acceptance, |xml| {
            xml.group("m:GetItem", &[], |xml| {
                xml.group("m:ItemShape", &[], |xml| {
                    xml.text("t:BaseShape", "IdOnly");
                    xml.group("t:AdditionalProperties", &[], |xml| {
                        for field in ["message:ToRecipients", "message:CcRecipients", "message:BccRecipients"] {
                            xml.empty("t:FieldURI", &[("FieldURI", field)]);
                        }
                    });
                });
                crate::items::ids(xml, "m:ItemIds", &[&id]);
            });
        })?;
        if is_for(&message, &mail.recipients) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a message is for these recipients. Those of the own organisation may have addresses of another kind, which cannot be compared.
fn is_for(message: &Message, recipients: &[String]) -> bool {
    let Some(item) = message.item() else { return false };
    let lists = ["ToRecipients", "CcRecipients", "BccRecipients"].into_iter().filter_map(|name| item.child(name));
    let mailboxes: Vec<_> = lists.flat_map(|list| list.children.iter()).collect();
    let is_one = |address: &str| recipients.iter().any(|recipient| recipient.eq_ignore_ascii_case(address));
    let is_known = |mailbox: &&crate::xml::Node| !mailbox.text_of("EmailAddress").contains('@') || is_one(mailbox.text_of("EmailAddress"));
    let mut wanted: Vec<String> = recipients.iter().map(|recipient| recipient.to_lowercase()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    mailboxes.len() == wanted.len() && mailboxes.iter().all(is_known)
}
