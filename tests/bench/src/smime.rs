//! What signing and encrypting a message of 200 KB costs. The arguments are FILE CERTIFICATE KEY MODE TURNS, with MODE `sign`, `cbc`, `gcm` or `sign+cbc`: the file is a MIME
//! entity, and the same that `clients/smime_openssl.c` takes. Prints the milliseconds of a message in the best turn of ten messages, and its bytes.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "standard output is how it talks to the benchmark")]

use postkontor_core::message::{Composer, Held, Protection, Signature, When};
use postkontor_core::settings::Sender;
use postkontor_smime::encrypt::Recipient;
use postkontor_smime::sign::Terms;
use postkontor_smime::{Capability, Identity};
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

const MAILS: u32 = 10;

/// As much as a transport reads at a time.
const BLOCK: usize = 64 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, file, certificate, key, mode, turns] = arguments.as_slice() else {
        return Err("bench-smime FILE CERTIFICATE KEY MODE TURNS".into());
    };
    let identity = Identity::read(&[std::fs::read(certificate)?, std::fs::read(key)?].concat(), "")?;
    let capabilities = mode.contains("gcm").then(Capability::own);
    let recipient = Recipient { capabilities, ..Recipient::new(identity.certificate().clone()) };
    let held = Held { signature: Some(Arc::new(Signature { identity, terms: Terms::default() })), recipients: vec![recipient] };
    let encrypt = if mode.contains("cbc") || mode.contains("gcm") { When::Always } else { When::Never };
    let protection = Protection { certificates: &held, sign: mode.contains("sign"), encrypt, to_self: false };
    let sender = Sender::default();
    let composer = Composer::new(&sender)?.protected_by(protection);
    let message = [b"From: anna@example.com\r\nTo: anna@example.com\r\nMIME-Version: 1.0\r\n", &std::fs::read(file)?[..]].concat();
    let (mut best, mut size, mut block) = (f64::INFINITY, 0, vec![0; BLOCK]);
    for _ in 0..turns.parse()? {
        let started = Instant::now();
        for _ in 0..MAILS {
            let mut composed = composer.compose_raw("anna@example.com", &["anna@example.com"], message.clone())?;
            size = 0;
            loop {
                match composed.read(&mut block)? {
                    0 => break,
                    count => size += count,
                }
            }
        }
        best = best.min(started.elapsed().as_secs_f64() * 1e3 / f64::from(MAILS));
    }
    println!("{best:.4} {size}");
    Ok(())
}
