//! The key of the encrypted file, written as age writes one: a line of Bech32 among comments.

use bech32::{Bech32, Hrp};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize, Zeroizing};

const IDENTITY: Hrp = Hrp::parse_unchecked("age-secret-key-");
const RECIPIENT: Hrp = Hrp::parse_unchecked("age");

/// What is wrong with a key or an encrypted file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is none of its kind, or was damaged.
    Damaged,
    /// It is for other keys.
    OtherKey,
    /// The system gave no random bytes.
    NoRandom,
}

/// A private key. It is wiped when it is dropped.
pub(crate) struct Identity(pub(super) StaticSecret);

/// The public key that belongs to it.
pub(crate) struct Recipient(pub(super) [u8; 32]);

impl Identity {
    /// Makes a new one.
    pub(crate) fn new() -> Result<Identity, Fault> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes).map_err(|_| Fault::NoRandom)?;
        Ok(Identity(StaticSecret::from(*bytes)))
    }

    /// Its public key.
    pub(crate) fn recipient(&self) -> Recipient {
        Recipient(PublicKey::from(&self.0).to_bytes())
    }

    /// The text of a key file.
    pub(crate) fn file(&self) -> Result<Zeroizing<String>, Fault> {
        let key = Zeroizing::new(bech32::encode_upper::<Bech32>(IDENTITY, self.0.as_bytes()).map_err(|_| Fault::Damaged)?);
        let public = bech32::encode::<Bech32>(RECIPIENT, &self.recipient().0).map_err(|_| Fault::Damaged)?;
        Ok(Zeroizing::new(format!("# Postkontor: this key opens the secrets beside it (age).\n# public key: {public}\n{}\n", &*key)))
    }

    /// The keys in the text of a key file; `None` where there is none, or something else.
    pub(crate) fn read(text: &str) -> Option<Vec<Identity>> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let identities: Vec<Identity> = lines.map(Identity::parse).collect::<Option<_>>()?;
        Some(identities).filter(|identities| !identities.is_empty())
    }

    fn parse(line: &str) -> Option<Identity> {
        let (prefix, mut bytes) = bech32::decode(line).ok()?;
        let key = <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new);
        bytes.zeroize();
        Some(Identity(StaticSecret::from(*key.filter(|_| prefix == IDENTITY)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_gives_its_key_back() {
        let identity = Identity::new().unwrap();
        let text = identity.file().unwrap();
        let read = Identity::read(&text).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].recipient().0, identity.recipient().0);
        assert!(text.lines().nth(2).unwrap().starts_with("AGE-SECRET-KEY-1"), "{}", &**text);
    }

    #[test]
    fn a_key_file_with_anything_else_is_refused() {
        let key = Identity::new().unwrap().file().unwrap();
        let mut wrong = key.trim_end().to_owned();
        let last = wrong.pop().unwrap();
        wrong.push(if last == 'Q' { 'P' } else { 'Q' });
        for text in ["", "# only a comment", "password", wrong.as_str(), &format!("{}x", &**key)] {
            assert!(Identity::read(text).is_none(), "{text:?}");
        }
    }
}
