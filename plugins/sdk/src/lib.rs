//! All that the author of a Postkontor transport imports.
//!
//! A transport is a struct that implements [`Transport`], a settings struct that derives `Deserialize` and `JsonSchema`,
//! and one line, `postkontor_plugin::export!(MyTransport);`, in a crate of type `cdylib`. The host does the rest:
//! settings, secrets, MIME, receipts, languages and the C ABI. `examples/plugin` is a complete one.
//!
//! # What happens in a call
//!
//! The host calls through the frozen vtable of `postkontor-abi`; the shim in [`abi`] turns pointers into the types of this
//! crate, catches panics, and calls the [`Transport`]. Everything a transport may want from the host during a call comes
//! with the [`Call`]: the deadline, cancelling, the log, secrets, and the bytes of messages.
//!
//! # Errors
//!
//! An [`Error`] says what happened with a [`Status`] and a stable code, never with a sentence: the host finds the sentence
//! in the user's language among the texts that the plugin brings along ([`Transport::TEXTS`]), and fills in the arguments.
//!
//! # Wire
//!
//! The feature `net` (on by default) brings [`net`]: connections with deadline, proxy, TLS and SASL for any line protocol.
//!
//! # Tests
//!
//! The feature `testing` brings `testing`: a host for the tests of a transport, and a runner of dialogues with servers.

pub mod abi;
mod apply;
mod call;
mod envelope;
mod error;
#[cfg(feature = "exchange")]
pub mod exchange;
mod filing;
mod filter;
mod find;
mod folder_change;
#[cfg(feature = "letter")]
mod letter;
mod listing;
mod mail;
mod mask;
mod merge;
#[cfg(feature = "net")]
pub mod net;
mod opening;
mod printable;
mod receive;
mod reply;
mod report;
mod secret;
pub mod settings;
mod status;
#[cfg(feature = "testing")]
pub mod testing;
mod texts;
#[doc(hidden)]
pub mod token_cache;
mod transport;
mod unseen;
#[doc(hidden)]
pub mod wire;

pub use apply::{Applied, ApplyAction, ApplyRequest, NewId};
pub use call::{Body, Call, HostCalls, Level};
pub use error::{At, Delivery, Error, Input, Retry, SessionState, Stage};
pub use filing::{Filed, Filing, FilingResult, Mark, Original, SentBy};
pub use filter::{CONDITIONS, Filter, HeaderCondition, Known, contains};
pub use find::{FindRequest, FoundMessages};
pub use folder_change::{FolderChange, FolderResult, FoldersChanged, FoldersRequest};
#[cfg(feature = "letter")]
pub use letter::Letter;
pub use listing::{Folder, ListRequest, Listed, Listing};
pub use mail::{Answer, Dsn, Mail, Notify, Sent, Verdict};
pub use mask::Mask;
pub use merge::merge;
pub use opening::Opening;
pub use printable::printable;
pub use receive::{Action, Incoming, Missing, PART, Part, Parts, ReceiveRequest, Received, STRUCTURE, Summary};
pub use reply::Reply;
pub use report::{Report, Step, StepStatus};
pub use schemars;
pub use secret::Secret;
pub use serde;
pub use serde_json;
pub use status::Status;
pub use texts::SHARED_TEXTS;
pub use transport::{TestRequest, Transport};
pub use unseen::is_unseen;

/// Compiles the Rust of the page for plugin authors.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/plugins.md")]
struct PluginPage;
