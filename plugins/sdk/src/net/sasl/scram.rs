//! SCRAM-SHA-1 (RFC 5802) and SCRAM-SHA-256 (RFC 7677): both sides prove that they know the password, and neither says it.

use super::constant_time::equal;
use super::misbehaviour::{malformed, readable, unexpected, unproven};
use crate::{Call, Error, Stage, Status};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::{Digest, KeyInit};
use hmac::{Hmac, Mac};
use zeroize::Zeroizing;

/// The iteration counts that are accepted. RFC 5802, section 5.1, asks servers for 4096 at least: with fewer, an impostor gets a
/// proof that he can quickly try against word lists. The upper bound keeps a hostile server from
/// occupying us (CVE-2026-42256 in another client).
const ITERATIONS: std::ops::RangeInclusive<u32> = 4096..=1_000_000;

/// How many iterations pass between two looks at the deadline: a few milliseconds' work.
const PACE: u32 = 4096;

/// The header that says: no channel binding, no other identity to act as.
const GS2_HEADER: &str = "n,,";

#[derive(Clone, Copy)]
pub(super) enum Hash {
    Sha1,
    Sha256,
}

pub(super) struct Scram {
    hash: Hash,
    password: Zeroizing<String>,
    nonce: String,
    client_first_bare: String,
    step: Step,
    reason: Option<String>,
}

enum Step {
    /// Nothing was sent.
    Start,
    /// The client-first-message was sent; salt and iterations are due.
    Named,
    /// The client's proof was sent; the server's, which must be this one, is due.
    Proved { server_signature: Vec<u8> },
    /// The server's proof was right.
    Verified,
    /// The server gave a reason for refusing.
    Refused,
}

impl Scram {
    pub(super) fn new(hash: Hash, user: &str, password: &str) -> Result<Scram, Error> {
        let mut random = [0; 18];
        getrandom::fill(&mut random)
            .map_err(|error| Error::new(Status::Local, "auth.no_random_numbers").stage(Stage::Login).detail(error.to_string()))?;
        Ok(Scram::with_nonce(hash, user, password, STANDARD.encode(random)))
    }

    fn with_nonce(hash: Hash, user: &str, password: &str, nonce: String) -> Scram {
        let client_first_bare = format!("n={},r={nonce}", user.replace('=', "=3D").replace(',', "=2C"));
        Scram { hash, password: Zeroizing::new(password.to_owned()), nonce, client_first_bare, step: Step::Start, reason: None }
    }

    pub(super) fn initial(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        if !matches!(self.step, Step::Start) {
            return None;
        }
        self.step = Step::Named;
        Some(Zeroizing::new([GS2_HEADER, &self.client_first_bare].concat().into_bytes()))
    }

    pub(super) fn respond(&mut self, challenge: &[u8], call: &Call) -> Result<Zeroizing<Vec<u8>>, Error> {
        match &self.step {
            Step::Start => self.initial().ok_or_else(unexpected),
            Step::Named => self.prove(challenge, call),
            Step::Proved { server_signature } => {
                if let Some(reason) = challenge.strip_prefix(b"e=") {
                    self.reason = Some(readable(reason));
                    self.step = Step::Refused;
                } else {
                    let signature = attribute(challenge.split(|byte| *byte == b',').next(), b"v=")?;
                    let signature = STANDARD.decode(signature).map_err(|_| malformed())?;
                    if !equal(&signature, server_signature) {
                        return Err(unproven());
                    }
                    self.step = Step::Verified;
                }
                Ok(Zeroizing::new(Vec::new()))
            }
            Step::Verified | Step::Refused => Err(unexpected()),
        }
    }

