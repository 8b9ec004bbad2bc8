//! Texts in paths and queries (RFC 3986, section 2.1).

/// A text as a segment of a path, or as a value of a query: everything but letters, digits and what is never a delimiter is escaped.
pub fn percent_encoded(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_segment_or_its_value() {
        assert_eq!(percent_encoded("a/b?c#d%e ü\r\n=+&"), "a%2Fb%3Fc%23d%25e%20%C3%BC%0D%0A%3D%2B%26");
        assert_eq!(percent_encoded("anna-1._~@example.com"), "anna-1._~@example.com");
    }
}
