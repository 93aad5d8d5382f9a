//! The library: pieces that automation plays when nobody is at the studio.

use serde::{Deserialize, Serialize};

use crate::{Codec, PieceId, ServiceId, StationId};

/// A piece in the library: an ident, a song, a recorded programme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Names it for ever.
    pub id: PieceId,
    /// Whose it is.
    pub station: StationId,
    /// The service whose rotation it is in.
    pub service: ServiceId,
    /// Its place in the rotation, smallest first.
    pub position: i64,
    /// Who performs or speaks; may be empty.
    pub artist: String,
    /// What it is called.
    pub title: String,
    /// How long it lasts, in milliseconds.
    pub duration_ms: i64,
    /// The same piece in each codec that the service's mounts need.
    pub renditions: Vec<Rendition>,
}

/// A piece in one codec, as a file in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendition {
    /// What it is encoded in.
    pub codec: Codec,
    /// Where the vault keeps it.
    pub key: String,
}

impl Piece {
    /// What a radio's display shows: "Artist - Title", or the title alone.
    pub fn display_title(&self) -> String {
        if self.artist.is_empty() { self.title.clone() } else { format!("{} - {}", self.artist, self.title) }
    }

    /// Where the vault keeps it in `codec`.
    pub fn key_in(&self, codec: Codec) -> Option<&str> {
        self.renditions.iter().find(|rendition| rendition.codec == codec).map(|rendition| rendition.key.as_str())
    }
}
