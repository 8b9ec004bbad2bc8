//! Transport `sendmail`: hands mail to the sendmail command of this machine, which is what "internal mail server" means in many products.
//!
//! The command is started without a shell, as `COMMAND -i -f SENDER -- RECIPIENT…`, and gets the message on standard input with the line
//! endings of the machine. Its exit status (sysexits) is the verdict, and what it writes to standard error is the detail. There is no
//! verdict for each recipient, as the command gives none.
//!
//! Delivery reports are not asked for: the option that sendmail has for them (`-N`) makes Exim deliver nothing at all.
#![forbid(unsafe_code)]

mod address;
mod command;
mod exit;
mod input;
mod line_endings;
mod settings;

use postkontor_plugin::{Body, Call, Error, Mail, Opening, Report, Sent, TestRequest, Transport};
pub use settings::{Options, Settings};

/// An account's session: nothing but its settings, as each mail starts a process of its own.
pub struct Sendmail {
    settings: Settings,
}

impl Transport for Sendmail {
    const NAME: &'static str = "sendmail";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const OPERATIONS: &'static [&'static str] = &["test", "send"];
    const TEXTS: &'static [(&'static str, &'static str)] = postkontor_plugin::texts!("en", "de", "sl");
    type Settings = Settings;

    fn open(settings: Settings, _opening: &Opening) -> Result<Sendmail, Error> {
        settings.check()?;
        Ok(Sendmail { settings })
    }

    fn test(&mut self, _request: &TestRequest, _call: &Call) -> Result<Report, Error> {
        Ok(Report { steps: vec![self.settings.command_step()], transcript: Vec::new() })
    }

    fn send(&mut self, mail: &Mail, body: &mut Body, call: &Call) -> Result<Sent, Error> {
        address::check(mail)?;
        command::run(&self.settings.sendmail.command, mail, body, call)
    }
}

#[cfg(feature = "export")]
postkontor_plugin::export!(Sendmail);
