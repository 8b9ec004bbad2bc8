//! Page B, row by row.

use crate::form::{Form, patience};
use crate::recorder::Recorder;
use postkontor_core::Status;
use postkontor_tests::exim::{Delivery, Port};
use serde_json::{Value, json};

fn arrives(form: &Form, id: Option<&str>, to: &str) -> Delivery {
    form.send(id, to).unwrap_or_else(|error| panic!("{to}: {error:?}\n{}", form.exim.log()));
    form.exim.delivery(to).unwrap_or_else(|| panic!("{to}: not delivered\n{}", form.exim.log()))
}

fn deliver_to(form: &Form) -> Value {
    let result = form.receive(None, json!({})).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(result["messages"].as_array().unwrap().len(), 1, "{result:#}");
    result["messages"][0]["deliver_to"].clone()
}

#[test]
fn account_number_has_four_digits_and_comes_with_each_message() {
    let Some(form) = Form::b() else { return };
    let mut form = form.deliver("da");
    assert_eq!(deliver_to(&form)["number"], "0012");
    for number in ["12", "12345", "abcd"] {
        form = form.with(json!({"receive": {"number": number}}));
        for (language, word) in [("de", "vier Ziffern"), ("sl", "štiri števke"), ("en", "four digits")] {
            let [(pointer, code, message)] = form.problems(language).try_into().unwrap();
            assert_eq!((pointer.as_str(), code.as_str()), ("/receive/number", "settings.number_invalid"));
            assert!(message.contains(word), "{message}");
        }
        let error = form.open(None).err().unwrap();
        assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Settings, "/receive/number"), "{number}");
    }
}

#[test]
fn email_address_is_the_default_from() {
    let Some(form) = Form::b() else { return };
    let delivery = arrives(&form, None, "from@b.example");
    assert_eq!((delivery.from.as_str(), delivery.field("From")), ("vertrieb@example.com", "vertrieb@example.com"));
    let form = form.with(json!({"sender": {"address": "vertrieb"}}));
    let [(pointer, code, _)] = form.problems("en").try_into().unwrap();
    assert_eq!((pointer.as_str(), code.as_str()), ("/sender/address", "settings.address_invalid"));
}

#[test]
fn exchange_account_without_its_plugin_is_a_clear_problem_and_the_others_go_on() {
    let Some(form) = Form::b() else { return };
    let form = form.with(json!({"accounts": {"in": {"transport": "exchange-ews"}}, "receive": {"account": "in"}}));
    for (language, word) in [("de", "Transport „exchange-ews“"), ("sl", "»exchange-ews«")] {
        let problems = form.problems(language);
        let (_, code, message) = problems.iter().find(|(pointer, _, _)| pointer == "/accounts/in/transport").unwrap();
        assert_eq!(code, "settings.transport_unusable");
        assert!(message.contains(word), "{message}");
    }
    // The fields of POP3 show no more.
    let visible = form.check("en")["visible"].to_string();
    assert!(visible.contains("/accounts/out/server/host") && !visible.contains("/accounts/in/server/host"), "{visible}");
    let error = form.receive(Some("in"), json!({})).unwrap_err();
    assert_eq!((error.status, error.at[0].code.as_str()), (Status::Transport, "settings.transport_unusable"), "{error:?}");
    arrives(&form, Some("out-own"), "exchange@b.example");
}

#[test]
fn pop3_server_name_and_password_are_those_that_are_used() {
    let Some(form) = Form::b() else { return };
    let form = form.deliver("da");
    assert_eq!(form.good("in", "login")["facts"]["user"], json!(form.user));
    assert_eq!(form.receive(None, json!({})).unwrap()["messages"][0]["subject"], "da");
    let form = form.with_account("in", json!({"auth": {"password": "falsch"}}));
    assert_eq!(form.failed("in")["code"], "auth.refused");
}

#[test]
fn spa_is_ntlm_at_the_pop3_server_and_never_another_mechanism() {
    let Some(form) = Form::b() else { return };
    assert_eq!(form.good("in", "login")["facts"]["mechanism"], "NTLM");
    assert_eq!(form.exim.dovecot().ntlm_logins(&form.user).pop().unwrap()["target"], "POP/localhost");
    let recorder = Recorder::start("pop3");
    let clear = json!({"server": {"port": recorder.port}, "tls": {"mode": "none"}, "auth": {"allow_cleartext": true}});
    let step = form.with_account("in", clear).failed("in");
    assert_eq!((&step["step"], &step["code"], &step["status_number"]), (&json!("login"), &json!("auth.mechanism_not_offered"), &json!(5)));
    assert!(recorder.heard().iter().all(|line| line == "CAPA"), "{:?}", recorder.heard());
}

