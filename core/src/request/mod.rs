//! What the caller asks for: each request is read once into its type, and nothing in it is without effect in silence.
//!
//! A member that is not known, stands twice or has a value of another kind is refused with its pointer, because a request with a slip of
//! the pen would else do something else: `{"max_message":10,"action":"delete"}` would fetch and delete everything.

mod apply;
mod asked;
mod discover;
mod filter;
mod incoming;
mod members;

use crate::settings::Incoming;
pub use apply::{ApplyRequest, Changed, MessageChange};
pub use asked::{Asked, Request};
pub(crate) use discover::{Discover, Password};
pub(crate) use filter::LEVELS as FILTER_LEVELS;
use members::read;
pub use members::{Members, read as read_request};
pub use postkontor_plugin::ReceiveRequest as FetchOptions;
use postkontor_plugin::{Action, Error, ListRequest, Summary};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use std::path::PathBuf;

/// The actions on received messages. Without a callback there is nothing to stop.
const RECEIVE_ACTIONS: [(&str, Action); 3] = [("keep", Action::Keep), ("seen", Action::Seen), ("delete", Action::Delete)];

/// The words for how much a summary holds.
const SUMMARIES: [(&str, Summary); 3] = [("full", Summary::Full), ("none", Summary::None), ("structure", Summary::Structure)];

/// Which test is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(default)]
pub struct TestRequest {
    /// Whether a test message is wanted at the end.
    #[serde(rename = "loop", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SwitchOr<Loop>")]
    pub looped: Option<Loop>,
    /// Whether the program learns each step as it ends ([`Callbacks::step`](crate::Callbacks::step)).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("x-postkontor" = {"advanced": true}))]
    pub steps: bool,
}

/// A text in which nothing is forbidden; only its schema is wanted.
#[derive(JsonSchema)]
#[schemars(extend("x-postkontor" = {"lines": true}))]
#[allow(dead_code, reason = "Members::texts reads it")]
struct AnyText(String);

/// Yes or no, or what says more than yes; only its schema is wanted.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "Members::switch_or reads it")]
enum SwitchOr<T> {
    Switch(bool),
    More(T),
}

/// A test message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Loop {
    /// Who gets it; the sender's own address where none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["anna@example.com"]))]
    pub to: Option<String>,
}

impl Request for TestRequest {
    fn read(json: &str) -> Result<TestRequest, Error> {
        let to = |looped: Option<Option<String>>| Loop { to: looped.flatten() };
        read(json, |members| TestRequest {
            looped: members.switch_or("loop", |inner| inner.line("to")).map(to),
            steps: members.flag("steps"),
        })
    }
}

impl Request for ListRequest {
    fn read(json: &str) -> Result<ListRequest, Error> {
        read(json, |members| ListRequest { folder: members.line("folder") })
    }
}

/// What to fetch, and what becomes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(default)]
pub struct ReceiveRequest {
    /// Which messages, and how much of them: what the transport is asked for.
    #[serde(flatten)]
    pub fetch: FetchOptions,
    /// Folder on this machine to save every message in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["/var/spool/erp/mail"], "x-postkontor" = {"order": 50}))]
    pub save_to: Option<PathBuf>,
    /// The action on each message where no callback is asked; never [`Action::Stop`].
    #[schemars(schema_with = "receive_actions", extend("x-postkontor" = {"order": 60}))]
    pub action: Action,
}

fn receive_actions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"enum": RECEIVE_ACTIONS.map(|(word, _)| word)})
}

impl Request for ReceiveRequest {
    fn read(json: &str) -> Result<ReceiveRequest, Error> {
        read(json, |members| {
            let request = ReceiveRequest {
                fetch: FetchOptions {
                    folder: members.line("folder"),
                    state: members.text("state"),
                    filter: members.group("filter", |members| filter::read(members, 1)).unwrap_or_default(),
                    max_messages: members.number("max_messages"),
                    max_bytes: members.number("max_bytes"),
                    wait_seconds: members.number("wait_seconds").unwrap_or_default(),
                    summary: members.choice("summary", &SUMMARIES).unwrap_or_default(),
                    message: members.line("message"),
                    section: members.line("section"),
                    first_bytes: members.number("first_bytes"),
                },
                save_to: members.line("save_to").map(PathBuf::from),
                action: members.choice("action", &RECEIVE_ACTIONS).unwrap_or_default(),
            };
            of_one_message(&request.fetch, members);
            if request.fetch.summary == Summary::Structure && request.save_to.is_some() {
                members.needless("save_to", "summary");
            }
            request
        })
    }
}

