//! The caller's side: an account with its settings, and what it is asked to do.

use postkontor_plugin::serde_json::{Value, from_value, json};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Error, Mail, Opening, Report, Sent, TestRequest, Transport, merge};
use postkontor_smtp::Smtp;

/// An account whose server listens on a port of this machine.
pub(crate) struct Account(pub(crate) Smtp);

impl Account {
    /// Clear text, no login.
    pub(crate) fn plain(port: u16) -> Account {
        Account::with(port, json!({}))
    }

    /// Clear text and no login, but for what `more` says.
    pub(crate) fn with(port: u16, more: Value) -> Account {
        let mut settings = json!({
            "server": {"host": "127.0.0.1", "port": port, "timeout_seconds": 20}, "tls": {"mode": "none"}, "smtp": {"ehlo": "client.example"}
        });
        merge(&mut settings, more);
        let opening = Opening { account: "test".to_owned(), ..Opening::default() };
        Account(Smtp::open(from_value(settings).unwrap(), &opening).unwrap())
    }

    /// Sends one message.
    pub(crate) fn send(&mut self, mail: &Mail, message: &str) -> Result<Sent, Error> {
        let host = TestHost::new().with_message(message);
        let call = host.call();
        self.0.send(mail, &mut call.body(mail.stream), &call)
    }

    /// Sends several; the stream of each is its place, from 1 on.
    pub(crate) fn send_batch(&mut self, mails: &[Mail], messages: &[&str]) -> Vec<Result<Sent, Error>> {
        let host = messages.iter().fold(TestHost::new(), |host, message| host.with_message(*message));
        self.0.send_batch(mails, &host.call())
    }

    pub(crate) fn test(&mut self) -> Report {
        self.0.test(&TestRequest {}, &TestHost::new().call()).unwrap()
    }
}

/// Settings of a login by a method that shows the password in clear text.
pub(crate) fn with_password(method: &str) -> Value {
    json!({"auth": {"method": method, "user": "anna", "password": "hunter2", "allow_cleartext": true}})
}

/// A mail for `stream` from `a@example.com`.
pub(crate) fn mail(stream: u64, recipients: &[&str]) -> Mail {
    Mail {
        stream,
        size: None,
        from: "a@example.com".to_owned(),
        recipients: recipients.iter().map(|address| (*address).to_owned()).collect(),
        eight_bit: false,
        utf8: false,
        message_id: "id@example.com".to_owned(),
        dsn: None,
    }
}

/// The same with its size.
pub(crate) fn sized(stream: u64, recipients: &[&str], message: &str) -> Mail {
    Mail { size: Some(message.len() as u64), ..mail(stream, recipients) }
}
