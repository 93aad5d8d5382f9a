//! A source's connection, read by the beat and not by the packet.
//!
//! An encoder sends every frame by itself, forty in a second, and the runtime is woken for each packet of a socket that it
//! watches. So this one is not watched: it is looked at on every beat, and so are all others.

use std::io::{self, ErrorKind, Read};
use std::time::Duration;

use bytes::BytesMut;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::beat::Beat;

/// How much is read at once, in bytes.
const READ_BYTES: usize = 16 << 10;

/// What a look at the connection has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Bytes, and perhaps there are more.
    More,
    /// Bytes, and these were all for now.
    Drained,
    /// The source has closed its end.
    Closed,
    /// It sent nothing for as long as was waited.
    Silent,
}

/// A source's connection.
#[derive(Debug)]
pub(super) struct Inlet {
    socket: std::net::TcpStream,
    beat: Beat,
    buffer: Box<[u8]>,
}

impl Inlet {
    /// Takes the connection out of the runtime's watch.
    pub fn new(socket: TcpStream, beat: &Beat) -> io::Result<Self> {
        Ok(Self { socket: socket.into_std()?, beat: beat.clone(), buffer: vec![0; READ_BYTES].into() })
    }

    /// Adds what has come to `received`, waiting for it at most `patience`.
    pub async fn read(&mut self, received: &mut BytesMut, patience: Duration) -> io::Result<Look> {
        let since = Instant::now();
        loop {
            match self.socket.read(&mut self.buffer) {
                Ok(0) => return Ok(Look::Closed),
                Ok(bytes) => {
                    received.extend_from_slice(&self.buffer[..bytes]);
                    return Ok(if bytes == READ_BYTES { Look::More } else { Look::Drained });
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                Err(_) if since.elapsed() >= patience => return Ok(Look::Silent),
                Err(_) => self.rest().await,
            }
        }
    }

    /// Lets it gather a little.
    pub async fn rest(&self) {
        self.beat.next().await;
    }
}
