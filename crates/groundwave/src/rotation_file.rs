//! A rotation as a music director writes it: one TOML file for a service.
//!
//! `docs/automation.md` explains it with an example. Pieces are named by their titles, or by the numbers that
//! `groundwave library` lists; days and times are written as people write them.

use anyhow::Context;
use jiff::civil::{Date, Time};
use serde::Deserialize;
use station::rotation::{Category, GridRow, HourClock, Slot, Start, Timed};
use station::{Piece, Rotation, ServiceId, Slug, StationId};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotationFile {
    fill: Option<Slug>,
    #[serde(default, rename = "category")]
    categories: Vec<CategoryEntry>,
    #[serde(default, rename = "clock")]
    clocks: Vec<ClockEntry>,
    #[serde(default)]
    grid: Vec<GridEntry>,
    #[serde(default)]
    timed: Vec<TimedEntry>,
}

/// A `[[category]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryEntry {
    slug: Slug,
    title: String,
    #[serde(default)]
    artist_minutes: u32,
    #[serde(default)]
    title_minutes: u32,
    #[serde(default)]
    crossfade_ms: u32,
}

/// A `[[clock]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockEntry {
    slug: Slug,
    title: String,
    slots: Vec<SlotEntry>,
}

/// A slot: `{ category = "song" }`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum SlotEntry {
    Category(Slug),
    Piece(PieceName),
    Ident(Slug),
    Voice(Slug),
    Break { category: Slug, seconds: u32 },
}

/// A piece by its title or its number.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum PieceName {
    Number(i64),
    Title(String),
}

/// A `[[grid]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GridEntry {
    #[serde(default = "daily")]
    days: String,
    #[serde(default)]
    from: u8,
    #[serde(default = "midnight")]
    to: u8,
    clock: Slug,
}

/// A `[[timed]]`: at a time of day, or in every hour at a minute and second.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TimedEntry {
    play: SlotEntry,
    #[serde(default = "daily")]
    days: String,
    at: Option<String>,
    every_hour_at: Option<String>,
    start: Start,
    from: Option<String>,
    until: Option<String>,
}

fn daily() -> String {
    "daily".to_owned()
}

fn midnight() -> u8 {
    24
}

/// Reads a file, and holds it against the pieces that the service has.
pub fn read(text: &str, station: StationId, service: ServiceId, pieces: &[Piece]) -> anyhow::Result<Rotation> {
    let file: RotationFile = toml::from_str(text)?;
    let rotation = file.rotation(station, service, pieces)?;
    let faults: Vec<String> = rotation.faults().iter().map(ToString::to_string).collect();
    anyhow::ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(rotation)
}

impl RotationFile {
    fn rotation(self, station: StationId, service: ServiceId, pieces: &[Piece]) -> anyhow::Result<Rotation> {
        let clocks = self.clocks.into_iter().map(|clock| clock.clock(pieces)).collect::<anyhow::Result<_>>()?;
        let grid = self.grid.into_iter().map(GridEntry::row).collect::<anyhow::Result<_>>()?;
        let timed: Vec<Vec<Timed>> =
            self.timed.iter().map(|timed| timed.starts(pieces)).collect::<anyhow::Result<_>>()?;
        let categories = self.categories.into_iter().map(CategoryEntry::category).collect();
        Ok(Rotation { station, service, categories, clocks, grid, timed: timed.concat(), fill: self.fill })
    }
}

impl CategoryEntry {
    fn category(self) -> Category {
        let Self { slug, title, artist_minutes, title_minutes, crossfade_ms } = self;
        Category { slug, title, artist_minutes, title_minutes, crossfade_ms }
    }
}

impl ClockEntry {
    fn clock(self, pieces: &[Piece]) -> anyhow::Result<HourClock> {
        let Self { slug, title, slots } = self;
        let slots = slots.into_iter().map(|slot| slot.slot(pieces)).collect::<anyhow::Result<_>>();
        let slots = slots.with_context(|| format!("the clock `{slug}`"))?;
        Ok(HourClock { slug, title, slots })
    }
}

impl SlotEntry {
    fn slot(self, pieces: &[Piece]) -> anyhow::Result<Slot> {
        Ok(match self {
            SlotEntry::Category(category) => Slot::Category(category),
            SlotEntry::Ident(category) => Slot::Ident(category),
            SlotEntry::Voice(category) => Slot::Voice(category),
            SlotEntry::Break { category, seconds } => Slot::Break { category, seconds },
            SlotEntry::Piece(name) => Slot::Piece(name.find(pieces)?.id),
        })
    }
}

