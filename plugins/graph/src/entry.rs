//! Folders and messages as the service lists them.

use postkontor_plugin::serde::Deserialize;
use postkontor_plugin::serde_json::Value;

/// The extended property with the size of a message (PidTagMessageSize): Graph has no property of its own for it.
pub(crate) const SIZE: &str = "singleValueExtendedProperties($filter=id eq 'Integer 0x0E08')";

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
        let size = self.single_value_extended_properties.iter().find(|property| property.id.to_ascii_lowercase().ends_with("e08"));
        size.and_then(|property| property.value.parse().ok())
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
        let flags = [(self.is_read, "\\Seen"), (self.is_draft, "\\Draft"), (is_flagged, "\\Flagged")];
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
            "singleValueExtendedProperties":[{"id":"Integer 0xe08","value":"4711"}],"more":[1]}"#;
        let message: Message = serde_json::from_str(json).unwrap();
        assert_eq!((message.size(), message.flags()), (Some(4711), vec!["\\Seen".to_owned()]));
        let removed: Message = serde_json::from_str(r#"{"@removed":{"reason":"deleted"},"id":"AA="}"#).unwrap();
        assert!(removed.removed.is_some() && removed.flags().is_empty());
    }
}
