//! The table of known providers.

use crate::server::{Kind, Server};
use serde::Deserialize;
use std::sync::LazyLock;

/// A provider of mailboxes. A server is `host:port`; `{mx}` stands for the host that the domain's mail goes to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// A short name for programs.
    pub id: String,
    /// Its own name.
    pub name: String,
    /// Where most of its customers are: `dach`, `adriatic` or `world`.
    pub market: String,
    /// The domains of its addresses; one that begins with a dot stands for everything below.
    #[serde(default)]
    pub domains: Vec<String>,
    /// The ends of the names of the hosts that take mail for its customers' own domains.
    #[serde(default)]
    pub mx: Vec<String>,
    /// The IMAP server.
    #[serde(default)]
    pub imap: Option<String>,
    /// The POP3 server.
    #[serde(default)]
    pub pop3: Option<String>,
    /// The SMTP server for submission.
    #[serde(default)]
    pub smtp: Option<String>,
    /// What one logs in as.
    #[serde(default)]
    pub login: LoginName,
    /// Which password it takes.
    #[serde(default)]
    pub password: PasswordKind,
    /// The provider of tokens as `auth.oauth2.provider` names it, where the mail servers take tokens.
    #[serde(default)]
    pub oauth2: Option<String>,
    /// Whether it keeps a copy of what is sent by SMTP in the mailbox.
    #[serde(default)]
    pub keeps_copy: bool,
    /// Whether programs have access only after the person has switched it on in the web.
    #[serde(default)]
    pub to_be_switched_on: bool,
    /// Where its servers are published: on a page of its own, or in the database of Thunderbird. `programs`: no page was at hand, and several programs
    /// that have nothing to do with each other use these servers.
    pub source: String,
}

/// What one logs in as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoginName {
    /// The whole address.
    #[default]
    Address,
    /// What stands before the `@`.
    Local,
    /// A name that the provider has given, which nothing tells.
    Other,
}

/// Which password a provider takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PasswordKind {
    /// That of the account.
    #[default]
    Account,
    /// One for programs, made in the settings of the account.
    App,
    /// One for mail, which is another than that of the web.
    Mail,
    /// None.
    None,
}

impl Provider {
    /// Its server of a kind. `mx` is the host that the domain's mail goes to, where that is known.
    pub fn server(&self, kind: Kind, mx: Option<&str>) -> Option<Server> {
        let place = match kind {
            Kind::Imap => &self.imap,
            Kind::Pop3 => &self.pop3,
            Kind::Smtp => &self.smtp,
        };
        let place = place.as_deref()?;
        if place.contains("{mx}") { Server::at(kind, &place.replace("{mx}", mx?)) } else { Server::at(kind, place) }
    }

    /// Whether programs can reach its mailboxes at all.
    pub fn has_servers(&self) -> bool {
        self.imap.is_some() || self.pop3.is_some() || self.smtp.is_some()
    }
}

/// All known providers.
pub fn providers() -> &'static [Provider] {
    // The table is part of the program; a test reads it.
    static TABLE: LazyLock<Vec<Provider>> = LazyLock::new(|| serde_json::from_str(include_str!("providers.json")).unwrap_or_default());
    &TABLE
}

/// The provider whose addresses are in this domain.
pub(crate) fn of_domain(domain: &str) -> Option<&'static Provider> {
    let is_it = |known: &String| if known.starts_with('.') { domain.ends_with(known.as_str()) } else { known == domain };
    providers().iter().find(|provider| provider.domains.iter().any(is_it))
}

/// The provider that this host takes mail for; the longest end decides.
pub(crate) fn of_mx(host: &str) -> Option<&'static Provider> {
    let fits = |end: &str| host == end || host.strip_suffix(end).is_some_and(|rest| rest.ends_with('.'));
    let ends = providers().iter().flat_map(|provider| provider.mx.iter().map(move |end| (end, provider)));
    ends.filter(|(end, _)| fits(end)).max_by_key(|(end, _)| end.len()).map(|(_, provider)| provider)
}

