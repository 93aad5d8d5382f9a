//! People: reporters, hosts, authors elsewhere.

use serde::Serialize;
use station::story::Summary;
use station::{Person, Programme};

use super::frame::Head;
use super::sound::Place;
use super::story::Teaser;
use super::{Block, Edition, Frame, Link, Picture, address, json_ld, sample};

/// The page of a person.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// What stands around it.
    pub frame: Frame,
    /// The person.
    pub person: Author,
    /// What they present.
    pub programmes: Vec<Link>,
    /// What they wrote, newest first.
    pub stories: Vec<Teaser>,
    /// Where older stories are.
    pub older: Option<String>,
}

/// The page of all people.
#[derive(Clone, Debug, Serialize)]
pub struct ListPage {
    /// What stands around it.
    pub frame: Frame,
    /// Everybody, by name. Their `bio` is left empty here.
    pub people: Vec<Author>,
}

/// A person as a page shows them.
#[derive(Clone, Debug, Serialize)]
pub struct Author {
    /// What they are called.
    pub name: String,
    /// What they do; may be empty.
    pub role: String,
    /// Their page.
    pub href: String,
    /// Who they are.
    pub bio: Vec<Block>,
    /// What they look like.
    pub picture: Option<Picture>,
    /// Their page at the wire that told us of them.
    pub elsewhere: Option<String>,
}

impl Author {
    /// The person, with their bio.
    pub fn new(edition: &Edition, person: &Person) -> Self {
        let href = href(person);
        let place = Place { page: &href, context: &edition.station.name, title: &person.name, artwork: None };
        let bio = Block::all(&person.bio, &edition.times(), &place);
        let canonical = person.source.as_ref().and_then(|source| source.canonical.as_deref());
        Self {
            name: person.name.clone(),
            role: person.role.clone(),
            bio,
            picture: person.image.as_ref().and_then(Picture::of),
            elsewhere: canonical.and_then(address::safe_link).map(Into::into),
            href,
        }
    }

    fn without_bio(edition: &Edition, person: &Person) -> Self {
        let brief = Person { bio: Vec::new(), ..person.clone() };
        Self::new(edition, &brief)
    }
}

impl Page {
    /// The page of a person with what they present and a page of what they wrote.
    pub fn new(
        edition: &Edition,
        person: &Person,
        programmes: &[Programme],
        stories: &[Summary],
        older: Option<String>,
    ) -> Self {
        let view = Author::new(edition, person);
        let description =
            if person.role.is_empty() { person.name.clone() } else { format!("{}: {}", person.name, person.role) };
        let head = Head {
            place: "people",
            title: &person.name,
            description: &description,
            path: &view.href,
            picture: view.picture.as_ref(),
            json_ld: Some(json_ld::person(edition, person, &view.href)),
            ..Head::default()
        };
        let hosted = programmes.iter().filter(|programme| programme.hosts.contains(&person.id));
        Self {
            frame: Frame::new(edition, &head),
            programmes: hosted.map(Link::to_programme).collect(),
            stories: Teaser::all(edition, stories, std::slice::from_ref(person)),
            older,
            person: view,
        }
    }

    /// For tests and the preview.
    pub fn sample() -> Self {
        let people = sample::people();
        let older = Some("/people/mara-lindqvist?before=1764000000000-1".to_owned());
        Self::new(&sample::edition(), &people[0], &sample::programmes(), &sample::summaries(), older)
    }
}

impl ListPage {
    /// The page of all people.
    pub fn new(edition: &Edition, people: &[Person]) -> Self {
        let description = format!("Who reports for {} and who is on the air.", edition.station.name);
        let head =
            Head { place: "people", title: "People", description: &description, path: "/people", ..Head::default() };
        let mut people: Vec<Author> = people.iter().map(|person| Author::without_bio(edition, person)).collect();
        people.sort_by_cached_key(|person| person.name.to_lowercase());
        Self { frame: Frame::new(edition, &head), people }
    }

    /// For tests and the preview.
    pub fn sample() -> Self {
        Self::new(&sample::edition(), &sample::people())
    }
}

/// The page of a person.
pub fn href(person: &Person) -> String {
    format!("/people/{}", person.slug)
}
