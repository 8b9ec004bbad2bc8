//! With what signed and encrypted messages are read: the keys and authorities that settings name, and the certificates that such messages bring.

mod collection;
mod found;
mod kept;
mod load;

pub(crate) use collection::Collection;
pub use found::{Found, FoundCertificate};
pub(crate) use kept::{Kept, stamped};
pub(crate) use load::{Loaded, Loading};