    /// Answers `r=nonce,s=salt,i=iterations` with our proof (RFC 5802, section 3).
    fn prove(&mut self, challenge: &[u8], call: &Call) -> Result<Zeroizing<Vec<u8>>, Error> {
        let server_first = std::str::from_utf8(challenge).map_err(|_| malformed())?;
        // A mandatory extension would come first (`m=`), and is refused by not being the nonce.
        let mut attributes = challenge.split(|byte| *byte == b',');
        let nonce = attribute(attributes.next(), b"r=")?;
        let salt = STANDARD.decode(attribute(attributes.next(), b"s=")?).map_err(|_| malformed())?;
        let iterations = attribute(attributes.next(), b"i=")?;
        if nonce.len() <= self.nonce.len() || !nonce.starts_with(self.nonce.as_bytes()) {
            return Err(Error::new(Status::Protocol, "auth.nonce_foreign").stage(Stage::Login));
        }
        if salt.is_empty() {
            return Err(malformed());
        }
        let iterations: u32 = std::str::from_utf8(iterations).ok().and_then(|text| text.parse().ok()).ok_or_else(malformed)?;
        if !ITERATIONS.contains(&iterations) {
            let error = Error::new(Status::Protocol, "auth.iterations_out_of_range").stage(Stage::Login);
            return Err(error.arg("iterations", iterations).arg("minimum", *ITERATIONS.start()).arg("maximum", *ITERATIONS.end()));
        }
        let nonce = std::str::from_utf8(nonce).map_err(|_| malformed())?;
        let without_proof = format!("c={},r={nonce}", STANDARD.encode(GS2_HEADER));
        let auth_message = [&self.client_first_bare, ",", server_first, ",", &without_proof].concat();

        let salted = self.hash.salted(&self.password, &salt, iterations, call)?;
        let client_key = Zeroizing::new(self.hash.mac(&salted, b"Client Key")?);
        let client_signature = self.hash.mac(&self.hash.digest(&client_key), auth_message.as_bytes())?;
        let server_key = Zeroizing::new(self.hash.mac(&salted, b"Server Key")?);
        let server_signature = self.hash.mac(&server_key, auth_message.as_bytes())?;
        let proof: Vec<u8> = client_key.iter().zip(&client_signature).map(|(key, signature)| key ^ signature).collect();
        self.step = Step::Proved { server_signature };
        Ok(Zeroizing::new(format!("{without_proof},p={}", STANDARD.encode(proof)).into_bytes()))
    }

    pub(super) fn finish(&self) -> Result<(), Error> {
        if matches!(self.step, Step::Verified) { Ok(()) } else { Err(unproven()) }
    }

    pub(super) fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

impl Hash {
    fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Hash::Sha1 => sha1::Sha1::digest(data).to_vec(),
            Hash::Sha256 => sha2::Sha256::digest(data).to_vec(),
        }
    }

    fn mac(self, key: &[u8], data: &[u8]) -> Result<Vec<u8>, Error> {
        match self {
            Hash::Sha1 => Ok(keyed::<Hmac<sha1::Sha1>>(key)?.chain_update(data).finalize().into_bytes().to_vec()),
            Hash::Sha256 => Ok(keyed::<Hmac<sha2::Sha256>>(key)?.chain_update(data).finalize().into_bytes().to_vec()),
        }
    }

    fn salted(self, password: &str, salt: &[u8], iterations: u32, call: &Call) -> Result<Zeroizing<Vec<u8>>, Error> {
        match self {
            Hash::Sha1 => salted::<Hmac<sha1::Sha1>>(password, salt, iterations, call),
            Hash::Sha256 => salted::<Hmac<sha2::Sha256>>(password, salt, iterations, call),
        }
    }
}

/// `Hi` of RFC 5802, which is PBKDF2 with one block of output. Written out because it has to look at the deadline: a million
/// iterations take longer than a cancelled call may.
fn salted<M: Mac + KeyInit + Clone>(password: &str, salt: &[u8], iterations: u32, call: &Call) -> Result<Zeroizing<Vec<u8>>, Error> {
    let keyed = keyed::<M>(password.as_bytes())?;
    let mut last = keyed.clone().chain_update(salt).chain_update(1u32.to_be_bytes()).finalize().into_bytes();
    let mut sum = Zeroizing::new(last.to_vec());
    for iteration in 1..iterations {
        if iteration % PACE == 0 {
            call.check()?;
        }
        last = keyed.clone().chain_update(&last).finalize().into_bytes();
        for (sum, last) in sum.iter_mut().zip(&last) {
            *sum ^= last;
        }
    }
    Ok(sum)
}

fn keyed<M: Mac + KeyInit>(key: &[u8]) -> Result<M, Error> {
    <M as Mac>::new_from_slice(key)
        .map_err(|error| Error::new(Status::Internal, "auth.internal").stage(Stage::Login).detail(error.to_string()))
}

