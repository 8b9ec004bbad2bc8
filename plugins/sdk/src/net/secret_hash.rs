//! Hashes of what must not be seen.

use sha2::digest::{Digest, FixedOutputReset, Output};

/// The hash of parts, one after the other. Of them nothing stays behind in the buffer of the hash, which no hash wipes by itself.
pub fn secret_hash<D: Digest + FixedOutputReset>(parts: &[&[u8]]) -> Output<D> {
    let mut hash = D::new();
    parts.iter().for_each(|part| Digest::update(&mut hash, part));
    let digest = hash.finalize_reset();
    // MD4, MD5, SHA-1 and SHA-256 have blocks of 64 bytes: one byte less stays in the buffer and covers what was there.
    Digest::update(&mut hash, [0; 63]);
    std::hint::black_box(&hash);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::Sha256;

    #[test]
    fn the_hash_is_that_of_the_parts_in_a_row() {
        let whole = Sha256::digest(b"a secret of more than sixty-four bytes, so that it does not fit into one block of a hash");
        let parts: [&[u8]; 3] = [b"a secret of more than ", b"sixty-four bytes, so that it does not fit ", b"into one block of a hash"];
        assert_eq!(secret_hash::<Sha256>(&parts), whole);
        assert_eq!(secret_hash::<Sha256>(&[]), Sha256::digest(b""));
    }
}
