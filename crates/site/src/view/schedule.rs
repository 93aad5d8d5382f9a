//! The schedule: a week of broadcasts, day by day, service by service.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use station::{Broadcast, Programme};

use super::frame::Head;
use super::moment::Wording;
use super::{Edition, Frame, Moment, sample};

/// The page. On a desk it shows the week; on a phone, and with `?day=`, one day at a time.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// What stands around it.
    pub frame: Frame,
    /// The week in words: "November 23 to November 29, 2026".
    pub title: String,
    /// Its Monday: `2026-11-23`.
    pub week: String,
    /// The day that was asked for, if one was.
    pub day: Option<String>,
    /// The week before, or the day before where a day was asked for; `None` where nothing is known of it.
    pub earlier: Option<String>,
    /// The week or the day after.
    pub later: Option<String>,
    /// Whose clock the times are of.
    pub zone: Zone,
    /// The zones that can be chosen: the station's first.
    pub zones: Vec<Zone>,
    /// The services, for the head of a table: each day has as many columns, in this order.
    pub services: Vec<Column>,
    /// The days shown: seven, or the one asked for.
    pub days: Vec<Day>,
    /// Every day of the week, for a row of links.
    pub week_days: Vec<DayLink>,
}

/// A time zone to read the schedule in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Zone {
    /// Its IANA name: `America/New_York`.
    pub name: String,
    /// The same for people: "New York".
    pub title: String,
    /// True for the station's own.
    pub is_stations: bool,
    /// True for the one that is shown.
    pub is_current: bool,
}

/// A service as the head of a column.
#[derive(Clone, Debug, Serialize)]
pub struct Column {
    /// Its name in addresses.
    pub slug: String,
    /// What it is called.
    pub name: String,
}

/// A link to a day of the week.
#[derive(Clone, Debug, Serialize)]
pub struct DayLink {
    /// `2026-11-24`.
    pub date: String,
    /// "Tue".
    pub short: String,
    /// "Tuesday, November 24".
    pub title: String,
    /// Where it is.
    pub href: String,
    /// True for the day shown.
    pub is_current: bool,
    /// True for today (as of the rendering; the page is made anew at midnight).
    pub is_today: bool,
}

/// One day.
#[derive(Clone, Debug, Serialize)]
pub struct Day {
    /// `2026-11-24`.
    pub date: String,
    /// "Tuesday, November 24".
    pub title: String,
    /// "Tue".
    pub short: String,
    /// True for today.
    pub is_today: bool,
    /// What each service has, in the order of [`Page::services`].
    pub services: Vec<ServiceDay>,
}

/// What one service has on one day.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceDay {
    /// The service.
    pub service: Column,
    /// Its broadcasts that start on that day, and in front the one that is still on from the day before.
    pub airings: Vec<Airing>,
}

/// A broadcast.
#[derive(Clone, Debug, Serialize)]
pub struct Airing {
    /// Its title on the schedule.
    pub title: String,
    /// What the programme is, in a sentence; may be empty.
    pub teaser: String,
    /// The programme's page.
    pub href: Option<String>,
    /// The programme's own title, where the airing has another.
    pub programme: Option<String>,
    /// When it starts.
    pub start: Moment,
    /// When it ends.
    pub end: Moment,
    /// How long it lasts.
    pub minutes: i64,
    /// True if it started on the day before.
    pub is_continued: bool,
    /// True if it is on at the time of rendering.
    pub is_on: bool,
}

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The Monday of the week.
    pub week: Date,
    /// One day of it.
    pub day: Option<Date>,
    /// The zone to show.
    pub zone: TimeZone,
    /// Its name, if it is not the station's own.
    pub zone_name: Option<String>,
    /// The first Monday and the last of which anything is known.
    pub known: (Date, Date),
}

/// Zones that listeners of a station are likely to be in.
const ZONES: [(&str, &str); 12] = [
    ("America/New_York", "Eastern (New York)"),
    ("America/Chicago", "Central (Chicago)"),
    ("America/Denver", "Mountain (Denver)"),
    ("America/Phoenix", "Arizona (Phoenix)"),
    ("America/Los_Angeles", "Pacific (Los Angeles)"),
    ("America/Anchorage", "Alaska (Anchorage)"),
    ("Pacific/Honolulu", "Hawaii (Honolulu)"),
    ("America/Puerto_Rico", "Atlantic (Puerto Rico)"),
    ("Europe/London", "London"),
    ("Europe/Berlin", "Berlin"),
    ("Asia/Tokyo", "Tokyo"),
    ("UTC", "UTC"),
];

