//! A Kerberos domain in a folder: a KDC on loopback, a user with a ticket, and the keys of the services on `localhost`.

use crate::folder::Folder;
use crate::guard::{Guard, until};
use crate::ports;
use std::ffi::OsString;
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The domain's user.
pub const USER: &str = "anna";

const PASSWORD: &str = "Geheim-7";
const REALM: &str = "EXAMPLE.TEST";

/// The services on `localhost` that the domain knows.
const SERVICES: [&str; 4] = ["HTTP", "imap", "pop", "smtp"];

const CONFIGURATION: &str = "[libdefaults]
 default_realm = REALM
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
[realms]
 REALM = {
  kdc = 127.0.0.1:PORT
 }
[domain_realm]
 localhost = REALM
";

const SERVER: &str = "[kdcdefaults]
 kdc_listen = 127.0.0.1:PORT
 kdc_tcp_listen = 127.0.0.1:PORT
[realms]
 REALM = {
  database_name = ROOT/database
  key_stash_file = ROOT/stash
  acl_file = ROOT/acl
 }
[logging]
 kdc = FILE:ROOT/kdc.log
";

/// A running domain.
pub struct Domain {
    folder: Folder,
    _guard: Guard,
}

impl Domain {
    /// Whether this machine has what it takes.
    pub fn is_installed() -> bool {
        ["/usr/sbin/krb5kdc", "/usr/sbin/kadmin.local", "/usr/bin/kinit"].iter().all(|file| Path::new(file).exists())
    }

    /// Starts it. [`USER`] has no ticket yet.
    pub fn start() -> io::Result<Domain> {
        let folder = Folder::new()?;
        let port = ports::free(1)?[0];
        let root = folder.path().display().to_string();
        let fill = |text: &str| text.replace("REALM", REALM).replace("PORT", &port.to_string()).replace("ROOT", &root);
        std::fs::write(folder.file("krb5.conf"), fill(CONFIGURATION))?;
        std::fs::write(folder.file("kdc.conf"), fill(SERVER))?;
        run(&folder, "/usr/sbin/kdb5_util", &["create", "-s", "-P", "master"], "")?;
        let mut requests = format!("addprinc -pw {PASSWORD} {USER}\n");
        for service in SERVICES {
            requests.push_str(&format!("addprinc -randkey {service}/localhost\nktadd -k {root}/keytab {service}/localhost\n"));
        }
        run(&folder, "/usr/sbin/kadmin.local", &[], &requests)?;
        // The guard runs servers as another user where we are root.
        crate::guard::hand_over(folder.path())?;
        let command = format!("KRB5_CONFIG={root}/krb5.conf KRB5_KDC_PROFILE={root}/kdc.conf exec /usr/sbin/krb5kdc -n -P {root}/pid");
        let guard = Guard::start(&["sh", "-c", &command], &folder.file("kdc.out"), None)?;
        let answers = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok();
        let log = || std::fs::read_to_string(folder.file("kdc.out")).unwrap_or_default();
        until(Duration::from_secs(20), answers).ok_or_else(|| io::Error::other(log()))?;
        Ok(Domain { folder, _guard: guard })
    }

    /// Gets a ticket for [`USER`], as logging on to a machine of the domain does.
    pub fn log_on(&self) -> io::Result<()> {
        run(&self.folder, "/usr/bin/kinit", &[USER], &format!("{PASSWORD}\n"))
    }

    /// Destroys the user's tickets.
    pub fn log_off(&self) -> io::Result<()> {
        std::fs::remove_file(self.folder.file("tickets"))
    }

    /// The file of a configuration in which the same domain has its KDC at another port.
    pub fn elsewhere(&self, port: u16) -> io::Result<PathBuf> {
        let file = self.folder.file(&format!("at-{port}.conf"));
        let text = std::fs::read_to_string(self.folder.file("krb5.conf"))?;
        let kdc = format!(" kdc = 127.0.0.1:{port}");
        let lines: Vec<&str> = text.lines().map(|line| if line.contains("kdc = ") { kdc.as_str() } else { line }).collect();
        std::fs::write(&file, lines.join("\n"))?;
        Ok(file)
    }

    /// The file with the keys of the services.
    pub fn keytab(&self) -> PathBuf {
        self.folder.file("keytab")
    }

    /// The folder of the domain, which servers may use, too.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The environment in which a program belongs to the domain, with the tickets of [`USER`].
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        environment(&self.folder)
    }
}

fn environment(folder: &Folder) -> Vec<(&'static str, OsString)> {
    let mut tickets = OsString::from("FILE:");
    tickets.push(folder.file("tickets"));
    vec![
        ("KRB5_CONFIG", folder.file("krb5.conf").into()),
        ("KRB5_KDC_PROFILE", folder.file("kdc.conf").into()),
        ("KRB5_KTNAME", folder.file("keytab").into()),
        ("KRB5CCNAME", tickets),
    ]
}

fn run(folder: &Folder, program: &str, arguments: &[&str], input: &str) -> io::Result<()> {
    let mut command = Command::new(program);
    command.args(arguments).envs(environment(folder)).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if output.status.success() { Ok(()) } else { Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())) }
}
