//! Parts of S/MIME by their types.

use postkontor_reader::structure::Entity;

/// Whether a part is one of CMS by its type, or by its name where a gateway does not know the type.
pub(super) fn is_cms(entity: &Entity) -> bool {
    match entity.kind() {
        ("application", "pkcs7-mime" | "x-pkcs7-mime") => true,
        ("application", "octet-stream") => is_named(entity, ".p7m"),
        _ => false,
    }
}

/// Whether the type of a part names a file with this ending.
pub(super) fn is_named(entity: &Entity, ending: &str) -> bool {
    let name = entity.content_type.as_ref().and_then(|kind| kind.parameter("name")).unwrap_or_default();
    name.to_ascii_lowercase().ends_with(ending)
}
