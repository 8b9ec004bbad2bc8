//! NTLM, version 2 only (MS-NLMP): what Windows servers call "secured password authentication".
//!
//! The proof is bound to all that the server could otherwise be deceived about: to the TLS connection (`MsvAvChannelBindings`, which
//! Exchange with Extended Protection insists on), to the service that we meant to reach (`MsvAvTargetName`), and, by the message
//! integrity code, to every byte of the exchange. Nothing is signed or sealed afterwards; that is the task of TLS. The messages have
//! room for the name of this machine, which stays empty.

mod challenge;
mod format;
mod proof;

use super::credentials::{password, user};
use super::misbehaviour::{malformed, unexpected};
use crate::settings::{Auth, Endpoint};
use crate::{Error, Stage, Status};
use challenge::Challenge;
use format::{SIGNATURE, TARGET_INFO, UNICODE, VERSION, attribute, utf16};
use proof::{Key, channel_binding, mac};
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// What we ask for: Unicode, the server's names, NTLM with extended session security, and 128-bit keys, which some servers
/// require of a session even if it uses none (MS-NLMP, section 2.2.2.5).
const FLAGS: u32 = UNICODE | VERSION | 0x0000_0004 | 0x0000_0200 | 0x0000_8000 | 0x0008_0000 | 0x2000_0000 | 0x8000_0000;

/// The version of Windows that Samba gives, too: it says nothing of this machine. Without any, some servers look for the integrity
/// code where the version should stand.
const WINDOWS: [u8; 8] = [6, 1, 0, 0, 0, 0, 0, 15];

/// Where the payload of our last message begins: behind the version and the integrity code.
const HEADER: usize = 88;
/// Where the integrity code stands in it.
const INTEGRITY_CODE: std::ops::Range<usize> = 72..88;

/// In the attribute `FLAGS`: an integrity code is there.
const HAS_INTEGRITY_CODE: u32 = 2;

pub(super) struct Ntlm {
    host: String,
    /// The service that is meant to be reached, such as `HTTP/mail.example.com`.
    target: String,
    binding: Option<Vec<u8>>,
    step: Step,
}

enum Step {
    /// Nothing was sent.
    Start(Named),
    /// NEGOTIATE_MESSAGE was sent; the server's challenge is due.
    Negotiated(Named),
    /// AUTHENTICATE_MESSAGE was sent.
    Proved,
}

/// The user whom the settings name.
struct Named {
    name: String,
    domain: String,
    password: Zeroizing<String>,
}

/// What is new in every exchange.
struct Fresh {
    nonce: [u8; 8],
    /// In units of 100 ns since the year 1601.
    time: u64,
}

impl Ntlm {
    /// `binding` is the data of `tls-server-end-point`.
    pub(super) fn new(auth: &Auth, endpoint: &Endpoint, binding: Option<Vec<u8>>) -> Result<Ntlm, Error> {
        Ok(Ntlm {
            host: endpoint.host.clone(),
            target: String::new(),
            binding,
            step: Step::Start(Named::new(user(auth)?, password(auth)?)),
        })
    }

    pub(super) fn aim(&mut self, service: &str) {
        self.target = format!("{service}/{}", self.host);
    }

    pub(super) fn is_at_start(&self) -> bool {
        matches!(self.step, Step::Start(_))
    }

    pub(super) fn respond(&mut self, challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        match std::mem::replace(&mut self.step, Step::Proved) {
            // The server's first message only invites the client to begin.
            Step::Start(user) => {
                self.step = Step::Negotiated(user);
                Ok(Zeroizing::new(negotiate()))
            }
            Step::Negotiated(user) => self.authenticate(&user, challenge, &Fresh::new()?),
            Step::Proved => Err(unexpected()),
        }
    }

    /// Success that was reported before we proved anything is some misunderstanding.
    pub(super) fn finish(&self) -> Result<(), Error> {
        if matches!(self.step, Step::Proved) { Ok(()) } else { Err(malformed()) }
    }

