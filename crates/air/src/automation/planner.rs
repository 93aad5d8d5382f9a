//! The planner: what is played next, and why. Pure: rules, library, history and time go in, a piece comes out.
//!
//! It plays by a [`Sheet`], a snapshot that needs no store. At every turn it asks, in this order: is something due that
//! has its time; is there a rest of what was begun (a break, the piece that a voice track announces); has somebody lined
//! something up; what does the hour's clock say. Of a category it takes the pieces that keep the rules, and of these one
//! of those that have rested longest. Where none keeps the rules, they are let go one after another, in the order of
//! [`Relaxed`]; so there is always something, as long as there is anything. The same sheet, history, seed and times give
//! the same plan.
//!
//! Start at [`Planner::next`].

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use station::rotation::{HourClock, Slot, Start};
use station::{Piece, PieceId, ProgrammeId, Rotation, Slug, Spin, Timestamp};

use super::history::{self, History};
use super::queue::Queue;
use super::timetable;

/// How late something may begin that cuts in: later it would not be what was promised.
const HARD_LATE_MAX: SignedDuration = SignedDuration::from_secs(10);
/// How late something may begin that waits for the piece before it.
const SOFT_LATE_MAX: SignedDuration = SignedDuration::from_mins(15);
/// How near a start must be to count as now: clocks are not finer than that.
const NEAR: SignedDuration = SignedDuration::from_millis(5);
/// A gap between two pieces that is shorter than this is none: automation was on all the time.
const CONTINUOUS: SignedDuration = SignedDuration::from_mins(2);
/// How long a piece is left out after it could not be played.
const UNPLAYABLE: SignedDuration = SignedDuration::from_mins(10);
/// Pieces that have rested at least this much of the longest rest, in per cent, are as good as the one that has it: so that
/// the order is not the same every time.
const AS_GOOD_PERCENT: i64 = 75;
/// Of how many such pieces one is drawn.
const SHORTLIST_MAX: usize = 8;

/// What a planner plays by.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The service's pieces.
    pub pieces: Vec<Piece>,
    /// Its categories, clocks, grid and timed pieces.
    pub rotation: Rotation,
    /// The station's time zone.
    pub zone: TimeZone,
}

/// What is played next.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The piece.
    pub piece: Piece,
    /// Why.
    pub why: Why,
    /// Which rules had to be let go for it.
    pub relaxed: Relaxed,
}

/// Why a piece is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It has its time.
    Timed,
    /// Somebody lined it up.
    Queued,
    /// The hour's clock asks for it.
    Clock,
    /// It is a voice track that belongs here.
    Voice,
    /// It fills the time until something starts.
    Fill,
    /// It is its turn: the service has no clocks.
    Turn,
    /// There is nothing better.
    Anything,
}

/// Which rules were let go, each with those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relaxed {
    /// None: all of them hold.
    Nothing,
    /// The artist was heard too short a time ago.
    Artist,
    /// The title was, too.
    Title,
    /// It is not its part of the day.
    DayPart,
    /// The category has nothing; it is from another.
    Category,
    /// It was played just before.
    Repeat,
}

impl Why {
    /// In a few words, for a person.
    pub fn as_str(self) -> &'static str {
        match self {
            Why::Timed => "it has its time",
            Why::Queued => "lined up",
            Why::Clock => "the clock asks for it",
            Why::Voice => "a voice track that belongs here",
            Why::Fill => "fills the time until the next start",
            Why::Turn => "its turn",
            Why::Anything => "nothing better is there",
        }
    }
}

impl Relaxed {
    /// In a few words, for a person, and as a metric's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Relaxed::Nothing => "none",
            Relaxed::Artist => "artist",
            Relaxed::Title => "title",
            Relaxed::DayPart => "day-part",
            Relaxed::Category => "category",
            Relaxed::Repeat => "repeat",
        }
    }
}

/// Decides what a service plays next.
#[derive(Clone, Debug)]
pub struct Planner {
    shelf: Arc<Shelf>,
    history: History,
    queue: Queue,
    /// What comes next whatever the clock says.
    begun: VecDeque<Begun>,
    /// Timed slots whose time has come.
    due: VecDeque<Slot>,
    /// Up to when starts have been looked at.
    timed_until: Timestamp,
    /// Where in its clock the hour is.
    place: Option<Place>,
    programme: Option<ProgrammeId>,
    /// Where pieces are played in turn, the last one that had it.
    turn: Option<(i64, PieceId)>,
    /// Pieces that could not be played, and until when they are left out.
    unplayable: HashMap<PieceId, Timestamp>,
    seed: u64,
    draws: u64,
}

