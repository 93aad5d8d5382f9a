//! Stations, and the host names that lead to them.

use jiff::tz::TimeZone;
use station::{Accent, Station, StationId};

use crate::row::Row;
use crate::value::{json, maybe_json};
use crate::{Db, Error, Result, Tx};

macro_rules! select {
    ($where:literal) => {
        concat!(
            "
        SELECT s.id, s.slug, s.name, s.tagline, s.call_signs, s.zone, s.language, s.accent,
               s.banner, s.about, s.email, s.org_service_ids, h.name AS host
        FROM station s
        LEFT JOIN host h ON h.station = s.id",
            $where,
            "
        ORDER BY s.id, h.position"
        )
    };
}

questions! { "station":
    SAVE = "
        INSERT INTO station (id, slug, name, tagline, call_signs, zone, language, accent, banner, about, email,
                             org_service_ids)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (id) DO UPDATE
        SET slug = excluded.slug, name = excluded.name, tagline = excluded.tagline,
            call_signs = excluded.call_signs, zone = excluded.zone, language = excluded.language,
            accent = excluded.accent, banner = excluded.banner, about = excluded.about, email = excluded.email,
            org_service_ids = excluded.org_service_ids";

    FORGET_HOSTS = "
        DELETE FROM host
        WHERE station = $1";

    ADD_HOST = "
        INSERT INTO host (station, name, position)
        VALUES ($1, $2, $3)";

    ALL = select!("");

    BY_HOST = select!("
        WHERE s.id = (SELECT station FROM host WHERE name = $1)");

    BY_SLUG = select!("
        WHERE s.slug = $1");

    ZONE = "
        SELECT zone
        FROM station
        WHERE id = $1";
}

/// Saves the station. A host name that leads to another station is [`Error::Taken`].
///
/// If it moves to another time zone, the dates in its stories' addresses move with it.
pub async fn save(tx: &mut Tx, station: &Station) -> Result<()> {
    let zone = zone(&station.zone)?;
    let zone_before = tx.one(ZONE, values![station.id], |row| row.text("zone")).await?;
    save_row(tx, station).await?;
    save_hosts(tx, station).await?;
    if zone_before.is_some_and(|before| before != station.zone) {
        crate::story::date_anew(tx, station.id, &zone).await?;
    }
    Ok(())
}

/// Every station that is at home here, the oldest first.
pub async fn all(db: &Db) -> Result<Vec<Station>> {
    read_all(&db.rows(ALL, values![]).await?)
}

/// The station to which a host name (lower case, without port) leads.
pub async fn by_host(db: &Db, host: &str) -> Result<Option<Station>> {
    Ok(read_all(&db.rows(BY_HOST, values![host]).await?)?.pop())
}

/// The station of that name.
pub async fn by_slug(db: &Db, slug: &str) -> Result<Option<Station>> {
    Ok(read_all(&db.rows(BY_SLUG, values![slug]).await?)?.pop())
}

async fn save_row(tx: &mut Tx, station: &Station) -> Result<()> {
    tx.execute(
        SAVE,
        values![
            station.id,
            &station.slug,
            &station.name,
            &station.tagline,
            json(&station.call_signs),
            &station.zone,
            &station.language,
            station.accent.as_str(),
            maybe_json(station.banner.as_ref()),
            json(&station.about),
            station.email.as_deref(),
            json(&station.org_service_ids),
        ],
    )
    .await?;
    Ok(())
}

async fn save_hosts(tx: &mut Tx, station: &Station) -> Result<()> {
    tx.execute(FORGET_HOSTS, values![station.id]).await?;
    for (position, name) in (0i64..).zip(&station.host_names) {
        tx.execute(ADD_HOST, values![station.id, name, position]).await?;
    }
    Ok(())
}

/// The time zone that a station lives in.
pub(crate) async fn zone_in(tx: &mut Tx, station: StationId) -> Result<TimeZone> {
    let name = tx.one(ZONE, values![station], |row| row.text("zone")).await?;
    let name = name.ok_or_else(|| Error::Missing { what: format!("a row of station {station}") })?;
    zone(&name)
}

fn zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name).map_err(|source| Error::corrupt("zone", source))
}

/// Folds rows, one for each host name, into stations.
fn read_all(rows: &[Row]) -> Result<Vec<Station>> {
    let mut stations: Vec<Station> = Vec::new();
    for row in rows {
        let id = StationId(row.number("id")?);
        if stations.last().is_none_or(|last| last.id != id) {
            stations.push(read(row)?);
        }
        if let (Some(host), Some(station)) = (row.maybe_text("host")?, stations.last_mut()) {
            station.host_names.push(host);
        }
    }
    Ok(stations)
}

fn read(row: &Row) -> Result<Station> {
    let accent = row.text("accent")?;
    Ok(Station {
        id: StationId(row.number("id")?),
        slug: row.slug("slug")?,
        name: row.text("name")?,
        tagline: row.text("tagline")?,
        call_signs: row.json("call_signs")?,
        host_names: Vec::new(),
        zone: row.text("zone")?,
        language: row.text("language")?,
        accent: Accent::parse(&accent).ok_or_else(|| Error::corrupt("accent", format!("`{accent}` is no colour")))?,
        banner: row.maybe_json("banner")?,
        about: row.json("about")?,
        email: row.maybe_text("email")?,
        org_service_ids: row.json("org_service_ids")?,
    })
}
