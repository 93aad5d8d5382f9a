//! HLS over HTTP: what is asked for becomes an errand, and an errand becomes a reply.
//!
//! A reply knows no server: a player's own connection writes it as it is (`front::player`), the general path makes a response
//! of it. An errand holds nothing of the request that it came from, so that thousands of them can wait.

use std::borrow::Cow;
use std::sync::Arc;

use audio::m3u8;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use station::Timestamp;

use super::ask::{Ask, File, From, Nonsense, Place, Query};
use super::ladder::{Group, Ladder};
use super::list::{Wish, date};
use super::pages::Page;
use super::rendition::{NotListed, Rendition};
use super::segment::Header;
use super::shelf::Want;
use super::window::Stretch;
use super::{Hls, LIVE_LIST};

/// A list is news for a second: whoever asks again within it gets the same from any cache on the way.
const LIST_CACHING: &str = "max-age=1";
/// A list that was waited for has the part that its address names, and is right for whoever asks for that part: for as long as
/// six segments.
const SEGMENTS_CACHED: u64 = 6;
const SEGMENT_CACHING: &str = "public, max-age=31536000, immutable";
const INIT_MEDIA_TYPE: &str = "audio/mp4";
const SEGMENT_MEDIA_TYPE: &str = "video/iso.segment";
const TEXT_MEDIA_TYPE: &str = "text/plain; charset=utf-8";
/// When to ask again for what is not there at the moment, in seconds.
const RETRY_S: &str = "2";

/// What is answered instead of a list or a file.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("There is no service `{0}` with HLS here.")]
    NoService(String),
    #[error("There is no such segment or list: it has left the window, or never was.")]
    NoFile,
    #[error("The stream has only just begun. Ask again in a few seconds.")]
    TooEarly,
    #[error(
        "Nothing is on the schedule of this service at the moment. Name a time instead: `from=2026-11-24T08:00:00Z`."
    )]
    NoProgramme,
    #[error("`{}={}` is not understood. Write a time as 2026-11-24T08:00:00Z, a number in digits.", .0.name, .0.value)]
    Nonsense(Nonsense),
    #[error("That segment is too far ahead. Ask for the part that comes next.")]
    TooFar,
    #[error("Too many are waiting. Ask again in a few seconds.")]
    Full,
    #[error("What you wait for did not come in time. Ask again in a few seconds.")]
    TooLate,
    #[error("The segment cannot be read at the moment. Ask again in a few seconds.")]
    Unreadable,
}

/// What has to be fetched for a request, and perhaps waited for.
pub struct Errand {
    what: What,
    takes_gzip: bool,
    /// What the asker has already.
    known: Option<Box<str>>,
}

enum What {
    List { rendition: Arc<Rendition>, wish: Wish, want: Option<Want> },
    Ready(Page),
    Init(Header),
    Segment { rendition: Arc<Rendition>, epoch: u64, seq: u64 },
    Part { rendition: Arc<Rendition>, epoch: u64, seq: u64, part: u64 },
    Refused(Refusal),
}

/// What is answered: a status, its fields, and a body that may be shared with thousands of other answers.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The fields of its head, but for those of the connection.
    pub fields: Vec<(&'static str, Cow<'static, str>)>,
    /// The body.
    pub body: Bytes,
}

impl Hls {
    /// Everything here that has an address.
    pub fn routes(self: &Arc<Self>) -> Router {
        let files = || get(respond).options(allow);
        Router::new()
            .route("/hls/{service}/{file}", files())
            .route("/hls/{service}/{rendition}/{file}", files())
            .with_state(Arc::clone(self))
    }

    /// What a request asks to be done.
    pub fn errand(&self, ask: &Ask) -> Errand {
        let what = self.what(ask).unwrap_or_else(What::Refused);
        Errand { what, takes_gzip: ask.takes_gzip(), known: ask.known.map(Into::into) }
    }

