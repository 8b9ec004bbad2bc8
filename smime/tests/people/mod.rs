//! People with certificates, made by `openssl` on the spot: an authority and whom it certifies.

#![allow(dead_code, reason = "each program of tests needs another part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use postkontor_smime::{Certificate, Identity};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The password of every file of keys.
pub(crate) const PASSWORD: &str = "Zertifikat-7";

/// Kinds of keys, as `openssl req -newkey` takes them.
pub(crate) const RSA_2048: &[&str] = &["rsa:2048"];
pub(crate) const RSA_4096: &[&str] = &["rsa:4096"];
pub(crate) const P256: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
pub(crate) const P384: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"];
pub(crate) const P521: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-521"];
/// Those that sign and open here.
pub(crate) const KINDS: [&[&str]; 4] = [RSA_2048, RSA_4096, P256, P384];

/// What a certificate for mail has.
pub(crate) const FOR_MAIL: &str = "basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature,keyEncipherment,keyAgreement\nextendedKeyUsage=emailProtection\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";

/// A folder that goes with the value.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("postkontor-smime-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// One for the whole program, which nothing drops: it lies among what cargo builds, and the next run empties it.
    fn of_the_program() -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(concat!("smime-", env!("CARGO_CRATE_NAME")));
        if path.exists() {
            std::fs::remove_dir_all(&path).unwrap();
        }
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Runs a program here, with a file of here as its input; its exit and what it wrote.
    pub(crate) fn run_with(&self, input: &str, program: &str, arguments: &[&str]) -> Output {
        let input = std::fs::File::open(self.path(input)).unwrap();
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.0).stdin(input).output().unwrap_or_else(|error| panic!("{program}: {error}"))
    }

    /// Runs a program here; its exit and what it wrote.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Output {
        Command::new(program).args(arguments).current_dir(&self.0).output().unwrap_or_else(|error| panic!("{program}: {error}"))
    }

    /// Runs `openssl` here, which has to succeed.
    pub(crate) fn openssl(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.run("openssl", arguments);
        assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

impl Folder {
    /// Has `openssl` decrypt a message with the key of one of the [`town`].
    pub(crate) fn decrypt(&self, message: &[u8], name: &str) -> Output {
        self.write("sealed.eml", message);
        let [key, certificate] = ["key", "pem"].map(|kind| town().path(&format!("{name}.{kind}")).to_str().unwrap().to_owned());
        self.run("openssl", &["cms", "-decrypt", "-inform", "SMIME", "-in", "sealed.eml", "-inkey", &key, "-recip", &certificate])
    }

    /// The content of a message that `openssl` has to decrypt with the key of one of the [`town`].
    pub(crate) fn decrypted(&self, message: &[u8], name: &str) -> Vec<u8> {
        let output = self.decrypt(message, name);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// The content of a message whose signature `openssl` has to verify by the authority of the [`town`].
    pub(crate) fn verified(&self, message: &[u8]) -> Vec<u8> {
        self.write("signed.eml", message);
        let ca = town().path("ca.pem").to_str().unwrap().to_owned();
        self.openssl(&["cms", "-verify", "-inform", "SMIME", "-in", "signed.eml", "-CAfile", &ca, "-purpose", "smimesign"])
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that stays is the system's to clear away.
        std::fs::remove_dir_all(&self.0).ok();
    }
}

impl AsRef<Path> for Folder {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

/// A folder with `ca.pem` and its key.
pub(crate) fn authority() -> Folder {
    authority_in(Folder::new())
}

fn authority_in(folder: Folder) -> Folder {
    folder.write("ca.cnf", "[req]\ndistinguished_name=n\nprompt=no\nx509_extensions=x\n[n]\nC=DE\nO=Prüfstelle\nCN=Prüfstelle CA\n[x]\nbasicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n");
    folder.openssl(&[
        "req", "-x509", "-utf8", "-config", "ca.cnf", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days",
        "30", "-sha256",
    ]);
    folder
}

/// Certifies somebody in the authority's folder: `NAME.key` (PKCS#8), `NAME.pem`, `NAME.p12`. `extensions` is a section of openssl's configuration.
pub(crate) fn certify(folder: &Folder, name: &str, kind: &[&str], extensions: &str) {
    let address = format!("{name}@example.com");
    let names = format!(
        "[req]\ndistinguished_name=n\nprompt=no\n[n]\nC=DE\nO=Muster GmbH\nCN={name} Müller\nemailAddress={address}\n[x]\n{extensions}subjectAltName=email:{address},DNS:example.com\n"
    );
    let config = format!("{name}.cnf");
    folder.write(&config, names);
    let (key, request, pem, p12) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"), format!("{name}.p12"));
    let mut arguments = vec!["req", "-new", "-utf8", "-config", &config, "-nodes", "-keyout", &key, "-out", &request, "-newkey"];
    arguments.extend(kind);
    folder.openssl(&arguments);
    folder.openssl(&[
        "x509",
        "-req",
        "-in",
        &request,
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-out",
        &pem,
        "-days",
        "20",
        "-sha256",
        "-extfile",
        &config,
        "-extensions",
        "x",
    ]);
    let password = format!("pass:{PASSWORD}");
    folder.openssl(&["pkcs12", "-export", "-in", &pem, "-inkey", &key, "-certfile", "ca.pem", "-out", &p12, "-passout", &password]);
}

/// An authority that has certified one person for each of [`KINDS`], once for the program: `person0` … `person3`.
pub(crate) fn town() -> &'static Folder {
    static TOWN: OnceLock<Folder> = OnceLock::new();
    TOWN.get_or_init(|| {
        let folder = authority_in(Folder::of_the_program());
        for (number, kind) in KINDS.iter().enumerate() {
            certify(&folder, &format!("person{number}"), kind, FOR_MAIL);
        }
        folder
    })
}

pub(crate) fn identity(folder: &Folder, name: &str) -> Identity {
    Identity::read(&folder.read(&format!("{name}.p12")), PASSWORD).unwrap()
}

pub(crate) fn certificate(folder: &Folder, name: &str) -> Certificate {
    Certificate::read_all(&folder.read(&format!("{name}.pem"))).unwrap().swap_remove(0)
}
