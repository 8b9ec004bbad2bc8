//! What a server offers in `WWW-Authenticate` (RFC 9110, section 11.6.1).

/// How many schemes are read; a server with more is playing.
const SCHEMES: usize = 32;

/// The schemes that a server offers, each with what stands behind its name up to the next comma.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Offer(Vec<(String, String)>);

impl Offer {
    /// The values of all fields of that name. One field may hold several schemes, and a scheme several parameters: what has no "=" behind its
    /// first word is a scheme, with or without a message.
    pub(super) fn of(fields: &[String]) -> Offer {
        let mut schemes: Vec<(String, String)> = Vec::new();
        for item in fields.iter().flat_map(|field| items(field)) {
            let (word, rest) = item.split_once([' ', '\t']).map_or((item, ""), |(word, rest)| (word, rest.trim()));
            if is_token(word) && !rest.starts_with('=') && schemes.len() < SCHEMES {
                schemes.push((word.to_owned(), rest.to_owned()));
            }
        }
        Offer(schemes)
    }

    /// Whether the scheme is offered.
    pub(super) fn has(&self, scheme: &str) -> bool {
        self.0.iter().any(|(name, _)| name.eq_ignore_ascii_case(scheme))
    }

    /// The server's message in a scheme, still in base64; `None` where it has none.
    pub(super) fn message(&self, scheme: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, message)| name.eq_ignore_ascii_case(scheme) && !message.is_empty());
        found.map(|(_, message)| message.as_str())
    }

    /// The names, for an error.
    pub(super) fn names(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in &self.0 {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                names.push(name);
            }
        }
        names.join(", ")
    }
}

/// The items of a list between commas, those in quotes not counted.
fn items(field: &str) -> Vec<&str> {
    let (mut items, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in field.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => {
                items.push(&field[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(&field[start..]);
    items.into_iter().map(str::trim).filter(|item| !item.is_empty()).collect()
}

fn is_token(word: &str) -> bool {
    !word.is_empty() && word.len() <= 40 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(fields: &[&str]) -> Offer {
        Offer::of(&fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn schemes_are_found_in_one_field_and_in_several() {
        for fields in [
            &["Negotiate, NTLM, Basic realm=\"mail, of all\""][..],
            &["Negotiate", "NTLM", "Basic realm=\"mail\""],
            &["negotiate", "Ntlm , basic realm = \"a \\\" b, NTLM2\", charset=\"UTF-8\""],
        ] {
            let offer = offer(fields);
            assert!(offer.has("Negotiate") && offer.has("NTLM") && offer.has("Basic"), "{offer:?}");
            assert!(!offer.has("realm") && !offer.has("charset") && !offer.has("NTLM2") && !offer.has("Bearer"), "{offer:?}");
        }
        assert_eq!(offer(&["NTLM, Negotiate, ntlm TlRMTVNTUAAC"]).names(), "NTLM, Negotiate");
        assert_eq!(offer(&[]).names(), "");
    }

    #[test]
    fn the_message_of_a_scheme_is_found_with_its_padding() {
        let offer = offer(&["Negotiate", "NTLM TlRMTVNTUAACAAA=", "Basic realm=\"x\""]);
        assert_eq!(offer.message("ntlm"), Some("TlRMTVNTUAACAAA="));
        assert_eq!(offer.message("Negotiate"), None);
    }

    #[test]
    fn nonsense_is_no_offer() {
        for field in ["", ",,,", "\"NTLM\"", "=", "a=b, c = d", "\u{e9}", "\"unclosed, NTLM"] {
            assert_eq!(offer(&[field]).names(), "", "{field}");
        }
        let many = vec!["X"; 10_000].join(",");
        assert_eq!(offer(&[&many]).0.len(), SCHEMES);
    }
}
