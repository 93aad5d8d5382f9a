//! The room for requests that wait for what is not made yet. While anybody waits, sources are looked at more often.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::beat::{Attention, Beat};

/// A bounded room. Who finds it full is sent away, and counted.
#[derive(Debug)]
pub(super) struct WaitingRoom {
    waiting: AtomicUsize,
    waiting_max: usize,
    beat: Beat,
}

/// A seat in it, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    room: Arc<WaitingRoom>,
    _attention: Attention,
}

impl WaitingRoom {
    pub(super) fn new(waiting_max: usize, beat: &Beat) -> Arc<Self> {
        Arc::new(Self { waiting: AtomicUsize::new(0), waiting_max, beat: beat.clone() })
    }

    /// Takes a seat, if there is one.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Seat> {
        // The seat is taken first, so that it is given back however this ends.
        let seat = Seat { room: Arc::clone(self), _attention: self.beat.attention() };
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        metrics::gauge!("groundwave_hls_waiting").increment(1.0);
        if before < self.waiting_max {
            return Some(seat);
        }
        metrics::counter!("groundwave_hls_waiting_refused_total").increment(1);
        None
    }

    /// How many are in it.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.waiting.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("groundwave_hls_waiting").decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_room_takes_nobody_until_somebody_leaves() {
        let room = WaitingRoom::new(2, &Beat::here());
        let (first, second) = (room.enter(), room.enter());
        assert!(first.is_some() && second.is_some() && room.enter().is_none());
        drop(first);
        assert!(room.enter().is_some());
        drop(second);
        assert_eq!(room.waiting(), 0);
    }
}
