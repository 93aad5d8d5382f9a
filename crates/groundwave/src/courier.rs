//! The courier: carries kept events from the change log to the bus.
//!
//! Whoever changes rows writes the event in the same transaction, and only there. The courier follows each
//! station's revision and tells the bus what has come, whichever process wrote it: an import that runs beside the
//! station is seen within a poll. A store that is away costs nothing but delay.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use station::StationId;
use station::event::Revision;
use store::Db;
use tokio::time::timeout;

/// How often the change log is looked at for what other programs wrote. What this one writes is carried at once.
const POLL: Duration = Duration::from_millis(500);

/// How many events are carried in one go.
const EVENTS_PER_LOAD: u32 = 500;

/// What the courier has carried of each station's log.
pub struct Courier {
    db: Db,
    bus: Arc<dyn Bus>,
    carried: HashMap<StationId, Revision>,
}

impl Courier {
    /// A courier that carries what comes after this moment.
    pub async fn ready(db: Db, bus: Arc<dyn Bus>) -> store::Result<Self> {
        let carried = store::change::heads(&db).await?.into_iter().collect();
        Ok(Self { db, bus, carried })
    }

    /// Carries until it is dropped.
    pub async fn run(mut self) {
        let mut is_away = false;
        loop {
            match (self.carry().await, is_away) {
                (Ok(()), false) | (Err(_), true) => {}
                (Ok(()), true) => {
                    tracing::info!("the store is back: events travel again");
                    is_away = false;
                }
                (Err(error), false) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "the change log cannot be read; events wait until it can");
                    is_away = true;
                }
            }
            // Either way it is looked at again.
            let _ = timeout(POLL, self.db.changed()).await;
        }
    }

    async fn carry(&mut self) -> store::Result<()> {
        for (station, head) in store::change::heads(&self.db).await? {
            while self.carried.get(&station).copied().unwrap_or_default() < head {
                if !self.carry_load(station).await? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Carries the next events of one station; false if there were none.
    async fn carry_load(&mut self, station: StationId) -> store::Result<bool> {
        let carried = self.carried.entry(station).or_default();
        let load = store::change::after(&self.db, station, *carried, EVENTS_PER_LOAD).await?;
        let is_something = !load.is_empty();
        for message in load {
            *carried = message.revision.unwrap_or(*carried).max(*carried);
            self.bus.publish(message);
        }
        Ok(is_something)
    }
}
