//! The database, whichever of the two it is.
//!
//! SQLite has one connection that writes (transactions begin with `BEGIN IMMEDIATE`, so none is turned away in its
//! middle) and several that only read. PostgreSQL has several for either, apart from each other, so that writers who
//! wait for one another never keep a reader waiting. Nothing beyond this file knows which of the two it is.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Database, Encode, IntoArguments, Postgres, Sqlite, Transaction, Type};
use tokio::sync::Notify;

use crate::row::Row;
use crate::value::Value;
use crate::{Error, Result};

/// How many may read at once.
const READERS_MAX: u32 = 8;
/// How many may write at once, where the database lets more than one.
const WRITERS_MAX: u32 = 4;
/// How long a question waits for a connection before the store counts as away.
const READ_WAIT_MS_MAX: u64 = 3_000;
/// How long a write waits for the writers before it.
const WRITE_WAIT_MS_MAX: u64 = 10_000;
/// How long a question to PostgreSQL may take.
const STATEMENT_MS_MAX: u64 = 10_000;
/// What the WAL file is cut back to after a busy hour.
const WAL_BYTES_KEPT: u32 = 64 << 20;
/// Versions before this one can damage a file in WAL mode when two connections write and checkpoint at once.
const SQLITE_NEEDED: [u32; 3] = [3, 51, 3];

/// The station's rows: clone it freely, all clones share the same connections.
#[derive(Clone, Debug)]
pub struct Db {
    engine: Arc<Engine>,
    changes: Arc<Notify>,
}

#[derive(Debug)]
enum Engine {
    Sqlite { read: SqlitePool, write: SqlitePool },
    Postgres { read: PgPool, write: PgPool },
}

/// Changes that become true together. A `Tx` that is dropped without [`Tx::commit`] never happened.
#[derive(Debug)]
#[must_use = "what a transaction wrote is lost unless it is committed"]
pub struct Tx {
    open: Open,
    changes: Arc<Notify>,
    /// It has added to the change log.
    has_changes: bool,
}

#[derive(Debug)]
enum Open {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Db {
    /// Opens `sqlite:///var/lib/groundwave/station.db` (made if it is missing; its folder must be there) or
    /// `postgres://user:password@host/database`. Its rows may still be those of an earlier version: see
    /// [`Db::migrate`].
    pub async fn open(url: &str) -> Result<Db> {
        let engine = match url.split_once("://") {
            Some(("sqlite", path)) => open_sqlite(Path::new(path)).await?,
            Some(("postgres" | "postgresql", _)) => open_postgres(url).await?,
            other => {
                let scheme = other.map_or("", |(scheme, _)| scheme);
                return Err(Error::UnknownScheme { scheme: scheme.to_owned() });
            }
        };
        Ok(Db { engine: Arc::new(engine), changes: Arc::default() })
    }

    /// Lays the tables out as this version needs them. Doing it twice, or from two machines at once, is harmless.
    pub async fn migrate(&self) -> Result<()> {
        crate::migrate::run(self).await
    }

