//! Composed mail that is kept: what stands beside its bytes, so that another process, on another machine, can deliver it.

use super::append::Append;
use super::composed::Composed;
use super::envelope::{Envelope, Recipient};
use super::restored::{Content, Restored, changed};
use super::segments::Segment;
use postkontor_plugin::{At, Dsn, Error, Input};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is kept of a composed mail beside its bytes ([`Composed::read`]), for [`Composed::restored`].
///
/// Readers ignore members that they do not know. Recipients who were served may be taken out of it, those of `copies` as well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stored {
    /// Envelope sender; empty for the null sender.
    pub from: String,
    /// Envelope recipients, but for those who get one of `copies`.
    pub recipients: Vec<StoredRecipient>,
    /// The Message-ID without its angle brackets.
    pub message_id: String,
    /// The number of its bytes.
    pub size: u64,
    /// It has bytes above 127 in its body.
    #[serde(default, skip_serializing_if = "is_false")]
    pub eight_bit: bool,
    /// An address needs SMTPUTF8 (RFC 6531).
    #[serde(default, skip_serializing_if = "is_false")]
    pub utf8: bool,
    /// The delivery reports that it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dsn: Option<Dsn>,
    /// The folder that it is put into; then it is not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub append: Option<Append>,
    /// The same message for one of Bcc each, whose bytes are those of the [`Composed::copies`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<Stored>,
    /// The addresses that were put right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repaired: Vec<At>,
    /// What was worth a second look.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Error>,
    /// The Bcc header that only the sender's copy has. It may be of any character set, so each byte is a character here.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    blind: String,
}

/// A recipient of a mail that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRecipient {
    /// The address for the envelope.
    pub address: String,
    /// What `pointer` leads into.
    pub of: Input,
    /// Where the recipient was named when the mail was composed.
    pub pointer: String,
    /// Stands in no header.
    #[serde(default, skip_serializing_if = "is_false")]
    pub blind: bool,
    /// The place among all recipients, also those of the copies, in the order to, cc, bcc.
    pub place: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Composed<'_> {
    /// What is to be kept of it beside its bytes. Those come from [`Composed::read`], for each of its [`Composed::copies`] from that one's own, and are kept
    /// as they are read: of what is encrypted no two readings are alike.
    pub fn stored(&self) -> Stored {
        let recipient = |(index, recipient): (usize, &Recipient)| {
            let Recipient { address, of, pointer, blind } = recipient.clone();
            StoredRecipient { address, of, pointer, blind, place: self.places.get(index).copied().unwrap_or(index) }
        };
        Stored {
            from: self.from.clone(),
            recipients: self.recipients.iter().enumerate().map(recipient).collect(),
            message_id: self.message_id.clone(),
            size: self.size,
            eight_bit: self.eight_bit,
            utf8: self.utf8,
            dsn: self.dsn.clone(),
            append: self.append.clone(),
            copies: self.copies.iter().map(Composed::stored).collect(),
            repaired: self.repaired.clone(),
            warnings: self.warnings.clone(),
            blind: self.head[self.blind.clone()].iter().copied().map(char::from).collect(),
        }
    }
}

