//! Sessions: a device on which somebody is signed in.
//!
//! The browser holds a secret, the row its SHA-256. Whether a session still holds is asked with every request, so that
//! one that was ended is ended at once, on every machine.

use station::{AccountId, SessionId, StationId, Timestamp};

use crate::row::Row;
use crate::{Db, Result, Tx};

questions! { "session":
    BEGIN = "
        INSERT INTO session (station, id, account, secret_sha256, device, began_at, seen_at, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

    BY_SECRET = "
        SELECT station, id, account, device, began_at, seen_at, ends_at
        FROM session
        WHERE station = $1
          AND secret_sha256 = $2";

    OF_ACCOUNT = "
        SELECT station, id, account, device, began_at, seen_at, ends_at
        FROM session
        WHERE station = $1
          AND account = $2
        ORDER BY seen_at DESC, id DESC";

    NOTE_SEEN = "
        UPDATE session
        SET seen_at = $1
        WHERE station = $2
          AND id = $3";

    END = "
        DELETE FROM session
        WHERE station = $1
          AND account = $2
          AND id = $3";

    END_OTHERS = "
        DELETE FROM session
        WHERE station = $1
          AND account = $2
          AND id <> $3";

    FORGET = "
        DELETE FROM session
        WHERE station = $1
          AND ends_at < $2";
}

/// A device on which somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Names it.
    pub id: SessionId,
    /// Where.
    pub station: StationId,
    /// Who.
    pub account: AccountId,
    /// Which device, in words: "Firefox on Linux".
    pub device: String,
    /// When they signed in.
    pub began_at: Timestamp,
    /// When they last asked for something, to a few minutes.
    pub seen_at: Timestamp,
    /// When it ends, whatever they do.
    pub ends_at: Timestamp,
}

/// Begins the session whose browser holds the secret with this hash.
pub async fn begin(tx: &mut Tx, session: &Session, secret_sha256: &str) -> Result<()> {
    let Session { id, station, account, device, began_at, seen_at, ends_at } = session;
    let values = values![*station, *id, *account, secret_sha256, device, *began_at, *seen_at, *ends_at];
    tx.execute(BEGIN, values).await?;
    Ok(())
}

/// The session of the browser that holds the secret with this hash.
pub async fn by_secret(db: &Db, station: StationId, secret_sha256: &str) -> Result<Option<Session>> {
    db.one(BY_SECRET, values![station, secret_sha256], read).await
}

/// The sessions of an account, the one that was seen last first.
pub async fn of_account(db: &Db, station: StationId, account: AccountId) -> Result<Vec<Session>> {
    db.all(OF_ACCOUNT, values![station, account], read).await
}

/// Notes that the session was seen.
pub async fn note_seen(tx: &mut Tx, station: StationId, id: SessionId, at: Timestamp) -> Result<()> {
    tx.execute(NOTE_SEEN, values![at, station, id]).await?;
    Ok(())
}

/// Ends that session of that account. False if there is none.
pub async fn end(tx: &mut Tx, station: StationId, account: AccountId, id: SessionId) -> Result<bool> {
    Ok(tx.execute(END, values![station, account, id]).await? == 1)
}

/// Ends all sessions of an account but `kept`. Returns how many there were.
pub async fn end_others(tx: &mut Tx, station: StationId, account: AccountId, kept: Option<SessionId>) -> Result<u64> {
    // No session has the id 0.
    tx.execute(END_OTHERS, values![station, account, kept.unwrap_or(SessionId(0))]).await
}

/// Clears away what ended before `moment`.
pub async fn forget(tx: &mut Tx, station: StationId, moment: Timestamp) -> Result<()> {
    tx.execute(FORGET, values![station, moment]).await?;
    Ok(())
}

fn read(row: &Row) -> Result<Session> {
    Ok(Session {
        id: SessionId(row.number("id")?),
        station: StationId(row.number("station")?),
        account: AccountId(row.number("account")?),
        device: row.text("device")?,
        began_at: row.time("began_at")?,
        seen_at: row.time("seen_at")?,
        ends_at: row.time("ends_at")?,
    })
}
