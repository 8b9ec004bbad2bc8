//! The loader and plugins that others built: they load and send, and the bad ones say why they do not.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test")]

use postkontor_core::{Account, Callbacks, Cancel, Error, Host, Secret, Status};
use postkontor_tests::folder::{Folder, only_mine};
use postkontor_tests::strangers::{self, library, root};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

const FOLDER_C: &[&str] = &["examples/plugin-c/folder.c", "examples/plugin-c/json.c", "examples/plugin-c/file.c"];
const ODD: &[&str] = &["tests/fixtures/plugins/odd.c"];

fn open(folders: &[&Path]) -> Arc<Host> {
    open_with(json!({ "plugins": folders }), Box::new(()))
}

fn open_with(config: Value, callbacks: Box<dyn Callbacks>) -> Arc<Host> {
    Host::open(&config.to_string(), callbacks).unwrap()
}

/// The entry of a plugin file among the transports.
fn entry(host: &Host, file: &str) -> Value {
    let transports: Vec<Value> = listed(host);
    let is = |entry: &Value| entry["file"].as_str().is_some_and(|path| Path::new(path).ends_with(file));
    transports.iter().find(|entry| is(entry)).unwrap_or_else(|| panic!("{file} is not listed: {transports:?}")).clone()
}

/// Opens a host with one file in its plugin folder and returns the error that is listed for it.
fn listed_error(file: &str, make: impl FnOnce(&Path)) -> Value {
    let folder = Folder::new().unwrap();
    make(&folder.file(file));
    only_mine(&folder.file(file)).unwrap();
    let host = open(&[folder.path()]);
    let error = entry(&host, file)["error"].clone();
    assert_eq!(error["status"], Status::Transport.number(), "{error}");
    assert!(error["message"].as_str().is_some_and(|message| message.contains(' ')), "a sentence: {error}");
    let unknown = Account::open(&host, &settings("x", json!({})), None).err().unwrap();
    assert_eq!(unknown.code, "transport.unknown", "the host lives on");
    error
}

fn settings(transport: &str, own: Value) -> String {
    let mut account = own;
    account["transport"] = Value::from(transport);
    json!({"accounts": {"main": account}, "sender": {"address": "anna@example.com"}, "send": {"account": "main"}}).to_string()
}

/// The transports as a caller sees them.
fn listed(host: &Host) -> Vec<Value> {
    host.transports().iter().map(|transport| json!(transport)).collect()
}

fn send(host: &Arc<Host>, settings: &str, message: &Value, parts: &[&[u8]]) -> Result<Value, Error> {
    let mut account = Account::open(host, settings, None)?;
    account.send_document(&message.to_string(), parts, &Cancel::new(None)).map(|receipt| json!(receipt))
}

fn test(host: &Arc<Host>, settings: &str) -> Result<Value, Error> {
    let mut account = Account::open(host, settings, None)?;
    account.test("{}", &Cancel::new(None)).map(|report| json!(report))
}

fn message() -> Value {
    json!({"to": ["bob@example.com"], "bcc": ["boss@example.com"], "subject": "Rechnung 4711", "text": "Guten Tag",
           "attachments": [{"name": "rechnung.pdf", "part": 0}]})
}

