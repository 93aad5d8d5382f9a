//! `/episodes/{episode}`

use super::{Draft, Fault, Result, Visit};
use crate::cache::Tag;
use crate::view::episode::Page;

/// How many other episodes stand below; one more is asked for, because the episode itself is among them.
const MORE: u32 = 6;

pub(super) async fn draft(visit: &Visit) -> Result<Draft> {
    let (db, edition) = (&visit.db, &visit.edition);
    let station = edition.station.id;
    let episode = store::episode::by_slug(db, station, visit.word(0)).await?.ok_or(Fault::NotFound)?;
    let programme = store::programme::by_id(db, station, episode.programme).await?.ok_or(Fault::NotFound)?;
    let recording = store::recording::by_episode(db, station, episode.id).await?;
    let others = store::episode::by_programme(db, station, programme.id, None, MORE + 1).await?;

    let mut tags: Vec<Tag> = others.iter().map(|other| Tag::Episode(other.id)).collect();
    tags.extend([Tag::Episode(episode.id), Tag::Programme(programme.id)]);
    Ok(Draft::new("episode.html", &Page::new(edition, &episode, &programme, recording.as_ref(), &others), tags))
}
