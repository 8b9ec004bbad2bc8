//! The name of this machine, for EHLO.

use postkontor_plugin::net::machine_name;
use std::net::SocketAddr;

/// The name for EHLO: the machine's name where it is a full domain name, else the address literal of the connection (RFC 5321, section
/// 4.1.3). Servers look at neither closely, but refuse nonsense.
pub(crate) fn name(local: Option<SocketAddr>) -> String {
    machine_name().filter(|name| is_domain(name)).unwrap_or_else(|| match local {
        Some(SocketAddr::V4(address)) => format!("[{}]", address.ip()),
        Some(SocketAddr::V6(address)) => match address.ip().to_ipv4_mapped() {
            Some(ip) => format!("[{ip}]"),
            None => format!("[IPv6:{}]", address.ip()),
        },
        None => "[127.0.0.1]".to_owned(),
    })
}

fn is_domain(name: &str) -> bool {
    let label = |label: &str| {
        let bytes = label.as_bytes();
        (1..=63).contains(&bytes.len())
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let private = [".local", ".localdomain", ".lan", ".internal"];
    name.len() <= 253 && name.contains('.') && name.split('.').all(label) && !private.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_full_domain_names_are_shown() {
        for name in ["mail.example.com", "a-b.example"] {
            assert!(is_domain(name), "{name}");
        }
        for name in ["", "buero-pc", "pc.local", "a..b", "-a.b", "a_b.c", "büro.example", "BÜRO-PC", "a\r\nb.c"] {
            assert!(!is_domain(name), "{name}");
        }
    }
}
