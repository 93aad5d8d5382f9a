//! Correct: what was wrong is admitted and put right.

use station::story::{Correction, Saved, State};
use station::{Event, Story, Text, Timestamp};
use store::Tx;

use crate::{Error, Result, check_readable, held};

/// Puts `corrected` in the place of a published story and adds an admission that readers see: what was wrong.
///
/// Its address stays: section, slug and the date of first publication are taken from the story as it stands, and so are
/// its earlier corrections.
pub async fn correct(tx: &mut Tx, corrected: Story, admission: Text, by: &str, now: Timestamp) -> Result<Story> {
    if admission.is_empty() {
        return Err(Error::Incomplete { what: "admission" });
    }
    check_readable(&corrected)?;
    let stands = held(tx, corrected.station, corrected.id).await?;
    check_may_correct(&stands)?;
    let saved = Saved { at: now, by: by.to_owned(), why: format!("corrected: {}", admission.words()) };
    let mut corrections = stands.corrections;
    corrections.push(Correction { text: admission, at: now });
    let story = Story {
        section: stands.section,
        slug: stands.slug,
        state: stands.state,
        published_at: stands.published_at,
        source: stands.source,
        updated_at: Some(now),
        corrections,
        ..corrected
    };
    store::story::save(tx, &story, &saved).await?;
    store::change::add(tx, story.station, &Event::StoryUpdated { story: story.id }).await?;
    Ok(story)
}

fn check_may_correct(stands: &Story) -> Result<()> {
    let act = "corrected";
    match (&stands.source, stands.state) {
        (Some(_), _) => Err(Error::NotOurs { act }),
        (None, State::Published) => Ok(()),
        (None, state) => Err(Error::WrongState { act, state }),
    }
}
