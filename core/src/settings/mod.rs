//! The settings document: named accounts, who sends with what, and the sender's identity.

mod sender;

pub use sender::{Html, Sender, Unencodable};
