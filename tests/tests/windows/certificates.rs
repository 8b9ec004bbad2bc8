//! What is wrong with a certificate or a version of TLS has the same code as on Linux.

use crate::{Said, good};
use postkontor_tests::certificates::{Certificates, Kind};
use postkontor_tests::engine;
use postkontor_tests::exim::{Exim, Port};
use postkontor_tests::windows::{Installation, Width, shown};
use serde_json::{Value, json};

/// Servers, and what a program asks of TLS beside the authority.
fn cases() -> Vec<(Port, Value)> {
    let faults = [Port::WrongHost, Port::Expired, Port::NotYetValid, Port::SelfSigned, Port::UnknownAuthority];
    let mut cases: Vec<(Port, Value)> = faults.iter().map(|port| (*port, json!({"mode": "starttls"}))).collect();
    cases.extend([(Port::Tls10, json!({"mode": "starttls"})), (Port::Tls11, json!({"mode": "starttls"}))]);
    cases.extend([(Port::Tls12, json!({"mode": "starttls", "minimum": "1.3"})), (Port::Tls12, json!({"mode": "starttls"}))]);
    cases.extend([(Port::Standard, json!({"mode": "starttls"})), (Port::Implicit, json!({"mode": "implicit"}))]);
    let pin = |kind| Certificates::shared().unwrap().server(kind).pin().unwrap();
    let pinned = |kind| json!({"mode": "starttls", "verify": false, "pin": pin(kind)});
    cases.extend([(Port::SelfSigned, pinned(Kind::SelfSigned)), (Port::SelfSigned, pinned(Kind::Good))]);
    cases
}

fn settings(exim: &Exim, port: Port, tls: &Value, authority: &str) -> Value {
    let mut tls = tls.clone();
    tls["ca_file"] = json!(authority);
    engine::smtp(exim.port(port), tls, json!({"method": "none"}))
}

#[test]
fn each_fault_is_refused_with_the_code_that_it_has_on_linux() {
    for width in Width::ALL {
        let Some(installation) = Installation::new(width, &["smtp"]).unwrap() else { return };
        let Some(exim) = Exim::shared() else { return };
        let program = installation.c("tests/callers/loaded.c", &["-pedantic", "-lpsapi"]).unwrap();
        std::fs::write(installation.file("letter.json"), engine::mail("windows@fault.example").to_string()).unwrap();
        let mut differ = Vec::new();
        for (port, tls) in cases() {
            let authority = exim.files().authority();
            let here = engine::test(&settings(exim, port, &tls, authority.to_str().unwrap()), "en").unwrap();
            installation.settings(&authority, |authority| settings(exim, port, &tls, authority)).unwrap();
            let mut command = installation.command(&program);
            command.args(["settings.json", "letter.json"].map(|name| shown(&installation.file(name))));
            let said = Said::read(&good(command.arg("test")));
            let of = |report: &Value| {
                let step = engine::step(report, "tls");
                (report["ok"].clone(), step["status"].clone(), step["code"].clone())
            };
            if of(&here) != of(said.of("test")) {
                differ.push(format!("{port:?} {tls}: {:?} on Linux, {:?} here", of(&here), of(said.of("test"))));
            }
        }
        assert!(differ.is_empty(), "{width:?}:\n{}", differ.join("\n"));
    }
}