/// What a drop folder of both examples has to do, step by step.
fn drop_folder_works(host: &Arc<Host>, transport: &str) {
    // A quotation mark, a backslash and letters beyond ASCII: a path that needs escapes in JSON.
    let drop = Folder::new().unwrap();
    let path = drop.file(if cfg!(windows) { "Übergabe 😀" } else { "Über\"ga\\be 😀" });
    fs::create_dir(&path).unwrap();
    let settings = settings(transport, json!({"folder": {"path": path}}));

    let report = test(host, &settings).unwrap();
    assert_eq!(report["ok"], true, "{report}");
    assert_eq!(fs::read_dir(&path).unwrap().count(), 0, "the test leaves nothing behind");

    let pdf: Vec<u8> = (0..300_000u32).map(|number| (number * 7 % 251) as u8).collect();
    let receipt = send(host, &settings, &message(), &[&pdf]).unwrap();
    let recipients: Vec<_> = receipt["recipients"].as_array().unwrap().iter().map(|one| one["address"].as_str().unwrap()).collect();
    assert_eq!(recipients, ["bob@example.com", "boss@example.com"]);
    assert_eq!(receipt["transport"], transport);
    let saved = PathBuf::from(receipt["saved_to"].as_str().unwrap());
    let files: Vec<_> = fs::read_dir(&path).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files, std::slice::from_ref(&saved), "one complete file and nothing else");
    let written = fs::read(&saved).unwrap();
    let text = String::from_utf8_lossy(&written);
    let envelope = "X-Sender: <anna@example.com>\r\nX-Receiver: <bob@example.com>\r\nX-Receiver: <boss@example.com>\r\n";
    let message = text.strip_prefix(envelope).unwrap_or_else(|| panic!("{text:.300}"));
    assert_eq!(message.len() as u64, receipt["size"].as_u64().unwrap());
    assert!(message.contains("\r\nSubject: Rechnung 4711\r\n"), "{text:.600}");

    let missing = self::settings(transport, json!({"folder": {"path": drop.file("nowhere")}}));
    let report = test(host, &missing).unwrap();
    assert_eq!(report["ok"], false);
    let failed = report["steps"].as_array().unwrap().iter().find(|step| step["status"] == "fail").unwrap();
    assert_eq!(failed["status_number"], Status::Local.number(), "{failed}");
    assert_eq!(failed["pointer"], "/accounts/main/folder/path");
    let nowhere = drop.file("nowhere").display().to_string();
    assert!(failed["message"].as_str().unwrap().contains(&nowhere), "{failed}");
    let error = send(host, &missing, &self::message(), &[&pdf]).unwrap_err();
    assert_eq!(error.status, Status::Local);
    assert!(error.message.contains(&nowhere), "{error}");

    let relative = self::settings(transport, json!({"folder": {"path": "drop"}}));
    let error = send(host, &relative, &self::message(), &[&pdf]).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Settings, "folder.relative"));
    assert_eq!(error.at[0].pointer, "/accounts/main/folder/path");
}

/// A mail that is stopped in the middle, or whose source fails there, leaves nothing behind and does not touch the others.
fn half_a_mail_is_never_seen(folder: &Path, transport: &str) {
    struct Stop;
    impl Callbacks for Stop {
        fn progress(&self, done: u64, _total: u64) -> bool {
            done == 0
        }
    }
    struct Truncate(PathBuf);
    impl Callbacks for Truncate {
        fn progress(&self, done: u64, _total: u64) -> bool {
            if done > 0 {
                File::options().write(true).open(&self.0).unwrap().set_len(10).unwrap();
            }
            true
        }
    }
    let place = Folder::new().unwrap();
    let (drop, file) = (place.file("drop"), place.file("big.bin"));
    fs::create_dir(&drop).unwrap();
    fs::write(&file, vec![7; 1_000_000]).unwrap();
    let settings = settings(transport, json!({"folder": {"path": drop}}));
    let mail =
        |subject: &str, attachment: Value| json!({"to": ["bob@example.com"], "subject": subject, "text": "x", "attachments": [attachment]});

    let host = open_with(json!({"plugins": [folder]}), Box::new(Stop));
    let error = send(&host, &settings, &mail("stopped", json!({"name": "big.bin", "file": file})), &[]).unwrap_err();
    assert_eq!(error.status, Status::Cancelled, "{error}");
    assert_eq!(fs::read_dir(&drop).unwrap().count(), 0);

    let host = open_with(json!({"plugins": [folder]}), Box::new(Truncate(file.clone())));
    let small = json!({"name": "small.bin", "part": 0});
    let batch = json!([mail("one", small.clone()), mail("two", json!({"name": "big.bin", "file": file})), mail("three", small)]);
    let error = send(&host, &settings, &batch, &[b"small"]).unwrap_err();
    assert_eq!(error.status, Status::Partial, "{error}");
    let results = error.more["results"].as_array().unwrap();
    let statuses: Vec<_> = results.iter().map(|result| result["status"].as_i64().unwrap()).collect();
    assert_eq!(statuses, [0, Status::Local.number().into(), 0], "{results:?}");
    let subjects = fs::read_dir(&drop).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let mut subjects: Vec<_> =
        subjects.map(|text| text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap().to_owned()).collect();
    subjects.sort();
    assert_eq!(subjects, ["one", "three"]);
}

