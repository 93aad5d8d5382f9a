//! The page cache: finished bytes, until something that they were made from is different.
//!
//! A page is made once however many ask for it, and kept with [`Tag`]s that say what it was made from. An event forgets
//! tags: the pages that bear them are outdated, and made anew when they are next asked for. An outdated page is not
//! thrown away: while the store is away, what was served once is served again. The one exception is what shows a story
//! that was taken back: those bytes are gone at once.
//!
//! An event may arrive while a page is being made out of rows that are older than the event. So whoever finishes a page
//! says when it was begun, and a page that was begun before a matching event is outdated from the start.
//!
//! Start at [`Cache::serve`]; the bookkeeping, which is pure, is in [`shelf`].

mod body;
mod shelf;

pub use body::{Encoding, Finished};
pub use shelf::{Forgotten, Key, Tag};

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use shelf::{Found, Kept, Shelf};
use station::{Clock, StationId, StoryId, Timestamp};
use tokio::sync::{Semaphore, mpsc, watch};

/// How often a page is made again at once because something happened while it was being made.
const MAKINGS_MAX: usize = 3;
/// How many pages may be in the making at one time.
const MAKING_AT_ONCE_MAX: usize = 8;
/// How many different pages may wait to be made; whoever asks for one more hears that the site is busy.
const WAITING_PAGES_MAX: usize = 1024;
/// How long somebody waits for a page that can be served outdated meanwhile.
const OUTDATED_AFTER: Duration = Duration::from_millis(1000);
/// How long after a failure a page is served outdated without another try.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// How long a page is kept without being looked at again, should an event have been lost.
const FRESH_FOR_MAX: Duration = Duration::from_secs(60 * 60);
/// How many pages may wait to be compressed as small as they go.
const POLISHING_MAX: usize = 64;

/// A page as its maker hands it over.
#[derive(Debug)]
pub struct Made {
    /// 200, or 410 for a story that was taken back.
    pub status: StatusCode,
    /// The page.
    pub html: String,
    /// What it was made from.
    pub tags: Vec<Tag>,
    /// The story that this is the page of.
    pub subject: Option<StoryId>,
    /// When it is outdated without an event: at midnight, at the end of a broadcast.
    pub fresh_until: Option<Timestamp>,
}

/// Why there is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is nothing at this address.
    NotFound,
    /// The story was taken back, and what its page should say cannot be asked for now.
    Gone,
    /// The store is away, or the site is busy.
    Unavailable,
    /// Something went wrong here; it has been logged.
    Failed,
}

/// What somebody who asked for a page is given.
#[derive(Debug)]
pub struct Served {
    /// The page.
    pub page: Arc<Finished>,
    /// True if it is known to be outdated.
    pub is_outdated: bool,
}

/// A page in the making.
pub type Making = Pin<Box<dyn Future<Output = Result<Made, Failure>> + Send>>;

/// The page cache.
pub struct Cache {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    making: Semaphore,
    to_polish: mpsc::Sender<Rough>,
    polishing: Mutex<Option<mpsc::Receiver<Rough>>>,
}

struct State {
    shelf: Shelf,
    flights: HashMap<Key, watch::Receiver<Option<Landed>>>,
}

/// A page that could be packed smaller.
type Rough = (Key, Arc<Finished>);

type Landed = Result<Arc<Finished>, Failure>;

/// What there is at once.
enum Look {
    Served(Served),
    Wait(watch::Receiver<Option<Landed>>, Meanwhile),
}

/// What there is for somebody who waits, should waiting lead to nothing.
enum Meanwhile {
    Nothing,
    Gone,
    Outdated(Arc<Finished>),
}

impl Cache {
    /// An empty cache that keeps at most `bytes_max` bytes.
    pub fn new(bytes_max: usize, clock: Arc<dyn Clock>) -> Arc<Self> {
        let (to_polish, polishing) = mpsc::channel(POLISHING_MAX);
        Arc::new(Self {
            state: Mutex::new(State { shelf: Shelf::new(bytes_max), flights: HashMap::new() }),
            clock,
            making: Semaphore::new(MAKING_AT_ONCE_MAX),
            to_polish,
            polishing: Mutex::new(Some(polishing)),
        })
    }

