//! The arithmetic of NTLMv2 (MS-NLMP, section 3.3.2).

use super::super::super::logged_on::application_data;
use super::format::utf16;
use crate::net::secret_hash;
use crate::{Error, Stage, Status};
use hmac::{Hmac, Mac};
use md4::Digest;
use zeroize::Zeroizing;

/// `NTOWFv2`: what is made of user, domain and password once and for all. It is as good as the password.
pub(super) struct Key(Zeroizing<[u8; 16]>);

impl Key {
    pub(super) fn new(user: &str, domain: &str, password: &str) -> Result<Key, Error> {
        let password = Zeroizing::new(utf16(password));
        let hash = Zeroizing::new(<[u8; 16]>::from(secret_hash::<md4::Md4>(&[&password])));
        Ok(Key(Zeroizing::new(mac(&hash, &[&utf16(&upper(user)), &utf16(domain)])?)))
    }

    /// The proof that we know the key, for one challenge: of the newer response, or of the older one. They differ only in
    /// `rest`, which follows the challenge.
    pub(super) fn proof(&self, nonce: &[u8; 8], rest: &[u8]) -> Result<[u8; 16], Error> {
        mac(&self.0, &[nonce, rest])
    }

    /// The key of the session, which no one sees.
    pub(super) fn session(&self, proof: &[u8; 16]) -> Result<Zeroizing<[u8; 16]>, Error> {
        mac(&self.0, &[proof]).map(Zeroizing::new)
    }
}

/// HMAC-MD5 of several pieces, one after the other.
pub(super) fn mac(key: &[u8; 16], pieces: &[&[u8]]) -> Result<[u8; 16], Error> {
    let mac = Hmac::<md5::Md5>::new_from_slice(key)
        .map_err(|error| Error::new(Status::Internal, "auth.internal").stage(Stage::Login).detail(error.to_string()))?;
    Ok(pieces.iter().fold(mac, |mac, piece| mac.chain_update(piece)).finalize().into_bytes().into())
}

/// The channel binding of the TLS connection: MD5 of a `gss_channel_bindings_struct` (RFC 2744, section 3.11) which has no addresses.
pub(super) fn channel_binding(binding: &[u8]) -> Result<[u8; 16], Error> {
    let data = application_data(binding);
    let length = u32::try_from(data.len())
        .map_err(|error| Error::new(Status::Internal, "auth.internal").stage(Stage::Login).detail(error.to_string()))?;
    Ok(md5::Md5::digest([&[0; 16], &length.to_le_bytes()[..], &data].concat()).into())
}

/// Upper case as Windows makes it: letter by letter, never one that becomes two ("ß" stays), and none that would turn into ASCII.
fn upper(text: &str) -> String {
    let letter = |c: char| {
        let mut upper = c.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(single), None) if single.is_ascii() == c.is_ascii() && u32::from(c) <= 0xFFFF => single,
            _ => c,
        }
    };
    text.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_raised_one_by_one() {
        assert_eq!(upper("jürgen.straße"), "JÜRGEN.STRAßE");
        assert_eq!(upper("žiga_ſı"), "ŽIGA_ſı");
        assert_eq!(upper("\u{10428}"), "\u{10428}");
    }

    /// The example by which Microsoft explained Extended Protection: the SHA-256 of a certificate, and what becomes of it.
    #[test]
    fn the_channel_binding_is_that_of_windows() {
        let certificate = [
            0xea, 0x05, 0xfe, 0xfe, 0xcc, 0x6b, 0x0b, 0xd5, 0x71, 0xdb, 0xbc, 0x5b, 0xaa, 0x3e, 0xd4, 0x53, 0x86, 0xd0, 0x44, 0x68, 0x35,
            0xf7, 0xb7, 0x4c, 0x85, 0x62, 0x1b, 0x99, 0x83, 0x47, 0x5f, 0x95,
        ];
        let expected = [0x65, 0x86, 0xe9, 0x9d, 0x81, 0xc2, 0xfc, 0x98, 0x4e, 0x47, 0x17, 0x2f, 0xd4, 0xdd, 0x03, 0x10];
        assert_eq!(channel_binding(&certificate).unwrap(), expected);
    }
}
