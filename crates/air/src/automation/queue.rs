//! The queue: what somebody at the desk has lined up. Pure.

use std::collections::VecDeque;

use station::PieceId;

/// How many pieces can be lined up.
pub const ENTRIES_MAX: usize = 200;

/// One piece in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Names this place in the queue, for as long as it waits: a piece may be lined up twice.
    pub number: u64,
    /// What is played.
    pub piece: PieceId,
}

/// Why the queue did not do as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The service has no such piece.
    #[error("the library has no piece {0}")]
    NoPiece(PieceId),
    /// There is no such place; perhaps it has been played by now.
    #[error("nothing in the queue has the number {0}")]
    NoEntry(u64),
    /// There are as many as there can be.
    #[error("{ENTRIES_MAX} pieces are lined up, which is the most there can be")]
    Full,
}

/// Pieces in the order in which they will be played.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    entries: VecDeque<Entry>,
    last_number: u64,
}

impl Queue {
    /// What is lined up, the next in front.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        self.entries.iter().copied()
    }

    /// Lines a piece up so that `place` others come before it; at the end if there are fewer. Returns its number.
    pub fn add(&mut self, piece: PieceId, place: usize) -> Result<u64, Refused> {
        if self.entries.len() >= ENTRIES_MAX {
            metrics::counter!("groundwave_queue_refused_total").increment(1);
            return Err(Refused::Full);
        }
        self.last_number += 1;
        let entry = Entry { number: self.last_number, piece };
        self.entries.insert(place.min(self.entries.len()), entry);
        Ok(entry.number)
    }

    /// Moves an entry so that `place` others come before it.
    pub fn move_to(&mut self, number: u64, place: usize) -> Result<(), Refused> {
        let entry = self.remove(number)?;
        self.entries.insert(place.min(self.entries.len()), entry);
        Ok(())
    }

    /// Takes an entry out.
    pub fn remove(&mut self, number: u64) -> Result<Entry, Refused> {
        let place = self.entries.iter().position(|entry| entry.number == number);
        place.and_then(|place| self.entries.remove(place)).ok_or(Refused::NoEntry(number))
    }

    /// Takes everything out; returns how many there were.
    pub fn clear(&mut self) -> usize {
        std::mem::take(&mut self.entries).len()
    }

    /// Takes out what comes next.
    pub fn pop(&mut self) -> Option<Entry> {
        self.entries.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lined_up(queue: &Queue) -> Vec<i64> {
        queue.entries().map(|entry| entry.piece.0).collect()
    }

    #[test]
    fn pieces_are_added_moved_and_taken_out() {
        let mut queue = Queue::default();
        let first = queue.add(PieceId(1), usize::MAX).unwrap();
        queue.add(PieceId(2), usize::MAX).unwrap();
        let urgent = queue.add(PieceId(3), 0).unwrap();
        assert_eq!(lined_up(&queue), [3, 1, 2]);
        queue.move_to(first, 2).unwrap();
        assert_eq!(lined_up(&queue), [3, 2, 1]);
        queue.remove(urgent).unwrap();
        assert_eq!(queue.remove(urgent), Err(Refused::NoEntry(urgent)));
        assert_eq!(queue.pop().map(|entry| entry.piece), Some(PieceId(2)));
        assert_eq!((queue.clear(), queue.pop()), (1, None));
    }

    #[test]
    fn the_queue_has_a_bound() {
        let mut queue = Queue::default();
        for _ in 0..ENTRIES_MAX {
            queue.add(PieceId(1), usize::MAX).unwrap();
        }
        assert_eq!(queue.add(PieceId(1), 0), Err(Refused::Full));
    }
}
