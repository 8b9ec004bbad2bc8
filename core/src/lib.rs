//! The host of Postkontor: it loads transport plugins, shapes settings, and builds mail.
//!
//! A program opens a [`Host`] once and an [`Account`] for each set of settings it sends or fetches with. Everything goes in
//! and out as JSON text; `include/postkontor.h` and docs/ tell the shapes. `postkontor-ffi` offers the same to C.
//!
//! - `loader` finds plugins and calls them through the frozen vtable: the only place with `unsafe`.
//! - [`settings`] knows the settings document: layers, schema, check, forms, secrets.
//! - [`log`] tells the program and a file what was done.
//! - [`message`] composes a message document into MIME, streaming.
//! - [`account`](Account) brings the three together: who sends, with which fallback, and what became of it.

mod account;
mod callbacks;
mod cancel;
mod error;
mod host;
mod json;
mod listing;
mod loader;
pub mod log;
pub mod message;
mod opened;
mod receipt;
mod receive;
mod report;
mod request;
pub mod settings;
pub mod texts;
mod transport;
mod unread;
mod watch;
mod whole_file;

pub use account::Account;
pub use callbacks::Callbacks;
pub use cancel::Cancel;
pub use host::{Host, ListedTransport};
pub use message::{Attachment, AttachmentContent, Composed, Mailbox, Message, Priority};
pub use opened::{Opened, safe_name};
pub use postkontor_plugin::{
    Action, Answer, Applied, ApplyRequest, At, Delivery, Disposal, Error, Filter, Folder, Incoming, Input, Level, ListRequest, Listed,
    Listing, Missing, Reply, Retry, Secret, Stage, Status, Step, StepStatus, Summary, Verdict,
};
pub use receipt::{Kept, Receipt, Receipts, SentCopy};
pub use receive::{DeliverTo, Fetched, Received, Take, Taken};
pub use report::Report;
pub use request::{Asked, Authorize, Loop, ReceiveRequest, Request, Source, TestRequest, Wanted};
pub use unread::Unread;
pub use watch::Watch;
pub use whole_file::write_whole;
