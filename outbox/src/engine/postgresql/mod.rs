//! PostgreSQL: a store that many machines share.

mod causes;
mod login;
mod values;

pub(crate) use login::Login;

use super::connection::{Dialect, Engine, LOCK_PATIENCE};
use super::fault::Fault;
use super::value::{Row, Value};
use causes::{classified, is_away, words};
use postkontor_core::{Error, Status, Watch};
use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

/// How often a wait asks whether to go on.
const TICK: Duration = Duration::from_millis(50);

/// How long the answer of a commit is waited for after the call was stopped: not knowing it is worse.
const GRACE: Duration = Duration::from_millis(120);

/// How long the server may take to end a transaction or a statement that is not wanted any more.
const FAREWELL: Duration = Duration::from_secs(1);

/// How many statements stay prepared.
const STATEMENTS: usize = 64;

/// A connection to a server, made anew when it broke.
pub(crate) struct Postgresql {
    login: Login,
    /// Taken out only when it is dropped.
    runtime: Option<Runtime>,
    client: Option<Client>,
    statements: HashMap<String, Statement>,
    in_transaction: bool,
    /// A statement of the transaction has failed: a commit would be none.
    is_spoilt: bool,
}

impl Postgresql {
    /// Connects.
    pub(crate) fn open(login: &Login, watch: &Watch<'_>) -> Result<Postgresql, Error> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Fault::Failed.error(&login.name, error))?;
        let mut store = Postgresql {
            login: login.clone(),
            runtime: Some(runtime),
            client: None,
            statements: HashMap::new(),
            in_transaction: false,
            is_spoilt: false,
        };
        store.connect(watch)?;
        Ok(store)
    }

    fn connect(&mut self, watch: &Watch<'_>) -> Result<(), Error> {
        self.forget();
        let (config, tls) = (self.login.config.clone(), self.login.connector()?);
        // A commit is durable when it is answered; a lock, and a program that stands still within a transaction, keep others waiting so long only.
        let set_up = format!(
            "SET lock_timeout = {}; SET idle_in_transaction_session_timeout = 60000; SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
            LOCK_PATIENCE.as_millis()
        );
        let client = self.wait(watch, async move {
            let (client, connection) = config.connect(tls).await?;
            // The client sees its end, and why.
            tokio::spawn(connection);
            client.batch_execute(&set_up).await?;
            Ok(client)
        })?;
        self.client = Some(client.map_err(|error| classified(&error, &self.login.name))?);
        Ok(())
    }

    /// The connection, a new one where the last one broke.
    fn connected(&mut self, watch: &Watch<'_>) -> Result<(), Error> {
        match &self.client {
            Some(client) if !client.is_closed() => Ok(()),
            _ => self.connect(watch),
        }
    }

    /// Ends a connection, with which the server ends its transaction.
    fn forget(&mut self) {
        self.statements.clear();
        (self.client, self.in_transaction, self.is_spoilt) = (None, false, false);
    }

    /// Waits for the server, unless the call ends before.
    fn wait<T>(&self, watch: &Watch<'_>, work: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<Waited<T>, Error> {
        watch.check()?;
        let Some(runtime) = &self.runtime else { return Err(Fault::Failed.error(&self.login.name, "closed")) };
        runtime.block_on(async {
            let mut work = pin!(work);
            loop {
                match tokio::time::timeout(TICK, work.as_mut()).await {
                    Ok(done) => return Ok(done),
                    Err(_) => watch.check()?,
                }
            }
        })
    }

    /// Runs a statement that is prepared once. One that fails as the connection broke while no transaction was open is done by a new one, if it only reads.
    fn ask<T>(
        &mut self,
        sql: &str,
        watch: &Watch<'_>,
        is_repeatable: bool,
        work: impl AsyncFn(&Client, &Statement) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, Error> {
        if !self.in_transaction {
            self.connected(watch)?;
        }
        match self.attempt(sql, watch, &work) {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) if is_repeatable && !self.in_transaction && is_away(&error) => {
                self.connect(watch)?;
                self.attempt(sql, watch, &work)?.map_err(|error| classified(&error, &self.login.name))
            }
            Ok(Err(error)) => {
                self.is_spoilt = self.in_transaction;
                Err(classified(&error, &self.login.name))
            }
            Err(stopped) => Err(self.stopped(stopped)),
        }
    }

    fn attempt<T>(
        &mut self,
        sql: &str,
        watch: &Watch<'_>,
        work: &impl AsyncFn(&Client, &Statement) -> Result<T, tokio_postgres::Error>,
    ) -> Result<Waited<T>, Error> {
        let Some(client) = &self.client else { return Err(Fault::Unreachable.error(&self.login.name, "the connection has ended")) };
        let statement = match self.statements.get(sql) {
            Some(statement) => statement.clone(),
            None => match self.wait(watch, client.prepare(sql))? {
                Ok(statement) => statement,
                Err(error) => return Ok(Err(error)),
            },
        };
        let done = self.wait(watch, work(client, &statement))?;
        if done.is_ok() && !self.statements.contains_key(sql) {
            if self.statements.len() >= STATEMENTS {
                self.statements.clear();
            }
            self.statements.insert(sql.to_owned(), statement);
        }
        Ok(done)
    }

