//! The scene of the tour that plays at Exchange: the command tests, sends and fetches, by web services and by Graph.

use crate::exchange::{CLIENT, Exchange, PASSWORD, SECRET, TENANT, environment};
use crate::folder::Folder;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

/// The transports that speak to Exchange.
pub const TRANSPORTS: [&str; 2] = ["exchange-ews", "graph"];

/// Plays it with the built command, the plugins of a folder and the language of their texts; true when all that is shown went well. Where the
/// double's packages cannot be had, that is all it says.
pub fn play(out: &mut impl Write, command: &Path, plugins: &Path, language: &str, transports: &[&str]) -> io::Result<bool> {
    if let Err(reason) = environment() {
        writeln!(out, "\nExchange is left out: {reason}")?;
        return Ok(true);
    }
    let Some(exchange) = Exchange::start()? else { return Ok(true) };
    // The calls are made in a folder of their own.
    let (command, plugins) = (std::path::absolute(command)?, std::path::absolute(plugins)?);
    let folder = Folder::new()?;
    let mail = json!({"to": ["bob@example.com"], "bcc": ["carol@example.com"], "subject": "Rechnung 4711 für Müller & Söhne", "text": "Guten Tag …"});
    std::fs::write(folder.file("mail.json"), mail.to_string())?;
    let mut went_well = true;
    for transport in TRANSPORTS.iter().filter(|transport| transports.contains(transport)) {
        writeln!(out, "\n== A mailbox at Exchange, by the transport {transport} ==")?;
        std::fs::write(folder.file("anna.json"), settings(&exchange, transport, "anna@example.com").to_string())?;
        std::fs::write(folder.file("bob.json"), settings(&exchange, transport, "bob@example.com").to_string())?;
        let received = folder.file(transport).display().to_string();
        std::fs::create_dir_all(&received)?;
        let calls: [&[&str]; 3] = [
            &["test", "anna.json"],
            &["send", "anna.json", "--message", "mail.json"],
            &["receive", "bob.json", "--to", &received, "--action", "delete"],
        ];
        for arguments in calls {
            writeln!(out, "\n$ postkontor {}", arguments.join(" ").replace(&received, "Eingang"))?;
            let mut call = Command::new(&command);
            call.current_dir(folder.path()).args(arguments).args(["--lang", language, "--plugins"]).arg(&plugins);
            let output = call.env("MAIL_PASSWORD", PASSWORD).env("APPLICATION_SECRET", SECRET).output()?;
            out.write_all(&output.stdout)?;
            out.write_all(&output.stderr)?;
            went_well &= output.status.success();
        }
    }
    for delivery in exchange.deliveries()? {
        let message = exchange.control_bytes("GET", &format!("/deliveries/{}", delivery["number"]), &Value::Null)?;
        let shows_bcc = message.windows(5).any(|bytes| bytes == b"carol");
        writeln!(out, "\nThe server delivered to {}; Bcc is {} the message.", delivery["to"], if shows_bcc { "in" } else { "not in" })?;
        went_well &= !shows_bcc;
    }
    Ok(went_well)
}

/// The settings of an account: by web services with a password, by Graph with the rights of an application.
fn settings(exchange: &Exchange, transport: &str, address: &str) -> Value {
    let mut account = json!({"transport": transport, "tls": {"ca_file": exchange.authority()}});
    if transport == "graph" {
        account["exchange"] = json!({"url": format!("{}/v1.0", exchange.secure()), "mailbox": address});
        let oauth2 = json!({"grant": "client_credentials", "tenant": TENANT, "client_id": CLIENT,
            "client_secret": {"secret": "env:APPLICATION_SECRET"}, "authority": exchange.secure()});
        account["auth"] = json!({"method": "oauth2", "user": address, "oauth2": oauth2});
    } else {
        account["exchange"] = json!({"url": format!("{}/EWS/Exchange.asmx", exchange.secure())});
        account["auth"] = json!({"method": "auto", "user": address, "password": {"secret": "env:MAIL_PASSWORD"}});
    }
    json!({"accounts": {"main": account}, "sender": {"address": address, "name": "Anna Adler"}, "send": {"account": "main"}})
}
