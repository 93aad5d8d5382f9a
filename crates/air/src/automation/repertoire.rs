//! The repertoire: all that automation is given to play, of every service, by what rules, and what it played before.

use jiff::tz::TimeZone;
use station::{Piece, Rotation, Service, Spin};

use super::planner::Sheet;

/// What automation starts with. It is a snapshot: nothing more is needed until somebody changes something.
#[derive(Clone, Debug, Default)]
pub struct Repertoire {
    /// The pieces of every service.
    pub pieces: Vec<Piece>,
    /// What services play by, each with its station's time zone. A service that has none plays its pieces in turn.
    pub rotations: Vec<(Rotation, TimeZone)>,
    /// What was played before, oldest first, so that rules hold across a restart.
    pub spins: Vec<Spin>,
}

impl From<Vec<Piece>> for Repertoire {
    fn from(pieces: Vec<Piece>) -> Self {
        Self { pieces, ..Self::default() }
    }
}

impl Repertoire {
    /// One service's part.
    pub(crate) fn sheet(&self, service: &Service) -> Sheet {
        let pieces = self.pieces.iter().filter(|piece| piece.service == service.id).cloned().collect();
        let found = self.rotations.iter().find(|(rotation, _)| rotation.service == service.id).cloned();
        let (rotation, zone) = found.unwrap_or_else(|| (Rotation::none(service.station, service.id), TimeZone::UTC));
        Sheet { pieces, rotation, zone }
    }

    /// What one service played before.
    pub(crate) fn spins_of(&self, service: &Service) -> Vec<Spin> {
        self.spins.iter().filter(|spin| spin.service == service.id).cloned().collect()
    }
}
