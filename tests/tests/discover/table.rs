//! The table of known providers, by name.

use crate::rig::{found, host};
use postkontor_core::{Provider, providers};
use postkontor_tests::strangers::root;
use serde_json::Value;

#[test]
fn every_provider_of_the_table_is_found_by_its_name_and_what_it_gives_passes_check() {
    let host = host("en");
    let mut named = 0;
    for provider in providers().iter().filter(|provider| provider.has_servers()) {
        for domain in &provider.domains {
            let address = format!("anna@{}", domain.strip_prefix('.').map_or(domain.clone(), |below| format!("contoso.{below}")));
            let found = found(&host, &address);
            let best = &found["proposals"][0];
            assert_eq!((&best["provider"], &best["source"]), (&Value::from(provider.name.as_str()), &Value::from("table")), "{address}");
            for proposal in found["proposals"].as_array().unwrap() {
                let checked = host.check(&proposal["settings"].to_string());
                assert!(checked.ok && checked.problems.is_empty(), "{address}: {:?} {}", checked.problems, proposal["settings"]);
            }
            // Nothing beside the table was asked.
            let tried = found["tried"].as_array().unwrap();
            assert!(tried[1..].iter().all(|tried| tried["result"] == "unneeded"), "{address}: {tried:?}");
        }
        named += 1;
    }
    assert!(named >= 80, "{named}");
}

#[test]
fn a_provider_without_access_for_programs_is_named_and_nothing_else_is_asked() {
    for (language, word) in
        [("en", "gives programs no access"), ("de", "bietet Programmen keinen Zugang"), ("sl", "programom ne omogoča dostopa")]
    {
        let found = found(&host(language), "anna@proton.me");
        let told = found["tried"][0]["message"].as_str().unwrap();
        assert!(told.contains("Proton Mail") && told.contains(word), "{told}");
        assert_eq!((found["proposals"].as_array().unwrap().len(), &found["tried"][1]["result"]), (0, &Value::from("unneeded")));
    }
}

#[test]
fn the_document_lists_the_table() {
    let servers = |provider: &Provider| {
        let shown = [&provider.imap, &provider.pop3, &provider.smtp].into_iter().flatten().map(|server| format!("`{server}`"));
        shown.collect::<Vec<_>>().join(" ")
    };
    let mut table = "\n| Provider | Domains | Recognised by MX | Servers | Login | Source |\n|---|---|---|---|---|---|\n".to_owned();
    for provider in providers() {
        let (login, password) = (format!("{:?}", provider.login).to_lowercase(), format!("{:?}", provider.password).to_lowercase());
        let token = provider.oauth2.as_ref().map_or(String::new(), |_| ", OAuth 2.0".to_owned());
        let servers = servers(provider);
        let login = if servers.is_empty() { "no access".to_owned() } else { format!("{login}, password: {password}{token}") };
        let (domains, mx) = (provider.domains.join(" "), provider.mx.join(" "));
        let host = provider.source.split('/').nth(2);
        let source = host.map_or(provider.source.clone(), |host| format!("[{host}]({})", provider.source));
        table += &format!("| {} | {domains} | {mx} | {servers} | {login} | {source} |\n", provider.name);
    }
    table.push('\n');
    let path = root().join("docs/discovery.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let parts: Vec<&str> = page.split("<!-- providers -->\n").collect();
    let [before, there, after] = parts[..] else { panic!("the page has no place for the table") };
    if std::env::var_os("POSTKONTOR_WRITE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}<!-- providers -->\n{table}<!-- providers -->\n{after}")).unwrap();
    } else {
        assert_eq!(there, table, "docs/discovery.md is stale; see the top of this test");
    }
}
