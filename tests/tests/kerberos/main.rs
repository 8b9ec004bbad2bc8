//! `auth.method` `windows` without a user: the ticket of the logged-on user, before a real KDC and a real Dovecot.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "this is a test")]

mod exchange;

use postkontor_tests::certificates::Certificates;
use postkontor_tests::folder::Folder;
use postkontor_tests::guard::{Guard, hand_over, until, user_and_group};
use postkontor_tests::kerberos::{Domain, USER};
use postkontor_tests::products::Products;
use postkontor_tests::strangers::postkontor;
use postkontor_tests::{ports, skip};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

const TRANSPORTS: [&str; 3] = ["imap", "pop3", "smtp"];

/// A domain with a Dovecot and an Exim in it.
struct Setup {
    domain: Domain,
    plugins: PathBuf,
    authority: PathBuf,
    ports: Vec<u16>,
    _programs: Folder,
    _servers: [Guard; 2],
}

impl Setup {
    fn new() -> Option<Setup> {
        let programs = ["/usr/lib/dovecot/modules/auth/libmech_gssapi.so", "/usr/sbin/exim4"];
        if !Domain::is_installed() || !programs.iter().all(|file| Path::new(file).exists()) {
            skip::because("krb5-kdc, krb5-admin-server, krb5-user, dovecot-gssapi or exim4 is not installed");
            return None;
        }
        let domain = Domain::start().unwrap();
        let root = domain.folder().to_owned();
        std::fs::create_dir(root.join("tls")).unwrap();
        let files = Certificates::shared().unwrap().write(&root.join("tls")).unwrap();
        let ports = ports::free(3).unwrap();
        std::fs::write(root.join("dovecot.conf"), fill(include_str!("dovecot.conf"), &root, &ports)).unwrap();
        std::fs::write(root.join("exim.conf"), fill(include_str!("exim.conf"), &root, &ports)).unwrap();
        hand_over(&root).unwrap();
        // Ours: plugins that another user could change are not loaded.
        let programs = Folder::new().unwrap();
        let plugins = Products::built().unwrap().plugins(programs.path(), &TRANSPORTS).unwrap();
        let file = |name: &str| root.join(name).display().to_string();
        let start = |command: &[&str]| Guard::start(command, &root.join("servers.out"), None).unwrap();
        let dovecot = start(&["/usr/sbin/dovecot", "-F", "-c", &file("dovecot.conf")]);
        let exim = start(&["/usr/sbin/exim4", "-C", &file("exim.conf"), "-bdf"]);
        for port in &ports {
            until(Duration::from_secs(20), || TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).ok()).unwrap();
        }
        Some(Setup { domain, plugins, authority: files.authority(), ports, _programs: programs, _servers: [dovecot, exim] })
    }

    /// The report of a test as the logged-on user, and what the trace says.
    fn test(&self, transport: &str, host: &str, domain: &[(&str, PathBuf)], more: &[&str]) -> (Value, String) {
        let port = self.ports[TRANSPORTS.iter().position(|name| *name == transport).unwrap()];
        let account = json!({"transport": transport, "server": {"host": host, "port": port, "timeout_seconds": 20},
            "tls": {"mode": if transport == "smtp" { "starttls" } else { "implicit" }, "ca_file": self.authority}, "auth": {"method": "windows"}});
        let (settings, trace) = (self.domain.folder().join("settings.json"), self.domain.folder().join("trace"));
        std::fs::write(&settings, json!({"accounts": {"main": account}}).to_string()).unwrap();
        // The trace of an earlier test.
        drop(std::fs::remove_file(&trace));
        let arguments = ["test".as_ref(), settings.as_os_str(), "--json".as_ref(), "--trace".as_ref(), trace.as_os_str()];
        let arguments = arguments.into_iter().chain(["--plugins".as_ref(), self.plugins.as_os_str()]);
        let arguments = arguments.chain(more.iter().map(|word| word.as_ref()));
        let mut command = postkontor(arguments).unwrap();
        command.envs(self.domain.environment()).envs(domain.iter().cloned());
        let output = command.output().unwrap();
        let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        (report, std::fs::read_to_string(&trace).unwrap())
    }
}

