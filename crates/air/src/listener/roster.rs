//! The roster: who is connected to a mount, what can be told of each, and how one is spoken to.
//!
//! Whoever holds a listener's connection (a fan-out thread, an answer on a browser's connection) holds a [`Guest`] for
//! it, which is its line in the mount's roster; dropping it takes the line out. An administrator reads the roster, and
//! gives [`Order`]s to those who stand in it.
//!
//! A listener's address is not kept. What stands for it is an *alias*: the same for the same address as long as the
//! program runs, and of no use to anybody afterwards, for its key is made by chance at the start and never leaves memory.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::Mount;
use crate::admission::Admission;

/// The most of a player's name that is kept, in bytes.
const AGENT_BYTES_MAX: usize = 160;

/// What a connection tells of whoever listens.
#[derive(Clone, Debug, Default)]
pub struct Who {
    /// The player, as it calls itself.
    pub agent: String,
    /// Where it connects from. Used for an alias, and then forgotten.
    pub address: Option<IpAddr>,
}

/// A line of a roster, as it can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// Its number, which no other connection has while the program runs.
    pub id: u64,
    /// The player, as it calls itself.
    pub agent: String,
    /// What stands for its address: in the range kept for documentation, where no real address lies.
    pub alias: Ipv6Addr,
    /// For how long it has been connected.
    pub connected: Duration,
}

/// What can be asked of a listener's connection.
#[derive(Clone, Debug)]
pub enum Order {
    /// End.
    Leave,
    /// Go on with another mount, which carries the same codec.
    Move(Arc<Mount>),
}

/// What every roster of the house shares: numbers, and the key of the aliases.
#[derive(Debug)]
pub(crate) struct Reception {
    next_id: AtomicU64,
    key: RandomState,
}

impl Reception {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { next_id: AtomicU64::new(1), key: RandomState::new() })
    }

    /// A number for the next who comes.
    pub fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    fn alias(&self, address: Option<IpAddr>) -> u64 {
        address.map_or(0, |address| self.key.hash_one(address.to_canonical()))
    }
}

/// Who is connected to one mount.
#[derive(Debug, Default)]
pub struct Roster(Mutex<BTreeMap<u64, Line>>);

#[derive(Debug)]
struct Line {
    agent: Box<str>,
    alias: u64,
    since: Duration,
    /// The mount that it asked for, if it was moved from there only for as long as nothing is on there.
    home: Option<Arc<str>>,
    /// How it is spoken to, if no fan-out thread holds it.
    orders: Option<watch::Sender<Option<Order>>>,
}

impl Roster {
    /// Everybody, those who came first at the beginning. `now` is what the house's clock has measured.
    pub fn list(&self, now: Duration) -> Vec<Connected> {
        let tell = |(id, line): (&u64, &Line)| Connected {
            id: *id,
            agent: line.agent.to_string(),
            alias: documentation_address(line.alias),
            connected: now.saturating_sub(line.since),
        };
        self.lines().iter().map(tell).collect()
    }

    /// The numbers of everybody.
    pub fn ids(&self) -> HashSet<u64> {
        self.lines().keys().copied().collect()
    }

    /// The numbers of those whose home is `path`; whoever was not moved is at home `here`.
    pub(crate) fn ids_at_home(&self, path: &str, here: &str) -> HashSet<u64> {
        let is_theirs = |line: &Line| line.home.as_deref().unwrap_or(here) == path;
        self.lines().iter().filter(|(_, line)| is_theirs(line)).map(|(id, _)| *id).collect()
    }

    /// True if that number is somebody's.
    pub fn has(&self, id: u64) -> bool {
        self.lines().contains_key(&id)
    }

    /// Says where those are at home who are about to be moved.
    pub(crate) fn set_home(&self, ids: &HashSet<u64>, home: Option<&Arc<str>>) {
        for (_, line) in self.lines().iter_mut().filter(|(id, _)| ids.contains(id)) {
            line.home = home.cloned();
        }
    }