/// A sheet, ready to be asked.
#[derive(Debug)]
struct Shelf {
    sheet: Sheet,
    categories: HashMap<Slug, Vec<usize>>,
    ids: HashMap<PieceId, usize>,
}

/// The rest of something that was begun.
#[derive(Clone, Copy, Debug)]
struct Begun {
    piece: PieceId,
    why: Why,
    relaxed: Relaxed,
}

/// Where an hour is in its clock.
#[derive(Clone, Copy, Debug)]
struct Place {
    hour: Hour,
    next_slot: usize,
}

/// An hour by the clock on the wall. One that the clock shows twice is two hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hour {
    start: DateTime,
    offset: Offset,
}

/// A moment, as an instant and as the clock on the wall shows it.
#[derive(Clone, Copy, Debug)]
struct Now {
    instant: Timestamp,
    wall: DateTime,
}

impl Planner {
    /// A planner that begins at `now`, having been told what was played before.
    pub fn new(sheet: Sheet, spins: &[Spin], now: Timestamp, seed: u64) -> Self {
        let mut history = History::default();
        let since = now.checked_sub(history::REMEMBERED).unwrap_or(Timestamp::MIN);
        spins.iter().filter(|spin| spin.start >= since).for_each(|spin| history.recall(spin));
        let mut planner = Self {
            shelf: Arc::new(Shelf::new(sheet)),
            history,
            queue: Queue::default(),
            begun: VecDeque::new(),
            due: VecDeque::new(),
            timed_until: Timestamp::MIN,
            place: None,
            programme: None,
            turn: None,
            unplayable: HashMap::new(),
            seed,
            draws: 0,
        };
        planner.resume(now);
        planner
    }

    /// Plays by another sheet from the next piece on.
    pub fn replace(&mut self, sheet: Sheet) {
        self.shelf = Arc::new(Shelf::new(sheet));
        self.place = None;
        self.unplayable.clear();
    }

    /// What it plays by.
    pub fn sheet(&self) -> &Sheet {
        &self.shelf.sheet
    }

    /// What somebody has lined up.
    pub fn queue(&mut self) -> &mut Queue {
        &mut self.queue
    }

    /// The programme that is on: its idents are played.
    pub fn set_programme(&mut self, programme: Option<ProgrammeId>) {
        self.programme = programme;
    }

    /// Automation comes on at `now`. What should have started meanwhile is not made up for, except in its last seconds.
    pub fn resume(&mut self, now: Timestamp) {
        self.begun.clear();
        self.due.clear();
        let earliest = now.checked_sub(HARD_LATE_MAX).unwrap_or(Timestamp::MIN);
        // What began already, before the program was started again, does not begin twice.
        let played = self.history.last_end().unwrap_or(Timestamp::MIN).min(now);
        self.timed_until = earliest.max(played).max(self.timed_until.min(now));
    }

    /// What begins at `now`. `None` only if there is nothing that could be played.
    pub fn next(&mut self, now: Timestamp) -> Option<Planned> {
        let now = Now { instant: now, wall: self.shelf.sheet.zone.to_datetime(now) };
        self.note_due(now.instant);
        let planned = self
            .timed(now)
            .or_else(|| self.rest(now))
            .or_else(|| self.queued(now))
            .or_else(|| self.by_clock(now))
            .or_else(|| self.in_turn(now))
            .or_else(|| self.anything(now));
        if planned.is_none() {
            // Whatever could not be played may be tried again: there is nothing to lose.
            self.unplayable.clear();
        }
        planned
    }

    /// The next moment after `now` at which something cuts in.
    pub fn next_cut(&self, now: Timestamp) -> Option<Timestamp> {
        let Sheet { rotation, zone, .. } = &self.shelf.sheet;
        timetable::next_after(&rotation.timed, zone, now, Some(Start::Hard))
    }

    /// The piece has begun.
    pub fn began(&mut self, piece: &Piece, at: Timestamp) {
        self.history.began(piece, at);
    }

