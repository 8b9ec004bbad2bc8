//! A page as a person sees it: filled in, changed, checked, tested, used.

use postkontor_core::{Account, Callbacks, Cancel, Error, Host, Secret};
use postkontor_tests::dovecot::USERS;
use postkontor_tests::exim::{Exim, Port};
use postkontor_tests::folder::Folder;
use postkontor_tests::merge_patch;
use postkontor_tests::products::Products;
use postkontor_tests::{certificates, exchange};
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

const PAGE_A: &str = include_str!("../../pages/page-a.json");
const PAGE_B: &str = include_str!("../../pages/page-b.json");
const PAGE_D: &str = include_str!("../../pages/page-d.json");

/// A page's document, filled in for the servers of the tests and a mailbox of its own.
#[derive(Clone)]
pub(crate) struct Form {
    pub(crate) exim: &'static Exim,
    pub(crate) user: String,
    pub(crate) document: Value,
    host: fn(&str) -> Arc<Host>,
}

/// Knows every secret that the pages refer to.
struct Keyring;

impl Callbacks for Keyring {
    fn secret_get(&self, name: &str) -> Option<Secret> {
        Some(Secret::new(match name {
            "anna" | "company-smtp" | "company-imap" | "vertrieb" | "smtp-vertrieb" | "dienst" => USERS[0].1,
            "p12" => certificates::PASSWORD,
            "support" => exchange::PASSWORD,
            "application" => exchange::SECRET,
            _ => return None,
        }))
    }
}

/// A host with the plugins of the pages A and B that speaks a language. Page B's Exchange has none.
pub(crate) fn host(language: &str) -> Arc<Host> {
    static PLUGINS: OnceLock<String> = OnceLock::new();
    let plugins = PLUGINS.get_or_init(|| plugins(&["pop3", "imap", "smtp"]));
    Host::open(&json!({"language": language, "plugins": [plugins]}).to_string(), Box::new(Keyring)).unwrap()
}

/// The same for page D.
fn host_of_d(language: &str) -> Arc<Host> {
    host_with_log(language, &Value::Null)
}

/// The same, with a log.
pub(crate) fn host_with_log(language: &str, log: &Value) -> Arc<Host> {
    Host::open(&json!({"language": language, "plugins": [plugins_of_d()], "log": log}).to_string(), Box::new(Keyring)).unwrap()
}

/// The folder with the plugins of page D.
pub(crate) fn plugins_of_d() -> &'static str {
    static PLUGINS: OnceLock<String> = OnceLock::new();
    PLUGINS.get_or_init(|| plugins(&["smtp", "exchange-ews", "graph"]))
}

fn plugins(names: &[&str]) -> String {
    // Kept until the process ends: the libraries in it stay loaded.
    let folder = Folder::new().unwrap().keep();
    Products::built().unwrap().plugins(&folder, names).unwrap().display().to_string()
}

pub(crate) fn patience() -> Cancel {
    Cancel::new(Some(Duration::from_secs(60)))
}

impl Form {
    /// Page A: POP3 and IMAP with STLS and STARTTLS, SMTP with STARTTLS.
    pub(crate) fn a() -> Option<Form> {
        Form::new(PAGE_A, None)
    }

    /// Page A with the mailbox of this user.
    pub(crate) fn a_of(user: &str) -> Option<Form> {
        Form::new(PAGE_A, Some(user))
    }

    /// Page B, on the same servers.
    pub(crate) fn b() -> Option<Form> {
        Form::new(PAGE_B, None)
    }

    /// Page D, with what stands in the places of its Exchange connections.
    pub(crate) fn d(places: &[(&str, String)]) -> Option<Form> {
        let mut page = PAGE_D.replace("${client_file}", &Exim::shared()?.files().client_pkcs12().display().to_string());
        for (place, value) in places {
            page = page.replace(&format!("${{{place}}}"), value);
        }
        Some(Form { host: host_of_d, ..Form::new(&page, None)? })
    }

    fn new(page: &str, user: Option<&str>) -> Option<Form> {
        let exim = Exim::shared()?;
        let dovecot = exim.dovecot();
        let user = user.map_or_else(|| dovecot.mailbox(), str::to_owned);
        let mut text = page.to_owned();
        for (place, port) in [("pop3", dovecot.pop3), ("imap", dovecot.imap), ("smtp", exim.port(Port::Standard))] {
            text = text.replace(&format!("\"${{{place}.port}}\""), &port.to_string()).replace(&format!("${{{place}.host}}"), "localhost");
        }
        text = text.replace("${user}", &user).replace("${ca_file}", &exim.files().authority().display().to_string());
        Some(Form { exim, user, document: serde_json::from_str(&text).unwrap(), host })
    }

    /// The same with some fields changed (a merge patch as of RFC 7396).
    pub(crate) fn with(&self, patch: Value) -> Form {
        let mut form = self.clone();
        merge_patch::apply(&mut form.document, patch);
        form
    }

    /// The same with fields of one of the user's accounts on page A changed, or of any account on page B.
    pub(crate) fn with_account(&self, id: &str, patch: Value) -> Form {
        let accounts = json!({"accounts": {id: patch}});
        let layered = self.document.get("user").is_some();
        self.with(if layered { json!({ "user": accounts }) } else { accounts })
    }

