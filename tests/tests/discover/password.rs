//! A password is tried where a person would send it, over TLS with a good certificate, and seen nowhere.

use crate::dns::{Manner, NameServer, a, srv};
use crate::mail::{PASSWORD, Server, Speech};
use crate::rig::{found, host, host_for};
use crate::ways::autoconfig;
use crate::web::{Web, files};
use crate::world::{ADDRESS, World, identity};
use postkontor_core::{Callbacks, Secret};
use postkontor_tests::certificates::{Certificates, Kind};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const FILE: &str = "autoconfig.firma.example/mail/config-v1.1.xml";

/// A domain whose autoconfig names servers that know the password.
fn domain(imap: &Server, smtp: &Server) -> World {
    let file = autoconfig("imap.firma.example", "smtp.firma.example").replace("%EMAILLOCALPART%", "%EMAILADDRESS%");
    let spots = [("imap.firma.example:993", imap.port), ("smtp.firma.example:587", smtp.port)];
    World::new(Vec::new(), &["autoconfig.firma.example"], files(&[(FILE, &file)]), &spots)
}

fn servers() -> (Server, Server) {
    (Server::start(&identity(), Speech::Imap), Server::start(&identity(), Speech::Submission))
}

#[test]
fn with_the_right_password_the_best_proposal_is_called_working_and_the_password_is_seen_nowhere() {
    let ((imap, smtp), program) = (servers(), Program::default());
    let world = domain(&imap, &smtp);
    let found = found(&host_for(Box::new(program.clone())), &world.request(json!({"password": PASSWORD})));
    let best = &found["proposals"][0];
    assert_eq!(
        (&best["confidence"], &best["tested"]["ok"], &best["tested"]["account"]),
        (&json!(100), &json!(true), &json!("send")),
        "{best:#}"
    );
    assert_eq!(best["settings"]["accounts"]["fetch"]["auth"]["password"], json!({"secret": format!("mail/{ADDRESS}")}));
    let log = program.0.lock().unwrap().clone();
    assert!(!found.to_string().contains(PASSWORD) && !log.contains(PASSWORD) && !log.is_empty());
    // While settings were sought, no password left; and it went over TLS only.
    assert!(world.web.asked().iter().all(|asked| !asked.contains(PASSWORD)));
    assert!(smtp.heard().iter().filter(|line| line.starts_with("plain")).all(|line| !line.contains("AUTH")));
}

#[test]
fn a_wrong_password_is_tried_once_and_says_nothing_against_the_servers() {
    let (imap, smtp) = servers();
    let world = domain(&imap, &smtp);
    let found = found(&host("en"), &world.request(json!({"password": "wrong"})));
    let best = &found["proposals"][0];
    assert_eq!((&best["confidence"], &best["tested"]["ok"]), (&json!(90), &json!(false)), "{best:#}");
    let logins = |line: &&String| line.contains("AUTHENTICATE") || line.contains("LOGIN ");
    assert_eq!(imap.heard().iter().filter(logins).count(), 1, "{:?}", imap.heard());
    assert_eq!(smtp.heard(), [""; 0]);
}

#[test]
fn no_password_goes_to_a_server_whose_certificate_is_another_ones() {
    let wrong = Certificates::shared().unwrap().server(Kind::WrongHost);
    let (imap, smtp) = (Server::start(wrong, Speech::Imap), Server::start(wrong, Speech::Submission));
    let world = domain(&imap, &smtp);
    let found = found(&host("en"), &world.request(json!({"password": PASSWORD})));
    let best = &found["proposals"][0];
    assert_eq!((&best["confidence"], &best["tested"]["ok"]), (&json!(30), &json!(false)), "{best:#}");
    assert_eq!(imap.heard(), [""; 0]);
}

#[test]
fn no_password_goes_where_dns_alone_leads_to_another_domain() {
    let (imap, smtp) = (Server::start(&identity(), Speech::Imap), Server::start(&identity(), Speech::Submissions));
    let records = vec![
        srv("_imaps._tcp.firma.example", 0, 993, "mail.provider.example"),
        srv("_submissions._tcp.firma.example", 0, 465, "mail.provider.example"),
        a("mail.provider.example", [192, 0, 2, 1]),
    ];
    let spots = [("mail.provider.example:993", imap.port), ("mail.provider.example:465", smtp.port)];
    let world = World::with(NameServer::start(records, Manner::Honest), Web::start(&identity(), files(&[])), &[], &spots);
    let found = found(&host("en"), &world.request(json!({"password": PASSWORD})));
    assert_eq!((&found["proposals"][0]["source"], &found["proposals"][0]["tested"]), (&json!("srv"), &Value::Null), "{found:#}");
    assert_eq!((imap.heard(), smtp.heard()), (Vec::new(), Vec::new()));
}

/// A program that knows one secret, and keeps its log.
#[derive(Clone, Default)]
struct Program(Arc<Mutex<String>>);

impl Callbacks for Program {
    fn log(&self, _level: i32, text: &str) {
        self.0.lock().unwrap().push_str(text);
    }

    fn secret_get(&self, name: &str) -> Option<Secret> {
        (name == "erp/mail").then(|| Secret::new(PASSWORD))
    }
}

#[test]
fn the_password_may_be_one_that_the_program_keeps() {
    let (imap, smtp) = servers();
    let world = domain(&imap, &smtp);
    let found = found(&host_for(Box::new(Program::default())), &world.request(json!({"password": {"secret": "erp/mail"}})));
    let best = &found["proposals"][0];
    assert_eq!(
        (&best["confidence"], &best["settings"]["accounts"]["fetch"]["auth"]["password"]),
        (&json!(100), &json!({"secret": "erp/mail"}))
    );
}
