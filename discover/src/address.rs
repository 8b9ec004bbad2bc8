//! An e-mail address, as far as its settings are concerned.

use postkontor_plugin::settings::is_host;

/// An address whose domain can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    text: String,
    /// What stands before the `@`.
    local: String,
    /// The domain in lower case, in its ASCII form.
    domain: String,
}

impl Address {
    /// Reads an address. `None` where it is none, or where its domain is no name that can be asked for: an IP address, a single label.
    pub fn parse(text: &str) -> Option<Address> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@')?;
        let odd = |c: char| c.is_control() || c.is_whitespace() || "<>()[],;:\\\"@".contains(c);
        if local.is_empty() || local.len() > 64 || local.contains(odd) {
            return None;
        }
        let domain = idna::domain_to_ascii(domain.strip_suffix('.').unwrap_or(domain)).ok()?;
        let is_name = is_host(&domain) && domain.contains('.') && domain.parse::<std::net::IpAddr>().is_err() && domain.len() <= 220;
        is_name.then(|| Address { text: text.to_owned(), local: local.to_owned(), domain })
    }

    /// The whole address, as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the `@`.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The domain in lower case, in its ASCII form.
    pub fn domain(&self) -> &str {
        &self.domain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_of_an_address_is_a_name_in_ascii() {
        let domain = |text: &str| Address::parse(text).map(|address| address.domain().to_owned());
        assert_eq!(domain(" Anna.Berg@Example.COM "), Some("example.com".to_owned()));
        assert_eq!(domain("info@Bücher.example."), Some("xn--bcher-kva.example".to_owned()));
        for wrong in [
            "",
            "anna",
            "@example.com",
            "anna@",
            "anna@localhost",
            "anna@[192.0.2.1]",
            "anna@192.0.2.1",
            "a b@example.com",
            "a@b@example.com",
            "Anna <anna@example.com>",
            "anna@exa mple.com",
            "anna@-x.example",
            "a\r\nb@example.com",
        ] {
            assert_eq!(domain(wrong), None, "{wrong:?}");
        }
    }
}
