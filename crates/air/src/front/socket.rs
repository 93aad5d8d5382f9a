//! A connection as the door hands it on: plain, or behind TLS.
//!
//! Whoever gets one reads and writes and need not know which it is. Only who takes the machine's own socket out of it
//! does: a listener's goes to the fan-out [with the session](Socket::take_apart) that seals what it is sent.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustls::ServerConnection;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// How much is read at once while a head is waited for, in bytes.
const PIECE_BYTES: usize = 2_048;

/// A connection.
#[derive(Debug)]
pub enum Socket {
    /// As it came.
    Plain(TcpStream),
    /// Behind TLS, with its handshake done.
    Secure(Box<TlsStream<TcpStream>>),
}

impl Socket {
    /// True if nobody on the way can read or change what is said.
    pub fn is_secure(&self) -> bool {
        matches!(self, Socket::Secure(_))
    }

    /// True if both sides agreed to speak HTTP/2.
    pub fn speaks_http2(&self) -> bool {
        match self {
            Socket::Plain(_) => false,
            Socket::Secure(stream) => stream.get_ref().1.alpn_protocol() == Some(b"h2"),
        }
    }

    /// The address of ours that it came to.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Socket::Plain(socket) => socket.local_addr(),
            Socket::Secure(stream) => stream.get_ref().0.local_addr(),
        }
    }

    /// The machine's socket, out of the runtime's watch, and the session that seals what is sent, if there is one.
    pub fn take_apart(self) -> io::Result<(std::net::TcpStream, Option<Box<ServerConnection>>)> {
        match self {
            Socket::Plain(socket) => Ok((socket.into_std()?, None)),
            Socket::Secure(stream) => {
                let (socket, session) = stream.into_inner();
                Ok((socket.into_std()?, Some(Box::new(session))))
            }
        }
    }

    /// Waits for something to read and gives it to `take`. The buffer is there between two waits only, so that a
    /// connection that waits costs none. Nothing is given when the other side has closed.
    pub async fn read_piece<T>(&mut self, mut take: impl FnMut(&[u8]) -> T) -> io::Result<T> {
        std::future::poll_fn(|cx| {
            let mut piece = [0; PIECE_BYTES];
            let mut buffer = ReadBuf::new(&mut piece);
            ready!(Pin::new(&mut *self).poll_read(cx, &mut buffer))?;
            Poll::Ready(Ok(take(buffer.filled())))
        })
        .await
    }
}

impl From<TcpStream> for Socket {
    fn from(socket: TcpStream) -> Self {
        Socket::Plain(socket)
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Socket::Plain(socket) => Pin::new(socket).poll_read(cx, buffer),
            Socket::Secure(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self {
            Socket::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Socket::Secure(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Socket::Plain(socket) => Pin::new(socket).poll_write_vectored(cx, slices),
            Socket::Secure(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Socket::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Socket::Secure(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Socket::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Socket::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
