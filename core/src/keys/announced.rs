//! What the owner of a certificate can decrypt, in a file that was made of signed mail: it stands in signatures and nowhere else.
//!
//! The lines stand before the certificates, where programs that read PEM take no notice of them (RFC 7468, section 5.2).

use base64_simd::STANDARD;
use postkontor_smime::Capability;

const SIGNED_AT: &str = "Signed-At: ";
const CAPABILITIES: &str = "SMIME-Capabilities: ";

/// The lines: when the message was signed (RFC 3339), and what it said.
pub(crate) fn announcement(signed_at: &str, capabilities: Option<&[Capability]>) -> String {
    let capabilities = capabilities.and_then(|all| Capability::write_all(all).ok());
    let line = capabilities.map(|der| format!("{CAPABILITIES}{}\n", STANDARD.encode_to_string(der)));
    format!("{SIGNED_AT}{signed_at}\n{}", line.unwrap_or_default())
}

/// When the message was signed of which such a file was made.
pub(crate) fn signed_at(file: &str) -> Option<&str> {
    field(file, SIGNED_AT)
}

/// What the owner of the first certificate of such a file can decrypt; `None` where the file does not say.
pub(super) fn capabilities(file: &[u8]) -> Option<Vec<Capability>> {
    let text = std::str::from_utf8(file).ok()?;
    Capability::read_all(&STANDARD.decode_to_vec(field(text, CAPABILITIES)?).ok()?).ok()
}

/// The value of a line that stands before the certificates.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let before = text.lines().take_while(|line| !line.starts_with("-----BEGIN "));
    before.filter_map(|line| line.strip_prefix(name)).next().map(str::trim)
}
