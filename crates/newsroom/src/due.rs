//! Due: what was planned for a moment is done when the moment comes.
//!
//! The keeper of plans sleeps until the next one, and wakes when something is planned or the wall clock was set. It takes
//! a plan in the transaction that carries it out, so each is carried out once, however many machines look; what was due
//! while the program was away is done as soon as it is back. A plan that fails stays, with the reason, and is tried again,
//! each time after a longer pause: the desk shows it until somebody has mended it.
//!
//! Start at [`run`].

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Heard, Subscription};
use jiff::SignedDuration;
use station::event::Message;
use station::{Clock, Event, Station, StoryId, Timestamp};
use store::Db;

use crate::{Error, schedule};

/// The longest that the wall clock goes unwatched: it may be set.
const CHECK: Duration = Duration::from_millis(500);
/// How long the store is left alone when it did not answer.
const STORE_RETRY: Duration = Duration::from_secs(1);
/// The longest that the plans go unread, should an event have been lost.
const READ_AGAIN: SignedDuration = SignedDuration::from_secs(60);
/// How many plans are carried out before the others are looked at.
const BATCH: u32 = 64;
/// How long after its first failure a plan is tried again; twice as long after each further one.
const PLAN_RETRY: SignedDuration = SignedDuration::from_secs(2);
/// The longest pause between two tries.
const PLAN_RETRY_MAX: SignedDuration = SignedDuration::from_mins(5);

/// Carries out every station's plans until the bus is closed. It may be dropped at any time: what it was at never happened
/// then, and is done by the next that runs.
pub async fn run(db: Db, bus: Arc<dyn Bus>, clock: Arc<dyn Clock>) {
    let mut heard = bus.subscribe();
    loop {
        let next = match work_off(&db, &*clock).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(?error, "what is planned could not be read; trying again");
                tokio::time::sleep(STORE_RETRY).await;
                continue;
            }
        };
        tokio::select! {
            is_open = something_is_planned(&mut heard) => if !is_open { return },
            () = moment(next, &*clock) => {}
        }
    }
}

/// Carries out whatever is due at every station; says when to look again.
///
/// What one plan meets never keeps another from being carried out. Fails only if the plans cannot be read at all.
pub async fn work_off(db: &Db, clock: &dyn Clock) -> store::Result<Timestamp> {
    let mut next = clock.now() + READ_AGAIN;
    for station in store::station::all(db).await? {
        for story in store::plan::due(db, station.id, clock.now(), BATCH).await? {
            carry_out(db, &station, story, clock.now()).await?;
        }
        next = store::plan::next(db, station.id).await?.map_or(next, |due| due.min(next));
    }
    Ok(next)
}

async fn carry_out(db: &Db, station: &Station, story: StoryId, now: Timestamp) -> store::Result<()> {
    let mut tries = 0;
    match attempt(db, station, story, now, &mut tries).await {
        Ok(()) => Ok(()),
        Err(Error::Store(error)) if error.is_unavailable() => Err(error),
        Err(error) => put_off(db, station, story, now, tries, &error).await,
    }
}

/// Carries the plan out, all of it or nothing. `tries` is set to how often that was tried before.
async fn attempt(db: &Db, station: &Station, story: StoryId, now: Timestamp, tries: &mut u32) -> crate::Result<()> {
    let mut tx = db.begin().await?;
    // Another machine may have been faster, or somebody has planned otherwise.
    let Some(plan) = store::plan::take_in(&mut tx, station.id, story, now).await? else { return Ok(()) };
    *tries = plan.tries;
    let (due_at, act) = (plan.due_at, plan.act);
    schedule::carry_out(&mut tx, station, plan, now).await?;
    tx.commit().await?;
    metrics::counter!("groundwave_plans_total", "outcome" => "done").increment(1);
    tracing::info!(%story, act = act.as_str(), late_ms = (now - due_at).as_millis(), "a plan was carried out");
    Ok(())
}

async fn put_off(
    db: &Db,
    station: &Station,
    story: StoryId,
    now: Timestamp,
    tries: u32,
    error: &Error,
) -> store::Result<()> {
    let try_at = now + pause(tries);
    tracing::error!(%story, ?error, %try_at, "a plan could not be carried out");
    metrics::counter!("groundwave_plans_total", "outcome" => "failed").increment(1);
    let mut tx = db.begin().await?;
    store::plan::put_off(&mut tx, station.id, story, now, try_at, &error.to_string()).await?;
    tx.commit().await
}

/// How long a plan rests that has been tried in vain so many times before.
fn pause(tries: u32) -> SignedDuration {
    let longer = PLAN_RETRY.checked_mul(1 << tries.min(16)).unwrap_or(PLAN_RETRY_MAX);
    longer.min(PLAN_RETRY_MAX)
}

/// Comes when something may be planned otherwise; false if nothing will be any more.
async fn something_is_planned(heard: &mut Subscription) -> bool {
    loop {
        match heard.next().await {
            Heard::Message(Message { event, .. }) if is_about_plans(&event) => return true,
            Heard::Message(_) => {}
            Heard::Missed(_) => return true,
            Heard::Closed => return false,
        }
    }
}

fn is_about_plans(event: &Event) -> bool {
    matches!(event, Event::StoryMoved { .. } | Event::StationChanged)
}

/// Waits until the wall clock shows `moment`, also if it is set meanwhile.
async fn moment(moment: Timestamp, clock: &dyn Clock) {
    loop {
        let left = Duration::try_from(moment - clock.now()).unwrap_or_default();
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(CHECK)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_that_fails_again_and_again_rests_longer_and_never_too_long() {
        let seconds: Vec<i64> = (0..10).map(|tries| pause(tries).as_secs()).collect();
        assert_eq!(seconds, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(pause(u32::MAX), PLAN_RETRY_MAX);
    }
}
