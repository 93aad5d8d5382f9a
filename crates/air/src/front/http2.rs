//! A connection on which both sides agreed to speak HTTP/2: pages and HLS, many at once.
//!
//! Browsers agree to it whenever it is offered. A stream is heard on such a connection too, by the general way; sources
//! come by HTTP/1.1.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, header};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::watch;
use tokio::time::timeout;

use super::socket::Socket;
use super::{Front, Local, stops};

/// How many requests of one connection are answered at once; further ones wait with the client.
const STREAMS_MAX: u32 = 100;
/// The largest head of a request, in bytes.
const HEAD_BYTES_MAX: u32 = 16 << 10;
/// How much may come in before it is read, for one request and for a connection, in bytes.
const INCOMING_BYTES_MAX: u32 = 64 << 10;
/// How much of an answer waits for a client that takes no more, in bytes.
const UNSENT_BYTES_MAX: usize = 64 << 10;
/// How often a connection is asked whether anybody is still there, and how long it may take to say so.
const PING: Duration = Duration::from_secs(20);
/// How long a connection may have nothing to answer before it is closed.
const IDLE_TIME: Duration = Duration::from_secs(60);

/// How many answers of a connection are under way.
type Busy = watch::Sender<usize>;

impl Front {
    /// Answers everything that is asked on a connection.
    pub(super) async fn answer_http2(self: Arc<Self>, socket: Socket, peer: SocketAddr) {
        let local = Local::of(&socket);
        let busy = Arc::new(Busy::new(0));
        let front = Arc::clone(&self);
        let counted = Arc::clone(&busy);
        let pages = service_fn(move |request: Request<Incoming>| {
            let (front, under_way) = (Arc::clone(&front), UnderWay::begin(&counted));
            async move {
                let mut request = as_the_house_knows_it(request).map(Body::new);
                local.map(|local| request.extensions_mut().insert(local));
                let answer = front.page_for(peer, request).await?;
                Ok::<_, Infallible>(answer.map(|body| Body::new(Sent { body, _under_way: under_way })))
            }
        });
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_MAX)
            .max_header_list_size(HEAD_BYTES_MAX)
            .initial_stream_window_size(INCOMING_BYTES_MAX)
            .initial_connection_window_size(INCOMING_BYTES_MAX)
            .max_send_buf_size(UNSENT_BYTES_MAX)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING)
            .serve_connection(TokioIo::new(socket), pages);
        tokio::pin!(connection);
        let mut stopping = self.stopping.clone();
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = over(&mut stopping, &busy) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::trace!(%error, "a connection ended in the middle of something");
        }
    }
}

/// Comes when the program stops, or when nothing was asked for a while.
async fn over(stopping: &mut watch::Receiver<bool>, busy: &Busy) {
    let mut answers = busy.subscribe();
    let idle = async {
        loop {
            let _ = answers.wait_for(|count| *count == 0).await;
            if timeout(IDLE_TIME, answers.wait_for(|count| *count > 0)).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = stops(stopping) => {}
        () = idle => {}
    }
}

/// A request with the fields that HTTP/1.1 would have sent: its host in a field, its cookies in one.
fn as_the_house_knows_it(mut request: Request<Incoming>) -> Request<Incoming> {
    let host = request.uri().authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(header::HOST, host);
    }
    join_cookies(request.headers_mut());
    request
}

/// Puts cookies together again, which HTTP/2 may send in a field each.
fn join_cookies(headers: &mut HeaderMap) {
    let cookies = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect::<Vec<_>>();
    if cookies.len() < 2 {
        return;
    }
    if let Ok(all) = HeaderValue::from_bytes(&cookies.join(&b"; "[..])) {
        headers.insert(header::COOKIE, all);
    }
}

/// An answer that is counted until it is sent.
struct UnderWay(Arc<Busy>);

impl UnderWay {
    fn begin(busy: &Arc<Busy>) -> Self {
        busy.send_modify(|count| *count += 1);
        Self(Arc::clone(busy))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// A body that keeps its answer under way.
struct Sent {
    body: Body,
    _under_way: UnderWay,
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_one_field_again() {
        let mut headers = HeaderMap::new();
        for cookie in ["a=1", "b=2; c=3"] {
            headers.append(header::COOKIE, HeaderValue::from_static(cookie));
        }
        join_cookies(&mut headers);
        assert_eq!(headers.get_all(header::COOKIE).iter().collect::<Vec<_>>(), ["a=1; b=2; c=3"]);
    }

    #[test]
    fn an_answer_is_under_way_until_its_body_is_gone() {
        let busy = Arc::new(Busy::new(0));
        let body = Sent { body: Body::empty(), _under_way: UnderWay::begin(&busy) };
        assert_eq!(*busy.borrow(), 1);
        drop(body);
        assert_eq!(*busy.borrow(), 0);
    }
}
