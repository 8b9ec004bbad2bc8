//! The scene of the tour that plays in the outbox: mails are handed over, the worker is killed, and each of them goes out once all the same.

use crate::folder::Folder;
use crate::sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Error, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How many mails are handed over.
const MAILS: usize = 300;

/// The worker is killed as soon as so many of them have arrived.
const ENOUGH: usize = 60;

/// How often it is looked whether something has come, and how long at most.
const GLANCE: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(90);

/// So many lines of an answer are shown.
const SHOWN: usize = 6;

/// What the scene plays with.
struct Scene<'a> {
    command: &'a Path,
    plugins: &'a Path,
    language: &'a str,
    folder: Folder,
    sandbox: Sandbox,
}

/// Plays it with the built command, the plugins of a folder and the language of their texts; true when every mail has arrived once.
pub fn play(out: &mut impl Write, command: &Path, plugins: &Path, language: &str) -> io::Result<bool> {
    // The calls are made in a folder of their own.
    let (command, plugins) = (std::path::absolute(command)?, std::path::absolute(plugins)?);
    let (folder, sandbox) = (Folder::new()?, Sandbox::start(Options::default())?);
    let scene = Scene { command: &command, plugins: &plugins, language, folder, sandbox };
    scene.set()?;
    writeln!(out, "\n== The outbox: {MAILS} invoices are handed over, and the worker is killed ==")?;
    scene.show(out, &["put", "settings.json", "--message", "invoices.json"])?;
    scene.kill_a_worker(out)?;
    scene.show(out, &["stats", "settings.json"])?;
    writeln!(out, "\nAnother worker goes on; what the dead one had in hand is free 30 seconds after it died …")?;
    scene.work_to_the_end(out)?;
    scene.resolve(out)?;
    scene.work_to_the_end(out)?;
    scene.show(out, &["stats", "settings.json"])?;
    let arrived = scene.arrived();
    let (all, copies) = (arrived.len(), arrived.values().sum::<usize>() - arrived.len());
    writeln!(out, "\nHanded over: {MAILS}. Arrived: {all}. Second copies: {copies}.")?;
    Ok(all == MAILS && copies == 0)
}

impl Scene<'_> {
    /// Writes down the settings and the mails.
    fn set(&self) -> io::Result<()> {
        let account = json!({"transport": "smtp", "server": {"host": "localhost", "port": self.sandbox.port}, "tls": {"mode": "none"}, "auth": {"method": "none"}});
        let settings = json!({"accounts": {"office": account}, "sender": {"address": "invoices@example.com", "name": "Muster GmbH"}, "outbox": {"store": "sqlite:outbox.db"}});
        let mail = |number: usize| json!({"key": format!("invoice-{number}"), "message": {"to": [format!("customer{number}@example.com")], "subject": format!("Rechnung {number}"), "text": "Guten Tag …"}});
        let mails: Vec<Value> = (1..=MAILS).map(mail).collect();
        std::fs::write(self.folder.file("settings.json"), settings.to_string())?;
        std::fs::write(self.folder.file("invoices.json"), json!(mails).to_string())
    }

    fn call(&self, arguments: &[&str]) -> Command {
        let mut call = Command::new(self.command);
        call.current_dir(self.folder.path()).arg("outbox").args(arguments).args(["--lang", self.language, "--plugins"]).arg(self.plugins);
        call
    }

    /// Calls the command, and shows the call with the begin of its answer.
    fn show(&self, out: &mut impl Write, arguments: &[&str]) -> io::Result<Output> {
        let output = self.call(arguments).output()?;
        let words: Vec<&str> = arguments.iter().take(SHOWN + 2).copied().collect();
        writeln!(out, "\n$ postkontor outbox {}{}", words.join(" "), if words.len() < arguments.len() { " …" } else { "" })?;
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        for line in answer.lines().take(SHOWN) {
            writeln!(out, "{line}")?;
        }
        if answer.lines().count() > SHOWN {
            writeln!(out, "… {} lines", answer.lines().count())?;
        }
        if output.status.success() { Ok(output) } else { Err(Error::other(String::from_utf8_lossy(&output.stderr).into_owned())) }
    }

    /// Starts a worker, and ends it in the middle without a word of warning.
    fn kill_a_worker(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "\n$ postkontor outbox work settings.json --lanes 2 &")?;
        let mut worker = self.call(&["work", "settings.json", "--lanes", "2"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let end = Instant::now() + PATIENCE;
        let came = loop {
            let arrived = self.sandbox.mails().len();
            if arrived >= ENOUGH || Instant::now() > end {
                break arrived;
            }
            sleep(GLANCE);
        };
        kill(&mut worker)?;
        writeln!(out, "$ kill -9 {}    # {came} mails have arrived", worker.id())
    }

    /// Works until nothing is in anybody's hands.
    fn work_to_the_end(&self, out: &mut impl Write) -> io::Result<()> {
        self.show(out, &["work", "settings.json", "--until", "empty"])?;
        let end = Instant::now() + PATIENCE;
        while self.count("sending")? + self.count("queued")? > 0 {
            if Instant::now() > end {
                return Err(Error::other("mails are still in the hands of a worker that is dead"));
            }
            sleep(Duration::from_secs(1));
            let output = self.call(&["work", "settings.json", "--until", "empty"]).output()?;
            if !output.status.success() {
                return Err(Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
            }
        }
        Ok(())
    }

    /// Says what became of those that are held: those that have arrived are sent, and the others are sent again.
    fn resolve(&self, out: &mut impl Write) -> io::Result<()> {
        let held = self.asked(&["list", "settings.json", "--state", "held", "--max", "1000", "--json"])?;
        let held = held["entries"].as_array().cloned().unwrap_or_default();
        writeln!(
            out,
            "\n{} mails were in its hands, and nothing tells whether they left: they are held. We look which of them have arrived.",
            held.len()
        )?;
        let arrived = self.arrived();
        let (sent, lost): (Vec<&Value>, Vec<&Value>) =
            held.iter().partition(|entry| arrived.contains_key(entry["message_id"].as_str().unwrap_or_default()));
        for (entries, resolution) in [(sent, "sent"), (lost, "send_again")] {
            let ids: Vec<&str> = entries.iter().filter_map(|entry| entry["id"].as_str()).collect();
            if !ids.is_empty() {
                self.show(out, &[&["resolve", "settings.json", "--as", resolution][..], &ids].concat())?;
            }
        }
        Ok(())
    }

    fn asked(&self, arguments: &[&str]) -> io::Result<Value> {
        let output = self.call(arguments).output()?;
        serde_json::from_slice(&output.stdout)
            .map_err(|error| Error::other(format!("{error}: {}", String::from_utf8_lossy(&output.stderr))))
    }

    fn count(&self, state: &str) -> io::Result<u64> {
        Ok(self.asked(&["stats", "settings.json", "--json"])?["stats"][state].as_u64().unwrap_or_default())
    }

    /// How often each Message-ID has arrived.
    fn arrived(&self) -> BTreeMap<String, usize> {
        let mut arrived = BTreeMap::new();
        for mail in self.sandbox.mails() {
            let text = mail.text();
            let id = text.lines().find_map(|line| line.strip_prefix("Message-ID: <")?.strip_suffix('>').map(str::to_owned));
            *arrived.entry(id.unwrap_or_default()).or_default() += 1;
        }
        arrived
    }
}

/// Ends a process as the system does that has no memory left.
fn kill(worker: &mut Child) -> io::Result<()> {
    worker.kill()?;
    worker.wait().map(drop)
}
