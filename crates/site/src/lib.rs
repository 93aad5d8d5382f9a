//! The public's door: pages, their cache, and what the player asks for.
//!
//! A request names a host, and so a station, and a path, and so a line of the table in [`routes`]. A page comes out of the
//! [`cache`], or is made: `pages/` asks the store for rows, `view/` turns them into plain values, `templates/` prints
//! those. [`Site::run`] follows the bus and forgets what has changed.
//!
//! Start at [`Site::routes`], then [`routes::ROUTES`].

mod answers;
mod away;
pub mod cache;
mod colours;
mod files;
mod follow;
mod headers;
mod lost;
mod on_air;
mod pages;
pub mod preview;
mod range;
pub mod routes;
mod settings;
mod stations;
pub mod templates;
pub mod view;

pub use settings::Settings;

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use away::Away;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing;
use bus::{Bus, Subscription};
use bytes::Bytes;
use cache::{Cache, Failure, Key, Made, Making, Tag};
use futures_util::{FutureExt, StreamExt};
use headers::Keeping;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use lost::Missed;
use minijinja::value::{Serde, Value};
use on_air::OnAir;
use pages::{Draft, Fault, Visit};
use routes::{Page, Route, Serves};
use station::{Clock, Station};
use stations::Stations;
use store::Db;
use templates::Templates;
use tokio::sync::mpsc;
use vault::Vault;
use view::Edition;
use view::error::Reason;

/// The longest address of a page, in bytes.
const ADDRESS_BYTES_MAX: usize = 512;
/// How many things that an event asks for may wait to be done.
const CHORES_MAX: usize = 256;

/// The public site of every station of this program.
pub struct Site {
    settings: Arc<Settings>,
    db: Db,
    vault: Vault,
    templates: Arc<Templates>,
    stations: Stations,
    cache: Arc<Cache>,
    on_air: OnAir,
    /// What has happened since the site was made; taken by [`Site::run`].
    events: Mutex<Option<Subscription>>,
    away: Away,
    /// What was asked for in vain since it was last written down.
    missed: Missed,
    clock: Arc<dyn Clock>,
}

/// A request without its body, for which the station is known.
struct Call {
    parts: Parts,
    route: &'static Route,
    station: Arc<Station>,
}

impl Site {
    /// The site. It listens to the bus from now on, and acts on what it hears in [`Site::run`].
    pub fn new(settings: Settings, db: Db, vault: Vault, bus: Arc<dyn Bus>, clock: Arc<dyn Clock>) -> Arc<Self> {
        let settings = Arc::new(settings);
        Arc::new(Self {
            templates: Arc::new(Templates::new(settings.theme_dir.as_deref())),
            stations: Stations::new(db.clone(), clock.clone(), settings.clone()),
            cache: Cache::new(settings.page_cache_bytes_max, clock.clone()),
            on_air: OnAir::new(db.clone(), clock.clone(), settings.followers_max),
            events: Mutex::new(Some(bus.subscribe())),
            away: Away::default(),
            missed: Missed::default(),
            clock,
            settings,
            db,
            vault,
        })
    }

    /// What answers the public: one axum route for each line of [`routes::ROUTES`], and a page that says so for
    /// everything else.
    pub fn routes(self: &Arc<Self>) -> Router {
        let lines = routes::ROUTES.iter().fold(Router::new(), |router, route| {
            let site = self.clone();
            let answer = move |request: Request| async move { site.guarded(Some(route), request).await };
            router.route(route.path, routing::any(answer))
        });
        let site = self.clone();
        lines.fallback(move |request: Request| async move { site.guarded(None, request).await })
    }

    /// Follows the bus until it closes: forgets pages, tells followers what is on.
    pub async fn run(self: &Arc<Self>) {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(events) = events else { return };
        let (chores, to_do) = mpsc::channel(CHORES_MAX);
        tokio::select! {
            () = follow::hear_all(self, events, chores) => {}
            () = follow::do_all(self, to_do) => {}
            () = self.cache.polish() => {}
            () = self.write_down_what_was_missed() => {}
        }
    }

    /// Ends what would otherwise never end: the event streams of those who follow what is on.
    pub fn stop(&self) {
        self.on_air.stop();
    }

