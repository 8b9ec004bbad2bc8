//! The page in a browser, against a mail server and a mailbox.

use crate::built::installed;
use crate::served::{Served, secret_store};
use postkontor_tests::dovecot::USERS;
use postkontor_tests::exim::Exim;
use postkontor_tests::folder::Folder;
use postkontor_tests::merge_patch;
use postkontor_tests::products::Products;
use postkontor_tests::sandbox::{Options, Sandbox};
use postkontor_tests::skip;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;

/// A password that is typed into the page.
const TYPED: &str = "typed-4711-typed";

/// A folder of each mailbox, whose name IMAP writes otherwise.
const FOLDER: &str = "Entwürfe";

const BROWSER: &str = "/usr/bin/chromium";

/// Works a part of form/test/drive.mjs on a settings file, and tells what was seen.
///
/// `given` is what this part alone needs.
pub(crate) fn work(part: &str, settings: &Path, language: &str, given: Value, secrets: &[&str]) -> Option<Value> {
    let sources = installed()?;
    let scratch = Folder::new().unwrap();
    let served = if part == "stranger" { Served::start_with_strangers(settings, language) } else { Served::start(settings, language) };
    let [orders, result] = ["work.json", "result.json"].map(|name| scratch.path().join(name));
    let mut order = json!({
        "part": part, "file": settings, "browser": BROWSER, "profile": scratch.path().join("profile"), "url": served.url, "secrets": secrets, "typed": TYPED,
        // POSTKONTOR_PICTURES=FOLDER keeps what it looked like.
        "pictures": std::env::var_os("POSTKONTOR_PICTURES").map(|folder| folder.into_string().unwrap()),
    });
    merge_patch::apply(&mut order, given);
    std::fs::write(&orders, order.to_string()).unwrap();
    let done = Command::new("node").arg(sources.join("test/drive.mjs")).arg(&orders).arg(&result).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let seen: Value = serde_json::from_slice(&std::fs::read(result).unwrap()).unwrap();
    assert!(seen["failure"].is_null(), "{}\n{:#}", seen["failure"].as_str().unwrap_or_default(), seen);
    assert_eq!(seen["complaints"], json!([]), "the console");
    assert_eq!(seen["leaks"], json!([]), "answers that hold a password");
    assert_eq!(seen["axe"], json!([]), "what axe finds");
    assert_eq!(seen["overflow"], 0, "the page is wider than its window");
    assert!(served.ended(), "the command ends with its tab");
    Some(seen)
}