#[test]
fn without_spa_the_password_goes_by_the_protocols_own_command() {
    let Some(form) = Form::b() else { return };
    let form = form.with_account("in", json!({"auth": {"method": "password"}}));
    assert_eq!(form.good("in", "login")["facts"]["mechanism"], "USER");
}

#[test]
fn pop3_ssl_yes_never_goes_in_clear_text_and_no_needs_consent_for_the_password() {
    let Some(form) = Form::b() else { return };
    assert_eq!(form.good("in", "tls")["facts"]["verified"], true);
    let recorder = Recorder::start("pop3");
    let form = form.with_account("in", json!({"server": {"port": recorder.port}}));
    assert_eq!(form.failed("in")["code"], "tls.not_offered");
    let clear = json!({"server": {"port": form.exim.dovecot().pop3}, "tls": {"mode": "none"}});
    let form = form.with_account("in", clear);
    assert_eq!(form.failed("in")["code"], "auth.cleartext_forbidden");
    let form = form.with_account("in", json!({"auth": {"allow_cleartext": true}}));
    assert_eq!(form.good("in", "login")["facts"]["mechanism"], "NTLM");
}

#[test]
fn smtp_own_credentials_off_are_those_of_pop3_and_on_its_own() {
    let Some(form) = Form::b() else { return };
    let form = form.with_account("out-own", json!({"auth": {"user": "anna"}}));
    assert_eq!(arrives(&form, None, "off@b.example").session("user"), form.user);
    assert_eq!(arrives(&form, Some("out-own"), "on@b.example").session("user"), "anna");
    let form = form.with_account("in", json!({"auth": {"user": "niemand"}}));
    assert_eq!(form.send(None, "never@b.example").unwrap_err().status, Status::Auth);
    arrives(&form, Some("out-own"), "still@b.example");
}

#[test]
fn smtp_ssl_yes_is_tls_and_no_is_none() {
    let Some(form) = Form::b() else { return };
    assert_ne!(arrives(&form, None, "tls@b.example").session("tls"), "");
    let form = form.with_account("out", json!({"server": {"port": form.exim.port(Port::Clear)}}));
    assert_eq!(form.send(None, "never@b.example").unwrap_err().code, "tls.not_offered");
    let form = form.with_account("out", json!({"tls": {"mode": "none"}, "auth": {"allow_cleartext": true}}));
    assert_eq!(arrives(&form, None, "clear@b.example").session("tls"), "");
}

#[test]
fn smtp_authentication_required_yes_logs_in_and_no_does_not() {
    let Some(form) = Form::b() else { return };
    let form = form.with_account("out", json!({"server": {"port": form.exim.port(Port::LoginNeeded)}}));
    assert_eq!(arrives(&form, None, "auth@b.example").session("login"), "cram_md5");
    let form = form.with_account("out", json!({"auth": {"method": "none", "account": null}}));
    let error = form.send(None, "never@b.example").unwrap_err();
    assert_eq!(error.server.as_ref().unwrap().code, 530, "{error:?}");
    let form = form.with_account("out", json!({"server": {"port": form.exim.port(Port::Standard)}}));
    assert_eq!(arrives(&form, None, "noauth@b.example").session("login"), "");
}

#[test]
fn smtp_authentication_method_is_exactly_the_chosen_one() {
    let Some(mut form) = Form::b() else { return };
    for (method, name, only, other) in
        [("login", "login", Port::LoginOnly, Port::CramMd5Only), ("cram-md5", "cram_md5", Port::CramMd5Only, Port::LoginOnly)]
    {
        for id in ["out", "out-own"] {
            form = form.with_account(id, json!({"server": {"port": form.exim.port(Port::Standard)}, "auth": {"method": method}}));
            assert_eq!(arrives(&form, Some(id), &format!("{method}.{id}@all.example")).session("login"), name);
            form = form.with_account(id, json!({"server": {"port": form.exim.port(only)}}));
            assert_eq!(arrives(&form, Some(id), &format!("{method}.{id}@only.example")).session("login"), name);
            form = form.with_account(id, json!({"server": {"port": form.exim.port(other)}}));
            let error = form.send(Some(id), "never@method.example").unwrap_err();
            assert_eq!((error.status, error.code.as_str()), (Status::Auth, "auth.mechanism_not_offered"));
            assert!(error.message.contains(&method.to_uppercase()), "{}", error.message);
            let step = form.failed(id);
            assert_eq!((&step["step"], &step["code"]), (&json!("login"), &json!("auth.mechanism_not_offered")));
        }
    }
    assert!(form.exim.deliveries("never@method.example").is_empty());
}

