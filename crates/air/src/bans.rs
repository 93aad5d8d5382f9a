//! Who is not let in at all: addresses and networks, looked at before a byte of theirs is read.
//!
//! Two lists: whoever stands on the first is turned away; if there is anything on the second, whoever does not stand on
//! it is turned away too. The lists can be replaced while the door is open. Addresses are compared here and nowhere
//! kept.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

/// How many bits of an IPv6 address stand before an IPv4 address that is written as one.
const MAPPED_BITS: u8 = 96;

/// An address, or all addresses that begin alike: `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    /// The address, its bits behind the prefix cleared; IPv4 is written as IPv6.
    first: u128,
    prefix_bits: u8,
}

/// What was written is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither an address nor a network like 203.0.113.0/24")]
pub struct NotANetwork(String);

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let wrong = || NotANetwork(text.chars().take(64).collect());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let bits_max = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(bits_max), |bits| bits.trim().parse()).map_err(|_| wrong())?;
        if prefix > bits_max {
            return Err(wrong());
        }
        let prefix_bits = prefix + if address.is_ipv4() { MAPPED_BITS } else { 0 };
        Ok(Self { first: number(address) & mask(prefix_bits), prefix_bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = Ipv6Addr::from_bits(self.first);
        match address.to_ipv4_mapped().filter(|_| self.prefix_bits >= MAPPED_BITS) {
            Some(address) => write!(f, "{address}/{}", self.prefix_bits - MAPPED_BITS),
            None => write!(f, "{address}/{}", self.prefix_bits),
        }
    }
}

/// A set of networks. Looking one address up takes as long as there are different prefixes, however many networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(BTreeMap<u8, HashSet<u128>>);

impl Networks {
    /// True if it holds no network.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if an address is within one of them.
    pub fn has(&self, address: IpAddr) -> bool {
        let number = number(address);
        self.0.iter().any(|(prefix_bits, firsts)| firsts.contains(&(number & mask(*prefix_bits))))
    }

    /// Reads a list: one network a line, `#` begins a comment. What is none is left out and told with its line, counted
    /// from 1.
    pub fn read(text: &str) -> (Self, Vec<(usize, NotANetwork)>) {
        let (mut networks, mut faults) = (Self::default(), Vec::new());
        for (at, line) in text.lines().enumerate() {
            let entry = line.split('#').next().unwrap_or_default().trim();
            match entry.parse::<Network>() {
                _ if entry.is_empty() => {}
                Ok(network) => networks.extend([network]),
                Err(fault) => faults.push((at + 1, fault)),
            }
        }
        (networks, faults)
    }
}

impl Extend<Network> for Networks {
    fn extend<T: IntoIterator<Item = Network>>(&mut self, networks: T) {
        for network in networks {
            self.0.entry(network.prefix_bits).or_default().insert(network.first);
        }
    }
}

impl FromIterator<Network> for Networks {
    fn from_iter<T: IntoIterator<Item = Network>>(networks: T) -> Self {
        let mut all = Self::default();
        all.extend(networks);
        all
    }
}

/// The lists in force.
#[derive(Debug, Default)]
pub struct Bans(RwLock<Arc<Lists>>);

/// Who is turned away, and who alone is let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// These are turned away.
    pub denied: Networks,
    /// If there are any, all others are turned away.
    pub allowed: Networks,
}

impl Bans {
    /// These lists are in force from the next connection on. True if they are other ones than before.
    pub fn replace(&self, lists: Lists) -> bool {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = **current != lists;
        *current = Arc::new(lists);
        is_new
    }

    /// True if a connection from this address is let in.
    pub fn lets_in(&self, address: IpAddr) -> bool {
        let lists = self.0.read().unwrap_or_else(PoisonError::into_inner);
        !lists.denied.has(address) && (lists.allowed.is_empty() || lists.allowed.has(address))
    }
}

fn number(address: IpAddr) -> u128 {
    let written: Ipv6Addr = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    written.to_bits()
}

fn mask(prefix_bits: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(prefix_bits)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_is_within_its_networks_and_no_others() {
        for (network, inside, outside) in [
            ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
            ("203.0.113.0/24", "203.0.113.255", "203.0.114.0"),
            ("203.0.113.77/24", "203.0.113.1", "203.0.112.1"),
            ("0.0.0.0/0", "8.8.8.8", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("::1", "::1", "127.0.0.1"),
            // A socket that takes both families shows IPv4 this way.
            ("203.0.113.0/24", "::ffff:203.0.113.9", "::ffff:203.0.114.9"),
        ] {
            let networks: Networks = [network.parse::<Network>().unwrap()].into_iter().collect();
            assert!(networks.has(address(inside)), "{network} has {inside}");
            assert!(!networks.has(address(outside)), "{network} has not {outside}");
        }
    }

    #[test]
    fn a_list_with_a_wrong_line_keeps_the_right_ones() {
        let (networks, faults) = Networks::read("# bots\n203.0.113.7 # since May\n\nbad.example\n10.0.0.0/33\n::1\r\n");
        assert!(networks.has(address("203.0.113.7")) && networks.has(address("::1")));
        assert_eq!(faults.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 5]);
    }

    #[test]
    fn an_empty_list_of_the_allowed_allows_everybody() {
        let bans = Bans::default();
        assert!(bans.lets_in(address("203.0.113.7")));
        let list = |text| Networks::read(text).0;
        assert!(bans.replace(Lists { denied: list("203.0.113.7"), allowed: list("203.0.113.0/24") }));
        assert!(!bans.lets_in(address("203.0.113.7")) && bans.lets_in(address("203.0.113.8")));
        assert!(!bans.lets_in(address("198.51.100.1")));
        assert!(!bans.replace(Lists { denied: list("203.0.113.7"), allowed: list("203.0.113.0/24") }));
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in ".{0,80}") {
            Networks::read(&line);
        }
    }
}
