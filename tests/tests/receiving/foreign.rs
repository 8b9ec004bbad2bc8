//! A foreign IMAP client, the `imap` crate, looks at the server: what we believe to have done must be there for others, too.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imap::Session;
use openssl::ssl::{SslConnector, SslMethod, SslStream};
use postkontor_tests::dovecot::USERS;
use postkontor_tests::exim::Exim;
use std::net::TcpStream;

/// A message as the foreign client finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) uid: u32,
    pub(crate) subject: String,
    /// In the order of their names, without `\Recent`, which tells of sessions and not of the message.
    pub(crate) flags: Vec<String>,
}

/// The messages of a user's folder, in their order there.
pub(crate) fn messages(exim: &Exim, user: &str, folder: &str) -> Vec<Found> {
    let mut session = login(exim, user);
    let mut messages = Vec::new();
    // EXAMINE and PEEK leave every mark as it is.
    if session.examine(on_wire(folder)).unwrap().exists > 0 {
        let fetched = session.fetch("1:*", "(UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])").unwrap();
        messages.extend(fetched.iter().map(|message| {
            let header = String::from_utf8_lossy(message.header().unwrap()).into_owned();
            let mut flags: Vec<String> = message.flags().iter().map(ToString::to_string).filter(|flag| flag != "\\Recent").collect();
            flags.sort();
            let subject = header.trim().trim_start_matches("Subject:").trim().to_owned();
            Found { uid: message.uid.unwrap(), subject, flags }
        }));
    }
    session.logout().unwrap();
    messages
}

/// The names of a user's folders, as the server writes them.
pub(crate) fn folders(exim: &Exim, user: &str) -> Vec<String> {
    let mut session = login(exim, user);
    // The crate leaves the backslashes of quoted strings where they are.
    let names = session.list(None, Some("*")).unwrap().iter().map(|folder| folder.name().replace("\\\"", "\"")).collect();
    session.logout().unwrap();
    names
}

/// Those of them that the user subscribed to.
pub(crate) fn subscribed(exim: &Exim, user: &str) -> Vec<String> {
    let mut session = login(exim, user);
    let names = session.lsub(None, Some("*")).unwrap().iter().map(|folder| folder.name().replace("\\\"", "\"")).collect();
    session.logout().unwrap();
    names
}

fn login(exim: &Exim, user: &str) -> Session<SslStream<TcpStream>> {
    let mut connector = SslConnector::builder(SslMethod::tls()).unwrap();
    connector.set_ca_file(exim.files().authority()).unwrap();
    let socket = TcpStream::connect(("localhost", exim.dovecot().imaps)).unwrap();
    let mut client = imap::Client::new(connector.build().connect("localhost", socket).unwrap());
    client.read_greeting().unwrap();
    client.login(user, USERS[0].1).map_err(|(error, _)| error).unwrap()
}

/// A folder's name in modified UTF-7 (RFC 3501, section 5.1.3), which the crate leaves to its callers.
pub(crate) fn on_wire(name: &str) -> String {
    let (mut written, mut units) = (String::new(), Vec::new());
    let shifted = |units: &mut Vec<u8>| match std::mem::take(units) {
        units if units.is_empty() => String::new(),
        units => format!("&{}-", STANDARD.encode(units).trim_end_matches('=').replace('/', ",")),
    };
    for c in name.chars() {
        if !c.is_ascii() {
            units.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
            continue;
        }
        written += &shifted(&mut units);
        written.push(c);
        written.extend((c == '&').then_some('-'));
    }
    written + &shifted(&mut units)
}
