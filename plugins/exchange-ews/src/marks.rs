//! Flags and keywords of messages, and what stands for them in Exchange: its flag, the last verb that was executed, categories.

use crate::xml::{Node, Writer};
use postkontor_plugin::{ApplyAction, Filing, Mark};

/// `PidTagLastVerbExecuted` and `PidTagIconIndex` (MS-OXOMSG, sections 2.2.1.4 and 2.2.1.3): together they show a message as answered.
const LAST_VERB: &str = "0x1081";
const ICON: &str = "0x1080";

/// Reply to the sender; the icon of a message that was answered.
const ANSWERED: [(&str, &str); 2] = [(LAST_VERB, "102"), (ICON, "261")];

/// The verbs of an answer: to the sender, and to all.
const VERBS: [&str; 2] = ["102", "103"];

/// A property that is set or removed.
pub(crate) enum Update<'u> {
    Set(&'static str, &'static str),
    Remove(&'static str),
    Flag(bool),
    Categories(&'u [String]),
}

impl Update<'_> {
    /// What sets or removes a flag.
    pub(crate) fn of_flag(action: ApplyAction) -> Vec<Update<'static>> {
        match action {
            ApplyAction::Answered => ANSWERED.iter().map(|(tag, value)| Update::Set(tag, value)).collect(),
            ApplyAction::Unanswered => ANSWERED.iter().map(|(tag, _)| Update::Remove(tag)).collect(),
            action => vec![Update::Flag(action == ApplyAction::Flagged)],
        }
    }

    /// Writes it as an update of an item.
    pub(crate) fn write(&self, xml: &mut Writer) {
        let set = |xml: &mut Writer, path: &dyn Fn(&mut Writer), value: &dyn Fn(&mut Writer)| {
            xml.group("t:SetItemField", &[], |xml| {
                path(xml);
                xml.group("t:Message", &[], |xml| value(xml));
            });
        };
        match self {
            Update::Set(tag, value) => set(xml, &|xml| property(xml, tag), &|xml| extended(xml, tag, value)),
            Update::Remove(tag) => xml.group("t:DeleteItemField", &[], |xml| property(xml, tag)),
            Update::Flag(is_set) => set(xml, &|xml| field(xml, "item:Flag"), &|xml| flag(xml, *is_set)),
            Update::Categories([]) => xml.group("t:DeleteItemField", &[], |xml| field(xml, "item:Categories")),
            Update::Categories(names) => set(xml, &|xml| field(xml, "item:Categories"), &|xml| categories(xml, names)),
        }
    }
}

fn property(xml: &mut Writer, tag: &str) {
    xml.empty("t:ExtendedFieldURI", &[("PropertyTag", tag), ("PropertyType", "Integer")]);
}

/// The path of a field.
pub(crate) fn field(xml: &mut Writer, name: &str) {
    xml.empty("t:FieldURI", &[("FieldURI", name)]);
}

/// An extended property with its value.
pub(crate) fn extended(xml: &mut Writer, tag: &str, value: &str) {
    xml.group("t:ExtendedProperty", &[], |xml| {
        property(xml, tag);
        xml.text("t:Value", value);
    });
}

fn flag(xml: &mut Writer, is_set: bool) {
    xml.group("t:Flag", &[], |xml| xml.text("t:FlagStatus", if is_set { "Flagged" } else { "NotFlagged" }));
}

fn categories(xml: &mut Writer, names: &[String]) {
    xml.group("t:Categories", &[], |xml| names.iter().for_each(|name| xml.text("t:String", name)));
}

/// The fields by which flags and keywords are read.
pub(crate) fn fields(xml: &mut Writer) {
    ["item:Categories", "item:Flag"].iter().for_each(|name| field(xml, name));
    property(xml, LAST_VERB);
}

/// Flags and keywords of an item, as IMAP names them, but for those that a row has itself.
pub(crate) fn of(item: &Node) -> Vec<String> {
    let is_flagged = item.child("Flag").is_some_and(|flag| flag.text_of("FlagStatus").trim() == "Flagged");
    let is_verb = |node: &&Node| {
        let tag = node.child("ExtendedFieldURI").and_then(|path| path.attribute("PropertyTag")).unwrap_or_default();
        node.name == "ExtendedProperty" && tag.eq_ignore_ascii_case(LAST_VERB)
    };
    let verb = item.children.iter().find(is_verb).map_or("", |node| node.text_of("Value").trim());
    let flags = [("\\Answered", VERBS.contains(&verb)), ("\\Flagged", is_flagged)];
    let flags = flags.into_iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| flag.to_owned());
    flags.chain(names(item)).collect()
}

/// The keywords of an item.
pub(crate) fn names(item: &Node) -> Vec<String> {
    item.child("Categories").map_or_else(Vec::new, |list| list.children.iter().map(|name| name.text.clone()).collect())
}

/// The keywords of a new message, which stand in front of [`new_flags`] in the schema's order.
pub(crate) fn new_keywords(xml: &mut Writer, filing: &Filing) {
    if !filing.keywords.is_empty() {
        categories(xml, &filing.keywords);
    }
}

/// The properties that show a new message as answered.
pub(crate) fn new_flags(xml: &mut Writer, filing: &Filing) {
    if filing.has(Mark::Answered) {
        ANSWERED.iter().for_each(|(tag, value)| extended(xml, tag, value));
    }
}

/// The flag of a new message, which stands behind [`new_flags`].
pub(crate) fn new_flag(xml: &mut Writer, filing: &Filing) {
    if filing.has(Mark::Flagged) {
        flag(xml, true);
    }
}
