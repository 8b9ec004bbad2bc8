//! DNS, as far as discovering needs it: a question to a name server that answers for the whole of DNS (RFC 1035, RFC 5452).
//!
//! The message format is `simple-dns`'s; what is asked, which answer is believed and how long is waited is decided here.

mod exchange;
mod message;

pub(crate) use message::{Kind, Record};

use message::{Reply, failed};
use postkontor_plugin::{Call, Error};
use std::net::{IpAddr, SocketAddr};

/// The most names that lead from one to the next (CNAME). Real ones are two or three.
const ALIASES: usize = 8;

/// The records of a name and kind; none where there are none. Aliases are followed.
pub(crate) fn ask(servers: &[SocketAddr], name: &str, kind: Kind, call: &Call) -> Result<Vec<Record>, Error> {
    let mut asked = name.to_ascii_lowercase();
    let mut left = ALIASES;
    loop {
        let reply = exchange::ask(servers, &asked, kind, call)?;
        match reply.follow(&asked, &mut left) {
            Some(Reply { records, alias: None }) => return Ok(records),
            Some(Reply { alias: Some(next), .. }) => asked = next,
            None => return Err(failed("discover.dns_loop", name)),
        }
    }
}

/// Whether a host has an address that a server on the internet may have; nothing where that cannot be found out. Addresses of this
/// machine and of the own link never count, those of private networks only where `is_own` says that the name is of the address's own
/// domain: a company's network has names of its own (split horizon).
pub(crate) fn is_reachable(servers: &[SocketAddr], host: &str, is_own: bool, call: &Call) -> Option<bool> {
    let mut addresses = Vec::new();
    for kind in [Kind::A, Kind::Aaaa] {
        let records = ask(servers, host, kind, call).ok()?;
        addresses.extend(records.into_iter().filter_map(|record| if let Record::Address(address) = record { Some(address) } else { None }));
    }
    Some(!addresses.is_empty() && addresses.iter().all(|address| may_be_server(*address, is_own)))
}

fn may_be_server(address: IpAddr, is_own: bool) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            // RFC 6598 beside RFC 1918.
            let is_shared = address.octets()[0] == 100 && address.octets()[1] & 0xC0 == 64;
            let is_nowhere = address.is_loopback()
                || address.is_unspecified()
                || address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast()
                || address.octets()[0] == 0;
            !is_nowhere && (is_own || !address.is_private() && !is_shared)
        }
        IpAddr::V6(address) => {
            let is_nowhere = address.is_loopback() || address.is_unspecified() || address.is_unicast_link_local() || address.is_multicast();
            !is_nowhere && (is_own || !address.is_unique_local())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_and_private_ones_of_others_are_no_servers() {
        let may = |address: &str, is_own| may_be_server(address.parse().unwrap(), is_own);
        for address in ["127.0.0.1", "127.9.9.9", "0.0.0.0", "169.254.169.254", "::1", "::", "fe80::1", "::ffff:127.0.0.1", "224.0.0.1"] {
            assert!(!may(address, true) && !may(address, false), "{address}");
        }
        for address in ["10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "fd00::1", "::ffff:10.0.0.1"] {
            assert!(may(address, true) && !may(address, false), "{address}");
        }
        assert!(may("192.0.2.1", false) && may("2001:db8::1", false));
    }
}
