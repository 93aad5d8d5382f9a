//! The staff's door: who comes in, what they may do, and the pages where they work.
//!
//! A request names a host, and so a station's desk; a method and a path, and so a line of the table in [`routes`]. The line
//! says who may ask and what may come with it; only what passes becomes a [`Visit`](visit::Visit), and a function of
//! `pages/` answers it. Whatever changes something writes its entry in the audit log in the same transaction
//! ([`doer::note`]).
//!
//! The desk has an origin of its own, so that nothing a page of the public site could do reaches it: see
//! `docs/desk.md`.
//!
//! Start at [`Desk::routes`], then [`routes::ROUTES`]; [`accounts`] has what pages and commands do alike.

pub mod accounts;
pub mod answer;
mod cookies;
pub mod doer;
mod letters;
pub mod origin;
mod pages;
mod proof;
pub mod routes;
mod secret;
mod sessions;
pub mod settings;
mod templates;
mod throttle;
mod tickets;
pub mod view;
pub mod visit;

pub use sessions::Visitor;
pub use settings::Settings;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};

use air::Air;
use answer::{Answer, Content, Fault};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing;
use bytes::Bytes;
use cookies::Cookie;
use futures_util::FutureExt;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use letters::Letters;
use pages::problem::{self, Reason};
use proof::password::Hasher;
use routes::{Guard, Kept, ROUTES, Route};
use station::{Clock, Station};
use store::Db;
use templates::Templates;
use throttle::Throttle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use visit::{Form, Visit};

/// The desks of every station of this program.
pub struct Desk {
    settings: Settings,
    db: Db,
    clock: Arc<dyn Clock>,
    templates: Templates,
    hasher: Hasher,
    throttle: Throttle,
    letters: Letters,
    /// The air that master control works, once it is there.
    air: OnceLock<Arc<Air>>,
    followers: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

/// How many may look at master control at once, all stations together.
const FOLLOWERS_MAX: usize = 64;

/// The lines of one path.
type Lines = Vec<&'static Route>;

impl Desk {
    /// The desk. Fails if its origin is none, or one at which passwords would travel in the open.
    pub fn new(settings: Settings, db: Db, clock: Arc<dyn Clock>) -> Result<Arc<Self>, settings::Error> {
        settings.check()?;
        Ok(Arc::new(Self {
            letters: Letters::new(settings.mail.clone()),
            settings,
            db,
            clock,
            templates: Templates::new(),
            hasher: Hasher::new(),
            throttle: Throttle::new(),
            air: OnceLock::new(),
            followers: Arc::new(Semaphore::new(FOLLOWERS_MAX)),
            stopping: watch::Sender::new(false),
        }))
    }

    /// What answers the staff: one axum route for each path of [`routes::ROUTES`], and a page that says so for everything
    /// else.
    pub fn routes(self: &Arc<Self>) -> Router {
        let mut paths: BTreeMap<&str, Lines> = BTreeMap::new();
        for route in ROUTES {
            paths.entry(route.path).or_default().push(route);
        }
        let router = paths.into_iter().fold(Router::new(), |router, (path, lines)| {
            let desk = self.clone();
            let lines: Arc<Lines> = Arc::new(lines);
            let answer = move |request: Request| async move { desk.guarded(lines, request).await };
            router.route(path, routing::any(answer))
        });
        let desk = self.clone();
        router.fallback(move |request: Request| async move { desk.guarded(Arc::default(), request).await })
    }

    /// True if a request for `host` (with or without a port) is one for a desk.
    pub fn is_at(&self, host: &str) -> bool {
        self.settings.is_at(host)
    }

    /// What it is set to.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Gives master control an air to work. Without one its page says that there is none here.
    pub fn attach_air(&self, air: Arc<Air>) {
        if self.air.set(air).is_err() {
            tracing::error!("the desk has an air already; it keeps that one");
        }
    }

    /// The air, if it runs here.
    pub(crate) fn air(&self) -> Option<&Arc<Air>> {
        self.air.get()
    }

    /// A place among those who look at master control.
    pub(crate) fn place_to_follow(&self) -> Option<OwnedSemaphorePermit> {
        let place = Arc::clone(&self.followers).try_acquire_owned().ok();
        if place.is_none() {
            metrics::counter!("groundwave_desk_followers_refused_total").increment(1);
        }
        place
    }

    /// Tells when the program stops.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Ends the answers that go on for as long as somebody looks.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Sends letters, for as long as the program runs.
    pub async fn run(&self) {
        self.letters.deliver().await;
    }

    /// Answers, whatever happens: a panic costs one answer.
    async fn guarded(self: Arc<Self>, lines: Arc<Lines>, request: Request) -> Response {
        let is_head = *request.method() == Method::HEAD;
        let answer = AssertUnwindSafe(self.answer(&lines, request)).catch_unwind().await;
        let mut answer = answer.unwrap_or_else(|_| {
            metrics::counter!("groundwave_desk_panics_total").increment(1);
            self.plain(Reason::Failed)
        });
        if is_head {
            *answer.body_mut() = Body::empty();
        }
        answer
    }

