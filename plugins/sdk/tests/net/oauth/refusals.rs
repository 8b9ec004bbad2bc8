//! What providers refuse, and what they answer instead of an answer.

use super::provider::{Provider, answer, json, tokens};
use crate::server::{settings, step};
use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::oauth::Audience;
use postkontor_plugin::serde_json::{Value, json as value};
use postkontor_plugin::settings::Tls;
use postkontor_plugin::testing::{ClosedPort, Scratch, TestHost};
use postkontor_plugin::{Error, Secret, Stage, Status, StepStatus};

/// The error of an account with these further members of `auth.oauth2` at a provider with this one answer.
fn refused(reply: Vec<u8>, more: &Value) -> Error {
    let provider = Provider::new(move |_, _| reply.clone());
    // A secret of its own, so that nothing is shared.
    let mut oauth2 = value!({"provider": "microsoft", "grant": "client_credentials", "tenant": "contoso.example", "client_id": "app-1",
                             "client_secret": provider.port.to_string(), "token_url": provider.url("/token")});
    for (name, value) in more.as_object().unwrap() {
        oauth2[name.as_str()] = value.clone();
    }
    let host = TestHost::new();
    let error = tokens(&oauth2, &[], Audience::Smtp).unwrap().access(&host.call(), &mut Recorder::off()).unwrap_err();
    assert_eq!(error.stage, Some(Stage::Token), "{error:?}");
    error
}

/// A refusal as Microsoft words it.
fn microsoft(number: u32) -> Vec<u8> {
    let text = format!("AADSTS{number}: Something is wrong. Trace ID: 0000 Correlation ID: 1111 Timestamp: 2026-11-29 12:00:00Z");
    json(400, &value!({"error": "invalid_request", "error_description": text, "error_codes": [number], "correlation_id": "1111"}))
}

/// A refusal with a word, and the sentence behind it.
#[cfg(unix)]
fn worded(words: &str) -> Vec<u8> {
    let (word, text) = words.split_once(": ").unwrap_or((words, ""));
    json(400, &value!({"error": word, "error_description": text}))
}

/// What an account has that asks in this way.
#[cfg(unix)]
fn asking(by: &str, folder: &Scratch) -> Value {
    match by {
        "application" => value!({}),
        "application with `scope`" => value!({"scope": "https://graph.microsoft.com/Mail.Send"}),
        "person" => value!({"grant": "refresh_token", "refresh_token": "r"}),
        "person, Google" => value!({"provider": "google", "grant": "refresh_token", "refresh_token": "r"}),
        _ => value!({"provider": "google", "service_account": key_file(folder)}),
    }
}

