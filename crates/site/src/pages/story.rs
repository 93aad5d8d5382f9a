//! `/{section}/{date}/{story}`

use jiff::civil::Date;
use station::act::Ending;
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
    if story.state != State::Published {
        return in_its_place(visit, &story).await;
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

/// What stands at the address of a story that can no longer be read. One that has never been published does not exist,
/// and where readers are sent elsewhere nothing stands: the table of redirects knows where they go.
async fn in_its_place(visit: &Visit, story: &Story) -> Result<Draft> {
    if story.published_at.is_none() {
        return Err(Fault::NotFound);
    }
    let reason = match story.state {
        State::Withdrawn => Reason::Withdrawn,
        State::Killed => Reason::Killed,
        _ => Reason::Unpublished,
    };
    let page = error::Page::new(&visit.edition, reason);
    let page = match ending(visit, story).await? {
        Some(Ending::Redirect { .. }) => return Err(Fault::NotFound),
        Some(Ending::Notice { words }) => page.with_notice(words),
        Some(Ending::Gone) | None => page,
    };
    let mut draft = Draft::new("error.html", &page, vec![Tag::Story(story.id)]);
    draft.status = page.http_status();
    draft.subject = Some(story.id);
    Ok(draft)
}

async fn ending(visit: &Visit, story: &Story) -> Result<Option<Ending>> {
    if story.state != State::Unpublished {
        return Ok(None);
    }
    Ok(store::ending::of_story(&visit.db, visit.edition.station.id, story.id).await?)
}

pub(super) async fn known_people(visit: &Visit, story: &Story) -> Result<Vec<Person>> {
    let mut people: Vec<Person> = Vec::new();
    for id in story.bylines.iter().filter_map(|byline| byline.person) {
        if people.iter().all(|person| person.id != id) {
            people.extend(store::person::by_id(&visit.db, visit.edition.station.id, id).await?);
        }
    }
    Ok(people)
}
