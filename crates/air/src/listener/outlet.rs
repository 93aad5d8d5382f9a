//! A listener's socket, plain or behind TLS: what is given to it is on its way.
//!
//! Behind TLS, what is gathered is sealed in one record, and no more is sealed before the socket has taken that one. So
//! a batch is one record and one system call, and a listener that does not read holds one record and nothing else.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use mio::net::TcpStream;
use rustls::ServerConnection;
use socket2::SockRef;

/// What the kernel keeps unsent for a listener, in bytes. More would only pile up before those who do not read.
const UNSENT_BYTES_MAX: u32 = 32 << 10;
/// How much a listener may say behind TLS after it was let in, in bytes. What comes then is left to the kernel.
const HEARD_BYTES_MAX: usize = 64 << 10;

/// Where a listener's sound goes.
#[derive(Debug)]
pub(super) struct Outlet {
    pub socket: TcpStream,
    seal: Option<Box<Seal>>,
}

/// What seals the sound of one listener.
#[derive(Debug)]
struct Seal {
    session: Box<ServerConnection>,
    heard_bytes: usize,
}

/// What became of what was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    /// How many bytes of it are on their way.
    pub bytes: usize,
    /// Whether the socket took anything, of this or of what had waited.
    pub has_moved: bool,
    /// Whether it takes no more at the moment.
    pub is_blocked: bool,
}

impl Outlet {
    /// Makes a socket fit for the fan-out.
    pub fn new(socket: std::net::TcpStream, session: Option<Box<ServerConnection>>) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        SockRef::from(&socket).set_tcp_nodelay(true)?;
        SockRef::from(&socket).set_tcp_notsent_lowat(UNSENT_BYTES_MAX)?;
        let seal = session.map(|session| Box::new(Seal { session, heard_bytes: 0 }));
        Ok(Self { socket: TcpStream::from_std(socket), seal })
    }

    /// Gives as much as is taken.
    pub fn give(&mut self, slices: &[IoSlice<'_>]) -> io::Result<Given> {
        match &mut self.seal {
            None => give_plain(&self.socket, slices),
            Some(seal) => seal.give(&self.socket, slices),
        }
    }

    /// Sends what was sealed and had to wait.
    pub fn flush(&mut self) -> io::Result<Given> {
        match &mut self.seal {
            None => Ok(Given::default()),
            Some(seal) => seal.flush(&self.socket),
        }
    }

    /// Hears what the other side says of the session. False: that it is over.
    pub fn hear(&mut self) -> bool {
        self.seal.as_mut().is_none_or(|seal| seal.hear(&self.socket).unwrap_or(false))
    }

    /// Says goodbye and closes.
    pub fn close(mut self) {
        if let Some(seal) = &mut self.seal {
            seal.session.send_close_notify();
            // Whoever takes no more is not waited for.
            let _ = seal.flush(&self.socket);
        }
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// Closes, and lets go at once of what nobody will read.
    pub fn drop_everything(self) {
        let _ = SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
    }
}

fn give_plain(socket: &TcpStream, slices: &[IoSlice<'_>]) -> io::Result<Given> {
    let wanted = slices.iter().map(|slice| slice.len()).sum();
    let bytes = match SockRef::from(socket).send_vectored(slices) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
        Err(error) => return Err(error),
    };
    Ok(Given { bytes, has_moved: bytes > 0, is_blocked: bytes < wanted })
}

impl Seal {
    fn give(&mut self, socket: &TcpStream, slices: &[IoSlice<'_>]) -> io::Result<Given> {
        let before = self.flush(socket)?;
        if before.is_blocked {
            return Ok(before);
        }
        let bytes = self.session.writer().write_vectored(slices)?;
        let after = self.flush(socket)?;
        Ok(Given { bytes, has_moved: before.has_moved || after.has_moved, ..after })
    }

    fn flush(&mut self, mut socket: &TcpStream) -> io::Result<Given> {
        let mut given = Given::default();
        while self.session.wants_write() {
            match self.session.write_tls(&mut socket) {
                Ok(bytes) => given.has_moved |= bytes > 0,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    given.is_blocked = true;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(given)
    }

    /// Reads to the end of what is there. Only what belongs to the session means anything: a goodbye, a new key.
    fn hear(&mut self, mut socket: &TcpStream) -> io::Result<bool> {
        while self.heard_bytes < HEARD_BYTES_MAX {
            match self.session.read_tls(&mut socket) {
                Ok(0) => return Ok(false),
                Ok(bytes) => self.heard_bytes += bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
            let state = self.session.process_new_packets().map_err(io::Error::other)?;
            if state.peer_has_closed() {
                return Ok(false);
            }
            self.forget(state.plaintext_bytes_to_read())?;
        }
        self.flush(socket)?;
        Ok(true)
    }

    /// Throws away what a listener says, who has nothing to say.
    fn forget(&mut self, mut bytes: usize) -> io::Result<()> {
        let mut unheard = [0; 512];
        while bytes > 0 {
            bytes = bytes.saturating_sub(self.session.reader().read(&mut unheard)?);
        }
        Ok(())
    }
}
