//! The front door: one port for pages, listeners and sources, plain or behind [TLS](crate::tls).
//!
//! A connection's first request is read here, leniently, and shows whose it is. A source stays on its raw socket and
//! is [taken in](crate::source); so is one that begins with a password, as Shoutcast's do. A listener's socket goes to the fan-out, with its answer's head. Everything else is
//! hyper's: it gets the bytes that were read already, then the socket.
//!
//! Every count here has a limit with a name, and a limit that is reached is answered and counted:
//! `connections_max`, `sources_max`. A head must be whole within `head_timeout_ms`, sooner if more than
//! `heads_pending_max` are waited for.
//!
//! Start at [`serve`].

mod anteroom;
mod farewell;
mod handshake;
mod http2;
mod player;
mod proxy;
mod rewind;
mod socket;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::IntoResponse;
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tower::Service;

use anteroom::{Anteroom, Seat};
pub(crate) use farewell::dismiss;
use rewind::Rewind;
pub use socket::Socket;

use crate::head::{Gather, Head, Protocol, Unreadable};
use crate::icecast::{self, Refusal, listen};
use crate::tls::Certificates;
use crate::{Air, Mount, source};

/// The field in which a proxy says for whom it asks.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// How many connections may wait to be accepted.
const BACKLOG: i32 = 4_096;
/// How long no connection is accepted after the machine ran out of files or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long the other side may take nothing of what it is sent before its connection is given up.
const DEAF_TIME: Duration = Duration::from_secs(60);
/// How long pages may still take to finish once the program stops.
const FINISH_TIME: Duration = Duration::from_secs(5);

/// Where a request came in, for pages that must name an address of ours.
#[derive(Clone, Copy, Debug)]
pub struct Local {
    /// The address.
    pub address: SocketAddr,
    /// Whether it came behind TLS of ours.
    pub is_secure: bool,
}

impl Local {
    fn of(socket: &Socket) -> Option<Self> {
        Some(Self { address: socket.local_addr().ok()?, is_secure: socket.is_secure() })
    }
}

/// A port that is open, and what is spoken there.
#[derive(Debug)]
pub struct Door {
    /// The port.
    pub listener: TcpListener,
    /// The certificates that are shown there; without them, nothing is sealed.
    pub certificates: Option<Certificates>,
}

impl From<TcpListener> for Door {
    fn from(listener: TcpListener) -> Self {
        Self { listener, certificates: None }
    }
}

/// Opens a port, with room for a crowd that arrives at once. Port 0 is any free one.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Lets in whoever comes, until `shutdown`: sources and listeners to `air`, everything else to `rest`.
///
/// After `shutdown` nobody is let in, sources are closed, and answers that have begun may finish for a few
/// seconds. Listeners stay with the air until [`Air::stop`].
pub async fn serve(
    doors: impl IntoIterator<Item = impl Into<Door>>,
    air: Arc<Air>,
    rest: Router,
    shutdown: impl Future<Output = ()> + Send,
) {
    let (stop, stopping) = watch::channel(false);
    let front = Arc::new(Front::new(air, rest, stopping));
    let doors: JoinSet<()> = doors.into_iter().map(|door| Arc::clone(&front).keep_door(door.into())).collect();
    shutdown.await;
    stop.send_replace(true);
    doors.join_all().await;
}

struct Front {
    air: Arc<Air>,
    rest: Router,
    stopping: watch::Receiver<bool>,
    connections: Arc<Semaphore>,
    anteroom: Arc<Anteroom>,
    sources: Arc<Semaphore>,
}

/// What the first request of a connection turned out to be.
enum Visitor {
    /// Somebody who sends.
    Source,
    /// A program that wants to be told the statistics as they change.
    Watcher,
    /// Somebody who wants to hear a mount.
    Listener(Arc<Mount>),
    /// Somebody who plays HLS.
    Player,
    /// Anybody else.
    Reader,
}

