//! What providers refuse, and what they answer instead of an answer.

use super::provider::{Provider, answer, json, tokens};
use crate::server::{settings, step};
use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::oauth::Audience;
use postkontor_plugin::serde_json::{Value, json as value};
use postkontor_plugin::settings::Tls;
use postkontor_plugin::testing::TestHost;
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

#[test]
fn refusals_of_microsoft_say_which_setting_is_wrong_and_what_to_do() {
    let person = value!({"grant": "refresh_token", "refresh_token": "r"});
    let nothing = value!({});
    for (number, more, code, pointer, advice) in [
        (7_000_215, &nothing, "oauth.secret_wrong", "/auth/oauth2/client_secret", "advice.secret_value"),
        (7_000_222, &nothing, "oauth.secret_expired", "/auth/oauth2/client_secret", "advice.new_secret"),
        (700_016, &nothing, "oauth.client_unknown", "/auth/oauth2/client_id", "advice.check_client"),
        (7_000_112, &nothing, "oauth.client_disabled", "/auth/oauth2/client_id", "advice.ask_directory_administrator"),
        (700_025, &nothing, "oauth.client_is_public", "/auth/oauth2/client_secret", "advice.no_secret"),
        (7_000_218, &person, "oauth.public_client_forbidden", "/auth/oauth2/client_secret", "advice.allow_public_client"),
        (90_002, &nothing, "oauth.tenant_unknown", "/auth/oauth2/tenant", "advice.check_tenant"),
        (50_194, &nothing, "oauth.tenant_needed", "/auth/oauth2/tenant", "advice.enter_tenant"),
        (9_002_346, &person, "oauth.personal_accounts_only", "/auth/oauth2/tenant", "advice.tenant_consumers"),
        (
            1_002_012,
            &value!({"scope": "https://graph.microsoft.com/Mail.Send"}),
            "oauth.scope_wrong",
            "/auth/oauth2/scope",
            "advice.scope_empty",
        ),
        (500_011, &nothing, "oauth.service_missing", "/auth/oauth2/tenant", "advice.check_tenant"),
        (65_001, &person, "oauth.consent_missing", "/auth/oauth2/client_id", "advice.admin_consent"),
        (50_105, &person, "oauth.user_not_assigned", "/auth/oauth2/client_id", "advice.assign_user"),
        (50_076, &person, "oauth.interaction_needed", "/auth/oauth2/refresh_token", "advice.authorize_again"),
        (53_003, &person, "oauth.access_blocked", "", "advice.ask_directory_administrator"),
        (50_057, &person, "oauth.account_disabled", "", "advice.ask_directory_administrator"),
        (50_034, &person, "oauth.mailbox_unknown", "/auth/user", "advice.check_mailbox"),
        (700_082, &person, "oauth.consent_expired", "/auth/oauth2/refresh_token", "advice.authorize_again"),
        (700_027, &nothing, "oauth.certificate_refused", "/auth/oauth2/certificate/file", "advice.upload_certificate"),
        (700_024, &nothing, "oauth.clock_wrong", "", "advice.check_clock"),
        (90_033, &nothing, "oauth.later", "", "advice.try_later"),
    ] {
        let error = refused(microsoft(number), more);
        let step = step(&error, &settings("127.0.0.1", 25), &Tls::default());
        assert_eq!((error.code.as_str(), step.pointer.as_str(), step.advice[0].as_str()), (code, pointer, advice), "{number}");
        assert_eq!(error.args["text"], format!("AADSTS{number}: Something is wrong."), "{number}");
        assert!(error.detail.contains("[correlation id 1111]"), "{}", error.detail);
        assert_eq!(error.status, if code == "oauth.later" { Status::Later } else { Status::Auth });
    }
}

#[test]
fn what_a_patch_repairs_comes_with_one() {
    let patch = |number, more: &Value| step(&refused(microsoft(number), more), &settings("127.0.0.1", 25), &Tls::default()).patch;
    let oauth2 = |members: Value| Some(value!({"auth": {"oauth2": members}}));
    assert_eq!(patch(1_002_012, &value!({"scope": "x"})), oauth2(value!({"scope": null})));
    assert_eq!(patch(9_002_331, &value!({})), oauth2(value!({"tenant": "consumers"})));
    assert_eq!(patch(700_025, &value!({})), oauth2(value!({"client_secret": null, "certificate": null})));
    assert_eq!(patch(7_000_215, &value!({})), None);
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
fn a_refusal_shows_no_more_than_fits_and_nothing_that_moves_a_terminal() {
    let text = format!("\u{1b}[2J{}", "wordy ".repeat(2000));
    let error = refused(json(400, &value!({"error": "invalid_scope", "error_description": text, "error_codes": "none"})), &value!({}));
    let shown = error.args["text"].as_str().unwrap();
    assert!(shown.starts_with("\\u{1b}[2Jwordy") && shown.chars().count() < 500, "{shown}");
}

#[test]
fn a_provider_out_of_reach_is_no_fault_of_the_mail_server() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let oauth2 = value!({"grant": "client_credentials", "provider": "custom", "client_id": "c", "client_secret": "s",
                         "token_url": format!("http://127.0.0.1:{closed}/token")});
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
