//! A programme: the series, of which broadcasts and episodes are made.

use serde::{Deserialize, Serialize};

use crate::{Block, Image, PersonId, ProgrammeId, Slug, StationId};

/// A series: "The Morning Ledger". Its airings are [`Broadcast`](crate::Broadcast)s, what can be heard again are
/// [`Episode`](crate::Episode)s.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Programme {
    /// Names it for ever.
    pub id: ProgrammeId,
    /// Whose it is.
    pub station: StationId,
    /// Its name in addresses.
    pub slug: Slug,
    /// What it is called.
    pub title: String,
    /// One or two sentences, plain.
    pub teaser: String,
    /// What its page says.
    pub about: Vec<Block>,
    /// Who presents it.
    pub hosts: Vec<PersonId>,
    /// Its picture.
    pub image: Option<Image>,
}
