//! `postkontor secret`: keeps, lists and forgets secrets.

use super::direct::line;
use super::{Choice, Secrets};
use crate::answer::{Answer, Kind};
use crate::stop::Stop;
use crate::texts::{Texts, problem};
use postkontor_core::{Error, Secret, Status};
use serde_json::{Value, json};
use std::io::{IsTerminal, Read};
use std::time::Duration;
use zeroize::Zeroizing;

/// What is asked for.
pub(crate) enum Wanted {
    /// Keep the text that comes on standard input.
    Set(String),
    /// Say which there are.
    List,
    /// Forget one.
    Remove(String),
}

impl Wanted {
    /// Reads the words behind `secret`.
    pub(crate) fn read(words: &mut impl Iterator<Item = Result<String, Error>>) -> Result<Wanted, Error> {
        let missing = |what: &str| problem("cli.argument_missing").arg("command", "secret").arg("argument", what);
        let verb = words.next().ok_or_else(|| missing("set|list|remove"))??;
        let mut name = || words.next().ok_or_else(|| missing("NAME"))?;
        match verb.as_str() {
            "set" => Ok(Wanted::Set(name()?)),
            "remove" => Ok(Wanted::Remove(name()?)),
            "list" => Ok(Wanted::List),
            _ => Err(problem("cli.command_unknown").arg("command", format!("secret {verb}"))),
        }
    }
}

/// A text that is longer is refused before it is kept.
const LIMIT: u64 = 128 * 1024;

/// Does it.
pub(crate) fn answer(wanted: &Wanted, store: Option<Choice>, timeout: Option<Duration>, texts: &Texts) -> Result<Answer, Error> {
    let secrets = Secrets::new(store, &Stop::default(), timeout)?;
    let json = match wanted {
        Wanted::Set(name) => {
            let place = secrets.put(name, &typed(name, texts)?)?;
            json!({"name": name, "store": place.word()})
        }
        Wanted::List => secrets.list()?,
        Wanted::Remove(name) => json!({"name": name, "removed": true, "store": secrets.remove(name)?.word()}),
    };
    Ok(Answer { json, status: Status::Ok, kind: Kind::Secrets })
}

/// The secret, from the terminal without showing it, else from standard input without its last line break.
fn typed(name: &str, texts: &Texts) -> Result<Secret, Error> {
    let unreadable = |error: std::io::Error| {
        let mut problem = problem("cli.secret_unreadable").arg("name", name).arg("cause", error.to_string());
        problem.status = Status::Local;
        problem
    };
    if std::io::stdin().is_terminal() {
        let prompt = texts.word("cli.secret_prompt").replace("{name}", name);
        let text = Zeroizing::new(rpassword::prompt_password(prompt).map_err(unreadable)?);
        return Ok(Secret::new(text.as_str()));
    }
    // Room for all of it: a text that grows leaves its former self behind in memory.
    let mut text = Zeroizing::new(String::with_capacity(LIMIT as usize));
    std::io::stdin().lock().take(LIMIT).read_to_string(&mut text).map_err(unreadable)?;
    Ok(Secret::new(line(&text)))
}

/// Lines for people.
pub(crate) fn lines(json: &Value, texts: &Texts) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let place = |place: &Value| texts.word(&format!("cli.store_{}", word(place)));
    if json["name"].is_string() {
        let code = if json["removed"] == true { "cli.secret_removed" } else { "cli.secret_kept" };
        return vec![format!("✓ {}", texts.word(code).replace("{name}", &word(&json["name"])).replace("{store}", &place(&json["store"])))];
    }
    let list = |name: &str| json[name].as_array().cloned().unwrap_or_default();
    let mut lines: Vec<String> = list("secrets").iter().map(|one| format!("{:32} {}", word(&one["name"]), place(&one["store"]))).collect();
    if lines.is_empty() {
        lines.push(texts.word("cli.secrets_none"));
    }
    let new = texts.word("cli.secrets_go_to").replace("{store}", &place(&json["store"]));
    let file = list("stores").iter().find_map(|store| store["file"].as_str().map(str::to_owned)).unwrap_or_default();
    let cause = list("stores").iter().find_map(|store| store["cause"].as_str().map(str::to_owned));
    lines.push(if json["store"] == "file" { format!("{new} {file}") } else { new });
    lines.extend(cause.map(|cause| texts.word("cli.keyring_missing").replace("{cause}", &cause)));
    lines
}
