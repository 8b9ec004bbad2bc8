//! The four settings pages.

use super::{Plugins, checked, is, problems};
use postkontor_core::settings::Document;
use postkontor_plugin::Status;
use serde_json::json;

const PAGES: [(&str, &str); 4] = [
    ("a", include_str!("../../../tests/pages/page-a.json")),
    ("b", include_str!("../../../tests/pages/page-b.json")),
    ("c", include_str!("../../../tests/pages/page-c.json")),
    ("d", include_str!("../../../tests/pages/page-d.json")),
];

/// A page's document with example values for what its tests with real servers fill in.
pub(crate) fn page(name: &str) -> String {
    let mut text = PAGES.iter().find(|(page, _)| *page == name).unwrap().1.to_owned();
    for (place, value) in [("\"${pop3.port}\"", "110"), ("\"${smtp.port}\"", "25"), ("\"${imap.port}\"", "993"), ("${user}", "anna")] {
        text = text.replace(place, value);
    }
    for (place, value) in [
        ("${exchange.url}", "https://mail.example.com/EWS/Exchange.asmx"),
        ("${sales}", "sales@example.com"),
        ("${support}", "support@example.com"),
        ("${token_user}", "shared@example.com"),
        ("${tenant}", "example.com"),
        ("${client}", "11111111-2222-3333-4444-555555555555"),
        ("${client_file}", "client.p12"),
        ("${authority}", "https://login.microsoftonline.com"),
    ] {
        text = text.replace(place, value);
    }
    for file in ["branding.html", "logo.png"] {
        text = text.replace(file, &format!("{}/../tests/pages/{file}", env!("CARGO_MANIFEST_DIR")));
    }
    text.replace("${", "").replace(".host}", ".example.com").replace("ca_file}", "ca.pem")
}

pub(crate) fn document(name: &str) -> Document {
    Document::parse(&page(name), &Plugins).unwrap()
}

#[test]
fn all_four_pages_are_accepted() {
    for (name, _) in PAGES {
        let problems = checked(&page(name))["problems"].clone();
        let errors: Vec<_> = problems.as_array().unwrap().iter().filter(|problem| problem["severity"] == "error").collect();
        assert!(errors.is_empty(), "page {name}: {errors:#?}");
        let document = document(name);
        for account in document.accounts() {
            document.account(account).unwrap();
        }
    }
}

#[test]
fn page_a_user_name_and_password_come_from_the_pop3_account() {
    let document = document("a");
    for account in ["smtp", "imap"] {
        let account = document.account(account).unwrap();
        let expected = json!({"method": "auto", "user": "anna", "password": {"secret": "anna"}, "allow_cleartext": false});
        assert_eq!(account.settings["auth"], expected);
        assert_eq!(account.secrets, ["/auth/password"]);
    }
}

#[test]
fn page_a_the_company_sends_by_imap_with_its_own_smtp_in_reserve() {
    let document = document("a");
    assert_eq!(document.default_account(), Some("company-imap"));
    assert_eq!(document.send.fallback, ["company-smtp"]);
    assert_eq!(document.sender.charset, "windows-1250");
    let origin = &checked(&page("a"))["origin"];
    assert_eq!(origin["/accounts/company-smtp/server/host"], "company");
    assert_eq!(origin["/accounts/smtp/server/host"], "workstation");
    assert_eq!(origin["/accounts/smtp/server/port"], "user");
    assert_eq!(origin["/accounts/smtp/tls/verify"], "default");
    assert_eq!(document.place("smtp", "/server/host"), "/workstation/accounts/smtp/server/host");
    assert_eq!(document.place("smtp", "/server/proxy"), "/workstation/accounts/smtp/server/proxy");
    assert_eq!(document.place("smtp", "/tls/verify"), "/user/accounts/smtp/tls/verify");
    assert_eq!(document.place("company-smtp", "/tls/verify"), "/company/accounts/company-smtp/tls/verify");
}

#[test]
fn page_b_an_exact_mechanism_takes_the_credentials_of_the_pop3_account() {
    let document = document("b");
    let auth = document.account("out").unwrap().settings["auth"].clone();
    assert_eq!(auth["method"], "cram-md5");
    assert_eq!((&auth["user"], &auth["password"]), (&json!("anna"), &json!({"secret": "vertrieb"})));
    assert_eq!(auth.get("account"), None);
    assert_eq!(document.account("in").unwrap().settings["auth"]["method"], "ntlm");
}

#[test]
fn page_b_the_account_number_has_four_digits_and_operators_come_as_list_or_text() {
    let receive = document("b").receive;
    assert_eq!(receive.operators, ["MM", "AB"]);
    assert_eq!(receive.workgroups, ["Vertrieb", "Lager"]);
    for number in ["12", "12345", "00l2", "٠٠١٢"] {
        assert_eq!(problems(&json!({"receive": {"number": number}})), is("/receive/number", "settings.number_invalid"));
    }
    assert_eq!(problems(&json!({"receive": {"number": 12}})), is("/receive/number", "settings.wrong_type"));
}

#[test]
fn page_c_what_is_risky_is_a_warning_and_works() {
    let answer = checked(&page("c"));
    let warnings: Vec<_> = answer["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| (problem["pointer"].as_str().unwrap(), problem["code"].as_str().unwrap(), problem["severity"].as_str().unwrap()))
        .collect();
    assert_eq!(
        warnings,
        [
            ("/accounts/external/tls/verify", "settings.unverified", "warning"),
            ("/accounts/unencrypted/tls/mode", "settings.unencrypted", "warning")
        ]
    );
    let html = document("c").sender.html.unwrap();
    assert!(html.enabled && html.template.unwrap().ends_with("/branding.html") && html.logo.unwrap().ends_with("/logo.png"));
    let settings = document("c").account("after-pop3").unwrap().settings.clone();
    assert_eq!((&settings["auth"]["user"], &settings["smtp"]["pop3"]["host"]), (&json!("pbx"), &json!("pop.example.com")));
}

#[test]
fn page_d_smtp_takes_the_token_of_an_exchange_account_and_its_own_mailbox() {
    let document = document("d");
    let account = document.account("smtp-oauth").unwrap();
    let expected = json!({"method": "xoauth2", "user": "shared@example.com", "allow_cleartext": false,
                          "oauth2": {"grant": "client_credentials", "provider": "microsoft", "tenant": "example.com",
                                     "client_id": "11111111-2222-3333-4444-555555555555", "client_secret": {"secret": "application"},
                                     "authority": "https://login.microsoftonline.com"}});
    assert_eq!(account.settings["auth"], expected);
    assert_eq!(account.secrets, ["/auth/oauth2/client_secret"]);
    assert_eq!(document.account("smtp").unwrap().secrets, ["/tls/client_certificate/password", "/auth/password"]);
}

#[test]
fn page_d_switched_off_means_that_nothing_is_checked() {
    let text = r#"{"enabled": false, "accounts": {"x": 7}, "sender": {"colour": "red", "smtp_password": "geheim"}}"#;
    let document = Document::parse(text, &Plugins).unwrap();
    assert!(!document.enabled);
    assert_eq!(document.account("x").unwrap_err().status, Status::Disabled);
    let answer = checked(text);
    assert_eq!((&answer["problems"], &answer["settings"]), (&json!([]), &json!({"enabled": false})));
}