    async fn answer(self: &Arc<Self>, lines: &Lines, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let station = match self.station(&parts).await {
            Ok(station) => station,
            Err(reason) => return self.plain(reason),
        };
        // Whoever may read a page may ask for its head.
        let method = if parts.method == Method::HEAD { Method::GET } else { parts.method.clone() };
        let route = lines.iter().find(|route| route.method == method).copied();
        let visit = self.visit(station, route, &parts);
        match route {
            Some(route) => self.by_line(route, visit, body).await,
            None => self.stray(lines, visit).await,
        }
    }

    /// Answers what has a line in the table.
    async fn by_line(self: &Arc<Self>, route: &Route, mut visit: Visit, body: Body) -> Response {
        if let Err(refusal) = self.let_in(route, &mut visit, body).await {
            return self.respond(self.refuse(&visit, refusal), Kept::Nowhere).await;
        }
        let visit = Arc::new(visit);
        match (route.handler)(visit.clone()).await {
            Ok(answer) => self.respond(answer, route.kept).await,
            Err(fault) => self.respond(problem::page(&visit, reason(&fault)), Kept::Nowhere).await,
        }
    }

    /// Answers what has none: nothing stands there, or something else is done there.
    async fn stray(self: &Arc<Self>, lines: &Lines, mut visit: Visit) -> Response {
        // So that whoever is signed in finds their way from here too.
        visit.visitor = self.visitor(&visit).await.unwrap_or_default();
        if lines.is_empty() {
            return self.respond(problem::page(&visit, Reason::NotFound), Kept::Nowhere).await;
        }
        let mut answer = self.respond(problem::page(&visit, Reason::MethodNotAllowed), Kept::Nowhere).await;
        let allowed = lines.iter().map(|route| route.method.as_str()).collect::<Vec<_>>().join(", ");
        answer.headers_mut().extend(HeaderValue::try_from(allowed).ok().map(|allowed| (header::ALLOW, allowed)));
        answer
    }

    /// Holds a request against its line: where it comes from, what comes with it, who sends it.
    async fn let_in(&self, route: &Route, visit: &mut Visit, body: Body) -> Result<(), Refusal> {
        let origin = self.settings.origin_of(&visit.station);
        origin::check(route.cross_site, &visit.headers, &origin, visit.is_read).map_err(|_| Refusal::Foreign)?;
        visit.body = read(body, &visit.headers, route.body_bytes_max).await?;
        if route.kept == Kept::Nowhere {
            visit.visitor = self.visitor(visit).await.map_err(Fault::from)?;
        }
        match (route.guard, &visit.visitor) {
            (Guard::Anyone, _) => Ok(()),
            (_, None) => Err(Refusal::Unknown),
            (Guard::Fresh, Some(visitor)) if !visitor.is_fresh => Err(Refusal::Stale),
            (Guard::May(permission), Some(visitor)) if !visitor.powers.may(permission) => Err(Fault::NotAllowed.into()),
            (Guard::SignedIn | Guard::Fresh | Guard::May(_), Some(_)) => Ok(()),
        }
    }

    /// Whoever is signed in in this browser.
    async fn visitor(&self, visit: &Visit) -> store::Result<Option<Visitor>> {
        let Some(secret) = visit.cookie(Cookie::Session) else { return Ok(None) };
        sessions::find(&self.db, visit.station.id, &secret, visit.now).await
    }

    fn refuse(&self, visit: &Visit, refusal: Refusal) -> Answer {
        let is_read = visit.is_read;
        match refusal {
            // The browser kept our cookies to itself, because a link of another site was followed. Once more from here.
            Refusal::Unknown if is_read && origin::is_from_elsewhere(&visit.headers) => problem::once_more(visit),
            Refusal::Unknown if is_read => Answer::see_other(way_to_sign_in(&visit.path_and_query, false)),
            Refusal::Stale if is_read => Answer::see_other(way_to_sign_in(&visit.path_and_query, true)),
            Refusal::Unknown => problem::page(visit, Reason::SignedOut),
            Refusal::Stale => problem::page(visit, Reason::Stale),
            Refusal::Foreign => problem::page(visit, Reason::Foreign),
            Refusal::TooLarge => problem::page(visit, Reason::TooLarge),
            Refusal::Fault(fault) => problem::page(visit, reason(&fault)),
        }
    }

    fn visit(self: &Arc<Self>, station: Station, route: Option<&'static Route>, parts: &Parts) -> Visit {
        let path = parts.uri.path();
        Visit {
            desk: self.clone(),
            station,
            now: self.clock.now(),
            visitor: None,
            path: path.to_owned(),
            path_and_query: parts.uri.path_and_query().map_or_else(|| path.to_owned(), ToString::to_string),
            is_read: parts.method.is_safe(),
            words: route.map(|route| route.words(path)).unwrap_or_default(),
            query: Form::read(parts.uri.query().unwrap_or_default().as_bytes()),
            network: origin::network(parts, &self.settings.proxies),
            headers: parts.headers.clone(),
            body: Bytes::new(),
        }
    }

