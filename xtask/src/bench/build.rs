//! Builds the library, its plugins, the server and the clients, and lays them out as an ERP would have them.

use super::workloads::{Server, Who};
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Size of the large attachment.
const FILE_BYTES: u64 = 100 << 20;

/// The programs to run.
pub(crate) struct Clients {
    sink: PathBuf,
    source: PathBuf,
    dovecot: PathBuf,
    pub(crate) parse: PathBuf,
    /// Those that decode a large message: Postkontor, GMime.
    pub(crate) decode: [PathBuf; 2],
    /// Those that sign and encrypt: Postkontor, OpenSSL.
    pub(crate) smime: [PathBuf; 2],
    pub(crate) exchange: PathBuf,
    /// The folder with the plugins.
    pub(crate) plugins: PathBuf,
    pub(crate) measure: PathBuf,
    pub(crate) postkontor: PathBuf,
    /// The large attachment.
    pub(crate) file: PathBuf,
    /// The authority of the server's certificate, written by the server.
    pub(crate) authority: PathBuf,
    curl: PathBuf,
    lettre: PathBuf,
    smtplib: PathBuf,
    /// Those that fetch: Postkontor, libcurl, libetpan, Python.
    fetch: [PathBuf; 4],
}

impl Clients {
    /// The program of a server.
    pub(crate) fn server(&self, server: Server) -> &Path {
        match server {
            Server::Sink => &self.sink,
            Server::Source => &self.source,
            Server::Dovecot => &self.dovecot,
        }
    }

    /// How a client is called, without its arguments.
    pub(crate) fn command(&self, who: Who, server: Server) -> Vec<&Path> {
        let [postkontor, curl, etpan, python] = &self.fetch;
        match (server, who) {
            (Server::Source | Server::Dovecot, Who::Postkontor) => vec![postkontor],
            (Server::Source | Server::Dovecot, Who::Libcurl) => vec![curl],
            (_, Who::Libetpan) => vec![etpan],
            (_, Who::Python) => vec![Path::new("python3"), python],
            (Server::Sink, Who::Postkontor) => vec![&self.postkontor],
            (Server::Sink, Who::Libcurl) => vec![&self.curl],
            (_, Who::Lettre) => vec![&self.lettre],
            (_, Who::Smtplib) => vec![Path::new("python3"), &self.smtplib],
        }
    }
}

/// Builds everything in the release profile.
pub(crate) fn build() -> Result<Clients, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask lies in the workspace")?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let (release, bench) = (target.join("release"), target.join("bench"));
    let plugins = plugins(root)?;
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root).args(["build", "--release", "--quiet", "--package", "postkontor-ffi"]);
    for name in &plugins {
        cargo.args(["--package", name]);
    }
    succeed(&mut cargo)?;
    let mut cargo = Command::new(env!("CARGO"));
    succeed(cargo.current_dir(root).args(["build", "--release", "--quiet", "--package", "postkontor-bench", "--features", "peers"]))?;

    // The library with a folder of plugins beside it, and nothing else in it that looks like one.
    let staged = bench.join("plugins");
    if staged.exists() {
        fs::remove_dir_all(&staged).map_err(|error| format!("{}: {error}", staged.display()))?;
    }
    fs::create_dir_all(&staged).map_err(|error| format!("{}: {error}", staged.display()))?;
    copy(&release.join("libpostkontor.so"), &bench.join("libpostkontor.so.1"))?;
    for name in plugins {
        let file = format!("lib{}.so", name.replace('-', "_"));
        copy(&release.join(&file), &staged.join(&file))?;
    }

    let sources = root.join("tests/bench/clients");
    let compile = |name: &str, options: &[&str]| {
        let (source, program) = (sources.join(name).with_extension("c"), bench.join(name));
        let mut cc = Command::new("cc");
        cc.args(["-O2", "-Wall", "-Wextra", "-o"]).arg(&program).arg(source).arg("-I").arg(root.join("include")).arg("-L").arg(&bench);
        succeed(cc.args(options)).map(|()| program)
    };
    let gmime = gmime()?;
    let clients = Clients {
        measure: compile("measure", &[])?,
        postkontor: compile("postkontor", &["-l:libpostkontor.so.1", "-Wl,-rpath,$ORIGIN"])?,
        curl: compile("curl", &["-lcurl"])?,
        fetch: [
            compile("fetch_postkontor", &["-l:libpostkontor.so.1", "-Wl,-rpath,$ORIGIN"])?,
            compile("fetch_curl", &["-lcurl"])?,
            compile("fetch_etpan", &["-letpan"])?,
            sources.join("fetch_python.py"),
        ],
        sink: release.join("bench-sink"),
        source: release.join("bench-source"),
        dovecot: release.join("bench-dovecot"),
        parse: release.join("bench-parse"),
        decode: [release.join("bench-decode"), compile("decode_gmime", &gmime.iter().map(String::as_str).collect::<Vec<_>>())?],
        smime: [release.join("bench-smime"), compile("smime_openssl", &["-lcrypto"])?],
        exchange: release.join("bench-exchange"),
        plugins: staged,
        lettre: release.join("bench-lettre"),
        smtplib: sources.join("smtplib_client.py"),
        file: bench.join("attachment"),
        authority: bench.join("authority.pem"),
    };
    write_attachment(&clients.file).map_err(|error| format!("{}: {error}", clients.file.display()))?;
    Ok(clients)
}

/// The options with which a program that uses GMime is compiled.
fn gmime() -> Result<Vec<String>, String> {
    let output = Command::new("pkg-config").args(["--cflags", "--libs", "gmime-3.0"]).output();
    let output = output.map_err(|error| format!("pkg-config: {error}"))?;
    if !output.status.success() {
        return Err(format!("pkg-config: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).split_whitespace().map(str::to_owned).collect())
}

/// The packages of all transports.
fn plugins(root: &Path) -> Result<Vec<String>, String> {
    let folder = root.join("plugins");
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    Ok(names.filter(|name| name != "abi" && name != "sdk").map(|name| format!("postkontor-{name}")).collect())
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to).map(drop).map_err(|error| format!("{} -> {}: {error}", from.display(), to.display()))
}

fn succeed(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{:?} ended with {status}", command.get_program())),
        Err(error) => Err(format!("{:?}: {error}", command.get_program())),
    }
}

/// Writes the large attachment, unless it is there from the last time.
fn write_attachment(file: &Path) -> std::io::Result<()> {
    if fs::metadata(file).is_ok_and(|metadata| metadata.len() == FILE_BYTES) {
        return Ok(());
    }
    let mut file = BufWriter::new(fs::File::create(file)?);
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..FILE_BYTES / 8 {
        // xorshift64: bytes of all values in no order, the same each time.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        file.write_all(&state.to_le_bytes())?;
    }
    file.flush()
}
