//! Who hears a mount, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// The listeners of a mount. Counting is cheap and never waits.
pub struct Audience {
    /// Connections, counted as listeners yet or not.
    connected: AtomicU64,
    now: AtomicU64,
    peak: AtomicU64,
    bytes_sent: AtomicU64,
    slow: AtomicU64,
    /// Told when somebody connects.
    came: Notify,
    gauge: metrics::Gauge,
    bytes_counter: metrics::Counter,
}

impl Audience {
    pub(crate) fn new(path: &str) -> Self {
        let gauge = metrics::gauge!("groundwave_listeners", "mount" => path.to_owned());
        let bytes_counter = metrics::counter!("groundwave_listener_bytes_total", "mount" => path.to_owned());
        let (connected, now, peak, bytes_sent, slow, came) = Default::default();
        Self { connected, now, peak, bytes_sent, slow, came, gauge, bytes_counter }
    }

    /// Connections, counted as listeners yet or not.
    pub fn connected(&self) -> u64 {
        self.connected.load(Ordering::Relaxed)
    }

    /// Somebody connects. Pair it with [`exit`](Self::exit).
    pub(crate) fn enter(&self) {
        self.enter_if_below(u64::MAX);
    }

    /// Somebody connects, unless so many are there already: then it is false, and nobody is counted.
    pub(crate) fn enter_if_below(&self, most: u64) -> bool {
        let one_more = |now: u64| (now < most).then_some(now + 1);
        let is_in = self.connected.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok();
        if is_in {
            self.came.notify_one();
        }
        is_in
    }

    /// Somebody who was connected is gone.
    pub(crate) fn exit(&self) {
        self.connected.fetch_sub(1, Ordering::Relaxed);
    }

    /// Comes when somebody connects, or has connected since it came last.
    pub(crate) async fn arrival(&self) {
        self.came.notified().await;
    }

    /// Listeners now. A connection counts once it has been there for a moment.
    pub fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    /// The most listeners there were at once.
    pub fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }

    /// Everything that was sent to listeners, in bytes.
    pub fn bytes_sent(&self) -> u64 {
        self.bytes_sent.load(Ordering::Relaxed)
    }

    /// How often a listener was too slow: it lost its place, or was closed.
    pub fn slow(&self) -> u64 {
        self.slow.load(Ordering::Relaxed)
    }

    /// Somebody was too slow.
    pub(crate) fn slowed(&self) {
        self.slow.fetch_add(1, Ordering::Relaxed);
    }

    /// Somebody has been listening for long enough to be counted. Pair it with [`leave`](Self::leave).
    pub fn join(&self) {
        let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
        self.peak.fetch_max(now, Ordering::Relaxed);
        self.gauge.set(now as f64);
    }

    /// Somebody who was counted is gone.
    pub fn leave(&self) {
        let now = self.now.fetch_sub(1, Ordering::Relaxed).saturating_sub(1);
        self.gauge.set(now as f64);
    }

    /// This much was sent.
    pub fn sent(&self, bytes: u64) {
        self.bytes_sent.fetch_add(bytes, Ordering::Relaxed);
        self.bytes_counter.increment(bytes);
    }
}

impl std::fmt::Debug for Audience {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audience").field("now", &self.now()).field("peak", &self.peak()).finish_non_exhaustive()
    }
}
