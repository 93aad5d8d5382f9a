//! What has come since the program started, in numbers: the figures that Icecast's statistics begin with.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts that only grow. Counting is cheap and never waits.
#[derive(Debug, Default)]
pub struct Tally {
    connections: AtomicU64,
    requests: AtomicU64,
    listeners: AtomicU64,
    sources: AtomicU64,
    watchers: AtomicU64,
}

/// The counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that were let in.
    pub connections: u64,
    /// First requests of connections that were whole.
    pub requests: u64,
    /// Streams that somebody began to hear.
    pub listeners: u64,
    /// Sources that were let in.
    pub sources: u64,
    /// Programs that asked to be told the statistics as they change.
    pub watchers: u64,
}

impl Tally {
    pub(crate) fn connection(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn listener(&self) {
        self.listeners.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn source(&self) {
        self.sources.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn watcher(&self) {
        self.watchers.fetch_add(1, Ordering::Relaxed);
    }

    /// The counts now.
    pub fn counts(&self) -> Counts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts {
            connections: read(&self.connections),
            requests: read(&self.requests),
            listeners: read(&self.listeners),
            sources: read(&self.sources),
            watchers: read(&self.watchers),
        }
    }
}
