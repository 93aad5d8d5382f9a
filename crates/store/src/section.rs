//! Sections of the site.

use station::{Section, StationId};

use crate::row::Row;
use crate::{Db, Result, Tx};

questions! { "section":
    SAVE = "
        INSERT INTO section (station, slug, title, teaser, position)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (station, slug) DO UPDATE
        SET title = excluded.title, teaser = excluded.teaser, position = excluded.position";

    ALL = "
        SELECT station, slug, title, teaser, position
        FROM section
        WHERE station = $1
        ORDER BY position, slug";

    BY_SLUG = "
        SELECT station, slug, title, teaser, position
        FROM section
        WHERE station = $1
          AND slug = $2";
}

/// Saves the section.
pub async fn save(tx: &mut Tx, section: &Section) -> Result<()> {
    let values = values![section.station, &section.slug, &section.title, &section.teaser, section.position];
    tx.execute(SAVE, values).await?;
    Ok(())
}

/// The station's sections in the order of its menu.
pub async fn all(db: &Db, station: StationId) -> Result<Vec<Section>> {
    db.all(ALL, values![station], read).await
}

/// The section of that name.
pub async fn by_slug(db: &Db, station: StationId, slug: &str) -> Result<Option<Section>> {
    db.one(BY_SLUG, values![station, slug], read).await
}

fn read(row: &Row) -> Result<Section> {
    Ok(Section {
        station: StationId(row.number("station")?),
        slug: row.slug("slug")?,
        title: row.text("title")?,
        teaser: row.text("teaser")?,
        position: row.number("position")?,
    })
}
