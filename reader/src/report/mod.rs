//! Reports about mail that was sent: bounces and other delivery reports (RFC 3464), receipts (RFC 8098), and bounces that are only prose.
//!
//! Pure functions: what a message consists of is handed in ([`Given`] in `outcome`), so that they know nothing of its structure. `delivery` reads report
//! parts of servers and `disposition` those of readers' programs, both made of the blocks of fields; `prose` reads bounces without such
//! a part, by the tables in `phrases` with `matching` and `lines`; `returned` finds the message that a report is about; `verdict` says by the
//! `status` codes and by the words in `causes` how lasting a failure is.

mod address;
mod causes;
mod delivery;
mod disposition;
mod lines;
mod matching;
mod outcome;
mod phrases;
mod prose;
mod returned;
mod status;
mod verdict;

use crate::automatic::{self, Auto};
use crate::blocks::{self, Field};
pub use outcome::{Confidence, Entity, Failure, Given, Kind, LARGEST, Recipient, Report, Verdict};

/// The report in a message, if it is one.
pub fn read(given: &Given<'_>) -> Option<Report> {
    said(given).0
}

/// The report in a message, if it is one, and what sent the message instead of a person ([`automatic::read`]).
pub fn said(given: &Given<'_>) -> (Option<Report>, Option<Auto>) {
    let auto = automatic::by_fields(given.fields);
    let may_report = !given.entities.is_empty() || auto == Some(Auto::Reply) || prose::is_hinted(given);
    let report = if may_report { of(given, &blocks::header(given.header, LARGEST), auto) } else { None };
    (report, auto.or_else(|| automatic::by_subject(given.subject)))
}

fn of(given: &Given<'_>, header: &[Field<'_>], auto: Option<Auto>) -> Option<Report> {
    let mut report = delivery::read(given, header)
        .or_else(|| disposition::read(given))
        .or_else(|| prose::read(given, header))
        .or_else(|| answered(header, auto))?;
    if report.message_id.is_none() {
        report.message_id = returned::message_id(given).or_else(|| returned::answered(header));
    }
    Some(report)
}

/// An automatic answer tells something of a recipient, too. By a subject alone nothing is said of the message that was sent.
fn answered(header: &[Field<'_>], auto: Option<Auto>) -> Option<Report> {
    if auto != Some(Auto::Reply) {
        return None;
    }
    let is_report = blocks::value(header, "content-type").is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/report"));
    if is_report {
        return None;
    }
    let address = address::found(blocks::value(header, "from")?)?;
    let message_id = returned::answered(header);
    if prose::is_named(header) {
        // A server says something that we do not understand.
        return Some(Report { kind: Kind::Unknown, message_id, recipients: Vec::new() });
    }
    let verdict = Some(Verdict { failure: Failure::AutoReply, confidence: Confidence::Certain });
    let recipient = Recipient { address, original: None, enhanced: None, text: None, verdict };
    Some(Report { kind: Kind::AutoReply, message_id, recipients: vec![recipient] })
}
