//! A section: its stories, newest first, a page at a time.

use serde::Serialize;
use station::Person;
use station::story::Summary;

use super::frame::Head;
use super::story::Teaser;
use super::{Edition, Frame, sample};

/// The page of a section.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// What stands around it.
    pub frame: Frame,
    /// What it is called.
    pub title: String,
    /// One sentence.
    pub teaser: String,
    /// Its address.
    pub href: String,
    /// Its stories, newest first.
    pub stories: Vec<Teaser>,
    /// True on the first page: the newest.
    pub is_first: bool,
    /// Where older stories are.
    pub older: Option<String>,
}

/// One page of a section's stories.
pub struct Sheet<'a> {
    /// The stories, newest first.
    pub stories: &'a [Summary],
    /// The station's people.
    pub people: &'a [Person],
    /// The address of this sheet.
    pub path: String,
    /// True for the newest.
    pub is_first: bool,
    /// The address of the sheet with older ones.
    pub older: Option<String>,
}

impl Page {
    /// A sheet of a section.
    pub fn new(edition: &Edition, section: &station::Section, sheet: Sheet<'_>) -> Self {
        let href = format!("/{}", section.slug);
        let head = Head {
            place: &href,
            title: &section.title,
            description: &section.teaser,
            path: &sheet.path,
            ..Head::default()
        };
        Self {
            frame: Frame::new(edition, &head),
            title: section.title.clone(),
            teaser: section.teaser.clone(),
            stories: Teaser::all(edition, sheet.stories, sheet.people),
            is_first: sheet.is_first,
            older: sheet.older,
            href,
        }
    }

    /// For tests and the preview.
    pub fn sample() -> Self {
        let edition = sample::edition();
        let (stories, people) = (sample::summaries(), sample::people());
        let older = Some("/news?before=1764000000000-1".to_owned());
        let sheet = Sheet { stories: &stories, people: &people, path: "/news".into(), is_first: true, older };
        Self::new(&edition, &edition.sections[0], sheet)
    }
}
