//! A spin: one piece played, with its time.

use serde::{Deserialize, Serialize};

use crate::{PieceId, ServiceId, StationId, Timestamp};

/// Something that was played, or is being played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spin {
    /// Whose it is.
    pub station: StationId,
    /// Where it was heard.
    pub service: ServiceId,
    /// The piece of the library; `None` for what came from elsewhere.
    pub piece: Option<PieceId>,
    /// Who performed or spoke; may be empty.
    pub artist: String,
    /// What it is called.
    pub title: String,
    /// When it began.
    pub start: Timestamp,
    /// When it ended; `None` while it is on, and for ever if the program was ended in the middle of it.
    pub end: Option<Timestamp>,
}
