//! `/{section}`

use station::StoryId;

use super::{Draft, Fault, LIST_ITEMS, Result, Visit, cut, list_tags, place};
use crate::cache::Tag;
use crate::view::section::{Page, Sheet};

pub(super) async fn draft(visit: &Visit) -> Result<Draft> {
    let (db, edition) = (&visit.db, &visit.edition);
    let slug = visit.word(0);
    let section = edition.sections.iter().find(|section| section.slug.as_str() == slug).ok_or(Fault::NotFound)?;
    let before = visit.before(StoryId)?;
    let mut stories = store::story::latest_in_section(db, edition.station.id, slug, before, LIST_ITEMS + 1).await?;
    if stories.is_empty() && before.is_some() {
        return Err(Fault::NotFound);
    }
    let people = store::person::all(db, edition.station.id).await?;

    let first = format!("/{slug}");
    let older = cut(&mut stories, &first, place);
    let path = visit.asked("before").map_or(first.clone(), |before| format!("{first}?before={before}"));
    let mut tags = list_tags(&stories);
    tags.push(Tag::People);
    let sheet = Sheet { stories: &stories, people: &people, path, is_first: before.is_none(), older };
    Ok(Draft::new("section.html", &Page::new(edition, section, sheet), tags))
}
