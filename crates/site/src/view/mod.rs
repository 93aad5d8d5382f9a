//! What pages show: plain values, made out of the station's words, that templates print.
//!
//! A page's Rust fetches rows, turns them into one `Page` of a module here, and hands that to the template of the
//! same name (`view::story::Page` → `templates/story.html`). Everything a template prints is text that minijinja
//! escapes, or a [`Prose`] that was escaped when it was made; so a template never needs `|safe`.
//!
//! Every `Page` has a [`Frame`] (what stands around the words: head, menu, services) and a `sample()`, with which its
//! template is rendered in tests and in the preview.
//!
//! Start at [`Edition`], then [`Frame`], then [`story::Page`].

pub mod about;
mod address;
pub mod block;
mod duration;
pub mod episode;
pub mod error;
pub mod frame;
pub mod home;
mod json_ld;
pub mod listen;
pub mod moment;
pub mod person;
pub mod picture;
pub mod programme;
pub mod prose;
pub mod sample;
pub mod schedule;
pub mod section;
pub mod sound;
pub mod story;

pub use block::Block;
pub use duration::Duration;
pub use frame::Frame;
pub use moment::Moment;
pub use picture::Picture;
pub use prose::Prose;
pub use sound::Sound;

use jiff::tz::TimeZone;
use serde::Serialize;
use station::{Programme, Section, Service, Slug, Station, Timestamp};

/// What every page of a station is made with at one moment: the station, its menu, its services and the time.
#[derive(Clone, Debug)]
pub struct Edition {
    /// The station itself.
    pub station: Station,
    /// Its sections, in the order of the menu.
    pub sections: Vec<Section>,
    /// Its services, in the order of the list.
    pub services: Vec<Service>,
    /// Where the site stands, without a slash at the end: `https://www.harrowvalley.example`.
    pub origin: String,
    /// The time of rendering.
    pub now: Timestamp,
}

/// A place to go, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The words that lead there.
    pub title: String,
    /// Where it is.
    pub href: String,
}

impl Edition {
    /// The station's time zone; UTC where its name means nothing to the time zone database.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.station.zone).unwrap_or(TimeZone::UTC)
    }

    /// How the station says times.
    pub fn times(&self) -> moment::Wording {
        moment::Wording::new(self.zone(), &self.station.language)
    }

    /// The whole address of a path of this site.
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// The section of that name, as a link. A section that is no longer in the menu still has its name.
    pub fn section_link(&self, slug: &Slug) -> Link {
        let known = self.sections.iter().find(|section| section.slug == *slug);
        let title = known.map_or_else(|| slug.to_string(), |section| section.title.clone());
        Link { title, href: format!("/{slug}") }
    }
}

impl Link {
    /// The page of a programme.
    pub fn to_programme(programme: &Programme) -> Self {
        Self { title: programme.title.clone(), href: format!("/programmes/{}", programme.slug) }
    }
}
