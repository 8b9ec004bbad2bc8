//! A dialog in use: what it shows, and the keys that a person presses.

use crate::program::Program;
use crate::screen::Screen;
use postkontor_tests::strangers;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// No test waits longer for what a dialog is to show.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running dialog on a screen of its own.
pub(crate) struct Dialog {
    program: Child,
    screen: Screen,
    told: Receiver<Value>,
    /// What it shows: `title`, `focus`, `report`, `busy` while a test runs, and `fields` by their pointers, each with `title`, `shows`, `problem` and `button`.
    pub(crate) state: Value,
}

impl Dialog {
    /// Opens the account `office` of a settings file, which may be missing.
    pub(crate) fn open(program: Program, file: &Path, transport: &str, language: &str) -> Dialog {
        let screen = Screen::start();
        let mut command = program.command();
        command.arg(file).args(["office", transport, language]).env("DISPLAY", &screen.display).env("MAIL_PASSWORD", "Geheim-7");
        let mut program = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let (tell, told) = channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| tell.send(serde_json::from_str(&line).unwrap())));
        let mut dialog = Dialog { program, screen, told, state: Value::Null };
        dialog.until("the first field has the focus", |state| state["focus"] != "" && !state.is_null());
        dialog
    }

    /// Waits until it shows something.
    pub(crate) fn until(&mut self, what: &str, is: impl Fn(&Value) -> bool) {
        while !is(&self.state) {
            let told = self.told.recv_timeout(PATIENCE);
            self.state = told.unwrap_or_else(|error| panic!("{what}: {error}; it shows {:#}", self.state));
        }
    }

    /// What a field shows.
    pub(crate) fn field(&self, pointer: &str) -> &Value {
        &self.state["fields"][pointer]
    }

    /// Goes by the Tab key to a field, to the button of one (`/server/port#`), or to a button by what stands on it.
    pub(crate) fn go(&mut self, to: &str) {
        let first = self.state["focus"].clone();
        while self.state["focus"] != to {
            let before = self.state["focus"].clone();
            self.screen.press(&["Tab"]);
            self.until("Tab leads on", |state| state["focus"] != before);
            assert_ne!(self.state["focus"], first, "Tab never leads to {to}: {:#}", self.state);
        }
    }

    /// Types a text into a field, in the place of what it has.
    pub(crate) fn enter(&mut self, pointer: &str, text: &str) {
        self.go(pointer);
        self.screen.press(&["End", "shift+Home", "BackSpace"]);
        self.screen.write(text);
        self.until("what was typed", |state| {
            let shows = state["fields"][pointer]["shows"].as_str().unwrap_or_default();
            shows == text || shows.chars().all(|sign| sign == '*') && shows.len() == text.len()
        });
    }

    /// Chooses an entry of a list by what the user reads; it stands below the one that is chosen.
    pub(crate) fn choose(&mut self, pointer: &str, title: &str) {
        self.go(pointer);
        while self.field(pointer)["shows"] != title {
            let before = self.field(pointer)["shows"].clone();
            self.screen.press(&["Down"]);
            self.until(title, |state| state["fields"][pointer]["shows"] != before);
        }
    }

    /// Ticks the box of a field.
    pub(crate) fn tick(&mut self, pointer: &str) {
        self.press(pointer);
        self.until("the tick", |state| state["fields"][pointer]["shows"] == "true");
    }

    /// Presses the button, or ticks the box, with this caption.
    pub(crate) fn press(&mut self, caption: &str) {
        self.go(caption);
        self.screen.press(&["space"]);
    }

    /// Shows also what is hidden at first; `caption` is that of the box.
    pub(crate) fn show_more(&mut self, caption: &str) {
        let before = self.state["fields"].clone();
        self.press(caption);
        self.until("more settings", |state| state["fields"] != before);
    }

    /// Tests the account by the button with this caption; the answer is the report.
    pub(crate) fn test(&mut self, caption: &str) -> String {
        let before = self.state["report"].clone();
        self.press(caption);
        self.until("another report", |state| state["report"] != "" && state["report"] != before && state["busy"] == false);
        self.state["report"].as_str().unwrap_or_default().to_owned()
    }

    /// Keeps a picture of it in the documents, where these are written.
    pub(crate) fn picture(&self, name: &str) {
        if std::env::var_os("POSTKONTOR_WRITE_DOCS").is_some() {
            self.screen.picture(&strangers::root().join("docs").join(name));
        }
    }

    /// Waits until it has ended.
    pub(crate) fn end(mut self) -> ExitStatus {
        // It tells no more when it has.
        while self.told.recv_timeout(PATIENCE).is_ok() {}
        self.program.wait().unwrap()
    }
}

impl Drop for Dialog {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
