//! Tokens got by each grant, shown by each mechanism to each kind of server.

use super::setup::{Keyring, Servers, authorize, browse, open, patience, servers, step};
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::x509::X509;
use postkontor_core::{Account, Status};
use postkontor_tests::folder::Folder;
use serde_json::{Value, json};

const TRANSPORTS: [&str; 3] = ["smtp", "imap", "pop3"];

/// Logs in by both mechanisms to all servers, each by an account of its own.
fn logs_in(servers: &Servers, oauth2: &Value) {
    let keyring = Keyring::default();
    for transport in TRANSPORTS {
        for (method, mechanism) in [("xoauth2", "XOAUTH2"), ("oauthbearer", "OAUTHBEARER"), ("oauth2", "OAUTHBEARER")] {
            let mut account = open(&keyring.host(), &servers.settings(transport, method, oauth2));
            let login = step(&mut account, "login");
            assert_eq!(
                (&login["status"], &login["facts"]["mechanism"]),
                (&json!("ok"), &json!(mechanism)),
                "{transport} {method}: {login:#}"
            );
        }
    }
}

#[test]
fn an_application_logs_in_by_its_secret_with_one_token_for_all_servers() {
    let Some((servers, _turn)) = servers() else { return };
    let client = servers.application("app-secret", json!({}));
    logs_in(servers, &json!({"grant": "client_credentials", "client_id": client, "client_secret": "geheim"}));
    assert_eq!(servers.asked(&client), 1);
}

#[test]
fn an_application_logs_in_by_its_certificate() {
    let Some((servers, _turn)) = servers() else { return };
    let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let mut certificate = X509::builder().unwrap();
    certificate.set_serial_number(&BigNum::from_u32(7).unwrap().to_asn1_integer().unwrap()).unwrap();
    certificate.set_pubkey(&key).unwrap();
    certificate.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    certificate.set_not_after(&Asn1Time::days_from_now(2).unwrap()).unwrap();
    certificate.sign(&key, MessageDigest::sha256()).unwrap();
    let pem = String::from_utf8(certificate.build().to_pem().unwrap()).unwrap();
    let folder = Folder::new().unwrap();
    let file = folder.file("app.pem");
    std::fs::write(&file, [key.private_key_to_pem_pkcs8().unwrap(), pem.clone().into_bytes()].concat()).unwrap();
    let client = servers.application("app-certificate", json!({"certificate": pem}));
    logs_in(servers, &json!({"grant": "client_credentials", "client_id": client, "certificate": {"file": file}}));
}

#[test]
fn a_refresh_token_logs_in_and_its_successor_is_kept() {
    let Some((servers, _turn)) = servers() else { return };
    let keyring = Keyring::default();
    for (transport, scope) in [("smtp", "SMTP.Send"), ("imap", "IMAP.AccessAsUser.All"), ("pop3", "POP.AccessAsUser.All")] {
        let scopes = [format!("https://outlook.office.com/{scope}"), "offline_access".to_owned()];
        let given = json!({"user": "anna@example.com", "audience": "https://outlook.office365.com", "refresh_scopes": scopes});
        let given = servers.entra.control("POST", "/tokens/give", &given).unwrap();
        let first = given["refresh_token"].as_str().unwrap().to_owned();
        keyring.0.lock().unwrap().insert(transport.to_owned(), first.clone());
        let oauth2 =
            json!({"grant": "refresh_token", "client_id": postkontor_tests::exchange::CLIENT, "refresh_token": {"secret": transport}});
        let mut account = open(&keyring.host(), &servers.settings(transport, "xoauth2", &oauth2));
        let login = step(&mut account, "login");
        assert_eq!(login["status"], "ok", "{transport}: {login:#}");
        assert_ne!(keyring.0.lock().unwrap()[transport], first);
    }
}

#[test]
fn a_person_consents_on_another_device_and_in_a_browser() {
    let Some((servers, _turn)) = servers() else { return };
    for (transport, grant) in [("imap", "device_code"), ("pop3", "authorization_code"), ("smtp", "authorization_code")] {
        let keyring = Keyring::default();
        let oauth2 = json!({"grant": grant, "client_id": postkontor_tests::exchange::CLIENT, "refresh_token": {"secret": "consent"}});
        let mut settings = servers.settings(transport, "oauth2", &oauth2);
        // A browser without TLS.
        settings["accounts"]["main"]["auth"]["oauth2"]["authority"] = json!(servers.entra.clear());
        settings["accounts"]["main"]["auth"]["allow_cleartext"] = json!(true);
        let mut account = open(&keyring.host(), &settings);
        let before = step(&mut account, "token");
        assert_eq!((&before["status"], &before["code"]), (&json!("fail"), &json!("oauth.consent_needed")), "{before:#}");
        let begun = authorize(&mut account, &json!({"begin": true})).unwrap();
        assert!(begun["message"].as_str().unwrap().starts_with("Open "), "{begun:#}");
        let browser = if grant == "device_code" {
            let approved = json!({"user_code": begun["user_code"], "state": "approved", "user": "anna@example.com"});
            servers.entra.control("POST", "/tokens/device", &approved).unwrap();
            None
        } else {
            let url = begun["url"].as_str().unwrap().replace("login_hint=anna&", "").to_owned();
            Some(std::thread::spawn(move || browse(&url)))
        };
        let done = authorize(&mut account, &json!({"finish": true})).unwrap_or_else(|error| panic!("{grant}: {error:?}"));
        assert_eq!((&done["account"], &done["kept"]), (&json!("main"), &json!(true)), "{done:#}");
        assert!(browser.is_none_or(|browser| browser.join().unwrap().starts_with("HTTP/1.1 200")));
        assert!(keyring.0.lock().unwrap().contains_key("consent"));
        assert_eq!(step(&mut account, "login")["status"], "ok");
    }
}

