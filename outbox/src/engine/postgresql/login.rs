//! The address of a PostgreSQL server with what is needed to log in: a URL as psql takes it.

use native_tls::{Certificate, Identity, TlsConnector};
use postgres_native_tls::MakeTlsConnector;
use postkontor_core::{Error, Status};
use std::fmt::{self, Debug, Formatter};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// How long one address of the server is tried.
const CONNECT: Duration = Duration::from_secs(10);

/// How much of the server's certificate is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    Nothing,
    Issuer,
    IssuerAndName,
}

/// Where the server is, and who logs in.
#[derive(Clone)]
pub(crate) struct Login {
    pub(super) config: Config,
    /// What a person calls the store by.
    pub(crate) name: String,
    check: Check,
    authorities: Option<PathBuf>,
    certificate: Option<(PathBuf, PathBuf)>,
}

impl Login {
    /// Reads a URL.
    pub(crate) fn parse(url: &str) -> Result<Login, Error> {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut rest, mut mode, mut files) = (Vec::new(), None, [None, None, None]);
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let place = ["sslrootcert", "sslcert", "sslkey"].iter().position(|known| *known == name);
            match (name, place) {
                ("sslmode", _) => mode = Some(value),
                (_, Some(place)) => files[place] = Some(PathBuf::from(decoded(value))),
                _ => rest.push(parameter),
            }
        }
        let url = if rest.is_empty() { address.to_owned() } else { format!("{address}?{}", rest.join("&")) };
        // What the parser says may repeat the password.
        let config: Config = url.parse().map_err(|_| invalid("outbox.store_url_invalid"))?;
        let [authorities, certificate, key] = files;
        let mut login = Login {
            name: name(&config),
            config,
            check: Check::IssuerAndName,
            authorities: authorities.filter(|file| file.as_os_str() != "system"),
            certificate: certificate.zip(key),
        };
        login.secure(mode)?;
        login.keep_alive();
        Ok(login)
    }

    /// Verified TLS, unless nothing leaves the machine or the URL wants less.
    fn secure(&mut self, mode: Option<&str>) -> Result<(), Error> {
        let (mode, check) = match mode {
            Some("disable") => (SslMode::Disable, Check::Nothing),
            Some("allow" | "prefer") => (SslMode::Prefer, Check::Nothing),
            Some("verify-ca") => (SslMode::Require, Check::Issuer),
            Some("require" | "verify-full") => (SslMode::Require, Check::IssuerAndName),
            None if self.is_local() => (SslMode::Prefer, Check::Nothing),
            None => (SslMode::Require, Check::IssuerAndName),
            Some(_) => return Err(invalid("outbox.store_url_invalid")),
        };
        self.config.ssl_mode(mode);
        self.check = check;
        Ok(())
    }

    /// A server that went away without a word is found out within half a minute.
    fn keep_alive(&mut self) {
        let config = &mut self.config;
        config.keepalives_idle(Duration::from_secs(10)).keepalives_interval(Duration::from_secs(5)).keepalives_retries(3);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(25));
        }
        if config.get_application_name().is_none() {
            config.application_name("postkontor");
        }
    }

    /// Whether the server is on this machine.
    fn is_local(&self) -> bool {
        let is_loopback = |name: &str| name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        self.config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => is_loopback(name),
            #[cfg(unix)]
            Host::Unix(_) => true,
        }) && self.config.get_hostaddrs().iter().all(IpAddr::is_loopback)
    }

    /// TLS as the URL wants it.
    pub(super) fn connector(&self) -> Result<MakeTlsConnector, Error> {
        let failed =
            |cause: String| Error::new(Status::Tls, "outbox.store_tls_failed").usable().arg("store", self.name.as_str()).cause(cause);
        let mut builder = TlsConnector::builder();
        builder.danger_accept_invalid_certs(self.check == Check::Nothing);
        builder.danger_accept_invalid_hostnames(self.check != Check::IssuerAndName);
        let read = |path: &PathBuf| std::fs::read(path).map_err(|error| failed(format!("{}: {error}", path.display())));
        if let Some(file) = &self.authorities {
            let certificates = Certificate::stack_from_pem(&read(file)?).map_err(|error| failed(format!("{}: {error}", file.display())))?;
            builder.disable_built_in_roots(true);
            for certificate in certificates {
                builder.add_root_certificate(certificate);
            }
        }
        if let Some((certificate, key)) = &self.certificate {
            let identity = Identity::from_pkcs8(&read(certificate)?, &read(key)?);
            builder.identity(identity.map_err(|error| failed(format!("{}: {error}", certificate.display())))?);
        }
        builder.build().map(MakeTlsConnector::new).map_err(|error| failed(error.to_string()))
    }
}

/// Never with the password.
impl Debug for Login {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The URL without user and password.
fn name(config: &Config) -> String {
    let host = |host: &Host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    };
    let hosts: Vec<String> = config.get_hosts().iter().map(host).collect();
    let port = config.get_ports().iter().find(|port| **port != 5432).map(|port| format!(":{port}")).unwrap_or_default();
    format!("postgresql://{}{port}/{}", hosts.join(","), config.get_dbname().or(config.get_user()).unwrap_or_default())
}

/// A value of the query, its `%XX` decoded.
fn decoded(value: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(value.len()), value.as_bytes());
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok()).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn invalid(code: &str) -> Error {
    Error::setting("/outbox/store", code).usable()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secured(url: &str) -> (SslMode, Check) {
        let login = Login::parse(url).unwrap();
        (login.config.get_ssl_mode(), login.check)
    }

    #[test]
    fn a_server_elsewhere_is_verified_unless_the_url_says_otherwise() {
        let verified = (SslMode::Require, Check::IssuerAndName);
        assert_eq!(secured("postgresql://erp:x@db.example.com/erp"), verified);
        assert_eq!(secured("postgresql://erp:x@127.0.0.1,db.example.com/erp"), verified);
        assert_eq!(secured("postgresql://erp@localhost/erp?sslmode=require"), verified);
        assert_eq!(secured("postgresql://erp@[::1]:5433/erp"), (SslMode::Prefer, Check::Nothing));
        assert_eq!(secured("postgresql://erp@db.example.com/erp?sslmode=prefer&connect_timeout=3"), (SslMode::Prefer, Check::Nothing));
        assert_eq!(secured("postgresql://db.example.com/erp?sslmode=disable").0, SslMode::Disable);
        assert_eq!(secured("postgresql://db.example.com/erp?sslmode=verify-ca").1, Check::Issuer);
        for wrong in
            ["postgresql://db.example.com/erp?sslmode=sometimes", "postgresql://db.example.com/erp?nothing=1", "postgresql://db:x/"]
        {
            assert_eq!(Login::parse(wrong).unwrap_err().code, "outbox.store_url_invalid", "{wrong}");
        }
    }

    #[test]
    fn the_name_of_a_store_has_no_password() {
        let login = Login::parse("postgresql://erp:geheim-7@db.example.com:5433/erp?sslrootcert=%2Fetc%2Fca%20file.pem").unwrap();
        assert_eq!(format!("{login:?}"), "postgresql://db.example.com:5433/erp");
        assert_eq!(login.authorities, Some(PathBuf::from("/etc/ca file.pem")));
        assert_eq!(login.connector().err().map(|error| error.code.clone()), Some("outbox.store_tls_failed".to_owned()));
    }
}
