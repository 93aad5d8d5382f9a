//! Episodes: what can be heard again of a programme.

use station::{Episode, EpisodeId, ProgrammeId, Slug, StationId, Timestamp};

use crate::row::Row;
use crate::value::{json, maybe_json};
use crate::{Db, Result, Tx};

/// Where a page of a list starts: after the episode of that moment and id.
pub type Before = Option<(Timestamp, EpisodeId)>;

questions! { "episode":
    SAVE = "
        INSERT INTO episode (station, id, programme, slug, title, teaser, about, sound, image, published_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (station, id) DO UPDATE
        SET programme = excluded.programme, slug = excluded.slug, title = excluded.title, teaser = excluded.teaser,
            about = excluded.about, sound = excluded.sound, image = excluded.image,
            published_at = excluded.published_at";

    BY_SLUG = "
        SELECT station, id, programme, slug, title, teaser, about, sound, image, published_at
        FROM episode
        WHERE station = $1
          AND slug = $2";

    BY_ID = "
        SELECT station, id, programme, slug, title, teaser, about, sound, image, published_at
        FROM episode
        WHERE station = $1
          AND id = $2";

    SLUG_TAKEN = "
        SELECT id
        FROM episode
        WHERE station = $1
          AND slug = $2";

    BY_PROGRAMME = "
        SELECT station, id, programme, slug, title, teaser, about, sound, image, published_at
        FROM episode
        WHERE station = $1
          AND programme = $2
          AND (published_at, id) < ($3, $4)
        ORDER BY published_at DESC, id DESC
        LIMIT $5";

    LATEST = "
        SELECT station, id, programme, slug, title, teaser, about, sound, image, published_at
        FROM episode
        WHERE station = $1
          AND (published_at, id) < ($2, $3)
        ORDER BY published_at DESC, id DESC
        LIMIT $4";
}

/// Saves the episode.
pub async fn save(tx: &mut Tx, episode: &Episode) -> Result<()> {
    tx.execute(
        SAVE,
        values![
            episode.station,
            episode.id,
            episode.programme,
            &episode.slug,
            &episode.title,
            &episode.teaser,
            json(&episode.about),
            json(&episode.sound),
            maybe_json(episode.image.as_ref()),
            episode.published_at,
        ],
    )
    .await?;
    Ok(())
}

/// The episode of that name.
pub async fn by_slug(db: &Db, station: StationId, slug: &str) -> Result<Option<Episode>> {
    db.one(BY_SLUG, values![station, slug], read).await
}

/// That episode.
pub async fn by_id(db: &Db, station: StationId, id: EpisodeId) -> Result<Option<Episode>> {
    db.one(BY_ID, values![station, id], read).await
}

/// True if no episode has this name yet.
pub async fn slug_is_free_in(tx: &mut Tx, station: StationId, slug: &Slug) -> Result<bool> {
    Ok(tx.rows(SLUG_TAKEN, values![station, slug]).await?.is_empty())
}

/// The newest episodes of a programme.
pub async fn by_programme(
    db: &Db,
    station: StationId,
    programme: ProgrammeId,
    before: Before,
    limit: u32,
) -> Result<Vec<Episode>> {
    let (moment, id) = or_start(before);
    db.all(BY_PROGRAMME, values![station, programme, moment, id, limit], read).await
}

/// The newest episodes of all programmes.
pub async fn latest(db: &Db, station: StationId, before: Before, limit: u32) -> Result<Vec<Episode>> {
    let (moment, id) = or_start(before);
    db.all(LATEST, values![station, moment, id, limit], read).await
}

/// The place before the newest episode, where none is given.
fn or_start(before: Before) -> (i64, i64) {
    before.map_or((i64::MAX, i64::MAX), |(moment, id)| (moment.as_microsecond(), id.0))
}

fn read(row: &Row) -> Result<Episode> {
    Ok(Episode {
        id: EpisodeId(row.number("id")?),
        station: StationId(row.number("station")?),
        programme: ProgrammeId(row.number("programme")?),
        slug: row.slug("slug")?,
        title: row.text("title")?,
        teaser: row.text("teaser")?,
        about: row.json("about")?,
        sound: row.json("sound")?,
        image: row.maybe_json("image")?,
        published_at: row.time("published_at")?,
    })
}
