//! The fan-out: how the continuous stream reaches thousands of listeners.
//!
//! A listener here is no task and no buffer, only a socket and a place in its mount's log. A few threads hold them all.
//! Each thread writes to every listener once per batch, with one system call that gathers the new chunks (shared,
//! never copied) and the titles between them; it goes round in short steps, so that a new arrival waits for
//! a few milliseconds of other people's batches at most. Whoever does not read what it is sent loses its place
//! alone: it is moved to the present, or closed, and counted.
//!
//! Who is connected stands in the mount's [`Roster`], and can be sent away or moved to another mount from there.
//!
//! Start at [`FanOut::hand_over`], then `Worker::run`, then `Listener::write`.

mod arrivals;
mod channel;
mod outlet;
mod place;
mod roster;
mod worker;

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use station::Clock;

use arrivals::{Arrival, Arrivals, Command};
pub use roster::{Connected, Order, Roster, Who};
pub(crate) use roster::{Guest, Orders, Reception};
use worker::{Rules, Turn, Worker};

use crate::Mount;
use crate::admission::Admission;
use crate::round::Round;
use crate::settings::Settings;

/// A connection that wants to hear a mount.
#[derive(Debug)]
pub struct NewListener {
    /// Its socket, from which the request was read and to which nothing was sent.
    pub stream: std::net::TcpStream,
    /// What seals its sound, if it came behind TLS.
    pub session: Option<Box<rustls::ServerConnection>>,
    /// The answer's head.
    pub head: Bytes,
    /// How many bytes of sound stand between two titles, if titles are wanted.
    pub metaint: Option<NonZeroU32>,
    /// Who it is.
    pub who: Who,
    /// What lets it in.
    pub admission: Admission,
}

/// Why a listener is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TurnedAway {
    /// There are as many listeners as there may be.
    #[error("there are as many listeners as there may be")]
    Full,
    /// More arrive at once than can be let in.
    #[error("too many listeners arrive at once")]
    Busy,
    /// The air is closing.
    #[error("the air is closing")]
    Closed,
}

/// The threads that write to listeners.
pub struct FanOut {
    threads: Vec<Thread>,
    next: AtomicUsize,
    connected: Arc<AtomicUsize>,
    listeners_max: usize,
}

struct Thread {
    arrivals: Arc<Arrivals>,
    handle: Mutex<Option<JoinHandle<()>>>,
}

impl FanOut {
    /// Starts the threads.
    pub(crate) fn start(settings: &Settings, round: &Arc<Round>, clock: &Arc<dyn Clock>) -> std::io::Result<Arc<Self>> {
        let connected = Arc::new(AtomicUsize::new(0));
        let threads = (0..settings.fan_out_threads.max(1))
            .map(|number| Thread::start(number, settings, Arc::clone(round), Arc::clone(clock), Arc::clone(&connected)))
            .collect::<std::io::Result<_>>()?;
        let next = AtomicUsize::new(0);
        Ok(Arc::new(Self { threads, next, connected, listeners_max: settings.listeners_max }))
    }

    /// How many connections it holds, counted as listeners yet or not.
    pub fn connected(&self) -> usize {
        self.connected.load(Ordering::Relaxed)
    }

    /// Gives a connection to one of the threads.
    pub fn hand_over(&self, mount: Arc<Mount>, listener: NewListener) -> Result<(), TurnedAway> {
        let place = self.connected.fetch_add(1, Ordering::Relaxed);
        let taken = if place >= self.listeners_max {
            Err(TurnedAway::Full)
        } else {
            let thread = self.next.fetch_add(1, Ordering::Relaxed) % self.threads.len();
            self.threads[thread].arrivals.push(Arrival { mount, listener })
        };
        if let Err(why) = taken {
            self.connected.fetch_sub(1, Ordering::Relaxed);
            metrics::counter!("groundwave_listeners_turned_away_total", "reason" => why.label()).increment(1);
        }
        taken
    }

    /// Gives an order to those listeners whose numbers these are.
    pub(crate) fn order(&self, ids: HashSet<u64>, order: Order) {
        let ids = Arc::new(ids);
        for thread in &self.threads {
            thread.arrivals.command(Command { ids: Arc::clone(&ids), order: order.clone() });
        }
    }

    /// Closes every connection, and returns when the threads are gone.
    pub fn stop(&self) {
        for thread in &self.threads {
            thread.arrivals.close();
        }
        for thread in &self.threads {
            let handle = thread.handle.lock().unwrap_or_else(PoisonError::into_inner).take();
            if handle.is_some_and(|handle| handle.join().is_err()) {
                tracing::error!("a fan-out thread had panicked");
            }
        }
    }
}

impl TurnedAway {
    fn label(self) -> &'static str {
        match self {
            TurnedAway::Full => "full",
            TurnedAway::Busy => "busy",
            TurnedAway::Closed => "closed",
        }
    }
}

impl Thread {
    fn start(
        number: usize,
        settings: &Settings,
        round: Arc<Round>,
        clock: Arc<dyn Clock>,
        connected: Arc<AtomicUsize>,
    ) -> std::io::Result<Self> {
        let poll = mio::Poll::new()?;
        let arrivals = Arc::new(Arrivals::new(&poll)?);
        let rules = Rules {
            stuck: Duration::from_millis(settings.listener_stuck_ms),
            moves_max: settings.listener_moves_max,
            counts_after: Duration::from_millis(settings.listener_counts_after_ms),
        };
        let worker = Worker::new(poll, Arc::clone(&arrivals), clock, Turn { round, number }, rules, connected);
        let handle = std::thread::Builder::new().name(format!("fan-out-{number}")).spawn(|| worker.run())?;
        Ok(Self { arrivals, handle: Mutex::new(Some(handle)) })
    }
}

impl std::fmt::Debug for FanOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FanOut").field("connected", &self.connected()).finish_non_exhaustive()
    }
}
