//! Signs and encrypts a gigabyte in blocks, and says how fast that was and how much memory it took at most.
//!
//! `cargo run --release -p postkontor-smime --example gigabyte -- identity.p12 PASSWORD [MEGABYTES]`

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that is run by hand")]

use postkontor_smime::encrypt::{Cipher, Envelope, Recipient};
use postkontor_smime::sign::{Signer, Terms};
use postkontor_smime::{Error, Identity};
use std::process::ExitCode;
use std::time::Instant;

/// Blocks as core reads them from files.
const BLOCK: usize = 64 * 1024;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (file, password, megabytes) = match arguments.as_slice() {
        [file, password] => (file, password, 1024),
        [file, password, megabytes] => (file, password, megabytes.parse().unwrap_or(1024)),
        _ => {
            eprintln!("usage: gigabyte identity.p12 PASSWORD [MEGABYTES]");
            return ExitCode::FAILURE;
        }
    };
    let read = std::fs::read(file).map_err(|error| error.to_string());
    let run = read.and_then(|bytes| run(&bytes, password, megabytes * 1024 * 1024).map_err(|error| error.to_string()));
    match run {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{file}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(file: &[u8], password: &str, size: usize) -> Result<(), Error> {
    let identity = Identity::read(file, password)?;
    let block = vec![b'x'; BLOCK];
    let begun = Instant::now();
    let terms = Terms { time: 1_800_000_000, ..Terms::default() };
    let mut signer = Signer::new(&identity, &terms)?;
    (0..size / BLOCK).for_each(|_| signer.update(&block));
    let signature = signer.finish()?;
    tell("signed", size, begun, signature.len());
    for cipher in [Cipher::Aes256Cbc, Cipher::Aes256Gcm] {
        let begun = Instant::now();
        let envelope = Envelope::with(vec![Recipient::new(identity.certificate().clone())], cipher)?;
        let (mut out, mut written) = (Vec::with_capacity(2 * BLOCK), 0);
        let mut sealing = envelope.seal((size / BLOCK * BLOCK) as u64, &mut out)?;
        for _ in 0..size / BLOCK {
            sealing.update(&block, &mut out)?;
            // Here the block would go on its way.
            written += out.len();
            out.clear();
        }
        sealing.finish(&mut out)?;
        tell(&format!("encrypted, {cipher:?}"), size, begun, written + out.len());
    }
    Ok(())
}

fn tell(what: &str, size: usize, begun: Instant, out: usize) {
    let seconds = begun.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map_or("unknown", str::trim);
    println!("{what}: {seconds:.2} s, {:.0} MB/s, {out} bytes out, at most {most} of memory", size as f64 / 1e6 / seconds);
}
