//! The host of Postkontor: it loads transport plugins, shapes settings, and builds mail.
//!
//! A program opens a [`Host`] once and an [`Account`] for each set of settings it sends or fetches with. Settings are a document that
//! forms make and people keep; calls take and return types:
//!
//! ```
//! use postkontor_core::{Account, Action, Attachment, Cancel, Config, Error, Fetched, Host, Message, ReceiveRequest, TestRequest, Verdict};
//! use std::time::Duration;
//!
//! # mod hidden { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/typed/pigeonhole.rs")); }
//! # use hidden::{PIGEONHOLE, pigeonhole};
//! fn office(host: &std::sync::Arc<Host>, settings: &str) -> Result<String, Error> {
//!     let cancel = Cancel::new(Some(Duration::from_secs(60)));
//!     let mut account = Account::open(host, settings, None)?;
//!
//!     // A test is a report, step by step, and says what to do.
//!     let report = account.test(&TestRequest::default(), &cancel)?;
//!     if let Some(step) = report.failed() {
//!         println!("{}: {} {:?}", step.step, step.message, step.advice);
//!     }
//!
//!     // Each recipient has a verdict; one that was refused makes it an error, which holds all verdicts.
//!     let invoice = Message {
//!         to: vec!["Berta <berta@example.com>".into()],
//!         subject: "Invoice 4711",
//!         text: Some("Please find the invoice attached.\n"),
//!         attachments: vec![Attachment::bytes("4711.pdf", b"%PDF-1.7")],
//!         ..Message::default()
//!     };
//!     let receipt = account.send(&invoice, &cancel)?;
//!     assert!(receipt.recipients.iter().all(|answer| answer.status == Verdict::Accepted));
//!
//!     // The program says what becomes of each message; the state makes the next fetch go on from here.
//!     let mut files = Vec::new();
//!     let mut take = |fetched: Fetched<'_>| {
//!         let content = fetched.message.content();
//!         println!("{} from {:?}", content.subject, content.from);
//!         files.extend(content.parts.into_iter().map(|part| part.file_name));
//!         Action::Seen
//!     };
//!     let received = account.receive(&ReceiveRequest::default(), Some(&mut take), &cancel)?;
//!     assert_eq!((received.messages.len(), files), (1, vec!["4711.pdf".to_owned()]));
//!     Ok(received.state)
//! }
//! # fn main() -> Result<(), Error> {
//! #     let host = Host::open_with(&Config::default(), Box::new(()), &[pigeonhole()])?;
//! #     assert_eq!(office(&host, PIGEONHOLE)?, "1");
//! #     Ok(())
//! # }
//! ```
//!
//! `postkontor-ffi` offers the same to C, as JSON text; `include/postkontor.h` and docs/ describe the shapes. A request may be a
//! document, too ([`Asked`]), and [`Account::send_document`] sends message documents. A program may
//! send in two steps: [`Account::compose`] makes a [`Composed`] of a message, and [`Account::deliver`] delivers that.
//!
//! With the feature `lettre` an account is a transport of lettre (`postkontor_core::lettre::Mailer`).
//!
//! - `loader` finds plugins and calls them through the frozen vtable. `windows` asks Windows of files. They are the only places
//!   with `unsafe`. [`access`] says who may change or read a file.
//! - [`settings`] knows the settings document: layers, schema, check, forms, secrets.
//! - [`log`] writes what was done to the program and to a file.
//! - `keys` reads the certificates and private keys that settings name, for S/MIME.
//! - [`message`] composes a message document into MIME, streaming.
//! - [`account`](Account) brings the three together: who sends, with which fallback, and what became of it.

pub mod access;
mod account;
pub mod authorities;
mod built;
mod callbacks;
mod cancel;
mod discover;
mod documents;
mod error;
mod forms;
mod host;
mod json;
mod keys;
#[cfg(feature = "lettre")]
pub mod lettre;
mod listing;
mod loader;
mod lock;
pub mod log;
pub mod message;
mod open;
mod opened;
mod operation;
pub mod pointer;
mod receipt;
mod receive;
mod rename;
mod report;
mod request;
pub mod settings;
#[cfg(all(test, unix))]
mod small_disk;
pub mod texts;
mod transport;
mod transports;
mod unread;
mod unsealing;
mod watch;
pub mod whole_file;
#[cfg(windows)]
mod windows;

pub use account::Account;
pub use built::Built;
pub use callbacks::Callbacks;
pub use cancel::Cancel;
pub use discover::{Discovered, Proposal, Tried};
pub use host::{Config, Host, ListedTransport};
pub use message::{Append, Attachment, AttachmentContent, Composed, Mailbox, Message, Priority, Stored, StoredRecipient};
pub use opened::{
    Attendee, Calendar, Content, Encrypted, Invoice, Keys, Layer, LayerFault, LayerSigner, Moment, Opened, Part, Person, Repaired,
    Reported, ReportedRecipient, Signed, Smime, Stream, Warning, safe_name,
};
pub use postkontor_discover::{Outcome as DiscoveryOutcome, Provider, Source as DiscoverySource, Step as DiscoveryStep, providers};
pub use postkontor_plugin::{
    Action, Answer, Applied, ApplyAction, At, Delivery, Error, Filter, Folder, FolderChange, FolderResult, FoldersChanged, Incoming, Input,
    Level, ListRequest, Listed, Listing, Mark, Missing, NewId, Notify, Reply, Retry, Secret, Stage, Status, Step, StepStatus, Summary,
    Verdict,
};
pub use receipt::{Appended, Kept, Receipt, Receipts, SentCopy};
pub use receive::{DeliverTo, Fetched, Received, Take, Taken};
pub use report::Report;
pub use request::{
    ApplyRequest, Asked, Authorize, Changed, FetchOptions, Loop, Members, MessageChange, ReceiveRequest, Request, Source, TestRequest,
    Wanted, read_request,
};
pub use unread::Unread;
pub use unsealing::{Found, FoundCertificate};
pub use watch::Watch;
