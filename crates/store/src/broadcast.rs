//! Broadcasts: the schedule as it comes out when the rules are resolved.
//!
//! On one service no two broadcasts overlap.

use station::broadcast::{Broadcast, NowNext};
use station::{ProgrammeId, ServiceId, StationId, Timestamp};

use crate::row::Row;
use crate::value::json;
use crate::{Db, Result, Tx};

questions! { "broadcast":
    CLEAR = "
        DELETE FROM broadcast
        WHERE station = $1
          AND service = $2
          AND end_at > $3
          AND start_at < $4";

    ADD = "
        INSERT INTO broadcast (station, service, start_at, end_at, programme, title, cause)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";

    BETWEEN = "
        SELECT station, service, start_at, end_at, programme, title, cause
        FROM broadcast
        WHERE station = $1
          AND end_at > $2
          AND start_at < $3
        ORDER BY start_at, service";

    NOT_OVER = "
        SELECT station, service, start_at, end_at, programme, title, cause
        FROM broadcast
        WHERE station = $1
          AND service = $2
          AND end_at > $3
        ORDER BY end_at
        LIMIT 2";
}

/// Puts `broadcasts` in the place of all that are on at some moment between `from` and `to`, also of those that begin
/// before or end after.
pub async fn replace(
    tx: &mut Tx,
    station: StationId,
    service: ServiceId,
    from: Timestamp,
    to: Timestamp,
    broadcasts: &[Broadcast],
) -> Result<()> {
    tx.execute(CLEAR, values![station, service, from, to]).await?;
    for broadcast in broadcasts {
        let Broadcast { start, end, programme, title, cause, .. } = broadcast;
        tx.execute(ADD, values![station, service, *start, *end, *programme, title, json(cause)]).await?;
    }
    Ok(())
}

/// What is on at some moment between `from` and `to`, on all services of the station, by start.
pub async fn between(db: &Db, station: StationId, from: Timestamp, to: Timestamp) -> Result<Vec<Broadcast>> {
    db.all(BETWEEN, values![station, from, to], read).await
}

/// What a service has on at a moment, and what comes next.
pub async fn now_next(db: &Db, station: StationId, service: ServiceId, at: Timestamp) -> Result<NowNext> {
    let mut coming = db.all(NOT_OVER, values![station, service, at], read).await?.into_iter().peekable();
    let now = coming.next_if(|broadcast| broadcast.is_on_at(at));
    Ok(NowNext { now, next: coming.next() })
}

fn read(row: &Row) -> Result<Broadcast> {
    Ok(Broadcast {
        station: StationId(row.number("station")?),
        service: ServiceId(row.number("service")?),
        programme: ProgrammeId(row.number("programme")?),
        title: row.text("title")?,
        start: row.time("start_at")?,
        end: row.time("end_at")?,
        cause: row.json("cause")?,
    })
}
