//! Items: what is asked for of them, and what is done with them.

use crate::marks;
use crate::meaning::Class;
use crate::message::Message;
use crate::place::{Place, equal};
use crate::talk::Talk;
use crate::xml::{Node, Writer};
use postkontor_plugin::{Error, Stage, Status};

/// What is known of a message without its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: String,
    /// In the store: the message itself is somewhat larger or smaller.
    pub(crate) size: u64,
    pub(crate) is_seen: bool,
    pub(crate) is_draft: bool,
    /// Its other flags, and its keywords.
    pub(crate) marks: Vec<String>,
    /// As RFC 3339.
    pub(crate) received: Option<String>,
    pub(crate) subject: String,
    pub(crate) from: String,
}

/// The fields that a row is made of.
const FIELDS: [&str; 6] = ["item:Subject", "item:DateTimeReceived", "item:Size", "item:IsDraft", "message:From", "message:IsRead"];

impl Row {
    /// Reads an item of an answer; nothing where it has no id.
    pub(crate) fn of(node: &Node) -> Option<Row> {
        let id = item_id(node)?.to_owned();
        let from = node.child("From").and_then(|from| from.child("Mailbox"));
        let received = node.text_of("DateTimeReceived").trim();
        Some(Row {
            id,
            size: node.text_of("Size").trim().parse().unwrap_or_default(),
            is_seen: matches!(node.text_of("IsRead").trim(), "true" | "1"),
            is_draft: matches!(node.text_of("IsDraft").trim(), "true" | "1"),
            marks: marks::of(node),
            received: is_moment(received).then(|| received.to_owned()),
            subject: node.text_of("Subject").to_owned(),
            from: from.map(|from| format!("{} <{}>", from.text_of("Name"), from.text_of("EmailAddress"))).unwrap_or_default(),
        })
    }

    pub(crate) fn flags(&self) -> Vec<String> {
        [("\\Seen", self.is_seen), ("\\Draft", self.is_draft)]
            .into_iter()
            .filter(|(_, is_set)| *is_set)
            .map(|(flag, _)| flag.to_owned())
            .chain(self.marks.iter().cloned())
            .collect()
    }
}

/// Whether a text is a moment as Exchange writes it, which is RFC 3339: `2026-11-02T10:00:00Z`.
fn is_moment(text: &str) -> bool {
    let shape = b"0000-00-00T00:00:00";
    text.len() > shape.len()
        && text.bytes().zip(shape).all(|(byte, shape)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == *shape })
        && text[shape.len()..].bytes().all(|byte| byte.is_ascii_digit() || b".Z+-:".contains(&byte))
}

/// The id of an item in an answer.
pub(crate) fn item_id(node: &Node) -> Option<&str> {
    node.child("ItemId")?.attribute("Id").filter(|id| !id.is_empty())
}

/// The shape of what a row needs.
pub(crate) fn row_shape(xml: &mut Writer) {
    item_shape(xml, |xml| {
        FIELDS.iter().for_each(|field| xml.empty("t:FieldURI", &[("FieldURI", field)]));
        marks::fields(xml);
    });
}

/// The shape of an item of which only these fields are wanted, and its id.
pub(crate) fn item_shape(xml: &mut Writer, fields: impl FnOnce(&mut Writer)) {
    xml.group("m:ItemShape", &[], |xml| {
        xml.text("t:BaseShape", "IdOnly");
        xml.group("t:AdditionalProperties", &[], fields);
    });
}

/// Moves or copies messages.
pub(crate) fn transfer(xml: &mut Writer, operation: &str, messages: &[&str], target: &Place) {
    xml.group(operation, &[], |xml| {
        xml.group("m:ToFolderId", &[], |xml| target.write(xml));
        ids(xml, "m:ItemIds", messages);
    });
}

pub(crate) fn ids(xml: &mut Writer, name: &str, ids: &[&str]) {
    xml.group(name, &[], |xml| ids.iter().for_each(|id| xml.empty("t:ItemId", &[("Id", id)])));
}

/// Asks for messages with their content.
pub(crate) fn get_mime(xml: &mut Writer, rows: &[Row]) {
    xml.group("m:GetItem", &[], |xml| {
        xml.group("m:ItemShape", &[], |xml| {
            xml.text("t:BaseShape", "IdOnly");
            xml.text("t:IncludeMimeContent", "true");
        });
        ids(xml, "m:ItemIds", &rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>());
    });
}

/// Asks for the messages of a folder, the oldest first.
pub(crate) fn find_items(xml: &mut Writer, folder: &Place, offset: usize, page: usize) {
    xml.group("m:FindItem", &[("Traversal", "Shallow")], |xml| {
        row_shape(xml);
        let (page, offset) = (page.to_string(), offset.to_string());
        xml.empty("m:IndexedPageItemView", &[("MaxEntriesReturned", &page), ("Offset", &offset), ("BasePoint", "Beginning")]);
        xml.group("m:SortOrder", &[], |xml| {
            xml.group("t:FieldOrder", &[("Order", "Ascending")], |xml| xml.empty("t:FieldURI", &[("FieldURI", "item:DateTimeReceived")]));
        });
        xml.group("m:ParentFolderIds", &[], |xml| folder.write(xml));
    });
}