    /// Gives a statement up that the caller does not wait for: the server is asked to end it, and the connection is not used again.
    fn stopped(&mut self, error: Error) -> Error {
        if let (Some(client), Some(runtime), Ok(tls)) = (&self.client, &self.runtime, self.login.connector()) {
            let token = client.cancel_token();
            // Where it cannot be asked it finds the connection gone.
            let _ = runtime.block_on(async { tokio::time::timeout(GRACE, token.cancel_query(tls)).await });
        }
        self.forget();
        if error.status == Status::Timeout { error.detail(format!("waited for {}", self.login.name)) } else { error }
    }
}

/// What the server answered.
type Waited<T> = Result<T, tokio_postgres::Error>;

impl Engine for Postgresql {
    fn begin(&mut self, watch: &Watch<'_>) -> Result<(), Error> {
        const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
        for is_last in [false, true] {
            self.connected(watch)?;
            let Some(client) = &self.client else { continue };
            match self.wait(watch, client.batch_execute(BEGIN)) {
                Ok(Ok(())) => break,
                // The server was started anew since the last call.
                Ok(Err(error)) if is_away(&error) && !is_last => self.forget(),
                Ok(Err(error)) => return Err(classified(&error, &self.login.name)),
                Err(stopped) => return Err(self.stopped(stopped)),
            }
        }
        (self.in_transaction, self.is_spoilt) = (true, false);
        Ok(())
    }

    fn commit(&mut self, watch: &Watch<'_>) -> Result<(), Error> {
        if self.is_spoilt {
            self.rollback();
            return Err(Fault::Failed.error(&self.login.name, "a statement of the transaction had failed"));
        }
        let unknown = |cause: String| Err(Fault::CommitUnknown.error(&self.login.name, cause));
        let (Some(client), Some(runtime)) = (&self.client, &self.runtime) else {
            return Err(Fault::Unreachable.error(&self.login.name, "the connection has ended"));
        };
        let answer = runtime.block_on(async {
            let mut commit = pin!(client.batch_execute("COMMIT"));
            let mut end: Option<Instant> = None;
            loop {
                match tokio::time::timeout(TICK, commit.as_mut()).await {
                    Ok(done) => return Some(done),
                    Err(_) if end.is_some_and(|end| Instant::now() >= end) => return None,
                    Err(_) if end.is_none() && watch.check().is_err() => end = Some(Instant::now() + GRACE),
                    Err(_) => (),
                }
            }
        });
        let result = match answer {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) if is_away(&error) => unknown(words(&error)),
            Some(Err(error)) => Err(classified(&error, &self.login.name)),
            None => unknown("the call ended before the answer came".to_owned()),
        };
        self.in_transaction = false;
        if result.is_err() {
            self.forget();
        }
        result
    }

    fn rollback(&mut self) {
        if let (Some(client), Some(runtime), true) = (&self.client, &self.runtime, self.in_transaction) {
            let ended = runtime.block_on(async { tokio::time::timeout(FAREWELL, client.batch_execute("ROLLBACK")).await });
            if !matches!(ended, Ok(Ok(()))) {
                self.forget();
            }
        }
        (self.in_transaction, self.is_spoilt) = (false, false);
    }

    fn run(&mut self, sql: &str, values: &[Value], watch: &Watch<'_>) -> Result<u64, Error> {
        self.ask(sql, watch, false, async |client, statement| client.execute(statement, &parameters(values)).await)
    }

    fn rows(&mut self, sql: &str, values: &[Value], watch: &Watch<'_>) -> Result<Vec<Row>, Error> {
        let is_repeatable = sql.trim_start().starts_with("SELECT");
        let rows = self.ask(sql, watch, is_repeatable, async |client, statement| client.query(statement, &parameters(values)).await)?;
        let row = |row: tokio_postgres::Row| (0..row.len()).map(|column| row.try_get(column)).collect::<Result<_, _>>().map(Row);
        rows.into_iter().map(row).collect::<Result<_, _>>().map_err(|error| classified(&error, &self.login.name))
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgresql
    }

    /// The clocks of the machines that share it may differ.
    fn now(&mut self, watch: &Watch<'_>) -> Result<i64, Error> {
        let now = self.rows("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)", &[], watch)?;
        now.first().map_or_else(|| Err(Fault::Failed.error(&self.login.name, "it has no time")), |row| row.int(0))
    }

    fn has_table(&mut self, name: &str, watch: &Watch<'_>) -> Result<bool, Error> {
        let found = self.rows("SELECT 1 WHERE to_regclass($1) IS NOT NULL", &[name.into()], watch)?;
        Ok(!found.is_empty())
    }
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl Drop for Postgresql {
    fn drop(&mut self) {
        self.rollback();
        // The client says farewell when the runtime goes on for a moment; a name that is still looked up is not waited for.
        self.client = None;
        if let Some(runtime) = self.runtime.take() {
            runtime.block_on(tokio::task::yield_now());
            runtime.shutdown_background();
        }
    }
}
