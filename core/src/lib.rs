//! The host of Postkontor.

pub mod message;
pub mod settings;
pub mod texts;
