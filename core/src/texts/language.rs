//! Language tags (RFC 5646).

/// `de` of `de-AT`.
pub(super) fn base(language: &str) -> &str {
    language.split(['-', '_']).next().unwrap_or(language)
}
