//! The settings of the bridge, with their secrets in place.

use postkontor_core::Secret;

/// What the settings group `bridge` says.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The server that takes mail; none where it is off.
    pub smtp: Option<Smtp>,
    /// The server that gives mail; none where it is off.
    pub pop3: Option<Pop3>,
    /// Who may log in to either.
    pub logins: Vec<Login>,
}

/// The server that takes mail.
#[derive(Clone, Debug, Default)]
pub struct Smtp {
    /// Address and port.
    pub listen: String,
    /// How connections are secured.
    pub tls: Tls,
    /// The largest mail, in bytes.
    pub max_bytes: u64,
    /// The account that mail goes out by that a program of this machine hands over without a login; none where it has to log in.
    pub anonymous: Option<String>,
}

/// The server that gives mail.
#[derive(Clone, Debug, Default)]
pub struct Pop3 {
    /// Address and port.
    pub listen: String,
    /// How connections are secured.
    pub tls: Tls,
}

/// How connections are secured.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// When.
    pub mode: Mode,
    /// The server's certificate; needed unless the mode is `none`.
    pub certificate: Option<Certificate>,
    /// The oldest version that a client may speak.
    pub minimum: Version,
}

/// When a connection is secured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Never.
    #[default]
    None,
    /// When the client asks for it (STARTTLS, STLS).
    Starttls,
    /// From the first byte.
    Implicit,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 1.0, as clients of old speak it.
    Tls10,
    /// 1.1.
    Tls11,
    /// 1.2.
    #[default]
    Tls12,
    /// 1.3.
    Tls13,
}

/// The file with the server's certificate and private key: PKCS#12 or PEM.
#[derive(Clone, Debug, Default)]
pub struct Certificate {
    /// Its path.
    pub file: String,
    /// What it is encrypted with.
    pub password: Secret,
}

/// Who may log in, and as whom.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: Secret,
    /// The account whose mail this is.
    pub account: String,
    /// The only address that may stand as the envelope's sender; any where none is given.
    pub sender: Option<String>,
}
