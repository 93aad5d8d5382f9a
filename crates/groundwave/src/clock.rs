//! The program's clock: the one place that asks the machine for the time.

use std::time::{Duration, Instant};

use station::{Clock, Timestamp};

/// The machine's clocks.
#[derive(Debug)]
pub struct System {
    started: Instant,
}

impl System {
    /// A clock whose monotonic side starts now.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for System {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}
