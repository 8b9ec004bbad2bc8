//! Page A: the rows that POP3 and IMAP have in common.

use crate::form::{Form, steps};
use crate::recorder::Recorder;
use openssl::ssl::SslVersion;
use postkontor_core::Status;
use postkontor_tests::dovecot::USERS;
use postkontor_tests::ports::Closed;
use postkontor_tests::relay::{Fault, Relay};
use postkontor_tests::scripted::Scripted;
use postkontor_tests::tunnel::Tunnel;
use serde_json::{Value, json};
use std::io::Read;
use std::net::TcpListener;

const BOTH: [&str; 2] = ["pop3", "imap"];

fn ports(form: &Form, id: &str) -> (u16, u16) {
    let dovecot = form.exim.dovecot();
    if id == "pop3" { (dovecot.pop3, dovecot.pop3s) } else { (dovecot.imap, dovecot.imaps) }
}

fn port(port: u16) -> Value {
    json!({"server": {"port": port}})
}

fn mode(port: u16, mode: &str) -> Value {
    json!({"server": {"port": port}, "tls": {"mode": mode}})
}

#[test]
fn server_name_and_port_are_where_it_connects() {
    for id in BOTH {
        let Some(form) = Form::a() else { return };
        let form = form.make_folders(&["Postausgang"]);
        let connect = form.good(id, "connect")["facts"].clone();
        assert_eq!((&connect["host"], &connect["port"]), (&json!("localhost"), &json!(ports(&form, id).0)));
        let closed = Closed::new().unwrap();
        let step = form.with_account(id, port(closed.port)).failed(id);
        assert_eq!((&step["step"], &step["code"]), (&json!("connect"), &json!("net.refused")), "{step:#}");
        assert_eq!((&step["facts"]["port"], &step["status_number"]), (&json!(closed.port), &json!(7)));
    }
}

#[test]
fn without_a_port_it_is_the_one_for_tls_and_tls_begins_with_the_first_byte() {
    for (id, usual) in [("pop3", 995), ("imap", 993)] {
        let Some(form) = Form::a() else { return };
        let form = form
            .with(json!({"user": {"accounts": {id: {"server": {"port": null}}}}, "workstation": {"accounts": {id: {"server": {"host": "127.0.7.93"}}}}}));
        // Not every user may listen there; where it connects shows either way.
        let Ok(listener) = TcpListener::bind(("127.0.7.93", usual)) else {
            let step = form.failed(id);
            assert_eq!((&step["step"], &step["facts"]["port"]), (&json!("connect"), &json!(usual)), "{step:#}");
            continue;
        };
        let first = std::thread::spawn(move || {
            let mut byte = [0];
            listener.accept().unwrap().0.read_exact(&mut byte).unwrap();
            byte[0]
        });
        assert_eq!(form.failed(id)["step"], "tls");
        assert_eq!(first.join().unwrap(), 22, "{id}: a TLS handshake");
    }
}

#[test]
fn timeout_is_a_number_and_ends_a_test_with_a_silent_server() {
    for id in BOTH {
        let Some(form) = Form::a() else { return };
        let form = form.with_account(id, json!({"server": {"timeout_seconds": "zwanzig"}}));
        let [(pointer, code, message)] = form.problems("de").try_into().unwrap();
        assert_eq!((pointer, code.as_str()), (format!("/user/accounts/{id}/server/timeout_seconds"), "settings.wrong_type"));
        assert!(message.contains("Zahl"), "{message}");
        assert_eq!(form.open(Some(id)).err().unwrap().status, Status::Settings);

        let silent = Scripted::start(|mut stream| stream.read(&mut [0]).map(drop)).unwrap();
        let form = form.with_account(id, json!({"server": {"port": silent.port, "timeout_seconds": 1}}));
        let step = form.failed(id);
        assert_eq!((&step["step"], &step["status_number"]), (&json!("greeting"), &json!(8)), "{step:#}");
        let error = form.receive(Some(id), json!({})).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Timeout, "net.idle_timeout"));

        // A byte a second is never idle for long, and yet the whole test has its end.
        let dripping = Relay::start(ports(&form, id).0, Fault::Drip(0)).unwrap();
        let step = form.with_account(id, json!({"server": {"port": dripping.port, "timeout_seconds": 2}})).failed(id);
        assert_eq!((&step["step"], &step["code"]), (&json!("greeting"), &json!("call.timeout")), "{step:#}");
    }
}

#[test]
fn user_and_password_open_the_mailbox_and_the_password_shows_nowhere() {
    for id in BOTH {
        let Some(form) = Form::a() else { return };
        let form = form.make_folders(&["Postausgang"]);
        assert_eq!(form.good(id, "login")["facts"]["user"], json!(form.user));
        let secret = "Falsch-und-geheim-8";
        let form = form.with_account(id, json!({"auth": {"method": "auto", "user": form.user, "password": secret, "account": null}}));
        let step = form.failed(id);
        assert_eq!((&step["step"], &step["code"], &step["status_number"]), (&json!("login"), &json!("auth.refused"), &json!(5)));
        assert!(!form.test(id).to_string().contains(secret) && !form.check("en").to_string().contains(secret));
        assert!(form.check("en")["secrets"].to_string().contains(&format!("/accounts/{id}/auth/password")));
        let error = form.receive(Some(id), json!({})).unwrap_err();
        assert!(!serde_json::to_string(&error).unwrap().contains(secret) && !format!("{error:?}").contains(secret));
        assert!(!form.test(id).to_string().contains(USERS[0].1));
    }
}

