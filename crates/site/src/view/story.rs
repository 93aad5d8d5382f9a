//! A story, and what a list shows of one.

use serde::Serialize;
use station::story::Summary;
use station::{Byline, Person, Rights, Timestamp};

use super::frame::{Article, Head};
use super::person::Author;
use super::sound::Place;
use super::{Block, Edition, Frame, Link, Moment, Picture, Prose, Sound, address, json_ld, sample};

/// The page of a story.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// What stands around it.
    pub frame: Frame,
    /// The story.
    pub story: Story,
    /// Other stories of its section, newest first.
    pub more: Vec<Teaser>,
    /// Until when the link shows it, where this is a preview and not the page that readers see.
    pub preview_until: Option<Moment>,
}

/// A story as its page shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Story {
    /// Its address on this site.
    pub href: String,
    /// The few words above the headline; may be empty.
    pub kicker: String,
    /// The headline.
    pub headline: String,
    /// One or two sentences below it.
    pub teaser: String,
    /// Its section.
    pub section: Link,
    /// Who is credited.
    pub bylines: Vec<Credit>,
    /// When it was first published.
    pub published: Option<Moment>,
    /// When readers should know that it changed.
    pub updated: Option<Moment>,
    /// The picture above the text.
    pub lead: Option<Picture>,
    /// What can be heard of it, the report itself first.
    pub sounds: Vec<Sound>,
    /// The words.
    pub body: Vec<Block>,
    /// What was wrong and has been put right.
    pub corrections: Vec<Correction>,
    /// Whose it is, for a story from the wire.
    pub rights: Option<RightsLine>,
    /// Who wrote it, as far as the station knows them.
    pub authors: Vec<Author>,
}

/// A name over a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Credit {
    /// The name as it is printed.
    pub name: String,
    /// The page of the person, if the station knows them.
    pub href: Option<String>,
}

/// A dated admission.
#[derive(Clone, Debug, Serialize)]
pub struct Correction {
    /// What it says.
    pub text: Prose,
    /// When it was made.
    pub at: Moment,
}

/// "Copyright 2021 NPR. To see more, visit https://www.npr.org."
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RightsLine {
    /// "Copyright 2021 NPR."
    pub copyright: String,
    /// Where "To see more, visit …" leads.
    pub see_more: Option<String>,
    /// The story's own page at its owner's.
    pub original: Option<String>,
}

/// What a list shows of a story.
#[derive(Clone, Debug, Serialize)]
pub struct Teaser {
    /// Its address.
    pub href: String,
    /// The few words above the headline; may be empty.
    pub kicker: String,
    /// The headline.
    pub headline: String,
    /// One or two sentences.
    pub teaser: String,
    /// Its section.
    pub section: Link,
    /// Who is credited.
    pub bylines: Vec<Credit>,
    /// When it was first published.
    pub published: Moment,
    /// Its picture.
    pub picture: Option<Picture>,
    /// The report, if it can be heard.
    pub sound: Option<Sound>,
    /// Whose it is, if not the station's own: "NPR".
    pub owner: Option<String>,
}

impl Page {
    /// The page of a story; `people` are those of its bylines that the station knows.
    pub fn new(edition: &Edition, story: &station::Story, people: &[Person], more: &[Summary]) -> Self {
        let view = Story::new(edition, story, people);
        let canonical = story.rights.canonical.as_deref().and_then(address::safe_link);
        let head = Head {
            place: &view.section.href,
            title: if story.seo_title.is_empty() { &story.headline } else { &story.seo_title },
            description: &story.teaser,
            path: &view.href,
            canonical,
            is_noindex: story.rights.is_noindex,
            picture: view.lead.as_ref(),
            audio: view.sounds.first().map(|sound| sound.src.as_str()),
            article: Some(Article {
                published_at: story.published_at,
                updated_at: story.updated_at,
                section: &view.section.title,
            }),
            json_ld: Some(json_ld::story(edition, story, &view.href, view.lead.as_ref(), view.sounds.first())),
        };
        let more = more.iter().filter(|other| other.id != story.id).map(|other| Teaser::new(edition, other, people));
        Self { frame: Frame::new(edition, &head), more: more.collect(), story: view, preview_until: None }
    }

    /// The page of a story as it will look, for whoever has a link that shows it until `until`: no machine is told that
    /// there is such a story.
    pub fn preview(edition: &Edition, story: &station::Story, people: &[Person], until: Timestamp) -> Self {
        let page = Self::new(edition, story, people, &[]);
        let head = Head {
            place: &page.story.section.href,
            title: &story.headline,
            description: &story.teaser,
            is_noindex: true,
            ..Head::default()
        };
        let preview_until = Some(edition.times().moment(until));
        Self { frame: Frame::new(edition, &head), preview_until, ..page }
    }

    /// For tests and the preview of themes: an own story that is not published yet.
    pub fn sample_preview() -> Self {
        let (edition, story) = (sample::edition(), station::Story { published_at: None, ..sample::own_story() });
        Self::preview(&edition, &story, &sample::people(), edition.now + std::time::Duration::from_secs(86_400))
    }

