//! Episodes: what can be heard again of a programme.

use serde::Serialize;
use station::recording::{self, Recording};
use station::{Episode, Programme};

use super::duration::Duration;
use super::frame::Head;
use super::sound::Place;
use super::{Block, Edition, Frame, Link, Moment, Picture, Sound, json_ld, sample};

/// The page of an episode.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// What stands around it.
    pub frame: Frame,
    /// The episode.
    pub episode: Teaser,
    /// What the page says.
    pub about: Vec<Block>,
    /// What was on within it, if it was cut from what was aired.
    pub chapters: Vec<Chapter>,
    /// What is missing in it, a sentence each.
    pub missing: Vec<String>,
    /// Other episodes of the programme, newest first.
    pub more: Vec<Teaser>,
}

/// A part of an episode.
#[derive(Clone, Debug, Serialize)]
pub struct Chapter {
    /// Where it begins, as a clock shows it: `12:03`.
    pub at: String,
    /// What was on.
    pub title: String,
}

/// An episode in short.
#[derive(Clone, Debug, Serialize)]
pub struct Teaser {
    /// What it is called.
    pub title: String,
    /// Its page.
    pub href: String,
    /// One or two sentences.
    pub teaser: String,
    /// The programme it belongs to.
    pub programme: Option<Link>,
    /// When it was published.
    pub published: Moment,
    /// Its picture, or the programme's.
    pub picture: Option<Picture>,
    /// What is heard.
    pub sound: Option<Sound>,
}

impl Teaser {
    /// An episode in short.
    pub fn new(edition: &Edition, episode: &Episode, programme: Option<&Programme>) -> Self {
        let href = href(episode);
        let image = episode.image.as_ref().or_else(|| programme?.image.as_ref());
        let picture = image.and_then(Picture::of);
        let place = Place {
            page: &href,
            context: programme.map_or(edition.station.name.as_str(), |programme| programme.title.as_str()),
            title: &episode.title,
            artwork: picture.as_ref().map(|picture| picture.src.as_str()),
        };
        Self {
            title: episode.title.clone(),
            teaser: episode.teaser.clone(),
            programme: programme.map(Link::to_programme),
            published: edition.times().moment(episode.published_at),
            sound: Sound::of(&episode.sound, &place),
            picture,
            href,
        }
    }

    /// Several episodes, each with its programme if that is among `programmes`.
    pub fn all(edition: &Edition, episodes: &[Episode], programmes: &[Programme]) -> Vec<Self> {
        let of = |episode: &Episode| programmes.iter().find(|programme| programme.id == episode.programme);
        episodes.iter().map(|episode| Self::new(edition, episode, of(episode))).collect()
    }
}

impl Page {
    /// The page of an episode of `programme`; `recording` is how it was cut, if it was.
    pub fn new(
        edition: &Edition,
        episode: &Episode,
        programme: &Programme,
        recording: Option<&Recording>,
        others: &[Episode],
    ) -> Self {
        let view = Teaser::new(edition, episode, Some(programme));
        let head = Head {
            place: "programmes",
            title: &episode.title,
            description: &episode.teaser,
            path: &view.href,
            picture: view.picture.as_ref(),
            audio: view.sound.as_ref().map(|sound| sound.src.as_str()),
            json_ld: Some(json_ld::episode(edition, episode, programme, &view.href, view.sound.as_ref())),
            ..Head::default()
        };
        let place = Place { page: &view.href, context: &programme.title, title: &episode.title, artwork: None };
        let others = others.iter().filter(|other| other.id != episode.id);
        Self {
            frame: Frame::new(edition, &head),
            about: Block::all(&episode.about, &edition.times(), &place),
            chapters: recording.map(|it| it.chapters.iter().map(Chapter::new).collect()).unwrap_or_default(),
            missing: recording.map(|it| missing(edition, &it.gaps)).unwrap_or_default(),
            more: others.map(|other| Teaser::new(edition, other, Some(programme))).collect(),
            episode: view,
        }
    }

    /// For tests and the preview.
    pub fn sample() -> Self {
        let episodes = sample::episodes();
        Self::new(&sample::edition(), &episodes[0], &sample::programmes()[0], Some(&sample::recording()), &episodes)
    }
}

impl Chapter {
    fn new(chapter: &recording::Chapter) -> Self {
        let at = Duration::of_ms(chapter.start_ms).map_or_else(|| "0:00".to_owned(), |duration| duration.clock);
        Self { at, title: chapter.title.clone() }
    }
}

/// "From 6:31 AM, 2 minutes are missing: the program did not run."
fn missing(edition: &Edition, gaps: &[recording::Gap]) -> Vec<String> {
    let words = edition.times();
    let sentence = |gap: &recording::Gap| {
        let ms = i64::try_from(gap.to.duration_since(gap.from).as_millis()).unwrap_or(i64::MAX);
        let lasting = Duration::of_ms(ms)?;
        let is_or_are = if lasting.seconds == 1 { "is" } else { "are" };
        let from = words.wall_time(gap.from.to_zoned_datetime(words.zone().clone()).time());
        Some(format!("From {from}, {} {is_or_are} missing: {}.", lasting.words, gap.cause))
    };
    gaps.iter().filter_map(sentence).collect()
}

/// The page of an episode.
pub fn href(episode: &Episode) -> String {
    format!("/episodes/{}", episode.slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_episode_says_what_is_in_it_and_what_is_missing() {
        let page = Page::sample();
        let chapters: Vec<_> = page.chapters.iter().map(|it| (it.at.as_str(), it.title.as_str())).collect();
        assert_eq!(chapters, [("0:00", "The river at six"), ("12:03", "Ann Marsh - Low Water")]);
        assert_eq!(page.missing, ["From 6:31 AM, 2 minutes are missing: the program did not run."]);
    }
}
