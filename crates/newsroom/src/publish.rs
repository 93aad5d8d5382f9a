//! Publish: a story can be read.

use station::act::Step;
use station::story::{Saved, State};
use station::{Act, Event, Story, Timestamp};
use store::Tx;

use crate::show::show;
use crate::{Errand, Error, Result, check_readable, onto, taken_up, working_text};

/// Publishes a story as it is written now: for the first time, ahead of the moment it was set for, or again after it was
/// unpublished. The date of its first publication is then what it was.
pub async fn publish(tx: &mut Tx, errand: &Errand<'_>) -> Result<Story> {
    let stands = taken_up(tx, errand, Act::Publish).await?;
    let text = working_text(tx, &stands).await?;
    show(tx, errand, Act::Publish, &stands, onto(&stands, text), "").await
}

/// Publishes a story that comes whole, from a command or an import, and of which nothing has been written at the desk.
///
/// The moment of its first publication is `now`, unless the story brings one of its own: what was published elsewhere
/// before keeps its date.
pub async fn publish_whole(tx: &mut Tx, mut story: Story, by: &str, now: Timestamp) -> Result<Story> {
    check_readable(&story)?;
    let from = check_may_publish(tx, &story).await?;
    story.state = State::Published;
    story.published_at.get_or_insert(now);
    store::story::save(tx, &story, &Saved { at: now, by: by.to_owned(), why: Act::Publish.done().to_owned() }).await?;
    let step = Step {
        story: story.id,
        at: now,
        by: by.to_owned(),
        act: Act::Publish,
        from,
        to: story.state,
        why: String::new(),
    };
    store::step::add(tx, story.station, &step).await?;
    store::change::add(tx, story.station, &Event::StoryPublished { story: story.id }).await?;
    Ok(story)
}

async fn check_may_publish(tx: &mut Tx, story: &Story) -> Result<State> {
    let act = Act::Publish;
    if story.source.is_some() {
        return Err(Error::NotOurs { act: act.done() });
    }
    // Whoever holds an old copy of a killed story must not bring it back with it.
    let stands = store::story::by_id_in(tx, story.station, story.id).await?;
    let state = stands.map_or(story.state, |stored| stored.state);
    act.leads(state).map(|_| state).ok_or(Error::WrongState { act: act.done(), state })
}
