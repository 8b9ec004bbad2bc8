//! Each pointer of an error leads into what the caller passed, and says into what.

#![allow(clippy::unwrap_used, reason = "a test ends there")]

use postkontor_core::{Account, Cancel, Error, Host, Status};
use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::{
    Answer, Applied, ApplyRequest, At, Body, Call, Input, ListRequest, Listing, Mail, Opening, ReceiveRequest, Received, Reply, Report,
    Sent, Step, TestRequest, Transport, Verdict, schemars, serde,
};
use serde_json::{Value, json};

/// A transport that points where its settings tell it.
struct Pointing {
    at: Vec<At>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {
    pointing: Group,
}

/// Among them a group whose name is a member of requests, too.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Group {
    /// The error's `at`, as JSON.
    at: String,
    #[allow(dead_code, reason = "it is there to be pointed to")]
    folder: Option<String>,
}

impl Pointing {
    fn error(&self) -> Error {
        let mut error = Error::new(Status::Argument, "pointing").usable();
        error.at.clone_from(&self.at);
        error
    }
}

impl Transport for Pointing {
    const NAME: &'static str = "pointing";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["test", "send", "list", "receive", "apply"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[("en", r#"{"codes":{"pointing":"There."}}"#)];
    type Settings = Settings;

    fn open(settings: Settings, _opening: &Opening) -> Result<Pointing, Error> {
        Ok(Pointing { at: serde_json::from_str(&settings.pointing.at).unwrap() })
    }

    fn test(&mut self, _request: &TestRequest, _call: &Call) -> Result<Report, Error> {
        Ok(Report { steps: vec![Step::fail(postkontor_plugin::Stage::Mailbox, &self.error())], transcript: Vec::new() })
    }

    fn send(&mut self, mail: &Mail, body: &mut Body, _call: &Call) -> Result<Sent, Error> {
        while body.read(&mut [0; 4096])? > 0 {}
        if !self.at.is_empty() {
            return Err(self.error());
        }
        let mut sent = Sent::to_all(mail, 1);
        for answer in sent.recipients.iter_mut().filter(|answer| answer.address.starts_with("nobody")) {
            *answer = Answer { address: answer.address.clone(), status: Verdict::Refused, reply: Reply::default() };
        }
        Ok(sent)
    }

    fn list(&mut self, _request: &ListRequest, _call: &Call) -> Result<Listing, Error> {
        Err(self.error())
    }

    fn receive(&mut self, _request: &ReceiveRequest, _call: &Call) -> Result<Received, Error> {
        Err(self.error())
    }

    fn apply(&mut self, _request: &ApplyRequest, _call: &Call) -> Result<Applied, Error> {
        Err(self.error())
    }
}

static POINTING: Plugin = postkontor_plugin::abi::vtable::<Pointing>();

/// An account of a document, which `document` completes; its transport points to `at`.
fn account_in(layer: Option<&str>, at: &Value, document: Value) -> Account {
    let host = Host::open_with("", Box::new(()), &[&POINTING]).unwrap();
    let mut settings = json!({"accounts": {"main": {"transport": "pointing", "pointing": {"at": at.to_string()}}}});
    settings.as_object_mut().unwrap().extend(document.as_object().unwrap().clone());
    let settings = layer.map_or_else(|| settings.clone(), |layer| json!({ layer: settings }));
    Account::open(&host, &settings.to_string(), None).unwrap()
}

fn account(at: &Value) -> Account {
    account_in(None, at, json!({"sender": {"address": "anna@example.com"}}))
}

/// Where an error points: into what, and to what.
fn places(error: &Error) -> Vec<(Input, &str)> {
    error.at.iter().map(|at| (at.of.unwrap(), at.pointer.as_str())).collect()
}

fn at(of: &str, pointer: &str) -> Value {
    json!([{"pointer": pointer, "of": of, "code": "pointing"}])
}

fn unsaid(pointer: &str) -> Value {
    json!([{"pointer": pointer, "code": "pointing"}])
}