/// Notes what makes no sense where one message, or a part of it, is asked for, and what makes sense only there.
fn of_one_message(fetch: &FetchOptions, members: &mut Members<'_, '_>) {
    if fetch.section.as_deref().is_some_and(|section| !is_section(section)) {
        members.wrong("section", "receive.section_invalid");
    }
    if fetch.message.is_none() {
        if fetch.section.is_some() || fetch.first_bytes.is_some() {
            members.missing::<()>("message");
        }
        return;
    }
    let needless = [
        ("folder", fetch.folder.is_some()),
        ("filter", !fetch.filter.is_empty()),
        ("max_messages", fetch.max_messages.is_some()),
        ("max_bytes", fetch.max_bytes.is_some()),
        ("wait_seconds", fetch.wait_seconds > 0),
    ];
    for (name, is_given) in needless {
        if is_given {
            members.needless(name, "message");
        }
    }
    if fetch.summary == Summary::Structure && (fetch.section.is_some() || fetch.first_bytes.is_some()) {
        members.needless("summary", if fetch.section.is_some() { "section" } else { "first_bytes" });
    }
}

/// Whether a text numbers a part as IMAP does: `2`, `2.1.3`.
fn is_section(text: &str) -> bool {
    let is_number = |part: &str| part.len() <= 9 && part.parse().is_ok_and(|number: u32| number > 0) && !part.starts_with('+');
    text.len() <= 100 && text.split('.').all(is_number)
}

/// The two steps of asking a person for consent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(default)]
pub struct Authorize {
    /// Says what to show the person.
    pub begin: bool,
    /// Waits until the person has answered.
    pub finish: bool,
}

impl Request for Authorize {
    fn read(json: &str) -> Result<Authorize, Error> {
        read(json, |members| Authorize { begin: members.flag("begin"), finish: members.flag("finish") })
    }
}

/// Where a message to be opened comes from, and with what it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The file that holds it; the bytes of the call where there is none.
    pub file: Option<PathBuf>,
    /// With what it is decrypted and verified, as the settings have it in `receive.smime`; it is neither where this is left out.
    pub smime: Option<Incoming>,
    /// How long it may take to read it; as long as it needs where that is not said.
    pub timeout_seconds: Option<u64>,
}

impl Source {
    /// Reads `{"file","smime":{"keys":[{"certificate","password"}],"ca_file","collect"},"timeout_seconds"}`.
    pub fn read(json: &str) -> Result<Source, Error> {
        read(json, |members| Source {
            file: members.line("file").map(PathBuf::from),
            smime: members.group("smime", incoming::read),
            timeout_seconds: members.number("timeout_seconds"),
        })
    }
}

/// Which part of an opened message is wanted, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The part's place in the summary; `None` is the message as it came.
    pub part: Option<usize>,
    /// The file to save it in.
    pub file: Option<PathBuf>,
}

