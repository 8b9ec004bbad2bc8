//! Names and addresses of servers.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether a text can be the name or address of a server, without a port: an address of IPv4 or IPv6, or a name whose labels have 1 to
/// 63 letters, digits, hyphens and underscores (RFC 1123, section 2.1, and what DNS carries beside it). Letters of every language count:
/// such names are resolved in their ASCII form.
///
/// A name whose last label is a number is taken for an IPv4 address, as resolvers take it; so it has to be one.
pub fn is_host(host: &str) -> bool {
    if host.parse::<Ipv6Addr>().is_ok() {
        return true;
    }
    // A dot at the end only says that the name is complete.
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.rsplit('.').next().is_some_and(|label| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit())) {
        return host.parse::<Ipv4Addr>().is_ok();
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_hosts() {
        for host in [
            "mail.example.com",
            "mail.example.com.",
            "localhost",
            "192.0.2.7",
            "2001:db8::1",
            "kasse_7",
            "1und1.de",
            "grüße.example",
            "x-y",
        ] {
            assert!(is_host(host), "{host}");
        }
    }

    #[test]
    fn what_no_resolver_can_find_is_no_host() {
        let long = format!("{}.de", "a".repeat(64));
        for host in
            ["", ".", "a..b", ".a", "-x.de", "x-.de", "101.202.303.404", "1.2.3", "192.0.2.7.", "a b", "a:1", "[::1]", "a/b", long.as_str()]
        {
            assert!(!is_host(host), "{host}");
        }
    }
}
