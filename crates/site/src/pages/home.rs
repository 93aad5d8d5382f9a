//! `/`

use station::story::Summary;

use super::{Draft, Result, Visit, list_tags, next_boundary};
use crate::cache::Tag;
use crate::view::home::{Page, Rows};

/// How many of the newest stories are asked for: enough that some are left when old recommendations are taken out.
const LATEST: u32 = 30;
const OF_SECTION: u32 = 12;
const EPISODES: u32 = 4;

pub(super) async fn draft(visit: &Visit) -> Result<Draft> {
    let (db, edition) = (&visit.db, &visit.edition);
    let station = edition.station.id;
    let latest = store::story::latest(db, station, None, LATEST).await?;
    let mut by_section: Vec<Vec<Summary>> = Vec::with_capacity(edition.sections.len());
    for section in &edition.sections {
        by_section.push(store::story::latest_in_section(db, station, section.slug.as_str(), None, OF_SECTION).await?);
    }
    let people = store::person::all(db, station).await?;
    let programmes = store::programme::all(db, station).await?;
    let episodes = store::episode::latest(db, station, None, EPISODES).await?;
    let now_next = visit.now_next().await?;

    let rows = Rows {
        latest: &latest,
        by_section: &by_section,
        people: &people,
        now_next: &now_next,
        programmes: &programmes,
        episodes: &episodes,
    };
    let mut tags = list_tags(&latest);
    tags.extend(by_section.iter().flatten().map(|story| Tag::Story(story.id)));
    tags.extend(episodes.iter().map(|episode| Tag::Episode(episode.id)));
    tags.extend([Tag::People, Tag::Programmes, Tag::Episodes, Tag::OnAir]);
    let last_recommended = latest.iter().chain(by_section.iter().flatten());
    let last_recommended = last_recommended.filter_map(|story| story.rights.recommend_until);
    let last_recommended = last_recommended.filter(|until| edition.now < *until).min();
    let draft = Draft::new("home.html", &Page::new(edition, &rows), tags);
    Ok(draft.fresh_until(next_boundary(&now_next)).fresh_until(last_recommended))
}
