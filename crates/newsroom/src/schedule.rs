//! Schedule: a story is published at a moment of its own, or the text of it that readers see changes then.

use station::act::Plan;
use station::story::State;
use station::{Act, Station, Story, Timestamp};
use store::Tx;

use crate::show::show;
use crate::update::{Weight, dated};
use crate::{Errand, Error, Result, check_readable, leads, note, onto, settle, taken_up, working_text};

/// Sets the story, as it is written now, for `due_at`. What is written afterwards is not in it: whoever wants that in
/// sets it again. Of a published story readers go on seeing the old text until then; `weight` says whether the new one is
/// dated.
pub async fn schedule(tx: &mut Tx, errand: &Errand<'_>, due_at: Timestamp, weight: Weight) -> Result<Plan> {
    if due_at <= errand.now {
        return Err(Error::Past);
    }
    let stands = taken_up(tx, errand, Act::Schedule).await?;
    let text = onto(&stands, working_text(tx, &stands).await?);
    check_readable(&text)?;
    let is_live = stands.state == State::Published;
    if is_live && text == stands {
        return Err(Error::Unchanged);
    }
    let plan = Plan {
        station: stands.station,
        story: stands.id,
        due_at,
        act: if is_live { Act::Update } else { Act::Publish },
        is_major: weight == Weight::Major,
        text: text.clone(),
        by: errand.by.to_owned(),
        planned_at: errand.now,
        tries: 0,
        fault: None,
    };
    store::plan::save(tx, &plan).await?;
    let why = format!("for {due_at}");
    if is_live {
        note(tx, errand, Act::Schedule, stands.state, stands.state, &why).await?;
    } else {
        let story = Story { state: leads(Act::Schedule, &stands)?, ..text };
        settle(tx, errand, Act::Schedule, stands.state, &story, &why).await?;
    }
    Ok(plan)
}

/// Takes back what was planned for the story: a story that nobody has read yet is ready again.
pub async fn unschedule(tx: &mut Tx, errand: &Errand<'_>) -> Result<Story> {
    let stands = taken_up(tx, errand, Act::Unschedule).await?;
    if !store::plan::cancel(tx, stands.station, stands.id).await? {
        return Err(Error::NoPlan);
    }
    let to = leads(Act::Unschedule, &stands)?;
    if to == stands.state {
        note(tx, errand, Act::Unschedule, to, to, "").await?;
        return Ok(stands);
    }
    let story = Story { state: to, ..stands.clone() };
    settle(tx, errand, Act::Unschedule, stands.state, &story, "").await?;
    Ok(story)
}

/// Does what was planned, its moment having come.
pub(crate) async fn carry_out(tx: &mut Tx, station: &Station, plan: Plan, now: Timestamp) -> Result<Story> {
    let errand = Errand { station, story: plan.story, by: &plan.by, now };
    let stands = taken_up(tx, &errand, plan.act).await?;
    let weight = if plan.is_major { Weight::Major } else { Weight::Minor };
    let text = onto(&stands, plan.text);
    let text = if plan.act == Act::Update { dated(text, weight, &errand) } else { text };
    show(tx, &errand, plan.act, &stands, text, "as planned").await
}
