//! A message that is too large for one request: a draft with its text, each attachment by a request of its own, then the draft is sent.

use crate::draft::{Draft, create_draft};
use crate::items::Change;
use crate::message::Message;
use crate::outcome::{REQUEST, refused, settle};
use crate::payload::{Passing, Payload};
use crate::place::Place;
use crate::talk::{Submission, Submitted, Talk};
use crate::xml::Document;
use postkontor_plugin::exchange::{Attachment, Outline, Parts, arrange, read_head};
use postkontor_plugin::{Body, Call, Error, Mail, Sent, Stage, Status};

/// A draft at the service.
struct Saved {
    id: String,
    /// Each change gives it another one.
    change_key: String,
}

/// Sends a mail in parts.
pub(crate) fn send(talk: &mut Talk<'_, '_>, mail: &Mail, body: &mut Body<'_>, saved_in: Option<&Place>) -> Result<Sent, Error> {
    let too_large = |code: &str| refused(talk, code, mail).usable();
    // A host that cannot give the message twice cannot have it taken apart.
    body.rewind().map_err(|_| too_large("ews.too_large"))?;
    let outline = Outline::read(body, talk.call).map_err(Error::usable)?;
    if outline.is_protected {
        return Err(too_large("ews.too_large_protected"));
    }
    let is_too_large = |attachment: &Attachment| attachment.size.div_ceil(3).saturating_mul(4) + 4096 > REQUEST;
    if outline.attachments.iter().any(is_too_large) {
        return Err(too_large("ews.too_large"));
    }
    body.rewind()?;
    let head = read_head(body)?;
    let fields = arrange(&head.fields, &mail.recipients).fields;
    let document = talk.envelope(|xml| create_draft(xml, &Draft { fields: &fields, mail, outline: &outline }));
    let mut draft = create(talk, mail, document)?;
    let filled = attach(talk, mail, body, &outline, &mut draft);
    let submitted = filled.map(|()| talk.submit(Submission::Held(send_draft(talk, &draft, saved_in).bytes), Stage::Acceptance));
    let (sent, is_over) = match submitted {
        Err(error) => (Err(error), false),
        // While the draft is there it was not sent, and what is not there any more cannot be sent later.
        Ok(Submitted::InDoubt(error)) if remove(talk, &draft) => return Err(error),
        Ok(submitted) => {
            let sent = settle(talk, mail, saved_in, submitted);
            let is_over = sent.as_ref().map_or_else(|error| error.status == Status::Uncertain, |_| true);
            (sent, is_over)
        }
    };
    if !is_over {
        remove(talk, &draft);
    }
    sent
}

/// Makes the draft.
fn create(talk: &mut Talk<'_, '_>, mail: &Mail, document: Document) -> Result<Saved, Error> {
    talk.warm_up(u64::MAX)?;
    match talk.submit(Submission::Held(document.bytes), Stage::Content) {
        Submitted::Answered(messages) => match messages.first() {
            Some(message) if message.is_success => saved(message),
            Some(message) => Err(message.error(&talk.host(), Stage::Content)),
            None => Err(crate::xml::malformed("no answer for the draft").stage(Stage::Content)),
        },
        Submitted::Refused(error) | Submitted::Again(error) => Err(error),
        Submitted::InDoubt(error) => {
            // Nothing was sent; only a draft may be left.
            let drafts = Place::Distinguished("drafts", None);
            if let Ok(found) = talk.with_message_id(&drafts, &mail.message_id, Stage::Content)
                && let [draft] = found.as_slice()
            {
                drop(talk.change(&[draft], Change::DeleteForGood, Stage::Content));
            }
            Err(error)
        }
    }
}

fn saved(message: &Message) -> Result<Saved, Error> {
    let id = message.item().and_then(|item| item.child("ItemId"));
    let attribute = |name| id.and_then(|id| id.attribute(name)).map(str::to_owned);
    match (attribute("Id"), attribute("ChangeKey")) {
        (Some(id), Some(change_key)) => Ok(Saved { id, change_key }),
        _ => Err(crate::xml::malformed("a draft without an id").stage(Stage::Content)),
    }
}

