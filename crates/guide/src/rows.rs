//! Between the schedule and the store: reads what people wrote down, writes the broadcasts that come of it.
//!
//! Rows are written only where they differ, and what readers then see differently is announced in the same
//! transaction. So the announcement comes back to the keeper, finds nothing to do, and the matter rests.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use station::{Broadcast, Event, ServiceId, Station, StationId, Timestamp};
use store::Db;

use crate::keeper::{Due, Settings};
use crate::{Board, Conflict, Schedule};

/// How far ahead one-off broadcasts are read, so that memory outlasts a store that is away.
const ONE_OFFS_AHEAD: SignedDuration = SignedDuration::from_hours(24 * 366);

/// What came of [`renew`].
#[derive(Default)]
pub struct Outcome {
    /// All stations that there are; `None` if that could not be found out.
    pub stations: Option<BTreeSet<StationId>>,
    /// The schedules that were read, whether or not their rows could be written.
    pub read: Vec<(StationId, Read)>,
    /// What could not be done.
    pub still_due: Due,
    /// Why, for the last of it.
    pub failure: Option<store::Error>,
}

/// A station's schedule, read and resolved.
pub struct Read {
    /// What people wrote down.
    pub schedule: Schedule,
    /// The services that it is about.
    pub services: Vec<ServiceId>,
    /// What comes of it around [`Read::at`].
    pub board: Board,
    /// The moment around which it was resolved.
    pub at: Timestamp,
}

/// Reads the schedules that are due and brings their rows up to date. A station that fails does not stop the others.
pub async fn renew(db: Db, due: Due, now: Timestamp, settings: Settings) -> Outcome {
    let stations = match store::station::all(&db).await {
        Ok(stations) => stations,
        Err(failure) => return Outcome { still_due: due, failure: Some(failure), ..Outcome::default() },
    };
    let ids = stations.iter().map(|station| station.id).collect();
    let mut outcome = Outcome { stations: Some(ids), ..Outcome::default() };
    for station in stations.iter().filter(|station| due.everything || due.stations.contains(&station.id)) {
        if let Err(failure) = renew_station(&db, station, now, &settings, &mut outcome.read).await {
            outcome.still_due.stations.insert(station.id);
            outcome.failure = Some(failure);
        }
    }
    outcome
}

async fn renew_station(
    db: &Db,
    station: &Station,
    now: Timestamp,
    settings: &Settings,
    done: &mut Vec<(StationId, Read)>,
) -> store::Result<()> {
    let span = settings.span(now);
    let read = read(db, station, now, &span).await?;
    report_conflicts(station, &read.schedule.conflicts(now..span.end));
    let written = write(db, station.id, &read, &span).await;
    done.push((station.id, read));
    written
}

async fn read(db: &Db, station: &Station, at: Timestamp, span: &Range<Timestamp>) -> store::Result<Read> {
    let one_offs_until = span.end.checked_add(ONE_OFFS_AHEAD).unwrap_or(Timestamp::MAX);
    let services = store::service::all(db, station.id).await?;
    let programmes = store::programme::all(db, station.id).await?;
    let schedule = Schedule {
        zone: zone(station),
        titles: programmes.into_iter().map(|programme| (programme.id, programme.title)).collect(),
        rules: store::schedule::rules(db, station.id).await?,
        exceptions: store::schedule::exceptions(db, station.id).await?,
        one_offs: store::schedule::one_offs(db, station.id, span.start, one_offs_until).await?,
    };
    let board = Board::new(schedule.resolve(span.clone()));
    Ok(Read { schedule, services: services.iter().map(|service| service.id).collect(), board, at })
}

fn zone(station: &Station) -> TimeZone {
    TimeZone::get(&station.zone).unwrap_or_else(|error| {
        let cause = &error as &dyn std::error::Error;
        tracing::error!(station = %station.slug, zone = station.zone, cause, "time zone is not known; using UTC");
        TimeZone::UTC
    })
}

async fn write(db: &Db, station: StationId, read: &Read, span: &Range<Timestamp>) -> store::Result<()> {
    let rows = Board::new(store::broadcast::between(db, station, span.start, span.end).await?);
    for service in read.services.iter().copied() {
        let broadcasts = read.board.of(service);
        if rows.of(service) == broadcasts {
            continue;
        }
        let Range { start, end } = hull(span, broadcasts);
        let mut tx = db.begin().await?;
        store::broadcast::replace(&mut tx, station, service, start, end, broadcasts).await?;
        store::change::add(&mut tx, station, &Event::ScheduleChanged { service }).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The span, widened to hold whole the broadcasts that reach beyond it.
fn hull(span: &Range<Timestamp>, broadcasts: &[Broadcast]) -> Range<Timestamp> {
    let start = broadcasts.first().map_or(span.start, |first| first.start.min(span.start));
    let end = broadcasts.last().map_or(span.end, |last| last.end.max(span.end));
    start..end
}

fn report_conflicts(station: &Station, conflicts: &[Conflict]) {
    metrics::gauge!("groundwave_schedule_conflicts", "station" => station.slug.to_string()).set(conflicts.len() as f64);
    let Some(first) = conflicts.first() else { return };
    tracing::warn!(
        station = %station.slug,
        conflicts = conflicts.len(),
        first_at = %first.start,
        winner = first.winner.title,
        loser = first.loser.title,
        "two broadcasts claim the same time; the newer rule, or else the later start, has it"
    );
}
