//! Redirects: addresses that lead elsewhere.
//!
//! No redirect leads to another: whoever saves one with [`save`] has looked where its target leads, and what led to the
//! address that now leads on is led on with it.

use station::redirect::{Cause, PREFIX_WORDS_MAX, Pattern, beginnings};
use station::{Redirect, StationId, Timestamp};

use crate::row::Row;
use crate::value::Value;
use crate::{Db, Error, Result, Tx};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "
        SELECT path, is_prefix, target, cause, made_by, made_at
        FROM redirect",
            $rest
        )
    };
}

questions! { "redirect":
    SAVE = "
        INSERT INTO redirect (station, path, is_prefix, target, cause, made_by, made_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (station, path, is_prefix) DO UPDATE
        SET target = excluded.target, cause = excluded.cause, made_by = excluded.made_by, made_at = excluded.made_at";

    // Those that led to the address which now leads on.
    LEAD_ON = "
        UPDATE redirect
        SET target = $1
        WHERE station = $2
          AND target = $3";

    FORGET = "
        DELETE FROM redirect
        WHERE station = $1
          AND path = $2
          AND is_prefix = $3";

    EXACT = select!("
        WHERE station = $1
          AND path = $2
          AND is_prefix = 0");

    // The longest that covers the path.
    PREFIX = select!("
        WHERE station = $1
          AND is_prefix = 1
          AND path IN ($2, $3, $4, $5, $6, $7, $8, $9)
        ORDER BY LENGTH(path) DESC
        LIMIT 1");

    LIST = select!("
        WHERE station = $1
          AND (made_at, path) < ($2, $3)
        ORDER BY made_at DESC, path DESC
        LIMIT $4");

    COUNT = "
        SELECT COUNT(path) AS number
        FROM redirect
        WHERE station = $1";
}

/// Saves a redirect in the place of the one for the same addresses, and leads on with it what led to its address.
pub async fn save(tx: &mut Tx, station: StationId, redirect: &Redirect) -> Result<()> {
    let Redirect { from, to, cause, by, at } = redirect;
    let values = values![station, &from.path, i64::from(from.is_prefix), to, cause.as_str(), by, *at];
    tx.execute(SAVE, values).await?;
    if !from.is_prefix {
        tx.execute(LEAD_ON, values![to, station, &from.path]).await?;
    }
    Ok(())
}

/// Takes a redirect away; true if there was one.
pub async fn forget(tx: &mut Tx, station: StationId, from: &Pattern) -> Result<bool> {
    Ok(tx.execute(FORGET, values![station, &from.path, i64::from(from.is_prefix)]).await? > 0)
}

/// The redirect that covers `path`: that of the address itself, or that of its longest beginning.
pub async fn covering(db: &Db, station: StationId, path: &str) -> Result<Option<Redirect>> {
    match db.one(EXACT, values![station, path], read).await? {
        Some(exact) => Ok(Some(exact)),
        None => db.one(PREFIX, prefix_values(station, path), read).await,
    }
}

/// The same, within this transaction.
pub async fn covering_in(tx: &mut Tx, station: StationId, path: &str) -> Result<Option<Redirect>> {
    match tx.one(EXACT, values![station, path], read).await? {
        Some(exact) => Ok(Some(exact)),
        None => tx.one(PREFIX, prefix_values(station, path), read).await,
    }
}

/// The redirects, the newest first; `before` is the moment and path of the last one on the page before.
pub async fn list(db: &Db, station: StationId, before: Option<(Timestamp, &str)>, limit: u32) -> Result<Vec<Redirect>> {
    let (moment, path) = before.map_or((i64::MAX, ""), |(moment, path)| (moment.as_microsecond(), path));
    db.all(LIST, values![station, moment, path, limit], read).await
}

/// How many redirects there are.
pub async fn count(db: &Db, station: StationId) -> Result<i64> {
    Ok(db.one(COUNT, values![station], |row| row.number("number")).await?.unwrap_or_default())
}

fn prefix_values(station: StationId, path: &str) -> Vec<Value> {
    let mut values = values![station];
    let paths = beginnings(path).into_iter().chain(std::iter::repeat("")).take(PREFIX_WORDS_MAX);
    values.extend(paths.map(Value::from));
    values
}

fn read(row: &Row) -> Result<Redirect> {
    let cause = row.text("cause")?;
    Ok(Redirect {
        from: Pattern { path: row.text("path")?, is_prefix: row.number("is_prefix")? != 0 },
        to: row.text("target")?,
        cause: Cause::parse(&cause).ok_or_else(|| Error::corrupt("cause", format!("`{cause}` is no cause")))?,
        by: row.text("made_by")?,
        at: row.time("made_at")?,
    })
}
