//! Holds whoever sends too fast to the speed of sound: a second of it per second, and a lead.

use std::time::Duration;

/// The clock of an encoder may be a little fast. It is let run by a thousandth, so that nobody honest is ever held back.
const FAST_CLOCK_PER_MILLE: u32 = 1;

/// Counts what was sent against the time that passed.
#[derive(Debug)]
pub struct Pace {
    lead_max: Duration,
    /// When it was last exactly on time.
    since: Option<Duration>,
    /// What was sent since.
    sent: Duration,
}

impl Pace {
    /// A pace that allows this much of a lead.
    pub fn new(lead_max: Duration) -> Self {
        Self { lead_max, since: None, sent: Duration::ZERO }
    }

    /// How long to wait before sending more. Zero: go on.
    pub fn wait(&self, now: Duration) -> Duration {
        self.lead(now).saturating_sub(self.lead_max)
    }

    /// This much was sent.
    pub fn sent(&mut self, sound: Duration, now: Duration) {
        // Whoever is late starts anew from here: a pause is not a credit.
        if self.lead(now).is_zero() {
            self.since = Some(now);
            self.sent = Duration::ZERO;
        }
        self.sent += sound;
    }

    /// How far ahead of time what was sent is.
    pub fn lead(&self, now: Duration) -> Duration {
        let Some(since) = self.since else { return Duration::ZERO };
        let passed = now.saturating_sub(since);
        self.sent.saturating_sub(passed + passed * FAST_CLOCK_PER_MILLE / 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(25);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_fast_sender_gets_its_lead_at_once_and_then_real_time() {
        let mut pace = Pace::new(seconds(10));
        let (mut now, mut sent) = (Duration::ZERO, Duration::ZERO);
        while now < seconds(60) {
            now += pace.wait(now);
            pace.sent(FRAME, now);
            sent += FRAME;
        }
        assert!(sent >= seconds(70) && sent < seconds(71), "sent {sent:?} in a minute");
    }

    #[test]
    fn a_clock_that_is_a_little_fast_is_never_held_back() {
        let mut pace = Pace::new(seconds(1));
        let day = 24 * 3_600 * 40;
        for frame in 0..day {
            let now = FRAME * frame - FRAME * frame / 10_000;
            assert_eq!(pace.wait(now), Duration::ZERO);
            pace.sent(FRAME, now);
        }
    }

    #[test]
    fn a_pause_is_not_a_credit() {
        let mut pace = Pace::new(seconds(2));
        pace.sent(FRAME, Duration::ZERO);
        let back = seconds(3_600);
        let mut sent = Duration::ZERO;
        while pace.wait(back).is_zero() {
            pace.sent(FRAME, back);
            sent += FRAME;
        }
        assert!(sent <= seconds(2) + FRAME * 2);
    }
}
