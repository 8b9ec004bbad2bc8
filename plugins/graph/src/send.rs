//! Sending: as MIME where the message fits into a request, else as a draft that gets its attachments one by one.

use crate::ask::{Ask, Payload};
use crate::claims::Role;
use crate::draft;
use crate::entry::Message;
use crate::failure::Failure;
use crate::message::{Mime, encoded_size};
use crate::session::Session;
use crate::upload;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use postkontor_plugin::exchange::{Arranged, Outline, Parts, arrange, read_head};
use postkontor_plugin::net::http::percent_encoded;
use postkontor_plugin::serde_json::{Map, Value, json};
use postkontor_plugin::{Body, Error, Level, Mail, Reply, Sent, Stage, Status};

/// The largest request with a message: the service takes 4 MB, its line and fields included.
pub(crate) const REQUEST: u64 = 3_900_000;

/// Sends one mail.
pub(crate) fn send(session: &mut Session<'_, '_>, mail: &Mail, body: &mut Body<'_>) -> Result<Sent, Error> {
    mail.check_addresses(is_address)?;
    let head = read_head(body)?;
    let arranged = arrange(&head.fields, &mail.recipients);
    for address in &arranged.taken_out {
        session
            .call
            .log(Level::Information, format_args!("{address} is in the headers and not in the envelope, and was taken out of them"));
    }
    let fields = [arranged.fields.as_slice(), b"\r\n"].concat();
    let (original, read) = match mail.size {
        Some(size) => (size, Some(head.body)),
        None => (measured(session, body)?, None),
    };
    let empty_line = if head.ends { 0 } else { 2 };
    let size = original.saturating_sub((head.fields.len() + empty_line) as u64) + fields.len() as u64;
    let is_small = encoded_size(size) <= REQUEST;
    if is_small && session.settings.exchange.save {
        session.send_mime(mail, Mime::new(body, &fields, size, read))?;
    } else {
        body.rewind()?;
        let outline = Outline::read(body, session.call)?;
        if outline.is_protected {
            let code = if is_small { "graph.protected_not_saved" } else { "graph.protected_too_large" };
            return Err(Error::new(Status::Refused, code).arg("host", session.host()).stage(Stage::Content).usable());
        }
        if let Some(attachment) = outline.attachments.iter().find(|attachment| attachment.size > upload::LARGEST) {
            let text = format!("{}: {} bytes of {} at most", attachment.name, attachment.size, upload::LARGEST);
            let error = Error::new(Status::Refused, "graph.too_large").arg("host", session.host()).arg("text", text);
            return Err(error.stage(Stage::Content).usable());
        }
        let message = draft::properties(&arranged.fields, &arranged.hidden, &outline, mail);
        if is_small {
            session.send_properties(mail, message, &outline, body)?;
        } else {
            session.send_draft(mail, &message, &outline, body)?;
        }
    }
    Ok(sent(mail, &arranged, original, session.settings.exchange.save))
}

/// An address that can stand in a header as it is.
fn is_address(address: &str) -> bool {
    !address.contains(|c: char| c.is_control() || c.is_whitespace() || "<>,;".contains(c)) && address.contains('@')
}

/// The bytes of a message whose size the host does not say.
fn measured(session: &Session<'_, '_>, body: &mut Body<'_>) -> Result<u64, Error> {
    body.rewind()?;
    let (mut block, mut size) = (vec![0; 64 * 1024], 0);
    loop {
        session.call.check()?;
        match body.read(&mut block)? {
            0 => return Ok(size),
            count => size += count as u64,
        }
    }
}

fn sent(mail: &Mail, arranged: &Arranged, size: u64, is_saved: bool) -> Sent {
    let text = if arranged.taken_out.is_empty() { String::new() } else { format!("left out: {}", arranged.taken_out.join(", ")) };
    let reply = Some(Reply { code: 202, enhanced: None, text });
    Sent { saved_to: is_saved.then(|| "sentitems".to_owned()), reply, ..Sent::to_all(mail, size) }
}

impl Session<'_, '_> {
    /// Sends the message as it is.
    fn send_mime(&mut self, mail: &Mail, mut mime: Mime<'_, '_>) -> Result<(), Error> {
        let target = self.at("/sendMail");
        self.submit(mail, Ask::once("POST", target, Role::Send, Stage::Content).with(Payload::Message(&mut mime)))
    }

    /// Sends the message as properties, without a copy.
    fn send_properties(
        &mut self,
        mail: &Mail,
        mut message: Map<String, Value>,
        outline: &Outline,
        body: &mut Body<'_>,
    ) -> Result<(), Error> {
        body.rewind()?;
        let mut parts = Parts::new(body);
        let mut attachments = Vec::new();
        for attachment in &outline.attachments {
            upload::go_to(&mut parts, attachment)?;
            let mut content = Vec::new();
            while parts.read(&mut content)? {
                self.call.check()?;
            }
            let mut properties = draft::attachment(attachment);
            properties.insert("@odata.type".to_owned(), "#microsoft.graph.fileAttachment".into());
            properties.insert("contentBytes".to_owned(), BASE64_STANDARD.encode(content).into());
            attachments.push(Value::Object(properties));
        }
        message.insert("attachments".to_owned(), attachments.into());
        let json = json!({"message": message, "saveToSentItems": false}).to_string();
        let target = self.at("/sendMail");
        self.submit(mail, Ask::once("POST", target, Role::Send, Stage::Content).with(Payload::Json(json.as_bytes())))
    }