    /// The station whose desk is asked for.
    async fn station(&self, parts: &Parts) -> Result<Station, Reason> {
        let host = parts.uri.host().or_else(|| parts.headers.get(header::HOST)?.to_str().ok()).unwrap_or_default();
        let found = match self.settings.asked(host) {
            None => Ok(None),
            Some(name) if name.is_empty() => store::station::all(&self.db).await.map(|all| all.into_iter().next()),
            Some(name) => store::station::by_host(&self.db, &name).await,
        };
        match found {
            Ok(Some(station)) if self.settings.safe_origin_of(&station).is_err() => Err(Reason::InTheOpen),
            Ok(Some(station)) => Ok(station),
            Ok(None) => Err(Reason::NoDesk),
            Err(error) => Err(reason(&error.into())),
        }
    }

    async fn respond(self: &Arc<Self>, answer: Answer, kept: Kept) -> Response {
        let is_https = self.settings.is_https();
        let Answer { mut status, content, cookies, has_editor } = answer;
        let mut response = match content {
            Content::Page { template, view } => {
                let desk = self.clone();
                let rendered = tokio::task::spawn_blocking(move || desk.templates.render(template, view)).await;
                let html = match rendered {
                    Ok(Ok(html)) => html,
                    failed => {
                        tracing::error!(template, error = ?failed.err(), "a page of the desk could not be rendered");
                        return self.plain(Reason::Failed);
                    }
                };
                answer::respond(status, "text/html; charset=utf-8", html, kept, is_https)
            }
            Content::Json(value) => answer::respond(status, "application/json", value.to_string(), kept, is_https),
            Content::Events(body) => answer::respond(status, "text/event-stream", body, kept, is_https),
            Content::File { media_type, encoding, bytes } => {
                let mut response = answer::respond(status, media_type, bytes, kept, is_https);
                let headers = response.headers_mut();
                headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
                headers.extend(encoding.map(|name| (header::CONTENT_ENCODING, HeaderValue::from_static(name))));
                response
            }
            Content::SeeOther(path) => {
                let location = HeaderValue::try_from(&path).unwrap_or(HeaderValue::from_static("/"));
                status = StatusCode::SEE_OTHER;
                let mut response = answer::respond(status, "text/plain; charset=utf-8", Bytes::new(), kept, is_https);
                response.headers_mut().insert(header::LOCATION, location);
                response
            }
        };
        if has_editor {
            let policy = HeaderValue::from_static(answer::EDITOR_POLICY);
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response.headers_mut().extend(cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie)));
        response
    }

    /// The last resort: a page for when no station is known, or no template can be trusted.
    fn plain(&self, reason: Reason) -> Response {
        let html = problem::plain(reason);
        answer::respond(reason.status(), "text/html; charset=utf-8", html, Kept::Nowhere, self.settings.is_https())
    }
}

/// Where the ticket of [`accounts::owner_ticket`], [`accounts::invite`] or [`accounts::link`] leads.
pub fn way_in(settings: &Settings, station: &Station, ticket: &str) -> String {
    format!("{}/join/{ticket}", settings.origin_of(station))
}

/// Why a request is not let in.
enum Refusal {
    /// Nobody is signed in.
    Unknown,
    /// They signed in too long ago for this.
    Stale,
    /// Another site's page sent it.
    Foreign,
    TooLarge,
    Fault(Fault),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Refusal::Fault(fault)
    }
}

/// The body, if it is not larger than its line allows.
async fn read(body: Body, headers: &HeaderMap, bytes_max: usize) -> Result<Bytes, Refusal> {
    let told = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if told.is_some_and(|told| told > bytes_max) {
        return Err(Refusal::TooLarge);
    }
    // A body of nothing is read to its end too, so that it is known to be nothing.
    let whole = Limited::new(body, bytes_max).collect().await;
    whole.map(|whole| whole.to_bytes()).map_err(|_| Refusal::TooLarge)
}

fn way_to_sign_in(then: &str, is_again: bool) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if is_again {
        query.append_pair("again", "yes");
    }
    if then != "/" {
        query.append_pair("then", then);
    }
    let query = query.finish();
    if query.is_empty() { "/sign-in".to_owned() } else { format!("/sign-in?{query}") }
}

fn reason(fault: &Fault) -> Reason {
    match fault {
        Fault::NotFound => Reason::NotFound,
        Fault::NotAllowed => Reason::NotAllowed,
        Fault::Unreadable => Reason::Unreadable,
        Fault::Busy(_) | Fault::Crowded => Reason::Busy,
        Fault::Store(error) if error.is_unavailable() => {
            tracing::warn!(?error, "the store did not answer the desk");
            Reason::Unavailable
        }
        Fault::Store(error) => {
            tracing::error!(?error, "the desk could not do what it was asked");
            Reason::Failed
        }
    }
}
