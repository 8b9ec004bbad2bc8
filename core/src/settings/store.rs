//! The text that names the store of an outbox.

use std::net::IpAddr;
use std::path::PathBuf;

/// The store of an outbox, as `outbox.store` names it.
///
/// There may be a password in it: it is not shown, and so not to be printed.
#[derive(Clone, PartialEq, Eq)]
pub enum Store {
    /// A file of SQLite: `sqlite:PATH`.
    Sqlite(PathBuf),
    /// A database of PostgreSQL by its URL: `postgresql://…` or `postgres://…`.
    Postgresql(String),
}

impl Store {
    /// Reads the text; `None` where it names no store that lasts.
    pub fn read(text: &str) -> Option<Store> {
        if text.starts_with("postgresql://") || text.starts_with("postgres://") {
            return Some(Store::Postgresql(text.to_owned()));
        }
        // What SQLite keeps in memory, or takes for a URL of its own, is no file.
        let path =
            text.strip_prefix("sqlite:").filter(|path| !path.trim().is_empty() && !path.starts_with(':') && !path.starts_with("file:"))?;
        Some(Store::Sqlite(PathBuf::from(path)))
    }

    /// Whether what goes to the store travels over a network without TLS, or does where the server has none.
    pub fn is_in_clear(&self) -> bool {
        let Store::Postgresql(url) = self else { return false };
        let (place, query) = split(url);
        let said = |name: &'static str| query.split('&').filter_map(move |pair| pair.strip_prefix(name)?.strip_prefix('='));
        let is_given_up = said("sslmode").any(|mode| matches!(mode, "disable" | "allow" | "prefer"));
        let hosts = place.split(',').map(without_port).chain(said("host").flat_map(|hosts| hosts.split(',')));
        is_given_up && hosts.into_iter().any(|host| !is_here(host))
    }
}

/// The hosts of a URL with their ports, and its query.
fn split(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = rest.split('/').next().unwrap_or_default();
    (authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts), query)
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Whether a host is this machine: none, a folder with a socket, or a name or address of the loopback interface.
fn is_here(host: &str) -> bool {
    let is_folder = host.starts_with('/') || host.starts_with("%2F") || host.starts_with("%2f");
    host.is_empty() || is_folder || host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_a_file_or_a_database() {
        let file = |path: &str| Some(Store::Sqlite(PathBuf::from(path)));
        assert!(Store::read("sqlite:/var/lib/erp/outbox.db") == file("/var/lib/erp/outbox.db"));
        assert!(Store::read(r"sqlite:C:\Erp\outbox.db") == file(r"C:\Erp\outbox.db"));
        for url in ["postgresql://erp:geheim@db/erp", "postgres:///erp"] {
            assert!(Store::read(url) == Some(Store::Postgresql(url.to_owned())));
        }
        for none in [
            "",
            "outbox.db",
            "sqlite:",
            "sqlite: ",
            "sqlite::memory:",
            "sqlite:file:a?mode=memory",
            "mysql://a/b",
            "postgresql:erp",
            "SQLITE:a",
        ] {
            assert!(Store::read(none).is_none(), "{none}");
        }
    }

    #[test]
    fn a_database_elsewhere_without_certain_tls_is_in_clear() {
        let is_in_clear = |url: &str| Store::read(url).unwrap().is_in_clear();
        for url in [
            "postgresql://erp@db.example.com/erp?sslmode=disable",
            "postgres://erp:a@b@10.1.2.3:5433/erp?connect_timeout=3&sslmode=prefer",
            "postgresql://localhost,db:5432/erp?sslmode=prefer",
            "postgresql:///erp?host=db&sslmode=disable",
            "postgresql://[2001:db8::1]:5432/erp?sslmode=allow",
        ] {
            assert!(is_in_clear(url), "{url}");
        }
        for url in [
            "postgresql://erp@db.example.com/erp",
            "postgresql://erp@db.example.com/erp?sslmode=require",
            "postgresql://localhost:5433/erp?sslmode=disable",
            "postgresql://[::1]/erp?sslmode=disable",
            "postgresql://127.0.0.1/erp?sslmode=prefer",
            "postgresql:///erp?host=/var/run/postgresql&sslmode=disable",
            "postgresql://%2Fvar%2Frun/erp?sslmode=disable",
            "sqlite:/a?sslmode=disable",
        ] {
            assert!(!is_in_clear(url), "{url}");
        }
    }
}
