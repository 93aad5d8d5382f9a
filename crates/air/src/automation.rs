//! Automation: what a service plays when nobody is at the studio.
//!
//! A service has one [`Deck`]. It plays the pieces of the library in rotation, in real time, on every mount that has
//! nothing better: the same piece at the same moment on all of them, each in its own codec. It runs only while
//! some mount needs it. What cannot be played is skipped and counted; where there is nothing at all, it sends silence, so
//! that no stream ends because of an empty library.
//!
//! Start at [`Deck::run`], then `Deck::play`.

mod tape;
mod voice;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use station::{Piece, ServiceId};
use tokio::sync::Notify;
use tokio::time::Instant;
use vault::Vault;

use crate::Mount;
use voice::{Cue, Voice};

/// How far ahead of time a deck plays, so that a slow moment of the vault is not heard.
const LEAD: Duration = Duration::from_secs(1);
/// How long it is silent before it tries again to find something that can be played.
const RETRY: Duration = Duration::from_secs(5);

/// The pieces of every service. They can be changed while decks play.
#[derive(Debug)]
pub(crate) struct Library(Mutex<Vec<Piece>>);

impl Library {
    /// A library of these pieces.
    pub fn new(pieces: Vec<Piece>) -> Self {
        let library = Self(Mutex::default());
        library.replace(pieces);
        library
    }

    /// Has these pieces instead, from the next one that a deck takes on.
    pub fn replace(&self, mut pieces: Vec<Piece>) {
        pieces.sort_by_key(|piece| (piece.position, piece.id));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = pieces;
    }

    /// The piece that comes after `last` in a service's rotation, and how many there are.
    fn after(&self, service: ServiceId, last: Option<&Piece>) -> Option<(Piece, usize)> {
        let pieces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ours = || pieces.iter().filter(|piece| piece.service == service);
        let place = |piece: &Piece| (piece.position, piece.id);
        let next = last.and_then(|last| ours().find(|piece| place(piece) > place(last)));
        Some((next.or_else(|| ours().next())?.clone(), ours().count()))
    }
}

/// Plays a service's pieces.
pub(crate) struct Deck {
    service: ServiceId,
    mounts: Vec<Arc<Mount>>,
    library: Arc<Library>,
    vault: Vault,
    /// Woken with every tick of the air, and when a mount may have come to need it.
    call: Arc<Notify>,
    /// How much sound a mount gets at once that has sent nothing yet, so that its first listener has a burst.
    head_start: Duration,
    last: Option<Piece>,
    /// When the next piece begins, while it plays one after the other.
    next_start: Option<Instant>,
    /// How many pieces in a row could not be played.
    unplayable: usize,
}

/// How a piece ended.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// It was played to its end.
    Played,
    /// No mount that needs it could play it.
    Unplayable,
    /// Nobody needs automation any more.
    Unwanted,
}

impl Deck {
    /// A deck for these mounts, all of one service.
    pub fn new(
        service: ServiceId,
        mounts: Vec<Arc<Mount>>,
        library: Arc<Library>,
        vault: Vault,
        call: Arc<Notify>,
        head_start: Duration,
    ) -> Self {
        Self { service, mounts, library, vault, call, head_start, last: None, next_start: None, unplayable: 0 }
    }

    /// Plays whenever it is needed. Does not end.
    pub async fn run(mut self) {
        loop {
            while !self.is_wanted() {
                self.next_start = None;
                self.call.notified().await;
            }
            match self.library.after(self.service, self.last.as_ref()) {
                Some((piece, count)) if self.unplayable < count => {
                    let outcome = self.play(Some(&piece)).await;
                    self.unplayable = if outcome == Outcome::Unplayable { self.unplayable + 1 } else { 0 };
                    self.last = Some(piece);
                }
                _ => {
                    self.unplayable = 0;
                    self.play(None).await;
                }
            }
        }
    }

    /// Plays a piece, or silence for a while.
    async fn play(&mut self, piece: Option<&Piece>) -> Outcome {
        let start = self.next_start.unwrap_or_else(|| self.begin());
        let mut voices: Vec<Option<Voice>> = self.mounts.iter().map(|_| None).collect();
        loop {
            let elapsed = start.elapsed();
            for (mount, voice) in self.mounts.iter().zip(&mut voices) {
                let turn = mount.automation_turn();
                // Also when a source came and went between two steps, what was begun has been broken off.
                voice.take_if(|voice| Some(voice.turn()) != turn);
                if let (None, Some(turn)) = (&voice, turn) {
                    let head_start = if mount.has_sent() { Duration::ZERO } else { self.head_start };
                    let from = elapsed.saturating_sub(head_start);
                    *voice = Some(Voice::open(piece, mount, &self.vault, Cue { turn, from }).await);
                }
            }
            if piece.is_some() && voices.iter().any(Option::is_some) && !voices.iter().flatten().any(Voice::is_tape) {
                return Outcome::Unplayable;
            }
            let due = start.elapsed() + LEAD;
            for (mount, voice) in self.mounts.iter().zip(&mut voices) {
                if let Some(voice) = voice {
                    voice.play(mount, due).await;
                }
            }
            if let Some((outcome, end)) = outcome(&voices) {
                self.next_start = (outcome != Outcome::Unwanted).then_some(start + end);
                return outcome;
            }
            // It comes with every tick of the air, and at once where a mount falls to automation.
            self.call.notified().await;
        }
    }

    /// When the first piece in a row begins: now, or so long ago that mounts which have sent nothing yet get their head
    /// start.
    fn begin(&self) -> Instant {
        let now = Instant::now();
        let has_new = self.mounts.iter().any(|mount| !mount.has_sent());
        if has_new { now.checked_sub(self.head_start).unwrap_or(now) } else { now }
    }

    fn is_wanted(&self) -> bool {
        self.mounts.iter().any(|mount| mount.automation_turn().is_some())
    }
}

/// How it ended and how long it was, once nothing more of it will come.
fn outcome(voices: &[Option<Voice>]) -> Option<(Outcome, Duration)> {
    let voices = || voices.iter().flatten();
    if voices().next().is_none() {
        return Some((Outcome::Unwanted, Duration::ZERO));
    }
    let tapes = || voices().filter(|voice| voice.is_tape());
    let is_over = match tapes().next() {
        Some(_) => tapes().all(Voice::has_ended),
        None => voices().all(|voice| voice.position() >= RETRY),
    };
    let played = tapes().map(Voice::position).max().or_else(|| voices().map(Voice::position).max());
    is_over.then_some((Outcome::Played, played.unwrap_or_default()))
}
