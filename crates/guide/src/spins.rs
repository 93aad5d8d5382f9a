//! Spins: what was played is kept.
//!
//! The air tells when a piece begins and when it is over; [`Spins`] writes both down. While the store is away they wait in
//! memory, up to a bound, and the air goes on: what it played it remembers by itself.
//!
//! Start at [`Spins::ready`].

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Heard, Subscription};
use station::{Event, Spin};
use store::Db;

/// How many spins wait for a store that is away: a day of songs.
const WAITING_MAX: usize = 1_000;
/// How long a store that could not be used is left alone.
const RETRY: Duration = Duration::from_secs(2);

/// Keeps what is played.
pub struct Spins {
    db: Db,
    news: Subscription,
    waiting: VecDeque<Spin>,
    is_store_away: bool,
}

impl Spins {
    /// Listens from this moment on. Call it before the air is started, so that nothing goes unheard.
    pub fn ready(db: Db, bus: &Arc<dyn Bus>) -> Self {
        Self { db, news: bus.subscribe(), waiting: VecDeque::new(), is_store_away: false }
    }

    /// Keeps until the bus is closed.
    pub async fn run(mut self) {
        loop {
            let is_waiting = !self.waiting.is_empty();
            tokio::select! {
                heard = self.news.next() => match heard {
                    Heard::Message(message) => match message.event {
                        Event::Spun { spin } => self.wait(spin),
                        _ => continue,
                    },
                    Heard::Missed(missed) => {
                        tracing::warn!(missed, "some of what was told was not heard; a spin may be among it");
                        continue;
                    }
                    Heard::Closed => return,
                },
                () = tokio::time::sleep(RETRY), if is_waiting => {}
            }
            match self.write().await {
                Ok(()) => self.note_store_back(),
                Err(failure) => self.note_store_away(&failure),
            }
        }
    }

    fn wait(&mut self, spin: Spin) {
        if self.waiting.len() >= WAITING_MAX {
            metrics::counter!("groundwave_spins_lost_total").increment(1);
            self.waiting.pop_front();
        }
        self.waiting.push_back(spin);
    }

    /// Writes what waits. A spin that the store will never take is let go, so that it does not hold up the others.
    async fn write(&mut self) -> store::Result<()> {
        while let Some(spin) = self.waiting.front() {
            match keep(&self.db, spin).await {
                Err(failure) if failure.is_unavailable() => return Err(failure),
                Err(failure) => {
                    metrics::counter!("groundwave_spins_lost_total").increment(1);
                    let cause = &failure as &dyn std::error::Error;
                    tracing::error!(cause, title = spin.title, "a spin is refused by the store and lost");
                }
                Ok(()) => {}
            }
            self.waiting.pop_front();
        }
        Ok(())
    }

    fn note_store_away(&mut self, failure: &store::Error) {
        if !std::mem::replace(&mut self.is_store_away, true) {
            let cause = failure as &dyn std::error::Error;
            tracing::warn!(cause, "what is played cannot be kept; it waits until the store is back");
        }
    }

    fn note_store_back(&mut self) {
        if std::mem::take(&mut self.is_store_away) {
            tracing::info!("what is played is kept again");
        }
    }
}

async fn keep(db: &Db, spin: &Spin) -> store::Result<()> {
    let mut tx = db.begin().await?;
    store::spin::save(&mut tx, spin).await?;
    tx.commit().await
}
