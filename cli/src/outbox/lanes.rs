//! `outbox work`: lanes that send what is due, until they are stopped or nothing is left.

use super::arguments::Work;
use super::notify::Notify;
use crate::file::read;
use crate::stop::Stop;
use postkontor_core::{Cancel, Error, Host};
use postkontor_outbox::{Outbox, Until, WorkRequest, Worked};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// How long to leave the store in peace after trouble.
const PAUSE: Duration = Duration::from_secs(10);

/// How often it is looked whether the work is to end.
const GLANCE: Duration = Duration::from_millis(50);

/// How often it is looked whether the settings have changed.
const SETTINGS: Duration = Duration::from_secs(2);

/// How long opening the store may take at the beginning.
pub(crate) const OPENING: Duration = Duration::from_secs(60);

/// What working goes on with.
pub(crate) struct Going<'a> {
    /// A host that no signal stops: what is in flight comes to its end.
    pub(crate) host: &'a Arc<Host>,
    /// The file of the settings.
    pub(crate) settings: &'a Path,
    /// What it held when it was read.
    pub(crate) text: String,
    /// The signal to end.
    pub(crate) stop: &'a Stop,
    /// Hears of trouble that the work outlasts.
    pub(crate) trouble: &'a (dyn Fn(&Error) + Sync),
}

/// Works until it is stopped, or as long as the request says; returns what all lanes have done.
///
/// The settings are read again when their file has changed. Settings that are wrong leave the lanes as they are.
pub(crate) fn work(mut going: Going<'_>, wanted: &Work) -> Result<Worked, Error> {
    let request: WorkRequest = postkontor_core::Request::read(&wanted.request.to_string())?;
    let (mut text, mut seen) = (std::mem::take(&mut going.text), changed(going.settings));
    // What is wrong with the settings or the store is known before the system hears that the work has begun.
    Outbox::open(going.host, &text, &Cancel::new(Some(OPENING)))?;
    going.stop.listen()?;
    let notify = Notify::of_system(wanted.is_service);
    notify.ready();
    let (mut done, begun) = (Worked::default(), Instant::now());
    loop {
        let left = request.seconds.map(|seconds| seconds.saturating_sub(begun.elapsed().as_secs()));
        let request = WorkRequest { seconds: left, ..request.clone() };
        let (ended, new) = round(&going, &text, &request, wanted.lanes, &mut seen);
        add(&mut done, &ended?);
        match new {
            Some(new) => text = new,
            None => break,
        }
    }
    notify.stopping();
    Ok(done)
}

/// Runs the lanes until they end, or until there are new settings.
fn round(
    going: &Going<'_>,
    text: &str,
    request: &WorkRequest,
    lanes: u64,
    seen: &mut Option<SystemTime>,
) -> (Result<Worked, Error>, Option<String>) {
    let cancel = Cancel::new(None);
    thread::scope(|scope| {
        let lane = || lane(going.host, text, request, &cancel, going.trouble);
        let running: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
        let (mut new, mut looked) = (None, Instant::now());
        while running.iter().any(|lane| !lane.is_finished()) {
            thread::sleep(GLANCE);
            if going.stop.is_set() {
                cancel.fire();
            } else if looked.elapsed() >= SETTINGS && new.is_none() {
                looked = Instant::now();
                new = changed_settings(going, text, seen);
                if new.is_some() {
                    cancel.fire();
                }
            }
        }
        let mut done = Worked::default();
        let mut failed = None;
        for lane in running {
            // A lane that panicked was caught by the call that it is in, and is an error like any other.
            match lane.join().unwrap_or_else(|_| Ok(Worked::default())) {
                Ok(worked) => add(&mut done, &worked),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        let new = new.filter(|_| !going.stop.is_set());
        (failed.map_or(Ok(done), Err), new)
    })
}

/// One lane. Where it is to work until it is stopped, it outlasts what goes wrong with the store, and `trouble` hears of it.
pub(crate) fn lane(
    host: &Arc<Host>,
    text: &str,
    request: &WorkRequest,
    cancel: &Cancel,
    trouble: &(dyn Fn(&Error) + Sync),
) -> Result<Worked, Error> {
    let mut done = Worked::default();
    loop {
        let worked = Outbox::open(host, text, cancel).and_then(|mut outbox| outbox.work(request, cancel));
        match worked {
            Ok(worked) => {
                add(&mut done, &worked);
                return Ok(done);
            }
            Err(_) if cancel.is_fired() => return Ok(done),
            Err(error) if request.until == Until::Empty => return Err(error),
            Err(error) => trouble(&error),
        }
        let end = Instant::now() + PAUSE;
        while !cancel.is_fired() && Instant::now() < end {
            thread::sleep(GLANCE);
        }
    }
}

/// The settings, where their file has changed and they can be used.
fn changed_settings(going: &Going<'_>, text: &str, seen: &mut Option<SystemTime>) -> Option<String> {
    let now = changed(going.settings);
    if now == *seen {
        return None;
    }
    *seen = now;
    let new = read(going.settings).and_then(|new| going.host.settings(&new).map(|_| new));
    match new {
        Ok(new) => Some(new).filter(|new| new != text),
        Err(error) => {
            (going.trouble)(&going.host.localised(error));
            None
        }
    }
}

/// When the file was changed last; nothing for standard input.
fn changed(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file).and_then(|file| file.modified()).ok()
}

fn add(done: &mut Worked, worked: &Worked) {
    done.sent += worked.sent;
    done.held += worked.held;
    done.failed += worked.failed;
    done.later += worked.later;
    // What is left is left for all lanes.
    done.left = worked.left;
}