#[test]
fn a_token_that_was_revoked_is_renewed_once_and_the_mail_arrives() {
    let Some((servers, _turn)) = servers() else { return };
    let client = servers.application("app-revoked", json!({}));
    let oauth2 = json!({"grant": "client_credentials", "client_id": client, "client_secret": "geheim"});
    let settings = servers.settings("smtp", "xoauth2", &oauth2);
    let send = |to: &str| {
        let mail = json!({"to": [to], "subject": "Rechnung", "text": "Guten Tag"});
        open(&Keyring::default().host(), &settings).send_document(&mail.to_string(), &[], &patience()).map(|receipt| json!(receipt))
    };
    send("first@token.example").unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(servers.asked(&client), 1);
    servers.entra.control("POST", "/tokens/revoke", &json!({})).unwrap();
    send("second@token.example").unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(servers.asked(&client), 2);
    assert!(servers.exim.delivery("second@token.example").is_some(), "{}", servers.exim.log());
    assert_eq!(servers.exim.deliveries("second@token.example").len(), 1);
}

#[test]
fn a_new_token_that_does_not_open_the_mailbox_is_not_asked_for_again() {
    let Some((servers, _turn)) = servers() else { return };
    let client = servers.application("app-foreign", json!({}));
    // The introspection tells Dovecot that the token is another user's.
    servers.entra.control("POST", "/tokens", &json!({"user": "bob@example.com"})).unwrap();
    let oauth2 = json!({"grant": "client_credentials", "client_id": client, "client_secret": "geheim"});
    for (number, transport) in TRANSPORTS.into_iter().enumerate() {
        let mut account = open(&Keyring::default().host(), &servers.settings(transport, "xoauth2", &oauth2));
        let login = step(&mut account, "login");
        let expected = (json!("fail"), json!("oauth.mailbox_not_allowed"), json!("/accounts/main/auth/user"));
        assert_eq!((login["status"].clone(), login["code"].clone(), login["pointer"].clone()), expected, "{transport}: {login:#}");
        // What one transport was refused the next is not offered.
        assert_eq!(servers.asked(&client), number + 1, "{transport}");
    }
}

#[test]
fn a_token_without_the_role_names_it() {
    let Some((servers, _turn)) = servers() else { return };
    let client = servers.application("app-roles", json!({"roles": {"https://outlook.office365.com": ["IMAP.AccessAsApp"]}}));
    servers.entra.control("POST", "/tokens", &json!({"user": "bob@example.com"})).unwrap();
    let oauth2 = json!({"grant": "client_credentials", "client_id": client, "client_secret": "geheim"});
    let mut account = open(&Keyring::default().host(), &servers.settings("pop3", "xoauth2", &oauth2));
    let login = step(&mut account, "login");
    assert_eq!((&login["code"], &login["facts"]["role"]), (&json!("oauth.role_missing"), &json!("POP.AccessAsApp")), "{login:#}");
}

#[test]
fn what_the_provider_refuses_is_the_step_before_the_login() {
    let Some((servers, _turn)) = servers() else { return };
    let client = servers.application("app-refused", json!({}));
    let oauth2 = json!({"grant": "client_credentials", "client_id": client, "client_secret": "falsch"});
    let settings = servers.settings("smtp", "oauth2", &oauth2);
    let mut account = open(&Keyring::default().host(), &settings);
    let token = step(&mut account, "token");
    let expected = (json!("oauth.secret_wrong"), json!("/accounts/main/auth/oauth2/client_secret"), json!(5));
    assert_eq!((token["code"].clone(), token["pointer"].clone(), token["status_number"].clone()), expected, "{token:#}");
    assert_eq!(step(&mut account, "login")["status"], "skipped");
    let error = account.send_document(r#"{"to":["a@token.example"],"text":"x"}"#, &[], &patience()).err().unwrap();
    assert_eq!((error.status, error.code.as_str()), (Status::Auth, "oauth.secret_wrong"));
    assert!(!serde_json::to_string(&error).unwrap().contains("falsch"));
}

#[test]
fn an_account_takes_the_oauth_data_of_another() {
    let Some((servers, _turn)) = servers() else { return };
    let client = servers.application("app-shared", json!({}));
    let oauth2 = json!({"grant": "client_credentials", "client_id": client, "client_secret": {"secret": "app"}});
    let mut settings = servers.settings("imap", "oauth2", &oauth2);
    let mut sending = servers.settings("smtp", "oauth2", &json!({}))["accounts"]["main"].clone();
    sending["auth"] = json!({"method": "xoauth2", "user": "anna", "account": "main"});
    settings["accounts"]["sending"] = sending;
    let keyring = Keyring::default();
    keyring.0.lock().unwrap().insert("app".to_owned(), "geheim".to_owned());
    let mut account = Account::open(&keyring.host(), &settings.to_string(), Some("sending")).unwrap_or_else(|error| panic!("{error:?}"));
    let login = step(&mut account, "login");
    assert_eq!((&login["status"], &login["facts"]["mechanism"]), (&json!("ok"), &json!("XOAUTH2")), "{login:#}");
}
