//! Addresses at which nothing stands: where they lead now, or that somebody asked for them in vain.
//!
//! The newsroom's table of redirects has what moved; addresses of other systems (`?amp=1`, `/amp/`) lead to the page that
//! they were made from. What is left is counted, so that somebody at the desk can mend it. Of who asked nothing is kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use station::redirect::Cause;
use station::{Redirect, Station, StationId};

use crate::view::error::Reason;
use crate::{Site, answers};

/// How often what was asked for in vain is written down.
const WRITE_AFTER: Duration = Duration::from_secs(2);
/// How many different addresses may wait to be written down.
const MISSED_WAITING_MAX: usize = 512;
/// The longest address that is counted, in bytes: longer ones are not written by people.
const MISSED_BYTES_MAX: usize = 200;
/// The parts of a query by which other systems ask for the page of a page.
const AMP: [&str; 2] = ["amp", "_amp"];

/// What was asked for in vain, and how often, since it was last written down.
#[derive(Debug, Default)]
pub struct Missed(Mutex<HashMap<(StationId, String), u32>>);

impl Missed {
    /// Counts an address. One that finds no room is not counted: the list is for what many ask for.
    fn note(&self, station: StationId, path: &str) {
        if path.len() > MISSED_BYTES_MAX || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return;
        }
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (station, path.to_owned());
        if waiting.len() >= MISSED_WAITING_MAX && !waiting.contains_key(&key) {
            metrics::counter!("groundwave_site_missed_uncounted_total").increment(1);
            return;
        }
        let times = waiting.entry(key).or_default();
        *times = times.saturating_add(1);
    }

    /// Takes the counts, by station.
    fn take(&self) -> HashMap<StationId, Vec<(String, u32)>> {
        let taken = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut by_station: HashMap<StationId, Vec<(String, u32)>> = HashMap::new();
        for ((station, path), times) in taken {
            by_station.entry(station).or_default().push((path, times));
        }
        by_station
    }
}

impl Site {
    /// What is said where nothing stands: where it went, or that there is nothing.
    pub(crate) async fn lost(self: &Arc<Self>, station: &Arc<Station>, parts: &Parts) -> Response {
        let path = parts.uri.path();
        if parts.method.is_safe() {
            match self.moved(station, path).await {
                Some(redirect) => return answers::moved(&redirect.target(path), status(redirect.cause)),
                None => self.missed.note(station.id, path),
            }
        }
        self.problem(station, Reason::NotFound, &parts.headers).await
    }

    async fn moved(&self, station: &Station, path: &str) -> Option<Redirect> {
        if !self.away.may_ask(self.clock.elapsed()) {
            return None;
        }
        let found = store::redirect::covering(&self.db, station.id, path).await;
        found.unwrap_or_else(|error| {
            self.note(&error.into());
            None
        })
    }

    /// Writes down what was asked for in vain, again and again.
    pub(crate) async fn write_down_what_was_missed(&self) {
        let mut round = tokio::time::interval(WRITE_AFTER);
        loop {
            round.tick().await;
            for (station, paths) in self.missed.take() {
                if let Err(error) = self.write_down(station, &paths).await {
                    tracing::warn!(?error, "what was asked for in vain could not be written down");
                }
            }
        }
    }

    async fn write_down(&self, station: StationId, paths: &[(String, u32)]) -> store::Result<()> {
        let mut tx = self.db.begin().await?;
        store::missed::add(&mut tx, station, paths, self.clock.now()).await?;
        tx.commit().await
    }
}

/// What was put in the place of an unpublished story may go again; everything else has moved for good.
fn status(cause: Cause) -> StatusCode {
    match cause {
        Cause::Unpublished => StatusCode::FOUND,
        Cause::Moved | Cause::ByHand | Cause::Imported => StatusCode::MOVED_PERMANENTLY,
    }
}

/// The address of the page that an address of its AMP edition was made from, if it is one: `/a/amp/`, `/a?amp=1`.
///
/// Where the table has a line for the path (`has_line`), its last word is the name of something and stays.
pub(crate) fn without_amp(parts: &Parts, has_line: bool) -> Option<String> {
    if !parts.method.is_safe() {
        return None;
    }
    let path = parts.uri.path();
    // What a browser would take for another site, or a second slash, is no address of ours.
    if path.starts_with("//") || path.contains('\\') {
        return None;
    }
    let plain = path.trim_end_matches('/').strip_suffix("/amp").filter(|plain| !plain.is_empty() && !has_line);
    let query = parts.uri.query().unwrap_or_default();
    let is_amp = |pair: &&str| AMP.contains(&pair.split('=').next().unwrap_or_default());
    if plain.is_none() && !query.split('&').any(|pair| is_amp(&pair)) {
        return None;
    }
    let rest: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !is_amp(pair)).collect();
    let mark = if rest.is_empty() { "" } else { "?" };
    Some(format!("{}{mark}{}", plain.unwrap_or(path), rest.join("&")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(address: &str) -> Option<String> {
        without_amp(&http::Request::get(address).body(()).unwrap().into_parts().0, address == "/news/2019-05-01/amp")
    }

    #[test]
    fn the_amp_edition_of_a_page_leads_to_the_page() {
        for (amp, page) in [
            ("/news/2019-05-01/flood/amp/", "/news/2019-05-01/flood"),
            ("/news/2019-05-01/flood/amp", "/news/2019-05-01/flood"),
            ("/tag/floods?amp=1", "/tag/floods"),
            ("/post/flood?_amp=true&page=2", "/post/flood?page=2"),
            ("/news/?amp", "/news/"),
        ] {
            assert_eq!(asked(amp).as_deref(), Some(page), "{amp}");
        }
        for page in [
            "/",
            "/amp",
            "/amp/",
            "/news/2019-05-01/amp",
            "/news/clamp",
            "/news?camp=1",
            "//evil.example/amp",
            "/\\evil.example?amp=1",
        ] {
            assert_eq!(asked(page), None, "{page}");
        }
    }

    #[test]
    fn what_is_asked_for_in_vain_is_counted_within_bounds() {
        let missed = Missed::default();
        for _ in 0..3 {
            missed.note(StationId(1), "/old");
        }
        missed.note(StationId(2), "/old");
        missed.note(StationId(1), &format!("/{}", "a".repeat(MISSED_BYTES_MAX)));
        missed.note(StationId(1), "/caf\u{e9}");
        for number in 0..2 * MISSED_WAITING_MAX {
            missed.note(StationId(1), &format!("/probe/{number}"));
        }
        missed.note(StationId(1), "/old");
        let taken = missed.take();
        assert_eq!(taken.values().map(Vec::len).sum::<usize>(), MISSED_WAITING_MAX);
        assert!(taken[&StationId(1)].contains(&("/old".to_owned(), 4)));
        assert_eq!(taken[&StationId(2)], [("/old".to_owned(), 1)]);
        assert!(missed.take().is_empty());
    }
}
