//! Addresses that readers asked for in vain, and how often: what a redirect could mend. Of who asked nothing is kept.

use station::{StationId, Timestamp};

use crate::row::Row;
use crate::{Db, Result, Tx};

/// How many addresses are kept for a station; what was asked for least goes first.
pub const MISSED_MAX: u32 = 1_000;

questions! { "missed":
    ADD = "
        INSERT INTO missed (station, path, times, last_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (station, path) DO UPDATE
        SET times = missed.times + excluded.times, last_at = excluded.last_at";

    MOST = "
        SELECT path, times, last_at
        FROM missed
        WHERE station = $1
        ORDER BY times DESC, path
        LIMIT $2";

    FORGET = "
        DELETE FROM missed
        WHERE station = $1
          AND path = $2";

    // What was asked for longest ago goes first of those that were asked for equally often.
    CUT = "
        DELETE FROM missed
        WHERE station = $1
          AND path NOT IN (SELECT m.path FROM missed m WHERE m.station = $1 ORDER BY m.times DESC, m.last_at DESC, m.path
                           LIMIT $2)";
}

/// An address that was asked for in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The path, without its query.
    pub path: String,
    /// How often.
    pub times: i64,
    /// When last.
    pub last_at: Timestamp,
}

/// Adds to the counts of a station, and cuts the list to [`MISSED_MAX`].
pub async fn add(tx: &mut Tx, station: StationId, paths: &[(String, u32)], now: Timestamp) -> Result<()> {
    for (path, times) in paths {
        tx.execute(ADD, values![station, path, *times, now]).await?;
    }
    tx.execute(CUT, values![station, MISSED_MAX]).await?;
    Ok(())
}

/// What was asked for in vain, the most often first.
pub async fn most(db: &Db, station: StationId, limit: u32) -> Result<Vec<Missed>> {
    db.all(MOST, values![station, limit], read).await
}

/// Forgets an address: it leads somewhere now, or nobody minds.
pub async fn forget(tx: &mut Tx, station: StationId, path: &str) -> Result<()> {
    tx.execute(FORGET, values![station, path]).await?;
    Ok(())
}

fn read(row: &Row) -> Result<Missed> {
    Ok(Missed { path: row.text("path")?, times: row.number("times")?, last_at: row.time("last_at")? })
}
