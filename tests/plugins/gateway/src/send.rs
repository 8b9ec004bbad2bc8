//! Sending: the service says what became of a message behind its end.

use crate::answer::{refused, value};
use crate::ask::{Ask, Payload};
use crate::client::{Client, uncertain};
use postkontor_plugin::serde_json::Value;
use postkontor_plugin::{Answer, Body, Error, Mail, Reply, Sent, Stage, Status, Verdict};
use std::cell::Cell;

/// Sends one mail.
pub(crate) fn send(client: &mut Client, mail: &Mail, body: &mut Body) -> Result<Sent, Error> {
    let ask = Ask { fields: envelope(mail)?, ..Ask::new("POST", "/messages", Stage::Content) };
    // Once all of it has left it may have been delivered, unless the service refuses.
    let read = Cell::new(0);
    let answer = client.ask(ask.with(Payload::Mail { size: mail.size, body, read: &read }), &mut |response, call| {
        value(response, call).map_err(|error| if error.server.is_some() { error } else { uncertain(&error) })
    })?;
    sent(client, mail, &answer, read.get())
}

/// The header fields of the request: the envelope.
fn envelope(mail: &Mail) -> Result<Vec<(&'static str, String)>, Error> {
    let malformed = |pointer: String| {
        let code = "message.address_malformed";
        Error::new(Status::Argument, code).stage(Stage::Recipients).at_message(pointer, code)
    };
    let is_bad = |address: &str| address.chars().any(|c| c.is_control() || matches!(c, '<' | '>'));
    if is_bad(&mail.from) {
        return Err(malformed("/from".to_owned()));
    }
    let mut fields = vec![("X-Sender", format!("<{}>", mail.from))];
    for (index, recipient) in mail.recipients.iter().enumerate() {
        if is_bad(recipient) {
            return Err(malformed(format!("/recipients/{index}")));
        }
        fields.push(("X-Recipient", format!("<{recipient}>")));
    }
    Ok(fields)
}

/// What became of each recipient.
fn sent(client: &Client, mail: &Mail, answer: &Value, size: u64) -> Result<Sent, Error> {
    let refusal = |address: &str| answer["refused"].as_array()?.iter().find(|refused| refused["address"] == address);
    let answers = mail.recipients.iter().map(|address| {
        let text = refusal(address).map(|refused| refused["text"].as_str().unwrap_or_default());
        let status = if text.is_some() { Verdict::Refused } else { Verdict::Accepted };
        Answer { address: address.clone(), status, reply: Reply { text: text.unwrap_or_default().to_owned(), ..Reply::default() } }
    });
    let recipients: Vec<Answer> = answers.collect();
    let reply = Reply { code: 202, enhanced: None, text: answer["id"].as_str().unwrap_or_default().to_owned() };
    if recipients.iter().all(|answer| answer.status == Verdict::Refused) {
        let error = refused(client.host(), Status::Refused, "gateway.refused", reply);
        return Err(error.stage(Stage::Recipients).recipients(recipients));
    }
    Ok(Sent { recipients, size, reply: Some(reply), ..Sent::default() })
}
