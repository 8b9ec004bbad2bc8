//! `watch`: fetches what comes, round by round, until it is stopped.

use crate::answer::{Answer, Kind};
use crate::arguments::{Options, Receive};
use crate::outbox::Returns;
use crate::receive::{receive, remembered};
use crate::show;
use crate::stop::Stop;
use crate::texts::Texts;
use postkontor_core::{Account, Cancel, Error, Status};
use serde_json::{Map, Value};
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// How long to leave a server in peace after trouble; twice as long after each further one, up to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LAST_PAUSE: Duration = Duration::from_secs(300);

/// How long the outbox may take to note which mails came back.
const RETURNS: Duration = Duration::from_secs(60);

/// Fetches until it is stopped, which is the only good end; shows what each round brought.
pub(crate) fn watch(
    account: &mut Account,
    wanted: &Receive,
    options: &Options,
    texts: &Texts,
    (stop, returns): (&Stop, &Returns<'_>),
) -> Result<(), Error> {
    stop.listen()?;
    let mut state = remembered(wanted)?;
    let mut pause = FIRST_PAUSE;
    while !stop.is_set() {
        // A deadline of the caller's is for fetching; waiting comes on top of it.
        let cancel = Cancel::new(options.timeout.map(|timeout| timeout.saturating_add(Duration::from_secs(wanted.wait))));
        let Err(mut error) = receive(account, wanted, &mut state, &cancel).map(|mut answer| {
            returns.tie(&wanted.to, &mut answer, &Cancel::new(Some(RETURNS)));
            show_round(&answer, options, texts);
        }) else {
            pause = FIRST_PAUSE;
            continue;
        };
        // The messages fetched before the error are shown like those of every round.
        let names = ["messages", "missing", "warnings", "state", "more"];
        let taken = Map::from_iter(names.into_iter().filter_map(|name| error.more.remove_entry(name)));
        if !taken.is_empty() {
            show_round(&Answer { json: Value::Object(taken.clone()), status: Status::Ok, kind: Kind::List }, options, texts);
        }
        if stop.is_set() {
            break;
        }
        if !is_passing(&error, !taken.is_empty()) {
            return Err(error);
        }
        if taken.get("messages").and_then(Value::as_array).is_some_and(|messages| !messages.is_empty()) {
            pause = FIRST_PAUSE;
        }
        show_trouble(error, pause, texts);
        rest(pause, stop);
        pause = (2 * pause).min(LAST_PAUSE);
    }
    Ok(())
}

/// Whether it may go better another time. `has_state`: the fetch got to the mailbox.
fn is_passing(error: &Error, has_state: bool) -> bool {
    match error.status {
        Status::Network | Status::Timeout | Status::Later | Status::Busy => true,
        // A message that the server will not give or delete is no reason to leave the others there.
        Status::Refused => has_state,
        // A connection that breaks while it is being secured; a server that begins anew does that as well.
        Status::Tls => error.code == "tls.handshake_closed",
        _ => false,
    }
}

/// Shows what a round brought, if it brought anything.
fn show_round(round: &Answer, options: &Options, texts: &Texts) {
    let is_empty = |name: &str| round.json[name].as_array().is_none_or(Vec::is_empty);
    if is_empty("messages") && is_empty("missing") && is_empty("warnings") {
        return;
    }
    let mut out = io::stdout().lock();
    let shown = if options.json { writeln!(out, "{}", round.json) } else { show::answer(&mut out, round, texts) };
    // A closed standard output is no failure: the messages are saved all the same.
    drop(shown.and_then(|()| out.flush()));
}

fn show_trouble(error: Error, pause: Duration, texts: &Texts) {
    let mut out = io::stderr().lock();
    let shown = show::error(&mut out, &texts.localised(error), texts, show::has_colours());
    drop(shown.and_then(|()| writeln!(out, "  {}", texts.word("cli.again").replace("{seconds}", &pause.as_secs().to_string()))));
}

/// Waits, unless it is to end.
fn rest(pause: Duration, stop: &Stop) {
    let end = Instant::now() + pause;
    while !stop.is_set() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(100));
    }
}
