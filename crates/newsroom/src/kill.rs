//! Kill: a story is gone everywhere at once, for a grave reason.

use station::story::{Saved, State};
use station::{Event, StationId, Story, StoryId, Timestamp};
use store::Tx;

use crate::{Error, Result, held};

/// Kills a story that readers could see, also one from the wire. It does not come back; its texts stay in its history.
///
/// Killing it once more changes nothing.
pub async fn kill(
    tx: &mut Tx,
    station: StationId,
    story: StoryId,
    reason: &str,
    by: &str,
    now: Timestamp,
) -> Result<Story> {
    let mut story = held(tx, station, story).await?;
    match story.state {
        State::Killed => return Ok(story),
        State::Draft => return Err(Error::WrongState { act: "killed", state: State::Draft }),
        State::Published | State::Withdrawn => {}
    }
    story.state = State::Killed;
    let saved = Saved { at: now, by: by.to_owned(), why: format!("killed: {reason}") };
    store::story::save(tx, &story, &saved).await?;
    store::change::add(tx, station, &Event::StoryWithdrawn { story: story.id }).await?;
    Ok(story)
}
