//! The time, handed in.
//!
//! Wall time decides schedules; the monotonic clock measures durations. Nothing but the program's own clock
//! asks the machine; rooms get a [`Clock`] as an argument, and tests hand in [`Fixed`].

use std::sync::Mutex;
use std::time::Duration;

pub use jiff::Timestamp;

/// Tells the time. The program has one that asks the machine; a test sets its own.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock's time: what a schedule is held against. It may step when the machine's clock is set.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment, never stepping back: what a duration is measured with.
    fn elapsed(&self) -> Duration;
}

/// A clock that stands until it is told to go on.
///
/// ```
/// use station::clock::{Clock, Fixed};
/// let clock = Fixed::at("2026-11-24T08:00:00Z");
/// clock.advance(std::time::Duration::from_secs(60));
/// assert_eq!(clock.now().to_string(), "2026-11-24T08:01:00Z");
/// ```
#[derive(Debug)]
pub struct Fixed(Mutex<(Timestamp, Duration)>);

impl Fixed {
    /// A clock that stands at `moment`, an RFC 3339 time.
    ///
    /// # Panics
    /// If `moment` is not a time: it is written in the test.
    pub fn at(moment: &str) -> Self {
        let now = moment.parse().expect("a fixed clock is given an RFC 3339 time");
        Self(Mutex::new((now, Duration::ZERO)))
    }

    /// Lets both clocks go on by `by`.
    pub fn advance(&self, by: Duration) {
        let mut time = self.0.lock().expect("no test panics while it sets the clock");
        time.0 += by;
        time.1 += by;
    }
}

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        self.0.lock().expect("no test panics while it sets the clock").0
    }

    fn elapsed(&self) -> Duration {
        self.0.lock().expect("no test panics while it sets the clock").1
    }
}