/// The provider that this host is a server of.
pub(crate) fn of_server(host: &str) -> Option<&'static Provider> {
    let is_it = |provider: &&Provider| {
        [Kind::Imap, Kind::Smtp].iter().any(|kind| provider.server(*kind, None).is_some_and(|server| server.host == host))
    };
    providers().iter().find(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_plugin::settings::is_host;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_can_be_read_and_has_eighty_providers_of_all_markets() {
        let table: Vec<Provider> = serde_json::from_str(include_str!("providers.json")).unwrap();
        let with_servers = table.iter().filter(|provider| provider.has_servers()).count();
        assert!(with_servers >= 80, "{with_servers}");
        for (market, least) in [("dach", 25), ("adriatic", 15), ("world", 35)] {
            assert!(table.iter().filter(|provider| provider.market == market).count() >= least, "{market}");
        }
        assert_eq!(providers(), table);
    }

    #[test]
    fn nothing_in_the_table_stands_twice_and_every_server_is_one() {
        let (mut ids, mut domains, mut ends) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for provider in providers() {
            let id = &provider.id;
            assert!(ids.insert(id), "{id}");
            assert!(provider.source.starts_with("https://") || provider.source == "programs", "{id}");
            assert!(!provider.domains.is_empty() || !provider.mx.is_empty(), "{id} can never be found");
            assert!(matches!(provider.market.as_str(), "dach" | "adriatic" | "world"), "{id}");
            assert!(matches!(provider.oauth2.as_deref(), None | Some("google" | "microsoft")), "{id}");
            for domain in &provider.domains {
                assert!(domains.insert(domain) && is_host(domain.trim_start_matches('.')) && *domain == domain.to_lowercase(), "{domain}");
            }
            for end in &provider.mx {
                assert!(ends.insert(end) && is_host(end) && *end == end.to_lowercase(), "{end}");
            }
            for (kind, place) in [(Kind::Imap, &provider.imap), (Kind::Pop3, &provider.pop3), (Kind::Smtp, &provider.smtp)] {
                let Some(place) = place else { continue };
                let server = provider.server(kind, Some("mx.example.com")).unwrap_or_else(|| panic!("{id}: {place}"));
                assert!(kind.is_usual(server.port), "{id}: {place}");
                assert_eq!(provider.server(kind, None).is_none(), place.contains("{mx}"), "{id}");
                assert!(!place.contains("{mx}") || provider.domains.is_empty(), "{id}: an address alone tells no mx");
            }
            assert_eq!(provider.imap.is_some() || provider.pop3.is_some(), provider.smtp.is_some(), "{id}");
            assert!(provider.has_servers() || provider.password == PasswordKind::None, "{id}");
        }
    }

    #[test]
    fn a_provider_is_found_by_domain_and_by_mx_and_the_longest_end_decides() {
        assert_eq!(of_domain("gmx.at").unwrap().id, "gmx");
        assert_eq!(of_domain("contoso.onmicrosoft.com").unwrap().id, "microsoft365");
        assert!(of_domain("onmicrosoft.com").is_none() && of_domain("notgmx.at").is_none());
        assert_eq!(of_mx("contoso-com.mail.protection.outlook.com").unwrap().id, "microsoft365");
        assert_eq!(of_mx("outlook-com.olc.protection.outlook.com").unwrap().id, "outlook");
        assert_eq!(of_mx("mx.pec.aruba.it").unwrap().id, "aruba-pec");
        assert_eq!(of_mx("mx.aruba.it").unwrap().id, "aruba");
        assert!(of_mx("notgoogle.com").is_none());
        let all_inkl = of_mx("w0123456.kasserver.com").unwrap();
        assert_eq!(all_inkl.server(Kind::Imap, Some("w0123456.kasserver.com")).unwrap().host, "w0123456.kasserver.com");
        assert_eq!(of_server("imap.gmx.net").unwrap().id, "gmx");
    }
}
