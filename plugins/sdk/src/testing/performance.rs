//! One run of a dialogue: a transport, its host, and the server.

use super::TestHost;
use super::dialogue::{Dialogue, Exchange};
use super::server::{Course, Cut, Pace, Server};
use crate::merge;
use crate::net::memory::Network;
use crate::{Action, Error, Level, Mail, Opening, Report, StepStatus, Transport};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What a mail is where the dialogue does not say it.
const MESSAGE: &str = "From: anna@example.com\r\nTo: berta@example.com\r\nSubject: Hello\r\n\r\nHello Berta\r\n";

/// What became of a dialogue.
pub(super) struct Performance {
    /// The answers to its requests.
    pub(super) answers: Vec<Value>,
    /// Of those, what became of each mail that was sent or filed and of each change, in order.
    pub(super) deeds: Vec<Value>,
    /// Identifier and bytes of what was fetched.
    pub(super) fetched: Vec<(String, Vec<u8>)>,
    /// All that the program and its log get to read.
    pub(super) shown: String,
    pub(super) course: Course,
    /// How the dialogue was left; an error says how it differs from the file.
    pub(super) left: Result<(), String>,
}

/// The settings with which a transport plays a dialogue. To make its schema takes longer than a performance.
pub(super) fn settings<T: Transport>(dialogue: &Dialogue) -> Value {
    // A transport without the group `server` knows its server by itself.
    let mut settings = match crate::settings::schema::<T::Settings>()["properties"]["server"] {
        Value::Null => json!({}),
        _ => json!({"server": {"host": "mail.example.com"}}),
    };
    merge(&mut settings, dialogue.settings.clone());
    settings
}

/// Plays a dialogue with a transport of these settings. The log is read where the connection is not cut.
pub(super) fn perform<T: Transport>(dialogue: &Arc<Dialogue>, settings: &Value, pace: Pace, cut: Cut) -> Performance {
    let server = Server::new(dialogue, pace, cut);
    let answering = server.clone();
    let network = Network::new(move |_| answering.connect());
    let mut played = Performance {
        answers: Vec::new(),
        deeds: Vec::new(),
        fetched: Vec::new(),
        shown: String::new(),
        course: Course::default(),
        left: Ok(()),
    };
    let opening = Opening { account: "main".to_owned(), ..Opening::default() };
    let mut transport = T::open(read(settings), &opening).unwrap_or_else(|error| panic!("the settings are refused: {error:?}"));
    for exchange in &dialogue.exchanges {
        played.ask(&mut transport, exchange, cut.is_none());
    }
    drop(transport);
    drop(network);
    let mut state = server.state();
    played.left = state.left();
    played.course = std::mem::take(&mut state.course);
    played
}

impl Performance {
    fn ask<T: Transport>(&mut self, transport: &mut T, exchange: &Exchange, logs: bool) {
        let mut request = exchange.request.clone();
        let mut take = |name: &str| request.as_object_mut().and_then(|members| members.remove(name));
        let host = TestHost::new().answering(take("answer").map_or(Action::Keep, |answer| read(&answer)));
        let host = if logs { host.logging(Level::Trace) } else { host };
        let texts = take("messages").map_or_else(Vec::new, |texts| read::<Vec<String>>(&texts));
        let (operation, request) = match request.as_object().map(|members| members.iter().collect::<Vec<_>>()).as_deref() {
            Some([(operation, request)]) => ((*operation).clone(), (*request).clone()),
            _ => panic!("a request has one operation, and perhaps “answer” and “messages”: {request}"),
        };
        let (answer, deeds, host) = operate(transport, &operation, &request, host, &texts);
        self.deeds.extend(deeds);
        self.fetched.extend(host.messages());
        if logs {
            self.shown += &answer.to_string();
            host.log().iter().for_each(|(_, line)| self.shown += line);
        }
        self.answers.push(answer);
    }
}

