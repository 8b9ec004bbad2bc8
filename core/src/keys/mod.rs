//! Certificates and private keys that settings name (S/MIME): files of one's own, and folders with the certificates of others.
//!
//! [`key_file`] reads a file of one's own with its password; its errors point at the settings of the file.
//! [`folder`] finds the certificates of others by address, and [`folders`] keeps what was read of them for all accounts of a host.
//! [`announced`] is what files of collected certificates say of their owners' programs.
//! [`keyring`] has what the mail of a sender is signed and encrypted with, [`keyrings`] those of senders without an account, [`signer`] says whether a certificate is fit for that. [`seen`] remembers what a check saw in files.

mod announced;
mod folder;
mod folders;
pub(crate) mod key_file;
mod keyring;
mod keyrings;
mod recent;
mod seen;
mod signer;
mod stamp;
mod unusable;

pub(crate) use announced::{announcement, signed_at};
pub(crate) use folders::{Folders, Going};
pub(crate) use keyring::{Keyring, Surroundings};
pub(crate) use keyrings::Keyrings;
pub use seen::Seen;
pub(crate) use seen::{Look, Opening};
pub(crate) use signer::{CERTIFICATE, Judged, judge, judge_address, now};
pub(crate) use unusable::Unusable;
