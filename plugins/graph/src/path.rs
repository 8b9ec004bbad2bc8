//! Texts in paths and queries.

/// A text as a segment of a path, or as a value of a query: everything but letters, digits and what is never a delimiter is escaped.
pub(crate) fn escaped(text: &str) -> String {
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

/// A text in an expression of OData, quoted and escaped.
pub(crate) fn quoted(text: &str) -> String {
    escaped(&format!("'{}'", text.replace('\'', "''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_segment_or_its_quotes() {
        assert_eq!(escaped("a/b?c#d%e ü\r\n=+"), "a%2Fb%3Fc%23d%25e%20%C3%BC%0D%0A%3D%2B");
        assert_eq!(escaped("anna@example.com"), "anna@example.com");
        assert_eq!(quoted("O'Neil"), "%27O%27%27Neil%27");
    }
}
