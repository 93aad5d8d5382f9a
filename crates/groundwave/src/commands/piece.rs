//! `groundwave piece`: what the rotation should know of a piece.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use station::library::{DayPart, Link, WEIGHT_MAX};
use station::{Event, Piece, PieceId, Programme, ProgrammeId, Service, Slug, Station, Timestamp, text};
use store::Db;

use super::{Place, choose_service, runtime};
use crate::assembly;

/// Shows a piece of the library, or changes what is said of it: how often it comes round, when, whose ident it is, between which
/// pieces it was spoken. A running station plays by it from the next piece on.
#[derive(Debug, Args)]
pub(super) struct PieceCommand {
    /// The service that plays it
    service: String,
    /// Its number, or its title
    piece: String,
    /// The category in which clocks look for it; `none` takes it out of all
    #[arg(long, value_name = "SLUG")]
    category: Option<String>,
    /// How often it comes round beside the others of its category: 2 is twice as often as 1
    #[arg(long, value_name = "1-100")]
    weight: Option<u32>,
    /// When in the week it may be played, like "mon-fri 06:00-10:00"; may be given several times
    #[arg(long = "day-part", value_name = "DAYS FROM-TO")]
    day_parts: Vec<String>,
    /// It may be played at any time of the week
    #[arg(long, conflicts_with = "day_parts")]
    any_time: bool,
    /// The programme whose ident or trail it is; `none` for one of the service's own
    #[arg(long, value_name = "SLUG")]
    programme: Option<String>,
    /// It was spoken to follow this piece; `none` for any
    #[arg(long, value_name = "PIECE")]
    after: Option<String>,
    /// It was spoken to announce this piece; `none` for any
    #[arg(long, value_name = "PIECE")]
    before: Option<String>,
    /// The first moment at which it may be played, in the station's zone: 2026-12-01 or 2026-12-01T06:00; `none` for any
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// The first moment at which it may no longer be played; `none` for any
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Where in its file it begins, in milliseconds
    #[arg(long, value_name = "MS")]
    cue_in: Option<i64>,
    /// Where in its file it ends, in milliseconds
    #[arg(long, value_name = "MS")]
    cue_out: Option<i64>,
    /// Who performs or speaks
    #[arg(long)]
    artist: Option<String>,
    /// What it is called
    #[arg(long)]
    title: Option<String>,
    /// The station, where the store is home to several
    #[arg(long, value_name = "SLUG")]
    station: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// What a change is held against.
struct House {
    station: Station,
    service: Service,
    zone: TimeZone,
    pieces: Vec<Piece>,
    programmes: Vec<Programme>,
}

impl PieceCommand {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        runtime()?.block_on(self.show_or_change())
    }

    async fn show_or_change(self) -> anyhow::Result<ExitCode> {
        let db = assembly::open_store(&self.place.settings()?).await?;
        let station = assembly::choose_station(&db, self.station.as_deref()).await?;
        let service = choose_service(store::service::all(&db, station.id).await?, &self.service)?;
        let house = House {
            zone: TimeZone::get(&station.zone)?,
            pieces: store::library::all(&db, station.id, service.id).await?,
            programmes: store::programme::all(&db, station.id).await?,
            station,
            service,
        };
        let before = house.piece(&self.piece)?;
        let after = self.over(before.clone(), &house)?;
        if after != *before {
            save(&db, &house, &after).await?;
        }
        print!("{}", house.told(&after));
        Ok(ExitCode::SUCCESS)
    }

    /// The piece as it should be.
    fn over(&self, mut piece: Piece, house: &House) -> anyhow::Result<Piece> {
        let weight = self.weight.unwrap_or(piece.weight);
        anyhow::ensure!((1..=WEIGHT_MAX).contains(&weight), "--weight must be from 1 to {WEIGHT_MAX}");
        piece.weight = weight;
        if let Some(slug) = &self.category {
            piece.category = or_none(slug, |slug| Ok(Slug::parse(slug)?))?;
        }
        if let Some(slug) = &self.programme {
            piece.programme = or_none(slug, |slug| house.programme(slug))?;
        }
        if self.any_time || !self.day_parts.is_empty() {
            piece.day_parts = self.day_parts.iter().map(|part| day_part(part)).collect::<anyhow::Result<_>>()?;
        }
        if let Some(moment) = &self.from {
            piece.valid_from = or_none(moment, |moment| moment_of(moment, &house.zone))?;
        }
        if let Some(moment) = &self.until {
            piece.valid_until = or_none(moment, |moment| moment_of(moment, &house.zone))?;
        }
        piece.link = self.link(piece.link, house)?;
        piece.cues.in_ms = self.cue_in.or(piece.cues.in_ms);
        piece.cues.out_ms = self.cue_out.or(piece.cues.out_ms);
        if let Some(artist) = &self.artist {
            piece.artist = text::title(artist);
        }
        if let Some(title) = &self.title {
            piece.title = text::title(title);
        }
        anyhow::ensure!(!piece.title.is_empty(), "a piece needs a title");
        anyhow::ensure!(
            piece.plays_ms() > 0,
            "between these cues nothing is left of it; it lasts {} ms",
            piece.duration_ms
        );
        Ok(piece)
    }

    /// The pieces that it was spoken between, as far as they are said anew.
    fn link(&self, before: Option<Link>, house: &House) -> anyhow::Result<Option<Link>> {
        let mut link = before.unwrap_or(Link { after: None, before: None });
        let named = |name: &str| or_none(name, |name| Ok(house.piece(name)?.id));
        if let Some(name) = &self.after {
            link.after = named(name)?;
        }
        if let Some(name) = &self.before {
            link.before = named(name)?;
        }
        Ok((link.after.is_some() || link.before.is_some()).then_some(link))
    }
}