impl PieceName {
    fn find<'a>(&self, pieces: &'a [Piece]) -> anyhow::Result<&'a Piece> {
        let is_it = |piece: &&Piece| match self {
            PieceName::Number(number) => piece.id.0 == *number,
            PieceName::Title(title) => piece.title == *title || piece.display_title() == *title,
        };
        let mut found = pieces.iter().filter(is_it);
        match (found.next(), found.next()) {
            (Some(piece), None) => Ok(piece),
            (Some(_), Some(_)) => anyhow::bail!("several pieces are called {self}; give the number of one"),
            (None, _) => anyhow::bail!("no piece is called {self}; `groundwave library` lists them"),
        }
    }
}

impl std::fmt::Display for PieceName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PieceName::Number(number) => write!(f, "{number}"),
            PieceName::Title(title) => write!(f, "`{title}`"),
        }
    }
}

impl GridEntry {
    fn row(self) -> anyhow::Result<GridRow> {
        Ok(GridRow { days: self.days.parse()?, from_hour: self.from, to_hour: self.to, clock: self.clock })
    }
}

impl TimedEntry {
    fn starts(&self, pieces: &[Piece]) -> anyhow::Result<Vec<Timed>> {
        let timed = |time: Time| {
            anyhow::Ok(Timed {
                what: self.play.clone().slot(pieces)?,
                days: self.days.parse()?,
                time,
                start: self.start,
                valid_from: self.from.as_deref().map(date).transpose()?,
                valid_until: self.until.as_deref().map(date).transpose()?,
            })
        };
        self.times()?.into_iter().map(timed).collect()
    }

    fn times(&self) -> anyhow::Result<Vec<Time>> {
        match (&self.at, &self.every_hour_at) {
            (Some(at), None) => Ok(vec![time(at)?]),
            (None, Some(minute)) => (0..24).map(|hour| time(&format!("{hour:02}:{minute}"))).collect(),
            _ => anyhow::bail!("a [[timed]] has either `at = \"12:00:00\"` or `every_hour_at = \"59:50\"`"),
        }
    }
}

fn time(text: &str) -> anyhow::Result<Time> {
    text.parse().with_context(|| format!("`{text}` is no time of day: write hours, minutes and seconds, as 06:00:30"))
}

fn date(text: &str) -> anyhow::Result<Date> {
    text.parse().with_context(|| format!("`{text}` is no date: write year, month and day, as 2026-11-24"))
}

#[cfg(test)]
mod tests {
    use station::PieceId;

    use super::*;

    const STATION: StationId = StationId(1);
    const SERVICE: ServiceId = ServiceId(2);

    fn pieces() -> Vec<Piece> {
        let piece = |id: i64, title: &str| Piece::new(PieceId(id), STATION, SERVICE, title);
        vec![piece(1, "Noon bell"), piece(2, "Twin"), piece(3, "Twin")]
    }

    fn refused(text: &str) -> String {
        format!("{:#}", read(text, STATION, SERVICE, &pieces()).expect_err("it is not sound"))
    }

    const SOUND: &str = r#"
        fill = "ident"
        [[category]]
        slug = "ident"
        title = "Idents"
        [[category]]
        slug = "song"
        title = "Songs"
        artist_minutes = 60
        title_minutes = 180
        crossfade_ms = 3000
        [[clock]]
        slug = "any"
        title = "Any hour"
        slots = [{ ident = "ident" }, { category = "song" }, { break = { category = "ident", seconds = 60 } }]
        [[grid]]
        clock = "any"
        [[timed]]
        play = { piece = "Noon bell" }
        days = "mon-fri"
        at = "12:00:00"
        start = "hard"
        [[timed]]
        play = { ident = "ident" }
        every_hour_at = "59:50"
        start = "soft"
    "#;

    #[test]
    fn a_file_becomes_a_rotation() {
        let rotation = read(SOUND, STATION, SERVICE, &pieces()).unwrap();
        assert_eq!(rotation.categories.iter().map(|category| category.crossfade_ms).collect::<Vec<_>>(), [0, 3_000]);
        assert_eq!(rotation.timed.len(), 25);
        assert_eq!(rotation.timed[0].what, Slot::Piece(PieceId(1)));
        assert_eq!(rotation.timed[24].time.to_string(), "23:59:50");
        assert_eq!(rotation.clocks[0].slots.len(), 3);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert!(refused(&SOUND.replace("Noon bell", "Twin")).contains("give the number of one"));
        assert!(refused(&SOUND.replace("Noon bell", "Moon bell")).contains("no piece is called `Moon bell`"));
        assert!(
            refused(&SOUND.replace("{ category = \"song\" }", "{ category = \"gold\" }"))
                .contains("`gold`, which is not there")
        );
        assert!(refused(&SOUND.replace("mon-fri", "weekdays")).contains("names no days"));
        assert!(refused(&SOUND.replace("at = \"12:00:00\"", "at = \"noon\"")).contains("is no time of day"));
        assert!(refused(&SOUND.replace("artist_minutes", "artist_minuets")).contains("artist_minuets"));
    }
}
