//! A file with one's own certificate and its private key.

use super::Unusable;
use crate::settings::{Password, secret_not_found};
use postkontor_plugin::{Error, Input, Secret, Stage};
use postkontor_smime::{self as smime, Certificate, Identity};
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use zeroize::Zeroizing;

/// The largest file that is read.
pub(crate) const LARGEST: u64 = 1 << 20;

/// All identities of a file that settings name. `group` is the place of the settings of the file, into which the errors point
/// (`/receive/smime/keys/0`); `find` fetches a password by its name.
pub(crate) fn load(
    file: &str,
    password: Option<&Password>,
    group: &str,
    find: &dyn Fn(&str) -> Option<Secret>,
) -> Result<Vec<Identity>, Error> {
    let password = resolve(password, group, find)?;
    identities(Path::new(file), password.as_ref()).map_err(|unusable| unusable.error(group))
}

/// The password itself.
fn resolve(password: Option<&Password>, group: &str, find: &dyn Fn(&str) -> Option<Secret>) -> Result<Option<Secret>, Error> {
    match password {
        None => Ok(None),
        Some(Password::Literal(secret)) => Ok(Some(secret.clone())),
        Some(Password::Reference { secret }) => match find(secret) {
            Some(found) => Ok(Some(found)),
            None => {
                let mut error = secret_not_found(secret).stage(Stage::Secret).usable().at(format!("{group}/password"), "secret.not_found");
                error.at.iter_mut().for_each(|at| at.of = Some(Input::Settings));
                Err(error)
            }
        },
    }
}

/// All identities of a file, in its order.
pub(crate) fn identities(file: &Path, password: Option<&Secret>) -> Result<Vec<Identity>, Unusable> {
    let bytes = read(file)?;
    let text = password.map_or("", Secret::reveal);
    Identity::read_all(&bytes, text).map_err(|error| Unusable::content(file, &error, !text.is_empty()))
}

/// The identity that signs; where none may, the first.
pub(crate) fn signing(mut identities: Vec<Identity>) -> Option<Identity> {
    let place = identities.iter().position(|identity| identity.certificate().can_sign()).unwrap_or(0);
    (place < identities.len()).then(|| identities.swap_remove(place))
}

/// The certificates of a file without any key that matters: PEM, DER, or the certificates alone of a CMS object (.p7b).
pub(crate) fn certificates(file: &Path) -> Result<Vec<Certificate>, Unusable> {
    certificates_in(file, &read(file)?)
}

/// The same of bytes that were read.
pub(super) fn certificates_in(file: &Path, bytes: &[u8]) -> Result<Vec<Certificate>, Unusable> {
    certificates_of(bytes).map_err(|error| Unusable::content(file, &error, false))
}

/// The same of bytes that come from no file.
pub(crate) fn certificates_of(bytes: &[u8]) -> Result<Vec<Certificate>, smime::Error> {
    let found = Certificate::read_all(bytes);
    let bundle = if found.is_err() { bundle(bytes).filter(|bundle| !bundle.is_empty()) } else { None };
    bundle.map_or(found, Ok)
}

/// The certificates of a CMS object that brings nothing else (RFC 8551, section 3.8), where it is one.
fn bundle(bytes: &[u8]) -> Option<Vec<Certificate>> {
    let smime::Opened::Signed(signed) = smime::open(bytes).ok()? else { return None };
    signed.finish().ok().map(|(signature, _)| signature.certificates().to_vec())
}

/// The bytes of a file, wiped when they are dropped: there may be a key among them.
pub(crate) fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, Unusable> {
    let unread = |error: io::Error| Unusable::unread(file, &error);
    // Asked before opening, which would wait at a pipe.
    let metadata = fs::metadata(file).map_err(unread)?;
    if !metadata.is_file() {
        return Err(Unusable::no_file(file));
    }
    if metadata.len() > LARGEST {
        return Err(Unusable::too_large(file));
    }
    // Room for all of it: bytes that grow leave their former selves behind in memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default() + 1));
    fs::File::open(file).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(unread)?;
    if bytes.len() as u64 > LARGEST { Err(Unusable::too_large(file)) } else { Ok(bytes) }
}
