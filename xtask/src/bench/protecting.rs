//! What signing and encrypting a message of 200 KB costs beside OpenSSL's CMS.

use super::build::Clients;
use super::client::output;
use super::workloads::Who;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command;

/// How many turns of ten messages there are in a round, and how many rounds.
const TURNS: &str = "10";
const ROUNDS: usize = 5;

/// How many messages there are in bulk.
const MAILS: &str = "1000";

/// Bytes of the attachment: 200 KB as it travels.
const ATTACHMENT: usize = 147_000;

/// What is done to a message. All together are one message each way.
const MODES: [&str; 4] = ["sign", "cbc", "gcm", "sign+cbc"];

/// The kinds of keys, as `openssl req -newkey` takes them.
const KINDS: [(&str, &[&str]); 2] = [("RSA 2048", &["rsa:2048"]), ("P-256", &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"])];

/// How many times as fast as OpenSSL we are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Protecting {
    /// Signing and encrypting with AES in CBC, by the kind of key for which that is least.
    pub(crate) both: f64,
    /// Signing alone, likewise.
    pub(crate) signing: f64,
    /// Encrypting alone, by the cipher and the kind of key for which that is least.
    pub(crate) encrypting: f64,
    /// Both in bulk, called from Python.
    pub(crate) python: f64,
}

/// Milliseconds a message, in turn and several times over; the best counts. Prints them.
pub(crate) fn protect(clients: &Clients) -> Result<Protecting, String> {
    let [ours, rival] = &clients.smime;
    let folder = clients.file.with_file_name("smime");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let entity = folder.join("entity");
    write_entity(&clients.file, &entity)?;
    println!("\n### A message of 200 KB signed and encrypted\n\n| Key | What | OpenSSL's CMS | Postkontor | |\n|---|---|---|---|---|");
    let mut least = Protecting { both: f64::INFINITY, signing: f64::INFINITY, encrypting: f64::INFINITY, python: f64::INFINITY };
    for (kind, arguments) in KINDS {
        let (certificate, key) = issue(&folder, kind, arguments)?;
        for mode in MODES {
            let mut best = [f64::INFINITY; 2];
            for _ in 0..ROUNDS {
                for (program, best) in [ours, rival].into_iter().zip(&mut best) {
                    let mut command = Command::new(program);
                    command.arg(&entity).arg(&certificate).arg(&key).args([mode, TURNS]);
                    let output = output(command, Who::Postkontor)?;
                    let milliseconds = output.split_whitespace().next().and_then(|value| value.parse::<f64>().ok());
                    *best = best.min(milliseconds.ok_or_else(|| format!("{} reported \"{output}\"", program.display()))?);
                }
            }
            let times = best[1] / best[0];
            println!("| {kind} | {mode} | {:.3} ms | {:.3} ms | {times:.2} times as fast |", best[1], best[0]);
            match mode {
                "sign+cbc" => least.both = least.both.min(times),
                "sign" => least.signing = least.signing.min(times),
                _ => least.encrypting = least.encrypting.min(times),
            }
        }
        least.python = least.python.min(from_python(clients, &entity, kind, (&certificate, &key))?);
    }
    Ok(least)
}

/// Messages in bulk, called from a program in Python: how many times as fast as OpenSSL's functions, called from the same program in turn. Prints the milliseconds of a message.
///
/// Ours get the attachment and make the message, too; OpenSSL's functions get what is to be signed.
fn from_python(clients: &Clients, entity: &Path, kind: &str, (certificate, key): (&Path, &Path)) -> Result<f64, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", certificate.display());
    let folder = certificate.parent().unwrap_or(certificate);
    // The settings want both in one file.
    let (both, attachment) = (folder.join(format!("{kind} with its key.pem")), folder.join("attachment"));
    fs::write(&both, [fs::read(certificate).map_err(failed)?, fs::read(key).map_err(failed)?].concat()).map_err(failed)?;
    let mut bytes = Vec::with_capacity(ATTACHMENT);
    fs::File::open(&clients.file).and_then(|file| file.take(ATTACHMENT as u64).read_to_end(&mut bytes)).map_err(failed)?;
    fs::write(&attachment, bytes).map_err(failed)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask lies in the workspace")?;
    let (program, library) = (root.join("tests/bench/clients/smime_python.py"), clients.plugins.with_file_name("libpostkontor.so.1"));
    let mut command = Command::new("python3");
    command.arg(&program).arg(root.join("ffi/bindings/python")).args([&library, &attachment, entity, &both, key]).arg(MAILS);
    let output = output(command, Who::Postkontor)?;
    let times: Vec<f64> = output.split_whitespace().filter_map(|value| value.parse().ok()).collect();
    let [ours, rival] = times[..] else { return Err(format!("{} reported \"{output}\"", program.display())) };
    println!("| {kind} | sign+cbc, {MAILS} mails from Python | {rival:.3} ms | {ours:.3} ms | {:.2} times as fast |", rival / ours);
    Ok(rival / ours)
}

/// An attachment as it travels: base64 with CR LF.
fn write_entity(source: &Path, entity: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", entity.display());
    let output = Command::new("sh")
        .args(["-c", "head -c \"$1\" \"$0\" | base64 -w 76 | sed 's/$/\\r/'"])
        .arg(source)
        .arg(ATTACHMENT.to_string())
        .output();
    let output = output.map_err(failed)?;
    let head: &[u8] = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    fs::write(entity, [head, &output.stdout].concat()).map_err(failed)
}

/// A certificate for mail, and its key.
fn issue(folder: &Path, kind: &str, arguments: &[&str]) -> Result<(std::path::PathBuf, std::path::PathBuf), String> {
    let (certificate, key) = (folder.join(format!("{kind}.pem")), folder.join(format!("{kind}.key")));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=Anna", "-addext", "subjectAltName=email:anna@example.com"]);
    openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate).arg("-newkey").args(arguments);
    let output = openssl.output().map_err(|error| format!("openssl: {error}"))?;
    if output.status.success() { Ok((certificate, key)) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
