//! PostgreSQL in a folder of its own, for stores that many machines share: as durable as the real one, and it can be killed.

use crate::certificates::Certificates;
use crate::folder::Folder;
use crate::guard::{Guard, as_user, hand_over, until};
use crate::ports;
use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// The user of the database `post`, who owns it.
pub const USER: &str = "post";

/// The user's password.
pub const PASSWORD: &str = "Geheim-7";

/// A server. It waits for its disk (`fsync`), as one in a company does.
pub struct Postgresql {
    /// Its port on 127.0.0.1.
    pub port: u16,
    folder: PathBuf,
    binaries: PathBuf,
    guard: Option<Guard>,
}

impl Postgresql {
    /// Where its programs are, on a machine that has it.
    fn binaries() -> Option<PathBuf> {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let mut found: Vec<PathBuf> = versions.flatten().map(|version| version.path().join("bin")).collect();
        found.retain(|folder| folder.join("initdb").exists());
        found.sort();
        found.pop()
    }

    /// Whether this machine has it.
    pub fn is_installed() -> bool {
        Postgresql::binaries().is_some()
    }

    /// The one that the tests of this process share; each has a database of its own there.
    pub fn shared() -> io::Result<&'static Postgresql> {
        static SHARED: OnceLock<Result<(Guard, Postgresql), String>> = OnceLock::new();
        let start = || {
            let folder = Folder::new()?.keep();
            let guard = Guard::remover(&folder)?;
            Ok((guard, Postgresql::start(&folder)?))
        };
        let started = SHARED.get_or_init(|| start().map_err(|error: io::Error| error.to_string())).as_ref();
        started.map(|(_, server)| server).map_err(|error| io::Error::other(error.clone()))
    }

    /// Starts one in `folder`, which is empty. With TLS, for which the certificate of `localhost` is in `tls` there, its authority is [`Postgresql::authority`].
    pub fn start(folder: &Path) -> io::Result<Postgresql> {
        Postgresql::start_in(folder, &folder.join("data"))
    }

    /// The same with its data in another folder, for example on a small disk.
    pub fn start_in(folder: &Path, data: &Path) -> io::Result<Postgresql> {
        let binaries = Postgresql::binaries().ok_or_else(|| io::Error::other("PostgreSQL is not installed"))?;
        let certificates = Certificates::shared()?;
        std::fs::create_dir_all(folder.join("tls"))?;
        let server = certificates.for_hosts(&["localhost"])?;
        std::fs::write(folder.join("tls/server.crt"), server.certificate.to_pem()?)?;
        std::fs::write(folder.join("tls/server.key"), server.key.private_key_to_pem_pkcs8()?)?;
        std::fs::write(folder.join("tls/authority.pem"), certificates.authority.certificate().to_pem()?)?;
        std::fs::write(folder.join("password"), PASSWORD)?;
        std::fs::create_dir_all(data)?;
        restrict(&folder.join("tls/server.key"), 0o600)?;
        restrict(data, 0o700)?;
        restrict(folder, 0o755)?;
        hand_over(folder)?;
        hand_over(data)?;
        let (program, password) = (binaries.join("initdb"), folder.join("password"));
        let options = ["--no-sync", "--no-locale", "--encoding=UTF8", "--auth=scram-sha-256", "--username", USER, "--pwfile"];
        run(&program, options.iter().map(Path::new).chain([password.as_path(), Path::new("--pgdata"), data]))?;
        let mut server = Postgresql { port: ports::free(1)?[0], folder: folder.to_owned(), binaries, guard: None };
        std::fs::write(data.join("postgresql.auto.conf"), server.settings())?;
        hand_over(data)?;
        server.go_on(data)?;
        let create = server.psql("postgres", &format!("CREATE DATABASE {USER}"))?;
        if create.contains("ERROR") { Err(io::Error::other(create)) } else { Ok(server) }
    }

    fn settings(&self) -> String {
        let folder = self.folder.display();
        format!(
            "listen_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = ''\nfsync = on\nsynchronous_commit = on\nmax_connections = 60\nshared_buffers = 64MB\nssl = on\nssl_cert_file = '{folder}/tls/server.crt'\nssl_key_file = '{folder}/tls/server.key'\n",
            self.port
        )
    }

    /// Starts it again after it was stopped.
    pub fn go_on(&mut self, data: &Path) -> io::Result<()> {
        let log = self.folder.join("postgresql.log");
        let (program, data) = (self.binaries.join("postgres").display().to_string(), data.display().to_string());
        self.guard = Some(Guard::start(&[&program, "-D", &data], &log, None)?);
        let answers = || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
                && self.psql("postgres", "SELECT 1").is_ok_and(|said| said.trim() == "1")
        };
        let ready = until(Duration::from_secs(60), || answers().then_some(()));
        ready.ok_or_else(|| io::Error::other(format!("PostgreSQL does not start\n{}", std::fs::read_to_string(&log).unwrap_or_default())))
    }

    /// Stops it as if its machine lost power: it has no time for anything (`pg_ctl stop -m immediate`).
    pub fn stop_immediately(&mut self, data: &Path) -> io::Result<()> {
        run(&self.binaries.join("pg_ctl"), ["stop", "-m", "immediate", "-D"].iter().map(Path::new).chain([data]))?;
        self.guard = None;
        Ok(())
    }

    /// Runs statements in a database as its owner and returns what psql says, errors and all.
    pub fn psql(&self, database: &str, sql: &str) -> io::Result<String> {
        let mut psql = Command::new("psql");
        psql.args(["-X", "-A", "-t", "-h", "127.0.0.1", "-U", USER, "-d", database, "-c", sql]).env("PGPASSWORD", PASSWORD);
        let output = psql.args(["-p", &self.port.to_string()]).output()?;
        Ok(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }

    /// A new, empty database; its URL.
    pub fn database(&self, name: &str) -> io::Result<String> {
        let said = self.psql("postgres", &format!("CREATE DATABASE {name}"))?;
        if said.contains("ERROR") { Err(io::Error::other(said)) } else { Ok(self.url(name)) }
    }

    /// The URL of a database, with its owner's password.
    pub fn url(&self, database: &str) -> String {
        format!("postgresql://{USER}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// The file with the authority whose certificate it presents, in the name of `localhost`.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("tls/authority.pem")
    }

    /// Its folder with the data, where [`Postgresql::start`] put it.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
}

fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))?;
    #[cfg(not(unix))]
    let _ = (path, mode);
    Ok(())
}

/// Runs one of its programs as the user whom it does not refuse.
fn run<'a>(program: &'a Path, arguments: impl Iterator<Item = &'a Path>) -> io::Result<()> {
    let words: Vec<String> = std::iter::once(program).chain(arguments).map(|word| word.display().to_string()).collect();
    let words = as_user(&words.iter().map(String::as_str).collect::<Vec<_>>());
    let output = Command::new(&words[0]).args(&words[1..]).current_dir("/").output()?;
    let said = || String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned();
    if output.status.success() { Ok(()) } else { Err(io::Error::other(said())) }
}
