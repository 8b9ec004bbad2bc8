//! Filing: putting messages into a folder, each once.

use crate::marks;
use crate::outcome::REQUEST;
use crate::payload::{Mime, Payload};
use crate::place::{Place, get_folder};
use crate::send::{mime_content, sent_folder};
use crate::talk::{Submission, Submitted, Talk};
use postkontor_plugin::exchange::Head;
use postkontor_plugin::{Error, Filed, Filing, FilingResult, FindRequest, FoundMessages, Mark, Original, Stage, Status};

/// `PidTagMessageFlags`: without it what is saved is a draft for ever.
const MESSAGE_FLAGS: &str = "0x0E07";

/// `mfRead` and `mfUnsent`.
const READ: u32 = 1;
const UNSENT: u32 = 8;

/// Looks for messages in a folder.
pub(crate) fn find(talk: &mut Talk<'_, '_>, request: &FindRequest) -> Result<FoundMessages, Error> {
    let folder = match request.folder.as_str() {
        "<sent>" if request.filed || talk.account.settings.exchange.save => sent_folder(talk)?,
        "<sent>" => return Err(Error::new(Status::Unsupported, "sent.not_kept").stage(Stage::Mailbox).usable()),
        name => talk.folder(name, "/folder")?,
    };
    let place = |message_id: &String| with_message_id(talk, &folder, message_id);
    let places = request.message_ids.iter().map(place).collect::<Result<_, Error>>()?;
    Ok(FoundMessages { folder: folder.name().to_owned(), places })
}

/// Puts messages into a folder, or looks whether there is one.
pub(crate) fn file(talk: &mut Talk<'_, '_>, filing: &Filing) -> Result<Filed, Error> {
    let folder = match filing.folder.as_str() {
        "<sent>" => sent_folder(talk)?,
        name => talk.folder(name, "/folder")?,
    };
    let message = talk.ask_one(Stage::Mailbox, |xml| get_folder(xml, std::slice::from_ref(&folder)))?;
    let shown = message.node.find("DisplayName").map_or(folder.name(), |name| name.text.as_str()).to_owned();
    let put = |original| put(talk, &folder, &shown, filing, original).unwrap_or_else(FilingResult::Error);
    Ok(Filed { folder: shown.clone(), left_to_provider: false, results: filing.messages.iter().map(put).collect() })
}

fn put(talk: &mut Talk<'_, '_>, folder: &Place, shown: &str, filing: &Filing, original: &Original) -> Result<FilingResult, Error> {
    if let Some(id) = with_message_id(talk, folder, &original.message_id)? {
        return Ok(FilingResult::Found(id));
    }
    let flags =
        [(Mark::Seen, READ), (Mark::Draft, UNSENT)].into_iter().filter(|(mark, _)| filing.has(*mark)).map(|(_, flag)| flag).sum::<u32>();
    let document = talk.envelope(|xml| {
        xml.group("m:CreateItem", &[("MessageDisposition", "SaveOnly")], |xml| {
            xml.group("m:SavedItemFolderId", &[], |xml| folder.write(xml));
            xml.group("m:Items", &[], |xml| {
                xml.group("t:Message", &[], |xml| {
                    mime_content(xml);
                    marks::new_keywords(xml, filing);
                    marks::extended(xml, MESSAGE_FLAGS, &flags.to_string());
                    marks::new_flags(xml, filing);
                    marks::new_flag(xml, filing);
                });
            });
        });
    });
    let mut body = talk.call.body(original.stream);
    let size = Some(original.size);
    let mut mime = Mime::new(Head { ends: true, ..Head::default() }, Vec::new(), size, size, &mut body, talk.call);
    let whole = Payload::size_of(&document, size);
    if whole.is_none_or(|whole| whole > REQUEST) {
        let error = Error::new(Status::Refused, "ews.too_large").arg("host", talk.host()).arg("text", format!("{} bytes", original.size));
        return Err(error.stage(Stage::Content).usable());
    }
    talk.warm_up(original.size)?;
    let cause = match talk.submit(Submission::Passing(whole, &mut Payload::new(document, &mut mime)), Stage::Content) {
        Submitted::Answered(messages) => match messages.first() {
            Some(message) if message.is_success => {
                let id = message.item().and_then(crate::items::item_id).unwrap_or(shown);
                return Ok(FilingResult::Saved(id.to_owned()));
            }
            Some(message) => return Err(message.error(&talk.host(), Stage::Content)),
            None => crate::xml::malformed("no answer for the message"),
        },
        Submitted::Refused(error) | Submitted::Again(error) => return Err(error),
        Submitted::InDoubt(error) => error,
    };
    // Whatever is found: nothing is put there a second time, the service may still be busy with the first.
    match with_message_id(talk, folder, &original.message_id) {
        Ok(Some(id)) => Ok(FilingResult::Saved(id)),
        Ok(None) | Err(_) => {
            let error = Error::new(Status::Uncertain, "ews.filing_uncertain").arg("host", talk.host()).arg("folder", shown);
            Err(error.stage(Stage::Acceptance).detail(format!("{} {}", cause.code, cause.detail).trim_end()))
        }
    }
}

fn with_message_id(talk: &mut Talk<'_, '_>, folder: &Place, message_id: &str) -> Result<Option<String>, Error> {
    if message_id.is_empty() {
        return Ok(None);
    }
    Ok(talk.with_message_id(folder, message_id, Stage::Mailbox)?.into_iter().next())
}
