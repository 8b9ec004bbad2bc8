//! Digests of content.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// A digest that signatures are made with (RFC 5754).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Digest {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Digest {
    /// Its name in the parameter `micalg` (RFC 8551, section 3.5.3.2).
    pub fn micalg(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    /// Its object identifier.
    pub fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha256 => rfc5912::ID_SHA_256,
            Self::Sha384 => rfc5912::ID_SHA_384,
            Self::Sha512 => rfc5912::ID_SHA_512,
        }
    }

    /// Its length in bytes.
    pub fn size(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The digest of bytes that are all at hand.
    pub(crate) fn of(self, bytes: &[u8]) -> Vec<u8> {
        let mut running = self.begin();
        running.update(bytes);
        running.finish()
    }

    /// Begins a digest.
    pub(crate) fn begin(self) -> Running {
        match self {
            Self::Sha256 => Running::Sha256(Sha256::new()),
            Self::Sha384 => Running::Sha384(Sha384::new()),
            Self::Sha512 => Running::Sha512(Sha512::new()),
        }
    }
}

/// A digest that takes its content in blocks.
#[derive(Clone)]
pub(crate) enum Running {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Running {
    pub(crate) fn update(&mut self, block: &[u8]) {
        match self {
            Self::Sha256(running) => running.update(block),
            Self::Sha384(running) => running.update(block),
            Self::Sha512(running) => running.update(block),
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha256(running) => running.finalize().to_vec(),
            Self::Sha384(running) => running.finalize().to_vec(),
            Self::Sha512(running) => running.finalize().to_vec(),
        }
    }
}
