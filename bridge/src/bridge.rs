//! The bridge: what all its sessions share.

use crate::counter::Counter;
use crate::ending::Ending;
use crate::limits::Limits;
use crate::logins::Logins;
use crate::mailboxes::Mailboxes;
use crate::scratch::Scratch;
use crate::tls::{Acceptor, Unusable};
use postkontor_core::settings::{Document, Maildrop, ServerCertificate, ServerTls, ServerTlsMode, Submission, listening_address};
use postkontor_core::{Error, Host, Level, Secret, Status};
use std::net::SocketAddr;
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
    /// The settings document, with its group `bridge` and the accounts.
    pub document: &'a str,
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
pub(crate) type Opened = (Bridge, Option<Server<Submission>>, Option<Server<Maildrop>>);

/// Reads the settings and the certificates, and makes the folder. That other machines need TLS and a login, the settings themselves know.
pub(crate) fn open(parts: Parts<'_>) -> Result<Opened, Error> {
    let Parts { host, document: text, limits, counter, folder, log } = parts;
    let document = Document::parse(text, host.as_ref())?;
    let reading = Reading { host, document: &document };
    let settings = document.bridge.clone().ok_or_else(|| reading.problem("bridge.off", "/bridge"))?;
    let logins = Logins::open(host, &settings.logins, limits.failed_logins)?;
    let smtp = settings.smtp.map(|settings| {
        let (address, acceptor) = reading.listening(settings.listen.as_deref().unwrap_or_default(), &settings.tls, "/bridge/smtp")?;
        Ok(Server { settings, address, acceptor })
    });
    let pop3 = settings.pop3.map(|settings| {
        let (address, acceptor) = reading.listening(settings.listen.as_deref().unwrap_or_default(), &settings.tls, "/bridge/pop3")?;
        Ok(Server { settings, address, acceptor })
    });
    let (smtp, pop3) = (smtp.transpose()?, pop3.transpose()?);
    let scratch = Scratch::open(folder)?;
    let mailboxes = Mailboxes::new(Arc::clone(host), text);
    Ok((Bridge { limits, logins, ending: Ending::default(), counter, scratch, mailboxes, log }, smtp, pop3))
}

/// Reads the settings of a server.
struct Reading<'d> {
    host: &'d Host,
    document: &'d Document,
}

impl Reading<'_> {
    /// The address to listen at, and what secures the connections.
    fn listening(&self, listen: &str, tls: &ServerTls, pointer: &str) -> Result<(SocketAddr, Option<Acceptor>), Error> {
        let refused = || self.problem("bridge.listen_refused", &format!("{pointer}/listen")).arg("listen", listen);
        let address = listening_address(listen).ok_or_else(refused)?;
        if tls.mode == ServerTlsMode::None {
            return Ok((address, None));
        }
        let unusable = |of_password: bool, file: &str, reason: String| {
            let place = format!("{pointer}/tls/certificate/{}", if of_password { "password" } else { "file" });
            self.problem("bridge.certificate_unusable", &place).arg("file", file).detail(reason)
        };
        let Some(ServerCertificate { file, password }) = &tls.certificate else { return Err(unusable(false, "", String::new())) };
        let password = password.as_ref().map_or_else(|| Ok(Secret::default()), |password| self.host.secret(password))?;
        let acceptor = Acceptor::open(tls.minimum, file, &password);
        acceptor.map(|acceptor| (address, Some(acceptor))).map_err(|Unusable { of_password, reason }| unusable(of_password, file, reason))
    }

    fn problem(&self, code: &str, pointer: &str) -> Error {
        Error::new(Status::Settings, code).usable().at(self.document.locate(pointer), code)
    }
}

impl Bridge {
    /// Notes what happened.
    pub(crate) fn note(&self, level: Level, text: std::fmt::Arguments<'_>) {
        // What a client sent stands on one line.
        let text = text.to_string();
        (self.log)(level, &text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect::<String>());
    }
}
