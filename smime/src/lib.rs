//! S/MIME (RFC 8551): who signed, for whom it is encrypted, and the CMS objects (RFC 5652) that say so.
//!
//! An engine without mail and without TLS. Core composes and reads messages over it, alike on every system: the cryptography is RustCrypto's. No library of
//! the system decides anything: on Unix, OpenSSL computes RSA signatures and the ciphers of what is sent, which are the same whatever computes them, and the keys for its recipients.
//!
//! - [`certificate`]: a certificate of another, and what it is fit for
//! - [`identity`]: one's own certificate with its private key and its chain
//! - [`sign`]: the signature of a multipart/signed
//! - [`encrypt`]: content that its recipients alone can read
//! - [`open`](mod@open): what a part of a message is: signed, encrypted or compressed
//! - [`verify`]: who signed, and whether the signature is good
//! - [`decrypt`]: content that was encrypted for one's own certificates
//! - [`veil`]: what hides content that has to lie on a disk for a while
//!
//! # Contract
//!
//! Nothing here opens a file or a connection, asks for the time, or keeps state between calls; what a call needs is handed in. Content passes through in blocks, in
//! constant memory. Private keys are wiped when they are dropped, and `Debug` does not show them.

#![forbid(unsafe_code)]

mod agreement;
mod ber;
mod capability;
pub mod certificate;
pub mod compressed;
pub mod decrypt;
mod digest;
pub mod encrypt;
mod error;
pub mod fault;
mod frame;
mod gcm;
pub mod identity;
pub mod key;
pub mod open;
pub mod sign;
pub mod veil;
pub mod verify;

pub use capability::Capability;
pub use certificate::Certificate;
pub use digest::Digest;
pub use error::Error;
pub use fault::Fault;
pub use identity::Identity;
pub use open::{Opened, open};
