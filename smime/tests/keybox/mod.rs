//! `gpgsm` as a judge.

#![allow(dead_code, reason = "each program of tests needs another part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use crate::people::{Folder, PASSWORD};

/// A home for `gpgsm` which trusts the town's authority and has everybody's keys. What it started ends with it.
pub(crate) struct Keybox(Folder);

impl Keybox {
    pub(crate) fn new(town: &Folder) -> Self {
        let home = Folder::new();
        let fingerprint = String::from_utf8(town.openssl(&["x509", "-in", "ca.pem", "-noout", "-fingerprint", "-sha1"])).unwrap();
        let fingerprint = fingerprint.trim().split_once('=').unwrap().1;
        home.write("trustlist.txt", format!("{fingerprint} S relax\n"));
        home.write("gpgsm.conf", "disable-crl-checks\nbatch\nno-tty\n");
        home.write("gpg-agent.conf", "allow-loopback-pinentry\n");
        home.write("password", PASSWORD);
        let keybox = Self(home);
        let ca = town.path("ca.pem");
        keybox.gpgsm(&["--import", ca.to_str().unwrap()]);
        // Version 2.2 takes no private keys on curves (it crashes), and only the old form of PKCS#12.
        for number in 0..2 {
            let (key, certificate) = (town.path(&format!("person{number}.key")), town.path(&format!("person{number}.pem")));
            let (key, certificate, password) = (key.to_str().unwrap(), certificate.to_str().unwrap(), format!("pass:{PASSWORD}"));
            keybox.0.openssl(&["pkcs12", "-export", "-legacy", "-in", certificate, "-inkey", key, "-out", "p12", "-passout", &password]);
            let output = keybox.gpgsm(&["--import", "p12"]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        keybox
    }

    /// The home, in which it runs.
    pub(crate) fn folder(&self) -> &Folder {
        &self.0
    }

    pub(crate) fn gpgsm(&self, arguments: &[&str]) -> std::process::Output {
        let home = self.0.path("");
        let home = home.to_str().unwrap();
        let common = ["--homedir", home, "--status-fd", "2", "--pinentry-mode", "loopback", "--passphrase-fd", "0"];
        self.0.run_with("password", "gpgsm", &[&common[..], arguments].concat())
    }
}

impl Drop for Keybox {
    fn drop(&mut self) {
        let home = self.0.path("");
        self.0.run("gpgconf", &["--homedir", home.to_str().unwrap(), "--kill", "all"]);
    }
}
