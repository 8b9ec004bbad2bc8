//! NTLM before pyspnego, and what stands between.

use crate::setup::{ask, auth, client, demand, last};
use postkontor_plugin::Secret;
use postkontor_plugin::settings::Method;
use postkontor_tests::certificates::Kind;
use postkontor_tests::exchange::Exchange;
use postkontor_tests::tunnel::Tunnel;
use serde_json::json;

const USERS: [&str; 3] = ["EXAMPLE\\anna", "anna@example.com", "anna"];

#[test]
fn ntlm_is_bound_to_the_connection_whether_that_is_required_or_not() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    for required in ["required", "none"] {
        for (methods, user) in [(&["NTLM"][..], USERS[0]), (&["NTLM"], USERS[1]), (&["NTLM"], USERS[2]), (&["Negotiate"], USERS[0])] {
            demand(&exchange, methods, required);
            let mut client = client(&exchange.authority(), exchange.port(), &auth(Method::Ntlm, user));
            assert_eq!(ask(&mut client, 0).unwrap(), 200, "{required} {user} {methods:?}");
            let noted = last(&exchange);
            let login = json!({"protocol": "ntlm", "binding": "certificate", "mic": true});
            assert_eq!((&noted["login"], &noted["scheme"]), (&login, &json!(methods[0])), "{noted:#}");
        }
    }
}

#[test]
fn a_large_body_leaves_once_and_the_connection_stays_logged_in() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    demand(&exchange, &["Negotiate", "NTLM"], "required");
    let mut client = client(&exchange.authority(), exchange.port(), &auth(Method::Windows, USERS[0]));
    assert_eq!((ask(&mut client, 5_000_000).unwrap(), ask(&mut client, 0).unwrap()), (200, 200));
    let log = exchange.log().unwrap();
    let large = |entry: &&serde_json::Value| exchange.raw(entry).unwrap().len() > 5_000_000;
    assert_eq!((log.len(), log.iter().filter(large).count()), (4, 1), "{log:#?}");
}

#[test]
fn an_end_of_tls_in_between_is_found_where_the_binding_is_required() {
    // Another certificate than the tunnel's.
    let Some(exchange) = Exchange::start_with(Kind::WrongHost, None).unwrap() else { return };
    let tunnel = Tunnel::between(exchange.port()).unwrap();
    demand(&exchange, &["NTLM"], "required");
    let error = ask(&mut client(&exchange.authority(), tunnel.port, &auth(Method::Ntlm, USERS[0])), 0).unwrap_err();
    assert_eq!(error.code, "auth.binding_refused");
    demand(&exchange, &["NTLM"], "none");
    assert_eq!(ask(&mut client(&exchange.authority(), tunnel.port, &auth(Method::Ntlm, USERS[0])), 0).unwrap(), 200);
    assert_eq!(last(&exchange)["login"]["binding"], "other");
}

#[test]
fn a_wrong_password_is_refused_by_each_login() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    for (method, code) in
        [(Method::Ntlm, "auth.binding_refused"), (Method::Auto, "auth.binding_refused"), (Method::Password, "auth.refused")]
    {
        let mut wrong = auth(method, USERS[0]);
        wrong.password = Secret::new("falsch-12345");
        let error = ask(&mut client(&exchange.authority(), exchange.port(), &wrong), 0).unwrap_err();
        assert_eq!(error.code, code, "{method:?}");
        assert!(!format!("{error:?}").contains("falsch"), "{error:?}");
    }
}

#[test]
fn passwords_with_letters_of_all_kinds_are_understood() {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    let password = "Grüße, žaba 9 \u{1F511}";
    exchange.control("POST", "/users", &json!({"address": "jürgen@example.com", "name": "Jürgen", "password": password})).unwrap();
    for (method, user) in
        [(Method::Ntlm, "EXAMPLE\\jürgen"), (Method::Auto, "jürgen@example.com"), (Method::Password, "jürgen@example.com")]
    {
        let mut given = auth(method, user);
        given.password = Secret::new(password);
        assert_eq!(ask(&mut client(&exchange.authority(), exchange.port(), &given), 0).unwrap(), 200, "{method:?}");
    }
}