impl Front {
    fn new(air: Arc<Air>, rest: Router, stopping: watch::Receiver<bool>) -> Self {
        let settings = air.settings();
        let room = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self {
            connections: room(settings.connections_max),
            anteroom: Anteroom::new(settings.heads_pending_max),
            sources: room(settings.sources_max),
            stopping,
            rest,
            air,
        }
    }

    async fn keep_door(self: Arc<Self>, door: Door) {
        let Door { listener, certificates } = door;
        let mut visits = JoinSet::new();
        let mut stopping = self.stopping.clone();
        let mut trouble = Trouble::default();
        loop {
            let accepted = tokio::select! {
                () = stops(&mut stopping) => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((socket, peer)) => {
                    trouble.is_over();
                    self.let_in(socket, peer, certificates.as_ref(), &mut visits);
                }
                Err(error) => trouble.wait_after(&error).await,
            }
            while let Some(ended) = visits.try_join_next() {
                tell_of_panic(ended);
            }
        }
        drop(listener);
        let finish = async {
            while let Some(ended) = visits.join_next().await {
                tell_of_panic(ended);
            }
        };
        if timeout(FINISH_TIME, finish).await.is_err() {
            tracing::info!("some answers were not finished when the program stopped");
        }
    }

    fn let_in(
        self: &Arc<Self>,
        socket: TcpStream,
        peer: SocketAddr,
        certificates: Option<&Certificates>,
        visits: &mut JoinSet<()>,
    ) {
        if !self.air.bans().lets_in(peer.ip()) {
            return turn_away(&socket);
        }
        let Some(place) = self.place() else {
            metrics::counter!("groundwave_connections_refused_total").increment(1);
            if certificates.is_none() {
                // Written without waiting: there is nothing left to wait with.
                let _ = socket.try_write(&Refusal::TooManyConnections.bytes(self.air.clock().now()));
            }
            return;
        };
        metrics::counter!("groundwave_connections_total").increment(1);
        self.air.tally().connection();
        prepare(&socket);
        let (front, seat) = (Arc::clone(self), self.anteroom.enter());
        let is_proxy = self.air.settings().proxies.has(peer.ip());
        match (is_proxy, certificates.cloned()) {
            (false, None) => visits.spawn(front.receive(socket.into(), peer, place, seat)),
            (false, Some(certificates)) => visits.spawn(front.receive_secure(socket, peer, place, seat, certificates)),
            (true, certificates) => visits.spawn(front.receive_for_another(socket, peer, place, seat, certificates)),
        };
    }

    /// A place among the connections. Listeners have left for the fan-out, but they are connections still.
    fn place(&self) -> Option<OwnedSemaphorePermit> {
        if self.connections.available_permits() <= self.air.listeners_connected() {
            return None;
        }
        Arc::clone(&self.connections).try_acquire_owned().ok()
    }

    /// Hears first for whom a proxy speaks.
    async fn receive_for_another(
        self: Arc<Self>,
        mut socket: TcpStream,
        peer: SocketAddr,
        place: OwnedSemaphorePermit,
        seat: Seat,
        certificates: Option<Certificates>,
    ) {
        let patience = Duration::from_millis(self.air.settings().head_timeout_ms);
        let announced = {
            let mut stopping = self.stopping.clone();
            tokio::select! {
                () = stops(&mut stopping) => return,
                () = seat.is_needed() => return,
                announced = Box::pin(timeout(patience, proxy::announced(&mut socket))) => announced,
            }
        };
        let Ok(Ok(announced)) = announced else {
            metrics::counter!("groundwave_proxy_headers_refused_total").increment(1);
            return;
        };
        let peer = announced.unwrap_or(peer);
        if !self.air.bans().lets_in(peer.ip()) {
            return turn_away(&socket);
        }
        match certificates {
            None => self.receive(socket.into(), peer, place, seat).await,
            Some(certificates) => self.receive_secure(socket, peer, place, seat, certificates).await,
        }
    }