#[test]
fn a_strangers_rust_plugin_loads_and_sends() {
    let folder = Folder::new().unwrap();
    strangers::rust("examples/plugin", &[], &folder.file(&library("folder"))).unwrap();
    let host = open(&[folder.path()]);
    drop_folder_works(&host, "folder");
    half_a_mail_is_never_seen(folder.path(), "folder");
}

#[test]
fn a_strangers_c_plugin_loads_and_sends() {
    let folder = Folder::new().unwrap();
    strangers::c(FOLDER_C, &[], &folder.file(&library("folder-c"))).unwrap();
    let host = open(&[folder.path()]);
    drop_folder_works(&host, "folder-c");
    half_a_mail_is_never_seen(folder.path(), "folder-c");
}

#[test]
fn a_strangers_form_has_titles_in_the_users_language() {
    let folder = Folder::new().unwrap();
    strangers::rust("examples/plugin", &[], &folder.file(&library("folder"))).unwrap();
    strangers::c(FOLDER_C, &[], &folder.file(&library("folder-c"))).unwrap();
    let host = open(&[folder.path()]);
    for transport in ["folder", "folder-c"] {
        for (language, title) in [("en", "Folder"), ("de", "Ordner")] {
            let form: Value = json!(host.schema(transport, language).unwrap());
            let path = &form["schema"]["properties"]["folder"]["properties"]["path"];
            assert_eq!(path["title"], title, "{transport} {language}: {form}");
        }
    }
}

/// A plugin in C writes its schema down; what stands in `x-postkontor` means the same as in a Rust plugin.
#[test]
fn conditions_in_a_schema_that_was_written_by_hand_count() {
    let folder = Folder::new().unwrap();
    strangers::c(ODD, &["SCHEMA_BY_HAND"], &folder.file(&library("odd"))).unwrap();
    let host = open(&[folder.path()]);
    let form: Value = json!(host.schema("by-hand", "en").unwrap());
    let group = &form["schema"]["properties"]["drop"];
    assert_eq!(group["properties"].as_object().unwrap().keys().collect::<Vec<_>>(), ["archive"], "{form}");
    let more = &group["allOf"][0]["then"];
    // The first choice is the default, as null.
    assert_eq!(more["properties"]["kind"]["oneOf"][2]["const"], "tar", "{form}");
    assert_eq!(more["required"], json!(["level"]));
    let problems = |own: Value| -> Vec<(String, String)> {
        let checked: Value = json!(host.check(&settings("by-hand", json!({"drop": own}))));
        let problems = checked["problems"].as_array().unwrap();
        let errors = problems.iter().filter(|problem| problem["severity"] == "error");
        errors.map(|problem| (problem["pointer"].as_str().unwrap().to_owned(), problem["code"].as_str().unwrap().to_owned())).collect()
    };
    assert_eq!(problems(json!({"archive": false})), []);
    let missing = problems(json!({"archive": true, "kind": "zip"}));
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert_eq!(missing[0].0, "/accounts/main/drop/level");
    assert_eq!(problems(json!({"archive": true, "kind": "rar", "level": 3}))[0].0, "/accounts/main/drop/kind");
}

#[test]
fn the_example_is_short() {
    let lines = fs::read_to_string(root().join("examples/plugin/src/lib.rs")).unwrap().lines().count();
    assert!(lines < 150, "{lines} lines");
}