/// One call; its answer, and the deeds in it that a server confirms.
fn operate<T: Transport>(
    transport: &mut T,
    operation: &str,
    request: &Value,
    host: TestHost,
    texts: &[String],
) -> (Value, Vec<Value>, TestHost) {
    let (answer, deeds) = match operation {
        "test" => {
            let report = transport.test(&read(request), &host.call());
            (answer(report.as_ref().map(seen)), Vec::new())
        }
        "list" => (answer(transport.list(&read(request), &host.call())), Vec::new()),
        "receive" => {
            let received = transport.receive(&read(request), &host.call());
            let messages = host.fetched().iter().map(|fetched| with(&fetched.incoming, "text", text(&fetched.bytes))).collect();
            (with(&answer(received), "messages", messages), Vec::new())
        }
        "apply" => {
            let applied = answer(transport.apply(&read(request), &host.call()));
            (applied.clone(), vec![applied])
        }
        "folders" => {
            let changed = answer(transport.folders(&read(request), &host.call()));
            (changed.clone(), vec![changed])
        }
        "send" => return send(transport, request, host, texts),
        "file" => return file(transport, request, host, texts),
        _ => panic!("there is no operation {operation}"),
    };
    (answer, deeds, host)
}

/// A report in short: whether it is good, the step that failed, and the codes of the warnings.
fn seen(report: &Report) -> Value {
    let of = |status| report.steps.iter().filter(move |step| step.status == status);
    let seen = with(report, "ok", report.is_ok().into());
    let seen = with(&seen, "failed", of(StepStatus::Fail).next().map_or(Value::Null, write));
    with(&seen, "warned", of(StepStatus::Warn).map(|step| Value::from(step.code.as_str())).collect())
}

/// The text of message n, and the host that has it.
fn has(host: TestHost, texts: &[String], index: usize) -> (TestHost, u64) {
    let text = texts.get(index).map_or(MESSAGE, String::as_str);
    (host.with_message(text), text.len() as u64)
}

fn send<T: Transport>(transport: &mut T, request: &Value, mut host: TestHost, texts: &[String]) -> (Value, Vec<Value>, TestHost) {
    let mut mails = Vec::new();
    for (index, wanted) in listed(request).iter().enumerate() {
        let size;
        (host, size) = has(host, texts, index);
        let mut mail = json!({"stream": index + 1, "size": size, "message_id": format!("{}@example.com", index + 1)});
        merge(&mut mail, wanted.clone());
        mails.push(read::<Mail>(&mail));
    }
    let call = host.call();
    let results: Vec<Value> = match mails.as_slice() {
        [mail] => vec![answer(transport.send(mail, &mut call.body(mail.stream), &call))],
        mails => transport.send_batch(mails, &call).into_iter().map(answer).collect(),
    };
    let answer = if request.is_array() { json!({"results": results}) } else { results[0].clone() };
    (answer, results, host)
}

fn file<T: Transport>(transport: &mut T, request: &Value, mut host: TestHost, texts: &[String]) -> (Value, Vec<Value>, TestHost) {
    let mut filing = json!({"folder": "<sent>"});
    merge(&mut filing, request.clone());
    let mut messages = Vec::new();
    for (index, original) in listed(&request["messages"]).iter().enumerate() {
        let size;
        (host, size) = has(host, texts, index);
        let mut message = json!({"stream": index + 1, "size": size});
        merge(&mut message, original.clone());
        messages.push(message);
    }
    let number = messages.len();
    filing["messages"] = messages.into();
    let answer = answer(transport.file(&read(&filing), &host.call()));
    let of = |result: &Value| match &result["error"] {
        Value::Null => with(result, "status", 0.into()),
        error => error.clone(),
    };
    // Where nothing was filed at all, that is true of each.
    let deeds = match answer["results"].as_array() {
        Some(results) => results.iter().map(of).collect(),
        None => vec![answer.clone(); number],
    };
    (answer, deeds, host)
}

fn listed(value: &Value) -> &[Value] {
    match value {
        Value::Array(values) => values,
        Value::Null => &[],
        value => std::slice::from_ref(value),
    }
}

/// An answer as a plugin's host reads it, with the status 0 where there is no error.
fn answer(result: Result<impl Serialize, impl std::borrow::Borrow<Error>>) -> Value {
    match result {
        Ok(answer) => with(&answer, "status", 0.into()),
        Err(error) => write(error.borrow()),
    }
}

fn with(value: &impl Serialize, name: &str, more: Value) -> Value {
    let mut members = Map::new();
    members.insert(name.to_owned(), more);
    match write(value) {
        Value::Object(mut all) => {
            all.extend(members);
            Value::Object(all)
        }
        other => other,
    }
}

/// Bytes as a text, with those that are none as `\xNN`.
fn text(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => bytes.escape_ascii().to_string().into(),
    }
}

fn write(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_else(|error| panic!("{error}"))
}

fn read<V: DeserializeOwned>(value: &Value) -> V {
    V::deserialize(value).unwrap_or_else(|error| panic!("{value}: {error}"))
}
