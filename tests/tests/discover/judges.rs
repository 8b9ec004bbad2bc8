//! A foreign implementation of DNS (dnspython) on the other side of ours, and of the name server of these tests.

use crate::dns::{Manner, NameServer, cname, mx, srv};
use crate::rig::{found, host};
use crate::world::{ADDRESS, only, places, results};
use postkontor_tests::exchange::{environment, python};
use postkontor_tests::skip;
use postkontor_tests::strangers::root;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

/// Python with dnspython, or nothing, which is said.
fn dnspython(program: &str) -> Option<Command> {
    let environment = environment().map_err(skip::because).ok()?;
    let mut python = python(environment);
    python.arg(root().join("tests/discover").join(program));
    Some(python)
}

/// A foreign name server, which ends with the test.
struct Foreign(Child, String);

impl Foreign {
    fn start(zone: &str) -> Option<Foreign> {
        let mut child = dnspython("nameserver.py")?.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(zone.as_bytes()).unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Some(Foreign(child, format!("127.0.0.1:{}", port.trim())))
    }

    fn search(&self, steps: &[&str]) -> Value {
        let mut request = only(steps);
        request["address"] = json!(ADDRESS);
        request["dns"] = json!([self.1]);
        found(&host("en"), &request.to_string())
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        // It has nothing to put in order.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_foreign_name_server_is_understood_with_compressed_names_aliases_and_long_answers() {
    let many: String = (10..60).map(|n| format!("_imaps._tcp IN SRV {n} 1 993 spare{n}.firma.example.\n")).collect();
    let zone = format!(
        "$TTL 60\n@ IN SOA ns hostmaster 1 2 3 4 5\n@ IN NS ns\n@ IN MX 10 mx\n_imaps._tcp IN SRV 1 1 993 imap.firma.example.\n{many}\
         _submissions._tcp IN CNAME alias\nalias IN SRV 0 1 465 smtp.firma.example.\n_pop3s._tcp IN SRV 0 0 0 .\n\
         imap IN A 192.0.2.1\nimap IN AAAA 2001:db8::1\nsmtp IN CNAME imap\nmx IN A 192.0.2.1\n"
    );
    let Some(server) = Foreign::start(&zone) else { return };
    let both = [format!("fetch imap imap.firma.example:993 implicit {ADDRESS}"), "send smtp smtp.firma.example:465 implicit".to_owned()];
    let found = server.search(&["srv"]);
    assert_eq!((places(&found["proposals"][0]), results(&found, "srv")), (both.to_vec(), vec!["found".to_owned()]), "{found:#}");
    drop(server);
    let Some(server) =
        Foreign::start("$TTL 60\n@ IN SOA ns hostmaster 1 2 3 4 5\n@ IN NS ns\n@ IN MX 10 mx00.gmx.net.\n@ IN MX 5 mx01.gmx.net.\n")
    else {
        return;
    };
    assert_eq!(server.search(&["mx"])["proposals"][0]["provider"], "GMX");
    // A name that does not exist (NXDOMAIN).
    assert_eq!(results(&server.search(&["srv"]), "srv"), ["nothing"]);
}

#[test]
fn the_name_server_of_these_tests_is_one_to_a_foreign_client() {
    let records = vec![
        srv("_imaps._tcp.firma.example", 3, 993, "imap.firma.example"),
        cname("firma.example", "other.example"),
        mx("other.example", 10, "mx.firma.example"),
    ];
    let ask = |server: &NameServer, name: &str, kind: &str, by: &str| -> Option<String> {
        let output = dnspython("resolver.py")?.args([&server.port.to_string(), name, kind, by]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8(output.stdout).unwrap())
    };
    let server = NameServer::start(records, Manner::Honest);
    for by in ["udp", "tcp"] {
        let Some(answer) = ask(&server, "_imaps._tcp.firma.example", "SRV", by) else { return };
        assert_eq!(answer, "_imaps._tcp.firma.example. 3 1 993 imap.firma.example.\n");
    }
    assert_eq!(ask(&server, "firma.example", "MX", "udp").unwrap(), "firma.example. other.example.\nother.example. 10 mx.firma.example.\n");
    assert_eq!(ask(&server, "nothing.example", "MX", "udp").unwrap(), "");
    assert_eq!(ask(&NameServer::start(Vec::new(), Manner::Failing), "firma.example", "MX", "udp").unwrap(), "SERVFAIL\n");
}
