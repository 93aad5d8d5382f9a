//! Objects that grow: appended to while they are made, sealed when they are finished.
//!
//! A growing object is a file of this machine, in a folder whose name no key can have: until it is [sealed](Growing::seal)
//! nobody takes it for an object, and what was appended and synced survives the loss of the program and of power. One
//! hand at a time appends to it; the lock goes with the program, so that what a killed one left can be taken up by the
//! next ([`Vault::grow`] again) or thrown away ([`Vault::discard_abandoned`]).
//!
//! Sealing moves the file to its key. In a store that has no renames it would be uploaded and then removed here.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use sha2::{Digest, Sha256};

use crate::{Entry, Error, Result, Vault, key, make_folder, unreachable};

/// The folder of what grows, within the vault's. It begins with a dot, as no word of a key does.
const FOLDER: &str = ".growing";
/// Where content is gathered whose name is not known before its end.
const INCOMING: &str = "incoming";

/// An object that is being made. Dropping it leaves it growing.
#[derive(Debug)]
pub struct Growing {
    vault: Vault,
    key: String,
    file: Arc<File>,
    bytes: u64,
}

impl Vault {
    /// Begins an object, or goes on with one of which a beginning was left.
    pub async fn grow(&self, key: &str) -> Result<Growing> {
        let path = self.growing_path(key)?;
        match blocking(move || open(&path)).await {
            Ok((file, bytes)) => Ok(Growing { vault: self.clone(), key: key.to_owned(), file: Arc::new(file), bytes }),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Err(Error::InUse { key: key.to_owned() }),
            Err(error) => Err(unreachable(key, error)),
        }
    }

