//! Every page of the invented station: for tests, and for whoever works on a theme.

use bytes::Bytes;
use serde::Serialize;

use crate::colours;
use crate::templates::{Error, Templates};
use crate::view::{about, episode, error, home, listen, person, programme, sample, schedule, section, story};

/// A page of the invented station.
pub struct Sample {
    /// Its name, for a file.
    pub name: &'static str,
    /// Where the invented station has it.
    pub address: &'static str,
    render: fn(&Templates) -> Result<String, Error>,
}

/// Every kind of page, and the kinds of the pages that have several.
pub fn pages() -> &'static [Sample] {
    const PAGES: &[Sample] = &[
        Sample { name: "home", address: "/", render: |t| page(t, "home.html", &home::Page::sample()) },
        Sample { name: "section", address: "/news", render: |t| page(t, "section.html", &section::Page::sample()) },
        Sample {
            name: "story",
            address: "/science/2026-11-24/why-the-harrow-rises-overnight",
            render: |t| page(t, "story.html", &story::Page::sample()),
        },
        Sample {
            name: "story-preview",
            address: "/preview/of-a-story",
            render: |t| page(t, "story.html", &story::Page::sample_preview()),
        },
        Sample {
            name: "story-from-the-wire",
            address: "/news/2026-11-23/listening-to-soil",
            render: |t| page(t, "story.html", &story::Page::sample_from_the_wire()),
        },
        Sample { name: "people", address: "/people", render: |t| page(t, "people.html", &person::ListPage::sample()) },
        Sample {
            name: "person",
            address: "/people/mara-lindqvist",
            render: |t| page(t, "person.html", &person::Page::sample()),
        },
        Sample {
            name: "programmes",
            address: "/programmes",
            render: |t| page(t, "programmes.html", &programme::ListPage::sample()),
        },
        Sample {
            name: "programme",
            address: "/programmes/the-morning-ledger",
            render: |t| page(t, "programme.html", &programme::Page::sample()),
        },
        Sample {
            name: "episode",
            address: "/episodes/what-a-gauge-can-tell-you",
            render: |t| page(t, "episode.html", &episode::Page::sample()),
        },
        Sample {
            name: "schedule",
            address: "/schedule",
            render: |t| page(t, "schedule.html", &schedule::Page::sample()),
        },
        Sample {
            name: "schedule-day",
            address: "/schedule?day=2026-11-24",
            render: |t| page(t, "schedule.html", &schedule::Page::sample_day()),
        },
        Sample { name: "listen", address: "/listen", render: |t| page(t, "listen.html", &listen::Page::sample()) },
        Sample { name: "about", address: "/about", render: |t| page(t, "about.html", &about::Page::sample()) },
        Sample { name: "error", address: "/error", render: |t| page(t, "error.html", &error::Page::sample()) },
    ];
    PAGES
}

/// The HTML of a page.
pub fn render(templates: &Templates, page: &Sample) -> Result<String, Error> {
    (page.render)(templates)
}

/// What pages load from this host: files of crate `web`, the station's colours, and a drawn place-holder for any picture.
/// With its media type.
pub fn asset(path: &str) -> Option<(&'static str, Bytes)> {
    let accent = sample::station().accent;
    if path == "/assets/station.css" {
        return Some(("text/css; charset=utf-8", colours::stylesheet(&accent).into()));
    }
    if path == "/favicon.svg" || path.starts_with("/media/sample-") {
        return Some(("image/svg+xml", colours::icon(&accent).into()));
    }
    let found = web::asset(path.strip_prefix("/assets/")?)?;
    Some((found.media_type, Bytes::from_static(found.identity)))
}

fn page(templates: &Templates, name: &str, view: &impl Serialize) -> Result<String, Error> {
    templates.render(name, view)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a page may weigh, as it is and compressed.
    const PAGE_BYTES_MAX: usize = 100 * 1024;

    #[test]
    fn every_page_renders_from_its_sample_and_weighs_little() {
        let templates = Templates::new(None);
        for sample in pages() {
            let html = render(&templates, sample).unwrap_or_else(|fault| panic!("{}: {fault:#?}", sample.name));
            assert!(html.starts_with("<!doctype html>") || html.starts_with("<!DOCTYPE html>"), "{}", sample.name);
            assert!(html.len() <= PAGE_BYTES_MAX, "{} has {} bytes", sample.name, html.len());
            assert!(!html.contains("<style") && !html.contains(" style=\""), "{} has a style of its own", sample.name);
        }
    }

    #[test]
    fn every_error_page_renders() {
        let templates = Templates::new(None);
        for reason in error::Reason::ALL {
            let html = templates.render("error.html", &error::Page::new(&sample::edition(), reason)).unwrap();
            assert!(html.contains(reason.title()), "{reason:?}");
        }
    }

    #[test]
    fn a_page_has_one_main_headline_and_no_script_of_its_own() {
        let templates = Templates::new(None);
        for sample in pages() {
            let html = render(&templates, sample).unwrap();
            assert_eq!(html.matches("<h1").count(), 1, "{}", sample.name);
            let scripts = html.match_indices("<script").map(|(at, _)| html[at..].split('>').next().unwrap_or_default());
            for script in scripts {
                assert!(script.contains("src=") || script.contains("application/ld+json"), "{}: {script}", sample.name);
            }
        }
    }
}