    /// The same with fields of an account of the company changed.
    pub(crate) fn with_company(&self, id: &str, patch: Value) -> Form {
        self.with(json!({"company": {"accounts": {id: patch}}}))
    }

    pub(crate) fn open(&self, id: Option<&str>) -> Result<Account, Error> {
        self.open_in(&(self.host)("en"), id)
    }

    /// Opens an account in a host of the test's own.
    pub(crate) fn open_in(&self, host: &Arc<Host>, id: Option<&str>) -> Result<Account, Error> {
        Account::open(host, &self.document.to_string(), id)
    }

    pub(crate) fn account(&self, id: &str) -> Account {
        self.open(Some(id)).unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// What the button "Test" of an account shows.
    pub(crate) fn test(&self, id: &str) -> Value {
        json!(self.account(id).test("{}", &patience()).unwrap())
    }

    /// The test's step of this name, of a test that has to end well.
    pub(crate) fn good(&self, id: &str, step: &str) -> Value {
        let report = self.test(id);
        assert_eq!(report["ok"], true, "{report:#}\n{}", self.exim.log());
        steps(&report, step).remove(0)
    }

    /// The first failed step of a test that has to fail.
    pub(crate) fn failed(&self, id: &str) -> Value {
        let report = self.test(id);
        assert_eq!(report["ok"], false, "{report:#}");
        report["steps"].as_array().unwrap().iter().find(|step| step["status"] == "fail").unwrap_or_else(|| panic!("{report:#}")).clone()
    }

    /// Sends a small mail by an account, or by the one of the settings.
    pub(crate) fn send(&self, id: Option<&str>, to: &str) -> Result<Value, Error> {
        self.send_mail(id, &mail(to))
    }

    /// Sends a mail by an account, or by the one of the settings.
    pub(crate) fn send_mail(&self, id: Option<&str>, mail: &Value) -> Result<Value, Error> {
        let receipt = self.open(id)?.send_document(&mail.to_string(), &[], &patience())?;
        Ok(json!(receipt))
    }

    /// Fetches and keeps everything.
    pub(crate) fn receive(&self, id: Option<&str>, request: Value) -> Result<Value, Error> {
        let result = self.open(id)?.receive(&request.to_string(), None, &patience())?;
        Ok(json!(result))
    }

    /// The subjects of what lies in one of the user's folders, as another program sees it. A folder that is not there holds nothing.
    pub(crate) fn lies(&self, folder: &str) -> Vec<String> {
        let maildir = self.exim.dovecot().maildir(&self.user);
        let maildir = if folder == "INBOX" { maildir } else { maildir.join(format!(".{folder}")) };
        let files = ["new", "cur"].into_iter().flat_map(|state| std::fs::read_dir(maildir.join(state)).into_iter().flatten());
        let texts = files.map(|file| String::from_utf8_lossy(&std::fs::read(file.unwrap().path()).unwrap()).into_owned());
        texts.map(|text| text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap_or_default().trim().to_owned()).collect()
    }

    /// Makes folders as a person does who sets up a mailbox.
    pub(crate) fn make_folders(self, names: &[&str]) -> Form {
        let maildir = self.exim.dovecot().maildir(&self.user);
        for name in names {
            for state in ["cur", "new", "tmp"] {
                std::fs::create_dir_all(maildir.join(format!(".{name}")).join(state)).unwrap();
            }
        }
        postkontor_tests::guard::hand_over(&maildir).unwrap();
        self
    }

    /// Puts a message into the inbox.
    pub(crate) fn deliver(self, subject: &str) -> Form {
        let text = format!("From: Berta <berta@example.com>\nSubject: {subject}\nMessage-ID: <{subject}@example.com>\n\ntext\n");
        self.exim.dovecot().deliver(&self.user, &[text.into_bytes()]).unwrap();
        self
    }

    pub(crate) fn check(&self, language: &str) -> Value {
        json!((self.host)(language).check(&self.document.to_string()))
    }

    /// Pointer, code and message of each problem that is no mere warning.
    pub(crate) fn problems(&self, language: &str) -> Vec<(String, String, String)> {
        let found = self.check(language)["problems"].clone();
        let said = |problem: &Value, what: &str| problem[what].as_str().unwrap().to_owned();
        let errors = found.as_array().unwrap().iter().filter(|problem| problem["severity"] == "error");
        errors.map(|problem| (said(problem, "pointer"), said(problem, "code"), said(problem, "message"))).collect()
    }

    /// Pointer and code of each warning.
    pub(crate) fn warnings(&self) -> Vec<(String, String)> {
        let found = self.check("en")["problems"].clone();
        let warnings = found.as_array().unwrap().iter().filter(|problem| problem["severity"] == "warning");
        warnings.map(|problem| (problem["pointer"].as_str().unwrap().to_owned(), problem["code"].as_str().unwrap().to_owned())).collect()
    }
}

/// A small mail to one recipient, whom it names in its subject.
pub(crate) fn mail(to: &str) -> Value {
    json!({"to": [to], "subject": to, "text": "Guten Tag,\n.anbei die Rechnung.\n"})
}

/// The steps of a report by their name.
pub(crate) fn steps(report: &Value, name: &str) -> Vec<Value> {
    let all = report["steps"].as_array().unwrap().iter();
    all.filter(|step| step["step"] == name).cloned().collect()
}
