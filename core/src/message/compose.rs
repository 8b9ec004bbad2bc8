//! From the document to the composed message.

use super::{Composed, Recipient};
use crate::settings::Sender;
use postkontor_plugin::{Error, Stage, Status};
use serde_json::Value;
use std::marker::PhantomData;

/// Composes a message document for the wire. `parts` are the bytes that attachments refer to by index.
///
/// Nothing is sent and no network is touched; attached files are looked at. Everything that is wrong is found at once and
/// pointed to in the error.
pub fn compose<'a>(message: &str, sender: &Sender, parts: &[&'a [u8]]) -> Result<Composed<'a>, Error> {
    let _ = parts;
    let message: Value = serde_json::from_str(message)
        .map_err(|error| Error::new(Status::Argument, "message.unreadable").stage(Stage::Message).detail(error.to_string()))?;
    let from = message["from"].as_str().or(sender.address.as_deref()).unwrap_or_default().to_owned();
    let mut recipients = Vec::new();
    for member in ["to", "cc", "bcc"] {
        match &message[member] {
            Value::String(address) => recipients.push(Recipient { address: address.clone(), pointer: format!("/{member}") }),
            Value::Array(addresses) => recipients.extend(addresses.iter().enumerate().filter_map(|(index, address)| {
                Some(Recipient { address: address.as_str()?.to_owned(), pointer: format!("/{member}/{index}") })
            })),
            _ => (),
        }
    }
    if recipients.is_empty() {
        return Err(Error::new(Status::Argument, "message.no_recipient").stage(Stage::Message).at("/to", "message.no_recipient"));
    }
    let text = message["text"].as_str().unwrap_or_default().replace("\r\n", "\n").replace('\n', "\r\n");
    let message_id = message["message_id"].as_str().unwrap_or("1@localhost").to_owned();
    let subject = message["subject"].as_str().unwrap_or_default();
    let head = format!(
        "From: {from}\r\nTo: {}\r\nSubject: {subject}\r\nMessage-ID: <{message_id}>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n",
        recipients.iter().map(|recipient| recipient.address.as_str()).collect::<Vec<_>>().join(", ")
    )
    .into_bytes();
    Ok(Composed {
        from,
        recipients,
        message_id,
        size: head.len() as u64,
        eight_bit: false,
        utf8: false,
        dsn: None,
        head,
        position: 0,
        parts: PhantomData,
    })
}
