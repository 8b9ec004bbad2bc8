//! `postkontor certificate`: shows what files have of certificates, and collects those of signed mail.

use crate::answer::{Answer, Kind};
use crate::file::read;
use crate::given::{CommandOptions, absolute};
use crate::secret::line;
use crate::texts::{Texts, problem};
use postkontor_core::{Cancel, Error, Host, Secret, Status};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What is asked for.
pub(crate) struct Certificate {
    /// The files.
    pub(crate) files: Vec<PathBuf>,
    /// The folder that certificates are put into, where they are collected.
    pub(crate) to: Option<PathBuf>,
    /// The settings document with the keys that messages are opened with.
    pub(crate) settings: Option<PathBuf>,
    /// The authorities that count, in place of the others.
    pub(crate) ca_file: Option<PathBuf>,
    /// The file with the password of the files.
    pub(crate) password_file: Option<PathBuf>,
}

impl Certificate {
    /// `certificate show FILE…` and `certificate collect FILE… --to FOLDER`.
    pub(crate) fn read(words: &mut impl Iterator<Item = OsString>, given: &mut CommandOptions) -> Result<Certificate, Error> {
        let missing = |what: &str| problem("cli.argument_missing").arg("command", "certificate").arg("argument", what);
        let verb = crate::given::text("certificate", words.next().ok_or_else(|| missing("show|collect"))?)?;
        let to = match verb.as_str() {
            "show" => None,
            "collect" => Some(absolute("to", given.take("to").ok_or_else(|| missing("--to"))?)?),
            _ => return Err(problem("cli.command_unknown").arg("command", format!("certificate {verb}"))),
        };
        let files: Vec<PathBuf> = words.by_ref().map(PathBuf::from).collect();
        if files.is_empty() {
            return Err(missing("FILE"));
        }
        let mut file = |option| given.take(option).map(PathBuf::from);
        let (settings, ca_file, password_file) = (file("settings"), file("ca-file"), file("password-file"));
        Ok(Certificate { files, to, settings, ca_file, password_file })
    }
}

/// Does it.
pub(crate) fn certificate(host: &Host, wanted: &Certificate, cancel: &Cancel, texts: &Texts) -> Result<Answer, Error> {
    let settings = wanted.settings.as_deref().map(read).transpose()?;
    let ca_file = wanted.ca_file.as_ref().map(|file| file.to_string_lossy().into_owned());
    let keys = host.opening_keys(settings.as_deref(), ca_file)?;
    let mut password = wanted.password_file.as_deref().map(password_of).transpose()?;
    let mut files = Vec::new();
    for file in &wanted.files {
        let look =
            |password: Option<&Secret>| host.certificates_of(file, password, keys.clone(), wanted.to.as_deref(), &host.watch(cancel));
        let mut found = look(password.as_ref());
        if found.as_ref().is_err_and(|error| error.code == "smime.password_missing") && std::io::stdin().is_terminal() {
            password = Some(asked(file, texts)?);
            found = look(password.as_ref());
        }
        let mut found = serde_json::to_value(found?).map_err(|error| problem("cli.unreadable").detail(error.to_string()))?;
        found["file"] = Value::from(file.to_string_lossy());
        files.push(found);
    }
    let kind = if wanted.to.is_some() { Kind::Collected } else { Kind::Certificates };
    Ok(Answer { json: json!({ "files": files }), status: Status::Ok, kind })
}

fn password_of(file: &Path) -> Result<Secret, Error> {
    let text = Zeroizing::new(read(file)?);
    Ok(Secret::new(line(&text)))
}

/// The password, from the terminal without showing it.
fn asked(file: &Path, texts: &Texts) -> Result<Secret, Error> {
    let prompt = texts.word("cli.password_prompt").replace("{file}", &file.to_string_lossy().escape_debug().to_string());
    let unreadable = |error: std::io::Error| {
        let mut problem = problem("cli.secret_unreadable").arg("name", file.to_string_lossy()).arg("cause", error.to_string());
        problem.status = Status::Local;
        problem
    };
    let text = Zeroizing::new(rpassword::prompt_password(prompt).map_err(unreadable)?);
    Ok(Secret::new(text.as_str()))
}

/// Lines for people: of each file its certificates, and who signed it.
pub(crate) fn lines(json: &Value, texts: &Texts) -> Vec<String> {
    let mut lines = Vec::new();
    for file in json["files"].as_array().into_iter().flatten() {
        lines.push(text(&file["file"]).to_owned());
        lines.extend(verdict(&file["encrypted"], texts));
        lines.extend(verdict(&file["signed"], texts));
        file["certificates"].as_array().into_iter().flatten().for_each(|one| lines.extend(certificate_lines(one, texts)));
    }
    lines
}

/// Lines for people: what was put into the folder, and why nothing was.
pub(crate) fn collected(json: &Value, texts: &Texts) -> Vec<String> {
    let mut lines = Vec::new();
    for file in json["files"].as_array().into_iter().flatten() {
        lines.push(text(&file["file"]).to_owned());
        let names: Vec<&str> = file["collected"].as_array().into_iter().flatten().map(text).collect();
        match names.is_empty() {
            true => {
                lines.push(format!("    {}", texts.word("cli.nothing_collected")));
                lines.extend(verdict(&file["signed"], texts));
            }
            false => lines.extend(names.into_iter().map(|name| format!("  ✓ {name}"))),
        }
    }
    lines
}

fn certificate_lines(one: &Value, texts: &Texts) -> Vec<String> {
    let row = |word: &str, value: String| (!value.is_empty()).then(|| format!("    {:14} {value}", texts.word(word)));
    let list = |value: &Value| value.as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(", ");
    let uses = [("signs", "cli.certificate_signs"), ("encrypts", "cli.certificate_encrypts"), ("has_key", "cli.certificate_has_key")];
    let uses: Vec<String> = uses.iter().filter(|(name, _)| one[*name] == true).map(|(_, word)| texts.word(word).to_owned()).collect();
    let rows = [
        row("cli.certificate_addresses", list(&one["addresses"])),
        row("cli.certificate_issuer", text(&one["issuer"]).to_owned()),
        row("cli.certificate_valid", format!("{} – {}", text(&one["not_before"]), text(&one["not_after"]))),
        row("cli.certificate_key", text(&one["key"]).to_owned()),
        row("cli.certificate_use", uses.join(", ")),
        row("cli.certificate_fingerprint", text(&one["fingerprint"]).to_owned()),
    ];
    std::iter::once(format!("  {}", text(&one["subject"]))).chain(rows.into_iter().flatten()).collect()
}

/// What there is to say of a signature or of encryption.
fn verdict(verdict: &Value, texts: &Texts) -> Option<String> {
    let status = verdict["status"].as_str()?;
    let sign = if matches!(status, "good" | "opened") { "✓" } else { "!" };
    let word = texts.word(&format!("cli.smime_{status}"));
    let rest = [text(&verdict["by"]), text(&verdict["cipher"]), text(&verdict["message"])];
    let rest: Vec<&str> = rest.into_iter().filter(|part| !part.is_empty()).collect();
    Some(format!("  {sign} {word}{}{}", if rest.is_empty() { "" } else { ": " }, rest.join(". ")))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
