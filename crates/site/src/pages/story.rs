//! `/{section}/{date}/{story}`

use jiff::civil::Date;
use station::story::State;
use station::{Person, Slug, Story};

use super::{Draft, Fault, Result, Visit};
use crate::cache::Tag;
use crate::view::error::{self, Reason};
use crate::view::story::Page;

/// How many other stories of the section stand below; one more is asked for, because the story itself is among them.
const MORE: u32 = 6;

pub(super) async fn draft(visit: &Visit) -> Result<Draft> {
    let (db, edition) = (&visit.db, &visit.edition);
    let (section, date, slug) = (visit.word(0), visit.word(1), visit.word(2));
    if !is_address(section, date, slug) {
        return Err(Fault::NotFound);
    }
    let found = store::story::by_path(db, edition.station.id, section, date, slug).await?;
    let story = found.ok_or(Fault::NotFound)?;
    if let Some(reason) = why_gone(&story)? {
        return Ok(gone(visit, &story, reason));
    }
    let people = known_people(visit, &story).await?;
    let more = store::story::latest_in_section(db, edition.station.id, section, None, MORE + 1).await?;

    let mut tags = vec![Tag::Story(story.id)];
    tags.extend(people.iter().map(|person| Tag::Person(person.id)));
    tags.extend(more.iter().map(|other| Tag::Story(other.id)));
    let mut draft = Draft::new("story.html", &Page::new(edition, &story, &people, &more), tags);
    draft.subject = Some(story.id);
    Ok(draft)
}

/// Spares the store what cannot be an address of ours.
fn is_address(section: &str, date: &str, slug: &str) -> bool {
    let is_date = date.parse::<Date>().is_ok_and(|parsed| parsed.to_string() == date);
    is_date && Slug::parse(section).is_ok() && Slug::parse(slug).is_ok()
}

/// Why a story that once was there can no longer be read. One that has never been published does not exist.
fn why_gone(story: &Story) -> Result<Option<Reason>> {
    match (story.state, story.published_at) {
        (State::Published, _) => Ok(None),
        (State::Withdrawn, _) => Ok(Some(Reason::Withdrawn)),
        (State::Killed, _) => Ok(Some(Reason::Killed)),
        (State::Draft, Some(_)) => Ok(Some(Reason::Unpublished)),
        (State::Draft, None) => Err(Fault::NotFound),
    }
}

fn gone(visit: &Visit, story: &Story, reason: Reason) -> Draft {
    let mut draft = Draft::new("error.html", &error::Page::new(&visit.edition, reason), vec![Tag::Story(story.id)]);
    draft.status = reason.status();
    draft.subject = Some(story.id);
    draft
}

async fn known_people(visit: &Visit, story: &Story) -> Result<Vec<Person>> {
    let mut people: Vec<Person> = Vec::new();
    for id in story.bylines.iter().filter_map(|byline| byline.person) {
        if people.iter().all(|person| person.id != id) {
            people.extend(store::person::by_id(&visit.db, visit.edition.station.id, id).await?);
        }
    }
    Ok(people)
}
