//! Which hosts belong to the domain of an address.

use postkontor_plugin::net::registrable;

/// Whether a host lies in the domain of the address, or in the same registered domain (by the list of public suffixes): mail.example.co.uk
/// and office.example.co.uk have one owner, example.co.uk and other.co.uk have two.
pub(crate) fn is_own(host: &str, domain: &str) -> bool {
    let below = host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    below || registrable(host).is_some_and(|own| registrable(domain) == Some(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_one_registered_domain_have_one_owner() {
        assert!(is_own("mail.example.com", "example.com") && is_own("example.com", "example.com"));
        assert!(is_own("mail.example.co.uk", "office.example.co.uk"));
        assert!(
            !is_own("mail.other.co.uk", "example.co.uk")
                && !is_own("notexample.com", "example.com")
                && !is_own("example.com.evil.net", "example.com")
        );
    }
}
