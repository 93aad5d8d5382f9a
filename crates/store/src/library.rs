//! The library: the pieces that automation plays.

use station::{Piece, PieceId, ServiceId, StationId};

use crate::row::Row;
use crate::value::json;
use crate::{Db, Result, Tx};

questions! { "library":
    SAVE = "
        INSERT INTO piece (station, id, service, position, artist, title, duration_ms, renditions)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (station, id) DO UPDATE
        SET service = excluded.service, position = excluded.position, artist = excluded.artist,
            title = excluded.title, duration_ms = excluded.duration_ms, renditions = excluded.renditions";

    ALL = "
        SELECT station, id, service, position, artist, title, duration_ms, renditions
        FROM piece
        WHERE station = $1
          AND service = $2
        ORDER BY position, id";
}

/// Saves the piece.
pub async fn save(tx: &mut Tx, piece: &Piece) -> Result<()> {
    tx.execute(
        SAVE,
        values![
            piece.station,
            piece.id,
            piece.service,
            piece.position,
            &piece.artist,
            &piece.title,
            piece.duration_ms,
            json(&piece.renditions),
        ],
    )
    .await?;
    Ok(())
}

/// The pieces of a service in the order of their rotation.
pub async fn all(db: &Db, station: StationId, service: ServiceId) -> Result<Vec<Piece>> {
    db.all(ALL, values![station, service], read).await
}

fn read(row: &Row) -> Result<Piece> {
    Ok(Piece {
        id: PieceId(row.number("id")?),
        station: StationId(row.number("station")?),
        service: ServiceId(row.number("service")?),
        position: row.number("position")?,
        artist: row.text("artist")?,
        title: row.text("title")?,
        duration_ms: row.number("duration_ms")?,
        renditions: row.json("renditions")?,
    })
}
