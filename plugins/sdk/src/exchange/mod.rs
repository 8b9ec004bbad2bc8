//! What EWS and Microsoft Graph have in common: one mailbox, two protocols.
//!
//! Both take a message as MIME and deliver it to whom its headers name, not to an envelope: [`arrange`] makes the one say what the other
//! does. Both tell what has changed in a folder since a token of theirs: [`State`] keeps that token, and what was not done yet.

mod arrange;
mod folders;
mod head;
mod state;

pub use arrange::{Arranged, arrange};
pub use folders::{DISTINGUISHED, distinguished, has_use};
pub use head::{Head, read_head};
pub use state::{Due, State};