    /// The piece that began last is over.
    pub fn ended(&mut self, at: Timestamp) {
        self.history.ended(at);
    }

    /// Something was heard that did not come from the library: its artist and its title rest from then on.
    pub fn heard(&mut self, spin: &Spin) {
        self.history.recall(spin);
    }

    /// The piece could not be played. It is left out for a while.
    pub fn skip(&mut self, piece: PieceId, now: Timestamp) {
        let until = now.checked_add(UNPLAYABLE).unwrap_or(Timestamp::MAX);
        self.unplayable.insert(piece, until);
    }

    /// What would be played from `now` on, if nothing happened in between: each piece with its start, at most `count`.
    pub fn ahead(&self, now: Timestamp, count: usize) -> Vec<(Timestamp, Planned)> {
        let (mut planner, mut at, mut plan) = (self.clone(), now, Vec::new());
        while plan.len() < count {
            let Some(planned) = planner.next(at) else { break };
            planner.began(&planned.piece, at);
            let end = at + SignedDuration::from_millis(planned.piece.plays_ms());
            let cut = planner.next_cut(at).filter(|cut| *cut < end);
            plan.push((at, planned));
            at = cut.unwrap_or(end).max(at + NEAR);
            planner.ended(at);
        }
        plan
    }

    // How pieces go over into each other.

    /// True if pieces of some category fade.
    pub fn has_crossfades(&self) -> bool {
        self.shelf.sheet.rotation.categories.iter().any(|category| category.crossfade_ms > 0)
    }

    /// For how long one piece is heard while it fades into another; zero if that begins where it ends.
    ///
    /// Both must be of categories that fade, and the shorter of their fades counts. What has its time begins on it, whole, and is
    /// heard whole. No piece spends more than a third of itself in a fade.
    pub fn crossfade(&self, going: &Planned, coming: &Planned) -> Duration {
        self.longest_fade(going).min(self.longest_fade(coming))
    }

    /// The longest that a piece could take to fade, whatever is before or after it.
    pub fn longest_fade(&self, planned: &Planned) -> Duration {
        let own = planned.piece.category.as_ref().filter(|_| planned.why != Why::Timed);
        let own = own.and_then(|category| self.shelf.sheet.rotation.category(category));
        let third_ms = u64::try_from(planned.piece.plays_ms() / 3).unwrap_or_default();
        Duration::from_millis(own.map_or(0, |category| u64::from(category.crossfade_ms)).min(third_ms))
    }

    // What has its time.

    fn note_due(&mut self, now: Timestamp) {
        let until = now.checked_add(NEAR).unwrap_or(now);
        let from = self.timed_until.max(until.checked_sub(SignedDuration::from_hours(24)).unwrap_or(until));
        if from >= until {
            return;
        }
        let shelf = Arc::clone(&self.shelf);
        for start in timetable::between(&shelf.sheet.rotation.timed, &shelf.sheet.zone, from, until) {
            let late_max = if start.timed.start == Start::Hard { HARD_LATE_MAX } else { SOFT_LATE_MAX };
            if now.duration_since(start.at) <= late_max {
                self.due.push_back(start.timed.what.clone());
            } else {
                metrics::counter!("groundwave_timed_pieces_missed_total").increment(1);
                tracing::warn!(at = %start.at, "something that has its time came too late and was left out");
            }
        }
        self.timed_until = until;
    }

    fn timed(&mut self, now: Now) -> Option<Planned> {
        while let Some(slot) = self.due.pop_front() {
            if let Some(planned) = self.fill_slot(&slot, now) {
                return Some(Planned { why: Why::Timed, ..planned });
            }
        }
        None
    }

    // What was begun, and what somebody lined up.

    fn rest(&mut self, now: Now) -> Option<Planned> {
        while let Some(Begun { piece, why, relaxed }) = self.begun.pop_front() {
            if let Some(piece) = self.piece_at(piece, now) {
                return Some(Planned { piece, why, relaxed });
            }
        }
        None
    }

    fn queued(&mut self, now: Now) -> Option<Planned> {
        while let Some(entry) = self.queue.pop() {
            if let Some(piece) = self.piece_at(entry.piece, now) {
                return Some(Planned { piece, why: Why::Queued, relaxed: Relaxed::Nothing });
            }
        }
        None
    }

