//! The rotation: what a music director writes down, and automation plays by.
//!
//! A service has [categories](Category) of pieces, [hour clocks](HourClock) that say in which order an hour asks for
//! them, a [grid](GridRow) that says which clock serves which hour of the week, and [timed](Timed) pieces that start at a
//! time of day. All hours and times are the station's own. `docs/automation.md` says for people what comes of it.
//!
//! Start at [`Rotation`].

use std::collections::HashSet;

use jiff::civil::{Date, Time, Weekday};
use serde::{Deserialize, Serialize};

use crate::schedule::Days;
use crate::{PieceId, ServiceId, Slug, StationId};

/// The most minutes that a category may keep an artist or a title away: a week.
pub const SEPARATION_MINUTES_MAX: u32 = 7 * 24 * 60;

/// The longest that two pieces may fade into each other, in milliseconds.
pub const CROSSFADE_MS_MAX: u32 = 15_000;

/// Everything that a service's automation plays by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Whose it is.
    pub station: StationId,
    /// The service that is played.
    pub service: ServiceId,
    /// The kinds of pieces.
    pub categories: Vec<Category>,
    /// What an hour can be made of.
    pub clocks: Vec<HourClock>,
    /// Which clock serves which hour: a later row lies over those before it.
    pub grid: Vec<GridRow>,
    /// What starts at a time of day.
    pub timed: Vec<Timed>,
    /// The category from which a stretch is filled that is too short for what the clock asks for.
    pub fill: Option<Slug>,
}

/// A kind of piece: current songs, idents, voice tracks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// Its name in clocks.
    pub slug: Slug,
    /// What it is called.
    pub title: String,
    /// How many minutes must lie between the end of a piece and the next by the same artist.
    #[serde(default)]
    pub artist_minutes: u32,
    /// How many minutes must lie between the end of a piece and the next of the same title.
    #[serde(default)]
    pub title_minutes: u32,
    /// For how long a piece fades into the next, in milliseconds, where that is of a category whose pieces fade as well;
    /// 0: it does not.
    #[serde(default)]
    pub crossfade_ms: u32,
}

/// What an hour is made of, in order. Where the slots are used up before the hour is over, they begin again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourClock {
    /// Its name in the grid.
    pub slug: Slug,
    /// What it is called.
    pub title: String,
    /// What it asks for.
    pub slots: Vec<Slot>,
}

/// One place in an hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Slot {
    /// A piece of this category.
    Category(Slug),
    /// This very piece.
    Piece(PieceId),
    /// An ident of this category: one that belongs to the programme that is on, or else one that belongs to none.
    Ident(Slug),
    /// A voice track of this category that fits here; nothing if none does.
    Voice(Slug),
    /// Pieces of a category, each another one, until the time is used up; nothing if none fits.
    Break {
        /// The category.
        category: Slug,
        /// How long the break may last.
        seconds: u32,
    },
}

impl Slot {
    /// The category that it draws from, if it is not one piece.
    pub fn category(&self) -> Option<&Slug> {
        match self {
            Slot::Category(category) | Slot::Ident(category) | Slot::Voice(category) => Some(category),
            Slot::Break { category, .. } => Some(category),
            Slot::Piece(_) => None,
        }
    }
}

/// Some hours of some days, and the clock that serves them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GridRow {
    /// The days.
    pub days: Days,
    /// The first hour, 0 to 23.
    pub from_hour: u8,
    /// The first hour after them, 1 to 24.
    pub to_hour: u8,
    /// The clock.
    pub clock: Slug,
}

impl GridRow {
    /// True if the hour is among them.
    pub fn contains(&self, day: Weekday, hour: u8) -> bool {
        self.days.contains(day) && (self.from_hour..self.to_hour).contains(&hour)
    }
}

/// Something that starts at a time of day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timed {
    /// What is played.
    pub what: Slot,
    /// The days on which it is.
    pub days: Days,
    /// The time of day, to the second.
    pub time: Time,
    /// What becomes of the piece that is on at that time.
    pub start: Start,
    /// The first date on which it is played.
    pub valid_from: Option<Date>,
    /// The last date on which it is played.
    pub valid_until: Option<Date>,
}

impl Timed {
    /// True if it is played on this date.
    pub fn is_on(&self, date: Date) -> bool {
        self.days.contains(date.weekday())
            && self.valid_from.is_none_or(|from| from <= date)
            && self.valid_until.is_none_or(|until| date <= until)
    }
}

