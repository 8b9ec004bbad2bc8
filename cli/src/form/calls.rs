//! Calls that take time. Each runs on a thread of its own and tells the page what happens; it is cancelled when the page goes away.

use super::events::{Teller, stream};
use super::session::Session;
use crate::callbacks::Program;
use crate::texts::Texts;
use axum::response::Response;
use postkontor_core::{
    Account, Action, Authorize, Callbacks, Cancel, Error, Fetched, Host, Level, ListRequest, Secret, Status, TestRequest,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// How many messages a fetch shows.
const SHOWN: usize = 50;

/// A call that the page asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// The language of its sentences.
    lang: String,
    /// The settings.
    #[serde(default)]
    document: Value,
    /// The account.
    account: Option<String>,
    /// What to do.
    call: Call,
}

/// What to do.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Call {
    /// Test the account: an event `step` for each step, then the report.
    Test,
    /// Send a message: its receipt.
    Send(Letter),
    /// The folders of the mailbox.
    Folders,
    /// What lies in a folder. Nothing is marked, and nothing counts as fetched.
    Fetch {
        /// The folder; the account's inbox where none is given.
        folder: Option<String>,
    },
    /// Ask a person for consent: an event `consent` with the address to open, then the result.
    Authorize,
    /// Find the settings for an address.
    Discover {
        /// The address.
        address: String,
    },
}

/// The test message.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Letter {
    to: String,
    subject: String,
    text: String,
}

/// Cancels a call when the page has gone.
struct Held(Cancel);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fire();
    }
}

/// Begins a call. Its last event is `done` with the result, or `error`.
pub(crate) fn run(session: Arc<Session>, asked: Asked) -> Response {
    let cancel = Cancel::new(session.timeout);
    let (teller, response) = stream(Held(cancel.clone()));
    let answers = teller.clone();
    let thread = std::thread::Builder::new().name("call".to_owned()).spawn(move || {
        match answer(&session, asked, &teller, &cancel) {
            Ok(result) => teller.tell("done", &result),
            Err(error) => teller.tell("error", &json!(error)),
        };
    });
    if let Err(error) = thread {
        answers.tell("error", &json!(Error::new(Status::Local, "cli.form_unserved").arg("cause", error.to_string())));
    }
    response
}

fn answer(session: &Session, asked: Asked, teller: &Teller, cancel: &Cancel) -> Result<Value, Error> {
    let (program, texts) = (session.program(), Texts::new(Some(&asked.lang)));
    let secrets = Arc::clone(&program.secrets);
    let page = Page { program, teller: teller.clone(), texts: Texts::new(Some(&asked.lang)) };
    let result = result(session, asked, Box::new(page), teller, cancel);
    let mut result = result.map_err(|error| texts.localised(secrets.explained(error, &texts)))?;
    let steps = result.get_mut("steps").and_then(Value::as_array_mut);
    steps.into_iter().flatten().for_each(|step| secrets.complete(step, &texts));
    Ok(result)
}

fn result(session: &Session, asked: Asked, page: Box<Page>, teller: &Teller, cancel: &Cancel) -> Result<Value, Error> {
    let host = session.host_with(&asked.lang, page)?;
    let settings = session.whole(asked.document).to_string();
    let open = || Account::open(&host, &settings, asked.account.as_deref());
    match asked.call {
        Call::Test => Ok(json!(open()?.test(&TestRequest { steps: true, ..TestRequest::default() }, cancel)?)),
        Call::Send(letter) => {
            let message = json!({"to": [letter.to], "subject": letter.subject, "text": letter.text});
            Ok(json!(open()?.send_document(&message.to_string(), &[], cancel)?))
        }
        Call::Folders => Ok(json!(open()?.list(&ListRequest::default(), cancel)?)),
        Call::Fetch { folder } => fetch(&mut open()?, folder, cancel),
        Call::Authorize => authorize(&mut open()?, teller, cancel),
        Call::Discover { address } => discover(&host, &address, cancel),
    }
}

/// The heads of the first messages.
fn fetch(account: &mut Account, folder: Option<String>, cancel: &Cancel) -> Result<Value, Error> {
    let mut request = json!({"summary": "structure", "max_messages": SHOWN});
    if let Some(folder) = folder {
        request["folder"] = folder.into();
    }
    let mut messages = Vec::new();
    let mut take = |fetched: Fetched<'_>| {
        if let Ok(summary) = serde_json::from_str::<Value>(fetched.summary) {
            let members = ["id", "from", "subject", "date", "received", "size"];
            messages.push(members.iter().map(|name| ((*name).to_owned(), summary[*name].clone())).collect::<Value>());
        }
        Action::Keep
    };
    account.receive(&request.to_string(), Some(&mut take), cancel)?;
    Ok(json!({"messages": messages, "limit": SHOWN}))
}

fn authorize(account: &mut Account, teller: &Teller, cancel: &Cancel) -> Result<Value, Error> {
    let begun = account.authorize(&Authorize { begin: true, finish: false }, cancel)?.read()?;
    teller.tell("consent", &begun);
    Ok(json!(account.authorize(&Authorize { begin: false, finish: true }, cancel)?))
}

fn discover(host: &Arc<Host>, address: &str, cancel: &Cancel) -> Result<Value, Error> {
    Ok(json!(host.discover(&json!({"address": address}).to_string(), cancel)?))
}

/// What the library may use during a call: what every command gives it, and the page's ear.
struct Page {
    program: Program,
    teller: Teller,
    texts: Texts,
}

impl Callbacks for Page {
    fn log(&self, level: i32, text: &str) {
        self.program.log(level, text);
    }

    fn log_level(&self) -> Option<Level> {
        self.program.log_level()
    }

    fn progress(&self, done: u64, total: u64) -> bool {
        self.program.progress(done, total)
    }

    fn step(&self, step: &str) {
        // The library writes it; what is no JSON would be its defect, and the report at the end has every step.
        if let Ok(mut step) = serde_json::from_str(step) {
            self.program.secrets.complete(&mut step, &self.texts);
            self.teller.tell("step", &step);
        }
    }

    fn secret_get(&self, name: &str) -> Option<Secret> {
        self.program.secret_get(name)
    }

    fn secret_put(&self, name: &str, value: &Secret) -> bool {
        self.program.secret_put(name, value)
    }
}
