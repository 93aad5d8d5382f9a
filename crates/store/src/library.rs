//! The library: the pieces that automation plays.

use station::{Piece, PieceId, ProgrammeId, ServiceId, StationId};

use crate::row::Row;
use crate::value::{json, maybe_json};
use crate::{Db, Result, Tx};

questions! { "library":
    SAVE = "
        INSERT INTO piece (station, id, service, position, artist, title, album, category, programme, weight,
            day_parts, valid_from, valid_until, link, duration_ms, cues, loudness, origin, renditions)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
        ON CONFLICT (station, id) DO UPDATE
        SET service = excluded.service, position = excluded.position, artist = excluded.artist,
            title = excluded.title, album = excluded.album, category = excluded.category,
            programme = excluded.programme, weight = excluded.weight, day_parts = excluded.day_parts,
            valid_from = excluded.valid_from, valid_until = excluded.valid_until, link = excluded.link,
            duration_ms = excluded.duration_ms, cues = excluded.cues, loudness = excluded.loudness,
            origin = excluded.origin, renditions = excluded.renditions";

    DELETE = "
        DELETE FROM piece
        WHERE station = $1
          AND id = $2";

    ALL = "
        SELECT station, id, service, position, artist, title, album, category, programme, weight,
            day_parts, valid_from, valid_until, link, duration_ms, cues, loudness, origin, renditions
        FROM piece
        WHERE station = $1
          AND service = $2
        ORDER BY position, id";

    BY_ORIGIN = "
        SELECT station, id, service, position, artist, title, album, category, programme, weight,
            day_parts, valid_from, valid_until, link, duration_ms, cues, loudness, origin, renditions
        FROM piece
        WHERE station = $1
          AND service = $2
          AND origin = $3";
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
            &piece.album,
            piece.category.as_ref().map(ToString::to_string),
            piece.programme.map(|programme| programme.0),
            piece.weight,
            json(&piece.day_parts),
            piece.valid_from,
            piece.valid_until,
            maybe_json(piece.link.as_ref()),
            piece.duration_ms,
            json(&piece.cues),
            maybe_json(piece.loudness.as_ref()),
            piece.origin.as_deref(),
            json(&piece.renditions),
        ],
    )
    .await?;
    Ok(())
}

/// Takes the piece out of the library. Its files stay in the vault, and what was played of it stays known.
pub async fn delete(tx: &mut Tx, station: StationId, piece: PieceId) -> Result<()> {
    tx.execute(DELETE, values![station, piece]).await?;
    Ok(())
}

/// The pieces of a service in the order in which they are played in turn.
pub async fn all(db: &Db, station: StationId, service: ServiceId) -> Result<Vec<Piece>> {
    db.all(ALL, values![station, service], read).await
}

/// The piece of a service that was made from a file of this SHA-256 (in hex).
pub async fn by_origin_in(tx: &mut Tx, station: StationId, service: ServiceId, origin: &str) -> Result<Option<Piece>> {
    tx.one(BY_ORIGIN, values![station, service, origin], read).await
}

fn read(row: &Row) -> Result<Piece> {
    Ok(Piece {
        id: PieceId(row.number("id")?),
        station: StationId(row.number("station")?),
        service: ServiceId(row.number("service")?),
        position: row.number("position")?,
        artist: row.text("artist")?,
        title: row.text("title")?,
        album: row.text("album")?,
        category: row.maybe_slug("category")?,
        programme: row.maybe_number("programme")?.map(ProgrammeId),
        weight: row.small("weight")?,
        day_parts: row.json("day_parts")?,
        valid_from: row.maybe_time("valid_from")?,
        valid_until: row.maybe_time("valid_until")?,
        link: row.maybe_json("link")?,
        duration_ms: row.number("duration_ms")?,
        cues: row.json("cues")?,
        loudness: row.maybe_json("loudness")?,
        origin: row.maybe_text("origin")?,
        renditions: row.json("renditions")?,
    })
}
