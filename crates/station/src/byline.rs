//! Who is credited for a story.

use serde::{Deserialize, Serialize};

use crate::PersonId;

/// A credit: a person the station knows, or a name that it was only told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Byline {
    /// The name as it is printed.
    pub name: String,
    /// The person of that name, if the station knows them.
    pub person: Option<PersonId>,
}
