//! What can go wrong between a question and its answer, sorted by what a caller can do about it.

use sqlx::error::ErrorKind;
use sqlx::postgres::PgDatabaseError;

/// What the store's functions return.
pub type Result<T> = std::result::Result<T, Error>;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why the store did not do as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database cannot be opened: the address is wrong, the folder is missing, nobody answers.
    #[error("the store at {place} cannot be opened")]
    Open {
        /// Its file, or its host and database; never its password.
        place: String,
        /// Why.
        source: Source,
    },
    /// The address is of no kind that the store knows.
    #[error("a store's address starts with sqlite:// or postgres://, not with `{scheme}`")]
    UnknownScheme {
        /// What it starts with instead.
        scheme: String,
    },
    /// The SQLite that was built in can lose data.
    #[error("SQLite {found} can damage its files; {needed} or later is needed")]
    OldSqlite {
        /// Its version.
        found: String,
        /// The first version that is safe.
        needed: String,
    },
    /// The rows were laid out by a later version of the program.
    #[error("the store has been migrated to step {found}, and this version of the program knows {known} steps")]
    TooNew {
        /// How far the store is.
        found: i64,
        /// How far this program is.
        known: i64,
    },
    /// A migration reads differently from what was once applied.
    #[error("migration {step} was applied with another text than the program has now")]
    Altered {
        /// Which.
        step: i64,
    },
    /// The database is away, locked, full or overloaded. Asking again later may help; until then what is known may be
    /// served.
    #[error("the store is not available")]
    Unavailable {
        /// Why.
        source: Source,
    },
    /// Another row has this name already.
    #[error("{what} is taken")]
    Taken {
        /// The table and the columns: `story (station, section, path_date, slug)`.
        what: String,
    },
    /// What a row refers to is not there.
    #[error("{what} refers to a row that is not there")]
    Missing {
        /// What refers to it.
        what: String,
    },
    /// A row cannot be read as what it should be.
    #[error("`{what}` holds something that cannot be read")]
    Corrupt {
        /// The column, or the file.
        what: String,
        /// Why.
        source: Source,
    },
    /// Anything else: a fault of ours, or of the database's.
    #[error("the database refused")]
    Other {
        /// Why.
        source: Source,
    },
}

impl Error {
    /// True if asking again later may help.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Error::Unavailable { .. })
    }

    pub(crate) fn corrupt(what: &str, source: impl Into<Source>) -> Self {
        Error::Corrupt { what: what.to_owned(), source: source.into() }
    }

    pub(crate) fn open(place: &str, source: impl Into<Source>) -> Self {
        Error::Open { place: place.to_owned(), source: source.into() }
    }

    fn unavailable(source: sqlx::Error) -> Self {
        metrics::counter!("groundwave_store_unavailable_total").increment(1);
        Error::Unavailable { source: source.into() }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed | E::BeginFailed => {
                Error::unavailable(error)
            }
            E::ColumnDecode { index, .. } => Error::corrupt(&index.clone(), error),
            E::Database(refusal) => match refusal.kind() {
                ErrorKind::UniqueViolation => Error::Taken { what: taken(refusal.as_ref()) },
                ErrorKind::ForeignKeyViolation => Error::Missing { what: referrer(refusal.as_ref()) },
                _ => by_code(error),
            },
            _ => Error::Other { source: error.into() },
        }
    }
}

/// The table and columns that must be one of their own.
fn taken(refusal: &dyn sqlx::error::DatabaseError) -> String {
    if let Some(postgres) = refusal.try_downcast_ref::<PgDatabaseError>() {
        // "Key (station, slug)=(1, jazz) already exists."
        let columns = postgres.detail().and_then(|detail| detail.split_once('(')?.1.split_once(")=("));
        let columns = columns.map_or(postgres.constraint().unwrap_or_default(), |(columns, _)| columns);
        return format!("{} ({columns})", postgres.table().unwrap_or_default());
    }
    // "UNIQUE constraint failed: service.station, service.slug"
    let columns = refusal.message().rsplit(": ").next().unwrap_or_default();
    let table = columns.split('.').next().unwrap_or_default();
    format!("{table} ({})", columns.replace(&format!("{table}."), ""))
}

fn referrer(refusal: &dyn sqlx::error::DatabaseError) -> String {
    // SQLite does not say which.
    refusal.table().map_or_else(|| "a row".to_owned(), |table| format!("a row of {table}"))
}

fn by_code(error: sqlx::Error) -> Error {
    let refusal = error.as_database_error().expect("only called for what a database said");
    let code = refusal.code().unwrap_or_default().into_owned();
    if refusal.try_downcast_ref::<PgDatabaseError>().is_some() {
        return match code.get(..2) {
            // Connection lost, transaction rolled back (deadlock), out of resources, shutting down, broken machine.
            Some("08" | "40" | "53" | "57" | "58") => Error::unavailable(error),
            Some("XX") => Error::corrupt("the database", error),
            _ => Error::Other { source: error.into() },
        };
    }
    match code.parse::<i64>().unwrap_or_default() & 0xff {
        // BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL
        5 | 6 | 7 | 8 | 9 | 10 | 13 | 14 | 15 => Error::unavailable(error),
        // CORRUPT, NOTADB
        11 | 26 => Error::corrupt("the database file", error),
        _ => Error::Other { source: error.into() },
    }
}
