//! What the command line asks of the outbox.

use crate::given::{CommandOptions, text};
use crate::texts::problem;
use postkontor_core::Error;
use serde_json::{Map, Value};
use std::ffi::OsString;
use std::path::PathBuf;

/// `postkontor outbox VERB FILE …`.
pub(crate) struct Wanted {
    /// The settings document.
    pub(crate) settings: PathBuf,
    /// What is asked for.
    pub(crate) verb: Verb,
}

/// What is asked of the outbox.
pub(crate) enum Verb {
    /// Put mails.
    Put {
        /// The file with a message document, an entry, or an array of them.
        message: PathBuf,
        /// What is said of a message document beside it.
        wishes: Map<String, Value>,
    },
    /// Show entries: a line each.
    List(Value),
    /// Show entries whole.
    Show(Value),
    /// Show how the whole stands.
    Stats,
    /// Decide about entries, or about an account.
    Act(Value),
    /// Send what is due.
    Work(Work),
}

/// How the outbox is worked on.
pub(crate) struct Work {
    /// How many lanes, each with connections of its own.
    pub(crate) lanes: u64,
    /// The request of each lane.
    pub(crate) request: Value,
    /// Whether the system started it as a service, and wants to know how it stands.
    pub(crate) is_service: bool,
}

/// The most lanes of one process.
const MOST_LANES: u64 = 64;

/// Reads what stands behind `outbox`.
pub(crate) fn read(words: &mut impl Iterator<Item = OsString>, given: &mut CommandOptions) -> Result<Wanted, Error> {
    let missing = |what: &str| problem("cli.argument_missing").arg("command", "outbox").arg("argument", what);
    let name = words.next().ok_or_else(|| missing("put|list|show|retry|cancel|resolve|resume|work|stats"))?;
    let name = text("outbox", name)?;
    let settings = words.next().ok_or_else(|| missing("FILE"))?.into();
    let verb = match name.as_str() {
        "put" => {
            let message = given.take("message").ok_or_else(|| missing("--message"))?.into();
            let wishes = members([
                ("account", given.text("account")?.map(Value::from)),
                ("key", given.text("key")?.map(Value::from)),
                ("queue", given.text("queue")?.map(Value::from)),
                ("not_before", given.text("not-before")?.map(Value::from)),
                ("give_up_at", given.text("give-up-at")?.map(Value::from)),
                ("priority", given.number("priority")?.map(Value::from)),
            ]);
            Verb::Put { message, wishes }
        }
        "list" => Verb::List(listing(given)?),
        "show" => Verb::Show(Value::Object(entries(words, given)?.ok_or_else(|| missing("ID"))?)),
        "stats" => Verb::Stats,
        "retry" | "cancel" | "resolve" => {
            let mut request = entries(words, given)?.ok_or_else(|| missing("ID"))?;
            request.insert("action".to_owned(), Value::from(name.as_str()));
            if name == "resolve" {
                request.insert("as".to_owned(), Value::from(given.text("as")?.ok_or_else(|| missing("--as"))?));
            }
            Verb::Act(Value::Object(request))
        }
        "resume" => {
            let account = given.text("account")?.ok_or_else(|| missing("--account"))?;
            Verb::Act(Value::Object(members([("action", Some(Value::from("resume"))), ("account", Some(Value::from(account)))])))
        }
        "work" => Verb::Work(work(given)?),
        _ => return Err(problem("cli.command_unknown").arg("command", format!("outbox {name}"))),
    };
    Ok(Wanted { settings, verb })
}

fn listing(given: &mut CommandOptions) -> Result<Value, Error> {
    let states = given.text("state")?.map(|states| states.split(',').map(Value::from).collect::<Vec<_>>());
    Ok(Value::Object(members([
        ("states", states.map(Value::from)),
        ("account", given.text("account")?.map(Value::from)),
        ("queue", given.text("queue")?.map(Value::from)),
        ("message_id", given.text("message-id")?.map(Value::from)),
        ("since", given.text("since")?.map(Value::from)),
        ("until", given.text("until")?.map(Value::from)),
        ("limit", given.number("max")?.map(Value::from)),
        ("after", given.text("after")?.map(Value::from)),
        ("order", given.text("order")?.map(Value::from)),
    ])))
}

/// The entries that are named, by their ids or by a key.
fn entries(words: &mut impl Iterator<Item = OsString>, given: &mut CommandOptions) -> Result<Option<Map<String, Value>>, Error> {
    let ids = words.map(|word| text("ID", word).map(Value::from)).collect::<Result<Vec<_>, _>>()?;
    let key = given.text("key")?;
    let is_named = !ids.is_empty() || key.is_some();
    let named = [("ids", Some(Value::from(ids)).filter(|ids| *ids != Value::Array(Vec::new()))), ("key", key.map(Value::from))];
    Ok(is_named.then(|| members(named)))
}

fn work(given: &mut CommandOptions) -> Result<Work, Error> {
    let is_service = given.take("service").is_some();
    let lanes = given.number("lanes")?.unwrap_or(1);
    if !(1..=MOST_LANES).contains(&lanes) {
        return Err(problem("cli.number_invalid").arg("option", "--lanes").arg("value", lanes.to_string()));
    }
    let accounts = given.text("account")?.map(|account| Value::from(vec![account]));
    let request = members([
        ("accounts", accounts),
        ("seconds", given.number("seconds")?.map(Value::from)),
        ("max_mails", given.number("max")?.map(Value::from)),
        ("until", Some(Value::from(given.text("until")?.unwrap_or_else(|| "stopped".to_owned())))),
    ]);
    Ok(Work { lanes, request: Value::Object(request), is_service })
}

/// An object of the members that there are.
fn members<const N: usize>(members: [(&str, Option<Value>); N]) -> Map<String, Value> {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