    /// For tests and the preview: an own story with every kind of block.
    pub fn sample() -> Self {
        Self::new(&sample::edition(), &sample::own_story(), &sample::people(), &sample::summaries())
    }

    /// For tests and the preview: a story from the wire.
    pub fn sample_from_the_wire() -> Self {
        Self::new(&sample::edition(), &sample::wire_story(), &sample::people(), &sample::summaries())
    }
}

impl Story {
    fn new(edition: &Edition, story: &station::Story, people: &[Person]) -> Self {
        let times = edition.times();
        let href = href(edition, &story.section, &story.slug, story.published_at);
        let section = edition.section_link(&story.section);
        let lead = story.lead.as_ref().and_then(Picture::of);
        let place = Place {
            page: &href,
            context: &section.title,
            title: &story.headline,
            artwork: lead.as_ref().map(|picture| picture.src.as_str()),
        };
        Self {
            kicker: story.kicker.clone(),
            headline: story.headline.clone(),
            teaser: story.teaser.clone(),
            bylines: Credit::all(&story.bylines, people),
            published: story.published_at.map(|at| times.moment(at)),
            updated: story.updated_at.map(|at| times.moment(at)),
            sounds: story.sounds.iter().filter_map(|sound| Sound::of(sound, &place)).collect(),
            body: Block::all(&story.body, &times, &place),
            corrections: story
                .corrections
                .iter()
                .map(|correction| Correction { text: Prose::of(&correction.text), at: times.moment(correction.at) })
                .collect(),
            rights: RightsLine::of(&story.rights),
            authors: authors(edition, &story.bylines, people),
            lead,
            section,
            href,
        }
    }
}

impl Credit {
    /// The names, each leading to its person where that is among `people`.
    pub fn all(bylines: &[Byline], people: &[Person]) -> Vec<Self> {
        bylines
            .iter()
            .map(|byline| Credit { name: byline.name.clone(), href: known(byline, people).map(super::person::href) })
            .collect()
    }
}

impl RightsLine {
    fn of(rights: &Rights) -> Option<Self> {
        let safe = |href: &str| address::safe_link(href).map(Into::into);
        Some(Self {
            copyright: rights.copyright()?,
            see_more: rights.see_more().and_then(safe),
            original: rights.canonical.as_deref().and_then(safe),
        })
    }
}

impl Teaser {
    /// The summary of a story; names lead to their persons where those are among `people`.
    pub fn new(edition: &Edition, summary: &Summary, people: &[Person]) -> Self {
        let href = href(edition, &summary.section, &summary.slug, Some(summary.published_at));
        let section = edition.section_link(&summary.section);
        let picture = summary.lead.as_ref().and_then(Picture::of);
        let place = Place {
            page: &href,
            context: &section.title,
            title: &summary.headline,
            artwork: picture.as_ref().map(|picture| picture.src.as_str()),
        };
        Self {
            kicker: summary.kicker.clone(),
            headline: summary.headline.clone(),
            teaser: summary.teaser.clone(),
            bylines: Credit::all(&summary.bylines, people),
            published: edition.times().moment(summary.published_at),
            sound: summary.sounds.first().and_then(|sound| Sound::of(sound, &place)),
            owner: summary.rights.owners.first().map(|owner| owner.name.clone()),
            picture,
            section,
            href,
        }
    }

    /// The summaries of several stories.
    pub fn all(edition: &Edition, summaries: &[Summary], people: &[Person]) -> Vec<Self> {
        summaries.iter().map(|summary| Self::new(edition, summary, people)).collect()
    }
}

fn href(edition: &Edition, section: &station::Slug, slug: &station::Slug, published_at: Option<Timestamp>) -> String {
    station::story::path(section, published_at.unwrap_or(edition.now), &edition.zone(), slug)
}

fn known<'a>(byline: &Byline, people: &'a [Person]) -> Option<&'a Person> {
    people.iter().find(|person| Some(person.id) == byline.person)
}

fn authors(edition: &Edition, bylines: &[Byline], people: &[Person]) -> Vec<Author> {
    bylines.iter().filter_map(|byline| known(byline, people)).map(|person| Author::new(edition, person)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_from_the_wire_says_whose_it_is_and_where_it_stands_first() {
        let page = Page::sample_from_the_wire();
        let rights = page.story.rights.unwrap();
        assert_eq!(rights.copyright, "Copyright 2026 NPR.");
        assert_eq!(rights.see_more.as_deref(), Some("https://www.npr.org"));
        assert_eq!(page.frame.canonical, rights.original);
        assert!(page.frame.open_graph.url.starts_with("https://www.harrowvalley.example/"));
    }

    #[test]
    fn an_own_story_is_its_own_first_place() {
        let page = Page::sample();
        assert_eq!(page.frame.canonical.unwrap(), format!("https://www.harrowvalley.example{}", page.story.href));
        assert_eq!(page.story.rights, None);
        assert!(page.more.iter().all(|other| other.href != page.story.href));
    }
}
