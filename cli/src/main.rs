//! The command `postkontor`: the same engine for integrators and support staff.
//!
//! Each command is one call of the library; `--json` prints what the C ABI would return, everything else is the same result
//! for people. The exit status is the status number of the C ABI. A `test` whose report is not ok ends with the number of its
//! first failing step, a `check` that finds errors with 2 (SETTINGS).
//!
//! - [`arguments`] reads the command line, [`work`] does what it asks for, [`show`] prints the result.
//! - [`watch`] is the one that goes on until it is stopped: a call for each round.
//! - [`outbox`] puts mails, shows what has become of them, and sends them.
//! - [`form`] shows the settings as a page in the browser.
//! - [`bridge`] serves programs that can speak nothing but SMTP and POP3.
//! - [`defect`] makes an error of a panic, so that there is an answer whatever happens.
//! - [`secrecy`] warns of a settings file that shows a password to others.
//! - [`callbacks`] is the command's side of a call: secrets and the trace file; [`stop`] is the end that is asked for from outside.
//! - [`certificate`] shows certificates, and collects those of signed mail.
//! - [`secret`] keeps the secrets that settings refer to, in the system's keyring or in an encrypted file.
#![forbid(unsafe_code)]

mod answer;
mod arguments;
mod bridge;
mod callbacks;
mod certificate;
mod defect;
mod discover;
mod file;
mod form;
mod given;
mod import;
mod message;
mod migrate;
mod outbox;
mod receive;
mod secrecy;
mod secret;
mod show;
mod stop;
mod texts;
mod watch;
mod work;

use answer::{Answer, Kind};
use arguments::Options;
use postkontor_core::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use texts::Texts;

fn main() -> ExitCode {
    let (options, command) = arguments::read(std::env::args_os());
    let texts = Texts::new(options.language.as_deref());
    let answer = command.and_then(|command| defect::guarded(|| work::answer(command, &options, &texts)));
    let answer = answer.map_err(|error| texts.localised(error));
    let status = match &answer {
        Ok(answer) => answer.status,
        Err(error) => error.status,
    };
    // A reader may close the pipe early; the exit status still tells the outcome.
    drop(print(&answer, &options, &texts));
    u8::try_from(status.number()).map_or(ExitCode::FAILURE, ExitCode::from)
}

fn print(answer: &Result<Answer, Error>, options: &Options, texts: &Texts) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match answer {
        Ok(answer) if matches!(answer.kind, Kind::Printed) => {}
        Ok(answer) if options.json => writeln!(out, "{}", answer.json)?,
        Ok(answer) => show::answer(&mut out, answer, texts)?,
        Err(error) if options.json => writeln!(out, "{}", serde_json::to_string(error)?)?,
        Err(error) => {
            out.flush()?;
            let mut out = io::stderr().lock();
            return show::error(&mut out, error, texts, show::has_colours());
        }
    }
    out.flush()
}
