//! Filing: putting messages into a folder, each once.
//!
//! Before a message is appended, the folder is searched for its Message-ID. When the connection breaks while the server's reply is awaited, a new one
//! searches again, and nothing is appended a second time, whatever it finds: the server may still be busy with the first.

use crate::account::Imap;
use crate::append::{Appended, Message};
use crate::find::with_message_id;
use crate::folders;
use crate::selected::Selected;
use crate::session::Session;
use crate::{keywords, provider, sent};
use postkontor_plugin::{Call, Error, Filed, Filing, FilingResult, Mark, Original, Status};

/// The folder for sent mail, wherever it lies.
const SENT: &str = "<sent>";

/// How many messages of the folder are searched, from its end: a copy that another program has just filed is among the last. Not by date,
/// because clocks of workstations are wrong.
const RECENT: u32 = 1000;

/// Puts messages into a folder, or looks whether there is one.
pub(crate) fn file(imap: &mut Imap, filing: &Filing, call: &Call) -> Result<Filed, Error> {
    let mut session = imap.connected(call)?;
    if filing.sent_by.as_ref().is_some_and(|sent_by| provider::keeps(sent_by, &session.capabilities, &imap.settings)) {
        imap.session = Some(session);
        return Ok(Filed { left_to_provider: true, ..Filed::default() });
    }
    let selected = open(imap, &mut session, filing, call);
    imap.keep(session, &selected);
    let selected = selected?;
    let pointer = if filing.folder == SENT { "/imap/sent" } else { "/folder" };
    let (first, flags) = (first(selected.messages), flags(filing));
    let mut folder = Folder { name: selected.name, validity: selected.validity, pointer, flags, first, lost: None };
    let put = |original| folder.put(imap, original, call).unwrap_or_else(FilingResult::Error);
    let results = filing.messages.iter().map(put).collect();
    Ok(Filed { folder: folder.name, left_to_provider: false, results })
}

fn open(imap: &mut Imap, session: &mut Session, filing: &Filing, call: &Call) -> Result<Selected, Error> {
    let create = imap.settings.imap.create_folders;
    // Without a message to file, nothing is created.
    let create_now = create && !filing.messages.is_empty();
    keywords::check(&filing.keywords, "/keywords")?;
    let selected = match filing.folder.as_str() {
        SENT => sent::open(imap, session, create_now, call),
        name => session.select(name, "/folder", create_now, call),
    };
    let selected = selected.map_err(|mut error| {
        if create && !create_now && ["imap.folder_missing", "imap.sent_missing"].contains(&error.code.as_str()) {
            error.args.entry("folder").or_insert_with(|| "Sent".into());
            "imap.folder_will_be_created".clone_into(&mut error.code);
        }
        error
    })?;
    keywords::refuse_unkept(&selected, session, &filing.keywords, "/keywords")?;
    Ok(selected)
}

/// The flags and keywords of the messages, as the wire wants them.
fn flags(filing: &Filing) -> String {
    let named = [(Mark::Seen, "\\Seen"), (Mark::Answered, "\\Answered"), (Mark::Flagged, "\\Flagged"), (Mark::Draft, "\\Draft")];
    let flags = named.into_iter().filter(|(mark, _)| filing.has(*mark)).map(|(_, flag)| flag);
    flags.chain(filing.keywords.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

fn first(messages: u32) -> u32 {
    messages.saturating_sub(RECENT) + 1
}

/// The folder while messages are put into it.
struct Folder {
    name: String,
    validity: u32,
    /// Where the folder was named.
    pointer: &'static str,
    /// The flags of what is put into it, as the wire wants them.
    flags: String,
    /// The number of the message at which a search begins.
    first: u32,
    /// Why there is no connection any more: the remaining messages are not tried.
    lost: Option<Error>,
}

impl Folder {
    fn put(&mut self, imap: &mut Imap, original: &Original, call: &Call) -> Result<FilingResult, Error> {
        let mut session = self.session(imap, call)?;
        let result = self.put_over(&mut session, original, call);
        imap.keep(session, &result);
        let doubt = match result {
            Err(error) if error.status == Status::Uncertain => error,
            result => return result,
        };
        let found = self.session(imap, call).and_then(|mut session| {
            let found = self.find(&mut session, original, call);
            imap.keep(session, &found);
            found
        });
        match found {
            Ok(Some(uid)) => Ok(FilingResult::Saved(folders::id(&self.name, self.validity, uid))),
            Ok(None) | Err(_) => {
                let mut error = doubt.arg("folder", self.name.as_str());
                "imap.filing_uncertain".clone_into(&mut error.code);
                Err(error)
            }
        }
    }

    fn put_over(&self, session: &mut Session, original: &Original, call: &Call) -> Result<FilingResult, Error> {
        if let Some(uid) = self.find(session, original, call)? {
            return Ok(FilingResult::Found(folders::id(&self.name, self.validity, uid)));
        }
        let mut body = call.body(original.stream);
        match session.append(&self.name, &mut Message::of(&mut body, original.size)?, &self.flags, original.utf8, call)? {
            Appended::Yes(None) => Ok(FilingResult::Saved(self.name.clone())),
            Appended::Yes(Some((validity, uid))) => Ok(FilingResult::Saved(folders::id(&self.name, validity, uid))),
            Appended::Misunderstood(error) => Err(error),
            Appended::Missing(error) => Err(error.arg("folder", self.name.as_str())),
        }
    }

    /// The message with this Message-ID among the last ones of the folder.
    fn find(&self, session: &mut Session, original: &Original, call: &Call) -> Result<Option<u32>, Error> {
        with_message_id(session, self.first, &original.message_id, call)
    }

    /// The connection with the folder open; another one when it broke.
    fn session(&mut self, imap: &mut Imap, call: &Call) -> Result<Session, Error> {
        if let Some(session) = imap.session.take() {
            return Ok(session);
        }
        if let Some(lost) = &self.lost {
            return Err(lost.clone());
        }
        let opened = imap.connected(call).and_then(|mut session| {
            let selected = session.select(&self.name, self.pointer, false, call)?;
            // Messages may have gone meanwhile, and the numbers of the others with them.
            self.first = self.first.min(first(selected.messages));
            Ok(session)
        });
        opened.inspect_err(|error| self.lost = Some(error.clone()))
    }
}
