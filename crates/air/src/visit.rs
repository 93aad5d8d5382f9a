//! A visit: somebody who listens or sends, from the answer to the end, as far as anybody needs to know.
//!
//! Two want to know: the access log, and the mount's gate, which is told when a listener leaves. Where neither is set
//! up, nothing of a request is kept. A visit ends when it is dropped, however the connection came to its end; sessions
//! of other kinds (HLS) can be told the same way.
//!
//! Start at [`Office::visit`].

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use station::Clock;

use crate::access::{AccessLog, Entry};
use crate::gate::form::Listener;
use crate::gate::{Addresses, Gate, Shut};
use crate::source::Credentials;
use crate::terms::Terms;

/// What was asked on a connection, whichever way its head was read.
pub(crate) trait Request: Sync {
    /// What is asked: `GET`.
    fn method(&self) -> &str;
    /// Of what, as it was sent: `/live.mp3?token=1`.
    fn target(&self) -> &str;
    /// In which protocol: `HTTP/1.1`.
    fn protocol(&self) -> &'static str;
    /// The first field of that name.
    fn field(&self, name: &str) -> Option<&str>;
}

/// Those who are told of visits.
#[derive(Clone)]
pub(crate) struct Office {
    pub log: Option<Arc<AccessLog>>,
    pub gate: Arc<Gate>,
    pub clock: Arc<dyn Clock>,
}

/// A visit that goes on until it is dropped.
pub struct Visit {
    office: Office,
    address: IpAddr,
    user: String,
    /// The request line without its query.
    request: String,
    referer: String,
    agent: String,
    since: Duration,
    status: u16,
    bytes: u64,
    farewell: Option<Farewell>,
}

/// What the gate is told at the end of a visit that it allowed.
struct Farewell {
    at: Arc<Addresses>,
    listener: Listener,
    authorization: Option<String>,
}

impl Office {
    /// A visit that was answered with a status, or `None` if nobody wants to know.
    pub fn visit(&self, request: &dyn Request, peer: IpAddr, status: u16) -> Option<Box<Visit>> {
        self.log.is_some().then(|| Box::new(self.new_visit(request, peer, status)))
    }

    /// Tells of a visit that was over with its answer.
    pub fn short_visit(&self, request: &dyn Request, peer: IpAddr, status: u16, bytes: usize) {
        if let Some(mut visit) = self.visit(request, peer, status) {
            visit.sent(bytes as u64);
        }
    }

    /// Asks the mount's gate whether the listener may come in. How long it may stay, and its visit if anybody wants to
    /// know of it.
    pub async fn admit(
        &self,
        terms: &Terms,
        request: &dyn Request,
        peer: IpAddr,
        client: u64,
    ) -> Result<(Option<Duration>, Option<Box<Visit>>), Shut> {
        let Some(at) = &terms.gate else { return Ok((None, self.visit(request, peer, 200))) };
        let authorization = request.field("authorization");
        let listener = listener(request, peer, client);
        let headers = passed_on(at, request);
        let pass = self.gate.ask_listener(at, &listener, &headers, authorization).await?;
        let authorization = authorization.map(str::to_owned);
        let mut visit = Box::new(self.new_visit(request, peer, 200));
        visit.farewell = Some(Farewell { at: Arc::clone(at), listener, authorization });
        Ok((pass.time_max, Some(visit)))
    }

    fn new_visit(&self, request: &dyn Request, peer: IpAddr, status: u16) -> Visit {
        let field = |name| request.field(name).unwrap_or_default().to_owned();
        Visit {
            office: self.clone(),
            address: peer,
            user: shown(request).map(|shown| shown.user).unwrap_or_default(),
            request: format!("{} {} {}", request.method(), split(request.target()).0, request.protocol()),
            referer: field("referer"),
            agent: field("user-agent"),
            since: self.clock.elapsed(),
            status,
            bytes: 0,
            farewell: None,
        }
    }
}

impl Visit {
    /// It was sent so many bytes more, the answer's head included.
    pub fn sent(&mut self, bytes: u64) {
        self.bytes += bytes;
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let seconds = self.office.clock.elapsed().saturating_sub(self.since).as_secs();
        if let Some(Farewell { at, listener, authorization }) = &self.farewell {
            self.office.gate.listener_left(at, listener, seconds, authorization.as_deref());
        }
        let Some(log) = &self.office.log else { return };
        log.write(&Entry {
            address: self.address,
            user: &self.user,
            at: self.office.clock.now(),
            request: &self.request,
            status: self.status,
            bytes: self.bytes,
            referer: &self.referer,
            agent: &self.agent,
            seconds,
        });
    }
}

impl std::fmt::Debug for Visit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither address nor password is anybody's business.
        f.debug_struct("Visit").field("request", &self.request).finish_non_exhaustive()
    }
}

fn listener(request: &dyn Request, peer: IpAddr, client: u64) -> Listener {
    let (user, password) = shown(request).map(|shown| (shown.user, shown.password)).unwrap_or_default();
    let (path, query) = split(request.target());
    let path = percent_decode_str(path).decode_utf8_lossy();
    let mount = query.map_or_else(|| path.to_string(), |query| format!("{path}?{query}"));
    let agent = request.field("user-agent").unwrap_or_default().to_owned();
    Listener { client, mount, user, password, address: peer, agent }
}

fn shown(request: &dyn Request) -> Option<Credentials> {
    request.field("authorization").and_then(Credentials::from_basic)
}

/// A target's path, and its query if there is one.
fn split(target: &str) -> (&str, Option<&str>) {
    target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)))
}

/// The fields of a request that a gate wants to see, with the names that it wants.
fn passed_on(at: &Addresses, request: &dyn Request) -> Vec<(String, String)> {
    let named = |name: &String| {
        let value = request.field(name)?;
        Some((format!("{}{name}", at.header_prefix), value.to_owned()))
    };
    at.headers.iter().filter_map(named).collect()
}
