//! References to secrets.

use postkontor_plugin::{Error, Secret, Status};
use serde_json::Value;

/// Puts the secrets themselves in the place of references `{"secret": "name"}`.
///
/// `secrets` are the pointers at which a secret may stand ([`AccountSettings::secrets`](super::AccountSettings::secrets)); `find`
/// fetches one by its name. The first one that is not found ends it, with its pointer.
pub fn resolve_secrets(settings: &mut Value, secrets: &[String], find: &dyn Fn(&str) -> Result<Secret, Error>) -> Result<(), Error> {
    for pointer in secrets {
        let Some(place) = settings.pointer_mut(pointer) else { continue };
        let Some(name) = reference(place) else { continue };
        let secret = find(name).map_err(|error| error.at(pointer, "secret.not_found"))?;
        *place = Value::String(secret.reveal().to_owned());
    }
    Ok(())
}

/// The name in a reference `{"secret": "name"}`.
pub(super) fn reference(value: &Value) -> Option<&str> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.get("secret")?.as_str()
}

/// The error of a secret that nobody has.
pub fn secret_not_found(name: &str) -> Error {
    Error::new(Status::NotFound, "secret.not_found").arg("secret", name)
}
