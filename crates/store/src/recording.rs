//! Recordings: how episodes were cut from what was aired, and the orders that say what is recorded.

use station::recording::{Order, Recording};
use station::{EpisodeId, StationId, Timestamp};

use crate::row::Row;
use crate::value::json;
use crate::{Db, Result, Tx};

questions! { "recording":
    SAVE = "
        INSERT INTO recording (station, episode, start_at, end_at, document)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (station, episode) DO UPDATE
        SET start_at = excluded.start_at, end_at = excluded.end_at, document = excluded.document";

    BY_EPISODE = "
        SELECT document
        FROM recording
        WHERE station = $1
          AND episode = $2";

    BETWEEN = "
        SELECT document
        FROM recording
        WHERE station = $1
          AND end_at > $2
          AND start_at < $3
        ORDER BY start_at, episode";

    SAVE_ORDER = "
        INSERT INTO recording_order (station, subject, document)
        VALUES ($1, $2, $3)
        ON CONFLICT (station, subject) DO UPDATE
        SET document = excluded.document";

    ORDERS = "
        SELECT document
        FROM recording_order
        WHERE station = $1
        ORDER BY subject";
}

/// Saves the recording; it takes the place of an earlier revision.
pub async fn save(tx: &mut Tx, recording: &Recording) -> Result<()> {
    let Recording { station, episode, start, end, .. } = recording;
    tx.execute(SAVE, values![*station, *episode, *start, *end, json(recording)]).await?;
    Ok(())
}

/// How an episode was cut; `None` if it was made in another way.
pub async fn by_episode(db: &Db, station: StationId, episode: EpisodeId) -> Result<Option<Recording>> {
    db.one(BY_EPISODE, values![station, episode], |row| row.json("document")).await
}

/// The recordings of broadcasts that were on at some moment between `from` and `to`, by start.
pub async fn between(db: &Db, station: StationId, from: Timestamp, to: Timestamp) -> Result<Vec<Recording>> {
    db.all(BETWEEN, values![station, from, to], |row| row.json("document")).await
}

/// Saves the order; it takes the place of another about the same.
pub async fn save_order(tx: &mut Tx, order: &Order) -> Result<()> {
    tx.execute(SAVE_ORDER, values![order.station, json(&order.subject), json(order)]).await?;
    Ok(())
}

/// The station's orders.
pub async fn orders(db: &Db, station: StationId) -> Result<Vec<Order>> {
    db.all(ORDERS, values![station], |row: &Row| row.json("document")).await
}
