//! Every `{"…"}` that the header and its page show of the outbox is compared with what it really takes and answers.

#![allow(clippy::unwrap_used, reason = "a test ends there")]

#[path = "../../core/tests/shape/mod.rs"]
mod shape;

use postkontor_core::{Cancel, Host};
use postkontor_outbox::Outbox;
use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::{Answer, Body, Call, Error, Mail, Opening, Reply, Sent, Transport, Verdict, schemars, serde};
use serde::Serialize;
use serde_json::{Value, json};
use shape::{Shape, parts, shapes};
use std::path::PathBuf;

/// A transport that takes everything.
struct Chute;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {}

impl Transport for Chute {
    const NAME: &'static str = "chute";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["send"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[];
    type Settings = Settings;

    fn open(_settings: Settings, _opening: &Opening) -> Result<Chute, Error> {
        Ok(Chute)
    }

    fn send(&mut self, mail: &Mail, body: &mut Body, _call: &Call) -> Result<Sent, Error> {
        while body.read(&mut [0; 4096])? > 0 {}
        let answer = |address: &String| Answer { address: address.clone(), status: Verdict::Accepted, reply: Reply::default() };
        Ok(Sent { recipients: mail.recipients.iter().map(answer).collect(), size: 1, ..Sent::default() })
    }
}

static CHUTE: Plugin = postkontor_plugin::abi::vtable::<Chute>();

/// A store of a test.
struct Store(PathBuf);

impl Store {
    fn new() -> Store {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shapes-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Store(folder)
    }

    fn settings(&self, store: Value) -> String {
        let sender = json!({"address": "anna@example.com"});
        json!({"accounts": {"main": {"transport": "chute"}}, "sender": sender, "outbox": {"store": store}}).to_string()
    }

    fn open(&self) -> Outbox {
        let store = json!(format!("sqlite:{}", self.0.join("outbox.db").display()));
        let host = Host::open_with(r#"{"language":"en"}"#, Box::new(()), &[&CHUTE]).unwrap();
        Outbox::open(&host, &self.settings(store), &Cancel::default()).unwrap()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let removed = std::fs::remove_dir_all(&self.0);
        assert!(removed.is_ok() || std::thread::panicking(), "{removed:?}");
    }
}

fn written(answer: Result<impl Serialize, Error>) -> Value {
    serde_json::to_value(answer.unwrap_or_else(|error| panic!("{error} {:?}", error.at))).unwrap()
}

fn names(shape: &Shape) -> String {
    let Shape::Object(members) = shape else { panic!("{shape:?}") };
    members.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(",")
}

/// Puts a mail whose members are those of the shape, and says what the outbox answered.
fn put(outbox: &mut Outbox, shape: &Value, key: &str) -> Value {
    let mut mail = shape.clone();
    mail["message"] = json!({"to": ["b@example.com"], "text": "x"});
    for (name, value) in
        [("account", json!("main")), ("key", json!(key)), ("queue", json!("q")), ("give_up_at", json!("2999-01-01T00:00:00Z"))]
    {
        mail[name] = value;
    }
    written(outbox.put(&mail.to_string(), &[], &Cancel::default()))
}

/// What is shown is taken, or stands in what the outbox answers.
fn compare(outbox: &mut Outbox, store: &Store, shape: &Shape) -> Result<(), String> {
    let (shown, cancel) = (shape.value(), Cancel::default());
    let refusal = |error: Error| format!("{error} {:?}", error.at);
    match names(shape).as_str() {
        "outbox" => {
            let host = Host::open_with("{}", Box::new(()), &[&CHUTE]).unwrap();
            assert!(shown["outbox"]["store"].as_str().unwrap().starts_with("sqlite:/"));
            host.settings(&store.settings(shown["outbox"]["store"].clone())).map(drop).map_err(refusal)
        }
        "message,account,key,queue,not_before,give_up_at,priority" => {
            put(outbox, &shown, "shown");
            Ok(())
        }
        "entries" => {
            // What was taken back is no longer there to be taken back: each time another one.
            let key = format!("{shape:?}");
            let entries = put(outbox, &json!({}), &key);
            let acted =
                written(outbox.act(json!({"action": "cancel", "ids": [entries["entries"][0]["id"]]}).to_string().as_str(), &cancel));
            shape.stands_in(&entries).or_else(|_| shape.stands_in(&acted))
        }
        "until,seconds,max_mails,accounts" => shown["until"].as_str().unwrap().split('|').try_for_each(|until| {
            let mut request = json!({"until": until, "seconds": 0, "max_mails": 1, "accounts": ["main"]});
            request.as_object_mut().unwrap().retain(|name, _| shown.get(name).is_some());
            outbox.work(request.to_string().as_str(), &cancel).map(drop).map_err(refusal)
        }),
        "until" => {
            cancel.fire();
            outbox.work(shown.to_string().as_str(), &cancel).map(drop).map_err(refusal)
        }
        "sent,held,failed,later,left" => shape.stands_in(&written(outbox.work("{}", &cancel))),
        "stats" if shown["stats"] == true => outbox.query(shown.to_string().as_str(), &cancel).map(drop).map_err(refusal),
        "stats" => shape.stands_in(&written(outbox.query(r#"{"stats":true}"#, &cancel))),
        "test" => outbox.query(shown.to_string().as_str(), &cancel).map(drop).map_err(refusal),
        "entries,next" => {
            put(outbox, &json!({}), "one");
            put(outbox, &json!({}), "other");
            shape.stands_in(&written(outbox.query(r#"{"limit":1}"#, &cancel)))
        }
        "action,ids" => {
            let id = put(outbox, &json!({}), "decided")["entries"][0]["id"].clone();
            let outcomes = shown["action"].as_str().unwrap().split('|').map(|action| {
                let request = json!({"action": action, "ids": [id]}).to_string();
                let error = outbox.act(request.as_str(), &cancel).err();
                // Known, whatever else it needs.
                error.filter(|error| error.at.iter().any(|at| at.pointer == "/action")).map_or(Ok(()), |error| Err(refusal(error)))
            });
            outcomes.collect()
        }
        names => Err(format!("{{{names}}} is compared with nothing: add it to `compare`")),
    }
}

#[test]
fn what_the_header_and_its_page_show_of_the_outbox_is_what_it_takes_and_answers() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let (store, mut count, mut lies) = (Store::new(), 0, Vec::new());
    let mut outbox = store.open();
    for file in ["include/postkontor.h", "docs/c-abi.md"] {
        let [_, text] = parts(&std::fs::read_to_string(format!("{root}/{file}")).unwrap());
        for shape in shapes(&text) {
            let lie = compare(&mut outbox, &store, &shape).err();
            lies.extend(lie.map(|lie| format!("{file}: {{{}}} {lie}", names(&shape))));
            count += 1;
        }
    }
    assert!(lies.is_empty(), "{}", lies.join("\n"));
    assert!(count > 10, "only {count} shapes were found");
}
