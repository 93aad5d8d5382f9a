//! Owners of syndicated stories, as a wire's directory names them. They are the same for every station.

use station::Timestamp;
use station::rights::Owner;

use crate::row::Row;
use crate::{Db, Result, Tx};

questions! { "owner":
    SAVE = "
        INSERT INTO owner (wire, org_id, name, site, fetched_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (wire, org_id) DO UPDATE
        SET name = excluded.name, site = excluded.site, fetched_at = excluded.fetched_at";

    GET = "
        SELECT name, site, fetched_at
        FROM owner
        WHERE wire = $1
          AND org_id = $2";
}

/// Saves what the directory of `wire` said of the organisation at `fetched_at`.
pub async fn save(tx: &mut Tx, wire: &str, org_id: &str, owner: &Owner, fetched_at: Timestamp) -> Result<()> {
    tx.execute(SAVE, values![wire, org_id, &owner.name, owner.site.as_deref(), fetched_at]).await?;
    Ok(())
}

/// What the directory of `wire` said of the organisation, and when it was asked.
pub async fn get(db: &Db, wire: &str, org_id: &str) -> Result<Option<(Owner, Timestamp)>> {
    db.one(GET, values![wire, org_id], read).await
}

fn read(row: &Row) -> Result<(Owner, Timestamp)> {
    Ok((Owner { name: row.text("name")?, site: row.maybe_text("site")? }, row.time("fetched_at")?))
}
