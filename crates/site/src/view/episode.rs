//! Episodes: what can be heard again of a programme.

use serde::Serialize;
use station::{Episode, Programme};

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
    /// Other episodes of the programme, newest first.
    pub more: Vec<Teaser>,
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
    /// The page of an episode of `programme`.
    pub fn new(edition: &Edition, episode: &Episode, programme: &Programme, others: &[Episode]) -> Self {
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
            more: others.map(|other| Teaser::new(edition, other, Some(programme))).collect(),
            episode: view,
        }
    }

    /// For tests and the preview.
    pub fn sample() -> Self {
        let episodes = sample::episodes();
        Self::new(&sample::edition(), &episodes[0], &sample::programmes()[0], &episodes)
    }
}

/// The page of an episode.
pub fn href(episode: &Episode) -> String {
    format!("/episodes/{}", episode.slug)
}
