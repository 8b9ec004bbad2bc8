//! The command `discover`: settings for an address, shown for people, and the best of them written to a file.

use crate::answer::{Answer, Kind};
use crate::arguments::Discover;
use crate::file::{local, read};
use crate::texts::{Texts, problem};
use postkontor_core::{Cancel, Error, Host, Status};
use serde_json::Value;
use std::io::Write;
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

/// The lines that show proposals and what was tried, as the library says it: control characters are still in them.
pub(crate) fn lines(found: &Value, texts: &Texts) -> Vec<String> {
    let list = |name: &str| found[name].as_array().map_or(&[][..], Vec::as_slice);
    let mut lines: Vec<String> = list("proposals").iter().flat_map(|proposal| one(proposal, texts)).collect();
    if lines.is_empty() {
        lines.push(format!("✗ {}", texts.word("cli.discover_nothing")));
    }
    lines.extend(list("tried").iter().map(|tried| {
        let sign = match word(&tried["result"]) {
            "found" => "✓",
            "refused" | "failed" => "!",
            _ => "·",
        };
        format!("{sign} {:13} {}", word(&tried["step"]), word(&tried["message"]))
    }));
    lines
}

fn one(proposal: &Value, texts: &Texts) -> Vec<String> {
    let sign = if proposal["tested"]["ok"] == false { "✗" } else { "✓" };
    let mut lines = vec![format!("{sign} {} ({} {})", word(&proposal["reason"]), texts.word("cli.confidence"), proposal["confidence"])];
    for (id, account) in proposal["settings"]["accounts"].as_object().into_iter().flatten() {
        let place = match (word(&account["server"]["host"]), word(&account["exchange"]["url"])) {
            ("", url) => url.to_owned(),
            (host, _) => format!("{host}:{} {}", account["server"]["port"], word(&account["tls"]["mode"])),
        };
        let user = [&account["auth"]["method"], &account["auth"]["user"]].map(word).join(" ");
        lines.push(format!("    {id:8} {:12} {place}  {}", word(&account["transport"]), user.trim()));
    }
    lines.extend(proposal["notes"].as_array().into_iter().flatten().map(|note| format!("    ! {}", word(note))));
    let failed = proposal["tested"]["steps"].as_array().into_iter().flatten().find(|step| step["status"] == "fail");
    lines.extend(match failed {
        Some(step) => Some(format!("    ✗ {}", word(&step["message"]))),
        None => proposal["tested"].is_object().then(|| format!("    ✓ {}", texts.word("cli.test_ok"))),
    });
    lines
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