#[cfg(unix)]
fn key_file(folder: &Scratch) -> String {
    let key = openssl::pkey::PKey::from_rsa(openssl::rsa::Rsa::generate(2048).unwrap()).unwrap();
    let key = String::from_utf8(key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    let file = folder.join("key.json");
    std::fs::write(&file, value!({"client_email": "robot@project.example", "private_key": key}).to_string()).unwrap();
    file.display().to_string()
}

#[cfg(unix)]
#[test]
fn each_row_of_the_page_about_diagnosis_is_what_comes_out() {
    let page = include_str!("../../../../../docs/diagnosis.md");
    let section = page.split("## Access by token").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let (folder, mut count) = (Scratch::new(), 0);
    for row in rows {
        let columns: Vec<&str> = row.trim_matches('|').split(" |").map(|column| column.trim()).collect();
        let [says, by, _, code, pointer, advice, patch] = columns[..] else { panic!("{row}") };
        let [says, code, pointer, advice, patch] = [says, code, pointer, advice, patch].map(|column| column.trim_matches('`'));
        let reply = says.strip_prefix("AADSTS").map_or_else(|| worded(says), |number| microsoft(number.parse().unwrap()));
        let error = refused(reply, &asking(by, &folder));
        let step = step(&error, &settings("127.0.0.1", 25), &Tls::default());
        assert_eq!((error.code.as_str(), step.pointer.as_str(), step.advice[0].as_str()), (code, pointer, advice), "{says}");
        let given = step.patch.map(|patch| patch.to_string()).unwrap_or_default();
        assert_eq!(given, patch, "{says}");
        assert_eq!(error.status, if code == "oauth.later" { Status::Later } else { Status::Auth });
        count += 1;
    }
    assert!(count > 25, "{count} rows");
}

#[test]
fn a_refusal_of_microsoft_keeps_its_sentence_and_the_number_for_its_support() {
    let error = refused(microsoft(7_000_215), &value!({}));
    assert_eq!(error.args["text"], "AADSTS7000215: Something is wrong.");
    assert!(error.detail.contains("[correlation id 1111]"), "{}", error.detail);
}

#[test]
fn a_missing_consent_comes_with_the_page_where_an_administrator_gives_it() {
    let error = refused(microsoft(65_001), &value!({}));
    assert_eq!(error.args["link"], "https://login.microsoftonline.com/contoso.example/adminconsent?client_id=app-1");
    let clouded = refused(microsoft(90_094), &value!({"authority": "https://login.microsoftonline.us"}));
    assert_eq!(clouded.args["link"], "https://login.microsoftonline.us/contoso.example/adminconsent?client_id=app-1");
}

#[test]
fn refusals_of_google_say_what_is_wrong() {
    let person = value!({"provider": "google", "grant": "refresh_token", "refresh_token": "r"});
    for (error, text, code) in [
        ("invalid_grant", "Token has been expired or revoked.", "oauth.consent_expired"),
        ("invalid_grant", "Bad Request", "oauth.consent_expired"),
        (
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
            "oauth.clock_wrong",
        ),
        ("invalid_grant", "Invalid JWT Signature.", "oauth.certificate_refused"),
        ("invalid_grant", "Invalid email or User ID", "oauth.mailbox_unknown"),
        ("invalid_grant", "reauth related error (invalid_rapt)", "oauth.interaction_needed"),
        ("invalid_client", "The OAuth client was not found.", "oauth.client_unknown"),
        ("invalid_client", "Unauthorized", "oauth.secret_wrong"),
        ("deleted_client", "The OAuth client was deleted.", "oauth.client_disabled"),
        ("unauthorized_client", "Client is unauthorized to retrieve access tokens using this method.", "oauth.delegation_missing"),
        ("admin_policy_enforced", "", "oauth.access_blocked"),
        ("access_denied", "", "oauth.consent_declined"),
        ("temporarily_unavailable", "", "oauth.later"),
        ("something_new", "Never seen.", "oauth.refused"),
    ] {
        let reply = json(400, &value!({"error": error, "error_description": text}));
        assert_eq!(refused(reply, &person).code, code, "{error}: {text}");
    }
}

#[test]
fn what_is_no_answer_of_a_token_service_is_a_clean_error() {
    let page = "<!DOCTYPE html><title>Sign in</title>";
    let long = "x".repeat(200_000);
    for (reply, status, code) in [
        (answer(200, "text/html", page), Status::Protocol, "oauth.reply_foreign"),
        (answer(200, "application/json", page), Status::Protocol, "oauth.reply_foreign"),
        (answer(403, "text/html", page), Status::Protocol, "oauth.reply_foreign"),
        (answer(503, "text/html", page), Status::Later, "oauth.later"),
        (answer(429, "application/json", "{}"), Status::Later, "oauth.later"),
        (answer(200, "application/json", "[]"), Status::Protocol, "oauth.reply_malformed"),
        (answer(200, "application/json", r#"{"access_token":["t"]}"#), Status::Protocol, "oauth.reply_malformed"),
        (answer(200, "application/json", r#"{"access_token":"a\r\nb"}"#), Status::Protocol, "oauth.reply_malformed"),
        (answer(400, "application/json", r#"{"error":{"code":7}}"#), Status::Protocol, "oauth.reply_malformed"),
        (answer(404, "text/plain", ""), Status::Protocol, "oauth.reply_malformed"),
        (answer(200, "application/json", &long), Status::Protocol, "http.too_large"),
        (b"HTTP/1.1 200 X\r\nContent-Length: 99\r\n\r\n{".to_vec(), Status::Network, "http.truncated"),
        (b"SSH-2.0-OpenSSH\r\n\r\n".to_vec(), Status::Protocol, "http.not_http"),
        (Vec::new(), Status::Network, "net.closed_by_server"),
    ] {
        let shown = String::from_utf8_lossy(&reply[..reply.len().min(120)]).into_owned();
        let error = refused(reply, &value!({}));
        assert_eq!((error.status, error.code.as_str()), (status, code), "{shown}");
        assert!(error.to_string().len() < 2000);
    }
}

#[test]
fn half_an_answer_is_no_token_wherever_it_is_cut() {
    let whole = json(200, &value!({"access_token": "t", "expires_in": 3600}));
    for length in 0..whole.len() {
        let error = refused(whole[..length].to_vec(), &value!({}));
        assert_eq!(error.status, Status::Network, "{length}: {error:?}");
    }
}

#[test]
fn a_refusal_shows_no_more_than_fits_and_nothing_that_moves_a_terminal() {
    let text = format!("\u{1b}[2J{}", "wordy ".repeat(2000));
    let error = refused(json(400, &value!({"error": "invalid_scope", "error_description": text, "error_codes": "none"})), &value!({}));
    let shown = error.args["text"].as_str().unwrap();
    assert!(shown.starts_with("\\u{1b}[2Jwordy") && shown.chars().count() < 500, "{shown}");
}

#[test]
fn a_provider_out_of_reach_is_no_fault_of_the_mail_server() {
    let closed = ClosedPort::new().unwrap();
    let oauth2 = value!({"grant": "client_credentials", "provider": "custom", "client_id": "c", "client_secret": "s",
                         "token_url": format!("http://{}/token", closed.address)});
    let host = TestHost::new();
    let error = tokens(&oauth2, &[], Audience::Smtp).unwrap().access(&host.call(), &mut Recorder::off()).unwrap_err();
    let step = step(&error, &settings("mail.example.com", 25), &Tls::default());
    assert_eq!((step.step, step.status, step.code.as_str()), (Stage::Token, StepStatus::Fail, "net.refused"));
    assert_eq!((step.pointer.as_str(), step.advice[0].as_str(), step.patch), ("/auth/oauth2/token_url", "advice.check_network", None));
}

#[test]
fn settings_that_no_provider_could_serve_are_refused_before_anything_is_sent() {
    for (oauth2, pointer) in [
        (value!({"grant": "client_credentials", "tenant": "t", "client_id": "c"}), "/auth/oauth2/client_secret"),
        (value!({"grant": "client_credentials", "tenant": "t", "client_secret": "s"}), "/auth/oauth2/client_id"),
        (value!({"grant": "client_credentials", "provider": "google"}), "/auth/oauth2/service_account"),
        (value!({"grant": "refresh_token", "client_id": "c"}), "/auth/oauth2/refresh_token"),
        (value!({"grant": "device_code", "client_id": "c", "token_url": "http://login.example.com/token"}), "/auth/oauth2/token_url"),
        (value!({"grant": "device_code", "client_id": "c", "authority": "https://u:p@h"}), "/auth/oauth2/authority"),
    ] {
        let error = tokens(&oauth2, &[], Audience::Smtp).map(drop).unwrap_err();
        assert_eq!(error.at[0].pointer, pointer, "{oauth2}");
    }
}

/// A token with these claims, signed by no one.
fn jwt(claims: &Value) -> Secret {
    use base64::Engine;
    let part = |value: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    Secret::new(format!("{}.{}.x", part(&value!({"alg": "RS256"})), part(claims)))
}

#[test]
fn a_refused_token_tells_which_role_or_audience_is_wrong() {
    let oauth2 = value!({"grant": "client_credentials", "tenant": "t", "client_id": "app-1", "client_secret": "s"});
    let tokens = tokens(&oauth2, &[], Audience::Smtp).unwrap();
    let explained = |claims: Value| tokens.explain(&jwt(&claims), Error::new(Status::Auth, "auth.token_refused"));
    let exchange = "https://outlook.office365.com";
    let missing = explained(value!({"aud": exchange, "roles": ["IMAP.AccessAsApp"]}));
    assert_eq!((missing.code.as_str(), &missing.args["role"]), ("oauth.role_missing", &value!("SMTP.SendAsApp")));
    assert_eq!(explained(value!({"aud": exchange})).code, "oauth.role_missing");
    let wrong = explained(value!({"aud": "https://graph.microsoft.com", "roles": ["Mail.Send"]}));
    assert_eq!((wrong.code.as_str(), wrong.at[0].pointer.as_str()), ("oauth.audience_wrong", "/auth/oauth2/scope"));
    assert_eq!(explained(value!({"aud": exchange, "roles": ["SMTP.SendAsApp"]})).code, "auth.token_refused");
    assert_eq!(tokens.explain(&Secret::new("opaque"), Error::new(Status::Auth, "auth.token_refused")).code, "auth.token_refused");
}
