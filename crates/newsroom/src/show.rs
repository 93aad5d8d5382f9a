//! Show: a text comes before readers, and its address with it. What publishing, updating, correcting and the clock share.

use jiff::tz::TimeZone;
use station::redirect::{Cause, Pattern};
use station::{Act, Station, Story, Timestamp, story};
use store::Tx;

use crate::{Errand, Error, Result, check_readable, leads, redirect, settle};

/// Puts `text` before readers in the place of what stands. An address that it leaves leads on to the new one, and what was
/// planned for the story is over.
pub(crate) async fn show(
    tx: &mut Tx,
    errand: &Errand<'_>,
    act: Act,
    stands: &Story,
    text: Story,
    why: &str,
) -> Result<Story> {
    check_readable(&text)?;
    let published_at = text.published_at.unwrap_or(errand.now);
    let story = Story { state: leads(act, stands)?, published_at: Some(published_at), ..text };
    let (old, new) =
        (stands.published_at.map(|at| path(errand.station, stands, at)), path(errand.station, &story, published_at));
    if old.as_deref() != Some(&new) {
        check_free(tx, errand, &story, published_at, &new).await?;
    }
    store::plan::cancel(tx, story.station, story.id).await?;
    // Nobody is led away from where a story stands.
    store::redirect::forget(tx, story.station, &Pattern::exact(new.as_str())).await?;
    if let Some(old) = old.filter(|old| *old != new) {
        redirect::lead(tx, story.station, errand.redirect(old, new, Cause::Moved)).await?;
    }
    settle(tx, errand, act, stands.state, &story, why).await?;
    note_what_stands(tx, &story).await?;
    Ok(story)
}

/// Notes that the draft is what readers see, unless somebody has written on since what they see was set for its moment.
async fn note_what_stands(tx: &mut Tx, story: &Story) -> Result<()> {
    let draft = store::draft::by_story_in(tx, story.station, story.id).await?;
    if draft.is_some_and(|draft| draft.document.apply_to(story.clone()) == *story) {
        store::draft::stands(tx, story.station, story.id).await?;
    }
    Ok(())
}

/// The address of a story that is published at `published_at`.
pub(crate) fn path(station: &Station, story: &Story, published_at: Timestamp) -> String {
    story::path(&story.section, published_at, &zone(station), &story.slug)
}

async fn check_free(
    tx: &mut Tx,
    errand: &Errand<'_>,
    story: &Story,
    published_at: Timestamp,
    path: &str,
) -> Result<()> {
    let date = zone(errand.station).to_datetime(published_at).date().to_string();
    let is_free = store::story::slug_is_free_in(tx, story.station, &story.section, &date, &story.slug).await?;
    if is_free { Ok(()) } else { Err(Error::AddressTaken { path: path.to_owned() }) }
}

fn zone(station: &Station) -> TimeZone {
    TimeZone::get(&station.zone).unwrap_or(TimeZone::UTC)
}
