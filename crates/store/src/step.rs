//! Steps: what was done with a story, by whom and why. None is ever changed.

use station::act::Step;
use station::{Act, StationId, StoryId};

use crate::row::Row;
use crate::{Db, Error, Result, Tx};

questions! { "step":
    ADD = "
        INSERT INTO step (station, story, number, at, done_by, act, from_state, to_state, why)
        SELECT $1, $2, COALESCE(MAX(number), 0) + 1, $3, $4, $5, $6, $7, $8
        FROM step
        WHERE station = $1
          AND story = $2";

    OF_STORY = "
        SELECT story, at, done_by, act, from_state, to_state, why
        FROM step
        WHERE station = $1
          AND story = $2
        ORDER BY number DESC
        LIMIT $3";
}

/// Adds a step to a story's life.
pub async fn add(tx: &mut Tx, station: StationId, step: &Step) -> Result<()> {
    let Step { story, at, by, act, from, to, why } = step;
    tx.execute(ADD, values![station, *story, *at, by, act.as_str(), from.as_str(), to.as_str(), why]).await?;
    Ok(())
}

/// What was done with a story, the latest first.
pub async fn of_story(db: &Db, station: StationId, story: StoryId, limit: u32) -> Result<Vec<Step>> {
    db.all(OF_STORY, values![station, story, limit], read).await
}

fn read(row: &Row) -> Result<Step> {
    Ok(Step {
        story: StoryId(row.number("story")?),
        at: row.time("at")?,
        by: row.text("done_by")?,
        act: act(row)?,
        from: crate::story::state(row, "from_state")?,
        to: crate::story::state(row, "to_state")?,
        why: row.text("why")?,
    })
}

/// The act in the column of that name.
pub(crate) fn act(row: &Row) -> Result<Act> {
    let act = row.text("act")?;
    Act::parse(&act).ok_or_else(|| Error::corrupt("act", format!("`{act}` is no act")))
}
