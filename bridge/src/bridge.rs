//! The bridge: what all its sessions share.

use crate::counter::Counter;
use crate::ending::Ending;
use crate::limits::Limits;
use crate::logins::Logins;
use crate::mailboxes::Mailboxes;
use crate::scratch::Scratch;
use crate::settings::{Mode, Pop3, Settings, Smtp, Tls};
use crate::tls::Acceptor;
use postkontor_core::{Error, Host, Level, Status};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;

/// Takes what happens: a level, and a line without secrets.
pub type Log = dyn Fn(Level, &str) + Send + Sync;

/// What the sessions of both servers share.
pub(crate) struct Bridge {
    pub(crate) limits: Limits,
    pub(crate) logins: Logins,
    pub(crate) ending: Ending,
    pub(crate) counter: Arc<dyn Counter>,
    pub(crate) scratch: Scratch,
    pub(crate) mailboxes: Mailboxes,
    log: Box<Log>,
}

/// A server that is on.
pub(crate) struct Server<S> {
    pub(crate) settings: S,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What secures its connections; nothing where they are never secured.
    pub(crate) acceptor: Option<Acceptor>,
}

/// What a bridge is made of.
pub struct Parts<'a> {
    /// The host, for the accounts whose mail is given.
    pub host: &'a Arc<Host>,
    /// The settings document that the accounts stand in.
    pub document: &'a str,
    /// The group `bridge` of it.
    pub settings: Settings,
    /// What a client may take.
    pub limits: Limits,
    /// Where mail is handed in.
    pub counter: Arc<dyn Counter>,
    /// The folder that mail passes through, for example that of the system for such things.
    pub folder: &'a Path,
    /// Where the log goes.
    pub log: Box<Log>,
}

/// The servers that are on, with what they share.
pub(crate) type Opened = (Bridge, Option<Server<Smtp>>, Option<Server<Pop3>>);

/// Judges the settings, reads certificates, and makes the folder.
pub(crate) fn open(parts: Parts<'_>) -> Result<Opened, Error> {
    let Parts { host, document, settings: Settings { smtp, pop3, logins }, limits, counter, folder, log } = parts;
    if smtp.is_none() && pop3.is_none() {
        return Err(problem("bridge.off", "/bridge"));
    }
    let logins = Logins::new(logins, limits.failed_logins);
    let smtp = smtp.map(|settings| {
        let (address, acceptor) = judged(&settings.listen, &settings.tls, "/bridge/smtp")?;
        if logins.is_empty() && (settings.anonymous.is_none() || !address.ip().is_loopback()) {
            return Err(problem("bridge.login_missing", "/bridge/logins"));
        }
        Ok(Server { settings, address, acceptor })
    });
    let pop3 = pop3.map(|settings| {
        let (address, acceptor) = judged(&settings.listen, &settings.tls, "/bridge/pop3")?;
        if logins.is_empty() {
            return Err(problem("bridge.login_missing", "/bridge/logins"));
        }
        Ok(Server { settings, address, acceptor })
    });
    let (smtp, pop3) = (smtp.transpose()?, pop3.transpose()?);
    let scratch = Scratch::open(folder)?;
    let mailboxes = Mailboxes::new(Arc::clone(host), document);
    Ok((Bridge { limits, logins, ending: Ending::default(), counter, scratch, mailboxes, log }, smtp, pop3))
}

/// The address to listen at, and what secures the connections. Other machines reach only a server with TLS.
fn judged(listen: &str, tls: &Tls, pointer: &str) -> Result<(SocketAddr, Option<Acceptor>), Error> {
    let unusable = |detail: String| problem("bridge.listen_unusable", &format!("{pointer}/listen")).arg("listen", listen).detail(detail);
    let address = listen.to_socket_addrs().map_err(|error| unusable(error.to_string()))?.next();
    let address = address.ok_or_else(|| unusable("the name has no address".to_owned()))?;
    if tls.mode == Mode::None {
        if !address.ip().is_loopback() {
            return Err(problem("bridge.tls_needed", &format!("{pointer}/tls/mode")).arg("listen", listen));
        }
        return Ok((address, None));
    }
    let missing = || problem("bridge.certificate_missing", &format!("{pointer}/tls/certificate/file"));
    let certificate = tls.certificate.as_ref().ok_or_else(missing)?;
    let acceptor = Acceptor::open(tls, certificate, &format!("{pointer}/tls"))?;
    Ok((address, Some(acceptor)))
}

fn problem(code: &str, pointer: &str) -> Error {
    Error::new(Status::Settings, code).usable().at(pointer, code)
}

impl Bridge {
    /// Notes what happened.
    pub(crate) fn note(&self, level: Level, text: std::fmt::Arguments<'_>) {
        // What a client sent stands on one line.
        let text = text.to_string();
        (self.log)(level, &text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect::<String>());
    }
}