#[test]
fn only_pointers_into_the_settings_lead_through_the_account() {
    let (cancel, request) = (Cancel::default(), r#"{"messages":["x"],"action":"seen"}"#);
    let error = account(&at("request", "/messages/0")).apply(request, &cancel).unwrap_err();
    assert_eq!(places(&error), [(Input::Request, "/messages/0")]);
    let error = account(&at("settings", "/pointing/folder")).apply(request, &cancel).unwrap_err();
    assert_eq!(places(&error), [(Input::Settings, "/accounts/main/pointing/folder")]);
    assert_eq!(error.at[0].message, "There.");
    let error = account(&at("request", "/folder")).receive(r#"{"folder":"x"}"#, None, &cancel).unwrap_err();
    assert_eq!(places(&error), [(Input::Request, "/folder")]);
}

#[test]
fn a_plugin_that_does_not_say_what_it_means_is_understood() {
    let cancel = Cancel::default();
    // The plugin's name for the action is the one of ABI 1, the caller's is another.
    for (pointer, callers) in [("/messages/0", "/messages/0"), ("/do", "/action")] {
        let error = account(&unsaid(pointer)).apply(r#"{"messages":["x"],"action":"seen"}"#, &cancel).unwrap_err();
        assert_eq!(places(&error), [(Input::Request, callers)]);
    }
    let error = account(&unsaid("/folder")).list(r#"{"folder":"x"}"#, &cancel).unwrap_err();
    assert_eq!(places(&error), [(Input::Request, "/folder")]);
    let error = account(&unsaid("/pointing/folder")).list(r#"{"folder":"x"}"#, &cancel).unwrap_err();
    assert_eq!(places(&error), [(Input::Settings, "/accounts/main/pointing/folder")]);
    let error = account(&unsaid("/recipients/1")).send_document(r#"{"to":["a@x.de"],"cc":"b@x.de"}"#, &[], &cancel).unwrap_err();
    assert_eq!(places(&error), [(Input::Message, "/cc")]);
    // What a later host and its plugins may point into is nothing that this one knows.
    let error = account(&at("outbox", "/pointing/folder")).list("{}", &cancel).unwrap_err();
    assert_eq!(places(&error), [(Input::Settings, "/accounts/main/pointing/folder")]);
}

#[test]
fn a_place_of_the_mail_becomes_the_one_of_the_message() {
    let message = r#"{"to":["a@x.de","b@x.de"],"bcc":"c@x.de","text":"x"}"#;
    for (given, told) in [("/recipients/1", "/to/1"), ("/recipients/2", "/bcc"), ("/recipients", "/to"), ("/from", "/from")] {
        let error = account(&at("message", given)).send_document(message, &[], &Cancel::default()).unwrap_err();
        assert_eq!(places(&error), [(Input::Message, told)]);
        let error = account(&at("message", given)).send_document(&format!("[{message},{message}]"), &[], &Cancel::default()).unwrap_err();
        assert_eq!(error.more["results"][1]["at"][0]["pointer"], format!("/1{told}"), "{error}");
    }
}

#[test]
fn in_a_batch_every_pointer_leads_to_its_message() {
    let messages = json!([{"to": "a@x.de"}, {"to": "a b"}, {"to": ["a@x.de", "nobody@x.de"]}]);
    let error = account(&json!([])).send_document(&messages.to_string(), &[], &Cancel::default()).unwrap_err();
    let pointer = |index: usize| &error.more["results"][index]["at"][0]["pointer"];
    assert_eq!((pointer(1), pointer(2)), (&json!("/1/to"), &json!("/2/to/1")));
}

#[test]
fn what_the_settings_of_the_sender_cause_is_theirs_in_every_layer() {
    let (cancel, message) = (Cancel::default(), r#"{"to":"a@x.de","text":"x"}"#);
    let cases = [
        (json!({"html": {"enabled": true, "template": "/nowhere"}}), "/sender/html/template", Some("company")),
        (json!({"address": "nobody@x.de", "bcc_to_sender": true}), "/sender/bcc_to_sender", Some("company")),
        (json!({"address": "a@x.de", "name": "č", "charset": "iso-8859-1", "unencodable": "refuse"}), "/sender/name", None),
    ];
    for (sender, pointer, layer) in cases {
        for layer in [None, layer] {
            let document = json!({ "sender": sender });
            let error = account_in(layer, &json!([]), document).send_document(message, &[], &cancel).unwrap_err();
            let place = layer.map_or_else(|| pointer.to_owned(), |layer| format!("/{layer}{pointer}"));
            assert_eq!(places(&error), [(Input::Settings, place.as_str())], "{error}");
        }
    }
    // The place of the message in an array has no part in it.
    let document = json!({"sender": {"html": {"enabled": true, "template": "/nowhere"}}});
    let error = account_in(None, &json!([]), document).send_document(&format!("[{message}]"), &[], &cancel).unwrap_err();
    let at = &error.more["results"][0]["at"][0];
    assert_eq!((&at["of"], &at["pointer"]), (&json!("settings"), &json!("/sender/html/template")));
}

#[test]
fn a_step_of_a_test_points_to_settings_only() {
    for (of, pointer) in [("settings", "/accounts/main/pointing/folder"), ("request", "")] {
        let report = account(&at(of, "/pointing/folder")).test("", &Cancel::default()).unwrap();
        let report: Value = json!(report);
        let step = report["steps"].as_array().unwrap().iter().find(|step| step["status"] == "fail").unwrap();
        assert_eq!(step["pointer"].as_str().unwrap_or_default(), pointer);
    }
}
