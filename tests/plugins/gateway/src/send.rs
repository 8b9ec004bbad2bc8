//! Sending: the service says whether it wants the message before it gets it, and what became of it behind its end.

use crate::client::Client;
use crate::http::Request;
use postkontor_plugin::serde_json::Value;
use postkontor_plugin::{Answer, Body, Error, Mail, Reply, Sent, Stage, Status, Verdict};
use std::fmt::Write;

/// Sends one mail.
pub(crate) fn send(client: &mut Client, mail: &Mail, body: &mut Body) -> Result<Sent, Error> {
    let request = Request { fields: envelope(mail)?, ..Request::new("POST", "/messages") };
    let head = client.begin(&request, Stage::Recipients)?;
    if head.status != 100 {
        // It was asked to say so before the message comes.
        client.answer(&head, Stage::Recipients)?;
        return Err(client.malformed(Stage::Recipients));
    }
    let size = content(client, mail, body)?;
    // From here on it may have been delivered.
    let head = client.exchange(Stage::Acceptance, |connection, call| {
        connection.chunk(b"", call)?;
        connection.head(call)
    });
    let head = head.map_err(|error| client.uncertain(&error))?;
    match client.answer(&head, Stage::Acceptance) {
        Ok(answer) => sent(client, mail, &answer, size),
        Err(error) if error.server.is_some() => Err(error),
        Err(error) => Err(client.uncertain(&error)),
    }
}

/// The header fields of the request: the envelope, and that the service shall speak before the message comes.
fn envelope(mail: &Mail) -> Result<String, Error> {
    let mut fields = String::from("Content-Type: message/rfc822\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n");
    let malformed = |pointer: String| {
        let code = "message.address_malformed";
        Error::new(Status::Argument, code).stage(Stage::Recipients).at_message(pointer, code)
    };
    let is_bad = |address: &str| address.chars().any(|c| c.is_control() || matches!(c, '<' | '>'));
    if is_bad(&mail.from) {
        return Err(malformed("/from".to_owned()));
    }
    // Writing into a text cannot fail.
    let _ = write!(fields, "X-Sender: <{}>\r\n", mail.from);
    for (index, recipient) in mail.recipients.iter().enumerate() {
        if is_bad(recipient) {
            return Err(malformed(format!("/recipients/{index}")));
        }
        let _ = write!(fields, "X-Recipient: <{recipient}>\r\n");
    }
    Ok(fields)
}

/// Sends the message but for its end. On an error the service has half a message, which it drops.
fn content(client: &mut Client, mail: &Mail, body: &mut Body) -> Result<u64, Error> {
    client.exchange(Stage::Content, |connection, call| body.each_block(mail, call, |block| connection.chunk(block, call)))
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
        return Err(client.refused(Status::Refused, "gateway.refused", reply).stage(Stage::Recipients).recipients(recipients));
    }
    Ok(Sent { recipients, size, reply: Some(reply), ..Sent::default() })
}
