//! `/schedule`

use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use station::Timestamp;

use super::{Draft, Fault, Result, Visit};
use crate::cache::Tag;
use crate::view::schedule::{Asked, Page, monday_of};

/// How many days back broadcasts are kept, and how many ahead they are known: what the guide keeps.
const DAYS_BACK: i64 = 14;
const DAYS_AHEAD: i64 = 21;
/// The longest name of a time zone, in bytes; the database's longest has half of it.
const ZONE_BYTES_MAX: usize = 64;

pub(super) async fn draft(visit: &Visit) -> Result<Draft> {
    let edition = &visit.edition;
    let asked = asked(visit).ok_or(Fault::NotFound)?;
    let (first, days) = asked.day.map_or((asked.week, 7), |day| (day, 1));
    let from = midnight(first, &asked.zone).ok_or(Fault::NotFound)?;
    let to = midnight(later(first, days).ok_or(Fault::NotFound)?, &asked.zone).ok_or(Fault::NotFound)?;
    let broadcasts = store::broadcast::between(&visit.db, edition.station.id, from, to).await?;
    let programmes = store::programme::all(&visit.db, edition.station.id).await?;

    let page = Page::new(edition, &asked, &broadcasts, &programmes);
    let draft = Draft::new("schedule.html", &page, vec![Tag::Schedule, Tag::OnAir, Tag::Programmes]);
    let today = edition.now.to_zoned_datetime(asked.zone.clone()).date();
    let tomorrow = later(today, 1).and_then(|tomorrow| midnight(tomorrow, &asked.zone));
    let boundaries = broadcasts.iter().flat_map(|broadcast| [broadcast.start, broadcast.end]);
    let next = boundaries.filter(|moment| *moment > edition.now).min();
    Ok(draft.fresh_until(tomorrow).fresh_until(next))
}

/// What was asked for; `None` if there is no such week, day or zone, or nothing can be known of it.
fn asked(visit: &Visit) -> Option<Asked> {
    let edition = &visit.edition;
    let zone_name = visit.asked("zone").filter(|name| *name != edition.station.zone);
    let zone = match zone_name {
        Some(name) => TimeZone::get(name).ok().filter(|_| name.len() <= ZONE_BYTES_MAX)?,
        None => edition.zone(),
    };
    let today = edition.now.to_zoned_datetime(zone.clone()).date();
    let known = (monday_of(later(today, -DAYS_BACK)?), monday_of(later(today, DAYS_AHEAD)?));
    let day = visit.asked("day").map(|day| date(day).ok_or(())).transpose().ok()?;
    let week = match (day, visit.asked("week")) {
        (Some(day), _) => day,
        (None, Some(week)) => date(week)?,
        (None, None) => today,
    };
    let week = monday_of(week);
    let is_known = known.0 <= week && week <= known.1;
    is_known.then(|| Asked { week, day, zone, zone_name: zone_name.map(Into::into), known })
}

fn date(text: &str) -> Option<Date> {
    text.parse().ok().filter(|date: &Date| date.to_string() == text)
}

fn later(date: Date, days: i64) -> Option<Date> {
    date.checked_add(Span::new().days(days)).ok()
}

fn midnight(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    Some(date.to_zoned_datetime(zone.clone()).ok()?.timestamp())
}