    /// Whom a request is from, which a proxy may have brought; `None` if that is nobody who is let in.
    fn sender<'a>(&self, peer: SocketAddr, forwarded: impl Iterator<Item = &'a str>) -> Option<SocketAddr> {
        let sender = proxy::sender(peer, forwarded, &self.air.settings().proxies);
        let is_let_in = sender == peer || self.air.bans().lets_in(sender.ip());
        if !is_let_in {
            metrics::counter!("groundwave_connections_banned_total").increment(1);
        }
        is_let_in.then_some(sender)
    }

    /// Agrees on TLS first. What was agreed to be HTTP/2 can only be pages.
    async fn receive_secure(
        self: Arc<Self>,
        socket: TcpStream,
        peer: SocketAddr,
        place: OwnedSemaphorePermit,
        seat: Seat,
        certificates: Certificates,
    ) {
        let Some(socket) = Box::pin(self.shake_hands(socket, &certificates, &seat)).await else { return };
        drop(certificates);
        if socket.speaks_http2() {
            drop(seat);
            self.air.tally().request();
            return Box::pin(self.answer_http2(socket, peer)).await;
        }
        self.receive(socket, peer, place, seat).await;
    }

    async fn receive(self: Arc<Self>, mut socket: Socket, peer: SocketAddr, _place: OwnedSemaphorePermit, seat: Seat) {
        let opening = match self.hear_out(&mut socket, &seat).await {
            Ok(opening) => opening,
            Err(Silence::Gone) => return,
            Err(Silence::Refused(refusal)) => {
                metrics::counter!("groundwave_heads_refused_total", "reason" => refusal.reason()).increment(1);
                return dismiss(socket, &refusal.bytes(self.air.clock().now())).await;
            }
        };
        drop(seat);
        self.air.tally().request();
        // Boxed, so that each of the many that wait for their head is no larger than that needs.
        let request = match opening {
            Opening::Password { line, rest } => {
                return Box::pin(self.take_in_by_password(socket, peer, &line, &rest)).await;
            }
            Opening::Request(request) => request,
        };
        let Some(sender) = self.sender(peer, forwarded(&request.head)) else {
            return dismiss(socket, &Refusal::Banned.bytes(self.air.clock().now())).await;
        };
        match self.who_is(&request.head) {
            Visitor::Source => Box::pin(self.take_in(socket, sender, request)).await,
            Visitor::Watcher => Box::pin(self.tell_statistics(socket, &request.head)).await,
            Visitor::Listener(mount) => Box::pin(self.give_ear(socket, sender, &request.head, &mount)).await,
            Visitor::Player => Box::pin(self.play(socket, peer, request)).await,
            Visitor::Reader => Box::pin(self.answer(socket, peer, request)).await,
        }
    }

    /// Reads the first head of a connection, for as long as its seat is not needed.
    async fn hear_out(&self, socket: &mut Socket, seat: &Seat) -> Result<Opening, Silence> {
        let patience = Duration::from_millis(self.air.settings().head_timeout_ms);
        let mut gather = Gather::default();
        if !self.air.settings().shoutcast_mounts.is_empty() {
            gather = gather.with_passwords();
        }
        let mut stopping = self.stopping.clone();
        let gathered = tokio::select! {
            () = stops(&mut stopping) => return Err(Silence::Gone),
            () = seat.is_needed() => return Err(Silence::Refused(Refusal::HeadTooSlow)),
            gathered = timeout(patience, read_into(gather, socket)) => gathered,
        };
        let gather = gathered.map_err(|_| Silence::Refused(Refusal::HeadTooSlow))??;
        if let Some((line, rest)) = gather.password() {
            return Ok(Opening::Password { line, rest: rest.to_vec() });
        }
        let (head, rest) = gather.split();
        Ok(Opening::Request(First { head: Head::parse(&head)?, rest: rest.into() }))
    }

    fn who_is(&self, head: &Head) -> Visitor {
        let path = icecast::mount_path(head.path());
        let is_mount = || path.as_deref().is_some_and(|path| self.air.mount(head.field("host"), path).is_some());
        match head.method.as_str() {
            "SOURCE" => Visitor::Source,
            "STATS" => Visitor::Watcher,
            _ if player::is_one(head) => Visitor::Player,
            "PUT" if source::looks_like_one(head) || is_mount() => Visitor::Source,
            "GET"
                if head.protocol != Protocol::Ice10
                    && !listen::is_probe(head.field("range"), head.field("icy-metadata")) =>
            {
                let mount = path.and_then(|path| self.air.audible(head.field("host"), &path));
                mount.map_or(Visitor::Reader, Visitor::Listener)
            }
            _ => Visitor::Reader,
        }
    }

    async fn take_in(&self, socket: Socket, peer: SocketAddr, request: First) {
        let mut stopping = self.stopping.clone();
        let arrival = source::Arrival::new(&request.head, request.rest, peer.ip());
        let intake = source::take_in(socket, arrival, &self.air, &self.sources);
        tokio::select! {
            () = stops(&mut stopping) => {}
            () = intake => {}
        }
    }

    async fn take_in_by_password(&self, socket: Socket, peer: SocketAddr, line: &str, rest: &[u8]) {
        let mut stopping = self.stopping.clone();
        let intake = source::shoutcast::take_in(socket, peer.ip(), (line, rest), &self.air, &self.sources);
        tokio::select! {
            () = stops(&mut stopping) => {}
            () = intake => {}
        }
    }

    async fn tell_statistics(&self, socket: Socket, head: &Head) {
        let mut stopping = self.stopping.clone();
        tokio::select! {
            () = stops(&mut stopping) => {}
            () = icecast::watch(socket, head, &self.air) => {}
        }
    }

    async fn give_ear(&self, socket: Socket, peer: SocketAddr, head: &Head, mount: &Arc<Mount>) {
        if let Err(error) = icecast::hear(&self.air, socket, peer, head, mount).await {
            tracing::debug!(mount = mount.path(), %error, "a listener left before it was answered");
        }
    }

    async fn answer(&self, socket: Socket, peer: SocketAddr, request: First) {
        let local = Local::of(&socket);
        let first = Bytes::from([request.head.rewrite().as_slice(), &request.rest].concat());
        let pages = service_fn(move |mut request: Request<Incoming>| {
            local.map(|local| request.extensions_mut().insert(local));
            self.page_for(peer, request.map(Body::new))
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_millis(self.air.settings().head_timeout_ms))
            .serve_connection(TokioIo::new(Rewind::new(first, socket)), pages);
        tokio::pin!(connection);
        let mut stopping = self.stopping.clone();
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stops(&mut stopping) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::trace!(%error, "a connection ended in the middle of something");
        }
    }

    /// Answers one request of a connection on which a proxy may bring those of many.
    async fn page_for(&self, peer: SocketAddr, mut request: Request<Body>) -> Result<Response<Body>, Infallible> {
        let told = request.headers().get_all(FORWARDED_FOR).iter().filter_map(|field| field.to_str().ok());
        let Some(sender) = self.sender(peer, told) else {
            return Ok(Refusal::Banned.into_response());
        };
        request.extensions_mut().insert(ConnectInfo(sender));
        self.page(request).await
    }

    /// Answers one request of a connection that is hyper's. A mount comes before a page of the same path.
    async fn page(&self, request: Request<Body>) -> Result<Response<Body>, Infallible> {
        match icecast::answer_at_mount(&self.air, request).await {
            Ok(answer) => Ok(answer),
            Err(request) => self.rest.clone().call(request).await,
        }
    }
}

