//! The authorities that the system trusts, for the certificates of mail.
//!
//! What each system can tell differs (docs/decisions.md): Windows says of each authority what it is trusted for, Red Hat's systems keep a bundle for mail beside the one for servers, the others have one bundle
//! alone.

use postkontor_smime::verify::Anchors;
use std::sync::OnceLock;

/// The authorities of the system, read when they are first needed and kept for the process. None where the system has none.
pub fn of_the_system() -> &'static Anchors {
    static AUTHORITIES: OnceLock<Anchors> = OnceLock::new();
    AUTHORITIES.get_or_init(read)
}

/// Where bundles (PEM) lie, those for mail first; the first that has an authority counts.
#[cfg(not(windows))]
const BUNDLES: [&str; 8] = [
    // For mail: Red Hat and Fedora, Arch.
    "/etc/pki/ca-trust/extracted/pem/email-ca-bundle.pem",
    "/etc/ca-certificates/extracted/email-ca-bundle.pem",
    // For servers: Debian, Ubuntu, Gentoo; SUSE; older Red Hat; Alpine, macOS and OpenBSD; FreeBSD.
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
    "/var/lib/ca-certificates/ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];

#[cfg(not(windows))]
fn read() -> Anchors {
    let bundles = BUNDLES.iter().filter_map(|file| std::fs::read(file).ok());
    bundles.map(|bundle| Anchors::read(&bundle)).find(|anchors| !anchors.is_empty()).unwrap_or_default()
}

#[cfg(windows)]
fn read() -> Anchors {
    use postkontor_smime::Certificate;
    use schannel::cert_context::{CertContext, ValidUses};
    use schannel::cert_store::CertStore;

    /// emailProtection (RFC 5280, section 4.2.1.12).
    const EMAIL_PROTECTION: &str = "1.3.6.1.5.5.7.3.4";

    /// The certificates of a store of the user's, in which those of the machine and of its administrators show as well.
    fn store(name: &str) -> Vec<CertContext> {
        CertStore::open_current_user(name).map(|store| store.certs().collect()).unwrap_or_default()
    }
    let refused: Vec<Vec<u8>> = store("Disallowed").iter().map(|context| context.to_der().to_vec()).collect();
    let is_for_mail = |context: &CertContext| match context.valid_uses() {
        Ok(ValidUses::All) => true,
        Ok(ValidUses::Oids(uses)) => uses.iter().any(|oid| oid == EMAIL_PROTECTION),
        Err(_) => false,
    };
    let trusted = store("ROOT").into_iter().filter(is_for_mail).map(|context| context.to_der().to_vec());
    let trusted = trusted.filter(|der| !refused.contains(der));
    Anchors::new(trusted.filter_map(|der| Certificate::from_der(&der).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authorities_of_the_system_are_read_once() {
        let authorities = of_the_system();
        #[cfg(not(windows))]
        assert_eq!(authorities.is_empty(), !BUNDLES.iter().any(|file| std::fs::metadata(file).is_ok_and(|file| file.len() > 0)));
        // Wine has a store as well.
        #[cfg(windows)]
        assert!(!authorities.is_empty());
        assert!(std::ptr::eq(authorities, of_the_system()));
    }
}