async fn save(db: &Db, house: &House, piece: &Piece) -> anyhow::Result<()> {
    let mut tx = db.begin().await?;
    store::library::save(&mut tx, piece).await?;
    store::change::add(&mut tx, house.station.id, &Event::LibraryChanged { service: house.service.id }).await?;
    Ok(tx.commit().await?)
}

impl House {
    fn piece(&self, name: &str) -> anyhow::Result<&Piece> {
        let is_it =
            |piece: &&Piece| piece.id.to_string() == name || piece.title == name || piece.display_title() == name;
        let mut found = self.pieces.iter().filter(is_it);
        match (found.next(), found.next()) {
            (Some(piece), None) => Ok(piece),
            (Some(_), Some(_)) => anyhow::bail!("several pieces are called `{name}`; give the number of one"),
            (None, _) => {
                anyhow::bail!("no piece is called `{name}`; `groundwave library {}` lists them", self.service.slug)
            }
        }
    }

    fn programme(&self, slug: &str) -> anyhow::Result<ProgrammeId> {
        let found = self.programmes.iter().find(|programme| programme.slug.as_str() == slug);
        let known = || self.programmes.iter().map(|programme| programme.slug.as_str()).collect::<Vec<_>>().join(", ");
        Ok(found.with_context(|| format!("no programme is called `{slug}`; there are {}", known()))?.id)
    }

    /// All that is said of a piece, a line for each.
    fn told(&self, piece: &Piece) -> String {
        let wall =
            |moment: Timestamp| moment.to_zoned_datetime(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
        let title = |id: PieceId| {
            let found = self.pieces.iter().find(|piece| piece.id == id);
            found.map_or_else(|| id.to_string(), Piece::display_title)
        };
        let programme = piece.programme.and_then(|id| self.programmes.iter().find(|programme| programme.id == id));
        let link = piece.link.unwrap_or(Link { after: None, before: None });
        let parts: Vec<String> = piece.day_parts.iter().map(told_part).collect();
        let lines = [
            ("piece", Some(format!("{} {}", piece.id, piece.display_title()))),
            ("category", piece.category.as_ref().map(ToString::to_string)),
            ("weight", Some(piece.weight.to_string())),
            ("when", (!parts.is_empty()).then(|| parts.join(", "))),
            ("programme", programme.map(|programme| programme.title.clone())),
            ("after", link.after.map(title)),
            ("before", link.before.map(title)),
            ("from", piece.valid_from.map(wall)),
            ("until", piece.valid_until.map(wall)),
            ("plays", Some(format!("{} ms, from {} ms of its file", piece.plays_ms(), piece.begins_ms()))),
        ];
        lines.iter().filter_map(|(name, words)| Some(format!("  {name:<10} {}\n", words.as_ref()?))).collect()
    }
}

/// What a word names, or nothing if the word is `none`.
fn or_none<T>(word: &str, named: impl FnOnce(&str) -> anyhow::Result<T>) -> anyhow::Result<Option<T>> {
    if word == "none" { Ok(None) } else { named(word).map(Some) }
}

/// A part of the week: "mon-fri 06:00-10:00".
fn day_part(words: &str) -> anyhow::Result<DayPart> {
    let read = || {
        let (days, times) = words.trim().rsplit_once(' ')?;
        let (from, to) = times.split_once('-')?;
        Some((days.parse().ok()?, time(from)?, time(to)?))
    };
    let (days, from, to) =
        read().with_context(|| format!("`{words}` is no part of the week: write \"mon-fri 06:00-10:00\""))?;
    Ok(DayPart { days, from, to })
}

/// A time of day; 24:00 is the midnight after.
fn time(words: &str) -> Option<Time> {
    if words == "24:00" { Some(Time::midnight()) } else { words.parse().ok() }
}

fn told_part(part: &DayPart) -> String {
    format!("{} {}-{}", part.days, part.from.strftime("%H:%M"), part.to.strftime("%H:%M"))
}

fn moment_of(words: &str, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    let day = || words.parse::<jiff::civil::Date>().ok().map(|date| date.at(0, 0, 0, 0));
    let wall = if words.len() > 10 { words.parse().ok() } else { day() };
    let wall: jiff::civil::DateTime =
        wall.with_context(|| format!("`{words}` is no time: write 2026-12-01 or 2026-12-01T06:00"))?;
    Ok(zone.to_timestamp(wall)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_week_is_read_as_people_write_it() {
        let part = day_part("mon-fri 06:00-10:00").unwrap();
        assert_eq!((part.from, part.to), (jiff::civil::time(6, 0, 0, 0), jiff::civil::time(10, 0, 0, 0)));
        assert_eq!(told_part(&part), "mon-fri 06:00-10:00");
        assert_eq!(day_part("sat,sun 22:00-24:00").unwrap().to, Time::midnight());
        for wrong in ["", "06:00-10:00", "mon-fri", "mon-fri 6-10", "weekdays 06:00-10:00", "mon-fri 06:00"] {
            assert!(day_part(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_moment_is_the_station_s() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let moment = |words| moment_of(words, &zone).map(|moment| moment.to_string()).ok();
        assert_eq!(moment("2026-12-01").as_deref(), Some("2026-12-01T05:00:00Z"));
        assert_eq!(moment("2026-12-01T06:30").as_deref(), Some("2026-12-01T11:30:00Z"));
        assert_eq!(moment("tomorrow"), None);
    }
}
