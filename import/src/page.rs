//! A settings page as a table: which field of the page is which member of the document, both ways.

use crate::draft::{Draft, escaped, shortened};
use crate::dump::{self, Entry};
use serde_json::{Value, json};
use std::collections::HashMap;

/// A page.
pub(crate) struct Page {
    /// Its fields, in its order: where two set the same member, the later one decides.
    pub(crate) fields: &'static [Field],
    /// The accounts that its fields belong to, with their transports and the label of their server, without which there is no account.
    pub(crate) accounts: &'static [Account],
    /// What depends on several fields.
    pub(crate) finish: fn(&mut Draft),
}

/// An account of a page.
pub(crate) struct Account {
    pub(crate) id: &'static str,
    /// Empty where a field of the page chooses it.
    pub(crate) transport: &'static str,
    /// The member without which there is no account; empty where it needs none.
    pub(crate) needs: &'static str,
}

/// A field of a page.
pub(crate) struct Field {
    /// What the page calls it, in its languages, with `|` between the names; the first one is written.
    pub(crate) labels: &'static str,
    pub(crate) kind: Kind,
}

/// Members of the document with values: `true`, `false`, or a word.
pub(crate) type Settings = &'static [(&'static str, &'static str)];

/// What a field holds.
pub(crate) enum Kind {
    /// A text.
    Text(&'static str),
    /// A whole number.
    Number(&'static str),
    /// A time in units of so many seconds.
    Time(&'static str, u64),
    /// A password, and the name that it gets in the store of secrets.
    Secret(&'static str, &'static str),
    /// Several, with `;` between them.
    List(&'static str),
    /// Yes and no, each with what it sets.
    Switch(Settings, Settings),
    /// One of several, by words with `|` between them, each with what it sets.
    Choice(&'static [(&'static str, Settings)]),
    /// Nothing that a document holds; the reason.
    Nothing(&'static str),
}

const YES: [&str; 9] = ["yes", "ja", "da", "true", "1", "on", "wahr", "ein", "x"];
const NO: [&str; 9] = ["no", "nein", "ne", "false", "0", "off", "falsch", "aus", ""];

impl Page {
    /// Carries a dump over.
    pub(crate) fn read(&self, text: &str, draft: &mut Draft) {
        let entries = match dump::entries(text) {
            Ok(entries) => entries,
            Err(line) => {
                draft.leave_out("", "import.unreadable").arg("line", line);
                return;
            }
        };
        let mut known = HashMap::new();
        for (place, field) in self.fields.iter().enumerate() {
            field.labels.split('|').for_each(|label| {
                known.insert(folded(label), place);
            });
        }
        let mut given: Vec<Option<Entry>> = self.fields.iter().map(|_| None).collect();
        for entry in entries {
            let place = [entry.name(), entry.key.clone()].iter().find_map(|name| known.get(&folded(name)).copied());
            match place.and_then(|place| given.get_mut(place)) {
                Some(Some(_)) => draft.leave_out(&entry.name(), "import.twice").end(),
                Some(free) => *free = Some(entry),
                None if entry.value.trim().is_empty() => {}
                None => draft.leave_out(&entry.name(), "import.field_unknown").end(),
            }
        }
        for (field, entry) in self.fields.iter().zip(&given) {
            if let Some(entry) = entry {
                field.read(entry, draft);
            }
        }
        self.accounts.iter().for_each(|account| account.complete(draft));
        (self.finish)(draft);
        let ids: Vec<String> = draft.accounts();
        ids.iter().for_each(|id| crate::login::complete(id, draft));
    }

    /// Writes a document down as a dump.
    pub(crate) fn write(&self, document: &Value) -> String {
        let lines = self.fields.iter().filter_map(|field| {
            let label = field.labels.split('|').next()?;
            Some(format!("{label} = {}\n", field.write(document)?))
        });
        lines.collect()
    }
}

impl Account {
    /// Gives the account its transport, or takes it away where it is none.
    fn complete(&self, draft: &mut Draft) {
        let place = format!("/accounts/{}", escaped(self.id));
        let is_there = draft.get(&place).is_some_and(|account| account.as_object().is_some_and(|members| !members.is_empty()));
        if !is_there || self.needs.is_empty() {
            return;
        }
        if draft.get(&format!("{place}{}", self.needs)).is_none() {
            draft.take(&place);
            draft.leave_out(self.id, "import.server_missing").arg("account", self.id);
        } else if !self.transport.is_empty() {
            draft.set(&format!("{place}/transport"), self.transport);
        }
    }
}

impl Field {
    fn read(&self, entry: &Entry, draft: &mut Draft) {
        let (name, value) = (entry.name(), entry.value.trim());
        let word = folded(value);
        match &self.kind {
            Kind::Secret(pointer, secret) => draft.secret(&name, pointer, secret, &entry.value),
            Kind::Switch(yes, no) => match (YES.contains(&word.as_str()), NO.contains(&word.as_str())) {
                (true, _) => set(yes, draft),
                (_, true) => set(no, draft),
                _ => draft.refuse(&name, "import.no_yes_or_no", value),
            },
            Kind::Nothing(code) => {
                if !NO.contains(&word.as_str()) {
                    draft.leave_out(&name, code);
                }
            }
            _ if value.is_empty() => {}
            Kind::Text(pointer) => draft.set(pointer, value),
            Kind::Number(pointer) => match value.parse::<u32>() {
                Ok(number) => draft.set(pointer, number),
                Err(_) => draft.refuse(&name, "import.no_number", value),
            },
            Kind::Time(pointer, unit) => match value.parse::<u32>() {
                Ok(number @ 1..) => draft.set(pointer, (u64::from(number) * unit).min(3600)),
                _ => draft.refuse(&name, "import.no_number", value),
            },
            Kind::List(pointer) => {
                let items = value.split([';', ',', '\n']).map(str::trim).filter(|item| !item.is_empty());
                draft.set(pointer, items.collect::<Vec<_>>());
            }
            Kind::Choice(choices) => match choices.iter().find(|(words, _)| words.split('|').any(|known| folded(known) == word)) {
                Some((_, settings)) => set(settings, draft),
                None => {
                    let known: Vec<&str> = choices.iter().filter_map(|(words, _)| words.split('|').next()).collect();
                    draft.leave_out(&name, "import.no_choice").arg("value", shortened(value)).arg("choices", known.join(", "));
                }
            },
        }
    }

    /// The value of the field in a document, where it has one.
    fn write(&self, document: &Value) -> Option<String> {
        let holds = |settings: Settings| !settings.is_empty() && settings.iter().all(|(pointer, word)| is(document.pointer(pointer), word));
        Some(match &self.kind {
            Kind::Text(pointer) => document.pointer(pointer)?.as_str()?.to_owned(),
            Kind::Number(pointer) => document.pointer(pointer)?.as_u64()?.to_string(),
            Kind::Time(pointer, unit) => {
                let seconds = document.pointer(pointer)?.as_u64()?;
                return (seconds % unit == 0).then(|| (seconds / unit).to_string());
            }
            Kind::List(pointer) => {
                let items: Vec<&str> = document.pointer(pointer)?.as_array()?.iter().filter_map(Value::as_str).collect();
                items.join("; ")
            }
            Kind::Switch(yes, _) if holds(yes) => "yes".to_owned(),
            Kind::Switch(_, no) if holds(no) => "no".to_owned(),
            Kind::Choice(choices) => choices.iter().find(|(_, settings)| holds(settings))?.0.split('|').next()?.to_owned(),
            Kind::Switch(..) | Kind::Secret(..) | Kind::Nothing(_) => return None,
        })
    }
}

fn set(settings: Settings, draft: &mut Draft) {
    for (pointer, word) in settings {
        draft.set(pointer, valued(word));
    }
}

fn valued(word: &str) -> Value {
    match word {
        "true" => json!(true),
        "false" => json!(false),
        word => json!(word),
    }
}

fn is(value: Option<&Value>, word: &str) -> bool {
    value.is_some_and(|value| *value == valued(word))
}

/// A label without case and without what is neither letter nor digit: `SMTP: TLS/SSL` is `smtp tls ssl`.
fn folded(label: &str) -> String {
    let mut folded = String::with_capacity(label.len());
    for word in label.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}
