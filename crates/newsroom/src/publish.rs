//! Publish: a story can be read for the first time.

use station::story::{Saved, State};
use station::{Event, Story, Timestamp};
use store::Tx;

use crate::{Error, Result, check_readable};

/// Publishes a draft, saved before or not. `by` is who says so.
///
/// The moment of its first publication is `now`, unless the story brings one of its own: what was published elsewhere
/// before keeps its date.
pub async fn publish(tx: &mut Tx, mut story: Story, by: &str, now: Timestamp) -> Result<Story> {
    check_readable(&story)?;
    check_may_publish(tx, &story).await?;
    story.state = State::Published;
    story.published_at.get_or_insert(now);
    store::story::save(tx, &story, &Saved { at: now, by: by.to_owned(), why: "published".to_owned() }).await?;
    store::change::add(tx, story.station, &Event::StoryPublished { story: story.id }).await?;
    Ok(story)
}

async fn check_may_publish(tx: &mut Tx, story: &Story) -> Result<()> {
    let act = "published";
    if story.source.is_some() {
        return Err(Error::NotOurs { act });
    }
    // Whoever holds an old copy of a killed story must not bring it back with it.
    let stands = store::story::by_id_in(tx, story.station, story.id).await?;
    match stands.map_or(story.state, |stored| stored.state) {
        State::Draft => Ok(()),
        state => Err(Error::WrongState { act, state }),
    }
}
