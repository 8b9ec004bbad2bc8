//! The bodies of requests to a provider: `application/x-www-form-urlencoded`.

use zeroize::Zeroizing;

/// A body that is being written. It may hold secrets, so it is wiped when dropped.
#[derive(Default)]
pub(super) struct Form {
    body: Zeroizing<String>,
    shown: String,
}

impl Form {
    /// Adds a field that everybody may see.
    #[must_use]
    pub(super) fn field(mut self, name: &str, value: &str) -> Form {
        let pair = format!("{name}={}", encoded(value).as_str());
        self.push(&pair, &pair);
        self
    }

    /// Adds a secret, which the transcript does not show.
    #[must_use]
    pub(super) fn secret(mut self, name: &str, value: &str) -> Form {
        self.push(&Zeroizing::new([name, "=", encoded(value).as_str()].concat()), &format!("{name}=***"));
        self
    }

    /// Adds a field where there is something to say.
    #[must_use]
    pub(super) fn given(self, name: &str, value: &str) -> Form {
        if value.is_empty() { self } else { self.field(name, value) }
    }

    pub(super) fn body(&self) -> &[u8] {
        self.body.as_bytes()
    }

    /// The body without its secrets.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    fn push(&mut self, pair: &str, shown: &str) {
        // Moving to a larger place would leave a copy behind.
        let mut body = Zeroizing::new(String::with_capacity(self.body.len() + 1 + pair.len()));
        body.push_str(&self.body);
        for text in [&mut *body, &mut self.shown] {
            if !text.is_empty() {
                text.push('&');
            }
        }
        body.push_str(pair);
        self.shown.push_str(shown);
        self.body = body;
    }
}

/// A value in the encoding of forms and queries; a space is `%20`, which every server reads.
pub(super) fn encoded(value: &str) -> Zeroizing<String> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = Zeroizing::new(String::with_capacity(value.len() * 3));
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
            encoded.push('%');
            encoded.extend(digits.map(char::from));
        }
    }
    encoded
}

/// The value of a parameter of a query; `None` where there is none, or where it is no text.
pub(super) fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let value = pairs.into_iter().find(|(known, _)| *known == name)?.1.as_bytes();
    let mut decoded = Vec::with_capacity(value.len());
    let mut index = 0;
    while index < value.len() {
        let byte = match value[index] {
            b'+' => b' ',
            b'%' => {
                let digits = std::str::from_utf8(value.get(index + 1..index + 3)?).ok()?;
                index += 2;
                u8::from_str_radix(digits, 16).ok()?
            }
            byte => byte,
        };
        decoded.push(byte);
        index += 1;
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_shows_everything_but_its_secrets() {
        let form = Form::default().field("scope", "https://x/.default a").secret("client_secret", "g&h=~ü").given("resource", "");
        let body = String::from_utf8(form.body().to_vec()).unwrap();
        assert_eq!(body, "scope=https%3A%2F%2Fx%2F.default%20a&client_secret=g%26h%3D~%C3%BC");
        assert_eq!(form.shown(), "scope=https%3A%2F%2Fx%2F.default%20a&client_secret=***");
    }

    #[test]
    fn a_parameter_is_read_as_it_was_written() {
        let query = format!("code={}&state=a+b&empty&bad=%zz&half=%4", encoded("4/0A&=é").as_str());
        assert_eq!(parameter(&query, "code").as_deref(), Some("4/0A&=é"));
        assert_eq!(parameter(&query, "state").as_deref(), Some("a b"));
        assert_eq!(parameter(&query, "empty").as_deref(), Some(""));
        assert_eq!(parameter(&query, "bad"), None);
        assert_eq!(parameter(&query, "half"), None);
        assert_eq!(parameter(&query, "other"), None);
    }
}