#[test]
fn use_tls_yes_is_tls_of_either_kind_and_never_clear_text() {
    for id in BOTH {
        let Some(form) = Form::a() else { return };
        let mut form = form.make_folders(&["Postausgang"]);
        let (clear, secure) = ports(&form, id);
        for (port, kind) in [(clear, "required"), (secure, "implicit"), (clear, "starttls")] {
            form = form.with_account(id, mode(port, kind));
            assert_eq!(form.good(id, "tls")["facts"]["verified"], true, "{id} {kind}");
        }
        let recorder = Recorder::start(id);
        form = form.with_account(id, mode(recorder.port, "required"));
        let step = form.failed(id);
        assert_eq!((&step["step"], &step["code"], &step["status_number"]), (&json!("tls"), &json!("tls.not_offered"), &json!(6)));
        assert!(recorder.heard().iter().all(|line| line.contains("CAPA")), "{:?}", recorder.heard());
    }
}

#[test]
fn auto_without_tls_and_use_tls_no_give_no_password_in_clear_text_unless_the_settings_say_so() {
    for id in BOTH {
        let Some(form) = Form::a() else { return };
        let recorder = Recorder::start(id);
        let mut form = form.make_folders(&["Postausgang"]).with_account(id, mode(recorder.port, "auto"));
        let step = form.failed(id);
        assert_eq!((&step["step"], &step["code"]), (&json!("login"), &json!("auth.cleartext_forbidden")), "{step:#}");
        assert_eq!(step["pointer"], format!("/user/accounts/{id}/auth/allow_cleartext"));
        assert!(recorder.heard().iter().all(|line| line.contains("CAPA")), "{:?}", recorder.heard());
        let clear = ports(&form, id).0;
        form = form.with_account(id, mode(clear, "auto"));
        assert_eq!(form.good(id, "tls")["status"], "ok", "TLS where the server has it");
        form = form.with_account(id, json!({"tls": {"mode": "none", "minimum": null}}));
        assert_eq!(form.failed(id)["code"], "auth.cleartext_forbidden");
        form = form.with_account(id, json!({"auth": {"allow_cleartext": true}}));
        assert_eq!(form.good(id, "login")["status"], "ok");
        let risky = form.warnings();
        for (field, code) in [("tls/mode", "settings.unencrypted"), ("auth/allow_cleartext", "settings.password_in_clear")] {
            assert!(risky.contains(&(format!("/user/accounts/{id}/{field}"), code.to_owned())), "{risky:?}");
        }
    }
}

#[test]
fn use_sasl_yes_takes_the_best_mechanism_and_no_the_protocols_own_command() {
    for (id, own) in [("pop3", "USER"), ("imap", "LOGIN")] {
        let Some(form) = Form::a() else { return };
        let form = form.make_folders(&["Postausgang"]);
        assert_eq!(form.good(id, "login")["facts"]["mechanism"], "SCRAM-SHA-256");
        let account = if id == "pop3" { Value::Null } else { json!("pop3") };
        let form = form.with_account(id, json!({"auth": {"method": "password", "account": account}}));
        assert_eq!(form.good(id, "login")["facts"]["mechanism"], own);
        assert_eq!(form.good(id, "login")["facts"]["user"], json!(form.user));
    }
}

#[test]
fn force_tls_1_2_refuses_old_servers_and_without_it_they_are_reached() {
    for id in BOTH {
        for (version, name) in [(SslVersion::TLS1, "1.0"), (SslVersion::TLS1_1, "1.1"), (SslVersion::TLS1_2, "1.2")] {
            let Some(form) = Form::a() else { return };
            let form = form.make_folders(&["Postausgang"]);
            let old = Tunnel::start(ports(&form, id).0, version).unwrap();
            let form = form.with_account(id, mode(old.port, "implicit"));
            if name == "1.2" {
                assert_eq!(form.good(id, "tls")["facts"]["version"], "1.2");
                continue;
            }
            let step = form.failed(id);
            assert_eq!((&step["step"], &step["code"]), (&json!("tls"), &json!("tls.version_too_old")), "{id} {name}: {step:#}");
            assert_eq!(step["patch"], json!({"user": {"accounts": {id: {"tls": {"minimum": name}}}}}));
            let form = form.with_account(id, json!({"tls": {"minimum": name}}));
            let report = form.test(id);
            assert_eq!(report["ok"], true, "{id} {name}: {report:#}");
            let step = steps(&report, "tls").remove(0);
            assert_eq!((&step["status"], &step["facts"]["version"]), (&json!("warn"), &json!(name)), "{step:#}");
            assert!(form.warnings().contains(&(format!("/user/accounts/{id}/tls/minimum"), "settings.tls_outdated".to_owned())));
        }
    }
}

#[test]
fn the_test_button_shows_every_step_and_fetches_nothing() {
    for id in BOTH {
        let Some(form) = Form::a() else { return };
        let form = form.make_folders(&["Postausgang"]).deliver("da");
        let report = form.test(id);
        for name in ["settings", "secret", "resolve", "connect", "greeting", "capabilities", "tls", "login", "mailbox", "quit"] {
            assert_eq!(steps(&report, name)[0]["status"], "ok", "{id} {name}: {report:#}");
        }
        assert_eq!(steps(&report, "mailbox")[0]["facts"]["messages"], 1);
        assert_eq!(form.receive(Some(id), json!({})).unwrap()["messages"][0]["subject"], "da");
    }
}
