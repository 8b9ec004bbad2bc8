//! The step `mx`: the host that the domain's mail goes to tells the provider of a domain of one's own.

use crate::context::Context;
use crate::dns::{self, Kind, Record};
use crate::finding::{Outcome, Sentence, Tried, Yield};
use crate::own::is_own;
use crate::provider;
use crate::server::name;
use crate::steps::Step;
use crate::table;

/// The most hosts that are looked at, the preferred ones first.
const HOSTS: usize = 10;

/// Asks for the hosts, and the table for their provider.
pub(crate) fn look_up(context: &Context) -> Yield {
    let domain = context.domain();
    let records = match dns::ask(&context.wanted.name_servers, domain, Kind::Mx, &context.call()) {
        Ok(records) => records,
        Err(error) => return Yield::of(Tried::error(Step::Mx, error)),
    };
    let mut hosts: Vec<(u16, String)> = records
        .into_iter()
        .filter_map(|record| if let Record::Mx { preference, host } = record { Some((preference, host)) } else { None })
        .collect();
    hosts.sort();
    // RFC 7505: one record with an empty host says that the domain takes no mail.
    if hosts.len() == 1 && hosts.iter().all(|(_, host)| host.is_empty()) {
        return Yield::of(Tried::said(Step::Mx, Outcome::Nothing, Sentence::new("discover.mx_null").arg("domain", domain)));
    }
    let hosts: Vec<String> = hosts.into_iter().take(HOSTS).filter_map(|(_, host)| name(&host)).collect();
    let known = hosts.iter().find_map(|host| provider::of_mx(host).map(|provider| (host, provider)));
    if let Some((host, provider)) = known {
        let reason =
            Sentence::new("discover.reason_mx").arg("domain", domain).arg("host", host.as_str()).arg("provider", provider.name.as_str());
        return table::of_provider(provider, Some(host), context.address(), Step::Mx, &reason);
    }
    let sentence = match hosts.first() {
        Some(host) => Sentence::new("discover.mx_unknown").arg("domain", domain).arg("host", host.as_str()),
        None => Sentence::new("discover.mx_nothing").arg("domain", domain),
    };
    let own = hosts.into_iter().filter(|host| is_own(host, domain)).take(2).collect();
    Yield { hosts: own, ..Yield::of(Tried::said(Step::Mx, Outcome::Nothing, sentence)) }
}
