//! A foreign IMAP client, the `imap` crate, looks at the server: what we believe to have done must be there for others, too.

use openssl::ssl::{SslConnector, SslMethod};
use postkontor_tests::dovecot::USERS;
use postkontor_tests::exim::Exim;
use std::net::TcpStream;

/// The subjects of the messages in a user's inbox, in their order there.
pub(crate) fn inbox(exim: &Exim, user: &str) -> Vec<String> {
    let mut connector = SslConnector::builder(SslMethod::tls()).unwrap();
    connector.set_ca_file(exim.files().authority()).unwrap();
    let socket = TcpStream::connect(("localhost", exim.dovecot().imaps)).unwrap();
    let mut client = imap::Client::new(connector.build().connect("localhost", socket).unwrap());
    client.read_greeting().unwrap();
    let mut session = client.login(user, USERS[0].1).map_err(|(error, _)| error).unwrap();
    let mut subjects = Vec::new();
    // EXAMINE and PEEK leave every mark as it is.
    if session.examine("INBOX").unwrap().exists > 0 {
        let fetched = session.fetch("1:*", "BODY.PEEK[HEADER.FIELDS (SUBJECT)]").unwrap();
        let subject = |header: &[u8]| String::from_utf8_lossy(header).trim().trim_start_matches("Subject:").trim().to_owned();
        subjects.extend(fetched.iter().map(|message| subject(message.header().unwrap())));
    }
    session.logout().unwrap();
    subjects
}
