//! Mail that lies somewhere on this machine (`POSTKONTOR_CORPUS=FOLDER`): how far our reading agrees with that of Python's email.

use crate::answer;
use crate::judge::Judge;
use crate::told;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Larger files are left out: Python would need minutes for them.
const LARGEST: u64 = 20_000_000;

const FIELDS: &[&str] =
    &["subject", "from", "to", "cc", "reply_to", "date", "message_id", "text", "html", "parts", "part names", "part types", "part bytes"];

/// The files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(data) if data.is_dir() => folders.push(entry.path()),
                Ok(data) if data.is_file() && data.len() <= LARGEST => files.push(entry.path()),
                _ => (),
            }
        }
    }
    files.sort();
    files
}

/// The messages of a file: one, those of an mbox, or none where it is no mail.
fn messages(raw: Vec<u8>) -> Vec<Vec<u8>> {
    let line = raw.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    let is_field = name.len() < line.len() && !name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic());
    if !raw.starts_with(b"From ") {
        return if is_field && !raw.contains(&0) { vec![raw] } else { Vec::new() };
    }
    let mut messages: Vec<Vec<u8>> = Vec::new();
    let mut is_after_empty_line = true;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        if is_after_empty_line && line.starts_with(b"From ") {
            messages.push(Vec::new());
        } else if let Some(message) = messages.last_mut() {
            message.extend_from_slice(line);
        }
        is_after_empty_line = line.trim_ascii().is_empty();
    }
    messages
}

/// A field of what was told, in a form that can be compared.
fn field(told: &Value, name: &str) -> Value {
    let none = Vec::new();
    let parts = told["parts"].as_array().unwrap_or(&none);
    let of_parts = |member: &str| parts.iter().map(|part| part[member].clone()).collect::<Value>();
    match name {
        "parts" => json!(parts.len()),
        "part names" => of_parts("name"),
        "part types" => of_parts("type"),
        "part bytes" => parts
            .iter()
            .filter(|part| !part["type"].as_str().is_some_and(|kind| kind.starts_with("message/")))
            .map(|part| part["sha256"].clone())
            .collect(),
        "from" | "to" | "cc" | "reply_to" if told[name].is_null() => json!([]),
        "text" | "html" => json!(answer::plain("text", &told[name]).as_str().map(str::trim_end)),
        _ => answer::plain(name, &told[name]),
    }
}

#[test]
fn foreign_mail_is_compared_with_pythons_reading() {
    let Some(folder) = std::env::var_os("POSTKONTOR_CORPUS") else { return };
    let mut python = Judge::python("default");
    let (mut count, mut unread, mut repaired) = (0_u32, 0, 0);
    let mut agreed: BTreeMap<&str, usize> = BTreeMap::new();
    for file in files(Path::new(&folder)) {
        for (number, raw) in messages(std::fs::read(&file).unwrap()).into_iter().enumerate() {
            let (ours, theirs) = (told::by_us(&raw), python.told(&raw));
            if !theirs["failed"].is_null() {
                println!("{} {number}: Python fails: {}", file.display(), theirs["failed"]);
                unread += 1;
                continue;
            }
            count += 1;
            repaired += usize::from(ours["repairs"].is_array());
            for name in FIELDS {
                let (ours, theirs) = (field(&ours, name), field(&theirs, name));
                if ours == theirs {
                    *agreed.entry(name).or_default() += 1;
                } else {
                    let cut = |value: Value| value.to_string().chars().take(160).collect::<String>();
                    println!("{} {number}: {name}: ours {}, Python's {}", file.display(), cut(ours), cut(theirs));
                }
            }
        }
    }
    println!("{count} messages, {unread} that Python cannot read; of ours {repaired} tell repairs");
    FIELDS.iter().for_each(|name| {
        println!("{name:>12}: {:5.1} % agree", 100.0 * agreed.get(name).copied().unwrap_or_default() as f64 / f64::from(count.max(1)))
    });
}
