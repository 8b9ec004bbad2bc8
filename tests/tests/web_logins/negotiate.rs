//! Negotiate with the ticket of the logged-on user, before MIT Kerberos.

use crate::setup::{ask, auth, client, demand, last};
use postkontor_plugin::settings::Method;
use postkontor_tests::certificates::{Certificates, Kind};
use postkontor_tests::exchange::Exchange;
use postkontor_tests::kerberos::Domain;
use postkontor_tests::skip;
use postkontor_tests::tunnel::Tunnel;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;

/// Set in the process that belongs to the domain: the port to log in at.
const PORT: &str = "POSTKONTOR_TEST_PORT";
/// And the authority of its certificate.
const AUTHORITY: &str = "POSTKONTOR_TEST_AUTHORITY";

/// What stands before the result in the output.
const RESULT: &str = "result: ";

/// A process has one Kerberos configuration, from its environment; so the client runs in a process of its own.
#[test]
fn log_in_where_the_environment_says() {
    let (Ok(port), Ok(authority)) = (std::env::var(PORT), std::env::var(AUTHORITY)) else { return };
    let mut client = client(authority.as_ref(), port.parse().unwrap(), &auth(Method::Windows, ""));
    let result = match (ask(&mut client, 0), client.mechanism()) {
        (Ok(status), mechanism) => json!({"status": status, "mechanism": mechanism, "next": ask(&mut client, 0).unwrap()}),
        (Err(error), _) => json!({"code": error.code, "offered": error.args.get("offered")}),
    };
    println!("\n{RESULT}{result}");
}

struct Setup {
    domain: Domain,
    exchange: Exchange,
}

impl Setup {
    fn new(certificate: Kind) -> Option<Setup> {
        if !Domain::is_installed() {
            skip::because("krb5-kdc, krb5-admin-server or krb5-user is not installed");
            return None;
        }
        let domain = Domain::start().unwrap();
        domain.log_on().unwrap();
        let exchange = Exchange::start_with(certificate, Some(&domain)).unwrap()?;
        Some(Setup { domain, exchange })
    }

    /// What comes of a login of the domain's user at this port.
    fn log_in(&self, port: u16) -> Value {
        let mut client = Command::new(std::env::current_exe().unwrap());
        client.args(["--exact", "negotiate::log_in_where_the_environment_says", "--nocapture"]);
        client.envs(self.domain.environment()).env(PORT, port.to_string()).env(AUTHORITY, self.exchange.authority());
        let output = client.output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let result = said.lines().find_map(|line| line.strip_prefix(RESULT)).unwrap_or_else(|| panic!("{said}"));
        serde_json::from_str(result).unwrap()
    }
}

#[test]
fn the_ticket_of_the_logged_on_user_logs_in_bound_to_the_connection() {
    let Some(setup) = Setup::new(Kind::Good) else { return };
    for required in ["required", "none"] {
        demand(&setup.exchange, &["Negotiate", "NTLM"], required);
        assert_eq!(setup.log_in(setup.exchange.port()), json!({"status": 200, "mechanism": "Negotiate", "next": 200}));
        let login = &last(&setup.exchange)["login"];
        assert_eq!((&login["protocol"], &login["binding"]), (&json!("kerberos"), &json!("certificate")), "{login:#}");
    }
    demand(&setup.exchange, &["NTLM", "Basic"], "none");
    let refused = json!({"code": "auth.mechanism_not_offered", "offered": "NTLM, Basic"});
    assert_eq!(setup.log_in(setup.exchange.port()), refused);
    setup.domain.log_off().unwrap();
    assert_eq!(setup.log_in(setup.exchange.port())["code"], "auth.ticket_missing");
}

#[test]
fn a_server_that_forgets_the_login_after_each_request_gets_a_ticket_with_each() {
    let Some(setup) = Setup::new(Kind::Good) else { return };
    for lasts in ["request", "request, as told"] {
        setup.exchange.control("POST", "/options", &json!({"login_lasts": lasts})).unwrap();
        setup.exchange.control("DELETE", "/log", &Value::Null).unwrap();
        assert_eq!(setup.log_in(setup.exchange.port()), json!({"status": 200, "mechanism": "Negotiate", "next": 200}), "{lasts}");
        let statuses: Vec<_> = setup.exchange.log().unwrap().iter().map(|entry| entry["status"].clone()).collect();
        // The server may say so by a 401, which is seen once.
        let refused = if lasts == "request" { 1 } else { 0 };
        assert_eq!(statuses.iter().filter(|status| **status == 401).count(), refused, "{lasts}: {statuses:?}");
    }
}

#[test]
fn a_ticket_over_another_tls_connection_is_refused_where_the_binding_is_required() {
    let Some(setup) = Setup::new(Kind::WrongHost) else { return };
    let tunnel = Tunnel::between(setup.exchange.port()).unwrap();
    demand(&setup.exchange, &["Negotiate"], "required");
    assert_eq!(setup.log_in(tunnel.port)["code"], "auth.ticket_refused");
}

/// A server of the right name and certificate that gives this answer to each request.
fn impostor(answer: &'static str) -> u16 {
    let acceptor = Certificates::shared().unwrap().server(Kind::Good).acceptor(None, None).unwrap().build();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            let Ok(mut stream) = acceptor.accept(socket) else { continue };
            let mut lines = String::new();
            // Until the client has enough of it.
            while read_head(&mut stream, &mut lines) && stream.write_all(answer.as_bytes()).is_ok() {}
        }
    });
    port
}

/// Reads a request without a body.
fn read_head(stream: &mut impl Read, head: &mut String) -> bool {
    head.clear();
    let mut byte = [0];
    while !head.ends_with("\r\n\r\n") {
        if stream.read_exact(&mut byte).is_err() {
            return false;
        }
        head.push(byte[0].into());
    }
    true
}

#[test]
fn a_server_that_does_not_prove_itself_is_another_one() {
    let Some(setup) = Setup::new(Kind::Good) else { return };
    for answer in [
        "HTTP/1.1 200 OK\r\nWWW-Authenticate: Negotiate Z2FyYmFnZQ==\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate Z2FyYmFnZQ==\r\nContent-Length: 0\r\n\r\n",
    ] {
        assert_eq!(setup.log_in(impostor(answer))["code"], "auth.server_unproven", "{answer}");
    }
    let mute = "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(setup.log_in(impostor(mute))["code"], "auth.ticket_refused");
}
