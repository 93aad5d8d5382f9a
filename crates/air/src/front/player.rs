//! A connection of somebody who plays HLS.
//!
//! A player of low latency has a request waiting nearly all the time, and there may be thousands of them. Each is a small
//! task on its raw socket: it holds no buffer while it waits, and what it sends is shared with all the others. A request for
//! anything but a list or a segment makes the connection hyper's.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::{First, Front, Silence, Socket, gather, stops};
use crate::head::{Head, Protocol};
use crate::hls::{Ask, Reply};
use crate::icecast;

/// True for a request that can be answered here: a plain `GET` below `/hls/`.
pub(super) fn is_one(head: &Head) -> bool {
    let has_body =
        head.field("transfer-encoding").is_some() || head.field("content-length").is_some_and(|it| it != "0");
    let is_plain = head.field("upgrade").is_none() && head.field("expect").is_none();
    head.method == "GET"
        && head.protocol != Protocol::Ice10
        && head.path().starts_with("/hls/")
        && is_plain
        && !has_body
}

impl Front {
    /// Answers a player's requests, one after the other, until it leaves or asks for something else.
    pub(super) async fn play(&self, mut socket: Socket, peer: SocketAddr, mut request: First) {
        let mut stopping = self.stopping.clone();
        while is_one(&request.head) {
            let stays = stays(&request.head);
            let errand = self.air.hls().errand(&ask(&request.head));
            let rest = request.rest;
            drop(request.head);
            let reply = tokio::select! {
                () = stops(&mut stopping) => return,
                reply = errand.run() => reply,
            };
            if send(&mut socket, &self.head(&reply, stays), &reply.body).await.is_err() || !stays {
                return;
            }
            drop(reply);
            request = tokio::select! {
                () = stops(&mut stopping) => return,
                next = self.next_request(&mut socket, &rest) => match next {
                    Ok(next) => next,
                    Err(_) => return,
                },
            };
        }
        Box::pin(self.answer(socket, peer, request)).await;
    }

    async fn next_request(&self, socket: &mut Socket, rest: &[u8]) -> Result<First, Silence> {
        let patience = Duration::from_millis(self.air.settings().head_timeout_ms);
        let gathered = timeout(patience, gather(socket, rest)).await.map_err(|_| Silence::Gone)?;
        let (head, rest) = gathered?.split();
        Ok(First { head: Head::parse(&head)?, rest: rest.into() })
    }

    fn head(&self, reply: &Reply, stays: bool) -> String {
        let (code, words) = (reply.status.as_str(), reply.status.canonical_reason().unwrap_or("-"));
        let mut head = String::with_capacity(400);
        head.extend(["HTTP/1.1 ", code, " ", words, "\r\n"]);
        for (name, value) in &reply.fields {
            head.extend([name, ": ", value.as_ref(), "\r\n"]);
        }
        if reply.status != http::StatusCode::NOT_MODIFIED {
            head.extend(["content-length: ", &reply.body.len().to_string(), "\r\n"]);
        }
        let connection = if stays { "keep-alive" } else { "close" };
        let date = icecast::answer::date(self.air.clock().now());
        head.extend(["connection: ", connection, "\r\ndate: ", &date, "\r\n\r\n"]);
        head
    }
}

fn ask(head: &Head) -> Ask<'_> {
    Ask {
        host: head.field("host"),
        path: head.path(),
        query: head.query(),
        accept_encoding: head.field("accept-encoding"),
        known: head.field("if-none-match"),
    }
}

/// Whether the connection goes on after the answer.
fn stays(head: &Head) -> bool {
    let says = |word: &str| {
        let connection = head.field("connection").unwrap_or_default();
        connection.split(',').any(|it| it.trim().eq_ignore_ascii_case(word))
    };
    if head.protocol == Protocol::Http11 { !says("close") } else { says("keep-alive") }
}

/// Writes head and body, in one call where the socket takes that much.
async fn send(socket: &mut Socket, head: &str, body: &[u8]) -> io::Result<()> {
    let (mut head, mut body) = (head.as_bytes(), body);
    while !head.is_empty() || !body.is_empty() {
        let slices = [IoSlice::new(head), IoSlice::new(body)];
        let bytes = std::future::poll_fn(|cx| Pin::new(&mut *socket).poll_write_vectored(cx, &slices)).await?;
        if bytes == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        let of_head = bytes.min(head.len());
        head = &head[of_head..];
        body = &body[bytes - of_head..];
    }
    socket.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        Head::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn only_plain_requests_for_hls_are_answered_here() {
        assert!(is_one(&head("GET /hls/news/index.m3u8?x=1 HTTP/1.1\r\nHost: a\r\n\r\n")));
        for other in [
            "HEAD /hls/news/index.m3u8 HTTP/1.1\r\n\r\n",
            "GET /news HTTP/1.1\r\n\r\n",
            "GET /hls/news/index.m3u8 HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
            "GET /hls/news/index.m3u8 HTTP/1.1\r\nUpgrade: h2c\r\n\r\n",
        ] {
            assert!(!is_one(&head(other)), "{other}");
        }
    }

    #[test]
    fn a_connection_stays_as_its_protocol_has_it() {
        for (text, expected) in [
            ("GET /hls/a/b HTTP/1.1\r\n\r\n", true),
            ("GET /hls/a/b HTTP/1.1\r\nConnection: Close\r\n\r\n", false),
            ("GET /hls/a/b HTTP/1.0\r\n\r\n", false),
            ("GET /hls/a/b HTTP/1.0\r\nConnection: foo, keep-alive\r\n\r\n", true),
        ] {
            assert_eq!(stays(&head(text)), expected, "{text}");
        }
    }
}
