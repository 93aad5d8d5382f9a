//! The cell that a child locks itself into: whoever takes over a decoder finds nothing to take.
//!
//! - Limits: memory, processor time since the last answer, no files written, none opened, no other processes.
//! - Landlock: no files, no network.
//! - A filter for system calls: those that a codec needs are allowed, all others fail.
//!
//! Each holds without the others. What a kernel lacks is told once by the parent, and the rest holds.
//!
//! Start at [`lock`].

mod calls;

use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetStatus};
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// The most memory that a child may have, in bytes. A codec needs some ten million.
pub const MEMORY_BYTES_MAX: u64 = 256 << 20;
/// The most processor time that a child may use without doing an order, in seconds.
pub const CPU_SECONDS_MAX: u64 = 10;
/// The standard streams, and nothing besides.
const FILES_MAX: u64 = 3;
/// The processor time that is allowed is extended at every so many orders.
const ORDERS_PER_EXTENSION: u32 = 64;
/// The newest kind of Landlock that is asked for: files and TCP.
const LANDLOCK: ABI = ABI::V5;

/// A cell that is locked.
#[derive(Debug)]
pub struct Cell {
    missing: Vec<&'static str>,
    orders: std::cell::Cell<u32>,
}

/// Locks this process in. It has to have a single thread, and there is no way back.
pub fn lock() -> Cell {
    let locks: [(&'static str, bool); 3] = [
        ("limits", limit()),
        ("Landlock", restrict_files_and_network()),
        ("a filter for system calls", calls::filter()),
    ];
    let missing = locks.into_iter().filter(|(_, holds)| !holds).map(|(name, _)| name).collect();
    Cell { missing, orders: std::cell::Cell::new(0) }
}

impl Cell {
    /// What this machine could not lock, in words; empty if all holds.
    pub fn shortcomings(&self) -> String {
        self.missing.join(", ")
    }

    /// A child that does its orders may go on: it gets some more processor time now and then.
    pub fn lengthen_leash(&self) {
        let orders = self.orders.get();
        self.orders.set(orders.wrapping_add(1));
        if orders.is_multiple_of(ORDERS_PER_EXTENSION) {
            limit_cpu();
        }
    }
}

fn limit() -> bool {
    let fixed = [
        (Resource::Data, MEMORY_BYTES_MAX),
        (Resource::Nofile, FILES_MAX),
        (Resource::Fsize, 0),
        (Resource::Nproc, 0),
        (Resource::Core, 0),
    ];
    fixed.map(|(resource, most)| set(resource, Some(most), Some(most))).into_iter().all(|is_set| is_set) && limit_cpu()
}

/// The soft limit ends the process. The hard one stays open, so that the soft one can be moved on.
fn limit_cpu() -> bool {
    let used = clock_gettime(ClockId::ProcessCPUTime).tv_sec;
    set(Resource::Cpu, Some(u64::try_from(used).unwrap_or(0) + CPU_SECONDS_MAX), None)
}

fn set(resource: Resource, current: Option<u64>, maximum: Option<u64>) -> bool {
    setrlimit(resource, Rlimit { current, maximum }).is_ok()
}

fn restrict_files_and_network() -> bool {
    let restricted = Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(LANDLOCK)))
        .and_then(|rules| rules.create())
        .and_then(|rules| rules.restrict_self());
    restricted.is_ok_and(|status| status.ruleset != RulesetStatus::NotEnforced)
}

#[cfg(test)]
mod tests;
