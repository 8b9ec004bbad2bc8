//! What every step is given: what is wanted, until when, and whether to go on.

use crate::address::Address;
use crate::steps::Steps;
use postkontor_plugin::settings::{Route, WebTls};
use postkontor_plugin::{Call, HostCalls, Secret, Status};
use serde_json::Value;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What is to be found, and by which way.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The address.
    pub address: Address,
    /// The steps to take.
    pub steps: Steps,
    /// How long all of them may take.
    pub timeout: Duration,
    /// The name servers for SRV and MX; none where DNS cannot be asked. Hosts are looked up by the system, as in every connection.
    pub name_servers: Vec<SocketAddr>,
    /// `socks5://[user:password@]host:port` or `http://[user:password@]host:port`, for every connection.
    pub proxy: Option<Secret>,
    /// File with certificates (PEM) of further authorities to trust.
    pub ca_file: Option<String>,
    /// What stands for the password in the proposals: a reference to a secret.
    pub password: Value,
    /// The application that is registered at Google or Microsoft, where there is one.
    pub client_id: Option<String>,
}

/// The name servers of this system, by `/etc/resolv.conf`. Where there is no such file, none: Windows has to be asked otherwise.
pub fn name_servers() -> Vec<SocketAddr> {
    std::fs::read_to_string("/etc/resolv.conf").map(|text| in_resolv_conf(&text)).unwrap_or_default()
}

/// The first three `nameserver` lines count, as in every resolver (resolv.conf(5)). Addresses with a zone are left out.
fn in_resolv_conf(text: &str) -> Vec<SocketAddr> {
    let server = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let address = words.next().filter(|word| *word == "nameserver").and_then(|_| words.next())?;
        address.parse::<IpAddr>().ok().map(|address| SocketAddr::new(address, 53))
    };
    text.lines().filter_map(server).take(3).collect()
}

/// Whether to go on; asked by every wait of every thread.
pub(crate) struct Stop<'s>(&'s AtomicBool);

impl HostCalls for Stop<'_> {
    fn progress(&self, _done: u64, _total: u64) -> Result<(), Status> {
        if self.0.load(Ordering::Acquire) { Err(Status::Cancelled) } else { Ok(()) }
    }
}

/// What every step is given.
pub(crate) struct Context<'w> {
    pub(crate) wanted: &'w Wanted,
    pub(crate) until: Instant,
    stop: Stop<'w>,
}

impl<'w> Context<'w> {
    pub(crate) fn new(wanted: &'w Wanted, until: Instant, stop: &'w AtomicBool) -> Context<'w> {
        Context { wanted, until, stop: Stop(stop) }
    }

    /// A call for one thread.
    pub(crate) fn call(&self) -> Call<'_> {
        Call::new(&self.stop, self.until)
    }

    pub(crate) fn address(&self) -> &'w Address {
        &self.wanted.address
    }

    pub(crate) fn domain(&self) -> &'w str {
        self.wanted.address.domain()
    }

    /// The way to every server.
    pub(crate) fn route(&self) -> Route {
        Route { proxy: self.wanted.proxy.clone(), ..Route::default() }
    }

    /// How every connection is secured: by a certificate that is good.
    pub(crate) fn tls(&self) -> WebTls {
        WebTls { ca_file: self.wanted.ca_file.clone(), ..WebTls::default() }
    }
}

/// Does the same for each item, side by side; nothing where there is no thread for it, or where the work has panicked.
pub(crate) fn each<I: Sync, T: Send>(items: &[I], work: impl Fn(&I) -> T + Sync) -> Vec<Option<T>> {
    let work = &work;
    std::thread::scope(|scope| {
        let begin = |item| {
            let thread = std::thread::Builder::new().name("postkontor-discover".to_owned()).stack_size(512 * 1024);
            thread.spawn_scoped(scope, move || work(item)).ok()
        };
        let threads: Vec<_> = items.iter().map(begin).collect();
        threads.into_iter().map(|thread| thread.and_then(|thread| thread.join().ok())).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_three_name_servers_count() {
        let text = "# x\nsearch example.com\nnameserver 192.0.2.1\n nameserver\t2001:db8::1 \nnameserver fe80::1%eth0\n;nameserver 9.9.9.9\nnameserver x\n\
                    nameserver 192.0.2.3\nnameserver 192.0.2.4\n";
        let found: Vec<String> = in_resolv_conf(text).iter().map(SocketAddr::to_string).collect();
        assert_eq!(found, ["192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.3:53"]);
    }
}