/// What proxies said in front of us: a field for each that said anything.
fn forwarded(head: &Head) -> impl Iterator<Item = &str> {
    head.fields().filter(|(name, _)| name.eq_ignore_ascii_case(FORWARDED_FOR)).map(|(_, value)| value)
}

/// Lets somebody go who is banned: without a word, as Icecast does it. The connection is reset.
fn turn_away(socket: &TcpStream) {
    metrics::counter!("groundwave_connections_banned_total").increment(1);
    let _ = socket2::SockRef::from(socket).set_linger(Some(Duration::ZERO));
}

/// What a connection begins with.
enum Opening {
    /// A request.
    Request(First),
    /// A Shoutcast source's password, and what came behind its line.
    Password { line: String, rest: Vec<u8> },
}

/// The first request of a connection, and what came behind its head.
struct First {
    head: Head,
    rest: Bytes,
}

/// Why a connection has no first request.
enum Silence {
    /// It was closed.
    Gone,
    /// It must be refused.
    Refused(Refusal),
}

impl From<Unreadable> for Silence {
    fn from(why: Unreadable) -> Self {
        match why {
            Unreadable::TooLong => Silence::Refused(Refusal::HeadTooLong),
            Unreadable::NotARequest | Unreadable::Protocol(_) => Silence::Refused(Refusal::BadRequest),
        }
    }
}

