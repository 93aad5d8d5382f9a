//! Plans: what becomes of a story at a moment of its own.
//!
//! Whoever carries a plan out takes it ([`take_in`]) in the transaction that does the deed. If that fails the plan is still
//! there, and [`put_off`] says when it is tried again and why; if two machines try at once, one of them finds it gone.

use station::act::Plan;
use station::{StationId, StoryId, Timestamp};

use crate::row::Row;
use crate::value::json;
use crate::{Db, Result, Tx};

questions! { "plan":
    SAVE = "
        INSERT INTO plan (station, story, due_at, try_at, act, is_major, text, planned_by, planned_at, tries, fault)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (station, story) DO UPDATE
        SET due_at = excluded.due_at, try_at = excluded.try_at, act = excluded.act, is_major = excluded.is_major,
            text = excluded.text, planned_by = excluded.planned_by, planned_at = excluded.planned_at,
            tries = excluded.tries, fault = excluded.fault";

    OF_STORY = "
        SELECT station, story, due_at, act, is_major, text, planned_by, planned_at, tries, fault
        FROM plan
        WHERE station = $1
          AND story = $2";

    ALL = "
        SELECT station, story, due_at, act, is_major, text, planned_by, planned_at, tries, fault
        FROM plan
        WHERE station = $1
        ORDER BY due_at, story
        LIMIT $2";

    NEXT = "
        SELECT try_at
        FROM plan
        WHERE station = $1
        ORDER BY try_at, story
        LIMIT 1";

    DUE = "
        SELECT story
        FROM plan
        WHERE station = $1
          AND try_at <= $2
        ORDER BY try_at, story
        LIMIT $3";

    TAKE = "
        DELETE FROM plan
        WHERE station = $1
          AND story = $2
          AND try_at <= $3
        RETURNING station, story, due_at, act, is_major, text, planned_by, planned_at, tries, fault";

    CANCEL = "
        DELETE FROM plan
        WHERE station = $1
          AND story = $2";

    PUT_OFF = "
        UPDATE plan
        SET try_at = $1, tries = tries + 1, fault = $2
        WHERE station = $3
          AND story = $4
          AND try_at <= $5";
}

/// Plans it, in the place of what was planned for the story before.
pub async fn save(tx: &mut Tx, plan: &Plan) -> Result<()> {
    let values = values![
        plan.station,
        plan.story,
        plan.due_at,
        plan.due_at,
        plan.act.as_str(),
        i64::from(plan.is_major),
        json(&plan.text),
        &plan.by,
        plan.planned_at,
        plan.tries,
        plan.fault.as_deref(),
    ];
    tx.execute(SAVE, values).await?;
    Ok(())
}

/// What is planned for a story.
pub async fn of_story(db: &Db, station: StationId, story: StoryId) -> Result<Option<Plan>> {
    db.one(OF_STORY, values![station, story], read).await
}

/// What is planned, the soonest first.
pub async fn all(db: &Db, station: StationId, limit: u32) -> Result<Vec<Plan>> {
    db.all(ALL, values![station, limit], read).await
}

/// When the next plan is tried.
pub async fn next(db: &Db, station: StationId) -> Result<Option<Timestamp>> {
    db.one(NEXT, values![station], |row| row.time("try_at")).await
}

/// The stories whose plans are to be tried at `now`, the most overdue first.
pub async fn due(db: &Db, station: StationId, now: Timestamp, limit: u32) -> Result<Vec<StoryId>> {
    db.all(DUE, values![station, now, limit], |row| Ok(StoryId(row.number("story")?))).await
}

/// Takes a plan that is to be tried at `now`: of all who try at once, one gets it, and nobody if the plan was changed.
pub async fn take_in(tx: &mut Tx, station: StationId, story: StoryId, now: Timestamp) -> Result<Option<Plan>> {
    tx.one(TAKE, values![station, story, now], read).await
}

/// Cancels what was planned for a story; true if something was.
pub async fn cancel(tx: &mut Tx, station: StationId, story: StoryId) -> Result<bool> {
    Ok(tx.execute(CANCEL, values![station, story]).await? > 0)
}

/// Notes that a plan could not be carried out at `now`, and that it is tried again at `try_at`.
pub async fn put_off(
    tx: &mut Tx,
    station: StationId,
    story: StoryId,
    now: Timestamp,
    try_at: Timestamp,
    fault: &str,
) -> Result<()> {
    tx.execute(PUT_OFF, values![try_at, fault, station, story, now]).await?;
    Ok(())
}

fn read(row: &Row) -> Result<Plan> {
    Ok(Plan {
        station: StationId(row.number("station")?),
        story: StoryId(row.number("story")?),
        due_at: row.time("due_at")?,
        act: crate::step::act(row)?,
        is_major: row.number("is_major")? != 0,
        text: row.json("text")?,
        by: row.text("planned_by")?,
        planned_at: row.time("planned_at")?,
        tries: row.small("tries")?,
        fault: row.maybe_text("fault")?,
    })
}
