//! The sentences of the bridge's codes.

/// The sentences by language: `{"codes":{…}}`. The host learns them when a bridge is opened.
pub(crate) const TEXTS: &[(&str, &str)] =
    &[("en", include_str!("../locales/en.json")), ("de", include_str!("../locales/de.json")), ("sl", include_str!("../locales/sl.json"))];