    /// The page of `key`: kept, or made with `make`, or outdated where it cannot be made now.
    pub async fn serve<F>(self: &Arc<Self>, key: Key, make: F) -> Result<Served, Failure>
    where
        F: Fn() -> Making + Send + Sync + 'static,
    {
        let (landing, meanwhile) = match self.look(&key, make)? {
            Look::Served(served) => return Ok(served),
            Look::Wait(landing, meanwhile) => (landing, meanwhile),
        };
        match meanwhile {
            Meanwhile::Nothing => landed(landing).await.map(made),
            Meanwhile::Gone => landed(landing).await.map_err(gone_if_away).map(made),
            Meanwhile::Outdated(page) => match tokio::time::timeout(OUTDATED_AFTER, landed(landing)).await {
                Ok(Ok(page)) => Ok(made(page)),
                // What is not there any more is not shown; everything else that fails is bridged.
                Ok(Err(failure @ (Failure::NotFound | Failure::Gone))) => Err(failure),
                Ok(Err(_)) | Err(_) => self.bridged(&key, page),
            },
        }
    }

    /// Forgets what an event makes outdated. Returns the pages whose bytes are gone, because they showed a story that was
    /// taken back.
    pub fn forget(&self, station: StationId, what: Forgotten) -> Vec<Key> {
        self.state().shelf.forget(station, what)
    }

    /// Forgets everything: an event may have been missed.
    pub fn forget_everything(&self) {
        self.state().shelf.forget_everything();
    }