#[test]
fn a_plugin_of_the_first_release_still_works() {
    #[derive(Clone, Default)]
    struct Program(Arc<Mutex<Vec<String>>>);
    impl Callbacks for Program {
        fn log(&self, level: i32, text: &str) {
            self.0.lock().unwrap().push(format!("{level} {text}"));
        }
        fn secret_get(&self, name: &str) -> Option<Secret> {
            match name {
                "frozen-token" => Some(Secret::new("token")),
                "frozen-password" => Some(Secret::new("geheim")),
                _ => None,
            }
        }
        fn secret_put(&self, name: &str, value: &Secret) -> bool {
            self.0.lock().unwrap().push(format!("put {name} {}", value.reveal()));
            true
        }
    }
    let folder = Folder::new().unwrap();
    strangers::rust("tests/fixtures/plugins/frozen", &[], &folder.file(&library("frozen"))).unwrap();
    let program = Program::default();
    let host = open_with(json!({"plugins": [folder.path()], "language": "de"}), Box::new(program.clone()));
    assert_eq!(entry(&host, &library("frozen"))["version"], "0.1.0");
    let settings = settings("frozen", json!({"frozen": {"name": "Anna", "password": {"secret": "frozen-password"}}}));

    let report = test(&host, &settings).unwrap();
    assert_eq!(report["ok"], true, "{report}");
    assert_eq!(report["transcript"], json!(["C: frozen"]));
    let steps = report["steps"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["step"] == "login" && step["status"] == "ok"), "the secret arrived: {report}");

    let receipt = send(&host, &settings, &message(), &[&[1; 5000]]).unwrap();
    assert!(receipt["size"].as_u64().unwrap() > 6000, "{receipt}");
    let words: Vec<_> = receipt["server"]["text"].as_str().unwrap().split(' ').collect();
    assert_eq!((words[0], words[1], words[3], words[4]), ("anna@example.com", "main", "token", "true"), "{receipt}");
    let told = program.0.lock().unwrap().join("\n");
    for line in ["put frozen-token renewed", "3 main: postkontor_frozen: frozen sends", "4 main: frozen log"] {
        assert!(told.contains(line), "{line}: {told}");
    }

    let mut refused = message();
    refused["to"] = json!(["nobody@example.com"]);
    let error = send(&host, &settings, &refused, &[&[]]).unwrap_err();
    assert_eq!((error.status, error.message.as_str()), (Status::Refused, "Anna sendet nicht an nobody@example.com."));
    // What came after it is refused before it is asked, with the place that asked for it.
    let mut account = Account::open(&host, &settings, None).unwrap();
    let cancel = Cancel::new(None);
    for (request, pointer) in [
        (json!({"messages": ["1"], "action": "flagged"}), "/action"),
        (json!({"messages": ["1"], "action": "copy", "folder": "a"}), "/action"),
        (json!({"folders": [{"create": "a"}]}), "/folders"),
    ] {
        let error = account.apply(&request.to_string(), &cancel).unwrap_err();
        assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Unsupported, pointer), "{error:?}");
    }
    let draft = json!({"subject": "x", "append": {"folder": "<drafts>"}});
    let error = account.send_document(&draft.to_string(), &[], &cancel).unwrap_err();
    assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Unsupported, "/append"), "{error:?}");
    let form: Value = json!(host.schema("frozen", "en").unwrap());
    assert_eq!(form["schema"]["properties"]["frozen"]["properties"]["name"]["title"], "Name");
}

#[test]
fn a_plugin_for_another_abi_is_refused_before_it_runs() {
    // Its functions end the process: that this test ends well shows that none of them was called.
    for (features, difference) in [(&[][..], "too many fields"), (&["host"], "too many fields")] {
        let build = |file: &Path| strangers::rust("tests/fixtures/plugins/other-abi", features, file).unwrap();
        let error = listed_error(&library("other"), build);
        assert_eq!(error["code"], "plugin.other_abi", "{error}");
        let detail = error["detail"].as_str().unwrap();
        assert!(detail.contains(difference) && detail.len() < 700, "{detail}");
    }
}

#[test]
fn a_library_that_is_no_plugin_says_so() {
    let cases = [
        ("NO_SYMBOL", "plugin.no_entry"),
        ("NULL_VTABLE", "plugin.no_vtable"),
        ("OTHER_MAGIC", "plugin.other_abi"),
        ("OTHER_SIZE", "plugin.other_abi"),
        ("GARBAGE_HEADER", "plugin.other_abi"),
    ];
    for (define, code) in cases {
        let error = listed_error(&library("odd"), |file| strangers::c(ODD, &[define], file).unwrap());
        assert_eq!(error["code"], code, "{define}: {error}");
    }
}

#[test]
fn a_plugin_that_cannot_describe_itself_is_listed_with_its_reason() {
    let cases =
        [("DESCRIBES_NONSENSE", "plugin.answer_unreadable"), ("DESCRIBES_NOTHING", "plugin.answer_unreadable"), ("FAILS", "plugin.failed")];
    for (define, code) in cases {
        let folder = Folder::new().unwrap();
        strangers::c(ODD, &[define], &folder.file(&library("odd"))).unwrap();
        let error = entry(&open(&[folder.path()]), &library("odd"))["error"].clone();
        assert_eq!((&error["code"], &error["status"]), (&Value::from(code), &Value::from(16)), "{define}: {error}");
    }
}

