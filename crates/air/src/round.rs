//! The round: a batch interval in steps, which the fan-out and the [beat](crate::beat) go together.
//!
//! Each listener is written to in one step of the round. Sources are looked at just before a step that has listeners in it:
//! what is sent is fresh, and with few listeners the machine seldom wakes.

use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// How many steps a round has.
pub(crate) const STEPS: usize = 10;
/// In which order steps get listeners: each as far as can be from those that have some.
pub(crate) const FILLING_ORDER: [usize; STEPS] = [0, 5, 2, 7, 1, 6, 3, 8, 4, 9];

/// Where in the round there are listeners, for each thread of the fan-out.
#[derive(Debug)]
pub(crate) struct Round {
    step: Duration,
    /// A bit for each step.
    filled: Vec<AtomicU16>,
}

impl Round {
    /// A round of one batch interval, for so many threads.
    pub fn new(batch: Duration, threads: usize) -> Self {
        Self { step: batch / STEPS as u32, filled: (0..threads).map(|_| AtomicU16::new(0)).collect() }
    }

    /// How many steps there were up to a moment of the clock, all rounds together.
    pub fn steps_at(&self, elapsed: Duration) -> u64 {
        u64::try_from(elapsed.as_nanos() / self.step.as_nanos()).unwrap_or(u64::MAX)
    }

    /// When that step begins, by the clock.
    pub fn begins(&self, steps: u64) -> Duration {
        Duration::from_nanos(steps.saturating_mul(u64::try_from(self.step.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// Which step of the round it is.
    pub fn place(steps: u64) -> usize {
        (steps % STEPS as u64) as usize
    }

    /// Says whether a thread has listeners in a step.
    pub fn set_filled(&self, thread: usize, place: usize, is_filled: bool) {
        let bit = 1 << place;
        if is_filled {
            self.filled[thread].fetch_or(bit, Ordering::Relaxed);
        } else {
            self.filled[thread].fetch_and(!bit, Ordering::Relaxed);
        }
    }

    /// True if any thread has listeners in a step.
    pub fn is_filled(&self, place: usize) -> bool {
        self.filled.iter().any(|filled| filled.load(Ordering::Relaxed) & (1 << place) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_filled_while_any_thread_has_listeners_in_it() {
        let round = Round::new(Duration::from_millis(500), 2);
        round.set_filled(0, 5, true);
        round.set_filled(1, 5, true);
        round.set_filled(0, 5, false);
        assert!(round.is_filled(5) && !round.is_filled(4));
        round.set_filled(1, 5, false);
        assert!(!round.is_filled(5));
    }

    #[test]
    fn a_moment_has_its_step() {
        let round = Round::new(Duration::from_millis(500), 1);
        assert_eq!(round.steps_at(Duration::from_millis(649)), 12);
        assert_eq!(round.begins(13), Duration::from_millis(650));
        assert_eq!(Round::place(13), 3);
    }

    #[test]
    fn every_step_gets_its_turn() {
        let mut order = FILLING_ORDER;
        order.sort_unstable();
        assert_eq!(order.to_vec(), (0..STEPS).collect::<Vec<_>>());
    }
}
