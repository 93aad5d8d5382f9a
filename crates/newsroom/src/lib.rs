//! What the station's people do with a story, from the draft to the reader and after.
//!
//! One act is one file. Every act writes the story, a revision that says by whom and why, the step in the story's life and
//! the event that tells the other rooms, in the transaction that it is handed: all of it becomes true when that is
//! committed, or none. Where an act leads is said once, by [`Act::leads`]. What was planned for a moment is carried out by
//! [`due`]. A story from the wire is its owner's: here it can be killed, and nothing else.
//!
//! Start at [`write`], then [`publish`](fn@publish).

mod approve;
pub mod compare;
mod correct;
pub mod due;
mod kill;
mod publish;
pub mod redirect;
mod schedule;
mod send_back;
mod show;
mod submit;
mod thin;
mod unpublish;
mod update;
pub mod write;

use station::act::Step;
use station::redirect::{Cause, Fault, Pattern};
use station::story::{Saved, State};
use station::{Act, Event, Redirect, Station, StationId, Story, StoryId, Timestamp};
use store::Tx;

pub use approve::approve;
pub use correct::correct;
pub use kill::kill;
pub use publish::{publish, publish_whole};
pub use schedule::{schedule, unschedule};
pub use send_back::send_back;
pub use submit::submit;
pub use unpublish::unpublish;
pub use update::{Weight, update};

/// What an act returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Who does something with which story, and when.
#[derive(Clone, Copy, Debug)]
pub struct Errand<'a> {
    /// Whose story it is.
    pub station: &'a Station,
    /// Which.
    pub story: StoryId,
    /// Who does it, by name.
    pub by: &'a str,
    /// When.
    pub now: Timestamp,
}

impl Errand<'_> {
    /// One address that leads to another because of what is done.
    fn redirect(&self, from: String, to: String, cause: Cause) -> Redirect {
        Redirect { from: Pattern::exact(from), to, cause, by: self.by.to_owned(), at: self.now }
    }
}

/// Why an act was not done. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such story at the station.
    #[error("story {story} is not there")]
    Missing {
        /// Which.
        story: StoryId,
    },
    /// What a story in this state cannot have done to it.
    #[error("a story that is {} cannot be {act}", state.words())]
    WrongState {
        /// What was asked: "published", "corrected", "killed".
        act: &'static str,
        /// Where the story stands.
        state: State,
    },
    /// The story is its owner's, and so are its words.
    #[error("a story from the wire cannot be {act} here: its owner does that")]
    NotOurs {
        /// What was asked.
        act: &'static str,
    },
    /// Something that must be there is not.
    #[error("{what} is missing")]
    Incomplete {
        /// What is not there: "the headline", "the reason".
        what: &'static str,
    },
    /// There is no such revision of the story.
    #[error("story {story} has no revision {number}")]
    NoRevision {
        /// Of which story.
        story: StoryId,
        /// Which.
        number: i64,
    },
    /// The text cannot be taken as it is.
    #[error(transparent)]
    Draft(#[from] station::draft::Fault),
    /// Readers see this text already.
    #[error("nothing has been changed since the story was last published")]
    Unchanged,
    /// The moment is over.
    #[error("the moment is over already: choose one that is to come")]
    Past,
    /// Nothing is planned for the story.
    #[error("nothing is planned for this story")]
    NoPlan,
    /// Another story stands at the address that this one would have.
    #[error("another story stands at {path} already: choose another address")]
    AddressTaken {
        /// The address.
        path: String,
    },
    /// Readers cannot be sent where they should be sent.
    #[error(transparent)]
    Redirect(#[from] Fault),
    /// The store did not do its part.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The story as it stands, held until the transaction ends.
async fn held(tx: &mut Tx, station: StationId, story: StoryId) -> Result<Story> {
    store::story::by_id_in(tx, station, story).await?.ok_or(Error::Missing { story })
}

/// The same, once it is known that the act can be done with it.
async fn taken_up(tx: &mut Tx, errand: &Errand<'_>, act: Act) -> Result<Story> {
    let stands = held(tx, errand.station.id, errand.story).await?;
    leads(act, &stands).map(|_| stands)
}

/// Where the act takes the story.
fn leads(act: Act, stands: &Story) -> Result<State> {
    if stands.source.is_some() && act != Act::Kill {
        return Err(Error::NotOurs { act: act.done() });
    }
    act.leads(stands.state).ok_or(Error::WrongState { act: act.done(), state: stands.state })
}

/// The text that is being written: what the acts bring before readers. Where nobody writes, it is what stands.
async fn working_text(tx: &mut Tx, stands: &Story) -> Result<Story> {
    let draft = store::draft::by_story_in(tx, stands.station, stands.id).await?;
    Ok(draft.map_or_else(|| stands.clone(), |draft| draft.document.apply_to(stands.clone())))
}

/// The words of `text` with all that is not its writer's: where `stands` is in its life, and what has been admitted.
fn onto(stands: &Story, text: Story) -> Story {
    Story {
        id: stands.id,
        station: stands.station,
        state: stands.state,
        published_at: stands.published_at,
        updated_at: stands.updated_at,
        corrections: stands.corrections.clone(),
        source: stands.source.clone(),
        rights: stands.rights.clone(),
        ..text
    }
}

/// Writes what was done: the story with a revision, the step in its life, the event.
async fn settle(tx: &mut Tx, errand: &Errand<'_>, act: Act, from: State, story: &Story, why: &str) -> Result<()> {
    store::story::save(tx, story, &saved(errand, act, why)).await?;
    note(tx, errand, act, from, story.state, why).await
}

/// Writes the step and the event of an act that leaves the story's row as it was.
async fn note(tx: &mut Tx, errand: &Errand<'_>, act: Act, from: State, to: State, why: &str) -> Result<()> {
    let (story, why) = (errand.story, why.to_owned());
    let step = Step { story, at: errand.now, by: errand.by.to_owned(), act, from, to, why };
    store::step::add(tx, errand.station.id, &step).await?;
    store::change::add(tx, errand.station.id, &event(act, story)).await?;
    Ok(())
}

fn saved(errand: &Errand<'_>, act: Act, why: &str) -> Saved {
    let why = if why.is_empty() { act.done().to_owned() } else { format!("{}: {why}", act.done()) };
    Saved { at: errand.now, by: errand.by.to_owned(), why }
}

/// What the other rooms are told.
fn event(act: Act, story: StoryId) -> Event {
    match act {
        Act::Publish => Event::StoryPublished { story },
        Act::Update | Act::Correct => Event::StoryUpdated { story },
        Act::Unpublish | Act::Kill => Event::StoryWithdrawn { story },
        Act::Submit | Act::SendBack | Act::Approve | Act::Schedule | Act::Unschedule => Event::StoryMoved { story },
    }
}

/// Refuses what a reader could make nothing of.
fn check_readable(story: &Story) -> Result<()> {
    if story.headline.trim().is_empty() {
        return Err(Error::Incomplete { what: "the headline" });
    }
    if story.body.is_empty() && story.sounds.is_empty() && story.lead.is_none() {
        return Err(Error::Incomplete { what: "the text" });
    }
    Ok(())
}

/// A reason as it is kept; an empty one is refused.
fn reason(why: &str) -> Result<&str> {
    let why = why.trim();
    if why.is_empty() { Err(Error::Incomplete { what: "the reason" }) } else { Ok(why) }
}
