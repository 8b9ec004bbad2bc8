//! Filing: putting messages into a folder, each once.
//!
//! Before a message is put there, the folder is searched for its Message-ID. When the answer is lost it is searched again, and nothing is put
//! there a second time. The service makes a draft of every message that comes as MIME; so the properties come one by one, with the flag
//! that it is none.

use crate::ask::{Ask, Payload};
use crate::claims::Role;
use crate::draft;
use crate::entry::{Folder, Message, answered};
use crate::folders::Named;
use crate::session::Session;
use crate::upload;
use postkontor_plugin::exchange::{Fields, Outline, read_head};
use postkontor_plugin::net::http::percent_encoded;
use postkontor_plugin::serde_json::{Map, Value, json};
use postkontor_plugin::{
    Error, Filed, Filing, FilingResult, FindRequest, FoundMessages, Input, Mail, Mark, Original, SentBy, Stage, Status,
};

/// The flags of a message: 1 for one that was read, 8 for a draft (PidTagMessageFlags); and its times of sending and arrival.
const FLAGS: &str = "Integer 0x0E07";
const TIMES: [&str; 2] = ["SystemTime 0x0039", "SystemTime 0x0E06"];

/// Puts messages into a folder, or looks whether there is one.
pub(crate) fn file(session: &mut Session<'_, '_>, filing: &Filing) -> Result<Filed, Error> {
    if filing.sent_by.as_ref().is_some_and(|sent_by| keeps(sent_by, session.settings.mailbox())) {
        return Ok(Filed { left_to_provider: true, ..Filed::default() });
    }
    let settings = session.settings;
    let folder = session.folder(named(&filing.folder, settings.exchange.sent.as_deref()))?;
    let results =
        filing.messages.iter().map(|original| session.put_into(&folder, filing, original).unwrap_or_else(FilingResult::Error)).collect();
    Ok(Filed { folder: folder.display_name, left_to_provider: false, results })
}

/// Looks for messages in a folder. What the service sends it keeps in the well-known one, also where copies of what others sent go to another.
pub(crate) fn find(session: &mut Session<'_, '_>, request: &FindRequest) -> Result<FoundMessages, Error> {
    let (settings, is_sent) = (session.settings, request.folder == "<sent>");
    if is_sent && !settings.exchange.save && !request.filed {
        return Err(Error::new(Status::Unsupported, "sent.not_kept").stage(Stage::Mailbox).usable());
    }
    let other = settings.exchange.sent.as_deref().filter(|_| is_sent).map(|name| named("<sent>", Some(name)));
    let mut found = FoundMessages { places: vec![None; request.message_ids.len()], ..FoundMessages::default() };
    for named in std::iter::once(named(&request.folder, None)).chain(other) {
        let folder = session.folder(named)?;
        let at = percent_encoded(&folder.id);
        for (place, message_id) in found.places.iter_mut().zip(&request.message_ids).filter(|(place, _)| place.is_none()) {
            *place = if message_id.is_empty() { None } else { session.find(&at, message_id)? };
        }
        found.folder = folder.display_name;
    }
    Ok(found)
}

/// The folder of a request; `sent` is the one for sent mail, where it is another than the well-known one.
fn named<'n>(folder: &'n str, sent: Option<&'n str>) -> Named<'n> {
    match folder {
        "<sent>" => Named { name: sent.unwrap_or("sentitems"), of: Input::Settings, pointer: "/exchange/sent" },
        name => Named { name, of: Input::Request, pointer: "/folder" },
    }
}

/// Whether Exchange Online itself keeps what that account sent in this mailbox.
fn keeps(sent_by: &SentBy, mailbox: Option<&str>) -> bool {
    let host = sent_by.host.split(':').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let is_microsoft = ["office365.com", "office365.us", "outlook.com", "office.com"].iter().any(|domain| host.ends_with(domain));
    is_microsoft && mailbox.is_some_and(|mailbox| mailbox.to_lowercase() == sent_by.user.to_lowercase())
}

