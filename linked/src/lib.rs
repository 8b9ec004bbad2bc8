//! The transports of a release, linked into the library and the command.
//!
//! Each transport that speaks with a network carries the same 3.7 MB: TLS, OAuth, key files, schemas. Linked into one library they share it, and a program
//! has one file to hand over. They are reached through the same vtable as a plugin in a file, so that nothing behind it differs.
//!
//! Without the feature `all` there is none, and all transports are files: so it is while one develops.
#![forbid(unsafe_code)]

use postkontor_abi::Plugin;
#[cfg(feature = "all")]
use postkontor_plugin::abi::vtable;

/// The transports that are linked in, in the order of their names.
pub const TRANSPORTS: &[&Plugin] = &[
    #[cfg(feature = "all")]
    &vtable::<postkontor_exchange_ews::Ews>(),
    #[cfg(feature = "all")]
    &vtable::<postkontor_graph::Graph>(),
    #[cfg(feature = "all")]
    &vtable::<postkontor_imap::Imap>(),
    #[cfg(feature = "all")]
    &vtable::<postkontor_pop3::Pop3>(),
    #[cfg(feature = "all")]
    &vtable::<postkontor_sendmail::Sendmail>(),
    #[cfg(feature = "all")]
    &vtable::<postkontor_smtp::Smtp>(),
];
