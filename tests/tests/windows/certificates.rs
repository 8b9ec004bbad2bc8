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
    cases.push((Port::Tls12, json!({"mode": "starttls"})));
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

/// Whether a test was good, and what it says of TLS.
fn verdict(report: &Value) -> (Value, Value, Value) {
    let step = engine::step(report, "tls");
    (report["ok"].clone(), step["status"].clone(), step["code"].clone())
}

#[test]
fn each_fault_is_refused_with_the_code_that_it_has_on_linux() {
    for width in Width::ALL {
        let Some(installation) = Installation::new(width, &["smtp"]).unwrap() else { return };
        let Some(exim) = Exim::shared() else { return };
        let program = installation.c("tests/callers/loaded.c", &["-pedantic", "-lpsapi"]).unwrap();
        std::fs::write(installation.file("letter.json"), engine::mail("windows@fault.example").to_string()).unwrap();
        let authority = exim.files().authority();
        let on_windows = |port: Port, tls: &Value| {
            installation.settings(&authority, |authority| settings(exim, port, tls, authority)).unwrap();
            let mut command = installation.command(&program);
            command.args(["settings.json", "letter.json"].map(|name| shown(&installation.file(name))));
            Said::read(&good(command.arg("test"))).of("test").clone()
        };
        let mut differ = Vec::new();
        for (port, tls) in cases() {
            let linux = verdict(&engine::test(&settings(exim, port, &tls, authority.to_str().unwrap()), "en").unwrap());
            let report = on_windows(port, &tls);
            let windows = verdict(&report);
            if linux != windows {
                differ.push(format!("{port:?} {tls}: {linux:?} on Linux, {windows:?} on Windows: {report}"));
            }
        }
        assert!(differ.is_empty(), "{width:?}:\n{}", differ.join("\n"));
        // Wine's SChannel ends with 1.2, as that of Windows 10 does: it is not the server that is too old then.
        let (.., code) = verdict(&on_windows(Port::Tls12, &json!({"mode": "starttls", "minimum": "1.3"})));
        assert_eq!(code, "tls.system_too_old", "{width:?}");
    }
}
