//! A person: a reporter, a host, an author elsewhere.

use serde::{Deserialize, Serialize};

use crate::{Block, Image, PersonId, Slug, StationId};

/// Somebody whose name stands over a story or a programme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// Names them for ever.
    pub id: PersonId,
    /// The station that knows them.
    pub station: StationId,
    /// Their name in addresses.
    pub slug: Slug,
    /// What they are called.
    pub name: String,
    /// What they do: "Reporter", "Host of The Morning Ledger".
    pub role: String,
    /// Who they are.
    pub bio: Vec<Block>,
    /// What they look like.
    pub image: Option<Image>,
    /// Where the person's record comes from, if not from this station.
    pub source: Option<Source>,
}

/// A record kept elsewhere, from which this one is made again whenever it changes there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Which wire: `cds`.
    pub wire: String,
    /// What the record is called there.
    pub external_id: String,
    /// The page of it that its owner publishes.
    pub canonical: Option<String>,
}
