//! The frame: what stands around the words on every page, and what a page says of itself in its head.

use serde::Serialize;
use station::Timestamp;

use super::{Edition, Picture, Prose, listen};

/// What every template gets as `frame`.
#[derive(Clone, Debug, Serialize)]
pub struct Frame {
    /// The BCP 47 tag for `<html lang>`.
    pub language: String,
    /// What stands in `<title>`: the page's title with the station's name.
    pub title: String,
    /// One or two sentences for `<meta name=description>`.
    pub description: String,
    /// Which page this is, for the menu: `home`, `schedule`, `programmes`, `people`, `listen`, `about`, a section's
    /// address (`/news`), or empty.
    pub place: String,
    /// The address of this page on this site.
    pub path: String,
    /// What `<link rel=canonical>` says: this page, or the owner's page for a story from the wire. `None` on error pages.
    pub canonical: Option<String>,
    /// True if search engines must leave the page alone.
    pub is_noindex: bool,
    /// For whoever shows a link to this page.
    pub open_graph: OpenGraph,
    /// For `<script type="application/ld+json">`; print it as it is.
    pub json_ld: Option<Prose>,
    /// The station.
    pub station: Station,
    /// The year, for the line at the foot.
    pub year: i16,
    /// The sections, in the order of the menu.
    pub menu: Vec<Item>,
    /// What can be listened to, for the player and for the plain audio element where there is no script.
    pub services: Vec<listen::Service>,
}

/// The station as every page shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Station {
    /// Its name in files.
    pub slug: String,
    /// What it calls itself.
    pub name: String,
    /// A few words below the name.
    pub tagline: String,
    /// Call signs and frequencies: "WHVPR 91.3 Alder Falls".
    pub call_signs: Vec<String>,
    /// Where letters reach it.
    pub email: Option<String>,
    /// The large picture of the front page.
    pub banner: Option<Picture>,
    /// The station's own colours: a style sheet that sets `--accent` (the colour as chosen), `--accent-ink` (what is
    /// read on it: black or white), `--accent-on-light` and `--accent-on-dark` (the accent as text on a light and on a
    /// dark page, with a contrast of at least 4.5).
    pub stylesheet: String,
    /// The accent itself, for `<meta name=theme-color>`.
    pub accent: String,
    /// The IANA name of its zone, for a script that says times.
    pub zone: String,
}

/// An entry of the menu.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
    /// What it is called.
    pub title: String,
    /// Where it leads.
    pub href: String,
    /// True on the page it leads to and on those below it.
    pub is_current: bool,
}

/// The Open Graph properties of a page; addresses are whole.
#[derive(Clone, Debug, Serialize)]
pub struct OpenGraph {
    /// `website`, `article` or `profile`.
    pub kind: &'static str,
    /// The title without the station's name.
    pub title: String,
    /// The page's address on this site.
    pub url: String,
    /// A picture.
    pub image: Option<String>,
    /// What the picture shows.
    pub image_alt: Option<String>,
    /// A sound.
    pub audio: Option<String>,
    /// For articles: when it was published, RFC 3339.
    pub published: Option<String>,
    /// For articles: when it was changed, RFC 3339.
    pub modified: Option<String>,
    /// For articles: the section.
    pub section: Option<String>,
}

/// What a page says of itself; the frame is made out of it.
#[derive(Default)]
pub struct Head<'a> {
    /// See [`Frame::place`].
    pub place: &'a str,
    /// The page's title; empty on the front page, which is called like the station.
    pub title: &'a str,
    /// One or two sentences.
    pub description: &'a str,
    /// The page's address on this site.
    pub path: &'a str,
    /// The page that search engines should prefer, where it is not this one.
    pub canonical: Option<&'a str>,
    /// True if search engines must leave the page alone.
    pub is_noindex: bool,
    /// A picture for whoever shows a link to this page.
    pub picture: Option<&'a Picture>,
    /// A sound for whoever shows a link to this page.
    pub audio: Option<&'a str>,
    /// For a story.
    pub article: Option<Article<'a>>,
    /// What the page is about, for machines.
    pub json_ld: Option<serde_json::Value>,
}

/// What the head of a story says besides.
pub struct Article<'a> {
    /// When it was first published.
    pub published_at: Option<Timestamp>,
    /// When readers should know that it changed.
    pub updated_at: Option<Timestamp>,
    /// The section's title.
    pub section: &'a str,
}

impl Frame {
    /// The frame of a page of this edition.
    pub fn new(edition: &Edition, head: &Head<'_>) -> Self {
        let station = &edition.station;
        Self {
            language: station.language.clone(),
            title: document_title(head.title, &station.name),
            description: if head.description.is_empty() {
                station.tagline.clone()
            } else {
                head.description.to_owned()
            },
            place: head.place.to_owned(),
            path: head.path.to_owned(),
            canonical: canonical(edition, head),
            is_noindex: head.is_noindex,
            open_graph: OpenGraph::new(edition, head),
            json_ld: head.json_ld.as_ref().map(Prose::of_json),
            station: Station::new(edition),
            year: edition.now.to_zoned_datetime(edition.zone()).year(),
            menu: menu(edition, head.place),
            services: listen::Service::all(edition),
        }
    }
}

impl Station {
    fn new(edition: &Edition) -> Self {
        let station = &edition.station;
        Self {
            slug: station.slug.to_string(),
            name: station.name.clone(),
            tagline: station.tagline.clone(),
            call_signs: station.call_signs.clone(),
            email: station.email.clone(),
            banner: station.banner.as_ref().and_then(Picture::of),
            stylesheet: format!("/assets/station.css?v={}", station.accent.as_str().trim_start_matches('#')),
            accent: station.accent.as_str().to_owned(),
            zone: station.zone.clone(),
        }
    }
}

impl OpenGraph {
    fn new(edition: &Edition, head: &Head<'_>) -> Self {
        let whole = |src: &str| if src.starts_with('/') { edition.absolute(src) } else { src.to_owned() };
        let article = head.article.as_ref();
        let banner = edition.station.banner.as_ref().and_then(Picture::of);
        let picture = head.picture.or(banner.as_ref());
        let title = if head.title.is_empty() { edition.station.name.as_str() } else { head.title };
        Self {
            kind: if article.is_some() { "article" } else { "website" },
            title: title.to_owned(),
            url: edition.absolute(head.path),
            image: picture.map(|picture| whole(&picture.src)),
            image_alt: picture.map(|picture| picture.alt.clone()).filter(|alt| !alt.is_empty()),
            audio: head.audio.map(whole),
            published: article.and_then(|article| article.published_at).map(|at| at.to_string()),
            modified: article.and_then(|article| article.updated_at).map(|at| at.to_string()),
            section: article.map(|article| article.section.to_owned()),
        }
    }
}

fn document_title(title: &str, station: &str) -> String {
    if title.is_empty() { station.to_owned() } else { format!("{title} · {station}") }
}

fn canonical(edition: &Edition, head: &Head<'_>) -> Option<String> {
    match head.canonical {
        Some(canonical) => Some(canonical.to_owned()),
        None => (!head.path.is_empty()).then(|| edition.absolute(head.path)),
    }
}

fn menu(edition: &Edition, place: &str) -> Vec<Item> {
    edition
        .sections
        .iter()
        .map(|section| {
            let href = format!("/{}", section.slug);
            Item { title: section.title.clone(), is_current: href == place, href }
        })
        .collect()
}
