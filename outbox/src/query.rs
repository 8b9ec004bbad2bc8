//! Questions: what has become of entries, how the whole stands, and whether the store works.

use crate::engine::{Dialect, Engine, Value};
use crate::entry::{COLUMNS, Entry};
use crate::mail::time;
use crate::outbox::Outbox;
use crate::state::State;
use crate::stats::Stats;
use postkontor_core::{Asked, Cancel, Error, Members, Report, Request, Watch, read_request};
use serde::Serialize;

/// The most entries of an answer.
const MOST: u64 = 1000;

/// Entries are put in the order of their numbers, but for those that were put at the same time on several machines.
const ASIDE: i64 = 3_600_000;

/// Which entries come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Those that were put last.
    #[default]
    Newest,
    /// Those that were put first.
    Oldest,
}

/// A question. Without `stats` and `test` it is for entries, all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QueryRequest {
    /// These entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<String>>,
    /// The one that was put with this key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Those in one of these states; of any where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<State>,
    /// Those of this account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Those of this queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Those with this Message-ID, without angle brackets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Those put at this moment or later: milliseconds since 1970; RFC 3339 in JSON.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "written")]
    pub since: Option<i64>,
    /// Those put before this moment.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "written")]
    pub until: Option<i64>,
    /// So many at most; 100 where it is not given, 1000 at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// `next` of the answer that these follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Which come first.
    pub order: Order,
    /// How the whole stands instead.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stats: bool,
    /// Whether the store works instead.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
}

fn written<S: serde::Serializer>(moment: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&moment.map(crate::entry::moment).unwrap_or_default())
}

impl Request for QueryRequest {
    fn read(json: &str) -> Result<QueryRequest, Error> {
        read_request(json, |members| {
            let request = QueryRequest {
                ids: ids(members),
                key: members.line("key"),
                states: states(members),
                account: members.line("account"),
                queue: members.line("queue"),
                message_id: members.line("message_id").map(|id| id.trim_matches(['<', '>']).to_owned()),
                since: time(members, "since"),
                until: time(members, "until"),
                limit: members.number("limit"),
                after: members.line("after"),
                order: members.choice("order", &[("newest", Order::Newest), ("oldest", Order::Oldest)]).unwrap_or_default(),
                stats: members.flag("stats"),
                test: members.flag("test"),
            };
            if request.limit.is_some_and(|limit| !(1..=MOST).contains(&limit)) {
                members.wrong_of("limit", "outbox.limit_invalid", 1000);
            }
            if request.after.as_ref().is_some_and(|after| after.parse::<i64>().is_err()) {
                members.wrong("after", "outbox.cursor_invalid");
            }
            request
        })
    }
}

/// The ids of a request. One that no entry can have is refused.
pub(crate) fn ids(members: &mut Members<'_, '_>) -> Option<Vec<String>> {
    let ids = members.words("ids")?;
    for (index, _) in ids.iter().enumerate().filter(|(_, id)| id.parse::<i64>().is_err()) {
        members.wrong_in("ids", index, "outbox.id_invalid");
    }
    if ids.len() as u64 > MOST {
        members.wrong_of("ids", "outbox.ids_too_many", 1000);
    }
    Some(ids)
}

fn states(members: &mut Members<'_, '_>) -> Vec<State> {
    let words = State::ALL.map(|state| (state.word(), state));
    let one = members.choice("state", &words);
    let several = members.words("states").unwrap_or_default();
    let mut states: Vec<State> = one.into_iter().collect();
    for (index, word) in several.iter().enumerate() {
        match State::of(word) {
            Some(state) => states.push(state),
            None => members.wrong_in("states", index, "outbox.state_unknown"),
        }
    }
    states
}

/// The answer to a question.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Answered {
    /// Entries.
    Entries {
        /// In the order that was asked for.
        entries: Vec<Entry>,
        /// What `after` of the next question is, where there are more.
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<String>,
    },
    /// How the whole stands.
    Stats {
        /// The numbers.
        stats: Stats,
    },
    /// Whether the store works.
    Tested(Report),
}

