//! What the commands that read a tape have in common: whose tape it is, and which moments are meant.

use anyhow::Context;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use station::{Clock, Codec, Service, Station, Timestamp};
use store::Db;

use super::super::Place;
use crate::assembly;
use crate::clock::System;
use crate::settings::Settings;

/// A service and all that is needed to speak of its tape.
pub struct Shelf {
    pub settings: Settings,
    pub station: Station,
    pub service: Service,
    pub zone: TimeZone,
    pub now: Timestamp,
}

impl Shelf {
    /// The service that `name` means: `news`, or `wxyz/news` where several stations have one of that name.
    pub async fn find(place: &Place, name: &str) -> anyhow::Result<Self> {
        let settings = place.settings()?;
        let db = assembly::open_store(&settings).await?;
        let (station, service) = find(&db, name).await?;
        let zone = TimeZone::get(&station.zone)
            .with_context(|| format!("could not find the station's time zone {}", station.zone))?;
        Ok(Self { settings, station, service, zone, now: System::start().now() })
    }

    /// The service's tape: in `codec`, or the one that is kept first.
    pub fn tape(&self, codec: Option<&str>) -> anyhow::Result<air::tape::Tape> {
        let kept = assembly::tape_settings(&self.settings.tape).codecs_of(&self.service);
        let codec = match codec {
            Some(slug) => named(slug)?,
            None => *kept
                .first()
                .with_context(|| format!("nothing of {} is kept: set days and codecs in [tape]", self.service.slug))?,
        };
        Ok(air::tape::Tape::new(&assembly::open_vault(&self.settings)?, self.service.id, codec))
    }

    /// The moment that a person means: an RFC 3339 time, a date and a time of day in the station's zone, or a time of
    /// today.
    pub fn moment(&self, text: &str) -> anyhow::Result<Timestamp> {
        moment(text, &self.zone, self.now)
    }
}

async fn find(db: &Db, name: &str) -> anyhow::Result<(Station, Service)> {
    let (station_slug, slug) = match name.split_once('/') {
        Some((station, service)) => (Some(station), service),
        None => (None, name),
    };
    let (mut found, mut known) = (Vec::new(), Vec::new());
    for station in store::station::all(db).await? {
        for service in store::service::all(db, station.id).await? {
            known.push(format!("{}/{}", station.slug, service.slug));
            let is_ours = station_slug.is_none_or(|slug| station.slug.as_str() == slug);
            if is_ours && service.slug.as_str() == slug {
                found.push((station.clone(), service));
            }
        }
    }
    let known = known.join(", ");
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => anyhow::bail!("no service is called `{name}`; there are {known}"),
        _ => anyhow::bail!("several stations have a service `{name}`; say which: {known}"),
    }
}

fn named(slug: &str) -> anyhow::Result<Codec> {
    let known = || Codec::ALL.map(Codec::slug).join(", ");
    let codec = Codec::ALL.into_iter().find(|codec| codec.slug() == slug);
    codec.with_context(|| format!("no codec is called `{slug}`; there are {}", known()))
}

/// The moment that `text` means at `now` in `zone`. A time of day that the zone skips or shows twice is refused.
fn moment(text: &str, zone: &TimeZone, now: Timestamp) -> anyhow::Result<Timestamp> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let today = || now.to_zoned_datetime(zone.clone()).date();
    let wall = text.parse::<DateTime>().ok().filter(|_| text.len() > 10);
    let wall = wall.or_else(|| Some(today().to_datetime(text.parse::<Time>().ok()?)));
    let wall = wall.with_context(|| {
        format!("`{text}` is not a time: say 2026-11-24T06:00 or 06:00 on the station's clock, or 2026-11-24T11:00:00Z")
    })?;
    let named = zone.iana_name().unwrap_or("the station's zone");
    match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => {
            offset.to_timestamp(wall).with_context(|| format!("`{text}` is too far away"))
        }
        AmbiguousOffset::Fold { before, after } => anyhow::bail!(
            "{wall} comes twice in {named}, because the clocks are put back: say {wall}{before} for the first, {wall}{after} for the second"
        ),
        AmbiguousOffset::Gap { before, after } => anyhow::bail!(
            "{wall} does not come in {named}, because the clocks are put forward over it: say {wall}{before} or {wall}{after}"
        ),
    }
}

/// The first instant of a day in `zone`, and the first after it.
pub fn day(date: Date, zone: &TimeZone) -> anyhow::Result<std::ops::Range<Timestamp>> {
    let start = |date: Date| zone.to_ambiguous_timestamp(date.to_datetime(Time::midnight())).compatible();
    let next = date.tomorrow().context("the day is too far away")?;
    Ok(start(date)?..start(next)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_york() -> TimeZone {
        TimeZone::get("America/New_York").unwrap()
    }

    fn means(text: &str) -> Result<String, String> {
        let now = "2026-11-24T02:00:00Z".parse().unwrap();
        moment(text, &new_york(), now).map(|moment| moment.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_moment_is_the_station_s_or_says_whose() {
        for (text, expected) in [
            ("2026-11-24T11:00:00Z", "2026-11-24T11:00:00Z"),
            ("2026-11-24T06:00:00-05:00", "2026-11-24T11:00:00Z"),
            ("2026-11-24T06:00", "2026-11-24T11:00:00Z"),
            ("2026-11-24 06:00:30", "2026-11-24T11:00:30Z"),
            ("06:00", "2026-11-23T11:00:00Z"),
        ] {
            assert_eq!(means(text).as_deref(), Ok(expected), "{text}");
        }
        for wrong in ["yesterday", "2026-11-24", "25:00", ""] {
            assert!(means(wrong).unwrap_err().contains("is not a time"), "{wrong}");
        }
    }

    #[test]
    fn a_time_that_comes_twice_or_never_is_refused_with_what_to_say() {
        let twice = means("2026-11-01T01:30").unwrap_err();
        assert!(twice.contains("2026-11-01T01:30:00-04 for the first"), "{twice}");
        let first = twice.split("say ").nth(1).unwrap().split(' ').next().unwrap();
        assert_eq!(means(first).as_deref(), Ok("2026-11-01T05:30:00Z"), "what is proposed is understood");
        assert!(means("2026-03-08T02:30").unwrap_err().contains("does not come in America/New_York"));
    }

    #[test]
    fn a_day_is_as_long_as_its_clocks_say() {
        let hours = |date: &str| {
            let day = day(date.parse().unwrap(), &new_york()).unwrap();
            day.end.duration_since(day.start).as_hours()
        };
        assert_eq!((hours("2026-03-08"), hours("2026-11-01"), hours("2026-11-24")), (23, 25, 24));
    }
}
