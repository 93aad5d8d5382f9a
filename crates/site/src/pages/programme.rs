//! `/programmes` and `/programmes/{programme}`

use std::time::Duration;

use station::{Broadcast, EpisodeId, ProgrammeId};

use super::{Draft, Fault, LIST_ITEMS, Result, Visit, cut};
use crate::cache::Tag;
use crate::view::programme::{ListPage, Page, Rows, href};

/// How far ahead its next broadcasts are looked for.
const AHEAD: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// How many of them are shown.
const UPCOMING: usize = 5;

pub(super) async fn draft_list(visit: &Visit) -> Result<Draft> {
    let station = visit.edition.station.id;
    let programmes = store::programme::all(&visit.db, station).await?;
    let people = store::person::all(&visit.db, station).await?;
    let rules = store::schedule::rules(&visit.db, station).await?;
    let page = ListPage::new(&visit.edition, &programmes, &Rows { people: &people, rules: &rules });
    Ok(Draft::new("programmes.html", &page, vec![Tag::Programmes, Tag::People, Tag::Schedule]))
}

pub(super) async fn draft(visit: &Visit) -> Result<Draft> {
    let (db, edition) = (&visit.db, &visit.edition);
    let station = edition.station.id;
    let programme = store::programme::by_slug(db, station, visit.word(0)).await?.ok_or(Fault::NotFound)?;
    let before = visit.before(EpisodeId)?;
    let mut episodes = store::episode::by_programme(db, station, programme.id, before, LIST_ITEMS + 1).await?;
    if episodes.is_empty() && before.is_some() {
        return Err(Fault::NotFound);
    }
    let people = store::person::all(db, station).await?;
    let rules = store::schedule::rules(db, station).await?;
    let upcoming = upcoming(visit, programme.id).await?;

    let older = cut(&mut episodes, &href(&programme), |episode| (episode.published_at, episode.id.0));
    let rows = Rows { people: &people, rules: &rules };
    let page = Page::new(edition, &programme, &rows, &upcoming, &episodes, older);
    let mut tags: Vec<Tag> = episodes.iter().map(|episode| Tag::Episode(episode.id)).collect();
    tags.extend([Tag::Programme(programme.id), Tag::People, Tag::Schedule, Tag::OnAir]);
    let next_end = upcoming.iter().map(|broadcast| broadcast.end).min();
    Ok(Draft::new("programme.html", &page, tags).fresh_until(next_end))
}

async fn upcoming(visit: &Visit, programme: ProgrammeId) -> Result<Vec<Broadcast>> {
    let now = visit.edition.now;
    let all = store::broadcast::between(&visit.db, visit.edition.station.id, now, now + AHEAD).await?;
    Ok(all.into_iter().filter(|broadcast| broadcast.programme == programme).take(UPCOMING).collect())
}
