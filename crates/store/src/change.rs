//! The change log: every kept event of a station, numbered without gaps in the order of commits.
//!
//! It is the outbox too: [`add`] writes the event in the transaction that does the deed, so that neither can be true
//! without the other. A courier reads on with [`after`]; [`heads`] tells cheaply whether there is anything to read.

use station::event::{Message, Revision};
use station::{Event, StationId};

use crate::row::Row;
use crate::value::json;
use crate::{Db, Error, Result, Tx};

questions! { "change":
    BUMP = "
        UPDATE station
        SET rev = rev + 1
        WHERE id = $1
        RETURNING rev";

    ADD = "
        INSERT INTO change (station, rev, event)
        VALUES ($1, $2, $3)";

    AFTER = "
        SELECT rev, event
        FROM change
        WHERE station = $1
          AND rev > $2
        ORDER BY rev
        LIMIT $3";

    HEADS = "
        SELECT id, rev
        FROM station
        ORDER BY id";
}

/// Adds `event` to the log of `station`. From here to its end the transaction is the only one that can: add last.
///
/// # Panics
/// If `event` is a passing one, which the log does not keep.
pub async fn add(tx: &mut Tx, station: StationId, event: &Event) -> Result<Revision> {
    assert!(event.is_kept(), "a passing event was added to the change log: {event:?}");
    let bumped = tx.one(BUMP, values![station], |row| row.number("rev")).await?;
    let rev = bumped.ok_or_else(|| Error::Missing { what: format!("a change of station {station}") })?;
    tx.execute(ADD, values![station, rev, json(event)]).await?;
    tx.has_changes();
    Ok(Revision(rev))
}

/// Up to `limit` events that come after `revision`, in order.
pub async fn after(db: &Db, station: StationId, revision: Revision, limit: u32) -> Result<Vec<Message>> {
    db.all(AFTER, values![station, revision.0, limit], |row| message(station, row)).await
}

/// The newest revision of every station.
pub async fn heads(db: &Db) -> Result<Vec<(StationId, Revision)>> {
    db.all(HEADS, values![], |row| Ok((StationId(row.number("id")?), Revision(row.number("rev")?)))).await
}

fn message(station: StationId, row: &Row) -> Result<Message> {
    let revision = Revision(row.number("rev")?);
    let event = row.json("event").unwrap_or_else(|error| {
        // A later version of the program wrote it. "Everything may be different" is what it can be taken for.
        tracing::warn!(%station, revision = revision.0, ?error, "an event in the change log is not known here");
        Event::StationChanged
    });
    Ok(Message { station, revision: Some(revision), event })
}
