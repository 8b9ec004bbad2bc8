//! A screen without a device (Xvfb), and the keyboard at it.

use postkontor_tests::strangers::root;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// An X server of its own, which ends when this is dropped.
pub(crate) struct Screen {
    server: Child,
    /// Its name, as programs take it from DISPLAY.
    pub(crate) display: String,
}

impl Screen {
    pub(crate) fn start() -> Screen {
        let mut command = Command::new("Xvfb");
        // It takes a free number and tells it.
        command.args(["-displayfd", "1", "-screen", "0", "1000x780x24", "-nolisten", "tcp"]);
        let mut server = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        Screen { server, display: format!(":{}", number.trim()) }
    }

    /// Presses keys one after the other, by their X names.
    pub(crate) fn press(&self, keys: &[&str]) {
        self.xdotool(&[&["key", "--delay", "1"], keys].concat());
    }

    pub(crate) fn write(&self, text: &str) {
        self.xdotool(&["type", "--delay", "1", "--", text]);
    }

    /// Writes what it shows as a PNG.
    pub(crate) fn picture(&self, file: &Path) {
        let done = Command::new("python3").arg(root().join("tests/dialogs/picture.py")).arg(&self.display).arg(file).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    fn xdotool(&self, arguments: &[&str]) {
        let done = Command::new("xdotool").env("DISPLAY", &self.display).args(arguments).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
