//! Endings: what stands at the address of a story that was unpublished.

use station::act::Ending;
use station::{StationId, StoryId};

use crate::value::json;
use crate::{Db, Result, Tx};

questions! { "ending":
    SAVE = "
        INSERT INTO ending (station, story, document)
        VALUES ($1, $2, $3)
        ON CONFLICT (station, story) DO UPDATE
        SET document = excluded.document";

    OF_STORY = "
        SELECT document
        FROM ending
        WHERE station = $1
          AND story = $2";
}

/// Says what stands there from now on.
pub async fn save(tx: &mut Tx, station: StationId, story: StoryId, ending: &Ending) -> Result<()> {
    tx.execute(SAVE, values![station, story, json(ending)]).await?;
    Ok(())
}

/// What stands there, if the story was ever unpublished.
pub async fn of_story(db: &Db, station: StationId, story: StoryId) -> Result<Option<Ending>> {
    db.one(OF_STORY, values![station, story], |row| row.json("document")).await
}
