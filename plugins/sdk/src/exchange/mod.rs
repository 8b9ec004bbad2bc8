//! What EWS and Microsoft Graph have in common: one mailbox, two protocols.
//!
//! Both take a message as MIME and deliver it to whom its headers name, not to an envelope: [`arrange`] makes the one say what the other
//! does. Both tell what has changed in a folder since a token of theirs: [`State`] keeps that token, and what was not done yet. And both
//! take a message that is too large for a request only in parts: an [`Outline`] names its text and its attachments with their sizes,
//! [`Parts`] gives the bytes of each.

mod arrange;
mod encoding;
mod fields;
mod folders;
mod head;
mod keywords;
mod lines;
mod outline;
mod parts;
mod source;
mod state;

use crate::net::Pointers;

pub use arrange::{Arranged, arrange};
pub use fields::{Fields, Person};
pub use folders::{DISTINGUISHED, distinguished, has_use};
pub use head::{Head, read_head};
pub use keywords::changed_keywords;
pub use outline::{Attachment, Outline, Text};
pub use parts::{Leaf, Parts};
pub use source::Source;
pub use state::{Due, State};

/// The settings that say where the service is.
pub const AT: Pointers = Pointers {
    host: "/exchange/url",
    port: "/exchange/url",
    timeout: "/server/timeout_seconds",
    proxy: "/server/proxy",
    mode: "/exchange/url",
};
