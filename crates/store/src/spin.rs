//! Spins: what was played, and when.

use station::{PieceId, ServiceId, Spin, StationId, Timestamp};

use crate::row::Row;
use crate::{Db, Result, Tx};

questions! { "spin":
    SAVE = "
        INSERT INTO spin (station, service, start_at, end_at, piece, artist, title)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (station, service, start_at) DO UPDATE
        SET end_at = COALESCE(excluded.end_at, spin.end_at), piece = excluded.piece, artist = excluded.artist,
            title = excluded.title";

    BETWEEN = "
        SELECT station, service, start_at, end_at, piece, artist, title
        FROM spin
        WHERE station = $1
          AND service = $2
          AND start_at >= $3
          AND start_at < $4
        ORDER BY start_at";
}

/// Saves the spin: when it begins, and again when its end is known. Told twice or in the wrong order, it is the same.
pub async fn save(tx: &mut Tx, spin: &Spin) -> Result<()> {
    let piece = spin.piece.map(|piece| piece.0);
    tx.execute(SAVE, values![spin.station, spin.service, spin.start, spin.end, piece, &spin.artist, &spin.title])
        .await?;
    Ok(())
}

/// What a service began to play from `from` up to, not including, `to`, in order.
pub async fn between(
    db: &Db,
    station: StationId,
    service: ServiceId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Spin>> {
    db.all(BETWEEN, values![station, service, from, to], read).await
}

fn read(row: &Row) -> Result<Spin> {
    Ok(Spin {
        station: StationId(row.number("station")?),
        service: ServiceId(row.number("service")?),
        piece: row.maybe_number("piece")?.map(PieceId),
        artist: row.text("artist")?,
        title: row.text("title")?,
        start: row.time("start_at")?,
        end: row.maybe_time("end_at")?,
    })
}
