//! What a question is answered with.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use sqlx::Row as _;
use station::{Slug, Timestamp};

use crate::{Error, Result};

/// One row of an answer, read by the names of its columns.
pub(crate) enum Row {
    Sqlite(sqlx::sqlite::SqliteRow),
    Postgres(sqlx::postgres::PgRow),
}

/// Reads the column with whichever row it is.
macro_rules! get {
    ($row:expr, $column:expr) => {
        match $row {
            Row::Sqlite(row) => row.try_get($column),
            Row::Postgres(row) => row.try_get($column),
        }
        .map_err(|source| Error::corrupt($column, source))
    };
}

impl Row {
    pub(crate) fn number(&self, column: &'static str) -> Result<i64> {
        get!(self, column)
    }

    pub(crate) fn maybe_number(&self, column: &'static str) -> Result<Option<i64>> {
        get!(self, column)
    }

    pub(crate) fn text(&self, column: &'static str) -> Result<String> {
        get!(self, column)
    }

    pub(crate) fn maybe_text(&self, column: &'static str) -> Result<Option<String>> {
        get!(self, column)
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<Timestamp> {
        time(column, self.number(column)?)
    }

    pub(crate) fn maybe_time(&self, column: &'static str) -> Result<Option<Timestamp>> {
        self.maybe_number(column)?.map(|micros| time(column, micros)).transpose()
    }

    pub(crate) fn slug(&self, column: &'static str) -> Result<Slug> {
        Slug::parse(&self.text(column)?).map_err(|source| Error::corrupt(column, source))
    }

    pub(crate) fn maybe_slug(&self, column: &'static str) -> Result<Option<Slug>> {
        let text = self.maybe_text(column)?;
        text.map(|text| Slug::parse(&text).map_err(|source| Error::corrupt(column, source))).transpose()
    }

    /// A whole number of a narrower kind than the column's.
    pub(crate) fn small<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T>
    where
        T::Error: std::error::Error + Send + Sync + 'static,
    {
        T::try_from(self.number(column)?).map_err(|source| Error::corrupt(column, source))
    }

    /// A text that stands for something else: a date, a time of day.
    pub(crate) fn parsed<T: FromStr>(&self, column: &'static str) -> Result<T>
    where
        T::Err: Display,
    {
        parsed(column, &self.text(column)?)
    }

    pub(crate) fn maybe_parsed<T: FromStr>(&self, column: &'static str) -> Result<Option<T>>
    where
        T::Err: Display,
    {
        self.maybe_text(column)?.map(|text| parsed(column, &text)).transpose()
    }

    /// A document.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        from_json(column, &self.text(column)?)
    }

    pub(crate) fn maybe_json<T: DeserializeOwned>(&self, column: &'static str) -> Result<Option<T>> {
        self.maybe_text(column)?.map(|text| from_json(column, &text)).transpose()
    }
}

fn time(column: &'static str, micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|source| Error::corrupt(column, source))
}

fn parsed<T: FromStr>(column: &'static str, text: &str) -> Result<T>
where
    T::Err: Display,
{
    text.parse().map_err(|wrong: T::Err| Error::corrupt(column, wrong.to_string()))
}

fn from_json<T: DeserializeOwned>(column: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|source| Error::corrupt(column, source))
}
