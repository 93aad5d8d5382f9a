//! What came over a wire, as it came.

use station::{StationId, Timestamp};

use crate::row::Row;
use crate::{Db, Result, Tx};

/// A document of a wire, with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireDocument {
    /// Which wire: `cds`.
    pub wire: String,
    /// What the document is called there.
    pub external_id: String,
    /// The hash of its bytes: an unchanged document is known by it.
    pub sha256: String,
    /// The document itself, JSON.
    pub raw: String,
    /// When it was last seen to be different.
    pub seen_at: Timestamp,
    /// What became of it, in a word or a sentence of the wire's.
    pub outcome: String,
}

questions! { "wire":
    SAVE = "
        INSERT INTO wire_document (station, wire, external_id, sha256, raw, seen_at, outcome)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (station, wire, external_id) DO UPDATE
        SET sha256 = excluded.sha256, raw = excluded.raw, seen_at = excluded.seen_at, outcome = excluded.outcome";

    DOCUMENT = "
        SELECT wire, external_id, sha256, raw, seen_at, outcome
        FROM wire_document
        WHERE station = $1
          AND wire = $2
          AND external_id = $3";

    FORGET_MENTIONS = "
        DELETE FROM wire_mention
        WHERE station = $1
          AND wire = $2
          AND external_id = $3";

    ADD_MENTION = "
        INSERT INTO wire_mention (station, wire, mentioned, external_id)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (station, wire, mentioned, external_id) DO NOTHING";

    MENTIONING = "
        SELECT d.wire, d.external_id, d.sha256, d.raw, d.seen_at, d.outcome
        FROM wire_mention m
        JOIN wire_document d ON d.station = m.station AND d.wire = m.wire AND d.external_id = m.external_id
        WHERE m.station = $1
          AND m.wire = $2
          AND m.mentioned = $3
          AND m.external_id > $4
        ORDER BY m.external_id
        LIMIT $5";
}

/// Saves the document.
pub async fn save_document(tx: &mut Tx, station: StationId, document: &WireDocument) -> Result<()> {
    let WireDocument { wire, external_id, sha256, raw, seen_at, outcome } = document;
    tx.execute(SAVE, values![station, wire, external_id, sha256, raw, *seen_at, outcome]).await?;
    Ok(())
}

/// The document of that name.
pub async fn document(db: &Db, station: StationId, wire: &str, external_id: &str) -> Result<Option<WireDocument>> {
    db.one(DOCUMENT, values![station, wire, external_id], read).await
}

/// The document of that name, as the transaction sees it.
pub async fn document_in(
    tx: &mut Tx,
    station: StationId,
    wire: &str,
    external_id: &str,
) -> Result<Option<WireDocument>> {
    tx.one(DOCUMENT, values![station, wire, external_id], read).await
}

/// Saves which other documents the document names, in place of what it named before.
pub async fn save_mentions(
    tx: &mut Tx,
    station: StationId,
    wire: &str,
    external_id: &str,
    mentioned: &[String],
) -> Result<()> {
    tx.execute(FORGET_MENTIONS, values![station, wire, external_id]).await?;
    for mentioned in mentioned {
        tx.execute(ADD_MENTION, values![station, wire, mentioned, external_id]).await?;
    }
    Ok(())
}

/// Up to `limit` documents that name the document `mentioned`, by their ids, starting after the id `after`.
pub async fn mentioning(
    db: &Db,
    station: StationId,
    wire: &str,
    mentioned: &str,
    after: &str,
    limit: u32,
) -> Result<Vec<WireDocument>> {
    db.all(MENTIONING, values![station, wire, mentioned, after, limit], read).await
}

fn read(row: &Row) -> Result<WireDocument> {
    Ok(WireDocument {
        wire: row.text("wire")?,
        external_id: row.text("external_id")?,
        sha256: row.text("sha256")?,
        raw: row.text("raw")?,
        seen_at: row.time("seen_at")?,
        outcome: row.text("outcome")?,
    })
}
