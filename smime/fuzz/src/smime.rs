//! Any bytes: opening, verifying and decrypting them must not panic, and must be linear in memory.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;
use postkontor_smime::verify::{Anchors, Digests, Hash, Question};
use postkontor_smime::{Fault, Identity, Opened, open};
use std::io::Cursor;
use std::sync::OnceLock;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What opening takes whatever the length: the block that is read, and the one that is made of it.
const ALWAYS: usize = 1024 * 1024;

/// So many times its own size a message may take: certificates are kept as they stand, and taken apart.
const TIMES: usize = 24;

/// No more than this is taken of content that was compressed.
const MOST: usize = 4 * 1024 * 1024;

/// The keys that the seeds were encrypted for.
fn identities() -> &'static [Identity] {
    static IDENTITIES: OnceLock<Vec<Identity>> = OnceLock::new();
    IDENTITIES.get_or_init(|| {
        let files: [&[u8]; 2] = [include_bytes!("../seeds/rsa.pem"), include_bytes!("../seeds/p256.pem")];
        files.iter().map(|file| Identity::read(file, "").expect("the keys of the seeds can be read")).collect()
    })
}

/// The authority that certified them.
fn trust() -> &'static Anchors {
    static TRUST: OnceLock<Anchors> = OnceLock::new();
    TRUST.get_or_init(|| Anchors::read(include_bytes!("../seeds/ca.pem")))
}

fn read(raw: &[u8]) -> Result<(), Fault> {
    match open(Cursor::new(raw))? {
        Opened::Signed(mut signed) => {
            let (has_content, mut length) = (signed.has_content(), 0);
            while let Some(block) = signed.block()? {
                assert!(!block.is_empty());
                length += block.len();
            }
            assert!(length <= raw.len() && (has_content || length == 0));
            let (signature, digested) = signed.finish()?;
            let mut digests = Digests::new(Hash::ALL);
            digests.update(b"content\r\n");
            let content = if has_content { digested } else { digests.finish() };
            let question = Question { from: &["anna@example.com".to_owned()], now: 1_800_000_000, trust: trust(), known: &[] };
            for signer in signature.verify(&content, &question)? {
                assert!(signer.certificate.is_some() || !signer.faults.is_empty());
            }
        }
        Opened::Encrypted(encrypted) => {
            let (mut plain, mut length) = (encrypted.decrypt(identities())?, 0);
            // What the first pass has let through, the second gives.
            while let Some(block) = plain.block().expect("the source is the same") {
                length += block.len();
            }
            assert!(length <= raw.len());
        }
        Opened::Compressed(mut compressed) => {
            let mut length = 0;
            while let Some(block) = compressed.block()? {
                length += block.len();
                if length > MOST {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// The most memory that reading takes.
fn peak(raw: &[u8]) -> usize {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    if let Err(fault) = read(raw) {
        assert!(fault.code().starts_with("smime.") && !fault.to_string().is_empty());
    }
    MEMORY.peak_usage().saturating_sub(before)
}

fuzz_target!(|raw: &[u8]| {
    identities();
    trust();
    // What the process makes once and keeps is there the second time.
    let is_bounded = (0..2).any(|_| peak(raw) <= TIMES * raw.len() + ALWAYS);
    assert!(is_bounded, "reading {} bytes takes {}", raw.len(), peak(raw));
});