impl Composed<'static> {
    /// The mail that was kept: it gives the same bytes, and the sender's copy of it is what it would have been. `contents` are the bytes of the mail and then those
    /// of each of its copies.
    ///
    /// # Errors
    ///
    /// `message.stored_changed` where there is not one content for each. One that is shorter or longer than it was is found while it is read.
    pub fn restored(stored: Stored, contents: Vec<Box<dyn Content>>) -> Result<Composed<'static>, Error> {
        let (wanted, found) = (1 + stored.copies.len(), contents.len());
        let mut contents = contents.into_iter();
        let (Some(first), true) = (contents.next(), wanted == found) else {
            return Err(changed(&stored.message_id, stored.size).detail(format!("{found} contents for {wanted} mails")));
        };
        let mut stored = stored;
        let copies = std::mem::take(&mut stored.copies).into_iter().zip(contents);
        let copies = copies.map(|(copy, content)| Composed::of_stored(copy, content)).collect();
        Ok(Composed { copies, ..Composed::of_stored(stored, first) })
    }

    fn of_stored(stored: Stored, content: Box<dyn Content>) -> Composed<'static> {
        let places = stored.recipients.iter().map(|recipient| recipient.place).collect();
        let recipients = stored.recipients.into_iter().map(|StoredRecipient { address, of, pointer, blind, .. }| Recipient {
            address,
            of,
            pointer,
            blind,
        });
        // What no byte is was put in by another; it stands in the sender's copy alone.
        let head: Vec<u8> = stored.blind.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect();
        let segment = Segment::Stored(Restored::new(content, stored.size, &stored.message_id));
        let envelope = Envelope { from: stored.from, recipients: recipients.collect(), utf8: stored.utf8, ..Envelope::default() };
        Composed {
            places,
            size: stored.size,
            eight_bit: stored.eight_bit,
            dsn: stored.dsn,
            warnings: stored.warnings,
            append: stored.append,
            blind: 0..head.len(),
            head: Arc::new(head),
            segments: vec![segment],
            ..Composed::of(envelope, stored.message_id, stored.repaired)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::compose;
    use crate::settings::Sender;
    use postkontor_plugin::{Stage, Status};
    use serde_json::json;

    #[derive(Debug)]
    struct Memory(Vec<u8>);

    impl Content for Memory {
        fn read_at(&mut self, position: u64, data: &mut [u8]) -> Result<usize, Error> {
            let rest = self.0.get(usize::try_from(position).unwrap()..).unwrap_or_default();
            let count = rest.len().min(data.len());
            data[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        }
    }

    fn bytes(mail: &mut Composed<'_>) -> Result<Vec<u8>, Error> {
        let (mut whole, mut block) = (Vec::new(), [0; 700]);
        loop {
            match mail.read(&mut block)? {
                0 => return Ok(whole),
                count => whole.extend_from_slice(&block[..count]),
            }
        }
    }

    /// The same mail as another process has it.
    fn again(stored: &Stored, content: Vec<u8>) -> Composed<'static> {
        let stored: Stored = serde_json::from_str(&serde_json::to_string(stored).unwrap()).unwrap();
        Composed::restored(stored, vec![Box::new(Memory(content))]).unwrap()
    }

    #[test]
    fn the_copy_of_the_sender_names_the_blind_recipients_in_whatever_character_set() {
        let folder = std::env::temp_dir().join(format!("postkontor-stored-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("latin.eml");
        std::fs::write(&file, b"From: a@example.com\nTo: b@example.com\nBcc: \"J\xfcrgen\" <c@example.com>\n\nx\n").unwrap();
        let mut mail = compose(&json!({"file": file}).to_string(), &Sender::default(), &[]).unwrap();
        let (stored, content) = (mail.stored(), bytes(&mut mail).unwrap());
        let mut restored = again(&stored, content.clone());
        assert_eq!(restored.stored(), stored);
        assert!(memchr::memmem::find(&content, b"Bcc").is_none() && !restored.is_utf_8());
        mail.become_copy();
        restored.become_copy();
        let copy = bytes(&mut restored).unwrap();
        assert_eq!((copy.len() as u64, &copy), (restored.size, &bytes(&mut mail).unwrap()));
        assert!(copy.starts_with(b"Bcc: \"J\xfcrgen\" <c@example.com>\r\n"));
        restored.rewind();
        assert_eq!(bytes(&mut restored).unwrap(), copy);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_content_that_is_not_what_it_was_is_not_completed() {
        let document = json!({"from": "a@example.com", "to": "b@example.com", "text": "x".repeat(900)}).to_string();
        let mut mail = compose(&document, &Sender::default(), &[]).unwrap();
        let (stored, content) = (mail.stored(), bytes(&mut mail).unwrap());
        let (shorter, longer) = (content[..content.len() - 1].to_vec(), [content.as_slice(), b"x"].concat());
        for wrong in [shorter, longer, Vec::new()] {
            let mut restored = again(&stored, wrong.clone());
            let (mut read, mut block) = (0, [0; 700]);
            let error = loop {
                match restored.read(&mut block) {
                    Ok(0) => panic!("it ended as if it were whole"),
                    Ok(count) => read += count,
                    Err(error) => break error,
                }
            };
            assert!(read < content.len(), "its end was given away");
            assert_eq!((error.code.as_str(), error.status, error.stage), ("message.stored_changed", Status::Local, Some(Stage::Content)));
            assert_eq!(restored.read(&mut block).unwrap_err(), error, "it stays so until it is read from its beginning");
        }
        let error = Composed::restored(stored, Vec::new()).unwrap_err();
        assert_eq!((error.code.as_str(), error.detail.as_str()), ("message.stored_changed", "0 contents for 1 mails"));
    }
}