    fn what(&self, ask: &Ask) -> Result<What, Refusal> {
        let place = Place::parse(ask.path).ok_or(Refusal::NoFile)?;
        let query = Query::parse(ask.query).map_err(Refusal::Nonsense)?;
        let ladder = self.find(ask.host, &place.service).ok_or(Refusal::NoService(place.service))?;
        let rendition = ladder.rendition(place.rendition.as_deref()).ok_or(Refusal::NoFile)?;
        match place.file {
            File::Init(header) => Ok(What::Init(header)),
            File::Segment { epoch, seq } => Ok(What::Segment { rendition: Arc::clone(rendition), epoch, seq }),
            File::Part { epoch, seq, part } => Ok(What::Part { rendition: Arc::clone(rendition), epoch, seq, part }),
            File::Master => multivariant(ladder, Group::Usual, &query),
            File::Open => multivariant(ladder, Group::Open, &query),
            // A list whose beginning moves on with the clock would not be the same list at the next look. So who asks for that is
            // told of one whose beginning stands.
            File::Live if matches!(query.from, Some(From::Ago(_) | From::Programme)) => {
                multivariant(ladder, place.rendition.map_or(Group::Usual, |_| Group::Only(rendition.number())), &query)
            }
            File::Live | File::Rewind => {
                let wish = Wish { stretch: stretch(place.file, &query), start_ms: query.start_ms, skip: query.skip };
                Ok(What::List {
                    rendition: Arc::clone(rendition),
                    wish,
                    want: query.want.filter(|_| self.is_low_latency),
                })
            }
        }
    }
}

fn stretch(file: File, query: &Query) -> Stretch {
    match (query.from, query.to) {
        (Some(From::At(from)), Some(to)) => Stretch::Between { from, to },
        (Some(From::At(from)), None) => Stretch::From(from),
        _ if file == File::Rewind || query.wants_whole_window => Stretch::Rewind,
        _ => Stretch::Live,
    }
}

/// The multivariant list whose variants begin where the query says.
fn multivariant(ladder: &Ladder, group: Group, query: &Query) -> Result<What, Refusal> {
    let from = query.from.map(|from| moment(ladder, from)).transpose()?;
    let start = query.start_ms.map(|start_ms| (start_ms as f64 / 1_000.0).to_string());
    let named = [("from", from.map(date)), ("to", query.to.map(date)), ("start", start)];
    let words: Vec<String> = named.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))).collect();
    let words = if words.is_empty() { String::new() } else { format!("?{}", words.join("&")) };
    match ladder.multivariant(group, LIVE_LIST, &words) {
        Some(page) => Ok(What::Ready(page)),
        None if ladder.has(group) => Err(Refusal::TooEarly),
        None => Err(Refusal::NoFile),
    }
}

fn moment(ladder: &Ladder, from: From) -> Result<Timestamp, Refusal> {
    match from {
        From::At(moment) => Ok(moment),
        From::Programme => ladder.programme_start().ok_or(Refusal::NoProgramme),
        From::Ago(seconds) => {
            let end = ladder.end().ok_or(Refusal::TooEarly)?;
            Ok(end.saturating_sub(jiff::SignedDuration::from_secs(seconds.into())).unwrap_or(Timestamp::MIN))
        }
    }
}

impl Errand {
    /// Does it: waits if it must, and gives what is to be sent.
    pub async fn run(self) -> Reply {
        let Self { what, takes_gzip, known } = self;
        let outcome = match what {
            What::List { rendition, wish, want } => list(&rendition, &wish, want, takes_gzip, known.as_deref()).await,
            What::Ready(page) => Ok(page_reply(page, LIST_CACHING.into(), takes_gzip, known.as_deref())),
            What::Init(header) => Ok(lasting(INIT_MEDIA_TYPE, header.bytes())),
            // Boxed: few ask for what is no longer in memory, and the many that wait need not have room for it.
            What::Segment { rendition, epoch, seq } => Box::pin(segment(&rendition, epoch, seq)).await,
            What::Part { rendition, epoch, seq, part } => part_reply(&rendition, epoch, seq, part).await,
            What::Refused(refusal) => Err(refusal),
        };
        outcome.unwrap_or_else(|refusal| refusal.reply())
    }
}

async fn list(
    rendition: &Rendition,
    wish: &Wish,
    want: Option<Want>,
    takes_gzip: bool,
    known: Option<&str>,
) -> Result<Reply, Refusal> {
    let mut caching = Cow::Borrowed(LIST_CACHING);
    if let Some(want) = want {
        rendition.until_listed(want).await?;
        caching = format!("public, max-age={}", SEGMENTS_CACHED * rendition.segment_ms() / 1_000).into();
    }
    let page = rendition.page(wish).ok_or(Refusal::TooEarly)?;
    Ok(page_reply(page, caching, takes_gzip, known))
}

