//! A source's connection, plain or behind TLS.
//!
//! A plain one is [looked at on every beat](super::inlet). Behind TLS the session reads the socket itself, and rests from one
//! beat to the next; what has come meanwhile is still there.

use std::io::{self, ErrorKind};
use std::time::Duration;

use bytes::BytesMut;
use futures_util::FutureExt;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::inlet::{self, Look};
use crate::beat::Beat;
use crate::front::Socket;

/// How much is read at once, in bytes.
const READ_BYTES: usize = 16 << 10;

/// A source's connection.
#[derive(Debug)]
pub(super) enum Inlet {
    /// As it came.
    Plain(inlet::Inlet),
    /// Behind TLS.
    Secure(Socket, Beat),
}

impl Inlet {
    /// Takes the connection over.
    pub fn new(socket: Socket, beat: &Beat) -> io::Result<Self> {
        match socket {
            Socket::Plain(socket) => Ok(Inlet::Plain(inlet::Inlet::new(socket, beat)?)),
            secure @ Socket::Secure(_) => Ok(Inlet::Secure(secure, beat.clone())),
        }
    }

    /// Adds what has come to `received`, waiting for it at most `patience`.
    pub async fn read(&mut self, received: &mut BytesMut, patience: Duration) -> io::Result<Look> {
        match self {
            Inlet::Plain(inlet) => inlet.read(received, patience).await,
            Inlet::Secure(socket, _) => read_secure(socket, received, patience).await,
        }
    }

    /// Lets it gather a little.
    pub async fn rest(&self) {
        match self {
            Inlet::Plain(inlet) => inlet.rest().await,
            Inlet::Secure(_, beat) => beat.next().await,
        }
    }
}

/// Reads one record after the other, for encoders send many small ones.
async fn read_secure(socket: &mut Socket, received: &mut BytesMut, patience: Duration) -> io::Result<Look> {
    let enough = received.len() + READ_BYTES;
    received.reserve(READ_BYTES);
    let mut read = match timeout(patience, socket.read_buf(received)).await {
        Ok(read) => read,
        Err(_) => return Ok(Look::Silent),
    };
    loop {
        match read {
            Ok(0) => return Ok(Look::Closed),
            Ok(_) if received.len() >= enough => return Ok(Look::More),
            Ok(_) => {}
            // Many encoders close without the goodbye that TLS wants; for sound that has no end it makes no difference.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(Look::Closed),
            Err(error) => return Err(error),
        }
        match socket.read_buf(received).now_or_never() {
            Some(next) => read = next,
            None => return Ok(Look::Drained),
        }
    }
}