/// Marks messages as seen or not. No change key: the mark is right whatever else was changed. No read receipts are sent for it.
fn mark(xml: &mut Writer, messages: &[&str], is_seen: bool) {
    let attributes = [("MessageDisposition", "SaveOnly"), ("ConflictResolution", "AlwaysOverwrite"), ("SuppressReadReceipts", "true")];
    xml.group("m:UpdateItem", &attributes, |xml| {
        xml.group("m:ItemChanges", &[], |xml| {
            for id in messages {
                xml.group("t:ItemChange", &[], |xml| {
                    xml.empty("t:ItemId", &[("Id", id)]);
                    xml.group("t:Updates", &[], |xml| {
                        xml.group("t:SetItemField", &[], |xml| {
                            xml.empty("t:FieldURI", &[("FieldURI", "message:IsRead")]);
                            xml.group("t:Message", &[], |xml| xml.text("t:IsRead", if is_seen { "true" } else { "false" }));
                        });
                    });
                });
            }
        });
    });
}

/// What is done with messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change<'a> {
    Mark(bool),
    Delete,
    /// For good, as what was never wanted is.
    DeleteForGood,
    Move(&'a Place),
}

/// How many messages one request changes.
pub(crate) const CHANGED: usize = 100;

impl Talk<'_, '_> {
    /// Changes messages; the answer for each, in their order.
    pub(crate) fn change(&mut self, messages: &[&str], change: Change<'_>, stage: Stage) -> Result<Vec<Message>, Error> {
        let mut answers = Vec::with_capacity(messages.len());
        for piece in messages.chunks(CHANGED) {
            let mut some = self.ask(stage, |xml| match change {
                Change::Mark(is_seen) => mark(xml, piece, is_seen),
                Change::Delete | Change::DeleteForGood => {
                    let kind = if change == Change::Delete { "MoveToDeletedItems" } else { "HardDelete" };
                    xml.group("m:DeleteItem", &[("DeleteType", kind), ("SuppressReadReceipts", "true")], |xml| {
                        ids(xml, "m:ItemIds", piece)
                    });
                }
                Change::Move(place) => transfer(xml, "m:MoveItem", piece, place),
            })?;
            if some.len() != piece.len() {
                return Err(crate::xml::malformed("not one answer for each item").stage(stage));
            }
            answers.append(&mut some);
        }
        Ok(answers)
    }

    /// The ids of the messages of a folder that have this Message-ID.
    pub(crate) fn with_message_id(&mut self, folder: &Place, message_id: &str, stage: Stage) -> Result<Vec<String>, Error> {
        let wanted = format!("<{message_id}>");
        let message = self.ask_one(stage, |xml| {
            xml.group("m:FindItem", &[("Traversal", "Shallow")], |xml| {
                xml.group("m:ItemShape", &[], |xml| {
                    xml.text("t:BaseShape", "IdOnly");
                    xml.group("t:AdditionalProperties", &[], |xml| xml.empty("t:FieldURI", &[("FieldURI", "message:InternetMessageId")]));
                });
                xml.empty("m:IndexedPageItemView", &[("MaxEntriesReturned", "20"), ("Offset", "0"), ("BasePoint", "Beginning")]);
                xml.group("m:Restriction", &[], |xml| equal(xml, "message:InternetMessageId", &wanted));
                xml.group("m:ParentFolderIds", &[], |xml| folder.write(xml));
            });
        })?;
        let items = message.node.find("Items").map(|items| items.children.as_slice()).unwrap_or_default();
        // A server that does not heed the condition must not make us believe anything.
        let is_it = |item: &&Node| item.text_of("InternetMessageId").trim() == wanted;
        Ok(items.iter().filter(is_it).filter_map(|item| item_id(item).map(str::to_owned)).collect())
    }

    /// Rows of messages by their ids, in their order: nothing for those that are gone, an error for those that the service does not describe.
    pub(crate) fn rows(&mut self, messages: &[&str], stage: Stage) -> Result<Vec<Result<Option<Row>, Error>>, Error> {
        let mut rows = Vec::with_capacity(messages.len());
        for piece in messages.chunks(CHANGED) {
            let answers = self.ask(stage, |xml| {
                xml.group("m:GetItem", &[], |xml| {
                    row_shape(xml);
                    ids(xml, "m:ItemIds", piece);
                });
            })?;
            if answers.len() != piece.len() {
                return Err(crate::xml::malformed("not one answer for each item").stage(stage));
            }
            let host = self.host();
            rows.extend(answers.iter().zip(piece).map(|(answer, id)| match answer.class() {
                _ if answer.is_success => {
                    let row = answer.item().and_then(Row::of).filter(|row| row.id == *id);
                    row.map(Some).ok_or_else(|| Error::new(Status::Protocol, "ews.item_foreign").arg("host", host.as_str()).stage(stage))
                }
                Class::Gone => Ok(None),
                _ => Err(answer.error(&host, stage)),
            }));
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_rfc_3339() {
        for text in ["2026-11-02T10:00:00Z", "2026-11-02T10:00:00.123Z", "2026-11-02T10:00:00+01:00"] {
            assert!(is_moment(text), "{text}");
        }
        for text in ["", "2026-11-02", "2026-11-02T10:00:00", "x026-11-02T10:00:00Z", "2026-11-02T10:00:00 \"Z"] {
            assert!(!is_moment(text), "{text}");
        }
    }
}