    // What the clock says.

    fn by_clock(&mut self, now: Now) -> Option<Planned> {
        let shelf = Arc::clone(&self.shelf);
        let clock = shelf.sheet.rotation.clock_at(now.wall.weekday(), now.wall.hour().try_into().ok()?)?;
        let mut place = self.place_in(clock, now);
        for _ in 0..clock.slots.len() {
            let slot = &clock.slots[place.next_slot % clock.slots.len()];
            place.next_slot += 1;
            let Some(planned) = self.fill_slot(slot, now) else { continue };
            if !matches!(slot, Slot::Category(_)) {
                self.place = Some(place);
                return Some(planned);
            }
            if let Some(planned) = self.in_time(slot, &planned, now) {
                // The slot is still to be filled, unless this came from its category.
                place.next_slot -= usize::from(planned.why == Why::Fill);
                self.place = Some(place);
                return Some(planned);
            }
            self.place = Some(place);
            return Some(self.announced(planned, now));
        }
        None
    }

    /// Where the hour is. Where automation comes in, it is where it would be by now if it had been on all the time.
    fn place_in(&self, clock: &HourClock, now: Now) -> Place {
        let hour = Hour::of(now, &self.shelf.sheet.zone);
        let was_on = self.history.last_end().is_some_and(|end| now.instant.duration_since(end) < CONTINUOUS);
        match self.place {
            Some(place) if was_on && place.hour == hour => place,
            Some(_) if was_on => Place { hour, next_slot: 0 },
            _ => Place { hour, next_slot: self.entry(clock, now) },
        }
    }

    /// The slot that would be on now, going by how long pieces of its category last.
    fn entry(&self, clock: &HourClock, now: Now) -> usize {
        let elapsed_ms = i64::from(now.wall.minute()) * 60_000 + i64::from(now.wall.second()) * 1_000;
        let mut ends_ms = 0;
        let on = clock.slots.iter().position(|slot| {
            ends_ms += self.shelf.lasts_ms(slot);
            ends_ms > elapsed_ms
        });
        // The slots have been used up and begin again: where in them matters to nobody.
        on.unwrap_or_default()
    }

    fn fill_slot(&mut self, slot: &Slot, now: Now) -> Option<Planned> {
        let planned = |piece, relaxed| Planned { piece, why: Why::Clock, relaxed };
        match slot {
            Slot::Category(category) => {
                let (piece, relaxed) = self.draw(self.candidates(category, now, is_not_linked), now)?;
                Some(planned(piece, relaxed))
            }
            Slot::Piece(id) => Some(planned(self.piece_at(*id, now)?, Relaxed::Nothing)),
            Slot::Ident(category) => {
                let of = |programme: Option<ProgrammeId>| {
                    self.candidates(category, now, |piece| piece.programme == programme)
                };
                let own = self.programme.map(|programme| of(Some(programme))).filter(|own| !own.is_empty());
                let idents = own.unwrap_or_else(|| of(None));
                let (piece, relaxed) = self.draw(idents, now)?;
                Some(planned(piece, relaxed))
            }
            Slot::Voice(category) => {
                let voices = self.keeping_all_rules(self.candidates(category, now, is_not_linked));
                let (piece, relaxed) = self.draw(voices, now)?;
                Some(Planned { piece, why: Why::Voice, relaxed })
            }
            Slot::Break { category, seconds } => self.fill_break(category, *seconds, now),
        }
    }

    /// Draws pieces until no further one fits; the first is played now, the others follow.
    fn fill_break(&mut self, category: &Slug, seconds: u32, now: Now) -> Option<Planned> {
        let mut left_ms = i64::from(seconds) * 1_000;
        let mut pieces: Vec<Piece> = Vec::new();
        loop {
            let mut fitting = self.keeping_all_rules(self.candidates(category, now, is_not_linked));
            fitting.retain(|candidate| {
                let piece = self.shelf.piece(candidate.at);
                piece.plays_ms() <= left_ms && !pieces.iter().any(|drawn| drawn.id == piece.id)
            });
            let Some((piece, _)) = self.draw(fitting, now) else { break };
            left_ms -= piece.plays_ms();
            pieces.push(piece);
        }
        let rest = pieces.iter().skip(1);
        let rest: Vec<_> =
            rest.map(|piece| Begun { piece: piece.id, why: Why::Clock, relaxed: Relaxed::Nothing }).collect();
        self.begun.extend(rest);
        let first = pieces.into_iter().next()?;
        Some(Planned { piece: first, why: Why::Clock, relaxed: Relaxed::Nothing })
    }