impl Wanted {
    /// Reads `{"part","raw","file"}`, of which `part` or `raw` must be there.
    pub fn read(json: &str) -> Result<Wanted, Error> {
        read(json, |members| {
            let part = members.number("part").map(|part| usize::try_from(part).unwrap_or(usize::MAX));
            let raw = members.flag("raw");
            if part.is_none() && !raw && !members.is_wrong("part") {
                members.missing::<()>("part");
            }
            Wanted { part: part.filter(|_| !raw), file: members.line("file").map(PathBuf::from) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_plugin::{ApplyAction, Input, Status};

    /// Where a request is wrong, and how.
    pub(super) fn wrong<T>(result: Result<T, Error>) -> Vec<(String, String)> {
        let Err(error) = result else { return Vec::new() };
        assert_eq!(error.status, Status::Argument);
        assert!(error.at.iter().all(|at| at.of == Some(Input::Request)));
        error.at.iter().map(|at| (at.pointer.clone(), at.code.clone())).collect()
    }

    pub(super) fn at(pointer: &str, code: &str) -> Vec<(String, String)> {
        vec![(pointer.to_owned(), format!("request.{code}"))]
    }

    #[test]
    fn a_member_that_is_not_known_is_refused_in_every_request() {
        for read in [
            |json: &str| wrong(TestRequest::read(json)),
            |json: &str| wrong(ListRequest::read(json)),
            |json: &str| wrong(ReceiveRequest::read(json)),
            |json: &str| wrong(Authorize::read(json)),
            |json: &str| wrong(Source::read(json)),
        ] {
            assert_eq!(read(""), []);
            assert_eq!(read("{}"), []);
            assert_eq!(read(r#"{"a/b":1}"#), at("/a~1b", "member_unknown"));
            assert_eq!(read(r#"{"deadline_ms":1}"#), at("/deadline_ms", "member_unknown"));
        }
        assert_eq!(wrong(ApplyRequest::read(r#"{"messages":[],"action":"seen","folder_":"x"}"#)), at("/folder_", "member_unknown"));
        assert_eq!(wrong(Wanted::read(r#"{"part":0,"files":"x"}"#)), at("/files", "member_unknown"));
        assert_eq!(wrong(TestRequest::read(r#"{"loop":{"two":"a@x.de"}}"#)), at("/loop/two", "member_unknown"));
        assert_eq!(wrong(ReceiveRequest::read(r#"{"filter":{"form":"x"}}"#)), at("/filter/form", "member_unknown"));
    }

    #[test]
    fn the_name_that_was_meant_is_suggested() {
        let hint = |json: &str| ReceiveRequest::read(json).unwrap_err().at[0].args["hint"]["args"]["suggestion"].clone();
        assert_eq!(hint(r#"{"max_message":10,"action":"delete"}"#), "max_messages");
        assert_eq!(hint(r#"{"filter":{"form":"x"}}"#), "from");
        let error = ReceiveRequest::read(r#"{"colour":1}"#).unwrap_err();
        assert_eq!(error.args["hint"], "");
    }

    #[test]
    fn a_former_name_is_refused_with_todays() {
        for error in [
            ReceiveRequest::read(r#"{"then":"delete"}"#).unwrap_err(),
            ApplyRequest::read(r#"{"messages":["1"],"do":"seen"}"#).unwrap_err(),
        ] {
            assert_eq!((error.at.len(), error.code.as_str()), (1, "request.member_unknown"), "{:?}", error.at);
            assert_eq!(error.args["hint"]["args"]["suggestion"], "action");
        }
        assert_eq!(wrong(ReceiveRequest::read(r#"{"then":"delete"}"#)), at("/then", "member_unknown"));
        assert_eq!(wrong(ApplyRequest::read(r#"{"messages":["1"],"do":"seen"}"#)), at("/do", "member_unknown"));
        // A name that this request never had has no successor in it.
        assert_eq!(ListRequest::read(r#"{"then":"delete"}"#).unwrap_err().args["hint"], "");
    }

    #[test]
    fn a_value_of_another_kind_is_refused() {
        for (member, value) in [
            ("folder", "7"),
            ("state", "true"),
            ("filter", "[]"),
            ("max_messages", "-1"),
            ("max_messages", "1.5"),
            ("max_bytes", "\"10\""),
            ("save_to", "{}"),
            ("action", "\"eat\""),
            ("action", "\"stop\""),
            ("summary", "1"),
            ("wait_seconds", "[1]"),
        ] {
            assert_eq!(
                wrong(ReceiveRequest::read(&format!("{{\"{member}\":{value}}}"))),
                at(&format!("/{member}"), "member_invalid"),
                "{member} {value}"
            );
        }
        for (smime, pointer, code) in [
            ("[]", "/smime", "member_invalid"),
            (r#"{"key":[]}"#, "/smime/key", "member_unknown"),
            (r#"{"keys":[{}]}"#, "/smime/keys/0/certificate", "member_missing"),
            (r#"{"keys":[{"certificate":"a","password":1}]}"#, "/smime/keys/0/password", "member_invalid"),
            (r#"{"keys":[{"certificate":"a","password":{}}]}"#, "/smime/keys/0/password/secret", "member_missing"),
        ] {
            assert_eq!(wrong(Source::read(&format!("{{\"smime\":{smime}}}"))), at(pointer, code), "{smime}");
        }
        assert_eq!(wrong(Source::read("{\"timeout_seconds\":\"10\"}")), at("/timeout_seconds", "member_invalid"));
        assert_eq!(wrong(ApplyRequest::read(r#"{"messages":["a",2],"action":"seen"}"#)), at("/messages/1", "member_invalid"));
        assert_eq!(wrong(ApplyRequest::read(r#"{"messages":"a","action":"seen"}"#)), at("/messages", "member_invalid"));
        assert_eq!(wrong(TestRequest::read(r#"{"loop":"a@x.de"}"#)), at("/loop", "member_invalid"));
        assert_eq!(wrong(ReceiveRequest::read(r#"{"filter":{"unseen":"yes"}}"#)), at("/filter/unseen", "member_invalid"));
        assert_eq!(wrong(Wanted::read(r#"{"part":"0"}"#)), at("/part", "member_invalid"));
        for day in ["yesterday", "2026-13-01", "2026-1-1", "2026-11-20T00"] {
            let found = wrong(ReceiveRequest::read(&format!(r#"{{"filter":{{"since":"{day}"}}}}"#)));
            assert_eq!(found, [("/filter/since".to_owned(), "receive.day_invalid".to_owned())], "{day}");
        }
    }

    #[test]
    fn what_is_missing_stands_twice_or_breaks_a_line_is_refused() {
        assert_eq!(wrong(ApplyRequest::read(r#"{"action":"seen"}"#)), at("/messages", "member_missing"));
        assert_eq!(wrong(ApplyRequest::read(r#"{"messages":[]}"#)), at("/action", "member_missing"));
        assert_eq!(wrong(ApplyRequest::read(r#"{"messages":[],"action":"move"}"#)), at("/folder", "member_missing"));
        assert_eq!(wrong(Wanted::read("{}")), at("/part", "member_missing"));
        assert_eq!(wrong(ReceiveRequest::read(r#"{"action":"keep","action":"delete"}"#)), at("/action", "member_twice"));
        for name in ["a\\r\\nb LOGOUT", "\\u0000", "a\\u0085b"] {
            for read in [|json: &str| wrong(ListRequest::read(json)), |json: &str| wrong(ReceiveRequest::read(json))] {
                assert_eq!(read(&format!("{{\"folder\":\"{name}\"}}")), at("/folder", "control_character"));
            }
            let request = format!(r#"{{"messages":[],"action":"move","folder":"{name}"}}"#);
            assert_eq!(wrong(ApplyRequest::read(&request)), at("/folder", "control_character"));
            assert_eq!(
                wrong(ReceiveRequest::read(&format!(r#"{{"filter":{{"subject":"{name}"}}}}"#))),
                at("/filter/subject", "control_character")
            );
        }
        for broken in ["[]", "7", "{", "{\"a\":1}x"] {
            assert_eq!(ReceiveRequest::read(broken).unwrap_err().code, "request.unreadable", "{broken}");
        }
        let several = ReceiveRequest::read(r#"{"folder":1,"colour":2}"#).unwrap_err();
        assert_eq!((several.code.as_str(), several.at.len()), ("request.invalid", 2));
    }

    #[test]
    fn null_counts_as_not_given_and_the_rest_arrives() {
        let request = ReceiveRequest::read(
            r#"{"folder":null,"state":"a\nb","filter":{"from":"x","min_size":3},"max_messages":1,"action":"seen","wait_seconds":2,"summary":"none"}"#,
        )
        .unwrap();
        let FetchOptions { folder, state, filter, max_messages, wait_seconds, summary, .. } = &request.fetch;
        assert_eq!((folder.as_deref(), state.as_deref(), *max_messages), (None, Some("a\nb"), Some(1)));
        assert_eq!((filter.from.as_deref(), filter.min_size), (Some("x"), Some(3)));
        assert_eq!((request.action, *wait_seconds, *summary), (Action::Seen, 2, Summary::None));
        assert_eq!(Asked::from(&request).read().unwrap(), request);
        for (json, looped) in [
            ("{}", None),
            (r#"{"loop":false}"#, None),
            (r#"{"loop":true}"#, Some(None)),
            (r#"{"loop":{},"steps":true}"#, Some(None)),
            (r#"{"loop":{"to":"a@x.de"}}"#, Some(Some("a@x.de".to_owned()))),
        ] {
            let request = TestRequest::read(json).unwrap();
            assert_eq!(Asked::from(&request).read().unwrap(), request);
            assert_eq!(request.looped.map(|looped| looped.to), looped, "{json}");
        }
        assert_eq!(Wanted::read(r#"{"raw":true}"#).unwrap(), Wanted { part: None, file: None });
    }

    #[test]
    fn a_request_that_is_a_type_is_checked_as_its_document_is() {
        let folder = Some("a\r\nb LOGOUT".to_owned());
        assert_eq!(wrong(Asked::from(&ListRequest { folder: folder.clone() }).read()), at("/folder", "control_character"));
        let fetch = FetchOptions { folder, ..Default::default() };
        assert_eq!(wrong(Asked::from(&ReceiveRequest { fetch, ..Default::default() }).read()), at("/folder", "control_character"));
        let stop = ReceiveRequest { action: Action::Stop, ..Default::default() };
        assert_eq!(wrong(Asked::from(&stop).read()), at("/action", "member_invalid"));
        let nowhere = MessageChange::new(ApplyAction::Move, vec!["1".to_owned()]);
        assert_eq!(wrong(Asked::from(&ApplyRequest::Messages(nowhere.clone())).read()), at("/folder", "member_missing"));
        let there = ApplyRequest::Messages(MessageChange { folder: Some("Ablage".to_owned()), ..nowhere });
        assert_eq!(Asked::from(&there).read().unwrap(), there);
        assert_eq!(Asked::from(&ReceiveRequest::default()).read().unwrap(), ReceiveRequest::default());
    }

    #[test]
    fn one_message_is_asked_for_by_its_id_and_a_part_of_it_by_its_number() {
        let request =
            ReceiveRequest::read(r#"{"message":"7.1.INBOX","section":"2.1","first_bytes":1000,"state":"s","save_to":"x"}"#).unwrap();
        assert_eq!((request.fetch.section.as_deref(), request.fetch.first_bytes), (Some("2.1"), Some(1000)));
        assert_eq!(Asked::from(&request).read().unwrap(), request);
        let invalid = |code: &str| vec![("/section".to_owned(), code.to_owned())];
        for section in ["", "0", "a", "1.", ".1", "1.0", "+1", "1.TEXT", "1.99999999999", " 1"] {
            let found = wrong(ReceiveRequest::read(&format!(r#"{{"message":"x","section":"{section}"}}"#)));
            assert_eq!(found, invalid("receive.section_invalid"), "{section:?}");
        }
        for alone in [r#"{"section":"1"}"#, r#"{"first_bytes":1}"#] {
            assert_eq!(wrong(ReceiveRequest::read(alone)), at("/message", "member_missing"));
        }
        for (member, value) in
            [("folder", "\"x\""), ("filter", r#"{"unseen":true}"#), ("max_messages", "1"), ("max_bytes", "1"), ("wait_seconds", "1")]
        {
            let found = wrong(ReceiveRequest::read(&format!(r#"{{"message":"x","{member}":{value}}}"#)));
            assert_eq!(found, at(&format!("/{member}"), "member_needless"));
        }
        let found = wrong(ReceiveRequest::read(r#"{"message":"x","section":"1","summary":"structure"}"#));
        assert_eq!(found, at("/summary", "member_needless"));
    }
}
