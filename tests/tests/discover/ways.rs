//! Each way to settings by itself, what it says, and what leaves the machine by it.

use crate::dns::{Manner, NameServer, a, cname, mx, srv};
use crate::mail::{Server, Speech};
use crate::rig::{found, host};
use crate::web::{Web, files, reply};
use crate::world::{ADDRESS, DOMAIN, World, identity, only, places, results, told};
use serde_json::{Value, json};

/// A file of autoconfig; `{}` are hosts.
pub(crate) fn autoconfig(imap: &str, smtp: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><clientConfig version=\"1.1\"><emailProvider id=\"firma.example\"><domain>firma.example</domain>\
         <displayName>Firma &amp; Co.</displayName>\
         <incomingServer type=\"imap\"><hostname>{imap}</hostname><port>993</port><socketType>SSL</socketType>\
         <username>%EMAILLOCALPART%</username><authentication>password-cleartext</authentication></incomingServer>\
         <outgoingServer type=\"smtp\"><hostname>{smtp}</hostname><port>587</port><socketType>STARTTLS</socketType>\
         <username>%EMAILADDRESS%</username><authentication>password-cleartext</authentication></outgoingServer></emailProvider></clientConfig>"
    )
}

/// What is found by these steps, which must pass `check`.
pub(crate) fn search(world: &World, steps: &[&str]) -> Value {
    let host = host("en");
    let found = found(&host, &world.request(only(steps)));
    for proposal in found["proposals"].as_array().unwrap() {
        let checked = host.check(&proposal["settings"].to_string());
        assert!(checked.ok, "{:?} {}", checked.problems, proposal["settings"]);
    }
    found
}

#[test]
fn srv_names_the_servers_and_a_dot_says_that_there_is_none() {
    let world = World::of_names(vec![
        srv("_imaps._tcp.firma.example", 10, 993, "second.firma.example"),
        srv("_imaps._tcp.firma.example", 0, 993, "IMAP.firma.example"),
        srv("_imap._tcp.firma.example", 0, 143, "old.firma.example"),
        srv("_pop3s._tcp.firma.example", 0, 0, "."),
        srv("_submissions._tcp.firma.example", 0, 0, "."),
        srv("_submission._tcp.firma.example", 0, 587, "smtp.firma.example"),
        a("imap.firma.example", [192, 0, 2, 1]),
        a("smtp.firma.example", [192, 0, 2, 2]),
        a("second.firma.example", [192, 0, 2, 3]),
        a("old.firma.example", [192, 0, 2, 4]),
    ]);
    let found = search(&world, &["srv"]);
    let proposals = found["proposals"].as_array().unwrap();
    assert_eq!(proposals.len(), 1, "{found:#}");
    let expected =
        [format!("fetch imap imap.firma.example:993 implicit {ADDRESS}"), "send smtp smtp.firma.example:587 starttls".to_owned()];
    assert_eq!(places(&proposals[0]), expected);
    assert_eq!((&proposals[0]["source"], &proposals[0]["confidence"]), (&json!("srv"), &json!(85)));
    assert_eq!((results(&found, "srv"), results(&found, "mx")), (vec!["found".to_owned()], vec!["off".to_owned()]));
    // The domain was asked for, never the address, and nothing was connected to.
    assert!(world.dns.asked().iter().all(|(name, _)| !name.contains("anna")), "{:?}", world.dns.asked());
    assert_eq!(world.connected(), [""; 0]);
}

#[test]
fn a_longer_answer_comes_by_tcp_and_forged_ones_before_it_are_passed_over() {
    for manner in [Manner::Cut, Manner::Forged] {
        let records = vec![srv("_imaps._tcp.firma.example", 0, 993, "imap.firma.example"), a("imap.firma.example", [192, 0, 2, 1])];
        let world = World::with(NameServer::start(records, manner), Web::start(&identity(), files(&[])), &[], &[]);
        let found = search(&world, &["srv"]);
        assert_eq!(places(&found["proposals"][0]), [format!("fetch imap imap.firma.example:993 implicit {ADDRESS}")], "{found:#}");
    }
}

