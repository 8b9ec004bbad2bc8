//! The folder with the certificates of those who sent signed mail (`receive.smime.collect`).
//!
//! Each certificate is a file `ADDRESS-FINGERPRINT.pem`: the certificate, its issuers, and before them what its owner's program can decrypt, as the message said ([`keys::announcement`]).

use crate::error::{failed, file_failed};
use crate::keys::{self, now};
use crate::message::rfc3339;
use crate::opened::{Opened, safe_name};
use crate::texts;
use crate::whole_file::write_whole;
use base64_simd::STANDARD;
use postkontor_plugin::{Error, Status};
use postkontor_smime::Certificate;
use postkontor_smime::fault::Weight;
use postkontor_smime::verify::{Signer, is_issued_by};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// No more files are put into a folder than this: strangers send mail as well.
const MOST: usize = 10_000;

/// A folder into which certificates are put.
pub(crate) struct Collection(PathBuf);

impl Collection {
    pub(crate) fn of(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// Puts the certificates of those in who signed a message well, for the addresses that it is from; the names of the files that are new or were renewed.
    ///
    /// # Errors
    ///
    /// LOCAL: a file cannot be written, or the folder is full.
    pub(crate) fn add_all(&self, message: &Opened) -> Result<Vec<String>, Error> {
        let is_good = |signer: &&Signer| signer.verdict() == Weight::Note;
        let signers: Vec<&Signer> = message.signers().iter().filter(is_good).collect();
        if signers.is_empty() {
            return Ok(Vec::new());
        }
        let from: Vec<String> = message.content().from.into_iter().filter_map(|person| person.address).collect();
        let mut written = Vec::new();
        for signer in signers {
            for address in &from {
                let certificates = signer.encrypt_for.iter().chain(&signer.certificate);
                let mut fitting = certificates.filter(|certificate| is_worth_keeping(certificate, signer, address));
                if let Some(certificate) = fitting.next() {
                    written.extend(self.add(certificate, signer, address)?);
                }
            }
        }
        Ok(written)
    }

    /// Puts a certificate in, unless it is there from a message that was signed later.
    fn add(&self, certificate: &Certificate, signer: &Signer, address: &str) -> Result<Option<String>, Error> {
        let name = safe_name(&format!("{}-{}.pem", address.to_lowercase(), &certificate.fingerprint_text()[..8]));
        let path = self.0.join(&name);
        let not_written = |error: &io::Error| file_failed(error, Status::Local, "smime.not_collected", &path);
        let signed_at = rfc3339(signer.signed_at.unwrap_or_else(now));
        match std::fs::read_to_string(&path) {
            Ok(known) if keys::signed_at(&known).is_some_and(|known| known >= signed_at.as_str()) => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => self.make_room().map_err(|error| not_written(&error))??,
            Err(error) => return Err(not_written(&error)),
        }
        let text = text(certificate, signer, &signed_at);
        let write = |file: &mut std::fs::File| file.write_all(text.as_bytes()).map(|()| text.len() as u64);
        write_whole(&path, write).map_err(|error| not_written(&error))?;
        Ok(Some(name))
    }

    /// Makes the folder where it is not there, and refuses one that is full.
    fn make_room(&self) -> io::Result<Result<(), Error>> {
        std::fs::create_dir_all(&self.0)?;
        let is_full = std::fs::read_dir(&self.0)?.take(MOST).count() == MOST;
        let full = || failed(Status::Local, "smime.collection_full").arg("folder", texts::path(&self.0)).arg("limit", MOST);
        Ok(if is_full { Err(full()) } else { Ok(()) })
    }
}

/// Whether mail to the address can be encrypted for a certificate. Another than the one that signed has to come from the same issuer, for whom the chain of that one vouches.
fn is_worth_keeping(certificate: &Certificate, signer: &Signer, address: &str) -> bool {
    let is_signers = signer.certificate.as_ref() == Some(certificate);
    let is_vouched_for = is_signers || signer.chain.first().is_some_and(|issuer| is_issued_by(certificate, issuer));
    is_vouched_for && certificate.is_for(address) && certificate.can_encrypt() && certificate.is_valid_at(now())
}

fn text(certificate: &Certificate, signer: &Signer, signed_at: &str) -> String {
    let mut text = keys::announcement(signed_at, signer.capabilities.as_deref());
    for certificate in std::iter::once(certificate).chain(&signer.chain) {
        text.push_str("\n-----BEGIN CERTIFICATE-----\n");
        let base64 = STANDARD.encode_to_string(certificate.der());
        for line in base64.as_bytes().chunks(64) {
            text.extend(line.iter().map(|byte| char::from(*byte)));
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}
