//! The header of a message: its fields, and what stands in them.
//!
//! Each function takes the value of a field as it stands in the message, with its folds. Each is total and linear in the value: where a value
//! may be so long that this matters, the caller cuts it.

mod address;
mod content;
mod date;
mod encoded_word;
mod fields;
mod message_id;
mod parameter;
mod scanner;
mod text;

pub use address::{Mailbox, Plain, each_mailbox, mailboxes, plain_mailboxes};
pub use content::{ContentType, Disposition, file_name};
pub use date::{Date, date};
pub use fields::{Field, Fields};
pub(crate) use fields::{LONG, Place};
pub use message_id::{message_id, message_ids};
pub use text::text;
