//! Folders and messages as the service lists them.

use postkontor_plugin::serde::Deserialize;
use postkontor_plugin::serde_json::{Value, json};

/// The verb that was executed last (PidTagLastVerbExecuted), which shows a message as answered. Graph has no property of its own for it.
const LAST_VERB: &str = "Integer 0x1081";

/// The icon of a message (PidTagIconIndex), which tells the same to people.
const ICON: &str = "Integer 0x1080";

/// What is to be listed of each message beside its properties: the verb.
pub(crate) const VERB: &str = "singleValueExtendedProperties($filter=id eq 'Integer 0x1081')";

/// The same, and its size (PidTagMessageSize), for which Graph has no property either.
pub(crate) const SIZE_AND_VERB: &str = "singleValueExtendedProperties($filter=id eq 'Integer 0x0E08' or id eq 'Integer 0x1081')";

/// The verbs of an answer (MS-OXOMSG, 2.2.1.4): to the sender, and to all.
const ANSWERS: [&str; 2] = ["102", "103"];

/// The extended properties that show a message as answered, or as one that was not. Graph removes
/// none, so the latter get the verb 0, which is none, and the icon of a new message.
pub(crate) fn answered(is_answered: bool) -> Vec<Value> {
    let [verb, icon] = if is_answered { [ANSWERS[0], "261"] } else { ["0", "-1"] };
    vec![json!({"id": LAST_VERB, "value": verb}), json!({"id": ICON, "value": icon})]
}

/// A page of a list.
#[derive(Debug, Deserialize)]
#[serde(crate = "postkontor_plugin::serde")]
pub(crate) struct Page<T> {
    pub(crate) value: Vec<T>,
    /// Where the list goes on.
    #[serde(default, rename = "@odata.nextLink")]
    pub(crate) next: Option<String>,
    /// Where what changes after the list is to be found.
    #[serde(default, rename = "@odata.deltaLink")]
    pub(crate) delta: Option<String>,
}

/// A folder.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(crate = "postkontor_plugin::serde", rename_all = "camelCase")]
pub(crate) struct Folder {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) display_name: String,
    #[serde(default)]
    pub(crate) child_folder_count: u64,
    #[serde(default)]
    pub(crate) total_item_count: u64,
}

/// A message.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(crate = "postkontor_plugin::serde", rename_all = "camelCase")]
pub(crate) struct Message {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) is_read: Option<bool>,
    #[serde(default)]
    pub(crate) is_draft: Option<bool>,
    #[serde(default)]
    flag: Flag,
    #[serde(default)]
    pub(crate) categories: Vec<String>,
    #[serde(default)]
    pub(crate) received_date_time: Option<String>,
    #[serde(default)]
    pub(crate) subject: Option<String>,
    #[serde(default)]
    pub(crate) from: Option<Recipient>,
    #[serde(default)]
    to_recipients: Vec<Recipient>,
    #[serde(default)]
    cc_recipients: Vec<Recipient>,
    #[serde(default)]
    bcc_recipients: Vec<Recipient>,
    #[serde(default)]
    pub(crate) parent_folder_id: Option<String>,
    /// Those that arrived, undecoded; only where they were selected.
    #[serde(default)]
    pub(crate) internet_message_headers: Vec<Header>,
    #[serde(default)]
    single_value_extended_properties: Vec<Extended>,
    /// It has left the folder.
    #[serde(default, rename = "@removed")]
    pub(crate) removed: Option<Value>,
}

/// Whether a message is flagged.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(crate = "postkontor_plugin::serde", rename_all = "camelCase", default)]
struct Flag {
    flag_status: String,
}

/// Somebody with an address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(crate = "postkontor_plugin::serde", rename_all = "camelCase")]
pub(crate) struct Recipient {
    #[serde(default)]
    pub(crate) email_address: Address,
}

/// A name and an address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(crate = "postkontor_plugin::serde", default)]
pub(crate) struct Address {
    pub(crate) name: Option<String>,
    pub(crate) address: Option<String>,
}

/// A header field.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(crate = "postkontor_plugin::serde", default)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) value: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(crate = "postkontor_plugin::serde")]
struct Extended {
    id: String,
    value: String,
}

impl Message {
    /// Its size, roughly: what it takes in the mailbox.
    pub(crate) fn size(&self) -> Option<u64> {
        self.extended("e08").and_then(|size| size.parse().ok())
    }

    /// The value of an extended property, by the end of its id in small letters: the service writes it in another way than it was asked for.
    fn extended(&self, tag: &str) -> Option<&str> {
        let property = self.single_value_extended_properties.iter().find(|property| property.id.to_ascii_lowercase().ends_with(tag));
        property.map(|property| property.value.as_str())
    }

    /// Whether all of these are among its recipients.
    pub(crate) fn is_for(&self, recipients: &[String]) -> bool {
        let all = || self.to_recipients.iter().chain(&self.cc_recipients).chain(&self.bcc_recipients);
        let is_among = |wanted: &String| {
            let is_same = |recipient: &Recipient| {
                recipient.email_address.address.as_ref().is_some_and(|known| known.to_lowercase() == wanted.to_lowercase())
            };
            all().any(is_same)
        };
        recipients.iter().all(is_among)
    }

    /// Its flags, as IMAP names them, and its keywords.
    pub(crate) fn flags(&self) -> Vec<String> {
        let is_flagged = Some(self.flag.flag_status == "flagged");
        let is_answered = self.extended("0x1081").map(|verb| ANSWERS.contains(&verb));
        let flags = [(self.is_read, "\\Seen"), (is_answered, "\\Answered"), (self.is_draft, "\\Draft"), (is_flagged, "\\Flagged")];
        let flags = flags.into_iter().filter(|(is_set, _)| *is_set == Some(true)).map(|(_, flag)| flag.to_owned());
        flags.chain(self.categories.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_plugin::serde_json;

    #[test]
    fn a_message_is_read_with_what_is_there_of_it() {
        let json = r#"{"@odata.etag":"W/x","id":"AA=","isRead":true,"from":{"emailAddress":{"name":"A"}},
            "singleValueExtendedProperties":[{"id":"Integer 0xe08","value":"4711"},{"id":"Integer 0x1081","value":"103"}],"more":[1]}"#;
        let message: Message = serde_json::from_str(json).unwrap();
        assert_eq!((message.size(), message.flags()), (Some(4711), vec!["\\Seen".to_owned(), "\\Answered".to_owned()]));
        let removed: Message = serde_json::from_str(r#"{"@removed":{"reason":"deleted"},"id":"AA="}"#).unwrap();
        assert!(removed.removed.is_some() && removed.flags().is_empty());
    }
}