    /// Something else where the planned piece would run into a start: the longest of its category, or of those that fill, that
    /// is over by then. Before something that cuts in, in the end the shortest that fills. `None`: it stays as planned.
    fn in_time(&mut self, slot: &Slot, planned: &Planned, now: Now) -> Option<Planned> {
        let shelf = Arc::clone(&self.shelf);
        let Sheet { rotation, zone, .. } = &shelf.sheet;
        let next = |kind| timetable::next_after(&rotation.timed, zone, now.instant + NEAR, kind);
        let gap_ms = i64::try_from(next(None)?.duration_since(now.instant).as_millis()).ok()?;
        if planned.piece.plays_ms() <= gap_ms {
            return None;
        }
        let of = |category: &Slug| self.candidates(category, now, is_not_linked);
        let mut own = slot.category().map(of).unwrap_or_default();
        own.retain(|candidate| candidate.relaxed <= planned.relaxed);
        let fill = self.keeping_all_rules(rotation.fill.as_ref().map(of).unwrap_or_default());
        let plays_ms = |candidate: &Candidate| shelf.piece(candidate.at).plays_ms();
        let longest = |candidates: &[Candidate]| {
            candidates.iter().copied().filter(|candidate| plays_ms(candidate) <= gap_ms).max_by_key(plays_ms)
        };
        let is_cut = next(Some(Start::Hard)) == next(None);
        let (candidate, why) = longest(&own)
            .map(|candidate| (candidate, Why::Clock))
            .or_else(|| longest(&fill).map(|candidate| (candidate, Why::Fill)))
            .or_else(|| {
                let shortest = fill.iter().copied().min_by_key(plays_ms).filter(|_| is_cut);
                shortest.map(|candidate| (candidate, Why::Fill))
            })?;
        Some(Planned { piece: shelf.piece(candidate.at).clone(), why, relaxed: candidate.relaxed })
    }

    /// The voice track that was spoken between the piece before and this one, if there is one; then this one follows it.
    fn announced(&mut self, planned: Planned, now: Now) -> Planned {
        let before = self.last_if_on(now);
        let fits = |piece: &Piece| {
            let Some(link) = piece.link else { return false };
            let looks_back = link.after.is_none_or(|after| Some(after) == before);
            let looks_ahead = link.before.is_none_or(|ahead| ahead == planned.piece.id);
            looks_back && looks_ahead && (link.after.is_some() || link.before.is_some())
        };
        let voices = self.keeping_all_rules(self.linked(now, fits));
        // One that names both was spoken for this very place.
        let names_both = |candidate: &Candidate| {
            self.shelf.piece(candidate.at).link.is_some_and(|link| link.after.is_some() && link.before.is_some())
        };
        let own: Vec<Candidate> = voices.iter().copied().filter(names_both).collect();
        let Some((voice, relaxed)) = self.draw(if own.is_empty() { voices } else { own }, now) else { return planned };
        let Planned { piece, why, relaxed: rest_relaxed } = planned;
        self.begun.push_front(Begun { piece: piece.id, why, relaxed: rest_relaxed });
        Planned { piece: voice, why: Why::Voice, relaxed }
    }

    // Where there is no clock, or nothing that it asks for.

    fn in_turn(&mut self, now: Now) -> Option<Planned> {
        if !self.shelf.sheet.rotation.clocks.is_empty() {
            return None;
        }
        let place = |piece: &Piece| (piece.position, piece.id);
        let playable =
            || self.shelf.sheet.pieces.iter().filter(|piece| self.is_playable(piece, now) && piece.link.is_none());
        let after =
            self.turn.and_then(|turn| playable().filter(|piece| place(piece) > turn).min_by_key(|piece| place(piece)));
        let piece = after.or_else(|| playable().min_by_key(|piece| place(piece)))?.clone();
        self.turn = Some(place(&piece));
        Some(Planned { piece, why: Why::Turn, relaxed: Relaxed::Nothing })
    }

