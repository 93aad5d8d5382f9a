//! The keeper of the schedule: resolves it ahead of time, and says when something else is on.
//!
//! It keeps each station's rows of broadcasts resolved around the present, anew after every change of the schedule, and
//! publishes [`Event::OnAir`] for a service whenever its now or next is different: at the start, at each boundary,
//! after a change. What is on is answered from memory, and the store is spoken to beside that: one that is slow or
//! away delays nothing but its own rows, which follow when it is back.
//!
//! It looks at the wall clock at least every [`Settings::check_ms`]: a clock that is set forward or back is followed
//! within that time.
//!
//! Start at [`run`].

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Heard};
use jiff::SignedDuration;
use station::broadcast::NowNext;
use station::event::Message;
use station::{Clock, Event, ServiceId, StationId, Timestamp};
use store::Db;

use crate::rows::{self, Outcome, Read};
use crate::{Board, Schedule};

/// How far and how often the keeper looks.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many days of the past are kept resolved. What is older stays as it was.
    pub days_back: u16,
    /// How many days of the future are kept resolved.
    pub days_ahead: u16,
    /// The longest that the wall clock goes unwatched, in milliseconds.
    pub check_ms: u64,
    /// How long a store that could not be used is left alone, in milliseconds.
    pub retry_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { days_back: 14, days_ahead: 21, check_ms: 1_000, retry_ms: 2_000 }
    }
}

impl Settings {
    /// The days around `now` that are kept resolved.
    pub(crate) fn span(&self, now: Timestamp) -> Range<Timestamp> {
        let days = |days: u16| SignedDuration::from_hours(24 * i64::from(days));
        let start = now.checked_sub(days(self.days_back)).unwrap_or(Timestamp::MIN);
        let end = now.checked_add(days(self.days_ahead)).unwrap_or(Timestamp::MAX);
        start..end
    }
}

/// How far the clock goes before the resolved days are moved along with it.
const MOVE_ALONG: SignedDuration = SignedDuration::from_hours(6);

/// Keeps every station's schedule until the bus is closed. To stop it earlier, drop it: it leaves nothing unfinished but
/// a transaction, which then never happened.
///
/// Whoever wants to hear from the beginning what is on subscribes to `bus` before this is started.
pub async fn run(db: Db, bus: Arc<dyn Bus>, clock: Arc<dyn Clock>, settings: Settings) {
    let mut heard = bus.subscribe();
    let mut keeper = Keeper::new(db, bus, clock, settings);
    let mut work: Option<Work> = None;
    loop {
        keeper.move_along();
        keeper.tell();
        if work.is_none() {
            work = keeper.next_work();
        }
        tokio::select! {
            heard = heard.next() => match heard {
                Heard::Message(message) => keeper.hear(&message),
                Heard::Missed(_) => keeper.due.everything = true,
                Heard::Closed => return,
            },
            outcome = finished(&mut work) => {
                work = None;
                keeper.take(outcome);
            }
            () = tokio::time::sleep(keeper.pause()) => {}
        }
    }
}

/// What is being done with the store at the moment.
type Work = Pin<Box<dyn Future<Output = Outcome> + Send>>;

async fn finished(work: &mut Option<Work>) -> Outcome {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}

/// Whose schedule must be read again.
#[derive(Debug, Default)]
pub(crate) struct Due {
    /// Every station's, also of stations that nobody has heard of yet.
    pub everything: bool,
    /// These stations'.
    pub stations: BTreeSet<StationId>,
}

impl Due {
    fn is_nothing(&self) -> bool {
        !self.everything && self.stations.is_empty()
    }

    fn add(&mut self, other: Due) {
        self.everything |= other.everything;
        self.stations.extend(other.stations);
    }
}

struct Keeper {
    db: Db,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    stations: HashMap<StationId, Kept>,
    due: Due,
    /// When, by the monotonic clock, the store may be asked again.
    retry_at: Duration,
    is_store_away: bool,
}

