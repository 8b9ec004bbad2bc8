//! The tables of the outbox, and how an older store becomes one of today.

use crate::engine::{Dialect, Engine, transaction};
use postkontor_core::{Error, Status, Watch};

/// The version of the tables that this program works with.
const VERSION: i64 = 1;

/// What leads from each version to the next, the first from nothing. `{id}` and `{bytes}` are the types that the databases call otherwise.
///
/// A database uses a partial index only where the statement repeats its condition literally, constants and all.
const MIGRATIONS: [&[&str]; 1] = [&[
    "CREATE TABLE postkontor_outbox_entries (
        id {id},
        key TEXT UNIQUE,
        digest {bytes},
        account TEXT NOT NULL,
        queue TEXT NOT NULL DEFAULT '',
        ready BIGINT NOT NULL DEFAULT 1,
        priority BIGINT NOT NULL DEFAULT 5,
        state TEXT NOT NULL,
        message_id TEXT NOT NULL,
        subject TEXT NOT NULL DEFAULT '',
        size BIGINT NOT NULL,
        stored TEXT NOT NULL,
        recipients TEXT NOT NULL,
        content TEXT NOT NULL,
        created BIGINT NOT NULL,
        updated BIGINT NOT NULL,
        not_before BIGINT,
        due BIGINT NOT NULL,
        give_up BIGINT NOT NULL,
        attempts BIGINT NOT NULL DEFAULT 0,
        lease TEXT NOT NULL DEFAULT '',
        lease_until BIGINT NOT NULL DEFAULT 0,
        leaving BIGINT NOT NULL DEFAULT 0,
        receipt TEXT,
        error TEXT
    )",
    // What may be claimed; with one priority after the other, entries that are not due cost nothing.
    "CREATE INDEX postkontor_outbox_claim ON postkontor_outbox_entries (account, priority, due, id) WHERE state = 'queued' AND ready = 1",
    // Whose lease has ended.
    "CREATE INDEX postkontor_outbox_leases ON postkontor_outbox_entries (lease_until) WHERE state = 'sending'",
    // What is overdue, also where its account is paused.
    "CREATE INDEX postkontor_outbox_overdue ON postkontor_outbox_entries (give_up) WHERE state = 'queued'",
    // Who is next in a queue.
    "CREATE INDEX postkontor_outbox_order ON postkontor_outbox_entries (queue, id) WHERE queue <> '' AND state IN ('queued', 'sending', 'held')",
    "CREATE INDEX postkontor_outbox_queues ON postkontor_outbox_entries (queue, id) WHERE queue <> ''",
    "CREATE INDEX postkontor_outbox_states ON postkontor_outbox_entries (state, id)",
    "CREATE INDEX postkontor_outbox_by_account ON postkontor_outbox_entries (account, id)",
    "CREATE INDEX postkontor_outbox_message_ids ON postkontor_outbox_entries (message_id)",
    // What is to be forgotten, and how many were sent in the last minute.
    "CREATE INDEX postkontor_outbox_ended ON postkontor_outbox_entries (updated) WHERE state IN ('sent', 'failed', 'cancelled', 'bounced')",
    "CREATE INDEX postkontor_outbox_files ON postkontor_outbox_entries (content) WHERE content <> '' AND content <> 'blocks'",
    "CREATE TABLE postkontor_outbox_blocks (
        entry BIGINT NOT NULL,
        number BIGINT NOT NULL,
        data {bytes} NOT NULL,
        PRIMARY KEY (entry, number)
    )",
    "CREATE TABLE postkontor_outbox_accounts (
        account TEXT PRIMARY KEY,
        paused_until BIGINT NOT NULL DEFAULT 0,
        pauses BIGINT NOT NULL DEFAULT 0,
        proven BIGINT NOT NULL DEFAULT 0,
        error TEXT
    )",
    "CREATE TABLE postkontor_outbox_lanes (
        account TEXT NOT NULL,
        number BIGINT NOT NULL,
        worker TEXT NOT NULL,
        until BIGINT NOT NULL,
        PRIMARY KEY (account, number)
    )",
    "CREATE TABLE postkontor_outbox_rates (
        account TEXT NOT NULL,
        minute BIGINT NOT NULL,
        count BIGINT NOT NULL,
        PRIMARY KEY (account, minute)
    )",
]];

/// Makes the tables where there are none, and brings those of an older version up to today's. A store of a newer version is refused.
pub(crate) fn prepare(engine: &mut dyn Engine, store: &str, watch: &Watch<'_>) -> Result<(), Error> {
    if version(engine, watch)? == VERSION {
        return Ok(());
    }
    transaction(engine, watch, |engine| {
        if engine.dialect() == Dialect::Postgresql {
            // Two programs that begin with an empty database at the same time.
            engine.rows("SELECT 1 FROM pg_advisory_xact_lock(7165021907)", &[], watch)?;
        }
        let found = version(engine, watch)?;
        if found > VERSION {
            let newer = Error::new(Status::Unsupported, "outbox.store_newer").usable();
            return Err(newer.arg("store", store).arg("found", found).arg("known", VERSION));
        }
        let done = usize::try_from(found).unwrap_or_default();
        for statement in MIGRATIONS.iter().skip(done).flat_map(|migration| migration.iter()) {
            engine.run(&spoken(statement, engine.dialect()), &[], watch)?;
        }
        if found == 0 {
            engine.run("CREATE TABLE postkontor_outbox_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)", &[], watch)?;
        }
        let set = "INSERT INTO postkontor_outbox_meta (name, value) VALUES ('version', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        engine.run(set, &[VERSION.to_string().into()], watch).map(drop)
    })
}

/// The version of the tables; 0 where there are none.
fn version(engine: &mut dyn Engine, watch: &Watch<'_>) -> Result<i64, Error> {
    if !engine.has_table("postkontor_outbox_meta", watch)? {
        return Ok(0);
    }
    let found = engine.rows("SELECT CAST(value AS BIGINT) FROM postkontor_outbox_meta WHERE name = 'version'", &[], watch)?;
    found.first().map_or(Ok(0), |row| row.int(0))
}

fn spoken(statement: &str, dialect: Dialect) -> String {
    let (id, bytes) = match dialect {
        // Without AUTOINCREMENT the number of an entry that was forgotten would be given again.
        Dialect::Sqlite => ("INTEGER PRIMARY KEY AUTOINCREMENT", "BLOB"),
        Dialect::Postgresql => ("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "BYTEA"),
    };
    statement.replace("{id}", id).replace("{bytes}", bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Sqlite;
    use postkontor_core::Cancel;
    use std::time::Duration;

    #[test]
    fn a_store_is_made_once_and_one_of_a_newer_version_is_refused_with_a_sentence() {
        let folder = std::env::temp_dir().join(format!("postkontor-schema-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let file = folder.join("outbox.db");
        let cancel = Cancel::default();
        let watch = Watch::new(&(), &cancel, Duration::from_secs(60));
        for _ in 0..2 {
            let mut engine = Sqlite::open(&file, &watch).unwrap();
            prepare(&mut engine, "outbox.db", &watch).unwrap();
            assert_eq!(version(&mut engine, &watch), Ok(VERSION));
        }
        let mut engine = Sqlite::open(&file, &watch).unwrap();
        engine.run("UPDATE postkontor_outbox_meta SET value = '99'", &[], &watch).unwrap();
        let error = prepare(&mut engine, "outbox.db", &watch).unwrap_err();
        assert_eq!((error.code.as_str(), &error.args["found"]), ("outbox.store_newer", &serde_json::json!(99)));
        drop(engine);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