    fn anything(&mut self, now: Now) -> Option<Planned> {
        let fill = self.shelf.sheet.rotation.fill.clone();
        let of_fill = fill.map(|fill| self.candidates(&fill, now, is_not_linked)).unwrap_or_default();
        let all = (0..self.shelf.sheet.pieces.len()).collect::<Vec<_>>();
        let drawn = self.draw(of_fill, now).or_else(|| self.draw(self.judged(&all, now, is_not_linked), now));
        if let Some((piece, relaxed)) = drawn {
            return Some(Planned { piece, why: Why::Anything, relaxed: relaxed.max(Relaxed::Category) });
        }
        let again = self.shelf.sheet.pieces.iter().find(|piece| self.is_playable(piece, now) && is_not_linked(piece));
        Some(Planned { piece: again?.clone(), why: Why::Anything, relaxed: Relaxed::Repeat })
    }

    // Candidates.

    fn candidates(&self, category: &Slug, now: Now, fits: impl Fn(&Piece) -> bool) -> Vec<Candidate> {
        self.judged(self.shelf.category(category), now, fits)
    }

    fn linked(&self, now: Now, fits: impl Fn(&Piece) -> bool) -> Vec<Candidate> {
        self.judged(&self.shelf.linked(), now, fits)
    }

    /// Those that may be played at all, each with the rules that would have to be let go.
    fn judged(&self, places: &[usize], now: Now, fits: impl Fn(&Piece) -> bool) -> Vec<Candidate> {
        let fitting = places.iter().filter(|at| {
            let piece = self.shelf.piece(**at);
            fits(piece) && self.is_playable(piece, now)
        });
        fitting
            .filter_map(|at| Some(Candidate { at: *at, relaxed: self.relaxed_for(self.shelf.piece(*at), now)? }))
            .collect()
    }

    /// Which rules would have to be let go for a piece. `None`: it was played just before.
    fn relaxed_for(&self, piece: &Piece, now: Now) -> Option<Relaxed> {
        let category = piece.category.as_ref().and_then(|category| self.shelf.sheet.rotation.category(category));
        let (artist_minutes, title_minutes) =
            category.map_or((0, 0), |category| (category.artist_minutes, category.title_minutes));
        if self.history.last() == Some(piece.id) && title_minutes > 0 {
            return None;
        }
        if !piece.suits(now.wall) {
            return Some(Relaxed::DayPart);
        }
        if !self.history.title_has_rested(&piece.title, title_minutes, now.instant) {
            return Some(Relaxed::Title);
        }
        if !self.history.artist_has_rested(&piece.artist, artist_minutes, now.instant) {
            return Some(Relaxed::Artist);
        }
        Some(Relaxed::Nothing)
    }

    fn keeping_all_rules(&self, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
        candidates.retain(|candidate| candidate.relaxed == Relaxed::Nothing);
        candidates
    }

    fn is_playable(&self, piece: &Piece, now: Now) -> bool {
        piece.is_valid_at(now.instant) && self.unplayable.get(&piece.id).is_none_or(|until| *until <= now.instant)
    }

    fn piece_at(&self, id: PieceId, now: Now) -> Option<Piece> {
        let piece = self.shelf.by_id(id).filter(|piece| self.is_playable(piece, now));
        if piece.is_none() {
            metrics::counter!("groundwave_pieces_skipped_total", "reason" => "not-valid").increment(1);
            tracing::warn!(piece = id.0, "a piece that is asked for is not there, or may not be played now");
        }
        piece.cloned()
    }

