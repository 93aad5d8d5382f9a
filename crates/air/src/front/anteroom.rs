//! The anteroom: connections whose first head is not whole yet.
//!
//! It has room for so many. When it is full, whoever has waited longest is shown out and the newcomer gets the
//! place: an honest head comes within moments, so a crowd that only pretends to speak pushes out itself, and never
//! those who come after it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Who waits, the longest first.
pub(super) struct Anteroom {
    seats: Mutex<Seats>,
    places: usize,
}

#[derive(Default)]
struct Seats {
    next: u64,
    taken: BTreeMap<u64, Arc<Notify>>,
}

/// A place in the anteroom. It is free again when this is dropped.
pub(super) struct Seat {
    room: Arc<Anteroom>,
    number: u64,
    shown_out: Arc<Notify>,
}

impl Anteroom {
    /// A room with so many places, at least one.
    pub fn new(places: usize) -> Arc<Self> {
        Arc::new(Self { seats: Mutex::default(), places: places.max(1) })
    }

    /// Takes a place, if need be from whoever has waited longest.
    pub fn enter(self: &Arc<Self>) -> Seat {
        let shown_out = Arc::new(Notify::new());
        let mut seats = self.seats();
        if seats.taken.len() >= self.places
            && let Some((_, longest)) = seats.taken.pop_first()
        {
            longest.notify_one();
        }
        let number = seats.next;
        seats.next += 1;
        seats.taken.insert(number, Arc::clone(&shown_out));
        drop(seats);
        Seat { room: Arc::clone(self), number, shown_out }
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        // No code in here panics half-way, so what a panicking thread left is whole.
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Comes when the place is needed for somebody else.
    pub async fn is_needed(&self) {
        self.shown_out.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.seats().taken.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn is_shown_out(seat: &Seat) -> bool {
        seat.is_needed().now_or_never().is_some()
    }

    #[test]
    fn whoever_has_waited_longest_makes_room() {
        let room = Anteroom::new(2);
        let (first, second, third) = (room.enter(), room.enter(), room.enter());
        assert!(is_shown_out(&first));
        assert!(!is_shown_out(&second) && !is_shown_out(&third));
    }

    #[test]
    fn who_leaves_makes_room_for_one() {
        let room = Anteroom::new(2);
        let (first, second) = (room.enter(), room.enter());
        drop(second);
        let third = room.enter();
        assert!(!is_shown_out(&first) && !is_shown_out(&third));
        drop(first);
        assert_eq!(room.seats().taken.len(), 1);
    }
}
