//! Rotations: what each service's automation plays by.

use station::{Rotation, ServiceId, StationId};

use crate::value::json;
use crate::{Db, Result, Tx};

questions! { "rotation":
    SAVE = "
        INSERT INTO rotation (station, service, document)
        VALUES ($1, $2, $3)
        ON CONFLICT (station, service) DO UPDATE
        SET document = excluded.document";

    BY_SERVICE = "
        SELECT document
        FROM rotation
        WHERE station = $1
          AND service = $2";
}

/// Saves the rotation; it takes the place of the service's other one.
pub async fn save(tx: &mut Tx, rotation: &Rotation) -> Result<()> {
    tx.execute(SAVE, values![rotation.station, rotation.service, json(rotation)]).await?;
    Ok(())
}

/// What a service's automation plays by; `None` where nobody has written anything down.
pub async fn by_service(db: &Db, station: StationId, service: ServiceId) -> Result<Option<Rotation>> {
    db.one(BY_SERVICE, values![station, service], |row| row.json("document")).await
}
