//! `STATS / HTTP/1.0`: the statistics as a stream, for programs that want to be told when something changes.
//!
//! First every figure is told, then those that are other than a second ago: `EVENT global listeners 7`,
//! `EVENT /live.mp3 title One`; `DELETE …` for what is there no more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{interval, timeout};

use super::super::Refusal;
use super::{is_admin, stats};
use crate::Air;
use crate::front::Socket;
use crate::head::Head;
use crate::source::Credentials;

/// How many programs may watch at once.
const WATCHERS_MAX: usize = 16;
/// How often it is looked whether something has changed.
const LOOK: Duration = Duration::from_secs(1);
/// How long a program may take none of what it is told.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many watch.
#[derive(Debug, Default)]
pub(crate) struct Watchers(AtomicUsize);

impl Watchers {
    /// How many there are now.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Every figure by what it is of (a mount, or `global`) and its name.
type Known = BTreeMap<(String, &'static str), String>;

/// Tells a program the statistics until it leaves.
pub(crate) async fn watch(mut socket: Socket, head: &Head, air: &Arc<Air>) {
    let shown = head.field("authorization").and_then(Credentials::from_basic);
    let place = match Place::take(air) {
        _ if !is_admin(air, shown.as_ref()) => Err(Refusal::Unauthorised),
        Some(place) => Ok(place),
        None => Err(Refusal::TooManyConnections),
    };
    match place {
        Ok(_place) => {
            air.tally().watcher();
            let host = head.field("host").unwrap_or("localhost");
            if let Err(error) = tell(&mut socket, host, air).await {
                tracing::debug!(%error, "a program that watched the statistics has left");
            }
        }
        Err(refusal) => crate::front::dismiss(socket, &refusal.bytes(air.clock().now())).await,
    }
}

async fn tell(socket: &mut Socket, host: &str, air: &Air) -> std::io::Result<()> {
    let (mut from, mut to) = tokio::io::split(socket);
    to.write_all(b"HTTP/1.0 200 OK\r\n\r\n").await?;
    let (mut known, mut ticks, mut said) = (Known::new(), interval(LOOK), [0; 256]);
    loop {
        tokio::select! {
            // What it says is of no interest, but that it has gone is.
            read = from.read(&mut said) => if read? == 0 { return Ok(()) },
            _ = ticks.tick() => {
                let now = figures(air, host);
                let news = changes(&known, &now);
                timeout(PATIENCE, to.write_all(news.as_bytes())).await??;
                to.flush().await?;
                known = now;
            }
        }
    }
}

fn figures(air: &Air, host: &str) -> Known {
    let of = |whom: &str, figures: stats::Figures| -> Vec<((String, &'static str), String)> {
        figures.into_iter().map(|(name, value)| ((whom.to_owned(), name), one_line(&value))).collect()
    };
    let mut known: Known = of("global", stats::of_server(air, host)).into_iter().collect();
    let origin = format!("http://{host}");
    for mount in air.mounts().iter().filter(|mount| stats::is_on(mount)) {
        known.extend(of(mount.path(), stats::of_mount(mount, &origin)));
    }
    known
}

fn changes(before: &Known, now: &Known) -> String {
    let is_new = |(key, value): &(&(String, &'static str), &String)| before.get(*key) != Some(*value);
    let events = now.iter().filter(is_new).map(|((whom, name), value)| format!("EVENT {whom} {name} {value}\n"));
    let gone =
        before.keys().filter(|key| !now.contains_key(*key)).map(|(whom, name)| format!("DELETE {whom} {name}\n"));
    events.chain(gone).collect()
}

fn one_line(value: &str) -> String {
    value.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// A place among those who watch.
struct Place<'a>(&'a Watchers);

impl<'a> Place<'a> {
    fn take(air: &'a Air) -> Option<Self> {
        let watchers = air.watchers();
        let one_more = |count| (count < WATCHERS_MAX).then_some(count + 1);
        let is_in = watchers.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok();
        if !is_in {
            metrics::counter!("groundwave_stats_watchers_refused_total").increment(1);
        }
        is_in.then_some(Self(watchers))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(pairs: &[(&str, &'static str, &str)]) -> Known {
        pairs.iter().map(|(whom, name, value)| (((*whom).to_owned(), *name), (*value).to_owned())).collect()
    }

    #[test]
    fn what_changed_is_told_and_what_is_gone() {
        let before = known(&[("global", "listeners", "1"), ("/a.mp3", "title", "One"), ("/b.mp3", "title", "Two")]);
        let now = known(&[("global", "listeners", "2"), ("/a.mp3", "title", "One")]);
        assert_eq!(changes(&before, &now), "EVENT global listeners 2\nDELETE /b.mp3 title\n");
        assert_eq!(changes(&now, &now), "");
        assert_eq!(changes(&Known::new(), &now), "EVENT /a.mp3 title One\nEVENT global listeners 2\n");
    }
}
