//! A file of the vault, read a little at a time and cut into frames.

use std::time::Duration;

use audio::{Codec, Found, Framer};
use tokio::time::timeout;
use vault::Vault;

/// How much is read at once, in bytes.
const READ_BYTES: u64 = 64 << 10;
/// How long the vault may take for that before the piece is given up.
const READ_TIME: Duration = Duration::from_secs(5);

/// A file that is being played.
pub(super) struct Tape {
    vault: Vault,
    key: String,
    offset_bytes: u64,
    framer: Framer,
    is_read: bool,
}

/// Why a piece cannot be played, or not further.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    /// The library has no such rendition.
    #[error("it has no rendition in this codec")]
    NoRendition,
    /// The vault has no such object.
    #[error("the vault has no `{0}`")]
    Missing(String),
    /// The vault failed.
    #[error("the vault failed")]
    Vault(#[from] vault::Error),
    /// The vault did not answer in time.
    #[error("the vault did not answer within {READ_TIME:?}")]
    Slow,
    /// There is no frame in the file.
    #[error("`{0}` has no sound in this codec")]
    NoSound(String),
}

impl Unreadable {
    /// As a metric's label.
    pub fn label(&self) -> &'static str {
        match self {
            Unreadable::NoRendition => "no-rendition",
            Unreadable::Missing(_) => "missing",
            Unreadable::Vault(_) => "vault",
            Unreadable::Slow => "slow",
            Unreadable::NoSound(_) => "no-sound",
        }
    }
}

impl Tape {
    /// A tape at its beginning.
    pub fn new(vault: &Vault, key: &str, codec: Codec) -> Self {
        let framer = Framer::new(codec);
        Self { vault: vault.clone(), key: key.to_owned(), offset_bytes: 0, framer, is_read: false }
    }

    /// Where the vault keeps it.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What comes next; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Found>, Unreadable> {
        loop {
            if let Some(found) = self.framer.next() {
                return Ok(Some(found));
            }
            if self.is_read {
                return Ok(None);
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Result<(), Unreadable> {
        let range = self.offset_bytes..self.offset_bytes + READ_BYTES;
        let read = timeout(READ_TIME, self.vault.get_range(&self.key, range)).await;
        let bytes = read.map_err(|_| Unreadable::Slow)??.ok_or_else(|| Unreadable::Missing(self.key.clone()))?;
        self.offset_bytes += bytes.len() as u64;
        self.is_read = (bytes.len() as u64) < READ_BYTES;
        self.framer.push(&bytes);
        if self.is_read {
            self.framer.finish();
        }
        Ok(())
    }
}
