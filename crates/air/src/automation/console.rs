//! The console: where a service's automation can be seen and reached while it plays.
//!
//! It holds the service's [`Planner`] and says what is on. The deck asks it what comes next and tells it what became of
//! that; people add, move and take out what is lined up, and end what is on. Everything that is played is told to the bus
//! as a [`Spin`], when it begins and again when it is over. Whoever holds it holds it for as long as one decision takes.
//!
//! Start at [`Console::ahead`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use station::{Clock, Piece, PieceId, ProgrammeId, ServiceId, Spin, StationId, Timestamp};
use tokio::sync::Notify;

use super::planner::{Planned, Planner, Relaxed, Sheet, Why};
use super::queue::{Entry, Refused};
use crate::herald::Herald;

/// A service's automation, for people and for its deck.
pub struct Console {
    station: StationId,
    service: ServiceId,
    clock: Arc<dyn Clock>,
    herald: Arc<Herald>,
    /// Wakes the deck.
    call: Arc<Notify>,
    state: Mutex<State>,
}

struct State {
    planner: Planner,
    on: Option<(On, Spin)>,
    /// When the next piece cuts in.
    next_cut: Option<Timestamp>,
    /// Somebody wants what is on to be over.
    is_skipped: bool,
    /// What was lined up when it was last kept.
    kept: Vec<PieceId>,
}

/// What automation plays at this moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct On {
    /// The piece.
    pub piece: PieceId,
    /// What a radio's display shows.
    pub title: String,
    /// Why it is played, in a few words.
    pub why: String,
    /// When it began.
    pub start: Timestamp,
    /// When it will be over, unless something cuts in.
    pub end: Timestamp,
}

/// A place in the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ahead {
    /// When it will begin, if nothing happens in between.
    pub start: Timestamp,
    /// The piece.
    pub piece: PieceId,
    /// What a radio's display shows.
    pub title: String,
    /// How long it lasts, in milliseconds.
    pub plays_ms: i64,
    /// Why it is played, in a few words.
    pub why: String,
    /// The rule that had to be let go for it: `none`, or the last one that was.
    pub relaxed: String,
}

/// A piece that is lined up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinedUp {
    /// Names its place, for as long as it waits.
    pub number: u64,
    /// The piece.
    pub piece: PieceId,
    /// What a radio's display shows.
    pub title: String,
}

impl Console {
    pub(crate) fn new(
        (station, service): (StationId, ServiceId),
        planner: Planner,
        clock: Arc<dyn Clock>,
        herald: Arc<Herald>,
        call: Arc<Notify>,
    ) -> Arc<Self> {
        let next_cut = planner.next_cut(clock.now());
        let state = Mutex::new(State { planner, on: None, next_cut, is_skipped: false, kept: Vec::new() });
        Arc::new(Self { station, service, clock, herald, call, state })
    }

    // For people.

    /// What is on; `None` while the studio is, or nothing.
    pub fn on(&self) -> Option<On> {
        self.state().on.as_ref().map(|(on, _)| on.clone())
    }

    /// What will be played from here on, if nothing happens in between; at most `count` pieces.
    pub fn ahead(&self, count: usize) -> Vec<Ahead> {
        let (planner, now) = {
            let state = self.state();
            let end = state.on.as_ref().map(|(on, _)| state.next_cut.map_or(on.end, |cut| cut.min(on.end)));
            (state.planner.clone(), end.unwrap_or_else(|| self.clock.now()))
        };
        let plan = planner.ahead(now, count).into_iter();
        plan.map(|(start, Planned { piece, why, relaxed })| Ahead {
            start,
            piece: piece.id,
            title: piece.display_title(),
            plays_ms: piece.plays_ms(),
            why: why.as_str().to_owned(),
            relaxed: relaxed.as_str().to_owned(),
        })
        .collect()
    }

