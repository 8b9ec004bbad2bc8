//! Replies and forwards: what a message document leaves out is taken from the mail that it answers or passes on.
//!
//! The members `reply` and `forward` name that mail (`members`, read by `reading`). It is opened (`mail`), and `reply` or `forward` fills in the rest of the document:
//! `subject` knows the prefixes of many programs, `quote` shows the text, `kept` takes over files, `words` are those of the reader's language.
//! What the document says itself always stands.

mod forward;
mod kept;
mod mail;
mod members;
mod quote;
mod reading;
mod reply;
mod subject;
mod words;

pub(super) use members::{Forward, Reply};

use super::document::Message;
use super::findings::Findings;
use super::identity::Identity;
use mail::Mail;
use words::Words;

/// Fills in what the document leaves out. What is wrong goes to `findings`.
pub(super) fn complete(message: &mut Message<'_>, parts: &[&[u8]], identity: &Identity<'_>, language: &str, findings: &mut Findings<'_>) {
    match (message.reply.take(), message.forward.take()) {
        (Some(_), Some(_)) => findings.add("/forward", "message.reply_and_forward", &[]),
        (Some(answer), None) => {
            let Some(mail) = Mail::open(&answer.original, "/reply", parts, findings) else { return };
            let words = Words::of(answer.language.as_deref().unwrap_or(language));
            reply::complete(message, &answer, &mail, identity, &words, findings);
        }
        (None, Some(mut passed)) => {
            let Some(mail) = Mail::open(&passed.original, "/forward", parts, findings) else { return };
            let wanted = passed.language.take();
            let words = Words::of(wanted.as_deref().unwrap_or(language));
            forward::complete(message, passed, &mail, &words, findings);
        }
        (None, None) => (),
    }
}
