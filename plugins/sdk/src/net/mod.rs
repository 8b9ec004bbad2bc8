//! The wire: connections with deadline, proxy, TLS, SASL and transcript, for any line protocol.
//!
//! A [`Stream`] is the only thing a transport talks to. It connects (through a proxy where the settings name one), becomes
//! secure at once or in mid-session, and reads and writes with limits that a hostile server cannot stretch:
//!
//! - **Time.** Every wait ends at the call's deadline, and when the caller cancels; beside that the server must not be
//!   silent for longer than `server.timeout_seconds`. This holds for name lookup, connecting, proxy and TLS handshake, too.
//! - **Size.** A line has a limit; memory never follows what a server announces.
//! - **Secrecy.** The [`Transcript`] masks secrets where they are written, and finds them where a server echoes them.
//!
//! Most protocols begin alike: a [`Connector`] opens their session, given their own words ([`Protocol`]), and makes the report of a
//! test of it. Others pass [`Recorder::on`] themselves and get a step for everything that was done; an [`crate::Error`] of this
//! module becomes the failed step, with advice and a patch of the settings, by [`step`].

mod advice;
mod certificate;
mod connect;
mod deflate;
pub mod http;
mod logged_on;
mod machine;
#[cfg(feature = "testing")]
pub(crate) mod memory;
pub mod oauth;
mod patch;
mod probe;
mod proxy;
mod public_suffix;
mod recorder;
mod refusal;
mod resolve;
pub mod sasl;
mod secret_hash;
mod security;
mod session;
mod socket;
mod stream;
mod target;
mod tls;
mod transcript;

pub use advice::{Advice, step};
pub use machine::machine_name;
pub use public_suffix::{Registrable, registrable};
pub use recorder::Recorder;
pub use refusal::login_refused;
pub use secret_hash::secret_hash;
pub use security::{Security, clear_text};
pub use session::{Connector, Protocol, StartTls, log_out, quit};
pub use stream::Stream;
pub use target::{Pointers, Target};
pub use transcript::Transcript;