    /// AUTHENTICATE_MESSAGE (MS-NLMP, section 2.2.1.3), our last one.
    fn authenticate(&self, user: &Named, challenge: &[u8], fresh: &Fresh) -> Result<Zeroizing<Vec<u8>>, Error> {
        let parsed = Challenge::parse(challenge).ok_or_else(malformed)?;
        let time = parsed.timestamp();
        let key = Key::new(&user.name, &user.domain, &user.password)?;
        let blob = blob(&fresh.nonce, time.unwrap_or(fresh.time), &self.names(&parsed)?);
        let proof = key.proof(parsed.nonce, &blob)?;
        // A server that says the time is new enough not to look at the older response (MS-NLMP, section 3.1.5.1.2).
        let older = if time.is_some() { vec![0; 24] } else { [&key.proof(parsed.nonce, &fresh.nonce)?[..], &fresh.nonce].concat() };
        let newer = [&proof[..], &blob].concat();
        let flags = parsed.flags & (FLAGS | TARGET_INFO) | UNICODE | VERSION;

        let mut message = Zeroizing::new([SIGNATURE, &3u32.to_le_bytes()].concat());
        let mut payload = Vec::new();
        // The last two are this machine's name and a session key.
        for field in [older, newer, utf16(&user.domain), utf16(&user.name), Vec::new(), Vec::new()] {
            let length = u16::try_from(field.len()).map_err(|_| too_long())?.to_le_bytes();
            let start = u32::try_from(HEADER + payload.len()).map_err(|_| too_long())?.to_le_bytes();
            message.extend([length, length].concat());
            message.extend(start);
            payload.extend(field);
        }
        message.extend(flags.to_le_bytes());
        message.extend(WINDOWS);
        message.resize(HEADER, 0);
        message.extend(payload);
        let code = mac(&*key.session(&proof)?, &[&negotiate(), challenge, &message])?;
        message[INTEGRITY_CODE].copy_from_slice(&code);
        Ok(message)
    }

    /// The server's names and attributes, with ours put in.
    fn names(&self, challenge: &Challenge) -> Result<Vec<u8>, Error> {
        let mut names = Vec::new();
        let mut flags = HAS_INTEGRITY_CODE;
        for (kind, value) in &challenge.attributes {
            match *kind {
                attribute::FLAGS => flags |= value.first_chunk().map_or(0, |bits| u32::from_le_bytes(*bits)),
                attribute::TARGET_NAME | attribute::CHANNEL_BINDINGS => {}
                kind => put(&mut names, kind, value)?,
            }
        }
        put(&mut names, attribute::FLAGS, &flags.to_le_bytes())?;
        // Without TLS, zeros: a server with TLS detects by them that the answer was relayed (MS-NLMP, section 3.1.5.1.2).
        let binding = self.binding.as_deref().map_or(Ok([0; 16]), channel_binding)?;
        put(&mut names, attribute::CHANNEL_BINDINGS, &binding)?;
        if !self.target.is_empty() {
            put(&mut names, attribute::TARGET_NAME, &utf16(&self.target))?;
        }
        put(&mut names, attribute::END, &[])?;
        Ok(names)
    }
}

impl Named {
    /// `user` is `DOMAIN\name`, `name@domain`, or a name for whose domain the server decides.
    fn new(user: &str, password: &str) -> Named {
        // A name with "@" goes as it is, without a domain; it is the server that knows whose it is.
        let (domain, name) = user.split_once('\\').unwrap_or(("", user));
        Named { name: name.to_owned(), domain: domain.to_owned(), password: Zeroizing::new(password.to_owned()) }
    }
}

impl Fresh {
    fn new() -> Result<Fresh, Error> {
        let mut nonce = [0; 8];
        getrandom::fill(&mut nonce)
            .map_err(|error| Error::new(Status::Local, "auth.no_random_numbers").stage(Stage::Login).detail(error.to_string()))?;
        // Windows counts from the year 1601.
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default() + Duration::from_secs(11_644_473_600);
        Ok(Fresh { nonce, time: u64::try_from(since.as_nanos() / 100).unwrap_or_default() })
    }
}

/// NEGOTIATE_MESSAGE (MS-NLMP, section 2.2.1.1), our first one.
fn negotiate() -> Vec<u8> {
    // Neither a domain nor a machine is named.
    [SIGNATURE, &1u32.to_le_bytes(), &FLAGS.to_le_bytes(), &[0; 16], &WINDOWS].concat()
}

/// NTLMv2_CLIENT_CHALLENGE (MS-NLMP, section 2.2.2.7), named `temp` where the proof is defined.
fn blob(nonce: &[u8; 8], time: u64, names: &[u8]) -> Vec<u8> {
    [&[1, 1, 0, 0, 0, 0, 0, 0], &time.to_le_bytes()[..], nonce, &[0; 4], names, &[0; 4]].concat()
}

fn put(names: &mut Vec<u8>, kind: u16, value: &[u8]) -> Result<(), Error> {
    names.extend(kind.to_le_bytes());
    names.extend(u16::try_from(value.len()).map_err(|_| too_long())?.to_le_bytes());
    names.extend(value);
    Ok(())
}

/// A field has room for 65,535 bytes.
fn too_long() -> Error {
    Error::new(Status::Protocol, "auth.challenge_malformed").stage(Stage::Login).detail("a field of NTLM would exceed its limit")
}

#[cfg(test)]
mod tests;