#[test]
fn autoconfig_is_read_at_both_places_of_the_domain_without_the_address() {
    let file = autoconfig("imap.%EMAILDOMAIN%", "smtp.firma.example");
    for url in ["autoconfig.firma.example/mail/config-v1.1.xml", "firma.example/.well-known/autoconfig/mail/config-v1.1.xml"] {
        let world = World::new(Vec::new(), &[DOMAIN, "autoconfig.firma.example"], files(&[(url, &file)]), &[]);
        let found = search(&world, &["autoconfig"]);
        let best = &found["proposals"][0];
        let expected = [
            "fetch imap imap.firma.example:993 implicit anna.berg".to_owned(),
            format!("send smtp smtp.firma.example:587 starttls {ADDRESS}"),
        ];
        assert_eq!(places(best), expected, "{url}: {found:#}");
        assert_eq!((&best["provider"], &best["confidence"]), (&json!("Firma & Co."), &json!(90)));
        assert!(world.web.asked().iter().all(|asked| !asked.contains("anna")), "{:?}", world.web.asked());
        assert_eq!(world.dns.asked(), []);
    }
}

#[test]
fn the_database_of_mozilla_is_a_step_of_its_own() {
    let file = autoconfig("mail.provider.example", "mail.provider.example");
    let at = files(&[("autoconfig.thunderbird.net/v1.1/firma.example", &file)]);
    let world = World::new(Vec::new(), &["autoconfig.thunderbird.net"], at, &[]);
    let found = search(&world, &["database"]);
    let best = &found["proposals"][0];
    assert_eq!((&best["source"], &best["confidence"]), (&json!("autoconfig"), &json!(75)));
    assert!(best["notes"][0].as_str().unwrap().contains("mail.provider.example"), "{best:#}");
    search(&world, &["autoconfig"]);
    assert_eq!(world.connected().iter().filter(|place| place.contains("thunderbird")).count(), 1);
}