/// Puts the attachments into the draft.
fn attach(talk: &mut Talk<'_, '_>, mail: &Mail, body: &mut Body<'_>, outline: &Outline, draft: &mut Saved) -> Result<(), Error> {
    let mut done = 0;
    while done < outline.attachments.len() {
        body.rewind()?;
        let mut parts = Parts::new(body);
        while let Some(attachment) = outline.attachments.get(done) {
            let leaf = loop {
                match parts.next_leaf()? {
                    Some(leaf) if leaf.index == attachment.leaf.index => break leaf,
                    Some(_) => (),
                    None => return Err(another_message()),
                }
            };
            talk.warm_up(attachment.size)?;
            let document = create_attachment(talk, draft, attachment, &leaf.media_type);
            let mut content =
                Content { parts: &mut parts, ready: Vec::new(), at: 0, read: 0, size: attachment.size, mail, call: talk.call };
            let size = Payload::size_of(&document, content.length());
            match talk.submit(Submission::Passing(size, &mut Payload::new(document, &mut content)), Stage::Content) {
                Submitted::Answered(messages) => draft.change_key = attached(talk, messages.first())?,
                Submitted::Again(_) => break,
                // The draft with it, or without, is removed.
                Submitted::Refused(error) | Submitted::InDoubt(error) => return Err(error),
            }
            done += 1;
        }
    }
    Ok(())
}

fn create_attachment(talk: &Talk<'_, '_>, draft: &Saved, attachment: &Attachment, media_type: &str) -> Document {
    talk.envelope(|xml| {
        xml.group("m:CreateAttachment", &[], |xml| {
            xml.empty("m:ParentItemId", &[("Id", &draft.id), ("ChangeKey", &draft.change_key)]);
            xml.group("m:Attachments", &[], |xml| {
                xml.group("t:FileAttachment", &[], |xml| {
                    xml.text("t:Name", &attachment.name);
                    xml.text("t:ContentType", media_type);
                    if let Some(content_id) = &attachment.leaf.content_id {
                        xml.text("t:ContentId", content_id);
                    }
                    if attachment.is_inline {
                        xml.text("t:IsInline", "true");
                    }
                    xml.content("t:Content", &[]);
                });
            });
        });
    })
}

/// The draft's change key after an attachment was put into it.
fn attached(talk: &Talk<'_, '_>, message: Option<&Message>) -> Result<String, Error> {
    let message = message.ok_or_else(|| crate::xml::malformed("no answer for the attachment").stage(Stage::Content))?;
    if !message.is_success {
        return Err(message.error(&talk.host(), Stage::Content));
    }
    let key = message.node.find("AttachmentId").and_then(|id| id.attribute("RootItemChangeKey"));
    key.map(str::to_owned).ok_or_else(|| crate::xml::malformed("an attachment without the draft's change key").stage(Stage::Content))
}

fn send_draft(talk: &Talk<'_, '_>, draft: &Saved, saved_in: Option<&Place>) -> Document {
    talk.envelope(|xml| {
        xml.group("m:SendItem", &[("SaveItemToFolder", if saved_in.is_some() { "true" } else { "false" })], |xml| {
            xml.group("m:ItemIds", &[], |xml| xml.empty("t:ItemId", &[("Id", &draft.id), ("ChangeKey", &draft.change_key)]));
            if let Some(folder) = saved_in {
                xml.group("m:SavedItemFolderId", &[], |xml| folder.write(xml));
            }
        });
    })
}

/// Removes a draft that was not sent; whether it was still there.
fn remove(talk: &mut Talk<'_, '_>, draft: &Saved) -> bool {
    let removed = talk.change(&[&draft.id], Change::DeleteForGood, Stage::Content);
    removed.is_ok_and(|answers| answers.iter().all(|answer| answer.is_success))
}

/// The bytes of an attachment, which pass only once.
struct Content<'c, 's> {
    parts: &'c mut Parts<'s>,
    ready: Vec<u8>,
    at: usize,
    read: u64,
    size: u64,
    mail: &'c Mail,
    call: &'c Call<'c>,
}

impl Passing for Content<'_, '_> {
    fn restart(&mut self) -> Result<(), Error> {
        Err(another_message())
    }

    fn length(&self) -> Option<u64> {
        Some(self.size)
    }

    fn read(&mut self, data: &mut [u8]) -> Result<usize, Error> {
        while self.at == self.ready.len() {
            self.ready.clear();
            self.at = 0;
            if !self.parts.read(&mut self.ready)? {
                break;
            }
        }
        let count = (self.ready.len() - self.at).min(data.len());
        data[..count].copy_from_slice(&self.ready[self.at..self.at + count]);
        self.at += count;
        self.read += count as u64;
        if self.read > self.size || count == 0 && self.read < self.size {
            return Err(another_message());
        }
        self.call.progress(self.read, self.mail.size.unwrap_or_default())?;
        Ok(count)
    }
}

/// The second time the message is another one than the first time.
fn another_message() -> Error {
    Error::new(Status::Local, "message.source_failed").stage(Stage::Content).detail("the message changed while it was read")
}