    /// Asks the smallest question there is.
    pub async fn ping(&self) -> Result<()> {
        match &*self.engine {
            Engine::Sqlite { read, .. } => sqlx::query("SELECT 1").fetch_one(read).await.map(|_| ())?,
            Engine::Postgres { read, .. } => sqlx::query("SELECT 1").fetch_one(read).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Begins a transaction. On SQLite it is the only one until it ends: keep it short.
    pub async fn begin(&self) -> Result<Tx> {
        let open = match &*self.engine {
            Engine::Sqlite { write, .. } => Open::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Engine::Postgres { write, .. } => Open::Postgres(write.begin().await?),
        };
        Ok(Tx { open, changes: Arc::clone(&self.changes), has_changes: false })
    }

    /// Comes once something was added to the change log from here since it last came. What other programs add
    /// can only be looked for.
    pub async fn changed(&self) {
        self.changes.notified().await;
    }

    /// Waits for what is under way, then closes every connection. Whoever asks afterwards hears
    /// [`Error::Unavailable`].
    pub async fn close(&self) {
        match &*self.engine {
            Engine::Sqlite { read, write } => {
                // The last connection to close copies the WAL back into the file, and a reader may not write.
                read.close().await;
                write.close().await;
            }
            Engine::Postgres { read, write } => {
                read.close().await;
                write.close().await;
            }
        }
    }

    /// True if the rows are in PostgreSQL.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(&*self.engine, Engine::Postgres { .. })
    }

    pub(crate) async fn rows(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Row>> {
        Ok(match &*self.engine {
            Engine::Sqlite { read, .. } => {
                let rows = bind::<Sqlite>(sql, values).fetch_all(read).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Engine::Postgres { read, .. } => {
                let rows = bind::<Postgres>(sql, values).fetch_all(read).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Every row, read as a noun.
    pub(crate) async fn all<T>(
        &self,
        sql: &'static str,
        values: Vec<Value>,
        read: impl Fn(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.rows(sql, values).await?.iter().map(read).collect()
    }

    /// The first row, read as a noun.
    pub(crate) async fn one<T>(
        &self,
        sql: &'static str,
        values: Vec<Value>,
        read: impl Fn(&Row) -> Result<T>,
    ) -> Result<Option<T>> {
        self.rows(sql, values).await?.first().map(read).transpose()
    }
}

impl Tx {
    /// Makes what was written true, and durable, and visible to everybody.
    pub async fn commit(self) -> Result<()> {
        match self.open {
            Open::Sqlite(tx) => tx.commit().await?,
            Open::Postgres(tx) => tx.commit().await?,
        }
        if self.has_changes {
            self.changes.notify_one();
        }
        Ok(())
    }

    /// Notes that it has added to the change log: whoever follows that is told when it is committed.
    pub(crate) fn has_changes(&mut self) {
        self.has_changes = true;
    }

    pub(crate) async fn rows(&mut self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Row>> {
        Ok(match &mut self.open {
            Open::Sqlite(tx) => {
                let rows = bind::<Sqlite>(sql, values).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Open::Postgres(tx) => {
                let rows = bind::<Postgres>(sql, values).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row, read as a noun.
    pub(crate) async fn one<T>(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
        read: impl Fn(&Row) -> Result<T>,
    ) -> Result<Option<T>> {
        self.rows(sql, values).await?.first().map(read).transpose()
    }

    /// Does what the text says; returns how many rows it touched.
    pub(crate) async fn execute(&mut self, sql: &'static str, values: Vec<Value>) -> Result<u64> {
        Ok(match &mut self.open {
            Open::Sqlite(tx) => bind::<Sqlite>(sql, values).execute(&mut **tx).await?.rows_affected(),
            Open::Postgres(tx) => bind::<Postgres>(sql, values).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// Runs several statements that take no values: a migration's.
    pub(crate) async fn run(&mut self, statements: String) -> Result<()> {
        let statements = sqlx::raw_sql(sqlx::AssertSqlSafe(statements));
        match &mut self.open {
            Open::Sqlite(tx) => statements.execute(&mut **tx).await.map(|_| ())?,
            Open::Postgres(tx) => statements.execute(&mut **tx).await.map(|_| ())?,
        }
        Ok(())
    }
}

fn bind<'q, D: Database>(sql: &'static str, values: Vec<Value>) -> Query<'q, D, D::Arguments>
where
    D::Arguments: IntoArguments<D>,
    Option<i64>: Encode<'q, D> + Type<D>,
    Option<String>: Encode<'q, D> + Type<D>,
{
    values.into_iter().fold(sqlx::query(sql), |query, value| match value {
        Value::Number(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
    })
}

async fn open_sqlite(path: &Path) -> Result<Engine> {
    let place = format!("`{}`", path.display());
    let common = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(Duration::from_millis(WRITE_WAIT_MS_MAX));
    let writer = common
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("journal_size_limit", WAL_BYTES_KEPT.to_string())
        .optimize_on_close(true, None);
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_millis(WRITE_WAIT_MS_MAX))
        .connect_with(writer)
        .await
        .map_err(|source| Error::open(&place, source))?;
    check_sqlite_version(&write).await?;
    let read = SqlitePoolOptions::new()
        .max_connections(READERS_MAX)
        .acquire_timeout(Duration::from_millis(READ_WAIT_MS_MAX))
        // A file does not hang up: asking first whether it is there would double every question.
        .test_before_acquire(false)
        .connect_with(common.pragma("query_only", "ON"))
        .await
        .map_err(|source| Error::open(&place, source))?;
    Ok(Engine::Sqlite { read, write })
}

async fn check_sqlite_version(pool: &SqlitePool) -> Result<()> {
    let found: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(pool).await?;
    if is_safe_sqlite(&found) {
        return Ok(());
    }
    Err(Error::OldSqlite { found, needed: SQLITE_NEEDED.map(|number| number.to_string()).join(".") })
}

fn is_safe_sqlite(version: &str) -> bool {
    let numbers: Vec<u32> = version.split('.').map_while(|number| number.parse().ok()).collect();
    numbers.as_slice() >= SQLITE_NEEDED.as_slice()
}

async fn open_postgres(url: &str) -> Result<Engine> {
    let options = PgConnectOptions::from_str(url)
        // The parser's own error may quote the address with its password.
        .map_err(|_| {
            Error::open("the given postgres:// address", "it is not postgres://user:password@host:port/database")
        })?
        .application_name("groundwave")
        .options([("statement_timeout", STATEMENT_MS_MAX.to_string())]);
    let place = format!(
        "{}, database `{}`",
        options.get_socket().map_or_else(
            || format!("{}:{}", options.get_host(), options.get_port()),
            |folder| folder.display().to_string()
        ),
        options.get_database().unwrap_or_else(|| options.get_username())
    );
    // The pool tries again until its time is up and then says only that; a single connection says why.
    let first = tokio::time::timeout(Duration::from_millis(WRITE_WAIT_MS_MAX), options.connect()).await;
    first.map_err(|source| Error::open(&place, source))?.map_err(|source| Error::open(&place, source))?.close().await?;
    let pool = |connections, wait_ms| {
        let waiting = PgPoolOptions::new().acquire_timeout(Duration::from_millis(wait_ms));
        waiting.max_connections(connections).connect_lazy_with(options.clone())
    };
    Ok(Engine::Postgres { read: pool(READERS_MAX, READ_WAIT_MS_MAX), write: pool(WRITERS_MAX, WRITE_WAIT_MS_MAX) })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn pragma(pool: &SqlitePool, name: &'static str) -> String {
        let question = sqlx::AssertSqlSafe(format!(
            "SELECT CAST(pragma AS TEXT) FROM (SELECT {name} AS pragma FROM pragma_{name})"
        ));
        sqlx::query_scalar(question).fetch_one(pool).await.unwrap()
    }

    #[tokio::test]
    async fn sqlite_is_set_so_that_a_commit_is_on_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let Engine::Sqlite { read, write } = open_sqlite(&folder.path().join("station.db")).await.unwrap() else {
            panic!("this is SQLite");
        };
        assert_eq!(pragma(&write, "journal_mode").await, "wal");
        assert_eq!(pragma(&write, "synchronous").await, "2", "FULL");
        assert_eq!(pragma(&write, "foreign_keys").await, "1");
        assert_eq!(write.options().get_max_connections(), 1);
        assert_eq!(pragma(&read, "query_only").await, "1");
    }

    #[test]
    fn a_sqlite_that_can_lose_data_is_told_from_one_that_cannot() {
        for safe in ["3.51.3", "3.51.10", "3.52.0", "4.0.0"] {
            assert!(is_safe_sqlite(safe), "{safe} was refused");
        }
        for unsafe_one in ["3.40.1", "3.51.2", "2.99.99", "3.51", ""] {
            assert!(!is_safe_sqlite(unsafe_one), "{unsafe_one} was taken");
        }
    }
}
