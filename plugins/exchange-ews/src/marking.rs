//! Setting and removing flags and keywords.

use crate::items::{CHANGED, ids, item_shape};
use crate::marks::{Update, field, names};
use crate::meaning::Class;
use crate::message::Message;
use crate::talk::Talk;
use postkontor_plugin::exchange::changed_keywords;
use postkontor_plugin::{ApplyAction, Error, Stage};

impl Talk<'_, '_> {
    /// Sets or removes a flag; the answer for each message, in their order.
    pub(crate) fn mark_all(&mut self, messages: &[&str], action: ApplyAction) -> Result<Vec<Message>, Error> {
        let updates = Update::of_flag(action);
        self.update(&messages.iter().map(|id| (*id, updates.as_slice())).collect::<Vec<_>>())
    }

    /// Adds keywords to messages and removes others; the answer for each, in their order.
    pub(crate) fn keyword_all(&mut self, messages: &[&str], add: &[String], remove: &[String]) -> Result<Vec<Message>, Error> {
        let known = self.ask(Stage::Mailbox, |xml| {
            xml.group("m:GetItem", &[], |xml| {
                item_shape(xml, |xml| field(xml, "item:Categories"));
                ids(xml, "m:ItemIds", messages);
            });
        })?;
        if known.len() != messages.len() {
            return Err(crate::xml::malformed("not one answer for each item").stage(Stage::Mailbox));
        }
        let wanted = |answer: &Message| answer.item().map(|item| changed_keywords(names(item), add, remove));
        let wanted: Vec<Option<Vec<String>>> = known.iter().map(|answer| wanted(answer).filter(|_| answer.is_success)).collect();
        let updates: Vec<(&str, [Update<'_>; 1])> =
            messages.iter().zip(&wanted).filter_map(|(id, names)| names.as_ref().map(|names| (*id, [Update::Categories(names)]))).collect();
        let mut updated = self.update(&updates.iter().map(|(id, update)| (*id, update.as_slice())).collect::<Vec<_>>())?.into_iter();
        // A message that is gone stays with the answer that said so.
        let answers = known.into_iter().zip(&wanted).map(|(known, names)| if names.is_some() { updated.next() } else { Some(known) });
        Ok(answers.flatten().collect())
    }

    fn update(&mut self, updates: &[(&str, &[Update<'_>])]) -> Result<Vec<Message>, Error> {
        let attributes = [("MessageDisposition", "SaveOnly"), ("ConflictResolution", "AlwaysOverwrite"), ("SuppressReadReceipts", "true")];
        let mut answers = Vec::with_capacity(updates.len());
        for piece in updates.chunks(CHANGED) {
            let mut some = self.ask(Stage::Mailbox, |xml| {
                xml.group("m:UpdateItem", &attributes, |xml| {
                    xml.group("m:ItemChanges", &[], |xml| {
                        for (id, updates) in piece {
                            xml.group("t:ItemChange", &[], |xml| {
                                xml.empty("t:ItemId", &[("Id", id)]);
                                xml.group("t:Updates", &[], |xml| updates.iter().for_each(|update| update.write(xml)));
                            });
                        }
                    });
                });
            })?;
            if some.len() != piece.len() {
                return Err(crate::xml::malformed("not one answer for each item").stage(Stage::Mailbox));
            }
            answers.append(&mut some);
        }
        Ok(answers)
    }
}

/// Whether an answer says that the message is not there.
pub(crate) fn is_gone(answer: &Message) -> bool {
    !answer.is_success && answer.class() == Class::Gone
}