/// A server's configuration for this folder and these ports.
fn fill(text: &str, root: &Path, ports: &[u16]) -> String {
    let (user, group) = user_and_group().unwrap();
    let text = text.replace("ROOT", &root.display().to_string()).replace("USER", &user).replace("GROUP", &group);
    let text = text.replace("IMAPS_PORT", &ports[0].to_string()).replace("POPS_PORT", &ports[1].to_string());
    text.replace("PORT", &ports[2].to_string())
}

fn login(report: &Value) -> &Value {
    report["steps"].as_array().unwrap().iter().find(|step| step["step"] == "login").unwrap()
}

#[test]
fn the_ticket_of_the_logged_on_user_opens_the_mailbox_and_is_not_shown() {
    let Some(setup) = Setup::new() else { return };
    setup.domain.log_on().unwrap();
    for transport in TRANSPORTS {
        let (report, trace) = setup.test(transport, "localhost", &[], &[]);
        assert_eq!(report["ok"], true, "{transport}: {report:#}");
        assert_eq!(login(&report)["facts"]["mechanism"], "GSSAPI", "{report:#}");
        // What the client says in the login is stars: the server's invitation, its proof, its choice of layers are answered.
        let lines: Vec<&str> = trace.lines().filter_map(|line| line.split_once(" C: ")).map(|(_, line)| line).collect();
        let begin = lines.iter().position(|line| line.ends_with("GSSAPI")).unwrap();
        assert_eq!(lines[begin + 1..begin + 4], ["***"; 3], "{trace}");
    }
    let log = std::fs::read_to_string(setup.domain.folder().join("dovecot.log")).unwrap();
    assert_eq!(log.matches(&format!("user=<{USER}>, method=GSSAPI")).count(), 2, "{log}");
}

#[test]
fn what_is_wrong_with_the_ticket_is_said_with_advice() {
    let Some(setup) = Setup::new() else { return };
    let finding = |host: &str, domain: &[(&str, PathBuf)]| {
        let (report, _) = setup.test("imap", host, domain, &[]);
        let step = login(&report);
        assert!(!step["message"].as_str().unwrap().contains('{') && !step["advice"].as_array().unwrap().is_empty(), "{step:#}");
        (
            step["code"].as_str().unwrap().to_owned(),
            step["status_number"].as_i64().unwrap(),
            step["pointer"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let user = || "/accounts/main/auth/user".to_owned();
    assert_eq!(finding("localhost", &[]), ("auth.ticket_missing".to_owned(), 5, user()));
    setup.domain.log_on().unwrap();
    let host = "/accounts/main/server/host".to_owned();
    assert_eq!(finding("127.0.0.1", &[]), ("auth.service_unknown".to_owned(), 5, host));
    // A domain of the same name whose KDC is gone.
    let elsewhere = [("KRB5_CONFIG", setup.domain.elsewhere(9).unwrap())];
    assert_eq!(finding("localhost", &elsewhere), ("auth.domain_unreachable".to_owned(), 7, String::new()));
    setup.domain.log_off().unwrap();
    assert_eq!(finding("localhost", &[]).0, "auth.ticket_missing");
}

#[test]
fn a_domain_controller_that_says_nothing_does_not_outlast_the_deadline() {
    let Some(setup) = Setup::new() else { return };
    setup.domain.log_on().unwrap();
    // It takes whatever comes, by UDP and TCP, and never answers.
    let silent = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    let _also = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    let file = setup.domain.elsewhere(port).unwrap();
    let (report, _) = setup.test("imap", "localhost", &[("KRB5_CONFIG", file)], &["--timeout", "2"]);
    assert_eq!((&login(&report)["code"], &login(&report)["status_number"]), (&json!("call.timeout"), &json!(8)), "{report:#}");
}