    /// The pieces that somebody means by a number or by words of a title, each with its title. One that is called just so is
    /// meant alone.
    pub fn find(&self, words: &str) -> Vec<(PieceId, String)> {
        let state = self.state();
        let wanted = words.trim().to_lowercase();
        let titled = |piece: &Piece| (piece.id, piece.display_title());
        let pieces = || state.planner.sheet().pieces.iter();
        let is_called = |piece: &&Piece| {
            piece.id.to_string() == wanted
                || piece.title.to_lowercase() == wanted
                || piece.display_title().to_lowercase() == wanted
        };
        let called: Vec<_> = pieces().filter(is_called).map(titled).collect();
        if !called.is_empty() || wanted.is_empty() {
            return called;
        }
        pieces().map(titled).filter(|(_, title)| title.to_lowercase().contains(&wanted)).collect()
    }

    /// What is lined up, the next in front.
    pub fn queue(&self) -> Vec<LinedUp> {
        let mut state = self.state();
        let entries: Vec<Entry> = state.planner.queue().entries().collect();
        entries.into_iter().map(|entry| self.lined_up(&state, entry)).collect()
    }

    /// Lines a piece up so that `place` others come before it; at the end if there are fewer.
    pub fn add(&self, piece: PieceId, place: usize) -> Result<LinedUp, Refused> {
        let mut state = self.state();
        if !state.planner.sheet().pieces.iter().any(|known| known.id == piece) {
            return Err(Refused::NoPiece(piece));
        }
        let number = state.planner.queue().add(piece, place)?;
        Ok(self.lined_up(&state, Entry { number, piece }))
    }

    /// Moves what is lined up so that `place` others come before it.
    pub fn move_to(&self, number: u64, place: usize) -> Result<(), Refused> {
        self.state().planner.queue().move_to(number, place)
    }

    /// Takes out what is lined up.
    pub fn remove(&self, number: u64) -> Result<(), Refused> {
        self.state().planner.queue().remove(number).map(drop)
    }

    /// Takes out everything that is lined up; returns how many there were.
    pub fn clear(&self) -> usize {
        self.state().planner.queue().clear()
    }

    /// Ends what is on, and what comes next begins. False: automation has nothing on.
    pub fn skip(&self) -> bool {
        let mut state = self.state();
        state.is_skipped = state.on.is_some();
        self.call.notify_one();
        state.is_skipped
    }

    fn lined_up(&self, state: &State, Entry { number, piece }: Entry) -> LinedUp {
        let known = state.planner.sheet().pieces.iter().find(|known| known.id == piece);
        LinedUp { number, piece, title: known.map(Piece::display_title).unwrap_or_default() }
    }

    // For the air.

    pub(crate) fn service(&self) -> ServiceId {
        self.service
    }

    pub(crate) fn replace(&self, sheet: Sheet) {
        let mut state = self.state();
        state.planner.replace(sheet);
        state.next_cut = state.planner.next_cut(self.clock.now());
    }

    /// Has other pieces, and goes on by the same rules.
    pub(crate) fn replace_pieces(&self, pieces: Vec<Piece>) {
        let sheet = Sheet { pieces, ..self.state().planner.sheet().clone() };
        self.replace(sheet);
    }

    pub(crate) fn set_programme(&self, programme: Option<ProgrammeId>) {
        self.state().planner.set_programme(programme);
    }

    /// Something was heard that did not come from the library.
    pub(crate) fn heard(&self, spin: &Spin) {
        self.state().planner.heard(spin);
    }

    // For the deck.

    /// What is lined up, if that is something else than was kept last; from here on it counts as kept.
    pub(super) fn to_keep(&self) -> Option<Vec<PieceId>> {
        let mut state = self.state();
        let lined_up: Vec<PieceId> = state.planner.queue().entries().map(|entry| entry.piece).collect();
        if lined_up == state.kept {
            return None;
        }
        state.kept.clone_from(&lined_up);
        Some(lined_up)
    }