#[test]
fn mx_leads_to_the_provider_and_a_domain_of_ones_own_gets_its_servers() {
    let world = World::of_names(vec![mx(DOMAIN, 20, "mx01.gmx.net"), mx(DOMAIN, 10, "w0123456.kasserver.com")]);
    let found = search(&world, &["mx"]);
    let best = &found["proposals"][0];
    assert_eq!(places(best)[0], format!("fetch imap w0123456.kasserver.com:993 implicit {ADDRESS}"));
    assert_eq!((&best["provider"], &best["source"]), (&json!("ALL-INKL.COM"), &json!("mx")));
    // Microsoft 365 has no passwords: IMAP and SMTP by token, POP3, and Graph.
    let world = World::of_names(vec![mx(DOMAIN, 0, "firma-example.mail.protection.outlook.com")]);
    let found = found_with(&world, json!({"client_id": "11111111-2222-3333-4444-555555555555"}));
    let all: Vec<&Value> = found["proposals"].as_array().unwrap().iter().collect();
    let transports: Vec<String> = all.iter().map(|proposal| places(proposal)[0].split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(transports, ["fetch imap", "mailbox graph", "fetch pop3"]);
    assert_eq!(all[0]["settings"]["accounts"]["send"]["auth"]["oauth2"]["grant"], "authorization_code");
}

fn found_with(world: &World, more: Value) -> Value {
    let mut request: Value = serde_json::from_str(&world.request(only(&["mx"]))).unwrap();
    postkontor_tests::merge_patch::apply(&mut request, more);
    found(&host("en"), &request.to_string())
}

#[test]
fn autodiscover_finds_exchange_without_a_login() {
    let json = r#"{"Protocol":"EWS","Url":"https://mail.firma.example/EWS/Exchange.asmx"}"#;
    let world = World::new(
        Vec::new(),
        &["autodiscover.firma.example"],
        files(&[("autodiscover.firma.example/autodiscover/autodiscover.json", json)]),
        &[],
    );
    let found = search(&world, &["autodiscover"]);
    assert_eq!(places(&found["proposals"][0]), [format!("mailbox exchange-ews https://mail.firma.example/EWS/Exchange.asmx {ADDRESS}")]);
    assert_eq!(found["proposals"][0]["settings"]["send"]["account"], "mailbox");
    assert!(world.web.asked().iter().all(|asked| !asked.to_ascii_lowercase().contains("\nauthorization:")), "{:?}", world.web.asked());
}

#[test]
fn autodiscover_of_the_older_form_names_servers_of_any_kind() {
    let protocol = |kind: &str, port: u16, more: &str| {
        format!(
            "<Protocol><Type>{kind}</Type><Server>mail.firma.example</Server><Port>{port}</Port><SSL>on</SSL>{more}<LoginName>anna</LoginName></Protocol>"
        )
    };
    let body = format!(
        "<Autodiscover xmlns=\"u\"><Response xmlns=\"v\"><Account><AccountType>email</AccountType><Action>settings</Action>{}{}</Account></Response></Autodiscover>",
        protocol("IMAP", 993, ""),
        protocol("SMTP", 587, "<Encryption>TLS</Encryption>")
    );
    let answer = move |line: &str, sent: &str, stream: &mut crate::web::Secured| {
        let is_asked = line.starts_with("POST https://autodiscover.firma.example/autodiscover/autodiscover.xml") && sent.contains(ADDRESS);
        if is_asked { reply(stream, "200 OK", "Content-Type: text/xml\r\n", &body) } else { reply(stream, "404 Not Found", "", "") }
    };
    let world = World::new(Vec::new(), &["autodiscover.firma.example"], Box::new(answer), &[]);
    let found = search(&world, &["autodiscover"]);
    assert_eq!(
        places(&found["proposals"][0]),
        ["fetch imap mail.firma.example:993 implicit anna", "send smtp mail.firma.example:587 starttls"]
    );
}

#[test]
fn usual_names_count_with_tls_and_a_certificate_for_their_name() {
    let (imap, smtp) = (Server::start(&identity(), Speech::Imap), Server::start(&identity(), Speech::Submission));
    let world = World::new(
        vec![mx(DOMAIN, 0, "mx.firma.example")],
        &[],
        files(&[]),
        &[("imap.firma.example:993", imap.port), ("smtp.firma.example:587", smtp.port), ("mx.firma.example:993", imap.port)],
    );
    let found = search(&world, &["mx", "guess"]);
    let best = &found["proposals"][0];
    assert_eq!(
        places(best),
        [format!("fetch imap imap.firma.example:993 implicit {ADDRESS}"), "send smtp smtp.firma.example:587 starttls".to_owned()]
    );
    assert_eq!((&best["source"], &best["confidence"]), (&json!("guess"), &json!(60)));
    // No login, and no name of this machine.
    assert_eq!(imap.heard(), [""; 0]);
    assert_eq!(smtp.heard(), ["plain EHLO [127.0.0.1]\r\n", "plain STARTTLS\r\n"]);
    assert!(world.connected().contains(&"mx.firma.example:465".to_owned()), "{:?}", world.connected());
}

#[test]
fn where_something_of_worth_is_found_nothing_is_guessed_and_the_best_comes_first() {
    let file = autoconfig("imap.firma.example", "smtp.firma.example");
    let world = World::new(
        vec![
            srv("_imaps._tcp.firma.example", 0, 993, "mail.provider.example"),
            a("mail.provider.example", [192, 0, 2, 1]),
            mx(DOMAIN, 0, "mx00.gmx.net"),
        ],
        &["autoconfig.firma.example"],
        files(&[("autoconfig.firma.example/mail/config-v1.1.xml", &file)]),
        &[],
    );
    let found = found(&host("en"), &world.request(json!({})));
    let sources: Vec<&Value> = found["proposals"].as_array().unwrap().iter().map(|proposal| &proposal["source"]).collect();
    assert_eq!(sources, [&json!("autoconfig"), &json!("mx"), &json!("mx"), &json!("srv")], "{found:#}");
    assert_eq!(results(&found, "guess"), ["unneeded"]);
    assert!(!world.connected().iter().any(|place| place.ends_with(":993")), "{:?}", world.connected());
}

#[test]
fn nothing_at_all_is_an_answer_that_says_what_was_tried() {
    let world = World::of_names(Vec::new());
    for (language, word) in [("en", "names no mail servers in DNS"), ("de", "nennt im DNS keine"), ("sl", "v DNS ne navaja")] {
        let found = found(&host(language), &world.request(json!({})));
        assert_eq!(found["proposals"], json!([]));
        assert!(told(&found, "srv").contains(word), "{found:#}");
        for step in ["table", "srv", "mx", "guess"] {
            assert_eq!(results(&found, step), ["nothing"], "{step}: {found:#}");
        }
    }
}

#[test]
fn a_domain_that_takes_no_mail_and_an_alias_are_understood() {
    let found = search(&World::of_names(vec![mx(DOMAIN, 0, ".")]), &["mx"]);
    assert!(told(&found, "mx").contains("takes no mail"), "{found:#}");
    let world = World::of_names(vec![
        cname(DOMAIN, "alias.example"),
        cname("alias.example", "real.example"),
        mx("real.example", 0, "mx00.gmx.net"),
    ]);
    assert_eq!(search(&world, &["mx"])["proposals"][0]["provider"], "GMX");
}
