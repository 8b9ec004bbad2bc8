//! Programs that open a message of Outlook's, take an e-invoice out of it and make a meeting request. Python's email package reads the request.

use crate::installation::{Installation, ROOT, good, has, valgrind};
use serde_json::{Value, json};
use std::fs::File;
use std::process::Command;

/// Runs `tests/callers/enclosed` in some language, and looks at what it left.
fn takes_out_and_makes(installation: &Installation, program: &mut Command) {
    let folder = installation.folder.file("got");
    std::fs::create_dir(&folder).unwrap();
    good(program.arg(format!("{ROOT}/tests/enclosed/letter.msg")).arg(&folder));
    let xml = std::fs::read_to_string(folder.join("invoice.xml")).unwrap();
    assert!(xml.starts_with("<rsm:CrossIndustryInvoice") && xml.ends_with("</rsm:CrossIndustryInvoice>\n"), "{xml}");
    let meeting = File::open(folder.join("meeting.eml")).unwrap();
    let judged = good(Command::new("python3").arg(format!("{ROOT}/core/tests/judges/calendar_judge.py")).stdin(meeting));
    let found: Value = serde_json::from_slice(&judged.stdout).unwrap();
    assert_eq!((&found["forms"], &found["method"]), (&json!(["text/plain", "text/calendar"]), &json!("REQUEST")), "{found}");
    assert!(found["calendar"].as_str().unwrap().contains("SUMMARY:Gespräch"), "{found}");
}

#[test]
fn a_c_program_takes_an_invoice_out_and_makes_a_meeting_request() {
    if has(&["gcc", "valgrind"]) {
        let installation = Installation::new(&["smtp"]);
        let program = installation.gcc("tests/callers/enclosed.c", &["-lpostkontor"]);
        takes_out_and_makes(&installation, &mut valgrind(&program));
    }
}

#[test]
fn a_pascal_program_takes_an_invoice_out_and_makes_a_meeting_request() {
    if has(&["fpc", "valgrind"]) {
        let installation = Installation::new(&["smtp"]);
        let program = installation.fpc("tests/callers/enclosed.dpr");
        takes_out_and_makes(&installation, valgrind(&program).env("HEAPTRC", installation.heap()));
        installation.has_freed_all();
    }
}

#[test]
fn a_csharp_program_takes_an_invoice_out_and_makes_a_meeting_request() {
    if has(&["mcs", "mono"]) {
        let installation = Installation::new(&["smtp"]);
        let mut program = installation.mcs("tests/callers/Enclosed.cs");
        takes_out_and_makes(&installation, &mut program);
    }
}

#[test]
fn a_python_program_takes_an_invoice_out_and_makes_a_meeting_request() {
    if has(&["python3"]) {
        let installation = Installation::new(&["smtp"]);
        let mut program = installation.python("tests/callers/enclosed.py");
        takes_out_and_makes(&installation, &mut program);
    }
}