/// How something that has its time begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// On its second: what is on is cut.
    Hard,
    /// When the piece that is on at its time is over.
    Soft,
}

/// Something in a rotation that cannot be meant so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Two categories or two clocks have one name.
    #[error("two {kind} are called `{name}`; give one of them another name")]
    Twice {
        /// "categories" or "clocks".
        kind: &'static str,
        /// The name.
        name: Slug,
    },
    /// A category is asked for that is not there.
    #[error("{place} asks for the category `{name}`, which is not there; add it, or correct the name")]
    NoCategory {
        /// Who asks.
        place: String,
        /// The name.
        name: Slug,
    },
    /// The grid names a clock that is not there.
    #[error("the grid names the clock `{name}`, which is not there; add it, or correct the name")]
    NoClock {
        /// The name.
        name: Slug,
    },
    /// A clock has no slots.
    #[error("the clock `{name}` has no slots; give it at least one category")]
    Empty {
        /// Which.
        name: Slug,
    },
    /// A row of the grid has no hours.
    #[error("a row of the grid goes from {from_hour} to {to_hour}; hours go from 0 to 24, the first before the last")]
    NoHours {
        /// Its first hour.
        from_hour: u8,
        /// The first hour after it.
        to_hour: u8,
    },
    /// An hour of the week has no clock.
    #[error("{day:?} at {hour}:00 has no clock; begin the grid with a row for all days from 0 to 24")]
    Uncovered {
        /// The day.
        day: Weekday,
        /// The hour.
        hour: u8,
    },
    /// A separation is longer than a week.
    #[error("the category `{name}` keeps apart for {minutes} minutes; {SEPARATION_MINUTES_MAX} is the most")]
    TooFarApart {
        /// Which.
        name: Slug,
        /// How many.
        minutes: u32,
    },
    /// A crossfade is longer than anybody would hear it as one.
    #[error("pieces of the category `{name}` fade for {crossfade_ms} ms; {CROSSFADE_MS_MAX} is the most")]
    FadesTooLong {
        /// Which.
        name: Slug,
        /// For how long.
        crossfade_ms: u32,
    },
}

impl Rotation {
    /// A rotation that asks for nothing: its service's pieces are played in turn.
    pub fn none(station: StationId, service: ServiceId) -> Self {
        let (categories, clocks, grid, timed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { station, service, categories, clocks, grid, timed, fill: None }
    }

    /// The category of that name.
    pub fn category(&self, slug: &Slug) -> Option<&Category> {
        self.categories.iter().find(|category| category.slug == *slug)
    }

    /// The clock that serves an hour of the week.
    pub fn clock_at(&self, day: Weekday, hour: u8) -> Option<&HourClock> {
        let row = self.grid.iter().rev().find(|row| row.contains(day, hour))?;
        self.clocks.iter().find(|clock| clock.slug == row.clock)
    }

    /// What cannot be meant so, in the order in which a person would look for it. Empty: it can be played by.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults: Vec<Fault> =
            twice("categories", self.categories.iter().map(|category| &category.slug)).collect();
        faults.extend(twice("clocks", self.clocks.iter().map(|clock| &clock.slug)));
        faults.extend(self.categories.iter().filter_map(too_far_apart));
        faults.extend(self.categories.iter().filter_map(fades_too_long));
        faults.extend(
            self.clocks
                .iter()
                .filter(|clock| clock.slots.is_empty())
                .map(|clock| Fault::Empty { name: clock.slug.clone() }),
        );
        faults.extend(
            self.asked_for()
                .filter(|(_, name)| self.category(name).is_none())
                .map(|(place, name)| Fault::NoCategory { place, name: name.clone() }),
        );
        faults.extend(self.grid.iter().filter_map(|row| self.fault_of(row)));
        faults.extend(self.uncovered());
        faults
    }

    /// Every category that is asked for, and by whom.
    fn asked_for(&self) -> impl Iterator<Item = (String, &Slug)> {
        let by_clocks = self.clocks.iter().flat_map(|clock| {
            let place = format!("the clock `{}`", clock.slug);
            clock.slots.iter().filter_map(Slot::category).map(move |name| (place.clone(), name))
        });
        let by_time = self
            .timed
            .iter()
            .filter_map(|timed| Some((format!("what starts at {}", timed.time), timed.what.category()?)));
        by_clocks.chain(by_time).chain(self.fill.iter().map(|name| ("fill".to_owned(), name)))
    }