#[test]
fn a_plugin_that_opens_nothing_gives_an_error() {
    let folder = Folder::new().unwrap();
    strangers::c(ODD, &["OPENS_NOTHING"], &folder.file(&library("odd"))).unwrap();
    let host = open(&[folder.path()]);
    let error = send(&host, &settings("opens-nothing", json!({})), &message(), &[&[]]).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Internal, "plugin.answer_unreadable"));
}

#[test]
fn a_file_that_is_no_library_says_so() {
    let error = listed_error(&library("text"), |file| fs::write(file, "This is not a library, only its name says so.").unwrap());
    assert_eq!(error["code"], "plugin.unloadable", "{error}");
    let error = listed_error(&library("empty"), |file| fs::write(file, "").unwrap());
    assert_eq!(error["code"], "plugin.unloadable", "{error}");
    let error = listed_error(&library("folder"), |file| fs::create_dir(file).unwrap());
    assert_eq!(error["code"], "plugin.not_a_file", "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_truncated_plugin_does_not_end_the_process() {
    let folder = Folder::new().unwrap();
    let whole = folder.file("whole");
    strangers::c(FOLDER_C, &[], &whole).unwrap();
    let whole = fs::read(&whole).unwrap();
    for len in [10, 64, 200, whole.len() / 4, whole.len() / 2, whole.len() - 1] {
        let error = listed_error(&library("half"), |file| fs::write(file, &whole[..len]).unwrap());
        assert!(["plugin.truncated", "plugin.unloadable"].contains(&error["code"].as_str().unwrap()), "{len}: {error}");
    }
}

#[test]
fn a_panic_costs_the_call_and_never_the_process() {
    let folder = Folder::new().unwrap();
    strangers::rust("tests/fixtures/plugins/panics", &[], &folder.file(&library("panics"))).unwrap();
    let host = open(&[folder.path()]);
    let at = |place: &str| settings("panics", json!({"panics": {"at": place}}));

    let report = test(&host, &at("open")).unwrap();
    assert_eq!((&report["ok"], &report["steps"][0]["code"]), (&Value::from(false), &Value::from("plugin.panicked")), "{report}");
    for place in ["open", "send"] {
        let error = send(&host, &at(place), &message(), &[&[]]).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Internal, "plugin.panicked"));
        assert!(error.detail.contains(&format!("{place} went wrong")) && error.detail.contains("lib.rs:"), "{}", error.detail);
        assert!(error.message.contains(' '), "a sentence: {}", error.message);
    }
    let error = test(&host, &at("test")).unwrap_err();
    assert_eq!(error.code, "plugin.panicked");

    // The same account works again: the broken session is replaced.
    let mut account = Account::open(&host, &at("test"), None).unwrap();
    assert!(account.test("{}", &Cancel::new(None)).is_err());
    assert!(account.send_document(&message().to_string(), &[&[]], &Cancel::new(None)).is_ok());
    // A session that panics when it is closed takes nothing with it.
    assert!(send(&host, &at("drop"), &message(), &[&[]]).is_ok());
    assert!(send(&host, &at("nowhere"), &message(), &[&[]]).is_ok());
}

#[test]
fn a_panic_in_the_schema_leaves_the_other_transports_alone() {
    let folder = Folder::new().unwrap();
    strangers::rust("tests/fixtures/plugins/panics", &["describe"], &folder.file(&library("panics"))).unwrap();
    strangers::c(FOLDER_C, &[], &folder.file(&library("zfolder"))).unwrap();
    let host = open(&[folder.path()]);
    let error = host.schema("panics-describe", "en").unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Internal, "plugin.panicked"));
    let error = send(&host, &settings("panics-describe", json!({"panics": {"at": ""}})), &message(), &[&[]]).unwrap_err();
    assert_eq!(error.code, "plugin.panicked");
    drop_folder_works(&host, "folder-c");
}

