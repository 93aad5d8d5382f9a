//! Whether the store is away, so that nobody waits for what will not come.
//!
//! Once the store did not answer, it is asked again by one at a time, twice a second; everybody else is told at once
//! that it is away. When it answers, everybody asks again.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How long the store is left alone after it did not answer, in milliseconds.
const REST_MS: u64 = 500;

/// What is known of the store's absence.
#[derive(Debug, Default)]
pub struct Away {
    is_away: AtomicBool,
    asked_again_at_ms: AtomicU64,
}

impl Away {
    /// True if the store may be asked now, `elapsed` on the monotonic clock. While it is away, one of all who ask at the
    /// same time may.
    pub fn may_ask(&self, elapsed: Duration) -> bool {
        if !self.is_away.load(Ordering::Relaxed) {
            return true;
        }
        let now = millis(elapsed);
        let due = self.asked_again_at_ms.load(Ordering::Relaxed);
        let next = now + REST_MS;
        now >= due && self.asked_again_at_ms.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Notes that the store did not answer; logs it the first time, not with every page.
    pub fn note_absence(&self, error: &store::Error, elapsed: Duration) {
        self.asked_again_at_ms.store(millis(elapsed) + REST_MS, Ordering::Relaxed);
        if !self.is_away.swap(true, Ordering::Relaxed) {
            tracing::warn!(error = ?error, "the store is away; pages are served as they were");
        }
    }

    /// Notes that the store answered.
    pub fn note_answer(&self) {
        if self.is_away.load(Ordering::Relaxed) && self.is_away.swap(false, Ordering::Relaxed) {
            tracing::info!("the store is back; pages are made anew");
        }
    }
}

fn millis(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn absence() -> store::Error {
        store::Error::Unavailable { source: "the cable is out".into() }
    }

    #[test]
    fn while_the_store_is_away_one_asks_for_all() {
        let away = Away::default();
        assert!(away.may_ask(Duration::ZERO) && away.may_ask(Duration::ZERO));
        away.note_absence(&absence(), Duration::ZERO);
        assert!(!away.may_ask(Duration::from_millis(REST_MS - 1)));
        assert!(away.may_ask(Duration::from_millis(REST_MS)));
        assert!(!away.may_ask(Duration::from_millis(REST_MS)));
        away.note_answer();
        assert!(away.may_ask(Duration::from_millis(REST_MS)) && away.may_ask(Duration::from_millis(REST_MS)));
    }
}
