//! Texts in expressions of OData.

use postkontor_plugin::net::http::percent_encoded;

/// A text in an expression of OData, quoted and escaped.
pub(crate) fn quoted(text: &str) -> String {
    percent_encoded(&format!("'{}'", text.replace('\'', "''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_segment_or_its_quotes() {
        assert_eq!(percent_encoded("a/b?c#d%e ü\r\n=+"), "a%2Fb%3Fc%23d%25e%20%C3%BC%0D%0A%3D%2B");
        assert_eq!(percent_encoded("anna@example.com"), "anna@example.com");
        assert_eq!(quoted("O'Neil"), "%27O%27%27Neil%27");
    }
}
