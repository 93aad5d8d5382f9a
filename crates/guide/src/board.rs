//! The board by the studio door: what is on, what comes next, answered from memory.

use std::collections::HashMap;

use station::broadcast::NowNext;
use station::{Broadcast, ServiceId, Timestamp};

/// Resolved broadcasts, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct Board {
    services: HashMap<ServiceId, Vec<Broadcast>>,
}

impl Board {
    /// A board of these broadcasts, of which no two on one service overlap.
    pub fn new(broadcasts: impl IntoIterator<Item = Broadcast>) -> Self {
        let mut services: HashMap<ServiceId, Vec<Broadcast>> = HashMap::new();
        for broadcast in broadcasts {
            services.entry(broadcast.service).or_default().push(broadcast);
        }
        services.values_mut().for_each(|row| row.sort_by_key(|broadcast| broadcast.start));
        Self { services }
    }

    /// What a service has on at `moment`, and what comes after that, be it at once or after a pause.
    pub fn now_next(&self, service: ServiceId, moment: Timestamp) -> NowNext {
        let row = self.of(service);
        let begun = row.partition_point(|broadcast| broadcast.start <= moment);
        let now = begun.checked_sub(1).map(|last| &row[last]).filter(|broadcast| broadcast.is_on_at(moment));
        NowNext { now: now.cloned(), next: row.get(begun).cloned() }
    }

    /// The first moment after `moment` at which any service's answer changes.
    pub fn next_change(&self, moment: Timestamp) -> Option<Timestamp> {
        self.services.values().filter_map(|row| next_change(row, moment)).min()
    }

    /// A service's broadcasts, by start.
    pub fn of(&self, service: ServiceId) -> &[Broadcast] {
        self.services.get(&service).map(Vec::as_slice).unwrap_or_default()
    }
}

fn next_change(row: &[Broadcast], moment: Timestamp) -> Option<Timestamp> {
    let over = row.partition_point(|broadcast| broadcast.end <= moment);
    let broadcast = row.get(over)?;
    Some(if broadcast.start > moment { broadcast.start } else { broadcast.end })
}
