//! Every way in: TLS modes, mechanisms, and what is refused at the door.

use crate::impostor::server;
use crate::setup::{Setup, ask, fetch, letters, patience, subjects};
use postkontor_core::{Account, Action, Status};
use postkontor_tests::certificates::PASSWORD;
use postkontor_tests::dovecot::{MECHANISMS, TOKEN, USERS};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};

const TRANSPORTS: [&str; 2] = ["pop3", "imap"];

fn ports(setup: &Setup, transport: &str) -> (u16, u16) {
    let dovecot = setup.dovecot();
    if transport == "pop3" { (dovecot.pop3, dovecot.pop3s) } else { (dovecot.imap, dovecot.imaps) }
}

/// The facts of the step `login` of a test.
fn mechanism(account: &mut Account) -> String {
    let report: Value = json!(account.test("{}", &patience()).unwrap());
    assert_eq!(report["ok"], true, "{report:#}");
    let login = report["steps"].as_array().unwrap().iter().find(|step| step["step"] == "login").unwrap();
    login["facts"]["mechanism"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn every_tls_mode_leads_to_the_mailbox() {
    let Some(setup) = Setup::with(&letters(&["a", "b"])) else { return };
    for transport in TRANSPORTS {
        let (clear, secure) = ports(&setup, transport);
        let ways = [
            (clear, "none", true),
            (clear, "starttls", false),
            (clear, "required", false),
            (clear, "auto", false),
            (secure, "implicit", false),
        ];
        for (port, mode, consent) in ways {
            let more = json!({"server": {"port": port}, "tls": {"mode": mode}, "auth": {"allow_cleartext": consent}});
            assert_eq!(subjects(&mut setup.account_with(transport, more), json!({})).0, ["a", "b"], "{transport} {mode}");
        }
    }
}

#[test]
fn no_password_in_clear_text_without_consent() {
    let Some(setup) = Setup::new() else { return };
    for transport in TRANSPORTS {
        let (clear, _) = ports(&setup, transport);
        for method in ["auto", "password", "plain", "cram-md5", "digest-md5", if transport == "pop3" { "apop" } else { "login" }] {
            let more = json!({"server": {"port": clear}, "tls": {"mode": "none"}, "auth": {"method": method}});
            let error = fetch(&mut setup.account_with(transport, more), json!({}), |_| Action::Keep).0.unwrap_err();
            assert_eq!((error.status, error.code.as_str()), (Status::Auth, "auth.cleartext_forbidden"), "{transport} {method}");
            assert_eq!(error.at[0].pointer, "/accounts/main/auth/allow_cleartext");
        }
    }
}

/// The server's capabilities, asked for without TLS.
fn offered(port: u16, command: &str, end: &str) -> String {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    (&stream).write_all(command.as_bytes()).unwrap();
    let lines = BufReader::new(&stream).lines().map(Result::unwrap);
    lines.take_while(|line| !line.starts_with(end)).map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_mechanisms_are_those_that_dovecot_offers() {
    let Some(setup) = Setup::new() else { return };
    let imap = offered(setup.dovecot().imap, "a CAPABILITY\r\n", "a ");
    // Before the greeting, which tells them as well, a server that has just begun may ask for patience.
    let words = imap.lines().find_map(|line| line.strip_prefix("* CAPABILITY ")).unwrap().split(' ');
    let mut imap: Vec<&str> = words.filter_map(|word| word.strip_prefix("AUTH=")).collect();
    let pop3 = offered(setup.dovecot().pop3, "CAPA\r\n", ".");
    let mut pop3: Vec<&str> = pop3.lines().find_map(|line| line.strip_prefix("SASL ")).unwrap().split(' ').collect();
    let mut known = MECHANISMS;
    for names in [&mut imap[..], &mut pop3[..], &mut known[..]] {
        names.sort_unstable();
    }
    assert_eq!((&imap[..], &pop3[..]), (&known[..], &known[..]));
}

#[test]
fn every_mechanism_that_dovecot_offers_opens_the_mailbox_in_each_tls_mode() {
    let Some(setup) = Setup::with(&letters(&["a", "b"])) else { return };
    // The access token and the client certificate are anna's.
    setup.dovecot().deliver("anna", &letters(&["a", "b"])).unwrap();
    for transport in TRANSPORTS {
        let (clear, secure) = ports(&setup, transport);
        let ways = [(clear, "none"), (clear, "starttls"), (clear, "required"), (clear, "auto"), (secure, "implicit")];
        for name in MECHANISMS.into_iter().chain((transport == "pop3").then_some("APOP")) {
            for (port, mode) in ways {
                let method = name.to_ascii_lowercase();
                let mut auth = json!({"method": method, "allow_cleartext": mode == "none"});
                if matches!(name, "XOAUTH2" | "OAUTHBEARER") {
                    auth["user"] = json!("anna");
                    auth["oauth2"] = json!({"access_token": TOKEN});
                }
                let mut tls = json!({"mode": mode});
                if name == "EXTERNAL" {
                    if mode == "none" {
                        continue;
                    }
                    auth["user"] = json!("anna");
                    tls["client_certificate"] = json!({"file": setup.exim.files().client_pem()});
                }
                let mut account = setup.account_with(transport, json!({"server": {"port": port}, "tls": tls, "auth": auth}));
                assert_eq!(mechanism(&mut account), name, "{transport} {mode}");
                let listed = ask(account.list(r#"{"folder":""}"#, &patience()));
                assert_eq!(listed["messages"].as_array().unwrap().len(), 2, "{transport} {mode} {name}");
                assert_eq!(subjects(&mut account, json!({})).0, ["a", "b"], "{transport} {mode} {name}");
            }
        }
    }
}

#[test]
fn a_client_certificate_opens_its_own_mailbox_and_no_other() {
    let Some(setup) = Setup::new() else { return };
    let files = setup.exim.files();
    for transport in TRANSPORTS {
        let attempt = |user: &str, certificate: Value| {
            let more = json!({"auth": {"method": "external", "user": user, "password": ""}, "tls": {"client_certificate": certificate}});
            fetch(&mut setup.account_with(transport, more), json!({}), |_| Action::Keep).0
        };
        let pem = json!({"file": files.client_pem()});
        let pkcs12 = json!({"file": files.client_pkcs12(), "password": PASSWORD});
        for (user, certificate) in [("anna", &pem), ("anna", &pkcs12), ("", &pem)] {
            attempt(user, certificate.clone()).unwrap_or_else(|error| panic!("{transport} {user:?}: {error:?}"));
        }
        for (user, certificate) in [(setup.user.as_str(), pem), ("anna", Value::Null), (setup.user.as_str(), Value::Null)] {
            let error = attempt(user, certificate).unwrap_err();
            assert_eq!((error.status, error.code.as_str()), (Status::Auth, "auth.refused"), "{transport} {user}: {error:?}");
        }
    }
}

#[test]
fn ntlm_is_bound_to_the_certificate_and_to_the_service() {
    let Some(setup) = Setup::new() else { return };
    for (transport, target) in [("pop3", "POP/localhost"), ("imap", "IMAP/localhost")] {
        let (clear, secure) = ports(&setup, transport);
        for (port, mode, binding) in [(clear, "none", "none"), (clear, "starttls", "certificate"), (secure, "implicit", "certificate")] {
            let auth = json!({"method": "ntlm", "allow_cleartext": mode == "none"});
            mechanism(&mut setup.account_with(transport, json!({"server": {"port": port}, "tls": {"mode": mode}, "auth": auth})));
            let login = setup.dovecot().ntlm_logins(&setup.user).pop().unwrap();
            assert_eq!((&login["target"], &login["binding"]), (&json!(target), &json!(binding)), "{transport} {mode}");
        }
    }
}

#[test]
fn windows_with_a_given_user_is_ntlm_with_the_domain() {
    let Some(setup) = Setup::new() else { return };
    for transport in TRANSPORTS {
        let more = json!({"auth": {"method": "windows", "user": format!("EXAMPLE\\{}", setup.user)}});
        assert_eq!(mechanism(&mut setup.account_with(transport, more)), "NTLM");
        assert_eq!(setup.dovecot().ntlm_logins(&setup.user).pop().unwrap()["domain"], "EXAMPLE");
        let more = json!({"auth": {"method": "windows", "user": ""}});
        let error = fetch(&mut setup.account_with(transport, more), json!({}), |_| Action::Keep).0.unwrap_err();
        // This server has no Kerberos, and the logged-on user has no NTLM.
        assert_eq!((error.status, error.code.as_str()), (Status::Auth, "auth.mechanism_not_offered"));
    }
}

#[test]
fn an_unverified_server_gets_no_ntlm_unless_it_is_the_pinned_one() {
    for transport in TRANSPORTS {
        let Some(setup) = Setup::new() else { return };
        let unverified = json!({"auth": {"method": "ntlm"}, "tls": {"verify": false}});
        let mut account = setup.account_with(transport, unverified.clone());
        let report: Value = json!(account.test("{}", &patience()).unwrap());
        let step = |name| report["steps"].as_array().unwrap().iter().find(|step| step["step"] == name).unwrap();
        let login = step("login");
        assert_eq!(
            (&login["code"], &login["pointer"]),
            (&json!("auth.server_unverified"), &json!("/accounts/main/tls/verify")),
            "{report:#}"
        );
        assert_eq!(login["advice"].as_array().unwrap().len(), 2, "{login:#}");
        assert!(setup.dovecot().ntlm_logins(&setup.user).is_empty());

        let pin = step("tls")["facts"]["sha256"].as_str().unwrap();
        let pinned = json!({"auth": {"method": "ntlm"}, "tls": {"verify": false, "pin": pin}});
        assert_eq!(mechanism(&mut setup.account_with(transport, pinned)), "NTLM");
        let mut consent = unverified;
        consent["auth"]["allow_cleartext"] = json!(true);
        assert_eq!(mechanism(&mut setup.account_with(transport, consent)), "NTLM");
        assert_eq!(setup.dovecot().ntlm_logins(&setup.user).len(), 2);
    }
}

#[test]
fn the_protocols_own_commands_open_the_mailbox() {
    let Some(setup) = Setup::new() else { return };
    for transport in TRANSPORTS {
        let (clear, secure) = ports(&setup, transport);
        let own = if transport == "pop3" { "USER" } else { "LOGIN" };
        for (port, mode, consent) in [(clear, "starttls", false), (secure, "implicit", false), (clear, "none", true)] {
            let more = json!({"server": {"port": port}, "tls": {"mode": mode}, "auth": {"method": "password", "allow_cleartext": consent}});
            // In clear text APOP is there, which does not show the password.
            let own = if mode == "none" && transport == "pop3" { "APOP" } else { own };
            assert_eq!(mechanism(&mut setup.account_with(transport, more)), own, "{transport} {mode}");
        }
    }
    assert_eq!(mechanism(&mut setup.account("imap")), "SCRAM-SHA-256", "auto takes the best");
}

#[test]
fn names_and_passwords_with_umlauts_are_understood() {
    let Some(setup) = Setup::new() else { return };
    let (user, password) = USERS[1];
    for transport in TRANSPORTS {
        for method in ["password", "plain", "login", "cram-md5", "scram-sha-256", "ntlm"] {
            let more = json!({"auth": {"user": user, "password": password, "method": method}});
            mechanism(&mut setup.account_with(transport, more));
        }
    }
}

#[test]
fn a_wrong_password_is_the_passwords_fault() {
    let Some(setup) = Setup::new() else { return };
    for transport in TRANSPORTS {
        for method in ["auto", "password", "plain", "login", "cram-md5", "digest-md5", "scram-sha-256", "ntlm"] {
            let more = json!({"auth": {"method": method, "password": "falsch-12345"}});
            let error = fetch(&mut setup.account_with(transport, more), json!({}), |_| Action::Keep).0.unwrap_err();
            assert_eq!((error.status, error.code.as_str()), (Status::Auth, "auth.refused"), "{transport} {method}: {error:?}");
            assert!(!format!("{error:?}").contains("falsch-12345"), "{transport} {method}");
            assert!(error.message.contains(&setup.user), "{}", error.message);
        }
    }
}

#[test]
fn a_mechanism_that_is_not_offered_is_never_replaced() {
    let Some(setup) = Setup::new() else { return };
    let pop3 = server("+OK ready\r\n", |command, stream| {
        stream.write_all(if command == "CAPA" { b"+OK\r\nSASL PLAIN SCRAM-SHA-256\r\n.\r\n" } else { b"+OK\r\n" })
    });
    let imap = server("* OK ready\r\n", |command, stream| {
        let tag = command.split(' ').next().unwrap_or_default();
        stream.write_all(format!("* CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=SCRAM-SHA-256\r\n{tag} OK done\r\n").as_bytes())
    });
    for (transport, port) in TRANSPORTS.into_iter().zip([pop3, imap]) {
        for method in ["digest-md5", "cram-md5"] {
            let auth = json!({"method": method, "allow_cleartext": true});
            let more = json!({"server": {"host": "127.0.0.1", "port": port}, "tls": {"mode": "none"}, "auth": auth});
            let error = fetch(&mut setup.account_with(transport, more), json!({}), |_| Action::Keep).0.unwrap_err();
            assert_eq!((error.status, error.code.as_str()), (Status::Auth, "auth.mechanism_not_offered"), "{transport}: {error:?}");
        }
    }
}

#[test]
fn an_untrusted_certificate_ends_it_before_the_password() {
    let Some(setup) = Setup::new() else { return };
    for transport in TRANSPORTS {
        let (clear, secure) = ports(&setup, transport);
        for (port, mode) in [(clear, "starttls"), (secure, "implicit")] {
            let more = json!({"server": {"port": port}, "tls": {"mode": mode, "ca_file": null}});
            let mut settings = setup.settings(transport, more);
            settings["accounts"]["main"]["tls"].as_object_mut().unwrap().remove("ca_file");
            let error = fetch(&mut setup.open(&settings), json!({}), |_| Action::Keep).0.unwrap_err();
            assert_eq!(error.status, Status::Tls, "{transport} {mode}: {error:?}");
        }
    }
}