    fn fault_of(&self, row: &GridRow) -> Option<Fault> {
        let GridRow { from_hour, to_hour, .. } = *row;
        if from_hour >= to_hour || to_hour > 24 {
            return Some(Fault::NoHours { from_hour, to_hour });
        }
        let is_there = self.clocks.iter().any(|clock| clock.slug == row.clock);
        (!is_there).then(|| Fault::NoClock { name: row.clock.clone() })
    }

    /// The first hour of the week without a clock, where there are clocks at all.
    fn uncovered(&self) -> Option<Fault> {
        if self.clocks.is_empty() {
            return None;
        }
        let hours = Days::ALL.iter().flat_map(|day| (0..24).map(move |hour| (day, hour)));
        let mut bare = hours.filter(|(day, hour)| !self.grid.iter().any(|row| row.contains(*day, *hour)));
        bare.next().map(|(day, hour)| Fault::Uncovered { day, hour })
    }
}

fn twice<'a>(kind: &'static str, names: impl Iterator<Item = &'a Slug>) -> impl Iterator<Item = Fault> {
    let mut seen = HashSet::new();
    names.filter(move |name| !seen.insert(*name)).map(move |name| Fault::Twice { kind, name: name.clone() })
}

fn too_far_apart(category: &Category) -> Option<Fault> {
    let minutes = category.artist_minutes.max(category.title_minutes);
    (minutes > SEPARATION_MINUTES_MAX).then(|| Fault::TooFarApart { name: category.slug.clone(), minutes })
}

fn fades_too_long(category: &Category) -> Option<Fault> {
    let crossfade_ms = category.crossfade_ms;
    (crossfade_ms > CROSSFADE_MS_MAX).then(|| Fault::FadesTooLong { name: category.slug.clone(), crossfade_ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(name: &str) -> Slug {
        Slug::parse(name).unwrap()
    }

    fn sound() -> Rotation {
        let mut rotation = Rotation::none(StationId(1), ServiceId(1));
        rotation.categories = vec![Category {
            slug: slug("song"),
            title: "Songs".into(),
            artist_minutes: 60,
            title_minutes: 180,
            crossfade_ms: 3_000,
        }];
        let slots = vec![Slot::Category(slug("song"))];
        for name in ["day", "night"] {
            rotation.clocks.push(HourClock { slug: slug(name), title: name.into(), slots: slots.clone() });
        }
        rotation.grid = vec![
            GridRow { days: Days::ALL, from_hour: 0, to_hour: 24, clock: slug("day") },
            GridRow { days: Days::WEEKDAYS, from_hour: 22, to_hour: 24, clock: slug("night") },
        ];
        rotation
    }

    #[test]
    fn a_later_row_of_the_grid_lies_over_those_before_it() {
        let rotation = sound();
        let clock = |day, hour| rotation.clock_at(day, hour).unwrap().slug.as_str().to_owned();
        assert_eq!(clock(Weekday::Monday, 21), "day");
        assert_eq!(clock(Weekday::Monday, 22), "night");
        assert_eq!(clock(Weekday::Saturday, 22), "day");
        assert_eq!(rotation.faults(), []);
    }

    #[test]
    fn what_cannot_be_meant_so_is_told_with_the_way_out() {
        let mut rotation = sound();
        rotation.clocks[0].slots.push(Slot::Ident(slug("jingle")));
        rotation.clocks[1].slots.clear();
        rotation.grid.remove(0);
        rotation.grid.push(GridRow { days: Days::ALL, from_hour: 9, to_hour: 9, clock: slug("day") });
        rotation.grid.push(GridRow { days: Days::ALL, from_hour: 9, to_hour: 10, clock: slug("noon") });
        rotation.categories[0].title_minutes = 20_000;
        rotation.categories[0].crossfade_ms = 20_000;
        let told: Vec<String> = rotation.faults().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "the category `song` keeps apart for 20000 minutes; 10080 is the most",
                "pieces of the category `song` fade for 20000 ms; 15000 is the most",
                "the clock `night` has no slots; give it at least one category",
                "the clock `day` asks for the category `jingle`, which is not there; add it, or correct the name",
                "a row of the grid goes from 9 to 9; hours go from 0 to 24, the first before the last",
                "the grid names the clock `noon`, which is not there; add it, or correct the name",
                "Monday at 0:00 has no clock; begin the grid with a row for all days from 0 to 24",
            ]
        );
    }

    #[test]
    fn two_of_one_name_are_told() {
        let mut rotation = sound();
        rotation.clocks[1].slug = slug("day");
        assert!(rotation.faults().contains(&Fault::Twice { kind: "clocks", name: slug("day") }));
    }
}
