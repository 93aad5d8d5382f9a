//! A section of the site: News, Science, Music.

use serde::{Deserialize, Serialize};

use crate::{Slug, StationId};

/// A part of the site that stories belong to; it is the first word of their addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Whose it is.
    pub station: StationId,
    /// Its name in addresses: `news`.
    pub slug: Slug,
    /// What it is called.
    pub title: String,
    /// One sentence: what stands in it.
    pub teaser: String,
    /// Its place in the menu, smallest first.
    pub position: i64,
}
