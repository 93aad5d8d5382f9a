//! A schedule: what people wrote down, and what comes of it.
//!
//! Resolving asks, for every instant, which of the claims on it is the strongest: a one-off broadcast before an
//! exception, an exception before a rule, and among rules the one that is valid since later, then the one that starts
//! later. A stretch that one claim holds without a break is a broadcast; a claim that is beaten in its middle makes
//! two, one that is beaten everywhere makes none. The answer for an instant never depends on the span asked for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use jiff::tz::TimeZone;
use station::schedule::{Exception, OneOff, Rule};
use station::{Broadcast, ProgrammeId, ServiceId, Timestamp};

use crate::claim::{self, Claim, Rank, Strength};

/// What a station's broadcasts are made from.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The station's time zone: rules and exceptions are written in its time.
    pub zone: TimeZone,
    /// What each programme is called.
    pub titles: HashMap<ProgrammeId, String>,
    /// What happens every week.
    pub rules: Vec<Rule>,
    /// Where single dates depart from it.
    pub exceptions: Vec<Exception>,
    /// What happens once.
    pub one_offs: Vec<OneOff>,
}

/// Two claims on the same stretch of a service that nobody arranged: one had to give way.
///
/// A one-off that pre-empts the week's rules is arranged, and so no conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Where.
    pub service: ServiceId,
    /// The first instant that both claim.
    pub start: Timestamp,
    /// The first instant that they no longer both claim.
    pub end: Timestamp,
    /// What has the air there, as it would be if it were alone.
    pub winner: Broadcast,
    /// What gave way there, as it would be if it were alone.
    pub loser: Broadcast,
}

impl Schedule {
    /// The broadcasts of all services that overlap `span`, each whole (it may reach beyond the span), by service and
    /// start. Those of one service never overlap.
    pub fn resolve(&self, span: Range<Timestamp>) -> Vec<Broadcast> {
        let mut broadcasts: Vec<Broadcast> =
            self.claims_around(&span).into_values().flat_map(|claims| strongest(&claims)).collect();
        broadcasts.retain(|broadcast| claim::overlap(&(broadcast.start..broadcast.end), &span));
        broadcasts
    }

    /// The conflicts that overlap `span`, by service and start.
    pub fn conflicts(&self, span: Range<Timestamp>) -> Vec<Conflict> {
        let claims = by_service(claim::overlapping(self, &span));
        let mut conflicts: Vec<Conflict> = claims.into_values().flat_map(|claims| conflicting(&claims)).collect();
        conflicts.retain(|conflict| claim::overlap(&(conflict.start..conflict.end), &span));
        conflicts
    }

    /// The title of an airing: its own, or its programme's.
    pub(crate) fn title(&self, programme: ProgrammeId, own: Option<&str>) -> String {
        own.or_else(|| self.titles.get(&programme).map(String::as_str)).unwrap_or_default().to_owned()
    }

    /// All that bears on `span`: the claims that overlap it, and those that overlap one of these, because they decide
    /// where a broadcast that reaches beyond the span begins or ends.
    fn claims_around(&self, span: &Range<Timestamp>) -> BTreeMap<ServiceId, Vec<Claim>> {
        let within = claim::overlapping(self, span);
        let start = within.iter().map(|claim| claim.broadcast.start).fold(span.start, Timestamp::min);
        let end = within.iter().map(|claim| claim.broadcast.end).fold(span.end, Timestamp::max);
        by_service(claim::overlapping(self, &(start..end)))
    }
}

fn by_service(claims: Vec<Claim>) -> BTreeMap<ServiceId, Vec<Claim>> {
    let mut services: BTreeMap<ServiceId, Vec<Claim>> = BTreeMap::new();
    for claim in claims {
        services.entry(claim.broadcast.service).or_default().push(claim);
    }
    services.values_mut().for_each(|claims| claims.sort_by_key(|claim| claim.broadcast.start));
    services
}

/// The stretches that each of one service's claims holds against all others, in order.
fn strongest(claims: &[Claim]) -> Vec<Broadcast> {
    let mut broadcasts: Vec<Broadcast> = Vec::new();
    let mut holder: Option<&Claim> = None;
    let mut alive: BTreeSet<(Strength, usize)> = BTreeSet::new();
    for (moment, turn) in turns(claims) {
        for index in turn.ending {
            alive.remove(&(claims[index].strength, index));
        }
        for index in turn.beginning {
            alive.insert((claims[index].strength, index));
        }
        let strongest = alive.last().map(|(_, index)| &claims[*index]);
        if same(holder, strongest) {
            continue;
        }
        if holder.is_some() {
            broadcasts.last_mut().expect("what holds the air was noted when it took it").end = moment;
        }
        broadcasts.extend(strongest.map(|claim| Broadcast { start: moment, ..claim.broadcast.clone() }));
        holder = strongest;
    }
    broadcasts
}

/// True if both are the one claim, or both none.
fn same(a: Option<&Claim>, b: Option<&Claim>) -> bool {
    a.map(std::ptr::from_ref) == b.map(std::ptr::from_ref)
}

/// The claims, by index, that end and begin at one moment.
#[derive(Default)]
struct Turn {
    ending: Vec<usize>,
    beginning: Vec<usize>,
}

fn turns(claims: &[Claim]) -> BTreeMap<Timestamp, Turn> {
    let mut turns: BTreeMap<Timestamp, Turn> = BTreeMap::new();
    for (index, claim) in claims.iter().enumerate() {
        turns.entry(claim.broadcast.start).or_default().beginning.push(index);
        turns.entry(claim.broadcast.end).or_default().ending.push(index);
    }
    turns
}

/// The pairs among one service's claims, sorted by start, that overlap without being arranged so.
fn conflicting(claims: &[Claim]) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    for (index, earlier) in claims.iter().enumerate() {
        let overlapping = claims[index + 1..].iter().take_while(|later| later.broadcast.start < earlier.broadcast.end);
        conflicts.extend(overlapping.filter_map(|later| Conflict::between(earlier, later)));
    }
    conflicts.sort_by_key(|conflict| conflict.start);
    conflicts
}

impl Conflict {
    /// The conflict of two claims that overlap; `None` if one is a one-off that pre-empts the other.
    fn between(a: &Claim, b: &Claim) -> Option<Self> {
        let (winner, loser) = if a.strength > b.strength { (a, b) } else { (b, a) };
        if winner.strength.rank == Rank::OneOff && loser.strength.rank != Rank::OneOff {
            return None;
        }
        let (winner, loser) = (winner.broadcast.clone(), loser.broadcast.clone());
        Some(Conflict {
            service: winner.service,
            start: winner.start.max(loser.start),
            end: winner.end.min(loser.end),
            winner,
            loser,
        })
    }
}
