//! OAuth 2.0: access tokens for any protocol.
//!
//! [`Tokens`] is the token source of one account. It gets tokens by the grant of the settings: client credentials with a secret or a
//! certificate, a service account, a refresh token, or a person's consent on another device or in a browser. It knows the places and
//! scopes of Microsoft and Google, and what their refusals mean.
//!
//! - **Shared.** What was got is kept in the process, by token URL, application, scope, grant and a digest of what proves them. Accounts
//!   with the same credentials share it, whatever their transports, and while one call gets a token, others wait for it. A host that is older
//!   than its plugin keeps no tokens; then each plugin's library has its own.
//! - **Renewed** five minutes before the end, and once where a server refuses a token; client credentials are asked anew.
//! - **Kept.** A refresh token that the provider has exchanged goes to where the reference in the settings leads
//!   ([`Call::secret_put`](crate::Call::secret_put)); where that fails, the call says so as a warning and goes on.
//! - **Secret.** Secrets go to the token URL, and nowhere else; neither they nor tokens are in logs, errors and dialogues.

mod audience;
mod browser;
mod cache;
mod consent;
mod exchange;
mod form;
mod issued;
mod jwt;
#[cfg(unix)]
mod key;
#[cfg(not(unix))]
#[path = "key_elsewhere.rs"]
mod key;
mod pending;
mod places;
mod refusal;
mod tokens;

pub use audience::Audience;
pub(super) use refusal::remedy;
pub use tokens::Tokens;