impl Airing {
    /// The broadcast, with its programme if that is among `programmes`.
    pub fn of(broadcast: &Broadcast, programmes: &[Programme], times: &Wording) -> Self {
        let programme = programmes.iter().find(|programme| programme.id == broadcast.programme);
        Self {
            title: broadcast.title.clone(),
            teaser: programme.map(|programme| programme.teaser.clone()).unwrap_or_default(),
            href: programme.map(|programme| format!("/programmes/{}", programme.slug)),
            programme: programme.map(|programme| programme.title.clone()).filter(|title| *title != broadcast.title),
            start: times.moment(broadcast.start),
            end: times.moment(broadcast.end),
            minutes: (broadcast.end.as_second() - broadcast.start.as_second()) / 60,
            is_continued: false,
            is_on: false,
        }
    }
}

impl Page {
    /// The schedule of `broadcasts` (of all services, by start) as it was asked for.
    pub fn new(edition: &Edition, asked: &Asked, broadcasts: &[Broadcast], programmes: &[Programme]) -> Self {
        let times = edition.times().in_zone(asked.zone.clone());
        let today = edition.now.to_zoned_datetime(asked.zone.clone()).date();
        let week: Vec<Date> = days_from(asked.week, 7);
        let shown: Vec<Date> = asked.day.map_or_else(|| week.clone(), |day| vec![day]);
        let maker = DayMaker { edition, times: &times, broadcasts, programmes, today };
        let title = title(asked, &times);
        let is_plain = asked.day.is_none() && asked.zone_name.is_none() && week.contains(&today);
        let path = if is_plain { "/schedule".to_owned() } else { asked.address(asked.week, asked.day) };
        let description = format!("What {} broadcasts, day by day.", edition.station.name);
        let head = Head {
            place: "schedule",
            title: "Schedule",
            description: &description,
            path: &path,
            // Other zones show the same broadcasts: one of the pages is enough for search engines.
            canonical: None,
            is_noindex: asked.zone_name.is_some(),
            ..Head::default()
        };
        Self {
            frame: Frame::new(edition, &head),
            title,
            week: asked.week.to_string(),
            day: asked.day.map(|day| day.to_string()),
            earlier: asked.step(-1),
            later: asked.step(1),
            zone: current_zone(edition, asked),
            zones: zones(edition, asked),
            services: edition.services.iter().map(column).collect(),
            days: shown.into_iter().map(|date| maker.day(date)).collect(),
            week_days: week.into_iter().map(|date| day_link(asked, &times, date, today)).collect(),
        }
    }

    /// For tests and the preview: a week.
    pub fn sample() -> Self {
        Self::new(&sample::edition(), &sample::asked(None), &sample::broadcasts(), &sample::programmes())
    }

    /// For tests and the preview: one day.
    pub fn sample_day() -> Self {
        let day = Date::constant(2026, 11, 24);
        Self::new(&sample::edition(), &sample::asked(Some(day)), &sample::broadcasts(), &sample::programmes())
    }
}

impl Asked {
    fn step(&self, by: i64) -> Option<String> {
        let days = if self.day.is_some() { by } else { 7 * by };
        let from = self.day.unwrap_or(self.week);
        let to = from.checked_add(jiff::Span::new().days(days)).ok()?;
        let (first, last) = self.known;
        let week = monday_of(to);
        (first <= week && week <= last).then(|| self.address(week, self.day.map(|_| to)))
    }

    fn address(&self, week: Date, day: Option<Date>) -> String {
        let what = match day {
            Some(day) => format!("day={day}"),
            None => format!("week={week}"),
        };
        match &self.zone_name {
            Some(zone) => format!("/schedule?{what}&zone={zone}"),
            None => format!("/schedule?{what}"),
        }
    }
}

struct DayMaker<'a> {
    edition: &'a Edition,
    times: &'a Wording,
    broadcasts: &'a [Broadcast],
    programmes: &'a [Programme],
    today: Date,
}

impl DayMaker<'_> {
    fn day(&self, date: Date) -> Day {
        let services = self.edition.services.iter().map(|service| self.service_day(service, date)).collect();
        Day {
            date: date.to_string(),
            title: self.times.weekday(date),
            short: short(date),
            is_today: date == self.today,
            services,
        }
    }

    fn service_day(&self, service: &station::Service, date: Date) -> ServiceDay {
        let of_service = self.broadcasts.iter().filter(|broadcast| broadcast.service == service.id);
        ServiceDay {
            service: column(service),
            airings: of_service.filter_map(|broadcast| self.airing(broadcast, date)).collect(),
        }
    }

    fn airing(&self, broadcast: &Broadcast, date: Date) -> Option<Airing> {
        let zone = self.times.zone();
        let starts_on = broadcast.start.to_zoned_datetime(zone.clone()).date();
        let midnight = date.to_zoned_datetime(zone.clone()).ok()?.timestamp();
        let is_continued = starts_on < date && broadcast.end > midnight;
        if starts_on != date && !is_continued {
            return None;
        }
        let airing = Airing::of(broadcast, self.programmes, self.times);
        Some(Airing { is_continued, is_on: broadcast.is_on_at(self.edition.now), ..airing })
    }
}

