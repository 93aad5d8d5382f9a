//! Times in words, as the station says them, with the exact time beside.
//!
//! Pages are kept and served again, so the words are absolute ("November 24, 2026 at 4:33 PM EST"); a script may soften
//! them ("today at 4:33 PM") out of [`Moment::exact`].

use jiff::ZonedDateTime;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use station::Timestamp;

/// A moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// For `datetime` and machines: `2026-11-24T16:33:00-05:00`.
    pub exact: String,
    /// The whole of it: "November 24, 2026 at 4:33 PM EST".
    pub words: String,
    /// The day alone: "November 24, 2026".
    pub date: String,
    /// The time of day alone: "4:33 PM".
    pub time: String,
}

/// How times are said: in which zone, in whose order.
#[derive(Clone, Debug)]
pub struct Wording {
    zone: TimeZone,
    order: Order,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// "November 24, 2026", "4:33 PM".
    American,
    /// "24 November 2026", "16:33".
    British,
}

impl Wording {
    /// Times of `zone`, said as readers of `language` (a BCP 47 tag) are used to.
    pub fn new(zone: TimeZone, language: &str) -> Self {
        let is_american = language == "en" || language.eq_ignore_ascii_case("en-us");
        Self { zone, order: if is_american { Order::American } else { Order::British } }
    }

    /// The same way of saying, in another zone.
    pub fn in_zone(&self, zone: TimeZone) -> Self {
        Self { zone, order: self.order }
    }

    /// The zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// A moment with its words.
    pub fn moment(&self, at: Timestamp) -> Moment {
        let local = at.to_zoned_datetime(self.zone.clone());
        let (date, time) = (self.date(local.date()), self.time(&local));
        let words = format!("{date} at {time} {}", local.strftime("%Z"));
        Moment { exact: local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(), words, date, time }
    }

    /// A day: "November 24, 2026".
    pub fn date(&self, date: Date) -> String {
        match self.order {
            Order::American => date.strftime("%B %-d, %Y").to_string(),
            Order::British => date.strftime("%-d %B %Y").to_string(),
        }
    }

    /// A day of the week with its date, without the year: "Tuesday, November 24".
    pub fn weekday(&self, date: Date) -> String {
        match self.order {
            Order::American => date.strftime("%A, %B %-d").to_string(),
            Order::British => date.strftime("%A %-d %B").to_string(),
        }
    }

    /// A time of day on the clock on the wall: "4:33 PM".
    pub fn wall_time(&self, time: jiff::civil::Time) -> String {
        match self.order {
            Order::American => time.strftime("%-I:%M %p").to_string(),
            Order::British => time.strftime("%H:%M").to_string(),
        }
    }

    fn time(&self, local: &ZonedDateTime) -> String {
        self.wall_time(local.time())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(zone: &str, language: &str) -> Moment {
        Wording::new(TimeZone::get(zone).unwrap(), language).moment("2026-11-24T21:33:00Z".parse().unwrap())
    }

    #[test]
    fn an_american_station_says_it_the_american_way() {
        let moment = at("America/New_York", "en-US");
        assert_eq!(moment.words, "November 24, 2026 at 4:33 PM EST");
        assert_eq!(moment.exact, "2026-11-24T16:33:00-05:00");
        assert_eq!((moment.date.as_str(), moment.time.as_str()), ("November 24, 2026", "4:33 PM"));
    }

    #[test]
    fn a_british_station_says_it_the_british_way() {
        assert_eq!(at("Europe/London", "en-GB").words, "24 November 2026 at 21:33 GMT");
    }
}
