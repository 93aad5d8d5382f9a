//! The door between whoever accepts connections and a fan-out thread.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{NewListener, Order, TurnedAway};
use crate::Mount;

/// How many connections may wait to be let in.
const WAITING_MAX: usize = 4_096;
/// How many commands may wait to be obeyed.
const COMMANDS_MAX: usize = 1_024;

/// The token that means: somebody is at the door.
pub(super) const TOKEN: mio::Token = mio::Token(usize::MAX);

/// A connection at the door.
pub(super) struct Arrival {
    pub mount: Arc<Mount>,
    pub listener: NewListener,
}

/// What somebody is told who was let in.
pub(super) struct Command {
    /// Whom it is for, by number.
    pub ids: Arc<HashSet<u64>>,
    pub order: Order,
}

/// The connections that wait to be let in, and what is told to those who were.
pub(super) struct Arrivals {
    queue: Mutex<Queue>,
    /// The queue's length, to be looked at without the lock.
    waiting: AtomicUsize,
    /// The number of commands, to be looked at without the lock.
    commands: AtomicUsize,
    waker: mio::Waker,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Arrival>,
    commands: VecDeque<Command>,
    is_closed: bool,
}

impl Arrivals {
    pub fn new(poll: &mio::Poll) -> io::Result<Self> {
        let waker = mio::Waker::new(poll.registry(), TOKEN)?;
        Ok(Self { queue: Mutex::default(), waiting: AtomicUsize::new(0), commands: AtomicUsize::new(0), waker })
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

    /// Leaves a command. The oldest of too many is given up: an administrator gives it again.
    pub fn command(&self, command: Command) {
        let mut queue = self.queue();
        if queue.commands.len() >= COMMANDS_MAX {
            queue.commands.pop_front();
            metrics::counter!("groundwave_listener_commands_dropped_total").increment(1);
        }
        queue.commands.push_back(command);
        self.commands.store(queue.commands.len(), Ordering::Release);
        drop(queue);
        self.wake();
    }

    pub fn pop_command(&self) -> Option<Command> {
        if self.commands.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut queue = self.queue();
        let command = queue.commands.pop_front();
        self.commands.store(queue.commands.len(), Ordering::Release);
        command
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