/// The Monday of a day's week.
pub fn monday_of(date: Date) -> Date {
    let since_monday = i64::from(date.weekday().to_monday_zero_offset());
    date.checked_sub(jiff::Span::new().days(since_monday)).unwrap_or(date)
}

fn days_from(first: Date, count: i64) -> Vec<Date> {
    (0..count).filter_map(|day| first.checked_add(jiff::Span::new().days(day)).ok()).collect()
}

fn title(asked: &Asked, times: &Wording) -> String {
    match asked.day {
        Some(day) => times.date(day),
        None => {
            let last = days_from(asked.week, 7).pop().unwrap_or(asked.week);
            format!("{} to {}", times.weekday(asked.week), times.date(last))
        }
    }
}

fn short(date: Date) -> String {
    date.strftime("%a").to_string()
}

fn column(service: &station::Service) -> Column {
    Column { slug: service.slug.to_string(), name: service.name.clone() }
}

fn day_link(asked: &Asked, times: &Wording, date: Date, today: Date) -> DayLink {
    DayLink {
        date: date.to_string(),
        short: short(date),
        title: times.weekday(date),
        href: asked.address(asked.week, Some(date)),
        is_current: asked.day == Some(date),
        is_today: date == today,
    }
}

fn current_zone(edition: &Edition, asked: &Asked) -> Zone {
    let name = asked.zone_name.as_deref().unwrap_or(&edition.station.zone);
    zone(edition, name, name)
}

fn zones(edition: &Edition, asked: &Asked) -> Vec<Zone> {
    let current = asked.zone_name.as_deref().unwrap_or(&edition.station.zone);
    let own = edition.station.zone.as_str();
    let mut names = vec![own];
    names.extend(ZONES.iter().map(|(name, _)| *name).filter(|name| *name != own));
    if !names.contains(&current) {
        names.push(current);
    }
    names.into_iter().map(|name| zone(edition, name, current)).collect()
}

fn zone(edition: &Edition, name: &str, current: &str) -> Zone {
    let title = ZONES.iter().find(|(known, _)| *known == name).map(|(_, title)| (*title).to_owned());
    Zone {
        name: name.to_owned(),
        title: title.unwrap_or_else(|| name.rsplit('/').next().unwrap_or(name).replace('_', " ")),
        is_stations: name == edition.station.zone,
        is_current: name == current,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broadcast_over_midnight_stands_on_both_days() {
        let page = Page::sample();
        let late = |day: usize| &page.days[day].services[0].airings;
        let overnight = late(1).first().unwrap();
        assert!(overnight.is_continued && overnight.start.exact.starts_with("2026-11-23"));
        assert_eq!(late(0).last().unwrap().title, overnight.title);
    }

    #[test]
    fn a_week_has_seven_days_from_monday_and_leads_no_further_than_what_is_known() {
        let page = Page::sample();
        assert_eq!(page.days.len(), 7);
        assert_eq!(page.days[0].date, "2026-11-23");
        assert_eq!(page.later.as_deref(), Some("/schedule?week=2026-11-30"));
        let mut asked = sample::asked(None);
        asked.known = (asked.week, asked.week);
        let page = Page::new(&sample::edition(), &asked, &[], &[]);
        assert_eq!((page.earlier, page.later), (None, None));
    }

    #[test]
    fn the_same_hour_reads_differently_in_another_zone() {
        let mut asked = sample::asked(None);
        asked.zone = TimeZone::get("America/Los_Angeles").unwrap();
        asked.zone_name = Some("America/Los_Angeles".into());
        let page = Page::new(&sample::edition(), &asked, &sample::broadcasts(), &sample::programmes());
        let ledger =
            page.days[1].services[0].airings.iter().find(|airing| airing.title == "The Morning Ledger").unwrap();
        assert_eq!(ledger.start.time, "3:00 AM");
        assert!(page.frame.is_noindex && page.zones.iter().any(|zone| zone.is_current && !zone.is_stations));
    }
}