    /// Asks for a mail to be sent. It is sent where the service says so, or where it is among the sent ones.
    fn submit(&mut self, mail: &Mail, ask: Ask<'_>) -> Result<(), Error> {
        match self.accepted(ask) {
            Ok(()) => Ok(()),
            Err(failure) if failure.is_in_doubt => self.settle(mail, &failure.error),
            Err(failure) => Err(self.refusal(mail, failure)),
        }
    }

    /// Whether the service has accepted a mail: it says so by 202 and nothing else.
    fn accepted(&mut self, ask: Ask<'_>) -> Result<(), Failure> {
        let host = self.host().to_owned();
        let status = self.exchange(ask, &mut |response, _| Ok(response.status()))?;
        if status == 202 {
            return Ok(());
        }
        let error = crate::fault::malformed(&host, format!("HTTP {status} where 202 was due"));
        Err(Failure { error, is_in_doubt: true, fault: None })
    }

    fn refusal(&self, mail: &Mail, failure: Failure) -> Error {
        let error = failure.error;
        match error.code.as_str() {
            "graph.send_as_denied" => {
                error.arg("from", mail.from.as_str()).stage(Stage::Sender).at_message("/from", "graph.send_as_denied")
            }
            _ => error,
        }
    }

    /// Makes a draft, attaches everything, and sends it. A draft that could not be sent is removed.
    fn send_draft(&mut self, mail: &Mail, message: &Map<String, Value>, outline: &Outline, body: &mut Body<'_>) -> Result<(), Error> {
        let draft = self.create(mail, message)?;
        let attached = upload::attach(self, &draft, outline, body, mail.size.unwrap_or(0));
        if let Err(error) = attached {
            self.remove(&draft);
            return Err(error);
        }
        let target = self.at(&format!("/messages/{}/send", percent_encoded(&draft)));
        match self.accepted(Ask::once("POST", target, Role::Send, Stage::Acceptance)) {
            Ok(()) => (),
            Err(failure) if failure.is_in_doubt => {
                if !self.has_left(&draft) {
                    self.settle(mail, &failure.error)?;
                }
            }
            Err(failure) => {
                self.remove(&draft);
                return Err(self.refusal(mail, failure));
            }
        }
        if !self.settings.exchange.save {
            self.remove_copy(mail);
        }
        Ok(())
    }

    /// Makes a draft; its id.
    fn create(&mut self, mail: &Mail, message: &Map<String, Value>) -> Result<String, Error> {
        let json = Value::Object(message.clone()).to_string();
        let target = self.at("/messages");
        let ask = Ask::once("POST", target, Role::Change, Stage::Content).with(Payload::Json(json.as_bytes()));
        match self.json::<Message>(ask) {
            Ok(draft) => Ok(draft.id),
            Err(failure) if failure.is_in_doubt && !mail.message_id.is_empty() => {
                // Nothing was sent; what may have been made must not stay.
                if let Ok(Some(draft)) = self.find("drafts", &mail.message_id) {
                    self.remove(&draft);
                }
                Err(failure.error)
            }
            Err(failure) => Err(self.refusal(mail, failure)),
        }
    }

    /// Whether a draft is none any more, because it was sent.
    fn has_left(&mut self, draft: &str) -> bool {
        let target = self.at(&format!("/messages/{}?$select=id,isDraft", percent_encoded(draft)));
        self.json::<Message>(Ask::get(target, Stage::Acceptance)).is_ok_and(|message| message.is_draft == Some(false))
    }

    /// Removes a draft. Where that fails the mail was not sent all the same, and the draft lies where its owner sees it.
    pub(crate) fn remove(&mut self, draft: &str) {
        let target = self.at(&format!("/messages/{}", percent_encoded(draft)));
        if let Err(failure) = self.done(Ask::once("DELETE", target, Role::Change, Stage::Content))
            && !failure.is_missing()
        {
            self.call.log(Level::Warning, format_args!("the draft that was not sent could not be removed: {}", failure.error));
        }
    }

    /// Removes the copy of a sent draft, of which the service always keeps one.
    fn remove_copy(&mut self, mail: &Mail) {
        match self.find("sentitems", &mail.message_id) {
            Ok(Some(copy)) => self.remove(&copy),
            Ok(None) => self.call.log(Level::Warning, "the copy of the sent mail does not show yet, and stays"),
            Err(error) => self.call.log(Level::Warning, format_args!("the copy of the sent mail stays: {error}")),
        }
    }
}