    /// Answers, whatever happens: a panic costs one answer.
    async fn guarded(self: &Arc<Self>, route: Option<&'static Route>, request: Request) -> Response {
        let is_head = *request.method() == Method::HEAD;
        let answer = AssertUnwindSafe(self.answer(route, request)).catch_unwind().await;
        let mut answer = answer.unwrap_or_else(|_| {
            metrics::counter!("groundwave_site_panics_total").increment(1);
            answers::plain(Reason::Failed)
        });
        if is_head {
            *answer.body_mut() = Body::empty();
        }
        answer
    }

    async fn answer(self: &Arc<Self>, route: Option<&'static Route>, request: Request) -> Response {
        let parts = request.into_parts().0;
        let station = match self.stations.at_host(host(&parts)).await {
            Ok(Some(station)) => station,
            Ok(None) => return answers::plain(Reason::NotFound),
            Err(fault) => return answers::plain(reason(self.note(&fault))),
        };
        if let Some(address) = lost::without_amp(&parts, route.is_some()) {
            return answers::moved(&address, StatusCode::MOVED_PERMANENTLY);
        }
        let Some(route) = route else { return self.stray(&station, &parts).await };
        if !route.methods.contains(&parts.method) {
            let mut answer = self.problem(&station, Reason::MethodNotAllowed, &parts.headers).await;
            answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return answer;
        }
        if body_bytes(&parts.headers) > route.body_bytes_max {
            return self.problem(&station, Reason::TooLarge, &parts.headers).await;
        }
        self.serve(Call { parts, route, station }).await
    }

    async fn serve(self: &Arc<Self>, call: Call) -> Response {
        let found = match call.route.serves {
            Serves::Page(page) => Some(self.page(&call, page).await),
            Serves::Preview => self.preview(&call).await,
            Serves::OnAir => Some(self.on_air_now(&call).await),
            Serves::OnAirEvents => Some(self.on_air_events(&call).await),
            Serves::Media => self.media(&call).await,
            Serves::Asset => files::asset(&call.word(), &call.parts.headers),
            Serves::Stylesheet => Some(files::stylesheet(&self.current(&call.station).await.accent)),
            Serves::Icon => Some(files::icon(&self.current(&call.station).await.accent)),
            Serves::OldIcon => Some(answers::redirect("/favicon.svg")),
            Serves::Manifest => Some(answers::manifest(&self.current(&call.station).await)),
            Serves::Robots => Some(answers::robots()),
        };
        match found {
            Some(answer) => answer,
            None => self.lost(&call.station, &call.parts).await,
        }
    }

    /// An address that the table does not have. `/news/` was meant as `/news`.
    async fn stray(self: &Arc<Self>, station: &Arc<Station>, parts: &Parts) -> Response {
        match without_slash(parts.uri.path()) {
            Some(path) if parts.method.is_safe() => answers::redirect(path),
            _ => self.lost(station, parts).await,
        }
    }

    async fn page(self: &Arc<Self>, call: &Call, page: Page) -> Response {
        let (path, headers) = (call.parts.uri.path(), &call.parts.headers);
        let query = call.route.query(call.parts.uri.query());
        let address = call.route.address(path, &query);
        if address.len() > ADDRESS_BYTES_MAX {
            return self.problem(&call.station, Reason::NotFound, headers).await;
        }
        let (site, station, words) = (self.clone(), call.station.clone(), call.route.words(path));
        let make = move || -> Making {
            let (site, station, words, query) = (site.clone(), station.clone(), words.clone(), query.clone());
            Box::pin(async move { site.make(page, &station, words, query).await })
        };
        match self.cache.serve(Key::new(call.station.id, address), make).await {
            Ok(served) => answers::page(&served, headers, self.settings.hsts()),
            Err(Failure::NotFound) => self.lost(&call.station, &call.parts).await,
            Err(failure) => self.problem(&call.station, reason(failure), headers).await,
        }
    }

