//! Opens a file in CMS, of any size, and says what it is, how fast that was and how much memory it took at most.
//!
//! `cargo run --release -p postkontor-smime --example opened -- FILE identity.p12 PASSWORD [ca.pem ADDRESS]`

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that is run by hand")]

use postkontor_smime::verify::{Anchors, Question};
use postkontor_smime::{Fault, Identity, Opened, open};
use std::fs::File;
use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (file, identity, password, authority, address) = match arguments.as_slice() {
        [file, identity, password] => (*file, *identity, *password, None, ""),
        [file, identity, password, authority, address] => (*file, *identity, *password, Some(*authority), *address),
        _ => {
            eprintln!("usage: opened FILE identity.p12 PASSWORD [ca.pem ADDRESS]");
            return ExitCode::FAILURE;
        }
    };
    let begun = Instant::now();
    match read(file, identity, password, authority, address) {
        Ok(size) => {
            let (seconds, status) = (begun.elapsed().as_secs_f64(), std::fs::read_to_string("/proc/self/status").unwrap_or_default());
            let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map_or("unknown", str::trim);
            println!("{size} bytes of content in {seconds:.2} s, {:.0} MB/s, at most {most} of memory", size as f64 / 1e6 / seconds);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{file}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read(file: &str, identity: &str, password: &str, authority: Option<&str>, address: &str) -> Result<u64, Box<dyn std::error::Error>> {
    let identities = Identity::read_all(&std::fs::read(identity)?, password)?;
    let trust = authority.map(std::fs::read).transpose()?.map(|bundle| Anchors::read(&bundle)).unwrap_or_default();
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().try_into()?;
    let question = Question { from: &[address.to_owned()], now, trust: &trust, known: &[] };
    let mut size = 0;
    match open(File::open(file)?)? {
        Opened::Signed(mut signed) => {
            while let Some(block) = signed.block()? {
                size += block.len() as u64;
            }
            let (signature, content) = signed.finish()?;
            for signer in signature.verify(&content, &question)? {
                let by = signer.certificate.as_ref().map(|certificate| certificate.subject()).unwrap_or_default();
                println!("signed by {by}: {:?} {}", signer.verdict(), told(&signer.faults));
            }
        }
        Opened::Encrypted(encrypted) => {
            let mut plain = encrypted.decrypt(&identities)?;
            while let Some(block) = plain.block()? {
                size += block.len() as u64;
            }
            println!("encrypted with {} {}", plain.cipher().name(), told(&plain.faults()));
        }
        Opened::Compressed(mut compressed) => {
            while let Some(block) = compressed.block()? {
                size += block.len() as u64;
            }
            println!("compressed");
        }
    }
    Ok(size)
}

fn told(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("[{}] {fault}", fault.code())).collect::<Vec<_>>().join("; ")
}