impl Session<'_, '_> {
    fn put_into(&mut self, folder: &Folder, filing: &Filing, original: &Original) -> Result<FilingResult, Error> {
        let at = percent_encoded(&folder.id);
        if !original.message_id.is_empty()
            && let Some(id) = self.find(&at, &original.message_id)?
        {
            return Ok(FilingResult::Found(id));
        }
        let call = self.call;
        let mut body = call.body(original.stream);
        let head = read_head(&mut body)?;
        body.rewind()?;
        let outline = Outline::read(&mut body, call)?;
        if outline.is_protected {
            return Err(Error::new(Status::Unsupported, "graph.protected_not_filed")
                .arg("host", self.host())
                .stage(Stage::Content)
                .usable());
        }
        let json = Value::Object(properties(&head.fields, &outline, filing, original)).to_string();
        let target = self.at(&format!("/mailFolders/{at}/messages"));
        let ask = Ask::once("POST", target, Role::Change, Stage::Content).with(Payload::Json(json.as_bytes()));
        let made = match self.json::<Message>(ask) {
            Ok(message) => message.id,
            Err(failure) if failure.is_in_doubt => return self.after_doubt(&at, folder, original, failure.error),
            Err(failure) => return Err(failure.error),
        };
        match upload::attach(self, &made, &outline, &mut body, original.size) {
            Ok(()) => Ok(FilingResult::Saved(made)),
            Err(error) => {
                self.remove(&made);
                Err(error)
            }
        }
    }

    /// What was made of a message whose answer was lost. One that lacks its attachments must not stay.
    fn after_doubt(&mut self, at: &str, folder: &Folder, original: &Original, cause: Error) -> Result<FilingResult, Error> {
        if !original.message_id.is_empty()
            && let Ok(Some(id)) = self.find(at, &original.message_id)
        {
            self.remove(&id);
            return Err(cause);
        }
        let error = Error::new(Status::Uncertain, "graph.filing_uncertain").stage(Stage::Acceptance);
        Err(error.arg("host", self.host()).arg("folder", folder.display_name.as_str()).detail(cause.to_string()))
    }
}

fn properties(fields: &[u8], outline: &Outline, filing: &Filing, original: &Original) -> Map<String, Value> {
    let read = Fields::read(fields);
    let hidden: Vec<String> = read.people("Bcc").into_iter().map(|person| person.address).collect();
    let mail = Mail { message_id: original.message_id.clone(), ..Mail::default() };
    let mut properties = draft::properties(fields, &hidden, outline, &mail);
    properties.insert("isRead".to_owned(), filing.has(Mark::Seen).into());
    if filing.has(Mark::Flagged) {
        properties.insert("flag".to_owned(), json!({"flagStatus": "flagged"}));
    }
    if !filing.keywords.is_empty() {
        properties.insert("categories".to_owned(), json!(filing.keywords));
    }
    let flags = u32::from(filing.has(Mark::Seen)) | u32::from(filing.has(Mark::Draft)) << 3;
    let mut extended = vec![json!({"id": FLAGS, "value": flags.to_string()})];
    if filing.has(Mark::Answered) {
        extended.append(&mut answered(true));
    }
    if let Some(moment) = read.moment() {
        extended.extend(TIMES.iter().map(|id| json!({"id": id, "value": moment})));
    }
    match properties.get_mut("singleValueExtendedProperties") {
        Some(Value::Array(others)) => others.append(&mut extended),
        _ => drop(properties.insert("singleValueExtendedProperties".to_owned(), extended.into())),
    }
    properties
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_microsoft_keeps_by_itself_is_not_put_there_again() {
        let sent_by = |host: &str, user: &str| SentBy { host: host.to_owned(), user: user.to_owned() };
        assert!(keeps(&sent_by("smtp.office365.com:587", "Anna@example.com"), Some("anna@example.com")));
        assert!(!keeps(&sent_by("smtp.office365.com", "berta@example.com"), Some("anna@example.com")));
        assert!(!keeps(&sent_by("mail.example.com", "anna@example.com"), Some("anna@example.com")));
    }

    #[test]
    fn a_filed_message_is_no_draft_and_has_the_time_of_its_date() {
        let fields = b"From: a@x\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\nBcc: h@x\r\n";
        let properties = Value::Object(properties(fields, &Outline::default(), &Filing::default(), &Original::default()));
        assert_eq!(properties["isRead"], true);
        assert_eq!(properties["bccRecipients"], json!([{"emailAddress": {"address": "h@x"}}]));
        let extended = &properties["singleValueExtendedProperties"];
        assert_eq!(extended[0], json!({"id": "Integer 0x0E07", "value": "1"}));
        assert_eq!(extended[1], json!({"id": "SystemTime 0x0039", "value": "2026-11-20T09:00:00Z"}));
    }
}