    async fn make(
        &self,
        page: Page,
        station: &Station,
        words: Vec<String>,
        query: Vec<(&'static str, String)>,
    ) -> Result<Made, Failure> {
        if !self.away.may_ask(self.clock.elapsed()) {
            return Err(Failure::Unavailable);
        }
        let edition = self.stations.edition(station).await.map_err(|fault| self.note(&fault))?;
        let drafted = pages::draft(page, &Visit { db: self.db.clone(), edition, words, query }).await;
        if let Err(Fault::Store(error)) = drafted {
            return Err(self.note(&error.into()));
        }
        self.away.note_answer();
        match drafted {
            Ok(draft) => self.render(draft.fresh_until(self.stations.outdated_until(station.id))).await,
            Err(_) => Err(Failure::NotFound),
        }
    }

    /// A story as it will look: made anew each time, and kept by nobody.
    async fn preview(self: &Arc<Self>, call: &Call) -> Option<Response> {
        let visit = async {
            let edition = self.stations.edition(&call.station).await?;
            Ok(Visit { db: self.db.clone(), edition, words: call.words(), query: Vec::new() })
        };
        let drafted = match visit.await {
            Ok(visit) => pages::preview::draft(&visit).await,
            Err(fault) => {
                return Some(self.problem(&call.station, reason(self.note(&fault)), &call.parts.headers).await);
            }
        };
        let rendered = match drafted {
            Ok(draft) => self.render(draft).await,
            // What leads nowhere is nothing that somebody at the desk could mend.
            Err(Fault::NotFound) => Err(Failure::NotFound),
            Err(Fault::Store(error)) => Err(self.note(&error.into())),
        };
        Some(match rendered {
            Ok(made) => answers::unkept(made.html, self.settings.hsts()),
            Err(failure) => self.problem(&call.station, reason(failure), &call.parts.headers).await,
        })
    }

    async fn render(&self, draft: Draft) -> Result<Made, Failure> {
        let Draft { template, view, status, tags, subject, fresh_until } = draft;
        let templates = self.templates.clone();
        let rendered = tokio::task::spawn_blocking(move || templates.render(template, &view)).await;
        match rendered {
            Ok(Ok(html)) => Ok(Made { status, html, tags, subject, fresh_until }),
            Ok(Err(error)) => {
                tracing::error!(template, error = ?error, "a page could not be rendered");
                Err(Failure::Failed)
            }
            Err(panic) => {
                tracing::error!(template, error = %panic, "a page could not be rendered");
                Err(Failure::Failed)
            }
        }
    }

    /// A page that says why there is nothing to read. It is made out of what is remembered, so that the store need not
    /// be there, and kept like any other.
    async fn problem(self: &Arc<Self>, station: &Arc<Station>, reason: Reason, headers: &HeaderMap) -> Response {
        let (site, of) = (self.clone(), station.clone());
        let make = move || -> Making {
            let (site, station) = (site.clone(), of.clone());
            Box::pin(async move {
                let edition = site.remembered(&station).await.ok_or(Failure::Unavailable)?;
                let view = Value::from(Serde(view::error::Page::new(&edition, reason)));
                let tags = vec![Tag::Station];
                let draft = Draft {
                    template: "error.html",
                    view,
                    status: reason.status(),
                    tags,
                    subject: None,
                    fresh_until: None,
                };
                site.render(draft).await
            })
        };
        // No address of a page begins with an exclamation mark.
        match self.cache.serve(Key::new(station.id, format!("!{reason:?}")), make).await {
            Ok(served) => answers::page(&served, headers, self.settings.hsts()),
            Err(_) => answers::plain(reason),
        }
    }

    async fn on_air_now(self: &Arc<Self>, call: &Call) -> Response {
        let told = async { Ok(self.on_air.now(&self.stations.edition(&call.station).await?).await?) };
        match told.await {
            Ok(json) => files::small("application/json", json, Keeping::Never),
            Err(fault) => self.problem(&call.station, reason(self.note(&fault)), &call.parts.headers).await,
        }
    }

    async fn on_air_events(self: &Arc<Self>, call: &Call) -> Response {
        if call.parts.method == Method::HEAD {
            return files::small("text/event-stream", Bytes::new(), Keeping::Problem);
        }
        let told = async { Ok(self.on_air.follow(&self.stations.edition(&call.station).await?).await?) };
        match told.await {
            Ok(Some(events)) => {
                let mut answer = files::small("text/event-stream", Bytes::new(), Keeping::Problem);
                answer.headers_mut().remove(header::CONTENT_LENGTH);
                // A proxy that collects an answer before it passes it on would keep these for ever.
                answer.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
                *answer.body_mut() = Body::from_stream(events.map(Ok::<_, Infallible>));
                answer
            }
            Ok(None) => self.problem(&call.station, Reason::Unavailable, &call.parts.headers).await,
            Err(fault) => self.problem(&call.station, reason(self.note(&fault)), &call.parts.headers).await,
        }
    }

    async fn media(self: &Arc<Self>, call: &Call) -> Option<Response> {
        match files::media(&self.vault, &call.word(), &call.parts.method, &call.parts.headers).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(error = ?error, "a file could not be read");
                Some(self.problem(&call.station, Reason::Unavailable, &call.parts.headers).await)
            }
        }
    }

    /// The station as it is now, or as it was known last.
    async fn current(&self, station: &Arc<Station>) -> Station {
        self.remembered(station).await.map_or_else(|| Station::clone(station), |edition| edition.station)
    }

    async fn remembered(&self, station: &Station) -> Option<Edition> {
        let edition = self.stations.edition(station).await;
        edition.ok().or_else(|| self.stations.remembered_edition(station.id))
    }

    /// Logs what kept a page from being made, and says it in the cache's words.
    fn note(&self, fault: &stations::Fault) -> Failure {
        match fault {
            stations::Fault::Store(error) if error.is_unavailable() => {
                self.away.note_absence(error, self.clock.elapsed());
                Failure::Unavailable
            }
            stations::Fault::Store(error) => {
                tracing::error!(error = ?error, "the store could not answer for a page");
                Failure::Failed
            }
            stations::Fault::Resting => Failure::Unavailable,
        }
    }
}

