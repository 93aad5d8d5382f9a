//! About the station.

use serde::Serialize;

use super::frame::Head;
use super::sound::Place;
use super::{Block, Edition, Frame, json_ld, sample};

/// The page about the station. Its call signs and address are in `frame.station`.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// What stands around it.
    pub frame: Frame,
    /// What the station says of itself.
    pub about: Vec<Block>,
}

impl Page {
    /// The page about the station.
    pub fn new(edition: &Edition) -> Self {
        let station = &edition.station;
        let title = format!("About {}", station.name);
        let head = Head {
            place: "about",
            title: &title,
            description: &station.tagline,
            path: "/about",
            json_ld: Some(json_ld::station(edition)),
            ..Head::default()
        };
        let place = Place { page: "/about", context: &station.name, title: &station.name, artwork: None };
        Self { frame: Frame::new(edition, &head), about: Block::all(&station.about, &edition.times(), &place) }
    }

    /// For tests and the preview.
    pub fn sample() -> Self {
        Self::new(&sample::edition())
    }
}
