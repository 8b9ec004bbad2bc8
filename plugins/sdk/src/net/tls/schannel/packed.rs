//! The client certificate as PKCS#12 in memory, the form in which Windows takes a private key.

use crate::Error;
use crate::net::tls::identity::{self, Identity};
use crate::settings::ClientCertificate;
use p12_keystore::{Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey, PrivateKeyChain};
use zeroize::Zeroizing;

/// A certificate with its key, for Windows to take in.
pub(super) struct Packed {
    /// The client's own certificate (DER).
    pub(super) certificate: Vec<u8>,
    /// All of it, as PKCS#12.
    pub(super) pkcs12: Zeroizing<Vec<u8>>,
    /// A password made for this once.
    pub(super) password: Zeroizing<String>,
}

/// Reads the file that the settings name, in any form, and packs it anew. What Windows itself can read depends on its age: before Windows
/// 10 it knows no PKCS#12 with AES, and never PEM.
pub(super) fn pack(settings: &ClientCertificate) -> Result<Packed, Error> {
    let (chain, key) = match identity::read(settings)? {
        Identity::Der { chain, key } => (chain, key),
        Identity::Pem(bytes) => identity::first(settings, &bytes)?,
    };
    let certificate = chain.first().cloned().unwrap_or_default();
    let password = password().map_err(|error| identity::refused(settings, error))?;
    let pkcs12 = encode(&chain, &key, &password).map_err(|error| identity::refused(settings, error))?;
    Ok(Packed { certificate, pkcs12, password })
}

fn password() -> Result<Zeroizing<String>, getrandom::Error> {
    let mut random = Zeroizing::new([0; 16]);
    getrandom::fill(&mut random[..])?;
    Ok(Zeroizing::new(random.iter().map(|byte| format!("{byte:02x}")).collect()))
}

fn encode(chain: &[Vec<u8>], key: &[u8], password: &str) -> p12_keystore::Result<Zeroizing<Vec<u8>>> {
    let certificates = chain.iter().map(|der| Certificate::from_der(der)).collect::<p12_keystore::Result<Vec<_>>>()?;
    let mut store = KeyStore::new();
    store.add_entry("own", KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(vec![1], PrivateKey::from_der(key)?, certificates)));
    // The old algorithms, since every Windows knows them. They protect nothing: the bytes do not leave this process.
    let writer = store.writer(password).encryption_algorithm(EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc);
    let writer = writer.encryption_iterations(1).mac_algorithm(MacAlgorithm::HmacSha1).mac_iterations(1);
    writer.write().map(Zeroizing::new)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::Secret;
    use openssl::asn1::Asn1Time;
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::rsa::Rsa;
    use openssl::x509::X509;

    #[test]
    fn what_was_packed_is_read_again_with_its_password_only() {
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let mut certificate = X509::builder().unwrap();
        certificate.set_pubkey(&key).unwrap();
        certificate.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        certificate.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
        certificate.sign(&key, MessageDigest::sha256()).unwrap();
        let certificate = certificate.build();
        let file = std::env::temp_dir().join(format!("postkontor-packed-{}.pem", std::process::id()));
        std::fs::write(&file, [key.rsa().unwrap().private_key_to_pem().unwrap(), certificate.to_pem().unwrap()].concat()).unwrap();
        let settings = ClientCertificate { file: file.display().to_string(), password: Secret::default(), kept: Default::default() };
        let packed = pack(&settings).unwrap();
        assert_eq!(packed.certificate, certificate.to_der().unwrap());
        let again = ClientCertificate { password: Secret::new(&*packed.password), ..settings };
        std::fs::write(&file, &packed.pkcs12[..]).unwrap();
        let Identity::Der { chain, key: read } = identity::read(&again).unwrap() else { panic!("no PKCS#12") };
        assert_eq!(chain, [certificate.to_der().unwrap()]);
        assert!(PKey::private_key_from_pkcs8(&read).unwrap().public_eq(&key));
        assert_ne!(pack(&again).unwrap().password, packed.password);
        std::fs::remove_file(&file).unwrap();
    }
}
