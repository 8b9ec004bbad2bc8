//! Settings groups that every transport with a server shares, and the schema of a settings struct.
//!
//! A transport's settings struct has these groups as members, beside a group of its own that bears its name:
//!
//! ```
//! # use postkontor_plugin::settings::{Auth, Server, Tls};
//! # #[derive(serde::Deserialize, schemars::JsonSchema)] struct Options {}
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Settings {
//!     server: Server,
//!     #[serde(default)]
//!     tls: Tls,
//!     #[serde(default)]
//!     auth: Auth,
//!     smtp: Option<Options>,
//! }
//! ```

mod auth;
mod branch;
mod exchange;
mod host;
pub(crate) mod methods;
mod oauth2;
mod route;
mod schema;
mod server;
mod tls;
mod web_tls;

pub use auth::{Auth, Method};
pub use exchange::{Exchange, is_folder, user_by_token};
pub use host::is_host;
pub use oauth2::{Grant, OAuth2, Provider};
pub use route::Route;
pub use schema::{portable_schema, schema};
pub use server::{Endpoint, Server};
pub use tls::{ClientCertificate, Tls, TlsMode, TlsVersion};
pub use web_tls::WebTls;
