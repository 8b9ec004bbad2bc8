//! Every `{"…"}` that the header and its page show is compared with what the library really takes and answers.
//!
//! A shape is found by its members. One that stands in no row of [`samples`] fails the test: a document with another form of JSON needs the call
//! that has it.

#![allow(clippy::unwrap_used, reason = "a test ends there")]

#[path = "../../smime/tests/people/mod.rs"]
mod people;
mod shape;

use postkontor_core::message::compose;
use postkontor_core::settings::Sender;
use postkontor_core::{Account, Action, Cancel, Error, Host, Opened, Source, Status, Wanted};
use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::{
    Answer, Applied, ApplyRequest, Body, CONDITIONS, Call, Filed, Filing, FilingResult, Folder, FolderChange, FolderResult, FoldersChanged,
    FoldersRequest, Incoming, ListRequest, Listed, Listing, Mail, Missing, NewId, Opening, PART, ReceiveRequest, Received, Reply, Report,
    STRUCTURE, Sent, Stage, Step, TestRequest, Transport, Verdict, schemars, serde,
};
use serde_json::{Value, json};
use shape::{Shape, parts, shapes};
use std::sync::Arc;

/// A transport with something to say in each answer.
struct Talkative;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {
    #[allow(dead_code, reason = "it is there to be set")]
    talkative: Group,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Group {
    #[serde(default)]
    #[schemars(extend("x-postkontor" = {"secret": true}))]
    #[allow(dead_code, reason = "it is there to be set")]
    password: Option<String>,
}

fn refusal() -> Error {
    let reply = Reply { code: 550, enhanced: Some("5.1.1".to_owned()), text: "no".to_owned() };
    let error = Error::new(Status::Refused, "talkative.no").stage(Stage::Recipients).detail("for support").arg("who", "nobody");
    error.server(reply).at("/talkative/password", "talkative.no")
}

impl Transport for Talkative {
    const NAME: &'static str = "talkative";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] =
        &["test", "send", "list", "receive", "apply", "mark", "copy", "folders", "file", "append", "authorize"];
    const HEEDS: &'static [&'static str] = &[CONDITIONS, STRUCTURE, PART];
    const TEXTS: &'static [(&'static str, &'static str)] =
        &[("en", r#"{"codes":{"talkative.no":"No.","talkative.open":"Open {url}."},"advice":{"advice.ask":"Ask."}}"#)];
    type Settings = Settings;

    fn open(_settings: Settings, _opening: &Opening) -> Result<Talkative, Error> {
        Ok(Talkative)
    }

    fn test(&mut self, _request: &TestRequest, _call: &Call) -> Result<Report, Error> {
        let step = Step::fail(Stage::Login, &refusal()).advice("advice.ask").patch(json!({"talkative": {"password": "x"}}));
        Ok(Report { steps: vec![step], transcript: vec!["S: no".to_owned()] })
    }

    fn send(&mut self, mail: &Mail, body: &mut Body, _call: &Call) -> Result<Sent, Error> {
        while body.read(&mut [0; 4096])? > 0 {}
        let answer = |address: &String| Answer { address: address.clone(), status: Verdict::Accepted, reply: Reply::default() };
        if mail.recipients[0].starts_with("nobody") {
            return Err(refusal());
        }
        Ok(Sent { recipients: mail.recipients.iter().map(answer).collect(), size: 1, ..Sent::default() })
    }

    fn list(&mut self, request: &ListRequest, _call: &Call) -> Result<Listing, Error> {
        let folders = vec![Folder { name: "INBOX".to_owned(), ..Folder::default() }];
        let messages = vec![Listed { id: "1".to_owned(), size: Some(3), ..Listed::default() }];
        Ok(match &request.folder {
            None => Listing::Folders { folders },
            Some(_) => Listing::Messages { folder: request.folder.clone(), messages, missing: Vec::new() },
        })
    }

    fn receive(&mut self, request: &ReceiveRequest, call: &Call) -> Result<Received, Error> {
        if request.state.as_deref() == Some("missing") {
            return Ok(Received { missing: vec![Missing { id: "m".to_owned(), error: refusal() }], ..Received::default() });
        }
        call.announce(&Incoming { id: "1".to_owned(), ..Incoming::default() })?;
        call.message(b"Subject: a\r\n\r\nb\r\n")?;
        call.action()?;
        Ok(Received { state: "s".to_owned(), ..Received::default() })
    }

    fn apply(&mut self, request: &ApplyRequest, _call: &Call) -> Result<Applied, Error> {
        let copy = |id: &String| NewId { id: id.clone(), new_id: "3".to_owned() };
        let new_ids = request.messages.iter().filter(|_| request.action.needs_folder()).map(copy).collect();
        Ok(Applied { applied: request.messages.clone(), missing: vec!["2".to_owned()], new_ids })
    }

    fn folders(&mut self, request: &FoldersRequest, _call: &Call) -> Result<FoldersChanged, Error> {
        let changed = |change: &FolderChange| match change {
            FolderChange::Create { create } => FolderResult::Created(create.clone()),
            FolderChange::Rename { to, .. } => FolderResult::Renamed(to.clone()),
            FolderChange::Delete { delete, .. } => FolderResult::Deleted(delete.clone()),
        };
        Ok(FoldersChanged { folders: request.folders.iter().map(changed).collect() })
    }

    fn file(&mut self, request: &Filing, _call: &Call) -> Result<Filed, Error> {
        let results = request.messages.iter().map(|_| FilingResult::Saved("4".to_owned())).collect();
        Ok(Filed { folder: request.folder.clone(), results, ..Filed::default() })
    }

    // As `net::oauth` answers it, which this crate is built without.
    fn authorize(&mut self, request: &Value, _call: &Call) -> Result<Value, Error> {
        let message = json!({"code": "talkative.open", "args": {"url": "https://id.example"}});
        match (&request["begin"], &request["finish"]) {
            (Value::Bool(true), _) => {
                Ok(json!({"url": "https://id.example?c=1", "user_code": "c", "verification_url": "https://id.example",
                "expires_in_seconds": 900, "message": message}))
            }
            (_, Value::Bool(true)) => {
                Ok(json!({"account": "main", "user": "anna@example.com", "scopes": ["mail"], "expires_in_seconds": 3600,
                "kept": true, "message": message}))
            }
            _ => Err(Error::new(Status::Unsupported, "transport.operation_unsupported")),
        }
    }
}

static TALKATIVE: Plugin = postkontor_plugin::abi::vtable::<Talkative>();

fn host(config: &Value) -> Result<Arc<Host>, Error> {
    Host::open_with(&config.to_string(), Box::new(()), &[&TALKATIVE])
}

fn settings() -> Value {
    json!({"accounts": {"main": {"transport": "talkative", "talkative": {"password": {"secret": "name"}}}}, "sender": {"address": "anna@example.com"}})
}

fn account() -> Account {
    let mut settings = settings();
    settings["accounts"]["main"]["talkative"] = json!({});
    Account::open(&host(&json!({})).unwrap(), &settings.to_string(), None).unwrap()
}

fn parsed(answer: Result<impl serde::Serialize, Error>) -> Value {
    json!(answer.unwrap())
}

/// A host that has seen a plugin that is none.
fn transports() -> Value {
    let folder = std::env::temp_dir().join(format!("postkontor-shapes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(if cfg!(windows) { "junk.dll" } else { "libjunk.so" }), "no library").unwrap();
    let seen: Value = json!(host(&json!({"plugins": [folder]})).unwrap().transports());
    std::fs::remove_dir_all(&folder).unwrap();
    seen
}

/// How a shape is looked at.
enum Sample {
    /// It is an answer: each member that is shown is there.
    Answer(Value),
    /// It is asked for: each member that is shown is taken.
    Asked(fn(&Value) -> Result<(), Error>),
}

/// The request of a shape with nothing in it: `null` counts as not given, and a member that is not known is refused all the same.
fn emptied(shape: &Value) -> String {
    let members = shape.as_object().unwrap().keys().map(|name| (name.clone(), Value::Null));
    Value::Object(members.collect()).to_string()
}

/// What the library takes and answers where a shape with these members is shown.
fn sample(members: &str) -> Option<Sample> {
    use Sample::{Answer, Asked};
    let cancel = Cancel::default();
    let message = json!({"to": ["bob@example.com"], "text": "x"}).to_string();
    Some(match members {
        "status,code,args,message,detail,transport,stage,delivery,retry,server,at,session" => {
            let refused = json!({"to": ["nobody@example.com"], "text": "x"}).to_string();
            Answer(serde_json::to_value(account().send_document(&refused, &[], &cancel).unwrap_err()).unwrap())
        }
        "name,version,operations,file" => Answer(transports_with_file()),
        "file,error" => Answer(transports()[1].clone()),
        "schema,uischema,rjsf" => Answer(parsed(host(&json!({})).unwrap().schema("talkative", "de"))),
        "ok,version,problems,visible,settings,secrets,origin,certificates" => {
            Answer(parsed(Ok(host(&json!({})).unwrap().check(r#"{"enabeld":true}"#))))
        }
        "subject,issuer,addresses,fingerprint,not_before,not_after,key,signs,encrypts" => Answer(certificate_seen()),
        "keys,ca_file,collect" => Asked(|shape| {
            let mut smime = shape.clone();
            smime["keys"][0]["certificate"] = json!("invoices.p12");
            Source::read(&json!({ "smime": smime }).to_string()).map(drop)
        }),
        "address,password,steps,timeout_seconds,dns,proxy,ca_file,client_id" => Asked(|shape| {
            let mut request = shape.clone();
            request["address"] = json!("anna@example.com");
            // Without a step no one is asked.
            request["steps"].as_object_mut().unwrap().values_mut().for_each(|step| *step = json!(false));
            for name in ["password", "proxy", "ca_file", "client_id"] {
                request[name] = Value::Null;
            }
            host(&json!({})).unwrap().discover(&request.to_string(), &Cancel::default()).map(drop)
        }),
        "address,proposals,tried" => Answer(discovered()),
        "secret" => Asked(|shape| {
            let request = json!({"address": "anna@example.com", "password": shape, "steps": steps_off()});
            host(&json!({})).unwrap().discover(&request.to_string(), &Cancel::default()).map(drop)
        }),
        "ok,elapsed_ms,steps,transcript" => Answer(parsed(account().test("{}", &cancel))),
        "message_id,account,transport,recipients" => Answer(parsed(account().send_document(&message, &[], &cancel))),
        "results" => Answer(parsed(account().send_document(&format!("[{message}]"), &[], &cancel))),
        "begin" | "finish" => Asked(|shape| account().authorize(shape.to_string().as_str(), &Cancel::default()).map(drop)),
        "url,user_code,verification_url,expires_in_seconds,message" => Answer(authorized(r#"{"begin":true}"#)),
        "account,user,scopes,expires_in_seconds,kept,message" => Answer(authorized(r#"{"finish":true}"#)),
        "folders of name,delimiter,uses,selectable" => Answer(parsed(account().list("{}", &cancel))),
        "folders of create" => Asked(|shape| account().apply(&shape.to_string(), &Cancel::default()).map(drop)),
        "folders of created" => {
            let request = r#"{"folders":[{"create":"a"},{"rename":"a","to":"b"},{"delete":"b","with_messages":true}]}"#;
            Answer(parsed(account().apply(request, &cancel)))
        }
        "folder,flags,keywords" => Asked(|shape| {
            let message =
                json!({"to": "bob@example.com", "text": "x", "append": {"folder": "d", "flags": shape["flags"], "keywords": ["k"]}});
            account().send_document(&message.to_string(), &[], &Cancel::default()).map(drop)
        }),
        "status,folder,message" => {
            let message = json!({"to": "bob@example.com", "text": "x", "append": {"folder": "d"}}).to_string();
            Answer(parsed(account().send_document(&message, &[], &cancel))["filed"].clone())
        }
        "messages" => Answer(parsed(account().list(r#"{"folder":""}"#, &cancel))),
        "messages,state,more" => Answer(parsed(account().receive("{}", None, &cancel))),
        "id,error" => Answer(parsed(account().receive(r#"{"state":"missing"}"#, None, &cancel))["missing"][0].clone()),
        "pointer,code,message,args" => {
            let odd = r#"{"to":"bob@example.com (Bob)","text":"x"}"#;
            Answer(parsed(account().send_document(odd, &[], &cancel))["repaired"][0].clone())
        }
        "applied,missing" => Answer(parsed(account().apply(r#"{"messages":["1"],"action":"seen"}"#, &cancel))),
        "subject,from,to,date,text,html,parts" => {
            let raw = "Subject: a\r\nFrom: a@x.de\r\nTo: b@x.de\r\nDate: Sat, 28 Nov 2026 10:00:00 +0000\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
                       --b\r\n\r\nx\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n--b\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nx\r\n--b--\r\n";
            Answer(serde_json::from_str(Opened::new(raw.as_bytes().to_vec()).summary()).unwrap())
        }
        // What the ffi crate says of a message that it has built; its own tests hold it.
        "size,message_id,from,recipients" => {
            let built = compose(&message, &Sender { address: Some("a@x.de".to_owned()), ..Sender::default() }, &[]).unwrap();
            let recipients: Vec<&str> = built.recipients.iter().map(|recipient| recipient.address.as_str()).collect();
            Answer(json!({"size": built.size, "message_id": built.message_id, "from": built.from, "recipients": recipients}))
        }
        "language,plugins,trust_environment,pins,log,protocol" | "language" => Asked(|shape| {
            let mut config = shape.clone();
            config["plugins"] = json!([]);
            config["pins"] = json!({});
            if let Some(file) = config.pointer_mut("/log/file") {
                *file = json!(std::env::temp_dir().join(format!("postkontor-shapes-{}.log", std::process::id())));
            }
            let opened = host(&config).map(drop);
            if let Some(file) = config.pointer("/log/file").and_then(Value::as_str) {
                // It is there where something was worth a line.
                drop(std::fs::remove_file(file));
            }
            opened
        }),
        "company,user,workstation" => Asked(|_| {
            let layers = json!({"company": settings(), "user": {}, "workstation": {}}).to_string();
            Account::open(&host(&json!({})).unwrap(), &layers, None).map(drop)
        }),
        "accounts,sender,send" => Asked(|_| Account::open(&host(&json!({})).unwrap(), &settings().to_string(), None).map(drop)),
        "password" => Asked(|shape| {
            assert_eq!(*shape, settings()["accounts"]["main"]["talkative"]);
            Ok(())
        }),
        "to,subject,text,attachments" => Asked(|shape| {
            let mut message = shape.clone();
            // A file that is shown is not here.
            message["attachments"].as_array_mut().unwrap().retain(|attachment| attachment.get("part").is_some());
            message["to"] = json!(["bob@example.com"]);
            compose(&message.to_string(), &Sender { address: Some("a@x.de".to_owned()), ..Sender::default() }, &[b"x"]).map(drop)
        }),
        "steps" | "loop,steps" => {
            Asked(|shape| account().test(&shape.to_string().replace("...", "bob@example.com"), &Cancel::default()).map(drop))
        }
        "folder" => Asked(|shape| account().list(&shape.to_string(), &Cancel::default()).map(drop)),
        "folder,state,filter,max_messages,max_bytes,save_to,action,summary,wait_seconds" => {
            Asked(|shape| account().receive(&emptied(shape), None, &Cancel::default()).map(drop))
        }
        "message,section,first_bytes" => Asked(|shape| account().receive(&shape.to_string(), None, &Cancel::default()).map(drop)),
        "messages,action,folder" => Asked(|shape| {
            let mut request = shape.clone();
            request["messages"] = json!(["id"]);
            for action in shape["action"].as_str().unwrap().split('|') {
                request["action"] = json!(action);
                request["folder"] = if ["move", "copy"].contains(&action) { shape["folder"].clone() } else { Value::Null };
                account().apply(&request.to_string(), &Cancel::default())?;
            }
            Ok(())
        }),
        "messages,action,add,remove" => Asked(|shape| {
            let request = json!({"messages": ["id"], "action": shape["action"], "add": ["a"], "remove": ["b"]});
            account().apply(&request.to_string(), &Cancel::default()).map(drop)
        }),
        "id,new_id" => {
            let request = r#"{"messages":["1"],"action":"copy","folder":"f"}"#;
            Answer(parsed(account().apply(request, &cancel))["new_ids"][0].clone())
        }
        // What the ffi crate says of a part that it has handed out; its own tests hold it.
        "size" => Answer(json!({"size": 0})),
        "reply" | "forward" => Asked(|shape| {
            let mut document = shape.clone();
            for (member, way) in [("reply", "quote"), ("forward", "as")] {
                for name in shape[member][way].as_str().unwrap_or_default().split('|').filter(|name| !name.is_empty()) {
                    document["to"] = json!("bob@example.com");
                    document["from"] = json!("anna@example.com");
                    document[member][way] = json!(name);
                    compose(&document.to_string(), &Sender::default(), &[b"From: c@example.com\r\n\r\nx"])?;
                }
            }
            Ok(())
        }),
        "file" => Asked(|shape| Source::read(&shape.to_string()).map(drop)),
        "part" | "raw" => Asked(|shape| Wanted::read(&shape.to_string()).map(drop)),
        _ => return None,
    })
}

/// The members of a shape; of `folders`, which requests and answers have alike, those of its elements, too.
fn names(members: &[(String, Option<Shape>)]) -> String {
    let own: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    match members {
        [(name, Some(Shape::List(elements)))] if name == "folders" => match elements.first() {
            Some(Shape::Object(members)) => format!("folders of {}", names(members)),
            _ => own.join(","),
        },
        _ => own.join(","),
    }
}

/// What a check says of a certificate that the settings name.
fn certificate_seen() -> Value {
    let folder = people::authority();
    let settings = json!({"sender": {"smime": {"encrypt": {"certificates": [folder.path("ca.pem")]}}}}).to_string();
    json!(host(&json!({})).unwrap().check(&settings))["certificates"]["/sender/smime/encrypt/certificates/0"].clone()
}

/// All steps of discovery, so that no one is asked.
fn steps_off() -> Value {
    json!({"table": false, "srv": false, "autoconfig": false, "database": false, "mx": false, "autodiscover": false, "guess": false})
}

/// What discovery answers about a provider whose transports are here, and with a password; the test program `discover` holds it.
fn discovered() -> Value {
    let request = json!({"address": "anna@example.com", "steps": steps_off()});
    let mut answer = parsed(host(&json!({})).unwrap().discover(&request.to_string(), &Cancel::default()));
    answer["proposals"] = json!([{"settings": {}, "source": "table", "provider": "", "confidence": 95, "reason": "", "notes": [],
        "tested": parsed(account().test("{}", &Cancel::default()))}]);
    answer
}

/// An answer about the consent of a person, whose message has become a sentence.
fn authorized(request: &str) -> Value {
    let answer = parsed(account().authorize(request, &Cancel::default()));
    assert_eq!(answer["message"], "Open https://id.example.");
    answer
}

/// A plugin that is used and lies in a file; the one of this test lies in none.
fn transports_with_file() -> Value {
    let mut seen = transports()[0].clone();
    assert!(seen.get("file").is_none());
    seen["file"] = json!("/as for the one that does not load");
    seen
}

#[test]
fn what_the_header_and_its_page_show_is_what_the_library_takes_and_answers() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let (mut count, mut lies) = (0, Vec::new());
    for file in ["include/postkontor.h", "docs/c-abi.md"] {
        let text = std::fs::read_to_string(format!("{root}/{file}")).unwrap();
        let [text, _] = parts(&text);
        for shape in shapes(&text) {
            let Shape::Object(members) = &shape else { panic!("{file}: {shape:?}") };
            let names = names(members);
            let lie = match sample(&names) {
                None => Err("is compared with nothing: add it to `sample`".to_owned()),
                Some(Sample::Answer(answer)) => shape.stands_in(&answer).map_err(|lie| format!("{lie} in {answer:#}")),
                Some(Sample::Asked(take)) => take(&shape.value()).map_err(|error| format!("{error} {:?}", error.at)),
            };
            lies.extend(lie.err().map(|lie| format!("{file}: {{{names}}} {lie}")));
            count += 1;
        }
    }
    assert!(lies.is_empty(), "{}", lies.join("\n"));
    assert!(count > 20, "only {count} shapes were found");
}

#[test]
fn a_shape_that_is_not_so_is_found_out() {
    let shown = shapes(" * `x` is {\"ok\",\"steps\":[{\"step\",\n *  \"status\":\"ok|fail\",...}],...} or {\"a\":b or c}");
    assert_eq!(shown.len(), 2);
    assert!(shown[0].stands_in(&json!({"ok": true, "steps": [{"step": 1, "status": "ok"}]})).is_ok());
    for lie in [
        json!({"steps": [{"step": 1, "status": "ok"}]}),
        json!({"ok": 1, "steps": []}),
        json!({"ok": 1, "steps": [{"step": 1, "status": "x"}]}),
    ] {
        assert!(shown[0].stands_in(&lie).is_err(), "{lie}");
    }
}

#[test]
fn what_is_said_of_each_operation_holds() {
    let cancel = Cancel::default();
    // The header: POSTKONTOR_UNSUPPORTED.
    assert_eq!(account().authorize("", &cancel).unwrap_err().status, Status::Unsupported);
    // No transport is there, so nothing that the table proposes passes `check`; that is an answer.
    let found = json!(host(&json!({})).unwrap().discover("anna@gmx.at", &cancel).unwrap());
    assert_eq!((&found["address"], &found["proposals"], &found["tried"][0]["step"]), (&json!("anna@gmx.at"), &json!([]), &json!("table")));
    assert_eq!(host(&json!({})).unwrap().discover("anna", &cancel).unwrap_err().status, Status::Argument);
    // "ok" is whether something stands in the way.
    let ok = |settings: &Value| json!(host(&json!({})).unwrap().check(&settings.to_string()))["ok"].clone();
    assert_eq!((ok(&settings()), ok(&json!({"accounts": {"main": {}}})), ok(&json!(7))), (json!(true), json!(false), json!(false)));
    // Without a name the account that sends is opened, and the one that fetches lists.
    let mut two = settings();
    two["accounts"]["main"]["talkative"] = json!({});
    two["accounts"]["inbox"] = two["accounts"]["main"].clone();
    two["send"] = json!({"account": "main"});
    two["receive"] = json!({"account": "inbox"});
    let mut account = Account::open(&host(&json!({})).unwrap(), &two.to_string(), None).unwrap();
    assert_eq!(parsed(account.send_document(r#"{"to":"b@x.de","text":"x"}"#, &[], &cancel))["account"], "main");
    let mut named = Account::open(&host(&json!({})).unwrap(), &two.to_string(), Some("inbox")).unwrap();
    assert_eq!(parsed(named.send_document(r#"{"to":"b@x.de","text":"x"}"#, &[], &cancel))["account"], "inbox");
    let mut taken = 0;
    let mut take = |_: postkontor_core::Fetched<'_>| {
        taken += 1;
        Action::Keep
    };
    account.receive("{}", Some(&mut take), &cancel).unwrap();
    assert_eq!(taken, 1);
}
