//! The last words on a connection, said so that they arrive.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// How long a client may take to hear the last words.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most that it may still send meanwhile, in bytes.
const UNHEARD_BYTES_MAX: usize = 4 << 20;

/// Sends `answer` and closes.
///
/// A socket that is closed while there is something unread resets the connection, and the answer is lost with it: an
/// encoder that sends on without waiting would never learn why it was refused. So what it sends is read for a moment,
/// and thrown away.
pub(crate) async fn dismiss(mut socket: impl AsyncRead + AsyncWrite + Unpin, answer: &[u8]) {
    let farewell = async {
        socket.write_all(answer).await?;
        socket.shutdown().await?;
        discard(&mut socket).await
    };
    let _ = tokio::time::timeout(PATIENCE, farewell).await;
}

async fn discard(socket: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let (mut unheard, mut bytes) = ([0; 512], 0);
    while bytes < UNHEARD_BYTES_MAX {
        match socket.read(&mut unheard).await? {
            0 => return Ok(()),
            read => bytes += read,
        }
    }
    Ok(())
}
