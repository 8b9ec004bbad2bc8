//! Texts for users that every transport shares.

/// The texts of shared settings and codes, as JSON by language. docs/plugins.md describes the form of such a file.
pub const SHARED_TEXTS: &[(&str, &str)] =
    &[("en", include_str!("../locales/en.json")), ("de", include_str!("../locales/de.json")), ("sl", include_str!("../locales/sl.json"))];