    /// Lines up what was lined up before the program was started again, before what somebody has lined up since.
    pub(super) fn restore(&self, lined_up: &[PieceId]) {
        let mut state = self.state();
        let known: Vec<PieceId> = lined_up
            .iter()
            .copied()
            .filter(|piece| state.planner.sheet().pieces.iter().any(|known| known.id == *piece))
            .collect();
        for (place, piece) in known.into_iter().enumerate() {
            if state.planner.queue().add(piece, place).is_err() {
                break;
            }
        }
        state.kept = lined_up.to_vec();
    }

    /// Automation comes on.
    pub(super) fn resume(&self, now: Timestamp) {
        self.state().planner.resume(now);
    }

    /// What begins at `now`.
    pub(super) fn next(&self, now: Timestamp) -> Option<Planned> {
        let mut state = self.state();
        let planned = state.planner.next(now);
        state.next_cut = state.planner.next_cut(now + super::NEAR);
        state.is_skipped = false;
        planned
    }

    /// It is heard since `at`.
    pub(super) fn began(&self, planned: &Planned, at: Timestamp) {
        self.note(planned);
        let piece = &planned.piece;
        let spin = Spin {
            station: self.station,
            service: self.service,
            piece: Some(piece.id),
            artist: piece.artist.clone(),
            title: piece.title.clone(),
            start: at,
            end: None,
        };
        let on = On {
            piece: piece.id,
            title: piece.display_title(),
            why: planned.why.as_str().to_owned(),
            start: at,
            end: at + SignedDuration::from_millis(piece.plays_ms()),
        };
        let mut state = self.state();
        state.planner.began(piece, at);
        state.on = Some((on, spin.clone()));
        drop(state);
        self.herald.spun(spin);
    }

    /// What was on is over.
    pub(super) fn ended(&self, at: Timestamp) {
        let mut state = self.state();
        let Some((on, spin)) = state.on.take() else { return };
        state.planner.ended(at);
        state.is_skipped = false;
        drop(state);
        self.herald.spun(Spin { end: Some(at.max(on.start)), ..spin });
    }

    /// It could not be played.
    pub(super) fn could_not_play(&self, piece: PieceId, now: Timestamp) {
        self.state().planner.skip(piece, now);
    }

    /// Whether the service's rotation asks for pieces that fade into each other.
    pub(super) fn has_crossfades(&self) -> bool {
        self.state().planner.has_crossfades()
    }

    /// The longest that what is planned could take to fade.
    pub(super) fn longest_fade(&self, planned: &Planned) -> Duration {
        self.state().planner.longest_fade(planned)
    }

    /// What would come next if it began at `now`, and for how long what is on fades into it; `None` if it does not.
    pub(super) fn fade_ahead(&self, on: &Planned, now: Timestamp) -> Option<(Planned, Duration)> {
        let mut planner = self.state().planner.clone();
        let coming = planner.next(now)?;
        let lasts = planner.crossfade(on, &coming);
        (!lasts.is_zero()).then_some((coming, lasts))
    }

    /// When the next piece cuts in.
    pub(super) fn next_cut(&self) -> Option<Timestamp> {
        self.state().next_cut
    }

    /// True if somebody wants what is on to be over.
    pub(super) fn is_skipped(&self) -> bool {
        self.state().is_skipped
    }

    fn note(&self, planned: &Planned) {
        let service = self.service.0;
        let (piece, why, relaxed) = (planned.piece.display_title(), planned.why.as_str(), planned.relaxed.as_str());
        if planned.relaxed == Relaxed::Nothing && planned.why != Why::Anything {
            tracing::debug!(service, piece, why, "automation plays a piece");
            return;
        }
        metrics::counter!("groundwave_rotation_relaxed_total", "rule" => relaxed).increment(1);
        tracing::info!(service, piece, why, rule = relaxed, "no piece keeps all rules; one of them was let go");
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").field("service", &self.service).finish_non_exhaustive()
    }
}
