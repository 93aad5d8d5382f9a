//! Where a story stands, and what can be done with it: what the template `acts.html` gets.

use serde::Serialize;
use station::act::{Plan, Step};
use station::story::State;
use station::{Act, Story, story};

use super::{place, title, wall};
use crate::pages::Result;
use crate::view::{Moment, Times};
use crate::visit::Visit;

/// How much of a story's life is shown.
const STEPS: u32 = 50;
/// How many preview links are counted.
const PREVIEWS: u32 = 100;

/// Where a story stands.
#[derive(Serialize)]
pub(crate) struct Standing {
    id: i64,
    headline: String,
    section: String,
    state: &'static str,
    state_words: String,
    /// Its page on the public site, if readers see it.
    address: Option<String>,
    /// True if it came by the wire: then all that can be done with it here is to kill it.
    is_from_wire: bool,
    /// What comes next: the one button.
    next: Option<Choice>,
    /// Everything else that can be done, folded away.
    others: Vec<Choice>,
    plan: Option<Planned>,
    /// For the field in which a moment is chosen.
    zone: String,
    earliest: String,
    steps: Vec<Done>,
    previews: usize,
    /// A preview link that was just made; it is shown once.
    link: Option<String>,
    /// Why nothing was done.
    pub(super) fault: Option<String>,
}

/// An act that can be done.
#[derive(Clone, Serialize)]
struct Choice {
    /// Its name in addresses.
    act: &'static str,
    /// What the button says.
    title: &'static str,
    /// What it comes to, in a sentence.
    meaning: &'static str,
}

/// What becomes of the story at a moment of its own.
#[derive(Serialize)]
struct Planned {
    due: Moment,
    is_update: bool,
    /// What has to be said of the clocks.
    clocks: Option<String>,
    by: String,
    /// Why it could not be done, if it was tried in vain.
    fault: Option<String>,
}

#[derive(Serialize)]
struct Done {
    at: Moment,
    by: String,
    words: &'static str,
    why: String,
}

impl Standing {
    pub(crate) async fn new(visit: &Visit, story: &Story, fault: Option<String>, link: Option<String>) -> Result<Self> {
        let (db, station) = (visit.db(), &visit.station);
        let times = Times::new(station, visit.now);
        let plan = store::plan::of_story(db, station.id, story.id).await?;
        let steps = store::step::of_story(db, station.id, story.id, STEPS).await?;
        let previews = store::preview::of_story(db, station.id, story.id, visit.now, PREVIEWS).await?;
        let mut others = choices(visit, story, plan.is_some());
        let next = next(story.state).and_then(|act| take(&mut others, act));
        Ok(Self {
            id: story.id.0,
            headline: title(story),
            section: story.section.to_string(),
            state: story.state.as_str(),
            state_words: words(story.state),
            address: address(visit, story),
            is_from_wire: story.source.is_some(),
            next,
            others,
            plan: plan.map(|plan| planned(visit, &times, plan)),
            zone: station.zone.clone(),
            earliest: wall::field(station, visit.now),
            steps: steps.into_iter().map(|step| step_done(&times, step)).collect(),
            previews: previews.len(),
            link,
            fault,
        })
    }
}

/// What may be done with the story by this visitor, in the order of a story's life.
fn choices(visit: &Visit, story: &Story, has_plan: bool) -> Vec<Choice> {
    let can = |act: Act| {
        act.leads(story.state).is_some()
            && (story.source.is_none() || act == Act::Kill)
            && (act != Act::Unschedule || has_plan)
            && visit.powers().may_in(act.permission(), place(story))
    };
    Act::ALL.into_iter().filter(|act| can(*act)).map(|act| choice(act, story.state)).collect()
}

fn choice(act: Act, state: State) -> Choice {
    let is_live = state == State::Published;
    let (title, meaning) = match act {
        Act::Submit => ("Hand in", "Whoever may approve stories finds it among those to look over."),
        Act::SendBack => ("Send back", "It is a draft again, with your word on what is missing."),
        Act::Approve => ("Mark as ready", "It can be published without another look."),
        Act::Schedule if is_live => (
            "Schedule this change",
            "Readers go on seeing the old text until then. What is written later is not in it.",
        ),
        Act::Schedule if state == State::Scheduled => {
            ("Schedule anew", "The text as it is now, at another moment or the same.")
        }
        Act::Schedule => {
            ("Schedule", "It is published at that second, as it is written now. What is written later is not in it.")
        }
        Act::Unschedule if is_live => ("Drop the planned change", "Readers go on seeing the text that they see now."),
        Act::Unschedule => {
            ("Take out of the schedule", "It is ready, and nothing happens until somebody publishes it.")
        }
        Act::Publish if state == State::Unpublished => {
            ("Publish again", "It stands at its old address, with its old date.")
        }
        Act::Publish if state == State::Scheduled => ("Publish now", "It does not wait for its moment."),
        Act::Publish => ("Publish", "Readers see it at once."),
        Act::Update => ("Update", "Readers see what has been written since."),
        Act::Correct => ("Correct", "What was wrong is said on the page, with the date."),
        Act::Unpublish => {
            ("Unpublish", "It goes from every list. You say what stands at its address. It can come back.")
        }
        Act::Kill => (
            "Kill",
            "For a grave reason only. It goes from every page and list within a second, and does not come back.",
        ),
    };
    Choice { act: act.as_str(), title, meaning }
}

/// What comes next in a story's life: the furthest that somebody may take it is what they are asked for.
fn next(state: State) -> Option<&'static [Act]> {
    Some(match state {
        State::Draft => &[Act::Publish, Act::Approve, Act::Submit],
        State::InReview | State::Ready => &[Act::Publish, Act::Approve],
        State::Scheduled => &[Act::Unschedule],
        State::Published => &[Act::Update],
        State::Unpublished => &[Act::Publish],
        State::Withdrawn | State::Killed => return None,
    })
}

/// Takes the first of `acts` that is among the choices.
fn take(choices: &mut Vec<Choice>, acts: &[Act]) -> Option<Choice> {
    let at = acts.iter().find_map(|act| choices.iter().position(|choice| choice.act == act.as_str()))?;
    Some(choices.remove(at))
}

fn planned(visit: &Visit, times: &Times, plan: Plan) -> Planned {
    Planned {
        due: times.say(plan.due_at),
        is_update: plan.act == Act::Update,
        clocks: wall::note(&visit.station, plan.due_at, visit.now),
        by: plan.by,
        fault: plan.fault,
    }
}

fn step_done(times: &Times, step: Step) -> Done {
    // A moment that was written for machines is said above, where it is still to come.
    let why = if step.act == Act::Schedule { String::new() } else { step.why };
    Done { at: times.say(step.at), by: step.by, words: step.act.done(), why }
}

fn address(visit: &Visit, story: &Story) -> Option<String> {
    let published_at = story.published_at.filter(|_| story.state == State::Published)?;
    let zone = jiff::tz::TimeZone::get(&visit.station.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let site = visit.desk.settings().site_of(&visit.station);
    Some(format!("{site}{}", story::path(&story.section, published_at, &zone, &story.slug)))
}

/// A state as a heading says it: "In review".
fn words(state: State) -> String {
    match state {
        State::Draft => "Draft".to_owned(),
        other => {
            let words = other.words();
            words[..1].to_uppercase() + &words[1..]
        }
    }
}
