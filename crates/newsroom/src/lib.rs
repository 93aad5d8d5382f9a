//! What the station's people do with a story: write it, publish it, correct it, take it back.
//!
//! One act is one file. Every act writes the story, a revision that says by whom and why, and the event that tells the
//! other rooms, in the transaction that it is handed: all of it becomes true when that is committed, or none. A story
//! from the wire is its owner's: here it can be killed, and nothing else.
//!
//! Start at [`write`], then [`publish`](fn@publish).

mod correct;
mod kill;
mod publish;
mod thin;
pub mod write;

use station::story::State;
use station::{StationId, Story, StoryId};
use store::Tx;

pub use correct::correct;
pub use kill::kill;
pub use publish::publish;

/// What an act returns.
pub type Result<T> = std::result::Result<T, Error>;

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
    #[error("a story that is {} cannot be {act}", state.as_str())]
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
    /// Something that a reader must find is not there.
    #[error("the story has no {what}")]
    Incomplete {
        /// What is not there: "headline", "words", "admission".
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
    /// The store did not do its part.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The story as it stands, held until the transaction ends.
async fn held(tx: &mut Tx, station: StationId, story: StoryId) -> Result<Story> {
    store::story::by_id_in(tx, station, story).await?.ok_or(Error::Missing { story })
}

/// Refuses what a reader could make nothing of.
fn check_readable(story: &Story) -> Result<()> {
    if story.headline.trim().is_empty() {
        return Err(Error::Incomplete { what: "headline" });
    }
    if story.body.is_empty() && story.sounds.is_empty() && story.lead.is_none() {
        return Err(Error::Incomplete { what: "words" });
    }
    Ok(())
}
