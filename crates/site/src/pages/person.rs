//! `/people` and `/people/{person}`

use station::StoryId;

use super::{Draft, Fault, LIST_ITEMS, Result, Visit, cut, list_tags, place};
use crate::cache::Tag;
use crate::view::person::{ListPage, Page, href};

pub(super) async fn draft_list(visit: &Visit) -> Result<Draft> {
    let people = store::person::all(&visit.db, visit.edition.station.id).await?;
    Ok(Draft::new("people.html", &ListPage::new(&visit.edition, &people), vec![Tag::People]))
}

pub(super) async fn draft(visit: &Visit) -> Result<Draft> {
    let (db, edition) = (&visit.db, &visit.edition);
    let found = store::person::by_slug(db, edition.station.id, visit.word(0)).await?;
    let person = found.ok_or(Fault::NotFound)?;
    let before = visit.before(StoryId)?;
    let mut stories = store::story::by_person(db, edition.station.id, person.id, before, LIST_ITEMS + 1).await?;
    if stories.is_empty() && before.is_some() {
        return Err(Fault::NotFound);
    }
    let programmes = store::programme::all(db, edition.station.id).await?;

    let older = cut(&mut stories, &href(&person), place);
    let mut tags = list_tags(&stories);
    tags.extend([Tag::Person(person.id), Tag::Programmes]);
    Ok(Draft::new("person.html", &Page::new(edition, &person, &programmes, &stories, older), tags))
}