impl Outbox {
    /// Answers a question.
    pub fn query<'r>(&mut self, request: impl Into<Asked<'r, QueryRequest>>, cancel: &Cancel) -> Result<Answered, Error> {
        let answered = request.into().read().and_then(|request| self.answer(&request, cancel));
        answered.map_err(|error| self.host.localised(error))
    }

    fn answer(&mut self, request: &QueryRequest, cancel: &Cancel) -> Result<Answered, Error> {
        if request.test {
            return self.test(cancel).map(Answered::Tested);
        }
        let host = self.host.clone();
        let watch = host.watch(cancel);
        let engine = self.engine.as_mut();
        if request.stats {
            let now = engine.now(&watch)?;
            return Ok(Answered::Stats { stats: Stats::of(engine, now, &watch)? });
        }
        let limit = usize::try_from(request.limit.unwrap_or(100).min(MOST)).unwrap_or(100);
        let (conditions, mut values) = conditions(engine, request, &watch)?;
        values.push(Value::Int(limit as i64 + 1));
        let order = if request.order == Order::Newest { "DESC" } else { "ASC" };
        let select = format!(
            "SELECT {COLUMNS} FROM postkontor_outbox_entries WHERE {conditions} ORDER BY id {order} LIMIT CAST(${} AS BIGINT)",
            values.len()
        );
        let rows = engine.rows(&select, &values, &watch)?;
        let has_more = rows.len() > limit;
        let entries = rows.iter().take(limit).map(Entry::of).collect::<Result<Vec<_>, _>>()?;
        let next = entries.last().filter(|_| has_more).map(|entry| entry.id.clone());
        Ok(Answered::Entries { entries, next })
    }
}

/// What a row has to be like, and the values of that.
fn conditions(engine: &mut dyn Engine, request: &QueryRequest, watch: &Watch<'_>) -> Result<(String, Vec<Value>), Error> {
    let mut wanted = Conditions::default();
    let number = |id: &String| Value::Int(id.parse().unwrap_or_default());
    if let Some(ids) = &request.ids {
        wanted.one_of("id", ids.iter().map(number));
    }
    if !request.states.is_empty() {
        wanted.one_of("state", request.states.iter().map(|state| Value::from(state.word())));
    }
    // Of two indexes that would do SQLite cannot know that the states are the better one.
    let account = if engine.dialect() == Dialect::Sqlite && !request.states.is_empty() { "+account =" } else { "account =" };
    wanted.add("key =", request.key.as_deref().map(Value::from));
    wanted.add(account, request.account.as_deref().map(Value::from));
    wanted.add("queue <> '' AND queue =", request.queue.as_deref().map(Value::from));
    wanted.add("message_id =", request.message_id.as_deref().map(Value::from));
    wanted.add(if request.order == Order::Newest { "id <" } else { "id >" }, request.after.as_ref().map(number));
    wanted.add("created >=", request.since.map(Value::Int));
    wanted.add("created <", request.until.map(Value::Int));
    // Without an index of the times: the numbers of the entries are in their order.
    if let Some(since) = request.since {
        wanted.add("id >=", Some(Value::Int(first(engine, since.saturating_sub(ASIDE), watch)?)));
    }
    if let Some(until) = request.until {
        wanted.add("id <", Some(Value::Int(first(engine, until.saturating_add(ASIDE), watch)?)));
    }
    Ok(wanted.done())
}

/// The number of the first entry that was put at this moment or later; behind the last one where there is none.
fn first(engine: &mut dyn Engine, moment: i64, watch: &Watch<'_>) -> Result<i64, Error> {
    let ends = engine.rows(
        "SELECT COALESCE((SELECT MIN(id) FROM postkontor_outbox_entries), 0), COALESCE((SELECT MAX(id) FROM postkontor_outbox_entries), 0)",
        &[],
        watch,
    )?;
    let (mut low, mut high) = match ends.first() {
        Some(row) => (row.int(0)?, row.int(1)?.saturating_add(1)),
        None => return Ok(0),
    };
    while low < high {
        let middle = low + (high - low) / 2;
        let next =
            engine.rows("SELECT id, created FROM postkontor_outbox_entries WHERE id >= $1 ORDER BY id LIMIT 1", &[middle.into()], watch)?;
        match next.first() {
            Some(row) if row.int(1)? < moment => low = row.int(0)? + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

#[derive(Default)]
struct Conditions {
    text: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    fn add(&mut self, condition: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.values.push(value);
            self.text.push(format!("{condition} ${}", self.values.len()));
        }
    }

    fn one_of(&mut self, column: &str, values: impl Iterator<Item = Value>) {
        let before = self.values.len();
        self.values.extend(values);
        let places: Vec<String> = (before + 1..=self.values.len()).map(|number| format!("${number}")).collect();
        self.text.push(match places.as_slice() {
            // An empty list asks for nothing.
            [] => "1 = 0".to_owned(),
            [one] => format!("{column} = {one}"),
            _ => format!("{column} IN ({})", places.join(", ")),
        });
    }

    fn done(self) -> (String, Vec<Value>) {
        let text = if self.text.is_empty() { "1 = 1".to_owned() } else { self.text.join(" AND ") };
        (text, self.values)
    }
}
