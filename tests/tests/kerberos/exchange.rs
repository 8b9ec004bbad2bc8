//! Exchange by Negotiate: everything that a mail program does there, with nothing but the ticket of the logged-on user.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use postkontor_tests::certificates::Kind;
use postkontor_tests::exchange::Exchange;
use postkontor_tests::folder::Folder;
use postkontor_tests::kerberos::Domain;
use postkontor_tests::products::Products;
use postkontor_tests::skip;
use postkontor_tests::strangers::postkontor;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::PathBuf;

const MAILBOX: &str = "anna@example.com";

struct Setup {
    domain: Domain,
    exchange: Exchange,
    folder: Folder,
    plugins: PathBuf,
}

impl Setup {
    fn new() -> Option<Setup> {
        if !Domain::is_installed() {
            skip::because("krb5-kdc, krb5-admin-server or krb5-user is not installed");
            return None;
        }
        let domain = Domain::start().unwrap();
        domain.log_on().unwrap();
        let exchange = Exchange::start_with(Kind::Good, Some(&domain)).unwrap()?;
        let folder = Folder::new().unwrap();
        let plugins = Products::built().unwrap().plugins(folder.path(), &["exchange-ews"]).unwrap();
        let account = json!({"transport": "exchange-ews", "auth": {"method": "windows"}, "tls": {"ca_file": exchange.authority()},
            "exchange": {"url": format!("{}/EWS/Exchange.asmx", exchange.secure()), "mailbox": MAILBOX}});
        let document = json!({"accounts": {"main": account}, "sender": {"address": MAILBOX}});
        std::fs::write(folder.file("settings.json"), document.to_string()).unwrap();
        std::fs::write(folder.file("mail.json"), json!({"to": [MAILBOX], "subject": "Rückfrage", "text": "Guten Tag"}).to_string())
            .unwrap();
        Some(Setup { domain, exchange, folder, plugins })
    }

    /// Runs a command as the logged-on user; its one JSON document, and the trace.
    fn run(&self, command: &str, more: &[&OsStr]) -> (Value, String) {
        let (settings, trace) = (self.folder.file("settings.json"), self.folder.file("trace"));
        let mut arguments = vec![command.as_ref(), settings.as_os_str(), "--json".as_ref(), "--plugins".as_ref(), self.plugins.as_os_str()];
        arguments.extend(["--trace".as_ref(), trace.as_os_str()]);
        arguments.extend(more);
        let output = postkontor(arguments).unwrap().envs(self.domain.environment()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let result = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{command}: {said}"));
        assert!(output.status.success(), "{command}: {result:#}");
        (result, std::fs::read_to_string(&trace).unwrap())
    }
}

#[test]
fn a_whole_day_at_exchange_takes_one_ticket_which_is_not_shown() {
    let Some(setup) = Setup::new() else { return };
    setup.exchange.control("POST", "/options", &json!({"methods": ["Negotiate", "NTLM"], "channel_binding": "required"})).unwrap();
    let (report, _) = setup.run("test", &[]);
    assert_eq!(report["ok"], true, "{report:#}");
    let mail = setup.folder.file("mail.json");
    let (receipt, _) = setup.run("send", &["--message".as_ref(), mail.as_os_str()]);
    assert_eq!(receipt["recipients"][0]["status"], "accepted", "{receipt:#}");
    let listed = || setup.run("list", &["--folder".as_ref(), "inbox".as_ref()]).0["messages"].as_array().unwrap().len();
    assert_eq!(listed(), 1);
    let fetched = setup.folder.file("fetched");
    let (received, trace) = setup.run("receive", &["--to".as_ref(), fetched.as_os_str(), "--action".as_ref(), "delete".as_ref()]);
    assert_eq!(received["messages"][0]["subject"], "Rückfrage", "{received:#}");
    assert_eq!(listed(), 0);
    assert!(trace.contains("Authorization: Negotiate ***"), "{trace}");
    hides_what_was_shown(&setup.exchange, &trace);
}

/// No ticket that the double got is in the trace, in base64 at whatever alignment.
fn hides_what_was_shown(exchange: &Exchange, trace: &str) {
    let mut tickets = 0;
    for entry in exchange.log().unwrap() {
        let raw = exchange.raw(&entry).unwrap();
        let head = String::from_utf8_lossy(&raw).into_owned();
        let Some((_, rest)) = head.split_once("Authorization: Negotiate ") else { continue };
        let ticket = BASE64.decode(rest.split("\r\n").next().unwrap()).unwrap();
        tickets += 1;
        for shift in 0..3 {
            let shifted = BASE64.encode([&b"abc"[..shift], &ticket].concat());
            // From the middle, which is cipher text; the beginning says whose server it is, in each ticket alike.
            let middle = &shifted[shifted.len() / 2..shifted.len() / 2 + 40];
            assert!(!trace.contains(middle), "{shift}: {trace}");
        }
    }
    assert!(tickets >= 5, "{tickets} tickets");
}
