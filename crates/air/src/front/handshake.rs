//! The handshake at a door that speaks TLS.
//!
//! It has to be over as soon as a head must be there, and whoever takes it slowly waits in the anteroom like everybody
//! whose head is not whole: the handshakes that are waited for have the same bound. Somebody who speaks plain HTTP here
//! is told so in a sentence that a person can read.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::anteroom::Seat;
use super::socket::Socket;
use super::{Front, dismiss, stops};
use crate::icecast::Refusal;
use crate::tls::Certificates;

/// How much of what is sealed waits for a socket that takes no more, in bytes: one record. It is all that a session
/// costs whose other side does not read.
const SEALED_BYTES_MAX: usize = 16 << 10;

/// How a handshake came to nothing.
enum Failed {
    /// The other side went away, or what it says is no TLS that is spoken here.
    Broken(io::Error),
    /// It speaks HTTP without TLS.
    Plain(TcpStream),
    /// It was not over in time.
    Slow,
    /// The program stops.
    Stopping,
}

impl Front {
    /// Agrees on TLS with whoever has come; `None` if that came to nothing, which is counted.
    pub(super) async fn shake_hands(
        &self,
        socket: TcpStream,
        certificates: &Certificates,
        seat: &Seat,
    ) -> Option<Socket> {
        let patience = Duration::from_millis(self.air.settings().head_timeout_ms);
        let mut stopping = self.stopping.clone();
        let agreed = tokio::select! {
            () = stops(&mut stopping) => Err(Failed::Stopping),
            () = seat.is_needed() => Err(Failed::Slow),
            agreed = timeout(patience, agree(socket, certificates)) => agreed.unwrap_or(Err(Failed::Slow)),
        };
        let failed = match agreed {
            Ok(socket) => return Some(socket),
            Err(failed) => failed,
        };
        metrics::counter!("groundwave_tls_handshakes_failed_total", "reason" => failed.label()).increment(1);
        match failed {
            Failed::Plain(socket) => dismiss(socket, &Refusal::SpeaksTls.bytes(self.air.clock().now())).await,
            Failed::Broken(error) => tracing::debug!(%error, "a TLS handshake came to nothing"),
            Failed::Slow | Failed::Stopping => {}
        }
        None
    }
}

async fn agree(socket: TcpStream, certificates: &Certificates) -> Result<Socket, Failed> {
    let mut first = [0];
    socket.peek(&mut first).await?;
    // A handshake begins with 22; a method begins with a letter.
    if first[0].is_ascii_alphabetic() {
        return Err(Failed::Plain(socket));
    }
    let acceptor = TlsAcceptor::from(certificates.config());
    let bound = |session: &mut rustls::ServerConnection| session.set_buffer_limit(Some(SEALED_BYTES_MAX));
    Ok(Socket::Secure(Box::new(acceptor.accept_with(socket, bound).await?)))
}

impl Failed {
    fn label(&self) -> &'static str {
        match self {
            Failed::Broken(_) => "broken",
            Failed::Plain(_) => "plain",
            Failed::Slow => "slow",
            Failed::Stopping => "stopping",
        }
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Failed::Broken(error)
    }
}
