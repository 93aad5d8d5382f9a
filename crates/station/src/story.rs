//! A story: the piece of journalism, what it is and what may become of it.

use serde::{Deserialize, Serialize};

use crate::person::Source;
use crate::{Block, Byline, Image, ProgrammeId, Rights, Slug, Sound, StationId, StoryId, Text, Timestamp};

/// A piece of journalism: own or from the wire. Its body is blocks, never HTML.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// Names it for ever.
    pub id: StoryId,
    /// Whose site it stands on.
    pub station: StationId,
    /// The section it belongs to.
    pub section: Slug,
    /// The programme that it was made for, if it was.
    #[serde(default)]
    pub programme: Option<ProgrammeId>,
    /// Its name in addresses, one of its own within section and date.
    pub slug: Slug,
    /// The few words above the headline; may be empty.
    pub kicker: String,
    /// The headline, plain.
    pub headline: String,
    /// The headline for search results and the browser's tab, where it should differ; empty otherwise.
    #[serde(default)]
    pub seo_title: String,
    /// One or two sentences below it, plain.
    pub teaser: String,
    /// Who is credited.
    pub bylines: Vec<Byline>,
    /// The picture above the text.
    pub lead: Option<Image>,
    /// What can be heard of it, the report itself first.
    pub sounds: Vec<Sound>,
    /// The words.
    pub body: Vec<Block>,
    /// What was wrong and has been put right.
    pub corrections: Vec<Correction>,
    /// Where it stands in its life.
    pub state: State,
    /// When it was first published: part of its address. `None` before.
    pub published_at: Option<Timestamp>,
    /// When its words last changed in a way that readers should know.
    pub updated_at: Option<Timestamp>,
    /// The wire record that it is made from; `None` for the station's own.
    pub source: Option<Source>,
    /// Whose it is and what may be done with it.
    pub rights: Rights,
}

/// Where a story stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Being written.
    Draft,
    /// Handed in: somebody looks it over.
    InReview,
    /// Good to be published.
    Ready,
    /// Set to be published at a moment of its own.
    Scheduled,
    /// Can be read.
    Published,
    /// Taken off the site by the station; it may come back.
    Unpublished,
    /// Taken back by its owner elsewhere: gone, with a sentence that says so.
    Withdrawn,
    /// Taken back for a grave reason: gone everywhere at once.
    Killed,
}

impl State {
    /// Every state, in the order of a story's life.
    pub const ALL: [State; 8] = [
        State::Draft,
        State::InReview,
        State::Ready,
        State::Scheduled,
        State::Published,
        State::Unpublished,
        State::Withdrawn,
        State::Killed,
    ];

    /// Its name in rows and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::InReview => "in-review",
            State::Ready => "ready",
            State::Scheduled => "scheduled",
            State::Published => "published",
            State::Unpublished => "unpublished",
            State::Withdrawn => "withdrawn",
            State::Killed => "killed",
        }
    }

    /// What it is in words that follow "is": "in review".
    pub fn words(self) -> &'static str {
        match self {
            State::Draft => "a draft",
            State::InReview => "in review",
            other => other.as_str(),
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A dated, worded admission: what was wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    /// What it says.
    pub text: Text,
    /// When it was made.
    pub at: Timestamp,
}

/// What a list of stories shows of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Which.
    pub id: StoryId,
    /// The section it belongs to.
    pub section: Slug,
    /// Its name in addresses.
    pub slug: Slug,
    /// The few words above the headline; may be empty.
    pub kicker: String,
    /// The headline.
    pub headline: String,
    /// One or two sentences.
    pub teaser: String,
    /// Who is credited, as printed.
    pub bylines: Vec<Byline>,
    /// Its picture.
    pub lead: Option<Image>,
    /// What can be heard of it, the report itself first.
    pub sounds: Vec<Sound>,
    /// When it was first published.
    pub published_at: Timestamp,
    /// Whose it is.
    pub rights: Rights,
}

/// What the desk's list shows of a story, in whatever state it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// Which.
    pub id: StoryId,
    /// Whose site it stands on.
    pub station: StationId,
    /// The section it belongs to.
    pub section: Slug,
    /// The programme that it was made for.
    pub programme: Option<ProgrammeId>,
    /// Its name in addresses.
    pub slug: Slug,
    /// The headline.
    pub headline: String,
    /// Who is credited, as printed.
    pub bylines: Vec<Byline>,
    /// Where it stands in its life.
    pub state: State,
    /// When it was first published; `None` before.
    pub published_at: Option<Timestamp>,
    /// The date in its address, written `2026-11-24`; `None` before it is published.
    pub path_date: Option<String>,
    /// The wire it came by; `None` for the station's own.
    pub wire: Option<String>,
    /// When its newest text was saved.
    pub saved_at: Timestamp,
    /// Who saved it.
    pub saved_by: String,
    /// True if its draft has something that is not in the story yet.
    pub is_ahead: bool,
    /// Who last wrote in it, and until when they hold it.
    pub lock: Option<(String, Timestamp)>,
}

/// One saved text of a story, and who saved it why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// When.
    pub at: Timestamp,
    /// Who: a person's name, or the wire it came by.
    pub by: String,
    /// Why, in a few words.
    pub why: String,
}

/// The address of a story on its station's site: `/news/2026-11-24/river-gauge`, the date being that of first
/// publication in the station's `zone`.
pub fn path(section: &Slug, published_at: Timestamp, zone: &jiff::tz::TimeZone, slug: &Slug) -> String {
    let date = zone.to_datetime(published_at).date();
    format!("/{section}/{date}/{slug}")
}