    /// Gives an order to those of `ids` who are not held by a fan-out thread.
    pub(crate) fn order(&self, ids: &HashSet<u64>, order: &Order) {
        let lines = self.lines();
        let theirs = lines.iter().filter(|(id, _)| ids.contains(id)).filter_map(|(_, line)| line.orders.as_ref());
        theirs.for_each(|orders| drop(orders.send_replace(Some(order.clone()))));
    }

    fn lines(&self) -> MutexGuard<'_, BTreeMap<u64, Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A listener's line in the roster of the mount that it hears.
#[derive(Debug)]
pub(crate) struct Guest {
    mount: Arc<Mount>,
    id: u64,
}

impl Guest {
    /// Puts a listener down who is held by a fan-out thread.
    pub fn enter(admission: &Admission, who: &Who, now: Duration) -> Self {
        Self::put_down(admission, who, now, None)
    }

    /// Puts a listener down who hears its orders itself.
    pub fn enter_with_orders(admission: &Admission, who: &Who, now: Duration) -> (Self, Orders) {
        let (sender, orders) = watch::channel(None);
        (Self::put_down(admission, who, now, Some(sender)), Orders(orders))
    }

    fn put_down(admission: &Admission, who: &Who, now: Duration, orders: Option<watch::Sender<Option<Order>>>) -> Self {
        let (mount, id) = (admission.mount(), admission.id());
        let (agent, alias) = (one_line(&who.agent), mount.reception().alias(who.address));
        mount.roster().lines().insert(id, Line { agent, alias, since: now, home: None, orders });
        Self { mount: Arc::clone(mount), id }
    }

    /// Its number.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The mount that it hears.
    pub fn mount(&self) -> &Arc<Mount> {
        &self.mount
    }

    /// Takes the line over to another mount's roster.
    pub fn move_to(&mut self, mount: &Arc<Mount>) {
        let line = self.mount.roster().lines().remove(&self.id);
        self.mount = Arc::clone(mount);
        if let Some(line) = line {
            mount.roster().lines().insert(self.id, line);
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.mount.roster().lines().remove(&self.id);
    }
}

/// Where a listener hears its orders. Only the newest counts.
#[derive(Debug)]
pub(crate) struct Orders(watch::Receiver<Option<Order>>);

impl Orders {
    /// Waits for an order.
    pub async fn next(&mut self) -> Order {
        loop {
            if self.0.changed().await.is_err() {
                // Nobody is left to give one.
                std::future::pending::<()>().await;
            }
            if let Some(order) = self.0.borrow_and_update().clone() {
                return order;
            }
        }
    }
}

/// An alias as something that programs read as an address.
fn documentation_address(alias: u64) -> Ipv6Addr {
    Ipv6Addr::from((0x2001_0db8_u128 << 96) | u128::from(alias))
}

fn one_line(agent: &str) -> Box<str> {
    let mut end = agent.len().min(AGENT_BYTES_MAX);
    while !agent.is_char_boundary(end) {
        end -= 1;
    }
    agent[..end].chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_the_same_for_an_address_and_another_after_a_restart() {
        let (first, second) = (Reception::new(), Reception::new());
        let address = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        let home = address("192.0.2.7");
        assert_eq!(first.alias(home), first.alias(address("::ffff:192.0.2.7")));
        assert_ne!(first.alias(home), first.alias(address("192.0.2.8")));
        assert_ne!(first.alias(home), second.alias(home));
        assert!(documentation_address(first.alias(home)).to_string().starts_with("2001:db8:"));
    }

    #[test]
    fn a_player_s_name_is_a_bounded_line() {
        assert_eq!(&*one_line("VLC\r\n3"), "VLC  3");
        assert_eq!(one_line(&"ö".repeat(200)).len(), AGENT_BYTES_MAX);
    }
}
