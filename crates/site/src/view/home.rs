//! The front page: the lead, what is on, the sections, the latest.

use serde::Serialize;
use station::broadcast::NowNext;
use station::story::Summary;
use station::{Episode, Person, Programme, Timestamp};

use super::frame::Head;
use super::listen::OnAir;
use super::story::Teaser;
use super::{Edition, Frame, Link, episode, json_ld, sample};

/// How many stories of a section the front page shows.
const SECTION_STORIES: usize = 4;
/// How many of the latest stories it lists.
const LATEST_STORIES: usize = 8;

/// The front page.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// What stands around it. The banner is `frame.station.banner`.
    pub frame: Frame,
    /// The story that stands first.
    pub lead: Option<Teaser>,
    /// The newest stories without the lead, newest first.
    pub latest: Vec<Teaser>,
    /// Each section with stories that stand neither as the lead nor among the latest, unless it has no others. A
    /// section without a story is left out.
    pub sections: Vec<Section>,
    /// Each service with what is on.
    pub on_air: Vec<OnAir>,
    /// What can be heard again, newest first.
    pub episodes: Vec<episode::Teaser>,
}

/// A section on the front page.
#[derive(Clone, Debug, Serialize)]
pub struct Section {
    /// What it is called and where it is.
    pub link: Link,
    /// One sentence.
    pub teaser: String,
    /// Its stories, newest first.
    pub stories: Vec<Teaser>,
}

/// What the front page is made from.
pub struct Rows<'a> {
    /// The newest stories of all sections, newest first.
    pub latest: &'a [Summary],
    /// The newest stories of each section of the edition, in its order.
    pub by_section: &'a [Vec<Summary>],
    /// The station's people.
    pub people: &'a [Person],
    /// What each service of the edition has on, in its order.
    pub now_next: &'a [NowNext],
    /// The station's programmes.
    pub programmes: &'a [Programme],
    /// The newest episodes.
    pub episodes: &'a [Episode],
}

impl Page {
    /// The front page.
    pub fn new(edition: &Edition, rows: &Rows<'_>) -> Self {
        let head = Head {
            place: "home",
            description: &edition.station.tagline,
            path: "/",
            json_ld: Some(json_ld::station(edition)),
            ..Head::default()
        };
        let recommended: Vec<&Summary> =
            rows.latest.iter().filter(|summary| is_recommended(summary, edition.now)).collect();
        let lead = lead(&recommended);
        let latest: Vec<&Summary> = recommended
            .into_iter()
            .filter(|summary| lead.is_none_or(|lead| lead.id != summary.id))
            .take(LATEST_STORIES)
            .collect();
        let teaser = |summary: &Summary| Teaser::new(edition, summary, rows.people);
        let shown: Vec<&Summary> = lead.into_iter().chain(latest.iter().copied()).collect();
        Self {
            frame: Frame::new(edition, &head),
            sections: sections(edition, rows, &shown),
            lead: lead.map(teaser),
            latest: latest.into_iter().map(teaser).collect(),
            on_air: OnAir::all(edition, rows.now_next, rows.programmes),
            episodes: episode::Teaser::all(edition, rows.episodes, rows.programmes),
        }
    }

    /// For tests and the preview.
    pub fn sample() -> Self {
        let (people, programmes, episodes) = (sample::people(), sample::programmes(), sample::episodes());
        let (latest, now_next) = (sample::summaries(), sample::now_next());
        let edition = sample::edition();
        let by_section: Vec<Vec<Summary>> = edition
            .sections
            .iter()
            .map(|section| latest.iter().filter(|summary| summary.section == section.slug).cloned().collect())
            .collect();
        let rows = Rows {
            latest: &latest,
            by_section: &by_section,
            people: &people,
            now_next: &now_next,
            programmes: &programmes,
            episodes: &episodes,
        };
        Self::new(&edition, &rows)
    }
}

/// The newest story with a picture stands first, if it is among the newest three; else the newest.
fn lead<'a>(latest: &[&'a Summary]) -> Option<&'a Summary> {
    let pictured = latest.iter().take(3).find(|summary| summary.lead.is_some());
    pictured.or(latest.first()).copied()
}

fn is_recommended(summary: &Summary, now: Timestamp) -> bool {
    summary.rights.recommend_until.is_none_or(|until| now < until)
}

fn sections(edition: &Edition, rows: &Rows<'_>, shown: &[&Summary]) -> Vec<Section> {
    let is_shown = |summary: &&Summary| shown.iter().any(|other| other.id == summary.id);
    let of = |(section, stories): (&station::Section, &Vec<Summary>)| {
        let recommended: Vec<&Summary> = stories.iter().filter(|s| is_recommended(s, edition.now)).collect();
        let fresh: Vec<&Summary> = recommended.iter().copied().filter(|s| !is_shown(s)).collect();
        let chosen = if fresh.is_empty() { recommended } else { fresh };
        (!chosen.is_empty()).then(|| Section {
            link: edition.section_link(&section.slug),
            teaser: section.teaser.clone(),
            stories: chosen
                .into_iter()
                .take(SECTION_STORIES)
                .map(|summary| Teaser::new(edition, summary, rows.people))
                .collect(),
        })
    };
    edition.sections.iter().zip(rows.by_section).filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lead_is_not_told_twice() {
        let page = Page::sample();
        let lead = page.lead.unwrap();
        assert!(lead.picture.is_some());
        assert!(page.latest.iter().all(|story| story.href != lead.href));
        assert!(page.on_air.iter().any(|service| service.now.is_some()));
    }

    #[test]
    fn what_is_no_longer_recommended_is_not_on_the_front_page() {
        let mut old = sample::summaries();
        old.truncate(1);
        old[0].rights.recommend_until = Some(sample::edition().now);
        let rows = Rows { latest: &old, by_section: &[], people: &[], now_next: &[], programmes: &[], episodes: &[] };
        let page = Page::new(&sample::edition(), &rows);
        assert!(page.lead.is_none() && page.latest.is_empty());
    }
}