    /// Every growing object whose key is `prefix`, a slash and something more, by key, with its size so far.
    pub async fn growing(&self, prefix: &str) -> Result<Vec<Entry>> {
        let folder = self.growing_path(prefix)?;
        let walked = prefix.to_owned();
        let found = blocking(move || {
            let mut entries = Vec::new();
            walk(&folder, &walked, &mut entries).map(|()| entries)
        });
        let mut entries = found.await.map_err(|error| unreachable(prefix, error))?;
        entries.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    /// A part of an object, be it finished or still growing; `None` if there is neither. What lies beyond its end, so far,
    /// is left out.
    pub async fn range_so_far(&self, key: &str, range: Range<u64>) -> Result<Option<Bytes>> {
        let path = self.growing_path(key)?;
        let wanted = range.clone();
        match blocking(move || read(&path, wanted)).await {
            Ok(bytes) => Ok(Some(bytes)),
            // Whatever is sealed in between was moved before it was looked for here.
            Err(error) if is_absence(&error) => self.get_range(key, range).await,
            Err(error) => Err(unreachable(key, error)),
        }
    }

    /// The size of an object, be it finished or still growing; `None` if there is neither.
    pub async fn size_so_far(&self, key: &str) -> Result<Option<u64>> {
        let path = self.growing_path(key)?;
        match blocking(move || fs::metadata(path)).await {
            Ok(file) => Ok(Some(file.len())),
            Err(error) if is_absence(&error) => self.size(key).await,
            Err(error) => Err(unreachable(key, error)),
        }
    }

    /// Throws away what was growing below `prefix` and nobody appends to any more.
    pub async fn discard_abandoned(&self, prefix: &str) -> Result<()> {
        for entry in self.growing(prefix).await? {
            match self.grow(&entry.key).await {
                Ok(abandoned) => abandoned.discard().await?,
                Err(Error::InUse { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Throws away what content was gathered for by a program that did not live to finish it.
    pub async fn discard_unfinished_content(&self) -> Result<()> {
        self.discard_abandoned(INCOMING).await
    }

    /// Puts an object in that comes in pieces, under the name that its content gives it, as [`Vault::put_content`] does for
    /// one that is whole. Returns the key and the size. If `pieces` fails, nothing is kept.
    pub async fn put_content_from<E: From<Error>>(
        &self,
        pieces: impl Stream<Item = std::result::Result<Bytes, E>> + Send,
        extension: &str,
    ) -> std::result::Result<(String, u64), E> {
        let mut growing = self.grow_incoming().await?;
        match gather(&mut growing, pieces).await {
            Ok(hash) => {
                let (key, bytes) = (format!("media/{}/{hash}.{extension}", &hash[..2]), growing.bytes);
                growing.seal_as(&key).await?;
                Ok((key, bytes))
            }
            Err(error) => {
                growing.discard().await?;
                Err(error)
            }
        }
    }

    /// How much room is left for this program on the disk that holds the vault, in bytes.
    pub async fn free_bytes(&self) -> Result<u64> {
        let folder = Arc::clone(&self.folder);
        let asked = blocking(move || Ok(rustix::fs::statvfs(&*folder)?)).await;
        let disk = asked.map_err(|error| unreachable("", error))?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    async fn grow_incoming(&self) -> Result<Growing> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let growing = self.grow(&format!("{INCOMING}/{}-{number}", std::process::id())).await?;
            // One that holds something was left by a program that had our number.
            if growing.bytes == 0 {
                return Ok(growing);
            }
        }
    }

    fn growing_path(&self, key: &str) -> Result<PathBuf> {
        Ok(self.folder.join(FOLDER).join(key::parse(key)?.as_ref()))
    }
}

impl Growing {
    /// The key that it will have.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Its size so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds to its end: all of `bytes`, or nothing. It is safe from the loss of the program at once, from the loss of power
    /// after the next [`sync`](Self::sync).
    pub async fn append(&mut self, bytes: Bytes) -> Result<()> {
        let (file, at, length) = (Arc::clone(&self.file), self.bytes, bytes.len() as u64);
        let written = blocking(move || {
            file.write_all_at(&bytes, at).inspect_err(|_| {
                // A part may stand there. It is cut off now, or else overwritten by what is appended next.
                let _ = file.set_len(at);
            })
        });
        written.await.map_err(|error| unreachable(&self.key, error))?;
        self.bytes += length;
        Ok(())
    }

    /// Makes what was appended safe from the loss of power.
    pub async fn sync(&self) -> Result<()> {
        let file = Arc::clone(&self.file);
        blocking(move || file.sync_data()).await.map_err(|error| unreachable(&self.key, error))
    }

    /// Cuts its end off, so that it is `bytes` long.
    pub async fn truncate(&mut self, bytes: u64) -> Result<()> {
        let file = Arc::clone(&self.file);
        blocking(move || file.set_len(bytes)).await.map_err(|error| unreachable(&self.key, error))?;
        self.bytes = self.bytes.min(bytes);
        Ok(())
    }

    /// Makes an object of it. When this has returned, the object survives the loss of power.
    pub async fn seal(self) -> Result<()> {
        let key = self.key.clone();
        self.seal_as(&key).await
    }

    /// Throws it away.
    pub async fn discard(self) -> Result<()> {
        let path = self.vault.growing_path(&self.key)?;
        blocking(move || fs::remove_file(path)).await.map_err(|error| unreachable(&self.key, error))
    }

    async fn seal_as(self, key: &str) -> Result<()> {
        let (from, to) = (self.vault.growing_path(&self.key)?, self.vault.folder.join(key::parse(key)?.as_ref()));
        let file = Arc::clone(&self.file);
        blocking(move || seal(&file, &from, &to)).await.map_err(|error| unreachable(&self.key, error))
    }
}

/// Appends every piece; gives the SHA-256 of them all, in hex.
async fn gather<E: From<Error>>(
    growing: &mut Growing,
    pieces: impl Stream<Item = std::result::Result<Bytes, E>> + Send,
) -> std::result::Result<String, E> {
    let mut hash = Sha256::new();
    let mut pieces = std::pin::pin!(pieces);
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        hash.update(&piece);
        growing.append(piece).await?;
    }
    Ok(format!("{:x}", hash.finalize()))
}

fn open(path: &Path) -> io::Result<(File, u64)> {
    let folder = path.parent().ok_or(ErrorKind::NotFound)?;
    make_folder(folder)?;
    let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => ErrorKind::WouldBlock.into(),
        TryLockError::Error(error) => error,
    })?;
    let bytes = file.metadata()?.len();
    if bytes == 0 {
        // Its name must survive too, or what is synced later would be nowhere.
        File::open(folder)?.sync_all()?;
    }
    Ok((file, bytes))
}

fn read(path: &Path, range: Range<u64>) -> io::Result<Bytes> {
    let file = File::open(path)?;
    let end = range.end.min(file.metadata()?.len());
    let mut bytes = vec![0; usize::try_from(end.saturating_sub(range.start)).map_err(io::Error::other)?];
    // It may have been cut meanwhile: then the rest of it is not there.
    let mut length = 0;
    while length < bytes.len() {
        match file.read_at(&mut bytes[length..], range.start + length as u64)? {
            0 => break,
            read => length += read,
        }
    }
    bytes.truncate(length);
    Ok(bytes.into())
}

fn seal(file: &File, from: &Path, to: &Path) -> io::Result<()> {
    let folders = (from.parent().ok_or(ErrorKind::NotFound)?, to.parent().ok_or(ErrorKind::NotFound)?);
    file.sync_all()?;
    make_folder(folders.1)?;
    fs::rename(from, to)?;
    File::open(folders.1)?.sync_all()?;
    File::open(folders.0)?.sync_all()
}

fn walk(folder: &Path, prefix: &str, into: &mut Vec<Entry>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if is_absence(&error) => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let key = format!("{prefix}/{name}");
        match entry.metadata() {
            Ok(file) if file.is_dir() => walk(&entry.path(), &key, into)?,
            Ok(file) => into.push(Entry { key, bytes: file.len() }),
            // It was sealed or thrown away this very moment.
            Err(error) if is_absence(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Does what may wait for the disk where it holds nobody up.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
