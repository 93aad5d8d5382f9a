//! What the schedule is written in: weekly rules, exceptions for one date, broadcasts of their own.
//!
//! All times of day are the station's own (its zone); only a resolved [`Broadcast`](crate::Broadcast) has instants.

use jiff::civil::{Date, Time, Weekday};
use serde::{Deserialize, Serialize};

use crate::{OneOffId, ProgrammeId, RuleId, ServiceId, StationId, Timestamp};

/// A programme's weekly place: "Monday to Friday, 06:00, three hours".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Names it for ever.
    pub id: RuleId,
    /// Whose it is.
    pub station: StationId,
    /// Where it is heard.
    pub service: ServiceId,
    /// What is broadcast.
    pub programme: ProgrammeId,
    /// A title for these airings, where it is not the programme's.
    pub title: Option<String>,
    /// The days on which it starts.
    pub days: Days,
    /// The time of day at which it starts.
    pub start: Time,
    /// How long it lasts on the clock on the wall, in minutes: 1 to 10,080.
    pub minutes: u32,
    /// The first date on which it may start.
    pub valid_from: Date,
    /// The last date on which it may start; `None` is for ever.
    pub valid_until: Option<Date>,
}

/// A set of weekdays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Days(pub u8);

impl Days {
    /// Every day of the week.
    pub const ALL: Days = Days(0b0111_1111);
    /// Monday to Friday.
    pub const WEEKDAYS: Days = Days(0b0001_1111);

    /// The set of `days`.
    pub fn of(days: &[Weekday]) -> Self {
        Days(days.iter().fold(0, |set, day| set | Self::bit(*day)))
    }

    /// True if `day` is among them.
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & Self::bit(day) != 0
    }

    /// The days, Monday first.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        Weekday::Monday.cycle_forward().take(7).filter(move |day| self.contains(*day))
    }

    fn bit(day: Weekday) -> u8 {
        1 << day.to_monday_zero_offset()
    }
}

/// A text that names no days.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no days: write `daily`, a span (`mon-fri`), a list (`sat, sun`), or one of mon, tue, wed, thu, fri, sat, sun"
)]
pub struct NotDays(String);

/// A day, a span (`mon-fri`), a list (`sat, sun`), or `daily`.
///
/// ```
/// use station::schedule::Days;
/// assert_eq!("mon-fri".parse(), Ok(Days::WEEKDAYS));
/// assert_eq!("sat, sun".parse::<Days>().unwrap().iter().count(), 2);
/// assert!("weekdays".parse::<Days>().is_err());
/// assert_eq!(Days::WEEKDAYS.to_string(), "mon-fri");
/// assert_eq!("sun, fri, sat".parse::<Days>().unwrap().to_string(), "fri-sun");
/// assert_eq!("mon, wed".parse::<Days>().unwrap().to_string(), "mon,wed");
/// ```
/// As [`from_str`](str::parse) reads it: `daily`, `mon-fri`, `sat,sun`.
impl std::fmt::Display for Days {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let place = |day: Weekday| usize::try_from(day.to_monday_zero_offset()).unwrap_or_default();
        let places: Vec<usize> = self.iter().map(place).collect();
        match places[..] {
            [_, _, _, _, _, _, _] => f.write_str("daily"),
            [first, .., last] if places.len() > 2 && last - first + 1 == places.len() => {
                write!(f, "{}-{}", NAMES[first], NAMES[last])
            }
            _ => f.write_str(&places.iter().map(|place| NAMES[*place]).collect::<Vec<_>>().join(",")),
        }
    }
}

impl std::str::FromStr for Days {
    type Err = NotDays;

    fn from_str(text: &str) -> Result<Self, NotDays> {
        if text == "daily" {
            return Ok(Days::ALL);
        }
        let set = text.split(',').map(|part| span(part.trim())).collect::<Option<Vec<_>>>();
        let set = set.ok_or_else(|| NotDays(text.to_owned()))?;
        Ok(Days(set.into_iter().fold(0, |set, Days(days)| set | days)))
    }
}

/// The days from the first to the last; of a single day, that one.
fn span(text: &str) -> Option<Days> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (weekday(first)?, weekday(last)?);
    let length = usize::try_from(last.since(first)).ok()?;
    Some(Days::of(&first.cycle_forward().take(length + 1).collect::<Vec<_>>()))
}

/// The day of a three-letter name: `mon`.
pub fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return None,
    })
}

/// What one date has instead of what a rule says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Whose it is.
    pub station: StationId,
    /// The rule that it departs from.
    pub rule: RuleId,
    /// The date on which the rule would have started.
    pub date: Date,
    /// What happens instead.
    pub change: Change,
}

/// What an exception does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is not broadcast.
    Cancelled,
    /// It is broadcast at another time of that date.
    Moved {
        /// The time of day at which it starts instead.
        start: Time,
        /// How long it lasts instead, in minutes.
        minutes: u32,
    },
    /// Another programme has its place.
    Replaced {
        /// What is broadcast instead.
        programme: ProgrammeId,
        /// A title of its own.
        title: Option<String>,
    },
}

/// A broadcast that no rule makes: an election night, a concert. It pre-empts whatever the rules say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneOff {
    /// Names it for ever.
    pub id: OneOffId,
    /// Whose it is.
    pub station: StationId,
    /// Where it is heard.
    pub service: ServiceId,
    /// What is broadcast.
    pub programme: ProgrammeId,
    /// A title of its own.
    pub title: Option<String>,
    /// The first instant of it.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_starts_on_monday() {
        assert_eq!(Days::ALL.iter().next(), Some(Weekday::Monday));
        assert_eq!(Days::ALL.iter().count(), 7);
        assert!(!Days::WEEKDAYS.contains(Weekday::Saturday));
        assert_eq!(
            Days::of(&[Weekday::Sunday, Weekday::Monday]).iter().collect::<Vec<_>>(),
            [Weekday::Monday, Weekday::Sunday]
        );
    }
}