#[test]
fn a_plugin_with_the_name_of_a_form_is_not_used() {
    let folder = Folder::new().unwrap();
    let file = folder.file(&library("a"));
    strangers::c(FOLDER_C, &[], &file).unwrap();
    // The names have the same length.
    let (mut bytes, name, reserved) = (fs::read(&file).unwrap(), br#""name":"folder-c""#, br#""name":"document""#);
    let place = bytes.windows(name.len()).position(|window| window == name).unwrap();
    bytes[place..place + name.len()].copy_from_slice(reserved);
    fs::write(&file, bytes).unwrap();
    let host = open(&[folder.path()]);
    assert_eq!(listed(&host)[0]["error"]["code"], "plugin.name_reserved");
    assert!(json!(host.schema("document", "en").unwrap())["schema"]["then"]["properties"]["accounts"].is_object());
}

#[test]
fn of_two_plugins_with_one_name_the_first_is_used() {
    let (first, second) = (Folder::new().unwrap(), Folder::new().unwrap());
    strangers::c(FOLDER_C, &[], &first.file(&library("a"))).unwrap();
    fs::copy(first.file(&library("a")), first.file(&library("b"))).unwrap();
    fs::copy(first.file(&library("a")), second.file(&library("a"))).unwrap();
    let host = open(&[first.path(), second.path()]);
    let transports: Vec<Value> = listed(&host);
    let codes: Vec<_> = transports.iter().map(|entry| entry["error"]["code"].as_str().unwrap_or("used")).collect();
    assert_eq!(codes, ["used", "plugin.name_taken", "plugin.name_taken"]);
    assert!(transports[1]["error"]["message"].as_str().unwrap().contains(&library("a")), "names the one that is used: {transports:?}");
    drop_folder_works(&host, "folder-c");
}

/// Whether a file is mapped into this process.
#[cfg(target_os = "linux")]
fn is_mapped(file: &Path) -> bool {
    fs::read_to_string("/proc/self/maps").unwrap().contains(file.canonicalize().unwrap().to_str().unwrap())
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_that_is_named_after_its_transport_is_opened_when_that_is_needed_and_not_before() {
    let folder = Folder::new().unwrap();
    let (own, other) = (folder.file(&library("postkontor_folder_c")), folder.file(&library("postkontor_a")));
    strangers::c(FOLDER_C, &[], &own).unwrap();
    fs::copy(&own, &other).unwrap();
    let host = open(&[folder.path()]);
    assert!(!is_mapped(&own) && !is_mapped(&other), "opening a host opens no plugin");
    drop_folder_works(&host, "folder-c");
    assert!(is_mapped(&own) && !is_mapped(&other), "sending by one transport opens no other");
    assert_eq!(listed(&host).len(), 2);
    assert!(is_mapped(&other), "only the plugin itself can say what it is");
}

#[test]
fn a_name_belongs_to_the_file_that_is_named_after_it() {
    let folder = Folder::new().unwrap();
    let (own, other) = (folder.file(&library("postkontor_folder_c")), folder.file(&library("postkontor_a")));
    strangers::c(FOLDER_C, &[], &other).unwrap();
    drop_folder_works(&open(&[folder.path()]), "folder-c");
    assert_eq!(listed(&open(&[folder.path()]))[0]["name"], "folder-c", "a name that is wrong does no harm");

    fs::copy(&other, &own).unwrap();
    // Whatever is asked first.
    for first in ["folder-c", "a", ""] {
        let host = open(&[folder.path()]);
        if !first.is_empty() {
            let opened = Account::open(&host, &settings(first, json!({"folder": {"path": "/"}})), None);
            assert_eq!(opened.is_ok(), first == "folder-c", "{first}");
        }
        let codes: Vec<Value> = listed(&host).iter().map(|entry| entry["error"]["code"].clone()).collect();
        assert_eq!(codes, [json!("plugin.name_taken"), Value::Null], "{first}");
        assert_eq!(entry(&host, &library("postkontor_folder_c"))["name"], "folder-c");
    }

    // A file that cannot be used keeps no name from another.
    fs::remove_file(&own).unwrap();
    fs::write(&own, "no library").unwrap();
    drop_folder_works(&open(&[folder.path()]), "folder-c");
}

#[test]
fn a_folder_that_is_named_twice_is_searched_once() {
    let folder = Folder::new().unwrap();
    strangers::c(FOLDER_C, &[], &folder.file(&library("folder-c"))).unwrap();
    let other_spelling = folder.path().join("..").join(folder.path().file_name().unwrap());
    let transports: Vec<Value> = listed(&open(&[folder.path(), &other_spelling]));
    assert_eq!(transports.len(), 1, "{transports:?}");
}

#[test]
fn a_relative_plugin_folder_is_refused() {
    let transports: Vec<Value> = listed(&open(&[Path::new("plugins")]));
    assert_eq!(transports[0]["error"]["code"], "plugin.path_relative", "{transports:?}");
}

#[test]
fn a_folder_that_is_not_there_is_listed() {
    let folder = Folder::new().unwrap();
    let transports: Vec<Value> = listed(&open(&[&folder.file("nowhere")]));
    assert_eq!(transports[0]["error"]["code"], "plugin.folder_unreadable", "{transports:?}");
}

#[cfg(unix)]
mod rights {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_others_may_write_is_not_loaded() {
        for (folder_mode, file_mode) in [(0o777, 0o644), (0o775, 0o644), (0o755, 0o666), (0o755, 0o664)] {
            let folder = Folder::new().unwrap();
            strangers::c(FOLDER_C, &[], &folder.file(&library("folder-c"))).unwrap();
            chmod(&folder.file(&library("folder-c")), file_mode);
            chmod(folder.path(), folder_mode);
            let transports: Vec<Value> = listed(&open(&[folder.path()]));
            assert_eq!(transports[0]["error"]["code"], "plugin.writable_by_others", "{folder_mode:o} {file_mode:o}: {transports:?}");
        }
    }

    /// A folder of a folder of a temporary folder, with a plugin in it.
    fn nested(folder: &Folder) -> PathBuf {
        let inner = folder.file("above").join("plugins");
        fs::create_dir_all(&inner).unwrap();
        only_mine(&folder.file("above")).unwrap();
        only_mine(&inner).unwrap();
        strangers::c(FOLDER_C, &[], &inner.join(library("folder-c"))).unwrap();
        inner
    }

    #[test]
    fn a_folder_that_others_can_replace_is_refused() {
        let folder = Folder::new().unwrap();
        let inner = nested(&folder);
        for mode in [0o777, 0o775, 0o757] {
            chmod(&folder.file("above"), mode);
            let transports: Vec<Value> = listed(&open(&[&inner]));
            let error = &transports[0]["error"];
            assert_eq!(error["code"], "plugin.writable_by_others", "{mode:o}: {transports:?}");
            let above = folder.file("above").display().to_string();
            assert!(error["message"].as_str().unwrap().contains(&above), "names the folder that is open to all: {error}");
        }
    }

    #[test]
    fn a_folder_whose_files_only_their_owners_can_replace_may_lie_above() {
        let folder = Folder::new().unwrap();
        let inner = nested(&folder);
        chmod(&folder.file("above"), 0o1777);
        assert_eq!(entry(&open(&[&inner]), &library("folder-c"))["name"], "folder-c");
        // The plugins' own folder is another matter: anybody could add one.
        chmod(&inner, 0o1777);
        let transports: Vec<Value> = listed(&open(&[&inner]));
        assert_eq!(transports[0]["error"]["code"], "plugin.writable_by_others", "{transports:?}");
    }

    #[test]
    fn a_pipe_in_the_plugin_folder_does_not_hang() {
        let folder = Folder::new().unwrap();
        let pipe = folder.file(&library("pipe"));
        assert!(std::process::Command::new("mkfifo").arg("-m").arg("600").arg(&pipe).status().unwrap().success());
        assert_eq!(entry(&open(&[folder.path()]), &library("pipe"))["error"]["code"], "plugin.not_a_file");
    }

    #[test]
    fn a_link_into_a_folder_that_others_may_write_is_not_followed() {
        let (folder, open_to_all) = (Folder::new().unwrap(), Folder::new().unwrap());
        strangers::c(FOLDER_C, &[], &open_to_all.file(&library("folder-c"))).unwrap();
        symlink(open_to_all.file(&library("folder-c")), folder.file(&library("folder-c"))).unwrap();
        assert_eq!(entry(&open(&[folder.path()]), &library("folder-c"))["name"], "folder-c", "a link as such is fine");
        chmod(open_to_all.path(), 0o777);
        assert_eq!(entry(&open(&[folder.path()]), &library("folder-c"))["error"]["code"], "plugin.writable_by_others");
    }
}

#[test]
fn a_pinned_plugin_is_loaded_only_unchanged() {
    use sha2::{Digest, Sha256};
    let folder = Folder::new().unwrap();
    let name = library("folder-c");
    strangers::c(FOLDER_C, &[], &folder.file(&name)).unwrap();
    let digest = Sha256::digest(fs::read(folder.file(&name)).unwrap());
    let pin: String = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    let config = json!({"plugins": [folder.path()], "pins": {name.as_str(): format!("sha256:{pin}")}});

    assert_eq!(entry(&open_with(config.clone(), Box::new(())), &name)["name"], "folder-c");
    let mut changed = fs::read(folder.file(&name)).unwrap();
    changed.push(0);
    // The loaded file stays as it is: overwriting a library that is in use ends the processes that use it.
    fs::remove_file(folder.file(&name)).unwrap();
    fs::write(folder.file(&name), changed).unwrap();
    only_mine(&folder.file(&name)).unwrap();
    let error = entry(&open_with(config, Box::new(())), &name)["error"].clone();
    assert_eq!(error["code"], "plugin.pin_mismatch", "{error}");
}

/// The file is swapped as soon as it is open, while its digest is made: what was digested is what is loaded, or nothing.
#[test]
#[cfg(target_os = "linux")]
fn a_pinned_file_cannot_be_swapped_between_the_look_and_the_loading() {
    use sha2::{Digest, Sha256};
    use std::sync::atomic::{AtomicBool, Ordering};
    let folder = Folder::new().unwrap();
    let (name, mark, plugins) = (library("odd"), folder.file("mark"), folder.file("plugins"));
    let (plugin, bad) = (plugins.join(&name), folder.file("bad"));
    fs::create_dir(&plugins).unwrap();
    only_mine(&plugins).unwrap();
    strangers::c(ODD, &["FAILS"], &plugin).unwrap();
    strangers::c(ODD, &["FAILS", &format!("MARK=\"{}\"", mark.display())], &bad).unwrap();
    // What stands behind a library is not loaded, and gives the digest something to do.
    let mut good = fs::read(&plugin).unwrap();
    good.resize(good.len() + 32 * 1024 * 1024, 0);
    fs::write(&plugin, &good).unwrap();
    let pin: String = Sha256::digest(good).iter().map(|byte| format!("{byte:02x}")).collect();
    let config = json!({"plugins": [plugins], "pins": {name.as_str(): format!("sha256:{pin}")}});
    let ended = AtomicBool::new(false);
    let is_open = || {
        let mut links = fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
        links.any(|file| file == plugin)
    };
    let swap = || {
        while !is_open() && !ended.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
        fs::rename(&bad, &plugin).unwrap();
        !ended.load(Ordering::Relaxed)
    };
    std::thread::scope(|scope| {
        let swapped = scope.spawn(swap);
        drop(listed(&open_with(config, Box::new(()))));
        ended.store(true, Ordering::Relaxed);
        assert!(swapped.join().unwrap(), "it was swapped too late");
    });
    assert!(!mark.exists(), "the file without the pin was run");
}

/// Where nothing is found the error says where was looked and what was there.
#[test]
fn a_transport_that_is_not_there_says_where_it_was_looked_for() {
    let (empty, odd) = (Folder::new().unwrap(), Folder::new().unwrap());
    let nowhere = empty.file("nowhere");
    strangers::c(ODD, &["NO_SYMBOL"], &odd.file(&library("odd"))).unwrap();
    let error = |folders: &[&Path]| Account::open(&open(folders), &settings("smtp", json!({})), None).err().unwrap().message.clone();
    let message = error(&[empty.path()]);
    assert!(message.contains(&format!("{} (no plugin in it)", empty.path().display())), "{message}");
    let message = error(&[empty.path(), &nowhere, odd.path()]);
    for part in
        [format!("{} (there is no such folder)", nowhere.display()), format!("{} (nothing in it can be used)", odd.path().display())]
    {
        assert!(message.contains(&part), "{part}: {message}");
    }
    let message = error(&[odd.path()]);
    assert!(message.contains("is not a Postkontor plugin"), "the reason of the file: {message}");
}