/// What is remembered of one station.
struct Kept {
    schedule: Schedule,
    services: Vec<ServiceId>,
    board: Board,
    /// The moment around which the board was resolved.
    resolved_at: Timestamp,
    /// What was last told of each service.
    told: HashMap<ServiceId, NowNext>,
}

impl Keeper {
    fn new(db: Db, bus: Arc<dyn Bus>, clock: Arc<dyn Clock>, settings: Settings) -> Self {
        let due = Due { everything: true, ..Due::default() };
        let stations = HashMap::new();
        Self { db, bus, clock, settings, stations, due, retry_at: Duration::ZERO, is_store_away: false }
    }

    fn hear(&mut self, message: &Message) {
        let bears_on_schedule = matches!(
            message.event,
            Event::ScheduleChanged { .. }
                | Event::ProgrammeChanged { .. }
                | Event::ServiceChanged { .. }
                | Event::StationChanged
        );
        if bears_on_schedule {
            self.due.stations.insert(message.station);
        }
    }

    /// Lets the resolved days go along with the clock. Memory is enough for that; the rows follow.
    fn move_along(&mut self) {
        let now = self.clock.now();
        for (station, kept) in &mut self.stations {
            if now.duration_since(kept.resolved_at).abs() >= MOVE_ALONG {
                kept.board = Board::new(kept.schedule.resolve(self.settings.span(now)));
                kept.resolved_at = now;
                self.due.stations.insert(*station);
            }
        }
    }

    /// Publishes what is on for every service of which something else was told last, or nothing yet.
    fn tell(&mut self) {
        let now = self.clock.now();
        for (station, kept) in &mut self.stations {
            for service in &kept.services {
                let now_next = kept.board.now_next(*service, now);
                if kept.told.get(service) == Some(&now_next) {
                    continue;
                }
                kept.told.insert(*service, now_next.clone());
                let event = Event::OnAir { service: *service, now_next };
                self.bus.publish(Message { station: *station, revision: None, event });
            }
        }
    }

    /// What is to be done with the store, if anything is due and the store may be asked.
    fn next_work(&mut self) -> Option<Work> {
        if self.due.is_nothing() || self.clock.elapsed() < self.retry_at {
            return None;
        }
        let due = std::mem::take(&mut self.due);
        Some(Box::pin(rows::renew(self.db.clone(), due, self.clock.now(), self.settings.clone())))
    }

    /// Takes over what was read. What was due and could not be done is due again.
    fn take(&mut self, outcome: Outcome) {
        if let Some(ids) = outcome.stations {
            self.stations.retain(|id, _| ids.contains(id));
        }
        for (id, Read { schedule, services, board, at }) in outcome.read {
            let told = self.stations.remove(&id).map(|kept| kept.told).unwrap_or_default();
            self.stations.insert(id, Kept { schedule, services, board, resolved_at: at, told });
        }
        self.due.add(outcome.still_due);
        match outcome.failure {
            Some(failure) => self.note_store_away(&failure),
            None => self.note_store_back(),
        }
    }

    fn note_store_away(&mut self, failure: &store::Error) {
        metrics::counter!("groundwave_guide_store_failures_total").increment(1);
        self.retry_at = self.clock.elapsed() + Duration::from_millis(self.settings.retry_ms);
        if !std::mem::replace(&mut self.is_store_away, true) {
            let cause = failure as &dyn std::error::Error;
            tracing::warn!(cause, "the schedule could not be brought up to date; going on with what is in memory");
        }
    }

    fn note_store_back(&mut self) {
        if std::mem::take(&mut self.is_store_away) {
            tracing::info!("the schedule is up to date again");
        }
    }

    /// How long nothing is going to happen by itself: at most until the clock must be looked at again, and at least a
    /// millisecond, which is the finest that a timer knows.
    fn pause(&self) -> Duration {
        let now = self.clock.now();
        let change = self.stations.values().filter_map(|kept| kept.board.next_change(now)).min();
        let until_change = change.and_then(|moment| Duration::try_from(moment.duration_since(now)).ok());
        let check = Duration::from_millis(self.settings.check_ms.max(1));
        until_change.unwrap_or(check).clamp(Duration::from_millis(1), check)
    }
}