impl From<io::Error> for Silence {
    fn from(_: io::Error) -> Self {
        Silence::Gone
    }
}

/// Waits until the program stops.
async fn stops(stopping: &mut watch::Receiver<bool>) {
    // If nobody is left to say so, it has stopped.
    let _ = stopping.wait_for(|stops| *stops).await;
}

/// Reads a head, of which the beginning may be there already.
async fn gather(socket: &mut Socket, first: &[u8]) -> Result<Gather, Silence> {
    let mut gather = Gather::default();
    if gather.push(first)? {
        return Ok(gather);
    }
    read_into(gather, socket).await
}

/// Reads until the head is whole, or until a password is where it should begin.
async fn read_into(mut gather: Gather, socket: &mut Socket) -> Result<Gather, Silence> {
    loop {
        let is_whole = socket.read_piece(|piece| match piece {
            [] => Err(Silence::Gone),
            piece => Ok(gather.push(piece)? || gather.password().is_some()),
        });
        if is_whole.await?? {
            return Ok(gather);
        }
    }
}

/// Reads the rest of a head whose beginning is known, within a time: the head, and what came behind it.
pub(crate) async fn hear_rest(socket: &mut Socket, begun: &[u8], patience: Duration) -> Option<(Head, Bytes)> {
    let gather = timeout(patience, gather(socket, begun)).await.ok()?.ok()?;
    let (head, rest) = gather.split();
    Some((Head::parse(&head).ok()?, rest.into()))
}

/// Makes a socket fit for what follows. What cannot be set is left: it works without, only less well.
fn prepare(socket: &TcpStream) {
    // A burst's tail or a page's last bytes must not wait for an acknowledgement.
    let _ = socket.set_nodelay(true);
    let _ = socket2::SockRef::from(socket).set_tcp_user_timeout(Some(DEAF_TIME));
}

/// Whether connections can be accepted at the moment.
#[derive(Debug, Default)]
struct Trouble {
    is_told: bool,
}

impl Trouble {
    /// A connection that broke before it was accepted is nothing. A machine without files left needs a moment, and
    /// the log needs to be told once, not ten times a second.
    async fn wait_after(&mut self, error: &io::Error) {
        use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
        if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
            return;
        }
        metrics::counter!("groundwave_accept_errors_total").increment(1);
        if !self.is_told {
            tracing::error!(%error, "no connection can be accepted; trying again until one can");
            self.is_told = true;
        }
        sleep(ACCEPT_PAUSE).await;
    }

    fn is_over(&mut self) {
        if std::mem::take(&mut self.is_told) {
            tracing::info!("connections can be accepted again");
        }
    }
}

fn tell_of_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection ended in a panic; please report it");
    }
}
