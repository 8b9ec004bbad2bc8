//! What the header of a message says.

use super::field;
use mail_parser::{Address, DateTime, HeaderValue, MessagePart};
use postkontor_reader::Repairs;

/// A name and an address.
pub(super) struct Mailbox {
    pub(super) name: Option<String>,
    pub(super) address: Option<String>,
}

/// The fields of a header that a summary holds.
#[derive(Default)]
pub(super) struct Head {
    pub(super) subject: String,
    pub(super) message_id: Option<String>,
    pub(super) date: Option<String>,
    pub(super) from: Vec<Mailbox>,
    pub(super) sender: Vec<Mailbox>,
    pub(super) reply_to: Vec<Mailbox>,
    pub(super) to: Vec<Mailbox>,
    pub(super) cc: Vec<Mailbox>,
    pub(super) bcc: Vec<Mailbox>,
    pub(super) in_reply_to: Vec<String>,
    pub(super) references: Vec<String>,
}

impl Head {
    /// Reads a header.
    pub(super) fn read(header: &[u8], _: &mut Repairs) -> Head {
        let message = field::attached(header);
        let message = mail_parser::Message { parts: message.parts, ..mail_parser::Message::default() };
        if message.parts.first().is_none_or(|MessagePart { headers, .. }| headers.is_empty()) {
            return Head::default();
        }
        Head {
            subject: message.subject().unwrap_or_default().to_owned(),
            message_id: message.message_id().map(str::to_owned),
            date: message.date().map(DateTime::to_rfc3339),
            from: people(message.from()),
            sender: people(message.sender()),
            reply_to: people(message.reply_to()),
            to: people(message.to()),
            cc: people(message.cc()),
            bcc: people(message.bcc()),
            in_reply_to: list(message.in_reply_to()),
            references: list(message.references()),
        }
    }
}

fn people(address: Option<&Address<'_>>) -> Vec<Mailbox> {
    let people = address.into_iter().flat_map(Address::iter).filter(|person| person.address().is_some());
    people.map(|person| Mailbox { name: person.name().map(str::to_owned), address: person.address().map(str::to_owned) }).collect()
}

fn list(value: &HeaderValue<'_>) -> Vec<String> {
    value.as_text_list().unwrap_or_default().iter().map(|text| text.to_string()).collect()
}
