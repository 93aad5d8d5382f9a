//! Services: what a listener tunes to.

use station::{Service, ServiceId, StationId};

use crate::row::Row;
use crate::value::json;
use crate::{Db, Result, Tx};

questions! { "service":
    SAVE = "
        INSERT INTO service (station, id, slug, name, teaser, position, mounts)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (station, id) DO UPDATE
        SET slug = excluded.slug, name = excluded.name, teaser = excluded.teaser, position = excluded.position,
            mounts = excluded.mounts";

    ALL = "
        SELECT station, id, slug, name, teaser, position, mounts
        FROM service
        WHERE station = $1
        ORDER BY position, slug";

    BY_SLUG = "
        SELECT station, id, slug, name, teaser, position, mounts
        FROM service
        WHERE station = $1
          AND slug = $2";
}

/// Saves the service.
pub async fn save(tx: &mut Tx, service: &Service) -> Result<()> {
    tx.execute(
        SAVE,
        values![
            service.station,
            service.id,
            &service.slug,
            &service.name,
            &service.teaser,
            service.position,
            json(&service.mounts),
        ],
    )
    .await?;
    Ok(())
}

/// The station's services in the order in which they are offered.
pub async fn all(db: &Db, station: StationId) -> Result<Vec<Service>> {
    db.all(ALL, values![station], read).await
}

/// The service of that name.
pub async fn by_slug(db: &Db, station: StationId, slug: &str) -> Result<Option<Service>> {
    db.one(BY_SLUG, values![station, slug], read).await
}

fn read(row: &Row) -> Result<Service> {
    Ok(Service {
        id: ServiceId(row.number("id")?),
        station: StationId(row.number("station")?),
        slug: row.slug("slug")?,
        name: row.text("name")?,
        teaser: row.text("teaser")?,
        position: row.number("position")?,
        mounts: row.json("mounts")?,
    })
}
