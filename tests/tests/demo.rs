//! The tour of `cargo xtask demo`: its program compiles without a warning, its PDF is one, and it notices what is wrong.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test")]

use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use postkontor_tests::sandbox::{Options, Sandbox};
use postkontor_tests::strangers::root;
use postkontor_tests::{exchange, exchange_scene, outbox_scene, skip};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};

/// The compiled tour, with plugins and a sandbox that keeps its mail in a folder.
struct Tour {
    folder: Folder,
    plugins: PathBuf,
    sandbox: Sandbox,
}

impl Tour {
    fn new() -> Tour {
        let folder = Folder::new().unwrap();
        let products = Products::built().unwrap();
        let plugins = products.plugins(folder.path(), &["smtp", "sendmail"]).unwrap();
        std::fs::copy(products.library(), folder.file("libpostkontor.so.1")).unwrap();
        let sandbox = Sandbox::start(Options { folder: Some(folder.file("mail")), ..Options::default() }).unwrap();
        let mut compiler = Command::new("gcc");
        compiler.current_dir(root()).args(["-std=c11", "-Wall", "-Wextra", "-pedantic", "-Werror", "-g", "-o"]).arg(folder.file("demo"));
        compiler.args(["examples/c/demo.c", "examples/c/pdf.c", "examples/plugin-c/json.c"]);
        compiler.args(["-Iinclude", "-Iexamples/c", "-Iexamples/plugin-c", "-L"]).arg(folder.path());
        let output = compiler.args(["-l:libpostkontor.so.1", "-Wl,-rpath,$ORIGIN"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Tour { folder, plugins, sandbox }
    }

    fn take(&self, sandbox: &Value) -> Output {
        let mut demo = Command::new(self.folder.file("demo"));
        demo.arg(sandbox.to_string()).arg(&self.plugins).output().unwrap()
    }
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn the_tour_shows_everything_as_it_should_be() {
    let tour = Tour::new();
    let output = tour.take(&tour.sandbox.describe());
    let shown = text(&output);
    assert!(output.status.success(), "{shown}");
    for sight in ["Rechnung 4711 für Müller & Söhne: 1.190,00 €", "byte for byte", "User or password is wrong", "expired on", "abgelaufen"]
    {
        assert!(shown.contains(sight), "{sight}: {shown}");
    }
    assert!(!shown.contains("Geheim-7"), "{shown}");
}

#[test]
#[cfg(target_os = "linux")]
fn the_tour_fails_when_something_is_not_as_it_should_be() {
    let tour = Tour::new();
    // The "closed" port is open, and the expired certificate is not.
    let mut described = tour.sandbox.describe();
    described["expired_port"] = described["tls_port"].clone();
    described["closed_port"] = described["port"].clone();
    let output = tour.take(&described);
    let shown = text(&output);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(shown.contains("UNEXPECTED: tls.certificate_expired") && shown.contains("UNEXPECTED: net.refused"), "{shown}");
}

#[test]
#[cfg(target_os = "linux")]
fn the_invoice_is_a_pdf_whose_table_leads_to_its_objects() {
    let tour = Tour::new();
    assert!(tour.take(&tour.sandbox.describe()).status.success());
    let mail = tour.sandbox.mails().remove(0).text();
    let (_, encoded) = mail.rsplit_once("Content-Transfer-Encoding: base64\r\n\r\n").unwrap();
    let encoded: String = encoded.split("\r\n--").next().unwrap().split_whitespace().collect();
    use base64::Engine;
    let pdf = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
    let pdf: String = pdf.iter().map(|byte| char::from(*byte)).collect();
    assert!(pdf.starts_with("%PDF-1.4\n") && pdf.ends_with("%%EOF\n"), "{pdf}");
    let table: usize = pdf.lines().rev().nth(1).unwrap().parse().unwrap();
    let bytes: Vec<char> = pdf.chars().collect();
    let at = |offset: usize| bytes[offset..].iter().take(12).collect::<String>();
    assert!(at(table).starts_with("xref\n0 6\n"), "{pdf}");
    let offsets = pdf.lines().filter_map(|line| line.strip_suffix(" 00000 n ")?.parse::<usize>().ok());
    let objects: Vec<String> = offsets.map(|offset| at(offset).split('\n').next().unwrap().to_owned()).collect();
    assert_eq!(objects, ["1 0 obj", "2 0 obj", "3 0 obj", "4 0 obj", "5 0 obj"]);
}

#[test]
#[cfg(target_os = "linux")]
fn the_scene_at_exchange_shows_a_mail_sent_and_fetched() {
    let folder = Folder::new().unwrap();
    let products = Products::built().unwrap();
    let plugins = products.plugins(folder.path(), &exchange_scene::TRANSPORTS).unwrap();
    let mut shown = Vec::new();
    let went_well = exchange_scene::play(&mut shown, &products.command(), &plugins, "en", &exchange_scene::TRANSPORTS).unwrap();
    let shown = String::from_utf8(shown).unwrap();
    assert!(went_well, "{shown}");
    if exchange::environment().is_err() {
        return skip::because("the packages of the double of Exchange cannot be had");
    }
    for sight in [
        "Everything works",
        "✓ carol@example.com",
        "Rechnung 4711 für Müller & Söhne",
        r#"delivered to ["bob@example.com","carol@example.com"]"#,
    ] {
        assert!(shown.contains(sight), "{sight}: {shown}");
    }
    assert!(!shown.contains("Geheim-7"), "{shown}");
}

#[test]
#[cfg(target_os = "linux")]
fn the_scene_of_the_outbox_shows_that_each_mail_goes_out_once() {
    let folder = Folder::new().unwrap();
    let products = Products::built().unwrap();
    let plugins = products.plugins(folder.path(), &["smtp"]).unwrap();
    let mut shown = Vec::new();
    let went_well = outbox_scene::play(&mut shown, &products.command(), &plugins, "en").unwrap();
    let shown = String::from_utf8(shown).unwrap();
    assert!(went_well, "{shown}");
    for sight in ["kill -9", "they are held", "Handed over: 300. Arrived: 300. Second copies: 0."] {
        assert!(shown.contains(sight), "{sight}: {shown}");
    }
}
