//! The command `discover`: settings for an address, shown for people, and the best of them written to a file.

use crate::answer::{Answer, Kind};
use crate::arguments::Discover;
use crate::file::{local, read};
use crate::show::clean;
use crate::texts::{Texts, problem};
use postkontor_core::{Cancel, Error, Host, Status};
use serde_json::Value;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// Finds settings. The status is NOT_FOUND where there are none.
pub(crate) fn discover(host: &Arc<Host>, wanted: &Discover, cancel: &Cancel) -> Result<Answer, Error> {
    let found = host.discover(&request(wanted)?, cancel)?;
    let mut answer = Answer::new(&found, Kind::Discovered)?;
    match (found.proposals.first(), &wanted.write) {
        (None, _) => answer.status = Status::NotFound,
        (Some(best), Some(path)) => write(path, &best.settings)?,
        (Some(_), None) => (),
    }
    Ok(answer)
}

/// The address, or the request of the file with the address in it.
fn request(wanted: &Discover) -> Result<String, Error> {
    let text = wanted.request.as_deref().map(read).transpose()?;
    Ok(match (text, &wanted.address) {
        (None, address) => address.clone().unwrap_or_default(),
        (Some(text), None) => text,
        (Some(text), Some(address)) => match serde_json::from_str::<Value>(&text) {
            Ok(mut request) if request.is_object() => {
                request["address"] = Value::from(address.as_str());
                request.to_string()
            }
            // The library's error says what is wrong with it.
            _ => text,
        },
    })
}

/// Writes a new file. One that is there may hold what nothing else does, so it stays.
fn write(path: &Path, settings: &Value) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(settings).map_err(|error| problem("cli.unreadable").detail(error.to_string()))?;
    let file = std::fs::File::options().write(true).create_new(true).open(path);
    file.and_then(|mut file| writeln!(file, "{text}")).map_err(|error| local("cli.file_unwritable", path, &error))
}

/// Shows proposals and what was tried.
pub(crate) fn show(out: &mut impl Write, found: &Value, texts: &Texts) -> io::Result<()> {
    let list = |name: &str| found[name].as_array().map_or(&[][..], Vec::as_slice);
    for proposal in list("proposals") {
        one(out, proposal, texts)?;
    }
    if list("proposals").is_empty() {
        writeln!(out, "✗ {}", texts.word("cli.discover_nothing"))?;
    }
    for tried in list("tried") {
        let sign = match word(&tried["result"]) {
            "found" => "✓",
            "refused" | "failed" => "!",
            _ => "·",
        };
        writeln!(out, "{sign} {:13} {}", word(&tried["step"]), clean(word(&tried["message"])))?;
    }
    Ok(())
}

fn one(out: &mut impl Write, proposal: &Value, texts: &Texts) -> io::Result<()> {
    let sign = match &proposal["tested"]["ok"] {
        Value::Bool(false) => "✗",
        _ => "✓",
    };
    writeln!(out, "{sign} {} ({} {})", clean(word(&proposal["reason"])), texts.word("cli.confidence"), proposal["confidence"])?;
    for (id, account) in proposal["settings"]["accounts"].as_object().into_iter().flatten() {
        let place = match (word(&account["server"]["host"]), word(&account["exchange"]["url"])) {
            ("", url) => url.to_owned(),
            (host, _) => format!("{host}:{} {}", account["server"]["port"], word(&account["tls"]["mode"])),
        };
        let user = [&account["auth"]["method"], &account["auth"]["user"]].map(word).join(" ");
        writeln!(out, "{}", clean(&format!("    {id:8} {:12} {place}  {}", word(&account["transport"]), user.trim())).trim_end())?;
    }
    for note in proposal["notes"].as_array().into_iter().flatten() {
        writeln!(out, "    ! {}", clean(word(note)))?;
    }
    let failed = proposal["tested"]["steps"].as_array().into_iter().flatten().find(|step| step["status"] == "fail");
    match failed {
        Some(step) => writeln!(out, "    ✗ {}", clean(word(&step["message"]))),
        None if proposal["tested"].is_object() => writeln!(out, "    ✓ {}", texts.word("cli.test_ok")),
        None => Ok(()),
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