fn attribute<'a>(part: Option<&'a [u8]>, name: &[u8]) -> Result<&'a [u8], Error> {
    part.and_then(|part| part.strip_prefix(name)).ok_or_else(malformed)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::call;
    use super::*;

    /// The example of RFC 5802, section 5.
    const SHA1: (&str, &str, &str, &str) = (
        "fyko+d2lbbFgONRv9qkxdawL",
        "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    );

    /// The example of RFC 7677, section 3.
    const SHA256: (&str, &str, &str, &str) = (
        "rOprNGfwEbeRWgbNEkqO",
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    );

    fn scram(hash: Hash, nonce: &str) -> Scram {
        let mut scram = Scram::with_nonce(hash, "user", "pencil", nonce.to_owned());
        scram.initial();
        scram
    }

    fn respond(scram: &mut Scram, challenge: &str) -> Result<String, Error> {
        scram.respond(challenge.as_bytes(), &call()).map(|response| String::from_utf8_lossy(&response).into_owned())
    }

    #[test]
    fn follows_the_examples_of_rfc_5802_and_rfc_7677() {
        for (hash, (nonce, challenge, response, signature)) in [(Hash::Sha1, SHA1), (Hash::Sha256, SHA256)] {
            let mut scram = Scram::with_nonce(hash, "user", "pencil", nonce.to_owned());
            assert_eq!(**scram.initial().unwrap(), *format!("n,,n=user,r={nonce}").as_bytes());
            assert_eq!(respond(&mut scram, challenge).unwrap(), response);
            assert_eq!(respond(&mut scram, signature).unwrap(), "");
            scram.finish().unwrap();
        }
    }

    #[test]
    fn success_without_the_servers_proof_is_refused() {
        let mut scram = scram(Hash::Sha1, SHA1.0);
        assert_eq!(scram.finish().unwrap_err().code, "auth.server_unproven");
        respond(&mut scram, SHA1.1).unwrap();
        assert_eq!(scram.finish().unwrap_err().code, "auth.server_unproven");
    }

    #[test]
    fn a_wrong_proof_is_refused() {
        let mut scram = scram(Hash::Sha1, SHA1.0);
        respond(&mut scram, SHA1.1).unwrap();
        assert_eq!(respond(&mut scram, "v=rmF9pqV8S7suAoZWja4dJRkFsKU=").unwrap_err().code, "auth.server_unproven");
    }

    #[test]
    fn a_foreign_or_merely_repeated_nonce_is_refused() {
        for nonce in ["", "x", "fyko+d2lbbFgONRv9qkxdawL", "xyko+d2lbbFgONRv9qkxdawLmore"] {
            let refused = respond(&mut scram(Hash::Sha1, SHA1.0), &format!("r={nonce},s=QSXCR+Q6sek8bf92,i=4096")).unwrap_err();
            assert_eq!(refused.code, "auth.nonce_foreign", "{nonce:?}");
        }
    }

    #[test]
    fn too_few_and_too_many_iterations_are_refused_without_computing() {
        for iterations in ["0", "1", "4095", "1000001", "4294967295"] {
            let challenge = format!("r=fyko+d2lbbFgONRv9qkxdawLmore,s=QSXCR+Q6sek8bf92,i={iterations}");
            let refused = respond(&mut scram(Hash::Sha1, SHA1.0), &challenge).unwrap_err();
            assert_eq!(refused.code, "auth.iterations_out_of_range", "{iterations}");
        }
    }

    #[test]
    fn malformed_challenges_are_refused() {
        for challenge in [
            "",
            "r=",
            "s=QSXCR+Q6sek8bf92,i=4096",
            "m=1,r=fyko+d2lbbFgONRv9qkxdawLmore,s=QSXCR+Q6sek8bf92,i=4096",
            "r=fyko+d2lbbFgONRv9qkxdawLmore,s=!,i=4096",
            "r=fyko+d2lbbFgONRv9qkxdawLmore,s=,i=4096",
            "r=fyko+d2lbbFgONRv9qkxdawLmore,s=QSXCR+Q6sek8bf92,i=many",
            "r=fyko+d2lbbFgONRv9qkxdawLmore,s=QSXCR+Q6sek8bf92,i=99999999999",
        ] {
            assert_eq!(respond(&mut scram(Hash::Sha1, SHA1.0), challenge).unwrap_err().code, "auth.challenge_malformed", "{challenge:?}");
        }
    }

    #[test]
    fn the_servers_reason_is_kept() {
        let mut scram = scram(Hash::Sha1, SHA1.0);
        respond(&mut scram, SHA1.1).unwrap();
        assert_eq!(respond(&mut scram, "e=invalid-proof").unwrap(), "");
        assert_eq!(scram.reason(), Some("invalid-proof"));
        assert!(scram.finish().is_err());
    }

    #[test]
    fn commas_and_equals_signs_in_the_user_name_are_escaped() {
        let mut scram = Scram::with_nonce(Hash::Sha1, "a,b=c", "x", "n".to_owned());
        assert_eq!(**scram.initial().unwrap(), *b"n,,n=a=2Cb=3Dc,r=n");
    }
}