#[test]
#[cfg(target_os = "linux")]
fn a_person_repairs_tests_sends_saves_and_fetches() {
    use std::os::unix::fs::PermissionsExt;
    if !Path::new(BROWSER).exists() {
        return skip::because("there is no chromium (Debian package chromium)");
    }
    let Some(exim) = Exim::shared() else { return };
    let (sandbox, folder) = (Sandbox::start(Options::default()).unwrap(), Folder::new().unwrap());
    let (user, password) = USERS[0];
    let described = sandbox.describe();
    let tls = |ca: &Value| json!({"mode": "starttls", "ca_file": ca});
    let mailbox = exim.dovecot().mailbox();
    let document = json!({
        "accounts": {
            "office": {"transport": "smtp", "server": {"host": "localhost", "port": 587}, "tls": tls(&described["ca_file"]),
                       "auth": {"user": described["user"], "password": described["password"]}},
            "box": {"transport": "imap", "server": {"host": "localhost", "port": exim.dovecot().imap}, "tls": tls(&json!(exim.files().authority())),
                    "auth": {"user": mailbox, "password": password}},
        },
        "sender": {"address": "anna@example.com", "name": user},
        "send": {"account": "office"}, "receive": {"account": "box"},
    });
    let file = folder.file("settings.json");
    std::fs::write(&file, serde_json::to_string(&document).unwrap()).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let secrets = [described["password"].as_str().unwrap(), password];

    // Connections are taken by the system; nothing is ever said.
    let mute = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let ports = json!({"port": sandbox.tls_port, "mute": mute.local_addr().unwrap().port()});
    let Some(seen) = work("edit", &file, "en", ports, &secrets) else { return };
    assert_eq!((&seen["language"], &seen["label"]), (&json!("de"), &json!("Port")));
    let problem = |name: &str| seen[name][0]["text"].as_str().unwrap_or_default().to_owned();
    assert!(problem("outside").contains("65535"), "{seen:#}");
    assert!(seen["test"]["verdict"].as_str().unwrap().contains("Alles in Ordnung"), "{seen:#}");
    assert!(!problem("unfit").is_empty() && seen["repair"] == "Beheben", "{seen:#}");
    assert_eq!(seen["repaired"]["problems"], json!([]), "{seen:#}");
    assert_eq!(seen["mute"]["isOver"], false, "{seen:#}");
    let steps = seen["test"]["steps"].as_array().unwrap().len();
    let one_by_one: Vec<usize> = (1..=steps).collect();
    assert_eq!(seen["test"]["counts"], json!(one_by_one), "{seen:#}");
    assert!(steps >= 4 && seen["receipt"].as_str().unwrap().contains("gesendet"), "{seen:#}");
    assert_eq!((&seen["password"], &seen["save"]), (&json!("hinterlegt, wird nicht gezeigt"), &json!("Gespeichert")), "{seen:#}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    let saved: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let mut expected = document.clone();
    expected["accounts"]["office"]["server"]["port"] = json!(sandbox.tls_port);
    // The repair of port 465.
    expected["accounts"]["office"]["tls"]["mode"] = json!("implicit");
    assert_eq!(saved, expected);

    let mails: Vec<Vec<u8>> = sandbox.take_mails().iter().map(|mail| mail.text().into_bytes()).collect();
    assert_eq!(mails.len(), 1);
    exim.dovecot().deliver(&mailbox, &mails).unwrap();
    let Some(seen) = work("again", &file, "de", json!({}), &secrets) else { return };
    assert_eq!(
        (&seen["port"], &seen["password"]),
        (&json!(sandbox.tls_port.to_string()), &json!("hinterlegt, wird nicht gezeigt")),
        "{seen:#}"
    );
    assert_eq!(seen["found"], json!(["imap.gmx.net", ""]), "{seen:#}");
    let folders = seen["folders"].as_array().unwrap();
    assert!(folders.contains(&json!("INBOX")) && seen["outbox"] == FOLDER, "{seen:#}");
    assert!(seen["messages"].as_str().unwrap().contains("Testmail von Postkontor"), "{seen:#}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_document_in_layers_keeps_them() {
    if !Path::new(BROWSER).exists() {
        return skip::because("there is no chromium (Debian package chromium)");
    }
    let folder = Folder::new().unwrap();
    let file = folder.file("settings.json");
    let password = "hush-4711-hush";
    let document = json!({
        "company": {"sender": {"address": "office@example.com"}},
        "user": {"accounts": {"mine": {"transport": "smtp", "server": {"port": 587}, "auth": {"user": "anna", "password": password}}}},
        "workstation": {"accounts": {"mine": {"server": {"host": "mail.example.com"}}}},
    });
    std::fs::write(&file, document.to_string()).unwrap();
    let Some(seen) = work("layers", &file, "en", json!({}), &[password, TYPED]) else { return };
    let origins = [("field/server/host", "workstation"), ("field/server/port", "user"), ("field/auth/password", "user")];
    for (field, layer) in origins {
        assert_eq!(seen["origins"][field], layer, "{seen:#}");
    }
    assert!(seen["missing"][0]["code"].is_string() && seen["conflict"].is_string(), "{seen:#}");
    let saved: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let mut expected = document;
    expected["workstation"]["accounts"]["mine"]["server"]["host"] = json!("mail2.example.com");
    let name = saved["user"]["accounts"]["second"]["auth"]["password"]["secret"].as_str().unwrap().to_owned();
    expected["workstation"]["accounts"]["second"] = json!({"server": {"host": "mail3.example.com"}});
    expected["user"]["accounts"]["mine"]["server"]["port"] = json!(2525);
    expected["user"]["accounts"]["second"] = json!({"transport": "smtp", "auth": {"user": "bert", "password": {"secret": name}}});
    assert_eq!(saved, expected);
    // What was typed is where the command keeps secrets.
    let mut list = Command::new(Products::built().unwrap().command());
    let listed = list.args(["secret", "list", "--json"]).envs(secret_store(&file)).output().unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed["secrets"][0]["name"], name, "{listed:#}");
}

#[test]
#[cfg(target_os = "linux")]
fn the_page_says_what_a_migration_moved_and_saves_todays_version() {
    if !Path::new(BROWSER).exists() {
        return skip::because("there is no chromium (Debian package chromium)");
    }
    let folder = Folder::new().unwrap();
    let file = folder.file("settings.json");
    let password = "hush-4711-hush";
    let account = json!({"transport": "smtp", "server": {"host": "mail.example.com"}, "auth": {"user": "anna", "password": password}});
    let document = json!({"version": 0, "accounts": {"main": account}});
    std::fs::write(&file, document.to_string()).unwrap();
    let Some(seen) = work("migrated", &file, "en", json!({}), &[password]) else { return };
    assert!(seen["told"].as_str().unwrap().contains("version 0") && seen["isTold"] == false, "{seen:#}");
    assert_eq!(seen["save"], "Saved", "{seen:#}");
    let saved: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(saved, json!({"version": 1, "accounts": {"main": account}}));
}

/// A certificate with its key in the folder, under the password that is typed; its fingerprint as `openssl` prints it.
fn certificate(folder: &Folder) -> String {
    let openssl = |arguments: &[&str]| {
        let done = Command::new("openssl").args(arguments).current_dir(folder.path()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let request = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "anna.key",
        "-out",
        "anna.pem",
        "-days",
        "400",
        "-subj",
        "/CN=Anna Muster",
    ];
    let purposes =
        ["subjectAltName=email:anna@example.com", "keyUsage=digitalSignature,keyEncipherment", "extendedKeyUsage=emailProtection"];
    openssl(&[&request[..], &purposes.map(|purpose| ["-addext", purpose]).concat()].concat());
    let password = format!("pass:{TYPED}");
    openssl(&["pkcs12", "-export", "-in", "anna.pem", "-inkey", "anna.key", "-out", "anna.p12", "-passout", &password]);
    let printed = openssl(&["x509", "-in", "anna.pem", "-noout", "-fingerprint", "-sha256"]);
    printed.trim().split('=').nth(1).unwrap().to_owned()
}

#[test]
#[cfg(target_os = "linux")]
fn a_chosen_certificate_shows_its_fingerprint_and_its_dates() {
    if !Path::new(BROWSER).exists() {
        return skip::because("there is no chromium (Debian package chromium)");
    }
    let folder = Folder::new().unwrap();
    let (file, fingerprint) = (folder.file("settings.json"), certificate(&folder));
    std::fs::write(&file, json!({"accounts": {"main": {"transport": "sendmail"}}}).to_string()).unwrap();
    let Some(seen) = work("certificate", &file, "en", json!({"certificate": folder.file("anna.p12")}), &[TYPED]) else { return };
    assert_eq!((&seen["closed"][0]["code"], &seen["wrong"][0]["code"]), (&json!("smime.password_missing"), &json!("smime.password_wrong")));
    for place in ["shown", "key", "kept"] {
        let shown = seen[place].as_str().unwrap();
        assert!(shown.contains("CN=Anna Muster") && shown.contains(&format!("Fingerabdruck (SHA-256): {fingerprint}")), "{place}: {shown}");
        let dates = shown.lines().find(|line| line.starts_with("Gültig vom ")).unwrap();
        assert!(dates.contains(" bis ") && dates.contains(". "), "{dates}");
    }
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    let saved: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let (sign, keys) = (&saved["sender"]["smime"]["sign"], saved["receive"]["smime"]["keys"].as_array().unwrap());
    assert_eq!((sign["certificate"] == json!(folder.file("anna.p12")), keys.len()), (true, 1), "{saved:#}");
    assert_ne!(sign["password"]["secret"], keys[0]["password"]["secret"]);
    assert!(sign["password"]["secret"].is_string() && keys[0]["password"]["secret"].is_string(), "{saved:#}");
}
