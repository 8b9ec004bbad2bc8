//! Digests of content that was signed.

use crate::digest::Running;
use crate::{Digest, frame};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912;
use der::Encode;
use md5::Digest as _;
use sha1::Digest as _;

/// A digest that signatures are verified with: those that are made today, and two of old mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// MD5, for which forgeries are made.
    Md5,
    /// SHA-1, for which forgeries are made.
    Sha1,
    /// One of SHA-2.
    Sha2(Digest),
}

impl Hash {
    /// All of them, for content whose signature has not been read yet.
    pub const ALL: [Self; 5] = [Self::Md5, Self::Sha1, Self::Sha2(Digest::Sha256), Self::Sha2(Digest::Sha384), Self::Sha2(Digest::Sha512)];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha2(Digest::Sha256) => "SHA-256",
            Self::Sha2(Digest::Sha384) => "SHA-384",
            Self::Sha2(Digest::Sha512) => "SHA-512",
        }
    }

    /// Whether forgeries can be made.
    pub fn is_weak(self) -> bool {
        matches!(self, Self::Md5 | Self::Sha1)
    }

    /// The digests that a parameter `micalg` names (RFC 8551, section 3.5.3.2), in any of the spellings that were ever in use. Unknown names are left out.
    pub fn of_micalg(names: &str) -> Vec<Self> {
        let of_name = |name: &str| {
            let letters: String = name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
            let known = |hash: &Self| letters.strip_prefix("rsa").unwrap_or(&letters) == hash.name().replace('-', "").to_lowercase();
            Self::ALL.into_iter().find(known)
        };
        names.split(',').filter_map(of_name).collect()
    }

    pub(crate) fn of_oid(oid: ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|hash| hash.oid() == oid)
    }

    fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Md5 => rfc5912::ID_MD_5,
            Self::Sha1 => rfc5912::ID_SHA_1,
            Self::Sha2(digest) => digest.oid(),
        }
    }

    pub(crate) fn size(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha2(digest) => digest.size(),
        }
    }

    /// The digest of bytes that are all at hand.
    pub(crate) fn of(self, bytes: &[u8]) -> Vec<u8> {
        let mut digests = Digests::new([self]);
        digests.update(bytes);
        digests.finish().of(self).unwrap_or_default().to_vec()
    }

    /// What stands before the digest in a signature of PKCS#1 1.5: the frames of DigestInfo (RFC 8017, section 9.2).
    pub(crate) fn prefix(self) -> Vec<u8> {
        // An object identifier that is known here can be written.
        let algorithm = frame::value(0x30, &[self.oid().to_der().unwrap_or_default(), vec![5, 0]].concat());
        let info = [algorithm, frame::value(0x04, &vec![0; self.size()])].concat();
        let mut prefix = frame::value(0x30, &info);
        prefix.truncate(prefix.len() - self.size());
        prefix
    }
}

/// Digests of one content, which passes in blocks.
#[derive(Clone)]
pub struct Digests {
    running: Vec<(Hash, Engine)>,
    first: Option<u8>,
}

#[derive(Clone)]
enum Engine {
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Sha2(Running),
}

impl Digests {
    /// Begins these, each once.
    pub fn new(hashes: impl IntoIterator<Item = Hash>) -> Self {
        let mut running: Vec<(Hash, Engine)> = Vec::new();
        for hash in hashes {
            if !running.iter().any(|(known, _)| *known == hash) {
                let engine = match hash {
                    Hash::Md5 => Engine::Md5(md5::Md5::new()),
                    Hash::Sha1 => Engine::Sha1(sha1::Sha1::new()),
                    Hash::Sha2(digest) => Engine::Sha2(digest.begin()),
                };
                running.push((hash, engine));
            }
        }
        Self { running, first: None }
    }

    /// Takes the next block.
    pub fn update(&mut self, block: &[u8]) {
        self.first = self.first.or_else(|| block.first().copied());
        for (_, engine) in &mut self.running {
            match engine {
                Engine::Md5(running) => running.update(block),
                Engine::Sha1(running) => running.update(block),
                Engine::Sha2(running) => running.update(block),
            }
        }
    }

    /// Ends.
    pub fn finish(self) -> Digested {
        let finished = self.running.into_iter().map(|(hash, engine)| match engine {
            Engine::Md5(running) => (hash, running.finalize().to_vec()),
            Engine::Sha1(running) => (hash, running.finalize().to_vec()),
            Engine::Sha2(running) => (hash, running.finish()),
        });
        Digested { values: finished.collect(), first: self.first }
    }
}

/// The digests of one content.
#[derive(Clone, Debug)]
pub struct Digested {
    values: Vec<(Hash, Vec<u8>)>,
    first: Option<u8>,
}

impl Digested {
    /// One of them; `None` where it was not begun.
    pub fn of(&self, hash: Hash) -> Option<&[u8]> {
        self.values.iter().find(|(known, _)| *known == hash).map(|(_, value)| value.as_slice())
    }

    /// Whether the content could itself be signed attributes: their SET, or what remains of it when its tag is taken for another.
    pub(crate) fn looks_like_attributes(&self) -> bool {
        self.first == Some(0x31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_every_spelling() {
        let sha256 = Hash::Sha2(Digest::Sha256);
        for name in ["sha-256", "SHA256", "sha-256 ", "rsa-sha256", "\"sha-256\""] {
            assert_eq!(Hash::of_micalg(name), [sha256], "{name}");
        }
        assert_eq!(Hash::of_micalg("sha1,md5, sha-512"), [Hash::Sha1, Hash::Md5, Hash::Sha2(Digest::Sha512)]);
        assert_eq!(Hash::of_micalg("unknown"), []);
    }

    #[test]
    fn the_prefix_is_that_of_the_standard() {
        assert_eq!(Hash::Md5.prefix(), [0x30, 0x20, 0x30, 0x0c, 6, 8, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 5, 5, 0, 4, 0x10]);
        assert_eq!(Hash::Sha1.prefix(), [0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0, 4, 0x14]);
        assert_eq!(
            Hash::Sha2(Digest::Sha256).prefix(),
            [0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20]
        );
    }
}
