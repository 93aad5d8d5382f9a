//! The door between whoever accepts connections and a fan-out thread.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{NewListener, TurnedAway};
use crate::Mount;

/// How many connections may wait to be let in.
const WAITING_MAX: usize = 4_096;

/// The token that means: somebody is at the door.
pub(super) const TOKEN: mio::Token = mio::Token(usize::MAX);

/// A connection at the door.
pub(super) struct Arrival {
    pub mount: Arc<Mount>,
    pub listener: NewListener,
}

/// The connections that wait to be let in.
pub(super) struct Arrivals {
    queue: Mutex<Queue>,
    /// The queue's length, to be looked at without the lock.
    waiting: AtomicUsize,
    waker: mio::Waker,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Arrival>,
    is_closed: bool,
}

impl Arrivals {
    pub fn new(poll: &mio::Poll) -> io::Result<Self> {
        let waker = mio::Waker::new(poll.registry(), TOKEN)?;
        Ok(Self { queue: Mutex::default(), waiting: AtomicUsize::new(0), waker })
    }

    pub fn push(&self, arrival: Arrival) -> Result<(), TurnedAway> {
        let mut queue = self.queue();
        if queue.is_closed {
            return Err(TurnedAway::Closed);
        }
        if queue.waiting.len() >= WAITING_MAX {
            return Err(TurnedAway::Busy);
        }
        queue.waiting.push_back(arrival);
        self.waiting.store(queue.waiting.len(), Ordering::Release);
        let is_first = queue.waiting.len() == 1;
        drop(queue);
        if is_first {
            self.wake();
        }
        Ok(())
    }

    pub fn pop(&self) -> Option<Arrival> {
        if self.waiting.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut queue = self.queue();
        let arrival = queue.waiting.pop_front();
        self.waiting.store(queue.waiting.len(), Ordering::Release);
        arrival
    }

    pub fn close(&self) {
        self.queue().is_closed = true;
        self.wake();
    }

    pub fn is_closed(&self) -> bool {
        self.queue().is_closed
    }

    fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            // Not lost: the thread looks at the door with every step.
            tracing::warn!(%error, "could not wake a fan-out thread");
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