    /// One of those that keep most rules and have rested longest. What a voice track at hand leads up to comes before others.
    fn draw(&mut self, mut candidates: Vec<Candidate>, now: Now) -> Option<(Piece, Relaxed)> {
        let relaxed = candidates.iter().map(|candidate| candidate.relaxed).min()?;
        candidates.retain(|candidate| candidate.relaxed == relaxed);
        if let Some(led_up_to) = self.led_up_to(&candidates, now) {
            return Some((led_up_to, relaxed));
        }
        let mut rested: Vec<(i64, usize)> = candidates
            .iter()
            .map(|candidate| (self.rest_of(self.shelf.piece(candidate.at), now), candidate.at))
            .collect();
        let longest = rested.iter().map(|(rest, _)| *rest).max()?;
        rested.retain(|(rest, _)| rest.saturating_mul(100) >= longest.saturating_mul(AS_GOOD_PERCENT));
        self.draws += 1;
        let chance = |at: usize| mix(self.seed ^ mix(self.draws) ^ mix(at as u64));
        rested.sort_by_cached_key(|(rest, at)| (Reverse(*rest), chance(*at)));
        rested.truncate(SHORTLIST_MAX);
        let (_, at) = rested[chance(usize::MAX) as usize % rested.len()];
        Some((self.shelf.piece(at).clone(), relaxed))
    }

    /// The candidate that a voice track after the piece before was spoken for.
    fn led_up_to(&self, candidates: &[Candidate], now: Now) -> Option<Piece> {
        let before = self.last_if_on(now)?;
        let voices = self.linked(now, |piece| piece.link.is_some_and(|link| link.after == Some(before)));
        let ahead: Vec<PieceId> =
            self.keeping_all_rules(voices).iter().filter_map(|voice| self.shelf.piece(voice.at).link?.before).collect();
        let mut found = candidates.iter().map(|candidate| self.shelf.piece(candidate.at));
        found.find(|piece| ahead.contains(&piece.id)).cloned()
    }

    /// How long a piece has rested, in seconds, times its weight.
    fn rest_of(&self, piece: &Piece, now: Now) -> i64 {
        let never = history::REMEMBERED.as_secs();
        let rest = self.history.last_began(piece.id).map_or(never, |at| now.instant.duration_since(at).as_secs());
        rest.clamp(0, never) * i64::from(piece.weight.clamp(1, station::library::WEIGHT_MAX))
    }

    /// The piece that ended just now.
    fn last_if_on(&self, now: Now) -> Option<PieceId> {
        let is_on = self.history.last_end().is_some_and(|end| now.instant.duration_since(end) < CONTINUOUS);
        self.history.last().filter(|_| is_on)
    }
}

/// A piece that may be played, and at what price.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    /// Its place in the sheet.
    at: usize,
    relaxed: Relaxed,
}

impl Shelf {
    fn new(sheet: Sheet) -> Self {
        let mut categories: HashMap<Slug, Vec<usize>> = HashMap::new();
        for (at, piece) in sheet.pieces.iter().enumerate() {
            if let Some(category) = &piece.category {
                categories.entry(category.clone()).or_default().push(at);
            }
        }
        let ids = sheet.pieces.iter().enumerate().map(|(at, piece)| (piece.id, at)).collect();
        Self { sheet, categories, ids }
    }

    fn piece(&self, at: usize) -> &Piece {
        &self.sheet.pieces[at]
    }

    fn by_id(&self, id: PieceId) -> Option<&Piece> {
        self.ids.get(&id).map(|at| self.piece(*at))
    }

    fn category(&self, category: &Slug) -> &[usize] {
        self.categories.get(category).map(Vec::as_slice).unwrap_or_default()
    }

    fn linked(&self) -> Vec<usize> {
        (0..self.sheet.pieces.len()).filter(|at| self.piece(*at).link.is_some()).collect()
    }

    /// How long a slot lasts, by what there is for it, in milliseconds.
    fn lasts_ms(&self, slot: &Slot) -> i64 {
        match slot {
            Slot::Piece(id) => self.by_id(*id).map_or(0, Piece::plays_ms),
            Slot::Break { seconds, .. } => i64::from(*seconds) * 1_000,
            Slot::Category(category) | Slot::Ident(category) | Slot::Voice(category) => {
                let pieces = self.category(category);
                let whole: i64 = pieces.iter().map(|at| self.piece(*at).plays_ms()).sum();
                whole / i64::try_from(pieces.len().max(1)).unwrap_or(i64::MAX)
            }
        }
    }
}

impl Hour {
    fn of(now: Now, zone: &TimeZone) -> Self {
        let start = now.wall.date().at(now.wall.hour(), 0, 0, 0);
        Self { start, offset: zone.to_offset(now.instant) }
    }
}

fn is_not_linked(piece: &Piece) -> bool {
    piece.link.is_none()
}

/// Chance out of a number, the same every time (SplitMix64).
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}
