//! A claim: one airing as if nothing else wanted the time.
//!
//! Rules (with their exceptions) and one-off broadcasts claim stretches of a service. Where claims overlap, the
//! stronger one has the air; [`Strength`] is a total order, so who wins at an instant depends on that instant alone.

use std::collections::HashMap;
use std::ops::Range;

use jiff::civil::{Date, Time};
use jiff::{Span, ToSpan};
use station::broadcast::Cause;
use station::schedule::{Change, Exception, OneOff, Rule};
use station::{Broadcast, RuleId, Timestamp, wall};

use crate::Schedule;

/// The longest that a rule's broadcast can last: a week, as the wall clock counts it.
const RULE_MINUTES_MAX: u32 = 7 * 24 * 60;

/// How far before a span a rule's broadcast can start and still reach into it: a week, and whatever a zone may shift.
const REACH_DAYS: i32 = 9;

/// One airing, whole, and how strongly it claims its time.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The airing as it would be if it were alone. Never empty.
    pub broadcast: Broadcast,
    /// Who wins where two overlap.
    pub strength: Strength,
}

/// What decides between two claims. The greater one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strength {
    /// What kind of decision stands behind it.
    pub rank: Rank,
    /// Since when the rule is valid: a newer schedule covers an older one.
    valid_from: Date,
    /// What starts later was put into what started before.
    start: Timestamp,
    /// Nothing but a tie-break that is the same every time.
    id: i64,
}

/// The kind of decision that stands behind a claim, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// As every week.
    Rule,
    /// Somebody decided about this date.
    Exception,
    /// A broadcast of its own.
    OneOff,
}

impl Claim {
    /// Its stretch of time.
    pub fn span(&self) -> Range<Timestamp> {
        self.broadcast.start..self.broadcast.end
    }
}

/// Every claim of the schedule that overlaps `span`, in no order.
pub fn overlapping(schedule: &Schedule, span: &Range<Timestamp>) -> Vec<Claim> {
    let changes = changes(&schedule.exceptions);
    let rules = schedule.rules.iter().flat_map(|rule| of_rule(schedule, rule, &changes, span));
    let one_offs = schedule.one_offs.iter().filter_map(|one_off| of_one_off(schedule, one_off));
    rules.chain(one_offs).filter(|claim| overlap(&claim.span(), span)).collect()
}

/// True if the two stretches have an instant in common.
pub fn overlap(a: &Range<Timestamp>, b: &Range<Timestamp>) -> bool {
    a.start < b.end && b.start < a.end
}

type Changes<'a> = HashMap<(RuleId, Date), &'a Change>;

fn changes(exceptions: &[Exception]) -> Changes<'_> {
    exceptions.iter().map(|exception| ((exception.rule, exception.date), &exception.change)).collect()
}

fn of_rule<'a>(
    schedule: &'a Schedule,
    rule: &'a Rule,
    changes: &'a Changes<'a>,
    span: &Range<Timestamp>,
) -> impl Iterator<Item = Claim> + 'a {
    let first = day_of(schedule, span.start, -REACH_DAYS).max(rule.valid_from);
    let last = day_of(schedule, span.end, 1).min(rule.valid_until.unwrap_or(Date::MAX));
    first
        .series(Span::new().days(1))
        .take_while(move |date| *date <= last)
        .filter(|date| rule.days.contains(date.weekday()))
        .filter_map(move |date| on_date(schedule, rule, date, changes.get(&(rule.id, date)).copied()))
}

fn day_of(schedule: &Schedule, moment: Timestamp, days_later: i32) -> Date {
    schedule.zone.to_datetime(moment).date().saturating_add(days_later.days())
}

fn on_date(schedule: &Schedule, rule: &Rule, date: Date, change: Option<&Change>) -> Option<Claim> {
    let (mut start, mut minutes) = (rule.start, rule.minutes);
    let (mut programme, mut title) = (rule.programme, rule.title.as_deref());
    match change {
        None => {}
        Some(Change::Cancelled) => return None,
        Some(Change::Moved { start: moved, minutes: lasting }) => (start, minutes) = (*moved, *lasting),
        Some(Change::Replaced { programme: other, title: own }) => (programme, title) = (*other, own.as_deref()),
    }
    let Range { start, end } = on_air(schedule, date, start, minutes)?;
    let broadcast = Broadcast {
        station: rule.station,
        service: rule.service,
        programme,
        title: schedule.title(programme, title),
        start,
        end,
        cause: Cause::Rule(rule.id),
    };
    let rank = if change.is_some() { Rank::Exception } else { Rank::Rule };
    Some(Claim { broadcast, strength: Strength { rank, valid_from: rule.valid_from, start, id: rule.id.0 } })
}

/// The instants between `start` on `date` and so many `minutes` later on the wall clock; `None` if there are none.
fn on_air(schedule: &Schedule, date: Date, start: Time, minutes: u32) -> Option<Range<Timestamp>> {
    let from = date.to_datetime(start);
    let to = from.checked_add(i64::from(minutes.min(RULE_MINUTES_MAX)).minutes()).ok()?;
    let span = wall::instant(&schedule.zone, from)?..wall::instant(&schedule.zone, to)?;
    (!span.is_empty()).then_some(span)
}

fn of_one_off(schedule: &Schedule, one_off: &OneOff) -> Option<Claim> {
    if one_off.end <= one_off.start {
        return None;
    }
    let broadcast = Broadcast {
        station: one_off.station,
        service: one_off.service,
        programme: one_off.programme,
        title: schedule.title(one_off.programme, one_off.title.as_deref()),
        start: one_off.start,
        end: one_off.end,
        cause: Cause::OneOff(one_off.id),
    };
    // All one-offs are valid from the beginning: among them it is the start that decides.
    let strength = Strength { rank: Rank::OneOff, valid_from: Date::MIN, start: one_off.start, id: one_off.id.0 };
    Some(Claim { broadcast, strength })
}
