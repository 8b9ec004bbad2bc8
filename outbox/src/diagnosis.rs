//! Testing the outbox: whether its store takes and keeps, and what waits in it for a person.

use crate::engine::{Dialect, Engine, transaction};
use crate::outbox::Outbox;
use crate::stats::Stats;
use postkontor_core::{Cancel, Error, Report, Stage, Step, StepStatus, Watch};
use std::time::Instant;

impl Outbox {
    /// Tests the store by writing into it, and looks at the queue. What is found is in the report; an error means that the test could not run.
    pub(crate) fn test(&mut self, cancel: &Cancel) -> Result<Report, Error> {
        let (host, started) = (self.host.clone(), Instant::now());
        let watch = host.watch(cancel);
        let name = self.place.name();
        let engine = self.engine.as_mut();
        let is_server = engine.dialect() == Dialect::Postgresql;
        // What the caller has stopped is no finding.
        let failed = |stage: Stage, error: Error| watch.check().map(|()| Step::fail(stage, &error));
        let store = timed(|| store(engine, &watch)).or_else(|error| failed(Stage::Store, error))?.fact("store", name);
        let queue = if store.status == StepStatus::Fail {
            Step::skipped(Stage::Queue)
        } else {
            timed(|| queue(engine, &watch)).or_else(|error| failed(Stage::Queue, error))?
        };
        let steps: Vec<Step> = [store, queue].into_iter().map(|step| host.in_words(step)).collect();
        Ok(Report {
            ok: steps.iter().all(|step| step.status != StepStatus::Fail),
            elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            account: String::new(),
            transport: if is_server { "postgresql" } else { "sqlite" }.to_owned(),
            steps,
            transcript: Vec::new(),
        })
    }
}

fn timed(step: impl FnOnce() -> Result<Step, Error>) -> Result<Step, Error> {
    let started = Instant::now();
    step().map(|step| Step { ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX), ..step })
}

/// Writes a row, durably, and asks a server whether it waits for its disk.
fn store(engine: &mut dyn Engine, watch: &Watch<'_>) -> Result<Step, Error> {
    let now = engine.now(watch)?;
    let write =
        "INSERT INTO postkontor_outbox_meta (name, value) VALUES ('tested', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    transaction(engine, watch, |engine| engine.run(write, &[now.to_string().into()], watch))?;
    if engine.dialect() == Dialect::Postgresql {
        for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
            let value = engine.rows("SELECT current_setting($1)", &[setting.into()], watch)?;
            if value.first().map(|row| row.text(0)).transpose()? == Some("off") {
                return Ok(Step::warn(Stage::Store, "outbox.store_unsafe").fact("setting", setting));
            }
        }
    }
    Ok(Step::ok(Stage::Store))
}

/// Looks for what does not go on by itself.
fn queue(engine: &mut dyn Engine, watch: &Watch<'_>) -> Result<Step, Error> {
    let now = engine.now(watch)?;
    let stats = Stats::of(engine, now, watch)?;
    let paused: Vec<String> =
        stats.accounts.iter().filter(|account| account.paused_until.is_some()).map(|account| account.account.clone()).collect();
    let step = match (stats.held, paused.is_empty()) {
        (1.., _) => Step::warn(Stage::Queue, "outbox.queue_held").fact("count", stats.held).advice("advice.outbox_resolve"),
        (0, false) => Step::warn(Stage::Queue, "outbox.queue_paused").fact("accounts", paused),
        (0, true) => Step::ok(Stage::Queue),
    };
    Ok(step
        .fact("queued", stats.queued)
        .fact("sending", stats.sending)
        .fact("failed", stats.failed)
        .fact("oldest_seconds", stats.oldest_seconds))
}
