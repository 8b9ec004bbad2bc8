//! Settings for an address, from C and Python. What is found is the business of the test program `discover`.

use crate::installation::{Installation, has};
use serde_json::{Value, json};
use std::process::Command;

#[test]
fn c_and_python_find_the_settings_for_an_address() {
    let installation = Installation::new(&["smtp", "imap", "pop3"]);
    let mut programs: Vec<fn(&Installation) -> Command> = vec![|installation| installation.python("tests/callers/discover.py")];
    if has(&["gcc"]) {
        programs.push(|installation| Command::new(installation.gcc("tests/callers/discover.c", &["-lpostkontor"])));
    }
    for program in programs {
        // An address alone, and a request that takes the first step only.
        let request = json!({"address": "anna@nowhere.example", "steps": {"srv": false, "autoconfig": false, "database": false, "mx": false,
            "autodiscover": false, "guess": false}});
        let run = |request: &str| {
            let output = program(&installation).arg(request).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            serde_json::from_slice::<Value>(&output.stdout).unwrap()
        };
        let found = run("anna@siol.net");
        let best = &found["proposals"][0];
        assert_eq!(best["settings"]["accounts"]["fetch"]["server"]["host"], "imap.siol.net");
        assert!(best["reason"].as_str().unwrap().contains("pri ponudniku Telekom Slovenije"), "{best:#}");
        let found = run(&request.to_string());
        assert_eq!(
            (&found["proposals"], &found["tried"][0]["result"], &found["tried"][1]["result"]),
            (&json!([]), &json!("nothing"), &json!("off"))
        );
    }
}