#[test]
fn smtp_user_name_and_password_are_needed_where_they_are_its_own() {
    let Some(form) = Form::b() else { return };
    let form = form.with_account("out-own", json!({"auth": {"user": "", "password": ""}}));
    let pointers: Vec<String> = form.problems("en").into_iter().map(|(pointer, code, _)| format!("{pointer} {code}")).collect();
    assert_eq!(pointers, ["/accounts/out-own/auth/user settings.required", "/accounts/out-own/auth/password settings.required"]);
}

#[test]
fn operators_come_as_list_or_text_and_each_gets_a_copy() {
    let Some(form) = Form::b() else { return };
    let mut form = form.deliver("da");
    for (operators, expected) in [
        (json!("MM; AB;"), json!(["MM", "AB"])),
        (json!("MM"), json!(["MM"])),
        (json!(["MM", "AB", "ČŽ"]), json!(["MM", "AB", "ČŽ"])),
        (json!("MM;AB; MM"), json!(["MM", "AB"])),
    ] {
        form = form.with(json!({"receive": {"operators": operators}}));
        assert_eq!(deliver_to(&form)["operators"], expected);
    }
}

#[test]
fn without_an_operator_fetching_is_refused_and_sending_goes_on() {
    let Some(form) = Form::b() else { return };
    let mut form = form.deliver("da");
    for operators in [json!(null), json!([]), json!(""), json!(" ; ;")] {
        form = form.with(json!({"receive": {"operators": operators}}));
        let error = form.receive(None, json!({})).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Settings, "receive.operator_missing"), "{operators}");
        assert_eq!(error.at[0].pointer, "/receive/operators");
        assert!(error.message.contains("operator"), "{}", error.message);
        let found: Vec<_> = form.problems("en").into_iter().map(|(pointer, code, _)| (pointer, code)).collect();
        assert_eq!(found, [("/receive/operators".to_owned(), "receive.operator_missing".to_owned())], "{operators}");
    }
    arrives(&form, None, "operator@b.example");
    // Workgroups do not take an operator's place.
    assert_eq!(form.document["receive"]["workgroups"], json!(["Vertrieb", "Lager"]));
    let form = form.with(json!({"receive": {"operators": "MM"}}));
    assert_eq!(deliver_to(&form)["operators"], json!(["MM"]));
}

#[test]
fn workgroups_come_as_list_or_text_and_may_be_missing() {
    let Some(form) = Form::b() else { return };
    let mut form = form.deliver("da");
    for (workgroups, expected) in [
        (json!(["Vertrieb", "Lager"]), json!(["Vertrieb", "Lager"])),
        (json!("Vertrieb; Lager"), json!(["Vertrieb", "Lager"])),
        (json!(""), json!([])),
        (json!(null), json!([])),
    ] {
        form = form.with(json!({"receive": {"workgroups": workgroups}}));
        assert_eq!(deliver_to(&form), json!({"number": "0012", "operators": ["MM", "AB"], "workgroups": expected}));
    }
}

#[test]
fn sending_and_fetching_take_their_own_account_where_the_caller_names_none() {
    let Some(form) = Form::b() else { return };
    let form = form.deliver("da");
    let mut account = form.open(None).unwrap();
    let listed: Value = json!(account.list(r#"{"folder":"INBOX"}"#, &patience()).unwrap());
    assert_eq!(listed["messages"].as_array().unwrap().len(), 1, "{listed:#}");
    account.send_document(&crate::form::mail("one@b.example").to_string(), &[], &patience()).unwrap();
    let result: Value = json!(account.receive(r#"{"action":"delete"}"#, None, &patience()).unwrap());
    assert_eq!(result["messages"][0]["subject"], "da");
    assert!(form.lies("INBOX").is_empty());
    assert!(form.exim.delivery("one@b.example").is_some());
    let error = form.receive(Some("out"), json!({})).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Unsupported, "transport.operation_unsupported"));
}

#[test]
fn the_e_mail_address_of_an_account_is_its_sender_over_that_of_the_document() {
    let Some(form) = Form::b() else { return };
    let form = form.with_account("out", json!({"sender": {"address": "lager@example.com", "name": "Lager"}}));
    assert_eq!((form.problems("en"), form.warnings()), (vec![], vec![]));
    let own = arrives(&form, Some("out"), "lager-sender@b.example");
    assert_eq!((own.from.as_str(), own.field("From")), ("lager@example.com", "Lager <lager@example.com>"));
    assert_eq!(arrives(&form, Some("out-own"), "vertrieb-sender@b.example").from, "vertrieb@example.com");
}