fn page_reply(page: Page, caching: Cow<'static, str>, takes_gzip: bool, known: Option<&str>) -> Reply {
    let tag = format!("\"{:016x}{}\"", page.tag, if takes_gzip { "g" } else { "" });
    let is_known = known.is_some_and(|known| known.split(',').any(|it| it.trim().trim_start_matches("W/") == tag));
    let mut fields: Vec<(&'static str, Cow<'static, str>)> = vec![
        ("access-control-allow-origin", "*".into()),
        ("cache-control", caching),
        ("etag", tag.into()),
        ("vary", "Accept-Encoding".into()),
    ];
    if is_known {
        return Reply { status: StatusCode::NOT_MODIFIED, fields, body: Bytes::new() };
    }
    fields.push(("content-type", m3u8::MEDIA_TYPE.into()));
    if takes_gzip {
        fields.push(("content-encoding", "gzip".into()));
    }
    Reply { status: StatusCode::OK, fields, body: if takes_gzip { page.gzip } else { page.identity } }
}

async fn segment(rendition: &Rendition, epoch: u64, seq: u64) -> Result<Reply, Refusal> {
    match rendition.segment(epoch, seq).await {
        Ok(Some(bytes)) => Ok(lasting(SEGMENT_MEDIA_TYPE, bytes)),
        Ok(None) => Err(Refusal::NoFile),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(mount = rendition.mount_path(), seq, error, "an HLS segment could not be read");
            Err(Refusal::Unreadable)
        }
    }
}

async fn part_reply(rendition: &Rendition, epoch: u64, seq: u64, part: u64) -> Result<Reply, Refusal> {
    let bytes = rendition.part(epoch, seq, part).await?;
    bytes.map(|bytes| lasting(SEGMENT_MEDIA_TYPE, bytes)).ok_or(Refusal::NoFile)
}

/// A file that never changes.
fn lasting(media_type: &'static str, body: Bytes) -> Reply {
    let fields = vec![
        ("access-control-allow-origin", "*".into()),
        ("cache-control", SEGMENT_CACHING.into()),
        ("content-type", media_type.into()),
    ];
    Reply { status: StatusCode::OK, fields, body }
}

impl std::convert::From<NotListed> for Refusal {
    fn from(why: NotListed) -> Self {
        match why {
            NotListed::TooFar => Refusal::TooFar,
            NotListed::Full => Refusal::Full,
            NotListed::TooLate => Refusal::TooLate,
        }
    }
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Refusal::NoService(_) | Refusal::NoFile | Refusal::NoProgramme => StatusCode::NOT_FOUND,
            Refusal::Nonsense(_) | Refusal::TooFar => StatusCode::BAD_REQUEST,
            Refusal::TooEarly | Refusal::Full | Refusal::TooLate | Refusal::Unreadable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    fn reply(&self) -> Reply {
        let status = self.status();
        let mut fields = vec![
            ("access-control-allow-origin", "*".into()),
            ("cache-control", LIST_CACHING.into()),
            ("content-type", TEXT_MEDIA_TYPE.into()),
        ];
        if status == StatusCode::SERVICE_UNAVAILABLE {
            fields.push(("retry-after", RETRY_S.into()));
        }
        Reply { status, fields, body: format!("{self}\n").into() }
    }
}

async fn allow() -> impl IntoResponse {
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "Range"),
        (header::ALLOW, "GET, HEAD, OPTIONS"),
    ];
    (StatusCode::NO_CONTENT, allowed)
}

async fn respond(State(hls): State<Arc<Hls>>, request: Request<Body>) -> Response {
    let errand = hls.errand(&ask(&request));
    drop(request);
    let reply = errand.run().await;
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.fields {
        response = response.header(*name, value.as_ref());
    }
    response.body(Body::from(reply.body)).unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn ask(request: &Request<Body>) -> Ask<'_> {
    let field = |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    Ask {
        host: field(header::HOST),
        path: request.uri().path(),
        query: request.uri().query().unwrap_or_default(),
        accept_encoding: field(header::ACCEPT_ENCODING),
        known: field(header::IF_NONE_MATCH),
    }
}
