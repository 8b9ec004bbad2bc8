//! Identifiers of requests, by which Microsoft finds them in its logs.

/// A random UUID (RFC 9562, section 5.4).
pub(crate) fn new() -> String {
    let mut bytes = [0; 16];
    // Without random numbers all requests of the program bear the same one, which does no harm.
    let _ = getrandom::fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    [&bytes[..4], &bytes[4..6], &bytes[6..8], &bytes[8..10], &bytes[10..]].map(hex).join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_has_the_form_of_a_uuid_and_is_not_given_twice() {
        let identifier = new();
        assert_eq!(identifier.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_ne!(identifier, new());
    }
}