    /// Compresses pages that are asked for again and again as small as they go, one after the other, for ever.
    pub async fn polish(self: &Arc<Self>) {
        let waiting = self.polishing.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut waiting) = waiting else { return };
        while let Some((key, page)) = waiting.recv().await {
            let work = {
                let page = page.clone();
                move || page.polished()
            };
            if let Ok(polished) = tokio::task::spawn_blocking(work).await {
                self.state().shelf.replace(&key, &page, Arc::new(polished));
            }
        }
    }

    fn look<F>(self: &Arc<Self>, key: &Key, make: F) -> Result<Look, Failure>
    where
        F: Fn() -> Making + Send + Sync + 'static,
    {
        let mut state = self.state();
        let meanwhile = match state.shelf.find(key, self.clock.now(), self.clock.elapsed()) {
            Found::Fresh { page, is_promoted } => return Ok(Look::Served(self.fresh(key, page, is_promoted))),
            Found::Resting(page) => return Ok(Look::Served(outdated(page))),
            Found::Outdated(page) => Meanwhile::Outdated(page),
            Found::Gone => Meanwhile::Gone,
            Found::Nothing => Meanwhile::Nothing,
        };
        Ok(Look::Wait(self.board(&mut state, key, make)?, meanwhile))
    }

    fn fresh(&self, key: &Key, page: Arc<Finished>, is_promoted: bool) -> Served {
        metrics::counter!("groundwave_site_pages_total", "served" => "fresh").increment(1);
        if is_promoted {
            self.ask_to_polish(key.clone(), page.clone());
        }
        Served { page, is_outdated: false }
    }

    /// The outdated page, unless it was taken back while somebody waited.
    fn bridged(&self, key: &Key, page: Arc<Finished>) -> Result<Served, Failure> {
        match self.state().shelf.find(key, self.clock.now(), self.clock.elapsed()) {
            Found::Gone => Err(Failure::Gone),
            Found::Nothing => Err(Failure::Unavailable),
            Found::Fresh { page, .. } => Ok(made(page)),
            Found::Outdated(_) | Found::Resting(_) => Ok(outdated(page)),
        }
    }

    fn ask_to_polish(&self, key: Key, page: Arc<Finished>) {
        if !page.is_polished() && self.to_polish.try_send((key, page)).is_err() {
            metrics::counter!("groundwave_site_pages_unpolished_total").increment(1);
        }
    }

    /// Joins those who wait for the page already, or sets out to make it.
    fn board<F>(
        self: &Arc<Self>,
        state: &mut State,
        key: &Key,
        make: F,
    ) -> Result<watch::Receiver<Option<Landed>>, Failure>
    where
        F: Fn() -> Making + Send + Sync + 'static,
    {
        if let Some(flight) = state.flights.get(key) {
            return Ok(flight.clone());
        }
        if state.flights.len() >= WAITING_PAGES_MAX {
            metrics::counter!("groundwave_site_pages_total", "served" => "refused-busy").increment(1);
            return Err(Failure::Unavailable);
        }
        let (land, flight) = watch::channel(None);
        state.flights.insert(key.clone(), flight.clone());
        let (cache, key) = (self.clone(), key.clone());
        // A task of its own: the page is finished for the others even if the first who asked goes away.
        tokio::spawn(async move {
            let flight = Flight { cache: &cache, key: &key };
            let landed = cache.make(&key, &make).await;
            drop(flight);
            land.send_replace(Some(landed));
        });
        Ok(flight)
    }

    async fn make(&self, key: &Key, make: &(impl Fn() -> Making + Send + Sync)) -> Landed {
        let _permit = self.making.acquire().await.map_err(|_| Failure::Failed)?;
        let mut last = None;
        for _ in 0..MAKINGS_MAX {
            let begun = self.state().shelf.moment();
            let (page, kept) = match make().await {
                Ok(made) => self.finish(made).await?,
                Err(failure) => return Err(self.failed(key, failure)),
            };
            metrics::counter!("groundwave_site_pages_total", "served" => "made").increment(1);
            let is_new = self.state().shelf.put(key, kept, begun, self.clock.now());
            if is_new {
                return Ok(page);
            }
            last = Some(page);
        }
        self.if_still_kept(key, last.ok_or(Failure::Failed)?)
    }

    /// A page that was overtaken each time it was made is better than none, unless what it shows was taken back.
    fn if_still_kept(&self, key: &Key, page: Arc<Finished>) -> Landed {
        match self.state().shelf.find(key, self.clock.now(), self.clock.elapsed()) {
            Found::Gone => Err(Failure::Gone),
            Found::Nothing => Err(Failure::Unavailable),
            _ => Ok(page),
        }
    }

    async fn finish(&self, made: Made) -> Result<(Arc<Finished>, Kept), Failure> {
        let Made { status, html, tags, subject, fresh_until } = made;
        let page = tokio::task::spawn_blocking(move || Finished::new(status, html.into())).await;
        let page = Arc::new(page.map_err(|_| Failure::Failed)?);
        let latest = self.clock.now() + FRESH_FOR_MAX;
        let fresh_until = fresh_until.map_or(latest, |until| until.min(latest));
        Ok((page.clone(), Kept { page, tags, subject, fresh_until }))
    }

    fn failed(&self, key: &Key, failure: Failure) -> Failure {
        let mut state = self.state();
        match failure {
            Failure::NotFound => state.shelf.remove(key),
            _ => state.shelf.rest(key, self.clock.elapsed() + RETRY_AFTER),
        }
        failure
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the flight off the board when it has ended, also if making the page panicked.
struct Flight<'a> {
    cache: &'a Cache,
    key: &'a Key,
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.cache.state().flights.remove(self.key);
    }
}

/// Waits until the page is there. That nobody lands it means that making it panicked.
async fn landed(mut flight: watch::Receiver<Option<Landed>>) -> Landed {
    match flight.wait_for(Option::is_some).await {
        Ok(landed) => landed.clone().unwrap_or(Err(Failure::Failed)),
        Err(_) => {
            metrics::counter!("groundwave_site_panics_total").increment(1);
            Err(Failure::Failed)
        }
    }
}

fn made(page: Arc<Finished>) -> Served {
    Served { page, is_outdated: false }
}

fn outdated(page: Arc<Finished>) -> Served {
    metrics::counter!("groundwave_site_pages_total", "served" => "outdated").increment(1);
    Served { page, is_outdated: true }
}

fn gone_if_away(failure: Failure) -> Failure {
    match failure {
        Failure::Unavailable | Failure::Failed => Failure::Gone,
        other => other,
    }
}

#[cfg(test)]
mod tests;
