//! A whole server as what we relay: its list of mounts, asked for again and again.
//!
//! The list is Icecast's `/admin/streamlist.txt`: a path on each line, for who shows the relays' password. Each becomes a
//! relay to the same path here. What leaves the list is let go; a list that cannot be had changes nothing.
//!
//! Start at [`Master::run`].

use std::collections::BTreeMap;
use std::sync::Weak;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

use super::{Relay, Upstream};
use crate::Air;
use crate::caller::{self, Caller};

/// How many mounts of a list are relayed.
const MOUNTS_MAX: usize = 256;
/// How long a server may take to give its list.
const PATIENCE: Duration = Duration::from_secs(10);
/// How soon it is asked again when it did not.
const RETRY: Duration = Duration::from_secs(10);

/// A server whose mounts are all relayed.
#[derive(Clone, Debug)]
pub struct Master {
    /// Its host name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The user that it knows relays by.
    pub user: String,
    /// Their password.
    pub password: String,
    /// How often its list is asked for.
    pub every: Duration,
    /// Whether its mounts are fetched only while somebody hears them.
    pub on_demand: bool,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
enum NoList {
    #[error("its name is none")]
    Name,
    #[error(transparent)]
    Caller(#[from] caller::Error),
    #[error("it answers with status {0}; are user and password those of its relays?")]
    Status(u16),
}

impl Master {
    /// Relays what is on the list, as long as the air is there.
    pub(crate) async fn run(self, air: Weak<Air>) {
        // Dropped with this task, it takes every relay with it.
        let mut relays = JoinSet::new();
        let mut running = BTreeMap::new();
        let mut is_told = false;
        loop {
            let listed = self.list().await;
            let Some(air) = air.upgrade() else { return };
            match &listed {
                Ok(paths) => {
                    is_told = false;
                    self.follow(&air, paths, &mut running, &mut relays);
                }
                Err(why) => {
                    metrics::counter!("groundwave_relay_lists_missed_total").increment(1);
                    if !std::mem::replace(&mut is_told, true) {
                        tracing::warn!(host = self.host, port = self.port, %why, "a server's list cannot be had");
                    }
                }
            }
            drop(air);
            sleep(if listed.is_ok() { self.every } else { self.every.min(RETRY) }).await;
        }
    }

    /// Begins and ends relays, so that they are those of the list.
    fn follow(
        &self,
        air: &std::sync::Arc<Air>,
        paths: &[String],
        running: &mut BTreeMap<String, AbortHandle>,
        relays: &mut JoinSet<()>,
    ) {
        let gone: Vec<String> = running.keys().filter(|path| !paths.contains(path)).cloned().collect();
        for path in gone {
            tracing::info!(mount = path, "a mount has left the list of the server that we relay");
            if let Some(relay) = running.remove(&path) {
                relay.abort();
            }
            air.close_relayed(&path);
        }
        for path in paths {
            if !running.contains_key(path) {
                let relay = relays.spawn(self.relay(path).run(std::sync::Arc::downgrade(air)));
                running.insert(path.clone(), relay);
            }
        }
        while relays.try_join_next().is_some() {}
    }

    fn relay(&self, path: &str) -> Relay {
        let from = Upstream { host: self.host.clone(), port: self.port, target: path.to_owned(), login: None };
        Relay { from, path: path.to_owned(), on_demand: self.on_demand, with_titles: true }
    }

    async fn list(&self) -> Result<Vec<String>, NoList> {
        let url: Url =
            format!("http://{}:{}/admin/streamlist.txt", self.host, self.port).parse().map_err(|_| NoList::Name)?;
        let shown = format!("Basic {}", STANDARD.encode(format!("{}:{}", self.user, self.password)));
        let (status, text) = Caller::new(PATIENCE)?.get(&url, Some(&shown)).await?;
        if status == 200 { Ok(paths(&text)) } else { Err(NoList::Status(status)) }
    }
}

/// The paths on a list. Whatever else stands there (newer servers list whole addresses) is none of ours.
fn paths(list: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for path in list.lines().filter_map(|line| crate::icecast::mount_path(line.trim())) {
        if paths.len() == MOUNTS_MAX {
            metrics::counter!("groundwave_relay_mounts_left_out_total").increment(1);
            break;
        }
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_a_path_a_line() {
        let list = "/latin.mp3\r\n/live.mp3\r\n\r\nhttp://other.test:8000/x\r\n/live.mp3\r\n/a%00b\r\n";
        assert_eq!(paths(list), ["/latin.mp3", "/live.mp3"]);
    }

    #[test]
    fn no_server_makes_us_relay_without_end() {
        let list: String = (0..1_000).map(|number| format!("/{number}\n")).collect();
        assert_eq!(paths(&list).len(), MOUNTS_MAX);
    }
}
