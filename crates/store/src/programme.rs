//! Programmes: the series.

use station::{Programme, ProgrammeId, StationId};

use crate::row::Row;
use crate::value::{json, maybe_json};
use crate::{Db, Result, Tx};

questions! { "programme":
    SAVE = "
        INSERT INTO programme (station, id, slug, title, teaser, about, hosts, image, sound)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (station, id) DO UPDATE
        SET slug = excluded.slug, title = excluded.title, teaser = excluded.teaser, about = excluded.about,
            hosts = excluded.hosts, image = excluded.image, sound = excluded.sound";

    ALL = "
        SELECT station, id, slug, title, teaser, about, hosts, image, sound
        FROM programme
        WHERE station = $1";

    BY_SLUG = "
        SELECT station, id, slug, title, teaser, about, hosts, image, sound
        FROM programme
        WHERE station = $1
          AND slug = $2";

    BY_ID = "
        SELECT station, id, slug, title, teaser, about, hosts, image, sound
        FROM programme
        WHERE station = $1
          AND id = $2";
}

/// Saves the programme.
pub async fn save(tx: &mut Tx, programme: &Programme) -> Result<()> {
    tx.execute(
        SAVE,
        values![
            programme.station,
            programme.id,
            &programme.slug,
            &programme.title,
            &programme.teaser,
            json(&programme.about),
            json(&programme.hosts),
            maybe_json(programme.image.as_ref()),
            json(&programme.sound),
        ],
    )
    .await?;
    Ok(())
}

/// The station's programmes by title. The order is made here, because the two databases sort letters differently.
pub async fn all(db: &Db, station: StationId) -> Result<Vec<Programme>> {
    let mut programmes = db.all(ALL, values![station], read).await?;
    programmes.sort_by_cached_key(|programme| (programme.title.to_lowercase(), programme.id));
    Ok(programmes)
}

/// The programme of that name.
pub async fn by_slug(db: &Db, station: StationId, slug: &str) -> Result<Option<Programme>> {
    db.one(BY_SLUG, values![station, slug], read).await
}

/// That programme.
pub async fn by_id(db: &Db, station: StationId, id: ProgrammeId) -> Result<Option<Programme>> {
    db.one(BY_ID, values![station, id], read).await
}

fn read(row: &Row) -> Result<Programme> {
    Ok(Programme {
        id: ProgrammeId(row.number("id")?),
        station: StationId(row.number("station")?),
        slug: row.slug("slug")?,
        title: row.text("title")?,
        teaser: row.text("teaser")?,
        about: row.json("about")?,
        hosts: row.json("hosts")?,
        image: row.maybe_json("image")?,
        sound: row.json("sound")?,
    })
}
