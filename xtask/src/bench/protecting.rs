//! What signing and encrypting a message of 200 KB costs beside OpenSSL's CMS.

use super::build::Clients;
use super::client::output;
use super::workloads::Who;
use std::fs;
use std::path::Path;
use std::process::Command;

/// How many turns of ten messages there are in a round, and how many rounds.
const TURNS: &str = "10";
const ROUNDS: usize = 5;

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
}

/// Milliseconds a message, in turn and several times over; the best counts. Prints them.
pub(crate) fn protect(clients: &Clients) -> Result<Protecting, String> {
    let [ours, rival] = &clients.smime;
    let folder = clients.file.with_file_name("smime");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let entity = folder.join("entity");
    write_entity(&clients.file, &entity)?;
    println!("\n### A message of 200 KB signed and encrypted\n\n| Key | What | OpenSSL's CMS | Postkontor | |\n|---|---|---|---|---|");
    let mut least = Protecting { both: f64::INFINITY, signing: f64::INFINITY };
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
                _ => (),
            }
        }
    }
    Ok(least)
}

/// An attachment as it travels: base64 with CR LF.
fn write_entity(source: &Path, entity: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", entity.display());
    let output =
        Command::new("sh").args(["-c", "head -c 147000 \"$0\" | base64 -w 76 | sed 's/$/\\r/'"]).arg(source).output().map_err(failed)?;
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
