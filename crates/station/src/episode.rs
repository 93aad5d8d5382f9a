//! An episode: the on-demand piece of a programme.

use serde::{Deserialize, Serialize};

use crate::{Block, EpisodeId, Image, ProgrammeId, Slug, Sound, StationId, Timestamp};

/// What can be heard again of a programme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// Names it for ever.
    pub id: EpisodeId,
    /// Whose it is.
    pub station: StationId,
    /// The series it belongs to.
    pub programme: ProgrammeId,
    /// Its name in addresses, one of its own within the station.
    pub slug: Slug,
    /// What it is called.
    pub title: String,
    /// One or two sentences, plain.
    pub teaser: String,
    /// What its page says.
    pub about: Vec<Block>,
    /// What is heard.
    pub sound: Sound,
    /// Its picture, where it is not the programme's.
    pub image: Option<Image>,
    /// When it was published.
    pub published_at: Timestamp,
}
