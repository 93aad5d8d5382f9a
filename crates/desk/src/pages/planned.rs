//! What is planned: the stories that are published, or change, at a moment of their own; what could not be done comes first.

use serde::Serialize;
use station::act::Plan;
use station::{Act, Permission};

use crate::view::{Moment, Times};
use crate::visit::Visit;

use super::acts::{place, title};

/// How many are shown.
const PLANS: u32 = 20;

/// A line of the list.
#[derive(Serialize)]
pub(super) struct Planned {
    href: String,
    headline: String,
    due: Moment,
    is_update: bool,
    /// Why it could not be done, if it was tried in vain.
    fault: Option<String>,
}

/// What is planned in the sections whose drafts the visitor may read.
pub(super) async fn list(visit: &Visit) -> super::Result<Vec<Planned>> {
    let times = Times::new(&visit.station, visit.now);
    let mut plans = store::plan::all(visit.db(), visit.station.id, PLANS).await?;
    plans.retain(|plan| visit.powers().may_in(Permission::ViewDrafts, place(&plan.text)));
    plans.sort_by_key(|plan| plan.fault.is_none());
    Ok(plans.into_iter().map(|plan| line(&times, plan)).collect())
}

fn line(times: &Times, plan: Plan) -> Planned {
    Planned {
        href: format!("/stories/{}", plan.story),
        headline: title(&plan.text),
        due: times.say(plan.due_at),
        is_update: plan.act == Act::Update,
        fault: plan.fault,
    }
}
