//! People whose names stand over stories and programmes.

use station::person::Source;
use station::{Person, PersonId, Slug, StationId};

use crate::row::Row;
use crate::value::{json, maybe_json};
use crate::{Db, Result, Tx};

questions! { "person":
    SAVE = "
        INSERT INTO person (station, id, slug, name, role, bio, image, wire, external_id, canonical)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (station, id) DO UPDATE
        SET slug = excluded.slug, name = excluded.name, role = excluded.role, bio = excluded.bio,
            image = excluded.image, wire = excluded.wire, external_id = excluded.external_id,
            canonical = excluded.canonical";

    ALL = "
        SELECT station, id, slug, name, role, bio, image, wire, external_id, canonical
        FROM person
        WHERE station = $1";

    BY_SLUG = "
        SELECT station, id, slug, name, role, bio, image, wire, external_id, canonical
        FROM person
        WHERE station = $1
          AND slug = $2";

    BY_ID = "
        SELECT station, id, slug, name, role, bio, image, wire, external_id, canonical
        FROM person
        WHERE station = $1
          AND id = $2";

    BY_EXTERNAL = "
        SELECT station, id, slug, name, role, bio, image, wire, external_id, canonical
        FROM person
        WHERE station = $1
          AND wire = $2
          AND external_id = $3";
}

/// Saves the person.
pub async fn save(tx: &mut Tx, person: &Person) -> Result<()> {
    let source = person.source.as_ref();
    tx.execute(
        SAVE,
        values![
            person.station,
            person.id,
            &person.slug,
            &person.name,
            &person.role,
            json(&person.bio),
            maybe_json(person.image.as_ref()),
            source.map(|source| source.wire.as_str()),
            source.map(|source| source.external_id.as_str()),
            source.and_then(|source| source.canonical.as_deref()),
        ],
    )
    .await?;
    Ok(())
}

/// The station's people by name. The order is made here, because the two databases sort letters differently.
pub async fn all(db: &Db, station: StationId) -> Result<Vec<Person>> {
    let mut people = db.all(ALL, values![station], read).await?;
    people.sort_by_cached_key(|person| (person.name.to_lowercase(), person.id));
    Ok(people)
}

/// The person of that name in addresses.
pub async fn by_slug(db: &Db, station: StationId, slug: &str) -> Result<Option<Person>> {
    db.one(BY_SLUG, values![station, slug], read).await
}

/// That person.
pub async fn by_id(db: &Db, station: StationId, id: PersonId) -> Result<Option<Person>> {
    db.one(BY_ID, values![station, id], read).await
}

/// The person made from a wire's record.
pub async fn by_external(db: &Db, station: StationId, wire: &str, external_id: &str) -> Result<Option<Person>> {
    db.one(BY_EXTERNAL, values![station, wire, external_id], read).await
}

/// The person made from a wire's record, as the transaction sees it.
pub async fn by_external_in(tx: &mut Tx, station: StationId, wire: &str, external_id: &str) -> Result<Option<Person>> {
    tx.one(BY_EXTERNAL, values![station, wire, external_id], read).await
}

/// True if nobody at the station has that name in addresses.
pub async fn slug_is_free_in(tx: &mut Tx, station: StationId, slug: &Slug) -> Result<bool> {
    Ok(tx.rows(BY_SLUG, values![station, slug]).await?.is_empty())
}

fn read(row: &Row) -> Result<Person> {
    Ok(Person {
        id: PersonId(row.number("id")?),
        station: StationId(row.number("station")?),
        slug: row.slug("slug")?,
        name: row.text("name")?,
        role: row.text("role")?,
        bio: row.json("bio")?,
        image: row.maybe_json("image")?,
        source: source(row)?,
    })
}

/// Where a record comes from, out of the three columns that people and stories have for it.
pub(crate) fn source(row: &Row) -> Result<Option<Source>> {
    let (Some(wire), Some(external_id)) = (row.maybe_text("wire")?, row.maybe_text("external_id")?) else {
        return Ok(None);
    };
    Ok(Some(Source { wire, external_id, canonical: row.maybe_text("canonical")? }))
}
