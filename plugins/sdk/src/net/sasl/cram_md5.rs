//! CRAM-MD5 (RFC 2195): the server sends a text, we send its HMAC-MD5 under the password.

use super::misbehaviour::unexpected;
use crate::{Error, Stage, Status};
use hmac::{Hmac, Mac};
use zeroize::Zeroizing;

pub(super) struct CramMd5 {
    user: String,
    password: Option<Zeroizing<String>>,
}

impl CramMd5 {
    pub(super) fn new(user: &str, password: &str) -> CramMd5 {
        CramMd5 { user: user.to_owned(), password: Some(Zeroizing::new(password.to_owned())) }
    }

    pub(super) fn respond(&mut self, challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let password = self.password.take().ok_or_else(unexpected)?;
        if challenge.is_empty() {
            // Nothing to hash would make the answer the same every time, and thus as good as the password.
            return Err(Error::new(Status::Protocol, "auth.challenge_malformed").stage(Stage::Login));
        }
        let mut mac = Hmac::<md5::Md5>::new_from_slice(password.as_bytes())
            .map_err(|error| Error::new(Status::Internal, "auth.internal").stage(Stage::Login).detail(error.to_string()))?;
        mac.update(challenge);
        let digest = mac.finalize().into_bytes();
        let mut response = Zeroizing::new(Vec::with_capacity(self.user.len() + 33));
        response.extend_from_slice(self.user.as_bytes());
        response.push(b' ');
        for byte in digest {
            response.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_example_of_rfc_2195() {
        let response = CramMd5::new("tim", "tanstaaftanstaaf").respond(b"<1896.697170952@postoffice.reston.mci.net>").unwrap();
        assert_eq!(String::from_utf8_lossy(&response), "tim b913a602c7eda7a495b4e6e7334d3890");
    }

    #[test]
    fn an_empty_challenge_gets_no_answer() {
        assert_eq!(CramMd5::new("tim", "x").respond(b"").unwrap_err().code, "auth.challenge_malformed");
    }
}
