//! Preview links: whoever has one sees a story as it will look, until it ends or is revoked.

use station::{StationId, StoryId, Timestamp};

use crate::row::Row;
use crate::{Db, Result, Tx};

questions! { "preview":
    MAKE = "
        INSERT INTO preview (station, secret_sha256, story, made_by, made_at, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6)";

    BY_SECRET = "
        SELECT secret_sha256, story, made_by, made_at, ends_at
        FROM preview
        WHERE station = $1
          AND secret_sha256 = $2";

    OF_STORY = "
        SELECT secret_sha256, story, made_by, made_at, ends_at
        FROM preview
        WHERE station = $1
          AND story = $2
          AND ends_at > $3
        ORDER BY made_at DESC
        LIMIT $4";

    REVOKE = "
        DELETE FROM preview
        WHERE station = $1
          AND story = $2";

    FORGET = "
        DELETE FROM preview
        WHERE station = $1
          AND ends_at < $2";
}

/// A link that shows a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The hash of the secret in its address.
    pub secret_sha256: String,
    /// Which story.
    pub story: StoryId,
    /// Who made it, by name.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
    /// Until when it shows anything.
    pub ends_at: Timestamp,
}

/// Makes a link.
pub async fn make(tx: &mut Tx, station: StationId, preview: &Preview) -> Result<()> {
    let Preview { secret_sha256, story, made_by, made_at, ends_at } = preview;
    tx.execute(MAKE, values![station, secret_sha256, *story, made_by, *made_at, *ends_at]).await?;
    Ok(())
}

/// The link whose secret has this hash. It may have ended.
pub async fn by_secret(db: &Db, station: StationId, secret_sha256: &str) -> Result<Option<Preview>> {
    db.one(BY_SECRET, values![station, secret_sha256], read).await
}

/// The links to a story that show something at `now`, the newest first.
pub async fn of_story(db: &Db, station: StationId, story: StoryId, now: Timestamp, limit: u32) -> Result<Vec<Preview>> {
    db.all(OF_STORY, values![station, story, now, limit], read).await
}

/// Takes every link to a story back; returns how many there were.
pub async fn revoke(tx: &mut Tx, station: StationId, story: StoryId) -> Result<u64> {
    tx.execute(REVOKE, values![station, story]).await
}

/// Clears away what ended before `moment`.
pub async fn forget(tx: &mut Tx, station: StationId, moment: Timestamp) -> Result<()> {
    tx.execute(FORGET, values![station, moment]).await?;
    Ok(())
}

fn read(row: &Row) -> Result<Preview> {
    Ok(Preview {
        secret_sha256: row.text("secret_sha256")?,
        story: StoryId(row.number("story")?),
        made_by: row.text("made_by")?,
        made_at: row.time("made_at")?,
        ends_at: row.time("ends_at")?,
    })
}