impl Call {
    /// The words of the path that stand where the table has a name.
    fn words(&self) -> Vec<String> {
        self.route.words(self.parts.uri.path())
    }

    /// The first of them.
    fn word(&self) -> String {
        self.words().into_iter().next().unwrap_or_default()
    }
}

fn reason(failure: Failure) -> Reason {
    match failure {
        Failure::NotFound => Reason::NotFound,
        Failure::Gone => Reason::TakenBack,
        Failure::Unavailable => Reason::Unavailable,
        Failure::Failed => Reason::Failed,
    }
}

fn host(parts: &Parts) -> &str {
    let named = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    parts.uri.authority().map(|authority| authority.as_str()).or(named).unwrap_or_default()
}

/// How large a body the request brings; one that does not say brings more than anybody takes.
fn body_bytes(headers: &HeaderMap) -> u64 {
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return u64::MAX;
    }
    let length = headers.get(header::CONTENT_LENGTH).map(|value| value.to_str().ok()?.parse().ok());
    length.map_or(0, |length| length.unwrap_or(u64::MAX))
}

/// `/news/` → `/news`. Not `//example.org/`, which a browser would take for another site.
fn without_slash(path: &str) -> Option<&str> {
    let trimmed = path.strip_suffix('/').filter(|trimmed| !trimmed.is_empty() && !trimmed.ends_with('/'))?;
    let is_ours = !trimmed.starts_with("//") && !trimmed.contains(['\\', '%']);
    is_ours.then_some(trimmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_leads_home_and_never_away() {
        assert_eq!(without_slash("/news/"), Some("/news"));
        for stays in ["/", "/news", "//", "//evil.example/", "/\\evil.example/", "/%5cevil.example/", "/news//"] {
            assert_eq!(without_slash(stays), None, "{stays}");
        }
    }

    #[test]
    fn a_body_of_unknown_size_is_too_large() {
        let length = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            body_bytes(&headers)
        };
        assert_eq!(length("content-length", "0"), 0);
        assert_eq!(length("content-length", "5"), 5);
        assert_eq!(length("content-length", "+5x"), u64::MAX);
        assert_eq!(length("transfer-encoding", "chunked"), u64::MAX);
        assert_eq!(body_bytes(&HeaderMap::new()), 0);
    }
}
